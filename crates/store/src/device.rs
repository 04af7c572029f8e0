//! Devices of the inventory, and those that only requests told of.

use core::time::Duration;

use domain::device::Device;
use domain::device::DeviceId;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::inventory;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// Most devices on one page.
pub const PAGE_MAX: u32 = 1000;

/// Records of one statement: enough that a quarter of a million need no more statements than one
/// change may have, and few enough that their values are no more than a statement may have.
const ROWS_AT_ONCE: usize = 50;

/// Ids that one statement asks for.
const IDS_AT_ONCE: usize = 64;

/// How long a login may wait for the read that a device unknown to memory is worth.
const LOOKUP_PATIENCE: Duration = Duration::from_millis(200);

/// What a row has, but for its stamp behind it, in the order of [`stamp::DEVICE`].
const COLUMNS: &str = "name, id, serial, udid, body, version, changed_at, stamp";

/// The values of a row.
const WIDTH: usize = 8;

/// A device as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// What is known of it.
    pub device: Device,
    /// How often it has changed.
    pub version: i64,
    /// When it last did.
    pub changed_at: Time,
}

/// Where a page of a list ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// Among the devices by their name: its beginning in small letters, and the id.
    Name(String, String),
    /// Among those whose serial number begins as was asked, behind them.
    Serial(String),
}

fn values(device: &Device, version: i64, now: Time) -> Option<[Value; 7]> {
    Some([
        Value::from(&device.name),
        Value::from(device.id.to_string()),
        Value::from(device.serial_key()),
        Value::from(device.udid_key()),
        Value::from(serde_json::to_string(device).ok()?),
        Value::from(version),
        Value::from(now),
    ])
}

/// Keeps devices, each new or in place of the version that is named, whose next it becomes, and
/// announces it. Fails with a conflict if somebody else changed one of them in the meantime.
pub fn save(write: Write, devices: impl IntoIterator<Item = (Device, i64)>, now: Time) -> Write {
    let mut rows = Vec::new();
    let mut announced = Vec::new();
    for (device, before) in devices {
        rows.extend(values(&device, before.saturating_add(1), now));
        announced.push((device.id.to_string(), before.saturating_add(1)));
    }
    let write = insert(write, &rows, &SAVE);
    inventory::announce(write, ("device", "devices"), &announced)
}

/// How rows are inserted.
pub(crate) struct Insert {
    pub(crate) head: &'static str,
    pub(crate) width: usize,
    pub(crate) tail: &'static str,
    pub(crate) stamp: &'static stamp::Stamp,
}

const SAVE: Insert = Insert {
    head: "insert into device (name, id, serial, udid, body, version, changed_at, stamp) values ",
    width: WIDTH,
    tail: " on conflict (id) do update set name = excluded.name, serial = excluded.serial,
            udid = excluded.udid, body = excluded.body, version = excluded.version,
            changed_at = excluded.changed_at, stamp = excluded.stamp
            where device.version = excluded.version - 1",
    stamp: &stamp::DEVICE,
};

/// Inserts rows, many with one statement; each must be new or take the place of the one before.
pub(crate) fn insert<const N: usize>(
    mut write: Write,
    rows: &[[Value; N]],
    insert: &Insert,
) -> Write {
    let full = rows.chunks_exact(ROWS_AT_ONCE);
    // What is left goes one by one, so that there are two statements whatever the number.
    let rest = full.remainder().chunks(1);
    for chunk in full.chain(rest) {
        let mut args = Vec::with_capacity(chunk.len() * insert.width);
        let mut places = Vec::with_capacity(chunk.len());
        for row in chunk {
            let first = args.len() + 1;
            let names = (first..first + insert.width).map(|place| format!("${place}"));
            places.push(format!("({})", names.collect::<Vec<_>>().join(", ")));
            args.extend(row.iter().cloned());
            args.push(Value::Null);
        }
        let sql = format!("{}{}{}", insert.head, places.join(", "), insert.tail);
        let count = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        write = write.guard(sql, args, count, "somebody changed the inventory at the same time");
        for (row, number) in chunk.iter().zip(1..) {
            write = write.stamp(number * insert.width, insert.stamp, row);
        }
    }
    write
}

/// Keeps what a request told of a device, new or in place of the version `before`: if somebody else changed it in the meantime, or has its name or number, they are left as they are,
/// and the change that this is part of passes all the same. Who asks reads again what is kept.
pub fn propose(
    write: Write,
    device: &Device,
    (before, version): (Option<i64>, i64),
    now: Time,
) -> Write {
    let Some(row) = values(device, version, now) else { return write };
    let id = device.id.to_string();
    let write = match before {
        None => write
            .execute(
                "insert into device (name, id, serial, udid, body, version, changed_at, stamp)
                 values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
                row.iter().cloned().chain([Value::Null]).collect::<Vec<_>>(),
            )
            .stamp(WIDTH, &stamp::DEVICE, &row),
        Some(before) => {
            let [name, _, serial, udid, body, next, at] = row.clone();
            let (own, before) = (Value::from(&id), Value::from(before));
            write
                .execute(
                    "update device set name = $1, serial = $2, udid = $3, body = $4, version = $5,
                     changed_at = $6, stamp = $7 where id = $8 and version = $9 and not exists (
                        select 1 from device as other where other.id <> $8
                        and (other.serial = $2 or other.udid = $3 or other.name = $1))",
                    [name, serial, udid, body, next, at, Value::Null, own, before],
                )
                .stamp(7, &stamp::DEVICE, &row)
        }
    };
    inventory::announce(write, ("device", "devices"), &[(id, version)])
}

/// Removes devices of these versions, and announces it. Fails with a conflict if somebody else
/// changed one of them in the meantime.
pub fn remove(mut write: Write, devices: &[(DeviceId, i64)]) -> Write {
    for (id, version) in devices {
        write = write.guard(
            "delete from device where id = $1 and version = $2",
            [Value::from(id.to_string()), Value::from(*version)],
            1,
            "somebody changed the device at the same time",
        );
    }
    let gone = devices.iter().map(|(id, version)| (id.to_string(), version.saturating_add(1)));
    inventory::announce(write, ("device", "devices"), &gone.collect::<Vec<_>>())
}

/// Hands over every device, in no order and from several threads: for the memory of a server.
pub fn load(store: &Store, visit: impl Fn(Kept) + Sync) -> Result<(), StoreError> {
    let sql = "select name, id, serial, udid, body, version, changed_at, stamp from device";
    store.for_each_spread(sql, [], |rows| {
        for row in rows {
            visit(kept(store, &row)?);
        }
        Ok(())
    })
}

/// These devices; what is not on record is left out.
pub async fn find(store: &Store, ids: &[DeviceId]) -> Result<Vec<Kept>, StoreError> {
    let places: Vec<String> = (1..=IDS_AT_ONCE).map(|place| format!("${place}")).collect();
    let sql = format!("select {COLUMNS} from device where id in ({})", places.join(", "));
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_AT_ONCE) {
        // The last is repeated, so that there is one statement whatever their number.
        let mut args: Vec<Value> = chunk.iter().map(|id| Value::from(id.to_string())).collect();
        args.resize(IDS_AT_ONCE, args.last().cloned().unwrap_or(Value::Null));
        for row in &store.query(sql.clone(), args).await? {
            found.push(kept(store, row)?);
        }
    }
    Ok(found)
}

/// One device: the bounded read on the way of a login while memory does not have all of them.
pub fn find_blocking(store: &Store, id: &DeviceId) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from device where id = $1");
    let row = store.query_blocking(sql, [Value::from(id.to_string())], LOOKUP_PATIENCE)?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

/// A page of the devices behind `after`, by their name; of those whose name or, behind them, serial
/// number begins with `start`, in any case, if it is not empty.
pub async fn list(
    store: &Store,
    start: &str,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<(Place, Kept)>, StoreError> {
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
    let start = small(start);
    let mut page = Vec::new();
    if !matches!(after, Some(Place::Serial(_))) {
        let (key, id) = match after {
            Some(Place::Name(key, id)) => (key.clone(), id.clone()),
            Some(Place::Serial(_)) | None => (start.clone(), String::new()),
        };
        let sql = format!(
            "select {COLUMNS} from device where (substr(lower(name), 1, 128), id) > ($1, $2)
             and substr(lower(name), 1, 128) < $3
             order by substr(lower(name), 1, 128), id limit $4"
        );
        let end = Value::from(inventory::end_of(&start));
        let args = [Value::from(key), Value::from(id), end, count(limit)];
        for row in &store.query(sql, args).await? {
            let kept = kept(store, row)?;
            page.push((Place::of_name(&kept.device), kept));
        }
    }
    if page.len() < limit && !start.is_empty() {
        let from = match after {
            Some(Place::Serial(serial)) => serial.clone(),
            Some(Place::Name(..)) | None => String::new(),
        };
        let sql = format!(
            "select {COLUMNS} from device where serial > $1 and serial >= $2 and serial < $3
             and not (substr(lower(name), 1, 128) >= $2 and substr(lower(name), 1, 128) < $3)
             order by serial limit $4"
        );
        let end = Value::from(inventory::end_of(&start));
        let args = [Value::from(from), Value::from(start), end, count(limit - page.len())];
        for row in &store.query(sql, args).await? {
            let serial = row.text_optional(2)?.unwrap_or_default().to_owned();
            page.push((Place::Serial(serial), kept(store, row)?));
        }
    }
    Ok(page)
}

impl Place {
    /// Where a device is among all by their name.
    fn of_name(device: &Device) -> Self {
        Self::Name(small(&device.name), device.id.to_string())
    }
}

/// What the index keeps of a text: its letters of ASCII made small, as both engines do it.
pub(crate) fn small(text: &str) -> String {
    text.chars().take(128).map(|c| c.to_ascii_lowercase()).collect()
}

pub(crate) fn count(limit: usize) -> Value {
    Value::from(i64::try_from(limit).unwrap_or(i64::MAX))
}

fn kept(store: &Store, row: &Row) -> Result<Kept, StoreError> {
    let places = [0, 1, 2, 3, 4, 5, 6];
    store.audit_key().stamp().check(&stamp::DEVICE, row, &places, 7)?;
    let device = serde_json::from_str(row.text(4)?)
        .map_err(|error| StoreError::Statement(format!("a device cannot be read: {error}")))?;
    Ok(Kept { device, version: row.integer(5)?, changed_at: row.time(6)? })
}

#[cfg(test)]
mod tests;
