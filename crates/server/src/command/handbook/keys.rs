//! `safeconduct handbook-keys`: the page of the handbook that lists every key of the declarative
//! file.

use std::process::ExitCode;

use domain::object::Kind;
use serde_json::Value;

use crate::command::handbook::form;
use crate::command::handbook::form::Forms;
use crate::command::handbook::form::row;
use crate::command::toml_document::FILE_KEYS;
use crate::output;

/// What the page begins with.
const HEAD: &str = r#"# Every key of the declarative file

What each table of a [declarative file](declarative-file.md) takes. This page is printed by the program itself (`safeconduct handbook-keys`), and a test compares the two. A key that is not here is refused, with its line and the keys that there are.

The sections whose names are in brackets are tables of the file; the others stand within these: `settings = { access = "accept" }`, `rules = [{ field = "device.os", operator = "is", value = "macOS" }]`. A moment is written like `"2026-11-21T08:00:00Z"`.
"#;

/// Prints the page.
pub(crate) fn run() -> ExitCode {
    output::part(&page());
    ExitCode::SUCCESS
}

fn page() -> String {
    let document = api::description();
    let forms = Forms { document: &document, named };
    let mut page = HEAD.to_owned();
    let tables = forms.schema(api::schema::DOCUMENT);
    // Tables within tables have sections of their own, behind the others.
    let mut within: Vec<&str> = Vec::new();
    for kind in Kind::ALL {
        let noun = kind.as_str();
        let Some(table) = tables.pointer(&format!("/properties/{noun}")) else { continue };
        let schema = table.get("items").unwrap_or(table);
        let schema = forms.schema(form::name_of(schema).unwrap_or_default());
        let head =
            if kind == Kind::Organization { format!("[{noun}]") } else { format!("[[{noun}]]") };
        page.push_str(&format!("\n## {head}\n\n{}\n\n", form::text(schema, "description")));
        let is_told = matches!(kind, Kind::Person | Kind::Device);
        add(&mut page, &forms, (schema, is_told), &mut within);
    }
    let mut next = 0;
    while let Some(name) = within.get(next).copied() {
        let schema = forms.schema(name);
        page.push_str(&format!("\n## {name}\n\n{}\n\n", form::text(schema, "description")));
        add(&mut page, &forms, (schema, false), &mut within);
        next += 1;
    }
    page
}

/// Tables within tables are linked; words and texts stand where they are.
fn named(name: &str, schema: &Value) -> Option<String> {
    if name == "Time" {
        return Some("moment".to_owned());
    }
    let is_table = schema.get("properties").is_some();
    is_table.then(|| format!("[{name}](#{})", name.to_lowercase()))
}

/// Adds the keys of a table; of what is told of people and devices, the name must be given.
fn add<'a>(
    page: &mut String,
    forms: &Forms<'a>,
    (schema, is_told): (&'a Value, bool),
    within: &mut Vec<&'a str>,
) {
    page.push_str("| key | what | if not given | meaning |\n|---|---|---|---|\n");
    for (name, field, is_required) in form::fields(schema) {
        // TOML knows no null.
        let what = forms.words(field).replace(" or null", "");
        let default = match field.get("default") {
            _ if is_required || (is_told && name == "name") => "must be given".to_owned(),
            None | Some(Value::Null) => "–".to_owned(),
            Some(Value::String(text)) if text.is_empty() => "–".to_owned(),
            Some(Value::Array(items)) if items.is_empty() => "–".to_owned(),
            Some(Value::Array(items)) => {
                items.iter().map(form::code).collect::<Vec<_>>().join(", ")
            }
            Some(Value::Object(_)) => "–".to_owned(),
            Some(value) => form::code(value),
        };
        let about = form::text(field, "description");
        page.push_str(&row([&format!("`{name}`"), &what, &default, about]));
        if let Some((key, _)) = FILE_KEYS.iter().find(|(_, key)| *key == name) {
            let about = format!("A file that holds `{name}`, found from where this one is.");
            page.push_str(&row([&format!("`{key}`"), "text", "–", &about]));
        }
        for name in names(field) {
            let is_table = forms.schema(name).get("properties").is_some();
            if is_table && !within.contains(&name) {
                within.push(name);
            }
        }
    }
}

/// The types that a field names.
fn names(field: &Value) -> Vec<&str> {
    let items = field.get("items").and_then(form::name_of);
    let either = form::list(field, "oneOf").filter_map(form::name_of);
    form::name_of(field).into_iter().chain(items).chain(either).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_lists_every_key_as_it_is() {
        let kept = include_str!("../../../../../docs/declarative-keys.md");
        let same = kept == page();
        assert!(same, "run: cargo run -p server -- handbook-keys > docs/declarative-keys.md");
    }

    #[test]
    fn every_table_and_key_of_the_guide_is_listed() {
        let page = page();
        let guide = include_str!("../../../../../examples/mosyle.toml");
        for line in guide.lines().map(str::trim) {
            if line.starts_with('[') && line.ends_with(']') && !line.contains('.') {
                assert!(page.contains(&format!("\n## {line}\n")), "{line}");
            }
            let Some((key, _)) = line.split_once(" = ") else { continue };
            if key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') {
                assert!(page.contains(&format!("\n| `{key}` | ")), "{key}");
            }
        }
    }

    #[test]
    fn every_link_leads_to_a_section() {
        let page = page();
        for part in page.split("](#").skip(1) {
            let (anchor, _) = part.split_once(')').unwrap();
            let is_it = |line: &&str| {
                line.strip_prefix("## ").is_some_and(|name| name.to_lowercase() == anchor)
            };
            assert!(page.lines().any(|line| is_it(&line)), "{anchor}");
        }
    }
}
