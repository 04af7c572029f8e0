//! Certificates of devices that are chosen together: to be revoked, or to be released.

use domain::certificate::Certificate;
use domain::certificate::Chosen;
use domain::certificate::Status;
use pki::certificate::Serial;
use pki::time::Time;

use super::COLUMNS;
use super::kept;
use crate::Store;
use crate::StoreError;
use crate::value::Value;

/// Which of the chosen certificates: those that stand like this and have not expired.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// One of these.
    pub status: &'a [Status],
    /// The moment.
    pub now: Time,
}

impl Standing<'_> {
    /// The condition; the moment is its `$1`.
    fn sql(&self) -> String {
        let words: Vec<String> =
            self.status.iter().map(|status| format!("'{}'", status.as_str())).collect();
        format!("usage = 'device' and status in ({}) and not_after >= $1", words.join(", "))
    }
}

/// How many certificates of devices stand like this: of the chosen ones, or of all.
pub async fn count(
    store: &Store,
    chosen: Option<&Chosen>,
    standing: Standing<'_>,
) -> Result<u64, StoreError> {
    let sql = format!("select count(*) from certificate where {}", standing.sql());
    let row = match chosen.map(Chosen::field) {
        None => store.query_one(sql, [Value::from(standing.now)]).await?,
        Some((column, name)) => {
            let sql = format!("{sql} and {column} = $2");
            store.query_one(sql, [Value::from(standing.now), Value::from(name)]).await?
        }
    };
    let count = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The chosen certificates that stand like this, in the order of their numbers: at most `limit` of
/// those behind `after`.
pub async fn batch(
    store: &Store,
    chosen: &Chosen,
    standing: Standing<'_>,
    (after, limit): (Option<&Serial>, usize),
) -> Result<Vec<Certificate>, StoreError> {
    let (column, name) = chosen.field();
    let condition = standing.sql();
    let sql = format!(
        "select {COLUMNS} from certificate where {condition} and {column} = $2 and serial > $3
         order by serial limit $4"
    );
    let after = after.map(ToString::to_string).unwrap_or_default();
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    let args = [Value::from(standing.now), Value::from(name), Value::from(after), limit];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row).map(|kept| kept.certificate)).collect()
}
