//! SCEP over HTTP as clumsy, slow and hostile clients speak it, rows C5 and C10 of the table in
//! `docs/fuzzing.md`: what can be understood gets its one certificate, what never ends is ended.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use tests::directory;
use tests::guide;
use tests::http;
use tests::lab::Lab;
use tests::patience::PATIENCE;
use tests::proxy::Proxy;
use tests::stranger;
use tests::stranger::shown;

const OPERATION: &str = "/scep/mosyle?operation=PKIOperation";

/// A gateway for old clients, and a message that one of them sent to it: as base64, as DER.
#[track_caller]
fn enrolled() -> (Lab, String, Vec<u8>) {
    let lab = Lab::of(&guide::with([
        ("key = \"ecdsa-p384\" ", "key = \"rsa-2048\" "),
        ("vendor_name = \"Mosyle\"", "vendor_name = \"Mosyle\"\nlegacy = true"),
    ]));
    let proxy = Proxy::open(&lab.server().http);
    let url = format!("http://{}/scep/mosyle", proxy.address);
    let secret = lab.secret(guide::GATEWAY);
    stranger::scepclient(lab.directory.path(), &url, &secret).succeeded();
    let passed = proxy.passed();
    let message = passed.iter().find_map(|path| path.split_once("&message="));
    let text = message.map(|(_, message)| message).unwrap_or_default();
    let text = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
    let file = lab.directory.write("message.txt", &text);
    let der = lab.directory.file("message.der");
    let decode = ["base64", "-d", "-A", "-in", shown(&file), "-out", shown(&der)];
    stranger::openssl(decode).succeeded();
    let der = directory::bytes(&der);
    assert!(der.len() > 1000, "{passed:?}");
    (lab, text, der)
}

/// Asserts that all that was asked got the same certificate.
#[track_caller]
fn check_that_one_was_issued(lab: &Lab) {
    assert_eq!(lab.device_certificates().len(), 1);
    let refused = |event: &serde_json::Value| event["outcome"] == "refused";
    assert!(!lab.events().iter().any(refused), "{:#?}", lab.events());
}

#[test]
fn c10_a_message_by_get_is_understood_however_it_is_written() {
    let (lab, text, _) = enrolled();
    let escaped = |what: &str, with: &str| text.replace(what, with);
    let broken: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let cases = [
        ("as it is", text.clone()),
        ("all escaped", text.replace('+', "%2b").replace('/', "%2f").replace('=', "%3d")),
        ("of the other alphabet", text.replace('+', "-").replace('/', "_")),
        ("with blanks of a form decoder", escaped("+", "%20")),
        ("without padding", text.trim_end_matches('=').to_owned()),
        ("in lines", broken.join("%0D%0A")),
        ("with more behind it", format!("{text}&x=y")),
    ];
    for (what, message) in cases {
        let answer = http::get(&lab.server().http, &format!("{OPERATION}&message={message}"));
        assert_eq!(answer.status, 200, "{what}: {}", answer.head);
    }
    check_that_one_was_issued(&lab);
}

#[test]
fn c10_a_message_by_post_is_understood_whatever_it_calls_itself() {
    let (lab, text, der) = enrolled();
    let address = &lab.server().http;
    for kind in ["text/html", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
        for body in [&der, text.as_bytes()] {
            let length = body.len();
            let head = format!(
                "POST {OPERATION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
                 {kind}\r\nContent-Length: {length}\r\n\r\n"
            );
            let answer = http::send(address, [head.as_bytes(), body].concat());
            assert_eq!(answer.status, 200, "{kind}: {}", answer.head);
        }
    }
    let mut chunked = format!(
        "POST {OPERATION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: \
         chunked\r\n\r\n"
    )
    .into_bytes();
    for chunk in der.chunks(100) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()));
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    assert_eq!(http::send(address, chunked).status, 200);
    let length = der.len();
    let old = format!("POST {OPERATION} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(http::send(address, [old.as_bytes(), &der].concat()).status, 200);
    check_that_one_was_issued(&lab);
}

#[test]
fn c10_requests_that_come_together_are_answered_one_after_the_other() {
    let lab = Lab::of_guide();
    let ask = "GET /scep/mosyle?operation=GetCACaps HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = ask.replace("Host: x", "Host: x\r\nConnection: close");
    let answer = http::send(&lab.server().http, [ask.repeat(20), last].concat());
    let more = String::from_utf8_lossy(&answer.body).matches("HTTP/1.1 200").count();
    assert_eq!((answer.status, more), (200, 20));
}

/// Sends a part of a request and waits until the server ends the connection; returns its words.
#[track_caller]
fn end_of(address: &str, part: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a patience above zero");
    stream.write_all(part.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    let ended = stream.read_to_string(&mut answer);
    assert!(ended.is_ok(), "the server waits on: {ended:?}");
    answer
}

#[test]
fn c10_who_never_comes_to_an_end_is_ended() {
    let lab = Lab::of_guide();
    let address = lab.server().http.as_str();
    let body = format!("POST {OPERATION} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n0");
    std::thread::scope(|scope| {
        let head = scope.spawn(|| end_of(address, "GET /scep/mosyle?operation=GetCACaps HT"));
        let body = scope.spawn(|| end_of(address, &body));
        // Meanwhile others are served.
        lab.enroll("mac-1");
        let head = head.join().unwrap();
        assert!(head.is_empty() || head.contains(" 408 "), "{head}");
        let body = body.join().unwrap();
        assert!(body.contains(" 408 "), "{body}");
    });
}

#[test]
fn c5_fifty_retries_at_once_get_one_certificate() {
    let (lab, _, der) = enrolled();
    let address = lab.server().http.as_str();
    std::thread::scope(|scope| {
        let ask = || http::post(address, OPERATION, &der).status;
        let retries: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
        for retry in retries {
            assert_eq!(retry.join().unwrap(), 200);
        }
    });
    check_that_one_was_issued(&lab);
}
