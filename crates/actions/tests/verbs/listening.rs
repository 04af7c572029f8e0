//! `live::subscribe`: whoever listens is told of everything once, as far as they may see it.

use core::time::Duration;

use actions::live;
use actions::live::BEHIND_MAX;
use actions::live::LISTENERS_MAX;
use actions::live::News;
use actions::live::OF_ACTOR_MAX;
use actions::live::Subscription;
use actions::visit;
use domain::actor::Actor;
use domain::actor::Role;
use domain::event::Shown;
use domain::refusal::Refusal;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::owner;

/// How long anything may take; a hundred times what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

async fn listen(fixture: &Fixture, filter: &str) -> Subscription {
    live::subscribe(&fixture.app, &owner(), filter).await.unwrap()
}

async fn next(subscription: &mut Subscription) -> Option<News> {
    tokio::time::timeout(PATIENCE, subscription.next()).await.unwrap()
}

async fn event(subscription: &mut Subscription) -> Shown {
    match next(subscription).await {
        Some(News::Event(shown)) => *shown,
        other => panic!("not an event: {other:?}"),
    }
}

fn knock(fixture: &Fixture, address: &str) {
    let refusal = Refusal::AccessPointUnknown { address: address.into() };
    visit::dropped(&fixture.app.snapshot, address, &refusal, 1);
}

fn device(name: &str) -> domain::device::told::Told {
    serde_json::from_value(json!({ "name": name })).unwrap()
}

async fn add(fixture: &Fixture, name: &str) {
    actions::device::create(&fixture.app, &owner(), device(name)).await.unwrap();
}

#[tokio::test]
async fn changes_and_answers_are_told_as_they_come() {
    let fixture = Fixture::mosyle().await;
    let mut all = listen(&fixture, "").await;
    let mut changes = listen(&fixture, "kind:object.created").await;
    knock(&fixture, "192.0.2.9");
    assert_eq!(event(&mut all).await.kind, "radius.dropped");
    add(&fixture, "mac-1").await;
    for subscription in [&mut all, &mut changes] {
        let told = event(subscription).await;
        assert_eq!((told.kind.as_str(), told.object.as_str()), ("object.created", "device:mac-1"));
    }
    assert_eq!(fixture.events().await[0].object, "device:mac-1");
}

#[tokio::test]
async fn what_another_program_did_is_told_once() {
    let fixture = Fixture::mosyle().await;
    let beside = fixture.beside().await;
    let mut here = listen(&fixture, "kind:object.created").await;
    let mut there = listen(&beside, "kind:object.created").await;
    for number in 0..5 {
        let (one, other) = (format!("mac-{number}"), format!("pc-{number}"));
        tokio::join!(add(&fixture, &one), add(&beside, &other));
        for subscription in [&mut here, &mut there] {
            let mut told = [event(subscription).await.object, event(subscription).await.object];
            told.sort();
            assert_eq!(told, [format!("device:{one}"), format!("device:{other}")]);
        }
    }
}

#[tokio::test]
async fn who_may_not_see_administrators_is_told_only_that_something_became_of_one() {
    let fixture = Fixture::mosyle().await;
    let helpdesk = Actor::administrator("Eve", Role::Helpdesk);
    let mut seen =
        live::subscribe(&fixture.app, &helpdesk, "object:administrator:*").await.unwrap();
    let mut whole = listen(&fixture, "object:administrator:*").await;
    let told = serde_json::from_value(json!({ "name": "Ann", "role": "owner" })).unwrap();
    actions::administrator::create(&fixture.app, &owner(), told).await.unwrap();
    assert!(event(&mut seen).await.details.is_empty());
    assert!(!event(&mut whole).await.details.is_empty());
}

#[tokio::test]
async fn only_who_may_see_events_listens_and_by_a_filter_that_is_one() {
    let fixture = Fixture::mosyle().await;
    for actor in [Actor::gateway("Mosyle"), Actor::access_point("Loopback")] {
        let refusal = live::subscribe(&fixture.app, &actor, "").await.unwrap_err();
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
    let refusal = live::subscribe(&fixture.app, &owner(), "colour:red").await.unwrap_err();
    assert_eq!(refusal.code(), "API-PARAMETER");
    assert_eq!(fixture.app.live.listeners(), 0);
}

#[tokio::test]
async fn no_more_listen_than_there_is_room_for() {
    let fixture = Fixture::mosyle().await;
    let mut all = Vec::new();
    for number in 0..LISTENERS_MAX {
        let actor = Actor::owner(format!("administrator {}", number / OF_ACTOR_MAX));
        all.push(live::subscribe(&fixture.app, &actor, "").await.unwrap());
    }
    assert_eq!(fixture.app.live.listeners(), LISTENERS_MAX);
    let refusal = live::subscribe(&fixture.app, &owner(), "").await.unwrap_err();
    assert_eq!(refusal.code(), "SYS-LISTENERS");
    all.pop();
    let mut last = listen(&fixture, "").await;
    knock(&fixture, "192.0.2.9");
    assert_eq!(event(&mut last).await.kind, "radius.dropped");
}

#[tokio::test]
async fn one_alone_does_not_take_every_place() {
    let fixture = Fixture::mosyle().await;
    let mut own = Vec::new();
    for _ in 0..OF_ACTOR_MAX {
        own.push(listen(&fixture, "").await);
    }
    let refusal = live::subscribe(&fixture.app, &owner(), "").await.unwrap_err();
    assert_eq!(refusal.code(), "API-LISTENERS");
    let other = Actor::owner("administrator of another test");
    live::subscribe(&fixture.app, &other, "").await.unwrap();
    // What was refused took no place, and who goes gives theirs back.
    own.pop();
    own.push(listen(&fixture, "").await);
    drop(own);
    let wrong = live::subscribe(&fixture.app, &owner(), "colour:red").await.unwrap_err();
    assert_eq!(wrong.code(), "API-PARAMETER");
    assert_eq!(fixture.app.live.listeners(), 0);
}

#[tokio::test]
async fn one_who_is_far_behind_is_told_to_read_the_list_anew() {
    let fixture = Fixture::mosyle().await;
    let mut slow = listen(&fixture, "").await;
    let mut quick = listen(&fixture, "").await;
    for number in 0..=BEHIND_MAX {
        knock(&fixture, &format!("10.0.{}.{}", number / 256, number % 256));
    }
    // One is told of all of them while the other does not listen.
    for _ in 0..=BEHIND_MAX {
        event(&mut quick).await;
    }
    assert_eq!(next(&mut slow).await, Some(News::Resync));
    assert_eq!(event(&mut slow).await.kind, "radius.dropped");
}

#[tokio::test]
async fn when_the_program_ends_nobody_is_left_waiting() {
    let fixture = Fixture::mosyle().await;
    let mut subscription = listen(&fixture, "").await;
    fixture.app.close().await;
    assert_eq!(next(&mut subscription).await, None);
    let refusal = live::subscribe(&fixture.app, &owner(), "").await.unwrap_err();
    assert_eq!(refusal.code(), "SYS-STORE");
}

#[tokio::test]
async fn who_comes_after_the_last_one_left_is_told_too() {
    let fixture = Fixture::mosyle().await;
    for number in 0..3 {
        let mut subscription = listen(&fixture, "").await;
        knock(&fixture, &format!("192.0.2.{number}"));
        assert_eq!(event(&mut subscription).await.kind, "radius.dropped");
    }
}
