//! Shared secrets of access points, sealed under the master key.

use domain::plan::SharedSecrets;
use domain::secret::Secret;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::seal::MasterKey;
use crate::value::Value;
use crate::write::Write;

/// Reads and opens every shared secret.
pub async fn secrets(store: &Store, master: &MasterKey) -> Result<SharedSecrets, StoreError> {
    let rows = store.query("select access_point, sealed from access_point_secret", []).await?;
    let mut secrets = SharedSecrets::new();
    for row in &rows {
        let name = row.text(0)?;
        let plain = master.open(&context(name), row.bytes(1)?)?;
        let text = core::str::from_utf8(&plain)
            .map_err(|_| StoreError::Statement("a shared secret is not text".to_owned()))?;
        secrets.insert(name.to_owned(), Secret::new(text));
    }
    Ok(secrets)
}

/// Seals and keeps the shared secret of an access point.
pub fn save_secret(
    write: Write,
    master: &MasterKey,
    access_point: &str,
    secret: &Secret,
    now: Time,
) -> Write {
    let sealed = master.seal(&context(access_point), secret.reveal().as_bytes());
    write.execute(
        "insert into access_point_secret (access_point, sealed, created_at) values ($1, $2, $3)
         on conflict (access_point) do update set sealed = excluded.sealed,
         created_at = excluded.created_at",
        [Value::from(access_point), Value::from(sealed), Value::from(now)],
    )
}

/// Forgets the shared secret of an access point.
pub fn remove_secret(write: Write, access_point: &str) -> Write {
    let sql = "delete from access_point_secret where access_point = $1";
    write.execute(sql, [Value::from(access_point)])
}

/// What a sealed secret is bound to: moved to another row, it does not open.
fn context(access_point: &str) -> String {
    format!("access_point_secret/{access_point}")
}
