//! Renewal with strangers: strongSwan renews with a message type of its own (17), certmonger with
//! an ordinary request (19) that the old certificate signs, with the same key and with a new one.
//! The identity stays, and a revoked certificate renews nothing.

use std::path::Path;

use serde_json::Value;
use tests::guide;
use tests::lab::Lab;
use tests::stranger;
use tests::stranger::shown;

const ROOT: &str = "example-school-root-ca";
const ISSUER: &str = "example-school-scep-ca";

/// strongSwan as it stands in a directory: what it fetched, its key, its certificate.
struct Swan<'a> {
    lab: &'a Lab,
    url: String,
}

impl<'a> Swan<'a> {
    #[track_caller]
    fn new(lab: &'a Lab) -> Self {
        let url = lab.url("/scep/mosyle");
        let fetch = ["--scepca", "--url", &url, "--caout", "ca.crt", "--raout", "ra.crt"];
        stranger::pki(lab.directory.path(), fetch).succeeded();
        Self { lab, url }
    }

    #[track_caller]
    fn ask(&self, key: &str, more: &[&str]) -> tests::outcome::Outcome {
        let directory = self.lab.directory.path();
        let generate = ["--gen", "--type", "rsa", "--size", "2048"];
        self.lab.directory.write(key, stranger::pki(directory, generate).succeeded().bytes);
        let ask = ["--scep", "--url", &self.url, "--in", key, "--dn", "C=DE, O=Lab, CN=swan"];
        let authorities =
            ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt", "--cacert", "ca.crt"];
        let arguments = ask.into_iter().chain(authorities).chain(more.iter().copied());
        stranger::pki(directory, arguments)
    }

    #[track_caller]
    fn enrolls(&self) {
        let secret = self.lab.secret(guide::GATEWAY);
        let more = ["--san", "swan.lab.test", "--password", &secret];
        let issued = self.ask("old.key", &more).succeeded();
        self.lab.directory.write("old.crt", issued.bytes);
    }

    fn renews(&self) -> tests::outcome::Outcome {
        self.ask("new.key", &["--cert", "old.crt", "--key", "old.key"])
    }
}

/// The events of renewals that were answered with yes.
fn renewals(lab: &Lab) -> Vec<Value> {
    lab.events().into_iter().filter(|event| event["renewed"] == Value::Bool(true)).collect()
}

#[track_caller]
fn assert_names(certificate: &Path, name: &str) {
    assert_eq!(stranger::field_of(certificate, "-subject").trim(), "CN = swan");
    assert!(stranger::text_of(certificate).contains(&format!("DNS:{name}")));
}

#[test]
fn strongswan_renews_with_its_old_certificate_and_no_secret() {
    let lab = Lab::of_guide();
    let swan = Swan::new(&lab);
    swan.enrolls();
    let renewed = swan.renews().succeeded();
    let der = lab.directory.write("new.crt", renewed.bytes);
    let pem = lab.directory.file("new.pem");
    let convert = ["x509", "-inform", "der", "-in", shown(&der), "-out", shown(&pem)];
    stranger::openssl(convert).succeeded();
    stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), &pem);
    assert_names(&pem, "swan.lab.test");
    assert_eq!(renewals(&lab).len(), 1);
    assert_eq!(lab.device_certificates().len(), 2);
}

#[test]
fn a_revoked_certificate_renews_nothing() {
    let lab = Lab::of_guide();
    let swan = Swan::new(&lab);
    swan.enrolls();
    let devices = lab.device_certificates();
    let serial = devices.first().and_then(|device| device["serial"].as_str()).unwrap();
    lab.ask(["certificate", "revoke", serial, "--reason", "keyCompromise"]).succeeded();
    let outcome = swan.renews();
    assert_ne!(outcome.status, 0);
    assert!(outcome.stderr.contains("badRequest"), "{}", outcome.stderr);
    lab.refusal("CERT-REVOKED");
    assert_eq!(lab.device_certificates().len(), 1);
}

#[test]
fn before_its_window_a_renewal_is_refused_with_the_day() {
    let window = guide::GUIDE
        .replace("vendor_name = \"Mosyle\"", "vendor_name = \"Mosyle\"\nrenewal_window_days = 30");
    let lab = Lab::of(&window);
    let swan = Swan::new(&lab);
    swan.enrolls();
    assert_ne!(swan.renews().status, 0);
    let event = lab.refusal("ENR-RENEWAL-EARLY");
    let sentence = event["reason"]["sentence"].as_str().unwrap();
    assert!(sentence.contains("may be renewed from 20"), "{sentence}");
}

/// certmonger's daemon on a bus of its own: enrolls, renews with the same key, then with another.
const CERTMONGER: &str = r#"
set -e
export HOME="$PWD" CERTMONGER_REQUESTS_DIR="$PWD/requests" CERTMONGER_CAS_DIR="$PWD/cas"
mkdir requests cas
certmonger -s -n -d 1 &
until getcert list-cas -s >/dev/null 2>&1; do sleep 0.1; done
getcert add-scep-ca -s -c lab -u "$1"
until getcert list-cas -s -c lab | grep -q 'SCEP CA certificate'; do sleep 0.1; done
getcert request -s -c lab -I r1 -k "$PWD/k.pem" -f "$PWD/c.pem" -N CN=swan -D swan.lab.test \
    -L "$2" -g 2048 -G rsa -w
cp c.pem first.pem
getcert resubmit -s -i r1 -w
cp c.pem second.pem
getcert rekey -s -i r1 -w
cp c.pem third.pem
getcert list -s -i r1
"#;

#[test]
fn certmonger_resubmits_and_rekeys() {
    let lab = Lab::of_guide();
    let (url, secret) = (lab.url("/scep/mosyle"), lab.secret(guide::GATEWAY));
    let outcome = stranger::certmonger(lab.directory.path(), CERTMONGER, &[&url, &secret]);
    outcome.succeeded().says("status: MONITORING");
    let [first, second, third] =
        ["first.pem", "second.pem", "third.pem"].map(|name| lab.directory.file(name));
    for certificate in [&first, &second, &third] {
        stranger::verify(&lab.authority(ROOT), Some(&lab.authority(ISSUER)), certificate);
        assert_names(certificate, "swan.lab.test");
    }
    let key = |certificate: &Path| {
        stranger::openssl(["x509", "-noout", "-pubkey", "-in", shown(certificate)]).stdout
    };
    assert_eq!(key(&first), key(&second));
    assert_ne!(key(&second), key(&third));
    assert_eq!(renewals(&lab).len(), 2);
    assert_eq!(lab.device_certificates().len(), 3);
}
