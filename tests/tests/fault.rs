//! Faults at exact calls of the running program, struck with `strace`: it is killed at every write
//! and every sync of an enrollment and of its own start, the disk fails, fills up, or turns
//! read-only. Certificates are never lost or made twice, and the network stays open.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tests::directory;
use tests::fleet::Fleet;
use tests::fleet::Wish;
use tests::guide;
use tests::http;
use tests::http::Answer;
use tests::json;
use tests::lab::Lab;
use tests::ledger::Count;
use tests::ledger::Ledger;
use tests::outcome;
use tests::outcome::Outcome;
use tests::patience;
use tests::program;
use tests::proxy;
use tests::proxy::Request;
use tests::server::Server;
use tests::stranger::shown;
use tests::strike::Strike;
use tests::supplicant::Supplicant;

/// A guard against a program that never gets through: far more calls than an enrollment or a start
/// makes.
const CALLS_MAX: usize = 400;

/// A laboratory with one device that can ask and one that is in already.
struct Stage {
    lab: Lab,
    fleet: Fleet,
    ledger: Ledger,
    identity: PathBuf,
    root: PathBuf,
    count: usize,
}

impl Stage {
    #[track_caller]
    fn new() -> Self {
        let lab = Lab::of(&guide::reusing_keys());
        let (fleet, identity) = (Fleet::of(&lab, 1), lab.enroll("inside"));
        let root = lab.radius_root();
        Self { lab, fleet, ledger: Ledger::default(), identity, root, count: 0 }
    }

    /// A wish that nobody had before.
    fn wish(&mut self) -> Wish {
        self.count += 1;
        Wish { device: 0, name: format!("mac-{}", self.count) }
    }

    /// Asks, and keeps what comes.
    #[track_caller]
    fn ask(&mut self, wish: &Wish) -> bool {
        let answer = self.fleet.ask(&self.lab.server().http, wish);
        answer.iter().for_each(|certificate| self.ledger.receive(&wish.name, certificate));
        answer.is_some()
    }

    /// Asks under a strike that kills; whether it came to that.
    #[track_caller]
    fn is_killed_while_asking(&mut self, wish: &Wish, strike: &Strike) -> bool {
        let mut server = self.lab.take_server();
        let attached = strike.attach(server.pid());
        let answer = self.fleet.ask(&server.http, wish);
        answer.iter().for_each(|certificate| self.ledger.receive(&wish.name, certificate));
        let killed = answer.is_none() || server.has_ended();
        if killed {
            assert_eq!(server.wait(), None, "the server ended in another way");
        }
        drop(attached);
        killed
    }

    /// What holds after any fault: everything on record, and the very request that was cut off
    /// gets its one certificate at once.
    #[track_caller]
    fn check(&mut self, wish: &Wish) {
        self.ledger.check(&self.lab);
        assert!(self.ask(wish), "the same request is not answered after a restart");
        self.ledger.check(&self.lab);
    }

    /// The network, for a device that was enrolled before.
    #[track_caller]
    fn lets_in(&self) {
        let device = Supplicant::new(&self.identity, &self.root);
        device.join(self.lab.radius()).is_in().is_in_vlan("20");
    }

    fn readiness(&self) -> Answer {
        http::get(&self.lab.server().health, "/readyz")
    }

    /// Waits until the server says that it can work; how long that took.
    #[track_caller]
    fn recovers(&self) -> Duration {
        let wait = || patience::until(|| (self.readiness().status == 200).then_some(()));
        let (ready, took) = patience::measured(wait);
        assert!(ready.is_some(), "{:?}", self.readiness());
        took
    }

    /// Asks as a device that tells what it was answered.
    fn complaint(&self, name: &str) -> Outcome {
        let (secret, subject) = (self.lab.secret(guide::GATEWAY), format!("CN={name}"));
        self.lab.ask_for_certificate(name, ["--secret", &secret, "--subject", &subject])
    }
}

/// Kills the server at the first, second … call of an enrollment, until one goes through.
#[track_caller]
fn check_that_every_kill_is_survived(calls: &str, expected: std::ops::Range<usize>) {
    let mut stage = Stage::new();
    let mut hit = 0;
    for nth in 1..CALLS_MAX {
        let wish = stage.wish();
        if !stage.is_killed_while_asking(&wish, &Strike::kill(calls, nth)) {
            break;
        }
        hit = nth;
        stage.lab.serve();
        stage.check(&wish);
        if nth % 8 == 1 {
            stage.lets_in();
        }
    }
    eprintln!("{calls}: an enrollment was killed at {hit} points");
    assert!(expected.contains(&hit), "{hit} points of {calls} were hit");
}

#[test]
fn a_kill_at_any_fsync_of_an_enrollment_loses_nothing() {
    // One commit before the key is used, one after; a challenge's use may be a third.
    check_that_every_kill_is_survived("fsync", 2..20);
}

#[test]
fn a_kill_at_any_write_of_an_enrollment_loses_nothing() {
    check_that_every_kill_is_survived("pwrite64", 10..CALLS_MAX);
}

#[test]
fn a_second_kill_while_recovering_loses_nothing() {
    let mut stage = Stage::new();
    let mut hit = 0;
    for (first, nth) in [("fsync", 1), ("fsync", 2), ("pwrite64", 8), ("pwrite64", 20)] {
        let wish = stage.wish();
        assert!(stage.is_killed_while_asking(&wish, &Strike::kill(first, nth)), "{first} {nth}");
        for second in ["fsync", "pwrite64", "ftruncate,unlink"] {
            // Each attempt finds what the one before it left.
            for nth in (1..CALLS_MAX).step_by(if second == "pwrite64" { 3 } else { 1 }) {
                if stage.lab.serve_under(&Strike::kill(second, nth)) {
                    stage.lab.cut();
                    break;
                }
                hit += 1;
            }
        }
        stage.lab.serve();
        stage.check(&wish);
        stage.lets_in();
    }
    eprintln!("a recovery was killed at {hit} points");
    assert!(hit >= 8, "only {hit} points of recovery were hit");
}

/// Kills the very first start at its first, second … call, until one goes through.
#[track_caller]
fn check_that_a_first_start_survives(calls: &str, step: usize) {
    let mut hit = 0;
    for nth in (1..CALLS_MAX).step_by(step) {
        let mut lab = Lab::empty();
        if lab.serve_under(&Strike::kill(calls, nth)) {
            break;
        }
        hit += 1;
        lab.serve();
        lab.apply(guide::GUIDE, ["--secrets", shown(&lab.csv())]).succeeded();
        lab.ask(["audit", "verify"]).succeeded();
        if hit % 4 == 1 {
            lab.enroll("mac");
        }
    }
    eprintln!("{calls}: a first start was killed at {hit} points");
    assert!(hit >= 3, "only {hit} points of {calls} were hit");
}

#[test]
fn a_first_start_that_was_killed_anywhere_goes_on() {
    check_that_a_first_start_survives("fsync", 1);
    check_that_a_first_start_survives("openat,rename", 12);
    check_that_a_first_start_survives("write", 3);
    check_that_a_first_start_survives("pwrite64", 12);
}

/// The server ends by itself after its disk failed and is well again; the next start goes on with
/// the request that was cut off.
#[track_caller]
fn check_that_it_ends_and_starts_anew(mut stage: Stage, cut_off: &Wish) {
    let mut server = stage.lab.take_server();
    assert_eq!(server.wait(), Some(70), "{}", server.log());
    assert!(server.log().contains("the disk of the database failed"), "{}", server.log());
    stage.lab.serve();
    stage.check(cut_off);
    stage.lets_in();
    assert_eq!(stage.readiness().status, 200);
}

#[test]
fn one_failed_fsync_ends_issuing_and_then_the_server() {
    let mut stage = Stage::new();
    let attached = Strike::fail_once("fsync", "EIO", 1).attach(stage.lab.server().pid());
    let cut_off = stage.wish();
    assert!(!stage.ask(&cut_off), "issued on a disk that fails");
    check_that_it_ends_and_starts_anew(stage, &cut_off);
    drop(attached);
}

/// While the disk fails nothing is issued, devices get in, and the server stays: a start would
/// fail.
#[track_caller]
fn check_that_a_failing_disk_keeps_the_network_open(strike: &Strike) {
    let mut stage = Stage::new();
    let attached = strike.attach(stage.lab.server().pid());
    let cut_off = stage.wish();
    assert!(!stage.ask(&cut_off), "issued on a disk that fails");
    for name in ["late", "later", "latest"] {
        stage.lets_in();
        stage.complaint(name).refused().complains("503");
    }
    let unready = stage.readiness();
    let body: Value = serde_json::from_slice(&unready.body).unwrap_or_default();
    assert_eq!(unready.status, 503, "{unready:?}");
    assert_eq!(json::at(&body, "/ready"), &Value::Bool(false), "{unready:?}");
    assert!(json::text(&body, "/store").starts_with("stopped"), "{unready:?}");
    drop(attached);
    check_that_it_ends_and_starts_anew(stage, &cut_off);
}

#[test]
fn a_disk_that_goes_on_failing_keeps_the_network_open() {
    check_that_a_failing_disk_keeps_the_network_open(&Strike::fail("fsync", "EIO"));
}

#[test]
fn a_disk_that_turned_read_only_keeps_the_network_open() {
    let calls = "pwrite64,ftruncate,fallocate,fsync,unlink,rename";
    check_that_a_failing_disk_keeps_the_network_open(&Strike::fail(calls, "EROFS"));
}

/// What must be true of a server whose disk is full, and after it has space again.
#[track_caller]
fn check_a_full_disk(stage: &mut Stage, free: impl FnOnce()) {
    let refused = stage.wish();
    assert!(!stage.ask(&refused), "issued on a full disk");
    stage.complaint("late").refused().complains("503");
    let url = "/scep/mosyle?operation=PKIOperation";
    let unready = stage.readiness();
    let body: Value = serde_json::from_slice(&unready.body).unwrap_or_default();
    assert_eq!(unready.status, 503, "{unready:?}");
    assert!(json::text(&body, "/store").starts_with("full"), "{unready:?}");
    assert_eq!(http::post(&stage.lab.server().http, url, b"nonsense").status, 400);
    for _ in 0..5 {
        stage.lets_in();
    }
    free();
    let took = stage.recovers();
    eprintln!("a full disk with space again: ready after {took:?}");
    assert!(took.as_secs() < 10 || patience::machine_is_busy(), "ready only after {took:?}");
    stage.check(&refused);
    // Nobody was forgotten who came in while nothing could be written.
    let visits = |event: &&Value| json::text(event, "/kind") == "network.access";
    let noted = patience::until(|| {
        let count = stage.lab.events().iter().filter(visits).count();
        (count >= 5).then_some(count)
    });
    assert_eq!(noted, Some(5), "{:#?}", stage.lab.events());
}

#[test]
fn a_full_disk_refuses_enrollment_only_and_recovers_by_itself() {
    let mut stage = Stage::new();
    let calls = "pwrite64,ftruncate,fallocate";
    let attached = Strike::fail(calls, "ENOSPC").attach(stage.lab.server().pid());
    check_a_full_disk(&mut stage, || drop(attached));
    let count = stage.ledger.check(&stage.lab);
    assert_eq!(count, Count { issued: 2, intended: 0 });
}

#[test]
fn a_row_that_the_disk_changed_keeps_the_server_from_starting() {
    let mut lab = Lab::of(&guide::reusing_keys());
    lab.enroll("mac");
    let serial = lab.serial("mac");
    lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).succeeded();
    lab.stop();
    // What it is for stands behind its number, in the row and in one index: both are changed alike,
    // so that only the stamp can tell.
    let database = lab.data().join("safeconduct.db");
    let mut bytes = directory::bytes(&database);
    let row = format!("{serial}device");
    let found = bytes.windows(row.len()).enumerate();
    let found = found.filter(|(_, window)| *window == row.as_bytes());
    let found: Vec<usize> = found.map(|(at, _)| at).collect();
    assert!(found.len() >= 2, "a row and an index");
    for at in found {
        bytes.iter_mut().skip(at + row.len() - 1).take(1).for_each(|byte| *byte ^= 1);
    }
    directory::write(&database, bytes);
    let said = lab.ask(["certificate", "list"]).refused();
    said.complains(&serial).complains("put back its last backup");
    let log = lab.directory.file("refused.log");
    let server = Server::start_as(Command::new(program::path()), &lab.data(), &log, []);
    let mut ended = server.map(|_| ()).expect_err("a server that does not start");
    assert_eq!(ended.wait(), Some(1));
    assert!(ended.log().contains(&serial), "{}", ended.log());
}

/// How long a request that was cut off may have to wait until it is answered.
const RECOVERY: Duration = Duration::from_secs(10);

impl Stage {
    /// The very request that was cut off is answered soon, without any restart.
    #[track_caller]
    fn answers_soon(&mut self, wish: &Wish) {
        let ask = || patience::until(|| self.ask(wish).then_some(()));
        let (answered, took) = patience::measured(ask);
        assert!(answered.is_some(), "never answered again");
        assert!(took < RECOVERY || patience::machine_is_busy(), "answered only after {took:?}");
    }
}

#[test]
fn one_write_without_space_anywhere_in_an_enrollment_delays_it_only() {
    let mut stage = Stage::new();
    let mut hit = 0;
    for nth in (1..CALLS_MAX).step_by(3) {
        let wish = stage.wish();
        let strike = Strike::fail_once("pwrite64", "ENOSPC", nth);
        let attached = strike.attach(stage.lab.server().pid());
        let answered = stage.ask(&wish);
        drop(attached);
        stage.answers_soon(&wish);
        stage.ledger.check(&stage.lab);
        if answered {
            break;
        }
        hit += 1;
    }
    eprintln!("an enrollment was without space at {hit} points");
    assert!(hit >= 4, "only {hit} points were hit");
}

/// A device's message, which the server `http` never sees, as bytes to be posted to it.
#[track_caller]
fn overhear(fleet: &Fleet, http: &str, wish: &Wish) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("a bound socket").to_string();
    let message = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let answer = fleet.ask(&address, wish);
            // Whoever listens still need not wait for more.
            drop(TcpStream::connect(&address));
            answer
        });
        let mut message = None;
        while message.is_none() && !asked.is_finished() {
            let (stream, _) = listener.accept().expect("the device connects");
            match proxy::read(&stream) {
                // It asks for the capabilities first.
                Some(question) if question.body.is_empty() => {
                    proxy::pass(stream, http, &question.path);
                }
                read => message = read,
            }
        }
        assert_eq!(asked.join().expect("a device does not panic"), None);
        message
    });
    let Request { path, body } = message.expect("the device sent its message");
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: lab\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), &body].concat()
}

#[test]
fn a_device_that_hangs_up_at_any_moment_is_answered_when_it_asks_again() {
    let mut stage = Stage::new();
    for round in 0..12_u64 {
        let wish = stage.wish();
        let request = overhear(&stage.fleet, &stage.lab.server().http, &wish);
        let mut stream = TcpStream::connect(&stage.lab.server().http).expect("the server listens");
        stream.write_all(&request).expect("the server reads");
        let patience = Some(Duration::from_micros(100 + round * 1500));
        stream.set_read_timeout(patience).expect("above zero");
        // Whether an answer begins or not, nobody is there to read it.
        let _ = stream.read(&mut [0]);
        drop(stream);
        stage.answers_soon(&wish);
    }
    stage.ledger.check(&stage.lab);
}

/// The data of a laboratory on a small file system of its own, in a mount namespace of the server
/// alone: only root can make one.
const ON_A_SMALL_DISK: &str = r#"
set -e
cp -a "$1" "$1.copy"
mount -t tmpfs -o size=8m,mode=700 small-disk "$1"
cp -a "$1.copy/." "$1"
program="$2"
shift 2
exec "$program" "$@"
"#;

/// Fills the file system below `directory` to its last byte; returns the file that does.
#[track_caller]
fn fill(directory: &Path) -> PathBuf {
    let ballast = directory.join("ballast");
    let mut file = std::fs::File::create(&ballast).expect("a file can be made on the small disk");
    // The last page, too: a block of it would be left for the database.
    for length in [64 * 1024, 4096, 1] {
        while file.write_all(&vec![0; length]).is_ok() {}
    }
    ballast
}

#[test]
fn a_disk_that_is_really_full_refuses_enrollment_only() {
    let allowed = outcome::run(outcome::command("unshare").args(["-m", "true"])).status == 0;
    if !allowed {
        eprintln!("not tried: only root can make a small disk (unshare -m)");
        return;
    }
    let mut stage = Stage::new();
    stage.lab.stop();
    let mut command = Command::new("unshare");
    let data = stage.lab.data();
    command.args(["-m", "--propagation", "private", "sh", "-c", ON_A_SMALL_DISK, "sh"]);
    command.arg(&data).arg(program::path());
    let log = stage.lab.directory.file("serve.log");
    let server = Server::start_as(command, &data, &log, []);
    let server = server.unwrap_or_else(|mut ended| ended.never_ready());
    stage.lab.look_into_namespace_of(server);
    let ballast = fill(&stage.lab.data());
    check_a_full_disk(&mut stage, || std::fs::remove_file(ballast).expect("space can be freed"));
}
