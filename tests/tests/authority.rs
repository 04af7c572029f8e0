//! Certificate authorities before strangers: OpenSSL reads what each field did and accepts the
//! chains, `eapol_test` joins with certificates of both keys of a renewed authority, and what is
//! disabled or renewed goes on being there.

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::http;
use tests::json;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant::Supplicant;

const ROOT: &str = "example-school-root-ca";
const ISSUER: &str = "example-school-scep-ca";

/// Asserts that `openssl verify` says of a chain, for a purpose, whether it is sound.
#[track_caller]
fn verify(purpose: &str, files: [&std::path::Path; 3], sound: bool) {
    let [root, above, leaf] = files.map(shown);
    let begin = ["verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, "-CAfile", root];
    let arguments = begin.into_iter().chain(["-untrusted", above, leaf]);
    let outcome = stranger::openssl(arguments);
    assert_eq!(outcome.status == 0, sound, "{purpose}: {outcome:?}");
}

/// Says what the lines below a heading of `openssl x509 -text` are.
fn below<'a>(text: &'a str, heading: &str) -> &'a str {
    let mut lines = text.lines().map(str::trim).skip_while(|line| *line != heading);
    lines.nth(1).unwrap_or_default()
}

#[test]
fn each_field_is_read_by_openssl_as_it_was_written() {
    let intermediate = |name: &str, fields: &str| {
        format!(
            "[[certificate_authority]]\nname = \"{name}\"\ntype = \"intermediate\"\n\
             issuer = \"Example School Root CA\"\n{fields}\n"
        )
    };
    let more = [
        intermediate("Devices", "key = \"rsa-3072\"\nsignature_algorithm = \"sha512\""),
        intermediate("RADIUS below", "key = \"ecdsa-p256\"\ngenerate_ca_for = \"radius-server\""),
        intermediate(
            "RadSec",
            "key = \"ecdsa-p384\"\nsignature_algorithm = \"sha384\"\ngenerate_ca_for = \"radsec\"",
        ),
        intermediate(
            "Named",
            "key = \"rsa-2048\"\ncommon_name = \"Named CA\"\nvalidity_years = 2\n\
             extended_key_usage = [\"client-authentication\", \"smartcard-logon\"]\n\
             permitted_names = [\"example.org\", \"school.test\"]",
        ),
        intermediate("Any", "key = \"ecdsa-p256\"\nextended_key_usage = []"),
    ];
    let lab = Lab::of(&guide::and(&more.concat()));
    let client = "TLS Web Client Authentication";
    let (server, ocsp) = ("TLS Web Server Authentication", "OCSP Signing");
    let cases = [
        ("devices", "3072", format!("{client}, {ocsp}")),
        ("radius-below", "256", format!("{server}, {ocsp}")),
        ("radsec", "384", format!("{client}, {server}, {ocsp}")),
        ("named", "2048", format!("{client}, Microsoft Smartcard Login, {ocsp}")),
        ("any", "256", String::new()),
    ];
    let root = lab.authority(ROOT);
    for (slug, bits, usages) in cases {
        let file = lab.authority(slug);
        stranger::verify(&root, None, &file);
        let text = stranger::text_of(&file);
        assert_eq!(below(&text, "X509v3 Extended Key Usage:"), usages, "{text}");
        let constraints = below(&text, "X509v3 Basic Constraints: critical");
        assert_eq!(constraints, "CA:TRUE, pathlen:0", "{text}");
        let usage = below(&text, "X509v3 Key Usage: critical");
        assert_eq!(usage, "Digital Signature, Certificate Sign, CRL Sign", "{text}");
        assert!(text.contains(&format!("Public-Key: ({bits} bit)")), "{text}");
    }
    let text = stranger::text_of(&root);
    assert_eq!(below(&text, "X509v3 Basic Constraints: critical"), "CA:TRUE", "{text}");
    assert_eq!(below(&text, "X509v3 Extended Key Usage:"), "", "{text}");
    let named = lab.authority("named");
    assert_eq!(stranger::field_of(&named, "-subject"), "CN = Named CA");
    let text = stranger::text_of(&named);
    assert_eq!(below(&text, "X509v3 Name Constraints: critical"), "Permitted:", "{text}");
    for name in ["DNS:example.org", "DNS:school.test"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn devices_below_a_constrained_authority_enroll_and_join() {
    let constrained = "validity_years = 10\npermitted_names = [\"example.test\"]\n\n\
                       [[certificate_authority]]\nname = \"Example School RADIUS CA\"";
    let plain = "validity_years = 10\n\n[[certificate_authority]]\n\
                 name = \"Example School RADIUS CA\"";
    let lab = Lab::of(&guide::with([(plain, constrained)]));
    let identity = lab.enroll("mac-1");
    let certificate = identity.join("certificate.pem");
    let (root, above) = (lab.authority(ROOT), lab.authority(ISSUER));
    verify("sslclient", [&root, &above, &certificate], true);
    verify("sslserver", [&root, &above, &certificate], false);
    let trusted = lab.radius_root();
    for version in ["1.2", "1.3"] {
        Supplicant::new(&identity, &trusted).tls(version).join(lab.radius()).is_in();
    }
    let secret = lab.secret(guide::GATEWAY);
    let order = ["--secret", &secret, "--subject", "CN=mac-2", "--san", "dns:mac-2.example.com"];
    lab.ask_for_certificate("mac-2", order).refused();
    let event = lab.refusal("ENR-LINT");
    let sentence = json::text(&event, "/reason/sentence");
    assert!(sentence.contains("lint-name-not-permitted"), "{sentence}");
}

#[test]
fn devices_take_a_radius_server_below_a_constrained_authority() {
    let root = "type = \"root\"\ngenerate_ca_for = \"radius-server\"\n";
    let below = "type = \"intermediate\"\nissuer = \"Example School Root CA\"\n\
                 generate_ca_for = \"radius-server\"\npermitted_names = [\"example.test\"]\n";
    let lab = Lab::of(&guide::with([(root, below)]));
    let (identity, trusted) = (lab.enroll("mac-1"), lab.authority(ROOT));
    let text = stranger::text_of(&lab.radius_root());
    let usages = self::below(&text, "X509v3 Extended Key Usage:");
    assert_eq!(usages, "TLS Web Server Authentication, OCSP Signing", "{text}");
    for version in ["1.2", "1.3"] {
        Supplicant::new(&identity, &trusted).tls(version).join(lab.radius()).is_in();
    }
    let [trust, name] = ["--trust", "--server-name"];
    let secret = guide::SHARED_SECRET;
    let order = ["--secret", secret, trust, shown(&trusted), name, guide::SERVER_NAME];
    lab.authenticate(&identity, order).succeeded();
}

/// OpenSSL holds a root to the uses in its certificate. rustls, to which an anchor is a name and a
/// key, does not (`crates/eap/tests/conversation/constraints.rs`). So a root says them only when it
/// is told to.
#[test]
fn what_a_root_says_it_is_for_binds_openssl() {
    let root = "type = \"root\"\ngenerate_ca_for = \"radius-server\"\nkey = \"ecdsa-p256\"\n";
    let wrong = format!("{root}extended_key_usage = [\"server-authentication\"]\n");
    let lab = Lab::of(&guide::with([(root, &wrong)]));
    let (identity, trusted) = (lab.enroll("mac-1"), lab.radius_root());
    let text = stranger::text_of(&trusted);
    let usages = below(&text, "X509v3 Extended Key Usage:");
    assert_eq!(usages, "TLS Web Server Authentication, OCSP Signing", "{text}");
    // As the purpose fits, both let the device in.
    Supplicant::new(&identity, &trusted).join(lab.radius()).is_in();
    let arguments = ["--secret", guide::SHARED_SECRET, "--trust", shown(&trusted)];
    let [secret, shared, trust, file] = arguments;
    let name = ["--server-name", guide::SERVER_NAME];
    lab.authenticate(&identity, [secret, shared, trust, file, name[0], name[1]]).succeeded();
    // For what it is not for, the root itself is what OpenSSL refuses.
    verify("sslserver", [&trusted, &trusted, &trusted], true);
    verify("sslclient", [&trusted, &trusted, &trusted], false);
}

#[test]
fn a_disabled_authority_refuses_and_its_files_and_devices_stay() {
    let lab = Lab::of_guide();
    let (identity, trusted) = (lab.enroll("mac-1"), lab.radius_root());
    let issuer = "issuer = \"Example School Root CA\"\n";
    let disabled = format!("{issuer}disabled = true\n");
    lab.apply(&guide::with([(issuer, &disabled)]), []).succeeded();
    let secret = lab.secret(guide::GATEWAY);
    lab.ask_for_certificate("mac-2", ["--secret", &secret, "--subject", "CN=mac-2"]).refused();
    lab.refusal("ENR-AUTHORITY-DISABLED");
    Supplicant::new(&identity, &trusted).join(lab.radius()).is_in();
    for ending in ["cer", "pem", "p7b"] {
        let path = format!("/ca/{ISSUER}.{ending}");
        assert_eq!(http::get(&lab.server().http, &path).status, 200, "{path}");
    }
    let shown = lab.ask(["certificate-authority", "show", "Example School SCEP CA", "--json"]);
    assert_eq!(shown.succeeded().json()["disabled"], true);
    let renew = ["certificate-authority", "renew", "Example School SCEP CA"];
    lab.ask(renew).refused().complains("ENR-AUTHORITY-DISABLED");
    lab.apply(guide::GUIDE, []).succeeded();
}

#[test]
fn a_gateway_that_names_no_authority_enrolls_for_the_organizations_own() {
    let chosen = "certificate_authority = \"Example School SCEP CA\"     # default: the \
                  organization's first device CA\n";
    let plain = guide::with([(chosen, "")]);
    let second = "\n[[certificate_authority]]\nname = \"Second\"\ntype = \"intermediate\"\n\
                  issuer = \"Example School Root CA\"\n";
    let lab = Lab::of(&format!("{plain}{second}"));
    let announced = |file: &str| {
        let file = lab.directory.file(file);
        stranger::fetch(&lab.url("/scep/mosyle?operation=GetCACert"), &file);
        let list = ["pkcs7", "-inform", "der", "-print_certs", "-noout", "-in", shown(&file)];
        stranger::openssl(list).succeeded().stdout
    };
    assert!(announced("first.p7b").contains("CN = Example School SCEP CA RA"));
    let certificate = lab.enroll("mac-1").join("certificate.pem");
    assert_eq!(stranger::field_of(&certificate, "-issuer"), "CN = Example School SCEP CA");
    let issuer = "issuer = \"Example School Root CA\"\n";
    let disabled = plain.replacen(issuer, &format!("{issuer}disabled = true\n"), 1);
    let to_second = disabled.replacen(
        "[enrollment_policy.settings]\ncertificate_authority = \"Example School SCEP CA\"",
        "[enrollment_policy.settings]\ncertificate_authority = \"Second\"",
        1,
    );
    lab.apply(&format!("{to_second}{second}"), []).succeeded();
    assert!(announced("second.p7b").contains("CN = Second RA"));
    let certificate = lab.enroll("mac-2").join("certificate.pem");
    assert_eq!(stranger::field_of(&certificate, "-issuer"), "CN = Second");
    lab.apply(&format!("{plain}{second}"), []).succeeded();
}

fn renew(lab: &Lab, name: &str) -> Value {
    lab.ask(["certificate-authority", "renew", name, "--json"]).succeeded().json()
}

#[test]
fn devices_of_both_keys_of_a_renewed_authority_are_in() {
    let lab = Lab::of_guide();
    let trusted = lab.radius_root();
    let (old, before) = (lab.enroll("mac-1"), lab.authority(ISSUER));
    let renewed = renew(&lab, "Example School SCEP CA");
    let slug = json::text(&renewed, "/generations/0/slug");
    assert_eq!(slug, "example-school-scep-ca-2");
    let (new, after) = (lab.enroll("mac-2"), lab.authority(slug));
    let sha256 =
        stranger::openssl(["x509", "-noout", "-fingerprint", "-sha256", "-in", shown(&after)]);
    let sha256 = sha256.succeeded().stdout.trim().replace(':', "");
    assert!(sha256.ends_with(json::text(&renewed, "/generations/0/sha256")), "{sha256}");
    let root = lab.authority(ROOT);
    for (identity, above, other) in [(&old, &before, &after), (&new, &after, &before)] {
        let certificate = identity.join("certificate.pem");
        verify("sslclient", [&root, above, &certificate], true);
        verify("sslclient", [&root, other, &certificate], false);
        for version in ["1.2", "1.3"] {
            Supplicant::new(identity, &trusted).tls(version).join(lab.radius()).is_in();
        }
    }
    assert_eq!(stranger::field_of(&before, "-subject"), stranger::field_of(&after, "-subject"));
    let event = lab.event("the renewal", |event| event["kind"] == "authority.renewed");
    assert_eq!(event["object"], "certificate_authority:Example School SCEP CA");
    // Revoked is revoked, whichever key signed it.
    for (name, identity) in [("mac-1", &old), ("mac-2", &new)] {
        let serial = lab.serial(name);
        lab.ask(["certificate", "revoke", &serial, "--reason", "superseded"]).succeeded();
        Supplicant::new(identity, &trusted).join(lab.radius()).is_refused();
    }
    lab.refusals("CERT-REVOKED", 2);
}

/// What the gateway announces, as strongSwan reads it, into files that begin with `name`.
#[track_caller]
fn fetch_authorities(lab: &Lab, name: &str) {
    let url = lab.url("/scep/mosyle");
    let (authority, registration) = (format!("{name}-ca.crt"), format!("{name}-ra.crt"));
    let begin = ["--scepca", "--url", &url, "--caout", &authority, "--raout", &registration];
    let arguments = begin.into_iter().chain(["--force"]);
    stranger::pki(lab.directory.path(), arguments).succeeded();
}

/// Asks with strongSwan, which knows what it fetched under `name`.
#[track_caller]
fn strongswan_enrolls(lab: &Lab, name: &str) {
    let directory = lab.directory.path();
    let key = stranger::pki(directory, ["--gen", "--type", "rsa", "--size", "2048"]).succeeded();
    lab.directory.write("swan.der", key.bytes);
    let (url, secret) = (lab.url("/scep/mosyle"), lab.secret(guide::GATEWAY));
    let files = ["ca.crt", "ra.crt", "ca-1.crt"].map(|file| format!("{name}-{file}"));
    let [root, registration, issuer] = &files;
    let ask = ["--scep", "--url", &url, "--in", "swan.der", "--dn", "CN=swan", "--password"];
    let rest = [&secret, "--cacert", root, "--cacert-enc", registration, "--cacert-sig", issuer];
    let arguments = ask.into_iter().chain(rest.map(|argument| argument as &str));
    stranger::pki(directory, arguments).succeeded();
}

#[test]
fn who_fetched_the_authorities_before_a_renewal_enrolls_all_the_same() {
    let lab = Lab::of_guide();
    fetch_authorities(&lab, "before");
    strongswan_enrolls(&lab, "before");
    renew(&lab, "Example School SCEP CA");
    strongswan_enrolls(&lab, "before");
    fetch_authorities(&lab, "after");
    strongswan_enrolls(&lab, "after");
    let read = |name: &str| directory::bytes(&lab.directory.file(name));
    assert_ne!(read("before-ra.crt"), read("after-ra.crt"));
    assert_ne!(read("before-ca-1.crt"), read("after-ca-1.crt"));
    assert_eq!(read("before-ca.crt"), read("after-ca.crt"));
    assert_eq!(lab.device_certificates().len(), 3);
    let mut generations: Vec<Option<i64>> =
        lab.device_certificates().iter().map(|one| one["generation"].as_i64()).collect();
    // Those of the same second are listed by their numbers, which are drawn.
    generations.sort_unstable();
    assert_eq!(generations, [Some(1), Some(2), Some(2)]);
}

#[test]
fn a_renewed_root_leaves_the_chains_below_it_sound() {
    let lab = Lab::of_guide();
    let (old_root, identity) = (lab.authority(ROOT), lab.enroll("mac-1"));
    renew(&lab, "Example School Root CA");
    let new_root = lab.authority("example-school-root-ca-2");
    let first = lab.authority(ISSUER);
    verify("sslclient", [&old_root, &first, &identity.join("certificate.pem")], true);
    renew(&lab, "Example School SCEP CA");
    let second = lab.authority("example-school-scep-ca-2");
    let identity = lab.enroll("mac-2");
    verify("sslclient", [&new_root, &second, &identity.join("certificate.pem")], true);
    verify("sslclient", [&old_root, &second, &identity.join("certificate.pem")], false);
    // A client's root is the one above what it was given.
    let fetched = stranger::field_of(&new_root, "-fingerprint");
    assert_eq!(stranger::field_of(&identity.join("ca.pem"), "-fingerprint"), fetched);
}

#[test]
fn a_list_names_the_default_authority_and_each_key() {
    let lab = Lab::of_guide();
    renew(&lab, "Example School RADIUS CA");
    let table = lab.ask(["certificate-authority", "list"]).succeeded().stdout;
    assert!(table.contains("NAME"), "{table}");
    let listed = lab.ask(["certificate-authority", "list", "--json"]).succeeded().json();
    let items = json::list(&listed, "/items");
    let told: Vec<(&str, &str, usize, &Value)> = items
        .iter()
        .map(|one| {
            let keys = json::list(one, "/generations").len();
            (json::text(one, "/name"), json::text(one, "/type"), keys, &one["default"])
        })
        .collect();
    let expected = [
        ("Example School Root CA", "root", 1, &Value::Bool(false)),
        ("Example School SCEP CA", "intermediate", 1, &Value::Bool(true)),
        ("Example School RADIUS CA", "root", 2, &Value::Bool(false)),
    ];
    assert_eq!(told, expected);
    let shown = lab.ask(["certificate-authority", "show", "Example School RADIUS CA"]);
    for words in ["example-school-radius-ca-2", "SHA-256", "SHA-1", "radius-server"] {
        assert!(shown.stdout.contains(words), "{}", shown.stdout);
    }
    lab.ask(["certificate-authority", "show", "nobody"]).refused().complains("API-NOT-FOUND");
    lab.ask(["certificate-authority", "renew", "nobody"]).refused().complains("API-NOT-FOUND");
}

#[test]
fn files_have_names_and_the_chain_is_there_as_pem() {
    let lab = Lab::of_guide();
    let files = [
        ("cer", "example-school-scep-ca.cer", "application/pkix-cert"),
        ("pem", "example-school-scep-ca.pem", "application/x-pem-file"),
        ("pem?chain", "example-school-scep-ca-chain.pem", "application/x-pem-file"),
        ("p7b", "example-school-scep-ca.p7b", "application/x-pkcs7-certificates"),
    ];
    for (ending, name, kind) in files {
        let answer = http::get(&lab.server().http, &format!("/ca/{ISSUER}.{ending}"));
        let head = answer.head.to_ascii_lowercase();
        assert_eq!(answer.status, 200, "{head}");
        assert!(head.contains(&format!("filename=\"{name}\"")), "{head}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{head}");
    }
    for ending in ["cer?chain", "pem?all", "p7b?chain", "exe", ""] {
        let path = format!("/ca/{ISSUER}.{ending}");
        assert_eq!(http::get(&lab.server().http, &path).status, 404, "{path}");
    }
    let chain = lab.directory.file("chain.pem");
    stranger::fetch(&lab.url(&format!("/ca/{ISSUER}.pem?chain")), &chain);
    let text = directory::text(&chain);
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
    let (root, issuer) = (lab.authority(ROOT), lab.authority(ISSUER));
    assert_eq!(text, [directory::text(&issuer), directory::text(&root)].concat());
    stranger::verify(&root, Some(&chain), &lab.enroll("mac-1").join("certificate.pem"));
}

#[test]
fn a_download_writes_what_openssl_reads() {
    let lab = Lab::of_guide();
    renew(&lab, "Example School SCEP CA");
    let out = lab.directory.file("files");
    let download = |more: &[&str]| {
        let mut command = tests::program::command();
        command.args(["certificate-authority", "download", "Example School SCEP CA", "--json"]);
        command.arg("--data").arg(lab.data()).arg("--out").arg(&out).args(more);
        let written = tests::outcome::run(&mut command).succeeded().json();
        json::list(&written, "/files").len()
    };
    assert_eq!(download(&["--format", "cer"]), 1);
    assert_eq!(download(&["--format", "pem"]), 2);
    assert_eq!(download(&["--format", "p7b"]), 1);
    assert_eq!(download(&[]), 4);
    let file = |name: &str| out.join(name);
    assert!(!file("example-school-scep-ca.cer").exists());
    assert_eq!(download(&["--earlier"]), 8);
    for slug in ["example-school-scep-ca", "example-school-scep-ca-2"] {
        let (der, pem) = (file(&format!("{slug}.cer")), file(&format!("{slug}.pem")));
        let fetched = lab.authority(slug);
        assert_eq!(directory::text(&pem), directory::text(&fetched));
        let read = ["x509", "-inform", "der", "-in", shown(&der)];
        assert_eq!(stranger::openssl(read).succeeded().stdout, directory::text(&fetched));
        let chain = directory::text(&file(&format!("{slug}-chain.pem")));
        assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
        let p7b = file(&format!("{slug}.p7b"));
        let list = ["pkcs7", "-inform", "der", "-print_certs", "-in", shown(&p7b)];
        let listed = stranger::openssl(list).succeeded().stdout;
        assert_eq!(listed.matches("BEGIN CERTIFICATE").count(), 2);
        stranger::verify(&lab.authority(ROOT), None, &pem);
    }
}
