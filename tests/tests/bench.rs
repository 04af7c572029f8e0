//! Load that checks every answer: right against our own server, and a clear no when something is
//! wrong. Counts and checks are asserted, never times.

use std::net::UdpSocket;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::stranger::shown;

/// A served organization, with devices and the root that they trust.
struct Bench {
    lab: Lab,
    devices: Vec<PathBuf>,
    root: PathBuf,
}

impl Bench {
    #[track_caller]
    fn prepare() -> Self {
        let lab = Lab::of(&guide::reusing_keys());
        let devices = ["mac-1", "mac-2"].map(|name| lab.enroll(name)).to_vec();
        let root = lab.radius_root();
        Self { lab, devices, root }
    }

    /// A run against the server; what is given later counts.
    #[track_caller]
    fn run(&self, radius: &str, secret: &str, root: &Path, more: &[&str]) -> Outcome {
        let secret = self.lab.directory.write("shared-secret", secret);
        let mut command = program::command();
        command.args(["bench", "radius", "--json", "--radius", radius]);
        command.arg("--secret-file").arg(secret).arg("--trust").arg(root);
        command.args(["--server-name", guide::SERVER_NAME, "--count", "24"]).args(more);
        for device in &self.devices {
            command.arg("--identity").arg(device);
        }
        outcome::run(&mut command)
    }

    #[track_caller]
    fn radius(&self, more: &[&str]) -> Outcome {
        self.run(self.lab.radius(), guide::SHARED_SECRET, &self.root, more)
    }
}

#[track_caller]
fn count(report: &Value, path: &str) -> u64 {
    json::at(report, path).as_u64().unwrap_or_default()
}

#[test]
fn every_login_is_right_full_and_resumed_with_both_versions_of_tls() {
    let bench = Bench::prepare();
    let pid = bench.lab.server().pid().to_string();
    for tls in ["1.2", "1.3"] {
        for (how, resumed) in [(&[][..], 0), (&["--resume"][..], 24)] {
            let fixed = ["--tls", tls, "--concurrency", "4", "--vlan", "20", "--pid", &pid];
            let report = bench.radius(&[&fixed[..], how].concat()).succeeded().json();
            assert_eq!(report["ok"], true, "{report:#}");
            assert_eq!((count(&report, "/right"), count(&report, "/resumed")), (24, resumed));
            assert_eq!(count(&report, "/full"), 24 - resumed);
            assert_eq!(report["wrong"].as_object().map(serde_json::Map::len), Some(0));
            assert_eq!(report["vlans"]["20"], 24, "{report:#}");
            let agreed = report["tls"].as_object().and_then(|tls| tls.keys().next().cloned());
            assert!(agreed.is_some_and(|agreed| agreed.starts_with(tls)), "{report:#}");
            assert!(report["round_trips_each"].as_f64().is_some_and(|each| each >= 3.0));
            let memory = json::at(&report, "/server/memory_before/resident_mib");
            assert!(memory.as_f64().is_some_and(|memory| memory > 0.0), "{report:#}");
        }
    }
    // A device before each run, or each of the four that resume; and the logins themselves.
    let logins = 2 * (24 + 1) + 2 * (24 + 4);
    bench.lab.event("the last login", |_| {
        let events = bench.lab.events();
        events.iter().filter(|event| event["resumed"].is_boolean()).count() == logins
    });
}

#[test]
fn a_wrong_secret_a_wrong_root_and_a_dead_server_are_told_before_the_run() {
    let bench = Bench::prepare();
    let radius = bench.lab.radius();
    let (secret, root) = (guide::SHARED_SECRET, bench.root.as_path());
    let wrong = bench.run(radius, "another-secret-than-the-server's", root, &[]);
    wrong.refused().complains("no answer").complains("secret");
    let foreign = bench.lab.authority("example-school-root-ca");
    let wrong = bench.run(radius, secret, &foreign, &[]);
    wrong.refused().complains("not accepted").complains("the device refused the server");
    // A socket that is bound and never read: nothing comes back from its address.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    bench.run(&address, secret, root, &[]).refused().complains("does not answer");
    drop(silent);
    bench.run(&address, secret, root, &[]).refused().complains("cannot be reached");
    bench.radius(&["--vlan", "21"]).refused().complains("VLAN 20");
}

#[test]
fn wrong_use_is_told() {
    let bench = Bench::prepare();
    for wrong in [&["--count", "0"][..], &["--concurrency", "100000"], &["--seconds", "5"]] {
        // Seconds and a count are two goals.
        assert_eq!(bench.radius(wrong).status, 2, "{wrong:?}");
    }
    bench.radius(&["--pid", "4294967295"]).refused().complains("no process");
}

#[test]
fn every_certificate_is_right_and_no_serial_number_comes_twice() {
    let lab = Lab::of(&guide::reusing_keys());
    let secret = lab.directory.write("secret", lab.secret(guide::GATEWAY));
    let run = |secret: &Path, url: &str| {
        let mut command = program::command();
        command.args(["bench", "scep", "--json", "--url", url, "--secret-file", shown(secret)]);
        command.args(["--count", "24", "--concurrency", "4", "--keys", "2"]);
        outcome::run(&mut command)
    };
    let url = lab.url(&format!("/scep/{}", guide::GATEWAY_SLUG));
    let report = run(&secret, &url).succeeded().json();
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!((count(&report, "/right"), count(&report, "/serials")), (24, 24));
    assert_eq!(lab.device_certificates().len(), 24);
    // Every answer is a refusal, and a run says so.
    let wrong = lab.directory.write("wrong", "another challenge");
    let report = run(&wrong, &url).refused().json();
    assert_eq!((count(&report, "/right"), count(&report, "/wrong/refused/count")), (0, 24));
    assert_eq!(lab.device_certificates().len(), 24);
    run(&secret, &lab.url("/scep/nowhere")).refused().complains("404");
    run(&secret, "http://127.0.0.1:1/scep").refused().complains("does not answer");
}

#[test]
fn cryptography_alone_is_measured() {
    let report = outcome::run(program::command().args(["bench", "calibrate", "--json"]));
    let report = report.succeeded().json();
    let costs = report["median_ms"].as_object().unwrap();
    assert_eq!(costs.len(), 7, "{report:#}");
    assert!(costs.values().all(|cost| cost.as_f64().is_some_and(|cost| cost > 0.0)), "{report:#}");
}
