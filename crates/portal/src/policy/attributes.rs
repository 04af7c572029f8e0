//! Add Attribute: what the access point is told, by dictionary and name, by number, or by preset.

use askama::Template;
use domain::complaint::Complaint;
use domain::network_policy::listing;
use domain::network_policy::listing::ListedDictionary;
use domain::network_policy::listing::ListedPreset;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::filters;
use crate::form::ShownChoice;
use crate::form::plain;
use crate::form::widget::Widget;
use crate::policy::items;
use crate::policy::words;
use crate::posted::Posted;
use crate::text;

/// What presets are chosen by, in place of a dictionary.
const PRESET: &str = "preset";

const CUSTOM: &str = "Custom";
const IETF: &str = "RADIUS:IETF";

/// What an entry can hold.
const KEYS: [&str; 9] =
    ["preset", "dictionary", "attribute", "vendor", "number", "type", "tag", "value", "on_missing"];

/// The attributes of an answer.
pub(crate) struct Attributes {
    dictionaries: Vec<ListedDictionary>,
    presets: Vec<ListedPreset>,
}

impl Attributes {
    /// Attributes that a policy may send.
    pub(crate) fn new() -> Self {
        Self { dictionaries: listing::dictionaries(), presets: listing::presets() }
    }
}

#[derive(Template)]
#[template(path = "policy/attributes.html")]
struct ListPart {
    name: String,
    items: Vec<String>,
}

#[derive(Template)]
#[template(path = "policy/attribute.html")]
struct ItemPart {
    name: String,
    id: String,
    number: usize,
    is_first: bool,
    is_last: bool,
    /// As JSON, where no form can show it.
    json: Option<String>,
    dictionaries: Vec<ShownChoice>,
    /// Attributes of the dictionary, or presets; none where it is told by number.
    attributes: Vec<ShownChoice>,
    is_custom: bool,
    is_preset: bool,
    held: Held,
    /// What a value may be called.
    values: Vec<String>,
    hint: String,
    wrong: Vec<String>,
}

/// What stands in the fields of an entry.
struct Held {
    attribute: String,
    vendor: String,
    number: String,
    kind: String,
    tag: String,
    value: String,
    on_missing: String,
}

#[derive(Template)]
#[template(path = "policy/told.html")]
struct Told {
    rules: Vec<String>,
}

/// Whether an entry comes back from the form as it was.
fn is_shown(entry: &Value) -> bool {
    let Some(table) = entry.as_object() else { return false };
    let fits = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        ("vendor" | "number" | "tag", Value::Number(number)) => number.is_u64(),
        ("value", Value::String(text)) => text.is_empty() || items::is_line(text),
        (key, Value::String(text)) => KEYS.contains(&key) && items::is_line(text),
        _ => false,
    };
    // Beside a preset nothing else says what is sent.
    let beside = ["dictionary", "attribute", "vendor", "number", "type"];
    let is_mixed =
        table.contains_key("preset") && beside.iter().any(|key| table.contains_key(*key));
    let is_by_number =
        table.contains_key("number") || table.contains_key("vendor") || table.contains_key("type");
    let is_custom = table.get("dictionary").is_some_and(|it| it == CUSTOM);
    table.iter().all(fits) && !is_mixed && (is_custom || !is_by_number)
}

fn read_one(name: &str, posted: &Posted) -> Value {
    let of = |key: &str| posted.text(&format!("{name}.{key}"));
    if of("kind") == Some("json") {
        return items::read_json(name, posted);
    }
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| {
        entry.insert(key.to_owned(), value);
    };
    let number = |text: &str| text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from);
    match of("dictionary") {
        Some(PRESET) => put("preset", Value::from(of("attribute").unwrap_or("vlan"))),
        dictionary => {
            if let Some(dictionary) = dictionary {
                put("dictionary", Value::from(dictionary));
            }
            if let Some(attribute) = of("attribute") {
                put("attribute", Value::from(attribute));
            }
            if dictionary == Some(CUSTOM) {
                for key in ["vendor", "number"] {
                    if let Some(text) = of(key) {
                        put(key, number(text));
                    }
                }
                if let Some(kind) = of("type") {
                    put("type", Value::from(kind));
                }
            }
        }
    }
    if let Some(tag) = of("tag") {
        put("tag", number(tag));
    }
    if let Some(what) = of("on_missing") {
        put("on_missing", Value::from(what));
    }
    put("value", Value::from(of("value").unwrap_or_default()));
    Value::Object(entry)
}

fn chosen(value: &str, label: &str, held: &str) -> ShownChoice {
    ShownChoice { value: value.to_owned(), label: label.to_owned(), is_chosen: value == held }
}

impl Attributes {
    fn item(
        &self,
        list: &str,
        entry: &Value,
        (index, last): (usize, usize),
        complaints: &[&Complaint],
    ) -> String {
        let name = items::name_at(list, index);
        let empty = Map::new();
        let table = entry.as_object().unwrap_or(&empty);
        let of = |key: &str| table.get(key).map(plain).unwrap_or_default();
        let is_preset = table.contains_key("preset");
        let dictionary = if is_preset { PRESET.to_owned() } else { of("dictionary") };
        let is_custom = dictionary == CUSTOM;
        let attribute = if is_preset { of("preset") } else { of("attribute") };
        let (mut attributes, values) = self.attributes_of(&dictionary, &attribute);
        let is_gone = !attribute.is_empty() && !attributes.iter().any(|one| one.is_chosen);
        if is_gone && !is_custom {
            attributes.push(chosen(&attribute, &attribute, &attribute));
        }
        let preset = self.presets.iter().find(|one| is_preset && one.name == attribute);
        let wrong = complaints.iter().filter(|complaint| {
            let rest = complaint.path.strip_prefix(&name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let part = ItemPart {
            id: items::id(&name),
            number: index + 1,
            is_first: index == 0,
            is_last: index == last,
            json: (!is_shown(entry)).then(|| items::shown_json(entry)),
            dictionaries: self.dictionaries_with(&dictionary),
            attributes,
            is_custom,
            is_preset,
            hint: preset.map(|one| one.value.clone()).unwrap_or_default(),
            held: Held {
                attribute,
                vendor: of("vendor"),
                number: of("number"),
                kind: of("type"),
                tag: of("tag"),
                value: of("value"),
                on_missing: of("on_missing"),
            },
            values,
            wrong: wrong.map(|one| format!("{}; {}", one.what, one.fix)).collect(),
            name,
        };
        part.render().unwrap_or_default()
    }

    /// What can be chosen from a dictionary, and what values of the chosen may be called.
    fn attributes_of(&self, dictionary: &str, held: &str) -> (Vec<ShownChoice>, Vec<String>) {
        if dictionary == PRESET {
            let label = |one: &ListedPreset| format!("{}: {}", one.name, one.meaning);
            let all = self.presets.iter().map(|one| chosen(&one.name, &label(one), held));
            return (all.collect(), Vec::new());
        }
        let name = if dictionary.is_empty() { IETF } else { dictionary };
        let Some(found) = self.dictionaries.iter().find(|one| one.name == name) else {
            return (Vec::new(), Vec::new());
        };
        let all = found.attributes.iter().map(|one| chosen(&one.name, &one.name, held)).collect();
        let values = found.attributes.iter().find(|one| one.name == held);
        (all, values.map(|one| one.values.clone()).unwrap_or_default())
    }

    fn dictionaries_with(&self, held: &str) -> Vec<ShownChoice> {
        let label = text::t("policy.preset");
        let mut all = vec![chosen(PRESET, &label, held)];
        for dictionary in &self.dictionaries {
            // Where nothing is said, the IETF's is meant; that stays unsaid.
            let is_unsaid = held.is_empty() && dictionary.name == IETF;
            let value = if is_unsaid { "" } else { &dictionary.name };
            all.push(chosen(value, &dictionary.name, held));
        }
        all.push(chosen(CUSTOM, CUSTOM, held));
        if !all.iter().any(|one| one.is_chosen) {
            all.push(chosen(held, held, held));
        }
        all
    }
}

impl Widget for Attributes {
    fn read(&self, path: &str, posted: &Posted, before: Option<&Value>) -> Option<Value> {
        if !posted.has(&format!("{path}.kind")) {
            return before.cloned();
        }
        let mut all = items::read(path, posted, &|name| read_one(name, posted));
        if items::is_pressed(posted, "add", path) {
            all.push(json!({"dictionary": IETF, "attribute": "Filter-Id", "value": ""}));
        }
        if items::is_pressed(posted, "add-preset", path) {
            all.push(json!({"preset": "vlan", "value": ""}));
        }
        (!all.is_empty()).then(|| Value::from(all))
    }

    fn shown(&self, path: &str, held: &Value, complaints: &[&Complaint]) -> String {
        let all = held.as_array().map(Vec::as_slice).unwrap_or_default();
        let last = all.len().saturating_sub(1);
        let items = all.iter().enumerate();
        let items =
            items.map(|(index, entry)| self.item(path, entry, (index, last), complaints)).collect();
        ListPart { name: path.to_owned(), items }.render().unwrap_or_default()
    }

    fn told(&self, _: &str, held: &Value) -> String {
        let rules = held.as_array().into_iter().flatten().map(words::of_attribute).collect();
        Told { rules }.render().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::html;

    fn back(held: &Value) -> Value {
        let widget = Attributes::new();
        let posted = html::posted(&widget.shown("settings.attributes", held, &[]));
        widget.read("settings.attributes", &posted, None).unwrap_or_default()
    }

    #[test]
    fn every_attribute_and_preset_comes_back_as_it_was() {
        let widget = Attributes::new();
        let named = widget.dictionaries.iter().flat_map(|dictionary| {
            dictionary.attributes.iter().map(
                |one| json!({"dictionary": dictionary.name, "attribute": one.name, "value": "x"}),
            )
        });
        let presets =
            widget.presets.iter().map(|one| json!({"preset": one.name, "value": one.example}));
        let all: Vec<Value> = named.chain(presets).collect();
        for some in all.chunks(64) {
            let held = json!(some);
            assert_eq!(back(&held), held);
        }
    }

    #[test]
    fn what_is_written_in_other_ways_comes_back_as_it_was() {
        let held = json!([
            {"attribute": "Filter-Id", "value": "staff", "tag": 1},
            {"dictionary": "Custom", "vendor": 9, "number": 1, "type": "text", "value": "a=b"},
            {"dictionary": "Custom", "attribute": "aruba-user-role", "value": "staff"},
            {"dictionary": "aruba", "attribute": "Aruba-User-Role",
             "value": "${/device/clientId}", "on_missing": "omit"},
            {"number": 5, "value": "no dictionary"},
            {"preset": "vlan", "attribute": "Filter-Id", "value": "both"},
            {"colour": "red"},
            {"attribute": "Filter-Id", "value": "two\nlines"},
            "no table",
        ]);
        assert_eq!(back(&held), held);
    }

    #[test]
    fn hostile_values_stay_text() {
        let held = json!([{"attribute": "Filter-Id", "value": "\"><script>alert(1)</script>'&"}]);
        let html = Attributes::new().shown("settings.attributes", &held, &[]);
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(back(&held), held);
    }

    #[test]
    fn a_complaint_stands_beside_its_attribute() {
        let complaint = Complaint::new("settings.attributes[1].value", "is no VLAN", "correct it");
        let held = json!([{"preset": "vlan", "value": "20"}, {"preset": "vlan", "value": "x"}]);
        let html = Attributes::new().shown("settings.attributes", &held, &[&complaint]);
        let (first, second) = html.split_once("settings-attributes-1\"").unwrap();
        assert!(!first.contains("is no VLAN") && second.contains("is no VLAN; correct it"));
    }
}
