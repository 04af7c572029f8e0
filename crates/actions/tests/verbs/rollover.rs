//! Renewing authorities: the new key signs, what the earlier ones signed stays, and nobody renews
//! twice by accident.

use std::sync::Arc;

use actions::certificate_authority::listing;
use actions::certificate_authority::renewal;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::Usage;
use pki::certificate::Certificate;
use pki::oid;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const ROOT: &str = "Example School Root CA";
const ISSUER: &str = "Example School SCEP CA";

async fn device(fixture: &Fixture) -> Certificate {
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    Certificate::parse(&issued.der).unwrap()
}

fn chain(fixture: &Fixture, name: &str) -> Vec<Certificate> {
    fixture.app.snapshot.rules().authority(name).unwrap().current.chain.clone()
}

async fn refused(fixture: &Fixture, name: &str) -> &'static str {
    let refusal = renewal::renew(&fixture.app, &owner(), name).await.unwrap_err();
    assert_eq!(fixture.newest_code().await.as_deref(), Some(refusal.code()));
    refusal.code()
}

#[tokio::test]
async fn a_renewed_authority_signs_with_its_new_key_and_keeps_what_the_old_one_signed() {
    let fixture = Fixture::mosyle().await;
    let (before, first) = (chain(&fixture, ISSUER), device(&fixture).await);
    let shown = renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    let after = chain(&fixture, ISSUER);
    assert_eq!(after[0].subject, before[0].subject);
    assert_eq!(after[0].basic_constraints(), before[0].basic_constraints());
    assert_eq!(after[0].extended_key_usages(), [oid::CLIENT_AUTH, oid::OCSP_SIGNING]);
    assert!(!after[0].public_key.is_same_key(&before[0].public_key));
    assert_eq!(after[1], before[1]);
    let slugs: Vec<&str> = shown.generations.iter().map(|one| one.slug.as_str()).collect();
    assert_eq!(slugs, ["example-school-scep-ca-2", "example-school-scep-ca"]);
    assert_eq!(shown.generations[0].serial, after[0].serial);
    let second = device(&fixture).await;
    second.verify_signed_by(&after[0].public_key).unwrap();
    // A program that reads it all anew, and one that was told, know the same.
    for program in [&fixture, &fixture.beside().await] {
        for certificate in [&first, &second] {
            visit::stand(&program.app.snapshot, certificate, NOW).unwrap();
        }
        let rules = program.app.snapshot.rules();
        let anchors: Vec<&Certificate> =
            rules.anchors().filter(|(name, _)| *name == ISSUER).map(|(_, own)| own).collect();
        assert_eq!(anchors, [&after[0], &before[0]]);
    }
}

#[tokio::test]
async fn the_record_of_a_certificate_says_which_key_signed_it() {
    let fixture = Fixture::mosyle().await;
    let generation = async |serial| {
        let kept = actions::certificate::show(&fixture.app, &owner(), serial).await.unwrap();
        (kept.certificate.authority, kept.certificate.generation)
    };
    let first = device(&fixture).await;
    renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    let second = device(&fixture).await;
    assert_eq!(generation(&first.serial).await, (ISSUER.to_owned(), 1));
    assert_eq!(generation(&second.serial).await, (ISSUER.to_owned(), 2));
    // The root's first key signed the new certificate, and its second signs itself.
    let own = chain(&fixture, ISSUER);
    assert_eq!(generation(&own[0].serial).await, (ROOT.to_owned(), 1));
    renewal::renew(&fixture.app, &owner(), ROOT).await.unwrap();
    let root = chain(&fixture, ROOT);
    assert_eq!(generation(&root[0].serial).await, (ROOT.to_owned(), 2));
    renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    let own = chain(&fixture, ISSUER);
    assert_eq!(generation(&own[0].serial).await, (ROOT.to_owned(), 2));
    assert_eq!(own[1], root[0]);
    let rules = fixture.app.snapshot.rules();
    let registration = &rules.authority(ISSUER).unwrap().registration;
    assert_eq!(generation(&registration[0].certificate.serial).await, (ISSUER.to_owned(), 3));
}

#[tokio::test]
async fn a_renewed_authority_gets_a_registration_key_and_keeps_the_old_ones_for_a_while() {
    let fixture = Fixture::mosyle().await;
    let newest = |fixture: &Fixture| {
        let rules = fixture.app.snapshot.rules();
        let authority = rules.authority(ISSUER).unwrap();
        let registration = authority.registration[0].certificate.clone();
        registration.verify_signed_by(&authority.current.chain[0].public_key).unwrap();
        (registration, authority.registration.len())
    };
    let (mut last, _) = newest(&fixture);
    for count in 2..=5 {
        renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
        let (registration, kept) = newest(&fixture);
        assert_ne!(registration, last);
        assert_eq!(kept, count.min(actions::rules::RA_KEYS_MAX));
        last = registration;
    }
}

#[tokio::test]
async fn a_renewed_root_leaves_those_below_it_as_they_are() {
    let fixture = Fixture::mosyle().await;
    let (before, first) = (chain(&fixture, ISSUER), device(&fixture).await);
    renewal::renew(&fixture.app, &owner(), ROOT).await.unwrap();
    assert_ne!(chain(&fixture, ROOT)[0], before[1]);
    assert_eq!(chain(&fixture, ROOT)[0].subject, before[1].subject);
    assert_eq!(chain(&fixture, ISSUER), before);
    let second = device(&fixture).await;
    for certificate in [first, second] {
        visit::stand(&fixture.app.snapshot, &certificate, NOW).unwrap();
    }
}

/// What devices are shown does not change before a new server certificate is made.
#[tokio::test]
async fn a_renewed_radius_authority_leaves_the_server_certificate_until_that_is_made_anew() {
    let fixture = Fixture::mosyle().await;
    let name = "Example School RADIUS CA";
    let serial = |fixture: &Fixture| {
        let rules = fixture.app.snapshot.rules();
        let server = rules.server().unwrap().identity.certificate.clone();
        let signer = rules.authority(name).unwrap().signer_of(&server).unwrap().number;
        (server.serial, signer)
    };
    let before = serial(&fixture);
    renewal::renew(&fixture.app, &owner(), name).await.unwrap();
    assert_eq!(serial(&fixture), before);
    let mut document = mosyle();
    document["server_certificate"][0]["validity_days"] = json!(90);
    fixture.apply(application(document)).await.unwrap();
    assert_eq!((before.1, serial(&fixture).1), (1, 2));
}

/// The way out when a key is no longer trusted: revoke what it has, and renew.
#[tokio::test]
async fn a_revoked_key_is_replaced_and_what_it_signed_is_out() {
    let fixture = Fixture::mosyle().await;
    let (before, first) = (chain(&fixture, ISSUER), device(&fixture).await);
    let reason = RevocationReason::KeyCompromise;
    let serial = &before[0].serial;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "CERT-AUTHORITY-REVOKED");
    let shown = renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    let status: Vec<Option<Status>> = shown.generations.iter().map(|one| one.status).collect();
    assert_eq!(status, [Some(Status::Issued), Some(Status::Revoked)]);
    let second = device(&fixture).await;
    visit::stand(&fixture.app.snapshot, &second, NOW).unwrap();
    let refusal = visit::stand(&fixture.app.snapshot, &first, NOW).unwrap_err();
    assert_eq!(refusal.code(), "CERT-AUTHORITY-REVOKED");
}

#[tokio::test]
async fn a_renewal_is_on_record_with_what_it_made() {
    let fixture = Fixture::mosyle().await;
    let before = chain(&fixture, ISSUER)[0].serial.to_string();
    renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    let serial = chain(&fixture, ISSUER)[0].serial.to_string();
    let mut events = fixture.events().await;
    events.truncate(3);
    let made = events.iter().filter(|event| event.kind == "certificate.made");
    let usages: Vec<&Value> = made.map(|event| &event.details["usage"]).collect();
    assert_eq!(usages, [Usage::Registration.as_str(), Usage::Authority.as_str()]);
    let event = events.iter().find(|event| event.kind == "authority.renewed").unwrap();
    assert_eq!(event.object, format!("certificate_authority:{ISSUER}"));
    assert_eq!(event.actor, owner().name());
    assert_eq!(event.details["serial"], serial);
    assert_eq!(event.details["serial_before"], before);
    assert_eq!(event.details["generation"], 2);
    assert_eq!(event.details["slug"], "example-school-scep-ca-2");
}

#[tokio::test]
async fn who_may_not_renew_and_what_cannot_be_renewed_is_refused() {
    let fixture = Fixture::mosyle().await;
    for actor in [Actor::gateway("Mosyle"), Actor::access_point("Loopback")] {
        let refusal = renewal::renew(&fixture.app, &actor, ISSUER).await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
        assert_eq!(
            listing::list(&fixture.app, &actor, None, 1).unwrap_err().code(),
            refusal.code()
        );
        assert_eq!(listing::show(&fixture.app, &actor, ROOT).unwrap_err().code(), refusal.code());
    }
    assert_eq!(refused(&fixture, "nobody").await, "API-NOT-FOUND");
    for (place, name) in [(1, ISSUER), (0, ISSUER), (0, ROOT)] {
        let mut document = mosyle();
        document["certificate_authority"][place]["disabled"] = json!(true);
        fixture.apply(application(document)).await.unwrap();
        assert_eq!(refused(&fixture, name).await, "ENR-AUTHORITY-DISABLED");
        let mut document = mosyle();
        document["certificate_authority"][place]["disabled"] = json!(false);
        fixture.apply(application(document)).await.unwrap();
    }
    let end = chain(&fixture, ROOT)[0].not_after;
    fixture.set_clock(end.plus_seconds(1));
    assert_eq!(refused(&fixture, ISSUER).await, "ENR-AUTHORITY-EXPIRED");
    // A root needs nobody.
    renewal::renew(&fixture.app, &owner(), ROOT).await.unwrap();
    renewal::renew(&fixture.app, &owner(), ISSUER).await.unwrap();
    assert_eq!(chain(&fixture, ISSUER)[0].not_before, end.plus_seconds(1));
}

fn alone(name: &str, slug: &str) -> Value {
    json!({ "certificate_authority": [{
        "name": name, "slug": slug, "type": "root", "key": "ecdsa-p256",
        "generate_ca_for": "radsec",
    }] })
}

#[tokio::test]
async fn addresses_of_keys_never_meet() {
    let fixture = Fixture::empty().await;
    fixture.apply(application(alone("X", "x"))).await.unwrap();
    fixture.apply(application(alone("Other", "x-2"))).await.unwrap();
    let refusal = renewal::renew(&fixture.app, &owner(), "X").await.unwrap_err();
    assert_eq!(refusal.code(), "API-SLUG-TAKEN");
    assert!(refusal.sentence().contains("Other"), "{refusal}");
    fixture.apply(application(alone("Other", "y"))).await.unwrap();
    renewal::renew(&fixture.app, &owner(), "X").await.unwrap();
    // And nobody takes the address of a second key.
    let complaint = fixture.complaints(alone("Third", "x-2")).await.swap_remove(0);
    assert_eq!(complaint.path, "certificate_authority[0].slug");
    assert!(complaint.what.contains("\"X\""), "{complaint}");
    fixture.complaints(alone("Other", "x-2")).await;
    // A dry run says so too.
    let mut dry = application(alone("Third", "x-2"));
    dry.dry_run = true;
    fixture.apply(dry).await.unwrap_err();
}

#[tokio::test]
async fn an_authority_has_no_more_keys_than_are_kept() {
    let fixture = Fixture::empty().await;
    fixture.apply(application(alone("X", "x"))).await.unwrap();
    for _ in 1..renewal::KEYS_MAX {
        renewal::renew(&fixture.app, &owner(), "X").await.unwrap();
    }
    assert_eq!(refused(&fixture, "X").await, "API-PARAMETER");
    let shown = listing::show(&fixture.app, &owner(), "X").unwrap();
    assert_eq!(shown.generations.len(), 16);
    assert_eq!(shown.generations[0].number, 16);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_renewals_at_once_one_is_made() {
    let fixture = Arc::new(Fixture::empty().await);
    fixture.apply(application(alone("X", "x"))).await.unwrap();
    let other = Arc::new(fixture.beside().await);
    let racers: Vec<_> = (0..8)
        .map(|number| {
            let fixture = Arc::clone(if number % 2 == 0 { &fixture } else { &other });
            tokio::spawn(async move { renewal::renew(&fixture.app, &owner(), "X").await })
        })
        .collect();
    let mut done = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => done += 1,
            Err(refusal) => assert_eq!(refusal.code(), "API-CONFLICT", "{refusal}"),
        }
    }
    let third = fixture.beside().await;
    let shown = listing::show(&third.app, &owner(), "X").unwrap();
    // One that asked after another had answered meant the next.
    assert!(done >= 1);
    assert_eq!(shown.generations.len(), 1 + done);
}

#[tokio::test]
async fn a_list_goes_on_where_a_page_ended() {
    let fixture = Fixture::mosyle().await;
    let list = |cursor: Option<&str>, limit| listing::list(&fixture.app, &owner(), cursor, limit);
    let names = |page: &actions::certificate::Page<listing::Shown>| {
        page.items.iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    let first = list(None, 2).unwrap();
    assert_eq!(
        (names(&first), first.next.as_deref()),
        (vec![ROOT.into(), ISSUER.into()], Some(ISSUER))
    );
    let second = list(first.next.as_deref(), 2).unwrap();
    assert_eq!((names(&second), second.next), (vec!["Example School RADIUS CA".into()], None));
    assert_eq!(list(Some("nobody"), 2).unwrap_err().code(), "API-PARAMETER");
    assert!(first.items[0].generations[0].chain.is_none());
    let shown = listing::show(&fixture.app, &owner(), ISSUER).unwrap();
    assert_eq!(shown.generations[0].chain.as_ref().unwrap().len(), 2);
}
