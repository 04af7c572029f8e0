//! Certificates: recorded before they are signed, kept for ever.

use core::time::Duration;

use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use pki::certificate::Serial;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::change::Topic;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// Most certificates on one page.
pub const PAGE_MAX: u32 = 1000;

/// How long a login may wait for the one read that a serial unknown to memory is worth.
pub const LOOKUP_PATIENCE: Duration = Duration::from_millis(200);

const COLUMNS: &str = "serial, usage, authority, subject, names, gateway, template, assurance,
    not_before, not_after, status, revoked_at, revocation_reason, intended_at, der";

/// A certificate as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What is known of it.
    pub certificate: Certificate,
    /// The signed bytes; none while it is only intended.
    pub der: Option<Vec<u8>>,
    /// When it was recorded.
    pub intended_at: Time,
}

/// Records what is about to be signed: number and exact content.
pub fn intend(write: Write, certificate: &Certificate, tbs: &[u8], now: Time) -> Write {
    let names = serde_json::to_string(&certificate.names).unwrap_or_default();
    write.guard(
        "insert into certificate (serial, usage, authority, subject, names, gateway, template,
         assurance, not_before, not_after, status, intended_at, tbs)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing",
        [
            Value::from(certificate.serial.to_string()),
            Value::from(certificate.usage.as_str()),
            Value::from(&certificate.authority),
            Value::from(&certificate.subject),
            Value::from(names),
            Value::from(certificate.gateway.clone()),
            Value::from(certificate.template.clone()),
            Value::from(certificate.assurance),
            Value::from(certificate.not_before),
            Value::from(certificate.not_after),
            Value::from(Status::Intended.as_str()),
            Value::from(now),
            Value::from(tbs),
        ],
        1,
        "the serial number was drawn before",
    )
}

/// Records that an intended certificate was signed, and announces it.
pub fn issued(write: Write, serial: &Serial, der: &[u8]) -> Write {
    let write = announce(write, serial, Status::Issued);
    write.guard(
        "update certificate set status = $1, der = $2 where serial = $3 and status = $4",
        [
            Value::from(Status::Issued.as_str()),
            Value::from(der),
            Value::from(serial.to_string()),
            Value::from(Status::Intended.as_str()),
        ],
        1,
        "the certificate was not intended, or was revoked in the meantime",
    )
}

/// Records that a certificate is revoked, and announces it. What was revoked stays as it was.
pub fn revoke(write: Write, serial: &Serial, reason: RevocationReason, now: Time) -> Write {
    let write = announce(write, serial, Status::Revoked);
    write.guard(
        "update certificate set status = $1, revoked_at = $2, revocation_reason = $3
         where serial = $4 and status <> $1",
        [
            Value::from(Status::Revoked.as_str()),
            Value::from(now),
            Value::from(reason.as_str()),
            Value::from(serial.to_string()),
        ],
        1,
        "the certificate was revoked in the meantime",
    )
}

fn announce(write: Write, serial: &Serial, status: Status) -> Write {
    write.announce(Topic::Certificate, format!("{serial} {}", status.as_str()))
}

/// Reads what was announced of a certificate: which one, and where it stands since.
#[must_use]
pub fn announced(key: &str) -> Option<(Serial, Status)> {
    let (serial, status) = key.split_once(' ')?;
    Some((Serial::parse_text(serial).ok()?, Status::parse(status)?))
}

/// Makes a change depend on a certificate that is issued and not revoked.
pub fn keep_issued(write: Write, serial: &Serial) -> Write {
    write.guard(
        "select 1 from certificate where serial = $1 and status = $2",
        [Value::from(serial.to_string()), Value::from(Status::Issued.as_str())],
        1,
        "the old certificate was revoked in the meantime",
    )
}

/// Finds one certificate.
pub async fn find(store: &Store, serial: &Serial) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from certificate where serial = $1");
    let row = store.query_one(sql, [Value::from(serial.to_string())]).await?;
    row.as_ref().map(kept).transpose()
}

/// A page of certificates, newest first, those behind `after` if given.
pub async fn list(
    store: &Store,
    after: Option<(Time, &str)>,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    let limit = limit.clamp(1, PAGE_MAX);
    let rows = match after {
        None => {
            let sql = format!(
                "select {COLUMNS} from certificate order by intended_at desc, serial desc limit $1"
            );
            store.query(sql, [Value::from(limit)]).await?
        }
        Some((time, serial)) => {
            let sql = format!(
                "select {COLUMNS} from certificate where (intended_at, serial) < ($1, $2)
                 order by intended_at desc, serial desc limit $3"
            );
            let args = [Value::from(time), Value::from(serial), Value::from(limit)];
            store.query(sql, args).await?
        }
    };
    rows.iter().map(kept).collect()
}

const STANDING: &str =
    "select serial, usage, authority, gateway, status, revoked_at, revocation_reason
    from certificate";

/// Hands over where every certificate stands: for the memory of a starting server.
pub fn standings(store: &Store, mut visit: impl FnMut(Serial, Standing)) -> Result<(), StoreError> {
    store.for_each(STANDING, [], |row| {
        let (serial, standing) = standing(&row)?;
        visit(serial, standing);
        Ok(())
    })
}

/// Where these certificates stand; what is not on record is left out.
pub async fn standings_of(
    store: &Store,
    serials: &[Serial],
) -> Result<Vec<(Serial, Standing)>, StoreError> {
    let places: Vec<String> = (1..=SERIALS_AT_ONCE).map(|place| format!("${place}")).collect();
    let sql = format!("{STANDING} where serial in ({})", places.join(", "));
    let mut standings = Vec::with_capacity(serials.len());
    for chunk in serials.chunks(SERIALS_AT_ONCE) {
        // The last is repeated, so that there is one statement whatever their number.
        let mut args: Vec<Value> = chunk.iter().map(|one| Value::from(one.to_string())).collect();
        args.resize(SERIALS_AT_ONCE, args.last().cloned().unwrap_or(Value::Null));
        for row in &store.query(sql.clone(), args).await? {
            standings.push(standing(row)?);
        }
    }
    Ok(standings)
}

/// Serial numbers that one statement asks for.
const SERIALS_AT_ONCE: usize = 64;

/// Where one certificate stands: the one bounded read on the way of a login.
pub fn standing_blocking(store: &Store, serial: &Serial) -> Result<Option<Standing>, StoreError> {
    let sql = format!("{STANDING} where serial = $1");
    let args = [Value::from(serial.to_string())];
    let row = store.query_blocking(sql, args, LOOKUP_PATIENCE)?;
    row.as_ref().map(|row| standing(row).map(|(_, standing)| standing)).transpose()
}

fn standing(row: &Row) -> Result<(Serial, Standing), StoreError> {
    let standing = Standing {
        usage: usage(row.text(1)?)?,
        authority: row.text(2)?.to_owned(),
        gateway: row.text_optional(3)?.map(str::to_owned),
        status: status(row.text(4)?)?,
        revoked: revoked(row.time_optional(5)?, row.text_optional(6)?)?,
    };
    Ok((serial(row.text(0)?)?, standing))
}

fn kept(row: &Row) -> Result<Kept, StoreError> {
    let revoked = revoked(row.time_optional(11)?, row.text_optional(12)?)?;
    let names = serde_json::from_str(row.text(4)?)
        .map_err(|error| unreadable("names", &error.to_string()))?;
    let assurance = u8::try_from(row.integer(7)?);
    let certificate = Certificate {
        serial: serial(row.text(0)?)?,
        usage: usage(row.text(1)?)?,
        authority: row.text(2)?.to_owned(),
        subject: row.text(3)?.to_owned(),
        names,
        gateway: row.text_optional(5)?.map(str::to_owned),
        template: row.text_optional(6)?.map(str::to_owned),
        assurance: assurance.map_err(|error| unreadable("assurance", &error.to_string()))?,
        not_before: row.time(8)?,
        not_after: row.time(9)?,
        status: status(row.text(10)?)?,
        revoked_at: revoked.map(|(at, _)| at),
        revocation_reason: revoked.map(|(_, reason)| reason),
    };
    let der = row.bytes_optional(14)?.map(<[u8]>::to_vec);
    Ok(Kept { certificate, der, intended_at: row.time(13)? })
}

fn serial(text: &str) -> Result<Serial, StoreError> {
    Serial::parse_text(text).map_err(|_| unreadable("serial", text))
}

fn usage(text: &str) -> Result<Usage, StoreError> {
    Usage::parse(text).ok_or_else(|| unreadable("usage", text))
}

fn status(text: &str) -> Result<Status, StoreError> {
    Status::parse(text).ok_or_else(|| unreadable("status", text))
}

fn revoked(
    at: Option<Time>,
    reason: Option<&str>,
) -> Result<Option<(Time, RevocationReason)>, StoreError> {
    let Some(at) = at else { return Ok(None) };
    let text = reason.unwrap_or_default();
    let reason = RevocationReason::parse(text);
    Ok(Some((at, reason.ok_or_else(|| unreadable("revocation_reason", text))?)))
}

fn unreadable(column: &str, value: &str) -> StoreError {
    StoreError::Statement(format!("certificate.{column} holds \"{value}\""))
}
