//! Revocation lists: the newest of each key of an authority, and what is to be on the next.

use std::sync::Mutex;
use std::sync::PoisonError;

use domain::certificate::RevocationReason;
use pki::certificate::Serial;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::certificate;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// A list as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// Whose it is.
    pub authority: String,
    /// Which of its keys signed it.
    pub generation: i64,
    /// Its number: higher than that of every list before.
    pub number: u64,
    /// Its bytes.
    pub der: Vec<u8>,
}

/// A certificate that is to be on a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// Its number.
    pub serial: Serial,
    /// When it was revoked.
    pub at: Time,
    /// Why.
    pub reason: RevocationReason,
}

/// Reads every list that is kept.
pub async fn load(store: &Store) -> Result<Vec<Kept>, StoreError> {
    let sql = "select authority, generation, number, der, stamp from revocation_list
               order by authority, generation";
    let rows = store.query(sql, []).await?;
    rows.iter()
        .map(|row| {
            store.audit_key().stamp().check(&stamp::REVOCATION_LIST, row, &[0, 1, 2, 3], 4)?;
            let number = u64::try_from(row.integer(2)?);
            Ok(Kept {
                authority: row.text(0)?.to_owned(),
                generation: row.integer(1)?,
                number: number.map_err(|error| StoreError::Statement(error.to_string()))?,
                der: row.bytes(3)?.to_vec(),
            })
        })
        .collect()
}

/// Keeps a list in place of the one with the number `before`; 0 if there is none. Fails with a
/// conflict if somebody else made one in the meantime.
pub fn save(write: Write, list: &Kept, before: u64) -> Write {
    let number = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let stamped = [
        Value::from(&list.authority),
        Value::from(list.generation),
        number(list.number),
        Value::from(&list.der),
    ];
    let [authority, generation, new, der] = stamped.clone();
    write
        .guard(
            "insert into revocation_list (authority, generation, number, der, stamp)
             values ($1, $2, $3, $4, $5)
             on conflict (authority, generation) do update set number = excluded.number,
             der = excluded.der, stamp = excluded.stamp where revocation_list.number = $6",
            [authority, generation, new, der, Value::Null, number(before)],
            1,
            "somebody else made a newer list at the same time",
        )
        .stamp(5, &stamp::REVOCATION_LIST, &stamped)
}

/// The revoked certificates of one key of an authority that were not over before a moment, in the
/// order of their numbers. Blocks: lists may be long.
pub fn revoked(
    store: &Store,
    authority: &str,
    generation: i64,
    expired_before: Time,
) -> Result<Vec<Revoked>, StoreError> {
    let args = [Value::from(authority), Value::from(generation), Value::from(expired_before)];
    let all = Mutex::new(Vec::new());
    store.for_each_spread(certificate::REVOKED_OF, args, |rows| {
        let mut names = certificate::Names::default();
        let read = rows.iter().map(|row| {
            let (serial, standing) = certificate::standing(store, row, &mut names)?;
            let altered = || StoreError::Altered { what: format!("certificate {serial}") };
            let (at, reason) = standing.revoked.ok_or_else(altered)?;
            Ok(Revoked { serial, at, reason })
        });
        let read = read.collect::<Result<Vec<Revoked>, StoreError>>()?;
        all.lock().unwrap_or_else(PoisonError::into_inner).extend(read);
        Ok(())
    })?;
    let mut revoked = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    revoked.sort_by(|one, other| one.serial.cmp(&other.serial));
    Ok(revoked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::MasterKey;
    use crate::write::Bookkeeping;
    use crate::write::CommitError;
    use crate::write::Why;

    fn store() -> Store {
        Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap()
    }

    #[tokio::test]
    async fn what_is_revoked_is_read_from_one_index() {
        let args = [Value::from("A"), Value::from(1_i64), Value::from(Time(0))];
        let sql = format!("explain query plan {}", certificate::REVOKED_OF);
        let plan = store().query(sql, args).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert!(plan[0].contains("COVERING INDEX certificate_revoked"), "{plan:?}");
    }

    #[tokio::test]
    async fn a_list_takes_the_place_of_the_one_that_it_was_made_after() {
        let store = store();
        let list = |number: u64| Kept {
            authority: "A".to_owned(),
            generation: 1,
            number,
            der: vec![1, 2, 3],
        };
        let keep = async |number: u64, before: u64| {
            let why = Why::Bookkeeping(Bookkeeping::RevocationPublished);
            save(Write::new(), &list(number), before).commit(&store, why).await
        };
        keep(5, 0).await.unwrap();
        keep(9, 5).await.unwrap();
        // Somebody else was faster.
        for before in [0, 5] {
            let late = keep(10, before).await;
            assert!(matches!(late, Err(CommitError::Conflict(_))), "{late:?}");
        }
        assert_eq!(load(&store).await.unwrap(), [list(9)]);
    }
}
