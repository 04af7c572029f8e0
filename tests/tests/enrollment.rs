//! Enrollment with strangers: strongSwan asks for certificates with the secret from the CSV, and
//! OpenSSL accepts what comes back, by the letter of RFC 5280. Our own client does the same, and
//! so do authorities of every kind of key.

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

/// Fetches what the gateway announces, as strongSwan reads it: `ca.crt`, `ca-1.crt`, `ra.crt`.
#[track_caller]
fn fetch_authorities(lab: &Lab, url: &str) {
    let arguments = ["--scepca", "--url", url, "--caout", "ca.crt", "--raout", "ra.crt", "--force"];
    let outcome = stranger::pki(lab.directory.path(), arguments).succeeded();
    for authority in ["Root CA cert", "Sub CA cert is trusted", "RA cert is trusted"] {
        assert!(outcome.stderr.contains(authority), "{}", outcome.stderr);
    }
}

/// Asks with strongSwan for a certificate at the guide's gateway; returns it as PEM.
#[track_caller]
fn strongswan_enrolls(lab: &Lab, url: &str, key_bits: &str, more: &[&str]) -> PathBuf {
    let directory = lab.directory.path();
    let key = ["--gen", "--type", "rsa", "--size", key_bits];
    lab.directory.write("swan.key.der", stranger::pki(directory, key).succeeded().bytes);
    let secret = lab.secret(guide::GATEWAY);
    let ask = ["--scep", "--url", url, "--in", "swan.key.der", "--dn", "C=DE, O=Lab, CN=swan"];
    let rest = ["--san", "swan.lab.test", "--password", &secret, "--cacert", "ca.crt"];
    let authorities = ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt"];
    let arguments = ask.into_iter().chain(rest).chain(authorities).chain(more.iter().copied());
    let outcome = stranger::pki(directory, arguments).succeeded();
    let der = lab.directory.write("swan.der", outcome.bytes);
    let pem = lab.directory.file("swan.pem");
    let convert = ["x509", "-inform", "der", "-in", shown(&der), "-out", shown(&pem)];
    stranger::openssl(convert).succeeded();
    pem
}

#[track_caller]
fn assert_is_for_a_client(certificate: &Path, name: &str) {
    let text = stranger::text_of(certificate);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let below = |heading: &str| {
        let at = lines.iter().position(|line| *line == heading);
        at.and_then(|at| lines.get(at + 1)).copied().unwrap_or_default()
    };
    assert_eq!(below("X509v3 Extended Key Usage:"), "TLS Web Client Authentication", "{text}");
    let usage = below("X509v3 Key Usage: critical");
    assert_eq!(usage, "Digital Signature, Key Encipherment", "{text}");
    assert_eq!(below("X509v3 Basic Constraints: critical"), "CA:FALSE", "{text}");
    assert_eq!(below("X509v3 Subject Alternative Name:"), name, "{text}");
}

#[test]
fn strongswan_enrolls_with_the_secret_from_the_csv() {
    let lab = Lab::of_guide();
    let url = lab.url("/scep/mosyle");
    fetch_authorities(&lab, &url);
    let certificate = strongswan_enrolls(&lab, &url, "2048", &[]);
    stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
    assert_is_for_a_client(&certificate, "DNS:swan.lab.test");
    assert_eq!(stranger::field_of(&certificate, "-subject"), "CN = swan");
    assert_eq!(stranger::field_of(&certificate, "-serial"), lab.serial("swan"));
    let event = lab.event("the enrollment", |event| event["kind"] == "certificate.enrollment");
    assert_eq!(event["outcome"], "accepted");
    assert_eq!(event["object"], format!("certificate:{}", lab.serial("swan")));
    assert_eq!(event["policy"], "Mosyle enrollment");
}

#[test]
fn strongswan_enrolls_with_other_algorithms_and_keys() {
    let lab = Lab::of_guide();
    let url = lab.url("/scep/mosyle");
    fetch_authorities(&lab, &url);
    let cases: [(&str, &[&str]); 4] = [
        ("2048", &["--cipher", "des3"]),
        ("2048", &["--digest", "sha512"]),
        ("3072", &["--cipher", "aes"]),
        ("4096", &["--digest", "sha256"]),
    ];
    for (key_bits, more) in cases {
        let certificate = strongswan_enrolls(&lab, &url, key_bits, more);
        stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
        let text = stranger::text_of(&certificate);
        assert!(text.contains(&format!("Public-Key: ({key_bits} bit)")), "{text}");
    }
    assert_eq!(lab.device_certificates().len(), cases.len());
}

#[test]
fn strongswan_enrolls_at_the_paths_that_devices_know() {
    let lab = Lab::of_guide();
    for path in ["/scep/mosyle/pkiclient.exe", "/cgi-bin/pkiclient.exe", "/scep"] {
        let url = lab.url(path);
        fetch_authorities(&lab, &url);
        let certificate = strongswan_enrolls(&lab, &url, "2048", &[]);
        stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
    }
}

#[test]
fn strongswans_messages_are_understood_by_get_too() {
    let lab = Lab::of_guide();
    let proxy = Proxy::open(&lab.server().http);
    let url = format!("http://{}/scep/mosyle", proxy.address);
    fetch_authorities(&lab, &url);
    let certificate = strongswan_enrolls(&lab, &url, "2048", &[]);
    stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
    let passed = proxy.passed();
    let messages = passed.iter().filter(|path| path.contains("&message="));
    assert_eq!(messages.count(), 1, "{passed:#?}");
}

#[test]
fn strongswan_with_a_wrong_secret_gets_nothing() {
    let lab = Lab::of_guide();
    let url = lab.url("/scep/mosyle");
    fetch_authorities(&lab, &url);
    let directory = lab.directory.path();
    let key = stranger::pki(directory, ["--gen", "--type", "rsa", "--size", "2048"]).succeeded();
    lab.directory.write("k.der", key.bytes);
    let ask = ["--scep", "--url", &url, "--in", "k.der", "--dn", "CN=swan", "--password", "wrong"];
    let authorities = ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt", "--cacert", "ca.crt"];
    let outcome = stranger::pki(directory, ask.into_iter().chain(authorities));
    assert_ne!(outcome.status, 0, "{outcome:?}");
    assert!(outcome.stderr.contains("badRequest"), "{}", outcome.stderr);
    assert!(outcome.bytes.is_empty());
    lab.refusal("ENR-CHALLENGE-WRONG");
    assert!(lab.device_certificates().is_empty());
}

#[test]
fn our_own_client_leaves_a_certificate_that_openssl_accepts() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    let certificate = identity.join("certificate.pem");
    // The same file holds the leaf, then those above it without the root.
    stranger::verify(&identity.join("ca.pem"), Some(&certificate), &certificate);
    let fetched = stranger::field_of(&lab.authority(ROOT), "-fingerprint");
    assert_eq!(stranger::field_of(&identity.join("ca.pem"), "-fingerprint"), fetched);
    assert_is_for_a_client(&certificate, "DNS:mac-1.example.test");
    let key = ["pkey", "-pubout", "-in", shown(&identity.join("key.pem"))].map(str::to_owned);
    let key = stranger::openssl(key.iter().map(String::as_str)).succeeded().stdout;
    let leaf = ["x509", "-pubkey", "-noout", "-in", shown(&certificate)];
    assert_eq!(stranger::openssl(leaf).succeeded().stdout, key);
    for file in ["certificate.pem", "key.pem", "ca.pem"] {
        let mode = std::os::unix::fs::MetadataExt::mode(
            &std::fs::metadata(identity.join(file)).expect("it was written"),
        );
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn our_own_client_does_not_overwrite_a_key() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    let key = directory::bytes(&identity.join("key.pem"));
    let secret = lab.secret(guide::GATEWAY);
    let order = ["--secret", &secret, "--subject", "CN=mac-1"];
    lab.ask_for_certificate("mac-1", order).refused().complains("--force");
    assert_eq!(directory::bytes(&identity.join("key.pem")), key);
    lab.ask_for_certificate("mac-1", ["--force", "--secret", &secret, "--subject", "CN=mac-1"])
        .succeeded();
    assert_ne!(directory::bytes(&identity.join("key.pem")), key);
}

#[test]
fn the_guides_literal_values_enroll_and_say_what_was_left_out() {
    let lab = Lab::of(&guide::with([(
        "dns = [\"${/device/identity}\"]",
        "email = [\"${/csr/san/email}\"]\ndns = [\"${/device/identity}\"]",
    )]));
    let secret = lab.secret(guide::GATEWAY);
    let names = ["--san", "dns:teacher@example.test", "--san", "email:MacBook Pro"];
    let [kind, name, other, value] = names;
    let order = ["--secret", &secret, "--subject", "CN=C02LITERAL", kind, name, other, value];
    lab.ask_for_certificate("literal", order).succeeded();
    let text = stranger::text_of(&lab.directory.file("literal/certificate.pem"));
    assert!(text.contains("email:teacher@example.test"), "{text}");
    assert!(!text.contains("MacBook Pro"), "{text}");
    let event = lab.event("the enrollment", |event| event["kind"] == "certificate.enrollment");
    assert!(!json::list(&event, "/warnings").is_empty(), "{event:#}");
}

#[test]
fn authorities_can_be_downloaded_as_der_pem_and_pkcs7() {
    let lab = Lab::of_guide();
    let chains = [(ROOT, 1), (ISSUER, 2), ("example-school-radius-ca", 1)];
    for (slug, length) in chains {
        let [der, pem, p7b] = ["cer", "pem", "p7b"].map(|ending| {
            let file = lab.directory.file(&format!("{slug}.{ending}"));
            stranger::fetch(&lab.url(&format!("/ca/{slug}.{ending}")), &file);
            file
        });
        let read = ["x509", "-noout", "-fingerprint", "-sha256", "-inform"];
        let [from_der, from_pem] = [("der", &der), ("pem", &pem)].map(|(form, file)| {
            let arguments = read.into_iter().chain([form, "-in", shown(file)]);
            stranger::openssl(arguments).succeeded().stdout
        });
        assert_eq!(from_der, from_pem, "{slug}");
        let list = ["pkcs7", "-inform", "der", "-print_certs", "-in", shown(&p7b)];
        let certificates = stranger::openssl(list).succeeded().stdout;
        assert_eq!(certificates.matches("BEGIN CERTIFICATE").count(), length, "{slug}");
    }
    for path in ["/ca/nobody.pem", "/ca/example-school-root-ca.exe", "/ca/example-school-root-ca"] {
        assert_eq!(http::get(&lab.server().http, path).status, 404, "{path}");
    }
}

#[test]
fn a_gateway_announces_its_registration_certificate_first_and_its_root_last() {
    let lab = Lab::of_guide();
    let file = lab.directory.file("announced.p7b");
    stranger::fetch(&lab.url("/scep/mosyle?operation=GetCACert"), &file);
    let list = ["pkcs7", "-inform", "der", "-print_certs", "-noout", "-in", shown(&file)];
    let announced = stranger::openssl(list).succeeded().stdout;
    let subjects: Vec<&str> =
        announced.lines().filter_map(|line| line.strip_prefix("subject=CN = ")).collect();
    let [registration, issuer, root] = subjects.as_slice() else {
        panic!("three certificates are announced: {announced}")
    };
    assert!(registration.ends_with(" RA"), "{announced}");
    assert_eq!(*issuer, "Example School SCEP CA");
    assert_eq!(*root, "Example School Root CA");
    let capabilities = lab.directory.file("capabilities");
    stranger::fetch(&lab.url("/scep/mosyle?operation=GetCACaps"), &capabilities);
    let capabilities = directory::text(&capabilities);
    for capability in ["POSTPKIOperation", "SHA-256", "AES"] {
        assert!(capabilities.lines().any(|line| line.trim() == capability), "{capabilities}");
    }
}

/// The guide's authorities with other keys, each with the hash that it signs with.
#[track_caller]
fn check_authorities(root: (&str, &str), issuer: (&str, &str), signature: &str) {
    let lab = Lab::of(&guide::with_keys(root, issuer));
    let url = lab.url("/scep/mosyle");
    fetch_authorities(&lab, &url);
    let certificate = strongswan_enrolls(&lab, &url, "2048", &[]);
    stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &certificate);
    let text = stranger::text_of(&certificate);
    assert!(text.contains(&format!("Signature Algorithm: {signature}\n")), "{text}");
}

#[test]
fn an_rsa_3072_authority_below_an_rsa_4096_root_issues() {
    check_authorities(("rsa-4096", "sha512"), ("rsa-3072", "sha384"), "sha256WithRSAEncryption");
}

#[test]
fn an_rsa_4096_authority_below_an_ecdsa_p256_root_issues() {
    check_authorities(("ecdsa-p256", "sha256"), ("rsa-4096", "sha256"), "sha256WithRSAEncryption");
}

#[test]
fn an_ecdsa_p256_authority_issues() {
    check_authorities(("ecdsa-p256", "sha256"), ("ecdsa-p256", "sha256"), "ecdsa-with-SHA256");
}

#[test]
fn an_ecdsa_p384_authority_below_an_rsa_root_issues() {
    check_authorities(("rsa-2048", "sha256"), ("ecdsa-p384", "sha384"), "ecdsa-with-SHA384");
}
