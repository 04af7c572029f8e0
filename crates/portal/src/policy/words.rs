//! Rules and settings of policies in words.

use domain::condition::Field;
use domain::condition::Operator;
use domain::condition::field::ATTRIBUTE_PREFIX;
use domain::condition::outcome::RuleOutcome;
use serde_json::Map;
use serde_json::Value;

use crate::form::plain;
use crate::form::texts;
use crate::text;

/// Most values that a sentence names.
const SHOWN_MAX: usize = 12;

/// What people call a field.
pub(crate) fn of_field(name: &str) -> String {
    match name.strip_prefix(ATTRIBUTE_PREFIX) {
        Some(attribute) => format!("{} {attribute}", text::t("field.attribute")),
        None => text::find(&format!("field.{name}")).unwrap_or(name).to_owned(),
    }
}

/// What people call an operator, turned around or not.
pub(crate) fn of_operator(name: &str, not: bool) -> String {
    let start = if not { "operator.not" } else { "operator" };
    text::find(&format!("{start}.{name}")).unwrap_or(name).to_owned()
}

/// A rule that was asked.
pub(crate) fn of_outcome(outcome: &RuleOutcome) -> String {
    let field = outcome.field.as_deref().unwrap_or_default();
    let operator = outcome.operator.map(Operator::as_str);
    sentence(field, operator, &outcome.expected, outcome.not)
}

fn sentence(field: &str, operator: Option<&str>, values: &[String], not: bool) -> String {
    let name = of_field(field);
    let Some(operator) = operator else {
        let start = if not { "policy.not" } else { "policy.yes" };
        return text::with(start, &[("rule", &name)]);
    };
    let is_flag =
        Field::parse(field).is_some_and(|it| it.kind() == domain::condition::field::Kind::Boolean);
    let shown = values.iter().take(SHOWN_MAX).map(|value| match (is_flag, value.as_str()) {
        (true, "true") => text::t("form.yes").into_owned(),
        (true, "false") => text::t("form.no").into_owned(),
        _ => value.clone(),
    });
    let shown: Vec<String> = shown.collect();
    let more = values.len().saturating_sub(SHOWN_MAX);
    let more = match more {
        0 => String::new(),
        more => text::with("policy.more", &[("count", &more.to_string())]),
    };
    let sentence = format!("{name} {} {}{more}", of_operator(operator, not), shown.join(", "));
    sentence.trim_end().to_owned()
}

/// A rule as a definition holds it, in one line; a group in brackets.
pub(crate) fn of_rule(rule: &Value) -> String {
    let Some(table) = rule.as_object() else { return plain(rule) };
    let not = table.get("not").and_then(Value::as_bool).unwrap_or(false);
    let text_of = |key: &str| table.get(key).and_then(Value::as_str);
    if let Some(rules) = table.get("rules").and_then(Value::as_array) {
        let all = format!("({})", joined(rules, text_of("match").unwrap_or("all")));
        return if not { text::with("policy.not", &[("rule", &all)]) } else { all };
    }
    let Some(field) = text_of("field") else { return rule.to_string() };
    let values = table.get("value").map(texts).unwrap_or_default();
    let zone = text_of("zone").map(|zone| format!(" ({zone})")).unwrap_or_default();
    format!("{}{zone}", sentence(field, text_of("operator"), &values, not))
}

/// Rules in one line.
pub(crate) fn joined(rules: &[Value], how: &str) -> String {
    let between = if how == "any" { "policy.or" } else { "policy.and" };
    let all: Vec<String> = rules.iter().map(of_rule).collect();
    all.join(&format!(" {} ", text::t(between)))
}

/// The rules of a definition in one line.
pub(crate) fn of_definition(definition: &Value) -> String {
    let how = definition.get("match").and_then(Value::as_str).unwrap_or("all");
    let rules = definition.get("rules").and_then(Value::as_array);
    rules.map(|rules| joined(rules, how)).unwrap_or_default()
}

/// An attribute of an answer, or a preset.
pub(crate) fn of_attribute(attribute: &Value) -> String {
    let Some(table) = attribute.as_object() else { return plain(attribute) };
    let of = |key: &str| table.get(key).map(plain).filter(|text| !text.is_empty());
    let number = || {
        let vendor = of("vendor").map(|vendor| format!("{vendor}/")).unwrap_or_default();
        of("number").map(|number| format!("{vendor}{number}"))
    };
    let name = of("preset").or_else(|| of("attribute")).or_else(number).unwrap_or_default();
    // Where no dictionary is said, the IETF's is meant.
    let dictionary = of("dictionary").filter(|one| one != "RADIUS:IETF");
    let dictionary = dictionary.map(|one| format!("{one} ")).unwrap_or_default();
    let tag = of("tag").map(|tag| format!(":{tag}")).unwrap_or_default();
    let missing = of("on_missing").map(|what| format!(" ({what})")).unwrap_or_default();
    format!("{dictionary}{name}{tag} = {}{missing}", of("value").unwrap_or_default())
}

/// What a field of any definition holds, for a list of differences: of policies in words.
pub(crate) fn of_change(field: &str, value: &Value) -> String {
    match (field, value) {
        ("rules", Value::Array(rules)) => {
            let all: Vec<String> = rules.iter().map(of_rule).collect();
            all.join("; ")
        }
        ("settings", Value::Object(table)) => of_table(table),
        ("tests", Value::Array(tests)) => {
            let tests = tests.iter().map(|test| match test.as_object() {
                Some(table) => of_table(table),
                None => plain(test),
            });
            tests.collect::<Vec<_>>().join("; ")
        }
        _ => plain(value),
    }
}

/// A table as `key: value, key: value`.
pub(crate) fn of_table(table: &Map<String, Value>) -> String {
    let one = |(key, value): (&String, &Value)| {
        let value = match (key.as_str(), value) {
            ("attributes", Value::Array(all)) => {
                all.iter().map(of_attribute).collect::<Vec<_>>().join(", ")
            }
            _ => plain(value),
        };
        format!("{}: {value}", key.replace('_', " "))
    };
    table.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use domain::condition::field::FIELDS;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_and_operator_has_words() {
        for row in FIELDS {
            assert!(text::find(&format!("field.{}", row.name)).is_some(), "{}", row.name);
            let family = format!("field.family.{}", row.field.family());
            assert!(text::find(&family).is_some(), "{family}");
        }
        for operator in Operator::ALL {
            for start in ["operator", "operator.not"] {
                assert!(text::find(&format!("{start}.{operator}")).is_some(), "{operator}");
            }
        }
    }

    #[test]
    fn rules_are_sentences() {
        let role = json!({"field": "identity.role", "operator": "is-one-of", "value": ["a", "b"]});
        assert_eq!(of_rule(&role), "Role is one of a, b");
        let known = json!({"field": "device.known", "operator": "is", "value": true, "not": true});
        assert_eq!(of_rule(&known), "Device is in the inventory is not yes");
        let hours = json!({"field": "time.of_day", "operator": "less", "value": "16:00",
            "zone": "Europe/Berlin"});
        assert_eq!(of_rule(&hours), "Time of day is less than 16:00 (Europe/Berlin)");
        let group = json!({"match": "any", "rules": [role, {"field": "always"}], "not": true});
        assert_eq!(of_rule(&group), "not (Role is one of a, b or Everybody)");
        let many: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let many =
            of_rule(&json!({"field": "device.tags", "operator": "is-one-of", "value": many}));
        assert!(many.ends_with("11 and 8 more"), "{many}");
    }

    #[test]
    fn what_is_no_rule_is_shown_as_it_is() {
        assert_eq!(of_rule(&json!("x")), "x");
        assert_eq!(of_rule(&json!({"colour": 1})), "{\"colour\":1}");
        assert_eq!(of_rule(&json!({"field": "no.such", "operator": "fits"})), "no.such fits");
    }

    #[test]
    fn settings_are_said_without_signs_of_a_machine() {
        let settings = json!({"access": "accept", "attributes": [
            {"preset": "vlan", "value": "20"},
            {"dictionary": "RADIUS:IETF", "attribute": "Filter-Id", "value": "a"},
            {"dictionary": "Custom", "vendor": 9, "number": 1, "type": "text", "value": "x"}]});
        let said = of_change("settings", &settings);
        assert_eq!(said, "access: accept, attributes: vlan = 20, Filter-Id = a, Custom 9/1 = x");
    }
}
