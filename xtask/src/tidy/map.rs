//! ARCHITECTURE.md is true: it names the crates that exist, and no file that does not.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::Complaint;
use super::tree::TextFile;

/// The map.
const MAP: &str = "ARCHITECTURE.md";

/// Endings that make a word in backticks a file's name even without a slash.
const FILE_ENDINGS: &[&str] = &[".md", ".rs", ".sql", ".toml"];

/// Complains of the map.
pub(super) fn check(root: &Path, files: &[TextFile]) -> Result<Vec<Complaint>> {
    let Some(map) = files.iter().find(|file| file.path == MAP) else {
        return Ok(vec![Complaint::new(MAP, 1, "there is no map", "write it")]);
    };
    let crates = crates(root)?;
    Ok(compare(&map.text, &crates, |path| root.join(path).exists()))
}

/// The crates that exist, by their manifests.
fn crates(root: &Path) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(root.join("crates")).context("reading crates")? {
        let entry = entry.context("reading crates")?;
        if entry.path().join("Cargo.toml").exists() {
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn compare(map: &str, crates: &BTreeSet<String>, exists: impl Fn(&str) -> bool) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut listed = BTreeSet::new();
    for (line, number) in map.lines().zip(1..) {
        for word in quoted(line) {
            if let Some(name) = word.strip_prefix("crates/").filter(|name| !name.contains('/')) {
                listed.insert(name.to_owned());
            }
            if is_path(word) && !exists(word.trim_start_matches("./")) {
                let what = format!("{word} does not exist");
                complaints.push(Complaint::new(MAP, number, what, "name what is there"));
            }
        }
    }
    for name in crates.difference(&listed) {
        let what = format!("the map lacks crates/{name}");
        complaints.push(Complaint::new(MAP, 1, what, "add its line, in backticks"));
    }
    complaints
}

/// What stands in backticks on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Whether a word is a path of the tree: not a URL, a command, a pattern or a name of Rust's.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let placed = word.contains('/') || FILE_ENDINGS.iter().any(|ending| word.ends_with(ending));
    plain && placed && !word.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(map: &str, expected: &[&str]) {
        let crates = BTreeSet::from(["pki".to_owned()]);
        let exists = |path: &str| ["crates/pki", "crates/pki/src/csr.rs", "dev"].contains(&path);
        let complaints: Vec<String> =
            compare(map, &crates, exists).into_iter().map(|complaint| complaint.what).collect();
        assert_eq!(complaints, expected, "{map}");
    }

    #[test]
    fn a_true_map_is_left_alone() {
        found("`crates/pki` has `crates/pki/src/csr.rs`; run `./dev`, see `/healthz`", &[]);
    }

    #[test]
    fn a_crate_that_the_map_lacks_is_told() {
        found("crates/pki without backticks", &["the map lacks crates/pki"]);
        found("`crates/pki/src/csr.rs` alone", &["the map lacks crates/pki"]);
    }

    #[test]
    fn a_name_of_what_is_not_there_is_told() {
        found("`crates/pki` `crates/portal`", &["crates/portal does not exist"]);
        found("`crates/pki` `docs/gone.md`", &["docs/gone.md does not exist"]);
        found("`crates/pki` `GONE.md`", &["GONE.md does not exist"]);
    }

    #[test]
    fn other_words_in_backticks_are_no_paths() {
        found("`crates/pki` `Write::commit` `$1/x` `a / b` `*.rs` `cargo test`", &[]);
    }
}
