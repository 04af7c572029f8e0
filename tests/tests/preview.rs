//! `certificate-template preview`: requests that OpenSSL made, and what would become of them.

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;

const TEMPLATE: &str = "Mosyle devices";

/// A request as OpenSSL writes it.
#[track_caller]
fn request<const N: usize>(lab: &Lab, name: &str, more: [&str; N]) -> String {
    let (key, csr) = (format!("{name}.key"), format!("{name}.csr"));
    let (key, csr) = (lab.directory.file(&key), lab.directory.file(&csr));
    let begin = ["req", "-new", "-nodes", "-newkey", "rsa:2048", "-keyout", shown(&key), "-out"];
    let begin = begin.into_iter().chain([shown(&csr)]);
    stranger::openssl(begin.chain(more)).succeeded();
    shown(&csr).to_owned()
}

#[track_caller]
fn preview(lab: &Lab, csr: &str) -> Value {
    let arguments = ["certificate-template", "preview", TEMPLATE, "--csr", csr, "--json"];
    lab.ask(arguments).succeeded().json()
}

/// The values under a key in a list, one behind the other.
fn values<'a>(document: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    json::list(document, list).iter().map(|one| json::text(one, key)).collect()
}

#[test]
fn what_openssl_asks_for_is_shown_with_what_would_be_left_out() {
    let lab = Lab::of_guide();
    let greedy = request(
        &lab,
        "greedy",
        [
            "-subj",
            "/CN=mac-1/OU=Owners",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "subjectAltName=DNS:mac-1.example.test,DNS:radius.example.test",
            "-addext",
            "extendedKeyUsage=clientAuth,serverAuth,anyExtendedKeyUsage",
            "-addext",
            "1.3.6.1.4.1.311.25.2=ASN1:UTF8String:S-1-5-21-1-2-3-500",
            "-addext",
            "1.3.6.1.4.1.99999.7=critical,ASN1:NULL",
        ],
    );
    let before = lab.device_certificates();
    let found = preview(&lab, &greedy);
    assert_eq!(found["refusal"], Value::Null, "{found:#}");
    assert_eq!(
        values(&found, "/left_out", "/value"),
        [
            "CA:true",
            "server-authentication",
            "2.5.29.37.0",
            "1.3.6.1.4.1.311.25.2 (security identifier)",
            "1.3.6.1.4.1.99999.7, critical",
            "dns:radius.example.test",
            "OU=Owners",
        ]
    );
    assert!(values(&found, "/fields", "/value").contains(&"dns:mac-1.example.test"));
    assert_eq!(lab.device_certificates(), before);
    // The same as DER, as a table, and by a stopped server's data.
    let der = lab.directory.file("greedy.der");
    stranger::openssl(["req", "-in", &greedy, "-outform", "DER", "-out", shown(&der)]).succeeded();
    assert_eq!(preview(&lab, shown(&der))["left_out"], found["left_out"]);
    let arguments = ["certificate-template", "preview", TEMPLATE, "--csr", &greedy];
    let table = lab.ask(arguments).succeeded().stdout;
    for part in ["FIELD", "SOURCE", "CN=mac-1", "LEFT OUT", "CA:true", "This would be issued."] {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn a_device_that_enrolled_is_previewed_without_a_request() {
    let mut lab = Lab::of_guide();
    lab.enroll("mac-1");
    let ask = ["certificate-template", "preview", TEMPLATE, "--device", "mac-1", "--json"];
    let found = lab.ask(ask).succeeded().json();
    assert_eq!(found["refusal"], Value::Null, "{found:#}");
    assert!(values(&found, "/fields", "/value").contains(&"CN=mac-1"), "{found:#}");
    lab.stop();
    assert_eq!(lab.ask(ask).succeeded().json()["left_out"], found["left_out"]);
    lab.ask(["certificate-template", "preview", TEMPLATE, "--device", "mac-2"]).refused();
}

#[test]
fn what_would_be_refused_is_said_with_its_reason() {
    let lab = Lab::unserved(guide::GUIDE);
    let refused = |csr: &str, code: &str, words: &str| {
        let found = preview(&lab, csr);
        assert_eq!(json::text(&found, "/refusal/code"), code, "{found:#}");
        assert!(json::text(&found, "/refusal/sentence").contains(words), "{found:#}");
        assert!(!json::text(&found, "/refusal/fix").is_empty());
    };
    let sound = request(&lab, "sound", ["-subj", "/CN=mac-1"]);
    assert_eq!(preview(&lab, &sound)["refusal"], Value::Null);
    let unreadable = "ENR-MESSAGE-UNREADABLE";
    let der = lab.directory.file("sound.der");
    stranger::openssl(["req", "-in", &sound, "-outform", "DER", "-out", shown(&der)]).succeeded();
    let mut bytes = directory::bytes(&der);
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    let forged = lab.directory.write("forged.der", &bytes);
    refused(shown(&forged), unreadable, "the signature of the request does not fit its key");
    bytes.truncate(100);
    let short = lab.directory.write("short.der", &bytes);
    refused(shown(&short), unreadable, "not a certificate signing request");
    let long = lab.directory.write("long.der", vec![0x30; 70_000]);
    refused(shown(&long), unreadable, "longer than 64 KiB");
    let empty = request(&lab, "empty", ["-subj", "/O=Lab"]);
    refused(&empty, "ENR-VARIABLE-EMPTY", "/device/clientId");
    let weak = request(&lab, "weak", ["-subj", "/CN=mac-1", "-pkeyopt", "rsa_keygen_bits:1024"]);
    refused(&weak, unreadable, "1024 bits");
    let ask =
        |template, file| lab.ask(["certificate-template", "preview", template, "--csr", file]);
    ask("nothing", &sound).refused().complains("API-NOT-FOUND");
    ask(TEMPLATE, "no-such-file").refused().complains("no-such-file");
}
