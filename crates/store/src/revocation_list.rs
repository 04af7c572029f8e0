//! Revocation lists: the newest of each key of an authority, and what is to be on the next.

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
    let (mut revoked, mut names) = (Vec::new(), certificate::Names::default());
    store.for_each(certificate::REVOKED_OF, args, |row| {
        let (serial, standing) = certificate::standing(store, &row, &mut names)?;
        let (at, reason) = standing
            .revoked
            .ok_or_else(|| StoreError::Altered { what: format!("certificate {serial}") })?;
        revoked.push(Revoked { serial, at, reason });
        Ok::<(), StoreError>(())
    })?;
    revoked.sort_by(|one, other| one.serial.cmp(&other.serial));
    Ok(revoked)
}
