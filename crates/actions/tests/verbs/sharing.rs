//! Several programs over the same database: what one does, the others know.

use actions::certificate::revocation::revoke;
use actions::portal_certificate;
use actions::visit;
use domain::certificate::RevocationReason;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::CommitError;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;
use crate::fixture::until;

const REASON: RevocationReason = RevocationReason::KeyCompromise;

const INTENDED: Why = Why::Bookkeeping(Bookkeeping::IssuanceIntended);

#[tokio::test]
async fn a_change_of_the_definitions_is_followed() {
    let fixture = Fixture::mosyle().await;
    let other = fixture.beside().await;
    let mut document = mosyle();
    document["network_policy"] = json!([]);
    let mut pruning = application(document);
    pruning.prune = true;
    fixture.apply(pruning).await.unwrap();
    let version = fixture.app.snapshot.rules().version;
    until("the other has the rules", || other.app.snapshot.rules().version == version).await;
    assert!(other.app.snapshot.rules().organization.network_policy.is_empty());
}

#[tokio::test]
async fn a_revocation_is_followed_both_ways() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    for (here, there) in [(&one, &two), (&two, &one)] {
        let issued = here.issue(&here.claim()).await.unwrap();
        let certificate = Certificate::parse(&issued.der).unwrap();
        let stand = || visit::stand(&there.app.snapshot, &certificate, NOW);
        stand().unwrap();
        revoke(&here.app, &owner(), &certificate.serial, REASON).await.unwrap();
        until("the other knows it", || stand().is_err()).await;
        assert_eq!(stand().unwrap_err().code(), "CERT-REVOKED");
    }
}

#[tokio::test]
async fn a_secret_that_one_removes_is_no_good_at_the_other() {
    let fixture = Fixture::mosyle().await;
    let other = fixture.beside().await;
    let claim = fixture.claim();
    let mut without = mosyle();
    for list in
        ["gateway", "policy_workflow", "enrollment_policy", "network_policy", "network_profile"]
    {
        without[list] = json!([]);
    }
    let mut pruning = application(without);
    pruning.prune = true;
    fixture.apply(pruning).await.unwrap();
    let gone = || other.app.snapshot.rules().organization.gateway.is_empty();
    until("the other has the rules", gone).await;
    assert_eq!(other.issue(&claim).await.unwrap_err().code(), "ENR-GATEWAY-UNKNOWN");
}

#[tokio::test]
async fn programs_that_start_together_show_one_certificate() {
    let one = Fixture::empty().await;
    let two = one.beside().await;
    let (first, second) =
        tokio::join!(portal_certificate::ensure(&one.app), portal_certificate::ensure(&two.app));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.identity.certificate.der, second.identity.certificate.der);
}

#[tokio::test]
async fn the_certificate_of_https_comes_from_an_authority_once_there_is_one() {
    let fixture = Fixture::empty().await;
    let own = portal_certificate::ensure(&fixture.app).await.unwrap();
    assert_eq!(own.identity.certificate.issuer, own.identity.certificate.subject);
    assert!(own.intermediates.is_empty());
    fixture.apply(application(mosyle())).await.unwrap();
    let signed = portal_certificate::ensure(&fixture.app).await.unwrap();
    let certificate = &signed.identity.certificate;
    let issuer = certificate.issuer.to_string();
    assert!(issuer.contains("Example School RADIUS CA"), "{issuer}");
    assert!(signed.intermediates.is_empty(), "a root is not sent");
    // The next start shows the same.
    let again = portal_certificate::ensure(&fixture.app).await.unwrap();
    assert_eq!(again.identity.certificate.der, certificate.der);
}

#[tokio::test]
async fn a_request_at_two_programs_at_once_gets_one_certificate() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    for _ in 0..10 {
        let claim = one.claim();
        let (first, second) = tokio::join!(one.issue(&claim), two.issue(&claim));
        let serials: Vec<_> = [&first, &second]
            .into_iter()
            .filter_map(|answer| match answer {
                Ok(issued) => Some(issued.certificate.serial.clone()),
                Err(Refusal::InProgress { .. }) => None,
                Err(other) => panic!("{other}"),
            })
            .collect();
        assert!(!serials.is_empty());
        let [again, too] = [one.issue(&claim).await.unwrap(), two.issue(&claim).await.unwrap()];
        assert_eq!(again.certificate.serial, too.certificate.serial);
        assert!(serials.iter().all(|serial| *serial == again.certificate.serial));
    }
}

/// One program took so long over an answer that another took the request over.
#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_given() {
    let fixture = Fixture::empty().await;
    let store = &fixture.app.store;
    let [slow, fast] = [[1; 16], [2; 16]].map(pki::certificate::Serial::from_random);
    let begin = |serial, now| store::enrollment::begin(Write::new(), "request", serial, now);
    begin(&slow, NOW).commit(store, INTENDED).await.unwrap();
    let keep = |serial, now| store::enrollment::keep(Write::new(), "request", serial, now);
    keep(&slow, NOW).commit(store, INTENDED).await.unwrap();
    // A day later the request is anybody's.
    let later = NOW.plus_days(2);
    begin(&fast, later).commit(store, INTENDED).await.unwrap();
    let late = keep(&slow, later).commit(store, INTENDED).await;
    assert!(matches!(late, Err(CommitError::Conflict(_))), "{late:?}");
    keep(&fast, later).commit(store, INTENDED).await.unwrap();
}

#[tokio::test]
async fn of_two_revocations_at_two_programs_one_is_done() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    let serial = one.issue(&one.claim()).await.unwrap().certificate.serial;
    let actor = owner();
    let (first, second) = tokio::join!(
        revoke(&one.app, &actor, &serial, REASON),
        revoke(&two.app, &actor, &serial, REASON),
    );
    assert!(first.is_ok() != second.is_ok());
    let events = one.events().await;
    assert_eq!(events.iter().filter(|event| event.kind == "certificate.revoked").count(), 1);
    store::audit::verify(&one.app.store).await.unwrap();
}
