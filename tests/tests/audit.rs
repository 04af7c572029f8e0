//! The audit: verified where it is, in a copy, and in a file with nothing else; broken on purpose,
//! each time named.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use serde_json::json;
use tests::directory;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::stranger::shown;

/// What `audit verify` says of a data directory.
#[track_caller]
fn verify(data: &Path) -> Outcome {
    program::run(["audit", "verify", "--json", "--data", shown(data)])
}

/// What it says of a file.
#[track_caller]
fn verify_file(file: &Path) -> Outcome {
    program::run(["audit", "verify", "--json", "--file", shown(file)])
}

/// Copies a data directory, as an administrator does: without the socket.
#[track_caller]
fn copy(lab: &Lab, name: &str) -> PathBuf {
    let to = lab.directory.file(name);
    std::fs::create_dir(&to).expect("a fresh directory can be made");
    for (path, bytes) in directory::contents(&lab.data()) {
        let name = path.file_name().expect("a file has a name");
        directory::write(&to.join(name), bytes);
    }
    to
}

/// Does what somebody might do to the database of a copy.
#[track_caller]
fn tamper(data: &Path, sql: &str) {
    let database = directory::contents(data);
    let is_database = |path: &PathBuf| path.extension().is_some_and(|end| end == "db");
    let database = database.into_iter().map(|(path, _)| path).find(is_database);
    let database = database.expect("a data directory has a database");
    let script = "import sqlite3, sys\n\
                  c = sqlite3.connect(sys.argv[1])\n\
                  c.executescript(sys.argv[2])\n\
                  c.commit()\n";
    let mut command = Command::new("python3");
    command.args(["-c", script, shown(&database), sql]);
    outcome::run(&mut command).succeeded();
}

#[track_caller]
fn is_broken(outcome: Outcome, row: i64, word: &str) {
    let verdict = outcome.refused().json();
    assert_eq!(json::at(&verdict, "/intact"), false, "{verdict:#}");
    let named = (json::at(&verdict, "/row"), json::at(&verdict, "/tampering"));
    assert_eq!(named, (&json!(row), &json!(word)), "{verdict:#}");
    let begin = format!("row {row} of the audit ");
    assert!(json::text(&verdict, "/complaint").starts_with(&begin), "{verdict:#}");
    assert_eq!(json::at(&verdict, "/rows"), &json!(row - 1));
}

#[test]
fn a_copy_is_verified_and_what_was_done_to_it_is_named() {
    let mut lab = Lab::of_guide();
    lab.enroll("mac-1");
    let here = verify(&lab.data()).succeeded().json();
    // A copy of what a running server writes is as good as a power cut leaves it.
    let running = copy(&lab, "running");
    let there = verify(&running).succeeded().json();
    assert_eq!((&there["intact"], &there["rows"]), (&json!(true), &here["rows"]));
    lab.stop();
    let rows = verify(&lab.data()).succeeded().json();
    assert_eq!(rows["covered"], rows["rows"], "the end of a run is signed");
    let rows = rows["rows"].as_i64().unwrap();
    for (name, sql, row, word) in [
        ("a", "update audit set actor = 'nobody' where sequence = 2".to_owned(), 2, "edited"),
        ("b", "delete from audit where sequence = 3".to_owned(), 3, "missing"),
        (
            "c",
            "update audit set sequence = 1000000 where sequence = 2;
             update audit set sequence = 2 where sequence = 3;
             update audit set sequence = 3 where sequence = 1000000;"
                .to_owned(),
            2,
            "moved",
        ),
        ("d", format!("delete from audit where sequence = {rows}"), rows, "cut-off"),
        (
            "e",
            "update audit_checkpoint set signature = zeroblob(64)
             where sequence = (select min(sequence) from audit_checkpoint)"
                .to_owned(),
            0,
            "checkpoint",
        ),
    ] {
        let data = copy(&lab, name);
        tamper(&data, &sql);
        let outcome = verify(&data);
        let row = if row == 0 { outcome.json()["row"].as_i64().unwrap() } else { row };
        is_broken(outcome, row, word);
        let told = program::run(["audit", "verify", "--data", shown(&data)]);
        told.refused().says(&format!("({word}).")).says("row ");
    }
}

#[test]
fn a_copy_without_its_master_key_says_so() {
    let lab = Lab::unserved(tests::guide::GUIDE);
    let data = copy(&lab, "copy");
    std::fs::remove_file(data.join("master.key")).unwrap();
    verify(&data).refused().complains("master.key is missing");
}

#[test]
fn an_exported_file_is_verified_with_nothing_else() {
    let mut lab = Lab::of_guide();
    lab.enroll("mac-1");
    let file = lab.directory.file("audit.jsonl");
    let written = lab.ask(["audit", "export", "--json", "--out", shown(&file)]).succeeded().json();
    assert_eq!(written["rows"], written["covered"]);
    let key = json::text(&written, "/fingerprint").to_owned();
    // The log pins the checkpoint.
    let log = lab.server().log();
    assert!(log.contains(&key) && log.contains("checkpoint of the audit"), "{log}");
    lab.stop();
    // Neither data nor key is there.
    std::fs::remove_dir_all(lab.data()).unwrap();
    let verdict = verify_file(&file).succeeded().json();
    assert_eq!((&verdict["rows"], &verdict["covered"]), (&written["rows"], &written["rows"]));
    assert_eq!(json::text(&verdict, "/fingerprint"), key);
    let with = |key: &str| program::run(["audit", "verify", "--file", shown(&file), "--key", key]);
    with(&key).succeeded().says("complete and unedited");
    with(&"0".repeat(64)).refused().says("is signed with the key");
    let text = directory::text(&file);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["format"], "safeconduct audit 1");
    assert_eq!(lines.last().unwrap()["line"], "end");
    assert!(!text.contains(&lab.secret(tests::guide::GATEWAY)));
    let break_it = |name: &str, change: &dyn Fn(&mut Vec<Value>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        verify_file(&lab.directory.write(name, text))
    };
    let last = lines.iter().rposition(|line| line["line"] == "row").unwrap();
    let rows = written["rows"].as_i64().unwrap();
    is_broken(break_it("a", &|all| all[2]["actor"] = json!("nobody")), 2, "edited");
    is_broken(break_it("b", &|all| drop(all.remove(3))), 3, "missing");
    is_broken(break_it("c", &|all| all.swap(2, 3)), 2, "moved");
    is_broken(break_it("d", &|all| all.truncate(last)), rows, "cut-off");
    let forge = |all: &mut Vec<Value>| {
        let signed = all.iter().position(|line| line["line"] == "checkpoint").unwrap();
        all[signed]["signature"] = json!("0".repeat(128));
    };
    let forged = break_it("e", &forge);
    let row = forged.json()["row"].as_i64().unwrap();
    is_broken(forged, row, "checkpoint");
    let cut = lab.directory.write("f", &text[..text.len() / 2]);
    verify_file(&cut).refused().says("\"intact\": false");
}

#[test]
fn changes_are_listed_and_checkpoints_made_on_demand() {
    let lab = Lab::of_guide();
    lab.ask(["audit", "list", "--limit", "5"]).succeeded().says("certificate.made");
    let page = lab.ask(["audit", "list", "--limit", "5", "--json"]).succeeded().json();
    let items = json::list(&page, "/items");
    assert!(items[0]["sequence"].as_i64() > items[4]["sequence"].as_i64());
    lab.ask(["person", "add", "Anna"]).succeeded();
    let signed = lab.ask(["audit", "checkpoint", "--json"]).succeeded().json();
    assert_eq!(json::text(&signed, "/checkpoint/signature").len(), 128, "{signed:#}");
    lab.ask(["audit", "checkpoint"]).succeeded().says("Nothing came");
    let existing = lab.directory.write("there", "mine");
    let refused = lab.ask(["audit", "export", "--out", shown(&existing)]);
    refused.refused().complains("name one that is not there");
    assert_eq!(directory::text(&existing), "mine");
}
