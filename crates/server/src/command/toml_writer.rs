//! JSON of the declarative file's shape as TOML that people like to read: one field a line, names
//! first, rules as lists of small tables.

use serde_json::Map;
use serde_json::Value;

/// Widest line that a list is written in; a longer one has a line for each item.
const COLUMNS: usize = 100;

/// Fields in the order in which people look for them; others follow by the alphabet.
const ORDER: [&str; 69] = [
    "name",
    "slug",
    "renamed_from",
    "description",
    "base_url",
    "preset",
    "dictionary",
    "attribute",
    "type",
    "generate_ca_for",
    "issuer",
    "common_name",
    "vendor",
    "vendor_name",
    "number",
    "tag",
    "certificate_authority",
    "certificate_template",
    "default",
    "strict",
    "legacy",
    "names",
    "subject",
    "key",
    "validity_years",
    "validity_days",
    "validity_hours",
    "signature_algorithm",
    "subject_keys",
    "key_usage",
    "extended_key_usage",
    "grants",
    "mode",
    "active_from",
    "active_until",
    "field",
    "operator",
    "value",
    "on_missing",
    "zone",
    "match",
    "not",
    "rules",
    "device",
    "access_point",
    "ssid",
    "at",
    "access",
    "vlan",
    "security_type",
    "gateway",
    "server_certificate",
    "trusted_authorities",
    "radius_server_names",
    "address",
    "shared_secret_file",
    "attributes",
    "tests",
    "email",
    "upn",
    "sid",
    "groups",
    "serial",
    "udid",
    "model",
    "os",
    "os_version",
    "owner",
    "mac_addresses",
];

/// The tables of a document, one kind after the other as `kinds` names them, each under a heading.
pub(crate) fn write(document: &Map<String, Value>, kinds: &[(&str, &str)]) -> String {
    let mut writer = Writer { text: String::new() };
    let is_table = |value: &Value| match value {
        Value::Object(_) => true,
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    let (tables, fields): (Vec<_>, Vec<_>) =
        document.iter().partition(|(_, value)| is_table(value));
    for (key, value) in fields {
        writer.field(key, value);
    }
    let place = |key: &str| kinds.iter().position(|(kind, _)| *kind == key);
    let mut tables = tables;
    tables.sort_by_key(|(key, _)| (place(key).unwrap_or(kinds.len()), *key));
    for (key, value) in tables {
        let heading = kinds.iter().find(|(kind, _)| kind == key).map(|(_, heading)| *heading);
        if let Some(heading) = heading.filter(|heading| !heading.is_empty()) {
            writer.gap();
            writer.text.push_str(&format!("# {heading}\n"));
        }
        let path = quoted(key);
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 || heading.is_none_or(str::is_empty) {
                        writer.gap();
                    }
                    writer.text.push_str(&format!("[[{path}]]\n"));
                    writer.fields(item, &path);
                }
            }
            Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => {
                writer.gap();
                writer.text.push_str(&format!("[{path}]\n"));
                writer.fields(value, &path);
            }
        }
    }
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    /// An empty line, except at the beginning.
    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// The fields of a table, those that are tables themselves behind the others.
    fn fields(&mut self, table: &Value, path: &str) {
        let Some(table) = table.as_object() else { return };
        let (tables, fields): (Vec<_>, Vec<_>) =
            ordered(table).into_iter().partition(|(_, value)| value.is_object());
        for (key, value) in fields {
            self.field(key, value);
        }
        for (key, value) in tables {
            let path = format!("{path}.{}", quoted(key));
            self.text.push_str(&format!("[{path}]\n"));
            self.fields(value, &path);
        }
    }

    fn field(&mut self, key: &str, value: &Value) {
        if value.is_null() {
            return;
        }
        let key = quoted(key);
        let line = format!("{key} = {}", inline(value));
        let tables = |items: &[Value]| items.len() > 1 && items.iter().all(Value::is_object);
        match value.as_array() {
            Some(items) if line.chars().count() > COLUMNS || tables(items) => {
                self.text.push_str(&format!("{key} = [\n"));
                for item in items.iter().filter(|item| !item.is_null()) {
                    self.text.push_str(&format!("  {},\n", inline(item)));
                }
                self.text.push_str("]\n");
            }
            Some(_) | None => self.text.push_str(&format!("{line}\n")),
        }
    }
}

/// A value in one line.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        // TOML knows no null: whoever shows a value alone shows that there is none.
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items = items.iter().filter(|item| !item.is_null()).map(inline);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Object(table) => {
            let fields = ordered(table).into_iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(key, value)| format!("{} = {}", quoted(key), inline(value)));
            let fields = fields.collect::<Vec<_>>().join(", ");
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {fields} }}") }
        }
    }
}

fn ordered(table: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| (place(key), *key));
    fields
}

fn quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let bare = !key.is_empty() && key.chars().all(is_bare);
    if bare { key.to_owned() } else { string(key) }
}

/// A text in quotes (TOML 1.0, basic strings).
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::collection::hash_map;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;
    use serde_json::json;

    use super::*;
    use crate::command::toml_document::TomlDocument;

    fn read(text: &str) -> Value {
        TomlDocument::parse(text, Path::new(".")).unwrap().json
    }

    #[test]
    fn names_stand_first_settings_below_and_rules_in_a_list() {
        let document = json!({
            "organization": { "name": "School" },
            "network_policy": [{
                "settings": { "attributes": [{ "value": "20", "preset": "vlan" }], "access": "accept" },
                "rules": [{ "operator": "is", "value": "staff", "field": "identity.role" },
                          { "field": "always" }],
                "match": "any",
                "name": "Staff",
            }],
        });
        let kinds = [("organization", ""), ("network_policy", "Policy Management > Network")];
        let text = write(document.as_object().unwrap(), &kinds);
        let expected = r#"[organization]
name = "School"

# Policy Management > Network
[[network_policy]]
name = "Staff"
match = "any"
rules = [
  { field = "identity.role", operator = "is", value = "staff" },
  { field = "always" },
]
[network_policy.settings]
access = "accept"
attributes = [{ preset = "vlan", value = "20" }]
"#;
        assert_eq!(text, expected);
        assert_eq!(read(&text), document);
    }

    #[test]
    fn a_field_stands_in_the_order_once() {
        let mut known = ORDER.to_vec();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), ORDER.len());
    }

    fn trees() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                hash_map("[a-zäß. \"\\n-]{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn any_document_that_is_written_reads_the_same(tree in hash_map("[a-z_]{1,9}", trees(), 0..5)) {
            let document: Map<String, Value> = tree.into_iter().collect();
            let text = write(&document, &[("a", "A heading")]);
            prop_assert_eq!(read(&text), Value::Object(document), "{}", text);
        }
    }
}
