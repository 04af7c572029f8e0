//! The rule builder: a tree of rules and groups as a field of a form. Every button works without a
//! script; what the builder has no form for is shown as JSON and kept.

mod reading;
mod showing;

use domain::complaint::Complaint;
use domain::condition::DEVICE_ROLE_DEFAULT;
use domain::condition::Field;
use domain::condition::NESTING_MAX;
use domain::condition::Operator;
use domain::condition::field::Kind;
use domain::object::Kind as ObjectKind;
use domain::policy_workflow::Grants;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::form::widget::Widget;
use crate::object;
use crate::page::Desk;
use crate::policy::items;
use crate::posted::Posted;

/// The rules of a policy.
pub(crate) struct Rules {
    gateways: Vec<String>,
    authorities: Vec<String>,
    templates: Vec<String>,
    access_points: Vec<String>,
    roles: Vec<String>,
    device_roles: Vec<String>,
    /// Whether gateways are asked for by a list of their own, as the guide has it for workflows.
    has_provider: bool,
}

/// How a rule is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shape {
    Leaf,
    Group,
    /// The builder has no form for it.
    Json,
}

impl Rules {
    /// Rules that may name what there is.
    pub(crate) fn new(desk: &Desk) -> Self {
        let rules = desk.app.snapshot.rules();
        let workflows = &rules.organization.policy_workflow;
        let granting = |grants: Grants| {
            let all = workflows.iter().filter(move |one| one.grants == grants);
            all.map(|one| one.name.clone())
        };
        let default = core::iter::once(DEVICE_ROLE_DEFAULT.to_owned());
        Self {
            gateways: object::names(desk, ObjectKind::Gateway),
            authorities: object::names(desk, ObjectKind::CertificateAuthority),
            templates: object::names(desk, ObjectKind::CertificateTemplate),
            access_points: object::names(desk, ObjectKind::AccessPoint),
            roles: granting(Grants::UserRole).collect(),
            device_roles: default.chain(granting(Grants::DeviceRole)).collect(),
            has_provider: false,
        }
    }

    /// The same, with a list of the gateways before all other rules.
    pub(crate) fn with_provider(self) -> Self {
        Self { has_provider: true, ..self }
    }

    /// What the values of a field can be, if that is known.
    fn values_of(&self, field: Field) -> Option<Vec<String>> {
        if field == Field::DeviceRole {
            return Some(self.device_roles.clone());
        }
        let named = match field.names() {
            Some(ObjectKind::Gateway) => &self.gateways,
            Some(ObjectKind::CertificateAuthority) => &self.authorities,
            Some(ObjectKind::CertificateTemplate) => &self.templates,
            Some(ObjectKind::AccessPoint) => &self.access_points,
            Some(ObjectKind::PolicyWorkflow) => &self.roles,
            Some(_) | None => return closed(field.kind()),
        };
        Some(named.clone())
    }

    /// The gateways that the first rule is about, if the list of them can show it.
    fn provider<'a>(&self, rules: &'a [Value]) -> Option<&'a Vec<Value>> {
        let first = rules.first().filter(|_| self.has_provider)?.as_object()?;
        let is_plain = first.len() == 3
            && first.get("field").and_then(Value::as_str) == Some("identity.provider")
            && first.get("operator").and_then(Value::as_str) == Some("is-one-of");
        let values = first.get("value").and_then(Value::as_array).filter(|_| is_plain)?;
        values.iter().all(Value::is_string).then_some(values)
    }
}

/// The words of a closed list.
fn closed(kind: Kind) -> Option<Vec<String>> {
    match kind {
        Kind::Choice(words) => Some(words.iter().map(|word| (*word).to_owned()).collect()),
        Kind::Nothing
        | Kind::Text
        | Kind::Folded
        | Kind::Number
        | Kind::Boolean
        | Kind::Version
        | Kind::Mac
        | Kind::Address
        | Kind::TimeOfDay => None,
    }
}

fn operator_of(table: &Map<String, Value>) -> Option<Operator> {
    let name = table.get("operator").and_then(Value::as_str)?;
    Operator::ALL.into_iter().find(|operator| operator.as_str() == name)
}

fn field_of(table: &Map<String, Value>) -> Option<Field> {
    Field::parse(table.get("field").and_then(Value::as_str)?)
}

/// How a rule of this depth can be shown, so that it comes back as it was.
fn shape(rule: &Value, depth: usize) -> Shape {
    let Some(table) = rule.as_object() else { return Shape::Json };
    let has_only = |keys: &[&str]| table.keys().all(|key| keys.contains(&key.as_str()));
    let not = table.get("not").is_none_or(|not| not == &Value::Bool(true));
    if let Some(rules) = table.get("rules") {
        let how = table.get("match").is_none_or(|how| how == "all" || how == "any");
        let sound = rules.is_array() && how && not && has_only(&["match", "rules", "not"]);
        return if sound && depth < NESTING_MAX { Shape::Group } else { Shape::Json };
    }
    let field = table.get("field").is_none_or(|name| {
        let known = name.as_str().and_then(Field::parse);
        known.is_some_and(|field| Some(field.name().as_str()) == name.as_str())
    });
    let operator = !table.contains_key("operator") || operator_of(table).is_some();
    let zone = table.get("zone").is_none_or(|zone| zone.as_str().is_some_and(items::is_line));
    let sound = field && operator && zone && not && is_value_shown(table);
    let known = has_only(&["field", "operator", "value", "zone", "not"]);
    if sound && known { Shape::Leaf } else { Shape::Json }
}

/// Whether the value comes back as it was.
fn is_value_shown(table: &Map<String, Value>) -> bool {
    let Some(value) = table.get("value") else { return true };
    let (Some(field), Some(operator)) = (field_of(table), operator_of(table)) else {
        return false;
    };
    let kind = field.kind();
    let single = |value: &Value| match value {
        Value::String(text) => items::is_line(text),
        Value::Number(number) => kind == Kind::Number && number.is_i64(),
        Value::Bool(_) => kind == Kind::Boolean,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    match value.as_array() {
        Some(all) => {
            (operator.takes_list() || all.len() > 1) && !all.is_empty() && all.iter().all(single)
        }
        None => !operator.takes_list() && operator != Operator::Exists && single(value),
    }
}

impl Widget for Rules {
    fn read(&self, path: &str, posted: &Posted, before: Option<&Value>) -> Option<Value> {
        if !posted.has(&format!("{path}.kind")) {
            // The form was sent without its rules: nobody took them away.
            return before.cloned();
        }
        let mut rules = reading::rules(path, posted, 0);
        if self.has_provider {
            let chosen: Vec<&str> = posted.all(&format!("{path}.provider")).collect();
            if !chosen.is_empty() {
                let rule =
                    json!({"field": "identity.provider", "operator": "is-one-of", "value": chosen});
                rules.insert(0, rule);
            }
        }
        Some(Value::from(rules))
    }

    fn shown(&self, path: &str, held: &Value, complaints: &[&Complaint]) -> String {
        showing::builder(self, path, held, complaints)
    }

    fn told(&self, _: &str, held: &Value) -> String {
        showing::told(held)
    }
}

#[cfg(test)]
mod tests;
