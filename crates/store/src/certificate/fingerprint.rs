//! Certificates by their fingerprint, and by that of their key.

use domain::search::Fingerprint;
use pki::algorithm::Digest;

use super::COLUMNS;
use super::Kept;
use super::kept;
use crate::Store;
use crate::StoreError;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::Why;
use crate::write::Write;

/// Digits of a fingerprint that are kept: of a million certificates, two in 2^24 share them.
const DIGITS: usize = 16;

/// Most certificates that are read for one fingerprint.
const SAME_MAX: i64 = 16;

/// Certificates whose fingerprints are worked out at once.
const FILLED_AT_ONCE: i64 = 256;

/// Where it is noted up to which serial number every certificate has its fingerprints; there is no
/// note once all have.
const FILLED: &str = "certificate.fingerprints";

/// How far it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Filled {
    /// There may be more.
    Part,
    /// Every certificate is found by its fingerprints.
    All,
}

/// What is kept of the fingerprints of a certificate: SHA-256, then SHA-1.
pub(super) fn values(der: &[u8]) -> [Value; 2] {
    let digits = |digest: Digest| {
        let bytes = digest.compute(der).unwrap_or_default();
        let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        digits.chars().take(DIGITS).collect::<String>()
    };
    [Value::from(digits(Digest::Sha256)), Value::from(digits(Digest::Sha1))]
}

/// The certificates that have this fingerprint: one, as far as anybody knows.
pub async fn find(store: &Store, fingerprint: &Fingerprint) -> Result<Vec<Kept>, StoreError> {
    let column = match fingerprint {
        Fingerprint::Sha256(_) => "sha256",
        Fingerprint::Sha1(_) => "sha1",
    };
    let sql = format!("select {COLUMNS} from certificate where {column} = $1 limit $2");
    let start: String = fingerprint.digits().chars().take(DIGITS).collect();
    let rows = store.query(sql, [Value::from(start), Value::from(SAME_MAX)]).await?;
    let read = rows.iter().map(|row| kept(store, row)).collect::<Result<Vec<_>, _>>()?;
    let is_it = |kept: &Kept| kept.der.as_ref().is_some_and(|der| fingerprint.is_of(der));
    Ok(read.into_iter().filter(is_it).collect())
}

/// The certificates of a key, given as the SHA-256 of its `SubjectPublicKeyInfo` in hexadecimal
/// digits.
pub async fn of_key(store: &Store, key: &str, limit: u32) -> Result<Vec<Kept>, StoreError> {
    let sql = format!("select {COLUMNS} from certificate where key = $1 limit $2");
    let args = [Value::from(key.to_ascii_lowercase()), Value::from(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row)).collect()
}

/// Works out the fingerprints of certificates that were signed before any were kept, once: a walk
/// along all of them, a part at a time. Several servers at it do no harm.
pub async fn fill(store: &Store) -> Result<Filled, StoreError> {
    let sql = "select value from meta where key = $1";
    let Some(noted) = store.query_one(sql, [Value::from(FILLED)]).await? else {
        return Ok(Filled::All);
    };
    let after = Value::from(noted.text(0)?);
    let sql = "select serial, der, sha256 from certificate where serial > $1
                   order by serial limit $2";
    let rows = store.query(sql, [after, Value::from(FILLED_AT_ONCE)]).await?;
    let mut write = Write::new();
    for row in &rows {
        // What cannot be read keeps none, and keeps nobody else from theirs.
        let (der, known) = match (row.bytes_optional(1), row.text_optional(2)) {
            (Ok(der), Ok(known)) => (der, known),
            (Err(error), _) | (_, Err(error)) => {
                tracing::warn!(%error, "a certificate is not found by its fingerprint");
                continue;
            }
        };
        let (Some(der), None) = (der, known) else { continue };
        let [sha256, sha1] = values(der);
        let sql = "update certificate set sha256 = $1, sha1 = $2 where serial = $3";
        write = write.execute(sql, [sha256, sha1, Value::from(row.text(0)?)]);
    }
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == FILLED_AT_ONCE);
    write = match rows.last().filter(|_| is_full) {
        Some(last) => {
            let sql = "update meta set value = $1 where key = $2";
            write.execute(sql, [Value::from(last.text(0)?), Value::from(FILLED)])
        }
        None => write.execute("delete from meta where key = $1", [Value::from(FILLED)]),
    };
    let committed = write.commit(store, Why::Bookkeeping(Bookkeeping::FingerprintsFilled));
    committed.await.map_err(|error| StoreError::Statement(error.to_string()))?;
    Ok(if is_full { Filled::Part } else { Filled::All })
}

#[cfg(test)]
mod tests {
    use ::tests::postgres;
    use domain::certificate::Certificate;
    use domain::certificate::Status;
    use domain::certificate::Usage;
    use pki::certificate::Serial;
    use pki::time::Time;

    use super::*;
    use crate::seal::MasterKey;

    const NOTED: Why = Why::Bookkeeping(Bookkeeping::IssuanceIntended);

    fn certificate(number: u64) -> Certificate {
        let mut random = [1; 16];
        random[8..].copy_from_slice(&number.to_be_bytes());
        Certificate {
            serial: Serial::from_random(random),
            usage: Usage::Device,
            authority: "A".to_owned(),
            generation: 1,
            subject: format!("CN={number}"),
            names: Vec::new(),
            gateway: None,
            template: None,
            device: None,
            device_id: None,
            person: None,
            assurance: 0,
            key: Some(format!("{number:064x}")),
            rendering: None,
            not_before: Time(0),
            not_after: Time(1),
            status: Status::Intended,
            revoked_at: None,
            revocation_reason: None,
            version: 0,
        }
    }

    fn der(number: u64) -> [u8; 8] {
        number.to_be_bytes()
    }

    async fn issue(store: &Store, number: u64) {
        let mut certificate = certificate(number);
        let write = super::super::intend(Write::new(), &certificate, b"tbs", Time(0));
        write.commit(store, NOTED).await.unwrap();
        certificate.mark_issued();
        let write = super::super::issued(Write::new(), &certificate, &der(number));
        write.commit(store, NOTED).await.unwrap();
    }

    async fn found(store: &Store, fingerprint: &Fingerprint) -> Vec<String> {
        let found = find(store, fingerprint).await.unwrap();
        found.into_iter().map(|kept| kept.certificate.subject).collect()
    }

    fn sha1(der: &[u8]) -> Fingerprint {
        let digest = Digest::Sha1.compute(der).unwrap();
        Fingerprint::Sha1(digest.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    #[tokio::test]
    async fn what_is_issued_is_found_by_its_fingerprints_and_its_key() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        issue(&store, 1).await;
        issue(&store, 2).await;
        assert_eq!(found(&store, &Fingerprint::sha256(&der(2))).await, ["CN=2"]);
        assert_eq!(found(&store, &sha1(&der(1))).await, ["CN=1"]);
        assert_eq!(found(&store, &sha1(&der(3))).await, [""; 0]);
        // The same beginning is not the same fingerprint.
        let digits = Fingerprint::sha256(&der(2)).digits()[..DIGITS].to_owned();
        let other = Fingerprint::Sha256(format!("{digits}{}", "0".repeat(48)));
        assert_eq!(found(&store, &other).await, [""; 0]);
        let of_key = of_key(&store, &format!("{:064X}", 2), 9).await.unwrap();
        assert_eq!(of_key.len(), 1);
        // There is nothing of before to go through.
        assert_eq!(fill(&store).await.unwrap(), Filled::All);
    }

    #[tokio::test]
    async fn certificates_of_before_get_theirs_a_part_at_a_time() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        let count = u64::try_from(FILLED_AT_ONCE).unwrap() + 3;
        for number in 0..count {
            issue(&store, number).await;
        }
        let forget =
            Write::new().execute("update certificate set sha256 = null, sha1 = null", []).execute(
                "insert into meta (key, value) values ($1, $2)",
                [Value::from(FILLED), Value::from("")],
            );
        forget.commit(&store, NOTED).await.unwrap();
        let last = Fingerprint::sha256(&der(count - 1));
        assert_eq!(found(&store, &last).await, [""; 0]);
        assert_eq!(fill(&store).await.unwrap(), Filled::Part);
        assert_eq!(found(&store, &sha1(&der(0))).await, ["CN=0"]);
        assert_eq!(found(&store, &last).await, [""; 0]);
        assert_eq!(fill(&store).await.unwrap(), Filled::All);
        assert_eq!(found(&store, &last).await, [format!("CN={}", count - 1)]);
        assert_eq!(fill(&store).await.unwrap(), Filled::All);
    }

    #[tokio::test]
    async fn one_that_cannot_be_read_keeps_nobody_else_from_theirs() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        for number in 0..3 {
            issue(&store, number).await;
        }
        let serial = certificate(1).serial.to_string();
        let forget = Write::new()
            .execute("update certificate set sha256 = null, sha1 = null", [])
            .execute(
                "update certificate set der = 'no bytes' where serial = $1",
                [Value::from(serial)],
            )
            .execute(
                "insert into meta (key, value) values ($1, $2)",
                [Value::from(FILLED), Value::from("")],
            );
        forget.commit(&store, NOTED).await.unwrap();
        assert_eq!(fill(&store).await.unwrap(), Filled::All);
        for (number, there) in [(0, 1), (1, 0), (2, 1)] {
            assert_eq!(found(&store, &sha1(&der(number))).await.len(), there, "{number}");
        }
    }

    #[tokio::test]
    async fn both_engines_follow_an_index() {
        let questions =
            [("sha256", "certificate_sha256"), ("sha1", "certificate_sha1"), ("key", "_key")];
        let file = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        let database = postgres::shared().database();
        let server = Store::open_url(&database, &MasterKey::from_bytes(&[7; 32])).await.unwrap();
        for (column, index) in questions {
            let sql = format!("select {COLUMNS} from certificate where {column} = 'AB' limit 9");
            let plan = file.query(format!("explain query plan {sql}"), []).await.unwrap();
            let plan = plan[0].text(3).unwrap();
            assert!(plan.contains(index) && plan.starts_with("SEARCH"), "{plan}");
            let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
            let order = format!("set enable_seqscan = off; explain {line}");
            let plan = postgres::shared().query(&database, &order);
            assert!(plan.contains(index), "{plan}");
        }
        drop(server);
    }
}
