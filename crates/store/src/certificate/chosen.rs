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

/// What the certificates have in common, and further names that it had before.
pub type Which<'a> = (&'a Chosen, &'a [String]);

/// The names, and the condition that asks for one of them: its placeholders follow `$1`.
fn condition((chosen, former): Which<'_>) -> (Vec<Value>, String) {
    let (column, name) = chosen.field();
    let names = core::iter::once(name).chain(former.iter().map(String::as_str));
    let names: Vec<Value> = names.map(Value::from).collect();
    let places: Vec<String> = (2..).take(names.len()).map(|place| format!("${place}")).collect();
    let condition = format!("{column} in ({})", places.join(", "));
    (names, condition)
}

/// How many certificates of devices stand like this: of the chosen ones, or of all.
pub async fn count(
    store: &Store,
    chosen: Option<Which<'_>>,
    standing: Standing<'_>,
) -> Result<u64, StoreError> {
    let sql = format!("select count(*) from certificate where {}", standing.sql());
    let mut args = vec![Value::from(standing.now)];
    let row = match chosen.map(condition) {
        None => store.query_one(sql, args).await?,
        Some((names, condition)) => {
            args.extend(names);
            store.query_one(format!("{sql} and {condition}"), args).await?
        }
    };
    let count = row.map_or(Ok(0), |row| row.integer(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The chosen certificates that stand like this, in the order of their numbers: at most `limit` of
/// those behind `after`.
pub async fn batch(
    store: &Store,
    chosen: Which<'_>,
    standing: Standing<'_>,
    (after, limit): (Option<&Serial>, usize),
) -> Result<Vec<Certificate>, StoreError> {
    let (names, condition) = condition(chosen);
    let (stands, last) = (standing.sql(), names.len() + 1);
    let (behind, most) = (last + 1, last + 2);
    let sql = format!(
        "select {COLUMNS} from certificate where {stands} and {condition} and serial > ${behind}
         order by serial limit ${most}"
    );
    let after = after.map(ToString::to_string).unwrap_or_default();
    let limit = Value::from(i64::try_from(limit).unwrap_or(i64::MAX));
    let mut args = vec![Value::from(standing.now)];
    args.extend(names);
    args.extend([Value::from(after), limit]);
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| kept(store, row).map(|kept| kept.certificate)).collect()
}
