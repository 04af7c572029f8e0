//! For each check one organization that has the fault and one that has not.

use std::collections::BTreeSet;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::check::CHECKS;
use super::observation::SeenAccessPoint;
use super::observation::SeenAuthority;
use super::observation::SeenInventory;
use super::observation::SeenList;
use super::observation::SeenServer;
use super::*;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Moment;
use crate::event::Outcome;
use crate::organization::document::Document;
use crate::plan;
use crate::plan::SharedSecrets;
use crate::refusal::Refusal;
use crate::secret::Secret;

const NOW: Time = Time(1_795_471_200);

fn after_days(days: i64) -> Time {
    NOW.plus_seconds(days * DAY_SECONDS)
}

/// The guide's set-up.
fn guide() -> Value {
    json!({
        "organization": { "name": "School", "base_url": "http://127.0.0.1:8080" },
        "certificate_authority": [
            { "name": "Root", "type": "root" },
            { "name": "SCEP CA", "type": "intermediate", "issuer": "Root" },
            { "name": "RADIUS CA", "type": "root", "generate_ca_for": "radius-server" },
        ],
        "server_certificate": [
            { "name": "RADIUS", "certificate_authority": "RADIUS CA",
              "names": ["radius.example.test"] },
        ],
        "certificate_template": [
            { "name": "Devices", "subject": "CN=${/device/clientId}", "validity_days": 365,
              "san": { "dns": ["${/device/identity}"] } },
        ],
        "gateway": [{ "name": "Mosyle", "certificate_authority": "SCEP CA" }],
        "policy_workflow": [{ "name": "staff", "rules": [
            { "field": "identity.provider", "operator": "is-one-of", "value": ["Mosyle"] },
        ] }],
        "enrollment_policy": [{ "name": "Enroll", "rules": [
            { "field": "identity.role", "operator": "is-one-of", "value": ["staff"] },
            { "field": "device.role", "operator": "is-one-of", "value": ["Default"] },
        ], "settings": { "certificate_authority": "SCEP CA", "certificate_template": "Devices" } }],
        "network_policy": [{ "name": "Join", "rules": [
            { "field": "identity.role", "operator": "is", "value": "staff" },
        ], "settings": { "access": "accept" } }],
        "network_profile": [{ "name": "Wi-Fi", "ssid": "School", "security_type": "wpa2-enterprise",
            "gateway": "Mosyle", "server_certificate": "RADIUS",
            "trusted_authorities": ["RADIUS CA"],
            "radius_server_names": ["radius.example.test"] }],
        "access_point": [{ "name": "Loopback", "address": "127.0.0.1/32" }],
    })
}

/// What is seen where all is well.
fn well() -> Observations {
    let authority = |name: &str| SeenAuthority {
        name: name.to_owned(),
        not_after: after_days(3650),
        chain_not_after: after_days(3650),
    };
    let heard = SeenAccessPoint { heard_at: Some(Moment(NOW.0 * 1000)), ..Default::default() };
    let server = SeenServer {
        name: "RADIUS".to_owned(),
        names: vec!["radius.example.test".to_owned()],
        not_after: after_days(397),
    };
    Observations {
        authorities: ["Root", "SCEP CA", "RADIUS CA"].map(authority).to_vec(),
        servers: vec![server],
        used_gateways: ["Mosyle".to_owned()].into(),
        access_points: [("Loopback".to_owned(), heard)].into(),
        inventory: Some(SeenInventory::default()),
        ..Observations::default()
    }
}

fn examined(document: Value, seen: &Observations) -> Vec<Finding> {
    let points = document["access_point"].as_array().cloned().unwrap_or_default();
    let secret = || Secret::new("a-long-shared-secret");
    let secrets: SharedSecrets =
        points.iter().map(|point| (point["name"].as_str().unwrap().to_owned(), secret())).collect();
    let document = Document::parse(document).unwrap();
    let merged = plan::merge(&Organization::default(), &secrets, document, false);
    let organization = merged.unwrap().organization;
    examine(&organization, &Policies::of(&organization), seen, NOW)
}

/// A code, the object that has the fault, and how it comes about.
type Case = (&'static str, &'static str, fn(&mut Value, &mut Observations));

/// An answer at the gateway of the guide, `minutes` ago.
fn asked(minutes: i64, names: &[&str], refusal: Option<Refusal>) -> Event {
    let mut details = Map::new();
    details.insert("asked_names".into(), json!(names));
    if refusal.is_none() {
        details.insert("template".into(), json!("Devices"));
    }
    event(EventKind::CertificateIssued, "gateway Mosyle", minutes, (details, refusal))
}

fn event(
    kind: EventKind,
    actor: &str,
    minutes: i64,
    (details, refusal): (Map<String, Value>, Option<Refusal>),
) -> Event {
    let at = Moment((NOW.0 - minutes * 60) * 1000);
    let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted };
    let object = String::new();
    let actor = actor.to_owned();
    let id = Event::id_at(at, [1; 10]);
    Event { id, at, kind, outcome, actor, object, refusal, details, inputs: None }
}

fn dropped(minutes: i64, refusal: Refusal) -> Event {
    let details = Map::from_iter([("packets".to_owned(), json!(3))]);
    event(EventKind::PacketDropped, "address", minutes, (details, Some(refusal)))
}

fn add(document: &mut Value, list: &str, object: Value) {
    let objects = document.as_object_mut().unwrap().entry(list).or_insert_with(|| json!([]));
    objects.as_array_mut().unwrap().push(object);
}

fn role(name: &str) -> Value {
    json!({ "field": "identity.role", "operator": "is", "value": name })
}

fn second_gateway(document: &mut Value, seen: &mut Observations) {
    add(document, "gateway", json!({ "name": "Jamf", "certificate_authority": "SCEP CA" }));
    seen.used_gateways.insert("Jamf".to_owned());
    let mut profile = document["network_profile"][0].clone();
    (profile["name"], profile["gateway"]) = (json!("Wi-Fi 2"), json!("Jamf"));
    add(document, "network_profile", profile);
}

fn second_role(document: &mut Value, seen: &mut Observations) {
    second_gateway(document, seen);
    let rule = json!({ "field": "identity.provider", "operator": "is", "value": "Jamf" });
    add(document, "policy_workflow", json!({ "name": "pupils", "rules": [rule] }));
}

const MAPPING: &[Case] = &[
    ("DOC-GATEWAY-NONE", "organization:School", |document, _| {
        for list in ["gateway", "policy_workflow", "enrollment_policy", "network_policy"] {
            document[list] = json!([]);
        }
        document["network_profile"] = json!([]);
    }),
    ("DOC-GATEWAY-NO-WORKFLOW", "gateway:Jamf", second_gateway),
    ("DOC-WORKFLOW-NO-GATEWAY", "policy_workflow:nobody", |document, _| {
        let rule = json!({ "field": "identity.provider", "operator": "starts-with",
            "value": "Other" });
        add(document, "policy_workflow", json!({ "name": "nobody", "rules": [rule] }));
    }),
    ("DOC-WORKFLOW-DRAFT", "policy_workflow:draft", |document, _| {
        add(document, "policy_workflow", json!({ "name": "draft" }));
    }),
    ("DOC-POLICY-DRAFT", "network_policy:draft", |document, _| {
        add(document, "network_policy", json!({ "name": "draft", "rules": [role("staff")] }));
    }),
    ("DOC-POLICY-DRAFT", "enrollment_policy:draft", |document, _| {
        add(document, "enrollment_policy", json!({ "name": "draft" }));
    }),
    ("DOC-POLICY-MONITOR", "network_policy:watch", |document, _| {
        let policies = document["network_policy"].as_array_mut().unwrap();
        policies.insert(
            0,
            json!({ "name": "watch", "rules": [role("staff")],
            "mode": "monitor", "settings": { "access": "refuse" } }),
        );
    }),
    ("DOC-POLICY-OVER", "network_policy:over", |document, _| {
        let until = NOW.plus_seconds(-1).to_rfc3339();
        add(
            document,
            "network_policy",
            json!({ "name": "over", "rules": [role("staff")],
            "active_until": until, "settings": { "access": "refuse" } }),
        );
    }),
    ("DOC-POLICY-UNREACHED", "network_policy:nobody", |document, _| {
        add(document, "policy_workflow", json!({ "name": "draft" }));
        add(
            document,
            "network_policy",
            json!({ "name": "nobody", "rules": [role("draft")],
            "settings": { "access": "refuse" } }),
        );
    }),
    ("DOC-POLICY-UNREACHED", "enrollment_policy:nobody", |document, _| {
        let mut policy = document["enrollment_policy"][0].clone();
        policy["name"] = json!("nobody");
        policy["rules"] = json!([{ "field": "identity.provider", "operator": "starts-with",
            "value": "Other" }, role("staff")]);
        add(document, "enrollment_policy", policy);
    }),
    ("DOC-ROLE-NO-ENROLLMENT", "policy_workflow:pupils", second_role),
    ("DOC-GATEWAY-NO-ENROLLMENT", "gateway:Jamf", second_role),
    ("DOC-ROLE-NO-NETWORK", "policy_workflow:pupils", |document, seen| {
        second_role(document, seen);
        document["enrollment_policy"][0]["rules"][0]["value"] = json!(["staff", "pupils"]);
    }),
    ("DOC-DEVICE-ROLE-UNUSED", "policy_workflow:kiosk", |document, _| {
        add(
            document,
            "policy_workflow",
            json!({ "name": "kiosk", "grants": "device-role",
            "rules": [{ "field": "always" }] }),
        );
    }),
    ("DOC-ENROLLMENT-NO-ROLE", "enrollment_policy:Enroll", |document, _| {
        add(document, "policy_workflow", json!({ "name": "others" }));
        document["enrollment_policy"][0]["rules"][0]["value"] = json!(["others"]);
    }),
    ("DOC-ENROLLMENT-NO-DEVICE-ROLE", "enrollment_policy:Enroll", |document, _| {
        document["enrollment_policy"][0]["rules"][1]["value"] = json!(["staff"]);
    }),
    ("DOC-ENROLLMENT-EVERY-ROLE", "enrollment_policy:Enroll", |document, _| {
        document["enrollment_policy"][0]["rules"] = json!([{ "field": "always" }]);
    }),
    ("DOC-ENROLLMENT-NO-NETWORK", "enrollment_policy:Enroll", |document, _| {
        document["network_policy"] = json!([]);
    }),
];

const REQUESTS: &[Case] = &[
    ("DOC-VARIABLE-EMPTY", "certificate_template:Devices", |_, seen| {
        let (variable, template) = ("/device/clientId".to_owned(), "Devices".to_owned());
        seen.note(&asked(5, &[], Some(Refusal::VariableEmpty { variable, template })));
    }),
    ("DOC-VARIABLE-UNEXPANDED", "gateway:Mosyle", |_, seen| {
        let (place, value) = ("subject".to_owned(), "%Email%".to_owned());
        seen.note(&asked(5, &[], Some(Refusal::VariableUnexpanded { place, value })));
    }),
    ("DOC-SAN-MISSING", "certificate_template:Devices", |document, seen| {
        document["certificate_template"][0]["san"] = json!({ "email": ["${/csr/san/email}"] });
        seen.note(&asked(5, &[], None));
    }),
    ("DOC-SAN-KIND", "certificate_template:Devices", |document, seen| {
        document["certificate_template"][0]["san"] = json!({ "email": ["${/csr/san/email}"] });
        seen.note(&asked(5, &["dns:mac-1.example.test"], None));
        seen.note(&asked(6, &[], None));
    }),
    ("DOC-SAN-LEFT-OUT", "certificate_template:Devices", |_, seen| {
        let mut event = asked(5, &["email:MacBook Pro"], None);
        let warning = "MacBook Pro is no dns name and was left out";
        event.details.insert("warnings".into(), json!([warning]));
        seen.note(&event);
    }),
    ("DOC-ASKED-BEYOND", "certificate_template:Devices", |_, seen| {
        let mut event = asked(5, &[], None);
        let left = json!([{ "what": "subject", "value": "OU=x", "why": "its subject is CN" }]);
        event.details.insert("left_out".into(), left);
        seen.note(&event);
    }),
];

const NETWORK: &[Case] = &[
    ("DOC-PROFILE-NONE", "gateway:Mosyle", |document, _| document["network_profile"] = json!([])),
    ("DOC-TRUST-MISSING", "network_profile:Wi-Fi", |document, _| {
        document["network_profile"][0]["trusted_authorities"] = json!(["Root"]);
    }),
    ("DOC-TRUST-EXPIRING", "network_profile:Wi-Fi", |_, seen| {
        seen.authorities[2].not_after = after_days(89);
    }),
    ("DOC-SERVER-NAME", "network_profile:Wi-Fi", |document, _| {
        let names = json!(["*.test", "*.radius.example.test", "radius.example.org"]);
        document["network_profile"][0]["radius_server_names"] = names;
    }),
    ("DOC-SERVER-EXPIRING", "server_certificate:RADIUS", |_, seen| {
        seen.servers[0].not_after = after_days(29);
    }),
    ("DOC-SERVER-NOT-SHOWN", "network_profile:Wi-Fi", |document, _| {
        let mut second = document["server_certificate"][0].clone();
        second["name"] = json!("Second");
        add(document, "server_certificate", second);
        document["network_profile"][0]["server_certificate"] = json!("Second");
    }),
    ("DOC-SERVER-NONE", "organization:School", |document, _| {
        document["network_profile"] = json!([]);
        document["server_certificate"] = json!([]);
    }),
    ("DOC-ACCESS-POINT-SILENT", "access_point:Loopback", |_, seen| seen.access_points.clear()),
    ("DOC-ACCESS-POINT-SECRET", "access_point:Loopback", |_, seen| {
        let access_point = "Loopback".to_owned();
        seen.note(&dropped(-1, Refusal::SharedSecretWrong { access_point }));
    }),
    ("DOC-ACCESS-POINT-PACKETS", "access_point:Loopback", |_, seen| {
        let access_point = "Loopback".to_owned();
        seen.note(&dropped(-1, Refusal::MessageAuthenticatorMissing { access_point }));
    }),
    ("DOC-ADDRESS-UNKNOWN", "address:192.0.2.9", |_, seen| {
        let address = "192.0.2.9".to_owned();
        seen.note(&dropped(1, Refusal::AccessPointUnknown { address }));
    }),
    ("DOC-BASE-URL-LOOPBACK", "organization:School", |document, seen| {
        add(document, "access_point", json!({ "name": "Hall", "address": "192.0.2.0/24" }));
        let heard = seen.access_points["Loopback"].clone();
        seen.access_points.insert("Hall".to_owned(), heard);
    }),
];

const REST: &[Case] = &[
    ("DOC-AUTHORITY-EXPIRED", "certificate_authority:SCEP CA", |_, seen| {
        seen.authorities[1].not_after = after_days(-1);
    }),
    ("DOC-AUTHORITY-EXPIRING", "certificate_authority:SCEP CA", |_, seen| {
        seen.authorities[1].not_after = after_days(89);
    }),
    ("DOC-AUTHORITY-DISABLED", "gateway:Mosyle", |document, _| {
        document["certificate_authority"][1]["disabled"] = json!(true);
    }),
    ("DOC-AUTHORITY-DISABLED", "enrollment_policy:Enroll", |document, _| {
        document["certificate_authority"][1]["disabled"] = json!(true);
    }),
    ("DOC-TEMPLATE-OUTLIVES", "certificate_template:Devices", |_, seen| {
        seen.authorities[1].chain_not_after = after_days(364);
    }),
    ("DOC-LIST-STALE", "certificate_authority:SCEP CA", |_, seen| {
        let (authority, this_update) = ("SCEP CA".to_owned(), after_days(-4));
        seen.lists.push(SeenList { authority, this_update, next_update: after_days(3) });
    }),
    ("DOC-GATEWAY-LEGACY", "gateway:Mosyle", |document, _| {
        document["gateway"][0]["legacy"] = json!(true);
    }),
    ("DOC-GATEWAY-UNUSED", "gateway:Mosyle", |_, seen| seen.used_gateways.clear()),
    ("DOC-INVENTORY-NONE", "inventory:devices", |document, _| {
        let rule = json!({ "field": "device.known", "operator": "is", "value": true });
        let rules = document["network_policy"][0]["rules"].as_array_mut().unwrap();
        rules.push(rule);
    }),
    ("DOC-INVENTORY-NONE", "inventory:devices", |document, _| {
        document["certificate_template"][0]["san"] = json!({ "dns": ["${/device/serial}"] });
    }),
    ("DOC-PEOPLE-NONE", "inventory:people", |document, _| {
        let rule = json!({ "field": "identity.groups", "operator": "is", "value": "x" });
        document["policy_workflow"][0]["rules"].as_array_mut().unwrap().push(rule);
    }),
    ("DOC-INVENTORY-STALE", "inventory:devices", |_, seen| {
        let inventory = SeenInventory { devices: 3, stale_devices: 2, ..Default::default() };
        seen.inventory = Some(inventory);
    }),
    ("DOC-LOST-CERTIFICATE", "inventory:devices", |_, seen| {
        let lost = SeenInventory { lost_devices: 1, lost_certificates: 2, ..Default::default() };
        seen.inventory = Some(SeenInventory { devices: 1, ..lost });
    }),
    ("DOC-TEST-DEVICE-GONE", "network_policy:Join", |_, seen| {
        seen.lost_tests.push(("Join".to_owned(), "mac-1".to_owned()));
    }),
];

fn staged(stage: fn(&mut Value, &mut Observations)) -> Vec<Finding> {
    let (mut document, mut seen) = (guide(), well());
    stage(&mut document, &mut seen);
    examined(document, &seen)
}

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
    document["network_profile"][0]["trusted_authorities"] = json!(["Root"]);
    let findings = examined(document, &well());
    assert_eq!(findings.len(), FINDINGS_MAX + 1);
    assert_eq!(findings[0].code, "DOC-TRUST-MISSING");
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
