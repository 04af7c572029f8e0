//! Administrators, and the codes that make the first of them.

use domain::administrator::Administrator;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::credential;
use crate::seal::MasterKey;
use crate::session;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// An administrator as they are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Who it is.
    pub administrator: Administrator,
    /// How often that has changed.
    pub version: i64,
}

/// Every administrator, by their name.
pub async fn list(store: &Store) -> Result<Vec<Kept>, StoreError> {
    let sql = "select name, body, version, stamp from administrator order by name";
    store.query(sql, []).await?.iter().map(|row| kept(store, row, 0)).collect()
}

/// One administrator.
pub async fn find(store: &Store, name: &str) -> Result<Option<Kept>, StoreError> {
    let sql = "select name, body, version, stamp from administrator where name = $1";
    let row = store.query_one(sql, [Value::from(name)]).await?;
    row.as_ref().map(|row| kept(store, row, 0)).transpose()
}

/// Reads the four columns of an administrator from the column `first` on.
pub(crate) fn kept(store: &Store, row: &Row, first: usize) -> Result<Kept, StoreError> {
    let places = [first, first + 1, first + 2];
    store.audit_key().stamp().check(&stamp::ADMINISTRATOR, row, &places, first + 3)?;
    let unreadable = |error: serde_json::Error| {
        StoreError::Statement(format!("an administrator cannot be read: {error}"))
    };
    let administrator = serde_json::from_str(row.text(first + 1)?).map_err(unreadable)?;
    Ok(Kept { administrator, version: row.integer(first + 2)? })
}

/// Keeps a new administrator.
pub fn add(write: Write, administrator: &Administrator) -> Write {
    let sql = "insert into administrator (name, body, version, stamp) values ($1, $2, $3, $4)
               on conflict (name) do nothing";
    let stamped = values(administrator, 1);
    let args: Vec<Value> = stamped.iter().cloned().chain([Value::Null]).collect();
    write.guard(sql, args, 1, "there is an administrator of this name already").stamp(
        4,
        &stamp::ADMINISTRATOR,
        &stamped,
    )
}

/// Keeps what became of an administrator of this version.
pub fn change(write: Write, administrator: &Administrator, version: i64) -> Write {
    let sql = "update administrator set body = $1, version = $2, stamp = $3
               where name = $4 and version = $5";
    let stamped = values(administrator, version.saturating_add(1));
    let [name, body, next] = stamped.clone();
    let args = [body, next, Value::Null, name, Value::from(version)];
    write.guard(sql, args, 1, CHANGED).stamp(3, &stamp::ADMINISTRATOR, &stamped)
}

/// Removes an administrator of this version, with all their tokens and sessions and what they sign
/// in with.
pub fn remove(write: Write, name: &str, version: i64) -> Write {
    let write = credential::remove(session::remove_of(write, name, None), name);
    write
        .guard(
            "delete from administrator where name = $1 and version = $2",
            [Value::from(name), Value::from(version)],
            1,
            CHANGED,
        )
        .execute("delete from token where administrator = $1", [Value::from(name)])
}

/// What a change rests on that is not so any more.
const CHANGED: &str = "somebody changed the administrator at the same time";

/// Lets the change pass only if an administrator is still of this version.
pub fn stays(write: Write, name: &str, version: i64) -> Write {
    write.guard(
        "select 1 from administrator where name = $1 and version = $2",
        [Value::from(name), Value::from(version)],
        1,
        CHANGED,
    )
}

fn values(administrator: &Administrator, version: i64) -> [Value; 3] {
    let body = serde_json::to_string(administrator).unwrap_or_default();
    [Value::from(&administrator.name), Value::from(body), Value::from(version)]
}

/// The keyed hash of a set-up code.
pub fn code_hash(master: &MasterKey, code: &str) -> [u8; 32] {
    master.keyed_hash("setup_code", code.as_bytes())
}

/// Keeps a set-up code until it ends, and forgets those that have.
pub async fn add_code(
    store: &Store,
    hash: [u8; 32],
    expires_at: Time,
    now: Time,
) -> Result<(), CommitError> {
    Write::new()
        .execute("delete from setup_code where expires_at <= $1", [Value::from(now)])
        .execute(
            "insert into setup_code (hash, expires_at)
             select $1, $2 where not exists (select 1 from administrator)",
            [Value::from(hash.as_slice()), Value::from(expires_at)],
        )
        .commit(store, Why::Bookkeeping(Bookkeeping::SetupCodeDrawn))
        .await
}

/// Whether a code is still good.
pub async fn is_code(store: &Store, hash: [u8; 32], now: Time) -> Result<bool, StoreError> {
    let sql = "select 1 from setup_code where hash = $1 and expires_at > $2";
    let row = store.query_one(sql, [Value::from(hash.as_slice()), Value::from(now)]).await?;
    Ok(row.is_some())
}

/// Uses up a code: the change passes only if it is still good, and no code is after it.
pub fn use_code(write: Write, hash: [u8; 32], now: Time) -> Write {
    write
        .guard(
            "delete from setup_code where hash = $1 and expires_at > $2
             and not exists (select 1 from administrator)",
            [Value::from(hash.as_slice()), Value::from(now)],
            1,
            CODE_WRONG,
        )
        .execute("delete from setup_code", [])
}

/// Forgets every code: there is an administrator.
pub fn forget_codes(write: Write) -> Write {
    write.execute("delete from setup_code", [])
}

/// What a use of a wrong code conflicts with.
pub const CODE_WRONG: &str = "the set-up code is not good";
