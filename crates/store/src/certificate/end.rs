//! When certificates of devices end that are in use, counted along one index.

use domain::overview::expiry::BUCKETS;
use domain::overview::expiry::Ends;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::value::Row;
use crate::value::Value;

/// Certificates in use, authority by authority, by the bounds between which they end. A million
/// take a quarter of a second: to be asked in the background.
const COUNT: &str = "select authority,
    count(case when not_after < $1 then 1 end),
    count(case when not_after >= $1 and not_after < $2 then 1 end),
    count(case when not_after >= $2 and not_after < $3 then 1 end),
    count(case when not_after >= $3 and not_after < $4 then 1 end),
    count(case when not_after >= $4 and not_after < $5 then 1 end),
    count(case when not_after >= $5 and not_after < $6 then 1 end),
    count(case when not_after >= $6 then 1 end)
    from certificate where usage = 'device' and status in ('issued', 'held') and not_after >= $7
    group by authority order by authority";

/// Counts the certificates in use that end between these moments, in order, and behind the last.
pub async fn count(store: &Store, bounds: &[Time; BUCKETS]) -> Result<Vec<Ends>, StoreError> {
    let [first, rest @ ..] = bounds;
    let args: Vec<Value> = rest.iter().chain([first]).map(|time| Value::from(*time)).collect();
    store.query(COUNT, args).await?.iter().map(ends).collect()
}

fn ends(row: &Row) -> Result<Ends, StoreError> {
    let mut ends = Ends { authority: row.text(0)?.to_owned(), ..Ends::default() };
    for (column, count) in (1..).zip(&mut ends.counts) {
        *count = u64::try_from(row.integer(column)?).unwrap_or(0);
    }
    Ok(ends)
}

#[cfg(test)]
mod tests {
    use ::tests::postgres;
    use domain::overview::expiry;

    use super::*;
    use crate::seal::MasterKey;
    use crate::write::Bookkeeping;
    use crate::write::Why;
    use crate::write::Write;

    const NOW: Time = Time(1_795_471_200);

    const DAY: i64 = 86_400;

    fn add(write: Write, number: i64, (authority, usage, status): (&str, &str, &str)) -> Write {
        write.execute(
            "insert into certificate (serial, usage, authority, subject, names, assurance,
             not_before, not_after, status, intended_at, tbs)
             values ($1, $2, $3, '', '', 0, 0, $4, $5, 0, $6)",
            [
                Value::from(format!("{number:04x}{authority}{usage}{status}")),
                Value::from(usage),
                Value::from(authority),
                Value::from(NOW.0 + number * DAY),
                Value::from(status),
                Value::from(&b"tbs"[..]),
            ],
        )
    }

    #[tokio::test]
    async fn certificates_in_use_are_counted_by_authority_and_by_when_they_end() {
        let master = MasterKey::from_bytes(&[7; 32]);
        let url = postgres::shared().database();
        for store in
            [Store::scratch(&master).unwrap(), Store::open_url(&url, &master).await.unwrap()]
        {
            let mut write = Write::new();
            for days in [-31, -30, -1, 0, 6, 7, 29, 30, 364, 365, 4000] {
                write = add(write, days, ("B", "device", "issued"));
            }
            write = add(write, 8, ("A", "device", "held"));
            write = add(write, 8, ("A", "device", "revoked"));
            write = add(write, 8, ("A", "device", "intended"));
            write = add(write, 8, ("A", "server", "issued"));
            write.commit(&store, Why::Bookkeeping(Bookkeeping::SecretUsed)).await.unwrap();
            let counted = count(&store, &expiry::bounds(NOW)).await.unwrap();
            let of = |authority: &str, counts| Ends { authority: authority.into(), counts };
            assert_eq!(counted, [of("A", [0, 0, 1, 0, 0, 0, 0]), of("B", [2, 2, 2, 1, 0, 1, 2])]);
        }
    }

    #[tokio::test]
    async fn counting_reads_one_index_and_sorts_nothing() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        let args: Vec<Value> = expiry::bounds(NOW).iter().map(|time| Value::from(*time)).collect();
        let plan = store.query(format!("explain query plan {COUNT}"), args).await.unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.text(3).unwrap()).collect();
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert!(plan[0].contains("USING COVERING INDEX certificate_end"), "{plan:?}");
    }
}
