//! Rules read back from a form.

use domain::condition::Field;
use domain::condition::NESTING_MAX;
use domain::condition::Operator;
use domain::condition::field::ATTRIBUTE_PREFIX;
use domain::condition::field::Kind;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::policy::items;
use crate::posted::Posted;

/// The rules of a list, and of the groups in it.
pub(super) fn rules(list: &str, posted: &Posted, depth: usize) -> Vec<Value> {
    // The form offers no deeper groups.
    if depth > NESTING_MAX {
        return Vec::new();
    }
    let mut rules = items::read(list, posted, &|name| rule(name, posted, depth));
    if items::is_pressed(posted, "add-rule", list) {
        rules.push(json!({}));
    }
    if items::is_pressed(posted, "add-group", list) {
        rules.push(json!({"match": "all", "rules": [{}]}));
    }
    rules
}

fn rule(name: &str, posted: &Posted, depth: usize) -> Value {
    let of = |key: &str| posted.text(&format!("{name}.{key}"));
    let mut rule = Map::new();
    match of("kind") {
        Some("json") => return items::read_json(name, posted),
        Some("group") => {
            rule.insert("match".to_owned(), Value::from(of("match").unwrap_or("all")));
            let rules = rules(&format!("{name}.rules"), posted, depth + 1);
            rule.insert("rules".to_owned(), Value::from(rules));
        }
        Some(_) | None => leaf(name, posted, &mut rule),
    }
    if of("not").is_some() {
        rule.insert("not".to_owned(), Value::from(true));
    }
    Value::Object(rule)
}

fn leaf(name: &str, posted: &Posted, rule: &mut Map<String, Value>) {
    let of = |key: &str| posted.text(&format!("{name}.{key}"));
    let Some(written) = of("field") else { return };
    let written = match written {
        ATTRIBUTE_PREFIX => format!("{ATTRIBUTE_PREFIX}{}", of("attribute").unwrap_or_default()),
        other => other.to_owned(),
    };
    let field = Field::parse(&written);
    let canonical = field.map_or(written, Field::name);
    rule.insert("field".to_owned(), Value::from(canonical));
    let kind = field.map_or(Kind::Text, Field::kind);
    if kind == Kind::Nothing {
        return;
    }
    if let Some(zone) = of("zone") {
        rule.insert("zone".to_owned(), Value::from(zone));
    }
    let Some(operator) = of("operator") else { return };
    rule.insert("operator".to_owned(), Value::from(operator));
    if operator == Operator::Exists.as_str() {
        return;
    }
    let takes_list = [Operator::IsOneOf, Operator::InNetwork].map(Operator::as_str);
    let given = format!("{name}.value");
    let lines = posted.all(&given).flat_map(str::lines);
    let mut values: Vec<Value> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| typed(kind, line))
        .collect();
    let value = match (takes_list.contains(&operator), values.len()) {
        (_, 0) => return,
        (false, 1) => values.pop(),
        // Several where one is taken are complained of, and not lost.
        (true | false, _) => Some(Value::from(values)),
    };
    if let Some(value) = value {
        rule.insert("value".to_owned(), value);
    }
}

/// A value of the form that the field has; what has another form is complained of by the rules.
fn typed(kind: Kind, text: &str) -> Value {
    match (kind, text) {
        (Kind::Boolean, "true") => Value::from(true),
        (Kind::Boolean, "false") => Value::from(false),
        (Kind::Number, text) => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
        (_, text) => Value::from(text),
    }
}
