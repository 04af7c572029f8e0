//! `doctor::examine`: what was really asked, refused and kept is what is found.

use actions::doctor;
use actions::revocation_list;
use actions::visit;
use domain::actor::Actor;
use domain::device::Device;
use domain::device::DeviceId;
use domain::device::Source;
use domain::doctor::Finding;
use domain::doctor::Severity;
use domain::refusal::Refusal;
use pki::general_name::GeneralName;
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
use crate::fixture::until;
use crate::visits::device;
use crate::visits::stand;

const NOTED: Why = Why::Bookkeeping(Bookkeeping::DeviceHeard);

const DAY_SECONDS: i64 = 86_400;

async fn examine(fixture: &Fixture) -> Vec<Finding> {
    doctor::examine(&fixture.app, &owner()).await.unwrap()
}

async fn codes(fixture: &Fixture) -> Vec<String> {
    examine(fixture).await.into_iter().map(|finding| finding.code).collect()
}

/// Lets one device of the guide enroll and join: then all is well.
async fn play(fixture: &Fixture) {
    let certificate = device(fixture).await;
    let visit = stand(fixture, &certificate, NOW).unwrap();
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    visit::enter(&fixture.app.snapshot, &visit, &leave);
}

/// Keeps a device that the inventory told of.
async fn keep(fixture: &Fixture, id: u64, name: &str, told: Value) {
    let mut device = Device::new(DeviceId(id), name);
    device.tell(&serde_json::from_value(told).unwrap(), Source::Import, NOW);
    let write = store::device::save(Write::new(), [(device, 0)], NOW);
    write.commit(&fixture.app.store, NOTED).await.unwrap();
    let inventory = fixture.app.snapshot.inventory();
    until("the device is known", || inventory.device(&DeviceId(id)).is_some()).await;
}

#[tokio::test]
async fn before_the_first_device_nothing_is_a_problem_and_after_it_nothing_is_wrong() {
    let fixture = Fixture::mosyle().await;
    assert_eq!(codes(&fixture).await, ["DOC-ACCESS-POINT-SILENT", "DOC-GATEWAY-UNUSED"]);
    play(&fixture).await;
    assert_eq!(examine(&fixture).await, []);
    // Another program over the same memory finds the same.
    assert_eq!(examine(&fixture.beside().await).await, []);
}

#[tokio::test]
async fn only_who_may_see_the_organization_is_told() {
    let fixture = Fixture::mosyle().await;
    for actor in [Actor::gateway("Mosyle"), Actor::access_point("Loopback")] {
        let refusal = doctor::examine(&fixture.app, &actor).await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
}

#[tokio::test]
async fn packets_that_were_dropped_are_told_of_their_access_point_or_address() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    let wrong = Refusal::SharedSecretWrong { access_point: "Loopback".into() };
    visit::dropped(&fixture.app.snapshot, "127.0.0.1", &wrong, 1);
    let unknown = Refusal::AccessPointUnknown { address: "192.0.2.9".into() };
    visit::dropped(&fixture.app.snapshot, "192.0.2.9", &unknown, 4);
    visit::dropped(&fixture.app.snapshot, "192.0.2.9", &unknown, 3);
    let findings = examine(&fixture).await;
    let told: Vec<(&str, &str)> =
        findings.iter().map(|one| (one.code.as_str(), one.object.as_str())).collect();
    let secret = ("DOC-ACCESS-POINT-SECRET", "access_point:Loopback");
    assert_eq!(told, [secret, ("DOC-ADDRESS-UNKNOWN", "address:192.0.2.9")]);
    assert!(findings[1].what.starts_with("7 packets"), "{findings:?}");
}

#[tokio::test]
async fn what_requests_lack_is_told_of_the_template() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["certificate_template"][0]["san"] = json!({ "email": ["${/csr/san/email}"] });
    document["certificate_template"][0]["subject"] = json!("CN=${/csr/subject/commonName}");
    fixture.apply(application(document.clone())).await.unwrap();
    play(&fixture).await;
    assert_eq!(examine(&fixture).await, []);

    let fixture = Fixture::mosyle().await;
    fixture.apply(application(document)).await.unwrap();
    let dns = GeneralName::dns("mac-1.example.org").unwrap();
    fixture.issue(&fixture.claim_of("CN=mac-1", &[])).await.unwrap();
    assert_eq!(codes(&fixture).await[0], "DOC-SAN-MISSING");
    fixture.issue(&fixture.claim_of("CN=mac-1", &[dns])).await.unwrap();
    assert_eq!(codes(&fixture).await[0], "DOC-SAN-KIND");
    let refused = fixture.issue(&fixture.claim_of("O=Lab", &[])).await.unwrap_err();
    assert_eq!(refused.code(), "ENR-VARIABLE-EMPTY");
    let unexpanded = fixture.issue(&fixture.claim_of("CN=%Email%", &[])).await.unwrap_err();
    assert_eq!(unexpanded.code(), "ENR-VARIABLE-UNEXPANDED");
    let codes = codes(&fixture).await;
    assert_eq!(codes[..3], ["DOC-SAN-KIND", "DOC-VARIABLE-EMPTY", "DOC-VARIABLE-UNEXPANDED"]);
}

#[tokio::test]
async fn values_that_fit_nowhere_are_told_and_are_no_problem() {
    let fixture = Fixture::mosyle().await;
    let misfit = GeneralName::Email("MacBook Pro".to_owned());
    fixture.issue(&fixture.claim_of("CN=mac-1, OU=Owners", &[misfit])).await.unwrap();
    let findings = examine(&fixture).await;
    let codes: Vec<&str> = findings.iter().map(|one| one.code.as_str()).collect();
    let expected = ["DOC-ACCESS-POINT-SILENT", "DOC-SAN-LEFT-OUT", "DOC-ASKED-BEYOND"];
    assert_eq!(codes, expected);
    assert!(findings.iter().all(|one| one.severity != Severity::Problem));
}

#[tokio::test]
async fn a_lost_device_whose_certificate_is_in_use_is_told() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    let lost = json!({ "serial": "C02XK1ZZJGH5", "status": "lost" });
    keep(&fixture, 7, "gone", lost).await;
    assert_eq!(examine(&fixture).await, []);

    keep(&fixture, 8, "mac-8", json!({ "serial": "C02" })).await;
    let claim = fixture.claim_of("CN=C02", &[]);
    let serial = fixture.issue(&claim).await.unwrap().certificate.serial;
    let inventory = fixture.app.snapshot.inventory();
    let (device, version) = inventory.device_and_version(&DeviceId(8)).unwrap();
    let mut device = Device::clone(&device);
    let told = serde_json::from_value(json!({ "status": "lost" })).unwrap();
    device.tell(&told, Source::Import, NOW);
    let write = store::device::save(Write::new(), [(device, version)], NOW);
    write.commit(&fixture.app.store, NOTED).await.unwrap();
    until("it is lost", || inventory.knows_device(&DeviceId(8), version + 1)).await;
    let findings = examine(&fixture).await;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0].code, "DOC-LOST-CERTIFICATE");
    assert!(findings[0].what.contains("1 certificate in use"), "{findings:?}");

    let reason = domain::certificate::RevocationReason::CessationOfOperation;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), &serial, reason)
        .await
        .unwrap();
    assert_eq!(examine(&fixture).await, []);
}

#[tokio::test]
async fn a_test_of_a_device_that_was_removed_is_told() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    keep(&fixture, 7, "mac-7", json!({ "serial": "C07" })).await;
    let mut document = mosyle();
    document["network_policy"][0]["tests"] = json!([{ "device": "mac-7", "access": "refuse" }]);
    fixture.apply(application(document)).await.unwrap();
    assert_eq!(examine(&fixture).await, []);
    let inventory = fixture.app.snapshot.inventory();
    let (_, version) = inventory.device_and_version(&DeviceId(7)).unwrap();
    let write = store::device::remove(Write::new(), &[(DeviceId(7), version)]);
    write.commit(&fixture.app.store, NOTED).await.unwrap();
    until("it is gone", || inventory.device(&DeviceId(7)).is_none()).await;
    assert_eq!(codes(&fixture).await, ["DOC-TEST-DEVICE-GONE"]);
}

#[tokio::test]
async fn what_ends_soon_and_lists_that_grew_old_are_told() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    let rules = fixture.app.snapshot.rules();
    let key = rules.signing_key("Example School SCEP CA").unwrap();
    assert!(revocation_list::refresh(&fixture.app, key).await.unwrap());
    assert_eq!(examine(&fixture).await, []);
    fixture.set_clock(NOW.plus_seconds(4 * DAY_SECONDS));
    assert_eq!(codes(&fixture).await, ["DOC-LIST-STALE"]);
    fixture.set_clock(NOW.plus_seconds(390 * DAY_SECONDS));
    let findings = examine(&fixture).await;
    let told: Vec<(&str, Severity)> =
        findings.iter().map(|one| (one.code.as_str(), one.severity)).collect();
    let problems = ["DOC-LIST-STALE", "DOC-SERVER-EXPIRING"];
    assert_eq!(told, problems.map(|code| (code, Severity::Problem)));
}
