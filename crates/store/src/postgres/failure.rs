//! What PostgreSQL's errors mean to the store.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::StoreError;
use crate::write::CommitError;

/// Says what an error means. Values of rows, which the server puts into details, are left out.
pub(super) fn classify(error: &Error) -> StoreError {
    if let Some(refusal) = error.as_db_error() {
        return classify_code(refusal);
    }
    if error.is_closed() || is_io(error) {
        return StoreError::Unreachable(sentence(error));
    }
    StoreError::Statement(sentence(error))
}

/// Says why no connection came about.
pub(super) fn classify_connecting(error: &Error) -> StoreError {
    let meant = classify(error);
    if matches!(meant, StoreError::Busy) { meant } else { StoreError::Unreachable(sentence(error)) }
}

/// Says what an error of a change's statement means.
pub(super) fn classify_change(error: &Error) -> CommitError {
    match error.as_db_error() {
        Some(refusal) if refusal.code().code().starts_with("23") => {
            CommitError::Constraint(refusal.message().to_owned())
        }
        Some(_) | None => CommitError::Store(classify(error)),
    }
}

/// Whether an error is not one statement's but of the connection, the server or its disk.
pub(super) fn concerns_all(error: &StoreError) -> bool {
    match error {
        StoreError::Unreachable(_) | StoreError::Full | StoreError::Io(_) => true,
        StoreError::Busy
        | StoreError::Late
        | StoreError::Stopped
        | StoreError::Unconfirmed
        | StoreError::Address(_)
        | StoreError::Damaged { .. }
        | StoreError::Foreign(_)
        | StoreError::NewerSchema { .. }
        | StoreError::Migration { .. }
        | StoreError::Seal(_)
        | StoreError::Column { .. }
        | StoreError::TooMany { .. }
        | StoreError::Statement(_)
        | StoreError::Altered { .. }
        | StoreError::Closed => false,
    }
}

/// By SQLSTATE (PostgreSQL documentation, appendix A).
fn classify_code(refusal: &DbError) -> StoreError {
    let code = refusal.code().code();
    let message = refusal.message().to_owned();
    match code {
        "57014" => StoreError::Late,
        "53100" => StoreError::Full,
        "25P03" | "57P01" | "57P02" | "57P03" | "57P05" => StoreError::Unreachable(message),
        "53300" | "55P03" => StoreError::Busy,
        _ if code.starts_with("08") => StoreError::Unreachable(message),
        _ if code.starts_with("40") => StoreError::Busy,
        _ if code.starts_with("58") || code == "XX001" || code == "XX002" => {
            StoreError::Io(message)
        }
        _ => StoreError::Statement(message),
    }
}

fn is_io(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<std::io::Error>())
}

fn sentence(error: &Error) -> String {
    let refusal = error.as_db_error().map(|refusal| refusal.message().to_owned());
    let source = || error.source().map(|source| format!("{error}: {source}"));
    refusal.or_else(source).unwrap_or_else(|| error.to_string())
}
