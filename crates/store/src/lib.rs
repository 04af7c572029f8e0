//! Memory: every row the program keeps. One file a noun on top of one small engine.
//!
//! Reads go to a pool of readers, writes to one writer that shares a durable commit among all who
//! wait. A change is made by [`write::Write::commit`] alone.

pub mod access_point;
pub mod administrator;
pub mod audit;
pub mod certificate;
pub mod change;
pub mod credential;
pub mod decision;
pub mod device;
pub mod directory;
pub mod enrollment;
pub mod event;
pub mod gateway;
pub mod idempotency;
pub mod inventory;
pub mod lock;
pub mod object_version;
pub mod organization;
pub mod person;
pub mod private_key;
pub mod rendering;
pub mod revocation_list;
pub mod seal;
pub mod server_slot;
pub mod session;
pub mod token;
pub mod value;
pub mod write;

mod migration;
mod postgres;
mod spread;
mod sqlite;
mod stamp;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::change::Changes;
use crate::event::heard::{Heard, Told};
use crate::postgres::Postgres;
use crate::seal::MasterKey;
use crate::sqlite::Sqlite;
use crate::value::{Row, Value};
use crate::write::{CommitError, EventRow, Write};

/// Most rows that one query may answer: lists are read in pages, and everything larger goes
/// through [`Store::for_each`].
pub const QUERY_ROWS_MAX: usize = 65_536;

/// The database of one organization. Cheap to clone; all clones are the same database.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    /// Tells of the events that this program makes durable.
    heard: Told,
}

/// The database behind the store.
#[derive(Clone)]
enum Engine {
    /// A file of this machine.
    Sqlite(Arc<Sqlite>),
    /// A server that several programs share.
    Postgres(Arc<Postgres>),
}

/// The URL of a database, as people may see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ShownUrl {
    /// Where it is and as whom: without the password.
    pub text: String,
    /// Whether the URL has a password.
    pub has_password: bool,
}

/// Whether changes can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WriterState {
    /// Changes are made.
    Writing,
    /// The disk is full; the next change tries again.
    Full,
    /// The disk failed; no change is made until the program starts anew.
    Stopped,
    /// The database server is away; the program connects again by itself.
    Unreachable,
}

/// The database failed, or was asked wrongly.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// A queue of the store is full, or another process holds the database.
    #[error("the database has more to do than it can queue; try again")]
    Busy,
    /// No answer came in the time allowed.
    #[error("the database did not answer in time")]
    Late,
    /// The disk is full.
    #[error("the disk of the database is full; free space and it goes on by itself")]
    Full,
    /// The disk or the file system failed.
    #[error("the disk of the database failed: {0}")]
    Io(String),
    /// A change was refused because an earlier one met a failing disk.
    #[error("changes are refused since the disk of the database failed; check it, then restart")]
    Stopped,
    /// The database server is away; what was asked was not done.
    #[error("the database server cannot be reached: {0}")]
    Unreachable(String),
    /// The connection broke while a change was made durable.
    #[error("the connection broke during a commit; whether the change was made is not known")]
    Unconfirmed,
    /// The URL of the database is not understood.
    #[error("the URL of the database is not understood: {0}")]
    Address(String),
    /// The database file is damaged.
    #[error(
        "{path} is damaged ({detail}); stop the program, keep a copy of the data directory, and \
         put back its last backup"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the check found first.
        detail: String,
    },
    /// A row does not say what the program wrote.
    #[error(
        "the row of {what} is not what the program wrote: it was damaged on the disk or edited; \
         stop the program, keep a copy of the data directory, and put back its last backup"
    )]
    Altered {
        /// The table, and the name of the row as far as it can be read.
        what: String,
    },
    /// The file is another program's.
    #[error("{0} is a database of another program; name another data directory")]
    Foreign(PathBuf),
    /// The database was written by a newer version.
    #[error(
        "the database has schema {found} and this program knows up to {known}; install the newer \
         version of the program that wrote it, or restore a backup from before"
    )]
    NewerSchema {
        /// The schema of the database.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// A step of the schema failed; the database is as it was before the step.
    #[error("step {step} of the database schema failed: {detail}")]
    Migration {
        /// The step's file name.
        step: &'static str,
        /// What went wrong.
        detail: String,
    },
    /// The master key is not the one that sealed this database.
    #[error(transparent)]
    Seal(#[from] seal::SealError),
    /// A column is not of the type asked for.
    #[error("column {column} is {found} where {expected} is expected")]
    Column {
        /// The column, counted from 0.
        column: usize,
        /// What was asked for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A bound of the store was passed.
    #[error("more than {max} {what} at once")]
    TooMany {
        /// What there was too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// A statement is wrong, which is this program's mistake.
    #[error("the database refused a statement: {0}")]
    Statement(String),
    /// The store is closing.
    #[error("the database is closed")]
    Closed,
}

impl Store {
    /// Opens the database of a data directory, made if missing, checks it, and brings its schema
    /// up to date. Blocks: for the start of the program.
    pub fn open(data: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        let sqlite = Sqlite::open(data, master)?;
        Ok(Self { engine: Engine::Sqlite(Arc::new(sqlite)), heard: Told::new() })
    }

    /// Opens the database that a URL names (`postgres://…`; a Unix socket or loopback, since there
    /// is no TLS), checks it, and brings its schema up to date. Several programs with the same
    /// master key may have it open.
    pub async fn open_url(url: &str, master: &MasterKey) -> Result<Self, StoreError> {
        let postgres = Postgres::open(url, master).await?;
        Ok(Self { engine: Engine::Postgres(Arc::new(postgres)), heard: Told::new() })
    }

    /// What a URL says, as people may see it. Refuses what [`Store::open_url`] would not
    /// understand.
    pub fn shown_url(url: &str) -> Result<ShownUrl, StoreError> {
        postgres::shown(url)
    }

    /// Opens an empty database that vanishes with its last clone, for tests and simulations. It
    /// is the real engine on a directory of its own, without waiting for the disk.
    pub fn scratch(master: &MasterKey) -> Result<Self, StoreError> {
        let sqlite = Sqlite::scratch(master)?;
        Ok(Self { engine: Engine::Sqlite(Arc::new(sqlite)), heard: Told::new() })
    }

    /// Reads rows, at most [`QUERY_ROWS_MAX`]. Placeholders are `$1`, `$2` … in the order of their
    /// first use.
    pub async fn query(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
    ) -> Result<Vec<Row>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql.into(), args.into(), QUERY_ROWS_MAX).await,
            Engine::Postgres(postgres) => {
                postgres.query(sql.into(), args.into(), QUERY_ROWS_MAX).await
            }
        }
    }

    /// Reads the first row, or none.
    pub async fn query_one(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
    ) -> Result<Option<Row>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.query_one(sql.into(), args.into()).await,
            Engine::Postgres(postgres) => postgres.query_one(sql.into(), args.into()).await,
        }
    }

    /// Reads the first row, or none, on the calling thread's time and for at most `patience`: the
    /// one bounded read on the way of a login.
    pub fn query_blocking(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
        patience: Duration,
    ) -> Result<Option<Row>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.query_blocking(sql.into(), args.into(), patience),
            Engine::Postgres(postgres) => {
                postgres.query_blocking(sql.into(), args.into(), patience)
            }
        }
    }

    /// Hands every row to `visit`, in order and without holding more than a few hundred at once.
    /// Blocks: for the start of the program and for walks over whole tables on threads of their
    /// own. An error of `visit` ends it.
    pub fn for_each<E: From<StoreError>>(
        &self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
        visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.for_each(sql.into(), args.into(), visit),
            Engine::Postgres(postgres) => postgres.for_each(sql.into(), args.into(), visit),
        }
    }

    /// Hands every row to `visit`, in batches, in no order and on several threads at once: where
    /// what is done with a row costs more than reading it. An error of `visit` ends it.
    fn for_each_spread(
        &self,
        sql: &'static str,
        args: impl Into<Vec<Value>>,
        visit: impl Fn(Vec<Row>) -> Result<(), StoreError> + Sync,
    ) -> Result<(), StoreError> {
        spread::spread(|take| self.for_each(sql, args, take), visit)
    }

    /// Checks the whole database file in the background, if it was too large to be checked before
    /// it was opened; [`Store::damage`] says what was found. A server of databases does so itself.
    pub fn check_rest(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.check_rest(),
            Engine::Postgres(_) => {}
        }
    }

    /// Whether the whole database was checked before it was opened, because it is small or an
    /// earlier process had reason to doubt it.
    #[must_use]
    pub fn is_checked_first(&self) -> bool {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.is_checked_first(),
            Engine::Postgres(_) => false,
        }
    }

    /// What the check in the background found.
    #[must_use]
    pub fn damage(&self) -> Option<StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.damage(),
            Engine::Postgres(_) => None,
        }
    }

    /// Whether changes can be made.
    #[must_use]
    pub fn writer(&self) -> WriterState {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.writer_state(),
            Engine::Postgres(postgres) => postgres.writer_state(),
        }
    }

    /// The changes that are announced from now on, by whoever has the same database open.
    #[must_use]
    pub fn changes(&self) -> Changes {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.changes(),
            Engine::Postgres(postgres) => postgres.changes(),
        }
    }

    /// The events that this program makes durable from now on.
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.heard.listen()
    }

    /// Whether other programs may have the same database open.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Names this program among those that write to the same database.
    fn lane(&self) -> &str {
        match &self.engine {
            Engine::Sqlite(_) => "",
            Engine::Postgres(postgres) => postgres.here(),
        }
    }

    /// Queues a change and waits until it is durable; [`Write::commit`] is the way here.
    async fn commit(&self, write: Write, events: Vec<EventRow>) -> Result<(), CommitError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.commit(write, events).await,
            Engine::Postgres(postgres) => postgres.commit(write, events).await,
        }
    }

    /// The key under which the end of the audit is authenticated.
    fn audit_key(&self) -> &audit::AuditKey {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.audit_key(),
            Engine::Postgres(postgres) => postgres.audit_key(),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("writer", &self.writer()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
