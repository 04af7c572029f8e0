//! What is counted of a server that works, what it says of its parts, and how it logs.

use std::net::UdpSocket;

use serde_json::Value;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::patience;

#[track_caller]
fn scrape(lab: &Lab) -> String {
    let answer = http::get(&lab.server().health, "/metrics");
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text()
}

/// The value of a series, given as it is written; 0 if it is not there.
#[track_caller]
fn value(text: &str, series: &str) -> f64 {
    let begin = format!("safeconduct_{series} ");
    let found = text.lines().find_map(|line| line.strip_prefix(&begin));
    found.map_or(0.0, |value| value.parse().expect("a value is a number"))
}

/// Asserts that series moved by so much.
#[track_caller]
fn moved<const N: usize>(before: &str, after: &str, expected: [(&str, f64); N]) {
    for (series, by) in expected {
        let moved = value(after, series) - value(before, series);
        assert!((moved - by).abs() < 0.001, "{series} moved by {moved}\n{after}");
    }
}

#[test]
fn counters_move_by_one_with_what_happens_and_show_no_secret() {
    let mut lab = Lab::unserved(guide::GUIDE);
    lab.serve_with(["--log-format", "json"]);
    let start = scrape(&lab);
    let identity = lab.enroll("mac-1");
    let enrolled = scrape(&lab);
    moved(
        &start,
        &enrolled,
        [
            ("enrollments_total{outcome=\"accepted\",code=\"\"}", 1.0),
            ("enrollment_duration_seconds_count", 1.0),
            ("certificates{status=\"issued\"}", 1.0),
            ("logins_total{outcome=\"accepted\",code=\"\"}", 0.0),
        ],
    );
    let order = ["--secret", guide::SHARED_SECRET];
    lab.authenticate(&identity, order).succeeded();
    let joined = scrape(&lab);
    moved(
        &enrolled,
        &joined,
        [
            ("logins_total{outcome=\"accepted\",code=\"\"}", 1.0),
            ("login_duration_seconds_count", 1.0),
            ("radius_conversations", 0.0),
            ("enrollments_total{outcome=\"accepted\",code=\"\"}", 0.0),
        ],
    );
    // A no of each kind.
    let subject = ["--secret", "canary-canary-canary", "--subject", "CN=x"];
    lab.ask_for_certificate("x", subject).refused();
    lab.ask(["certificate", "revoke", &lab.serial("mac-1"), "--reason", "keyCompromise"])
        .succeeded();
    lab.authenticate(&identity, order).refused();
    lab.ask(["event", "show", "nothing"]).refused();
    let refused = scrape(&lab);
    moved(
        &joined,
        &refused,
        [
            ("enrollments_total{outcome=\"refused\",code=\"ENR-CHALLENGE-WRONG\"}", 1.0),
            ("logins_total{outcome=\"refused\",code=\"CERT-REVOKED\"}", 1.0),
            ("certificates{status=\"issued\"}", -1.0),
            ("certificates{status=\"revoked\"}", 1.0),
            ("api_refusals_total{code=\"API-PARAMETER\"}", 1.0),
            ("http_requests_total{door=\"control\",method=\"GET\",status=\"4xx\"}", 1.0),
        ],
    );
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"no packet", lab.radius()).unwrap();
    let told = patience::until(|| {
        let text = scrape(&lab);
        text.lines().find(|line| line.contains("radius_dropped_total{")).map(str::to_owned)
    });
    assert!(told.is_some_and(|line| line.ends_with(" 1")), "the dropped packet is not counted");
    let log = lab.server().log();
    let pages = [start, enrolled, joined, refused, scrape(&lab), log.clone()];
    for secret in [guide::SHARED_SECRET, &lab.secret(guide::GATEWAY), "canary-canary-canary"] {
        assert!(pages.iter().all(|page| !page.contains(secret)), "{secret} is told");
    }
    for line in log.lines() {
        let parsed: Value = serde_json::from_str(line).expect("a line of the log is JSON");
        for field in ["/timestamp", "/level", "/target", "/fields/message"] {
            assert!(!json::text(&parsed, field).is_empty(), "{line}");
        }
    }
}

#[test]
fn every_part_says_how_it_is() {
    let lab = Lab::of_guide();
    let answer = http::get(&lab.server().health, "/readyz");
    assert_eq!(answer.status, 200);
    let parts: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(parts["ready"], true, "{parts:#}");
    for (part, word) in [
        ("store", "writing"),
        ("radius", "serving"),
        ("revocation", "published"),
        ("journal", "writing"),
        ("signer", "signing"),
        ("audit", "signed"),
    ] {
        assert_eq!(parts[part], word, "{parts:#}");
    }
    assert!(json::text(&parts, "/inventory").starts_with("empty: "), "{parts:#}");
    lab.ask(["device", "add", "mac-1", "--json"]).succeeded();
    let answer = http::get(&lab.server().health, "/readyz");
    let parts: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(parts["inventory"], "known: 1 devices", "{parts:#}");
    assert_eq!(http::get(&lab.server().health, "/healthz").text(), "alive\n");
}

#[test]
fn a_format_of_the_log_that_is_none_is_refused() {
    let told = tests::program::run(["--log-format", "xml", "version"]);
    told.ended_with(2).complains("xml");
}
