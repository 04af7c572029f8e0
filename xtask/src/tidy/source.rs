//! Rules for single files: length, names, forbidden words, purity.

use super::Complaint;
use super::tree::TextFile;

/// Lines after which a file is two files.
const FILE_LINES_MAX: usize = 600;

/// Names that are rooms without a purpose.
const BANNED_NAMES: &[&str] = &[
    "common", "helper", "helpers", "manager", "misc", "mod", "service", "services", "util", "utils",
];

/// Crates that touch no file, socket, clock or environment.
const PURE: &[&str] = &["domain", "eap", "pki", "profile", "radius", "scep"];

/// What pure crates may not name in `std`.
const IMPURE_MODULES: &[&str] = &["env", "fs", "net", "process", "thread"];

/// What pure crates may not name at all.
const IMPURE_WORDS: &[&str] = &["Instant", "SystemTime", "tokio"];

/// Top folders that paths of somebody's machine begin with.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "work"];

/// Words that promise work, spelled so that this file does not contain them.
const PROMISES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// What Rust files may not contain, and what to do instead.
const BANNED_CODE: &[(&str, &str)] = &[
    (concat!("#[al", "low("), "write #[expect(lint, reason = \"…\")]"),
    (concat!("#![al", "low("), "write #![expect(lint, reason = \"…\")]"),
    (concat!("to", "do!("), "write it, or open an issue"),
    (concat!("unimpl", "emented!("), "write it, or open an issue"),
];

/// Complains of a file.
pub(super) fn check(file: &TextFile) -> Vec<Complaint> {
    let mut complaints = machine_paths(file);
    if !file.path.ends_with(".md") {
        complaints.extend(promises(file));
    }
    if file.is_rust() {
        complaints.extend(shape(file));
        complaints.extend(banned_code(file));
    }
    if file.is_rust() && file.source_of().is_some_and(|name| PURE.contains(&name)) {
        complaints.extend(impurities(file));
    }
    complaints
}

fn shape(file: &TextFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let lines = file.text.lines().count();
    if lines > FILE_LINES_MAX && !file.path.split('/').any(|part| part == "fuzz") {
        let what = format!("{lines} lines, {FILE_LINES_MAX} are the most");
        complaints.push(Complaint::new(&file.path, FILE_LINES_MAX, what, "split it by noun"));
    }
    let documented = file.text.starts_with("//! ");
    if !documented && (file.source_of().is_some() || file.path.starts_with("xtask/src/")) {
        let what = "the first line does not say what the file is for";
        complaints.push(Complaint::new(&file.path, 1, what, "begin with a //! sentence"));
    }
    for part in file.path.split('/') {
        let stem = part.strip_suffix(".rs").unwrap_or(part);
        if BANNED_NAMES.contains(&stem) {
            let what = format!("\"{stem}\" does not say what is in it");
            complaints.push(Complaint::new(&file.path, 1, what, "name it for its noun"));
        }
    }
    complaints
}

fn banned_code(file: &TextFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        for (banned, fix) in BANNED_CODE {
            if line.contains(banned) {
                complaints.push(Complaint::new(&file.path, number, format!("{banned}…"), fix));
            }
        }
    }
    complaints
}

fn promises(file: &TextFile) -> Vec<Complaint> {
    let promising =
        |line: &str| PROMISES.iter().any(|promise| line.contains(promise)) && !names_an_issue(line);
    file.text
        .lines()
        .zip(1..)
        .filter(|(line, _)| promising(line))
        .map(|(_, number)| {
            let what = "a promise without an issue";
            Complaint::new(&file.path, number, what, "name the issue as #number, or do it")
        })
        .collect()
}

fn names_an_issue(line: &str) -> bool {
    line.split('#').skip(1).any(|rest| rest.starts_with(|next: char| next.is_ascii_digit()))
}

fn machine_paths(file: &TextFile) -> Vec<Complaint> {
    file.text
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| machine_path(line).map(|folder| (folder, number)))
        .map(|(folder, number)| {
            let what = format!("a path of one machine, below /{folder}");
            Complaint::new(&file.path, number, what, "make it relative, or a parameter")
        })
        .collect()
}

/// Finds a path that begins at a machine's folder. In `https://host/home/` it does not begin.
fn machine_path(line: &str) -> Option<&'static str> {
    let begins = |before: &str| {
        !before.ends_with(|last: char| last.is_alphanumeric() || "_-.$}*/".contains(last))
    };
    MACHINE_FOLDERS.iter().copied().find(|folder| {
        line.match_indices(&format!("/{folder}/")).any(|(at, _)| line.get(..at).is_some_and(begins))
    })
}

fn impurities(file: &TextFile) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for (line, number) in file.text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        if let Some(what) = impurity(code) {
            let fix = "take the value as a parameter (addresses are in core::net)";
            complaints.push(Complaint::new(
                &file.path,
                number,
                format!("a pure crate names {what}"),
                fix,
            ));
        }
    }
    complaints
}

fn impurity(code: &str) -> Option<String> {
    let words: Vec<&str> =
        code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let word = words.iter().find(|word| IMPURE_WORDS.contains(word));
    if let Some(word) = word {
        return Some((*word).to_owned());
    }
    let module = IMPURE_MODULES.iter().find(|module| {
        let grouped = code.trim_start().starts_with("use std::{") && words.contains(module);
        grouped
            || code.contains(&format!("std::{module}::"))
            || code.contains(&format!("std::{module};"))
    });
    module.map(|module| format!("std::{module}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(path: &str, text: &str, expected: &[&str]) {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        let complaints = check(&file);
        assert_eq!(complaints.len(), expected.len(), "{path}: {complaints:?}");
        for (complaint, what) in complaints.iter().zip(expected) {
            assert!(complaint.to_string().contains(what), "{complaint}");
        }
    }

    #[test]
    fn a_file_that_keeps_the_rules_is_left_alone() {
        found("crates/pki/src/csr.rs", "//! Requests.\n\nfn parse() {}\n", &[]);
    }

    #[test]
    fn a_long_file_is_refused_but_for_fuzzing() {
        let long = |lines| format!("//! Long.\n{}", "\n".repeat(lines - 1));
        found("crates/pki/src/csr.rs", &long(FILE_LINES_MAX), &[]);
        found("crates/pki/src/csr.rs", &long(FILE_LINES_MAX + 1), &["601 lines"]);
        found("tests/fuzz/csr.rs", &long(FILE_LINES_MAX + 1), &[]);
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_refused() {
        found("crates/pki/src/csr.rs", "use std::fmt;\n", &["first line"]);
        found("tests/tests/scep.rs", "use std::fmt;\n", &[]);
    }

    #[test]
    fn a_room_without_a_purpose_is_refused() {
        found("crates/pki/src/utils.rs", "//! All.\n", &["\"utils\""]);
        found("tests/common/mod.rs", "//! All.\n", &["\"common\"", "\"mod\""]);
        found("crates/pki/src/model.rs", "//! A model.\n", &[]);
    }

    #[test]
    fn banned_code_is_refused() {
        for (banned, _) in BANNED_CODE {
            found("xtask/src/a.rs", &format!("//! A.\n    {banned}x)"), &["xtask/src/a.rs:2: "]);
            found("docs/a.md", banned, &[]);
        }
        found("xtask/src/a.rs", "//! A.\n#[expect(dead_code, reason = \"x\")]\n", &[]);
    }

    #[test]
    fn a_promise_needs_an_issue() {
        for promise in PROMISES {
            found("deny.toml", &format!("# {promise}: later"), &["without an issue"]);
            found("deny.toml", &format!("# {promise} #soon"), &["without an issue"]);
            found("deny.toml", &format!("# {promise} #12: later"), &[]);
        }
    }

    #[test]
    fn a_path_of_one_machine_is_refused() {
        for folder in MACHINE_FOLDERS {
            found("a.toml", &format!("x\npath = \"/{folder}/me\""), &["a.toml:2: "]);
            found("a.md", &format!("https://example.com/{folder}/me"), &[]);
            found("a.md", &format!("./{folder}/me"), &[]);
        }
    }

    #[test]
    fn a_pure_crate_touches_nothing() {
        for code in [
            "use std::fs::File;",
            "use std::{env, fmt};",
            "use std::net;",
            "let now = SystemTime::now();",
            "tokio::spawn(x);",
            "fn at(now: Instant) {}",
        ] {
            let text = format!("//! A.\n{code}\n");
            found("crates/radius/src/a.rs", &text, &["crates/radius/src/a.rs:2: a pure crate"]);
            found("crates/server/src/a.rs", &text, &[]);
        }
    }

    #[test]
    fn a_pure_crate_may_speak_of_anything() {
        let text = "//! A.\nuse core::net::IpAddr; // not std::fs::File\n/// Instant coffee.\n";
        found("crates/radius/src/a.rs", text, &[]);
    }
}
