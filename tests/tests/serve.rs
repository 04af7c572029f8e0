//! `serve`: a restart or a power cut keeps everything, one process holds the data, keys that are
//! not ours alone are refused, and every refusal to start says what to do.

use std::fs::File;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tests::directory;
use tests::guide;
use tests::http;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::server::Server;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant::Supplicant;

#[track_caller]
fn set_mode(path: &Path, mode: u32) {
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("a file of our own can be changed");
}

/// The flags of every door.
const DOORS: [&str; 5] = ["--http", "--https", "--radius-auth", "--radius-acct", "--health"];

/// Tries to serve the laboratory's data with one door at an address, the others anywhere.
#[track_caller]
fn serve_with(lab: &Lab, door: &str, address: &str) -> Outcome {
    let mut command = program::command();
    command.arg("serve").arg("--data").arg(lab.data());
    for other in DOORS {
        command.args([other, if other == door { address } else { "127.0.0.1:0" }]);
    }
    outcome::run(&mut command)
}

#[track_caller]
fn serve_anywhere(lab: &Lab) -> Outcome {
    serve_with(lab, "--http", "127.0.0.1:0")
}

/// What must be the same after any end of the server.
#[track_caller]
fn check_that_all_is_kept(end: impl Fn(&mut Lab)) {
    let mut lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let stolen = lab.enroll("mac-2");
    let serial = lab.serial("mac-2");
    lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).succeeded();
    Supplicant::new(&identity, &root).join(lab.radius()).is_in();
    lab.event("the visit", |event| event["kind"] == "network.access");
    let (certificates, events) = (lab.certificates(), lab.events());
    end(&mut lab);
    assert_eq!(lab.certificates(), certificates);
    assert_eq!(lab.events(), events);
    lab.serve();
    assert_eq!(lab.certificates(), certificates);
    assert_eq!(lab.events(), events);
    assert_eq!(directory::text(&lab.radius_root()), directory::text(&root));
    Supplicant::new(&identity, &root).tls("1.3").join(lab.radius()).is_in().is_in_vlan("20");
    Supplicant::new(&stolen, &root).join(lab.radius()).is_refused();
    lab.refusal("CERT-REVOKED");
    lab.enroll("mac-3");
}

#[test]
fn a_restart_keeps_everything() {
    check_that_all_is_kept(Lab::stop);
}

#[test]
fn a_kill_keeps_everything_that_was_answered() {
    check_that_all_is_kept(Lab::cut);
}

#[test]
fn a_visit_just_before_the_end_is_kept() {
    let mut lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    lab.stop();
    let events = lab.events();
    assert!(events.iter().any(|event| event["kind"] == "network.access"), "{events:#?}");
}

/// A number of free pages that there are not (the file format of SQLite, 1.3, at 36), in a file too
/// large to be checked before the start.
#[track_caller]
fn damage_out_of_sight(database: &Path) {
    let file = File::options().write(true).open(database).expect("there is a database");
    file.write_all_at(&7_u32.to_be_bytes(), 36).expect("it can be written");
    file.set_len(129 << 20).expect("it can grow");
}

#[test]
fn damage_that_is_found_after_the_start_ends_the_server_and_refuses_the_next() {
    let mut lab = Lab::of_guide();
    lab.stop();
    let database = lab.data().join("safeconduct.db");
    damage_out_of_sight(&database);
    let ended = serve_anywhere(&lab).ended_with(70).says("ready");
    let ended = ended.complains("is damaged").complains(shown(&database));
    ended.complains("put back its last backup");
    let refused = serve_anywhere(&lab).refused().complains("is damaged");
    assert!(!refused.stdout.contains("ready"), "{}", refused.stdout);
}

#[test]
fn a_second_server_is_refused_and_told_who_holds_the_data() {
    let lab = Lab::of_guide();
    let pid = lab.server().pid().to_string();
    serve_anywhere(&lab).refused().complains(&pid);
    // The first is none the worse for it, and commands still reach it.
    assert_eq!(http::get(&lab.server().health, "/healthz").status, 200);
    lab.enroll("mac-1");
    assert_eq!(lab.device_certificates().len(), 1);
}

#[test]
fn the_server_ends_in_order_and_leaves_no_socket() {
    let mut lab = Lab::of_guide();
    assert!(lab.data().join("control.sock").exists());
    lab.stop();
    assert!(!lab.data().join("control.sock").exists());
}

#[test]
fn what_a_killed_server_left_behind_is_no_obstacle() {
    let mut lab = Lab::of_guide();
    lab.cut();
    assert!(lab.data().join("control.sock").exists());
    lab.ask(["event", "list"]).succeeded();
    lab.serve();
    lab.ask(["event", "list"]).succeeded();
}

#[test]
fn the_control_socket_is_for_us_alone() {
    let lab = Lab::of_guide();
    let socket = lab.data().join("control.sock");
    let mode = std::fs::metadata(socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::metadata(lab.data()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_master_key_that_others_can_read_is_refused() {
    let lab = Lab::unserved(guide::GUIDE);
    let key = lab.data().join("master.key");
    for mode in [0o644, 0o640, 0o604] {
        set_mode(&key, mode);
        let advice = format!("chmod 600 '{}'", key.display());
        serve_anywhere(&lab).refused().complains(&advice);
        lab.ask(["event", "list"]).refused().complains(&advice);
    }
    set_mode(&key, 0o600);
    lab.ask(["event", "list"]).succeeded();
}

#[test]
fn another_master_key_is_refused() {
    let lab = Lab::unserved(guide::GUIDE);
    let other = Lab::unserved("[organization]\nname = \"Other\"\n");
    let (key, kept) = (lab.data().join("master.key"), lab.directory.file("kept.key"));
    std::fs::rename(&key, &kept).unwrap();
    std::fs::copy(other.data().join("master.key"), &key).unwrap();
    serve_anywhere(&lab).refused().complains("master key");
    // Nor is a new one made in its place.
    std::fs::remove_file(&key).unwrap();
    serve_anywhere(&lab).refused().complains("master");
    assert!(!key.exists(), "a new master key was made for sealed data");
    for damaged in ["", "0123456789abcdef\n", "not hexadecimal digits at all"] {
        directory::write(&key, damaged);
        serve_anywhere(&lab).refused().complains("master.key");
        std::fs::remove_file(&key).unwrap();
    }
    std::fs::rename(&kept, &key).unwrap();
    lab.ask(["certificate", "list"]).succeeded();
}

#[test]
fn a_data_directory_with_a_long_path_works() {
    let lab = Lab::empty();
    let data = lab.directory.file(&"long-".repeat(40));
    assert!(data.as_os_str().len() > 200);
    let toml = lab.directory.write("guide.toml", guide::GUIDE);
    let csv = lab.csv();
    let arguments = ["--apply", shown(&toml), "--secrets", shown(&csv)];
    let log = lab.directory.file("serve.log");
    let server = Server::start(&data, &log, arguments);
    assert!(!data.join("control.sock").exists());
    let pointer = directory::text(&data.join("control.path"));
    assert!(Path::new(pointer.trim()).exists(), "{pointer}");
    let list = ["certificate", "list", "--json", "--data", shown(&data)];
    program::run(list).succeeded();
    assert_eq!(server.stop(), 0);
    assert!(!Path::new(pointer.trim()).exists(), "{pointer} stays behind");
    assert!(!data.join("control.path").exists());
    program::run(list).succeeded();
}

#[test]
fn health_says_whether_the_server_lives_and_can_work() {
    let mut lab = Lab::unserved("[organization]\nname = \"Empty\"\n");
    lab.serve();
    assert_eq!(http::get(&lab.server().health, "/healthz").status, 200);
    // Without a server certificate there is no EAP-TLS.
    let unready = http::get(&lab.server().health, "/readyz");
    assert_eq!(unready.status, 503);
    assert!(directory::holds(&unready.body, "server certificate"), "{unready:?}");
    lab.apply(guide::GUIDE, ["--secrets", shown(&lab.csv())]).succeeded();
    let ready = http::get(&lab.server().health, "/readyz");
    assert_eq!(ready.status, 200, "{ready:?}");
    let ready: serde_json::Value = serde_json::from_slice(&ready.body).unwrap();
    assert_eq!(ready["ready"], true);
    assert_eq!(http::get(&lab.server().health, "/nothing").status, 404);
}

#[track_caller]
fn check_that_the_taken_address_is_named(door: &str, taken: &str) {
    let lab = Lab::unserved(guide::GUIDE);
    serve_with(&lab, door, taken).refused().complains(taken);
    assert!(!lab.data().join("control.sock").exists());
    // The data is free again.
    lab.ask(["event", "list"]).succeeded();
}

#[test]
fn a_tcp_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for door in ["--http", "--https", "--health"] {
        check_that_the_taken_address_is_named(door, &address);
    }
}

#[test]
fn a_udp_address_in_use_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for door in ["--radius-auth", "--radius-acct"] {
        check_that_the_taken_address_is_named(door, &address);
    }
}

#[test]
fn an_address_of_another_machine_is_named() {
    check_that_the_taken_address_is_named("--http", "192.0.2.1:8080");
}

#[test]
fn https_serves_the_same_and_keeps_the_api_for_those_who_may() {
    let lab = Lab::of_guide();
    let base = format!("https://{}", lab.server().https);
    for path in ["/scep/mosyle?operation=GetCACaps", "/ca/example-school-root-ca.pem"] {
        assert_eq!(stranger::https_status(&format!("{base}{path}")), "200", "{path}");
    }
    for path in ["organization", "events", "certificates", "apply"] {
        let status = stranger::https_status(&format!("{base}/api/v1/{path}"));
        assert!(["401", "403", "405"].contains(&status.as_str()), "{path}: {status}");
        // Over plain HTTP there is no API at all.
        let plain = http::get(&lab.server().http, &format!("/api/v1/{path}"));
        assert_eq!(plain.status, 404, "{path}");
    }
}

#[test]
fn wrong_use_ends_with_2() {
    let cases: [&[&str]; 9] = [
        &["serve", "--http", "no-address"],
        &["serve", "--colour"],
        &["apply"],
        &["frobnicate"],
        &["certificate", "revoke", "0A", "--reason", "because"],
        &["event", "list", "--limit", "0"],
        &["enroll", "--url", "http://127.0.0.1:1/"],
        &["authenticate", "--server-name", "x"],
        &["demo", "--devices", "0"],
    ];
    for arguments in cases {
        let outcome = outcome::run(program::command().args(arguments)).ended_with(2);
        assert!(outcome.stderr.contains("Usage") || outcome.stderr.contains("--help"));
        assert!(outcome.stdout.is_empty());
    }
    program::run(["--help"]).succeeded().says("demo").says("serve").says("apply");
    program::run(["version"]).succeeded();
}

#[test]
fn commands_do_not_make_an_organization_by_looking_for_one() {
    let lab = Lab::empty();
    let cases: [[&str; 4]; 5] = [
        ["event", "list", "--limit", "1"],
        ["event", "show", "01a20acf-1ced-72d6-8de7-8e82a87fd713", "--json"],
        ["certificate", "list", "--limit", "1"],
        ["certificate", "show", "0A", "--json"],
        ["certificate", "revoke", "0A", "--reason=superseded"],
    ];
    for arguments in cases {
        lab.ask(arguments).refused().complains("there is no organization in");
        assert!(!lab.data().exists(), "{arguments:?}");
    }
}

#[test]
fn what_is_not_there_is_said_so() {
    let lab = Lab::unserved(guide::GUIDE);
    lab.ask(["certificate", "show", "0A"]).refused().complains("0A");
    lab.ask(["certificate", "revoke", "0A", "--reason", "superseded"]).refused().complains("0A");
    let id = "01a20acf-1ced-72d6-8de7-8e82a87fd713";
    lab.ask(["event", "show", id]).refused().complains(id);
    for nonsense in ["../../etc/passwd", "'; drop table event", "\u{1b}[31m"] {
        let said = lab.ask(["certificate", "show", nonsense]).refused();
        assert!(!said.stderr.contains('\u{1b}'), "{:?}", said.stderr);
        lab.ask(["event", "show", nonsense]).refused();
    }
}
