//! One process holds a data directory at a time.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::directory;

/// The lock's file in the data directory.
const FILE_NAME: &str = "lock";

/// Most bytes read of a lock file: a process id and a time fit many times.
const CONTENT_BYTES_MAX: u64 = 256;

/// The right to use a data directory. Dropped, or with the process however it ends, it is free.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Who holds a data directory, as far as the lock's file tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// The process.
    pub pid: Option<u32>,
    /// Since when, as the holder wrote it.
    pub since: Option<String>,
}

/// Why a data directory was not locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{path} is {held}")]
    Held {
        /// The data directory.
        path: PathBuf,
        /// The process that has it.
        held: Held,
    },
    /// The file system failed.
    #[error("the lock in {path} cannot be taken: {source}")]
    Io {
        /// The data directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataLock {
    /// Locks a data directory, made if missing, for this process; `now` (RFC 3339) is what another
    /// process will be told. What a dead process left behind is no obstacle.
    pub fn acquire(data: &Path, now: &str) -> Result<Self, LockError> {
        let failed = |source| LockError::Io { path: data.to_owned(), source };
        directory::prepare(data).map_err(failed)?;
        let mut file = directory::open_private(&data.join(FILE_NAME)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { path: data.to_owned(), held: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        sign(&mut file, now).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File, now: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{} {now}", std::process::id())
}

/// Reads who holds the lock; its holder may be just about to write it.
fn holder(file: &mut File) -> Held {
    let mut content = String::new();
    let read = file.take(CONTENT_BYTES_MAX).read_to_string(&mut content);
    if read.is_err() {
        return Held { pid: None, since: None };
    }
    let mut words = content.split_whitespace();
    let pid = words.next().and_then(|word| word.parse().ok());
    Held { pid, since: words.next().map(str::to_owned) }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "held by process {pid}")?,
            None => f.write_str("held by another process")?,
        }
        match &self.since {
            Some(since) => write!(f, " since {since}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::tests::TestDirectory;

    const NOON: &str = "2026-11-20T12:00:00Z";

    #[test]
    fn a_second_holder_is_told_who_holds_it() {
        let directory = TestDirectory::new();
        let _lock = DataLock::acquire(&directory.0, NOON).unwrap();
        let refusal = DataLock::acquire(&directory.0, "later").unwrap_err();
        let LockError::Held { held, .. } = &refusal else { panic!("{refusal}") };
        assert_eq!(*held, Held { pid: Some(std::process::id()), since: Some(NOON.to_owned()) });
        let sentence = format!("held by process {} since {NOON}", std::process::id());
        assert!(refusal.to_string().ends_with(&sentence), "{refusal}");
    }

    #[test]
    fn a_lock_given_back_can_be_taken_again() {
        let directory = TestDirectory::new();
        drop(DataLock::acquire(&directory.0, NOON).unwrap());
        DataLock::acquire(&directory.0, NOON).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_is_no_obstacle() {
        let directory = TestDirectory::new();
        let mut file = directory::open_private(&directory.0.join(FILE_NAME)).unwrap();
        file.write_all(b"4194304 2020-01-01T00:00:00Z and more than that\n").unwrap();
        DataLock::acquire(&directory.0, NOON).unwrap();
    }

    #[test]
    fn an_unreadable_lock_still_says_held() {
        let directory = TestDirectory::new();
        let mut file = directory::open_private(&directory.0.join(FILE_NAME)).unwrap();
        file.write_all(&[0xff; 4096]).unwrap();
        file.lock().unwrap();
        let refusal = DataLock::acquire(&directory.0, NOON).unwrap_err();
        assert!(refusal.to_string().ends_with("held by another process"), "{refusal}");
    }
}
