//! Measures what it costs to apply a large file: a plan, the whole, the same again, a change of
//! everything, an error among all, and an export; prints it as a table of `docs/performance.md`.
//!
//! `cargo run --release -p actions --example organization_rate [OBJECTS]`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::indexing_slicing, reason = "the document is its own")]
#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the example")]

use std::sync::Arc;
use std::time::Instant;
use std::time::SystemTime;

use actions::App;
use actions::organization;
use actions::organization::Application;
use actions::organization::export::export;
use actions::world::World;
use domain::actor::Actor;
use domain::event::Moment;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::seal::MasterKey;
use tests::directory::Directory;

const MOSYLE: &str = include_str!("../../../examples/mosyle.toml");

/// Objects, if nothing else is said.
const OBJECTS: usize = 1000;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).map_or(OBJECTS, |count| count.parse().unwrap());
    println!("### Applying {count} objects\n");
    println!("| what | seconds |");
    println!("| --- | --- |");
    let directory = Directory::fresh();
    let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
    let store = Store::open(directory.path(), &master).unwrap();
    let world = World::new(now, |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
    let app = App::open(store, master, world).await.unwrap();
    let small: Value = toml::from_str(MOSYLE).unwrap();
    apply(&app, "the guide's file, with its keys", application(small.clone()), true).await;
    let large = large(small, count);
    let dry = Application { dry_run: true, ..application(large.clone()) };
    apply(&app, "a plan", dry, true).await;
    apply(&app, "the whole", application(large.clone()), true).await;
    apply(&app, "the same again", application(large.clone()), true).await;
    let mut changed = large.clone();
    for (_, objects) in changed.as_object_mut().unwrap() {
        for object in objects.as_array_mut().into_iter().flatten() {
            if object.get("description").is_some() {
                object["description"] = json!("changed");
            }
        }
    }
    apply(&app, "a change of everything", application(changed), true).await;
    let mut wrong = large;
    wrong["access_point"][count / 8]["address"] = json!("nowhere");
    apply(&app, "an error among all", application(wrong), false).await;
    let began = Instant::now();
    export(&app, &owner(), false).await.unwrap();
    row("an export", began);
    app.close().await;
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Moment(i64::try_from(since.as_millis()).unwrap())
}

fn owner() -> Actor {
    Actor::owner("administrator who measures")
}

fn application(document: Value) -> Application {
    Application { document, ..Application::default() }
}

fn row(what: &str, began: Instant) {
    println!("| {what} | {:.2} |", began.elapsed().as_secs_f64());
}

async fn apply(app: &App, what: &str, application: Application, is_good: bool) {
    let began = Instant::now();
    let applied = organization::apply(app, &owner(), application).await;
    row(what, began);
    assert_eq!(applied.is_ok(), is_good, "{applied:?}");
}

/// A school district: a quarter access points, the others gateways, workflows and policies alike.
fn large(mut document: Value, count: usize) -> Value {
    let mut add = |kind: &str, object: Value| document[kind].as_array_mut().unwrap().push(object);
    for number in 0..count / 4 {
        let (name, school) = (format!("AP {number}"), format!("School {number}"));
        let (high, low) = (number / 256, number % 256);
        let secret = format!("a-shared-secret-of-{number}");
        add(
            "access_point",
            json!({ "name": name, "description": "roof", "address": format!("10.1.{high}.{low}"),
                "shared_secret": secret }),
        );
        add(
            "gateway",
            json!({ "name": school, "description": "MDM",
            "certificate_authority": "Example School SCEP CA" }),
        );
        add(
            "policy_workflow",
            json!({ "name": school, "description": "role", "rules": [
                { "field": "identity.provider", "operator": "is", "value": school }] }),
        );
        add(
            "network_policy",
            json!({ "name": school, "description": "network",
                "rules": [{ "field": "identity.role", "operator": "is", "value": school }],
                "settings": { "access": "accept",
                    "attributes": [{ "preset": "vlan", "value": "20" }] } }),
        );
    }
    document
}
