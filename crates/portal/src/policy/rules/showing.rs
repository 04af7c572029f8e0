//! Rules as HTML: to be filled in, and to be read.

use askama::Template;
use domain::complaint::Complaint;
use domain::condition::Field;
use domain::condition::NESTING_MAX;
use domain::condition::Operator;
use domain::condition::field::ATTRIBUTE_PREFIX;
use domain::condition::field::FIELDS;
use domain::condition::field::Kind;
use domain::condition::listing;
use serde_json::Map;
use serde_json::Value;

use super::Rules;
use super::Shape;
use super::field_of;
use super::operator_of;
use super::shape;
use crate::filters;
use crate::form::ShownChoice;
use crate::form::plain;
use crate::form::texts;
use crate::policy::items;
use crate::policy::words;
use crate::text;

/// A list of rules with its buttons.
#[derive(Template)]
#[template(path = "policy/rules.html")]
struct ListPart {
    name: String,
    id: String,
    /// The gateways, where they are a list of their own.
    provider: Vec<ShownChoice>,
    /// The rules, escaped already.
    rules: Vec<String>,
    can_nest: bool,
    /// The attributes that a rule can look at: once for the whole tree.
    attributes: Vec<&'static str>,
}

/// One rule, or a group.
#[derive(Template)]
#[template(path = "policy/rule.html")]
struct RulePart {
    name: String,
    id: String,
    /// From 1.
    number: usize,
    is_first: bool,
    is_last: bool,
    shape: Shape,
    families: Vec<Family>,
    /// The name of a RADIUS attribute, where the field is one.
    attribute: Option<String>,
    operators: Vec<ShownChoice>,
    control: Control,
    hint: String,
    zone: Option<String>,
    not: bool,
    is_any: bool,
    /// Of a group: its rules, escaped already.
    inner: String,
    json: String,
    wrong: Vec<String>,
}

impl RulePart {
    /// Whether nothing is chosen yet: then nothing is, until somebody does.
    fn is_open(&self, choices: &[ShownChoice]) -> bool {
        !choices.iter().any(|choice| choice.is_chosen)
    }
}

/// Fields under one heading.
struct Family {
    title: String,
    fields: Vec<ShownChoice>,
}

/// What a value is given by.
enum Control {
    None,
    Line(String),
    Lines(String),
    One(Vec<ShownChoice>),
    Several(Vec<ShownChoice>),
}

#[derive(Template)]
#[template(path = "policy/told.html")]
struct Told {
    rules: Vec<String>,
}

/// The rules, to be read.
pub(super) fn told(held: &Value) -> String {
    let rules = held.as_array().into_iter().flatten().map(words::of_rule).collect();
    Told { rules }.render().unwrap_or_default()
}

/// The rules, to be filled in.
pub(super) fn builder(
    rules: &Rules,
    path: &str,
    held: &Value,
    complaints: &[&Complaint],
) -> String {
    let all = held.as_array().map(Vec::as_slice).unwrap_or_default();
    let chosen = rules.provider(all);
    let own = usize::from(chosen.is_some());
    let chosen: Vec<String> = chosen.into_iter().flatten().map(plain).collect();
    let provider = if rules.has_provider { choices(&rules.gateways, &chosen) } else { Vec::new() };
    let list = List { rules, complaints, depth: 0 };
    list.render(path, all, own, provider)
}

struct List<'a> {
    rules: &'a Rules,
    complaints: &'a [&'a Complaint],
    depth: usize,
}

impl List<'_> {
    /// The rules behind the first `skip` of a list.
    fn render(&self, name: &str, all: &[Value], skip: usize, provider: Vec<ShownChoice>) -> String {
        let last = all.len().saturating_sub(1);
        let rules = all.iter().enumerate().skip(skip);
        let rules = rules.map(|(index, rule)| self.rule(name, rule, (index, skip, last)));
        let part = ListPart {
            name: name.to_owned(),
            id: items::id(name),
            provider,
            rules: rules.collect(),
            can_nest: self.depth < NESTING_MAX,
            attributes: if self.depth == 0 { listing::attributes() } else { Vec::new() },
        };
        part.render().unwrap_or_default()
    }

    fn rule(
        &self,
        list: &str,
        rule: &Value,
        (index, first, last): (usize, usize, usize),
    ) -> String {
        let name = items::name_at(list, index);
        let shape = shape(rule, self.depth);
        let empty = Map::new();
        let table = rule.as_object().unwrap_or(&empty);
        let field = field_of(table);
        let is_time = matches!(field, Some(Field::TimeWeekday | Field::TimeOfDay));
        let zone = table.get("zone").map(plain).or(is_time.then(String::new));
        let part = RulePart {
            id: items::id(&name),
            number: index + 1,
            is_first: index == first,
            is_last: index == last,
            shape,
            families: families(field),
            attribute: attribute(field),
            operators: field.map(|field| operators(field, table)).unwrap_or_default(),
            control: field.map_or(Control::None, |field| self.control(field, table)),
            hint: field.map(|field| hint(field.kind())).unwrap_or_default(),
            zone,
            not: table.get("not") == Some(&Value::Bool(true)),
            is_any: table.get("match").and_then(Value::as_str) == Some("any"),
            inner: if shape == Shape::Group { self.inner(&name, table) } else { String::new() },
            json: items::shown_json(rule),
            wrong: wrong(&name, shape, self.complaints),
            name,
        };
        part.render().unwrap_or_default()
    }

    fn inner(&self, name: &str, table: &Map<String, Value>) -> String {
        let rules = table.get("rules").and_then(Value::as_array);
        let rules = rules.map(Vec::as_slice).unwrap_or_default();
        let list = List { depth: self.depth + 1, ..*self };
        list.render(&format!("{name}.rules"), rules, 0, Vec::new())
    }

    fn control(&self, field: Field, table: &Map<String, Value>) -> Control {
        let held = table.get("value").map(texts).unwrap_or_default();
        let operator = operator_of(table).filter(|operator| operator.fits(field.kind()));
        let operator = operator.or_else(|| Operator::fitting(field.kind()).next());
        let Some(operator) = operator.filter(|operator| *operator != Operator::Exists) else {
            return Control::None;
        };
        if field.kind() == Kind::Boolean {
            let yes_or_no = [("true", "form.yes"), ("false", "form.no")];
            let choices = yes_or_no.map(|(value, key)| ShownChoice {
                value: value.to_owned(),
                label: text::t(key).into_owned(),
                is_chosen: held.iter().any(|one| one == value),
            });
            return Control::One(choices.into());
        }
        let values = self.rules.values_of(field);
        match (operator, values) {
            (Operator::IsOneOf, Some(values)) => Control::Several(choices(&values, &held)),
            (Operator::Is, Some(values)) if held.len() < 2 => Control::One(choices(&values, &held)),
            (operator, _) if operator.takes_list() || held.len() > 1 => {
                Control::Lines(held.join("\n"))
            }
            (_, _) => Control::Line(held.join(" ")),
        }
    }
}

/// What can be chosen, with what is chosen though it is not there any more.
fn choices(values: &[String], held: &[String]) -> Vec<ShownChoice> {
    let gone = held.iter().filter(|one| !values.contains(one));
    let all = values.iter().chain(gone);
    all.map(|value| ShownChoice {
        value: value.clone(),
        label: value.clone(),
        is_chosen: held.contains(value),
    })
    .collect()
}

/// Every field under the heading of its family.
fn families(chosen: Option<Field>) -> Vec<Family> {
    let mut families: Vec<(&str, Vec<ShownChoice>)> = Vec::new();
    for row in FIELDS {
        let choice = ShownChoice {
            value: row.name.to_owned(),
            label: words::of_field(row.name),
            is_chosen: chosen == Some(row.field),
        };
        match families.last_mut().filter(|(family, _)| *family == row.field.family()) {
            Some((_, fields)) => fields.push(choice),
            None => families.push((row.field.family(), vec![choice])),
        }
    }
    if let Some((_, network)) = families.iter_mut().find(|(family, _)| *family == "network") {
        network.push(ShownChoice {
            value: ATTRIBUTE_PREFIX.to_owned(),
            label: text::t("field.attribute").into_owned(),
            is_chosen: attribute(chosen).is_some(),
        });
    }
    let family = |(family, fields): (&str, Vec<ShownChoice>)| {
        let title = text::t(&format!("field.family.{family}")).into_owned();
        Family { title, fields }
    };
    families.into_iter().map(family).collect()
}

fn attribute(field: Option<Field>) -> Option<String> {
    let name = field?.name();
    name.strip_prefix(ATTRIBUTE_PREFIX).map(str::to_owned)
}

fn operators(field: Field, table: &Map<String, Value>) -> Vec<ShownChoice> {
    let held = operator_of(table);
    let one = |operator: Operator| ShownChoice {
        value: operator.as_str().to_owned(),
        label: words::of_operator(operator.as_str(), false),
        is_chosen: held == Some(operator),
    };
    Operator::fitting(field.kind()).map(one).collect()
}

/// What a value looks like, where that is not plain.
fn hint(kind: Kind) -> String {
    let key = match kind {
        Kind::Version => "policy.hint.version",
        Kind::Mac => "policy.hint.mac",
        Kind::Address => "policy.hint.address",
        Kind::TimeOfDay => "policy.hint.time",
        Kind::Number => "policy.hint.number",
        Kind::Folded => "policy.hint.folded",
        Kind::Nothing | Kind::Text | Kind::Boolean | Kind::Choice(_) => return String::new(),
    };
    text::t(key).into_owned()
}

/// What is wrong with a rule itself; of a group, not what is wrong with the rules in it.
fn wrong(name: &str, shape: Shape, complaints: &[&Complaint]) -> Vec<String> {
    let is_own = |complaint: &&&Complaint| {
        let Some(rest) = complaint.path.strip_prefix(name) else { return false };
        let is_below = rest.starts_with(".rules[") && shape == Shape::Group;
        (rest.is_empty() || rest.starts_with(['.', '['])) && !is_below
    };
    let own = complaints.iter().filter(is_own);
    own.map(|complaint| format!("{}; {}", complaint.what, complaint.fix)).collect()
}
