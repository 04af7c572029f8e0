//! Refusals over SCEP: who asks wrongly gets no certificate, and an event says what was wrong and
//! what to do; what is no SCEP at all gets a status code, and the server lives.

use tests::guide;
use tests::http;
use tests::http::Answer;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::program;

/// Asserts that an order is refused with a reason, and that nothing was issued for it.
#[track_caller]
fn check<const N: usize>(lab: &Lab, arguments: [&str; N], code: &str) {
    let before = lab.certificates();
    let refused = lab.ask_for_certificate("refused", arguments).refused();
    assert!(refused.stderr.contains(code), "{code}: {}", refused.stderr);
    // With --json, the no is a document as well.
    let told = refused.json();
    assert!(json::text(&told, "/detail").contains(code), "{code}: {told}");
    assert!(!lab.directory.file("refused").join("certificate.pem").exists());
    let event = lab.refusal(code);
    assert_eq!(json::text(&event, "/actor"), "gateway Mosyle", "{event:#}");
    assert_eq!(json::text(&event, "/kind"), "certificate.enrollment", "{event:#}");
    assert_eq!(lab.certificates(), before);
}

#[test]
fn a_wrong_or_missing_challenge_is_refused() {
    let lab = Lab::of_guide();
    let secret = lab.secret(guide::GATEWAY);
    let longer = format!("{secret}x");
    let spaced = format!(" {secret}");
    let upper = secret.to_uppercase();
    let almost = secret.get(..secret.len() - 1).unwrap();
    for wrong in ["wrong", &longer, &spaced, &upper, almost, &"x".repeat(200)] {
        check(&lab, ["--subject", "CN=mac-1", "--secret", wrong], "ENR-CHALLENGE-WRONG");
    }
    check(&lab, ["--subject", "CN=mac-1"], "ENR-CHALLENGE-MISSING");
    lab.enroll("mac-1");
}

#[test]
fn the_secret_of_another_gateway_is_wrong_here() {
    let lab = Lab::of(&guide::and("[[gateway]]\nname = \"Other\"\n"));
    let secret = lab.secret("Other");
    check(&lab, ["--subject", "CN=mac-1", "--secret", &secret], "ENR-CHALLENGE-WRONG");
}

#[test]
fn a_variable_that_the_mdm_did_not_replace_is_refused() {
    let lab = Lab::of_guide();
    let secret = lab.secret(guide::GATEWAY);
    for value in ["%Email%", "$EMAIL", "{{deviceserialnumber}}"] {
        let code = "ENR-VARIABLE-UNEXPANDED";
        let subject = format!("CN={value}");
        check(&lab, ["--secret", &secret, "--subject", &subject], code);
        assert!(json::text(&lab.refusal(code), "/reason/sentence").contains(value));
        let san = format!("email:{value}");
        check(&lab, ["--secret", &secret, "--subject", "CN=mac-1", "--san", &san], code);
    }
}

#[test]
fn a_gateway_that_no_workflow_names_gives_no_role() {
    let lab = Lab::of(&guide::with([(
        "operator = \"is-one-of\", value = [\"Mosyle\"] }]",
        "operator = \"is-one-of\", value = [\"Other\"] }]\n[[gateway]]\nname = \"Other\"",
    )]));
    let secret = lab.secret(guide::GATEWAY);
    check(&lab, ["--secret", &secret, "--subject", "CN=mac-1"], "ENR-NO-ROLE");
}

#[test]
fn a_role_that_no_enrollment_policy_names_gets_nothing() {
    let lab = Lab::of(&guide::with([(
        "  { field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] },",
        "  { field = \"identity.role\", operator = \"is\", value = \"Others\" },",
    )]) .replace("[[enrollment_policy]]", "[[policy_workflow]]\nname = \"Others\"\n\n[[enrollment_policy]]"));
    let secret = lab.secret(guide::GATEWAY);
    check(&lab, ["--secret", &secret, "--subject", "CN=mac-1"], "ENR-NO-POLICY");
}

#[test]
fn a_subject_without_what_the_template_needs_is_refused() {
    let lab = Lab::of_guide();
    let secret = lab.secret(guide::GATEWAY);
    check(&lab, ["--secret", &secret, "--subject", "O=Example School"], "ENR-VARIABLE-EMPTY");
}

#[test]
fn what_is_asked_beyond_the_template_is_left_out_or_refused() {
    let strict = "[certificate_template.san]";
    let strict = guide::with([(strict, "excess = \"refuse\"\n[certificate_template.san]")]);
    let lab = Lab::of(&strict);
    let secret = lab.secret(guide::GATEWAY);
    let greedy = ["--secret", &secret, "--subject", "CN=mac-1, OU=Owners", "--san", "dns:mac-1"];
    check(&lab, greedy, "ENR-BEYOND-TEMPLATE");
    let event = lab.refusal("ENR-BEYOND-TEMPLATE");
    assert_eq!(json::text(&event, "/left_out/0/value"), "OU=Owners", "{event:#}");
    assert!(json::text(&event, "/reason/sentence").ends_with("gives: subject OU=Owners"));
    // What the template takes is nothing beyond it, also where it moves to another kind.
    lab.enroll("mac-1");
    lab.apply(guide::GUIDE, []).succeeded();
    lab.ask_for_certificate("dropped", greedy).succeeded();
    let events = lab.events();
    let mut events = events.iter().filter(|event| json::text(event, "/outcome") != "refused");
    let told = events.any(|one| json::text(one, "/left_out/0/value") == "OU=Owners");
    assert!(told, "no event tells what was left out");
}

#[test]
fn an_unknown_gateway_is_not_found() {
    let lab = Lab::of_guide();
    let secret = lab.secret(guide::GATEWAY);
    for path in ["/scep/nobody", "/scep/Mosyle", "/scep/..%2fmosyle", "/nothing"] {
        let mut command = program::command();
        command.args(["enroll", "--url", &lab.url(path), "--secret", &secret]);
        command.args(["--subject", "CN=mac-1", "--out"]).arg(lab.directory.file("never"));
        outcome::run(&mut command).refused().complains("404");
        assert!(!lab.directory.file("never").join("certificate.pem").exists());
    }
    assert!(lab.device_certificates().is_empty());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let mut lab = Lab::of_guide();
    let url = lab.url("/scep/mosyle");
    lab.stop();
    let mut command = program::command();
    command.args(["enroll", "--url", &url, "--secret", "x", "--subject", "CN=x", "--out"]);
    outcome::run(command.arg(lab.directory.file("never"))).refused().complains(&url);
}

#[track_caller]
fn assert_alive(lab: &Lab) {
    let capabilities = http::get(&lab.server().http, "/scep/mosyle?operation=GetCACaps");
    assert_eq!(capabilities.status, 200);
    assert_eq!(http::get(&lab.server().health, "/healthz").status, 200);
}

const OPERATION: &str = "/scep/mosyle?operation=PKIOperation";

#[test]
fn what_is_no_message_is_answered_with_400() {
    let lab = Lab::of_guide();
    let address = &lab.server().http;
    let get = |query: &str| http::get(address, &format!("/scep/mosyle{query}"));
    let operation = |message: &str| get(&format!("?operation=PKIOperation&message={message}"));
    let odd: [(&str, Answer); 13] = [
        ("no operation", get("")),
        ("an empty operation", get("?operation=")),
        ("an unknown operation", get("?operation=GetMyMoney")),
        ("a query of garbage", get("?%00%ff&&&==%zz")),
        ("no message", get("?operation=PKIOperation")),
        ("an empty message", operation("")),
        ("no base64", operation("***")),
        ("base64 of garbage", operation("AAAA")),
        ("base64 cut short", operation("MIIBAAA")),
        ("percent signs alone", operation("%%%%")),
        ("base64 with spaces", operation("MI%20IB%0AAA%3D%3D")),
        ("an empty body", http::post(address, OPERATION, b"")),
        ("a body of garbage", http::post(address, OPERATION, &[0x30; 5000])),
    ];
    for (what, answer) in odd {
        assert_eq!(answer.status, 400, "{what}: {}", answer.head);
        assert!(!answer.body.is_empty(), "{what}: no word why");
    }
    assert_alive(&lab);
    lab.refusal("ENR-MESSAGE-UNREADABLE");
    assert!(lab.device_certificates().is_empty());
    lab.enroll("mac-1");
}

#[test]
fn nested_and_endless_asn1_is_answered_with_400() {
    let lab = Lab::of_guide();
    let address = &lab.server().http;
    let nested = [0x30, 0x80].repeat(30_000);
    let huge = [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x06].to_vec();
    let zeros = vec![0; 60_000];
    for body in [nested, huge, zeros] {
        assert_eq!(http::post(address, OPERATION, &body).status, 400);
    }
    assert_alive(&lab);
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    let lab = Lab::of_guide();
    let address = &lab.server().http;
    // The head alone tells that it is too long.
    let head = format!(
        "POST {OPERATION} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: \
         307200\r\n\r\n"
    );
    let body = vec![0x30; 307_200];
    let answer = http::send(address, [head.as_bytes(), &body].concat());
    // The server may hang up on a client that goes on talking.
    assert!([413, 0].contains(&answer.status), "{}", answer.head);
    // In pieces of which none tells how many will come.
    let head = format!(
        "POST {OPERATION} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nTransfer-Encoding: \
         chunked\r\n\r\n"
    );
    let piece = [b"8000\r\n".as_slice(), &[0x30; 0x8000], b"\r\n"].concat();
    let answer = http::send(address, [head.as_bytes(), &piece.repeat(10), b"0\r\n\r\n"].concat());
    assert!([413, 0].contains(&answer.status), "{}", answer.head);
    assert_alive(&lab);
    lab.enroll("mac-1");
}

#[test]
fn old_and_broken_http_is_answered() {
    let lab = Lab::of_guide();
    let address = &lab.server().http;
    // Old devices speak HTTP/1.0 and name no host.
    let old = http::send(address, "GET /scep/mosyle?operation=GetCACaps HTTP/1.0\r\n\r\n");
    assert_eq!(old.status, 200, "{}", old.head);
    let path = "/scep/mosyle/pkiclient.exe?operation=GetCACert&message=whatever";
    let old = http::send(address, format!("GET {path} HTTP/1.0\r\n\r\n"));
    assert_eq!(old.status, 200, "{}", old.head);
    let garbage = http::send(address, [0x16, 3, 1, 0, 200, 1, b'\r', b'\n', b'\r', b'\n']);
    assert_eq!(garbage.status, 400, "{}", garbage.head);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(1_000_000));
    let long = http::send(address, long);
    assert!([0, 400, 404, 414, 431].contains(&long.status), "{}", long.head);
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let request = format!("{method} /scep/nobody HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        let answer = http::send(address, format!("{request}\r\n"));
        assert!((400..500).contains(&answer.status), "{method}: {}", answer.head);
    }
    assert_alive(&lab);
}

#[test]
fn silent_connections_do_not_keep_devices_out() {
    let lab = Lab::of_guide();
    let address = &lab.server().http;
    let silent: Vec<_> = (0..200).map(|_| std::net::TcpStream::connect(address).unwrap()).collect();
    lab.enroll("mac-1");
    assert_eq!(silent.len(), 200);
    assert_alive(&lab);
}
