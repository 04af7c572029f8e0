//! Requests that were answered with a certificate, for as long as a device may ask again.

use domain::certificate::Status;
use pki::certificate::Serial;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::certificate;
use crate::certificate::Kept;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// For how long the same request gets the same certificate, in seconds.
pub const SAME_ANSWER_SECONDS: i64 = 24 * 3600;

/// How long an answer may be under way, in seconds; whoever began it is gone after that.
pub const UNDER_WAY_SECONDS: i64 = 60;

/// What a write says when the same request is being answered by somebody else.
pub const UNDER_WAY: &str = "the same request is being answered already";

/// Forgets answers that were under way when a process ended, so that the device that asks again
/// need not wait. Right only where one process holds the database: another may be making an answer.
pub(crate) const FORGET_UNDER_WAY: &str = "delete from enrollment where exists (
    select 1 from certificate where certificate.serial = enrollment.serial
    and certificate.status = 'intended')";

/// What became of a request before.
#[derive(Clone, Debug)]
pub enum Known {
    /// Nothing, or nothing that counts any more.
    Nothing,
    /// This very request got this certificate.
    Answered(Box<Kept>),
    /// Another key began the same transaction.
    AnotherKeys,
}

/// What became of a request, written as transaction, key and the rest with colons between, in the
/// time that an answer counts.
pub async fn known(store: &Store, request: &str, now: Time) -> Result<Known, StoreError> {
    let mut parts = request.split(':');
    let transaction = parts.next().unwrap_or_default();
    let key = format!("{transaction}:{}:", parts.next().unwrap_or_default());
    // What begins with the transaction lies between a colon and what comes behind it. A
    // transaction is one key's, so that beside the request itself any one tells of all.
    let sql = "select own.request, own.serial from
                   (select request, serial from enrollment where request = $1 and at >= $2) as own
               union all select other.request, other.serial from
                   (select request, serial from enrollment
                    where request >= $3 and request < $4 and at >= $2 limit 1) as other";
    let args = [
        Value::from(request),
        Value::from(now.plus_seconds(-SAME_ANSWER_SECONDS)),
        Value::from(format!("{transaction}:")),
        Value::from(format!("{transaction};")),
    ];
    let (mut own, mut is_another_keys) = (None, false);
    for row in store.query(sql, args).await? {
        let found = row.text(0)?;
        is_another_keys |= !found.starts_with(&key);
        if found == request {
            own = Some(row.text(1)?.to_owned());
        }
    }
    let Some(own) = own else {
        return Ok(if is_another_keys { Known::AnotherKeys } else { Known::Nothing });
    };
    let serial = Serial::parse_text(&own)
        .map_err(|_| StoreError::Statement("enrollment.serial is no serial".to_owned()))?;
    let kept = certificate::find(store, &serial).await?;
    let stands = |status| matches!(status, Status::Issued | Status::Held);
    let kept = kept.filter(|kept| stands(kept.certificate.status));
    Ok(kept.map_or(Known::Nothing, |kept| Known::Answered(Box::new(kept))))
}

/// Takes a request: from here on it is answered with this serial. Fails with [`UNDER_WAY`] if
/// somebody else took it a moment ago, or answered it and the answer still counts.
pub fn begin(write: Write, request: &str, serial: &Serial, now: Time) -> Write {
    write.guard(
        "insert into enrollment (request, serial, at) values ($1, $2, $3)
         on conflict (request) do update set serial = excluded.serial, at = excluded.at
         where enrollment.at < $4 or exists (
            select 1 from certificate where certificate.serial = enrollment.serial
            and (certificate.status = 'revoked'
                 or (certificate.status = 'intended' and enrollment.at < $5)))",
        [
            Value::from(request),
            Value::from(serial.to_string()),
            Value::from(now),
            Value::from(now.plus_seconds(-SAME_ANSWER_SECONDS)),
            Value::from(now.plus_seconds(-UNDER_WAY_SECONDS)),
        ],
        1,
        UNDER_WAY,
    )
}

/// Lets the change pass only if the request is still answered with this serial: an answer that
/// took so long that somebody else took the request over is worth nothing. The row is changed, not
/// only looked at, so that whoever is about to take it over waits and then sees that it is late.
pub fn keep(write: Write, request: &str, serial: &Serial, now: Time) -> Write {
    write.guard(
        "update enrollment set at = $1 where request = $2 and serial = $3",
        [Value::from(now), Value::from(request), Value::from(serial.to_string())],
        1,
        UNDER_WAY,
    )
}

/// Lets go of a request that was taken for this serial and will not be answered with it.
pub async fn release(store: &Store, request: &str, serial: &Serial) -> Result<(), CommitError> {
    let sql = "delete from enrollment where request = $1 and serial = $2 and exists (
               select 1 from certificate where certificate.serial = $2
               and certificate.status = 'intended')";
    Write::new()
        .execute(sql, [Value::from(request), Value::from(serial.to_string())])
        .commit(store, Why::Bookkeeping(Bookkeeping::IssuanceIntended))
        .await
}

/// Forgets requests whose answers do not count any more.
pub fn age(write: Write, now: Time) -> Write {
    let since = now.plus_seconds(-SAME_ANSWER_SECONDS);
    write.execute("delete from enrollment where at < $1", [Value::from(since)])
}
