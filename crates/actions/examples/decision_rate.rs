//! Measures what a decision of the policies costs, what it costs to keep what it rested on, and how
//! long it takes to explain one and to replay many; prints it as a table of `docs/performance.md`.
//!
//! `cargo run --release -p actions --example decision_rate`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the example")]

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;
use std::time::SystemTime;

use actions::App;
use actions::certificate::issue;
use actions::decision::explain;
use actions::decision::facts_of_visit;
use actions::decision::replay;
use actions::organization;
use actions::organization::Application;
use actions::visit;
use actions::world::World;
use domain::actor::Actor;
use domain::claim::Claim;
use domain::condition::Facts;
use domain::condition::facts::Inputs;
use domain::decision;
use domain::event::Moment;
use domain::organization::Organization;
use domain::policy::Policies;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::seal::MasterKey;
use tests::directory::Directory;

const MOSYLE: &str = include_str!("../../../examples/mosyle.toml");

/// Policies, and the rules of each.
const POLICIES: usize = 200;
const RULES: usize = 5;

/// Devices, networks that each of them joins, and decisions that are replayed.
const DEVICES: usize = 200;
const NETWORKS: usize = 5;
const DECISIONS: usize = 100_000;

/// Decisions between two looks at the journal, which holds 16,384.
const BATCH: usize = 10_000;

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(2);

#[tokio::main]
async fn main() {
    println!("### Decisions of the policies\n");
    println!("| what | measured |");
    println!("| --- | --- |");
    deciding(false);
    deciding(true);
    let directory = Directory::fresh();
    let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
    let store = Store::open(directory.path(), &master).unwrap();
    let app =
        App::open(store, master, World::new(now, |bytes| aws_lc_rs::rand::fill(bytes).unwrap()));
    let app = app.await.unwrap();
    let visits = visits(&app).await;
    recording(&app, &visits);
    remembered(&app, &visits).await;
    app.close().await;
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Moment(i64::try_from(since.as_millis()).unwrap())
}

/// Microseconds that something takes, one after the other.
fn micros(mut deed: impl FnMut()) -> f64 {
    deed();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < SPAN {
        deed();
        count += 1;
    }
    began.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

/// A decision that only the last of many policies gives.
fn deciding(pattern: bool) {
    let mut organization = Organization::default();
    for index in 0..POLICIES {
        let last = index + 1 == POLICIES;
        let rules: Vec<Value> = (0..RULES)
            .map(|rule| match rule {
                4 => json!({"field": "network.ssid", "operator": "is", "value": if last { "Secure" } else { "Other" }}),
                3 => json!({"field": "certificate.days_left", "operator": "greater", "value": 1}),
                2 => json!({"field": "device.known", "operator": "is", "value": false}),
                1 if pattern => {
                    json!({"field": "certificate.common_name", "operator": "matches", "value": "^C02"})
                }
                1 => json!({"field": "certificate.common_name", "operator": "starts-with", "value": "C02"}),
                _ => json!({"field": "identity.provider", "operator": "is-one-of", "value": ["Jamf", "Mosyle"]}),
            })
            .collect();
        let policy =
            json!({"name": format!("p{index}"), "rules": rules, "settings": {"access": "accept"}});
        organization.network_policy.push(serde_json::from_value(policy).unwrap());
    }
    let policies = Policies::of(&organization);
    let facts: Facts = serde_json::from_value(json!({
        "provider": "Mosyle",
        "certificate": {"names": {"common_name": ["C02XK1ZZJGH5"]}, "not_after": "2036-01-01T00:00:00Z"},
        "network": {"access_point": "Loopback", "ssid": "Secure"},
    }))
    .unwrap();
    let facts = Facts { at: now().time(), ..facts };
    let answer = decision::of_visit(&policies, facts.clone());
    assert_eq!(answer.decision.decided_by, Some("p199"));
    let took = micros(|| drop(decision::of_visit(&policies, facts.clone())));
    let how = if pattern { "with a regular expression in each" } else { "by the last of them" };
    println!("| a decision at {POLICIES} policies of {RULES} rules, {how} | {took:.1} µs |");
}

/// Devices that enrolled, at each of their networks.
async fn visits(app: &App) -> Vec<Visit> {
    let text = MOSYLE.replace("key = \"rsa-2048\"", "key = \"ecdsa-p256\"");
    let document: Value = toml::from_str(&text).unwrap();
    let application = Application { document, ..Application::default() };
    let owner = Actor::owner("the bench");
    let applied = organization::apply(app, &owner, application).await.unwrap();
    let secret = applied.secrets.first().unwrap().secret.clone();
    let mut visits = Vec::new();
    for number in 0..DEVICES {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let name = Name::parse_text(&format!("CN=C02X{number:08}")).unwrap();
        let der = pki::csr::build(&key, &name, &[], None).unwrap();
        let csr = Csr::parse(&der, Strictness::Strict).unwrap();
        let (challenge, transaction) = (Some(secret.clone()), format!("{number}"));
        let claim = Claim { csr, challenge, renews: None, rendering: None, transaction };
        let issued = issue::issue(app, &Actor::gateway("Mosyle"), "Mosyle", &claim).await.unwrap();
        let certificate = Certificate::parse(&issued.der).unwrap();
        for network in 0..NETWORKS {
            let standing = visit::stand(&app.snapshot, &certificate, now().time()).unwrap();
            let place = Place {
                access_point: "Loopback".into(),
                ssid: Some(format!("Network {network}")),
                calling_station: Some(format!(
                    "02-00-00-00-{:02x}-{:02x}",
                    number / 256,
                    number % 256
                )),
                ..Place::default()
            };
            let (certificate, tls) = (certificate.clone(), "1.3");
            let (resumed, rounds, took) = (false, 4, Duration::from_millis(40));
            visits.push(Visit { certificate, standing, place, tls, resumed, rounds, took });
        }
    }
    visits
}

/// What it costs to keep what an answer rested on.
fn recording(app: &App, visits: &[Visit]) {
    let visit = visits.first().unwrap();
    let whole = micros(|| drop(visit::admit(&app.snapshot, visit)));
    let rules = app.snapshot.rules();
    let facts = facts_of_visit(&app.snapshot, &rules.policies, visit, now().time());
    let keeping = micros(|| drop(Inputs::of(&facts)));
    let bytes = Inputs::of(&facts).body.len();
    println!(
        "| the whole answer of a login, from certificate and place to attributes | {whole:.1} µs |"
    );
    println!("| of that, to write down and name what it rested on | {keeping:.1} µs |");
    println!("| what is kept of it, once for all logins that rest on the same | {bytes} bytes |");
}

async fn remembered(app: &App, visits: &[Visit]) {
    let journal = app.snapshot.journal();
    for number in 0..DECISIONS {
        let visit = visits.get(number % visits.len()).unwrap();
        let leave = visit::admit(&app.snapshot, visit).unwrap();
        visit::enter(&app.snapshot, visit, &leave);
        if number % BATCH == BATCH - 1 {
            journal.flush().await;
        }
    }
    journal.flush().await;
    let owner = Actor::owner("the bench");
    let about = visits.last().unwrap().certificate.serial.to_string();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < SPAN {
        let explanation = explain::explain(app, &owner, &about).await.unwrap();
        assert_eq!(explanation.verified, Some(true));
        count += 1;
    }
    let millis = began.elapsed().as_secs_f64() * 1e3 / f64::from(count);
    println!("| to explain a stored event, among {DECISIONS} | {millis:.1} ms |");
    let draft = json!({"network_policy": [{"name": "Nobody on network 3", "rules": [
        {"field": "network.ssid", "operator": "is", "value": "Network 3"}],
        "settings": {"access": "refuse"}}]});
    let mut request = replay::Request { days: 1, draft, after: None };
    let (began, mut decisions) = (Instant::now(), 0);
    loop {
        let replayed = replay::replay(app, &owner, &request).await.unwrap();
        decisions += replayed.decisions;
        request.after = replayed.next;
        if request.after.is_none() {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("| to replay {decisions} decisions against a draft | {seconds:.1} s |");
}
