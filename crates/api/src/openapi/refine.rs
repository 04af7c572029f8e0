//! What the derived description lacks: an object that is put together of others is told as one, so
//! that it may have all of their fields and no other; and what is said of a field stands at the
//! field.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;

/// How deep objects are put together of objects; ours are two deep.
const DEPTH_MAX: usize = 8;

/// Where references to schemas begin.
pub(crate) const SCHEMAS: &str = "#/components/schemas/";

/// What is not told of fields that are of any type, because it is lost with the type.
const UNTOLD: [(&str, &str, &str); 3] = [
    ("Fact_String", "value", "What is known."),
    ("Fact_Vec_String", "value", "What is known."),
    ("Fact_DeviceStatus", "value", "What is known."),
];

/// Refines a description.
pub(super) fn refine(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    walk(document, &schemas);
    for (schema, property, about) in UNTOLD {
        let path = format!("/components/schemas/{schema}/properties/{property}");
        if let Some(property) = document.pointer_mut(&path).and_then(Value::as_object_mut) {
            property.insert("description".to_owned(), about.into());
        }
    }
    while leave_out_unused(document) {}
}

/// Leaves out schemas that nothing refers to: of which others were put together. Says whether
/// there were any.
fn leave_out_unused(document: &mut Value) -> bool {
    let mut used = BTreeSet::new();
    references(document, &mut used);
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    schemas.is_some_and(|schemas| {
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        schemas.len() < before
    })
}

fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, used)),
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            used.extend(name.and_then(|name| name.strip_prefix(SCHEMAS)).map(str::to_owned));
            fields.values().for_each(|field| references(field, used));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn walk(value: &mut Value, schemas: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, schemas)),
        Value::Object(fields) => {
            if let Some(whole) = whole(fields, schemas, DEPTH_MAX) {
                *fields = whole;
            }
            lift(fields);
            if let Some(Value::String(text)) = fields.get_mut("description") {
                *text = text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
            }
            fields.values_mut().for_each(|field| walk(field, schemas));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Puts what `allOf` names into one object.
fn whole(
    fields: &Map<String, Value>,
    schemas: &Value,
    depth_left: usize,
) -> Option<Map<String, Value>> {
    let parts = fields.get("allOf")?.as_array()?;
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in parts {
        let part = part.as_object()?;
        let part = match part.get("$ref").and_then(Value::as_str) {
            Some(name) => schemas.get(name.strip_prefix(SCHEMAS)?)?.as_object()?,
            None => part,
        };
        let merged = depth_left.checked_sub(1).and_then(|left| whole(part, schemas, left));
        let part = merged.as_ref().unwrap_or(part);
        if let Some(more) = part.get("properties").and_then(Value::as_object) {
            properties.extend(more.clone());
        }
        for name in part.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !required.contains(name) {
                required.push(name.clone());
            }
        }
    }
    let mut whole = fields.clone();
    whole.remove("allOf");
    whole.insert("type".to_owned(), "object".into());
    whole.insert("properties".to_owned(), properties.into());
    whole.insert("required".to_owned(), required.into());
    Some(whole)
}

/// Puts what is said of one of two forms, where the other is null, to the field itself.
fn lift(fields: &mut Map<String, Value>) {
    if fields.contains_key("description") {
        return;
    }
    let Some([told, nothing]) =
        fields.get_mut("oneOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice)
    else {
        return;
    };
    if nothing.get("type").is_none_or(|kind| kind != "null") {
        return;
    }
    let about = told.as_object_mut().and_then(|told| told.remove("description"));
    if let Some(about) = about {
        fields.insert("description".to_owned(), about);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_of_objects_become_one() {
        let refers = |name| json!({ "$ref": format!("{SCHEMAS}{name}") });
        let mut document = json!({
            "used": [refers("Inner"), refers("Outer"), refers("Outmost")],
            "components": { "schemas": {
                "Unused": {},
                "Inner": {
                    "type": "object",
                    "properties": { "a": { "type": "string", "description": "One\ntext." } },
                    "required": ["a"],
                    "additionalProperties": false,
                },
                "Outer": { "allOf": [
                    { "$ref": "#/components/schemas/Inner" },
                    { "type": "object", "properties": { "b": true }, "required": ["b"] },
                ] },
                "Outmost": { "description": "All.", "allOf": [
                    { "$ref": "#/components/schemas/Outer" },
                    { "type": "object", "properties": { "a": false } },
                ] },
            } },
        });
        refine(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas.get("Unused"), None);
        assert_eq!(schemas["Inner"]["properties"]["a"]["description"], "One text.");
        let outer = json!({
            "type": "object",
            "properties": { "a": schemas["Inner"]["properties"]["a"], "b": true },
            "required": ["a", "b"],
        });
        assert_eq!(schemas["Outer"], outer);
        let outmost = json!({
            "description": "All.",
            "type": "object",
            "properties": { "a": false, "b": true },
            "required": ["a", "b"],
        });
        assert_eq!(schemas["Outmost"], outmost);
    }

    #[test]
    fn an_object_of_itself_comes_to_an_end() {
        let itself = json!({ "allOf": [{ "$ref": "#/components/schemas/Itself" }] });
        let used = json!([{ "$ref": "#/components/schemas/Itself" }]);
        let mut document =
            json!({ "used": used, "components": { "schemas": { "Itself": itself } } });
        refine(&mut document);
        assert_eq!(document["components"]["schemas"]["Itself"]["required"], json!([]));
    }

    #[test]
    fn what_is_said_stands_at_the_field() {
        let told = json!({ "$ref": "#/components/schemas/A", "description": "What." });
        let mut document = json!({ "x": { "oneOf": [told, { "type": "null" }] } });
        refine(&mut document);
        let reference = json!({ "$ref": "#/components/schemas/A" });
        let lifted = json!({ "description": "What.", "oneOf": [reference, { "type": "null" }] });
        assert_eq!(document["x"], lifted);
        let mut two = json!({ "x": { "oneOf": [{ "type": "integer", "description": "A." }, {}] } });
        let before = two.clone();
        refine(&mut two);
        assert_eq!(two, before);
    }
}
