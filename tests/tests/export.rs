//! `export`: the file makes the same organization again, to the byte; renames, pruning and a start
//! with a file.

use std::path::Path;

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::program;
use tests::server::Server;
use tests::stranger::shown;

const DEMO: &str = include_str!("../../examples/demo.toml");
const EVERY_FIELD: &str = include_str!("../corpus/every_field.toml");

fn with_demo() -> String {
    guide::and(DEMO)
}

#[track_caller]
fn export(lab: &Lab) -> String {
    lab.ask(["export", "--inventory"]).succeeded().stdout
}

/// The text of a field that a line gives.
fn text<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.split('"').next()
}

/// Puts the secrets that a file holds into the files that an export names.
#[track_caller]
fn put_secrets(lab: &Lab, exported: &str, source: &str) {
    let value_behind = |whole: &str, name: &str, key: &str| {
        let mut lines = whole.lines().skip_while(|line| *line != "[[access_point]]");
        lines.find(|line| text(line, "name") == Some(name))?;
        lines.find_map(|line| text(line, key)).map(str::to_owned)
    };
    std::fs::create_dir(lab.directory.file("secrets")).expect("a directory of our own is made");
    let points = exported.lines().skip_while(|line| *line != "[[access_point]]");
    let points = points.take_while(|line| !line.starts_with("[[person]]"));
    let mut count = 0;
    for name in points.filter_map(|line| text(line, "name")) {
        let file = value_behind(exported, name, "shared_secret_file");
        let file = file.expect("an export names a file");
        let secret = value_behind(source, name, "shared_secret");
        lab.directory.write(&file, secret.expect("the source has the secret"));
        count += 1;
    }
    assert!(count > 0, "{exported}");
}

#[track_caller]
fn check_round_trip(source: &str) {
    let lab = Lab::unserved(source);
    let exported = export(&lab);
    for line in exported.lines().filter(|line| line.contains("shared_secret")) {
        assert!(
            line.starts_with("shared_secret_file = \"secrets/") || line.starts_with("# "),
            "{line}"
        );
    }
    let again = lab.apply(&exported, ["--prune", "--dry-run", "--json"]).succeeded().json();
    for list in ["/create", "/change", "/remove"] {
        assert_eq!(json::list(&again, list), [Value::Null; 0], "{again:#}");
    }
    assert_eq!(export(&lab), exported);
    let elsewhere = Lab::empty();
    put_secrets(&elsewhere, &exported, source);
    let applied = elsewhere.apply(&exported, ["--secrets", shown(&elsewhere.csv())]);
    assert_eq!(applied.succeeded().stderr, "");
    assert_eq!(export(&elsewhere), exported);
}

#[test]
fn the_guides_organization_is_made_again_to_the_byte() {
    check_round_trip(guide::GUIDE);
}

#[test]
fn the_demos_organization_is_made_again_to_the_byte() {
    check_round_trip(&with_demo());
}

#[test]
fn an_organization_with_every_field_is_made_again_to_the_byte() {
    check_round_trip(EVERY_FIELD);
}

#[test]
fn an_export_replaces_the_file_as_a_whole_and_prints_what_the_api_takes() {
    let lab = Lab::unserved(guide::GUIDE);
    let file = lab.directory.write("school.toml", "older");
    lab.ask(["export", "--out", shown(&file)]).succeeded().says("school.toml");
    let text = directory::text(&file);
    assert_eq!(text, lab.ask(["export"]).succeeded().stdout);
    assert!(!lab.directory.file("school.toml.part").exists());
    let json = lab.ask(["export", "--json"]).succeeded().json();
    assert_eq!(json::text(&json, "/gateway/0/slug"), "mosyle");
    assert_eq!(json.pointer("/access_point/0/shared_secret_file"), None);
    let nowhere = lab.directory.file("nowhere/school.toml");
    lab.ask(["export", "--out", shown(&nowhere)]).refused().complains("school.toml is not written");
    let empty = Lab::empty();
    empty.ask(["export"]).refused().complains("there is no organization");
}

#[test]
fn a_gateway_and_an_access_point_under_new_names_serve_devices_as_before() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    let toml = guide::with([
        ("name = \"Mosyle\"\n", "name = \"Teachers\"\nrenamed_from = \"Mosyle\"\n"),
        ("value = [\"Mosyle\"]", "value = [\"Teachers\"]"),
        ("gateway = \"Mosyle\"", "gateway = \"Teachers\""),
        ("name = \"Loopback\"\n", "name = \"Roof\"\nrenamed_from = \"Loopback\"\n"),
        (&format!("shared_secret = \"{}\"", guide::SHARED_SECRET), "description = \"up\""),
    ]);
    let plan = lab.apply(&toml, []).succeeded();
    plan.says("~ gateway \"Teachers\" (was \"Mosyle\")")
        .says("~ access point \"Roof\" (was \"Loopback\")");
    lab.apply(&toml, []).succeeded().says("Nothing changed");
    let order = ["--secret", guide::SHARED_SECRET];
    lab.authenticate(&identity, order).succeeded();
    // The old address and the old challenge.
    let fresh = lab.enroll("mac-2");
    lab.authenticate(&fresh, order).succeeded();
    assert!(export(&lab).contains("renamed_from = \"Mosyle\"\n"));
}

#[test]
fn much_is_pruned_only_if_it_is_said_how_much() {
    let mut toml = guide::GUIDE.to_owned();
    for number in 0..7 {
        toml.push_str(&format!("\n[[policy_workflow]]\nname = \"Left over {number}\"\n"));
    }
    let lab = Lab::unserved(&toml);
    let refused = lab.apply(guide::GUIDE, ["--prune"]).refused();
    refused.complains("this would remove 7 of 18 objects").complains("--confirm NUMBER");
    lab.apply(guide::GUIDE, ["--prune", "--dry-run"]).succeeded().says("7 removed");
    lab.apply(guide::GUIDE, ["--prune", "--confirm", "7"]).succeeded().says("7 removed");
}

#[test]
fn a_start_with_a_file_makes_changes_once_and_takes_nothing_away() {
    let lab = Lab::empty();
    let extra = format!("{}\n[[policy_workflow]]\nname = \"By hand\"\n", guide::GUIDE);
    lab.apply(&extra, ["--secrets", shown(&lab.csv())]).succeeded();
    let toml = lab.directory.write("guide.toml", with_demo());
    let csv = lab.directory.file("new.csv");
    let log = lab.directory.file("serve.log");
    let arguments = ["--apply", shown(&toml), "--secrets", shown(&csv)];
    assert_eq!(Server::start(&lab.data(), &log, arguments).stop(), 0);
    let secrets = directory::text(&csv);
    assert_eq!(secrets.lines().count(), 3, "{secrets}");
    let exported = export(&lab);
    assert!(exported.contains("name = \"By hand\""), "a start with a file prunes nothing");
    assert_eq!(Server::start(&lab.data(), &log, arguments).stop(), 0);
    assert_eq!(directory::text(&csv), secrets);
    assert_eq!(export(&lab), exported);
}

#[track_caller]
fn serve_refuses(data: &Path, file: &Path) -> outcome::Outcome {
    let mut command = program::command();
    command.arg("serve").arg("--data").arg(data).arg("--apply").arg(file);
    for door in ["--http", "--https", "--radius-auth", "--radius-acct", "--health"] {
        command.args([door, "127.0.0.1:0"]);
    }
    outcome::run(&mut command).ended_with(1)
}

#[test]
fn a_start_with_a_wrong_file_ends_and_says_where() {
    let lab = Lab::unserved(guide::GUIDE);
    let wrong = guide::with([("value = \"20\"", "value = \"5000\"")]);
    let line = 1 + wrong.lines().position(|line| line.contains("5000")).unwrap();
    let file = lab.directory.write("wrong.toml", &wrong);
    let before = export(&lab);
    let refused = serve_refuses(&lab.data(), &file);
    let place = format!("wrong.toml:{line}: network_policy[0].settings.attributes[2].value:");
    let refused = refused.complains(&place).complains("Nothing was changed");
    assert!(!refused.stdout.contains("ready"), "{}", refused.stdout);
    assert_eq!(export(&lab), before);
    let broken = lab.directory.write("broken.toml", "[organization]\nname = = 1\n");
    serve_refuses(&lab.data(), &broken).complains("broken.toml:2:");
}
