//! The database made ours: schema, master key and audit, by one server at a time.

use super::connection::Connection;
use super::{failure, reader};
use crate::StoreError;
use crate::audit::{AuditKey, Chain};
use crate::migration::{STEPS, Step};
use crate::seal::{MasterKey, SealError};
use crate::value::{Row, Value};

/// Held while a server looks at the schema, so that two that start do not both change it
/// ("`SCdt`" as a number).
const LOCK: &str = "set lock_timeout = '60s'; select pg_advisory_lock(1396925556);
    set lock_timeout = '5s'; set statement_timeout = '10min'";

/// Gives the lock back.
const UNLOCK: &str = "set statement_timeout = '30s'; select pg_advisory_unlock(1396925556)";

/// What the master key says of a database: enough to know it by, too little to open anything.
pub(super) struct Claim {
    check_value: String,
    name: String,
    audit_key: AuditKey,
}

impl Claim {
    /// What this key says.
    pub(super) fn new(master: &MasterKey) -> Self {
        let audit_key = AuditKey::new(master);
        Self { check_value: master.check_value(), name: master.name(), audit_key }
    }
}

/// Brings a database to the newest schema, and checks that it is ours.
pub(super) async fn prepare(connection: &mut Connection, claim: &Claim) -> Result<(), StoreError> {
    run(connection, LOCK).await?;
    apply(connection, STEPS).await?;
    check_master_key(connection, claim).await?;
    note_broken_end(connection, &claim.audit_key).await?;
    run(connection, UNLOCK).await
}

async fn run(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.client.batch_execute(sql).await.map_err(|why| failure::classify(&why))
}

async fn first(connection: &mut Connection, sql: &'static str) -> Result<Option<Row>, StoreError> {
    Ok(reader::read(connection, sql, &[], reader::Most::First).await?.pop())
}

async fn change(
    connection: &mut Connection,
    sql: &'static str,
    args: &[Value],
) -> Result<(), StoreError> {
    let statement = connection.prepare(sql, args).await?;
    let changed = connection.client.execute_raw(&statement, super::connection::arguments(args));
    changed.await.map(|_| ()).map_err(|why| failure::classify(&why))
}

/// Applies the steps that the database lacks.
pub(super) async fn apply(
    connection: &mut Connection,
    steps: &'static [Step],
) -> Result<(), StoreError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    run(
        connection,
        "create table if not exists schema_version (
            only_row bigint primary key not null check (only_row = 1),
            version bigint not null
        )",
    )
    .await?;
    let version = first(connection, "select version from schema_version").await?;
    let found = version.map_or(Ok(0), |row| row.integer(0))?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for (step, number) in steps.iter().zip(1_i64..).skip(done) {
        let sql = format!(
            "begin; {}; insert into schema_version (only_row, version) values (1, {number})
             on conflict (only_row) do update set version = excluded.version; commit",
            translate(step.sql)
        );
        if let Err(why) = run(connection, &sql).await {
            run(connection, "rollback").await?;
            return Err(StoreError::Migration { step: step.name, detail: why.to_string() });
        }
        tracing::info!(step = step.name, "schema step applied");
    }
    Ok(())
}

/// A step in PostgreSQL's words: bytes have another name there, and text is ordered by its bytes,
/// as SQLite does, whatever the language of the server.
fn translate(sql: &str) -> String {
    let mut translated = String::with_capacity(sql.len() * 2);
    for line in sql.lines() {
        let statement = line.split("--").next().unwrap_or_default();
        for word in statement.split_inclusive([' ', ',', ';']) {
            let end = word.find([' ', ',', ';']).unwrap_or(word.len());
            let (name, rest) = word.split_at(end);
            match name {
                "text" => translated.push_str("text collate \"C\""),
                "blob" => translated.push_str("bytea"),
                other => translated.push_str(other),
            }
            translated.push_str(rest);
        }
        translated.push('\n');
    }
    translated
}

/// Refuses another master key than the one of the database; the first key becomes that one, and
/// authenticates the end of an audit without rows.
async fn check_master_key(connection: &mut Connection, claim: &Claim) -> Result<(), StoreError> {
    let known = first(connection, "select value from meta where key = 'master_key_check'").await?;
    match known {
        Some(row) if row.text(0)? == claim.check_value => Ok(()),
        Some(_) => Err(SealError::WrongKey(claim.name.clone()).into()),
        None => {
            let head = claim.audit_key.head(Chain::EMPTY);
            change(
                connection,
                "insert into meta (key, value) values ('master_key_check', $1), ('audit_head', $2)",
                &[Value::from(&claim.check_value), Value::from(head)],
            )
            .await
        }
    }
}

/// Keeps it in mind when the audit does not end as it was left: the next commit will write a new
/// end, and the program must start all the same.
async fn note_broken_end(
    connection: &mut Connection,
    audit_key: &AuditKey,
) -> Result<(), StoreError> {
    run(connection, "begin").await?;
    let head = first(connection, super::group::LOCK_HEAD).await?;
    let last = first(connection, super::group::LAST_LINK).await?;
    let chain = last.as_ref().map_or(Ok(Chain::EMPTY), Chain::parse)?;
    let head = head.as_ref().map(|row| row.text(0)).transpose()?;
    if !audit_key.confirms(chain, head) {
        tracing::error!(
            rows = chain.sequence,
            "the audit does not end as the program left it; run `safeconduct audit verify`"
        );
        let what = format!("{} {}", chain.sequence, head.unwrap_or_default());
        change(connection, super::group::NOTE_BROKEN, &[Value::from(what)]).await?;
    }
    run(connection, "commit").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_translated_and_nothing_else() {
        let sql = "create table a (\n  text_like text not null, -- text; blob\n  b blob\n);";
        let expected =
            "create table a (\n  text_like text collate \"C\" not null, \n  b bytea\n);\n";
        assert_eq!(translate(sql), expected);
    }
}
