//! Arrows between the crates: who may depend on whom.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata};

use super::Complaint;

/// Every arrow there may be. A new arrow is a design change: it is made here first.
const ARROWS: &[(&str, &[&str])] = &[
    ("pki", &[]),
    ("radius", &[]),
    ("eap", &["pki"]),
    ("scep", &["pki"]),
    ("domain", &["pki", "radius"]),
    ("store", &["domain", "pki"]),
    ("profile", &["pki"]),
    ("actions", &["domain", "pki", "profile", "store"]),
    ("api", &["actions", "domain", "pki"]),
    ("portal", &["actions", "domain", "pki"]),
    ("device", &["eap", "pki", "profile", "radius", "scep"]),
    (
        "server",
        &[
            "actions", "api", "device", "domain", "eap", "pki", "portal", "profile", "radius",
            "scep", "store",
        ],
    ),
    (TESTS, &[]),
    ("xtask", &[]),
];

/// The crate of tests that know the program only from outside: not even its tests may link ours.
const TESTS: &str = "tests";

/// A crate of the workspace, and the crates of the workspace it depends on.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    depends_on: BTreeSet<String>,
}

/// Reads the crates out of cargo's answer.
pub(super) fn packages(metadata: &Metadata) -> Vec<Package> {
    let members = metadata.workspace_packages();
    let names: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
    let arrows = |package: &cargo_metadata::Package| {
        let strict = package.name.as_str() == TESTS;
        package
            .dependencies
            .iter()
            .filter(|dependency| strict || dependency.kind != DependencyKind::Development)
            .map(|dependency| dependency.name.clone())
            .filter(|name| names.contains(name.as_str()))
            .collect()
    };
    members
        .iter()
        .map(|package| Package { name: package.name.to_string(), depends_on: arrows(package) })
        .collect()
}

/// Complains of arrows that are not in the list.
pub(super) fn check(packages: &[Package]) -> Vec<Complaint> {
    check_against(ARROWS, packages)
}

fn check_against(arrows: &[(&str, &[&str])], packages: &[Package]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for package in packages {
        let manifest = manifest(&package.name);
        let Some((_, allowed)) = arrows.iter().find(|(name, _)| *name == package.name) else {
            let what = format!("the crate {} is not in the list of arrows", package.name);
            complaints.push(Complaint::new(
                &manifest,
                1,
                what,
                "add it in xtask/src/tidy/arrow.rs",
            ));
            continue;
        };
        for other in &package.depends_on {
            if !allowed.contains(&other.as_str()) {
                let what = format!("{} may not depend on {other}", package.name);
                complaints.push(Complaint::new(
                    &manifest,
                    1,
                    what,
                    "move the code to where both may reach it, or change the design first",
                ));
            }
        }
    }
    for (name, _) in arrows {
        if !packages.iter().any(|package| package.name == *name) {
            let what = format!("the list of arrows has {name}, which is no crate");
            complaints.push(Complaint::new("xtask/src/tidy/arrow.rs", 1, what, "remove it"));
        }
    }
    complaints
}

fn manifest(name: &str) -> String {
    match name {
        "tests" | "xtask" => format!("{name}/Cargo.toml"),
        _ => format!("crates/{name}/Cargo.toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAKE: &[(&str, &[&str])] = &[("store", &["domain"]), ("domain", &[])];

    fn complaints(packages: &[(&str, &[&str])]) -> Vec<String> {
        let package = |(name, depends_on): &(&str, &[&str])| Package {
            name: (*name).to_owned(),
            depends_on: depends_on.iter().map(|other| (*other).to_owned()).collect(),
        };
        let packages: Vec<Package> = packages.iter().map(package).collect();
        check_against(FAKE, &packages).iter().map(|complaint| complaint.what.clone()).collect()
    }

    #[test]
    fn arrows_of_the_list_are_allowed() {
        assert!(complaints(FAKE).is_empty());
        assert!(complaints(&[("store", &[]), ("domain", &[])]).is_empty());
    }

    #[test]
    fn a_forbidden_arrow_is_refused() {
        let found = complaints(&[("store", &["domain"]), ("domain", &["store"])]);
        assert_eq!(found, ["domain may not depend on store"]);
    }

    #[test]
    fn a_crate_that_the_list_lacks_is_refused() {
        let found = complaints(&[("store", &[]), ("domain", &[]), ("attic", &[])]);
        assert_eq!(found, ["the crate attic is not in the list of arrows"]);
    }

    #[test]
    fn a_crate_that_is_gone_is_told() {
        assert_eq!(
            complaints(&[("domain", &[])]),
            ["the list of arrows has store, which is no crate"]
        );
    }

    #[test]
    fn the_list_has_no_circle() {
        let mut seen: Vec<&str> = Vec::new();
        for (name, allowed) in ARROWS {
            assert!(allowed.iter().all(|other| seen.contains(other)), "{name} points upward");
            seen.push(name);
        }
    }
}
