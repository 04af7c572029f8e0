//! Requests for certificates that are tried out.

use actions::decision::simulate;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use actions::organization::NotApplied;
use domain::actor::Permission;
use domain::network_policy::Access;
use domain::refusal::Refusal;
use serde_json::Value;
use serde_json::json;

use crate::deciding::enroll;
use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::application;
use crate::fixture::limited;
use crate::fixture::mosyle;
use crate::fixture::owner;

fn asking(device: &str) -> Trial {
    Trial { device: device.into(), gateway: Some(GATEWAY.into()), ..Trial::default() }
}

async fn tried(fixture: &Fixture, trial: Trial) -> Simulated {
    simulate::simulate(&fixture.app, &owner(), &trial).await.unwrap()
}

async fn refused(fixture: &Fixture, trial: Trial) -> Refusal {
    match simulate::simulate(&fixture.app, &owner(), &trial).await.unwrap_err() {
        NotApplied::Refused(refusal) => refusal,
        other @ (NotApplied::Complaints(_) | NotApplied::Outdated(_)) => panic!("{other:?}"),
    }
}

fn code(simulated: &Simulated) -> &str {
    assert_eq!(simulated.access, Access::Refuse);
    &simulated.reason.as_ref().unwrap().code
}

/// The guide's set-up, with one more setting of its enrollment policy.
fn with_setting(name: &str, value: Value) -> Value {
    let mut document = mosyle();
    document["enrollment_policy"][0]["settings"][name] = value;
    document
}

#[tokio::test]
async fn a_request_is_tried_out_for_whoever_is_known_and_whoever_is_not() {
    let fixture = Fixture::mosyle().await;
    let told = serde_json::from_value(json!({"name": "Mac 1", "serial": "C02X"})).unwrap();
    actions::device::create(&fixture.app, &owner(), told).await.unwrap();
    let events = fixture.events().await.len();
    let simulated = tried(&fixture, asking("C02X")).await;
    assert_eq!((simulated.access, simulated.device.as_str()), (Access::Accept, "Mac 1"));
    assert_eq!(simulated.policy.as_deref(), Some("Mosyle enrollment"));
    assert_eq!(simulated.roles, ["Mosyle devices"]);
    assert!(simulated.path.last().unwrap().decides);
    let enrollment = simulated.enrollment.unwrap();
    assert!(enrollment.known);
    assert_eq!(enrollment.certificate_template.as_deref(), Some("Mosyle devices"));
    assert_eq!(enrollment.certificate_authority.as_deref(), Some("Example School SCEP CA"));
    let unknown = tried(&fixture, asking("never heard of")).await;
    assert_eq!(unknown.access, Access::Accept);
    assert!(!unknown.enrollment.unwrap().known);
    // Nothing was done, and nobody was told.
    assert_eq!(fixture.events().await.len(), events);
    // A visit is still a visit.
    let visit = Trial { gateway: None, ..asking("C02X") };
    assert_eq!(code(&tried(&fixture, visit).await), "TLS-NO-CERTIFICATE");
}

#[tokio::test]
async fn a_request_that_is_tried_out_meets_the_limits_of_the_policy() {
    let fixture = Fixture::mosyle().await;
    let told = serde_json::from_value(json!({"name": "C02X"})).unwrap();
    actions::device::create(&fixture.app, &owner(), told).await.unwrap();
    enroll(&fixture, "C02X").await;
    fixture.apply(application(with_setting("certificates_per_device", json!(1)))).await.unwrap();
    let simulated = tried(&fixture, asking("C02X")).await;
    assert_eq!(code(&simulated), "ENR-LIMIT-CERTIFICATES");
    assert_eq!(simulated.policy.as_deref(), Some("Mosyle enrollment"));
    assert_eq!(tried(&fixture, asking("new")).await.access, Access::Accept);
    // Without that limit it is too soon, and then it is not known well enough.
    let draft = |document| Trial { draft: Some(document), ..asking("C02X") };
    let mut later = with_setting("days_between", json!(7));
    later["enrollment_policy"][0]["settings"]["certificates_per_device"] = json!(2);
    assert_eq!(code(&tried(&fixture, draft(later)).await), "ENR-LIMIT-DAYS");
    let known = with_setting("assurance", json!(1));
    let known = Trial { draft: Some(known), ..asking("new") };
    assert_eq!(code(&tried(&fixture, known).await), "DEV-ASSURANCE-LOW");
}

#[tokio::test]
async fn a_request_that_no_policy_gives_anything_is_refused_with_the_way_there() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    let mut other = document["gateway"][0].clone();
    other["name"] = json!("Other");
    document["gateway"].as_array_mut().unwrap().push(other);
    fixture.apply(application(document)).await.unwrap();
    let trial = Trial { gateway: Some("Other".into()), ..asking("C02X") };
    let simulated = tried(&fixture, trial).await;
    assert_eq!(code(&simulated), "ENR-NO-ROLE");
    assert_eq!(simulated.path.len(), 1, "the workflow that grants nothing");
    let enrollment = simulated.enrollment.unwrap();
    assert_eq!((enrollment.gateway.as_str(), enrollment.certificate_template), ("Other", None));
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let fixture = Fixture::mosyle().await;
    let nowhere = Trial { gateway: Some("none".into()), ..asking("C02X") };
    assert_eq!(refused(&fixture, nowhere).await.code(), "API-NOT-FOUND");
    let at_access_point = Trial { access_point: Some("Loopback".into()), ..asking("C02X") };
    let on_network = Trial { ssid: Some("x".into()), ..asking("C02X") };
    let by_address = Trial { mac: Some("02:00:00:00:00:01".into()), ..asking("C02X") };
    for both in [at_access_point, on_network, by_address] {
        assert_eq!(refused(&fixture, both).await.code(), "API-PARAMETER");
    }
    let few = limited(&[Permission::OrganizationRead, Permission::InventoryRead]);
    let refusal = simulate::simulate(&fixture.app, &few, &asking("C02X")).await.unwrap_err();
    assert_eq!(refusal.refusal().code(), "API-NOT-PERMITTED");
}
