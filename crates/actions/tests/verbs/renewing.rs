//! Renewal by the old certificate, and the same request asked again.

use std::sync::Arc;

use domain::certificate::RevocationReason;
use domain::certificate::search::Search;
use domain::claim::Claim;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::certificate::Certificate;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const DAY_SECONDS: i64 = 86_400;

/// A device's certificate.
async fn old(fixture: &Fixture) -> Certificate {
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    Certificate::parse(&issued.der).unwrap()
}

/// What a device sends that renews: another key, another name, no challenge.
fn renewal(fixture: &Fixture, old: &Certificate) -> Claim {
    let mut claim = fixture.claim_of("CN=somebody else", &[]);
    claim.challenge = None;
    claim.renews = Some(old.clone());
    claim
}

#[tokio::test]
async fn a_renewal_needs_no_challenge_and_keeps_the_identity() {
    let fixture = Fixture::mosyle().await;
    let old = old(&fixture).await;
    let issued = fixture.issue(&renewal(&fixture, &old)).await.unwrap();
    let fresh = Certificate::parse(&issued.der).unwrap();
    assert_eq!(fresh.subject, old.subject);
    assert_eq!(fresh.general_names(), old.general_names());
    assert_ne!(fresh.serial, old.serial);
    assert!(!fresh.public_key.is_same_key(&old.public_key));
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.details["renewed"], json!(true));
    assert_eq!(event.details["renews"], json!(old.serial.to_string()));
}

#[tokio::test]
async fn a_revoked_certificate_renews_nothing_even_with_the_challenge() {
    let fixture = Fixture::mosyle().await;
    let old = old(&fixture).await;
    let reason = RevocationReason::KeyCompromise;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), &old.serial, reason)
        .await
        .unwrap();
    let mut claim = renewal(&fixture, &old);
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "CERT-REVOKED");
    claim.challenge = Some(fixture.secret.clone());
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "CERT-REVOKED");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("CERT-REVOKED"));
}

#[tokio::test]
async fn after_its_end_only_the_challenge_helps() {
    let fixture = Fixture::mosyle().await;
    let old = old(&fixture).await;
    fixture.set_clock(old.not_after.plus_seconds(1));
    let mut claim = renewal(&fixture, &old);
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-RENEWAL-LATE");
    claim.challenge = Some(fixture.secret.clone());
    let issued = fixture.issue(&claim).await.unwrap();
    // It enrolled anew, so that the name is its own again.
    assert_eq!(issued.certificate.subject, "CN=somebody else");
}

#[tokio::test]
async fn before_the_window_a_renewal_is_too_early_and_in_the_grace_it_is_not_too_late() {
    let mut fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["gateway"][0]["renewal_window_days"] = json!(30);
    document["gateway"][0]["renewal_grace_days"] = json!(7);
    let applied = fixture.apply(application(document)).await.unwrap();
    fixture.secret = applied.secrets[0].secret.clone();
    let old = old(&fixture).await;
    let mut claim = renewal(&fixture, &old);
    claim.challenge = Some(fixture.secret.clone());
    // certmonger sends its challenge again: it does not open the window.
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-RENEWAL-EARLY");
    claim.challenge = None;
    fixture.set_clock(old.not_after.plus_seconds(7 * DAY_SECONDS));
    assert_eq!(fixture.issue(&claim).await.unwrap().certificate.subject, old.subject.to_string());
}

#[tokio::test]
async fn a_certificate_that_is_not_ours_leaves_it_to_the_challenge() {
    let (fixture, other) = (Fixture::mosyle().await, Fixture::mosyle().await);
    let foreign = old(&other).await;
    let mut claim = renewal(&fixture, &foreign);
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-CHALLENGE-MISSING");
    claim.challenge = Some(Secret::new("not-the-secret-of-it"));
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-CHALLENGE-WRONG");
    claim.challenge = Some(fixture.secret.clone());
    assert_eq!(fixture.issue(&claim).await.unwrap().certificate.subject, "CN=somebody else");
}

#[tokio::test]
async fn the_server_s_own_certificates_renew_nothing() {
    let fixture = Fixture::mosyle().await;
    let rules = fixture.app.snapshot.rules();
    let server = rules.server().unwrap().identity.certificate.clone();
    let claim = renewal(&fixture, &server);
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "CERT-UNKNOWN-SERIAL");
}

#[tokio::test]
async fn the_same_request_gets_the_same_certificate_for_a_day() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let first = fixture.issue(&claim).await.unwrap();
    let again = fixture.issue(&claim).await.unwrap();
    assert_eq!(first.der, again.der);
    assert_eq!(fixture.events().await[0].details["again"], json!(true));
    // Another transaction is another request, and a key is certified once.
    let other = Claim { transaction: "2".to_owned(), ..claim.clone() };
    assert_eq!(fixture.issue(&other).await.unwrap_err().code(), "ENR-KEY-IN-USE");
    assert_ne!(fixture.issue(&fixture.claim()).await.unwrap().der, first.der);
    // The right to ask is asked for again each time.
    let stranger = Claim { challenge: None, ..claim.clone() };
    assert_eq!(fixture.issue(&stranger).await.unwrap_err().code(), "ENR-CHALLENGE-MISSING");
    fixture.set_clock(NOW.plus_seconds(DAY_SECONDS + 1));
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-KEY-IN-USE");
}

#[tokio::test]
async fn c5_a_transaction_is_one_keys_for_a_day() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    fixture.issue(&claim).await.unwrap();
    let other = Claim { transaction: claim.transaction.clone(), ..fixture.claim() };
    assert_eq!(fixture.issue(&other).await.unwrap_err().code(), "ENR-TRANSACTION-TAKEN");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-TRANSACTION-TAKEN"));
    // The key that began it may ask again, and tomorrow any may.
    fixture.issue(&claim).await.unwrap();
    fixture.set_clock(NOW.plus_seconds(DAY_SECONDS + 1));
    fixture.issue(&other).await.unwrap();
}

#[tokio::test]
async fn a_revoked_answer_is_not_given_again() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let first = fixture.issue(&claim).await.unwrap();
    let reason = RevocationReason::Superseded;
    let serial = &first.certificate.serial;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
    assert_ne!(fixture.issue(&claim).await.unwrap().der, first.der);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_raced_by_many_gets_one_certificate() {
    let fixture = Arc::new(Fixture::mosyle().await);
    let claim = Arc::new(fixture.claim());
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let (fixture, claim) = (Arc::clone(&fixture), Arc::clone(&claim));
            tokio::spawn(async move { fixture.issue(&claim).await })
        })
        .collect();
    let mut answers = Vec::new();
    for racer in racers {
        match racer.await.unwrap() {
            Ok(issued) => answers.push(issued.der),
            Err(refusal) => assert!(matches!(refusal, Refusal::InProgress { .. }), "{refusal}"),
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let page = actions::certificate::list(&fixture.app, &owner(), &Search::default(), (None, 1000))
        .await
        .unwrap();
    let devices = page.items.iter().filter(|item| item.gateway.is_some()).count();
    assert_eq!(devices, 1);
}
