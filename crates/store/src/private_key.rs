//! Private keys, sealed under the master key, each with its certificate.

use domain::certificate::Usage;
use pki::time::Time;
use zeroize::Zeroizing;

use crate::Store;
use crate::StoreError;
use crate::seal::MasterKey;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// A key, opened, with its certificate.
#[derive(Clone)]
pub struct OpenedKey {
    /// What it is for.
    pub usage: Usage,
    /// The name of the object that it belongs to: an authority or a server certificate.
    pub owner: String,
    /// Which key of its owner it is, counted from 1; the highest signs.
    pub generation: i64,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// What stands above an imported certificate, its issuer first, as PEM; none of one that an
    /// authority of ours signed.
    pub chain: Option<String>,
    /// The key, PKCS #8.
    pub pkcs8: Zeroizing<Vec<u8>>,
}

/// Reads and opens every key, newest generation of each owner first.
pub async fn load(store: &Store, master: &MasterKey) -> Result<Vec<OpenedKey>, StoreError> {
    let rows = store
        .query(
            "select usage, owner, generation, certificate, sealed, stamp, chain from private_key
             order by usage, owner, generation desc",
            [],
        )
        .await?;
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        store.audit_key().stamp().check(&stamp::PRIVATE_KEY, row, &[1, 0, 2, 3, 6], 5)?;
        let (usage, owner, generation) = (row.text(0)?, row.text(1)?, row.integer(2)?);
        let pkcs8 = master.open(&context(usage, owner, generation), row.bytes(4)?)?;
        keys.push(OpenedKey {
            usage: Usage::parse(usage)
                .ok_or_else(|| StoreError::Statement(format!("a key is for \"{usage}\"")))?,
            owner: owner.to_owned(),
            generation,
            certificate: row.bytes(3)?.to_vec(),
            chain: row.text_optional(6)?.map(str::to_owned),
            pkcs8,
        });
    }
    Ok(keys)
}

/// Seals and keeps a key. Two keys cannot have the same owner, usage and generation.
pub fn add(write: Write, master: &MasterKey, key: &OpenedKey, now: Time) -> Write {
    let usage = key.usage.as_str();
    let sealed = master.seal(&context(usage, &key.owner, key.generation), &key.pkcs8);
    let (usage, owner) = (Value::from(usage), Value::from(&key.owner));
    let (generation, certificate) = (Value::from(key.generation), Value::from(&key.certificate));
    let chain = Value::from(key.chain.clone());
    let stamped = [&owner, &usage, &generation, &certificate, &chain].map(Clone::clone);
    let (sealed, now) = (Value::from(sealed), Value::from(now));
    write
        .guard(
            "insert into private_key
             (usage, owner, generation, certificate, sealed, created_at, chain, stamp)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
            [usage, owner, generation, certificate, sealed, now, chain, Value::Null],
            1,
            "somebody made the same key at the same time",
        )
        .stamp(8, &stamp::PRIVATE_KEY, &stamped)
}

/// Forgets a key with its certificate.
pub fn remove(write: Write, usage: Usage, owner: &str, generation: i64) -> Write {
    let sql = "delete from private_key where usage = $1 and owner = $2 and generation = $3";
    let usage = Value::from(usage.as_str());
    write.execute(sql, [usage, Value::from(owner), Value::from(generation)])
}

/// What a sealed key is bound to: moved to another row, it does not open.
fn context(usage: &str, owner: &str, generation: i64) -> String {
    format!("private_key/{usage}/{generation}/{owner}")
}

impl core::fmt::Debug for OpenedKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("OpenedKey")
            .field("usage", &self.usage)
            .field("owner", &self.owner)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
