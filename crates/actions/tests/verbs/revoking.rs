//! Holds, releases, many at once, and what a revoked key or authority means for others.

use actions::certificate::revocation::BATCH_MAX;
use actions::certificate::revocation::Change;
use actions::certificate::revocation::Sweep;
use actions::certificate::revocation::Swept;
use actions::certificate::revocation::hold;
use actions::certificate::revocation::release;
use actions::certificate::revocation::revoke;
use actions::certificate::revocation::sweep;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::Chosen;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::claim::Claim;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::general_name::GeneralName;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const REASON: RevocationReason = RevocationReason::CessationOfOperation;

async fn device(fixture: &Fixture) -> Certificate {
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    Certificate::parse(&issued.der).unwrap()
}

/// Why a login with a certificate is refused; none if it is not.
fn refused(fixture: &Fixture, certificate: &Certificate) -> Option<String> {
    let stood = visit::stand(&fixture.app.snapshot, certificate, NOW);
    stood.err().map(|refusal| refusal.code().to_owned())
}

fn revoke_all(chosen: Chosen) -> Sweep {
    Sweep { chosen, change: Change::Revoke(REASON), confirm: None, after: None, dry_run: false }
}

async fn swept(fixture: &Fixture, wanted: &Sweep) -> Result<Swept, Refusal> {
    sweep(&fixture.app, &owner(), wanted).await
}

#[tokio::test]
async fn a_certificate_on_hold_is_refused_until_it_is_released() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let issued = fixture.issue(&claim).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let serial = &certificate.serial;
    let held = hold(&fixture.app, &owner(), serial).await.unwrap();
    assert_eq!((held.status, held.revoked_at), (Status::Held, Some(NOW)));
    assert_eq!(fixture.events().await[0].kind, "certificate.held");
    assert_eq!(refused(&fixture, &certificate).as_deref(), Some("CERT-HELD"));
    // Who asks again for what is on hold gets neither it nor another.
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "CERT-HELD");
    let again = hold(&fixture.app, &owner(), serial).await.unwrap_err();
    assert_eq!(again.code(), "API-ALREADY-HELD");
    release(&fixture.app, &owner(), serial).await.unwrap();
    assert_eq!(fixture.events().await[0].kind, "certificate.released");
    assert_eq!(refused(&fixture, &certificate), None);
    assert_eq!(fixture.issue(&claim).await.unwrap().der, issued.der);
    let again = release(&fixture.app, &owner(), serial).await.unwrap_err();
    assert_eq!(again.code(), "API-NOT-HELD");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-NOT-HELD"));
    let gateway = Actor::gateway(GATEWAY);
    let strange = release(&fixture.app, &gateway, serial).await.unwrap_err();
    assert_eq!(strange.code(), "API-NOT-PERMITTED");
}

#[tokio::test]
async fn all_of_a_device_a_person_or_a_gateway_are_revoked_together() {
    let fixture = Fixture::mosyle().await;
    let email = |text: &str| GeneralName::email(text).unwrap();
    let mut made = Vec::new();
    for (device, person) in [("A", "anna"), ("A", "anna"), ("B", "anna"), ("C", "ben")] {
        let names = [email(&format!("{person}@example.org"))];
        let claim = fixture.claim_of(&format!("CN={device}"), &names);
        made.push(Certificate::parse(&fixture.issue(&claim).await.unwrap().der).unwrap());
    }
    let refused_of = |fixture: &Fixture| -> Vec<bool> {
        made.iter().map(|certificate| refused(fixture, certificate).is_some()).collect()
    };
    let dry = Sweep { dry_run: true, ..revoke_all(Chosen::Device("A".into())) };
    let answer = swept(&fixture, &dry).await.unwrap();
    assert_eq!((answer.count, answer.changed.len()), (Some(2), 0));
    assert_eq!(refused_of(&fixture), [false, false, false, false]);
    let answer = swept(&fixture, &revoke_all(Chosen::Device("A".into()))).await.unwrap();
    assert_eq!((answer.count, answer.changed.len(), answer.next), (Some(2), 2, None));
    assert_eq!(refused_of(&fixture), [true, true, false, false]);
    // What is revoked already is not counted again.
    let person = Chosen::Person("anna@example.org".into());
    let answer = swept(&fixture, &revoke_all(person)).await.unwrap();
    assert_eq!((answer.count, answer.changed), (Some(1), vec![made[2].serial.clone()]));
    let held = Sweep {
        change: Change::Revoke(RevocationReason::CertificateHold),
        ..revoke_all(Chosen::Gateway(GATEWAY.into()))
    };
    assert_eq!(swept(&fixture, &held).await.unwrap().changed, [made[3].serial.clone()]);
    assert_eq!(refused(&fixture, &made[3]).as_deref(), Some("CERT-HELD"));
    let all = Chosen::Authority("Example School SCEP CA".into());
    let released = Sweep { change: Change::Release, ..revoke_all(all.clone()) };
    assert_eq!(swept(&fixture, &released).await.unwrap().changed, [made[3].serial.clone()]);
    assert_eq!(refused_of(&fixture), [true, true, true, false]);
    // The authority's own certificates, as its registration authority's, are no device's.
    assert_eq!(swept(&fixture, &revoke_all(all)).await.unwrap().count, Some(1));
    let nobody = swept(&fixture, &revoke_all(Chosen::Device("nobody".into()))).await.unwrap();
    assert_eq!((nobody.count, nobody.changed.len(), nobody.next), (Some(0), 0, None));
}

#[tokio::test]
async fn more_than_a_share_of_all_is_revoked_only_if_so_many_are_meant() {
    let fixture = Fixture::mosyle().await;
    for _ in 0..21 {
        device(&fixture).await;
    }
    let all = revoke_all(Chosen::Gateway(GATEWAY.into()));
    let refusal = swept(&fixture, &all).await.unwrap_err();
    let what = MassChange::Certificates;
    assert_eq!(
        refusal,
        Refusal::MassChange { count: 21, of: 21, allowed: 20, what, names: Vec::new() }
    );
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-MASS-CHANGE"));
    let few = Sweep { confirm: Some(20), ..all.clone() };
    assert_eq!(swept(&fixture, &few).await.unwrap_err().code(), "API-MASS-CHANGE");
    let stranger = sweep(&fixture.app, &Actor::gateway(GATEWAY), &all).await.unwrap_err();
    assert_eq!(stranger.code(), "API-NOT-PERMITTED");
    let meant = Sweep { confirm: Some(21), ..all };
    assert_eq!(swept(&fixture, &meant).await.unwrap().changed.len(), 21);
}

#[tokio::test]
async fn many_are_revoked_batch_by_batch() {
    let fixture = Fixture::mosyle().await;
    let count = BATCH_MAX + 3;
    for _ in 0..count {
        device(&fixture).await;
    }
    let confirm = Some(count as u64);
    let mut wanted = Sweep { confirm, ..revoke_all(Chosen::Gateway(GATEWAY.into())) };
    let first = swept(&fixture, &wanted).await.unwrap();
    assert_eq!((first.count, first.changed.len()), (confirm, BATCH_MAX));
    wanted.after = first.next;
    let second = swept(&fixture, &wanted).await.unwrap();
    assert_eq!((second.count, second.changed.len(), second.next), (None, 3, None));
    let mut all: Vec<Serial> = first.changed.into_iter().chain(second.changed).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    let events = fixture.events().await;
    let revoked = events.iter().filter(|event| event.kind == "certificate.revoked").count();
    assert_eq!(revoked, count);
}

#[tokio::test]
async fn a_key_is_certified_once_unless_the_policy_says_otherwise() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let first = fixture.issue(&claim).await.unwrap();
    let other = Claim { transaction: "other".into(), ..claim.clone() };
    let serial = first.certificate.serial.clone();
    let policy = "Mosyle enrollment".to_owned();
    let refusal = fixture.issue(&other).await.unwrap_err();
    assert_eq!(refusal, Refusal::KeyInUse { serial: serial.clone(), policy });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-KEY-IN-USE"));
    // On hold it is in use; revoked it is not.
    hold(&fixture.app, &owner(), &serial).await.unwrap();
    assert_eq!(fixture.issue(&other).await.unwrap_err().code(), "ENR-KEY-IN-USE");
    revoke(&fixture.app, &owner(), &serial, REASON).await.unwrap();
    fixture.issue(&other).await.unwrap();
    let mut document = mosyle();
    document["enrollment_policy"][0]["settings"]["key_reuse"] = json!(true);
    fixture.apply(application(document)).await.unwrap();
    let third = Claim { transaction: "third".into(), ..claim };
    fixture.issue(&third).await.unwrap();
}

#[tokio::test]
async fn a_key_that_others_may_know_is_never_certified_again() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["enrollment_policy"][0]["settings"]["key_reuse"] = json!(true);
    fixture.apply(application(document)).await.unwrap();
    let claim = fixture.claim();
    let serial = fixture.issue(&claim).await.unwrap().certificate.serial;
    let reason = RevocationReason::KeyCompromise;
    revoke(&fixture.app, &owner(), &serial, reason).await.unwrap();
    // Also not long after the certificate is over.
    for days in [0, 1, 800] {
        fixture.set_clock(NOW.plus_days(days));
        let refusal = fixture.issue(&claim).await.unwrap_err();
        assert_eq!(refusal, Refusal::KeyBlocked { serial: serial.clone() });
    }
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-KEY-BLOCKED"));
}

#[tokio::test]
async fn what_a_revoked_authority_signed_is_worth_nothing() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let rules = fixture.app.snapshot.rules();
    let authority = rules.authority("Example School SCEP CA").unwrap().current.chain[0].clone();
    revoke(&fixture.app, &owner(), &authority.serial, REASON).await.unwrap();
    assert_eq!(refused(&fixture, &certificate).as_deref(), Some("CERT-AUTHORITY-REVOKED"));
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    let authority = authority.subject.to_string();
    assert_eq!(refusal, Refusal::AuthorityRevoked { authority, at: NOW });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("CERT-AUTHORITY-REVOKED"));
}
