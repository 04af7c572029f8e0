//! pkilint, which others wrote, has no complaint about anything that is made here: certificates of
//! every kind of key and with every field of a template, lists, and answers of OCSP.

use std::path::Path;
use std::path::PathBuf;

use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::patience;
use tests::stranger;
use tests::stranger::shown;

/// A template with every field that there is.
const EVERY_FIELD: &str = r#"
key_usage = ["digital-signature", "key-encipherment", "data-encipherment"]
certificate_policies = ["1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2"]
security_identifier = "S-1-5-21-1004336348-1177238915-682003330-512"
security_identifier_uri = true
crl_urls = ["own", "http://mirror.example.test/devices.crl"]
ocsp_urls = ["own"]
ca_issuers_urls = ["own"]
"#;

const EVERY_NAME: &str = r#"
dns = ["${/device/identity}"]
email = ["${/csr/san/email}", "help@example.test"]
uri = ["urn:example:${/device/clientId}"]
upn = ["${/device/clientId}@example.test"]
permanent_identifier = ["${/device/clientId}"]
"#;

/// Every certificate of the organization, each in a file of its own.
#[track_caller]
fn certificates(lab: &Lab) -> Vec<PathBuf> {
    let serials = lab.certificates();
    let serials = serials.iter().map(|one| json::text(one, "/serial").to_owned());
    serials
        .map(|serial| {
            let shown = lab.ask(["certificate", "show", &serial, "--json"]).succeeded().json();
            lab.directory.write(&format!("{serial}.pem"), json::text(&shown, "/pem"))
        })
        .collect()
}

/// Lints every certificate, every authority's list, and its answer about one certificate.
#[track_caller]
fn check(lab: &Lab, authorities: &[&str]) {
    for file in certificates(lab) {
        stranger::pkilint("lint_pkix_cert", &[], &file);
    }
    for slug in authorities {
        let (der, pem) = (lab.directory.file("list.der"), lab.directory.file("list.pem"));
        let part = format!("/crl/{slug}/1-of-2.crl");
        for path in [format!("/crl/{slug}.crl"), part] {
            stranger::fetch(&lab.url(&path), &der);
            let convert = ["crl", "-inform", "der", "-in", shown(&der), "-out", shown(&pem)];
            stranger::openssl(convert).succeeded();
            stranger::pkilint("lint_crl", &["-t", "CRL", "-p", "PKIX"], &pem);
        }
        stranger::pkilint("lint_ocsp_response", &[], &answer(lab, slug, "-nonce"));
        stranger::pkilint("lint_ocsp_response", &[], &answer(lab, slug, "-no_nonce"));
    }
}

#[track_caller]
fn answer(lab: &Lab, slug: &str, nonce: &str) -> PathBuf {
    let (issuer, file) = (lab.authority(slug), lab.directory.file("answer.der"));
    let url = lab.url(&format!("/ocsp/{slug}"));
    let serial = format!("0x{}", lab.device_certificates().first().map_or("1", first_serial));
    let fixed = ["ocsp", "-issuer", shown(&issuer), "-serial", &serial, "-url", &url];
    let more = [nonce, "-noverify", "-respout", shown(&file)];
    stranger::openssl(fixed.into_iter().chain(more)).succeeded();
    file
}

fn first_serial(certificate: &serde_json::Value) -> &str {
    json::text(certificate, "/serial")
}

#[track_caller]
fn revoke_some(lab: &Lab, names: &[&str]) {
    for (name, reason) in names.iter().zip(["keyCompromise", "unspecified", "certificateHold"]) {
        lab.ask(["certificate", "revoke", &lab.serial(name), "--reason", reason]).succeeded();
    }
    let slug = "example-school-scep-ca";
    let listed = |file: &Path| {
        stranger::fetch(&lab.url(&format!("/crl/{slug}.crl")), file);
        let read = ["crl", "-inform", "der", "-noout", "-text", "-in", shown(file)];
        stranger::openssl(read).succeeded().stdout.matches("Serial Number:").count()
    };
    let file = lab.directory.file("revoked.der");
    assert!(patience::until(|| (listed(&file) == names.len()).then_some(())).is_some());
}

#[test]
fn everything_of_the_guides_organization_is_clean() {
    let lab = Lab::of_guide();
    let names = ["a", "b", "c", "d"];
    for name in names {
        lab.enroll(name);
    }
    revoke_some(&lab, &["a", "b", "c"]);
    check(&lab, &["example-school-root-ca", "example-school-scep-ca", "example-school-radius-ca"]);
}

#[test]
fn a_certificate_with_every_field_of_a_template_is_clean() {
    let lab = Lab::of(&guide::with([
        (
            "extended_key_usage = [\"client-authentication\"]\n",
            &format!(
                "extended_key_usage = [\"client-authentication\", \"1.3.6.1.5.5.7.3.14\"]\n{EVERY_FIELD}"
            ),
        ),
        ("dns = [\"${/device/identity}\"]\n", EVERY_NAME),
        (
            "issuer = \"Example School Root CA\"\n",
            "issuer = \"Example School Root CA\"\nextended_key_usage = []\n",
        ),
    ]));
    lab.enroll("mac-1");
    let text = stranger::text_of(&lab.directory.file("mac-1/certificate.pem"));
    for words in [
        "CRL Distribution Points",
        "OCSP - URI:http://127.0.0.1:8080/ocsp/example-school-scep-ca",
        "CA Issuers - URI:",
        "1.3.6.1.4.1.311.25.2",
        "Policy: 1.3.6.1.4.1.99999.2",
        "tag:microsoft.com,2022-09-14:sid:S-1-5-21",
    ] {
        assert!(text.contains(words), "no {words} in {text}");
    }
    check(&lab, &["example-school-scep-ca"]);
}

#[test]
fn a_short_certificate_that_nobody_tells_of_is_clean() {
    let lab = Lab::of(&guide::with([(
        "validity_days = 365\n",
        "validity_days = 0\nvalidity_hours = 24\nno_revocation_available = true\n",
    )]));
    lab.enroll("mac-1");
    check(&lab, &["example-school-scep-ca"]);
}

/// The guide's authorities with other keys, each with the hash that it signs with.
#[track_caller]
fn check_keys(root: (&str, &str), issuer: (&str, &str), server: &str) {
    let (before, after) =
        ("key = \"ecdsa-p256\"\nvalidity_days", format!("key = \"{server}\"\nvalidity_days"));
    let organization = guide::with_keys(root, issuer);
    assert!(organization.contains(before), "the guide's file says no more: {before}");
    let lab = Lab::of(&organization.replacen(before, &after, 1));
    lab.enroll("mac-1");
    lab.enroll("mac-2");
    revoke_some(&lab, &["mac-1"]);
    check(&lab, &["example-school-root-ca", "example-school-scep-ca"]);
}

#[test]
fn everything_of_rsa_4096_and_3072_is_clean() {
    check_keys(("rsa-4096", "sha512"), ("rsa-3072", "sha384"), "rsa-2048");
}

#[test]
fn everything_of_ecdsa_is_clean() {
    check_keys(("ecdsa-p256", "sha256"), ("ecdsa-p384", "sha384"), "ecdsa-p384");
    check_keys(("ecdsa-p384", "sha384"), ("ecdsa-p256", "sha256"), "ecdsa-p256");
}
