//! Decisions: what is kept of them, explained, tried out before, and replayed.

use actions::decision::explain;
use actions::decision::explain::Explanation;
use actions::decision::replay;
use actions::decision::replay::Change;
use actions::decision::simulate;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use actions::object;
use actions::organization::Application;
use actions::organization::NotApplied;
use actions::organization::history;
use actions::organization::history::RollBack;
use actions::visit;
use domain::actor::Actor;
use domain::network_policy::Access;
use domain::object::Kind;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use pki::time::Time;
use serde_json::Value;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;
use crate::visits::stand;

const DAY_SECONDS: i64 = 86_400;

/// A device that enrolled under a name.
pub(crate) async fn enroll(fixture: &Fixture, name: &str) -> Certificate {
    let issued = fixture.issue(&fixture.claim_of(&format!("CN={name}"), &[])).await.unwrap();
    Certificate::parse(&issued.der).unwrap()
}

/// A device that joins, and its answer on record.
pub(crate) async fn join(
    fixture: &Fixture,
    certificate: &Certificate,
    place: Place,
) -> Result<(), Refusal> {
    let now = fixture.app.world.time();
    let visit = Visit { place, ..stand(fixture, certificate, now)? };
    let leave = visit::admit(&fixture.app.snapshot, &visit);
    if let Ok(leave) = &leave {
        visit::enter(&fixture.app.snapshot, &visit, leave);
    }
    fixture.app.snapshot.journal().flush().await;
    leave.map(|_| ())
}

/// At the access point of the guide.
pub(crate) fn place(ssid: &str) -> Place {
    Place {
        access_point: "Loopback".into(),
        ssid: Some(ssid.into()),
        calling_station: Some("02-00-00-00-00-01".into()),
        ..Place::default()
    }
}

async fn explained(fixture: &Fixture, about: &str) -> Explanation {
    explain::explain(&fixture.app, &owner(), about).await.unwrap()
}

/// The guide's set-up, and one more rule of its network policy.
fn with_rule(rule: Value) -> Value {
    let mut document = mosyle();
    let rules = document["network_policy"][0]["rules"].as_array_mut().unwrap();
    rules.push(rule);
    document
}

fn on_ssid(ssid: &str) -> Value {
    with_rule(json!({"field": "network.ssid", "operator": "is", "value": ssid}))
}

#[tokio::test]
async fn an_answer_is_explained_by_event_serial_address_and_device() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    join(&fixture, &certificate, place("Secure")).await.unwrap();
    let event = fixture.events().await.swap_remove(0);
    let serial = certificate.serial.to_string();
    for about in [event.id.to_string().as_str(), &serial, "02:00:00:00:00:01", "C02X"] {
        let explanation = explained(&fixture, about).await;
        assert_eq!(explanation.event, event.id, "{about}");
        assert_eq!(explanation.verified, Some(true));
        assert_eq!(explanation.policy.as_deref(), Some("Mosyle devices to VLAN 20"));
        let sentence = "the network policy Mosyle devices to VLAN 20 lets the device in, VLAN 20";
        assert_eq!(explanation.reason, sentence);
        assert_eq!(explanation.roles, ["Mosyle devices"]);
        assert_eq!(explanation.path.len(), 2);
        assert!(explanation.path[1].decides);
        let rule = &explanation.path[1].rules[0];
        assert_eq!(rule.field.as_deref(), Some("identity.role"));
        assert_eq!(rule.actual, ["Mosyle devices"]);
        let inputs = explanation.inputs.unwrap();
        assert_eq!(inputs.network.unwrap().ssid.as_deref(), Some("Secure"));
        assert_eq!(explanation.details["took_ms"], 40);
    }
}

#[tokio::test]
async fn an_enrollment_is_explained_too() {
    let fixture = Fixture::mosyle().await;
    enroll(&fixture, "C02X").await;
    let explanation = explained(&fixture, "C02X").await;
    assert_eq!(explanation.kind, "certificate.enrollment");
    assert_eq!(explanation.verified, Some(true));
    let sentence = "the enrollment policy Mosyle enrollment gave the device a certificate";
    assert_eq!(explanation.reason, sentence);
    assert_eq!(explanation.path.last().unwrap().name, "Mosyle enrollment");
}

#[tokio::test]
async fn a_no_is_explained_with_the_policies_of_its_time() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    fixture.apply(application(on_ssid("Staff"))).await.unwrap();
    let refusal = join(&fixture, &certificate, place("Secure")).await.unwrap_err();
    assert_eq!(refusal.code(), "POL-NO-MATCH");
    let event = fixture.events().await.swap_remove(0);
    // What is changed since changes nothing about it.
    fixture.apply(application(on_ssid("Secure"))).await.unwrap();
    let explanation = explained(&fixture, &event.id.to_string()).await;
    assert_eq!(explanation.code.as_deref(), Some("POL-NO-MATCH"));
    assert_eq!(explanation.policy_version, Some(2));
    assert_eq!(explanation.verified, Some(true));
    assert!(explanation.reason.contains("wants network.ssid to be Staff and finds Secure"));
    assert!(explanation.cause.is_some() && explanation.fix.is_some());
    let rule = &explanation.path[1].rules[1];
    assert_eq!((rule.matched, rule.expected[0].as_str()), (false, "Staff"));
}

#[tokio::test]
async fn before_any_policy_was_asked_there_is_no_way_to_show() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    let refusal = Refusal::EapStalled { rounds: 3 };
    let serial = Some(&certificate.serial);
    visit::refuse(&fixture.app.snapshot, &place("Secure"), serial, &refusal);
    fixture.app.snapshot.journal().flush().await;
    let explanation = explained(&fixture, "02-00-00-00-00-01").await;
    assert_eq!(explanation.code.as_deref(), Some("EAP-STALLED"));
    assert_eq!((explanation.path.len(), explanation.verified), (0, None));
    assert!(explanation.note.unwrap().contains("before any policy"));
}

#[tokio::test]
async fn a_record_that_was_changed_is_told() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    join(&fixture, &certificate, place("Secure")).await.unwrap();
    let event = fixture.events().await.swap_remove(0);
    let change = Write::new()
        .execute("update decision_input set body = replace(body, 'Secure', 'Forged')", []);
    let why = Why::Bookkeeping(Bookkeeping::DeviceHeard);
    change.commit(&fixture.app.store, why).await.unwrap();
    let explanation = explained(&fixture, &event.id.to_string()).await;
    assert_eq!(explanation.inputs, None);
    assert!(explanation.note.unwrap().contains("no longer on record"));
}

#[tokio::test]
async fn nothing_is_explained_of_what_never_came_or_to_a_device() {
    let fixture = Fixture::mosyle().await;
    for (about, code) in [("nobody", "API-NOT-FOUND"), (" ", "API-PARAMETER")] {
        let refusal = explain::explain(&fixture.app, &owner(), about).await.unwrap_err();
        assert_eq!(refusal.code(), code);
    }
    let device = Actor::gateway("Mosyle");
    let refusal = explain::explain(&fixture.app, &device, "x").await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-PERMITTED");
}

#[tokio::test]
async fn inputs_are_kept_once() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    for _ in 0..3 {
        join(&fixture, &certificate, place("Secure")).await.unwrap();
    }
    let count = fixture.app.store.query_one("select count(*) from decision_input", []);
    // The enrollment's, and that of the visits.
    assert_eq!(count.await.unwrap().unwrap().integer(0).unwrap(), 2);
}

async fn tried(fixture: &Fixture, trial: Trial) -> Simulated {
    simulate::simulate(&fixture.app, &owner(), &trial).await.unwrap()
}

fn trial(device: &str) -> Trial {
    Trial { device: device.into(), access_point: Some("Loopback".into()), ..Trial::default() }
}

#[tokio::test]
async fn a_visit_is_tried_out_with_the_policies_of_now_and_with_a_draft() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    let events = fixture.events().await.len();
    let simulated = tried(&fixture, trial("C02X")).await;
    assert_eq!((simulated.access, simulated.vlan.as_deref()), (Access::Accept, Some("20")));
    assert_eq!(simulated.attributes[2].attribute, "Tunnel-Private-Group-Id");
    assert_eq!(simulated.certificate, Some(certificate.serial.to_string()));
    let draft = json!({"network_policy": [{"name": "Nobody on Sunday", "rules": [
        {"field": "time.weekday", "operator": "is", "value": "sunday"}],
        "settings": {"access": "refuse"}}]});
    // 29 November 2026 is a Sunday.
    let sunday = Some(Time::parse_rfc3339("2026-11-29T12:00:00Z").unwrap());
    let simulated =
        tried(&fixture, Trial { draft: Some(draft.clone()), at: sunday, ..trial("C02X") }).await;
    assert_eq!(simulated.reason.unwrap().code, "POL-REFUSED");
    let monday = sunday.map(|at| at.plus_seconds(DAY_SECONDS));
    let simulated =
        tried(&fixture, Trial { draft: Some(draft), at: monday, ..trial("C02X") }).await;
    assert_eq!(simulated.access, Access::Accept);
    assert_eq!(fixture.events().await.len(), events);
    assert_eq!(fixture.app.snapshot.rules().organization.network_policy.len(), 1);
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_trial_is_told() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    let ask = |trial: Trial| {
        let fixture = &fixture;
        async move {
            match simulate::simulate(&fixture.app, &owner(), &trial).await.unwrap_err() {
                NotApplied::Complaints(complaints) => complaints[0].path.clone(),
                other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => {
                    other.refusal().code().to_owned()
                }
            }
        }
    };
    assert_eq!(ask(trial("nobody")).await, "API-NOT-FOUND");
    let elsewhere = Trial { access_point: Some("Moon".into()), ..trial("C02X") };
    assert_eq!(ask(elsewhere).await, "API-NOT-FOUND");
    let draft = json!({"network_policy": [{"name": "x", "rules": [{"field": "always"}],
        "settings": {"access": "accept", "attributes": [{"attribute": "Nothing", "value": "1"}]}}]});
    let wrong = Trial { draft: Some(draft), ..trial("C02X") };
    assert_eq!(ask(wrong).await, "network_policy[0].settings.attributes[0].attribute");
    let reason = domain::certificate::RevocationReason::Superseded;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), &certificate.serial, reason)
        .await
        .unwrap();
    let simulated = tried(&fixture, trial("C02X")).await;
    assert_eq!(simulated.reason.unwrap().code, "CERT-REVOKED");
}

#[tokio::test]
async fn a_saved_test_stops_a_bad_save() {
    let fixture = Fixture::mosyle().await;
    enroll(&fixture, "C02X").await;
    let mut document = mosyle();
    document["network_policy"][0]["tests"] =
        json!([{"device": "C02X", "access_point": "Loopback", "access": "accept", "vlan": "20"}]);
    fixture.apply(application(document.clone())).await.unwrap();
    let version = fixture.app.snapshot.rules().version;
    let vlan = "/network_policy/0/settings/attributes/2/value";
    *document.pointer_mut(vlan).unwrap() = json!("30");
    let complaints = fixture.complaints(document.clone()).await;
    assert_eq!(complaints[0].what, "C02X must get VLAN 20 and would get VLAN 30");
    document["network_policy"][0]["rules"] = json!([]);
    let complaints = fixture.complaints(document.clone()).await;
    assert!(complaints[0].what.starts_with("C02X must get in and would not: "), "{complaints:?}");
    assert_eq!(complaints[0].path, "network_policy \"Mosyle devices to VLAN 20\".tests[0]");
    assert_eq!(fixture.app.snapshot.rules().version, version);
    // A device that has not enrolled yet cannot be tried out.
    document["network_policy"][0]["tests"] = json!([{"device": "nobody", "access": "accept"}]);
    fixture.apply(application(document.clone())).await.unwrap();
    // What fails already is not the fault of another change.
    enroll(&fixture, "nobody").await;
    document["network_policy"][0]["description"] = json!("Another");
    fixture.apply(application(document)).await.unwrap();
}

#[tokio::test]
async fn replay_tells_who_would_lose_who_would_gain_and_who_would_move() {
    let fixture = Fixture::mosyle().await;
    fixture.apply(application(on_ssid("Secure"))).await.unwrap();
    let (stays, loses, gains) = (
        enroll(&fixture, "stays").await,
        enroll(&fixture, "loses").await,
        enroll(&fixture, "gains").await,
    );
    join(&fixture, &stays, place("Secure")).await.unwrap();
    join(&fixture, &loses, place("Secure")).await.unwrap();
    join(&fixture, &gains, place("Guests")).await.unwrap_err();
    let mut draft = on_ssid("Secure");
    let policy = &mut draft["network_policy"][0];
    policy["rules"] = json!([
        {"field": "certificate.common_name", "operator": "is", "value": "loses", "not": true}]);
    let draft = json!({ "network_policy": [policy.clone()] });
    let request = |days| replay::Request { days, draft: draft.clone(), after: None };
    let replayed = replay::replay(&fixture.app, &owner(), &request(7)).await.unwrap();
    assert_eq!((replayed.decisions, replayed.answered_otherwise), (3, 0));
    let fares: Vec<(&str, Change)> =
        replayed.devices.iter().map(|fare| (fare.device.as_str(), fare.change)).collect();
    let expected = [("loses", Change::Loses), ("gains", Change::Gains), ("stays", Change::Same)];
    assert_eq!(fares, expected);
    assert_eq!(replayed.devices[1].before.code.as_deref(), Some("POL-NO-MATCH"));
    assert_eq!(replayed.devices[1].after.vlan.as_deref(), Some("20"));
    // Longer ago than a day.
    fixture.set_clock(NOW.plus_seconds(3 * DAY_SECONDS));
    let replayed = replay::replay(&fixture.app, &owner(), &request(1)).await.unwrap();
    assert_eq!(replayed.decisions, 0);
    let wrong = replay::replay(&fixture.app, &owner(), &request(0)).await.unwrap_err();
    assert!(matches!(wrong, NotApplied::Refused(refusal) if refusal.code() == "API-PARAMETER"));
}

#[tokio::test]
async fn policies_that_would_shut_many_out_wait_for_a_yes() {
    let fixture = Fixture::mosyle().await;
    for number in 0..21 {
        let certificate = enroll(&fixture, &format!("mac-{number}")).await;
        join(&fixture, &certificate, place("Secure")).await.unwrap();
    }
    let shut = on_ssid("Another");
    let refusal = fixture.refusal(application(shut.clone())).await;
    let what = MassChange::Access;
    let Refusal::MassChange { names: told, .. } = &refusal else { panic!("{refusal:?}") };
    assert_eq!(told.len(), 10);
    assert!(told.iter().all(|name| name.starts_with("mac-")), "{told:?}");
    let names = told.clone();
    assert_eq!(refusal, Refusal::MassChange { count: 21, of: 21, allowed: 20, what, names });
    let dry = Application { dry_run: true, ..application(shut.clone()) };
    assert_eq!(fixture.apply(dry).await.unwrap().plan.change.len(), 1);
    let meant = Application { confirm: Some(21), ..application(shut) };
    assert_eq!(fixture.apply(meant).await.unwrap().plan.change.len(), 1);
}

#[tokio::test]
async fn what_was_changed_is_in_the_history_and_can_be_taken_back() {
    let fixture = Fixture::mosyle().await;
    fixture.apply(application(on_ssid("Staff"))).await.unwrap();
    let about = (Kind::NetworkPolicy, "Mosyle devices to VLAN 20");
    let page = history::list(&fixture.app, &owner(), about, (None, 10)).await.unwrap();
    let told: Vec<(i64, &str)> =
        page.items.iter().map(|one| (one.version, one.what.as_str())).collect();
    assert_eq!(told, [(2, "changed"), (1, "created")]);
    assert_eq!(page.items[0].fields[0].field, "rules");
    assert_eq!(page.items[0].actor, "administrator of the test");
    let owner = owner();
    let back = |version| {
        let order = RollBack { version, dry_run: false, confirm: None };
        history::roll_back(&fixture.app, &owner, about, (order, None))
    };
    let applied = back(1).await.unwrap();
    assert_eq!(applied.plan.change.len(), 1);
    let rules = fixture.app.snapshot.rules();
    let expected = mosyle()["network_policy"][0]["rules"].clone();
    let now = serde_json::to_value(&rules.organization.network_policy[0].rules).unwrap();
    assert_eq!(now, expected);
    let refused = back(0).await.unwrap_err();
    assert!(matches!(refused, NotApplied::Refused(refusal) if refusal.code() == "API-NOT-FOUND"));
    // Whoever goes back means the version that they looked at.
    let order = RollBack { version: 2, dry_run: false, confirm: None };
    let stale = (order, Some("0123456789abcdef".to_owned()));
    let outdated = history::roll_back(&fixture.app, &owner, about, stale).await.unwrap_err();
    assert!(matches!(outdated, NotApplied::Outdated(_)), "{outdated:?}");
    assert_eq!(fixture.app.snapshot.rules().version, rules.version);
    let etag = object::show(&fixture.app, &owner, about.0, about.1).unwrap().etag;
    history::roll_back(&fixture.app, &owner, about, (order, Some(etag))).await.unwrap();
    let missing = (Kind::NetworkPolicy, "nothing");
    let refusal = history::list(&fixture.app, &owner, missing, (None, 10)).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
}

#[tokio::test]
async fn a_policy_that_comes_back_stands_where_it_stood() {
    let fixture = Fixture::mosyle().await;
    let other = |name: &str| json!({"name": name, "rules": [{"field": "always"}]});
    let mut document = mosyle();
    let first = document["network_policy"][0].clone();
    document["network_policy"] = json!([other("a"), first, other("b")]);
    fixture.apply(application(document.clone())).await.unwrap();
    document["network_policy"] = json!([other("b")]);
    let pruned = Application { prune: true, ..application(document) };
    fixture.apply(pruned).await.unwrap();
    let about = (Kind::NetworkPolicy, "Mosyle devices to VLAN 20");
    let order = RollBack { version: 2, dry_run: false, confirm: None };
    history::roll_back(&fixture.app, &owner(), about, (order, None)).await.unwrap();
    let rules = fixture.app.snapshot.rules();
    let names: Vec<&str> =
        rules.organization.network_policy.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["b", "Mosyle devices to VLAN 20"]);
}

#[tokio::test]
async fn a_certificate_that_has_just_expired_gets_in_where_a_policy_says_so() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    let after = |days: i64| certificate.not_after.plus_seconds(days * DAY_SECONDS);
    fixture.set_clock(after(1));
    let refusal = join(&fixture, &certificate, place("Secure")).await.unwrap_err();
    assert_eq!(refusal.code(), "CERT-EXPIRED");
    let mut document = mosyle();
    let remedy = json!({"name": "Remediation", "rules": [
        {"field": "certificate.expired", "operator": "is", "value": true},
        {"field": "certificate.days_left", "operator": "greater", "value": -15}],
        "settings": {"access": "accept", "attributes": [{"preset": "vlan", "value": "99"}]}});
    document["network_policy"].as_array_mut().unwrap().push(remedy);
    fixture.apply(application(document)).await.unwrap();
    join(&fixture, &certificate, place("Secure")).await.unwrap();
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(
        (&event.details["policy"], &event.details["vlan"]),
        (&json!("Remediation"), &json!("99"))
    );
    // The guide's policy does not speak of it, and lets nobody in whose time is over.
    let explanation = explained(&fixture, &event.id.to_string()).await;
    let guides = &explanation.path[1];
    assert!(!guides.matched && guides.rules.last().unwrap().implied, "{guides:?}");
    fixture.set_clock(after(20));
    let refusal = join(&fixture, &certificate, place("Secure")).await.unwrap_err();
    assert_eq!(refusal.code(), "CERT-EXPIRED");
    fixture.set_clock(after(31));
    let refusal = stand(&fixture, &certificate, after(31)).unwrap_err();
    assert_eq!(refusal.code(), "CERT-EXPIRED");
}

#[tokio::test]
async fn a_policy_that_monitors_says_what_it_would_do() {
    let fixture = Fixture::mosyle().await;
    let certificate = enroll(&fixture, "C02X").await;
    let mut document = mosyle();
    let monitor = json!({"name": "Strict", "mode": "monitor", "rules": [{"field": "always"}],
        "settings": {"access": "refuse"}});
    document["network_policy"].as_array_mut().unwrap().insert(0, monitor);
    fixture.apply(application(document)).await.unwrap();
    join(&fixture, &certificate, place("Secure")).await.unwrap();
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.details["monitors"], json!([{"policy": "Strict", "access": "refuse"}]));
    let explanation = explained(&fixture, &event.id.to_string()).await;
    assert_eq!(explanation.monitors[0].policy, "Strict");
}

/// The guide's set-up with these settings of its enrollment policy.
fn with_settings(settings: &[(&str, Value)]) -> Value {
    let mut document = mosyle();
    for (key, value) in settings {
        document["enrollment_policy"][0]["settings"][*key] = value.clone();
    }
    document
}

#[tokio::test]
async fn one_device_gets_no_more_certificates_than_its_policy_allows() {
    let fixture = Fixture::mosyle().await;
    let limited = with_settings(&[("certificates_per_device", json!(2))]);
    fixture.apply(application(limited)).await.unwrap();
    enroll(&fixture, "C02X").await;
    enroll(&fixture, "C02X").await;
    let third = fixture.issue(&fixture.claim_of("CN=C02X", &[])).await.unwrap_err();
    assert_eq!(third.code(), "ENR-LIMIT-CERTIFICATES");
    // Under another name, what the request names is still the device.
    let serial = GeneralName::Uri("serial:C02X".into());
    let renamed = fixture.issue(&fixture.claim_of("CN=x1", &[serial])).await.unwrap_err();
    assert_eq!(renamed.code(), "ENR-LIMIT-CERTIFICATES");
    enroll(&fixture, "another").await;
    let explanation = explained(&fixture, "C02X").await;
    assert_eq!(explanation.code.as_deref(), Some("ENR-LIMIT-CERTIFICATES"));
}

#[tokio::test]
async fn one_device_gets_no_certificates_more_often_than_its_policy_allows() {
    let fixture = Fixture::mosyle().await;
    fixture.apply(application(with_settings(&[("days_between", json!(3))]))).await.unwrap();
    enroll(&fixture, "C02X").await;
    fixture.set_clock(NOW.plus_seconds(3 * DAY_SECONDS - 1));
    let early = fixture.issue(&fixture.claim_of("CN=C02X", &[])).await.unwrap_err();
    assert_eq!(early.code(), "ENR-LIMIT-DAYS");
    fixture.set_clock(NOW.plus_seconds(3 * DAY_SECONDS));
    enroll(&fixture, "C02X").await;
}

#[tokio::test]
async fn a_new_certificate_can_take_the_place_of_the_old() {
    let fixture = Fixture::mosyle().await;
    let settings = [("old_certificate", json!("revoke")), ("certificates_per_device", json!(1))];
    fixture.apply(application(with_settings(&settings))).await.unwrap();
    let old = enroll(&fixture, "C02X").await;
    let other = enroll(&fixture, "another").await;
    let new = enroll(&fixture, "C02X").await;
    let code = |certificate: &Certificate| {
        stand(&fixture, certificate, NOW).map_err(|refusal| refusal.code()).err()
    };
    assert_eq!(code(&old), Some("CERT-REVOKED"));
    assert_eq!((code(&other), code(&new)), (None, None));
    let events = fixture.events().await;
    let revoked = events.iter().find(|event| event.kind == "certificate.revoked").unwrap();
    assert_eq!(revoked.actor, "gateway Mosyle");
    assert_eq!(revoked.details["revocation_reason"], "superseded");
    // A device that renews and does not hear of it asks again, and gets what it was given.
    let mut renewal = fixture.claim_of("CN=C02X", &[]);
    (renewal.challenge, renewal.renews) = (None, Some(new.clone()));
    let renewed = fixture.issue(&renewal).await.unwrap();
    assert_eq!(code(&new), Some("CERT-REVOKED"));
    assert_eq!(fixture.issue(&renewal).await.unwrap().der, renewed.der);
    let mut other = fixture.claim_of("CN=C02X", &[]);
    (other.challenge, other.renews) = (None, Some(new));
    assert_eq!(fixture.issue(&other).await.unwrap_err().code(), "CERT-REVOKED");
}

#[tokio::test]
async fn a_device_that_is_not_in_the_inventory_is_not_known_well_enough() {
    let fixture = Fixture::mosyle().await;
    fixture.apply(application(with_settings(&[("assurance", json!(1))]))).await.unwrap();
    let refusal = fixture.issue(&fixture.claim_of("CN=C02X", &[])).await.unwrap_err();
    assert_eq!(refusal.code(), "DEV-ASSURANCE-LOW");
}
