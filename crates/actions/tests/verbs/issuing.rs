//! `certificate::issue`: the one yes, and each no.

use std::sync::Arc;

use actions::certificate::issue;
use domain::actor::Actor;
use domain::certificate::Status;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::CommitError;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

#[tokio::test]
async fn a_device_gets_a_certificate_that_is_on_record() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    assert_eq!(certificate.serial, issued.certificate.serial);
    assert_eq!(certificate.subject.to_string(), "CN=C02XK1ZZJGH5");
    // The template asks for a DNS name and the device has an e-mail address: it moves.
    assert_eq!(issued.certificate.names, ["email:anna@example.org"]);
    assert_eq!(issued.certificate.gateway.as_deref(), Some(GATEWAY));
    let serial = &certificate.serial;
    let kept = actions::certificate::show(&fixture.app, &owner(), serial).await.unwrap();
    assert_eq!(kept.certificate.status, Status::Issued);
    assert_eq!(kept.der, Some(issued.der));
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.kind, "certificate.enrollment");
    assert_eq!(event.actor, "gateway Mosyle");
    assert_eq!(event.object, format!("certificate:{serial}"));
    assert_eq!(event.reason, None);
    assert_eq!(event.details["policy"], "Mosyle enrollment");
    assert_eq!(event.details["roles"], json!(["Mosyle devices"]));
    let text = serde_json::to_string(&event).unwrap();
    assert!(!text.contains(fixture.secret.reveal()), "the event tells the challenge");
}

#[tokio::test]
async fn a_wrong_and_a_missing_challenge_are_refused_and_on_record() {
    let fixture = Fixture::mosyle().await;
    let mut claim = fixture.claim();
    claim.challenge = Some(Secret::new("not-the-secret-of-it"));
    let gateway = GATEWAY.to_owned();
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal, Refusal::ChallengeWrong { gateway: gateway.clone() });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-CHALLENGE-WRONG"));
    claim.challenge = None;
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal, Refusal::ChallengeMissing { gateway });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-CHALLENGE-MISSING"));
}

#[tokio::test]
async fn what_the_request_lacks_or_says_too_much_is_refused() {
    let fixture = Fixture::mosyle().await;
    let check = async |subject: &str, names: &[GeneralName], code: &str| {
        let refusal = fixture.issue(&fixture.claim_of(subject, names)).await.unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
        assert_eq!(fixture.newest_code().await.as_deref(), Some(code));
    };
    let unexpanded = GeneralName::Email("%Email%".into());
    check("CN=C02X", &[unexpanded], "ENR-VARIABLE-UNEXPANDED").await;
    check("CN={{SerialNumber}}", &[], "ENR-VARIABLE-UNEXPANDED").await;
    check("O=Lab", &[], "ENR-VARIABLE-EMPTY").await;
}

#[tokio::test]
async fn a_draft_that_breaks_a_rule_is_not_signed() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["certificate_template"][0]["subject"] = json!(["CN=${/device/clientId}"; 5].join(","));
    fixture.apply(application(document)).await.unwrap();
    // Five times two thousand bytes are more than a name may have.
    let claim = fixture.claim_of(&format!("CN={}", "\u{1f511}".repeat(500)), &[]);
    let before = actions::certificate::list(&fixture.app, &owner(), None, 100).await.unwrap();
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-LINT", "{refusal}");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-LINT"));
    let after = actions::certificate::list(&fixture.app, &owner(), None, 100).await.unwrap();
    assert_eq!(after.items, before.items);
}

#[tokio::test]
async fn a_claim_that_nobody_accepted_cannot_fill_the_log() {
    let fixture = Fixture::mosyle().await;
    let names: Vec<GeneralName> = (0..60)
        .map(|number| GeneralName::Uri(format!("urn:{number}:{}", "x".repeat(900))))
        .collect();
    let mut claim = fixture.claim_of(&format!("CN={}", "x".repeat(7000)), &names);
    claim.challenge = None;
    claim.transaction = "y".repeat(5000);
    fixture.issue(&claim).await.unwrap_err();
    let event = fixture.events().await.swap_remove(0);
    assert!(serde_json::to_string(&event).unwrap().len() < 4096);
}

#[tokio::test]
async fn who_comes_to_no_gateway_or_may_not_ask_is_refused() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let answer = issue::issue(&fixture.app, &Actor::gateway("x"), "x", &claim).await;
    assert_eq!(answer.unwrap_err().code(), "ENR-GATEWAY-UNKNOWN");
    let answer = issue::issue(&fixture.app, &Actor::access_point("AP"), GATEWAY, &claim).await;
    assert_eq!(answer.unwrap_err().code(), "API-NOT-PERMITTED");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-NOT-PERMITTED"));
}

#[tokio::test]
async fn without_a_role_or_a_policy_nothing_is_issued() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["enrollment_policy"][0]["rules"] = json!([]);
    fixture.apply(application(document.clone())).await.unwrap();
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-NO-POLICY");
    document["policy_workflow"][0]["rules"] = json!([]);
    fixture.apply(application(document)).await.unwrap();
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal, Refusal::RoleMissing { gateway: GATEWAY.into() });
    fixture.apply(application(mosyle())).await.unwrap();
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn an_authority_past_its_end_issues_nothing() {
    let fixture = Fixture::mosyle().await;
    fixture.set_clock(NOW.plus_days(11 * 366));
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-AUTHORITY-EXPIRED");
    // Shortly before, the life of what it issues is cut to its own.
    fixture.set_clock(NOW.plus_days(10 * 365));
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    assert!(issued.certificate.not_after < NOW.plus_days(10 * 366));
}

#[tokio::test]
async fn the_secret_of_a_gateway_goes_with_it() {
    let mut fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let mut without = mosyle();
    without["gateway"] = json!([]);
    without["policy_workflow"] = json!([]);
    without["enrollment_policy"] = json!([]);
    without["network_policy"] = json!([]);
    without["network_profile"] = json!([]);
    let mut application = application(without);
    application.prune = true;
    fixture.apply(application).await.unwrap();
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-GATEWAY-UNKNOWN");
    let applied = fixture.apply(crate::fixture::application(mosyle())).await.unwrap();
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-CHALLENGE-WRONG");
    fixture.secret = applied.secrets[0].secret.clone();
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn what_rested_on_a_secret_that_is_gone_is_not_committed() {
    let fixture = Fixture::empty().await;
    let write = store::gateway::keep_secret(Write::new(), "gone");
    let why = Why::Bookkeeping(Bookkeeping::SecretUsed);
    let answer = write.commit(&fixture.app.store, why).await;
    assert!(matches!(answer, Err(CommitError::Conflict(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_devices_at_once_get_sixteen_numbers() {
    let fixture = Arc::new(Fixture::mosyle().await);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move { fixture.issue(&fixture.claim()).await.unwrap() })
        })
        .collect();
    let mut serials = Vec::new();
    for task in tasks {
        serials.push(task.await.unwrap().certificate.serial.to_string());
    }
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 16);
    let events = fixture.events().await;
    assert_eq!(events.iter().filter(|event| event.kind == "certificate.enrollment").count(), 16);
}
