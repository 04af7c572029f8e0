//! Two servers on one PostgreSQL: what one is told, both know within a second; they enroll side by
//! side; and they outlive the database, each login included.

use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tests::directory;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::patience;
use tests::postgres;
use tests::postgres::Postgres;
use tests::program;

/// How long a server may go on answering as before when another was told something else.
const KNOWN_AFTER: Duration = Duration::from_secs(1);

/// Devices that enroll at each server.
const DEVICES: usize = 8;

fn master_key() -> String {
    "5afe".repeat(16)
}

/// Two servers on the database, and the guide's organization, which the first was told.
fn servers(url: &str) -> [Lab; 2] {
    let [mut one, mut two] = [url; 2].map(|url| Lab::on_database(url, &master_key()));
    one.serve();
    two.serve();
    one.apply(guide::GUIDE, ["--secrets", &one.csv().display().to_string()]).succeeded();
    directory::write(&two.csv(), directory::text(&one.csv()));
    for lab in [&one, &two] {
        assert!(
            patience::until(|| is_ready(lab).then_some(())).is_some(),
            "{}",
            lab.server().log()
        );
    }
    [one, two]
}

fn is_ready(lab: &Lab) -> bool {
    http::get(&lab.server().health, "/readyz").status == 200
}

/// Whether the device gets in, and where.
fn join(lab: &Lab, identity: &Path) -> Option<String> {
    join_at(lab.radius(), identity)
}

fn join_at(door: &str, identity: &Path) -> Option<String> {
    let mut command = program::command();
    command.args(["authenticate", "--json", "--radius", door, "--secret", guide::SHARED_SECRET]);
    let said = outcome::run(command.arg("--identity").arg(identity));
    (said.status == 0).then(|| json::text(&said.json(), "/vlan").to_owned())
}

/// Asserts that a login answers as `expected`, at the latest the first one that begins so long
/// after now.
#[expect(clippy::disallowed_methods, reason = "a deadline is measured on a real clock")]
#[track_caller]
fn check_soon(lab: &Lab, identity: &Path, expected: Option<&str>) {
    let told = Instant::now();
    loop {
        let is_late = told.elapsed() >= KNOWN_AFTER;
        let vlan = join(lab, identity);
        if vlan.as_deref() == expected {
            return;
        }
        assert!(!is_late, "after {KNOWN_AFTER:?} still {vlan:?}: {}", lab.server().log());
    }
}

/// Counts the rows of the audit that are not as the program writes them, worked out in SQL alone.
const BROKEN_LINKS: &str = "
    with link as (select *, lag(hash, 1, decode(repeat('00', 32), 'hex')) over (order by sequence)
        as before, row_number() over (order by sequence) as place from audit)
    select count(*) from link where sequence <> place or hash <> sha256(
        convert_to('safeconduct audit 1', 'UTF8') || before || int8send(sequence) || int8send(at)
        || int8send(octet_length(id)) || convert_to(id, 'UTF8')
        || int8send(octet_length(kind)) || convert_to(kind, 'UTF8')
        || int8send(octet_length(outcome)) || convert_to(outcome, 'UTF8')
        || int8send(octet_length(actor)) || convert_to(actor, 'UTF8')
        || int8send(octet_length(object)) || convert_to(object, 'UTF8')
        || int8send(octet_length(body)) || convert_to(body, 'UTF8'))";

#[track_caller]
fn check_audit(server: &Postgres, url: &str) {
    assert_eq!(server.query(url, BROKEN_LINKS).trim(), "0");
    let noted = "select count(*) from meta where key = 'audit_broken'";
    assert_eq!(server.query(url, noted).trim(), "0");
    let rows = server.query(url, "select count(*) from audit");
    assert!(rows.trim().parse::<u64>().is_ok_and(|rows| rows > 10), "{rows}");
}

#[test]
fn what_one_server_is_told_both_know_within_a_second() {
    let server = postgres::shared();
    let url = server.database();
    let [one, two] = servers(&url);
    let identity = one.enroll("mac-1");
    for lab in [&one, &two] {
        assert_eq!(join(lab, &identity).as_deref(), Some("20"));
    }
    let vlan_30 = guide::with([("-Group-Id\", value = \"20\"", "-Group-Id\", value = \"30\"")]);
    two.apply(&vlan_30, []).succeeded();
    check_soon(&one, &identity, Some("30"));
    let serial = one.serial("mac-1");
    two.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).succeeded();
    check_soon(&one, &identity, None);
    one.refusal("CERT-REVOKED");
    assert_eq!(join(&two, &identity), None);
    // What is said to one is in the events of both, once it is on record.
    two.refusals("CERT-REVOKED", 2);
    assert_eq!(one.events(), two.events());
    check_audit(server, &url);
}

/// Enrolls as a device that does not give up.
fn persist(lab: &Lab, name: &str) {
    let secret = lab.secret(guide::GATEWAY);
    let (subject, san) = (format!("CN={name}"), format!("dns:{name}.example.test"));
    let order = ["--secret", &secret, "--subject", &subject, "--san", &san, "--force"];
    let enrolled = patience::until(|| {
        let said = lab.ask_for_certificate(name, order);
        (said.status == 0).then_some(())
    });
    assert!(enrolled.is_some(), "{name} got no certificate: {}", lab.server().log());
}

#[test]
fn both_enroll_at_once_while_the_database_goes_and_comes_back() {
    let server = Postgres::start();
    let url = server.database();
    let [one, two] = servers(&url);
    let identity = one.enroll("mac-1");
    for lab in [&one, &two] {
        assert_eq!(join(lab, &identity).as_deref(), Some("20"));
    }
    let doors = [&one, &two].map(|lab| lab.radius().to_owned());
    let devices = [(one, "one"), (two, "two")].map(|(lab, name)| {
        thread::spawn(move || {
            (0..DEVICES).for_each(|number| persist(&lab, &format!("{name}-{number}")));
            lab
        })
    });
    for _ in 0..2 {
        server.stop();
        for door in &doors {
            assert_eq!(join_at(door, &identity).as_deref(), Some("20"));
        }
        server.start_again();
    }
    let [_one, two] = devices.map(|device| device.join().unwrap());
    let certificates = two.device_certificates();
    let mut serials: Vec<_> = certificates.iter().map(|one| json::text(one, "/serial")).collect();
    let issued = certificates.iter().filter(|one| json::text(one, "/status") == "issued");
    assert!(issued.count() > 2 * DEVICES);
    serials.sort_unstable();
    serials.dedup();
    assert_eq!(serials.len(), certificates.len());
    check_audit(&server, &url);
}

#[test]
fn without_the_database_logins_go_on_and_everything_else_says_why_not() {
    let server = Postgres::start();
    let url = server.database();
    let [mut one, two] = servers(&url);
    let identity = one.enroll("mac-1");
    server.stop();
    assert_eq!(join(&one, &identity).as_deref(), Some("20"));
    let secret = one.secret(guide::GATEWAY);
    one.ask_for_certificate("mac-2", ["--secret", &secret, "--subject", "CN=mac-2"]).refused();
    assert!(patience::until(|| (!is_ready(&one)).then_some(())).is_some());
    let said = http::get(&one.server().health, "/readyz");
    assert!(directory::holds(&said.body, "database server cannot be reached"), "{said:?}");
    assert_eq!(http::get(&one.server().health, "/healthz").status, 200);
    one.ask(["certificate", "list"]).refused().complains("SYS-STORE");
    server.start_again();
    for lab in [&one, &two] {
        assert!(patience::until(|| is_ready(lab).then_some(())).is_some());
        lab.enroll("mac-3");
    }
    // The login of the time without a database is on record.
    one.event("the login", |event| event["kind"] == "network.access");
    check_audit(&server, &url);
    // Without it a server also ends in order.
    server.stop();
    assert_eq!(join(&one, &identity).as_deref(), Some("20"));
    one.stop();
}

#[test]
fn another_master_key_is_refused_and_leaves_nothing() {
    let url = postgres::shared().database();
    let first = Lab::on_database(&url, &master_key());
    first.apply(guide::GUIDE, ["--secrets", &first.csv().display().to_string()]).succeeded();
    let other = Lab::on_database(&url, &"0bad".repeat(16));
    other.ask(["event", "list"]).refused().complains("is not the master key that sealed this");
    // Nor is one made where there is none.
    let fresh = Lab::empty();
    let config = fresh.directory.write("settings.toml", format!("[database]\nurl = {url:?}\n"));
    for _ in 0..2 {
        let mut command = program::command();
        fresh.place(command.args(["event", "list", "--config"]).arg(&config));
        outcome::run(&mut command).refused().complains("name its file with --master-key");
        assert!(!fresh.data().join("master.key").exists());
    }
    let mut command = program::command();
    fresh.place(command.args(["event", "list", "--config"]).arg(&config));
    let key = first.directory.file("master.key");
    outcome::run(command.arg("--master-key").arg(key)).succeeded().says("object.created");
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let url = "postgres://school:pass-canary@127.0.0.1:1/devices";
    let lab = Lab::on_database(url, &master_key());
    for command in [["serve", "--http=127.0.0.1:0"], ["event", "list"], ["certificate", "list"]] {
        let said = lab.ask(command).refused();
        let said = said.complains("postgres://school@127.0.0.1:1/devices cannot be opened");
        assert!(!said.stderr.contains("canary"), "{}", said.stderr);
    }
    let lab = Lab::on_database("postgres://school:pass-canary@h:port/x", &master_key());
    let said = lab.ask(["event", "list"]).refused().complains("database.url is not understood");
    assert!(!said.stderr.contains("canary"), "{}", said.stderr);
}

#[test]
fn a_configuration_with_a_password_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::on_database("postgres://school:pass-canary@127.0.0.1:1/x", &master_key());
    let config = lab.directory.file("settings.toml");
    std::fs::set_permissions(config, std::fs::Permissions::from_mode(0o640)).unwrap();
    lab.ask(["event", "list"]).refused().complains("can be read by others (mode 640)");
}

#[test]
fn no_second_database_is_made_beside_the_one_there_is() {
    let url = postgres::shared().database();
    let mut lab = Lab::on_database(&url, &master_key());
    lab.apply(guide::GUIDE, ["--secrets", &lab.csv().display().to_string()]).succeeded();
    let bare = |arguments: &[&str]| {
        let mut command = program::command();
        outcome::run(command.args(arguments).arg("--data").arg(lab.data()))
    };
    bare(&["event", "list"]).refused().complains("with --config");
    assert!(!lab.data().join("safeconduct.db").exists());
    // A server that runs knows where its data is.
    lab.serve();
    let mut command = program::command();
    outcome::run(command.args(["event", "list", "--data"]).arg(lab.data())).succeeded();
    // And the other way round.
    let file = Lab::unserved(guide::GUIDE);
    let config = lab.directory.file("settings.toml");
    let mut command = program::command();
    file.place(command.args(["event", "list", "--config"]).arg(config));
    outcome::run(&mut command).refused().complains("holds a database of its own");
}
