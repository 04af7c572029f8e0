//! Every rule in turn, and what it complains of.

mod arrow;
mod ban;
mod map;
mod source;
mod tree;

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

/// One breach of a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Complaint {
    /// The file, from the root.
    path: String,
    /// The line, counted from 1.
    line: usize,
    /// What is wrong.
    what: String,
    /// What to do about it.
    fix: &'static str,
}

/// Checks the tree below a root.
pub(crate) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let metadata = metadata(root)?;
    let files = tree::read(root)?;
    let mut complaints = arrow::check(&arrow::packages(&metadata));
    complaints.extend(ban::check(&ban::resolved(&metadata)?));
    complaints.extend(files.iter().flat_map(source::check));
    complaints.extend(map::check(root, &files)?);
    complaints.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(complaints)
}

/// Asks cargo for the crates, and for what they resolve to on this platform.
fn metadata(root: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml"));
    command.other_options(vec!["--filter-platform".to_owned(), host()?]);
    command.exec().context("cargo metadata")
}

/// The platform that the compiler makes programs for by default.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc -vV")?;
    let text = String::from_utf8(output.stdout).context("rustc -vV")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

impl Complaint {
    fn new(path: &str, line: usize, what: impl Into<String>, fix: &'static str) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), fix }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.what, self.fix)
    }
}
