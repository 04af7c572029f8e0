//! The data directory: private to its owner, and its files too.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The database's file in the data directory.
pub(crate) const DATABASE: &str = "safeconduct.db";

/// The file that tries the disk.
const TRIAL: &str = "disk-trial";

/// Its length: as much as one commit writes.
const TRIAL_BYTES: usize = 64 * 1024;

/// Whether a directory holds a database.
#[must_use]
pub fn holds_database(directory: &Path) -> bool {
    directory.join(DATABASE).exists()
}

/// The file that says where an organization is whose database is not in its data directory.
const ELSEWHERE: &str = "database";

/// Longest address in it, in bytes.
const ELSEWHERE_BYTES_MAX: u64 = 4096;

/// Where the database of a data directory is, if it is a server's.
#[must_use]
pub fn database_elsewhere(directory: &Path) -> Option<String> {
    let file = File::open(directory.join(ELSEWHERE)).ok()?;
    let mut shown = String::new();
    // What cannot be read says all the same that it is not here.
    drop(file.take(ELSEWHERE_BYTES_MAX).read_to_string(&mut shown));
    Some(shown.trim_end().to_owned())
}

/// Notes where the database of a data directory is, as people may see it.
pub fn note_database_elsewhere(directory: &Path, shown: &str) -> io::Result<()> {
    if database_elsewhere(directory).as_deref() == Some(shown) {
        return Ok(());
    }
    let mut file = open_private(&directory.join(ELSEWHERE))?;
    file.set_len(0)?;
    writeln!(file, "{shown}")?;
    file.sync_all()?;
    sync(directory)
}

/// Makes the directory, readable by its owner only, unless it is there.
pub fn prepare(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Opens a file for reading and writing, made private to its owner if it is missing.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Makes a file that must not be there yet, private to its owner.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Writes a file that must not be there yet, private to its owner, and waits until it is durable.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync(parent.unwrap_or(Path::new(".")))
}

/// Makes the entries of a directory durable.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Writes a file that only we can read, in place of what is there, and waits until it is durable.
/// Whatever happens in between, there is the old one or the new one.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    remove_if_there(new)?;
    let mut file = create_private(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(new, path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync(parent.unwrap_or(Path::new(".")))
}

/// The file that says that the next start is to check the whole database first.
const SUSPECT: &str = "check-database";

/// Notes that the database may be damaged: the next start checks all of it before anything else,
/// however large it is.
pub fn note_suspect(directory: &Path) -> io::Result<()> {
    open_private(&directory.join(SUSPECT))?.sync_all()?;
    sync(directory)
}

/// Whether the database may be damaged.
pub(crate) fn is_suspect(directory: &Path) -> bool {
    directory.join(SUSPECT).exists()
}

/// The database was checked, and is not damaged.
pub(crate) fn clear_suspect(directory: &Path) -> io::Result<()> {
    remove_if_there(&directory.join(SUSPECT))
}

/// Writes a file, waits until it is durable, and removes it: fails as long as the disk does.
pub fn try_disk(directory: &Path) -> io::Result<()> {
    let path = directory.join(TRIAL);
    remove_if_there(&path)?;
    write_private(&path, &[0; TRIAL_BYTES])?;
    std::fs::remove_file(&path)?;
    sync(directory)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A directory of a test's own, removed with it.
    pub(crate) struct TestDirectory(pub(crate) PathBuf);

    impl TestDirectory {
        pub(crate) fn new() -> Self {
            let name = format!("store-test-{:016x}", getrandom::u64().unwrap());
            let path = std::env::temp_dir().join(name);
            prepare(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for TestDirectory {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    pub(crate) fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_directory_and_its_files_are_private() {
        let directory = TestDirectory::new();
        assert_eq!(mode(&directory.0), 0o700);
        open_private(&directory.0.join("file")).unwrap();
        assert_eq!(mode(&directory.0.join("file")), 0o600);
    }

    #[test]
    fn where_else_the_database_is_can_be_noted_again() {
        let directory = TestDirectory::new();
        assert_eq!(database_elsewhere(&directory.0), None);
        for shown in ["postgres://a@localhost:5432/first", "postgres://b"] {
            note_database_elsewhere(&directory.0, shown).unwrap();
            assert_eq!(database_elsewhere(&directory.0).as_deref(), Some(shown));
        }
        assert_eq!(mode(&directory.0.join(ELSEWHERE)), 0o600);
    }

    #[test]
    fn a_file_is_not_made_twice() {
        let directory = TestDirectory::new();
        create_private(&directory.0.join("file")).unwrap();
        assert!(create_private(&directory.0.join("file")).is_err());
        assert!(write_private(&directory.0.join("file"), b"x").is_err());
        write_private(&directory.0.join("other"), b"x").unwrap();
        assert_eq!(mode(&directory.0.join("other")), 0o600);
    }

    #[test]
    fn a_file_is_replaced_whatever_an_earlier_attempt_left() {
        let directory = TestDirectory::new();
        let path = directory.0.join("file");
        File::create(directory.0.join("file.new")).unwrap();
        for content in [&b"one"[..], b"two"] {
            replace_private(&path, content).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap().as_bytes(), content);
            assert_eq!(mode(&path), 0o600);
        }
        assert!(!directory.0.join("file.new").exists());
    }

    #[test]
    fn a_disk_is_tried_without_a_trace() {
        let directory = TestDirectory::new();
        File::create(directory.0.join(TRIAL)).unwrap();
        try_disk(&directory.0).unwrap();
        assert!(!directory.0.join(TRIAL).exists());
        assert!(try_disk(&directory.0.join("missing")).is_err());
    }
}
