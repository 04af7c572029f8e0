//! What happened: lists of events by filter and order, and histories.

use actions::certificate::Page;
use actions::certificate::revocation;
use actions::device;
use actions::event;
use actions::event::Ask;
use actions::person;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::RevocationReason;
use domain::event::Shown;
use domain::event::listing::Order;
use domain::refusal::Refusal;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;
use crate::visits::stand;

const ALL: Ask<'_> = Ask { filter: "", order: Order::Newest, cursor: None, limit: 1000 };

/// What was listed, as kind and object.
fn kinds(page: &Page<Shown>) -> Vec<&str> {
    page.items.iter().map(|event| event.kind.as_str()).collect()
}

async fn list(fixture: &Fixture, filter: &str) -> Page<Shown> {
    fixture.app.snapshot.journal().flush().await;
    event::list(&fixture.app, &owner(), Ask { filter, ..ALL }).await.unwrap()
}

/// A person with a device that has enrolled, was let in, told of its session, and was revoked.
async fn lived() -> (Fixture, Serial) {
    let fixture = Fixture::mosyle().await;
    let app = &fixture.app;
    let told = json!({ "name": "Anna", "email": "anna@example.org" });
    person::create(app, &owner(), serde_json::from_value(told).unwrap()).await.unwrap();
    let told = json!({ "name": "mac-1", "serial": "C02XK1ZZJGH5", "owner": "Anna",
        "mac_addresses": ["02:00:00:00:00:01"] });
    device::create(app, &owner(), serde_json::from_value(told).unwrap()).await.unwrap();
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let place = Place {
        access_point: "Loopback".into(),
        calling_station: Some("02-00-00-00-00-01".into()),
        ..Place::default()
    };
    let visit = Visit { place: place.clone(), ..stand(&fixture, &certificate, NOW).unwrap() };
    let leave = visit::admit(&app.snapshot, &visit).unwrap();
    visit::enter(&app.snapshot, &visit, &leave);
    visit::report(&app.snapshot, &place, serde_json::Map::new());
    visit::refuse(&app.snapshot, &Place::default(), None, &Refusal::CertificateMissing);
    let reason = RevocationReason::Superseded;
    revocation::revoke(app, &owner(), &certificate.serial, reason).await.unwrap();
    (fixture, certificate.serial)
}

#[tokio::test]
async fn events_are_listed_by_what_is_asked_in_either_order() {
    let (fixture, serial) = lived().await;
    let found = list(&fixture, &format!("object:certificate:{serial}")).await;
    let expected = ["certificate.revoked", "network.access", "certificate.enrollment"];
    assert_eq!(kinds(&found), expected);
    let found = list(&fixture, "station:02-00-00-00-00-01").await;
    assert_eq!(kinds(&found), ["network.session", "network.access"]);
    let found = list(&fixture, "device:mac-* kind:network.*").await;
    assert_eq!(kinds(&found), ["network.access"]);
    let found = list(&fixture, "code:TLS-NO-CERTIFICATE since:1h").await;
    assert_eq!(kinds(&found), ["network.access"]);
    assert_eq!(list(&fixture, "until:1h").await.items, []);
    let oldest = Ask { order: Order::Oldest, ..ALL };
    let oldest = event::list(&fixture.app, &owner(), oldest).await.unwrap().items;
    let mut newest = list(&fixture, "").await.items;
    newest.reverse();
    assert_eq!(oldest, newest);
    // Behind an event, in the order in which they happened.
    let cursor = oldest[oldest.len() - 3].id.to_string();
    let ask = Ask { order: Order::Oldest, cursor: Some(&cursor), ..ALL };
    let rest = event::list(&fixture.app, &owner(), ask).await.unwrap();
    assert_eq!(rest.items, oldest[oldest.len() - 2..]);
    assert_eq!(rest.next, None);
}

#[tokio::test]
async fn a_filter_that_is_wrong_or_an_actor_who_may_not_is_refused() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    for ask in [
        Ask { filter: "color:red", ..ALL },
        Ask { filter: "kind:nothing", ..ALL },
        Ask { cursor: Some("x"), ..ALL },
    ] {
        let refusal = event::list(app, &owner(), ask).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER", "{ask:?}");
    }
    let gateway = Actor::gateway("Mosyle");
    let serial = Serial::from_random([7; 16]);
    assert!(event::list(app, &gateway, ALL).await.is_err());
    assert!(event::fields(&gateway).is_err());
    assert!(event::of_certificate(app, &gateway, &serial, ALL).await.is_err());
    assert!(event::of_device(app, &gateway, "mac-1", ALL).await.is_err());
    assert!(event::of_person(app, &gateway, "Anna", ALL).await.is_err());
    assert_eq!(event::fields(&owner()).unwrap().len(), 10);
}

#[tokio::test]
async fn a_history_tells_what_happened_to_something_and_with_it() {
    let (fixture, serial) = lived().await;
    let app = &fixture.app;
    app.snapshot.journal().flush().await;
    let certificate = event::of_certificate(app, &owner(), &serial, ALL).await.unwrap();
    let expected = ["certificate.revoked", "network.access", "certificate.enrollment"];
    assert_eq!(kinds(&certificate), expected);
    let device = event::of_device(app, &owner(), "C02XK1ZZJGH5", ALL).await.unwrap();
    let answers = ["network.session", "network.access", "certificate.enrollment"];
    assert_eq!(kinds(&device)[..3], answers);
    assert_eq!(kinds(&device).last(), Some(&"object.created"));
    let person = event::of_person(app, &owner(), "anna@example.org", ALL).await.unwrap();
    let expected = ["network.access", "certificate.enrollment", "object.created"];
    assert_eq!(kinds(&person), expected);
    // Page by page.
    let first = event::of_device(app, &owner(), "mac-1", Ask { limit: 1, ..ALL }).await.unwrap();
    assert_eq!(first.items, device.items[..1]);
    let next = Ask { cursor: first.next.as_deref(), ..ALL };
    let rest = event::of_device(app, &owner(), "mac-1", next).await.unwrap();
    assert_eq!(rest.items, device.items[1..]);
}

#[tokio::test]
async fn what_was_removed_has_a_history_and_what_never_was_has_none() {
    let (fixture, _) = lived().await;
    let app = &fixture.app;
    device::remove(app, &owner(), "mac-1").await.unwrap();
    app.snapshot.journal().flush().await;
    let removed = event::of_device(app, &owner(), "mac-1", ALL).await.unwrap();
    assert_eq!(kinds(&removed)[0], "object.removed");
    let missing = Serial::from_random([7; 16]);
    let refusal = event::of_certificate(app, &owner(), &missing, ALL).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
    let refusal = event::of_device(app, &owner(), "mac-2", ALL).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
    let refusal = event::of_person(app, &owner(), "Bert", ALL).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
}
