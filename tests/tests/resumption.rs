//! Devices that come back: the server resumes their TLS session and still asks every time whether
//! they may enter.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Stdio;

use serde_json::Value;
use tests::guide;
use tests::lab::Lab;
use tests::supplicant::Supplicant;

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// How many visits the server's events call resumed, and how many not.
#[track_caller]
fn check(lab: &Lab, resumed: usize, full: usize) {
    lab.event("the last visit", |_| {
        let events = lab.events();
        let count = |kind: bool| events.iter().filter(|event| event["resumed"] == kind).count();
        (count(true), count(false)) == (resumed, full)
    });
}

#[test]
fn a_device_of_others_that_comes_back_three_times_is_resumed_each_time() {
    for version in VERSIONS {
        let lab = Lab::of_guide();
        let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
        let device = Supplicant::new(&identity, &root).tls(version);
        let joined = Supplicant { more: &["-r3"], ..device }.join(lab.radius());
        let joined = joined.says("MPPE keys OK: 4  mismatch: 0").is_in_vlan("20");
        assert!(joined.log.trim_end().ends_with("SUCCESS"), "{}", joined.log);
        check(&lab, 3, 1);
    }
}

#[test]
fn our_own_device_says_that_it_was_resumed() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    for version in VERSIONS {
        let order = ["--secret", guide::SHARED_SECRET, "--tls", version, "--resume", "3"];
        let joined = lab.authenticate(&identity, order).succeeded().stdout;
        let lines: Vec<Value> =
            joined.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let resumed: Vec<&Value> = lines.iter().map(|line| &line["resumed"]).collect();
        assert_eq!(resumed, [false, true, true, true]);
        assert!(lines.iter().all(|line| line["keys_match"] == true && line["vlan"] == "20"));
    }
    check(&lab, 6, 2);
}

#[test]
fn a_revoked_device_is_refused_when_it_comes_back() {
    for version in VERSIONS {
        let lab = Lab::of_guide();
        let identity = lab.enroll("mac-1");
        let mut device = tests::program::command();
        device.args(["authenticate", "--json", "--radius", lab.radius(), "--tls", version]);
        device.args(["--secret", guide::SHARED_SECRET, "--resume", "1000"]);
        device.arg("--identity").arg(&identity).stdout(Stdio::piped());
        let mut device = device.spawn().unwrap();
        let mut lines = BufReader::new(device.stdout.take().unwrap()).lines();
        let mut next = || lines.next().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let [first, second]: [Option<Value>; 2] = [next(), next()];
        assert_eq!(first.unwrap()["resumed"], false);
        assert_eq!(second.unwrap()["resumed"], true);
        // The device comes back and back meanwhile.
        let serial = lab.serial("mac-1");
        lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).succeeded();
        let last: Value = std::iter::from_fn(next).last().unwrap();
        assert_eq!(last["accepted"], false, "{last:#}");
        assert!(last["reason"].is_string() && last["vlan"].is_null(), "{last:#}");
        assert_eq!(device.wait().unwrap().code(), Some(1));
        let refused = lab.refusal("CERT-REVOKED");
        assert_eq!(refused["object"], format!("certificate:{serial}"));
    }
}
