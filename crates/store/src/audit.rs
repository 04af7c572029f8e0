//! The audit: rows chained by hash, with an authenticated end and signed checkpoints.
//!
//! A row's hash covers the row before it, so that an edited, removed or reordered row breaks the
//! chain. The end of the chain is authenticated under the master key and moves with every commit,
//! so that a chain that was cut off or computed anew is seen by whoever has the key. Checkpoints
//! are signed, so that whoever has a copy and no key at all sees it too.

pub(crate) mod chain;
pub mod checkpoint;
pub mod file;
pub mod page;
#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;

use crate::Store;
use crate::StoreError;
use crate::audit::chain::Break;
pub(crate) use crate::audit::chain::Chain;
use crate::audit::chain::Link;
use crate::audit::chain::Suspect;
use crate::audit::chain::Walk;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::checkpoint::PublicKey;
use crate::seal::MasterKey;
use crate::stamp::StampKey;
use crate::value::Row;
use crate::value::Value;
use crate::write::EventRow;

/// Bytes of a row's hash (SHA-256).
pub(crate) const HASH_BYTES: usize = 32;

/// Reads the rows of the audit behind one as [`Link::parse`] wants them, each with the
/// authenticated end, its checkpoint, and the place of the newest checkpoint: of one moment,
/// whoever adds more meanwhile.
const SELECT: &str =
    "select one.sequence, one.hash, one.id, one.at, one.kind, one.outcome, one.actor,
        one.object, one.body, (select value from meta where key = 'audit_head') as head,
        signed.at as signed_at, signed.hash as signed_hash, signed.signature,
        (select max(sequence) from audit_checkpoint) as newest
     from audit as one left join audit_checkpoint as signed on signed.sequence = one.sequence
     where one.sequence > $1 order by one.sequence";

/// Reads the authenticated end.
const SELECT_HEAD: &str = "select value from meta where key = 'audit_head'";

/// Reads what an earlier start found wrong with the end.
const SELECT_BROKEN: &str = "select value from meta where key = 'audit_broken'";

/// What was done to an audit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tampering {
    /// A row says something else.
    Edited,
    /// A row is gone.
    Missing,
    /// A row stands in another place.
    Moved,
    /// The last rows are gone.
    CutOff,
    /// A row was added, or the chain computed anew, by another program.
    Foreign,
    /// A checkpoint is forged or gone.
    Checkpoint,
}

/// Where the audit stops being what the program wrote.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FirstBadRow {
    /// The place in the chain, counted from 1.
    pub sequence: i64,
    /// The id of the row found there, if there is one.
    pub id: Option<String>,
    /// What was done.
    pub tampering: Tampering,
    /// What is wrong with it, as a sentence's end: "row 7 …".
    pub what: &'static str,
}

/// What is known of an audit that is as the program wrote it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Intact {
    /// How many rows there are.
    pub rows: u64,
    /// How many checkpoints of them are good.
    pub checkpoints: u64,
    /// The row that the last of these is of; 0 if there is none.
    pub covered: u64,
}

/// Why the audit is not verified.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A row is not what the program wrote.
    #[error("{0}")]
    FirstBadRow(FirstBadRow),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys that what is on record is authenticated with: the end of the chain, and rows.
pub(crate) struct AuditKey {
    head: hmac::Key,
    stamp: StampKey,
}

/// What a walk over the rows of the database found.
struct Walked {
    walk: Walk,
    /// What was authenticated as the end.
    head: Option<String>,
    /// The place of the newest checkpoint.
    newest: Option<i64>,
}

impl Tampering {
    /// Everything that can be done.
    pub const ALL: [Self; 6] =
        [Self::Edited, Self::Missing, Self::Moved, Self::CutOff, Self::Foreign, Self::Checkpoint];

    /// Its stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Moved => "moved",
            Self::CutOff => "cut-off",
            Self::Foreign => "foreign",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl FirstBadRow {
    fn new(sequence: i64, tampering: Tampering, what: &'static str) -> Self {
        Self { sequence, id: None, tampering, what }
    }
}

impl core::fmt::Display for FirstBadRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "row {} of the audit ", self.sequence)?;
        if let Some(id) = &self.id {
            // The id may be the forger's: what would disturb a terminal is left out.
            let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
            write!(f, "(id {shown}) ")?;
        }
        f.write_str(self.what)
    }
}

impl Walk {
    fn intact(&self) -> Intact {
        let count = |count| u64::try_from(count).unwrap_or_default();
        Intact {
            rows: count(self.end.sequence),
            checkpoints: self.checkpoints,
            covered: count(self.covered),
        }
    }
}

/// Walks the whole audit and answers what is known of it, or where it was tampered with. Blocks
/// as [`Store::for_each`] does.
pub fn verify_blocking(store: &Store) -> Result<Intact, AuditError> {
    // Before the rows: what it says of the newest checkpoint is true of every later moment.
    let key = match checkpoint::key_blocking(store) {
        Err(StoreError::Altered { .. }) => {
            let what = "and all behind it have checkpoints of a key that was exchanged";
            let bad = FirstBadRow::new(1, Tampering::Checkpoint, what);
            return Err(AuditError::FirstBadRow(bad));
        }
        read => read?,
    };
    let public = key.as_ref().map(|key| key.public.clone());
    let mut walked = walk(store, Chain::EMPTY, public.as_ref())?;
    if walked.walk.end == Chain::EMPTY && walked.head.is_none() {
        // Without rows the end is read apart; if it is not that of no rows, the first came between.
        walked.head = first(store, SELECT_HEAD)?;
        if !store.audit_key().confirms(Chain::EMPTY, walked.head.as_deref()) {
            let head = walked.head.take();
            walked = walk(store, Chain::EMPTY, public.as_ref())?;
            walked.head = walked.head.or(head);
        }
    }
    if let Some(bad) = noted_broken(store)? {
        return Err(AuditError::FirstBadRow(bad));
    }
    check_end(store, &walked, public.as_ref())?;
    if key.is_some_and(|key| key.last > walked.walk.covered) {
        let sequence = walked.walk.covered + 1;
        let what = "or one behind it had a checkpoint, which is gone";
        let bad = FirstBadRow::new(sequence, Tampering::Checkpoint, what);
        return Err(AuditError::FirstBadRow(bad));
    }
    Ok(walked.walk.intact())
}

/// Checks that the rows end where the program left them.
fn check_end(store: &Store, walked: &Walked, key: Option<&PublicKey>) -> Result<(), AuditError> {
    let end = walked.walk.end;
    let beyond = match walked.newest {
        Some(newest) if newest > end.sequence => checkpoint::find_blocking(store, newest)?,
        Some(_) | None => None,
    };
    if let Some(beyond) = beyond {
        let is_ours = key.is_some_and(|key| key.confirms(&beyond));
        let (tampering, what) = if is_ours {
            (Tampering::CutOff, "is missing, with all behind it: a checkpoint is of a later one")
        } else {
            (Tampering::Checkpoint, "has a checkpoint that the organization did not sign")
        };
        let sequence = if is_ours { end.sequence + 1 } else { beyond.sequence };
        return Err(AuditError::FirstBadRow(FirstBadRow::new(sequence, tampering, what)));
    }
    if store.audit_key().confirms(end, walked.head.as_deref()) {
        return Ok(());
    }
    let left = walked.head.as_deref().and_then(left_at).unwrap_or_default();
    let bad = if left > end.sequence || end == Chain::EMPTY {
        let what = "is missing, with all behind it: the end was cut off";
        FirstBadRow::new(end.sequence + 1, Tampering::CutOff, what)
    } else if left == end.sequence || left == 0 {
        walked.walk.rewritten("or one behind it was written by another program")
    } else {
        let what = "was added by another program";
        FirstBadRow::new(left + 1, Tampering::Foreign, what)
    };
    Err(AuditError::FirstBadRow(bad))
}

/// What an earlier start noted: the rows that there were, and the end that was authenticated.
/// What an earlier start found wrong with the end.
fn noted_broken(store: &Store) -> Result<Option<FirstBadRow>, StoreError> {
    Ok(first(store, SELECT_BROKEN)?.map(|note| noted(&note)))
}

fn noted(note: &str) -> FirstBadRow {
    let mut words = note.split(' ');
    let mut number = || words.next().and_then(|word| word.parse::<i64>().ok());
    let (rows, left) = (number().unwrap_or_default(), number().unwrap_or_default());
    if left > rows || rows == 0 {
        let what = "and those behind it were cut off before the program started";
        return FirstBadRow::new(rows.saturating_add(1), Tampering::CutOff, what);
    }
    let what = "or one behind it was written by another program before this one started";
    FirstBadRow::new(if left == rows { rows } else { left + 1 }, Tampering::Foreign, what)
}

/// How many rows there were when an end was authenticated.
fn left_at(head: &str) -> Option<i64> {
    head.split(' ').next()?.parse().ok()
}

/// Checks every row behind `start`, and every checkpoint of one.
fn walk(store: &Store, start: Chain, key: Option<&PublicKey>) -> Result<Walked, AuditError> {
    let mut walked = Walked { walk: Walk::from(start), head: None, newest: None };
    let mut suspect: Option<Box<Suspect>> = None;
    // The first checkpoint may have been signed, with a key made for it, a moment ago.
    let mut made = None;
    // From the beginning, also what stands before the first row is looked at.
    let behind = if start == Chain::EMPTY { i64::MIN } else { start.sequence };
    store.for_each(SELECT, [Value::from(behind)], |row| {
        if suspect.is_some() {
            return Ok(());
        }
        if walked.head.is_none() {
            walked.head = row.text_optional(9)?.map(str::to_owned);
            walked.newest = row.integer_optional(13)?;
        }
        match walked.walk.row(Link::parse(&row)?) {
            Ok(()) => {}
            Err(Break::Known(bad)) => return Err(AuditError::FirstBadRow(bad)),
            Err(Break::Suspect(found)) => {
                suspect = Some(found);
                return Ok(());
            }
        }
        let Some(signed) = signed(&row)? else { return Ok(()) };
        if key.is_none() && made.is_none() {
            made = checkpoint::key_blocking(store)?.map(|key| key.public);
        }
        let key = key.or(made.as_ref());
        walked.walk.checkpoint(&signed, key).map_err(AuditError::FirstBadRow)
    })?;
    if let Some(mut suspect) = suspect {
        store.for_each(SELECT, [Value::from(start.sequence)], |row| {
            suspect.look(&Link::parse(&row)?);
            Ok::<(), AuditError>(())
        })?;
        return Err(AuditError::FirstBadRow(suspect.judge()));
    }
    Ok(walked)
}

/// The checkpoint of a row that [`SELECT`] read.
fn signed(row: &Row) -> Result<Option<Checkpoint>, StoreError> {
    if row.bytes_optional(12)?.is_none() {
        return Ok(None);
    }
    Ok(Some(Checkpoint {
        sequence: row.integer(0)?,
        at: row.time(10)?,
        hash: row.bytes(11)?.try_into().unwrap_or_default(),
        signature: row.bytes(12)?.to_vec(),
    }))
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
pub async fn verify(store: &Store) -> Result<Intact, AuditError> {
    apart(store, verify_blocking).await
}

/// Does long work on a thread of its own.
async fn apart<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Store) -> Result<T, AuditError> + Send + 'static,
) -> Result<T, AuditError> {
    let store = store.clone();
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("audit-verify".to_owned())
        .spawn(move || answer.send(work(&store)))
        .map_err(|why| StoreError::Io(why.to_string()))?;
    answered.await.map_err(|_| StoreError::Closed)?
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
