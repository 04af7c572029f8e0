//! Certificates: recorded before they are signed, kept for ever.

mod bound;
pub mod chosen;
pub mod end;
pub mod enrolled;
pub mod fingerprint;
pub mod search;
pub mod seed;

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;

use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::device::DeviceId;
use pki::certificate::Serial;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::change::Topic;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// How long a login may wait for the one read that a serial unknown to memory is worth.
pub const LOOKUP_PATIENCE: Duration = Duration::from_millis(200);

/// Every column in the order of their stamps: where it stands, what it was to say, the bytes.
const COLUMNS: &str = "serial, usage, authority, gateway, status, revoked_at, revocation_reason,
    standing_stamp, version, bound, subject, names, template, assurance, not_before, not_after,
    intended_at, tbs, content_stamp, der, der_stamp, device, person, key, generation, rendering";

/// The places of what [`stamp::STANDING`] speaks for in [`COLUMNS`] and [`STANDING`].
const STANDING_PLACES: [usize; 9] = [0, 1, 2, 3, 4, 5, 6, 8, 9];

/// The places of what [`stamp::CONTENT`] speaks for in [`COLUMNS`].
const CONTENT_PLACES: [usize; 14] = [0, 10, 11, 12, 13, 14, 15, 16, 17, 21, 22, 23, 24, 25];

/// The places of what [`stamp::DER`] speaks for in [`COLUMNS`].
const DER_PLACES: [usize; 2] = [0, 19];

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
    let intended = Certificate { status: Status::Intended, version: 0, ..certificate.clone() };
    let standing = standing_values(&intended);
    let content = [
        Value::from(certificate.serial.to_string()),
        Value::from(&certificate.subject),
        Value::from(names),
        Value::from(certificate.template.clone()),
        Value::from(certificate.assurance),
        Value::from(certificate.not_before),
        Value::from(certificate.not_after),
        Value::from(now),
        Value::from(tbs),
        Value::from(certificate.device.clone()),
        Value::from(certificate.person.clone()),
        Value::from(certificate.key.clone()),
        Value::from(certificate.generation),
        Value::from(certificate.rendering),
    ];
    let stamps = [Value::Null, Value::Null];
    // The number is in both.
    let args = standing.iter().chain(content.iter().skip(1)).chain(&stamps);
    write
        .guard(
            "insert into certificate (serial, usage, authority, gateway, status, revoked_at,
             revocation_reason, version, bound, subject, names, template, assurance, not_before,
             not_after, intended_at, tbs, device, person, key, generation, rendering,
             standing_stamp, content_stamp)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
             $18, $19, $20, $21, $22, $23, $24) on conflict do nothing",
            args.cloned().collect::<Vec<Value>>(),
            1,
            "the serial number was drawn before",
        )
        .stamp(23, &stamp::STANDING, &standing)
        .stamp(24, &stamp::CONTENT, &content)
}

/// Records that an intended certificate was signed ([`Certificate::mark_issued`]), and announces
/// it.
pub fn issued(write: Write, certificate: &Certificate, der: &[u8]) -> Write {
    let write = announce(write, certificate);
    let signed = [Value::from(certificate.serial.to_string()), Value::from(der)];
    let [sha256, sha1] = fingerprint::values(der);
    let [serial, der] = signed.clone();
    let version = Value::from(certificate.version);
    let issued = Value::from(certificate.status.as_str());
    let intended = Value::from(Status::Intended.as_str());
    write
        .guard(
            "update certificate set status = $1, version = $2, der = $3, standing_stamp = $4,
             der_stamp = $5, sha256 = $6, sha1 = $7 where serial = $8 and status = $9",
            [issued, version, der, Value::Null, Value::Null, sha256, sha1, serial, intended],
            1,
            "the certificate was not intended, or was revoked in the meantime",
        )
        .stamp(4, &stamp::STANDING, &standing_values(certificate))
        .stamp(5, &stamp::DER, &signed)
}

/// Records that a certificate came to stand differently ([`Certificate::revoke`],
/// [`Certificate::release`]), and announces it. Fails with a conflict if it did so for somebody
/// else in the meantime.
pub fn stand(write: Write, certificate: &Certificate) -> Write {
    let values = standing_values(certificate);
    let [serial, _, _, _, status, at, reason, version, _] = values.clone();
    announce(write, certificate)
        .guard(
            "update certificate set status = $1, revoked_at = $2, revocation_reason = $3,
             version = $4, standing_stamp = $5 where serial = $6 and coalesce(version, 0) = $7",
            [status, at, reason, version, Value::Null, serial, before(certificate)],
            1,
            "the certificate came to stand differently in the meantime",
        )
        .stamp(5, &stamp::STANDING, &values)
}

fn before(certificate: &Certificate) -> Value {
    Value::from(certificate.version - 1)
}

/// What [`stamp::STANDING`] speaks for.
fn standing_values(certificate: &Certificate) -> [Value; 9] {
    [
        Value::from(certificate.serial.to_string()),
        Value::from(certificate.usage.as_str()),
        Value::from(&certificate.authority),
        Value::from(certificate.gateway.clone()),
        Value::from(certificate.status.as_str()),
        Value::from(certificate.revoked_at),
        Value::from(certificate.revocation_reason.map(RevocationReason::as_str)),
        Value::from(certificate.version),
        Value::from(bound::text(certificate)),
    ]
}

fn announce(write: Write, certificate: &Certificate) -> Write {
    let key = format!("{} {}", certificate.serial, certificate.version);
    write.announce(Topic::Certificate, key)
}

/// Reads what was announced of a certificate: which one, and its version since.
#[must_use]
pub fn announced(key: &str) -> Option<(Serial, i64)> {
    let (serial, version) = key.split_once(' ')?;
    Some((Serial::parse_text(serial).ok()?, version.parse().ok()?))
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

/// Makes a change depend on a key that is still free for the certificate of this number: none that
/// was revoked because others may know its key has it, nor, if it is to be used `once`, any that is
/// in use.
pub fn keep_key_free(write: Write, key: &str, serial: &Serial, once: Option<Time>) -> Write {
    let serial = Value::from(serial.to_string());
    // Nothing is in use at the end of time.
    let now = Value::from(once.unwrap_or(Time(i64::MAX)));
    let sql = format!("select 1 from certificate where {KEY_TAKEN} and serial <> $3");
    write.guard(sql, [Value::from(key), now, serial], 0, KEY_USED)
}

/// What [`keep_key_free`] answers when the key was taken in the meantime.
pub const KEY_USED: &str = "another certificate has the same key";

/// Certificates for which a key is taken; the key is its `$1`, the moment its `$2`.
const KEY_TAKEN: &str = "key = $1 and (revocation_reason = 'keyCompromise'
    or (status in ('issued', 'held') and not_after >= $2))";

/// Who has a key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeyHolders {
    /// A certificate that was revoked because others may know its key.
    pub compromised: Option<Serial>,
    /// A certificate that is in use: issued or on hold, and not expired.
    pub in_use: Option<Serial>,
}

/// Finds who has a key.
pub async fn key_holders(store: &Store, key: &str, now: Time) -> Result<KeyHolders, StoreError> {
    let sql = format!(
        "select serial, revocation_reason from certificate where {KEY_TAKEN}
         order by case when revocation_reason = 'keyCompromise' then 0 else 1 end limit 2"
    );
    let mut holders = KeyHolders::default();
    let compromised = RevocationReason::KeyCompromise.as_str();
    for row in store.query(sql, [Value::from(key), Value::from(now)]).await? {
        let serial = Some(serial(row.text(0)?)?);
        if row.text_optional(1)? == Some(compromised) {
            holders.compromised = serial;
        } else {
            holders.in_use = serial;
        }
    }
    Ok(holders)
}

/// The newest certificate that a device of this name was given.
pub async fn newest_of_device(store: &Store, device: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from certificate where device = $1 and status <> 'intended'
         order by intended_at desc, serial desc limit 1"
    );
    let row = store.query_one(sql, [Value::from(device)]).await?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

/// The newest certificate that is bound to the record of a device.
pub async fn newest_of_record(store: &Store, id: DeviceId) -> Result<Option<Kept>, StoreError> {
    Ok(of_record(store, id, 1).await?.pop())
}

/// The certificates that are bound to the record of a device, newest first.
pub async fn of_record(store: &Store, id: DeviceId, limit: u32) -> Result<Vec<Kept>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from certificate where substr(bound, 3, 16) = $1
         and status <> 'intended' order by intended_at desc, serial desc limit $2"
    );
    let args = [Value::from(id.to_string()), Value::from(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row)).collect()
}

/// Most certificates of one device that are looked at.
pub const IN_USE_MAX: u32 = 1000;

/// Those bound to the record of a device that are in use: issued or on hold, and not expired.
const IN_USE: &str = "substr(bound, 3, 16) = $1 and usage = 'device'
    and status in ('issued', 'held') and not_after >= $2";

/// The certificates in use that are bound to the record of a device, newest first: at most
/// [`IN_USE_MAX`].
pub async fn in_use_of_record(
    store: &Store,
    id: DeviceId,
    now: Time,
) -> Result<Vec<Kept>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from certificate where {IN_USE}
         order by intended_at desc, serial desc limit $3"
    );
    let args = [Value::from(id.to_string()), Value::from(now), Value::from(IN_USE_MAX)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row)).collect()
}

/// Makes a change depend on a device having so many certificates in use beside this one.
pub fn keep_count(
    write: Write,
    (id, count): (DeviceId, usize),
    serial: &Serial,
    now: Time,
) -> Write {
    let sql = format!("select 1 from certificate where {IN_USE} and serial <> $3");
    let args = [Value::from(id.to_string()), Value::from(now), Value::from(serial.to_string())];
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    write.guard(sql, args, count, "the device got another certificate in the meantime")
}

/// Finds one certificate.
pub async fn find(store: &Store, serial: &Serial) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from certificate where serial = $1");
    let row = store.query_one(sql, [Value::from(serial.to_string())]).await?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

const STANDING: &str =
    "select serial, usage, authority, gateway, status, revoked_at, revocation_reason,
    standing_stamp, version, bound from certificate";

/// Hands over where every certificate stands, in no order and from several threads: for the memory
/// of a starting server.
pub fn standings(store: &Store, visit: impl Fn(Serial, Standing) + Sync) -> Result<(), StoreError> {
    store.for_each_spread(STANDING, [], |rows| {
        let mut names = Names::default();
        for row in rows {
            let (serial, standing) = standing(store, &row, &mut names)?;
            visit(serial, standing);
        }
        Ok(())
    })
}

/// Names that many certificates have in common.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<Arc<str>>);

impl Names {
    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return Arc::clone(known);
        }
        let name = Arc::<str>::from(name);
        self.0.insert(Arc::clone(&name));
        name
    }
}

/// Where these certificates stand; what is not on record is left out.
pub async fn standings_of(
    store: &Store,
    serials: &[Serial],
) -> Result<Vec<(Serial, Standing)>, StoreError> {
    let places: Vec<String> = (1..=SERIALS_AT_ONCE).map(|place| format!("${place}")).collect();
    let sql = format!("{STANDING} where serial in ({})", places.join(", "));
    let mut standings = Vec::with_capacity(serials.len());
    let mut names = Names::default();
    for chunk in serials.chunks(SERIALS_AT_ONCE) {
        // The last is repeated, so that there is one statement whatever their number.
        let mut args: Vec<Value> = chunk.iter().map(|one| Value::from(one.to_string())).collect();
        args.resize(SERIALS_AT_ONCE, args.last().cloned().unwrap_or(Value::Null));
        for row in &store.query(sql.clone(), args).await? {
            standings.push(standing(store, row, &mut names)?);
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
    let mut names = Names::default();
    let standing = row.as_ref().map(|row| standing(store, row, &mut names)).transpose()?;
    Ok(standing.map(|(_, standing)| standing))
}

/// The revoked certificates of an authority (`$1`), signed by one of its keys (`$2`), that were not
/// over before a moment (`$3`): rows for [`standing`].
pub(crate) const REVOKED_OF: &str =
    "select serial, usage, authority, gateway, status, revoked_at, revocation_reason,
    standing_stamp, version, bound from certificate
    where authority = $1 and revoked_at is not null and coalesce(generation, 1) = $2
    and not_after >= $3";

/// Reads a row that begins with the columns of [`STANDING`].
pub(crate) fn standing(
    store: &Store,
    row: &Row,
    names: &mut Names,
) -> Result<(Serial, Standing), StoreError> {
    store.audit_key().stamp().check(&stamp::STANDING, row, &STANDING_PLACES, 7)?;
    let bound = bound::parse(row.text_optional(9)?)?;
    let standing = Standing {
        usage: usage(row.text(1)?)?,
        authority: names.share(row.text(2)?),
        gateway: row.text_optional(3)?.map(|name| names.share(name)),
        status: status(row.text(4)?)?,
        revoked: revoked(row.time_optional(5)?, row.text_optional(6)?)?,
        version: row.integer_optional(8)?.unwrap_or(0),
        template: bound.template.map(|name| names.share(name)),
        assurance: bound.assurance,
        device: bound.device,
    };
    Ok((serial(row.text(0)?)?, standing))
}

fn kept(store: &Store, row: &Row) -> Result<Kept, StoreError> {
    let (serial, standing) = standing(store, row, &mut Names::default())?;
    let key = store.audit_key().stamp();
    key.check(&stamp::CONTENT, row, &CONTENT_PLACES, 18)?;
    let der = row.bytes_optional(19)?.map(<[u8]>::to_vec);
    if der.is_some() || standing.status == Status::Issued {
        key.check(&stamp::DER, row, &DER_PLACES, 20)?;
    }
    let names = serde_json::from_str(row.text(11)?)
        .map_err(|error| unreadable("names", &error.to_string()))?;
    let assurance = u8::try_from(row.integer(13)?);
    let certificate = Certificate {
        serial,
        usage: standing.usage,
        authority: standing.authority.to_string(),
        generation: row.integer_optional(24)?.unwrap_or(1),
        rendering: row.integer_optional(25)?,
        subject: row.text(10)?.to_owned(),
        names,
        gateway: standing.gateway.map(|name| name.to_string()),
        template: row.text_optional(12)?.map(str::to_owned),
        device: row.text_optional(21)?.map(str::to_owned),
        person: row.text_optional(22)?.map(str::to_owned),
        device_id: standing.device,
        assurance: assurance.map_err(|error| unreadable("assurance", &error.to_string()))?,
        key: row.text_optional(23)?.map(str::to_owned),
        not_before: row.time(14)?,
        not_after: row.time(15)?,
        status: standing.status,
        revoked_at: standing.revoked.map(|(at, _)| at),
        revocation_reason: standing.revoked.map(|(_, reason)| reason),
        version: standing.version,
    };
    Ok(Kept { certificate, der, intended_at: row.time(16)? })
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
