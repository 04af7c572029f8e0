//! What both engines must do alike.

use std::time::Duration;

use ::tests::postgres;
use domain::event::listing::Order;
use domain::event::{Event, EventKind, Moment, Outcome};
use domain::filter::Filter;
use pki::certificate::Serial;

use crate::change::{Change, Notice, Topic};
use crate::seal::MasterKey;
use crate::value::Value;
use crate::write::{Bookkeeping, CommitError, Conflict, Why, Write};
use crate::{QUERY_ROWS_MAX, Store, StoreError, certificate, event};

const PATIENCE: Duration = Duration::from_secs(20);

const NOTED: Why = Why::Bookkeeping(Bookkeeping::SecretUsed);

/// An empty store on each engine.
async fn both() -> [Store; 2] {
    let master = MasterKey::from_bytes(&[7; 32]);
    let url = postgres::shared().database();
    [Store::scratch(&master).unwrap(), Store::open_url(&url, &master).await.unwrap()]
}

fn note(key: &str, value: &str) -> Write {
    Write::new().execute(
        "insert into meta (key, value) values ($1, $2)",
        [Value::from(key), Value::from(value)],
    )
}

/// A change that holds only once: the row is there for the first to take it.
fn take(key: &str) -> Write {
    Write::new().guard("delete from meta where key = $1", [key.into()], 1, "already used")
}

async fn value(store: &Store, key: &str) -> Option<String> {
    let row = store.query_one("select value from meta where key = $1", [key.into()]).await.unwrap();
    row.map(|row| row.text(0).unwrap().to_owned())
}

#[tokio::test]
async fn what_is_committed_is_read_at_once() {
    for store in both().await {
        note("a", "1").commit(&store, NOTED).await.unwrap();
        assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
        let row =
            store.query_blocking("select value from meta where key = 'a'", [], PATIENCE).unwrap();
        assert_eq!(row.unwrap().text(0).unwrap(), "1");
    }
}

#[tokio::test]
async fn a_dropped_change_writes_nothing() {
    for store in both().await {
        drop(note("a", "1"));
        assert_eq!(value(&store, "a").await, None);
    }
}

#[tokio::test]
async fn a_change_without_its_event_is_refused() {
    for store in both().await {
        let refusal = note("a", "1").commit(&store, Why::Events(Vec::new())).await.unwrap_err();
        assert!(matches!(refusal, CommitError::Unexplained), "{refusal}");
        assert_eq!(value(&store, "a").await, None);
    }
}

#[tokio::test]
async fn a_conflict_writes_nothing_of_its_change() {
    for store in both().await {
        let refusal = note("a", "1").and(take("missing")).commit(&store, NOTED).await.unwrap_err();
        assert!(matches!(&refusal, CommitError::Conflict(Conflict(why)) if why == "already used"));
        assert_eq!(value(&store, "a").await, None);
    }
}

#[tokio::test]
async fn a_guard_may_count_what_a_select_finds() {
    for store in both().await {
        let guarded = |rows| {
            Write::new().guard("select key from meta where key = $1", ["a".into()], rows, "moved")
        };
        guarded(0).and(note("a", "1")).commit(&store, NOTED).await.unwrap();
        guarded(1).and(note("b", "2")).commit(&store, NOTED).await.unwrap();
        guarded(0).and(note("c", "3")).commit(&store, NOTED).await.unwrap_err();
        assert_eq!(value(&store, "b").await.as_deref(), Some("2"));
        assert_eq!(value(&store, "c").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_callers_exactly_one_takes_what_is_there_once() {
    for store in both().await {
        note("challenge", "x").commit(&store, NOTED).await.unwrap();
        let callers: Vec<_> = (0..32)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { take("challenge").commit(&store, NOTED).await })
            })
            .collect();
        let mut winners = 0;
        for caller in callers {
            match caller.await.unwrap() {
                Ok(()) => winners += 1,
                Err(CommitError::Conflict(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn an_answer_has_a_most_of_rows_and_a_walk_has_none() {
    for store in both().await {
        let count = |rows: usize| {
            format!(
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) \
                 select i from n"
            )
        };
        assert_eq!(store.query(count(QUERY_ROWS_MAX), []).await.unwrap().len(), QUERY_ROWS_MAX);
        let refusal = store.query(count(QUERY_ROWS_MAX + 1), []).await.unwrap_err();
        assert!(matches!(refusal, StoreError::TooMany { .. }), "{refusal}");
        let mut sum = 0;
        let walked = store.for_each(count(100_000), [], |row| {
            sum += row.integer(0)?;
            Ok::<(), StoreError>(())
        });
        walked.unwrap();
        assert_eq!(sum, 100_000 * 100_001 / 2);
    }
}

#[tokio::test]
async fn a_walk_ends_with_the_first_error_of_the_caller() {
    for store in both().await {
        let mut visits = 0;
        let count = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 100000) \
                     select i from n";
        let walked = store.for_each(count, [], |_| {
            visits += 1;
            Err::<(), _>(StoreError::Late)
        });
        assert_eq!((walked, visits), (Err(StoreError::Late), 1));
        let wrong = store.for_each("select nothing", [], |_| Ok::<(), StoreError>(()));
        assert!(matches!(wrong, Err(StoreError::Statement(_))));
    }
}

#[tokio::test]
async fn a_change_has_a_most_of_statements() {
    for store in both().await {
        let mut write = Write::new();
        for _ in 0..=crate::write::STATEMENTS_MAX {
            write = write.execute("select 1", []);
        }
        let refusal = write.commit(&store, NOTED).await.unwrap_err();
        assert!(matches!(refusal, CommitError::Store(StoreError::TooMany { .. })), "{refusal}");
    }
}

#[tokio::test]
async fn a_wrong_statement_is_an_error_and_nothing_more() {
    for store in both().await {
        let sql = "select key from meta where key = $1";
        for args in [vec![], vec![Value::from("a"), Value::from("b")]] {
            let refusal = store.query(sql, args).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Statement(_)), "{refusal}");
        }
        store.query("insert into meta values ('a', 'b')", []).await.unwrap_err();
        let refusal = Write::new().execute("nonsense", []).commit(&store, NOTED).await.unwrap_err();
        assert!(matches!(refusal, CommitError::Store(StoreError::Statement(_))), "{refusal}");
        note("a", "1").commit(&store, NOTED).await.unwrap();
        let duplicate = note("a", "2").commit(&store, NOTED).await.unwrap_err();
        assert!(matches!(duplicate, CommitError::Constraint(_)), "{duplicate}");
        assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn values_come_back_as_they_went_in() {
    for store in both().await {
        let values = [
            Value::from("a"),
            Value::from("b"),
            Value::from("Gérard 日本"),
            Value::from(i64::MIN),
            Value::from([0_u8, 255, 7]),
            Value::Null,
        ];
        let sql = "insert into gateway_secret
            (id, gateway, label, created_at, hash, last_used_at) values ($1, $2, $3, $4, $5, $6)";
        Write::new().execute(sql, values.clone()).commit(&store, NOTED).await.unwrap();
        let sql = "select id, gateway, label, created_at, hash, last_used_at from gateway_secret";
        let row = store.query_one(sql, []).await.unwrap().unwrap();
        for (column, value) in values.iter().enumerate() {
            assert_eq!(row.value(column).unwrap(), value);
        }
    }
}

#[tokio::test]
async fn an_answer_is_kept_once_whatever_a_device_says_of_itself() {
    for store in both().await {
        let event = Event {
            id: Event::id_at(Moment(1_800_000_000_000), [7; 10]),
            at: Moment(1_800_000_000_000),
            kind: EventKind::VisitAnswered,
            outcome: Outcome::Accepted,
            actor: "access point\0".to_owned(),
            object: "station:\0a".to_owned(),
            refusal: None,
            details: serde_json::Map::from_iter([("said".to_owned(), "\0".into())]),
            inputs: None,
        };
        for _ in 0..2 {
            event::commit(Write::new(), &store, std::slice::from_ref(&event)).await.unwrap();
        }
        let part = event::log::Part { order: Order::Newest, after: None, limit: 10 };
        let kept = event::log::list(&store, &Filter::default(), part).await.unwrap().events;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].object, "station:\u{fffd}a");
        assert_eq!(kept[0].details, event.details);
    }
}

#[tokio::test]
async fn any_number_of_certificates_can_be_looked_up_at_once() {
    for store in both().await {
        let serials: Vec<_> = (0..200).map(|byte| Serial::from_random([byte; 16])).collect();
        for count in [0, 1, 64, 65, 200] {
            let found = certificate::standings_of(&store, &serials[..count]).await.unwrap();
            assert!(found.is_empty());
        }
    }
}

#[tokio::test]
async fn a_durable_change_is_announced_and_a_refused_one_is_not() {
    for store in both().await {
        let mut changes = store.changes();
        let refused = take("missing").announce(Topic::Rules, "refused");
        refused.commit(&store, NOTED).await.unwrap_err();
        note("a", "1").announce(Topic::Rules, "1").commit(&store, NOTED).await.unwrap();
        let change = Change { topic: Topic::Rules, key: "1".to_owned(), here: true };
        assert_eq!(changes.next().await, Some(Notice::Changed(change)));
        assert_eq!(changes.try_next(), None);
        drop(store);
        assert_eq!(changes.next().await, None);
    }
}
