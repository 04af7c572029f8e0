//! Plans for people: what is made, what changes and from what, and what goes.

use domain::plan::Change;
use domain::plan::FieldChange;
use domain::plan::Plan;
use serde_json::Value;

use crate::command::toml_writer::inline;
use crate::output;
use crate::output::Colour;

/// Shows what changed, or would.
pub(crate) fn print(plan: &Plan) {
    for (colour, line) in lines(plan) {
        output::coloured(colour, &output::safe(&line));
    }
}

fn lines(plan: &Plan) -> Vec<(Colour, String)> {
    let mut lines = Vec::new();
    let describe = |change: &Change| format!("{} \"{}\"", change.kind.words(), change.name);
    for change in &plan.create {
        lines.push((Colour::Green, format!("+ {}", describe(change))));
        let fields = change.fields.iter().flat_map(made);
        lines.extend(fields.map(|text| (Colour::Green, format!("    {text}"))));
    }
    for change in &plan.change {
        let was = change.renamed_from.as_ref().map(|old| format!(" (was \"{old}\")"));
        let head = format!("~ {}{}", describe(change), was.unwrap_or_default());
        lines.push((Colour::Yellow, head));
        // The head tells of a new name.
        let told = |field: &&FieldChange| {
            change.renamed_from.is_none()
                || !matches!(field.field.as_str(), "name" | "renamed_from")
        };
        let fields = change.fields.iter().filter(told).flat_map(changed);
        lines.extend(fields.map(|(colour, text)| (colour, format!("    {text}"))));
    }
    let removed = plan.remove.iter().map(|change| format!("- {}", describe(change)));
    lines.extend(removed.map(|text| (Colour::Red, text)));
    lines.push((Colour::None, counts(plan)));
    lines
}

fn counts(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("Nothing changed: all {} objects are so already.", plan.unchanged);
    }
    let counts = [
        (plan.create.len(), "created"),
        (plan.change.len(), "changed"),
        (plan.remove.len(), "removed"),
        (plan.unchanged, "unchanged"),
    ];
    counts.map(|(count, what)| format!("{count} {what}")).join(", ")
}

/// A field of an object that is new: a table of fields is shown field by field, a list of tables
/// item by item.
fn made(field: &FieldChange) -> Vec<String> {
    let name = &field.field;
    match &field.after {
        Value::Object(table) => {
            let inner = table.iter().map(|(key, value)| FieldChange {
                field: format!("{name}.{key}"),
                before: Value::Null,
                after: value.clone(),
            });
            inner.flat_map(|inner| made(&inner)).collect()
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let items = items.iter().map(|item| format!("  {}", inline(item)));
            core::iter::once(format!("{name}:")).chain(items).collect()
        }
        after @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => vec![format!("{name}: {}", inline(after))],
    }
}

/// A field that becomes different.
pub(crate) fn changed(field: &FieldChange) -> Vec<(Colour, String)> {
    let FieldChange { field: name, before, after } = field;
    let plain = |text: String| vec![(Colour::Yellow, text)];
    match (before, after) {
        _ if name == "shared_secret" => plain("shared_secret: changed".to_owned()),
        (Value::Object(before), Value::Object(after)) => {
            let inner = domain::plan::differences(
                &Value::Object(before.clone()),
                &Value::Object(after.clone()),
            );
            let inner = inner
                .into_iter()
                .map(|one| FieldChange { field: format!("{name}.{}", one.field), ..one });
            inner.flat_map(|inner| changed(&inner)).collect()
        }
        (Value::Array(before), Value::Array(after))
            if before.iter().chain(after).any(Value::is_object) =>
        {
            items(name, before, after)
        }
        (Value::Number(before), Value::Number(after)) if name == "position" => {
            let up = after.as_u64() < before.as_u64();
            let how = if up { "moved up" } else { "moved down" };
            plain(format!("position: {before} → {after} ({how})"))
        }
        (before, after) => plain(format!("{name}: {} → {}", inline(before), inline(after))),
    }
}

/// A list of tables: the items that go and those that come; the same ones in another order are
/// shown all.
fn items(name: &str, before: &[Value], after: &[Value]) -> Vec<(Colour, String)> {
    let mut gone: Vec<&Value> = before.iter().filter(|item| !after.contains(item)).collect();
    let mut come: Vec<&Value> = after.iter().filter(|item| !before.contains(item)).collect();
    if gone.is_empty() && come.is_empty() {
        (gone, come) = (before.iter().collect(), after.iter().collect());
    }
    let gone = gone.into_iter().map(|item| (Colour::Red, format!("  - {}", inline(item))));
    let come = come.into_iter().map(|item| (Colour::Green, format!("  + {}", inline(item))));
    core::iter::once((Colour::Yellow, format!("{name}:"))).chain(gone).chain(come).collect()
}

#[cfg(test)]
mod tests {
    use domain::object::Kind;
    use serde_json::json;

    use super::*;

    fn field(field: &str, before: Value, after: Value) -> FieldChange {
        FieldChange { field: field.to_owned(), before, after }
    }

    #[test]
    fn a_plan_reads_as_a_difference() {
        let rule = |value: &str| json!({ "value": value, "field": "identity.role" });
        let plan = Plan {
            create: vec![Change::new(
                Kind::Gateway,
                "X",
                vec![
                    field("slug", json!(null), json!("x")),
                    field("settings", json!(null), json!({ "access": "accept" })),
                    field("rules", json!(null), json!([rule("a")])),
                ],
            )],
            change: vec![
                Change {
                    renamed_from: Some("Old".to_owned()),
                    ..Change::new(
                        Kind::NetworkPolicy,
                        "Y",
                        vec![
                            field("name", json!("Old"), json!("Y")),
                            field(
                                "rules",
                                json!([rule("a"), rule("b")]),
                                json!([rule("b"), rule("c")]),
                            ),
                            field(
                                "settings",
                                json!({ "access": "accept" }),
                                json!({ "access": "refuse" }),
                            ),
                            field("description", json!("a"), json!(null)),
                            field("position", json!(3), json!(1)),
                        ],
                    )
                },
                Change::new(
                    Kind::AccessPoint,
                    "Z",
                    vec![field("shared_secret", json!(null), json!("changed"))],
                ),
            ],
            unchanged: 4,
            remove: vec![Change::new(Kind::PolicyWorkflow, "W", Vec::new())],
        };
        let text: Vec<String> = lines(&plan).into_iter().map(|(_, line)| line).collect();
        let expected = r#"+ gateway "X"
    slug: "x"
    settings.access: "accept"
    rules:
      { field = "identity.role", value = "a" }
~ network policy "Y" (was "Old")
    rules:
      - { field = "identity.role", value = "a" }
      + { field = "identity.role", value = "c" }
    settings.access: "accept" → "refuse"
    description: "a" → nothing
    position: 3 → 1 (moved up)
~ access point "Z"
    shared_secret: changed
- policy workflow "W"
1 created, 2 changed, 1 removed, 4 unchanged"#;
        assert_eq!(text.join("\n"), expected);
    }
}
