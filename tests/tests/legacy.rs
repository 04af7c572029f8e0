//! Devices that know only old algorithms, over HTTP: micromdm's client sends single DES and SHA-1
//! and nothing else, strongSwan what it is told. A gateway that was not asked to take them answers
//! with a signed failure that names the algorithm, and so does the event.

use std::path::Path;
use std::path::PathBuf;

use tests::directory;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::proxy::Proxy;
use tests::stranger;
use tests::stranger::shown;

const ROOT: &str = "example-school-root-ca";
const ISSUER: &str = "example-school-scep-ca";

/// desCBC (RFC 8018, B.2.1 has it as 1.3.14.3.2.7).
const SINGLE_DES: &str = "1.3.14.3.2.7";

/// id-sha1.
const SHA1: &str = "1.3.14.3.2.26";

/// The guide with an RSA root, because this client encrypts to every certificate that it is shown,
/// and with more said of its gateway.
fn guide_with(more: &str) -> String {
    let vendor = format!("vendor_name = \"Mosyle\"\n{more}");
    guide::with([
        ("key = \"ecdsa-p384\" ", "key = \"rsa-2048\" "),
        ("vendor_name = \"Mosyle\"", &vendor),
    ])
}

/// Lets the old client ask through a proxy; returns what it said and the message it sent.
#[track_caller]
fn ask(lab: &Lab) -> (tests::outcome::Outcome, String) {
    let proxy = Proxy::open(&lab.server().http);
    let url = format!("http://{}/scep/mosyle", proxy.address);
    let secret = lab.secret(guide::GATEWAY);
    let outcome = stranger::scepclient(lab.directory.path(), &url, &secret);
    let passed = proxy.passed();
    let message = passed.iter().find(|path| path.contains("&message=")).cloned();
    assert!(message.is_some(), "nothing was asked: {passed:?}");
    (outcome, message.unwrap_or_default())
}

/// Sends the same message again; returns the answer, whose signature OpenSSL has accepted.
#[track_caller]
fn answer(lab: &Lab, message: &str) -> PathBuf {
    let answer = http::get(&lab.server().http, message);
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.head.to_ascii_lowercase().contains("application/x-pki-message"));
    let file = lab.directory.write("answer.der", &answer.body);
    // The RA signed it, whose certificate is inside.
    let verify = ["cms", "-verify", "-inform", "der", "-noverify", "-in", shown(&file), "-out"];
    let content = lab.directory.file("content");
    stranger::openssl(verify.into_iter().chain([shown(&content)])).succeeded();
    assert!(directory::bytes(&content).is_empty(), "a failure has content");
    file
}

/// The values of the attributes of an answer, as OpenSSL shows them: each behind its name.
#[track_caller]
fn attribute(answer: &Path, oid: &str) -> String {
    let show = ["asn1parse", "-inform", "der", "-in", shown(answer)];
    let shown = stranger::openssl(show).succeeded().stdout;
    let behind = shown.lines().skip_while(|line| !line.ends_with(oid)).nth(2);
    let value = behind.and_then(|line| line.split_once("STRING").map(|(_, value)| value));
    value.map(|value| value.trim_start_matches([' ', ':']).to_owned()).unwrap_or(shown)
}

#[test]
fn single_des_meets_a_signed_failure_that_names_it() {
    let lab = Lab::of(&guide_with(""));
    let (outcome, message) = ask(&lab);
    assert_ne!(outcome.status, 0, "{outcome:#?}");
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(said.to_lowercase().contains("badalg"), "{outcome:#?}");
    let answer = answer(&lab, &message);
    assert_eq!(attribute(&answer, "2.16.840.1.113733.1.9.2"), "3", "messageType");
    assert_eq!(attribute(&answer, "2.16.840.1.113733.1.9.3"), "2", "pkiStatus");
    assert_eq!(attribute(&answer, "2.16.840.1.113733.1.9.4"), "0", "failInfo: badAlg");
    let text = attribute(&answer, "1.3.6.1.5.5.7.24.1");
    assert!(text.contains(SINGLE_DES), "failInfoText: {text}");
    let event = lab.refusal("ENR-MESSAGE-REFUSED");
    assert!(json::text(&event, "/reason/sentence").contains(SINGLE_DES), "{event:#}");
    assert!(lab.device_certificates().is_empty());
}

#[test]
fn a_legacy_gateway_gives_the_old_client_a_certificate() {
    let lab = Lab::of(&guide_with("legacy = true"));
    let (outcome, message) = ask(&lab);
    outcome.succeeded();
    let certificate = lab.directory.file("old.pem");
    stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
    let ours = lab.serial("old-device");
    assert_eq!(stranger::field_of(&certificate, "-serial"), ours);
    // The same message once more gets the same certificate.
    assert_eq!(http::get(&lab.server().http, &message).status, 200);
    assert_eq!(lab.device_certificates().len(), 1);
}

#[test]
fn a_strict_gateway_takes_no_sha1() {
    let lab = Lab::of(&guide_with("strict = true"));
    let (outcome, message) = ask(&lab);
    assert_ne!(outcome.status, 0, "{outcome:#?}");
    let text = attribute(&answer(&lab, &message), "1.3.6.1.5.5.7.24.1");
    assert!(text.contains(SHA1), "failInfoText: {text}");
    let event = lab.refusal("ENR-MESSAGE-REFUSED");
    assert!(json::text(&event, "/reason/sentence").contains(SHA1), "{event:#}");
}

/// Asks with strongSwan at the guide's gateway.
#[track_caller]
fn strongswan(lab: &Lab, more: &[&str]) -> tests::outcome::Outcome {
    let (url, directory) = (lab.url("/scep/mosyle"), lab.directory.path());
    let fetch = ["--scepca", "--url", &url, "--caout", "ca.crt", "--raout", "ra.crt", "--force"];
    stranger::pki(directory, fetch).succeeded();
    let key = stranger::pki(directory, ["--gen", "--type", "rsa", "--size", "2048"]).succeeded();
    lab.directory.write("swan.key", key.bytes);
    let secret = lab.secret(guide::GATEWAY);
    let ask = ["--scep", "--url", &url, "--in", "swan.key", "--dn", "CN=swan"];
    let rest = ["--password", &secret, "--cacert", "ca.crt"];
    let authorities = ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt"];
    let arguments = ask.into_iter().chain(rest).chain(authorities).chain(more.iter().copied());
    stranger::pki(directory, arguments)
}

#[test]
fn strongswans_old_algorithms_are_taken_until_the_gateway_is_strict() {
    let old = ["--digest", "sha1", "--cipher", "des3"];
    let lab = Lab::of_guide();
    assert!(!strongswan(&lab, &old).succeeded().bytes.is_empty());
    assert_eq!(lab.device_certificates().len(), 1);
    let strict = Lab::of(&guide_with("strict = true"));
    for more in [&["--digest", "sha1"][..], &["--cipher", "des3"]] {
        let outcome = strongswan(&strict, more);
        assert!(outcome.status != 0 && outcome.bytes.is_empty(), "{more:?}");
    }
    assert!(strict.device_certificates().is_empty());
    assert!(!strongswan(&strict, &["--rsa-padding", "pss"]).succeeded().bytes.is_empty());
}
