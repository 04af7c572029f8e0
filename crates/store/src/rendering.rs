//! Renderings: what the profiles trust that devices were given, by the number that their
//! Enrollment URLs end in.

use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// Most renderings of one profile that are looked at, the newest: one a week for many years.
pub const RENDERINGS_MAX: u32 = 4096;

/// A content that a network profile was handed out with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rendering {
    /// What the Enrollment URL ends in; unique, and never given to another.
    pub number: i64,
    /// What the network profile was called.
    pub profile: String,
    /// What tells its definition of then, with its roots, from others.
    pub content: String,
    /// The roots that it trusts: their SHA-256 in hexadecimal digits.
    pub roots: Vec<String>,
    /// The names of servers that it accepts.
    pub names: Vec<String>,
    /// When it was first handed out.
    pub at: Time,
}

const COLUMNS: &str = "number, profile, content, roots, names, at, stamp";

/// The renderings of a profile under one of its names, newest first: at most [`RENDERINGS_MAX`].
pub async fn of_profile(store: &Store, profile: &str) -> Result<Vec<Rendering>, StoreError> {
    let sql =
        format!("select {COLUMNS} from rendering where profile = $1 order by number desc limit $2");
    let rows = store.query(sql, [Value::from(profile), Value::from(RENDERINGS_MAX)]).await?;
    rows.iter().map(|row| read(store, row)).collect()
}

/// The number that no rendering and no URL of before has had.
pub async fn free_number(store: &Store) -> Result<i64, StoreError> {
    let row = store.query_one("select max(number) from rendering", []).await?;
    let last = row.map(|row| row.integer_optional(0)).transpose()?.flatten();
    let sql = "select value from meta where key = 'rendering.floor'";
    let floor = match store.query_one(sql, []).await? {
        None => 0,
        Some(row) => row
            .text(0)?
            .parse()
            .map_err(|_| StoreError::Statement("meta.rendering.floor is no number".to_owned()))?,
    };
    Ok(last.unwrap_or(0).max(floor) + 1)
}

/// Keeps a rendering. Fails with a conflict if somebody gave its number to another in the meantime,
/// or its content another number.
pub fn add(write: Write, rendering: &Rendering) -> Write {
    let stamped = [
        Value::from(rendering.number),
        Value::from(&rendering.profile),
        Value::from(&rendering.content),
        Value::from(rendering.roots.join(" ")),
        Value::from(rendering.names.join(" ")),
        Value::from(rendering.at),
    ];
    let args: Vec<Value> = stamped.iter().cloned().chain([Value::Null]).collect();
    write
        .guard(
            "insert into rendering (number, profile, content, roots, names, at, stamp)
             values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
            args,
            1,
            "somebody else rendered a profile at the same time",
        )
        .stamp(7, &stamp::RENDERING, &stamped)
}

fn read(store: &Store, row: &Row) -> Result<Rendering, StoreError> {
    store.audit_key().stamp().check(&stamp::RENDERING, row, &[0, 1, 2, 3, 4, 5], 6)?;
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    Ok(Rendering {
        number: row.integer(0)?,
        profile: row.text(1)?.to_owned(),
        content: row.text(2)?.to_owned(),
        roots: words(row.text(3)?),
        names: words(row.text(4)?),
        at: row.time(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::MasterKey;
    use crate::write::{Bookkeeping, CommitError, Why};

    const WHY: Why = Why::Bookkeeping(Bookkeeping::ProfileRendered);

    fn rendering(number: i64, profile: &str) -> Rendering {
        let content = number.to_string();
        let (roots, names) = (vec!["AB".to_owned(), "CD".to_owned()], vec!["*.x.test".to_owned()]);
        let profile = profile.to_owned();
        Rendering { number, profile, content, roots, names, at: Time(number) }
    }

    #[tokio::test]
    async fn a_number_is_given_once_and_lies_behind_those_of_before() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        assert_eq!(free_number(&store).await.unwrap(), 1);
        let floor = Write::new()
            .execute("insert into meta (key, value) values ('rendering.floor', '41')", Vec::new());
        floor.commit(&store, WHY).await.unwrap();
        assert_eq!(free_number(&store).await.unwrap(), 42);
        for (number, profile) in [(42, "A"), (43, "B"), (44, "A")] {
            add(Write::new(), &rendering(number, profile)).commit(&store, WHY).await.unwrap();
        }
        assert_eq!(free_number(&store).await.unwrap(), 45);
        let taken = add(Write::new(), &rendering(43, "C")).commit(&store, WHY).await;
        assert!(matches!(taken, Err(CommitError::Conflict(_))), "{taken:?}");
        // The same content never gets a second number.
        let again = Rendering { number: 45, ..rendering(44, "A") };
        let taken = add(Write::new(), &again).commit(&store, WHY).await;
        assert!(matches!(taken, Err(CommitError::Conflict(_))), "{taken:?}");
        let kept = of_profile(&store, "A").await.unwrap();
        assert_eq!(kept, [rendering(44, "A"), rendering(42, "A")]);
        assert_eq!(of_profile(&store, "C").await.unwrap(), []);
    }
}
