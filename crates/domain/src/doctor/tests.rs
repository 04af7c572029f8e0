//! For each check one organization that has the fault and one that has not.

mod fault;

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use self::fault::MAPPING;
use self::fault::NETWORK;
use self::fault::REQUESTS;
use self::fault::REST;
use self::fault::add;
use self::fault::after_days;
use self::fault::asked;
use self::fault::dropped;
use self::fault::event;
use self::fault::examined;
use self::fault::guide;
use self::fault::role;
use self::fault::staged;
use self::fault::well;
use super::check::CHECKS;
use super::observation::SeenList;
use super::*;
use crate::event::EventKind;
use crate::refusal::Refusal;

#[test]
fn where_all_is_well_nothing_is_found() {
    assert_eq!(examined(guide(), &well()), []);
}

#[test]
fn each_fault_is_found_at_its_object() {
    for (code, object, stage) in [MAPPING, REQUESTS, NETWORK, REST].concat() {
        let findings = staged(stage);
        let found = findings.iter().find(|one| one.code == code && one.object == object);
        let found = found.unwrap_or_else(|| panic!("no {code} at {object}: {findings:#?}"));
        let check = CHECKS.iter().find(|check| check.code == code).unwrap();
        assert_eq!((found.severity, found.fix.as_str()), (check.severity, check.fix));
        assert!(found.what.len() > 10, "{found:?}");
    }
}

#[test]
fn every_check_has_a_fault_that_it_finds() {
    let staged = [MAPPING, REQUESTS, NETWORK, REST].concat();
    let mut staged: BTreeSet<&str> = staged.iter().map(|(code, ..)| *code).collect();
    // These have tests of their own.
    staged.extend(["DOC-POLICY-SHADOWED", "DOC-MORE"]);
    let all: BTreeSet<&str> = CHECKS.iter().map(|check| check.code).collect();
    assert_eq!(staged, all);
}

/// Whether the second of two network policies, each `(match, rules)`, is never asked.
fn is_shadowed(first: (&str, Value), second: (&str, Value)) -> bool {
    let mut document = guide();
    document["policy_workflow"][0]["rules"] = json!([{ "field": "always" }]);
    add(&mut document, "policy_workflow", json!({ "name": "b", "rules": [{ "field": "always" }] }));
    let policy = |name: &str, (how, rules): (&str, Value)| json!({ "name": name, "match": how, "rules": rules, "settings": { "access": "accept" } });
    document["network_policy"] = json!([policy("1", first), policy("2", second)]);
    let findings = examined(document, &well());
    let mut shadowed = findings.iter().filter(|one| one.code == "DOC-POLICY-SHADOWED");
    shadowed.any(|one| one.object == "network_policy:2")
}

fn roles(names: &[&str]) -> Value {
    json!({ "field": "identity.role", "operator": "is-one-of", "value": names })
}

#[test]
fn a_policy_behind_one_that_matches_all_of_its_devices_is_told() {
    let always = || json!({ "field": "always" });
    let ssid = || json!({ "field": "network.ssid", "operator": "is", "value": "x" });
    for (first, second) in [
        (("all", json!([always()])), ("all", json!([role("staff")]))),
        (("any", json!([ssid(), always()])), ("any", json!([role("staff"), ssid()]))),
        (("all", json!([role("staff")])), ("all", json!([role("staff")]))),
        (("all", json!([role("staff")])), ("all", json!([ssid(), role("staff")]))),
        (("all", json!([roles(&["staff", "b"])])), ("all", json!([role("b"), ssid()]))),
        (("any", json!([role("staff"), role("b")])), ("any", json!([role("b"), role("staff")]))),
        (("any", json!([role("staff"), ssid()])), ("all", json!([ssid()]))),
    ] {
        assert!(is_shadowed(first.clone(), second.clone()), "{first:?} {second:?}");
    }
}

#[test]
fn a_policy_that_somebody_may_reach_is_not_told() {
    let always = || json!({ "field": "always" });
    let ssid = || json!({ "field": "network.ssid", "operator": "is", "value": "x" });
    let not = json!({ "field": "identity.role", "operator": "is", "value": "b", "not": true });
    let lost = json!({ "field": "device.status", "operator": "is", "value": "lost" });
    for (first, second) in [
        (("all", json!([role("staff")])), ("all", json!([always()]))),
        (("all", json!([role("staff"), ssid()])), ("all", json!([role("staff")]))),
        (("all", json!([role("staff")])), ("any", json!([role("staff"), ssid()]))),
        (("all", json!([role("b")])), ("all", json!([roles(&["staff", "b"])]))),
        (("all", json!([not.clone()])), ("all", json!([role("b")]))),
        // A policy that says nothing of lost devices is none for them.
        (("all", json!([always()])), ("all", json!([lost]))),
    ] {
        assert!(!is_shadowed(first.clone(), second.clone()), "{first:?} {second:?}");
    }
    assert!(
        staged(|document, _| {
            let mut first = document["network_policy"][0].clone();
            first["name"] = json!("for a while");
            first["active_until"] = json!(after_days(1).to_rfc3339());
            document["network_policy"].as_array_mut().unwrap().insert(0, first);
        })
        .is_empty()
    );
}

#[track_caller]
fn severity(code: &str, stage: fn(&mut Value, &mut Observations), expected: Option<Severity>) {
    let findings = staged(stage);
    let found = findings.iter().find(|one| one.code == code).map(|one| one.severity);
    assert_eq!(found, expected, "{code}: {findings:#?}");
}

#[test]
fn the_nearer_the_end_the_graver() {
    let (problem, warning) = (Some(Severity::Problem), Some(Severity::Warning));
    let trust = "DOC-TRUST-EXPIRING";
    severity(trust, |_, seen| seen.authorities[2].not_after = after_days(90), None);
    severity(trust, |_, seen| seen.authorities[2].not_after = after_days(30), warning);
    severity(trust, |_, seen| seen.authorities[2].not_after = after_days(29), problem);
    let server = "DOC-SERVER-EXPIRING";
    severity(server, |_, seen| seen.servers[0].not_after = after_days(30), None);
    severity(server, |_, seen| seen.servers[0].not_after = after_days(14), warning);
    severity(server, |_, seen| seen.servers[0].not_after = after_days(-1), problem);
    let authority = "DOC-AUTHORITY-EXPIRING";
    severity(authority, |_, seen| seen.authorities[1].not_after = after_days(90), None);
    severity(authority, |_, seen| seen.authorities[1].not_after = after_days(-1), None);
    severity(
        "DOC-LIST-STALE",
        |_, seen| {
            let (authority, this_update) = ("SCEP CA".to_owned(), after_days(-8));
            seen.lists.push(SeenList { authority, this_update, next_update: after_days(-1) });
        },
        problem,
    );
    severity(
        "DOC-LIST-STALE",
        |_, seen| {
            let (authority, this_update) = ("SCEP CA".to_owned(), after_days(-3));
            seen.lists.push(SeenList { authority, this_update, next_update: after_days(4) });
        },
        None,
    );
}

#[test]
fn what_was_mended_is_no_problem_any_more() {
    let empty = || {
        let (variable, template) = ("/device/clientId".to_owned(), "Devices".to_owned());
        Some(Refusal::VariableEmpty { variable, template })
    };
    let (mut seen, mut other) = (well(), guide());
    seen.note(&asked(5, &[], empty()));
    seen.note(&asked(4, &[], None));
    let findings = examined(guide(), &seen);
    assert_eq!(findings[0].severity, Severity::Warning, "{findings:#?}");
    // The template does not ask for it any more.
    other["certificate_template"][0]["subject"] = json!("CN=${/csr/subject/commonName}");
    assert_eq!(examined(other, &seen), []);

    let access_point = || "Loopback".to_owned();
    severity(
        "DOC-ACCESS-POINT-SECRET",
        |_, seen| {
            let access_point = "Loopback".to_owned();
            seen.note(&dropped(1, Refusal::SharedSecretWrong { access_point }));
        },
        None,
    );
    let mut seen = Observations { access_points: [].into(), ..well() };
    seen.note(&dropped(2, Refusal::SharedSecretWrong { access_point: access_point() }));
    let codes = |seen: &Observations| -> Vec<String> {
        examined(guide(), seen).into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(&seen), ["DOC-ACCESS-POINT-SECRET"]);
    let heard = (Map::new(), None);
    seen.note(&event(EventKind::VisitAnswered, "access point Loopback", 1, heard));
    assert_eq!(codes(&seen), Vec::<String>::new());
}

#[test]
fn one_request_with_the_name_is_enough_and_a_fallback_is_none_of_them() {
    let mut document = guide();
    document["certificate_template"][0]["san"] = json!({ "email": ["${/csr/san/email}"] });
    let mut seen = well();
    for minutes in 1..200 {
        seen.note(&asked(minutes, &[], None));
    }
    assert_eq!(examined(document.clone(), &seen)[0].code, "DOC-SAN-MISSING");
    let mut with = well();
    with.note(&asked(1, &["email:anna@example.org"], None));
    with.requests.extend(seen.requests.clone());
    assert_eq!(examined(document.clone(), &with), []);
    // A renewal keeps its names, and an answer that is given again says nothing new.
    let mut renewed = asked(1, &[], None);
    renewed.details.insert("renewed".into(), json!(true));
    let mut again = asked(1, &[], None);
    again.details.insert("again".into(), json!(true));
    let mut others = well();
    others.note(&renewed);
    others.note(&again);
    assert_eq!(examined(document.clone(), &others), []);
    let text = "${/csr/san/email:/device/identity}";
    document["certificate_template"][0]["san"] = json!({ "email": [text] });
    assert_eq!(examined(document, &seen), []);
}

#[test]
fn names_of_servers_may_begin_with_one_label_of_any_kind() {
    severity(
        "DOC-SERVER-NAME",
        |document, _| {
            let names = json!(["*.Example.test"]);
            document["network_profile"][0]["radius_server_names"] = names;
        },
        None,
    );
}

#[test]
fn unknown_addresses_are_told_apart_up_to_a_number() {
    let mut seen = well();
    for last in 0..=255 {
        let address = format!("192.0.2.{last}");
        seen.note(&dropped(1, Refusal::AccessPointUnknown { address }));
    }
    let findings = examined(guide(), &seen);
    assert_eq!(findings.len(), observation::ADDRESSES_MAX + 1);
    let others = findings.iter().find(|one| one.object == "address:other addresses").unwrap();
    assert!(others.what.starts_with("708 packets"), "{}", others.what);
}

#[test]
fn the_gravest_come_first_and_no_more_than_somebody_reads() {
    let mut document = guide();
    for number in 0..1010 {
        add(&mut document, "network_policy", json!({ "name": format!("{number:04}") }));
    }
    let mut seen = well();
    seen.servers[0].names = vec!["radius.example.org".to_owned()];
    let findings = examined(document, &seen);
    assert_eq!(findings.len(), FINDINGS_MAX + 1);
    assert_eq!(findings[0].code, "DOC-SERVER-NAME");
    assert_eq!(findings[1].object, "network_policy:0000");
    let last = findings.last().unwrap();
    assert_eq!((last.code.as_str(), last.object.as_str()), ("DOC-MORE", "organization:"));
    assert!(last.what.starts_with("11 further"), "{}", last.what);
}

#[test]
fn an_inventory_that_could_not_be_read_is_not_judged() {
    severity(
        "DOC-INVENTORY-NONE",
        |document, seen| {
            document["certificate_template"][0]["san"] = json!({ "dns": ["${/device/serial}"] });
            seen.inventory = None;
        },
        None,
    );
}

#[test]
fn an_organization_without_anything_is_told_so() {
    let findings = examined(json!({}), &Observations::default());
    let codes: Vec<&str> = findings.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["DOC-GATEWAY-NONE"]);
}
