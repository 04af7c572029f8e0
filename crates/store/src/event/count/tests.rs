//! What is counted, on both engines, compared with the events themselves.

use ::tests::postgres;
use domain::event::Moment;
use serde_json::Map;
use uuid::Uuid;

use super::*;
use crate::event::commit;
use crate::event::heard::News;
use crate::seal::MasterKey;
use crate::write::Bookkeeping;
use crate::write::Why;

/// 2026-11-23T22:00:00Z.
const NOW: Time = Time(1_795_471_200);

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

async fn both() -> [Store; 2] {
    let url = postgres::shared().database();
    [Store::scratch(&master()).unwrap(), Store::open_url(&url, &master()).await.unwrap()]
}

/// An event of so many minutes ago.
fn event(number: u8, minutes: i64, kind: EventKind, refusal: Option<Refusal>) -> Event {
    let at = Moment((NOW.0 - minutes * 60) * 1000);
    Event {
        id: Event::id_at(at, [number; 10]),
        at,
        kind,
        outcome: if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted },
        actor: "access point Loopback".into(),
        object: "certificate:0A".into(),
        refusal,
        details: Map::new(),
        inputs: None,
    }
}

fn events() -> Vec<Event> {
    let refused = || Some(Refusal::CertificateMissing);
    vec![
        event(1, 10, EventKind::VisitAnswered, None),
        event(2, 20, EventKind::VisitAnswered, None),
        event(3, 20, EventKind::VisitAnswered, refused()),
        event(4, 70, EventKind::VisitAnswered, None),
        event(5, 70, EventKind::ObjectChanged, None),
        event(6, 70, EventKind::RequestRefused, refused()),
    ]
}

/// Minutes before now at which the stretch begins, kind, code, number.
async fn told(store: &Store, hours: i64, span: Span) -> Vec<(i64, &'static str, String, u64)> {
    let from = Time(NOW.0 - hours * 3600);
    let counts = since(store, from, span).await.unwrap();
    let told = counts.into_iter().map(|Count { at, tally }| {
        ((NOW.0 - at.0) / 60, tally.kind.as_str(), tally.code, tally.events)
    });
    told.collect()
}

fn expected() -> Vec<(i64, &'static str, String, u64)> {
    let missing = "TLS-NO-CERTIFICATE".to_owned();
    vec![
        (120, "network.access", String::new(), 1),
        (120, "object.changed", String::new(), 1),
        (120, "request.refused", missing.clone(), 1),
        (60, "network.access", String::new(), 2),
        (60, "network.access", missing, 1),
    ]
}

#[tokio::test]
async fn events_are_counted_by_hour_and_by_day_as_they_are_committed() {
    for store in both().await {
        let events = events();
        for some in events.chunks(4) {
            commit(Write::new(), &store, some).await.unwrap();
        }
        assert_eq!(told(&store, 24, Span::Hour).await, expected());
        // The hour in which the stretch begins is counted as a whole.
        assert_eq!(told(&store, 1, Span::Hour).await.len(), 2);
        let days = told(&store, 24, Span::Day).await;
        let access = days.iter().find(|it| it.1 == "network.access" && it.2.is_empty()).unwrap();
        assert_eq!((access.0, access.3), (22 * 60, 3));
    }
}

#[tokio::test]
async fn what_is_committed_again_counts_once() {
    for store in both().await {
        let answers: Vec<Event> = events().into_iter().take(4).collect();
        commit(Write::new(), &store, &answers).await.unwrap();
        // As the journal does when nobody knew whether it was made: the same batch, or one by one.
        commit(Write::new(), &store, &answers).await.unwrap();
        for answer in &answers {
            commit(Write::new(), &store, std::slice::from_ref(answer)).await.unwrap();
        }
        let counts = since(&store, NOW.plus_seconds(-86_400), Span::Hour).await.unwrap();
        assert_eq!(counts.iter().map(|count| count.tally.events).sum::<u64>(), 4);
    }
}

#[tokio::test]
async fn what_is_not_committed_is_not_counted() {
    for store in both().await {
        let nothing = "delete from meta where key = 'nothing'";
        let write = Write::new().guard(nothing, [], 1, "not there");
        commit(write, &store, &events()).await.unwrap_err();
        assert!(told(&store, 24, Span::Hour).await.is_empty());
    }
}

#[tokio::test]
async fn the_step_of_the_schema_counts_what_is_there_already() {
    let step = include_str!("../../migration/0013_event_count.sql");
    let fills = step.split(';').filter(|it| it.contains("insert into event_count"));
    let fills: Vec<&str> = fills.collect();
    assert_eq!(fills.len(), 2);
    for store in both().await {
        commit(Write::new(), &store, &events()).await.unwrap();
        let mut write = Write::new().execute("delete from event_count", []);
        for fill in &fills {
            let lines = fill.lines().filter(|line| !line.starts_with("--"));
            let sql: Vec<&str> = lines.skip_while(|line| line.trim().is_empty()).collect();
            write = write.execute(sql.join("\n"), []);
        }
        write.commit(&store, Why::Bookkeeping(Bookkeeping::SecretUsed)).await.unwrap();
        assert_eq!(told(&store, 24, Span::Hour).await, expected());
    }
}

#[tokio::test]
async fn programs_that_share_a_database_count_together_and_apart() {
    let url = postgres::shared().database();
    let open = || async { Store::open_url(&url, &master()).await.unwrap() };
    let (one, other) = (open().await, open().await);
    let answers: Vec<Event> = (0..100)
        .map(|number| event(number, i64::from(number % 2), EventKind::VisitAnswered, None))
        .collect();
    let (first, second) = answers.split_at(50);
    let commit_each = async |store: &Store, events: &[Event]| {
        for event in events {
            commit(Write::new(), store, std::slice::from_ref(event)).await.unwrap();
        }
    };
    tokio::join!(commit_each(&one, first), commit_each(&other, second));
    let counts = since(&one, NOW.plus_seconds(-3600), Span::Day).await.unwrap();
    assert_eq!(counts.iter().map(|count| count.tally.events).sum::<u64>(), 100);
    let lanes = one.query("select distinct lane from event_count", []).await.unwrap();
    assert_eq!(lanes.len(), 2);
}

#[tokio::test]
async fn a_listener_hears_what_its_own_program_commits() {
    for store in both().await {
        commit(Write::new(), &store, &events()).await.unwrap();
        let mut heard = store.heard();
        let another = event(9, 0, EventKind::VisitAnswered, None);
        commit(Write::new(), &store, std::slice::from_ref(&another)).await.unwrap();
        let Some(News::Events(events)) = heard.next().await else { panic!("nothing was heard") };
        assert_eq!(events.iter().map(|event| event.id).collect::<Vec<Uuid>>(), [another.id]);
        drop(store);
        assert!(heard.next().await.is_none());
    }
}

/// Rows that count, and how many of them are of a program that has ended.
async fn rows(store: &Store) -> (i64, i64) {
    let sql = "select count(*), coalesce(sum(case when lane = 'folded' then 0 else 1 end), 0)
        from event_count";
    let row = store.query_one(sql, []).await.unwrap().unwrap();
    (row.integer(0).unwrap(), row.integer(1).unwrap())
}

/// Counts of events, as if a program of this lane had counted them.
async fn count_in(store: &Store, lane: &str, events: &[Event]) {
    let write = add(Write::new(), events, lane);
    write.commit(store, Why::Bookkeeping(Bookkeeping::VisitsJournaled)).await.unwrap();
}

#[tokio::test]
async fn counts_of_hours_that_are_over_become_one_and_say_the_same() {
    for store in both().await {
        let (old, fresh) = (
            event(1, 300, EventKind::VisitAnswered, None),
            event(2, 70, EventKind::VisitAnswered, None),
        );
        for lane in ["one", "two", "three"] {
            count_in(&store, lane, &[old.clone(), fresh.clone()]).await;
        }
        let before = told(&store, 24, Span::Hour).await;
        assert_eq!(rows(&store).await, (6, 6));
        assert_eq!(fold(&store, NOW).await.unwrap(), Fold::All);
        assert_eq!(rows(&store).await, (4, 3));
        assert_eq!(told(&store, 24, Span::Hour).await, before);
        // What comes late is folded in, and nothing twice.
        count_in(&store, "four", core::slice::from_ref(&old)).await;
        for _ in 0..2 {
            assert_eq!(fold(&store, NOW).await.unwrap(), Fold::All);
        }
        assert_eq!(rows(&store).await, (4, 3));
        let after = told(&store, 24, Span::Hour).await;
        assert_eq!(after.iter().map(|it| it.3).sum::<u64>(), 7);
    }
}

#[tokio::test]
async fn a_fold_is_bounded_and_goes_on() {
    for store in both().await {
        let old = [event(1, 300, EventKind::VisitAnswered, None)];
        let most = usize::try_from(FOLDED_AT_ONCE).unwrap();
        for number in 0..=most {
            count_in(&store, &format!("lane {number}"), &old).await;
        }
        assert_eq!(fold(&store, NOW).await.unwrap(), Fold::Part);
        assert_eq!(rows(&store).await, (2, 1));
        assert_eq!(fold(&store, NOW).await.unwrap(), Fold::All);
        assert_eq!(rows(&store).await, (1, 0));
        let total = told(&store, 24, Span::Hour).await;
        assert_eq!(total[0].3, u64::try_from(most).unwrap() + 1);
    }
}

#[tokio::test]
async fn two_that_fold_at_once_count_nothing_twice() {
    for store in both().await {
        for lane in ["one", "two"] {
            count_in(&store, lane, &[event(1, 300, EventKind::VisitAnswered, None)]).await;
        }
        let (first, second) = tokio::join!(fold(&store, NOW), fold(&store, NOW));
        assert!(first.is_ok() || second.is_ok());
        assert_eq!(told(&store, 24, Span::Hour).await[0].3, 2);
    }
}
