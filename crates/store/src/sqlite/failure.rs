//! What SQLite's errors mean to the store.

use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode, ffi};

use crate::StoreError;
use crate::write::CommitError;

/// Says what an error means.
pub(super) fn classify(error: &Error) -> StoreError {
    classify_at(Path::new(crate::directory::DATABASE), error)
}

/// Says what an error means, naming the file.
pub(super) fn classify_at(path: &Path, error: &Error) -> StoreError {
    let Some(failure) = error.sqlite_error() else {
        return StoreError::Statement(error.to_string());
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is the driver's, not ours")]
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        // Mapping the shared memory file fails this way when there is no space for it.
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
            StoreError::Full
        }
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed => StoreError::Io(error.to_string()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Damaged { path: PathBuf::from(path), detail: error.to_string() }
        }
        _ => StoreError::Statement(error.to_string()),
    }
}

/// Says what an error of a change's statement means.
pub(super) fn classify_change(error: &Error) -> CommitError {
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
        return CommitError::Constraint(error.to_string());
    }
    CommitError::Store(classify(error))
}
