//! The audit: what each change tells of before and after, who signs it, and who may read it.

use actions::audit;
use actions::audit::Order;
use actions::audit::Verified;
use actions::certificate::revocation;
use actions::device;
use actions::notary;
use actions::person;
use domain::actor::Actor;
use domain::certificate::RevocationReason;
use domain::device::told::Told;
use domain::event::Shown;
use pki::certificate::Certificate;
use pki::time::Time;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

/// The newest event of a kind about an object.
async fn event(fixture: &Fixture, kind: &str, object: &str) -> Shown {
    let events = fixture.events().await;
    let found = events.into_iter().find(|event| event.kind == kind && event.object == object);
    found.unwrap_or_else(|| panic!("no {kind} of {object}"))
}

fn told(told: Value) -> Told {
    serde_json::from_value(told).unwrap()
}

async fn intact(fixture: &Fixture) -> store::audit::Intact {
    match audit::verify(&fixture.app, &owner()).await.unwrap() {
        Verified::Intact(intact) => intact,
        Verified::Broken(bad) => panic!("{bad}"),
    }
}

#[tokio::test]
async fn what_is_made_and_what_goes_is_told_whole() {
    let fixture = Fixture::mosyle().await;
    let policies = mosyle()["network_policy"].clone();
    let name = policies[0]["name"].as_str().unwrap().to_owned();
    let object = format!("network_policy:{name}");
    let made = event(&fixture, "object.created", &object).await;
    assert_eq!(made.details["after"]["name"], name);
    assert!(!made.details.contains_key("before"));
    let mut without = mosyle();
    without["network_policy"] = json!([]);
    let mut pruning = application(without);
    pruning.prune = true;
    fixture.apply(pruning).await.unwrap();
    let gone = event(&fixture, "object.removed", &object).await;
    assert_eq!(gone.details["before"], made.details["after"]);
}

#[tokio::test]
async fn what_changes_is_told_before_and_after() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["access_point"][0]["description"] = json!("in the attic");
    document["access_point"][0]["shared_secret"] = json!("canary-canary-canary-canary");
    let name = document["access_point"][0]["name"].as_str().unwrap().to_owned();
    fixture.apply(application(document)).await.unwrap();
    let changed = event(&fixture, "object.changed", &format!("access_point:{name}")).await;
    let fields = changed.details["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap();
    assert_eq!(field("description")["after"], "in the attic");
    assert_eq!(field("description")["before"], json!(null));
    assert_eq!(field("shared_secret")["after"], "changed");
    assert_eq!(field("shared_secret")["before"], json!(null));
    // Of no secret is there a trace, neither there nor where it was made.
    for event in fixture.events().await {
        let text = serde_json::to_string(&event).unwrap();
        assert!(!text.contains("canary") && !text.contains(fixture.secret.reveal()), "{text}");
    }
}

#[tokio::test]
async fn devices_and_people_are_told_before_and_after() {
    let fixture = Fixture::mosyle().await;
    let app = &fixture.app;
    let new = told(json!({ "name": "mac-1", "serial": "C02AAA" }));
    device::create(app, &owner(), new).await.unwrap();
    let made = event(&fixture, "object.created", "device:mac-1").await;
    assert_eq!(made.details["after"]["name"], "mac-1");
    assert!(made.details["after"].to_string().contains("C02AAA"));
    device::remove(app, &owner(), "mac-1").await.unwrap();
    let gone = event(&fixture, "object.removed", "device:mac-1").await;
    assert_eq!(gone.details["before"], made.details["after"]);

    let new = serde_json::from_value(json!({ "name": "Anna", "email": "anna@example.org" }));
    person::create(app, &owner(), new.unwrap()).await.unwrap();
    let made = event(&fixture, "object.created", "person:Anna").await;
    assert_eq!(made.details["after"]["email"], "anna@example.org");
    person::remove(app, &owner(), "Anna").await.unwrap();
    let gone = event(&fixture, "object.removed", "person:Anna").await;
    assert_eq!(gone.details["before"], made.details["after"]);
}

#[tokio::test]
async fn a_certificate_tells_how_it_stood_before() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let serial = Certificate::parse(&issued.der).unwrap().serial;
    let (app, object) = (&fixture.app, format!("certificate:{serial}"));
    revocation::hold(app, &owner(), &serial).await.unwrap();
    revocation::release(app, &owner(), &serial).await.unwrap();
    revocation::hold(app, &owner(), &serial).await.unwrap();
    revocation::revoke(app, &owner(), &serial, RevocationReason::KeyCompromise).await.unwrap();
    for (kind, before, after) in [
        ("certificate.held", "issued", "held"),
        ("certificate.released", "held", "issued"),
        ("certificate.revoked", "held", "revoked"),
    ] {
        let event = event(&fixture, kind, &object).await;
        let expected = json!([{ "field": "status", "before": before, "after": after }]);
        assert_eq!(event.details["fields"], expected);
    }
}

#[tokio::test]
async fn the_notary_signs_after_a_minute_and_when_the_program_ends() {
    let fixture = Fixture::mosyle().await;
    let app = &fixture.app;
    notary::look(app).await.unwrap();
    let state = notary::state(app);
    assert!(state.rows > 0 && state.covered == 0, "{state:?}");
    assert_eq!(intact(&fixture).await.checkpoints, 0);
    fixture.set_clock(NOW.plus_seconds(notary::AGE_MAX_SECONDS + 5));
    notary::look(app).await.unwrap();
    let state = notary::state(app);
    assert_eq!((state.rows, state.waiting_since), (state.covered, None));
    assert!(state.signed_at > Some(NOW));
    // Nothing new, nothing signed.
    fixture.set_clock(Time(NOW.0 + 1000));
    notary::look(app).await.unwrap();
    assert_eq!(intact(&fixture).await.checkpoints, 1);
    // A new row, and the end.
    let new = serde_json::from_value(json!({ "name": "Anna" })).unwrap();
    person::create(app, &owner(), new).await.unwrap();
    app.close().await;
    let after = intact(&fixture).await;
    assert_eq!((after.checkpoints, after.covered), (2, after.rows));
    let key = audit::key(app, &owner()).await.unwrap().unwrap();
    assert_eq!(key.fingerprint().len(), 64);
}

#[tokio::test]
async fn servers_of_one_database_sign_with_one_key() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    let actor = owner();
    let (first, second) =
        tokio::join!(audit::sign(&one.app, &actor), audit::sign(&two.app, &actor));
    let signed = [first.unwrap(), second.unwrap()];
    assert_eq!(signed.iter().flatten().count(), 1, "{signed:?}");
    let new = serde_json::from_value(json!({ "name": "Anna" })).unwrap();
    person::create(&two.app, &owner(), new).await.unwrap();
    audit::sign(&two.app, &owner()).await.unwrap().unwrap();
    assert_eq!(intact(&one).await.checkpoints, 2);
    let keys = [audit::key(&one.app, &owner()).await, audit::key(&two.app, &owner()).await];
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn rows_and_checkpoints_are_read_in_pages() {
    let fixture = Fixture::mosyle().await;
    let (app, owner) = (&fixture.app, owner());
    audit::sign(app, &owner).await.unwrap();
    let rows = intact(&fixture).await.rows;
    let (mut sequences, mut cursor) = (Vec::new(), None);
    loop {
        let page = (cursor.as_deref(), 3);
        let page = audit::rows(app, &owner, Order::Oldest, page).await.unwrap();
        sequences.extend(page.items.iter().map(|row| row.sequence));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sequences, (1..=i64::try_from(rows).unwrap()).collect::<Vec<i64>>());
    let newest = audit::rows(app, &owner, Order::Newest, (None, 2)).await.unwrap();
    assert_eq!(newest.items[0].sequence, *sequences.last().unwrap());
    assert_eq!(newest.next, Some(newest.items[1].sequence.to_string()));
    let signed = audit::checkpoints(app, &owner, (None, 10)).await.unwrap().items;
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0].hash, newest.items[0].hash);
    for cursor in ["x", "-1", "9999999999999999999999"] {
        let page = (Some(cursor), 3);
        let refused = audit::rows(app, &owner, Order::Oldest, page).await.unwrap_err();
        assert_eq!(refused.code(), "API-PARAMETER");
        let refused = audit::checkpoints(app, &owner, page).await.unwrap_err();
        assert_eq!(refused.code(), "API-PARAMETER");
    }
}

#[tokio::test]
async fn only_who_may_see_events_sees_the_audit() {
    let fixture = Fixture::mosyle().await;
    let (app, device) = (&fixture.app, Actor::gateway("Mosyle"));
    let refusals = [
        audit::verify(app, &device).await.unwrap_err(),
        audit::rows(app, &device, Order::Oldest, (None, 1)).await.unwrap_err(),
        audit::checkpoints(app, &device, (None, 1)).await.unwrap_err(),
        audit::key(app, &device).await.unwrap_err(),
        audit::sign(app, &device).await.unwrap_err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.code(), "API-NOT-PERMITTED");
    }
}
