//! SQLite: one file, a pool of reading threads, one writing thread.

mod check;
mod connection;
mod failure;
mod reader;
mod writer;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::{broadcast, oneshot};

use self::check::Check;
use self::connection::Durability;
use self::reader::Readers;
use self::writer::Writer;
use crate::audit::AuditKey;
use crate::change::{self, Changes, Notice};
use crate::directory;
use crate::seal::MasterKey;
use crate::value::{Row, Value};
use crate::write::{CommitError, EventRow, Write};
use crate::{StoreError, WriterState};

/// Rows handed over at once by a walk over a table.
const CHUNK_ROWS: usize = 256;

/// Chunks that a walk may be ahead of whoever takes them.
const CHUNKS_AHEAD_MAX: usize = 2;

/// An open database. Fields are dropped in their order: the writer is the last to close the file,
/// since only it may fold the write-ahead log back in.
pub(crate) struct Sqlite {
    check: Check,
    readers: Readers,
    writer: Writer,
    audit_key: AuditKey,
    notices: broadcast::Sender<Notice>,
    _scratch: Option<Scratch>,
}

/// A directory that goes with the database in it.
struct Scratch(PathBuf);

impl Sqlite {
    /// Opens the database of a data directory.
    pub(crate) fn open(data: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        Self::open_with(data, master, (Durability::Synced, check::FIRST_BYTES_MAX), None)
    }

    /// Opens an empty database in a directory of its own that goes with it.
    pub(crate) fn scratch(master: &MasterKey) -> Result<Self, StoreError> {
        let unique = getrandom::u64().map_err(|why| StoreError::Io(why.to_string()))?;
        let path = std::env::temp_dir().join(format!("safeconduct-scratch-{unique:016x}"));
        let scratch = Scratch(path.clone());
        let settings = (Durability::Lost, check::FIRST_BYTES_MAX);
        Self::open_with(&path, master, settings, Some(scratch))
    }

    fn open_with(
        data: &Path,
        master: &MasterKey,
        (durability, checked_first_bytes_max): (Durability, u64),
        scratch: Option<Scratch>,
    ) -> Result<Self, StoreError> {
        directory::prepare(data).map_err(|why| StoreError::Io(why.to_string()))?;
        let path = data.join(directory::DATABASE);
        let audit_key = AuditKey::new(master);
        let check = Check::of(data, &path, checked_first_bytes_max);
        let connection = connection::open_writing(&path, durability, check.is_first())?;
        check.passed_first()?;
        connection::check_master_key(&connection, master)?;
        connection::forget_under_way(&connection)?;
        directory::sync(data).map_err(|why| StoreError::Io(why.to_string()))?;
        let (notices, _) = broadcast::channel(change::BEHIND_MAX);
        let writer = Writer::start(connection, AuditKey::new(master), notices.clone())?;
        let readers = Readers::start(&path)?;
        Ok(Self { check, readers, writer, audit_key, notices, _scratch: scratch })
    }

    /// Reads at most `rows_max` rows.
    pub(crate) async fn query(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        rows_max: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.readers.submit(Box::new(move |connection| {
            // Whoever asked may have gone away; then nobody misses the answer.
            drop(answer.send(reader::read(connection, &sql, &args, rows_max)));
        }))?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads the first row.
    pub(crate) async fn query_one(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.readers.submit(Box::new(move |connection| {
            drop(answer.send(reader::read_first(connection, &sql, &args)));
        }))?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads the first row, waiting on the calling thread.
    pub(crate) fn query_blocking(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        patience: Duration,
    ) -> Result<Option<Row>, StoreError> {
        let (answer, answered) = mpsc::sync_channel(1);
        self.readers.submit(Box::new(move |connection| {
            drop(answer.send(reader::read_first(connection, &sql, &args)));
        }))?;
        answered.recv_timeout(patience).map_err(|why| match why {
            mpsc::RecvTimeoutError::Timeout => StoreError::Late,
            mpsc::RecvTimeoutError::Disconnected => StoreError::Closed,
        })?
    }

    /// Hands over every row, on the calling thread.
    pub(crate) fn for_each<E: From<StoreError>>(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        mut visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let (chunks, taken) = mpsc::sync_channel(CHUNKS_AHEAD_MAX);
        self.readers.submit(Box::new(move |connection| {
            reader::walk(connection, &sql, &args, &chunks);
        }))?;
        loop {
            match taken.recv().map_err(|_| StoreError::Closed)? {
                reader::Chunk::Rows(rows) => rows.into_iter().try_for_each(&mut visit)?,
                reader::Chunk::End(result) => return Ok(result?),
            }
        }
    }

    /// Queues a change and waits until it is durable.
    pub(crate) async fn commit(
        &self,
        write: Write,
        events: Vec<EventRow>,
    ) -> Result<(), CommitError> {
        let answered = self.writer.submit(write, events)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Whether changes can be made.
    pub(crate) fn writer_state(&self) -> WriterState {
        self.writer.state()
    }

    /// Checks in the background what was not checked first.
    pub(crate) fn check_rest(&self) {
        self.check.begin();
    }

    /// Whether the whole file was checked before it was opened.
    pub(crate) fn is_checked_first(&self) -> bool {
        self.check.is_first()
    }

    /// What the check in the background found.
    pub(crate) fn damage(&self) -> Option<StoreError> {
        self.check.damage()
    }

    /// The changes from now on.
    pub(crate) fn changes(&self) -> Changes {
        Changes { receiver: self.notices.subscribe() }
    }

    /// The key under which the end of the audit is authenticated.
    pub(crate) fn audit_key(&self) -> &AuditKey {
        &self.audit_key
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(why) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(directory = %self.0.display(), %why, "scratch directory left behind");
        }
    }
}

#[cfg(test)]
mod tests;
