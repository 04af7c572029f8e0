//! A device's whole story, and how much of it each may know.

use actions::device;
use actions::device::story::tell;
use actions::person;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::network_policy::Access;
use pki::certificate::Certificate;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::limited;
use crate::fixture::owner;
use crate::visits::stand;

/// A device of the inventory that enrolled and joined.
async fn joined() -> (Fixture, Certificate) {
    let fixture = Fixture::mosyle().await;
    let anna = json!({"name": "Anna Smith", "email": "anna@example.org"});
    let anna = serde_json::from_value(anna).unwrap();
    person::create(&fixture.app, &owner(), anna).await.unwrap();
    let mac = json!({"name": "Mac", "serial": "C02XK1ZZJGH5", "owner": "anna@example.org"});
    let mac = serde_json::from_value(mac).unwrap();
    device::create(&fixture.app, &owner(), mac).await.unwrap();
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    let mut visit = stand(&fixture, &certificate, NOW).unwrap();
    visit.place.ssid = Some("Example-Secure".to_owned());
    visit.place.calling_station = Some("A4-83-E7-00-11-22".to_owned());
    let leave = actions::visit::admit(&fixture.app.snapshot, &visit).unwrap();
    actions::visit::enter(&fixture.app.snapshot, &visit, &leave);
    fixture.app.snapshot.journal().flush().await;
    (fixture, certificate)
}

#[tokio::test]
async fn a_story_has_all_there_is_to_say_of_a_device() {
    let (fixture, certificate) = joined().await;
    for text in ["Mac", "c02xk1zzjgh5"] {
        let story = tell(&fixture.app, &owner(), text).await.unwrap();
        assert_eq!(story.owner.as_ref().unwrap().name, "Anna Smith");
        assert_eq!(story.device.certificates.unwrap()[0].serial, certificate.serial);
        let sessions = story.sessions.unwrap();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0].details["vlan"], "20");
        let timeline: Vec<String> = story.timeline.unwrap().into_iter().map(|it| it.kind).collect();
        assert_eq!(timeline, ["network.access", "certificate.enrollment", "object.created"]);
        let last = story.last.unwrap();
        assert_eq!(last.access_point.as_deref(), Some("Loopback"));
        assert_eq!(last.ssid.as_deref(), Some("Example-Secure"));
        let answer = story.answer.unwrap();
        assert_eq!((answer.access, answer.vlan.as_deref()), (Access::Accept, Some("20")));
    }
}

#[tokio::test]
async fn the_answer_is_that_of_the_policies_of_now_at_the_place_of_now() {
    let (fixture, _) = joined().await;
    let document = json!({ "access_point": [
        { "name": "Lobby", "renamed_from": "Loopback", "address": "127.0.0.1/32" },
    ] });
    fixture.apply(application(document)).await.unwrap();
    let story = tell(&fixture.app, &owner(), "Mac").await.unwrap();
    assert_eq!(story.last.unwrap().access_point.as_deref(), Some("Lobby"));
    let mut document = crate::fixture::mosyle();
    document["network_policy"][0]["settings"] = json!({ "access": "refuse" });
    let document = json!({ "network_policy": document["network_policy"] });
    fixture.apply(application(document)).await.unwrap();
    let story = tell(&fixture.app, &owner(), "Mac").await.unwrap();
    let answer = story.answer.unwrap();
    assert_eq!(answer.access, Access::Refuse);
    assert_eq!(answer.reason.unwrap().code, "POL-REFUSED");
}

#[tokio::test]
async fn a_device_without_a_past_has_a_short_story() {
    let fixture = Fixture::mosyle().await;
    let told = serde_json::from_value(json!({"name": "New"})).unwrap();
    device::create(&fixture.app, &owner(), told).await.unwrap();
    let story = tell(&fixture.app, &owner(), "New").await.unwrap();
    assert_eq!((story.sessions, story.last, story.owner), (Some(Vec::new()), None, None));
    assert_eq!(story.answer.unwrap().reason.unwrap().code, "TLS-NO-CERTIFICATE");
    let refusal = tell(&fixture.app, &owner(), "Nobody's").await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
}

#[tokio::test]
async fn of_a_story_everybody_is_told_what_they_may_see() {
    let (fixture, _) = joined().await;
    let inventory = Permission::InventoryRead;
    let story = tell(&fixture.app, &limited(&[inventory]), "Mac").await.unwrap();
    assert!(story.device.certificates.is_none() && story.sessions.is_none());
    assert!(story.timeline.is_none() && story.answer.is_none() && story.last.is_none());
    let story =
        tell(&fixture.app, &limited(&[inventory, Permission::EventRead]), "Mac").await.unwrap();
    assert!(story.sessions.is_some() && story.answer.is_none());
    for actor in [limited(&[Permission::EventRead]), Actor::gateway("Mosyle")] {
        let refusal = tell(&fixture.app, &actor, "Mac").await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
}
