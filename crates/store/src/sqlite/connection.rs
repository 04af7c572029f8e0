//! Connections to the database file, set up and checked.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::failure;
use crate::audit::{AuditKey, Chain};
use crate::seal::{MasterKey, SealError};
use crate::{StoreError, directory, enrollment, migration};

/// Marks the file as ours ("SCdt"): SQLite's application id.
const APPLICATION_ID: i32 = 0x5343_6474;

/// How long a statement waits for a lock that another process (a backup, a shell) holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Prepared statements kept per connection: the program has a few hundred in all.
const STATEMENTS_CACHED_MAX: usize = 512;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Durability {
    /// A commit is on the disk before it is answered.
    Synced,
    /// A commit is lost with the machine; for databases that are thrown away.
    Lost,
}

/// Opens the file for the writer, made if missing: checked, all of it if that comes `first`, and
/// with the newest schema.
pub(super) fn open_writing(
    path: &Path,
    durability: Durability,
    first: bool,
) -> Result<Connection, StoreError> {
    let failed = |why| failure::classify_at(path, &why);
    directory::open_private(path).map_err(|why| StoreError::Io(why.to_string()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    if first {
        check_pages(&connection, path)?;
    }
    let fresh = check_owner(&connection, path)?;
    connection
        .execute_batch(&format!(
            "pragma journal_mode = wal;
             pragma synchronous = {};
             pragma foreign_keys = on;
             pragma trusted_schema = off;
             pragma cache_size = -65536;
             pragma wal_autocheckpoint = 0;",
            match durability {
                Durability::Synced => "full",
                Durability::Lost => "off",
            }
        ))
        .map_err(failed)?;
    if fresh {
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    migration::apply(&mut connection)?;
    write_anew(&connection, path)?;
    Ok(connection)
}

/// Writes what the log of the last process has into the file, and waits for the disk: a disk that
/// failed then may have kept in memory only what it shows of the log now.
fn write_anew(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let written = connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()));
    match written.map_err(|why| failure::classify_at(path, &why)) {
        // Nothing is lost while it is in the log: the network need not wait for space.
        Err(StoreError::Full | StoreError::Busy) | Ok(()) => Ok(()),
        Err(why) => Err(why),
    }
}

/// Opens the file for a reader.
pub(super) fn open_reading(path: &Path) -> Result<Connection, StoreError> {
    let failed = |why| failure::classify_at(path, &why);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    connection
        .execute_batch(
            "pragma query_only = on; pragma trusted_schema = off; pragma cache_size = -16384;",
        )
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    Ok(connection)
}

/// Refuses a damaged file: reads every page, every row and every index.
pub(super) fn check_pages(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let verdict: String = connection
        .query_row("pragma integrity_check(1)", [], |row| row.get(0))
        .map_err(|why| failure::classify_at(path, &why))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged { path: path.to_owned(), detail: verdict })
}

/// Refuses another program's file, and says whether the file is still empty.
fn check_owner(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let failed = |why| failure::classify_at(path, &why);
    let application: i32 =
        connection.query_row("pragma application_id", [], |row| row.get(0)).map_err(failed)?;
    let tables: i64 = connection
        .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if application != APPLICATION_ID && (application != 0 || tables != 0) {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    Ok(application == 0)
}

/// Refuses another master key than the one of the database; the first key becomes that one, and
/// authenticates the end of an audit without rows.
pub(super) fn check_master_key(
    connection: &Connection,
    master: &MasterKey,
) -> Result<(), StoreError> {
    let failed = |why| failure::classify(&why);
    let known: Option<String> = connection
        .query_row("select value from meta where key = 'master_key_check'", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match known {
        Some(known) if known == master.check_value() => Ok(()),
        Some(_) => Err(SealError::WrongKey(master.name()).into()),
        None => {
            connection
                .execute(
                    "insert into meta (key, value)
                     values ('master_key_check', $1), ('audit_head', $2)",
                    [master.check_value(), AuditKey::new(master).head(Chain::EMPTY)],
                )
                .map_err(failed)?;
            Ok(())
        }
    }
}

/// Lets go of requests that a process took and did not answer before it ended. What it recorded
/// of certificates stays: they may have been signed.
pub(super) fn forget_under_way(connection: &Connection) -> Result<(), StoreError> {
    let forgotten = connection
        .execute(enrollment::FORGET_UNDER_WAY, [])
        .map_err(|why| failure::classify(&why))?;
    if forgotten > 0 {
        tracing::info!(requests = forgotten, "requests were under way at the last end");
    }
    Ok(())
}
