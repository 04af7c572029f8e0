//! The text files of the work tree.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that are made and never kept.
const MADE: &[&str] = &[".git", "node_modules", "safeconduct-data", "target"];

/// The same, each in its one place.
const MADE_AT: &[&str] = &["fuzz/artifacts", "fuzz/corpus"];

/// Largest file that is read: larger ones are no text of ours.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// A text file.
#[derive(Debug)]
pub(super) struct TextFile {
    /// Where it is, from the root, with slashes.
    pub(super) path: String,
    /// What is in it.
    pub(super) text: String,
}

/// Reads every text file below the root that is not made by a tool.
pub(super) fn read(root: &Path) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    read_folder(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) -> Result<()> {
    let complaint = || format!("reading {}", folder.display());
    for entry in fs::read_dir(folder).with_context(complaint)? {
        let entry = entry.with_context(complaint)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type().with_context(complaint)?;
        let path = format!("{prefix}{name}");
        if kind.is_dir() {
            // Cargo marks its folder so, wherever CARGO_TARGET_DIR put it.
            let marked = entry.path().join("CACHEDIR.TAG").exists();
            let made = MADE.contains(&name.as_str()) || MADE_AT.contains(&path.as_str());
            if !marked && !made {
                read_folder(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if kind.is_file()
            && !name.ends_with(".log")
            && entry.metadata().with_context(complaint)?.len() <= FILE_BYTES_MAX
            // What is not UTF-8 is no text, and what is gone meanwhile is no file.
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}

impl TextFile {
    /// Whether it is Rust.
    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    /// The crate whose `src` it is in.
    pub(super) fn source_of(&self) -> Option<&str> {
        let (name, rest) = self.path.strip_prefix("crates/")?.split_once('/')?;
        rest.starts_with("src/").then_some(name)
    }
}
