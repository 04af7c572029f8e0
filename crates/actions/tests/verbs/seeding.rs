//! Certificates to measure with.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use actions::certificate::list;
use actions::certificate::show;
use actions::seed::AUTHORITY;
use actions::seed::CERTIFICATES_MAX;
use actions::seed::Order;
use actions::seed::seed;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::Status;
use domain::certificate::search::Field;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use domain::refusal::Refusal;
use pki::certificate::Certificate;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;

async fn made(fixture: &Fixture, certificates: u64, revoked: u64) -> Result<u64, Refusal> {
    let done = AtomicU64::new(0);
    let progress = |count| done.store(count, Ordering::Relaxed);
    seed(&fixture.app, &owner(), Order { certificates, revoked }, progress).await?;
    Ok(done.into_inner())
}

async fn seeded(fixture: &Fixture) -> Vec<domain::certificate::Certificate> {
    let start = Some(Start::parse(Field::Device, "seed-").unwrap());
    let search = Search { start, ..Search::default() };
    list(&fixture.app, &owner(), &search, (None, 1000)).await.unwrap().items
}

#[tokio::test]
async fn a_seed_is_of_real_certificates_and_as_many_are_revoked_as_were_asked_for() {
    let fixture = Fixture::empty().await;
    assert_eq!(made(&fixture, 40, 7).await.unwrap(), 40);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!((event.kind.as_str(), &event.details["revoked"]), ("certificate.seeded", &7.into()));
    let all = seeded(&fixture).await;
    assert_eq!(all.len(), 40);
    let rules = fixture.app.snapshot.rules();
    let authority = &rules.authority(AUTHORITY).unwrap().current.chain[0];
    let (mut revoked, mut reasons) = (0, Vec::new());
    for one in all {
        let der = show(&fixture.app, &owner(), &one.serial).await.unwrap().der.unwrap();
        let certificate = Certificate::parse(&der).unwrap();
        certificate.verify_signed_by(&authority.public_key).unwrap();
        let answer = visit::stand(&fixture.app.snapshot, &certificate, NOW.plus_days(1));
        match one.status {
            Status::Issued => assert_eq!(&*answer.unwrap().authority, AUTHORITY),
            Status::Revoked => {
                assert_eq!(answer.unwrap_err().code(), "CERT-REVOKED");
                revoked += 1;
                reasons.push(one.revocation_reason.unwrap().as_str());
            }
            Status::Intended | Status::Held => panic!("{one:?}"),
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!((revoked, reasons.len()), (7, 6));
}

#[tokio::test]
async fn a_second_seed_goes_on_with_the_next_names() {
    let fixture = Fixture::empty().await;
    made(&fixture, 3, 0).await.unwrap();
    made(&fixture, 2, 2).await.unwrap();
    let names: Vec<String> = seeded(&fixture).await.into_iter().filter_map(|c| c.device).collect();
    let expected: Vec<String> = (1..=5).map(|number| format!("SEED-{number:08}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_seed_of_several_chunks_is_complete() {
    let fixture = Fixture::empty().await;
    assert_eq!(made(&fixture, 4097, 4097).await.unwrap(), 4097);
    let search = Search { status: Some(Status::Revoked), ..Search::default() };
    let (mut count, mut cursor) = (0, None::<String>);
    loop {
        let page = (cursor.as_deref(), 1000);
        let page = list(&fixture.app, &owner(), &search, page).await.unwrap();
        count += page.items.len();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(count, 4097);
}

#[tokio::test]
async fn a_seed_never_stands_beside_real_devices() {
    let fixture = Fixture::mosyle().await;
    made(&fixture, 1, 0).await.unwrap();
    let serial = fixture.issue(&fixture.claim()).await.unwrap().certificate.serial;
    let refusal = made(&fixture, 1, 0).await.unwrap_err();
    assert_eq!(refusal, Refusal::RealDevices { serial });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-REAL-DEVICES"));
    assert_eq!(seeded(&fixture).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_seeded_is_refused() {
    let fixture = Fixture::empty().await;
    for (certificates, revoked) in [(0, 0), (CERTIFICATES_MAX + 1, 0), (1, 2), (u64::MAX, u64::MAX)]
    {
        let refusal = made(&fixture, certificates, revoked).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER");
    }
    let order = Order { certificates: 1, revoked: 0 };
    let refusal = seed(&fixture.app, &Actor::gateway("x"), order, |_| {}).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    assert!(seeded(&fixture).await.is_empty());
}
