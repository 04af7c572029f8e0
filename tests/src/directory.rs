//! A directory of a test's own.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A directory that nobody else uses. Dropped, it is removed with all that is in it.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// A fresh one, empty.
    #[track_caller]
    pub fn fresh() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("safeconduct-tests-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a fresh directory can be made");
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file in it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that only we can read; returns where.
    #[track_caller]
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        write(&path, content);
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("{} stays behind: {error}", self.path.display());
        }
    }
}

/// Writes a file that only we can read, in place of what is there.
#[track_caller]
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut file = file.expect("a file of our own opens");
    file.write_all(content.as_ref()).expect("a file of our own can be written");
}

/// Every file below `directory`, with its bytes.
#[track_caller]
pub fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let entries = std::fs::read_dir(&directory).expect("a directory of our own can be listed");
        for entry in entries {
            let entry = entry.expect("an entry of our own can be looked at");
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push((entry.path(), bytes(&entry.path())));
            }
        }
    }
    found
}

/// A file's bytes.
#[expect(clippy::disallowed_methods, reason = "tests look at files from outside the program")]
#[track_caller]
pub fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| fail(path, &error))
}

/// A file's text.
#[track_caller]
pub fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| fail(path, &error))
}

#[expect(clippy::panic, reason = "a test without its file has failed")]
#[track_caller]
fn fail<T>(path: &Path, error: &std::io::Error) -> T {
    panic!("{} cannot be read: {error}", path.display())
}

/// Whether `needle` stands anywhere in `bytes`.
pub fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}
