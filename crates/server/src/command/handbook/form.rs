//! Schemas in words, for the pages of the handbook that are made from the API's description.

use serde_json::Value;

/// Where references to schemas begin.
const SCHEMAS: &str = "#/components/schemas/";

/// How deep types without a name lie in each other; ours are four deep.
const DEPTH_MAX: usize = 8;

/// The description, and how a page calls types that have a name; none: by what they are.
pub(super) struct Forms<'a> {
    pub(super) document: &'a Value,
    pub(super) named: fn(&str, &Value) -> Option<String>,
}

impl<'a> Forms<'a> {
    /// The schema of a name.
    pub(super) fn schema(&self, name: &str) -> &'a Value {
        self.document.pointer(&format!("/components/schemas/{name}")).unwrap_or(&Value::Null)
    }

    /// A schema in a few words.
    pub(super) fn words(&self, schema: &Value) -> String {
        self.words_within(schema, DEPTH_MAX)
    }

    fn words_within(&self, schema: &Value, depth_left: usize) -> String {
        let Some(left) = depth_left.checked_sub(1) else { return "…".to_owned() };
        let words = |schema: &Value| self.words_within(schema, left);
        if let Some(name) = name_of(schema) {
            let whole = self.schema(name);
            return (self.named)(name, whole).unwrap_or_else(|| words(whole));
        }
        let either = list(schema, "oneOf").map(words).collect::<Vec<_>>();
        if !either.is_empty() {
            return either.join(" or ");
        }
        let choice: Vec<String> = list(schema, "enum").map(code).collect();
        if !choice.is_empty() {
            return choice.join(", ");
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => return "anything".to_owned(),
        };
        let kinds = kinds.into_iter().map(|kind| match kind {
            "string" => "text".to_owned(),
            "integer" => number(schema),
            "boolean" => "true or false".to_owned(),
            "array" => match schema.get("items") {
                Some(items) => format!("list of {}", words(items)),
                None => "list".to_owned(),
            },
            "object" => match schema.get("additionalProperties") {
                Some(values @ Value::Object(_)) => format!("table of {}", words(values)),
                Some(_) | None => "table".to_owned(),
            },
            other => other.to_owned(),
        });
        kinds.collect::<Vec<_>>().join(" or ")
    }
}

fn number(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!("number, {least} to {most}"),
        (Some(least), None) if least != 0 => format!("number from {least}"),
        _ => "number".to_owned(),
    }
}

/// The name that a schema refers to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

/// A list of a schema.
pub(super) fn list<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A text of a schema.
pub(super) fn text<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The fields of a schema, each with its own; those that must be given first.
pub(super) fn fields(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let all = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let all = all.map(|(name, field)| (name.as_str(), field, required.contains(&name.as_str())));
    let (mut first, rest): (Vec<_>, Vec<_>) = all.partition(|(.., is_required)| *is_required);
    first.extend(rest);
    first
}

/// A word of a file or a document.
pub(super) fn code(value: &Value) -> String {
    match value.as_str() {
        Some(text) => format!("`{text}`"),
        None => format!("`{value}`"),
    }
}

/// A row of a table.
pub(super) fn row<const N: usize>(cells: [&str; N]) -> String {
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}
