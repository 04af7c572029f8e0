//! Challenges of gateways, as keyed hashes.

use domain::secret::Secret;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::seal::MasterKey;
use crate::stamp;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// The label of the secret that a gateway is created with.
pub const LABEL_FIRST: &str = "gateway";

/// A challenge that a gateway accepts.
#[derive(Clone, Debug)]
pub struct KeptSecret {
    /// Names it.
    pub id: String,
    /// The gateway.
    pub gateway: String,
    /// Its keyed hash.
    pub hash: [u8; 32],
}

/// The keyed hash of a challenge at a gateway.
pub fn hash(master: &MasterKey, gateway: &str, secret: &Secret) -> [u8; 32] {
    master.keyed_hash(&format!("gateway_secret/{gateway}"), secret.reveal().as_bytes())
}

/// Every challenge of every gateway.
pub async fn secrets(store: &Store) -> Result<Vec<KeptSecret>, StoreError> {
    let sql = "select id, gateway, hash, stamp from gateway_secret order by id";
    let rows = store.query(sql, []).await?;
    rows.iter()
        .map(|row| {
            store.audit_key().stamp().check(&stamp::GATEWAY_SECRET, row, &[0, 1, 2], 3)?;
            Ok(KeptSecret {
                id: row.text(0)?.to_owned(),
                gateway: row.text(1)?.to_owned(),
                hash: row.bytes(2)?.try_into().map_err(|_| {
                    StoreError::Statement("a challenge's hash is not 32 bytes long".to_owned())
                })?,
            })
        })
        .collect()
}

/// A challenge as administrators see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed {
    /// Names it.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used, to the minute; never if none.
    pub last_used_at: Option<Time>,
}

/// The challenges of a gateway, oldest first.
pub async fn list(store: &Store, gateway: &str) -> Result<Vec<Listed>, StoreError> {
    let sql = "select id, label, created_at, last_used_at from gateway_secret
               where gateway = $1 order by created_at, id";
    let rows = store.query(sql, [Value::from(gateway)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                id: row.text(0)?.to_owned(),
                label: row.text(1)?.to_owned(),
                created_at: row.time(2)?,
                last_used_at: row.time_optional(3)?,
            })
        })
        .collect()
}

/// Forgets one challenge of a gateway.
pub fn remove_secret(write: Write, gateway: &str, id: &str) -> Write {
    write.guard(
        "delete from gateway_secret where gateway = $1 and id = $2",
        [Value::from(gateway), Value::from(id)],
        1,
        "the challenge was removed at the same time",
    )
}

/// The gateways of which a challenge was used.
pub async fn used_gateways(store: &Store) -> Result<Vec<String>, StoreError> {
    let sql = "select distinct gateway from gateway_secret where last_used_at is not null
         order by gateway";
    let rows = store.query(sql, []).await?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Keeps a challenge under a label.
pub fn add_secret(write: Write, secret: &KeptSecret, label: &str, now: Time) -> Write {
    let (id, gateway) = (Value::from(&secret.id), Value::from(&secret.gateway));
    let hash = Value::from(secret.hash.as_slice());
    let stamped = [&id, &gateway, &hash].map(Clone::clone);
    write
        .execute(
            "insert into gateway_secret (id, gateway, label, hash, created_at, stamp)
             values ($1, $2, $3, $4, $5, $6)",
            [id, gateway, Value::from(label), hash, Value::from(now), Value::Null],
        )
        .stamp(6, &stamp::GATEWAY_SECRET, &stamped)
}

/// Lets a challenge belong to its gateway under another name. Its hash stays that of the name under
/// which it was made.
pub fn rename_secret(write: Write, secret: &KeptSecret, gateway: &str) -> Write {
    let (id, gateway) = (Value::from(&secret.id), Value::from(gateway));
    let stamped = [&id, &gateway, &Value::from(secret.hash.as_slice())].map(Clone::clone);
    write
        .execute(
            "update gateway_secret set gateway = $1, stamp = $2 where id = $3",
            [gateway, Value::Null, id],
        )
        .stamp(2, &stamp::GATEWAY_SECRET, &stamped)
}

/// Forgets the challenges of a gateway.
pub fn remove_secrets(write: Write, gateway: &str) -> Write {
    write.execute("delete from gateway_secret where gateway = $1", [Value::from(gateway)])
}

/// Lets the change pass only if a challenge is still there: the answer rests on it.
pub fn keep_secret(write: Write, id: &str) -> Write {
    write.guard(
        "select 1 from gateway_secret where id = $1",
        [Value::from(id)],
        1,
        "the gateway or its secret was removed in the meantime",
    )
}

/// How exactly the last use of a challenge is known, in seconds: all devices of a gateway carry
/// the same one, and servers that share the database would wait for each other's note of it.
const USED_SECONDS: i64 = 60;

/// Notes when a challenge was used, to the minute.
pub async fn used(store: &Store, id: &str, now: Time) -> Result<(), CommitError> {
    Write::new()
        .execute(
            "update gateway_secret set last_used_at = $1
             where id = $2 and (last_used_at is null or last_used_at <= $3)",
            [Value::from(now), Value::from(id), Value::from(now.plus_seconds(-USED_SECONDS))],
        )
        .commit(store, Why::Bookkeeping(Bookkeeping::SecretUsed))
        .await
}
