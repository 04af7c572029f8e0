//! The tests that a network policy carries: what must come out for a device.

use askama::Template;
use domain::complaint::Complaint;
use domain::object::Kind;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::filters;
use crate::form::ShownChoice;
use crate::form::plain;
use crate::form::widget::Widget;
use crate::object;
use crate::page::Desk;
use crate::policy::items;
use crate::policy::words;
use crate::posted::Posted;

/// What a test can say.
const KEYS: [&str; 6] = ["device", "access_point", "ssid", "at", "access", "vlan"];

/// The tests of a policy.
pub(crate) struct Checks {
    access_points: Vec<String>,
}

impl Checks {
    /// Tests at what access points there are.
    pub(crate) fn new(desk: &Desk) -> Self {
        Self { access_points: object::names(desk, Kind::AccessPoint) }
    }
}

#[derive(Template)]
#[template(path = "policy/checks.html")]
struct ListPart {
    name: String,
    items: Vec<String>,
}

#[derive(Template)]
#[template(path = "policy/check.html")]
struct ItemPart {
    name: String,
    id: String,
    number: usize,
    json: Option<String>,
    device: String,
    access_points: Vec<ShownChoice>,
    ssid: String,
    at: String,
    is_refused: bool,
    vlan: String,
    wrong: Vec<String>,
}

#[derive(Template)]
#[template(path = "policy/told.html")]
struct Told {
    rules: Vec<String>,
}

fn is_shown(test: &Value) -> bool {
    let Some(table) = test.as_object() else { return false };
    let access = table.get("access").and_then(Value::as_str);
    matches!(access, Some("accept" | "refuse"))
        && table.iter().all(|(key, value)| {
            let text = value.as_str().is_some_and(items::is_line);
            KEYS.contains(&key.as_str()) && (text || (key == "device" && value == ""))
        })
}

fn read_one(name: &str, posted: &Posted) -> Value {
    let of = |key: &str| posted.text(&format!("{name}.{key}"));
    if of("kind") == Some("json") {
        return items::read_json(name, posted);
    }
    let mut test = Map::new();
    test.insert("device".to_owned(), Value::from(of("device").unwrap_or_default()));
    test.insert("access".to_owned(), Value::from(of("access").unwrap_or("accept")));
    for key in ["access_point", "ssid", "at", "vlan"] {
        if let Some(text) = of(key) {
            test.insert(key.to_owned(), Value::from(text));
        }
    }
    Value::Object(test)
}

impl Checks {
    fn item(&self, list: &str, test: &Value, index: usize, complaints: &[&Complaint]) -> String {
        let name = items::name_at(list, index);
        let of = |key: &str| test.get(key).map(plain).unwrap_or_default();
        let held = of("access_point");
        let known = self.access_points.iter();
        let gone =
            Some(&held).filter(|held| !held.is_empty() && !self.access_points.contains(held));
        let access_points = known.chain(gone).map(|one| ShownChoice {
            value: one.clone(),
            label: one.clone(),
            is_chosen: *one == held,
        });
        let wrong = complaints.iter().filter(|complaint| {
            let rest = complaint.path.strip_prefix(&name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let part = ItemPart {
            id: items::id(&name),
            number: index + 1,
            json: (!is_shown(test)).then(|| items::shown_json(test)),
            device: of("device"),
            access_points: access_points.collect(),
            ssid: of("ssid"),
            at: of("at"),
            is_refused: of("access") == "refuse",
            vlan: of("vlan"),
            wrong: wrong.map(|one| format!("{}; {}", one.what, one.fix)).collect(),
            name,
        };
        part.render().unwrap_or_default()
    }
}

impl Widget for Checks {
    fn read(&self, path: &str, posted: &Posted, before: Option<&Value>) -> Option<Value> {
        if !posted.has(&format!("{path}.kind")) {
            return before.cloned();
        }
        let mut all = items::read(path, posted, &|name| read_one(name, posted));
        if items::is_pressed(posted, "add", path) {
            all.push(json!({"device": "", "access": "accept"}));
        }
        (!all.is_empty()).then(|| Value::from(all))
    }

    fn shown(&self, path: &str, held: &Value, complaints: &[&Complaint]) -> String {
        let all = held.as_array().map(Vec::as_slice).unwrap_or_default();
        let items = all.iter().enumerate();
        let items = items.map(|(index, test)| self.item(path, test, index, complaints)).collect();
        ListPart { name: path.to_owned(), items }.render().unwrap_or_default()
    }

    fn told(&self, _: &str, held: &Value) -> String {
        let told = |test: &Value| test.as_object().map_or_else(|| plain(test), words::of_table);
        let rules: Vec<String> = held.as_array().into_iter().flatten().map(told).collect();
        if rules.is_empty() {
            return String::new();
        }
        Told { rules }.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::html;

    #[test]
    fn tests_come_back_as_they_were() {
        let widget = Checks { access_points: vec!["Hall".to_owned()] };
        let held = json!([
            {"device": "C02X", "access": "accept", "vlan": "20", "access_point": "Hall",
             "ssid": "<b>\"x\"", "at": "2026-09-01T08:00:00Z"},
            {"device": "lost one", "access": "refuse", "access_point": "Gone"},
            {"device": "x", "access": "maybe"},
            {"device": "x", "access": "accept", "colour": "red"},
        ]);
        let posted = html::posted(&widget.shown("tests", &held, &[]));
        assert_eq!(widget.read("tests", &posted, None), Some(held));
    }
}
