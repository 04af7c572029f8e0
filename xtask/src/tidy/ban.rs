//! Packages that may not be in the program on this platform.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use super::Complaint;

/// Banned packages. `deny.toml` has the same list with a reason for each.
const BANNED: &[&str] =
    &["libpq-sys", "native-tls", "openssl", "openssl-sys", "pq-sys", "ring", "rsa"];

/// A package that cargo resolved, and one that asks for it.
#[derive(Debug)]
pub(super) struct Resolved {
    name: String,
    asked_for_by: String,
}

/// Reads what cargo resolved for this platform, our own crates left out.
pub(super) fn resolved(metadata: &Metadata) -> Result<Vec<Resolved>> {
    let graph = metadata.resolve.as_ref().context("cargo metadata resolved nothing")?;
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (&package.id, package.name.as_str())).collect();
    let name = |id| names.get(id).copied().unwrap_or("an unknown package").to_owned();
    let asked = |node: &cargo_metadata::Node| {
        let by = name(&node.id);
        node.dependencies
            .iter()
            .map(|id| Resolved { name: name(id), asked_for_by: by.clone() })
            .collect::<Vec<_>>()
    };
    Ok(graph.nodes.iter().flat_map(asked).collect())
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
    fn deny_has_the_same_list() {
        let deny = std::fs::read_to_string(crate::root().unwrap().join("deny.toml")).unwrap();
        for banned in BANNED {
            assert!(deny.contains(&format!("crate = \"{banned}\"")), "deny.toml lacks {banned}");
        }
    }
}
