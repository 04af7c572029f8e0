//! The guide's set-up where all is well, and each fault that can be staged in it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::observation::SeenAccessPoint;
use super::super::observation::SeenAuthority;
use super::super::observation::SeenInventory;
use super::super::observation::SeenList;
use super::super::observation::SeenServer;
use super::super::*;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Moment;
use crate::event::Outcome;
use crate::organization::document::Document;
use crate::plan;
use crate::plan::Going;
use crate::plan::SharedSecrets;
use crate::refusal::Refusal;
use crate::secret::Secret;

pub(super) const NOW: Time = Time(1_795_471_200);

pub(super) fn after_days(days: i64) -> Time {
    NOW.plus_seconds(days * DAY_SECONDS)
}

/// The guide's set-up.
pub(super) fn guide() -> Value {
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
pub(super) fn well() -> Observations {
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

pub(super) fn examined(document: Value, seen: &Observations) -> Vec<Finding> {
    let points = document["access_point"].as_array().cloned().unwrap_or_default();
    let secret = || Secret::new("a-long-shared-secret");
    let secrets: SharedSecrets =
        points.iter().map(|point| (point["name"].as_str().unwrap().to_owned(), secret())).collect();
    let document = Document::parse(document).unwrap();
    let merged = plan::merge(&Organization::default(), &secrets, document, Going::Nothing);
    let organization = merged.unwrap().organization;
    examine(&organization, &Policies::of(&organization), seen, NOW)
}

/// A code, the object that has the fault, and how it comes about.
pub(super) type Case = (&'static str, &'static str, fn(&mut Value, &mut Observations));

/// An answer at the gateway of the guide, `minutes` ago.
pub(super) fn asked(minutes: i64, names: &[&str], refusal: Option<Refusal>) -> Event {
    let mut details = Map::new();
    details.insert("asked_names".into(), json!(names));
    if refusal.is_none() {
        details.insert("template".into(), json!("Devices"));
    }
    event(EventKind::CertificateIssued, "gateway Mosyle", minutes, (details, refusal))
}

pub(super) fn event(
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

pub(super) fn dropped(minutes: i64, refusal: Refusal) -> Event {
    let details = Map::from_iter([("packets".to_owned(), json!(3))]);
    event(EventKind::PacketDropped, "address", minutes, (details, Some(refusal)))
}

pub(super) fn add(document: &mut Value, list: &str, object: Value) {
    let objects = document.as_object_mut().unwrap().entry(list).or_insert_with(|| json!([]));
    objects.as_array_mut().unwrap().push(object);
}

pub(super) fn role(name: &str) -> Value {
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

pub(super) const MAPPING: &[Case] = &[
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

pub(super) const REQUESTS: &[Case] = &[
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

pub(super) const NETWORK: &[Case] = &[
    ("DOC-PROFILE-NONE", "gateway:Mosyle", |document, _| document["network_profile"] = json!([])),
    ("DOC-TRUST-MISSING", "network_profile:Wi-Fi", |document, _| {
        document["network_profile"][0]["trusted_authorities"] = json!(["DigiCert Global Root G2"]);
    }),
    ("DOC-TRUST-EXPIRING", "network_profile:Wi-Fi", |_, seen| {
        seen.authorities[2].not_after = after_days(89);
    }),
    ("DOC-TRUST-PUBLIC", "network_profile:Wi-Fi", |document, _| {
        let trusted = json!(["RADIUS CA", "DigiCert Global Root G2"]);
        document["network_profile"][0]["trusted_authorities"] = trusted;
    }),
    ("DOC-SERVER-NAME", "network_profile:Wi-Fi", |_, seen| {
        let names = ["example.test", "a.radius.example.test", "radius.example.org"];
        seen.servers[0].names = names.map(str::to_owned).to_vec();
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

pub(super) const REST: &[Case] = &[
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

pub(super) fn staged(stage: fn(&mut Value, &mut Observations)) -> Vec<Finding> {
    let (mut document, mut seen) = (guide(), well());
    stage(&mut document, &mut seen);
    examined(document, &seen)
}
