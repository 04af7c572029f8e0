//! The audit: rows chained by hash, with an authenticated end.
//!
//! A row's hash covers the row before it, so that an edited, removed or reordered row breaks the
//! chain. The end of the chain is authenticated under the master key and moves with every commit,
//! so that a chain that was cut off or computed anew is seen by whoever has the key.

use aws_lc_rs::{digest, hmac};

use crate::seal::MasterKey;
use crate::stamp::StampKey;
use crate::value::{Row, Value};
use crate::write::EventRow;
use crate::{Store, StoreError};

/// Bytes of a row's hash (SHA-256).
pub(crate) const HASH_BYTES: usize = 32;

/// Reads the rows of the audit as [`Link::parse`] wants them, each with the authenticated end: of
/// one moment, whoever adds more meanwhile.
const SELECT: &str = "select sequence, hash, id, at, kind, outcome, actor, object, body,
                      (select value from meta where key = 'audit_head') as head
                      from audit order by sequence";

/// Reads the authenticated end.
const SELECT_HEAD: &str = "select value from meta where key = 'audit_head'";

/// Reads what an earlier start found wrong with the end.
const SELECT_BROKEN: &str = "select value from meta where key = 'audit_broken'";

/// Where the audit stops being what the program wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FirstBadRow {
    /// The place in the chain, counted from 1.
    pub sequence: i64,
    /// The id of the row found there, if there is one.
    pub id: Option<String>,
    /// What is wrong with it, as a sentence's end: "row 7 …".
    pub what: &'static str,
}

/// Why the audit is not verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A row is not what the program wrote.
    #[error("row {} of the audit {}", .0.sequence, .0.what)]
    FirstBadRow(FirstBadRow),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Chain {
    /// Rows so far, and the sequence of the last.
    pub(crate) sequence: i64,
    /// The hash of the last row.
    pub(crate) hash: [u8; HASH_BYTES],
}

/// The keys that what is on record is authenticated with: the end of the chain, and rows.
pub(crate) struct AuditKey {
    head: hmac::Key,
    stamp: StampKey,
}

/// A row with its place in the chain.
struct Link {
    chain: Chain,
    event: EventRow,
}

/// Walks the whole audit and answers the number of its rows, or where it was tampered with. Blocks
/// as [`Store::for_each`] does.
pub fn verify_blocking(store: &Store) -> Result<u64, AuditError> {
    let mut walked = walk(store)?;
    if walked == (Chain::EMPTY, None) {
        // Without rows the end is read apart; if it is not that of no rows, the first came between.
        walked = (Chain::EMPTY, first(store, SELECT_HEAD)?);
        if !store.audit_key().confirms(Chain::EMPTY, walked.1.as_deref()) {
            walked = walk(store)?;
        }
    }
    let (chain, head) = walked;
    let bad = |what| {
        AuditError::FirstBadRow(FirstBadRow { sequence: chain.sequence + 1, id: None, what })
    };
    if first(store, SELECT_BROKEN)?.is_some() {
        return Err(bad("or some before it were cut off before the program last started"));
    }
    if !store.audit_key().confirms(chain, head.as_deref()) {
        return Err(bad("is missing, or rows before it were written by another program"));
    }
    Ok(u64::try_from(chain.sequence).unwrap_or_default())
}

/// Checks every row and answers the end of the chain, and what was authenticated as its end.
fn walk(store: &Store) -> Result<(Chain, Option<String>), AuditError> {
    let mut chain = Chain::EMPTY;
    let mut head = None;
    store.for_each(SELECT, [], |row| {
        let link = Link::parse(&row)?;
        chain = chain.check(&link).map_err(|what| {
            AuditError::FirstBadRow(FirstBadRow {
                sequence: chain.sequence + 1,
                id: Some(link.event.id.clone()),
                what,
            })
        })?;
        if head.is_none() {
            head = row.text_optional(9)?.map(str::to_owned);
        }
        Ok::<(), AuditError>(())
    })?;
    Ok((chain, head))
}

fn first(store: &Store, sql: &'static str) -> Result<Option<String>, StoreError> {
    let mut found = None;
    store.for_each(sql, [], |row| {
        found = Some(row.text(0)?.to_owned());
        Ok::<(), StoreError>(())
    })?;
    Ok(found)
}

/// [`verify_blocking`] for callers that must not block: it walks on a thread of its own.
pub async fn verify(store: &Store) -> Result<u64, AuditError> {
    let store = store.clone();
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("audit-verify".to_owned())
        .spawn(move || answer.send(verify_blocking(&store)))
        .map_err(|why| StoreError::Io(why.to_string()))?;
    answered.await.map_err(|_| StoreError::Closed)?
}

impl Chain {
    /// The chain before its first row.
    pub(crate) const EMPTY: Self = Self { sequence: 0, hash: [0; HASH_BYTES] };

    /// Adds an event and answers the new end.
    pub(crate) fn extend(self, event: &EventRow) -> Self {
        let sequence = self.sequence.saturating_add(1);
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"safeconduct audit 1");
        hash.update(&self.hash);
        hash.update(&sequence.to_be_bytes());
        hash.update(&event.at.0.to_be_bytes());
        for field in
            [&event.id, &event.kind, &event.outcome, &event.actor, &event.object, &event.body]
        {
            let length = u64::try_from(field.len()).expect("a length fits 64 bits");
            hash.update(&length.to_be_bytes());
            hash.update(field.as_bytes());
        }
        let hash = hash.finish().as_ref().try_into().expect("SHA-256 is 32 bytes");
        Self { sequence, hash }
    }

    /// Reads the end of a chain from a row of sequence and hash.
    pub(crate) fn parse(row: &Row) -> Result<Self, StoreError> {
        let hash = row.bytes(1)?.try_into().map_err(|_| StoreError::Column {
            column: 1,
            expected: "a hash of 32 bytes",
            found: "another length",
        })?;
        Ok(Self { sequence: row.integer(0)?, hash })
    }

    fn check(self, link: &Link) -> Result<Self, &'static str> {
        let expected = self.extend(&link.event);
        if link.chain.sequence != expected.sequence {
            return Err("is missing");
        }
        if link.chain.hash != expected.hash {
            return Err("was edited, or the one before it was");
        }
        Ok(expected)
    }
}

impl AuditKey {
    /// Derives the keys.
    pub(crate) fn new(master: &MasterKey) -> Self {
        let head = hmac::Key::new(hmac::HMAC_SHA256, &master.keyed_hash("audit head key", b""));
        Self { head, stamp: StampKey::new(master) }
    }

    /// The key of rows.
    pub(crate) fn stamp(&self) -> &StampKey {
        &self.stamp
    }

    /// What is kept as the end of a chain.
    pub(crate) fn head(&self, chain: Chain) -> String {
        let tag = hmac::sign(&self.head, &head_bytes(chain));
        format!("{} {}", chain.sequence, crate::seal::hex(tag.as_ref()))
    }

    /// Whether a chain ends as was kept.
    pub(crate) fn confirms(&self, chain: Chain, head: Option<&str>) -> bool {
        head.is_some_and(|head| head == self.head(chain))
    }
}

fn head_bytes(chain: Chain) -> Vec<u8> {
    let mut bytes = chain.sequence.to_be_bytes().to_vec();
    bytes.extend_from_slice(&chain.hash);
    bytes
}

impl Link {
    fn parse(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            chain: Chain::parse(row)?,
            event: EventRow {
                id: row.text(2)?.to_owned(),
                at: row.time(3)?,
                kind: row.text(4)?.to_owned(),
                outcome: row.text(5)?.to_owned(),
                actor: row.text(6)?.to_owned(),
                object: row.text(7)?.to_owned(),
                body: row.text(8)?.to_owned(),
            },
        })
    }
}

/// Adds a row.
pub(crate) const INSERT: &str = "insert into audit (sequence, id, at, kind, outcome, actor, object, body, hash) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// The arguments of [`INSERT`].
pub(crate) const INSERT_ARGS: usize = 9;

/// The statement that adds an event at the end `chain`, and its arguments.
pub(crate) fn insert(chain: Chain, event: EventRow) -> (&'static str, Vec<Value>) {
    let args = vec![
        chain.sequence.into(),
        event.id.into(),
        event.at.into(),
        event.kind.into(),
        event.outcome.into(),
        event.actor.into(),
        event.object.into(),
        event.body.into(),
        chain.hash.into(),
    ];
    (INSERT, args)
}

#[cfg(test)]
mod tests {
    use ::tests::postgres::shared;
    use rusqlite::Connection;

    use super::*;
    use crate::directory::{self, tests::TestDirectory};
    use crate::write::{CommitError, Why, Write};

    const ROWS: i64 = 7;

    fn event(number: i64) -> EventRow {
        EventRow {
            id: format!("event-{number}"),
            at: pki::time::Time(1_700_000_000 + number),
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

    /// Gives a place an audit of [`ROWS`] rows, in two runs of the program.
    async fn fill(place: &Place) {
        for run in [1..=3, 4..=ROWS] {
            let store = place.open().await;
            for number in run {
                commit(&store, number).await;
            }
        }
    }

    /// What verifying says after somebody did `sql`.
    async fn check(sql: &str, expected: Result<u64, i64>) {
        for place in Place::both() {
            fill(&place).await;
            place.tamper(sql).await;
            let found = verify(&place.open().await).await.map_err(|why| match why {
                AuditError::FirstBadRow(bad) => bad.sequence,
                AuditError::Store(why) => panic!("{why}"),
            });
            assert_eq!(found, expected, "{sql}");
        }
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
            assert_eq!(verify(&store).await.unwrap(), 200);
        }
    }

    #[tokio::test]
    async fn an_empty_audit_is_verified() {
        for place in Place::both() {
            assert_eq!(verify(&place.open().await).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn an_edited_row_is_found() {
        for column in ["id", "kind", "outcome", "actor", "object", "body"] {
            check(&format!("update audit set {column} = 'x' where sequence = 4"), Err(4)).await;
        }
        check("update audit set at = at + 1 where sequence = 1", Err(1)).await;
        check("update audit set hash = (select hash from audit where sequence = 1) where sequence = 5", Err(5)).await;
    }

    #[tokio::test]
    async fn a_removed_row_is_found() {
        check("delete from audit where sequence = 4", Err(4)).await;
        check("delete from audit where sequence = 1", Err(1)).await;
    }

    #[tokio::test]
    async fn reordered_rows_are_found() {
        check(
            "update audit set sequence = 100 where sequence = 2;
             update audit set sequence = 2 where sequence = 3;
             update audit set sequence = 3 where sequence = 100;",
            Err(2),
        )
        .await;
    }

    #[tokio::test]
    async fn a_cut_off_end_is_found() {
        check("delete from audit where sequence = 7", Err(7)).await;
        check("delete from audit", Err(1)).await;
        check("delete from audit; delete from meta where key = 'audit_head'", Err(1)).await;
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
        assert_eq!(verify(&store).await.unwrap(), 2);
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
        assert_eq!(verify(&store).await.unwrap(), 200);
    }
}
