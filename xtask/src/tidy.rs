//! Every rule in turn, and what it complains of.

mod arrow;
mod ban;
mod map;
mod source;
mod tree;

use std::fmt;
use std::path::Path;

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
    complaints.extend(ban::check(&ban::resolved(root)?));
    complaints.extend(files.iter().flat_map(source::check));
    complaints.extend(map::check(root, &files)?);
    complaints.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(complaints)
}

/// Asks cargo for the crates of the workspace.
fn metadata(root: &Path) -> Result<Metadata> {
    let mut command = MetadataCommand::new();
    command.manifest_path(root.join("Cargo.toml"));
    command.no_deps();
    command.exec().context("cargo metadata")
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
