//! Property lists as XML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Dictionary;
use super::Value;

const HEAD: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" ",
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n",
    "<plist version=\"1.0\">\n",
);

/// Characters of a line of data, so that people can look at a profile.
const DATA_LINE: usize = 64;

pub(super) fn write(value: &Dictionary) -> Vec<u8> {
    let mut out = String::from(HEAD);
    dictionary(&mut out, value, 0);
    out.push_str("</plist>\n");
    out.into_bytes()
}

fn any(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Dictionary(entries) => dictionary(out, entries, depth),
        Value::Array(elements) if elements.is_empty() => line(out, depth, "<array/>"),
        Value::Array(elements) => {
            line(out, depth, "<array>");
            for element in elements {
                any(out, element, depth + 1);
            }
            line(out, depth, "</array>");
        }
        Value::Text(text) => element(out, depth, "string", text),
        Value::Integer(integer) => element(out, depth, "integer", &integer.to_string()),
        Value::Real(real) => element(out, depth, "real", &real.to_string()),
        Value::Boolean(true) => line(out, depth, "<true/>"),
        Value::Boolean(false) => line(out, depth, "<false/>"),
        Value::Data(bytes) => data(out, depth, bytes),
        Value::Date(date) => element(out, depth, "date", date),
    }
}

fn dictionary(out: &mut String, entries: &Dictionary, depth: usize) {
    line(out, depth, "<dict>");
    for (key, value) in entries.entries() {
        element(out, depth + 1, "key", key);
        any(out, value, depth + 1);
    }
    line(out, depth, "</dict>");
}

fn data(out: &mut String, depth: usize, bytes: &[u8]) {
    line(out, depth, "<data>");
    let mut rest = STANDARD.encode(bytes);
    while !rest.is_empty() {
        let after = rest.split_off(rest.len().min(DATA_LINE));
        line(out, depth, &rest);
        rest = after;
    }
    line(out, depth, "</data>");
}

fn element(out: &mut String, depth: usize, name: &str, text: &str) {
    let text = escape(text);
    line(out, depth, &format!("<{name}>{text}</{name}>"));
}

fn line(out: &mut String, depth: usize, text: &str) {
    out.extend(core::iter::repeat_n('\t', depth));
    out.push_str(text);
    out.push('\n');
}

/// Characters that XML 1.0 cannot say become U+FFFD: nothing we are given has them, and a file that
/// no device reads would be worse.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character if character < ' ' => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}
