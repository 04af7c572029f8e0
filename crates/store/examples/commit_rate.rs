//! Measures how many changes a second each engine makes durable, when callers share commits and
//! when each waits for the one before.
//!
//! `cargo run --release -p store --example commit_rate`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the example")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::event::{Event, EventKind, Moment, Outcome};
use pki::time::Time;
use serde_json::Map;
use store::Store;
use store::seal::MasterKey;
use store::value::Value;
use store::write::{Bookkeeping, EventRow, Why, Write};
use tests::directory::Directory;
use tests::postgres::Postgres;
use tokio::sync::Mutex;

/// Callers that change something at the same time.
const CALLERS: [usize; 4] = [1, 8, 32, 128];

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(2);

/// How changes come to their commit.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Those that wait together share one.
    Together,
    /// Each waits for the one before.
    OneByOne,
}

/// What is changed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A row, without an event.
    Plain,
    /// A row, and a row of the audit.
    Audited,
    /// An event that is counted, as each enrollment is.
    Counted,
}

#[tokio::main]
async fn main() {
    let master = MasterKey::from_bytes(&[7; 32]);
    let (directory, server) = (Directory::fresh(), Postgres::start_durable());
    let stores = [
        ("SQLite", Store::open(directory.path(), &master).unwrap()),
        ("PostgreSQL", Store::open_url(&server.database(), &master).await.unwrap()),
    ];
    println!("durable changes a second, by callers at the same time: {CALLERS:?}");
    for (engine, store) in &stores {
        for kind in [Kind::Plain, Kind::Counted, Kind::Audited] {
            for way in [Way::OneByOne, Way::Together] {
                let mut rates = Vec::new();
                for callers in CALLERS {
                    rates.push(format!("{:>7}", measure(store, callers, kind, way).await));
                }
                let (kind, way) = (format!("{kind:?}"), format!("{way:?}"));
                println!("{engine:<11} {kind:<8} {way:<9} {}", rates.join(" "));
            }
        }
    }
}

async fn measure(store: &Store, callers: usize, kind: Kind, way: Way) -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (done, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let turn = Arc::new(Mutex::new(()));
    let began = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (store, turn) = (store.clone(), Arc::clone(&turn));
            let (done, ended) = (Arc::clone(&done), Arc::clone(&ended));
            tokio::spawn(async move {
                while !ended.load(Ordering::Relaxed) {
                    let own = match way {
                        Way::Together => None,
                        Way::OneByOne => Some(turn.lock().await),
                    };
                    change(&store, NUMBER.fetch_add(1, Ordering::Relaxed), kind).await;
                    drop(own);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    tokio::time::sleep(SPAN).await;
    ended.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap();
    done.load(Ordering::Relaxed) * 1000 / millis.max(1)
}

/// A device's answer.
fn answer(number: u64) -> Event {
    let at = Moment(1_800_000_000_000);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    Event {
        id: Event::id_at(at, random),
        at,
        kind: EventKind::CertificateIssued,
        outcome: Outcome::Accepted,
        actor: "gateway".to_owned(),
        object: "certificate:0B".to_owned(),
        refusal: None,
        details: Map::new(),
        inputs: None,
    }
}

async fn change(store: &Store, number: u64, kind: Kind) {
    if matches!(kind, Kind::Counted) {
        return store::event::commit(Write::new(), store, &[answer(number)]).await.unwrap();
    }
    let sql = "insert into visit (id, at, kind, outcome, actor, object, body)
        values ($1, $2, 'network.access', 'accepted', 'access point', 'certificate:0B', '{}')";
    let at = Time(1_800_000_000);
    let write = Write::new().execute(sql, [Value::from(format!("visit-{number}")), at.into()]);
    let why = match kind {
        Kind::Plain | Kind::Counted => Why::Bookkeeping(Bookkeeping::VisitsJournaled),
        Kind::Audited => Why::Events(vec![EventRow {
            id: format!("event-{number}"),
            at,
            kind: "certificate.revoked".to_owned(),
            outcome: "accepted".to_owned(),
            actor: "administrator".to_owned(),
            object: "certificate:0B".to_owned(),
            body: "{}".to_owned(),
        }]),
    };
    write.commit(store, why).await.unwrap();
}
