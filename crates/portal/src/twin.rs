//! A definition as the command line, the API and the declarative file would have it, to be copied.

use domain::object::Kind;
use serde_json::Value;

use crate::object::plural;
use crate::text;

/// One way to say the same.
pub(crate) struct Twin {
    pub(crate) title: String,
    pub(crate) text: String,
}

/// A command that does the same as a page.
pub(crate) fn command(words: &[&str]) -> Twin {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    Twin { title: text::t("twin.cli").into_owned(), text: words.join(" ") }
}

/// The three ways to say a definition; `slug` names the object if it is there already.
pub(crate) fn of(kind: Kind, definition: &Value, slug: Option<&str>) -> Vec<Twin> {
    let definition = &public(definition);
    let twin = |key: &str, text: String| Twin { title: text::t(key).into_owned(), text };
    vec![
        twin("twin.cli", cli(kind, definition, slug)),
        twin("twin.curl", curl(kind, definition, slug)),
        twin("twin.toml", toml(kind, definition)),
    ]
}

/// Without what is secret, and what only a rename writes.
fn public(definition: &Value) -> Value {
    let mut definition = definition.clone();
    if let Some(fields) = definition.as_object_mut() {
        fields.remove("shared_secret");
        fields.remove("renamed_from");
    }
    definition
}

fn cli(kind: Kind, definition: &Value, slug: Option<&str>) -> String {
    let noun = kind.as_str().replace('_', "-");
    let name = definition.get("name").and_then(Value::as_str).unwrap_or_default();
    let verb = match slug {
        Some(slug) => format!("edit {slug}"),
        None => format!("add {}", quoted(name)),
    };
    let mut lines = vec![format!("safeconduct {noun} {verb}")];
    for (field, value) in definition.as_object().into_iter().flatten() {
        if field != "name" || slug.is_some() {
            settings(field, value, &mut lines);
        }
    }
    lines.join(" \\\n  ")
}

/// `--set FIELD=VALUE` for a field, or for each field within.
fn settings(field: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                settings(&format!("{field}.{name}"), value, lines);
            }
        }
        Value::Null => {}
        Value::String(text) if is_plain(text) => {
            lines.push(format!("--set {}", quoted(&format!("{field}={text}"))));
        }
        value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            lines.push(format!("--set {}", quoted(&format!("{field}={}", inline(value)))));
        }
    }
}

/// Whether a text is taken as it is: what is no TOML is a text.
fn is_plain(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_alphabetic)
        && !matches!(text, "true" | "false" | "inf" | "nan")
}

/// A value as TOML in one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::String(text) => toml::Value::String(text.clone()).to_string(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other.to_string(),
    }
}

fn curl(kind: Kind, definition: &Value, slug: Option<&str>) -> String {
    let plural = plural(kind);
    let (method, rest) = match slug {
        Some(slug) => ("PUT", format!("/{slug}")),
        None => ("POST", String::new()),
    };
    let body = serde_json::to_string_pretty(definition).unwrap_or_default();
    format!(
        "curl -X {method} \"$SAFECONDUCT_URL/api/v1/{plural}{rest}\" \\\n  \
         -H \"Authorization: Bearer $SAFECONDUCT_TOKEN\" \\\n  \
         -H 'Content-Type: application/json' \\\n  -d {}",
        quoted(&body)
    )
}

fn toml(kind: Kind, definition: &Value) -> String {
    let document = serde_json::json!({ kind.as_str(): [definition] });
    toml::to_string(&document).unwrap_or_default()
}

/// A text as one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let is_bare = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_=.:/@,".contains(c));
    if is_bare { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_is_said_in_three_ways() {
        let definition = json!({"name": "Ann's gateway", "vendor": "other", "strict": true,
            "shared_secret": "canary", "san": {"dns": ["a", "b"]}});
        let all = of(Kind::Gateway, &definition, None);
        let cli = "safeconduct gateway add 'Ann'\\''s gateway' \\\n  \
                   --set 'san.dns=[\"a\", \"b\"]' \\\n  --set strict=true \\\n  --set vendor=other";
        assert_eq!(all[0].text, cli);
        assert!(all[1].text.starts_with("curl -X POST \"$SAFECONDUCT_URL/api/v1/gateways\""));
        assert!(all[2].text.starts_with("[[gateway]]\nname = \"Ann's gateway\"\n"));
        assert!(all.iter().all(|twin| !twin.text.contains("canary")));
        let edit = of(Kind::Gateway, &definition, Some("anns-gateway"));
        assert!(
            edit[0].text.starts_with("safeconduct gateway edit anns-gateway \\\n  --set 'name=")
        );
        assert!(edit[1].text.contains("PUT \"$SAFECONDUCT_URL/api/v1/gateways/anns-gateway\""));
    }
}
