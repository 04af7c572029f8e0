//! Slots of server certificates: which of its keys each shows, which waits, which was before.

use crate::Store;
use crate::StoreError;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// The keys of one server certificate that have a slot, by their numbers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerSlots {
    /// The server certificate.
    pub name: String,
    /// What is shown.
    pub active: i64,
    /// What waits to be shown.
    pub next: Option<i64>,
    /// What was shown before.
    pub previous: Option<i64>,
}

/// Reads the slots of every server certificate that has any on record.
pub async fn load(store: &Store) -> Result<Vec<ServerSlots>, StoreError> {
    let sql = "select name, active, next, previous, stamp from server_slot order by name";
    let rows = store.query(sql, []).await?;
    let read = rows.iter().map(|row| {
        store.audit_key().stamp().check(&stamp::SERVER_SLOT, row, &[0, 1, 2, 3], 4)?;
        Ok(ServerSlots {
            name: row.text(0)?.to_owned(),
            active: row.integer(1)?,
            next: row.integer_optional(2)?,
            previous: row.integer_optional(3)?,
        })
    });
    read.collect()
}

/// Keeps the slots of one. What guards them is the version of the organization
/// ([`crate::organization::save`]).
pub fn save(write: Write, slots: &ServerSlots) -> Write {
    let stamped = [
        Value::from(&slots.name),
        Value::from(slots.active),
        Value::from(slots.next),
        Value::from(slots.previous),
    ];
    let args: Vec<Value> = stamped.iter().cloned().chain([Value::Null]).collect();
    write
        .execute(
            "insert into server_slot (name, active, next, previous, stamp)
             values ($1, $2, $3, $4, $5)
             on conflict (name) do update set active = excluded.active, next = excluded.next,
             previous = excluded.previous, stamp = excluded.stamp",
            args,
        )
        .stamp(5, &stamp::SERVER_SLOT, &stamped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::MasterKey;
    use crate::write::{Bookkeeping, Why};

    #[tokio::test]
    async fn slots_are_read_as_they_were_kept_last() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        assert_eq!(load(&store).await.unwrap(), []);
        let name = "RADIUS".to_owned();
        let first = ServerSlots { name, active: 1, next: Some(2), previous: None };
        let second = ServerSlots { active: 2, next: None, previous: Some(1), ..first.clone() };
        for slots in [first, second] {
            let why = Why::Bookkeeping(Bookkeeping::JobLeased);
            save(Write::new(), &slots).commit(&store, why).await.unwrap();
            assert_eq!(load(&store).await.unwrap(), [slots]);
        }
    }
}
