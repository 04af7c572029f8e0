//! The language of conditions: every field with every operator, the yes and the no.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each operator is tried with few forms of values"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use pki::time::Time;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::condition::facts::CertificateFacts;
use crate::condition::facts::NameFacts;
use crate::condition::facts::NetworkFacts;
use crate::condition::facts::RequestFacts;
use crate::condition::field::FIELDS;
use crate::device::Device;
use crate::device::DeviceId;
use crate::device::Fact;
use crate::device::Source;
use crate::person::Person;
use crate::person::PersonStatus;

/// Thursday, 26 November 2026, 08:30 UTC.
const NOW: Time = Time(1_795_681_800);
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn told<T>(value: T) -> Option<Fact<T>> {
    Some(Fact { value, source: Source::Import, at: Time(NOW.0 - 5 * HOUR) })
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

fn names() -> NameFacts {
    NameFacts {
        subject: "CN=C02X".into(),
        common_name: texts(&["C02X"]),
        dns: texts(&["mac.example.org"]),
        email: texts(&["anna@example.org"]),
        uri: texts(&["urn:device:1"]),
        upn: texts(&["anna@corp"]),
        san: texts(&["dns:mac.example.org", "email:anna@example.org"]),
    }
}

/// A device of which everything is known.
fn facts() -> Facts {
    let mut device = Device::new(DeviceId(7), "Anna's Mac");
    device.serial = told("C02X".into());
    device.udid = told("00008103-A".into());
    device.model = told("MacBook Air".into());
    device.os = told("macOS".into());
    device.os_version = told("14.2.1".into());
    device.mac_addresses = told(texts(&["a4:83:e7:00:11:22"]));
    device.tags = told(texts(&["staff", "loaner"]));
    let person = Person {
        name: "Anna".into(),
        email: Some("anna@example.org".into()),
        upn: Some("anna@corp".into()),
        sid: None,
        groups: texts(&["teachers", "admins"]),
        status: PersonStatus::Active,
        source: Source::Import,
        at: NOW,
    };
    let attributes = BTreeMap::from([
        ("NAS-Identifier".to_owned(), texts(&["ap-1"])),
        ("NAS-Port".to_owned(), texts(&["7"])),
        ("NAS-IP-Address".to_owned(), texts(&["10.1.2.3"])),
    ]);
    Facts {
        provider: Some("Mosyle".into()),
        roles: texts(&["staff"]),
        device: Some(Arc::new(device)),
        person: Some(Arc::new(person)),
        certificate: Some(CertificateFacts {
            authority: Some("SCEP CA".into()),
            template: Some("Devices".into()),
            serial: Some("0a1b".into()),
            names: names(),
            eku: texts(&["client-authentication"]),
            key_type: Some("rsa-2048".into()),
            not_after: Some(Time(NOW.0 + 40 * DAY + 5)),
            assurance: Some(1),
        }),
        request: Some(RequestFacts {
            gateway: "Mosyle".into(),
            names: names(),
            key_type: Some("rsa-2048".into()),
            renewal: true,
        }),
        network: Some(NetworkFacts {
            access_point: "Loopback".into(),
            ssid: Some("Secure".into()),
            bssid: Some("02-00-00-00-00-01".into()),
            nas_port_type: Some("Wireless-802.11".into()),
            mac: Some("A4-83-E7-00-11-22".into()),
            address: Some("10.1.2.3".into()),
            identity: Some("anonymous".into()),
            tls: Some("1.3".into()),
            attributes,
        }),
        ..Facts::new(NOW)
    }
}

fn rule(json: Value) -> Rule {
    serde_json::from_value(json).unwrap()
}

fn complaints(rule: Rule) -> Vec<Complaint> {
    let mut list = Vec::new();
    check(Match::All, &[rule], &mut Complaints::new("p", &mut list));
    list
}

/// What the rules say of a device of which everything, and of one of which nothing is known.
fn holds(rule: Rule, facts: &Facts) -> bool {
    let mut list = Vec::new();
    let ready = Condition::ready(Match::All, &[rule], &mut Complaints::new("p", &mut list));
    assert_eq!(list, []);
    ready.unwrap().decide(facts).matched
}

/// The value that each field has in [`facts`], and another of its form.
fn samples(field: Field) -> (Value, Value) {
    let text = |yes: &str| (json!(yes), json!("another"));
    match field.name().as_str() {
        "identity.provider" | "request.gateway" => text("Mosyle"),
        "identity.role" => text("staff"),
        "identity.name" => text("Anna"),
        "identity.email" | "certificate.email" | "request.email" => text("ANNA@example.org"),
        "identity.upn" | "certificate.upn" | "request.upn" => text("anna@CORP"),
        "identity.groups" => text("admins"),
        "identity.status" => (json!("active"), json!("disabled")),
        "device.role" => text("Default"),
        "device.name" => text("Anna's Mac"),
        "device.serial" => text("c02x"),
        "device.udid" => text("00008103-a"),
        "device.model" => text("macbook air"),
        "device.os" => text("MACOS"),
        "device.os_version" => (json!("14.2.1"), json!("15.0")),
        "device.mac" | "network.mac" => (json!("a483.e700.1122"), json!("a4:83:e7:00:11:23")),
        "device.tags" => text("loaner"),
        "device.status" => (json!("active"), json!("lost")),
        "device.inventory_age" => (json!(5), json!(6)),
        "certificate.authority" => text("SCEP CA"),
        "certificate.template" => text("Devices"),
        "certificate.serial" => text("0A1B"),
        "certificate.subject" | "request.subject" => text("CN=C02X"),
        "certificate.common_name" | "request.common_name" => text("C02X"),
        "certificate.dns" | "request.dns" => text("mac.EXAMPLE.org"),
        "certificate.uri" | "request.uri" => text("urn:device:1"),
        "certificate.san" | "request.san" => text("dns:mac.example.org"),
        "certificate.eku" => text("client-authentication"),
        "certificate.key_type" | "request.key_type" => text("RSA-2048"),
        "certificate.days_left" => (json!(40), json!(41)),
        "certificate.expired" => (json!(false), json!(true)),
        "certificate.assurance" => (json!(1), json!(2)),
        "network.access_point" => text("Loopback"),
        "network.ssid" => text("Secure"),
        "network.bssid" => (json!("02:00:00:00:00:01"), json!("02:00:00:00:00:02")),
        "network.nas_port_type" => text("wireless-802.11"),
        "network.address" => (json!("10.1.2.3"), json!("10.1.2.4")),
        "network.identity" => text("anonymous"),
        "network.tls" => (json!("1.3"), json!("1.2")),
        "time.weekday" => (json!("thursday"), json!("friday")),
        "time.of_day" => (json!("08:30"), json!("08:31")),
        "identity.known"
        | "device.known"
        | "request.renewal"
        | "network.mac_known"
        | "inventory.reachable" => (json!(true), json!(false)),
        other => panic!("{other} has no sample"),
    }
}

/// Values with which an operator says yes, and no.
fn of_operator(field: Field, operator: Operator) -> (Value, Value) {
    let (yes, no) = samples(field);
    let part = |from: usize, to: usize| {
        let text = yes.as_str().unwrap();
        json!(text[from.min(text.len())..to.min(text.len())])
    };
    let length = yes.as_str().map_or(0, str::len);
    match operator {
        Operator::Is => (yes, no),
        Operator::IsOneOf => (json!([no, yes]), json!([no])),
        Operator::Contains => (part(1, length), no),
        Operator::StartsWith if field.kind() == Kind::Mac => {
            let other = if field == Field::NetworkBssid { "03:00" } else { "a4:84" };
            let first = if field == Field::NetworkBssid { "02:00:00" } else { "A4-83-e7" };
            (json!(first), json!(other))
        }
        Operator::StartsWith => (part(0, 3), no),
        Operator::EndsWith => (part(length - 2, length), no),
        Operator::Matches => {
            (json!(format!("^{}$", regex::escape(yes.as_str().unwrap()))), json!("^nothing$"))
        }
        Operator::InNetwork => (json!(["10.2.0.0/16", "10.1.0.0/16"]), json!(["192.0.2.0/24"])),
        Operator::Less => match field.kind() {
            Kind::Number => (json!(yes.as_i64().unwrap() + 1), yes),
            _ => (no, yes),
        },
        Operator::Greater => match field.kind() {
            Kind::Number => (json!(yes.as_i64().unwrap() - 1), yes),
            Kind::Version => (json!("14.2"), yes),
            _ => (json!("08:29"), yes),
        },
        Operator::Exists => (Value::Null, Value::Null),
    }
}

fn written(field: Field, operator: Operator, value: &Value, not: bool) -> Rule {
    let mut json = json!({"field": field, "operator": operator, "not": not});
    if !value.is_null() {
        json["value"] = value.clone();
    }
    rule(json)
}

#[test]
fn every_field_with_every_operator_says_yes_and_no() {
    let (known, unknown) = (facts(), Facts { device_roles: vec![], ..Facts::new(NOW) });
    let mut count = 0;
    for row in FIELDS.iter().filter(|row| row.field != Field::Always) {
        for operator in Operator::ALL {
            let (field, name) = (row.field, format!("{} {operator}", row.name));
            if !operator.fits(row.kind) {
                let value = if operator == Operator::Exists { Value::Null } else { json!("x") };
                let list = complaints(written(field, operator, &value, false));
                assert_eq!(list.first().map(|one| one.path.as_str()), Some("p.rules[0].operator"));
                continue;
            }
            let (yes, no) = of_operator(field, operator);
            assert!(holds(written(field, operator, &yes, false), &known), "{name} {yes}");
            assert!(!holds(written(field, operator, &yes, true), &known), "{name} not {yes}");
            if operator == Operator::Exists {
                let is_clock = row.name.starts_with("time.");
                assert_eq!(holds(written(field, operator, &yes, false), &unknown), is_clock);
            } else {
                assert!(!holds(written(field, operator, &no, false), &known), "{name} {no}");
                assert!(holds(written(field, operator, &no, true), &known), "{name} not {no}");
            }
            count += 1;
        }
    }
    assert!(count > 300, "only {count} pairs were tried");
}

#[test]
fn what_is_not_known_matches_nothing() {
    let unknown = Facts { device_roles: vec![], ..Facts::new(NOW) };
    for row in FIELDS {
        let certain =
            row.name.starts_with("time.") || matches!(row.kind, Kind::Boolean | Kind::Nothing);
        if certain {
            continue;
        }
        for operator in Operator::fitting(row.kind) {
            let (yes, _) = of_operator(row.field, operator);
            assert!(!holds(written(row.field, operator, &yes, false), &unknown), "{}", row.name);
        }
    }
}

#[test]
fn attributes_of_the_packet_are_fields_of_their_form() {
    let facts = facts();
    let yes = |json: Value| assert!(holds(rule(json.clone()), &facts), "{json}");
    yes(
        json!({"field": "network.attribute.NAS-Identifier", "operator": "starts-with", "value": "ap-"}),
    );
    yes(json!({"field": "network.attribute.NAS-Port", "operator": "less", "value": 8}));
    yes(
        json!({"field": "network.attribute.NAS-IP-Address", "operator": "in-network", "value": ["10.0.0.0/8"]}),
    );
    yes(json!({"field": "network.attribute.Filter-Id", "operator": "exists", "not": true}));
}

#[test]
fn what_only_a_request_told_is_not_known() {
    let mut device = Device::new(DeviceId(1), "C02X");
    device.serial = Some(Fact { value: "C02X".into(), source: Source::Request, at: NOW });
    let facts = Facts { device: Some(Arc::new(device)), ..Facts::new(NOW) };
    for field in ["device.serial", "device.name", "device.status", "device.inventory_age"] {
        assert!(!holds(rule(json!({"field": field, "operator": "exists"})), &facts), "{field}");
    }
    assert!(holds(
        rule(json!({"field": "device.known", "operator": "is", "value": false})),
        &facts
    ));
}

#[test]
fn hours_and_days_are_those_of_the_zone() {
    let facts = facts();
    let there = |zone: &str, hour: &str| {
        holds(
            rule(json!({"field": "time.of_day", "operator": "is", "value": hour, "zone": zone})),
            &facts,
        )
    };
    assert!(there("Europe/Berlin", "09:30"));
    assert!(there("America/New_York", "03:30"));
    let day = json!({"field": "time.weekday", "operator": "is", "value": "friday", "zone": "Pacific/Auckland"});
    let late = Facts { at: Time(NOW.0 + 4 * HOUR), ..facts };
    assert!(holds(rule(day), &late));
}

#[test]
fn all_needs_every_rule_any_needs_one_and_groups_nest() {
    let facts = facts();
    let yes = json!({"field": "identity.provider", "operator": "is", "value": "Mosyle"});
    let no = json!({"field": "identity.role", "operator": "is", "value": "pupils"});
    let all = |rules: &[&Value]| json!({"match": "all", "rules": rules});
    let any = |rules: &[&Value]| json!({"match": "any", "rules": rules});
    assert!(holds(rule(all(&[&yes, &yes])), &facts));
    assert!(!holds(rule(all(&[&yes, &no])), &facts));
    assert!(holds(rule(any(&[&no, &yes])), &facts));
    assert!(!holds(rule(any(&[&no, &no])), &facts));
    assert!(holds(rule(all(&[&yes, &any(&[&no, &all(&[&yes])])])), &facts));
    let mut turned = any(&[&no, &no]);
    turned["not"] = json!(true);
    assert!(holds(rule(turned), &facts));
}

#[test]
fn no_rules_match_nothing_and_always_is_everybody() {
    let decide = |how, rules: &[Rule]| Condition::of_saved(how, rules).decide(&facts());
    assert!(!decide(Match::All, &[]).matched);
    assert!(!decide(Match::Any, &[]).matched);
    assert!(decide(Match::All, &[Rule::always()]).matched);
}

#[test]
fn the_rule_that_settled_it_is_told() {
    let no = rule(json!({"field": "identity.role", "operator": "is", "value": "pupils"}));
    let decide = |how, rules: &[Rule]| Condition::of_saved(how, rules).decide(&facts()).decided_by;
    assert_eq!(decide(Match::All, &[Rule::always(), no.clone()]), Some(1));
    assert_eq!(decide(Match::All, &[Rule::always()]), None);
    assert_eq!(decide(Match::Any, &[no, Rule::always()]), Some(1));
}

#[track_caller]
fn refused(json: Value, path: &str, what: &str) {
    let list = complaints(rule(json.clone()));
    let first = list.first().unwrap_or_else(|| panic!("{json} is taken"));
    assert_eq!(first.path, format!("p.rules[0]{path}"), "{json}");
    assert!(first.what.contains(what), "{}", first.what);
    assert!(!first.fix.is_empty());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, read by row")]
fn a_rule_of_the_wrong_shape_or_type_is_refused_with_its_place() {
    refused(json!({}), ".field", "missing");
    refused(json!({"field": "identity.role"}), ".operator", "missing");
    refused(json!({"field": "identity.role", "operator": "is"}), ".value", "missing");
    refused(json!({"field": "identity.role", "operator": "is", "value": ["a"]}), ".value", "list");
    refused(
        json!({"field": "identity.role", "operator": "is-one-of", "value": "a"}),
        ".value",
        "one value",
    );
    refused(
        json!({"field": "identity.role", "operator": "is-one-of", "value": []}),
        ".value",
        "0 values",
    );
    refused(json!({"field": "identity.role", "operator": "is", "value": 7}), ".value", "not text");
    refused(
        json!({"field": "identity.role", "operator": "exists", "value": "a"}),
        ".value",
        "no value",
    );
    refused(
        json!({"field": "identity.role", "operator": "contains", "value": ""}),
        ".value",
        "empty",
    );
    refused(json!({"field": "always", "operator": "is", "value": "a"}), ".field", "nothing");
    refused(
        json!({"field": "device.known", "operator": "is", "value": "true"}),
        ".value",
        "true or false",
    );
    refused(
        json!({"field": "certificate.days_left", "operator": "less", "value": "9"}),
        ".value",
        "whole number",
    );
    refused(
        json!({"field": "device.os_version", "operator": "less", "value": "new"}),
        ".value",
        "no version",
    );
    refused(
        json!({"field": "device.mac", "operator": "is", "value": "a4:83"}),
        ".value",
        "no address",
    );
    refused(
        json!({"field": "device.mac", "operator": "starts-with", "value": "xy"}),
        ".value",
        "begins no",
    );
    refused(
        json!({"field": "device.status", "operator": "is", "value": "gone"}),
        ".value",
        "none of them",
    );
    refused(
        json!({"field": "network.address", "operator": "in-network", "value": ["10.1.2.3/8"]}),
        ".value",
        "no network",
    );
    refused(
        json!({"field": "network.address", "operator": "is", "value": "ten"}),
        ".value",
        "no IP",
    );
    refused(
        json!({"field": "time.of_day", "operator": "less", "value": "24:00"}),
        ".value",
        "no hour",
    );
    refused(
        json!({"field": "time.of_day", "operator": "less", "value": "8:00", "zone": "Mars"}),
        ".zone",
        "no zone",
    );
    refused(
        json!({"field": "device.os", "operator": "is", "value": "x", "zone": "UTC"}),
        ".zone",
        "no zone",
    );
    refused(
        json!({"field": "device.os", "operator": "is", "value": "x", "match": "all"}),
        ".match",
        "groups",
    );
    refused(
        json!({"match": "any", "rules": [{"field": "always"}], "operator": "is"}),
        ".operator",
        "group",
    );
    refused(json!({"field": "always", "rules": [{"field": "always"}]}), ".rules", "not both");
    refused(
        json!({"match": "any", "rules": [{"field": "device.os", "operator": "less", "value": "1"}]}),
        ".rules[0].operator",
        "cannot compare",
    );
    refused(
        json!({"field": "device.os", "operator": "matches", "value": "(("}),
        ".value",
        "no pattern",
    );
    refused(
        json!({"field": "device.os", "operator": "is", "value": "x".repeat(513)}),
        ".value",
        "longer",
    );
    let many: Vec<String> = (0..=VALUES_MAX).map(|n| n.to_string()).collect();
    refused(
        json!({"field": "device.os", "operator": "is-one-of", "value": many}),
        ".value",
        "1001 values",
    );
}

#[test]
fn bombs_are_refused_with_their_place() {
    refused(
        json!({"field": "device.os", "operator": "matches", "value": "(a{1000}){1000}"}),
        ".value",
        "memory",
    );
    refused(
        json!({"field": "device.os", "operator": "matches", "value": "a".repeat(513)}),
        ".value",
        "longer",
    );
    let mut deep = json!({"field": "always"});
    for _ in 0..=NESTING_MAX {
        deep = json!({"match": "all", "rules": [deep]});
    }
    let place = ".rules[0]".repeat(NESTING_MAX);
    refused(deep, &format!("{place}.rules"), "deep");
    let many = vec![Rule::always(); 10_000];
    let mut list = Vec::new();
    check(Match::All, &many, &mut Complaints::new("p", &mut list));
    assert_eq!(list[0].path, "p.rules");
    assert!(list[0].what.contains("10000 rules"), "{}", list[0].what);
}

#[test]
fn a_pattern_that_would_take_for_ever_elsewhere_takes_no_time() {
    let evil = rule(json!({"field": "device.model", "operator": "matches", "value": "^(a+)+$"}));
    let mut device = Device::new(DeviceId(1), "x");
    device.model = told("a".repeat(500) + "!");
    let facts = Facts { device: Some(Arc::new(device)), ..Facts::new(NOW) };
    assert!(!holds(evil, &facts));
}

#[test]
fn an_unknown_field_or_key_is_no_rule() {
    let unknown = |json: Value| serde_json::from_value::<Rule>(json).unwrap_err().to_string();
    assert!(unknown(json!({"field": "device.colour"})).contains("device.serial"));
    assert!(unknown(json!({"field": "always", "color": 1})).contains("unknown field"));
}

#[test]
fn facts_survive_their_json() {
    let facts = facts();
    let json = serde_json::to_string(&facts).unwrap();
    let read: Facts = serde_json::from_str(&json).unwrap();
    let expected = Facts { at: Time(0), roles: vec![], ..facts };
    assert_eq!(read, expected);
}

/// Rules of any shape, most of them sound.
fn any_rule() -> impl Strategy<Value = Rule> {
    let known = FIELDS.iter().filter(|row| row.field != Field::Always);
    let fields: Vec<Field> = known.map(|row| row.field).collect();
    let leaf =
        (prop::sample::select(fields), any::<prop::sample::Index>(), any::<bool>(), any::<bool>());
    let leaf = leaf.prop_map(|(field, index, yes, not)| {
        let fitting: Vec<Operator> = Operator::fitting(field.kind()).collect();
        let operator = *index.get(&fitting);
        let (right, wrong) = of_operator(field, operator);
        written(field, operator, if yes { &right } else { &wrong }, not)
    });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (prop::collection::vec(inner, 1..4), any::<bool>(), any::<bool>()).prop_map(
            |(rules, any, not)| Rule {
                match_rules: Some(if any { Match::Any } else { Match::All }),
                rules,
                not,
                ..Rule::default()
            },
        )
    })
}

/// The same answer, worked out from what people are shown.
fn shown(how: Match, outcomes: &[outcome::RuleOutcome]) -> bool {
    let holds = |one: &outcome::RuleOutcome| match one.match_rules {
        None => one.matched,
        Some(how) => shown(how, &one.rules) != one.not,
    };
    match how {
        Match::All => !outcomes.is_empty() && outcomes.iter().all(holds),
        Match::Any => outcomes.iter().any(holds),
    }
}

proptest! {
    #[test]
    fn what_is_shown_gives_the_answer_that_was_given(
        rules in prop::collection::vec(any_rule(), 0..5),
        any in any::<bool>(),
        known in any::<bool>(),
    ) {
        let how = if any { Match::Any } else { Match::All };
        let facts = if known { facts() } else { Facts::new(NOW) };
        let condition = Condition::of_saved(how, &rules);
        let outcomes = condition.outcomes(&rules, &facts);
        prop_assert_eq!(outcomes.len(), rules.len());
        prop_assert_eq!(shown(how, &outcomes), condition.decide(&facts).matched);
    }

    #[test]
    fn rules_survive_their_json(rule in any_rule()) {
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Rule>(&json).unwrap(), rule);
    }
}
