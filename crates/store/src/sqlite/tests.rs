//! Tests of the engine: the real file, the real threads.

mod flipped;
mod torn;

use rusqlite::Connection;

use super::reader::Job;
use super::*;
use crate::Store;
use crate::directory::tests::{TestDirectory, mode};
use crate::seal::SealError;
use crate::write::{Bookkeeping, Why};

const NOTED: Why = Why::Bookkeeping(Bookkeeping::SecretUsed);

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

fn scratch() -> Store {
    Store::scratch(&master()).unwrap()
}

fn sqlite(store: &Store) -> &Sqlite {
    let crate::Engine::Sqlite(sqlite) = &store.engine else { panic!("not SQLite") };
    sqlite
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

/// Holds the database file's write lock, as a backup or a shell might.
fn hold(store: &Store) -> Connection {
    let Scratch(path) = sqlite(store)._scratch.as_ref().unwrap();
    let connection = Connection::open(path.join(directory::DATABASE)).unwrap();
    connection.execute_batch("begin immediate").unwrap();
    connection
}

#[tokio::test]
async fn a_conflict_never_fails_the_group_it_shares_a_commit_with() {
    let store = scratch();
    let held = hold(&store);
    // The writer waits with the first; the others queue behind it and become one group.
    let submit = |write| sqlite(&store).writer.submit(write, Vec::new()).unwrap();
    let first = submit(note("first", "1"));
    let group = [note("a", "1"), take("missing"), note("a", "again"), note("b", "2")].map(submit);
    held.execute_batch("rollback").unwrap();
    first.await.unwrap().unwrap();
    let [a, conflict, duplicate, b] = group;
    a.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
    let conflict = conflict.await.unwrap().unwrap_err();
    assert!(matches!(conflict, CommitError::Conflict(_)), "{conflict}");
    let duplicate = duplicate.await.unwrap().unwrap_err();
    assert!(matches!(duplicate, CommitError::Constraint(_)), "{duplicate}");
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&store, "b").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn a_full_queue_of_changes_says_busy() {
    let store = scratch();
    let held = hold(&store);
    let mut answers = Vec::new();
    let limit = writer::QUEUE_MAX + writer::GROUP_MAX;
    let refusal = loop {
        match sqlite(&store).writer.submit(Write::new(), Vec::new()) {
            Ok(answer) => answers.push(answer),
            Err(refusal) => break refusal,
        }
        assert!(answers.len() <= limit);
    };
    assert_eq!(refusal, StoreError::Busy);
    held.execute_batch("rollback").unwrap();
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    note("a", "1").commit(&store, NOTED).await.unwrap();
}

/// Occupies every reader until the answer is dropped.
fn occupy_readers(store: &Store) -> Vec<mpsc::Sender<()>> {
    let occupy = |_| {
        let (release, released) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let job: Job = Box::new(move |_| {
            started.send(()).unwrap();
            released.recv().unwrap_err();
        });
        sqlite(store).readers.submit(job).unwrap();
        running.recv().unwrap();
        release
    };
    (0..reader::READERS).map(occupy).collect()
}

#[tokio::test]
async fn a_full_queue_of_reads_says_busy() {
    let store = scratch();
    let occupied = occupy_readers(&store);
    for _ in 0..reader::QUEUE_MAX {
        sqlite(&store).readers.submit(Box::new(|_| {})).unwrap();
    }
    assert_eq!(store.query("select 1", []).await.unwrap_err(), StoreError::Busy);
    drop(occupied);
}

#[test]
fn a_read_that_does_not_come_in_time_says_late() {
    let store = scratch();
    let occupied = occupy_readers(&store);
    let late = store.query_blocking("select 1", [], Duration::from_millis(1)).unwrap_err();
    assert_eq!(late, StoreError::Late);
    drop(occupied);
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_space() {
    let store = scratch();
    let limit = |pages: u32| Write::new().execute(format!("pragma max_page_count = {pages}"), []);
    limit(64).commit(&store, NOTED).await.unwrap();
    let large = note("large", &"x".repeat(1 << 20));
    let refusal = large.commit(&store, NOTED).await.unwrap_err();
    assert!(matches!(refusal, CommitError::Store(StoreError::Full)), "{refusal}");
    assert_eq!(store.writer(), WriterState::Full);
    assert_eq!(value(&store, "large").await, None);
    limit(100_000).commit(&store, NOTED).await.unwrap();
    note("large", &"x".repeat(1 << 20)).commit(&store, NOTED).await.unwrap();
    assert_eq!(store.writer(), WriterState::Writing);
}

#[tokio::test]
async fn the_log_is_folded_back_when_it_is_long() {
    let store = scratch();
    let Scratch(path) = sqlite(&store)._scratch.as_ref().unwrap();
    let size = || std::fs::metadata(path.join(directory::DATABASE)).unwrap().len();
    let before = size();
    note("large", &"x".repeat(20 << 20)).commit(&store, NOTED).await.unwrap();
    // The group is answered before the log is folded; the next is answered after.
    note("small", "x").commit(&store, NOTED).await.unwrap();
    assert!(size() > before + (16 << 20), "{}", size());
}

#[tokio::test]
async fn a_wrong_statement_is_an_error_and_reads_cannot_write() {
    let store = scratch();
    let args = |count: usize| vec![Value::from(1_i64); count];
    for (sql, count) in [("select $1", 0), ("select $1", 2), ("select $2, $1", 2), ("select ?1", 1)]
    {
        let refusal = store.query(sql, args(count)).await.unwrap_err();
        assert!(matches!(refusal, StoreError::Statement(_)), "{sql}: {refusal}");
    }
    store.query("insert into meta values ('a', 'b')", []).await.unwrap_err();
    assert_eq!(value(&store, "a").await, None);
    let refusal = Write::new().execute("nonsense", []).commit(&store, NOTED).await.unwrap_err();
    assert!(matches!(refusal, CommitError::Store(StoreError::Statement(_))), "{refusal}");
    note("a", "1").commit(&store, NOTED).await.unwrap();
}

#[tokio::test]
async fn what_is_committed_outlives_the_store_and_its_files_are_private() {
    let directory = TestDirectory::new();
    let data = directory.0.join("data");
    let store = Store::open(&data, &master()).unwrap();
    note("a", "1").commit(&store, NOTED).await.unwrap();
    for file in ["safeconduct.db", "safeconduct.db-wal", "safeconduct.db-shm"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&data), 0o700);
    drop(store);
    assert!(!data.join("safeconduct.db-wal").exists());
    let store = Store::open(&data, &master()).unwrap();
    assert_eq!(value(&store, "a").await.as_deref(), Some("1"));
}

#[test]
fn another_master_key_is_refused() {
    let directory = TestDirectory::new();
    drop(Store::open(&directory.0, &master()).unwrap());
    let other = MasterKey::from_bytes(&[8; 32]);
    let refusal = Store::open(&directory.0, &other).unwrap_err();
    assert!(matches!(refusal, StoreError::Seal(SealError::WrongKey(_))), "{refusal}");
    Store::open(&directory.0, &master()).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let directory = TestDirectory::new();
    drop(Store::open(&directory.0, &master()).unwrap());
    let connection = Connection::open(directory.0.join(directory::DATABASE)).unwrap();
    connection.execute("update schema_version set version = 4096", []).unwrap();
    drop(connection);
    let refusal = Store::open(&directory.0, &master()).unwrap_err();
    assert!(matches!(refusal, StoreError::NewerSchema { found: 4096, .. }), "{refusal}");
}

#[test]
fn the_database_of_another_program_is_refused() {
    let directory = TestDirectory::new();
    let connection = Connection::open(directory.0.join(directory::DATABASE)).unwrap();
    connection.execute_batch("create table theirs (x)").unwrap();
    drop(connection);
    let refusal = Store::open(&directory.0, &master()).unwrap_err();
    assert!(matches!(refusal, StoreError::Foreign(_)), "{refusal}");
}

#[test]
fn a_damaged_file_is_refused_with_the_cure() {
    use std::os::unix::fs::FileExt;
    let directory = TestDirectory::new();
    drop(Store::open(&directory.0, &master()).unwrap());
    let path = directory.0.join(directory::DATABASE);
    let file = directory::open_private(&path).unwrap();
    file.write_all_at(&[0xa5; 4096], 2 * 4096).unwrap();
    let refusal = Store::open(&directory.0, &master()).unwrap_err();
    let sentence = refusal.to_string();
    assert!(matches!(refusal, StoreError::Damaged { .. }), "{sentence}");
    assert!(sentence.contains(path.to_str().unwrap()), "{sentence}");
    assert!(sentence.contains("put back its last backup"), "{sentence}");
    file.write_all_at(b"this was a database", 0).unwrap();
    let refusal = Store::open(&directory.0, &master()).unwrap_err();
    assert!(matches!(refusal, StoreError::Damaged { .. }), "{refusal}");
}

/// Damages the last page of a database that is good for more than its schema.
async fn damage(data: &Path) {
    use std::os::unix::fs::FileExt;
    let store = Store::open(data, &master()).unwrap();
    for number in 0..500 {
        note(&format!("f{number}"), &"x".repeat(100)).commit(&store, NOTED).await.unwrap();
    }
    drop(store);
    let file = directory::open_private(&data.join(directory::DATABASE)).unwrap();
    let end = file.metadata().unwrap().len();
    file.write_all_at(&[0xa5; 4096], end - 4096).unwrap();
}

fn open_unchecked(data: &Path) -> Result<Sqlite, StoreError> {
    Sqlite::open_with(data, &master(), (Durability::Synced, 0), None)
}

#[tokio::test]
async fn a_large_file_is_checked_in_the_background_and_first_at_the_next_start() {
    let directory = TestDirectory::new();
    damage(&directory.0).await;
    let sqlite = open_unchecked(&directory.0).unwrap();
    assert_eq!(sqlite.damage(), None);
    sqlite.check_rest();
    let found = loop {
        match sqlite.damage() {
            Some(found) => break found,
            None => std::thread::yield_now(),
        }
    };
    assert!(matches!(found, StoreError::Damaged { .. }), "{found}");
    assert!(found.to_string().contains("put back its last backup"), "{found}");
    drop(sqlite);
    let refusal = open_unchecked(&directory.0).err().unwrap();
    assert!(matches!(refusal, StoreError::Damaged { .. }), "{refusal}");
}

#[test]
fn what_was_doubted_without_reason_is_checked_first_once() {
    let directory = TestDirectory::new();
    drop(Store::open(&directory.0, &master()).unwrap());
    directory::note_suspect(&directory.0).unwrap();
    for checked in [true, false] {
        let sqlite = open_unchecked(&directory.0).unwrap();
        assert_eq!(sqlite.check.is_first(), checked);
        // Begun twice, or ended at once, it is no obstacle.
        sqlite.check_rest();
        sqlite.check_rest();
    }
}

#[test]
fn a_scratch_database_goes_with_its_last_clone() {
    let store = scratch();
    let path = sqlite(&store)._scratch.as_ref().unwrap().0.clone();
    let clone = store.clone();
    drop(store);
    assert!(path.exists());
    drop(clone);
    assert!(!path.exists());
}
