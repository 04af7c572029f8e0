//! Steps of the schema: numbered files, each applied once and as a whole.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::StoreError;

/// Every step, in order; a step's number is its place counted from 1. Released steps never change.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "0001_audit.sql", sql: include_str!("migration/0001_audit.sql") },
    Step { name: "0002_organization.sql", sql: include_str!("migration/0002_organization.sql") },
    Step { name: "0003_enrollment.sql", sql: include_str!("migration/0003_enrollment.sql") },
    Step { name: "0004_stamp.sql", sql: include_str!("migration/0004_stamp.sql") },
    Step { name: "0005_revocation.sql", sql: include_str!("migration/0005_revocation.sql") },
    Step { name: "0006_list.sql", sql: include_str!("migration/0006_list.sql") },
    Step { name: "0007_inventory.sql", sql: include_str!("migration/0007_inventory.sql") },
    Step { name: "0008_decision.sql", sql: include_str!("migration/0008_decision.sql") },
    Step { name: "0009_administrator.sql", sql: include_str!("migration/0009_administrator.sql") },
    Step { name: "0010_checkpoint.sql", sql: include_str!("migration/0010_checkpoint.sql") },
    Step { name: "0011_event_code.sql", sql: include_str!("migration/0011_event_code.sql") },
    Step { name: "0012_session.sql", sql: include_str!("migration/0012_session.sql") },
    Step { name: "0013_event_count.sql", sql: include_str!("migration/0013_event_count.sql") },
    Step { name: "0014_fingerprint.sql", sql: include_str!("migration/0014_fingerprint.sql") },
    Step { name: "0015_knock.sql", sql: include_str!("migration/0015_knock.sql") },
    Step { name: "0016_event_policy.sql", sql: include_str!("migration/0016_event_policy.sql") },
    Step { name: "0017_server_slot.sql", sql: include_str!("migration/0017_server_slot.sql") },
];

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The file's name.
    pub(crate) name: &'static str,
    /// Its statements. Types are text, bigint and blob, which PostgreSQL has under the same names
    /// but for blob (bytea).
    pub(crate) sql: &'static str,
}

/// Brings a database to the newest schema.
pub(crate) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    apply_steps(connection, STEPS)
}

fn apply_steps(connection: &mut Connection, steps: &'static [Step]) -> Result<(), StoreError> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for (step, number) in steps.iter().zip(1_i64..).skip(done) {
        apply_step(connection, step, number)
            .map_err(|why| StoreError::Migration { step: step.name, detail: why.to_string() })?;
        tracing::info!(step = step.name, "schema step applied");
    }
    Ok(())
}

/// Reads the schema's version; 0 is an empty database.
fn version(connection: &Connection) -> Result<i64, StoreError> {
    let failed =
        |why: rusqlite::Error| StoreError::Migration { step: "start", detail: why.to_string() };
    connection
        .execute_batch(
            "create table if not exists schema_version (
                only_row bigint primary key not null check (only_row = 1),
                version bigint not null
            )",
        )
        .map_err(failed)?;
    let version = connection
        .query_row("select version from schema_version", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    Ok(version.unwrap_or(0))
}

fn apply_step(connection: &mut Connection, step: &Step, number: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(step.sql)?;
    transaction.execute(
        "insert into schema_version (only_row, version) values (1, $1)
         on conflict (only_row) do update set version = excluded.version",
        [number],
    )?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROKEN: &[Step] = &[
        Step { name: "0001_a.sql", sql: "create table a (x bigint)" },
        Step {
            name: "0002_b.sql",
            sql: "create table b (x bigint); insert into nowhere values (1)",
        },
    ];

    fn tables(connection: &Connection) -> i64 {
        connection
            .query_row("select count(*) from sqlite_schema where name in ('a', 'b')", [], |row| {
                row.get(0)
            })
            .unwrap()
    }

    #[test]
    fn an_empty_database_gets_every_step() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        assert_eq!(version(&connection).unwrap(), i64::try_from(STEPS.len()).unwrap());
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        let changes = connection.total_changes();
        apply(&mut connection).unwrap();
        assert_eq!(connection.total_changes(), changes);
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        connection.execute("update schema_version set version = 4096", []).unwrap();
        let refusal = apply(&mut connection).unwrap_err();
        assert!(matches!(refusal, StoreError::NewerSchema { found: 4096, .. }), "{refusal}");
    }

    #[test]
    fn a_failing_step_leaves_nothing_of_itself() {
        let mut connection = Connection::open_in_memory().unwrap();
        let failure = apply_steps(&mut connection, BROKEN).unwrap_err();
        assert!(matches!(failure, StoreError::Migration { step: "0002_b.sql", .. }), "{failure}");
        assert_eq!(version(&connection).unwrap(), 1);
        assert_eq!(tables(&connection), 1);
    }

    #[test]
    fn steps_are_named_by_their_number() {
        for (step, number) in STEPS.iter().zip(1..) {
            assert!(step.name.starts_with(&format!("{number:04}_")), "{}", step.name);
        }
    }
}
