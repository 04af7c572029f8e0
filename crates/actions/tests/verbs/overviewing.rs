//! `overview::show` and `access_point::knocking`: the figures are those of what happened, and only
//! who may see what they are of is told.

use actions::access_point;
use actions::overview;
use actions::visit;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::overview::Overview;
use domain::refusal::Refusal;
use domain::token::Token;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;
use crate::visits::device;
use crate::visits::stand;

/// Somebody who may do this and nothing else.
fn narrow(scopes: &[Permission]) -> Actor {
    owner().by_token(&Token {
        id: "abcdefghijkm".into(),
        name: "narrow".into(),
        administrator: "Ann".into(),
        scopes: scopes.to_vec(),
        addresses: vec![],
        created_at: Time(0),
        expires_at: Time(1),
        last_used_at: None,
    })
}

async fn show(fixture: &Fixture) -> Overview {
    fixture.app.snapshot.journal().flush().await;
    overview::show(&fixture.app, &owner()).await.unwrap()
}

/// One device enrolls and joins, another shows no certificate.
async fn play(fixture: &Fixture) {
    let certificate = device(fixture).await;
    let visit = stand(fixture, &certificate, NOW).unwrap();
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    visit::enter(&fixture.app.snapshot, &visit, &leave);
    visit::refuse(&fixture.app.snapshot, &visit.place, None, &Refusal::CertificateMissing);
}

#[tokio::test]
async fn what_happened_is_in_the_figures() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    let shown = show(&fixture).await;
    let activity = shown.activity.unwrap();
    for stretch in [&activity.day, &activity.month] {
        let last = stretch.authentications.last().unwrap();
        assert_eq!((last.accepted, last.refused), (1, 1));
        let last = stretch.enrollments.last().unwrap();
        assert_eq!((last.accepted, last.refused), (1, 0));
        let [reason] = &stretch.refusals[..] else { panic!("{:?}", stretch.refusals) };
        assert_eq!((reason.code.as_str(), reason.events), ("TLS-NO-CERTIFICATE", 1));
    }
    assert_eq!((activity.day.authentications.len(), activity.month.enrollments.len()), (24, 30));
    let certificates = shown.certificates.unwrap();
    assert_eq!(certificates.in_use, 1);
    assert_eq!(certificates.ends.iter().map(|end| end.certificates).sum::<u64>(), 1);
    assert_eq!(shown.findings.unwrap(), []);
}

#[tokio::test]
async fn authorities_are_told_as_a_tree_with_what_they_signed() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    let authorities = show(&fixture).await.authorities.unwrap();
    let told: Vec<(u32, Option<&str>, Option<u64>)> =
        authorities.iter().map(|one| (one.depth, one.issuer.as_deref(), one.in_use)).collect();
    assert!(told.contains(&(0, None, Some(0))), "{told:?}");
    let issuing: Vec<_> = authorities.iter().filter(|one| one.in_use == Some(1)).collect();
    assert_eq!(issuing.len(), 1);
    assert_eq!(issuing[0].depth, 1);
    assert_eq!(issuing[0].over_percent, 0);
}

#[tokio::test]
async fn what_an_administrator_changed_shows_at_once_and_the_rest_soon() {
    let fixture = Fixture::mosyle().await;
    let silent = show(&fixture).await.findings.unwrap();
    assert!(silent.iter().any(|one| one.code == "DOC-ACCESS-POINT-SILENT"), "{silent:?}");
    play(&fixture).await;
    // Not worked out anew yet.
    assert_eq!(show(&fixture).await.findings.unwrap(), silent);
    let mut document = mosyle();
    document["access_point"][0]["description"] = json!("In the hall");
    fixture.apply(application(document)).await.unwrap();
    assert_eq!(show(&fixture).await.findings.unwrap(), []);
    // After a while nothing of before is told any more.
    let unknown = Refusal::AccessPointUnknown { address: "192.0.2.9".into() };
    visit::dropped(&fixture.app.snapshot, "192.0.2.9", &unknown, 1);
    fixture.set_clock(NOW.plus_seconds(3600));
    let codes: Vec<String> =
        show(&fixture).await.findings.unwrap().into_iter().map(|one| one.code).collect();
    assert_eq!(codes, ["DOC-ADDRESS-UNKNOWN"]);
}

#[tokio::test]
async fn everybody_is_told_what_they_may_see() {
    let fixture = Fixture::mosyle().await;
    play(&fixture).await;
    fixture.app.snapshot.journal().flush().await;
    for (scopes, told) in [
        (&[Permission::EventRead][..], [false, true, false, false]),
        (&[Permission::OrganizationRead], [false, false, false, true]),
        (&[Permission::CertificateRead], [false, false, true, false]),
        (&[Permission::EventRead, Permission::OrganizationRead], [true, true, false, true]),
    ] {
        let shown = overview::show(&fixture.app, &narrow(scopes)).await.unwrap();
        let parts = [
            shown.findings.is_some(),
            shown.activity.is_some(),
            shown.certificates.is_some(),
            shown.authorities.is_some(),
        ];
        assert_eq!(parts, told, "{scopes:?}");
        let counts = shown.authorities.unwrap_or_default();
        assert!(counts.iter().all(|authority| authority.in_use.is_none()));
    }
    for actor in [
        Actor::gateway("Mosyle"),
        Actor::access_point("Loopback"),
        narrow(&[Permission::InventoryRead]),
    ] {
        let refusal = overview::show(&fixture.app, &actor).await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
}

fn knock(fixture: &Fixture, address: &str, packets: u64, sender: Value) {
    let refusal = Refusal::AccessPointUnknown { address: address.into() };
    let sender: Map<String, Value> = sender.as_object().unwrap().clone();
    visit::dropped_of(&fixture.app.snapshot, (address, &sender), &refusal, packets);
}

#[tokio::test]
async fn who_knocks_is_told_until_it_is_an_access_point() {
    let fixture = Fixture::mosyle().await;
    knock(&fixture, "192.0.2.9", 1, json!({ "nas_identifier": "hall", "nas_address": "10.0.0.9" }));
    knock(&fixture, "192.0.2.9", 5, json!({}));
    knock(&fixture, "192.0.2.10", 1, json!({ "called_station": "00-11-22-33-44-55:School" }));
    fixture.app.snapshot.journal().flush().await;
    let knocks = access_point::knocking(&fixture.app, &owner()).await.unwrap();
    let told: Vec<(&str, u64)> =
        knocks.iter().map(|knock| (knock.address.as_str(), knock.packets)).collect();
    assert_eq!(told, [("192.0.2.10", 1), ("192.0.2.9", 6)]);
    assert_eq!(knocks[0].called_station.as_deref(), Some("00-11-22-33-44-55:School"));
    assert_eq!(knocks[1].nas_identifier.as_deref(), Some("hall"));
    let mut document = mosyle();
    let added = json!({
        "name": "Hall", "address": "192.0.2.9", "shared_secret": "long enough to be one",
    });
    document["access_point"].as_array_mut().unwrap().push(added);
    fixture.apply(application(document)).await.unwrap();
    let knocks = access_point::knocking(&fixture.app, &owner()).await.unwrap();
    assert_eq!(knocks.len(), 1);
    assert_eq!(knocks[0].address, "192.0.2.10");
    // A day later nobody knocks any more.
    fixture.set_clock(NOW.plus_seconds(2 * 86_400));
    assert_eq!(access_point::knocking(&fixture.app, &owner()).await.unwrap(), []);
}

#[tokio::test]
async fn every_address_that_knocks_all_day_is_told() {
    let fixture = Fixture::mosyle().await;
    // Fifty never rest for a day: far more events than one page of them holds. Others came once.
    let (steady, hours) = (50_u64, 24_u64);
    for hour in 0..hours {
        fixture.set_clock(NOW.plus_seconds(i64::try_from(hour).unwrap() * 3600));
        for number in 0..steady {
            knock(&fixture, &format!("192.0.2.{number}"), 60, json!({}));
        }
        if hour == 1 {
            knock(&fixture, "198.51.100.7", 1, json!({ "nas_identifier": "cellar" }));
        }
        fixture.app.snapshot.journal().flush().await;
    }
    let knocks = access_point::knocking(&fixture.app, &owner()).await.unwrap();
    assert_eq!(knocks.len(), 51);
    assert!(knocks.iter().take(50).all(|knock| knock.packets == 60 * hours), "{knocks:?}");
    let last = knocks.last().unwrap();
    assert_eq!((last.address.as_str(), last.packets), ("198.51.100.7", 1));
    assert_eq!(last.nas_identifier.as_deref(), Some("cellar"));
}

#[tokio::test]
async fn only_who_may_see_events_and_the_organization_hears_who_knocks() {
    let fixture = Fixture::mosyle().await;
    for actor in [
        Actor::gateway("Mosyle"),
        narrow(&[Permission::EventRead]),
        narrow(&[Permission::OrganizationRead]),
    ] {
        let refusal = access_point::knocking(&fixture.app, &actor).await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
}
