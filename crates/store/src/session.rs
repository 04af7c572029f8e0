//! Sessions of administrators, as keyed hashes.

use domain::session::Session;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::administrator;
use crate::seal::MasterKey;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// How exactly the last use of a session is known, in seconds.
pub const USED_SECONDS: i64 = 60;

/// A session as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Everything but its secret.
    pub session: Session,
    /// The keyed hash of its secret.
    hash: Vec<u8>,
    /// How often it has changed.
    version: i64,
}

const COLUMNS: &str = "s.id, s.hash, s.administrator, s.body, s.version, s.stamp";

/// What a change rests on that is not so any more.
const CHANGED: &str = "the session ended or changed at the same time";

/// The keyed hash of what a cookie holds.
pub fn hash(master: &MasterKey, secret: &str) -> [u8; 32] {
    master.keyed_hash("session", secret.as_bytes())
}

/// The sessions of an administrator, or of all: what is over among them, if nobody took it away.
pub async fn list(store: &Store, administrator: Option<&str>) -> Result<Vec<Kept>, StoreError> {
    let rows = match administrator {
        Some(name) => {
            let sql =
                format!("select {COLUMNS} from session s where s.administrator = $1 order by s.id");
            store.query(sql, [Value::from(name)]).await?
        }
        None => store.query(format!("select {COLUMNS} from session s order by s.id"), []).await?,
    };
    rows.iter().map(|row| kept(store, row)).collect()
}

/// One session.
pub async fn find(store: &Store, id: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from session s where s.id = $1");
    let row = store.query_one(sql, [Value::from(id)]).await?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

/// The session of a cookie with its administrator, read at once.
pub async fn with_administrator(
    store: &Store,
    hash: [u8; 32],
) -> Result<Option<(Kept, administrator::Kept)>, StoreError> {
    let sql = format!(
        "select {COLUMNS}, a.name, a.body, a.version, a.stamp
         from session s join administrator a on a.name = s.administrator where s.hash = $1"
    );
    let row = store.query_one(sql, [Value::from(hash)]).await?;
    let read = |row: &Row| Ok((kept(store, row)?, administrator::kept(store, row, 6)?));
    row.as_ref().map(read).transpose()
}

fn kept(store: &Store, row: &Row) -> Result<Kept, StoreError> {
    store.audit_key().stamp().check(&stamp::SESSION, row, &[0, 1, 2, 3, 4], 5)?;
    let unreadable = |error: serde_json::Error| {
        StoreError::Statement(format!("a session cannot be read: {error}"))
    };
    let session = serde_json::from_str(row.text(3)?).map_err(unreadable)?;
    Ok(Kept { session, hash: row.bytes(1)?.to_vec(), version: row.integer(4)? })
}

/// Keeps a new session.
pub fn add(write: Write, session: &Session, hash: [u8; 32]) -> Write {
    let stamped = values(session, &hash, 1);
    let further = [Value::from(session.last_used_at), Value::from(session.expires_at), Value::Null];
    let args: Vec<Value> = stamped.iter().cloned().chain(further).collect();
    let sql = "insert into session
               (id, hash, administrator, body, version, last_used_at, expires_at, stamp)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    write.execute(sql, args).stamp(8, &stamp::SESSION, &stamped)
}

/// Keeps what became of a session that was read.
pub fn change(write: Write, kept: &Kept, changed: &Session) -> Write {
    let stamped = values(changed, &kept.hash, kept.version.saturating_add(1));
    let [id, _, _, body, next] = stamped.clone();
    let used_at = Value::from(changed.last_used_at);
    let args = [body, next, used_at, Value::Null, id, Value::from(kept.version)];
    let sql = "update session set body = $1, version = $2, last_used_at = $3, stamp = $4
               where id = $5 and version = $6";
    write.guard(sql, args, 1, CHANGED).stamp(4, &stamp::SESSION, &stamped)
}

fn values(session: &Session, hash: &[u8], version: i64) -> [Value; 5] {
    [
        Value::from(&session.id),
        Value::from(hash),
        Value::from(&session.administrator),
        Value::from(serde_json::to_string(session).unwrap_or_default()),
        Value::from(version),
    ]
}

/// Ends a session.
pub fn remove(write: Write, id: &str) -> Write {
    write.execute("delete from session where id = $1", [Value::from(id)])
}

/// Ends every session of an administrator but one, if one is to stay.
pub fn remove_of(write: Write, administrator: &str, but: Option<&str>) -> Write {
    let sql = "delete from session where administrator = $1 and id <> $2";
    write.execute(sql, [Value::from(administrator), Value::from(but.unwrap_or_default())])
}

/// Forgets the sessions that are over, or that nobody used for so many seconds.
pub fn forget_over(write: Write, now: Time, idle_seconds: i64) -> Write {
    let idle = now.plus_seconds(-idle_seconds);
    let sql = "delete from session where expires_at <= $1 or last_used_at <= $2";
    write.execute(sql, [Value::from(now), Value::from(idle)])
}
