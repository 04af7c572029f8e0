//! Looking into JSON documents: what is not there is null.

use serde_json::Value;

static NULL: Value = Value::Null;

/// The part of a document at a pointer such as `/reason/code`.
pub fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or(&NULL)
}

/// The text there; empty if there is none.
pub fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    at(document, pointer).as_str().unwrap_or_default()
}

/// The list there; empty if there is none.
pub fn list<'a>(document: &'a Value, pointer: &str) -> &'a [Value] {
    at(document, pointer).as_array().map(Vec::as_slice).unwrap_or_default()
}
