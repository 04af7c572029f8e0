//! `apply`: a file becomes an organization, twice is once, and a file with a mistake changes
//! nothing and says where the mistake is and what to do; with the server running or stopped.

use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::stranger::shown;

/// Everything that can be seen of an organization: its certificates, and that the guide's file
/// describes it to the letter.
#[track_caller]
fn state(lab: &Lab) -> (Vec<Value>, Value) {
    let plan = lab.apply(guide::GUIDE, ["--dry-run", "--json"]).succeeded().json();
    (lab.certificates(), plan)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("the file is there").mode() & 0o777
}

#[test]
fn the_guides_file_applies_and_twice_is_once() {
    let lab = Lab::empty();
    let csv = lab.csv();
    let first = lab.apply(guide::GUIDE, ["--secrets", shown(&csv)]).succeeded();
    for object in ["+ gateway \"Mosyle\"", "+ certificate authority \"Example School SCEP CA\""] {
        assert!(first.stdout.contains(object), "{}", first.stdout);
    }
    let certificates = lab.certificates();
    let second = lab.apply(guide::GUIDE, []).succeeded();
    second.says(&format!("Nothing changed: all {} objects", guide::OBJECTS));
    let plan = lab.apply(guide::GUIDE, ["--json"]).succeeded().json();
    let expected = serde_json::json!({
        "create": [], "change": [], "remove": [], "unchanged": guide::OBJECTS,
    });
    assert_eq!(plan, expected);
    assert_eq!(lab.certificates(), certificates);
}

#[test]
fn a_dry_run_shows_all_and_changes_nothing() {
    let lab = Lab::empty();
    let csv = lab.csv();
    lab.apply("[organization]\nname = \"Before\"\n", []).succeeded();
    let plan = lab.apply(guide::GUIDE, ["--dry-run", "--json", "--secrets", shown(&csv)]);
    let plan = plan.succeeded().json();
    assert_eq!(json::list(&plan, "/create").len(), 11, "{plan:#}");
    assert_eq!(json::list(&plan, "/change").len(), 1, "{plan:#}");
    assert!(!csv.exists(), "a dry run drew secrets");
    assert!(lab.certificates().is_empty());
    let again = lab.apply(guide::GUIDE, ["--dry-run", "--json"]).succeeded().json();
    assert_eq!(again, plan);
    lab.apply(guide::GUIDE, ["--dry-run"]).succeeded().says("Nothing was changed");
}

#[test]
fn the_csv_holds_the_secret_once_and_for_us_alone() {
    let lab = Lab::unserved(guide::GUIDE);
    let csv = directory::text(&lab.csv());
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("name,url,secret"));
    let line = lines.next().unwrap();
    let expected = "Mosyle,http://127.0.0.1:8080/scep/mosyle,";
    assert!(line.starts_with(expected), "{line}");
    assert!(lab.secret(guide::GATEWAY).len() >= 24, "{line}");
    assert_eq!(lines.next(), None);
    assert_eq!(mode(&lab.csv()), 0o600);
    for (path, _) in directory::contents(&lab.data()) {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn without_a_csv_the_secret_is_shown_and_only_once() {
    let lab = Lab::empty();
    let shown = lab.apply(guide::GUIDE, []).succeeded();
    let line = shown.stdout.lines().find(|line| line.starts_with("Mosyle,http")).unwrap();
    let secret = line.rsplit(',').next().unwrap();
    assert!(secret.len() >= 24, "{line}");
    let again = lab.apply(guide::GUIDE, []).succeeded();
    assert!(!again.stdout.contains(secret) && !again.stdout.contains("name,url,secret"));
}

#[test]
fn a_csv_that_exists_is_not_touched_and_nothing_is_made() {
    let lab = Lab::empty();
    lab.apply("[organization]\nname = \"Before\"\n", []).succeeded();
    let csv = lab.directory.write("secrets.csv", "older secrets\n");
    let outcome = lab.apply(guide::GUIDE, ["--secrets", shown(&csv)]);
    outcome.refused().complains("secrets.csv");
    assert_eq!(directory::text(&csv), "older secrets\n");
    assert!(lab.certificates().is_empty());
}

#[test]
fn no_secret_is_in_any_file_event_or_log() {
    let mut lab = Lab::of_guide();
    let secret = lab.secret(guide::GATEWAY);
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    let wrong = ["--secret", "a-secret-that-is-a-canary", "--subject", "CN=mac-2"];
    lab.ask_for_certificate("mac-2", wrong).refused();
    let shared = "another-shared-secret-for-the-lab";
    let changed = guide::with([(guide::SHARED_SECRET, shared)]);
    let told = lab.apply(&changed, []).succeeded().says("shared_secret: changed");
    let dump = lab.ask(["event", "list", "--json"]).succeeded();
    let first = lab.events().first().map(|event| json::text(event, "/id").to_owned());
    let one = lab.ask(["event", "show", &first.unwrap(), "--json"]).succeeded();
    let secrets = [&secret, "a-secret-that-is-a-canary", guide::SHARED_SECRET, shared];
    let check = |what: &str, bytes: &[u8]| {
        for secret in secrets {
            assert!(!directory::holds(bytes, secret), "{what} holds the secret {secret}");
        }
    };
    check("the plan", told.stdout.as_bytes());
    check("the list of events", dump.stdout.as_bytes());
    check("an event", one.stdout.as_bytes());
    check("the log", lab.server().log().as_bytes());
    for (path, bytes) in directory::contents(&lab.data()) {
        check(&path.display().to_string(), &bytes);
    }
    lab.stop();
    for (path, bytes) in directory::contents(&lab.data()) {
        check(&path.display().to_string(), &bytes);
    }
    check("the log", directory::text(&lab.directory.file("serve.log")).as_bytes());
    // The search itself finds what is there.
    assert!(directory::holds(&directory::bytes(&lab.csv()), &secret));
}

#[test]
fn a_shared_secret_comes_from_a_file_beside_the_toml() {
    let lab = Lab::empty();
    lab.directory.write("loopback.secret", "a-shared-secret-from-a-file\n");
    let toml = guide::with([(
        &format!("shared_secret = \"{}\"", guide::SHARED_SECRET),
        "shared_secret_file = \"loopback.secret\"",
    )]);
    lab.apply(&toml, ["--secrets", shown(&lab.csv())]).succeeded();
    let mut lab = lab;
    lab.serve();
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", "a-shared-secret-from-a-file"]).succeeded();
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).refused();
}

#[test]
fn a_running_server_takes_a_file_at_once() {
    let mut lab = Lab::of_guide();
    let (identity, order) = (lab.enroll("mac-1"), ["--secret", guide::SHARED_SECRET]);
    let vlan = lab.authenticate(&identity, order).succeeded().json();
    assert_eq!(vlan["vlan"], "20");
    let changed = guide::with([("value = \"20\"", "value = \"40\"")]);
    lab.apply(&changed, []).succeeded().says("~ network policy");
    let vlan = lab.authenticate(&identity, order).succeeded().json();
    assert_eq!(vlan["vlan"], "40");
    let events = lab.events();
    let changes = |event: &&Value| json::text(event, "/kind") == "object.changed";
    assert!(events.iter().find(changes).is_some(), "{events:#?}");
    // The same file says the same to the same organization without its server.
    lab.stop();
    lab.apply(&changed, []).succeeded().says("Nothing changed");
}

#[test]
fn policies_that_a_file_does_not_name_go_behind_and_it_says_so() {
    let lab = Lab::unserved(guide::GUIDE);
    let closed = "[[network_policy]]\nname = \"Closed\"\nrules = [{ field = \"always\" }]\n\
                  [network_policy.settings]\naccess = \"refuse\"\n";
    let plan = lab.apply(closed, ["--dry-run", "--json"]).succeeded().json();
    let moved = json::list(&plan, "/change");
    let moved = moved.iter().find(|change| change["name"] == "Mosyle devices to VLAN 20").unwrap();
    assert_eq!(json::text(moved, "/fields/0/field"), "position", "{plan:#}");
    let text = lab.apply(closed, []).succeeded();
    text.says("~ network policy \"Mosyle devices to VLAN 20\"")
        .says("position: 1 → 2 (moved down)");
}

#[test]
fn prune_removes_what_the_file_does_not_name() {
    let lab = Lab::unserved(&guide::and("[[policy_workflow]]\nname = \"Left over\"\n"));
    lab.apply(guide::GUIDE, []).succeeded().says("Nothing changed");
    let plan = lab.apply(guide::GUIDE, ["--prune", "--json"]).succeeded().json();
    assert_eq!(json::text(&plan, "/remove/0/name"), "Left over", "{plan:#}");
    lab.apply(guide::GUIDE, ["--prune"]).succeeded().says("Nothing changed");
}

#[test]
fn a_file_that_is_missing_or_no_text_is_refused() {
    let lab = Lab::unserved(guide::GUIDE);
    let before = state(&lab);
    let nowhere = lab.directory.file("nowhere.toml");
    lab.ask(["apply", shown(&nowhere)]).refused().complains("nowhere.toml cannot be read");
    let binary = lab.directory.write("binary.toml", [0xFF, 0xFE, 0, 1]);
    lab.ask(["apply", shown(&binary)]).refused().complains("binary.toml");
    assert_eq!(state(&lab), before);
}

#[test]
fn a_secret_file_that_is_not_there_leaves_the_secret_and_says_so() {
    let lab = Lab::unserved(guide::GUIDE);
    let secret = format!("shared_secret = \"{}\"", guide::SHARED_SECRET);
    let toml = guide::with([(&secret, "shared_secret_file = \"loopback.secret\"")]);
    let kept = lab.apply(&toml, []).succeeded().says("Nothing changed");
    assert!(kept.stderr.contains("loopback.secret cannot be read"), "{}", kept.stderr);
    // Elsewhere there is no secret that could be kept.
    let elsewhere = Lab::empty();
    elsewhere.apply(&toml, []).refused().complains("loopback.secret cannot be read");
    assert!(!elsewhere.data().exists());
}

#[test]
fn a_secret_file_of_another_system_is_read_and_one_for_everybody_is_told_of() {
    let lab = Lab::unserved(guide::GUIDE);
    let secret = format!("shared_secret = \"{}\"", guide::SHARED_SECRET);
    let toml = guide::with([(&secret, "shared_secret_file = \"loopback.secret\"")]);
    let file = lab.directory.write("loopback.secret", format!("{}\r\n", guide::SHARED_SECRET));
    let read = lab.apply(&toml, []).succeeded().says("Nothing changed");
    assert_eq!(read.stderr, "");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = lab.apply(&toml, []).succeeded().says("Nothing changed");
    assert!(told.stderr.contains("can be read by everybody"), "{}", told.stderr);
}

#[test]
fn a_plan_shows_what_a_new_object_says_and_what_an_old_one_said() {
    let lab = Lab::unserved(guide::GUIDE);
    let more = "[[gateway]]\nname = \"Jamf\"\nvendor = \"jamf\"\n";
    let toml = guide::with([
        ("description = \"The teachers' network\"\n", "description = \"Teachers\"\n"),
        ("value = \"20\"", "value = \"30\""),
    ]);
    let plan = lab.apply(&format!("{toml}\n{more}"), ["--dry-run"]).succeeded();
    for line in [
        "+ gateway \"Jamf\"\n",
        "    vendor: \"jamf\"\n",
        "~ network policy \"Mosyle devices to VLAN 20\"\n",
        "    description: \"The teachers' network\" → \"Teachers\"\n",
        "    settings.attributes:\n",
        "      + { dictionary = \"RADIUS:IETF\", attribute = \"Tunnel-Private-Group-Id\", \
         value = \"30\" }\n",
        "1 created, 1 changed, 0 removed, 11 unchanged",
    ] {
        assert!(plan.stdout.contains(line), "{line} is not in:\n{}", plan.stdout);
    }
    assert!(!plan.stdout.contains('\u{1b}'), "a file is no terminal: {}", plan.stdout);
}
