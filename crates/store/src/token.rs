//! API tokens, as keyed hashes.

use domain::secret::Secret;
use domain::token::Token;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::administrator;
use crate::seal::MasterKey;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// A token as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Everything but its secret.
    pub token: Token,
    /// The keyed hash of its secret.
    pub hash: [u8; 32],
}

const COLUMNS: &str = "id, administrator, body, hash, expires_at, stamp, last_used_at";

/// The keyed hash of the secret of a token.
pub fn hash(master: &MasterKey, id: &str, secret: &Secret) -> [u8; 32] {
    master.keyed_hash(&format!("token/{id}"), secret.reveal().as_bytes())
}

/// The tokens of an administrator, or of all.
pub async fn list(store: &Store, administrator: Option<&str>) -> Result<Vec<Kept>, StoreError> {
    let rows = match administrator {
        Some(name) => {
            let sql = format!("select {COLUMNS} from token where administrator = $1 order by id");
            store.query(sql, [Value::from(name)]).await?
        }
        None => store.query(format!("select {COLUMNS} from token order by id"), []).await?,
    };
    rows.iter().map(|row| kept(store, row)).collect()
}

/// One token.
pub async fn find(store: &Store, id: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from token where id = $1");
    let row = store.query_one(sql, [Value::from(id)]).await?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

/// A token with the administrator it acts for, read at once.
pub async fn with_administrator(
    store: &Store,
    id: &str,
) -> Result<Option<(Kept, administrator::Kept)>, StoreError> {
    let sql = "select t.id, t.administrator, t.body, t.hash, t.expires_at, t.stamp,
               t.last_used_at, a.name, a.body, a.version, a.stamp
               from token t join administrator a on a.name = t.administrator where t.id = $1";
    let row = store.query_one(sql, [Value::from(id)]).await?;
    let read = |row: &Row| Ok((kept(store, row)?, administrator::kept(store, row, 7)?));
    row.as_ref().map(read).transpose()
}

fn kept(store: &Store, row: &Row) -> Result<Kept, StoreError> {
    store.audit_key().stamp().check(&stamp::TOKEN, row, &[0, 1, 2, 3, 4], 5)?;
    let unreadable = |what: String| StoreError::Statement(format!("a token {what}"));
    let token: Token = serde_json::from_str(row.text(2)?)
        .map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    let hash = row.bytes(3)?.try_into();
    let hash = hash.map_err(|_| unreadable("has a hash that is not 32 bytes long".into()))?;
    let last_used_at = row.time_optional(6)?;
    Ok(Kept { token: Token { last_used_at, ..token }, hash })
}

/// Keeps a new token.
pub fn add(write: Write, token: &Token, hash: [u8; 32]) -> Write {
    let body = serde_json::to_string(token).unwrap_or_default();
    let stamped = [
        Value::from(&token.id),
        Value::from(&token.administrator),
        Value::from(body),
        Value::from(hash.as_slice()),
        Value::from(token.expires_at),
    ];
    let args: Vec<Value> = stamped.iter().cloned().chain([Value::Null]).collect();
    let sql = "insert into token (id, administrator, body, hash, expires_at, stamp)
               values ($1, $2, $3, $4, $5, $6)";
    write.execute(sql, args).stamp(6, &stamp::TOKEN, &stamped)
}

/// Removes a token.
pub fn remove(write: Write, id: &str) -> Write {
    let gone = "the token was removed at the same time";
    write.guard("delete from token where id = $1", [Value::from(id)], 1, gone)
}

/// Forgets a token that has ended.
pub fn forget(write: Write, id: &str) -> Write {
    write.execute("delete from token where id = $1", [Value::from(id)])
}

/// How exactly the last use of a token is known, in seconds.
pub const USED_SECONDS: i64 = 60;

/// Notes when a token was used, to the minute.
pub async fn used(store: &Store, id: &str, now: Time) -> Result<(), CommitError> {
    Write::new()
        .execute(
            "update token set last_used_at = $1
             where id = $2 and (last_used_at is null or last_used_at <= $3)",
            [Value::from(now), Value::from(id), Value::from(now.plus_seconds(-USED_SECONDS))],
        )
        .commit(store, Why::Bookkeeping(Bookkeeping::SecretUsed))
        .await
}
