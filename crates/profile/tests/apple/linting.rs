//! Profiles compared with what the organization knows: the guide's mistakes, each with its code.

use profile::apple;
use profile::inspect;
use profile::lint;
use profile::lint::Challenge;
use profile::lint::Expected;
use profile::lint::Finding;
use profile::lint::Gateway;
use profile::lint::Severity;
use profile::network::NameKind;
use profile::network::Network;
use profile::platform::Platform;
use profile::property_list;
use profile::property_list::Dictionary;
use profile::property_list::Value;
use profile::render::Part;
use profile::render::Selection;

use crate::fixture;
use crate::fixture::CHALLENGE;
use crate::rendering;
use crate::rendering::list;

/// Compares a file, pushed by this console, with what the school knows.
fn compare(file: &[u8], console: Option<Platform>) -> Vec<Finding> {
    let gateway = |name: &str, slug: &str| Gateway {
        name: name.to_owned(),
        url: format!("https://pki.example.org/scep/{slug}"),
    };
    let ours = gateway("Mosyle", "mosyle");
    let others = [gateway("Jamf", "jamf")];
    let challenge = |text: &str| match text {
        CHALLENGE => Challenge::Right,
        "of-jamf" => Challenge::OfGateway("Jamf".to_owned()),
        _ => Challenge::Unknown,
    };
    let expected = Expected {
        gateway: &ours,
        others: &others,
        challenge: &challenge,
        chain: &[fixture::issuing(), fixture::root()],
        anchors: &[fixture::radius_old(), fixture::radius_new()],
        server_names: &[vec!["radius.example.org".to_owned()]],
        ssid: Some("School"),
        console,
    };
    lint::compare(&inspect::read(file).unwrap(), &expected)
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

fn changed(change: impl Fn(&mut Network)) -> Vec<&'static str> {
    let mut network = fixture::network();
    change(&mut network);
    let file = apple::profile(&network, Platform::Mosyle, &Selection::default()).unwrap();
    codes(&compare(&file.content, Some(Platform::Mosyle)))
}

/// The profile with keys of the payload of this type replaced, or left out.
fn edited(kind: &str, edits: &[(&str, Option<Value>)]) -> Vec<&'static str> {
    let root = list(&fixture::network(), Platform::Mosyle, &Selection::default());
    let payloads = root.get("PayloadContent").unwrap().elements().iter().map(|payload| {
        let Value::Dictionary(payload) = payload else { panic!() };
        if payload.text("PayloadType") == Some(kind) {
            edit(payload, edits)
        } else {
            payload.clone()
        }
    });
    let payloads: Vec<Value> = payloads.map(Value::from).collect();
    let file = property_list::write(&root.clone().with("PayloadContent", payloads));
    codes(&compare(&file, Some(Platform::Mosyle)))
}

/// Replaces keys, also those of the dictionaries inside.
fn edit(dictionary: &Dictionary, edits: &[(&str, Option<Value>)]) -> Dictionary {
    let mut edited = Dictionary::default();
    for (key, value) in dictionary.entries() {
        match edits.iter().find(|(edited, _)| *edited == key) {
            Some((_, None)) => {}
            Some((_, Some(value))) => edited = edited.with(key, value.clone()),
            None => {
                let inside = if let Value::Dictionary(inside) = value {
                    Value::from(edit(inside, edits))
                } else {
                    value.clone()
                };
                edited = edited.with(key, inside);
            }
        }
    }
    edited
}

const SCEP: &str = "com.apple.security.scep";
const WIFI: &str = "com.apple.wifi.managed";

fn text(text: &str) -> Option<Value> {
    Some(Value::from(text))
}

#[test]
fn what_we_make_has_no_findings() {
    assert_eq!(changed(|_| {}), [""; 0]);
    for platform in [Platform::Jamf, Platform::Kandji, Platform::WorkspaceOne, Platform::Intune] {
        let file = apple::profile(&fixture::network(), platform, &Selection::default()).unwrap();
        assert_eq!(compare(&file.content, Some(platform)), [], "{platform:?}");
    }
}

#[test]
fn a_wrong_url_is_told_apart() {
    let url = |url: &str| changed(|network| network.scep.url = url.to_owned());
    assert_eq!(url("https://pki.example.org/scep/mosyle"), [""; 0], "a version may be missing");
    assert_eq!(url("https://pki.example.org/scep/jamf/p-7"), ["PROFILE-URL-GATEWAY"]);
    assert_eq!(url("http://pki.example.org/scep/mosyle"), ["PROFILE-URL-SCHEME"]);
    assert_eq!(url("https://pki.example.org/scep/other"), ["PROFILE-URL-UNKNOWN"]);
    assert_eq!(url("https://pki.example.net/scep/mosyle"), ["PROFILE-URL-SERVER"]);
}

#[test]
fn a_wrong_challenge_is_told_apart() {
    let challenge = |text: &str| changed(|network| network.scep.challenge = text.to_owned());
    assert_eq!(challenge(""), ["PROFILE-CHALLENGE-MISSING"]);
    assert_eq!(challenge("of-jamf"), ["PROFILE-CHALLENGE-GATEWAY"]);
    assert_eq!(challenge("guess"), ["PROFILE-CHALLENGE-UNKNOWN"]);
    assert_eq!(challenge("%Challenge%"), ["PROFILE-CHALLENGE-VARIABLE"]);
    let mut network = fixture::network();
    network.scep.challenge = format!("{CHALLENGE} ");
    let file = apple::profile(&network, Platform::Mosyle, &Selection::default()).unwrap();
    let findings = compare(&file.content, Some(Platform::Mosyle));
    assert!(findings[0].what.contains("blanks"), "{findings:?}");
    assert!(!format!("{findings:?}").contains(CHALLENGE), "a challenge is never told");
}

#[test]
fn a_name_without_a_value_is_told() {
    let names = |value: &str| {
        changed(|network| network.scep.names = vec![(NameKind::Email, fixture::literal(value))])
    };
    assert_eq!(names(""), ["PROFILE-SAN-EMPTY"]);
    assert_eq!(names("  "), ["PROFILE-SAN-EMPTY"]);
    assert_eq!(names("anna@example.org"), [""; 0]);
    let subject = changed(|network| network.scep.subject[0].1 = fixture::literal(""));
    assert_eq!(subject, ["PROFILE-SUBJECT-EMPTY"]);
}

#[test]
fn wrong_keys_and_fingerprints_are_told() {
    let integer = |key, value| edited(SCEP, &[(key, Some(Value::Integer(value)))]);
    assert_eq!(integer("Keysize", 1024), ["PROFILE-KEY-SIZE"]);
    assert_eq!(edited(SCEP, &[("Keysize", None)]), ["PROFILE-KEY-SIZE"], "the default is 1024");
    assert_eq!(integer("Key Usage", 1), ["PROFILE-KEY-USAGE"]);
    assert_eq!(edited(SCEP, &[("Key Usage", None)]), ["PROFILE-KEY-USAGE"]);
    assert_eq!(edited(SCEP, &[("KeyIsExtractable", None)]), ["PROFILE-KEY-EXTRACTABLE"]);
    assert_eq!(integer("Retries", 1), ["PROFILE-RETRIES"]);
    let fingerprint =
        |bytes: &[u8]| edited(SCEP, &[("CAFingerprint", Some(bytes.to_vec().into()))]);
    assert_eq!(edited(SCEP, &[("CAFingerprint", None)]), ["PROFILE-FINGERPRINT-MISSING"]);
    assert_eq!(fingerprint(&fixture::issuing().sha1_fingerprint()), ["PROFILE-FINGERPRINT"]);
    assert_eq!(fingerprint(&[7; 20]), ["PROFILE-FINGERPRINT"]);
    let codes = fingerprint(&[7; 19]);
    assert_eq!(codes, ["PROFILE-KEY", "PROFILE-FINGERPRINT"], "it is no SHA-1 either");
}

#[test]
fn missing_and_unused_anchors_are_told() {
    assert_eq!(
        changed(|network| {
            network.anchors.pop();
        }),
        ["PROFILE-ANCHOR-MISSING"]
    );
    let own = changed(|network| network.anchors = vec![fixture::root()]);
    assert_eq!(own, ["PROFILE-ANCHOR-MISSING"; 2]);
    assert_eq!(
        changed(|network| {
            network.chain.remove(0);
        }),
        ["PROFILE-CHAIN"]
    );
    // Without anchors of the network's, every certificate of the profile counts.
    assert_eq!(edited(WIFI, &[("PayloadCertificateAnchorUUID", None)]), [""; 0]);
    let outside = Value::Array(vec![Value::from("00000000-0000-5000-8000-000000000000")]);
    let codes = edited(WIFI, &[("PayloadCertificateAnchorUUID", Some(outside))]);
    assert_eq!(codes, ["PROFILE-ANCHOR-OUTSIDE", "PROFILE-ANCHOR-NONE"]);
}

#[test]
fn server_names_that_no_certificate_carries_are_told() {
    let names = |names: &[&str]| {
        changed(|network| network.server_names = names.iter().map(|one| (*one).into()).collect())
    };
    assert_eq!(names(&["radius.example.org"]), [""; 0]);
    assert_eq!(names(&["*.securew2.com", "*.example.org"]), [""; 0]);
    assert_eq!(names(&["*.securew2.com"]), ["PROFILE-NAME"]);
    assert_eq!(names(&["example.org"]), ["PROFILE-NAME"]);
    let blank = Value::Array(vec![Value::from(" radius.example.org")]);
    let codes = edited(WIFI, &[("TLSTrustedServerNames", Some(blank))]);
    assert_eq!(codes, ["PROFILE-NAME-BLANK", "PROFILE-NAME"]);
    assert_eq!(edited(WIFI, &[("TLSTrustedServerNames", None)]), ["PROFILE-NAME-NONE"]);
}

#[test]
fn ranges_of_tls_that_exclude_us_are_told() {
    let range = |lowest: Option<&str>, highest: Option<&str>| {
        edited(
            WIFI,
            &[
                ("TLSMinimumVersion", lowest.map(Value::from)),
                ("TLSMaximumVersion", highest.map(Value::from)),
            ],
        )
    };
    assert_eq!(range(Some("1.0"), Some("1.1")), ["PROFILE-TLS-EXCLUDED"]);
    assert_eq!(range(Some("1.3"), None), ["PROFILE-TLS-EMPTY"], "the default is 1.2");
    assert_eq!(range(Some("1.3"), Some("1.3")), ["PROFILE-OUTER-IDENTITY"]);
    assert_eq!(range(Some("1.2"), Some("1.2")), ["PROFILE-TLS-DEFAULT"]);
    assert_eq!(range(None, None), ["PROFILE-TLS-OLD", "PROFILE-TLS-DEFAULT"]);
}

#[test]
fn what_points_outside_the_profile_is_told() {
    let identity = |uuid: Option<Value>| edited(WIFI, &[("PayloadCertificateUUID", uuid)]);
    let outside = text("00000000-0000-5000-8000-000000000000");
    assert_eq!(identity(outside), ["PROFILE-IDENTITY-OUTSIDE"]);
    assert_eq!(identity(None), ["PROFILE-IDENTITY-MISSING"]);
    let root = list(&fixture::network(), Platform::Mosyle, &Selection::default());
    let Value::Dictionary(first) = &root.get("PayloadContent").unwrap().elements()[0] else {
        panic!()
    };
    let certificate = text(first.text("PayloadUUID").unwrap());
    assert_eq!(identity(certificate), ["PROFILE-IDENTITY-KIND"]);
}

#[test]
fn other_methods_and_networks_are_told() {
    let methods = |methods: &[i64]| {
        let methods = methods.iter().copied().map(Value::Integer).collect();
        edited(WIFI, &[("AcceptEAPTypes", Some(Value::Array(methods)))])
    };
    assert_eq!(methods(&[13, 25]), ["PROFILE-EAP-OTHERS"]);
    assert_eq!(methods(&[21]), ["PROFILE-EAP-TLS", "PROFILE-EAP-OTHERS"]);
    assert_eq!(edited(WIFI, &[("SSID_STR", text("school"))]), ["PROFILE-SSID"]);
    assert_eq!(edited(WIFI, &[("EncryptionType", text("None"))]), ["PROFILE-ENCRYPTION"]);
    let random = ("DisableAssociationMACRandomization", None);
    assert_eq!(edited(WIFI, &[random]), ["PROFILE-RANDOM-MAC"]);
}

#[test]
fn variables_of_another_console_are_told_with_the_right_one() {
    let jamf = apple::profile(&fixture::network(), Platform::Jamf, &Selection::default()).unwrap();
    let findings = compare(&jamf.content, Some(Platform::Mosyle));
    assert_eq!(codes(&findings), ["PROFILE-VARIABLE-FOREIGN"; 2]);
    assert_eq!(findings[0].fix, "write %SerialNumber%");
    assert!(findings[0].what.contains("Jamf"), "{findings:?}");
    let unknown = compare(&jamf.content, None);
    assert_eq!(codes(&unknown), ["PROFILE-VARIABLE"; 2]);
    assert_eq!(unknown[0].severity, Severity::Hint);
    assert_eq!(compare(&jamf.content, Some(Platform::Meraki)), []);
}

#[test]
fn parts_and_other_peoples_keys_are_told() {
    let only = |part| {
        let selection = Selection { only: Some(part), login_window: false };
        let file = apple::profile(&fixture::network(), Platform::Mosyle, &selection).unwrap();
        codes(&compare(&file.content, Some(Platform::Mosyle)))
    };
    assert_eq!(only(Part::Trust), ["PROFILE-NO-SCEP", "PROFILE-NO-NETWORK"]);
    assert_eq!(only(Part::Scep), ["PROFILE-CHAIN", "PROFILE-CHAIN", "PROFILE-NO-NETWORK"]);
    assert_eq!(only(Part::Wifi), ["PROFILE-IDENTITY-MISSING", "PROFILE-NO-SCEP"]);
    let codes = edited(WIFI, &[("AutoJoin", text("yes"))]);
    assert_eq!(codes, ["PROFILE-KEY"]);
}

#[test]
fn a_signed_profile_with_variables_is_told() {
    let (key, certificate) = rendering::signer();
    let file =
        apple::profile(&fixture::network(), Platform::Mosyle, &Selection::default()).unwrap();
    let hash = pki::key::Hash::Sha256;
    let signer = pki::cms::signed_data::Signer { certificate: &certificate, key: &key, hash };
    let signed = apple::sign(&file.content, &signer, &[]).unwrap();
    assert_eq!(codes(&compare(&signed, Some(Platform::Mosyle))), ["PROFILE-SIGNED-VARIABLES"]);
    let place = signed.windows(6).position(|window| window == b"School").unwrap();
    let mut changed = signed;
    changed[place] = b's';
    let codes = codes(&compare(&changed, Some(Platform::Mosyle)));
    assert_eq!(codes, ["PROFILE-SIGNATURE", "PROFILE-SIGNED-VARIABLES"]);
}

#[test]
fn every_finding_says_why_and_what_to_do() {
    let root = list(&fixture::network(), Platform::Jamf, &Selection::default());
    let payloads: Vec<Value> = root
        .get("PayloadContent")
        .unwrap()
        .elements()
        .iter()
        .filter(
            |one| matches!(one, Value::Dictionary(one) if one.text("PayloadType") != Some(SCEP)),
        )
        .cloned()
        .collect();
    let file = property_list::write(&root.with("PayloadContent", payloads));
    for finding in compare(&file, Some(Platform::Mosyle)) {
        for words in [&finding.what, &finding.why, &finding.fix, &finding.place] {
            assert!(!words.is_empty() && !words.ends_with('.'), "{finding:?}");
        }
    }
}

#[test]
fn payloads_that_are_there_twice_are_told() {
    let root = list(&fixture::network(), Platform::Mosyle, &Selection::default());
    let mut payloads = root.get("PayloadContent").unwrap().elements().to_vec();
    payloads.push(payloads[4].clone());
    let file = property_list::write(&root.with("PayloadContent", payloads));
    let codes = codes(&compare(&file, Some(Platform::Mosyle)));
    assert_eq!(codes, ["PROFILE-UUID", "PROFILE-SCEP-SEVERAL"]);
}
