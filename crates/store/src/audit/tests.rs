//! The audit, left alone and tampered with, in both engines.

mod file;

use ::tests::postgres::shared;
use rusqlite::Connection;

use pki::time::Time;
use zeroize::Zeroizing;

use super::*;
use crate::directory::{self, tests::TestDirectory};
use crate::write::{CommitError, Why, Write};

const ROWS: i64 = 7;

fn event(number: i64) -> EventRow {
    EventRow {
        id: format!("event-{number}"),
        at: Time(1_700_000_000 + number),
        kind: "gateway.saved".to_owned(),
        outcome: "done".to_owned(),
        actor: "admin".to_owned(),
        object: "gateway/school".to_owned(),
        body: "{}".to_owned(),
    }
}

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

/// Where an audit is kept.
enum Place {
    File(TestDirectory),
    Server(String),
}

impl Place {
    fn both() -> [Self; 2] {
        [Self::File(TestDirectory::new()), Self::Server(shared().database())]
    }

    async fn open(&self) -> Store {
        match self {
            Self::File(directory) => Store::open(&directory.0, &master()).unwrap(),
            Self::Server(url) => Store::open_url(url, &master()).await.unwrap(),
        }
    }

    /// Does what somebody might do to the database of a stopped program.
    async fn tamper(&self, sql: &str) {
        match self {
            Self::File(directory) => {
                let path = directory.0.join(directory::DATABASE);
                Connection::open(path).unwrap().execute_batch(sql).unwrap();
            }
            Self::Server(url) => {
                let connecting = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
                let (client, connection) = connecting.unwrap();
                tokio::spawn(connection);
                client.batch_execute(sql).await.unwrap();
            }
        }
    }
}

async fn commit(store: &Store, number: i64) {
    Write::new().commit(store, Why::Events(vec![event(number)])).await.unwrap();
}

fn seed() -> Zeroizing<[u8; 32]> {
    Zeroizing::new([9; 32])
}

async fn sign(store: &Store, at: i64) -> Option<i64> {
    let signed = checkpoint::sign(store, &master(), &seed(), Time(at)).await.unwrap();
    signed.map(|(checkpoint, _)| checkpoint.sequence)
}

/// Gives a place an audit of [`ROWS`] rows, in two runs of the program, with checkpoints of the
/// rows 3 and 6.
async fn fill(place: &Place) {
    for run in [1..=3, 4..=ROWS] {
        let store = place.open().await;
        for number in run {
            commit(&store, number).await;
            if number % 3 == 0 {
                assert_eq!(sign(&store, 1_800_000_000 + number).await, Some(number));
            }
        }
    }
}

/// What verifying says: how many rows are good, or where it ends and the word for it.
async fn found(store: &Store) -> Result<u64, (i64, &'static str)> {
    match verify(store).await {
        Ok(intact) => Ok(intact.rows),
        Err(AuditError::FirstBadRow(bad)) => Err((bad.sequence, bad.tampering.as_str())),
        Err(AuditError::Store(why)) => panic!("{why}"),
    }
}

/// What verifying says after somebody did `sql`.
async fn check(sql: &str, expected: Result<u64, (i64, &'static str)>) {
    for place in Place::both() {
        fill(&place).await;
        place.tamper(sql).await;
        assert_eq!(found(&place.open().await).await, expected, "{sql}");
    }
}

/// The chain of the first rows of [`fill`], as anybody can compute it.
fn chain(rows: i64) -> Chain {
    (1..=rows).fold(Chain::EMPTY, |chain, number| chain.extend(&event(number)))
}

/// The statement that puts an event behind a chain, which needs no key.
fn forge(chain: Chain, number: i64) -> String {
    let event = event(number);
    let end = chain.extend(&event);
    let hash = crate::seal::hex(&end.hash);
    let EventRow { id, at, kind, outcome, actor, object, body } = event;
    format!(
        "insert into audit (sequence, id, at, kind, outcome, actor, object, body, hash) values
         ({}, '{id}', {}, '{kind}', '{outcome}', '{actor}', '{object}', '{body}', HEX{hash}XEH);",
        end.sequence, at.0
    )
}

#[tokio::test]
async fn an_audit_left_alone_is_verified() {
    check("", Ok(7)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_verified_while_it_grows() {
    for place in Place::both() {
        let store = place.open().await;
        let writer = {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..200 {
                    commit(&store, number).await;
                }
            })
        };
        while !writer.is_finished() {
            verify(&store).await.unwrap();
        }
        assert_eq!(verify(&store).await.unwrap().rows, 200);
    }
}

#[tokio::test]
async fn an_empty_audit_is_verified() {
    for place in Place::both() {
        assert_eq!(verify(&place.open().await).await.unwrap(), Intact::default());
    }
}

#[tokio::test]
async fn an_edited_row_is_found() {
    for column in ["id", "kind", "outcome", "actor", "object", "body"] {
        let sql = format!("update audit set {column} = 'x' where sequence = 4");
        check(&sql, Err((4, "edited"))).await;
    }
    check("update audit set at = at + 1 where sequence = 1", Err((1, "edited"))).await;
    let sql = "update audit set hash = (select hash from audit where sequence = 1)
               where sequence = 5";
    check(sql, Err((5, "edited"))).await;
}

#[tokio::test]
async fn a_removed_row_is_found() {
    check("delete from audit where sequence = 4", Err((4, "missing"))).await;
    check("delete from audit where sequence = 1", Err((1, "missing"))).await;
    check(
        "delete from audit where sequence = 4;
         update audit set sequence = sequence + 100 where sequence > 4;
         update audit set sequence = sequence - 101 where sequence > 100;",
        Err((4, "missing")),
    )
    .await;
}

#[tokio::test]
async fn reordered_rows_are_found() {
    let numbers = "update audit set sequence = 100 where sequence = 2;
                   update audit set sequence = 2 where sequence = 3;
                   update audit set sequence = 3 where sequence = 100;";
    check(numbers, Err((2, "moved"))).await;
    // What they say changes places, and the hashes stay.
    let sql = "update audit set id = 'x' where sequence = 2;
               update audit set id = 'event-2', at = at - 1 where sequence = 3;
               update audit set id = 'event-3', at = at + 1 where sequence = 2;";
    check(sql, Err((2, "moved"))).await;
}

#[tokio::test]
async fn a_cut_off_end_is_found() {
    check("delete from audit where sequence = 7", Err((7, "cut-off"))).await;
    check("delete from audit where sequence > 4", Err((5, "cut-off"))).await;
    check("delete from audit", Err((1, "cut-off"))).await;
    let sql = "delete from audit; delete from meta where key = 'audit_head'";
    check(sql, Err((1, "cut-off"))).await;
}

#[tokio::test]
async fn an_end_that_is_cut_off_while_the_program_runs_is_found() {
    for place in Place::both() {
        fill(&place).await;
        let store = place.open().await;
        place.tamper("delete from audit where sequence > 4").await;
        assert_eq!(found(&store).await, Err((5, "cut-off")));
    }
}

#[tokio::test]
async fn what_another_program_wrote_is_found() {
    for (sql, bad) in [
        // At the end, and in the middle with the rows behind it moved down.
        (forge(chain(7), 8), 8),
        (
            format!(
                "update audit set sequence = sequence + 100 where sequence > 1;
                 update audit set sequence = sequence - 99 where sequence > 100; {}",
                forge(chain(1), 50)
            ),
            2,
        ),
        // The chain computed anew from a row on: it was good up to the checkpoint before.
        (
            format!(
                "delete from audit where sequence > 4; {} {} {}",
                forge(chain(4), 50),
                forge(chain(4).extend(&event(50)), 6),
                forge(chain(4).extend(&event(50)).extend(&event(6)), 7),
            ),
            4,
        ),
        // The same with nothing signed.
        (
            format!(
                "delete from audit_checkpoint; delete from audit_key;
                 delete from audit where sequence > 6; {}",
                forge(chain(6), 50)
            ),
            7,
        ),
    ] {
        for place in Place::both() {
            fill(&place).await;
            let (open, close) = match &place {
                Place::File(_) => ("x'", "'"),
                Place::Server(_) => ("'\\x", "'::bytea"),
            };
            place.tamper(&sql.replace("HEX", open).replace("XEH", close)).await;
            assert_eq!(found(&place.open().await).await, Err((bad, "foreign")), "{sql}");
        }
    }
}

#[tokio::test]
async fn a_checkpoint_that_is_forged_or_gone_is_found() {
    for (sql, bad) in [
        ("update audit_checkpoint set signature = hash where sequence = 3", 3),
        ("update audit_checkpoint set at = at + 1 where sequence = 6", 6),
        ("delete from audit_checkpoint where sequence = 6", 4),
        ("update audit_checkpoint set sequence = 9 where sequence = 6", 9),
        ("update audit_key set public = (select hash from audit where sequence = 1)", 1),
        ("update audit_key set last = 3", 1),
        ("delete from audit_key", 3),
    ] {
        check(sql, Err((bad, "checkpoint"))).await;
    }
}

#[tokio::test]
async fn a_checkpoint_is_of_what_came_and_continues_the_chain() {
    for place in Place::both() {
        let store = place.open().await;
        assert_eq!(sign(&store, 1).await, None);
        assert_eq!(checkpoint::key(&store).await.unwrap(), None);
        commit(&store, 1).await;
        assert_eq!(sign(&store, 2).await, Some(1));
        assert_eq!(sign(&store, 3).await, None);
        commit(&store, 2).await;
        commit(&store, 3).await;
        assert_eq!(sign(&store, 4).await, Some(3));
        let intact = verify(&store).await.unwrap();
        assert_eq!(intact, Intact { rows: 3, checkpoints: 2, covered: 3 });
        let newest = checkpoint::newest(&store).await.unwrap().unwrap();
        let key = checkpoint::key(&store).await.unwrap().unwrap();
        assert!(key.confirms(&newest));
        assert!(!key.confirms(&Checkpoint { at: Time(5), ..newest }));
        // What does not continue it is not signed, and neither is an end that was cut off.
        commit(&store, 4).await;
        commit(&store, 5).await;
        place.tamper("update audit set body = 'x' where sequence = 4").await;
        let refused = checkpoint::sign(&store, &master(), &seed(), Time(6)).await;
        assert!(matches!(refused, Err(AuditError::FirstBadRow(_))));
        place.tamper("update audit set body = '{}' where sequence = 4").await;
        place.tamper("delete from audit where sequence = 5").await;
        let refused = checkpoint::sign(&store, &master(), &seed(), Time(6)).await;
        assert!(matches!(refused, Err(AuditError::FirstBadRow(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_sign_at_once_one_keeps_it() {
    for place in Place::both() {
        let store = place.open().await;
        for round in 0..10 {
            commit(&store, round).await;
            let (one, two) = tokio::join!(sign(&store, round), sign(&store, round));
            assert!(one.is_some() != two.is_some(), "{one:?} {two:?}");
        }
        assert_eq!(verify(&store).await.unwrap().checkpoints, 10);
    }
}

#[tokio::test]
async fn a_cut_off_end_is_found_after_more_was_written() {
    for place in Place::both() {
        fill(&place).await;
        place.tamper("delete from audit where sequence > 5").await;
        let store = place.open().await;
        commit(&store, 8).await;
        assert!(matches!(verify(&store).await, Err(AuditError::FirstBadRow(_))));
    }
}

#[tokio::test]
async fn a_chain_computed_anew_without_the_key_is_found() {
    let mut chain = Chain::EMPTY;
    for number in 1..=ROWS {
        chain = chain.extend(&event(number * 10));
    }
    let key = AuditKey::new(&master());
    let other = AuditKey::new(&MasterKey::from_bytes(&[8; 32]));
    assert!(key.confirms(chain, Some(&key.head(chain))));
    assert!(!key.confirms(chain, Some(&other.head(chain))));
    assert!(!key.confirms(chain, None));
}

#[tokio::test]
async fn a_refused_change_leaves_no_link() {
    let store = Store::scratch(&master()).unwrap();
    commit(&store, 1).await;
    let refused = Write::new()
        .guard("delete from meta where key = 'nothing'", [], 1, "gone")
        .commit(&store, Why::Events(vec![event(2)]))
        .await;
    assert!(matches!(refused, Err(CommitError::Conflict(_))));
    let repeated = Write::new().commit(&store, Why::Events(vec![event(1)])).await;
    assert!(matches!(repeated, Err(CommitError::Constraint(_))));
    commit(&store, 3).await;
    assert_eq!(verify(&store).await.unwrap().rows, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_many_writers_make_one_chain() {
    let store = Store::scratch(&master()).unwrap();
    let writers: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { commit(&store, number).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(verify(&store).await.unwrap().rows, 200);
}
