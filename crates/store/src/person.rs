//! People of the inventory.

use domain::person::Person;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::device::Insert;
use crate::device::PAGE_MAX;
use crate::device::count;
use crate::device::insert;
use crate::device::small;
use crate::inventory;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// What a row has, in the order of [`stamp::PERSON`], and its stamp.
const COLUMNS: &str = "name, body, version, changed_at, stamp";

const SAVE: Insert = Insert {
    head: "insert into person (name, body, version, changed_at, stamp) values ",
    width: 5,
    tail: " on conflict (name) do update set body = excluded.body, version = excluded.version,
            changed_at = excluded.changed_at, stamp = excluded.stamp
            where person.version = excluded.version - 1",
    stamp: &stamp::PERSON,
};

/// A person as they are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// What is known of them.
    pub person: Person,
    /// How often that has changed.
    pub version: i64,
    /// When it last did.
    pub changed_at: Time,
}

/// Keeps people, each new or in place of the version that is named, whose next it becomes, and
/// announces it. Fails with a conflict if somebody else changed one of them in the meantime.
pub fn save(write: Write, people: impl IntoIterator<Item = (Person, i64)>, now: Time) -> Write {
    let mut rows = Vec::new();
    let mut announced = Vec::new();
    for (person, before) in people {
        let next = before.saturating_add(1);
        let Ok(body) = serde_json::to_string(&person) else { continue };
        let name = Value::from(&person.name);
        rows.push([name, Value::from(body), Value::from(next), Value::from(now)]);
        announced.push((person.name, next));
    }
    let write = insert(write, &rows, &SAVE);
    inventory::announce(write, ("person", "people"), &announced)
}

/// Removes people of these versions, and announces it. Fails with a conflict if somebody else
/// changed one of them in the meantime.
pub fn remove(mut write: Write, people: &[(String, i64)]) -> Write {
    for (name, version) in people {
        write = write.guard(
            "delete from person where name = $1 and version = $2",
            [Value::from(name), Value::from(*version)],
            1,
            "somebody changed the person at the same time",
        );
    }
    let gone = people.iter().map(|(name, version)| (name.clone(), version.saturating_add(1)));
    inventory::announce(write, ("person", "people"), &gone.collect::<Vec<_>>())
}

/// Hands over every person, in no order and from several threads: for the memory of a server.
pub fn load(store: &Store, visit: impl Fn(Kept) + Sync) -> Result<(), StoreError> {
    let sql = "select name, body, version, changed_at, stamp from person";
    store.for_each_spread(sql, [], |rows| {
        for row in rows {
            visit(kept(store, &row)?);
        }
        Ok(())
    })
}

/// One person.
pub async fn find(store: &Store, name: &str) -> Result<Option<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from person where name = $1");
    let row = store.query_one(sql, [Value::from(name)]).await?;
    row.as_ref().map(|row| kept(store, row)).transpose()
}

/// A page of the people behind the one called `after`, by their name; of those whose name begins
/// with `start`, in any case.
pub async fn list(
    store: &Store,
    start: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
    let start = small(start);
    let key = after.map_or_else(|| start.clone(), small);
    let sql = format!(
        "select {COLUMNS} from person where (substr(lower(name), 1, 128), name) > ($1, $2)
         and substr(lower(name), 1, 128) < $3
         order by substr(lower(name), 1, 128), name limit $4"
    );
    let end = Value::from(inventory::end_of(&start));
    let args = [Value::from(key), Value::from(after.unwrap_or_default()), end, count(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row)).collect()
}

fn kept(store: &Store, row: &Row) -> Result<Kept, StoreError> {
    store.audit_key().stamp().check(&stamp::PERSON, row, &[0, 1, 2, 3], 4)?;
    let person = serde_json::from_str(row.text(1)?)
        .map_err(|error| StoreError::Statement(format!("a person cannot be read: {error}")))?;
    Ok(Kept { person, version: row.integer(2)?, changed_at: row.time(3)? })
}
