//! Requests that are not to be carried out twice: the key that their sender drew, and the answer.

use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::seal::MasterKey;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// How long an answer is kept, in seconds: a day, in which every job has been tried again.
pub const KEPT_SECONDS: i64 = 86_400;

/// A request that was begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Begun {
    /// The digest of the request.
    pub request: [u8; 32],
    /// When it was begun.
    pub at: Time,
    /// Status and body of the answer; none while it is carried out.
    pub answer: Option<(u16, Vec<u8>)>,
}

/// What a second beginning conflicts with.
pub const TAKEN: &str = "the key is in use";

/// Notes that a request is begun under a key; a conflict if the key is in use. Forgets answers that
/// are past their time.
pub async fn begin(
    store: &Store,
    key: &str,
    request: [u8; 32],
    now: Time,
) -> Result<(), CommitError> {
    Write::new()
        .execute(
            "delete from idempotency where at <= $1",
            [Value::from(now.plus_seconds(-KEPT_SECONDS))],
        )
        .guard(
            "insert into idempotency (key, request, at) values ($1, $2, $3)
             on conflict (key) do nothing",
            [Value::from(key), Value::from(request.as_slice()), Value::from(now)],
            1,
            TAKEN,
        )
        .commit(store, Why::Bookkeeping(Bookkeeping::RequestKept))
        .await
}

/// How many requests of a sender are kept, whose keys begin with this and a slash.
pub async fn count(store: &Store, sender: &str) -> Result<u64, StoreError> {
    let sql = "select count(*) from idempotency where key > $1 and key < $2";
    // The sign behind the slash.
    let args = [Value::from(format!("{sender}/")), Value::from(format!("{sender}0"))];
    let row = store.query_one(sql, args).await?;
    let count = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The request that was begun under a key.
pub async fn find(
    store: &Store,
    master: &MasterKey,
    key: &str,
) -> Result<Option<Begun>, StoreError> {
    let sql = "select request, at, status, answer from idempotency where key = $1";
    let Some(row) = store.query_one(sql, [Value::from(key)]).await? else { return Ok(None) };
    let wrong = |what: &str| StoreError::Statement(format!("an answer that is kept {what}"));
    let request = row.bytes(0)?.try_into();
    let request = request.map_err(|_| wrong("has a digest that is not 32 bytes long"))?;
    let answer = match (row.integer_optional(2)?, row.bytes_optional(3)?) {
        (Some(status), Some(sealed)) => {
            let status = u16::try_from(status).map_err(|_| wrong("has no status"))?;
            Some((status, master.open(&context(key), sealed)?.to_vec()))
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    Ok(Some(Begun { request, at: row.time(1)?, answer }))
}

/// Keeps the answer to a request.
pub async fn answer(
    store: &Store,
    master: &MasterKey,
    key: &str,
    (status, body): (u16, &[u8]),
) -> Result<(), CommitError> {
    let sealed = master.seal(&context(key), body);
    Write::new()
        .execute(
            "update idempotency set status = $1, answer = $2 where key = $3",
            [Value::from(i64::from(status)), Value::from(sealed), Value::from(key)],
        )
        .commit(store, Why::Bookkeeping(Bookkeeping::RequestKept))
        .await
}

fn context(key: &str) -> String {
    format!("idempotency/{key}")
}
