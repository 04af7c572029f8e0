//! Packages that may not be in the program on this platform.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Complaint;

/// Banned packages. `deny.toml` has the same list with a reason for each.
const BANNED: &[&str] =
    &["libpq-sys", "native-tls", "openssl", "openssl-sys", "pq-sys", "ring", "rsa"];

/// A package that cargo resolved, and the one that asks for it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Resolved {
    name: String,
    asked_for_by: String,
}

/// Asks cargo what is built on this platform, tests included. `cargo metadata` and Cargo.lock would
/// also name what only a feature that is off asks for.
pub(super) fn resolved(root: &Path) -> Result<Vec<Resolved>> {
    let output = Command::new("cargo")
        .args(["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "depth"])
        .current_dir(root)
        .output()
        .context("cargo tree")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree: {errors}");
    Ok(parse(&String::from_utf8(output.stdout).context("cargo tree")?))
}

/// Reads lines of a depth, a name and more: `2memchr v2.8.3`.
fn parse(tree: &str) -> Vec<Resolved> {
    let mut above: Vec<String> = Vec::new();
    let mut resolved = Vec::new();
    for line in tree.lines() {
        let digits = line.chars().take_while(char::is_ascii_digit).count();
        let (depth, rest) = line.split_at(digits);
        let (Ok(depth), Some(name)) = (depth.parse(), rest.split_whitespace().next()) else {
            continue;
        };
        above.truncate(depth);
        if let Some(asked_for_by) = above.last().cloned() {
            resolved.push(Resolved { name: name.to_owned(), asked_for_by });
        }
        above.push(name.to_owned());
    }
    resolved
}

/// Complains of banned packages.
pub(super) fn check(resolved: &[Resolved]) -> Vec<Complaint> {
    resolved
        .iter()
        .filter(|package| BANNED.contains(&package.name.as_str()))
        .map(|package| {
            let what =
                format!("{} asks for {}, which is banned", package.asked_for_by, package.name);
            Complaint::new("Cargo.lock", 1, what, "see deny.toml for the reason and the way around")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_package_is_found_with_who_asks_for_it() {
        let package =
            |name: &str| Resolved { name: name.to_owned(), asked_for_by: "reqwest".to_owned() };
        let found = check(&[package("rustls"), package("ring"), package("string")]);
        let [complaint] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(complaint.what, "reqwest asks for ring, which is banned");
    }

    #[test]
    fn a_tree_is_read_with_who_asks_for_what() {
        let resolved =
            parse("0server v0.1.0 (path)\n1tokio v1.54.1\n2mio v1.2.5\n1ring v0.17 (*)\n");
        let pairs: Vec<(&str, &str)> = resolved
            .iter()
            .map(|package| (package.asked_for_by.as_str(), package.name.as_str()))
            .collect();
        assert_eq!(pairs, [("server", "tokio"), ("tokio", "mio"), ("server", "ring")]);
    }

    #[test]
    fn the_tree_of_this_program_is_not_empty() {
        let resolved = resolved(crate::root().unwrap()).unwrap();
        assert!(resolved.iter().any(|package| package.name == "aws-lc-rs"));
    }

    #[test]
    fn deny_has_the_same_list() {
        let deny = std::fs::read_to_string(crate::root().unwrap().join("deny.toml")).unwrap();
        for banned in BANNED {
            assert!(deny.contains(&format!("crate = \"{banned}\"")), "deny.toml lacks {banned}");
        }
    }
}
