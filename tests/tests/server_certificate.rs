//! The life of the RADIUS server's certificate before strangers: `eapol_test` meets the certificate
//! of each network, OpenSSL makes one elsewhere, and the commands say what they did.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant::Supplicant;

/// A second network with a server certificate of its own.
const GUESTS: &str = "[[server_certificate]]\nname = \"Guests\"\n\
    certificate_authority = \"Example School RADIUS CA\"\nnames = [\"guests.example.test\"]\n\
    \n[[network_profile]]\nname = \"Guests\"\nssid = \"Guests\"\n\
    security_type = \"wpa2-enterprise\"\ngateway = \"Mosyle\"\nserver_certificate = \"Guests\"\n\
    trusted_authorities = [\"Example School RADIUS CA\"]\n\
    radius_server_names = [\"guests.example.test\"]\n";

const IN_SCHOOL: [&str; 2] = ["-N", "30:s:02-00-00-00-00-AA:Example-Secure"];
const IN_GUESTS: [&str; 2] = ["-N", "30:s:02-00-00-00-00-AA:Guests"];

fn slots(lab: &Lab) -> Value {
    lab.ask(["server-certificate", "slots", "RADIUS", "--json"]).succeeded().json()
}

#[test]
fn each_network_shows_the_certificate_of_its_profile() {
    let lab = Lab::of(&guide::and(GUESTS));
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    for version in ["1.2", "1.3"] {
        let device = Supplicant::new(&identity, &root).tls(version);
        let guest = Supplicant { server_name: "guests.example.test", ..device.clone() };
        Supplicant { more: &IN_SCHOOL, ..device.clone() }.join(lab.radius()).is_in();
        Supplicant { more: &IN_GUESTS, ..guest.clone() }.join(lab.radius()).is_in();
        Supplicant { more: &IN_GUESTS, ..device.clone() }.join(lab.radius()).is_not_in();
        Supplicant { more: &IN_SCHOOL, ..guest }.join(lab.radius()).is_not_in();
        // Where no profile says otherwise, the first is shown.
        device.join(lab.radius()).is_in();
    }
}

/// An authority elsewhere, and a certificate of it for the guide's RADIUS server: chain and key.
fn elsewhere(lab: &Lab) -> (PathBuf, PathBuf, PathBuf) {
    let file = |name: &str| lab.directory.file(name);
    let (root, root_key) = (file("elsewhere.pem"), file("elsewhere-key.pem"));
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"];
    let named = ["-subj", "/CN=Elsewhere Root", "-keyout", shown(&root_key), "-out", shown(&root)];
    stranger::openssl(new.into_iter().chain(named)).succeeded();
    let (leaf, key, request) = (file("leaf.pem"), file("leaf-key.pem"), file("leaf.csr"));
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=radius.example.test"];
    let out = ["-keyout", shown(&key), "-out", shown(&request)];
    stranger::openssl(new.into_iter().chain(out)).succeeded();
    let says = "subjectAltName=DNS:radius.example.test\nextendedKeyUsage=serverAuth\n\
                basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\n";
    let says = lab.directory.write("leaf.cnf", says);
    let sign = ["x509", "-req", "-in", shown(&request), "-CA", shown(&root), "-CAkey"];
    let more = [shown(&root_key), "-days", "90", "-extfile", shown(&says), "-out", shown(&leaf)];
    stranger::openssl(sign.into_iter().chain(more)).succeeded();
    let text = |path: &Path| tests::directory::text(path);
    let chain = lab.directory.write("chain.pem", text(&leaf) + &text(&root));
    (chain, key, root)
}

#[test]
fn a_certificate_from_elsewhere_waits_until_it_is_switched_to_and_there_is_a_way_back() {
    let lab = Lab::of_guide();
    let (identity, own) = (lab.enroll("mac-1"), lab.radius_root());
    let (chain, key, root) = elsewhere(&lab);
    let files = ["--certificate", shown(&chain), "--key", shown(&key)];
    let import = |more: &[&str]| {
        let [one, two, three, four] = files;
        let base = ["server-certificate", "import", "RADIUS", one, two, three, four];
        match more {
            [] => lab.ask(base),
            _ => {
                lab.ask(["server-certificate", "import", "RADIUS", one, two, three, four, "--next"])
            }
        }
    };
    // The device enrolled without a number in its URL: nobody knows whether it trusts the root.
    let refused = import(&[]);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("API-ROOT-DIFFERS"), "{}", refused.stderr);
    import(&["--next"]).succeeded();
    let shown_slots = slots(&lab);
    assert_eq!(json::text(&shown_slots, "/next/root"), "CN=Elsewhere Root");
    assert_eq!(json::at(&shown_slots, "/next/imported"), &Value::Bool(true));
    Supplicant::new(&identity, &own).join(lab.radius()).is_in();

    let coverage = lab.ask(["server-certificate", "coverage", "RADIUS", "--json"]);
    let coverage = coverage.succeeded().json();
    assert_eq!(json::at(&coverage, "/devices/unknown"), 1);
    assert_eq!(json::text(&coverage, "/items/0/device"), "mac-1");
    let told = lab.ask(["server-certificate", "coverage", "RADIUS"]).succeeded().stdout;
    assert!(told.contains("of 1 devices, 1 might be cut off"), "{told}");

    let refused = lab.ask(["server-certificate", "switch", "RADIUS"]);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("API-MASS-CHANGE"), "{}", refused.stderr);
    lab.ask(["server-certificate", "switch", "RADIUS", "--confirm", "1"]).succeeded();
    for version in ["1.2", "1.3"] {
        Supplicant::new(&identity, &root).tls(version).join(lab.radius()).is_in();
        Supplicant::new(&identity, &own).tls(version).join(lab.radius()).is_not_in();
    }
    lab.ask(["server-certificate", "switch", "RADIUS", "--back", "--confirm", "1"]).succeeded();
    Supplicant::new(&identity, &own).join(lab.radius()).is_in();
    lab.ask(["server-certificate", "discard", "RADIUS"]).succeeded();
    assert_eq!(slots(&lab).get("next"), None);
    for kind in ["server.imported", "server.switched", "server.discarded"] {
        lab.event(kind, |event| event["kind"] == kind);
    }
}

#[test]
fn a_bundle_of_openssl_is_opened_and_what_is_wrong_is_named() {
    let lab = Lab::of_guide();
    let (chain, key, _) = elsewhere(&lab);
    let bundle = lab.directory.file("bundle.p12");
    let password = lab.directory.write("password.txt", "of the bundle\n");
    let export = ["pkcs12", "-export", "-in", shown(&chain), "-inkey", shown(&key)];
    let more = ["-passout", "pass:of the bundle", "-out", shown(&bundle)];
    stranger::openssl(export.into_iter().chain(more)).succeeded();
    let wrong = lab.directory.write("wrong.txt", "another");
    let begin = ["server-certificate", "import", "RADIUS", "--p12"];
    let [one, two, three, four] = begin;
    let import = |file: &Path| {
        lab.ask([one, two, three, four, shown(&bundle), "--p12-password-file", shown(file)])
    };
    let refused = import(&wrong);
    assert_ne!(refused.status, 0);
    assert!(refused.stderr.contains("pkcs12"), "{}", refused.stderr);
    import(&password).succeeded();
    assert_eq!(json::text(&slots(&lab), "/active/root"), "CN=Elsewhere Root");
    let missing =
        lab.ask(["server-certificate", "import", "RADIUS", "--certificate", shown(&chain)]);
    assert_eq!(missing.status, 2);
    let renewed = lab.ask(["server-certificate", "renew", "RADIUS"]);
    assert!(renewed.stderr.contains("API-ROOT-DIFFERS"), "{}", renewed.stderr);
    lab.ask(["server-certificate", "renew", "RADIUS", "--next"]).succeeded();
    lab.ask(["server-certificate", "switch", "RADIUS"]).succeeded();
    assert_eq!(json::at(&slots(&lab), "/active/imported"), &Value::Bool(false));
}

/// What a device was given is known by the URL that it enrolls with.
#[test]
fn a_device_that_enrolls_by_a_new_profile_is_covered() {
    let lab = Lab::of_guide();
    let rendered = |name: &str| {
        let out = lab.directory.file(name);
        let render = ["network-profile", "render", "Example-Secure", "--for", "mosyle", "--json"];
        let [one, two, three, four, five, six] = render;
        let secret = lab.secret(guide::GATEWAY);
        let order = [one, two, three, four, five, six, "--secret", &secret, "--out", shown(&out)];
        lab.ask(order).succeeded().json()
    };
    let enroll = |name: &str, url: &str| {
        let (subject, out) = (format!("CN={name}"), lab.directory.file(name));
        let secret = lab.secret(guide::GATEWAY);
        let order = ["enroll", "--url", url, "--secret", &secret, "--subject", &subject];
        let mut command = tests::program::command();
        command.args(order).arg("--out").arg(&out);
        tests::outcome::run(&mut command).succeeded();
    };
    let first = rendered("first");
    let url = json::text(&first, "/url");
    assert!(url.ends_with(&format!("/scep/mosyle/p-{}", json::at(&first, "/version"))), "{url}");
    // The guide's address is not where the test listens.
    let here = |rendered: &Value| lab.url(&format!("/scep/mosyle/p-{}", rendered["version"]));
    enroll("mac-1", &here(&first));
    lab.ask(["certificate-authority", "renew", "Example School RADIUS CA"]).succeeded();
    let second = rendered("second");
    assert_ne!(json::at(&first, "/version"), json::at(&second, "/version"));
    lab.ask(["server-certificate", "renew", "RADIUS", "--next"]).succeeded();
    let coverage = || {
        let asked = lab.ask(["server-certificate", "coverage", "RADIUS", "--json"]);
        let told = asked.succeeded().json();
        (json::at(&told, "/devices/covered").clone(), json::at(&told, "/devices/uncovered").clone())
    };
    assert_eq!(coverage(), (Value::from(0), Value::from(1)));
    enroll("mac-2", &here(&second));
    assert_eq!(coverage(), (Value::from(1), Value::from(1)));
}
