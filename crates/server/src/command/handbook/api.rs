//! `safeconduct handbook-api`: the page of the handbook that lists what the API can be asked.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

use crate::command::handbook::form;
use crate::command::handbook::form::Forms;
use crate::command::handbook::form::row;
use crate::output;

/// What the page begins with: everything that holds for all operations.
const HEAD: &str = include_str!("api.md");

/// Headers that the beginning of the page tells of.
const TOLD: [&str; 2] = ["Idempotency-Key", "If-Match"];

/// Prints the page.
pub(crate) fn run() -> ExitCode {
    output::part(&page());
    ExitCode::SUCCESS
}

fn page() -> String {
    let document = api::description();
    let forms = Forms { document: &document, named };
    let mut nouns: BTreeMap<&str, String> = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let noun = form::list(operation, "tags").next().and_then(Value::as_str);
            let text = nouns.entry(noun.unwrap_or_default()).or_default();
            text.push_str(&told(&forms, &format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    let mut page = HEAD.to_owned();
    for (noun, text) in nouns {
        page.push_str(&format!("\n## {noun}\n{text}"));
    }
    page.push_str("\n# Types\n\nWhat bodies and answers are made of.\n");
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        page.push_str(&type_told(&forms, name, schema));
    }
    page
}

fn named(name: &str, _: &Value) -> Option<String> {
    Some(format!("[{name}](#{})", name.to_lowercase()))
}

/// One operation.
fn told(forms: &Forms<'_>, place: &str, operation: &Value) -> String {
    let permissions: Vec<String> = form::list(operation, "x-permission").map(form::code).collect();
    let by = match permissions.as_slice() {
        [] => "Anybody may ask.".to_owned(),
        [any] if any == "`any`" => "Whoever has a token may ask.".to_owned(),
        [one] => format!("Needs {one}."),
        many => format!("Needs {}.", many.join(" and ")),
    };
    let mut text = format!("\n### {place}\n\n{}. {by}", form::text(operation, "summary"));
    let parameters: Vec<&Value> = form::list(operation, "parameters").collect();
    let has = |name: &str| parameters.iter().any(|one| form::text(one, "name") == name);
    if has("If-Match") {
        text.push_str(" Takes `If-Match`.");
    }
    text.push('\n');
    let told =
        |one: &&&Value| form::text(one, "in") != "path" && !TOLD.contains(&form::text(one, "name"));
    let rows: String = parameters.iter().filter(told).map(|one| parameter(forms, one)).collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n| parameter | what | meaning |\n|---|---|---|\n{rows}"));
    }
    if let Some((kind, schema)) = content(operation.get("requestBody")) {
        let words = if kind == "text/csv" { "a table" } else { &forms.words(schema) };
        text.push_str(&format!("\nTakes {words} (`{kind}`).\n"));
    }
    let responses = operation.get("responses").and_then(Value::as_object).into_iter().flatten();
    let done: Vec<_> = responses.filter(|(status, _)| status.starts_with('2')).collect();
    let told = done.first().and_then(|(_, response)| content(Some(response)));
    let told = told.map(|(_, schema)| answer(forms, schema));
    let told = told.unwrap_or_else(|| "nothing".to_owned());
    let done = done.iter().rev().map(|(status, _)| status.as_str());
    let status = done.collect::<Vec<_>>().join(", or if only tried out ");
    text.push_str(&format!("\nAnswers {status}: {told}.\n"));
    text
}

fn parameter(forms: &Forms<'_>, parameter: &Value) -> String {
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let mut words = forms.words(schema).replace(" or null", "");
    if parameter.get("required") == Some(&Value::Bool(true)) {
        words.push_str(", must be given");
    }
    let name = format!("`{}`", form::text(parameter, "name"));
    row([&name, &words, form::text(parameter, "description")])
}

/// The form of a body, and its schema.
fn content(body: Option<&Value>) -> Option<(&str, &Value)> {
    let (kind, content) = body?.get("content")?.as_object()?.iter().next()?;
    Some((kind, content.get("schema")?))
}

/// An answer; a page is told by what is on it.
fn answer(forms: &Forms<'_>, schema: &Value) -> String {
    match schema.pointer("/properties/items/items") {
        Some(item) => format!("a page of {}", forms.words(item)),
        None => forms.words(schema),
    }
}

fn type_told(forms: &Forms<'_>, name: &str, schema: &Value) -> String {
    let about = form::text(schema, "description");
    let mut text = format!("\n### {name}\n\n{about}\n");
    let fields = form::fields(schema);
    if fields.is_empty() {
        text.push_str(&format!("\n{}\n", forms.words(schema)));
        return text;
    }
    text.push_str("\n| field | what | always | meaning |\n|---|---|---|---|\n");
    for (name, field, is_required) in fields {
        let always = if is_required { "yes" } else { "no" };
        let about = form::text(field, "description");
        text.push_str(&row([&format!("`{name}`"), &forms.words(field), always, about]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_tells_the_api_as_it_is() {
        let kept = include_str!("../../../../../docs/api.md");
        let same = kept == page();
        assert!(same, "run: cargo run -p server -- handbook-api > docs/api.md");
    }

    #[test]
    fn every_link_leads_to_a_section() {
        let page = page();
        let sections: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## ").or(line.strip_prefix("### ")))
            .map(str::to_lowercase)
            .collect();
        for part in page.split("](#").skip(1) {
            let (anchor, _) = part.split_once(')').unwrap();
            assert!(sections.iter().any(|section| section == anchor), "{anchor}");
        }
    }

    #[test]
    fn every_operation_is_told() {
        let page = page();
        for operation in api::operations() {
            let head = format!("\n### {} {}\n", operation.method, operation.path);
            assert_eq!(page.matches(&head).count(), 1, "{head}");
        }
    }
}
