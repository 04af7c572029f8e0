//! Revocation as strangers see it: OpenSSL reads the lists and asks OCSP, FreeRADIUS admits the
//! device until it is revoked, with lists and with OCSP.

use std::path::Path;
use std::path::PathBuf;

use tests::base64;
use tests::directory;
use tests::freeradius::FreeRadius;
use tests::freeradius::Revocation;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::patience;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant::Supplicant;

const ROOT: &str = "example-school-root-ca";
const ISSUER: &str = "example-school-scep-ca";

/// The guide's organization, whose certificates say where they are told of.
#[track_caller]
fn lab() -> Lab {
    let usage = "extended_key_usage = [\"client-authentication\"]\n";
    let own = "crl_urls = [\"own\"]\nocsp_urls = [\"own\"]\nca_issuers_urls = [\"own\"]\n";
    Lab::of(&guide::with([(usage, &format!("{usage}{own}"))]))
}

/// The list of an authority as it is now, PEM.
#[track_caller]
fn list(lab: &Lab, slug: &str) -> PathBuf {
    let (der, pem) = (lab.directory.file("list.der"), lab.directory.file(&format!("{slug}.crl")));
    stranger::fetch(&lab.url(&format!("/crl/{slug}.crl")), &der);
    let convert = ["crl", "-inform", "der", "-in", shown(&der), "-out", shown(&pem)];
    stranger::openssl(convert).succeeded();
    pem
}

/// The text of a list once it tells of so many certificates.
#[track_caller]
fn list_with(lab: &Lab, slug: &str, count: usize) -> String {
    let text = |list: &Path| {
        stranger::openssl(["crl", "-noout", "-text", "-in", shown(list)]).succeeded().stdout
    };
    let found = patience::until(|| {
        let text = text(&list(lab, slug));
        (text.matches("Serial Number:").count() == count).then_some(text)
    });
    found.expect("the list is made at once")
}

/// Both authorities of the chain, PEM.
#[track_caller]
fn authorities(lab: &Lab) -> String {
    [ROOT, ISSUER].map(|slug| directory::text(&lab.authority(slug))).join("\n")
}

/// The certificate alone, without those above it.
#[track_caller]
fn leaf(identity: &Path) -> PathBuf {
    let (chain, leaf) = (identity.join("certificate.pem"), identity.join("leaf.pem"));
    stranger::openssl(["x509", "-in", shown(&chain), "-out", shown(&leaf)]).succeeded();
    leaf
}

#[track_caller]
fn revoke(lab: &Lab, name: &str, reason: &str) {
    lab.ask(["certificate", "revoke", &lab.serial(name), "--reason", reason]).succeeded();
}

#[test]
fn openssl_reads_the_lists_and_refuses_what_is_on_them() {
    let lab = lab();
    let [stolen, kept] = ["stolen", "kept"].map(|name| leaf(&lab.enroll(name)));
    let trusted = lab.directory.write("trusted.pem", authorities(&lab));
    for slug in [ROOT, ISSUER] {
        let (list, authority) = (list(&lab, slug), lab.authority(slug));
        let check = ["crl", "-noout", "-in", shown(&list), "-CAfile", shown(&authority)];
        assert!(stranger::openssl(check).succeeded().stderr.contains("verify OK"));
    }
    let verify = |leaf: &Path, slugs: &[&str]| {
        let lists = slugs.iter().map(|slug| directory::text(&list(&lab, slug)));
        let lists = lab.directory.write("lists.pem", lists.collect::<Vec<_>>().join("\n"));
        let fixed = ["verify", "-x509_strict", "-crl_check_all", "-CAfile", shown(&trusted)];
        let more = ["-CRLfile", shown(&lists), shown(leaf)];
        stranger::openssl(fixed.into_iter().chain(more))
    };
    for leaf in [&stolen, &kept] {
        verify(leaf, &[ROOT, ISSUER]).succeeded().says(": OK");
    }
    revoke(&lab, "stolen", "keyCompromise");
    let text = list_with(&lab, ISSUER, 1);
    for words in ["Key Compromise", "X509v3 CRL Number", "X509v3 Authority Key Identifier"] {
        assert!(text.contains(words), "{text}");
    }
    let refused = verify(&stolen, &[ROOT, ISSUER]);
    assert!(refused.stderr.contains("certificate revoked"), "{refused:?}");
    verify(&kept, &[ROOT, ISSUER]).succeeded().says(": OK");
    // On hold, and off again.
    lab.ask(["certificate", "hold", &lab.serial("kept")]).succeeded();
    assert!(list_with(&lab, ISSUER, 2).contains("Certificate Hold"));
    lab.ask(["certificate", "release", &lab.serial("kept")]).succeeded();
    list_with(&lab, ISSUER, 1);
}

#[test]
fn a_list_is_fetched_once_until_it_changes() {
    let lab = lab();
    lab.enroll("a");
    let path = format!("/crl/{ISSUER}.crl");
    let address = lab.server().http.clone();
    let first = http::get(&address, &path);
    assert_eq!(first.status, 200);
    assert_eq!(first.header("content-type"), "application/pkix-crl");
    let etag = first.header("etag");
    let ask = |version: &str, etag: &str| {
        let known = format!("If-None-Match: {etag}\r\nConnection: close\r\n");
        http::send(&address, format!("GET {path} HTTP/{version}\r\nHost: x\r\n{known}\r\n"))
    };
    let known = ask("1.1", &etag);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(ask("1.1", &format!("\"1\", W/{etag}")).status, 304);
    assert_eq!(ask("1.1", "\"1\"").status, 200);
    revoke(&lab, "a", "superseded");
    list_with(&lab, ISSUER, 1);
    assert_eq!(ask("1.1", &etag).status, 200);
    // Old clients know neither Host nor more than HTTP/1.0.
    let old = http::send(&address, format!("GET {path} HTTP/1.0\r\n\r\n"));
    assert_eq!(old.status, 200);
    let head = http::send(&address, format!("HEAD {path} HTTP/1.0\r\n\r\n"));
    assert_eq!((head.status, head.body.len()), (200, 0));
    let parts: usize = (0..4)
        .map(|part| {
            let file = lab.directory.file("part.der");
            stranger::fetch(&lab.url(&format!("/crl/{ISSUER}/{part}-of-4.crl")), &file);
            let read = ["crl", "-inform", "der", "-noout", "-text", "-in", shown(&file)];
            let text = stranger::openssl(read).succeeded().stdout;
            assert!(text.contains("X509v3 Issuing Distribution Point: critical"), "{text}");
            text.matches("Serial Number:").count()
        })
        .sum();
    assert_eq!(parts, 1);
    for path in ["nobody.crl", &format!("{ISSUER}.pem"), &format!("{ISSUER}/4-of-4.crl"), ISSUER] {
        assert_eq!(http::get(&address, &format!("/crl/{path}")).status, 404, "{path}");
    }
}

/// Asks with OpenSSL, which verifies the answer; returns what it says of the certificate.
#[track_caller]
fn ocsp(lab: &Lab, leaf: &Path, more: &[&str]) -> String {
    let trusted = lab.directory.write("trusted.pem", authorities(lab));
    let (issuer, url) = (lab.authority(ISSUER), lab.url(&format!("/ocsp/{ISSUER}")));
    let fixed = ["ocsp", "-issuer", shown(&issuer), "-cert", shown(leaf), "-url", &url];
    let trust = ["-CAfile", shown(&trusted)];
    let arguments = fixed.into_iter().chain(trust).chain(more.iter().copied());
    let outcome = stranger::openssl(arguments).succeeded();
    assert!(outcome.stderr.contains("Response verify OK"), "{outcome:?}");
    outcome.stdout
}

#[test]
fn openssl_asks_about_a_certificate_and_verifies_the_answer() {
    let lab = lab();
    let device = leaf(&lab.enroll("device"));
    for more in [[].as_slice(), &["-no_nonce"]] {
        assert!(ocsp(&lab, &device, more).contains(": good"));
    }
    revoke(&lab, "device", "affiliationChanged");
    for more in [[].as_slice(), &["-no_nonce"]] {
        let said = ocsp(&lab, &device, more);
        assert!(said.contains(": revoked") && said.contains("affiliationChanged"), "{said}");
    }
    // A number that was never given, and one of another authority.
    let issuer = lab.authority(ISSUER);
    let never = ["ocsp", "-issuer", shown(&issuer), "-serial", "0x1234567890", "-noverify", "-url"];
    let url = lab.url(&format!("/ocsp/{ISSUER}"));
    let said = stranger::openssl(never.into_iter().chain([url.as_str()])).succeeded().stdout;
    assert!(said.contains(": unknown"), "{said}");
    let root = lab.url(&format!("/ocsp/{ROOT}"));
    let said = stranger::openssl(never.into_iter().chain([root.as_str()]));
    assert!(said.stdout.contains("unauthorized (6)"), "{said:?}");
}

/// What OpenSSL would ask about a certificate.
#[track_caller]
fn question(lab: &Lab, leaf: &Path) -> Vec<u8> {
    let (issuer, file) = (lab.authority(ISSUER), lab.directory.file("question.der"));
    let ask = ["ocsp", "-no_nonce", "-issuer", shown(&issuer), "-cert", shown(leaf), "-reqout"];
    stranger::openssl(ask.into_iter().chain([shown(&file)])).succeeded();
    directory::bytes(&file)
}

#[test]
fn ocsp_is_answered_by_get_and_post_and_to_old_clients() {
    let lab = lab();
    let device = leaf(&lab.enroll("device"));
    let question = question(&lab, &device);
    let (address, path) = (lab.server().http.clone(), format!("/ocsp/{ISSUER}"));
    let posted = http::post(&address, &path, &question);
    assert_eq!(posted.status, 200);
    assert_eq!(posted.header("content-type"), "application/ocsp-response");
    let text = base64::encode(&question);
    let escaped = text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    for text in [&text, &escaped] {
        let got = http::get(&address, &format!("{path}/{text}"));
        assert_eq!((got.status, &got.body), (200, &posted.body), "{text}");
        assert!(got.header("cache-control").contains("max-age="), "{}", got.head);
        assert!(!got.header("expires").is_empty() && !got.header("last-modified").is_empty());
        let known = format!("If-None-Match: {}\r\n", got.header("etag"));
        let request = format!("GET {path}/{text} HTTP/1.0\r\n{known}\r\n");
        assert_eq!(http::send(&address, request).status, 304);
    }
    let old = http::send(&address, format!("GET {path}/{text} HTTP/1.0\r\n\r\n"));
    assert_eq!(old.body, posted.body);
    // What is no question is told so in the words of OCSP: malformedRequest.
    let malformed = [0x30, 3, 0x0a, 1, 1];
    for body in [b"hello".to_vec(), Vec::new(), vec![0x30; 100_000]] {
        assert_eq!(http::post(&address, &path, &body).body, malformed);
    }
    assert_eq!(http::get(&address, &format!("{path}/AAAA")).body, malformed);
    assert_eq!(http::get(&address, &format!("{path}/%00%ff")).status / 100, 4);
    assert_eq!(http::post(&address, "/ocsp/nobody", &question).status, 404);
}

/// What FreeRADIUS is to trust. With lists the root alone: it takes every authority that it is given
/// for the end of a chain, and then finds no list for the one in the middle. With OCSP that one too:
/// it is needed to verify the answer.
#[track_caller]
fn trusted(lab: &Lab, revocation: Revocation<'_>) -> String {
    match revocation {
        Revocation::Lists(_) => directory::text(&lab.authority(ROOT)),
        Revocation::Ocsp(_) => authorities(lab),
    }
}

#[track_caller]
fn freeradius_admits(lab: &Lab, identity: &Path, revocation: Revocation<'_>) {
    let server = FreeRadius::start(&trusted(lab, revocation), revocation);
    let joined = Supplicant::new(identity, &server.root).join(&server.address);
    let log = server.stop();
    assert!(!log.contains("ERROR"), "{log}");
    joined.is_in();
}

#[track_caller]
fn freeradius_refuses(lab: &Lab, identity: &Path, revocation: Revocation<'_>) {
    let server = FreeRadius::start(&trusted(lab, revocation), revocation);
    Supplicant::new(identity, &server.root).join(&server.address).is_not_in();
    let log = server.stop();
    assert!(log.contains("revoked"), "{log}");
}

#[test]
fn freeradius_with_check_crl_admits_a_device_until_it_is_revoked() {
    let lab = lab();
    let identity = lab.enroll("device");
    let lists = || [ROOT, ISSUER].map(|slug| directory::text(&list(&lab, slug))).join("\n");
    freeradius_admits(&lab, &identity, Revocation::Lists(&lists()));
    revoke(&lab, "device", "keyCompromise");
    list_with(&lab, ISSUER, 1);
    freeradius_refuses(&lab, &identity, Revocation::Lists(&lists()));
}

#[test]
fn freeradius_with_ocsp_admits_a_device_until_it_is_revoked() {
    let lab = lab();
    let identity = lab.enroll("device");
    let url = lab.url(&format!("/ocsp/{ISSUER}"));
    freeradius_admits(&lab, &identity, Revocation::Ocsp(&url));
    revoke(&lab, "device", "keyCompromise");
    freeradius_refuses(&lab, &identity, Revocation::Ocsp(&url));
}

#[test]
fn many_certificates_are_revoked_with_a_guard_and_a_count() {
    let lab = lab();
    for name in ["a", "b"] {
        lab.enroll(name);
    }
    let revoke = ["certificate", "revoke", "--gateway", "Mosyle", "--reason", "superseded"];
    let [noun, verb, field, gateway, flag, reason] = revoke;
    let dry = lab.ask([noun, verb, field, gateway, flag, reason, "--dry-run"]).succeeded();
    assert!(dry.stdout.contains("2 certificates would be revoked"), "{}", dry.stdout);
    let done = lab.ask([noun, verb, field, gateway, flag, reason, "--json"]).succeeded().json();
    assert_eq!(json::at(&done, "/count"), 2);
    assert_eq!(json::list(&done, "/changed").len(), 2);
    list_with(&lab, ISSUER, 2);
    for wrong in ["--reason", "--device"] {
        assert_eq!(lab.ask([noun, verb, wrong, "x"]).status, 2, "{wrong}");
    }
}
