//! Certificates of devices to measure with, made by the thousand.

use domain::certificate::Certificate;
use domain::certificate::Status;
use pki::certificate::Serial;

use super::fingerprint;
use super::serial;
use super::standing_values;
use crate::Store;
use crate::StoreError;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// What there is of devices' certificates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Present {
    /// How many there are.
    pub certificates: u64,
    /// One that another authority signed than that of the seed.
    pub foreign: Option<Serial>,
}

/// Looks at every device's certificate, for the authority of the seed.
pub async fn present(store: &Store, authority: &str) -> Result<Present, StoreError> {
    let sql = "select count(*), min(case when authority = $1 then null else serial end)
               from certificate where usage = 'device'";
    let Some(row) = store.query_one(sql, [Value::from(authority)]).await? else {
        return Ok(Present { certificates: 0, foreign: None });
    };
    let foreign = row.text_optional(1)?.map(serial).transpose()?;
    Ok(Present { certificates: u64::try_from(row.integer(0)?).unwrap_or(0), foreign })
}

/// Records that an intended certificate was signed, and where it has come to stand since. It is
/// not announced: nobody knows it yet, and memory asks for what it lacks.
pub fn signed(write: Write, certificate: &Certificate, der: &[u8]) -> Write {
    let values = standing_values(certificate);
    let [serial, _, _, _, status, at, reason, version, _] = values.clone();
    let signed = [serial.clone(), Value::from(der)];
    let intended = Value::from(Status::Intended.as_str());
    let [sha256, sha1] = fingerprint::values(der);
    let der = Value::from(der);
    write
        .guard(
            "update certificate set status = $1, revoked_at = $2, revocation_reason = $3,
             version = $4, der = $5, standing_stamp = $6, der_stamp = $7, sha256 = $8, sha1 = $9
             where serial = $10 and status = $11",
            [
                status,
                at,
                reason,
                version,
                der,
                Value::Null,
                Value::Null,
                sha256,
                sha1,
                serial,
                intended,
            ],
            1,
            "a certificate of the seed was not intended",
        )
        .stamp(6, &stamp::STANDING, &values)
        .stamp(7, &stamp::DER, &signed)
}
