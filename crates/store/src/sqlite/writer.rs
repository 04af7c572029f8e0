//! The writing thread: it takes all changes that wait and makes them durable in one commit.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::{broadcast, oneshot};

use super::{failure, reader};
use crate::audit::{self, AuditKey, Chain};
use crate::change::{self, Notice, Topic};
use crate::value::Value;
use crate::write::{CommitError, EventRow, Statement, Write};
use crate::{StoreError, WriterState};

/// Most changes that wait: about a tenth of a second of work for a fast disk.
pub(super) const QUEUE_MAX: usize = 1024;

/// Most changes that share a commit: more gain nothing, and the first would wait for the last.
pub(super) const GROUP_MAX: usize = 128;

/// Pages in the write-ahead log after which it is folded back into the file (16 MB).
const CHECKPOINT_PAGES: i64 = 4000;

/// How often a full disk is tried.
const SPACE_RETRY: Duration = Duration::from_secs(1);

/// Takes 64 KiB: more than one enrollment needs.
const TAKE_SPACE: &str = "insert into meta (key, value) values ('space', hex(zeroblob(32768)))
    on conflict (key) do update set value = excluded.value";

type Answer = oneshot::Sender<Result<(), CommitError>>;

/// The way to the writing thread. Dropped, it ends the thread after the changes that wait.
pub(super) struct Writer {
    queue: Option<SyncSender<Change>>,
    state: Arc<Mutex<WriterState>>,
    thread: Option<JoinHandle<()>>,
}

/// A change that waits.
struct Change {
    write: Write,
    events: Vec<EventRow>,
    answer: Answer,
}

/// What the writing thread has.
struct Desk {
    connection: Connection,
    audit_key: AuditKey,
    /// The end of the audit as it is on the disk.
    chain: Chain,
    state: Arc<Mutex<WriterState>>,
    notices: broadcast::Sender<Notice>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(
        connection: Connection,
        audit_key: AuditKey,
        notices: broadcast::Sender<Notice>,
    ) -> Result<Self, StoreError> {
        let chain = last_link(&connection)?;
        note_broken_end(&connection, &audit_key, chain)?;
        let state = Arc::new(Mutex::new(WriterState::Writing));
        let (queue, changes) = sync_channel(QUEUE_MAX);
        let mut desk = Desk { connection, audit_key, chain, state: Arc::clone(&state), notices };
        let thread = std::thread::Builder::new()
            .name("store-write".to_owned())
            .spawn(move || desk.serve(&changes))
            .map_err(|why| StoreError::Io(why.to_string()))?;
        Ok(Self { queue: Some(queue), state, thread: Some(thread) })
    }

    /// Queues a change; the answer comes when it is durable or refused.
    pub(super) fn submit(
        &self,
        write: Write,
        events: Vec<EventRow>,
    ) -> Result<oneshot::Receiver<Result<(), CommitError>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        match queue.try_send(Change { write, events, answer }) {
            Ok(()) => Ok(answered),
            Err(TrySendError::Full(_)) => Err(StoreError::Busy),
            Err(TrySendError::Disconnected(_)) => Err(StoreError::Closed),
        }
    }

    /// Whether changes can be made.
    pub(super) fn state(&self) -> WriterState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writing thread of the database panicked");
        }
    }
}

impl Desk {
    fn serve(&mut self, changes: &Receiver<Change>) {
        while let Some(first) = self.next(changes) {
            let mut group = VecDeque::from([first]);
            while group.len() < GROUP_MAX {
                match changes.try_recv() {
                    Ok(change) => group.push_back(change),
                    Err(_) => break,
                }
            }
            self.handle(group);
        }
    }

    /// The next change; none when nobody can send one any more. While the disk is full it is
    /// tried in between, so that the state is true also when nobody asks for a change.
    fn next(&self, changes: &Receiver<Change>) -> Option<Change> {
        while self.state() == WriterState::Full {
            match changes.recv_timeout(SPACE_RETRY) {
                Ok(change) => return Some(change),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.look_for_space(),
            }
        }
        changes.recv().ok()
    }

    /// Tries whether a full disk has space again.
    fn look_for_space(&self) {
        match self.try_space() {
            Ok(()) => {
                tracing::info!("the disk of the database has space again");
                self.set_state(WriterState::Writing);
            }
            Err(why) => self.note(&why),
        }
    }

    /// Commits as much as a change needs, and takes it away again.
    fn try_space(&self) -> Result<(), StoreError> {
        for sql in [TAKE_SPACE, "delete from meta where key = 'space'"] {
            let tried = self.run("begin immediate").and_then(|()| self.run(sql));
            if let Err(why) = tried.and_then(|()| self.run("commit")) {
                self.roll_back();
                return Err(why);
            }
        }
        Ok(())
    }

    /// Makes a group durable and answers everyone in it.
    fn handle(&mut self, group: VecDeque<Change>) {
        let (answers, mut changes): (Vec<_>, Vec<_>) =
            group.into_iter().map(|change| (change.answer, (change.write, change.events))).unzip();
        let announcements: Vec<_> =
            changes.iter_mut().map(|(write, _)| std::mem::take(&mut write.announcements)).collect();
        let outcome = if self.state() == WriterState::Stopped {
            Err(StoreError::Stopped)
        } else {
            self.commit(changes)
        };
        match &outcome {
            // What writes nothing needs no space: only a trial tells that there is some again.
            Ok(_) if self.state() == WriterState::Full => self.look_for_space(),
            Ok(_) => {}
            Err(why) => self.note(why),
        }
        match outcome {
            Ok(results) => {
                for ((answer, result), announced) in
                    answers.into_iter().zip(results).zip(announcements)
                {
                    if result.is_ok() {
                        self.announce(announced);
                    }
                    // Whoever asked may have gone away; the change is made all the same.
                    drop(answer.send(result));
                }
                if let Err(why) = self.fold() {
                    self.note(&why);
                }
            }
            Err(why) => {
                for answer in answers {
                    drop(answer.send(Err(why.clone().into())));
                }
            }
        }
    }

    fn announce(&self, announcements: Vec<(Topic, String)>) {
        for (topic, key) in announcements {
            let change = change::Change { topic, key, here: true };
            // If nobody listens, nobody misses it.
            drop(self.notices.send(Notice::Changed(change)));
        }
    }

    /// Commits a group. The inner results are of single changes; an error is everyone's.
    fn commit(
        &mut self,
        changes: Vec<(Write, Vec<EventRow>)>,
    ) -> Result<Vec<Result<(), CommitError>>, StoreError> {
        self.run("begin immediate")?;
        let outcome = self.commit_begun(changes);
        match outcome {
            Ok((results, chain)) => {
                self.chain = chain;
                Ok(results)
            }
            Err(why) => {
                self.roll_back();
                Err(why)
            }
        }
    }

    fn commit_begun(
        &self,
        changes: Vec<(Write, Vec<EventRow>)>,
    ) -> Result<(Vec<Result<(), CommitError>>, Chain), StoreError> {
        let mut chain = self.chain;
        let mut results = Vec::with_capacity(changes.len());
        for (write, events) in changes {
            self.run("savepoint one")?;
            let result = self.apply(write, events, chain);
            match &result {
                Ok(extended) => chain = *extended,
                // The disk's failures end the group, and so does a lost transaction.
                Err(CommitError::Store(
                    why @ (StoreError::Full | StoreError::Io(_) | StoreError::Damaged { .. }),
                )) => return Err(why.clone()),
                Err(why) if self.connection.is_autocommit() => {
                    return Err(StoreError::Statement(format!("the transaction was lost: {why}")));
                }
                Err(_) => self.run("rollback to one")?,
            }
            self.run("release one")?;
            results.push(result.map(|_| ()));
        }
        if chain != self.chain {
            let args = [Value::from(self.audit_key.head(chain))];
            self.execute(
                "insert into meta (key, value) values ('audit_head', $1)
                 on conflict (key) do update set value = excluded.value",
                &args,
            )
            .map_err(as_store_error)?;
        }
        self.run("commit")?;
        Ok((results, chain))
    }

    /// Runs the statements of one change and adds its events to the audit.
    fn apply(
        &self,
        write: Write,
        events: Vec<EventRow>,
        mut chain: Chain,
    ) -> Result<Chain, CommitError> {
        for Statement { sql, args, guard } in write.statements {
            let rows = self.execute(&sql, &args)?;
            if let Some(guard) = guard
                && guard.rows != rows
            {
                return Err(CommitError::Conflict(guard.conflict));
            }
        }
        for event in events {
            chain = chain.extend(&event);
            let (sql, args) = audit::insert(chain, event);
            self.execute(sql, &args)?;
        }
        Ok(chain)
    }

    /// Runs a statement and counts the rows it changed or, if it is a select, found.
    fn execute(&self, sql: &str, args: &[Value]) -> Result<u64, CommitError> {
        let failed = |why| failure::classify_change(&why);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        reader::bind(&mut statement, args)?;
        if statement.column_count() == 0 {
            let rows = statement.raw_execute().map_err(failed)?;
            return Ok(u64::try_from(rows).unwrap_or(u64::MAX));
        }
        let mut found = statement.raw_query();
        let mut rows = 0_u64;
        while found.next().map_err(failed)?.is_some() {
            rows = rows.saturating_add(1);
        }
        Ok(rows)
    }

    fn run(&self, sql: &'static str) -> Result<(), StoreError> {
        let ran =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute());
        ran.map(|_| ()).map_err(|why| failure::classify(&why))
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(why) = self.run("rollback")
        {
            // A transaction that cannot be ended would swallow the next group.
            tracing::error!(%why, "the database does not roll back");
            self.stop();
        }
    }

    /// Folds the write-ahead log back into the file when it has grown long. SQLite would do so by
    /// itself, but hides whether the disk failed while it did.
    fn fold(&self) -> Result<(), StoreError> {
        let (log, done) = self.checkpoint("pragma wal_checkpoint(noop)")?;
        if log.saturating_sub(done) >= CHECKPOINT_PAGES {
            self.checkpoint("pragma wal_checkpoint(passive)")?;
        }
        Ok(())
    }

    /// Runs a checkpoint and answers the pages in the log, and those that are in the file too.
    fn checkpoint(&self, sql: &'static str) -> Result<(i64, i64), StoreError> {
        self.connection
            .query_row(sql, [], |row| Ok((row.get(1)?, row.get(2)?)))
            .map_err(|why| failure::classify(&why))
    }

    /// Draws the conclusions from a failure. A disk that failed once to make something durable may
    /// since have dropped it: nothing is tried again on it.
    fn note(&self, why: &StoreError) {
        if *why == StoreError::Full && self.state() == WriterState::Writing {
            tracing::error!("the disk of the database is full");
            self.set_state(WriterState::Full);
        }
        if matches!(why, StoreError::Io(_) | StoreError::Damaged { .. }) {
            tracing::error!(%why, "changes are refused until the program starts anew");
            self.stop();
        }
    }

    /// Makes no more changes. The log stays as it is, because what the disk shows of it may not be
    /// what it has; the next start checks every page of it.
    fn stop(&self) {
        self.set_state(WriterState::Stopped);
        let kept = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        if let Err(why) = kept {
            tracing::error!(%why, "the log of the database may be folded in at the end");
        }
    }

    fn state(&self) -> WriterState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_state(&self, state: WriterState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// An error outside any single change.
fn as_store_error(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(why) => why,
        other @ (CommitError::Conflict(_)
        | CommitError::Constraint(_)
        | CommitError::Unexplained) => StoreError::Statement(other.to_string()),
    }
}

/// Reads the end of the audit.
fn last_link(connection: &Connection) -> Result<Chain, StoreError> {
    let last = reader::read_first(
        connection,
        "select sequence, hash from audit order by sequence desc limit 1",
        &[],
    )?;
    last.as_ref().map_or(Ok(Chain::EMPTY), Chain::parse)
}

/// Keeps it in mind when the audit does not end as it was left: the next commit will write a new
/// end, and the program must start all the same.
fn note_broken_end(
    connection: &Connection,
    audit_key: &AuditKey,
    chain: Chain,
) -> Result<(), StoreError> {
    let head: Option<String> = connection
        .query_row("select value from meta where key = 'audit_head'", [], |row| row.get(0))
        .optional()
        .map_err(|why| failure::classify(&why))?;
    if audit_key.confirms(chain, head.as_deref()) {
        return Ok(());
    }
    tracing::error!(
        rows = chain.sequence,
        "the audit does not end as the program left it; run `safeconduct audit verify`"
    );
    connection
        .execute(
            "insert into meta (key, value) values ('audit_broken', $1)
             on conflict (key) do nothing",
            [format!("{} {}", chain.sequence, head.unwrap_or_default())],
        )
        .map_err(|why| failure::classify(&why))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::tests::TestDirectory;
    use crate::seal::MasterKey;
    use crate::sqlite::connection::{self, Durability};

    fn desk(directory: &TestDirectory) -> Desk {
        let path = directory.0.join(crate::directory::DATABASE);
        let master = MasterKey::from_bytes(&[7; 32]);
        let connection = connection::open_writing(&path, Durability::Lost, true).unwrap();
        connection::check_master_key(&connection, &master).unwrap();
        let chain = last_link(&connection).unwrap();
        let state = Arc::new(Mutex::new(WriterState::Writing));
        let (notices, _) = broadcast::channel(1);
        Desk { connection, audit_key: AuditKey::new(&master), chain, state, notices }
    }

    fn handle(desk: &mut Desk, sql: &'static str) -> Result<(), CommitError> {
        let (answer, mut answered) = oneshot::channel();
        let change = Change { write: Write::new().execute(sql, []), events: Vec::new(), answer };
        desk.handle(VecDeque::from([change]));
        answered.try_recv().unwrap()
    }

    #[test]
    fn after_a_failing_disk_nothing_is_written_again() {
        for why in [
            StoreError::Io("EIO".to_owned()),
            StoreError::Damaged { path: "file".into(), detail: "page 7".to_owned() },
        ] {
            let directory = TestDirectory::new();
            let mut desk = desk(&directory);
            handle(&mut desk, "insert into meta values ('a', '1')").unwrap();
            desk.note(&why);
            let refusal = handle(&mut desk, "delete from meta").unwrap_err();
            assert!(matches!(refusal, CommitError::Store(StoreError::Stopped)), "{refusal}");
            assert_eq!(desk.state(), WriterState::Stopped);
            let left = reader::read_first(&desk.connection, "select count(*) from meta", &[]);
            assert_eq!(left.unwrap().unwrap().integer(0).unwrap(), 3);
        }
    }

    #[test]
    fn a_full_disk_is_tried_until_it_has_space_and_nothing_stays_of_it() {
        let directory = TestDirectory::new();
        let desk = desk(&directory);
        let allow = |pages: i64| {
            desk.connection.pragma_update(None, "max_page_count", pages).unwrap();
            desk.look_for_space();
            desk.state()
        };
        desk.note(&StoreError::Full);
        assert_eq!(allow(1), WriterState::Full);
        assert!(desk.connection.is_autocommit());
        assert_eq!(allow(1_000_000), WriterState::Writing);
        let sql = "select count(*) from meta where key = 'space'";
        let left = reader::read_first(&desk.connection, sql, &[]).unwrap().unwrap();
        assert_eq!(left.integer(0).unwrap(), 0);
    }

    #[test]
    fn a_change_that_needs_no_space_does_not_say_that_there_is_some() {
        let directory = TestDirectory::new();
        let mut desk = desk(&directory);
        desk.note(&StoreError::Full);
        for (pages, state) in [(1, WriterState::Full), (1_000_000, WriterState::Writing)] {
            desk.connection.pragma_update(None, "max_page_count", pages).unwrap();
            handle(&mut desk, "delete from meta where key = 'nothing'").unwrap();
            assert_eq!(desk.state(), state);
        }
    }

    #[test]
    fn other_failures_stop_nothing() {
        let directory = TestDirectory::new();
        let mut desk = desk(&directory);
        for why in [StoreError::Busy, StoreError::Statement("wrong".to_owned())] {
            desk.note(&why);
            handle(&mut desk, "select 1").unwrap();
            assert_eq!(desk.state(), WriterState::Writing);
        }
    }

    #[test]
    fn a_transaction_that_a_change_ends_fails_its_group_only() {
        let directory = TestDirectory::new();
        let mut desk = desk(&directory);
        handle(&mut desk, "rollback").unwrap_err();
        handle(&mut desk, "insert into meta values ('a', '1')").unwrap();
        assert!(desk.connection.is_autocommit());
    }
}
