//! Revoking and listing.

use std::pin::pin;

use actions::certificate::list;
use actions::certificate::revocation::revoke;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::search::Search;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::certificate::Serial;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;
use crate::fixture::until;

/// Every certificate, newest first.
const ALL: Search = Search { start: None, status: None, authority: None, gateway: None };

const REASON: RevocationReason = RevocationReason::KeyCompromise;

#[tokio::test]
async fn a_certificate_is_revoked_once() {
    let fixture = Fixture::mosyle().await;
    let serial = fixture.issue(&fixture.claim()).await.unwrap().certificate.serial;
    let revoked = revoke(&fixture.app, &owner(), &serial, REASON).await.unwrap();
    assert_eq!((revoked.status, revoked.revoked_at), (Status::Revoked, Some(NOW)));
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.kind, "certificate.revoked");
    assert_eq!(event.details["revocation_reason"], "keyCompromise");
    fixture.set_clock(NOW.plus_days(1));
    let refusal = revoke(&fixture.app, &owner(), &serial, REASON).await.unwrap_err();
    assert_eq!(refusal, Refusal::AlreadyRevoked { serial: serial.clone(), at: NOW });
    let kept = actions::certificate::show(&fixture.app, &owner(), &serial).await.unwrap();
    assert_eq!(kept.certificate.revoked_at, Some(NOW));
}

#[tokio::test]
async fn what_cannot_be_revoked_is_refused_and_on_record() {
    let fixture = Fixture::mosyle().await;
    let unknown = Serial::from_random([9; 16]);
    let refusal = revoke(&fixture.app, &owner(), &unknown, REASON).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-NOT-FOUND"));
    let rules = fixture.app.snapshot.rules();
    // Nobody stands above a root.
    let root = rules.authority("Example School Root CA").unwrap().current.chain[0].serial.clone();
    let refusal = revoke(&fixture.app, &owner(), &root, REASON).await.unwrap_err();
    assert_eq!(refusal.code(), "API-PARAMETER");
    let serial = fixture.issue(&fixture.claim()).await.unwrap().certificate.serial;
    let actor = Actor::gateway("Mosyle");
    let refusal = revoke(&fixture.app, &actor, &serial, REASON).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-NOT-PERMITTED"));
}

#[tokio::test]
async fn of_two_revocations_at_once_one_is_done() {
    let fixture = Fixture::mosyle().await;
    let serial = fixture.issue(&fixture.claim()).await.unwrap().certificate.serial;
    let actor = owner();
    let (one, other) = tokio::join!(
        revoke(&fixture.app, &actor, &serial, REASON),
        revoke(&fixture.app, &actor, &serial, RevocationReason::Superseded),
    );
    assert!(one.is_ok() != other.is_ok());
    let refusal = one.err().or(other.err()).unwrap();
    assert!(["API-CONFLICT", "API-ALREADY-REVOKED"].contains(&refusal.code()), "{refusal}");
}

/// Whoever asked may go away at any moment, as when a command is interrupted: what is revoked on
/// disk is then revoked for logins too.
#[tokio::test]
async fn a_revocation_that_is_given_up_counts_once_it_is_on_disk() {
    let fixture = Fixture::mosyle().await;
    // Often, since the moment between disk and memory is short.
    for _ in 0..30 {
        give_up(&fixture).await;
    }
}

async fn give_up(fixture: &Fixture) {
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let (serial, actor) = (&certificate.serial, owner());
    {
        let mut asked = pin!(revoke(&fixture.app, &actor, serial, REASON));
        let on_disk = async || {
            let kept = actions::certificate::show(&fixture.app, &actor, serial).await.unwrap();
            kept.certificate.status == Status::Revoked
        };
        while !on_disk().await {
            tokio::select! {
                biased;
                answer = &mut asked => drop(answer),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    until("logins know it", || visit::stand(&fixture.app.snapshot, &certificate, NOW).is_err())
        .await;
}

#[tokio::test]
async fn pages_show_every_certificate_once() {
    let fixture = Fixture::mosyle().await;
    for _ in 0..5 {
        fixture.issue(&fixture.claim()).await.unwrap();
    }
    let all = list(&fixture.app, &owner(), &ALL, (None, 1000)).await.unwrap();
    assert_eq!(all.next, None);
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = list(&fixture.app, &owner(), &ALL, (cursor.as_deref(), 2)).await.unwrap();
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all.items);
    for cursor in ["", "x", "x.1", "99999999999999999999.1"] {
        let refusal = list(&fixture.app, &owner(), &ALL, (Some(cursor), 2)).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER", "{cursor}");
    }
    let actor = Actor::access_point("AP");
    assert!(list(&fixture.app, &actor, &ALL, (None, 2)).await.is_err());
}

#[tokio::test]
async fn pages_show_every_event_once_and_newest_first() {
    let fixture = Fixture::mosyle().await;
    fixture.set_clock(NOW.plus_days(1));
    fixture.issue(&fixture.claim()).await.unwrap();
    let all = fixture.events().await;
    assert_eq!(all[0].kind, "certificate.enrollment");
    let (mut seen, mut cursor): (_, Option<String>) = (Vec::new(), None);
    loop {
        let ask = actions::event::Ask { cursor: cursor.as_deref(), limit: 3, ..Default::default() };
        let page = actions::event::list(&fixture.app, &owner(), ask).await.unwrap();
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, all);
    let id = all[0].id.to_string();
    let shown = actions::event::show(&fixture.app, &owner(), &id).await.unwrap();
    assert_eq!(shown, all[0]);
    let missing = uuid::Uuid::max().to_string();
    for (id, code) in [("x", "API-PARAMETER"), (missing.as_str(), "API-NOT-FOUND")] {
        let refusal = actions::event::show(&fixture.app, &owner(), id).await.unwrap_err();
        assert_eq!(refusal.code(), code);
    }
    assert!(actions::event::show(&fixture.app, &Actor::gateway("x"), &id).await.is_err());
}
