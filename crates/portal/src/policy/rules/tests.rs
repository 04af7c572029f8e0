//! Rules come back from their form as they were, whoever wrote them.

use domain::condition::field::FIELDS;

use super::*;
use crate::policy::html;

fn rules() -> Rules {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Rules {
        gateways: names(&["Mosyle", "Jamf \"x\" <b>"]),
        authorities: names(&["CA"]),
        templates: names(&["T"]),
        access_points: names(&["Hall"]),
        roles: names(&["Staff"]),
        device_roles: names(&["Default", "Kiosk"]),
        has_provider: false,
    }
}

/// What is saved of a form that nobody touched.
fn back(widget: &Rules, held: &Value) -> Value {
    let posted = html::posted(&widget.shown("rules", held, &[]));
    widget.read("rules", &posted, None).unwrap()
}

fn press(held: &Value, button: &str) -> Value {
    let mut pairs: Vec<(String, String)> = html::posted(&rules().shown("rules", held, &[]))
        .pairs()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    pairs.push(("adjust".to_owned(), button.to_owned()));
    rules().read("rules", &Posted::of(pairs), None).unwrap()
}

/// A value that the field can have.
fn sample(kind: Kind, operator: Operator) -> Value {
    let one = match kind {
        Kind::Number => json!(-7),
        Kind::Boolean => json!(true),
        Kind::Version => json!("14.2"),
        Kind::Mac => json!("a4:83:e7:00:11:22"),
        Kind::Address => json!("10.1.2.3"),
        Kind::TimeOfDay => json!("08:30"),
        Kind::Choice(words) => json!(words[words.len() - 1]),
        Kind::Text | Kind::Folded | Kind::Nothing => json!("a \"<b>' & \u{202e}ü"),
    };
    if operator.takes_list() { json!([one]) } else { one }
}

#[test]
fn every_field_with_every_operator_comes_back_as_it_was() {
    let attributes = ["NAS-Identifier", "NAS-Port", "NAS-IP-Address"]
        .map(|name| Field::parse(&format!("network.attribute.{name}")).unwrap());
    let fields = FIELDS.iter().map(|row| row.field).chain(attributes);
    let mut seen = 0;
    for field in fields {
        let mut all = Vec::new();
        for operator in Operator::fitting(field.kind()) {
            let mut rule = json!({"field": field.name(), "operator": operator.as_str()});
            if operator != Operator::Exists {
                rule["value"] = sample(field.kind(), operator);
            }
            all.push(rule.clone());
            rule["not"] = json!(true);
            if field.family() == "time" {
                rule["zone"] = json!("Europe/Berlin");
            }
            all.push(rule);
        }
        if field == Field::Always {
            all.push(json!({"field": "always"}));
        }
        seen += all.len();
        for rule in &all {
            assert_eq!(shape(rule, 0), Shape::Leaf, "{rule}");
        }
        let held = json!(all);
        assert_eq!(back(&rules(), &held), held);
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn groups_come_back_as_they_were_and_what_is_too_deep_as_json() {
    let leaf =
        json!({"field": "identity.role", "operator": "is-one-of", "value": ["Staff", "Gone"]});
    let mut nested = json!({"match": "any", "rules": [leaf.clone()]});
    for _ in 0..8 {
        nested = json!({"match": "all", "not": true, "rules": [leaf.clone(), nested]});
    }
    let held = json!([nested, leaf]);
    assert_eq!(back(&rules(), &held), held);
    let html = rules().shown("rules", &held, &[]);
    assert_eq!(html.matches("value=\"json\"").count(), 1);
}

#[test]
fn what_the_builder_has_no_form_for_is_kept() {
    let held = json!([
        {"field": "device.colour", "operator": "is", "value": "red"},
        {"field": "device.name", "operator": "resembles", "value": "x"},
        {"field": "device.name", "operator": "is", "value": " x "},
        {"field": "device.name", "operator": "is", "value": ""},
        {"field": "device.name", "operator": "is-one-of", "value": ["a\nb"]},
        {"field": "device.name", "operator": "is-one-of", "value": [1, "b"]},
        {"field": "device.name", "operator": "is", "value": ["b"]},
        {"field": "device.name", "operator": "exists", "value": "x"},
        {"field": "device.name", "operator": "is", "value": "x", "why": "so"},
        {"field": "always", "not": false},
        {"match": "some", "rules": []},
        "no rule", 7, null, [],
    ]);
    assert_eq!(back(&rules(), &held), held);
}

#[test]
fn hostile_values_stay_text() {
    let evil = "\"><script>alert(1)</script>'&amp;";
    let held = json!([
        {"field": "device.name", "operator": "is", "value": evil},
        {"field": "identity.role", "operator": "is-one-of", "value": [evil]},
        {"field": "time.weekday", "operator": "is", "value": "monday", "zone": evil},
        {"field": evil, "operator": "is", "value": evil},
    ]);
    let html = rules().shown("rules", &held, &[]);
    assert!(!html.contains("<script"), "{html}");
    assert_eq!(back(&rules(), &held), held);
    assert!(!rules().told("rules", &held).contains("<script"));
}

#[test]
fn the_list_of_gateways_is_the_first_rule() {
    let provider =
        json!({"field": "identity.provider", "operator": "is-one-of", "value": ["Mosyle"]});
    let other = json!({"field": "device.known", "operator": "is", "value": true});
    let widget = rules().with_provider();
    for held in [
        json!([]),
        json!([provider]),
        json!([provider, other]),
        json!([other, provider]),
        json!([{"field": "identity.provider", "operator": "is", "value": "Mosyle"}]),
        json!([{"field": "identity.provider", "operator": "is-one-of", "value": ["Gone"]}, other]),
    ] {
        assert_eq!(back(&widget, &held), held);
    }
    let posted = Posted::of(vec![
        ("rules.kind".into(), "rules".into()),
        ("rules.provider".into(), "Mosyle".into()),
    ]);
    assert_eq!(widget.read("rules", &posted, None), Some(json!([provider])));
}

#[test]
fn buttons_add_move_and_take_away_at_their_place() {
    let known = json!({"field": "device.known", "operator": "is", "value": true});
    let always = json!({"field": "always"});
    let held = json!([known, {"match": "any", "rules": [known, always]}]);
    assert_eq!(press(&held, "add-rule:rules"), json!([held[0], held[1], {}]));
    let group = json!({"match": "any", "rules": [known, always, {}]});
    assert_eq!(press(&held, "add-rule:rules[1].rules"), json!([known, group]));
    let group = json!({"match": "any", "rules": [always]});
    assert_eq!(press(&held, "remove:rules[1].rules[0]"), json!([known, group]));
    assert_eq!(press(&held, "up:rules[1]"), json!([held[1], held[0]]));
    let nested = press(&held, "add-group:rules");
    assert_eq!(nested[2], json!({"match": "all", "rules": [{}]}));
    // A rule under way comes back, too.
    assert_eq!(back(&rules(), &json!([{}])), json!([{}]));
    assert_eq!(press(&held, "show"), held);
    assert_eq!(press(&held, "remove:rules[9]"), held);
}

#[test]
fn values_have_the_form_of_their_field() {
    let send = |field: &str, operator: &str, values: &[&str]| {
        let mut pairs = vec![
            ("rules.kind".to_owned(), "rules".to_owned()),
            ("rules[0].kind".to_owned(), "rule".to_owned()),
            ("rules[0].field".to_owned(), field.to_owned()),
            ("rules[0].operator".to_owned(), operator.to_owned()),
        ];
        pairs.extend(values.iter().map(|value| ("rules[0].value".to_owned(), (*value).to_owned())));
        rules().read("rules", &Posted::of(pairs), None).unwrap()[0]["value"].clone()
    };
    assert_eq!(send("certificate.days_left", "less", &["7"]), json!(7));
    assert_eq!(send("certificate.days_left", "less", &["many"]), json!("many"));
    assert_eq!(send("device.known", "is", &["false"]), json!(false));
    assert_eq!(send("device.tags", "is-one-of", &["a\r\n b \n\nc"]), json!(["a", "b", "c"]));
    assert_eq!(send("device.tags", "is", &["a", "b"]), json!(["a", "b"]));
    assert_eq!(send("device.tags", "is", &["  "]), Value::Null);
    assert_eq!(send("device.tags", "exists", &["x"]), Value::Null);
    assert_eq!(send("always", "is", &["x"]), Value::Null);
}

#[test]
fn a_complaint_stands_beside_its_rule_only() {
    let held = json!([{"field": "always"}, {"match": "all", "rules": [{"field": "always"}, {}]}]);
    let complaint = Complaint::new("rules[1].rules[1].field", "is missing", "name a field");
    let html = rules().shown("rules", &held, &[&complaint]);
    assert_eq!(html.matches("is missing; name a field").count(), 1);
    let (_, behind) = html.split_once("id=\"rules-1-rules-1\"").unwrap();
    assert!(behind.contains("is missing; name a field"));
}

#[test]
fn a_form_without_its_rules_takes_none_away() {
    let before = json!([{"field": "always"}]);
    assert_eq!(rules().read("rules", &Posted::of(Vec::new()), Some(&before)), Some(before));
}

#[test]
fn no_form_nests_without_end() {
    let mut pairs = vec![("rules.kind".to_owned(), "rules".to_owned())];
    let mut name = "rules".to_owned();
    for _ in 0..500 {
        name = format!("{name}[0]");
        pairs.push((format!("{name}.kind"), "group".to_owned()));
        name = format!("{name}.rules");
    }
    let read = rules().read("rules", &Posted::of(pairs), None).unwrap();
    assert!(read.to_string().matches("\"rules\"").count() <= NESTING_MAX + 1);
}
