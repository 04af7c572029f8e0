//! Checkpoints: signatures over the audit so far, which anybody can check who knows the
//! organization's public key.

use aws_lc_rs::digest;
use aws_lc_rs::signature::ED25519;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::signature::UnparsedPublicKey;
use pki::time::Time;
use zeroize::Zeroizing;

use crate::Store;
use crate::StoreError;
use crate::audit::AuditError;
use crate::audit::Chain;
use crate::audit::HASH_BYTES;
use crate::audit::apart;
use crate::audit::walk;
use crate::seal::MasterKey;
use crate::seal::SealError;
use crate::seal::hex;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// Most checkpoints on one page.
pub const PAGE_MAX: u32 = 1000;

/// Bytes of an Ed25519 public key, and of the seed that a key pair is made of.
pub(crate) const KEY_BYTES: usize = 32;

/// Bytes of an Ed25519 signature.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// What a key of the organization signs here and nowhere else.
const DOMAIN: &[u8] = b"safeconduct audit checkpoint 1";

/// What the secret half is sealed for.
const CONTEXT: &str = "audit_key/1";

const COLUMNS: &str = "sequence, at, hash, signature";

/// A signature over a row, and so over all before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The row.
    pub sequence: i64,
    /// When it was signed.
    pub at: Time,
    /// The hash of the row.
    pub hash: [u8; HASH_BYTES],
    /// The signature.
    pub signature: Vec<u8>,
}

/// What checkpoints of an organization are checked with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey(pub(crate) [u8; KEY_BYTES]);

/// The key as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) public: PublicKey,
    /// When it was made.
    made_at: Time,
    /// The row that its newest checkpoint is of.
    pub(super) last: i64,
    sealed: Vec<u8>,
}

impl PublicKey {
    /// The key, in hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> String {
        hex(&self.0)
    }

    /// What people compare: the SHA-256 of the key, in hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex(digest::digest(&digest::SHA256, &self.0).as_ref())
    }

    /// Whether a checkpoint was signed with it.
    #[must_use]
    pub(super) fn confirms(&self, checkpoint: &Checkpoint) -> bool {
        let Checkpoint { sequence, at, hash, signature } = checkpoint;
        let message = message(Chain { sequence: *sequence, hash: *hash }, *at);
        UnparsedPublicKey::new(&ED25519, self.0).verify(&message, signature).is_ok()
    }
}

fn message(end: Chain, at: Time) -> Vec<u8> {
    let mut message = DOMAIN.to_vec();
    message.extend_from_slice(&end.sequence.to_be_bytes());
    message.extend_from_slice(&end.hash);
    message.extend_from_slice(&at.0.to_be_bytes());
    message
}

/// The public key; none if nothing was signed yet.
pub async fn key(store: &Store) -> Result<Option<PublicKey>, StoreError> {
    Ok(find_key(store).await?.map(|key| key.public))
}

const SELECT_KEY: &str = "select public, made_at, last, sealed, stamp from audit_key";

async fn find_key(store: &Store) -> Result<Option<Key>, StoreError> {
    let row = store.query_one(SELECT_KEY, []).await?;
    row.as_ref().map(|row| parse_key(store, row)).transpose()
}

/// The same where nobody waits who must not.
pub(super) fn key_blocking(store: &Store) -> Result<Option<Key>, StoreError> {
    let mut found = None;
    store.for_each(SELECT_KEY, [], |row| {
        found = Some(parse_key(store, &row)?);
        Ok::<(), StoreError>(())
    })?;
    Ok(found)
}

fn parse_key(store: &Store, row: &Row) -> Result<Key, StoreError> {
    store.audit_key().stamp().check(&stamp::AUDIT_KEY, row, &[0, 1, 2], 4)?;
    let public = row.bytes(0)?.try_into().map_err(|_| StoreError::Column {
        column: 0,
        expected: "a key of 32 bytes",
        found: "another length",
    })?;
    Ok(Key {
        public: PublicKey(public),
        made_at: row.time(1)?,
        last: row.integer(2)?,
        sealed: row.bytes(3)?.to_vec(),
    })
}

/// A page of checkpoints, the oldest first, those of rows behind `after`.
pub async fn list(store: &Store, after: i64, limit: u32) -> Result<Vec<Checkpoint>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from audit_checkpoint where sequence > $1 order by sequence limit $2"
    );
    let args = [Value::from(after), Value::from(limit.clamp(1, PAGE_MAX))];
    store.query(sql, args).await?.iter().map(parse).collect()
}

/// The newest checkpoint.
pub async fn newest(store: &Store) -> Result<Option<Checkpoint>, StoreError> {
    let sql = format!("select {COLUMNS} from audit_checkpoint order by sequence desc limit 1");
    store.query_one(sql, []).await?.as_ref().map(parse).transpose()
}

/// The checkpoint of a row.
pub(super) fn find_blocking(
    store: &Store,
    sequence: i64,
) -> Result<Option<Checkpoint>, StoreError> {
    let sql = format!("select {COLUMNS} from audit_checkpoint where sequence = $1");
    let mut found = None;
    store.for_each(sql, [Value::from(sequence)], |row| {
        found = Some(parse(&row)?);
        Ok::<(), StoreError>(())
    })?;
    Ok(found)
}

fn parse(row: &Row) -> Result<Checkpoint, StoreError> {
    Ok(Checkpoint {
        sequence: row.integer(0)?,
        at: row.time(1)?,
        // Of another length it is no hash of ours, and no signature is good for it.
        hash: row.bytes(2)?.try_into().unwrap_or_default(),
        signature: row.bytes(3)?.to_vec(),
    })
}

/// Signs what came since the newest checkpoint, having checked that it continues the chain; none
/// if nothing came, or another server signed it. `seed` becomes the key if there is none yet.
pub async fn sign(
    store: &Store,
    master: &MasterKey,
    seed: &Zeroizing<[u8; KEY_BYTES]>,
    now: Time,
) -> Result<Option<(Checkpoint, PublicKey)>, AuditError> {
    let kept = find_key(store).await?;
    let last = newest(store).await?;
    if let Err(bad) = check_newest(kept.as_ref(), last.as_ref()) {
        // Another server may have signed between the two reads: that is no tampering.
        let again = find_key(store).await?;
        let signed_last = |key: &Option<Key>| key.as_ref().map(|key| key.last);
        return if signed_last(&again) == signed_last(&kept) { Err(bad) } else { Ok(None) };
    }
    let start =
        last.map_or(Chain::EMPTY, |last| Chain { sequence: last.sequence, hash: last.hash });
    let public = kept.as_ref().map(|key| key.public.clone());
    let walked = apart(store, move |store| {
        if let Some(bad) = super::noted_broken(store)? {
            return Err(AuditError::FirstBadRow(bad));
        }
        let walked = walk(store, start, public.as_ref())?;
        // Whoever cut off or wrote the end would have it signed.
        if walked.walk.end != start {
            super::check_end(store, &walked, public.as_ref())?;
        }
        Ok(walked)
    });
    let end = walked.await?.walk.end;
    if end == start {
        return Ok(None);
    }
    let pair = match &kept {
        Some(key) => pair(&master.open(CONTEXT, &key.sealed).map_err(StoreError::from)?)?,
        None => pair(seed.as_slice())?,
    };
    let public = PublicKey(pair.public_key().as_ref().try_into().unwrap_or_default());
    let signature = pair.sign(&message(end, now)).as_ref().to_vec();
    let checkpoint = Checkpoint { sequence: end.sequence, at: now, hash: end.hash, signature };
    let write =
        keep(kept.as_ref(), (&public, &checkpoint), || master.seal(CONTEXT, seed.as_slice()));
    match write.commit(store, Why::Bookkeeping(Bookkeeping::CheckpointSigned)).await {
        Ok(()) => Ok(Some((checkpoint, public))),
        // Another server was faster.
        Err(CommitError::Conflict(_) | CommitError::Constraint(_)) => Ok(None),
        Err(CommitError::Store(why)) => Err(why.into()),
        Err(why @ CommitError::Unexplained) => Err(StoreError::Statement(why.to_string()).into()),
    }
}

/// The newest checkpoint is the one that the key signed last, or nothing is signed behind it.
fn check_newest(key: Option<&Key>, newest: Option<&Checkpoint>) -> Result<(), AuditError> {
    let (Some(key), Some(newest)) = (key, newest) else { return Ok(()) };
    if newest.sequence == key.last && key.public.confirms(newest) {
        return Ok(());
    }
    let what = "has a checkpoint that this program did not sign last";
    Err(AuditError::FirstBadRow(super::FirstBadRow::new(
        newest.sequence,
        super::Tampering::Checkpoint,
        what,
    )))
}

fn pair(seed: &[u8]) -> Result<Ed25519KeyPair, StoreError> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| SealError::Broken.into())
}

/// Keeps a checkpoint, if the newest is still the one that it was made after.
fn keep(
    kept: Option<&Key>,
    (public, checkpoint): (&PublicKey, &Checkpoint),
    seal: impl FnOnce() -> Vec<u8>,
) -> Write {
    let conflict = "somebody else signed a checkpoint at the same time";
    let made_at = kept.map_or(checkpoint.at, |key| key.made_at);
    let stamped = [Value::from(&public.0), Value::from(made_at), Value::from(checkpoint.sequence)];
    let [key, made, last] = stamped.clone();
    let write = match kept {
        Some(kept) => {
            let sql = "update audit_key set last = $1, stamp = $2 where last = $3";
            let args = [last, Value::Null, Value::from(kept.last)];
            Write::new().guard(sql, args, 1, conflict).stamp(2, &stamp::AUDIT_KEY, &stamped)
        }
        None => {
            let sql = "insert into audit_key (only_row, public, sealed, made_at, last, stamp)
                       values (1, $1, $2, $3, $4, $5) on conflict do nothing";
            let args = [key, Value::from(seal()), made, last, Value::Null];
            Write::new().guard(sql, args, 1, conflict).stamp(5, &stamp::AUDIT_KEY, &stamped)
        }
    };
    let sql = "insert into audit_checkpoint (sequence, at, hash, signature)
               values ($1, $2, $3, $4)";
    let args = [
        Value::from(checkpoint.sequence),
        Value::from(checkpoint.at),
        Value::from(checkpoint.hash),
        Value::from(&checkpoint.signature),
    ];
    write.execute(sql, args)
}
