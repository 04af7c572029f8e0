//! Pages of the audit: its rows as they are kept, for whoever checks them elsewhere.

use crate::Store;
use crate::StoreError;
use crate::audit::chain::Link;
use crate::audit::file;
use crate::value::Value;

/// Most rows on one page; one of them may tell of a whole definition.
pub const PAGE_MAX: u32 = 500;

const COLUMNS: &str = "sequence, hash, id, at, kind, outcome, actor, object, body";

/// The rows behind the row `after`, the oldest first.
pub async fn ascending(
    store: &Store,
    after: i64,
    limit: u32,
) -> Result<Vec<file::Row>, StoreError> {
    let sql = format!("select {COLUMNS} from audit where sequence > $1 order by sequence limit $2");
    read(store, sql, after, limit).await
}

/// The rows before the row `before`, the newest first.
pub async fn descending(
    store: &Store,
    before: i64,
    limit: u32,
) -> Result<Vec<file::Row>, StoreError> {
    let sql =
        format!("select {COLUMNS} from audit where sequence < $1 order by sequence desc limit $2");
    read(store, sql, before, limit).await
}

async fn read(
    store: &Store,
    sql: String,
    place: i64,
    limit: u32,
) -> Result<Vec<file::Row>, StoreError> {
    let args = [Value::from(place), Value::from(limit.clamp(1, PAGE_MAX))];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| Ok(file::Row::of(&Link::parse(row)?))).collect()
}

/// How many rows there are.
pub async fn count(store: &Store) -> Result<i64, StoreError> {
    let sql = "select sequence from audit order by sequence desc limit 1";
    store.query_one(sql, []).await?.map_or(Ok(0), |row| row.integer(0))
}
