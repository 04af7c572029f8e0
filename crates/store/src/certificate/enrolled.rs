//! What devices enrolled by: which rendering of a network profile, at which gateway. Counts rest on
//! it and no login does, so that no stamp is asked.

use domain::device::DeviceId;
use domain::server_certificate::coverage::Enrolled;
use domain::server_certificate::coverage::Holder;
use pki::time::Time;

use super::bound;
use super::serial;
use crate::Store;
use crate::StoreError;
use crate::value::Row;
use crate::value::Value;

const CURRENT: &str = "select serial, bound, gateway, rendering, intended_at from certificate
    where usage = 'device' and status = 'issued' and not_after >= $1";

/// Hands over every certificate of a device that is in use, in no order. Blocks: there may be a
/// million.
pub fn for_each(
    store: &Store,
    now: Time,
    mut visit: impl FnMut(Enrolled),
) -> Result<(), StoreError> {
    store.for_each(CURRENT, [Value::from(now)], |row| {
        visit(read(&row)?);
        Ok(())
    })
}

fn read(row: &Row) -> Result<Enrolled, StoreError> {
    let serial = serial(row.text(0)?)?;
    let device: Option<DeviceId> = bound::parse(row.text_optional(1)?)?.device;
    Ok(Enrolled {
        holder: device.map_or_else(|| Holder::Certificate(serial.to_string()), Holder::Device),
        serial,
        gateway: row.text_optional(2)?.unwrap_or_default().to_owned(),
        rendering: row.integer_optional(3)?,
        at: row.time(4)?,
    })
}
