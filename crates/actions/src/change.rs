//! What an event tells of a change: what was there before, and what is there after.

use core::fmt::Write;
use std::collections::BTreeSet;

use domain::plan::FieldChange;
use pki::algorithm::Digest;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// Largest value that an event tells as it is, in bytes of JSON: more than any definition that a
/// person writes. Of a larger one it tells size and SHA-256.
pub const VALUE_BYTES_MAX: usize = 64 * 1024;

/// Most that an event tells of all its fields, in bytes of JSON.
pub const FIELDS_BYTES_MAX: usize = 256 * 1024;

/// The details of something that is new: its definition, or a record without who told it.
pub(crate) fn created(after: &Value) -> Map<String, Value> {
    Map::from_iter([("after".to_owned(), bounded(after, VALUE_BYTES_MAX))])
}

/// The details of something that is gone.
pub(crate) fn removed(before: &Value) -> Map<String, Value> {
    Map::from_iter([("before".to_owned(), bounded(before, VALUE_BYTES_MAX))])
}

/// The details of something that says something else.
pub(crate) fn changed(fields: &[FieldChange]) -> Map<String, Value> {
    let told = |max| -> Vec<FieldChange> {
        let told = fields.iter().map(|change| FieldChange {
            field: change.field.clone(),
            before: bounded(&change.before, max),
            after: bounded(&change.after, max),
        });
        told.collect()
    };
    let mut fields = json!(told(VALUE_BYTES_MAX));
    if fields.to_string().len() > FIELDS_BYTES_MAX {
        fields = json!(told(VALUE_BYTES_MAX / 64));
    }
    Map::from_iter([("fields".to_owned(), fields)])
}

/// A value, or if it is too large what is known of it.
fn bounded(value: &Value, max: usize) -> Value {
    let text = value.to_string();
    if text.len() <= max {
        return value.clone();
    }
    let digest = Digest::Sha256.compute(text.as_bytes()).expect("SHA-256 is computed here");
    let digest = digest.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all digits");
        digits
    });
    json!({ "bytes": text.len(), "sha256": digest })
}

/// The fields in which two records differ. Facts carry who told them and when, which every telling
/// changes, and nobody asks.
pub(crate) fn differences(before: &impl Serialize, after: &impl Serialize) -> Vec<FieldChange> {
    let (before, after) = (record(before), record(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |table: &Map<String, Value>, name: &str| table.get(name).cloned();
    let fields = names.into_iter().map(|field| FieldChange {
        before: value(&before, field).unwrap_or_default(),
        after: value(&after, field).unwrap_or_default(),
        field: field.clone(),
    });
    fields.filter(|change| change.before != change.after).collect()
}

/// A record's values, without who told them and when.
pub(crate) fn record(record: &impl Serialize) -> Map<String, Value> {
    let table = match serde_json::to_value(record) {
        Ok(Value::Object(table)) => table,
        Ok(_) | Err(_) => Map::new(),
    };
    let told = table.into_iter().filter(|(name, _)| !matches!(name.as_str(), "at" | "source"));
    let plain = |value: Value| match value {
        Value::Object(mut fact) => fact.remove("value").unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            value
        }
    };
    told.map(|(name, value)| (name, plain(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_too_large_is_told_by_its_size_and_digest() {
        let small = json!("x".repeat(VALUE_BYTES_MAX - 2));
        assert_eq!(created(&small)["after"], small);
        let large = json!("x".repeat(VALUE_BYTES_MAX - 1));
        let told = &removed(&large)["before"];
        assert_eq!(told["bytes"], VALUE_BYTES_MAX + 1);
        assert_eq!(told["sha256"].as_str().unwrap().len(), 64);
    }

    #[test]
    fn many_large_fields_are_bounded_together() {
        let field = |number: usize| FieldChange {
            field: format!("field {number}"),
            before: json!("x".repeat(60_000)),
            after: json!("short"),
        };
        let few: Vec<FieldChange> = (0..3).map(field).collect();
        assert_eq!(changed(&few)["fields"][0]["before"], few[0].before);
        let many: Vec<FieldChange> = (0..30).map(field).collect();
        let told = &changed(&many)["fields"];
        assert!(told.to_string().len() < FIELDS_BYTES_MAX);
        assert_eq!(told[0]["before"]["bytes"], 60_002);
        assert_eq!(told[0]["after"], "short");
    }
}
