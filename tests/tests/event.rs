//! Events from outside: filters, following, histories, and what comes with the command line.

use std::process::Stdio;

use serde_json::Value;
use tests::directory;
use tests::directory::Directory;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::program;
use tests::stranger;
use tests::stranger::shown;

/// The kinds of the events that a command printed, one JSON document a line.
fn kinds(printed: &str) -> Vec<String> {
    let lines = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_default());
    lines.map(|event| json::text(&event, "/kind").to_owned()).collect()
}

fn items(page: &Value) -> Vec<&str> {
    json::list(page, "/items").iter().map(|event| json::text(event, "/kind")).collect()
}

#[test]
fn events_are_filtered_and_told_as_histories() {
    let mut lab = Lab::of_guide();
    lab.enroll("mac-1");
    let list = |filter: &str| {
        let asked = lab.ask(["event", "list", "--json", "--filter", filter]);
        asked.succeeded().json()
    };
    let page = list("kind:certificate.* -kind:certificate.made device:mac-*");
    assert_eq!(items(&page), ["certificate.enrollment"]);
    let object = json::text(&json::list(&page, "/items")[0], "/object").to_owned();
    let serial = object.strip_prefix("certificate:").unwrap();
    lab.ask(["certificate", "revoke", serial, "--reason", "superseded"]).succeeded();
    let history = ["certificate", "history", serial, "--json"];
    let page = lab.ask(history).succeeded().json();
    assert_eq!(items(&page), ["certificate.revoked", "certificate.enrollment"]);
    let [certificate, verb, number, json] = history;
    let oldest = [certificate, verb, number, json, "--order", "oldest", "--limit", "1"];
    assert_eq!(items(&lab.ask(oldest).succeeded().json()), ["certificate.enrollment"]);
    let page = lab.ask(["device", "history", "mac-1", "--json"]).succeeded().json();
    assert!(items(&page).contains(&"certificate.enrollment"));
    lab.ask(["person", "history", "nobody"]).refused().complains("API-NOT-FOUND");
    lab.ask(["event", "list", "--filter", "color:red"]).refused().complains("there are kind");
    let wide = ["event", "list", "--output", "wide", "--filter", "device:mac-1"];
    lab.ask(wide).succeeded().says("ACCESS POINT");
    lab.stop();
    // The same without a server.
    let page = lab.ask(history).succeeded().json();
    assert_eq!(items(&page), ["certificate.revoked", "certificate.enrollment"]);
}

#[test]
fn events_are_followed_as_they_come() {
    let mut lab = Lab::of_guide();
    let filter = "kind:certificate.enrollment";
    let mut command = program::command();
    command.args(["event", "follow", "--json", "--count", "3", "--filter", filter]);
    command.args(["--since", "1h"]);
    lab.place(&mut command);
    let following = command.stdout(Stdio::piped()).spawn().unwrap();
    for name in ["mac-1", "mac-2", "mac-3"] {
        lab.enroll(name);
    }
    let ended = following.wait_with_output().unwrap();
    assert!(ended.status.success());
    let printed = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(kinds(&printed), ["certificate.enrollment"; 3]);
    let mut ids: Vec<String> = printed
        .lines()
        .map(|line| json::text(&serde_json::from_str::<Value>(line).unwrap(), "/id").to_owned())
        .collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // It ends by its time, too, and knows what a moment is.
    lab.ask(["event", "follow", "--for", "1"]).succeeded();
    lab.ask(["event", "follow", "--since", "soon"])
        .refused()
        .complains("--since soon is no moment");
    lab.stop();
    let here = ["event", "follow", "--since", "1h", "--filter", filter];
    lab.ask(here).succeeded().says("certificate.enrollment").complains("no server runs");
}

#[test]
fn a_list_is_printed_again_and_again_and_in_the_order_that_was_asked() {
    let lab = Lab::empty();
    lab.ask(["seed", "--certificates", "6", "--json"]).succeeded();
    let watched = ["certificate", "list", "--watch", "1", "--count", "2", "--filter", "person:*"];
    let printed = lab.ask(watched).succeeded().stdout;
    assert_eq!(printed.matches("SERIAL").count(), 2, "{printed}");
    lab.ask(["certificate", "list", "--watch"]).ended_with(2).complains("--for SECONDS");
    lab.ask(["certificate", "list", "--count", "2"]).ended_with(2);
    let sorted = ["certificate", "list", "--json", "--sort", "device"];
    let page = lab.ask(sorted).succeeded().json();
    let devices: Vec<&str> =
        json::list(&page, "/items").iter().map(|item| json::text(item, "/device")).collect();
    assert_eq!(devices.len(), 6);
    assert!(devices.is_sorted(), "{devices:?}");
    lab.ask(["device", "list", "--sort", "serial"]).ended_with(2);
    lab.ask(["device", "list", "--filter", "owner:a*"]).refused().complains("there are name");
}

#[test]
fn bash_completes_commands_and_options() {
    let script = program::run(["completions", "bash"]).succeeded();
    let directory = Directory::fresh();
    let file = directory.write("safeconduct.bash", &script.bytes);
    let complete = |words: &str, index: &str| {
        let ask = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD={index};
             _safeconduct safeconduct \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\";
             printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            shown(&file)
        );
        let said = outcome::run(outcome::command("bash").args(["-c", &ask])).succeeded().stdout;
        said.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = ["certificate", "certificate-authority", "certificate-template"];
    assert_eq!(complete("safeconduct cert", "1"), expected);
    assert_eq!(complete("safeconduct event fol", "2"), ["follow"]);
    assert_eq!(complete("safeconduct event follow --si", "3"), ["--since"]);
    for shell in ["zsh", "fish", "powershell"] {
        program::run(["completions", shell]).succeeded().says("follow");
    }
    program::run(["completions", "tcsh"]).ended_with(2);
}

#[test]
fn every_command_has_a_man_page_that_is_well_formed() {
    let directory = Directory::fresh();
    let pages = directory.file("man");
    program::run(["man", "--out", shown(&pages)]).succeeded();
    let pages = directory::contents(&pages);
    assert!(pages.len() > 60, "{}", pages.len());
    let names: Vec<String> = pages.iter().map(|(path, _)| shown(path).to_owned()).collect();
    assert!(names.iter().any(|name| name.ends_with("safeconduct-event-follow.1")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("handbook")), "{names:?}");
    let checked = stranger::typeset(names.iter().map(String::as_str)).succeeded();
    assert_eq!(checked.stderr, "");
    // Where no directory can be made, it says so.
    let file = directory.write("file", "");
    program::run(["man", "--out", shown(&file)]).refused().complains("cannot be made");
}
