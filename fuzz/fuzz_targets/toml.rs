//! Declarative files: TOML to JSON as `apply` reads it, the check of a whole document, and the plan.
#![no_main]

use std::path::Path;

use domain::{
    organization::{Organization, document::Document},
    plan::{self, Going, SharedSecrets},
    secret::Secret,
};
use fuzz::seed;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../../crates/server/src/command/toml_document.rs"]
#[expect(dead_code, reason = "files are read by the program only")]
mod toml_document;

use toml_document::{NotRead, TomlDocument};

/// A folder that has no files, so that no secret is ever read.
const NOWHERE: &str = "no-such-folder";

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        if let Ok(text) = std::str::from_utf8(data) {
            check(text);
        }
    }
);

fn seeds() -> Vec<Vec<u8>> {
    let demo = include_str!("../../examples/demo.toml");
    let guide = include_str!("../../examples/mosyle.toml");
    let mut seeds = vec![demo.as_bytes().to_vec(), guide.as_bytes().to_vec()];
    // Each table alone, too: what is small is changed more cleverly.
    for text in [demo, guide] {
        let tables = text.split("\n[").skip(1).map(|table| format!("[{table}").into_bytes());
        seeds.extend(tables);
    }
    seeds
}

fn check(text: &str) {
    let lines = text.lines().count().max(1) + 1;
    let document = match TomlDocument::parse(text, Path::new(NOWHERE)) {
        Ok(document) => document,
        Err(NotRead::Complaint(line, complaint)) => {
            assert!((1..=lines).contains(&line), "line {line} of {lines}");
            assert!(!complaint.what.is_empty() && !complaint.fix.is_empty());
            return;
        }
        Err(NotRead::Failed(error)) => panic!("nothing was to be read: {error:#}"),
    };
    same_again(&document.json);
    let complaints = match Document::parse(document.json.clone()) {
        Ok(read) => {
            match plan::merge(&Organization::default(), &SharedSecrets::new(), read, Going::Nothing)
            {
                Ok(merged) => return stays(&merged.organization),
                Err(complaints) => complaints,
            }
        }
        Err(complaints) => complaints,
    };
    assert!(!complaints.is_empty());
    for complaint in complaints {
        assert!(!complaint.what.is_empty() && !complaint.fix.is_empty(), "{complaint:?}");
        assert!((1..=lines).contains(&document.line(&complaint.path)));
    }
}

/// What was read can be written as TOML, and says the same then.
fn same_again(json: &Value) {
    let Ok(written) = toml::to_string(json) else { return };
    let Ok(again) = TomlDocument::parse(&written, Path::new(NOWHERE)) else {
        panic!("our own TOML is not read: {written}")
    };
    assert_eq!(again.json, *json, "{written}");
}

/// An organization, given once more as it is shown, changes nothing.
fn stays(organization: &Organization) {
    let shown = serde_json::to_value(organization).expect("it is plain data");
    // Secrets are never shown; they stay where they are.
    let names = organization.access_point.iter().map(|point| point.name.clone());
    let secrets: SharedSecrets =
        names.map(|name| (name, Secret::new("a-long-shared-secret"))).collect();
    let again = Document::parse(shown).expect("what is shown can be read");
    let merged =
        plan::merge(organization, &secrets, again, Going::Unnamed).expect("it was in order");
    assert!(merged.plan.is_empty(), "{:?}", merged.plan);
}
