//! Changes: lists of statements and guards that are committed as a whole or not at all.

use std::borrow::Cow;
use std::fmt;

use pki::time::Time;

use crate::change::{self, Topic};
use crate::stamp::{Stamp, StampKey};
use crate::value::Value;
use crate::{Store, StoreError};

/// Most statements in one change: an `apply` of a large organization has a few thousand, and a
/// change holds the one writer for as long as it runs.
pub const STATEMENTS_MAX: usize = 65_536;

/// A change in the making: nothing is read inside it, and dropped it writes nothing.
#[derive(Debug, Default)]
#[must_use = "a change that is not committed writes nothing"]
pub struct Write {
    pub(crate) statements: Vec<Statement>,
    pub(crate) announcements: Vec<(Topic, String)>,
    stamped: Vec<Stamped>,
}

/// An argument that becomes the stamp of a message when the change is committed.
#[derive(Debug)]
struct Stamped {
    statement: usize,
    argument: usize,
    message: Vec<u8>,
}

/// One statement of a change.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) args: Vec<Value>,
    pub(crate) guard: Option<Guard>,
}

/// What must be true of a statement, else the whole change is refused.
#[derive(Debug)]
pub(crate) struct Guard {
    /// Rows that the statement must change (or, if it is a select, find).
    pub(crate) rows: u64,
    /// What to answer otherwise.
    pub(crate) conflict: Conflict,
}

/// What a decision rested on and is no longer so, as a sentence or a code of the caller's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Conflict(pub Cow<'static, str>);

/// Why a change happens: with the events that explain it, or as one of the known kinds of
/// bookkeeping that need no explanation.
#[derive(Debug)]
pub enum Why {
    /// Rows of the audit, at least one.
    Events(Vec<EventRow>),
    /// A change that no administrator asks about.
    Bookkeeping(Bookkeeping),
}

/// The closed list of changes that go without an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Bookkeeping {
    /// An access point was heard of: when, and from which address.
    AccessPointHeard,
    /// A device was heard of: when, and what it told about itself.
    DeviceHeard,
    /// A checkpoint of the audit was signed.
    CheckpointSigned,
    /// Counts of events that several programs wrote became one.
    CountsFolded,
    /// Certificates of a seed, which one event explains, are noted.
    CertificatesSeeded,
    /// Fingerprints of certificates were worked out that were signed before any were kept.
    FingerprintsFilled,
    /// A certificate's serial and draft are noted before the key is used.
    IssuanceIntended,
    /// A job that must run once took or gave back its lease.
    JobLeased,
    /// A revocation list or an OCSP answer was signed anew.
    RevocationPublished,
    /// A network profile was handed out with a content that it was not handed out with before.
    ProfileRendered,
    /// A request under an idempotency key was begun, or its answer kept.
    RequestKept,
    /// A set-up code was drawn, which `serve` prints.
    SetupCodeDrawn,
    /// A secret, a token or a challenge was used.
    SecretUsed,
    /// An administrator's session began, was seen or ended.
    SessionKept,
    /// What was defined before versions were kept became the first version.
    VersionsBegun,
    /// Visits past their age were removed.
    VisitsAged,
    /// Answers to devices came from the journal.
    VisitsJournaled,
}

/// One row of the audit as the caller knows it; sequence and hash are the writer's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EventRow {
    /// The id, made by the caller, unique.
    pub id: String,
    /// When it happened.
    pub at: Time,
    /// What happened: `certificate_template.changed`.
    pub kind: String,
    /// How it ended: `done`, `refused`.
    pub outcome: String,
    /// Who did it.
    pub actor: String,
    /// What it was done to.
    pub object: String,
    /// The rest, as JSON text.
    pub body: String,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guard found another number of rows; nothing of the change was written.
    #[error("{0}")]
    Conflict(Conflict),
    /// A rule of the schema refused it (a unique index, a foreign key); nothing was written.
    #[error("the change breaks a rule of the database: {0}")]
    Constraint(String),
    /// The change came without the event that explains it, which is the caller's mistake.
    #[error("a change came without the event that explains it")]
    Unexplained,
    /// The database failed; nothing was written, or it is not known to be durable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Write {
    /// Begins a change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement, however many rows it touches. Placeholders are `$1`, `$2` … in the order
    /// of their first use.
    pub fn execute(
        mut self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
    ) -> Self {
        self.statements.push(Statement { sql: sql.into(), args: args.into(), guard: None });
        self
    }

    /// Adds a statement that must change exactly `rows` rows (a select: find them), else the whole
    /// change fails with `conflict`. A select is of rows of one table, and they stay as they were
    /// found until the commit.
    pub fn guard(
        mut self,
        sql: impl Into<Cow<'static, str>>,
        args: impl Into<Vec<Value>>,
        rows: u64,
        conflict: impl Into<Conflict>,
    ) -> Self {
        let guard = Some(Guard { rows, conflict: conflict.into() });
        self.statements.push(Statement { sql: sql.into(), args: args.into(), guard });
        self
    }

    /// Makes the argument `$argument` of the last statement the stamp of these values.
    pub(crate) fn stamp(mut self, argument: usize, stamp: &Stamp, values: &[Value]) -> Self {
        debug_assert_eq!(values.len(), stamp.columns.len() + stamp.later.len(), "{stamp:?}");
        let (statement, argument) = (self.statements.len().wrapping_sub(1), argument - 1);
        self.stamped.push(Stamped { statement, argument, message: stamp.message(values) });
        self
    }

    /// Puts the stamps into their places.
    fn put_stamps(&mut self, key: &StampKey) {
        for Stamped { statement, argument, message } in self.stamped.drain(..) {
            let statement = self.statements.get_mut(statement);
            if let Some(place) = statement.and_then(|statement| statement.args.get_mut(argument)) {
                *place = Value::Bytes(key.make(&message));
            }
        }
    }

    /// Adds everything of another change behind this one.
    pub fn and(mut self, other: Self) -> Self {
        let before = self.statements.len();
        self.stamped.extend(
            other
                .stamped
                .into_iter()
                .map(|stamped| Stamped { statement: stamped.statement + before, ..stamped }),
        );
        self.statements.extend(other.statements);
        self.announcements.extend(other.announcements);
        self
    }

    /// Announces the change, once it is durable, to everybody who listens on the same database
    /// ([`Store::changes`]). A key has at most [`change::KEY_BYTES_MAX`] bytes.
    pub fn announce(mut self, topic: Topic, key: impl Into<String>) -> Self {
        self.announcements.push((topic, key.into()));
        self
    }

    /// Commits the change with its reason and waits until it is durable. Given up while waiting,
    /// the change may still be made.
    pub async fn commit(mut self, store: &Store, why: Why) -> Result<(), CommitError> {
        let events = match why {
            Why::Events(events) if events.is_empty() => return Err(CommitError::Unexplained),
            Why::Events(events) => events,
            Why::Bookkeeping(kind) => {
                tracing::trace!(?kind, statements = self.statements.len(), "bookkeeping");
                Vec::new()
            }
        };
        if self.statements.len() > STATEMENTS_MAX {
            return Err(StoreError::TooMany { what: "statements", max: STATEMENTS_MAX }.into());
        }
        if self.announcements.iter().any(|(_, key)| key.len() > change::KEY_BYTES_MAX) {
            let what = "bytes in the key of an announcement";
            return Err(StoreError::TooMany { what, max: change::KEY_BYTES_MAX }.into());
        }
        self.put_stamps(store.audit_key().stamp());
        store.commit(self, events).await
    }
}

impl From<&'static str> for Conflict {
    fn from(sentence: &'static str) -> Self {
        Self(Cow::Borrowed(sentence))
    }
}

impl From<String> for Conflict {
    fn from(sentence: String) -> Self {
        Self(Cow::Owned(sentence))
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
