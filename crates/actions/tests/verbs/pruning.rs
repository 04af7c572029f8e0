//! Pruning is guarded, and a large file is taken as a whole or not at all.

use core::time::Duration;
use std::time::Instant;

use actions::organization::Application;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::application;
use crate::fixture::mosyle;

/// So many access points, each with an address and a secret of its own.
fn points(count: usize) -> Value {
    let point = |number: usize| {
        let (high, low) = (number / 256, number % 256);
        json!({
            "name": format!("AP {number}"),
            "address": format!("10.0.{high}.{low}"),
            "shared_secret": format!("a-shared-secret-of-{number}"),
        })
    };
    (0..count).map(point).collect()
}

fn pruned(count: usize, confirm: Option<u64>) -> Application {
    let document = json!({ "access_point": points(count) });
    Application { prune: true, confirm, ..application(document) }
}

#[tokio::test]
async fn a_few_objects_are_pruned_and_many_only_if_so_many_are_meant() {
    let fixture = Fixture::empty().await;
    fixture.apply(application(json!({ "access_point": points(40) }))).await.unwrap();
    let refusal = fixture.refusal(pruned(34, None)).await;
    let what = MassChange::Objects;
    let names = (34..40).map(|number| format!("AP {number}")).collect();
    assert_eq!(refusal, Refusal::MassChange { count: 6, of: 40, allowed: 5, what, names });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-MASS-CHANGE"));
    assert_eq!(fixture.refusal(pruned(34, Some(5))).await.code(), "API-MASS-CHANGE");
    // A plan tells of it without being asked for a number.
    let mut dry = pruned(0, None);
    dry.dry_run = true;
    assert_eq!(fixture.apply(dry).await.unwrap().plan.remove.len(), 40);
    assert_eq!(fixture.apply(pruned(35, None)).await.unwrap().plan.remove.len(), 5);
    assert_eq!(fixture.apply(pruned(29, Some(6))).await.unwrap().plan.remove.len(), 6);
    // Of many, one in ten goes without a word.
    fixture.apply(application(json!({ "access_point": points(100) }))).await.unwrap();
    assert_eq!(fixture.refusal(pruned(89, None)).await.code(), "API-MASS-CHANGE");
    assert_eq!(fixture.apply(pruned(90, None)).await.unwrap().plan.remove.len(), 10);
}

#[tokio::test]
async fn people_and_devices_are_never_pruned() {
    let fixture = Fixture::empty().await;
    let devices: Vec<Value> =
        (0..9).map(|number| json!({ "name": format!("d{number}") })).collect();
    let told: Vec<Value> = devices
        .into_iter()
        .map(|mut device| {
            device["tags"] = json!(["lab"]);
            device
        })
        .collect();
    let document = json!({ "device": told, "person": [{ "name": "Anna" }] });
    fixture.apply(application(document)).await.unwrap();
    let mut empty = application(json!({}));
    empty.prune = true;
    assert!(fixture.apply(empty).await.unwrap().plan.is_empty());
    assert_eq!(fixture.app.snapshot.inventory().known_count(), 9);
    assert_eq!(fixture.app.snapshot.inventory().people_count(), 1);
}

/// A hundred times what it takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "it bounds time")]
async fn one_error_among_ten_thousand_objects_changes_nothing_and_is_named() {
    let fixture = Fixture::mosyle().await;
    let version = fixture.app.snapshot.rules().version;
    let mut document = mosyle();
    let Value::Array(mut points) = points(10_000) else { unreachable!() };
    points[7_123]["address"] = json!("10.0.0.300");
    document["access_point"] = Value::from(points);
    let began = Instant::now();
    let complaints = fixture.complaints(document.clone()).await;
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert_eq!(complaints[0].path, "access_point[7123].address");
    assert_eq!(fixture.app.snapshot.rules().version, version);
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-DOCUMENT"));
    // An error that shows only among all of them.
    document["access_point"][7_123]["address"] = json!("10.0.0.30");
    document["access_point"][9_999]["slug"] = json!("ap-17");
    let complaints = fixture.complaints(document).await;
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert_eq!(complaints[0].path, "access_point[9999].slug");
    assert_eq!(fixture.app.snapshot.rules().version, version);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
