//! Why was this device refused? Each problem of the guide's troubleshooting list, staged with real
//! requests and logins, and explained with its code, its likely cause and its fix; what if it were
//! otherwise; and what a draft would have done to those who came.

use serde_json::Value;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::supplicant::Supplicant;

/// The address that `eapol_test` joins with.
const STATION: &str = "02:00:00:00:00:01";

/// What `explain` says of something, once it is on record.
#[track_caller]
fn explained(lab: &Lab, about: &str, code: &str) -> Value {
    let explanation = lab.ask(["explain", about, "--json"]).succeeded().json();
    assert_eq!(json::text(&explanation, "/code"), code, "{explanation:#}");
    for words in ["/reason", "/cause", "/fix"] {
        assert!(json::text(&explanation, words).len() > 10, "no {words}: {explanation:#}");
    }
    explanation
}

/// Explains the newest refusal with this code.
#[track_caller]
fn explained_refusal(lab: &Lab, code: &str) -> Value {
    let event = lab.refusal(code);
    explained(lab, json::text(&event, "/id"), code)
}

/// Asks for a certificate, which is refused.
#[track_caller]
fn is_refused(lab: &Lab, subject: &str, san: Option<&str>) {
    let secret = lab.secret(guide::GATEWAY);
    let order = ["--secret", &secret, "--subject", subject];
    match san {
        None => lab.ask_for_certificate("refused", order).refused(),
        Some(san) => {
            let [a, b, c, d] = order;
            lab.ask_for_certificate("refused", [a, b, c, d, "--san", san]).refused()
        }
    };
}

/// The rules of a step of the way, each as field, what was there, and whether it held.
fn rules(explanation: &Value, kind: &str) -> Vec<(String, String, bool)> {
    let mut steps = json::list(explanation, "/path").iter().rev();
    let step = steps.find(|step| json::text(step, "/kind") == kind);
    let step = step.expect("there is such a step");
    let rules = json::list(step, "/rules").iter();
    let told = rules.map(|rule| {
        let actual = json::list(rule, "/actual").iter().filter_map(Value::as_str);
        let actual = actual.collect::<Vec<_>>().join(", ");
        (json::text(rule, "/field").to_owned(), actual, rule["matched"] == true)
    });
    told.collect()
}

#[test]
fn an_attribute_without_a_value_is_why_a_certificate_fails_to_enroll() {
    let lab = Lab::of_guide();
    is_refused(&lab, "O=Example School", None);
    let explanation = explained_refusal(&lab, "ENR-VARIABLE-EMPTY");
    assert!(json::text(&explanation, "/reason").contains("/device/clientId"));
    assert!(json::text(&explanation, "/cause").contains("not mapped in the MDM's SCEP profile"));
    assert_eq!(explanation["verified"], true, "{explanation:#}");
    assert_eq!(json::text(&explanation, "/policy"), "Mosyle enrollment");
}

#[test]
fn a_user_who_is_not_assigned_is_why_an_enrollment_failed() {
    let lab = Lab::of_guide();
    is_refused(&lab, "CN=mac-1", Some("email:%Email%"));
    let explanation = explained_refusal(&lab, "ENR-VARIABLE-UNEXPANDED");
    assert!(json::text(&explanation, "/cause").contains("no user assigned"));
    assert!(json::text(&explanation, "/fix").contains("assign the device to a user"));
}

#[test]
fn a_workflow_that_is_not_mapped_to_the_gateway_is_named() {
    let lab = Lab::of(&guide::with([(
        "operator = \"is-one-of\", value = [\"Mosyle\"] }]",
        "operator = \"is-one-of\", value = [\"Other\"] }]\n[[gateway]]\nname = \"Other\"",
    )]));
    is_refused(&lab, "CN=mac-1", None);
    let explanation = explained_refusal(&lab, "ENR-NO-ROLE");
    let provider = ("identity.provider".to_owned(), "Mosyle".to_owned(), false);
    assert_eq!(rules(&explanation, "policy_workflow"), [provider]);
    assert!(json::text(&explanation, "/fix").contains("Identity Provider"));
    // The same in words, with what was expected and what was there.
    let event = json::text(&lab.refusal("ENR-NO-ROLE"), "/id").to_owned();
    let words = lab.ask(["explain", &event]).succeeded().stdout;
    for part in [
        "refused: no policy workflow grants a role to devices of gateway Mosyle",
        "identity.provider is one of Other, was Mosyle (gateway)",
        "policies of version 1, worked out again the same",
    ] {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
}

#[test]
fn an_enrollment_policy_that_is_not_mapped_to_role_and_device_role_is_named() {
    for (field, rule) in [
        ("identity.role", "{ field = \"identity.role\", operator = \"is\", value = \"Others\" },"),
        ("device.role", "{ field = \"device.role\", operator = \"is\", value = \"Others\" },"),
    ] {
        let guides = if field == "identity.role" {
            "{ field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] },"
        } else {
            "{ field = \"device.role\", operator = \"is-one-of\", value = [\"Default\"] },"
        };
        let others = "[[policy_workflow]]\nname = \"Others\"\n";
        let toml = guide::with([(guides, rule), ("[[enrollment_policy]]", "[[X]]")]);
        let toml = toml.replace("[[X]]", &format!("{others}\n[[enrollment_policy]]"));
        let lab = Lab::of(&toml);
        is_refused(&lab, "CN=mac-1", None);
        let explanation = explained_refusal(&lab, "ENR-NO-POLICY");
        let failed: Vec<_> =
            rules(&explanation, "enrollment_policy").into_iter().filter(|rule| !rule.2).collect();
        assert_eq!(failed.first().map(|rule| rule.0.as_str()), Some(field));
        assert_eq!(explanation["verified"], true, "{explanation:#}");
    }
}

#[test]
fn a_trusted_root_that_is_missing_is_why_the_connection_fails() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    let wrong = lab.authority("example-school-root-ca");
    Supplicant::new(&identity, &wrong).join(lab.radius()).is_not_in();
    lab.refusal("TLS-UNKNOWN-CA");
    let explanation = explained(&lab, STATION, "TLS-UNKNOWN-CA");
    assert!(json::text(&explanation, "/cause").contains("trusted root"));
    assert!(json::list(&explanation, "/path").is_empty());
    assert!(json::text(&explanation, "/note").contains("before any policy"));
}

#[test]
fn a_login_is_explained_tried_out_otherwise_and_replayed() {
    let ssid = "{ field = \"network.ssid\", operator = \"is\", value = \"Staff\" }";
    let rule = "rules = [{ field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] }]\n[network_policy.settings]";
    let strict = rule.replace("}]\n", &format!("}}, {ssid}]\n"));
    let lab = Lab::of(&guide::with([(rule, &strict)]));
    let (identity, trusted) = (lab.enroll("mac-1"), lab.radius_root());
    let at = ["-N", "30:s:02-00-00-00-00-AA:Guests"];
    let device = Supplicant { more: &at, ..Supplicant::new(&identity, &trusted) };
    device.join(lab.radius()).is_refused();
    lab.refusal("POL-NO-MATCH");
    let serial = lab.serial("mac-1");
    for about in [STATION, "02-00-00-00-00-01", &serial, "mac-1"] {
        let explanation = explained(&lab, about, "POL-NO-MATCH");
        let sentence = json::text(&explanation, "/reason");
        assert!(sentence.contains("network.ssid to be Staff and finds Guests"), "{sentence}");
        assert_eq!(explanation["verified"], true, "{explanation:#}");
        assert_eq!(json::text(&explanation, "/inputs/network/bssid"), "02-00-00-00-00-AA");
    }
    let trial = ["simulate", "--device", "mac-1", "--access-point", "Loopback", "--json"];
    let guests = ["--ssid", "Guests"].into_iter();
    let guests: Vec<&str> = trial.into_iter().chain(guests).collect();
    let guests: [&str; 8] = guests.try_into().unwrap();
    let simulated = lab.ask(guests).succeeded().json();
    assert_eq!(json::text(&simulated, "/access"), "refuse");
    let draft = lab.directory.write("draft.toml", strict_draft(&guide::with([(rule, rule)])));
    let draft = draft.display().to_string();
    let with_draft =
        lab.ask(["simulate", "--device", &serial, "--ssid", "Guests", "--draft", &draft, "--json"]);
    let simulated = with_draft.succeeded().json();
    assert_eq!(json::text(&simulated, "/access"), "accept", "{simulated:#}");
    assert_eq!(json::text(&simulated, "/policy"), "Mosyle devices to VLAN 20");
    let value = json::text(&simulated, "/attributes/2/value");
    assert_eq!(value, "20", "{simulated:#}");
    let replayed =
        lab.ask(["replay", "--days", "1", "--draft", &draft, "--json"]).succeeded().json();
    assert_eq!((&replayed["gain"], &replayed["lose"]), (&1.into(), &0.into()), "{replayed:#}");
    let words = lab.ask(["replay", "--days", "1", "--draft", &draft]).succeeded().stdout;
    assert!(words.contains("0 devices would lose access, 1 would gain it"), "{words}");
    // Nothing was changed by any of it.
    device.join(lab.radius()).is_refused();
}

/// The network policies of a file, alone.
fn strict_draft(toml: &str) -> String {
    let start = toml.find("[[network_policy]]").expect("it has policies");
    let end = toml.find("# Device Onboarding").expect("and profiles behind them");
    toml.get(start..end).expect("in this order").to_owned()
}

#[test]
fn a_device_that_nobody_knows_is_told_from_one_of_the_inventory() {
    let rule = "rules = [{ field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] }]\n[network_policy.settings]";
    let known = "{ field = \"device.known\", operator = \"is\", value = true }, { field = \"device.tags\", operator = \"is\", value = \"staff\", not = true }";
    let strict = rule.replace("}]\n", &format!("}}, {known}]\n"));
    let lab = Lab::of(&guide::with([(rule, &strict)]));
    let (identity, trusted) = (lab.enroll("C02XK1ZZJGH5"), lab.radius_root());
    let device = Supplicant::new(&identity, &trusted);
    device.join(lab.radius()).is_refused();
    lab.refusal("DEV-UNKNOWN");
    let explanation = explained(&lab, "C02XK1ZZJGH5", "DEV-UNKNOWN");
    assert!(json::text(&explanation, "/fix").contains("device add"), "{explanation:#}");
    let table = "name,serial,status\nMacBook 1,C02XK1ZZJGH5,active\n";
    let table = lab.directory.write("devices.csv", table).display().to_string();
    lab.ask(["device", "import", &table]).succeeded();
    device.join(lab.radius()).is_in_vlan("20");
    let explanation = lab.ask(["simulate", "--device", "MacBook 1", "--json"]).succeeded().json();
    let known = rules(&explanation, "network_policy");
    assert!(known.contains(&("device.known".to_owned(), "true".to_owned(), true)), "{known:?}");
    let rule = json::at(&explanation, "/path/1/rules/1");
    assert_eq!(json::text(rule, "/source"), "inventory (import)", "{rule:#}");
    assert!(json::text(rule, "/told_at").len() > 10);
    lab.ask(["device", "edit", "MacBook 1", "--status", "lost"]).succeeded();
    device.join(lab.radius()).is_refused();
    lab.refusal("DEV-NOT-ACTIVE");
    // By any name that the inventory has for it, the newest answer.
    for about in ["MacBook 1", "C02XK1ZZJGH5"] {
        explained(&lab, about, "DEV-NOT-ACTIVE");
    }
}

#[test]
fn versions_of_a_policy_are_shown_and_one_comes_back() {
    let lab = Lab::of_guide();
    let name = "Mosyle devices to VLAN 20";
    lab.apply(&guide::with([("value = \"20\"", "value = \"30\"")]), []).succeeded();
    let history = lab.ask(["network-policy", "history", name, "--json"]).succeeded().json();
    let versions: Vec<i64> =
        json::list(&history, "/items").iter().filter_map(|one| one["version"].as_i64()).collect();
    assert_eq!(versions, [2, 1]);
    assert!(json::text(&history, "/items/0/actor").starts_with("administrator"));
    assert_eq!(json::text(&history, "/items/0/fields/0/field"), "settings");
    let back = ["network-policy", "rollback", name, "--to", "1"];
    lab.ask(back).succeeded();
    let shown = lab.ask(["network-policy", "show", name, "--json"]).succeeded().json();
    assert_eq!(json::text(&shown, "/definition/settings/attributes/2/value"), "20");
    lab.ask(["network-policy", "rollback", name, "--to", "0"]).refused();
    let listed = lab.ask(["enrollment-policy", "list"]).succeeded().stdout;
    assert!(listed.contains("Mosyle enrollment") && listed.contains("active"), "{listed}");
}
