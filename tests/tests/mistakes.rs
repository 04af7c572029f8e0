//! Mistakes in a declarative file: each is refused with file, line, field and fix, and nothing
//! is changed; with the server stopped and running.

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::stranger::shown;

/// A file with one mistake.
struct Mistake {
    toml: String,
    /// What first stands on the line that is wrong.
    place: &'static str,
    field: &'static str,
    what: &'static str,
}

/// Something in the guide's file, replaced.
#[track_caller]
fn changed(from: &str, to: &'static str, field: &'static str, what: &'static str) -> Mistake {
    Mistake { toml: guide::with([(from, to)]), place: to, field, what }
}

/// Something behind the guide's file; the mistake is on the line that begins with `place`.
fn added(table: &str, place: &'static str, field: &'static str, what: &'static str) -> Mistake {
    Mistake { toml: guide::and(table), place, field, what }
}

fn mistakes() -> Vec<Mistake> {
    let mut all = wrong_tables();
    all.extend(wrong_fields());
    all.extend(wrong_attributes_and_secrets());
    all
}

fn wrong_tables() -> Vec<Mistake> {
    vec![
        added("[[toaster]]\nname = \"T\"", "[[toaster]]", "toaster", "unknown key"),
        added(
            "[[gateway]]\nname = \"G\"\ncolour = \"red\"",
            "colour",
            "gateway[1].colour",
            "unknown field `colour`",
        ),
        added(
            "[[gateway]]\nslug = \"other\"\nname = \"Mosyle\"#twice",
            "name = \"Mosyle\"#twice",
            "gateway[1].name",
            "there is another gateway \"Mosyle\"",
        ),
        added(
            "[[gateway]]\nname = \"Other\"\nslug = \"mosyle\"",
            "slug = \"mosyle\"",
            "gateway[1].slug",
            "the slug \"mosyle\" is that of \"Mosyle\"",
        ),
        added(
            "[[certificate_authority]]#new\nname = \"X\"\ntype = \"intermediate\"",
            "[[certificate_authority]]#new",
            "certificate_authority[3].issuer",
            "needs the authority that signs it",
        ),
        changed("[[server_certificate]]", "[server_certificate]", "server_certificate", "a list"),
        changed("name = \"RADIUS\"", "name = = \"RADIUS\"", "", "extra `=`"),
        changed("ssid = \"Example-Secure\"", "ssid = \"Example-Secure", "", "basic string"),
    ]
}

fn wrong_fields() -> Vec<Mistake> {
    vec![
        changed(
            "validity_days = 365",
            "validity_days = \"a year\"",
            "certificate_template[0].validity_days",
            "invalid type",
        ),
        changed(
            "validity_days = 365",
            "validity_days = 0",
            "certificate_template[0].validity_days",
            "0 days and 0 hours are outside 1 hour to",
        ),
        changed(
            "certificate_template = \"Mosyle devices\"",
            "certificate_template = \"Nobody\"",
            "enrollment_policy[0].settings.certificate_template",
            "there is no certificate template \"Nobody\"",
        ),
        changed(
            "gateway = \"Mosyle\"",
            "gateway = \"Nobody\"",
            "network_profile[0].gateway",
            "there is no gateway \"Nobody\"",
        ),
        changed(
            "subject = \"CN=${/device/clientId}\"",
            "subject = \"CN=${/device/colour}\"",
            "certificate_template[0].subject",
            "unknown variable \"/device/colour\"",
        ),
        changed(
            "field = \"identity.provider\"",
            "field = \"identity.colour\"",
            "policy_workflow[0].rules[0].field",
            "there is no field",
        ),
        changed(
            "key = \"rsa-2048\"",
            "key = \"rsa-3072\"",
            "certificate_authority[1].key",
            "would change from \"rsa-2048\"",
        ),
        changed(
            "base_url = \"http://127.0.0.1:8080\"",
            "base_url = \"ftp:x\"",
            "organization.base_url",
            "is not an address",
        ),
    ]
}

fn wrong_attributes_and_secrets() -> Vec<Mistake> {
    vec![
        changed(
            "attribute = \"Tunnel-Type\", value = \"VLAN\"",
            "attribute = \"Tunnel-Type\", value = \"VLANS\"",
            "network_policy[0].settings.attributes[0].value",
            "Tunnel-Type",
        ),
        changed(
            "attribute = \"Tunnel-Type\"",
            "attribute = \"Tunnel-Colour\"",
            "network_policy[0].settings.attributes[0].attribute",
            "there is no \"Tunnel-Colour\"",
        ),
        changed(
            "value = \"20\"",
            "value = \"5000\"",
            "network_policy[0].settings.attributes[2].value",
            "VLAN 5000 is outside 1 to 4094",
        ),
        changed(
            "address = \"127.0.0.1/32\"",
            "address = \"127.0.0.1/33\"",
            "access_point[0].address",
            "is not an address or network",
        ),
        changed(
            "shared_secret = \"a-long-shared-secret-for-the-lab\"",
            "shared_secret = \"short\"",
            "access_point[0].shared_secret",
            "5 bytes long",
        ),
        added(
            "[[access_point]]\nname = \"New\"\naddress = \"192.0.2.1\"\nshared_secret_file = \
             \"no-such-file\"",
            "shared_secret_file",
            "access_point[1].shared_secret_file",
            "cannot be read",
        ),
        changed(
            "shared_secret = \"a-long-shared-secret-for-the-lab\"",
            "shared_secret_file = \"/dev/zero\"",
            "access_point[0].shared_secret_file",
            "is longer than 4096 bytes",
        ),
        added(
            "[[access_point]]\nname = \"New\"\naddress = \"192.0.2.1\"\nshared_secret_file = \
             \"x\"\nshared_secret = \"another-long-secret\"",
            "shared_secret_file",
            "access_point[1].shared_secret_file",
            "is given beside shared_secret",
        ),
        added(
            "[[access_point]]#new\nname = \"New\"\naddress = \"192.0.2.1\"",
            "[[access_point]]#new",
            "access_point[1].shared_secret",
            "is missing",
        ),
    ]
}

#[track_caller]
fn check(lab: &Lab, mistake: &Mistake) {
    let Mistake { toml, place, field, what } = mistake;
    let csv = lab.directory.file("never.csv");
    // From the end: what is added may stand in the guide's file, too.
    let before = toml.rfind(place).and_then(|at| toml.get(..at)).expect("the mistake is there");
    let line = 1 + before.matches('\n').count();
    let said = lab.apply(toml, ["--secrets", shown(&csv)]).refused();
    let begin = format!("organization.toml:{line}: {field}");
    let said = said.complains(&begin).complains(what).complains("Nothing was changed.");
    let fix = said.stderr.lines().find_map(|line| line.trim().strip_prefix("fix: "));
    assert!(fix.is_some_and(|fix| fix.len() > 5), "no fix: {}", said.stderr);
    assert!(said.stdout.is_empty(), "{}", said.stdout);
    assert!(!csv.exists(), "a CSV was left behind: {place}");
    let complaints = lab.apply(toml, ["--json", "--secrets", shown(&csv)]).refused().json();
    let first = json::at(&complaints, "/complaints/0");
    assert_eq!(json::at(first, "/line").as_u64(), u64::try_from(line).ok(), "{complaints:#}");
    assert_eq!(json::text(first, "/field"), *field, "{complaints:#}");
    assert!(json::text(first, "/file").ends_with("organization.toml"), "{complaints:#}");
    assert!(json::text(first, "/what").contains(what), "{complaints:#}");
    assert!(json::text(first, "/fix").len() > 5, "{complaints:#}");
    assert!(!csv.exists(), "a CSV was left behind: {place}");
}

/// The guide's organization and something that the mistakes must not touch.
#[track_caller]
fn state(lab: &Lab) -> (Vec<Value>, Vec<Value>, Value) {
    let mut events = lab.events();
    events.retain(|event| json::text(event, "/kind") != "request.refused");
    let plan = lab.apply(guide::GUIDE, ["--dry-run", "--json"]).succeeded().json();
    assert_eq!(json::at(&plan, "/unchanged").as_u64(), Some(guide::OBJECTS), "{plan:#}");
    (lab.certificates(), events, plan)
}

#[test]
fn a_mistake_is_refused_where_it_stands_and_changes_nothing() {
    let lab = Lab::unserved(guide::GUIDE);
    let before = state(&lab);
    for mistake in mistakes() {
        check(&lab, &mistake);
    }
    assert_eq!(state(&lab), before);
}

#[test]
fn a_running_server_refuses_the_same_and_goes_on() {
    let lab = Lab::of_guide();
    let before = state(&lab);
    let organization = http::get_from_socket(&lab.data(), "/api/v1/organization");
    for mistake in mistakes() {
        check(&lab, &mistake);
    }
    assert_eq!(state(&lab), before);
    assert_eq!(http::get_from_socket(&lab.data(), "/api/v1/organization"), organization);
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
}

#[test]
fn several_mistakes_are_told_at_once() {
    let lab = Lab::unserved(guide::GUIDE);
    let toml = guide::with([
        ("value = \"20\"", "value = \"5000\""),
        ("validity_days = 365", "validity_days = 0"),
    ]);
    let said = lab.apply(&toml, []).refused();
    said.complains("VLAN 5000").complains("0 days and 0 hours are outside");
}

#[test]
fn a_control_character_in_a_file_does_not_reach_the_terminal() {
    let lab = Lab::unserved(guide::GUIDE);
    let toml = guide::and("[[gateway]]\nname = \"red\\u001b[31m\"\n");
    let said = lab.apply(&toml, ["--dry-run"]);
    for text in [&said.stdout, &said.stderr] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn serve_with_a_mistake_in_its_file_does_not_serve() {
    let lab = Lab::unserved(guide::GUIDE);
    let toml = guide::with([("value = \"20\"", "value = \"5000\"")]);
    let file = lab.directory.write("bad.toml", toml);
    let before = directory::bytes(&lab.data().join("master.key"));
    lab.ask(["serve", "--apply", shown(&file)]).refused().complains("VLAN 5000");
    assert_eq!(directory::bytes(&lab.data().join("master.key")), before);
}
