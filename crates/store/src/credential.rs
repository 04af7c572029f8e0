//! What administrators sign in with: sealed, and written only over the version that was read.

use domain::credential::Credential;
use zeroize::Zeroizing;

use crate::Store;
use crate::StoreError;
use crate::seal::MasterKey;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// A credential as it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kept {
    /// What it is.
    pub credential: Credential,
    /// How often it has changed; 0 if there is none yet.
    pub version: i64,
}

/// What a change rests on that is not so any more.
const CHANGED: &str = "the administrator's password or codes changed at the same time";

/// What an administrator signs in with; nothing, of version 0, if nothing was ever set.
pub async fn find(
    store: &Store,
    master: &MasterKey,
    administrator: &str,
) -> Result<Kept, StoreError> {
    let sql = "select administrator, body, version, stamp from credential
               where administrator = $1";
    let Some(row) = store.query_one(sql, [Value::from(administrator)]).await? else {
        return Ok(Kept { credential: Credential::default(), version: 0 });
    };
    store.audit_key().stamp().check(&stamp::CREDENTIAL, &row, &[0, 1, 2], 3)?;
    let unreadable = |what: String| StoreError::Statement(format!("a credential {what}"));
    let body = master
        .open(&context(administrator), row.bytes(1)?)
        .map_err(|error| unreadable(format!("does not open: {error}")))?;
    let credential = serde_json::from_slice(&body)
        .map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    Ok(Kept { credential, version: row.integer(2)? })
}

/// Keeps what became of a credential of this version.
pub fn save(
    write: Write,
    master: &MasterKey,
    administrator: &str,
    credential: &Credential,
    version: i64,
) -> Write {
    let body = Zeroizing::new(serde_json::to_vec(credential).unwrap_or_default());
    let body = Value::from(master.seal(&context(administrator), &body));
    let next = Value::from(version.saturating_add(1));
    let name = Value::from(administrator);
    let stamped = [name.clone(), body.clone(), next.clone()];
    if version == 0 {
        let sql = "insert into credential (administrator, body, version, stamp)
                   values ($1, $2, $3, $4) on conflict (administrator) do nothing";
        let args = [name, body, next, Value::Null];
        return write.guard(sql, args, 1, CHANGED).stamp(4, &stamp::CREDENTIAL, &stamped);
    }
    let sql = "update credential set body = $1, version = $2, stamp = $3
               where administrator = $4 and version = $5";
    let args = [body, next, Value::Null, name, Value::from(version)];
    write.guard(sql, args, 1, CHANGED).stamp(3, &stamp::CREDENTIAL, &stamped)
}

/// Lets the change pass only if a credential is still of this version.
pub fn stays(write: Write, administrator: &str, version: i64) -> Write {
    let sql = "select 1 from credential where administrator = $1 and version = $2";
    write.guard(sql, [Value::from(administrator), Value::from(version)], 1, CHANGED)
}

/// Forgets what an administrator signed in with.
pub(crate) fn remove(write: Write, administrator: &str) -> Write {
    let sql = "delete from credential where administrator = $1";
    write.execute(sql, [Value::from(administrator)])
}

/// The keyed hash of a recovery code, as hexadecimal digits.
pub fn recovery_hash(master: &MasterKey, administrator: &str, code: &str) -> String {
    let context = format!("recovery_code/{administrator}");
    crate::seal::hex(&master.keyed_hash(&context, code.as_bytes()))
}

fn context(administrator: &str) -> String {
    format!("credential/{administrator}")
}
