//! Profiles read: our own, binary, signed, and those of others with what is wrong in them.

use pki::cms::signed_data::Signer;
use pki::key::Hash;
use profile::apple;
use profile::inspect;
use profile::inspect::Content;
use profile::inspect::InspectError;
use profile::inspect::Profile;
use profile::network::NameKind;
use profile::platform::Platform;
use profile::property_list;
use profile::property_list::Dictionary;
use profile::property_list::Value;
use profile::render::Selection;

use crate::fixture;
use crate::fixture::CHALLENGE;
use crate::rendering::signer;

pub(crate) fn ours() -> Vec<u8> {
    let selection = Selection::default();
    apple::profile(&fixture::network(), Platform::Mosyle, &selection).unwrap().content
}

/// The same list, binary.
pub(crate) fn binary(xml: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    plist::Value::from_reader_xml(xml).unwrap().to_writer_binary(&mut out).unwrap();
    out
}

fn wrapped(payloads: Vec<Value>) -> Vec<u8> {
    let root = Dictionary::default()
        .with("PayloadType", "Configuration")
        .with("PayloadVersion", 1)
        .with("PayloadIdentifier", "x")
        .with("PayloadUUID", "x")
        .with("PayloadContent", payloads);
    property_list::write(&root)
}

fn check_ours(profile: &Profile) {
    assert_eq!(profile.name, "School Wi-Fi");
    assert_eq!(profile.identifier, "net.safeconduct.example-school.school-wi-fi");
    assert_eq!(profile.deviations, []);
    assert_eq!(profile.payloads.len(), 6);
    let anchors: Vec<&[u8]> = profile.anchors().iter().map(|one| one.der.as_slice()).collect();
    assert_eq!(anchors, [fixture::radius_old().der, fixture::radius_new().der]);
    assert_eq!(profile.trusted_names(), ["*.example.org"]);
    let scep = profile.scep().unwrap();
    assert_eq!(scep.url, "https://pki.example.org/scep/mosyle/p-7");
    assert_eq!(scep.name.as_deref(), Some("school-wi-fi"));
    assert_eq!(scep.subject, [("CN".to_owned(), "%SerialNumber%".to_owned())]);
    assert_eq!(scep.names, [(NameKind::Email, "%Email%".to_owned())]);
    assert_eq!(scep.challenge.as_deref(), Some(CHALLENGE));
    assert_eq!((scep.key_bits, scep.key_usage), (2048, 5));
    assert_eq!(scep.fingerprint.as_deref(), Some(&fixture::root().sha1_fingerprint()[..]));
    assert!(!scep.is_extractable && scep.allow_all_apps);
    let join = profile.wifi().unwrap();
    assert_eq!(join.ssid.as_deref(), Some("School"));
    assert_eq!(join.eap_types, [13]);
    assert_eq!((join.tls_lowest.as_str(), join.tls_highest.as_str()), ("1.2", "1.3"));
    assert!(join.auto_join && join.disable_mac_randomization && !join.is_hidden);
    let identity = profile.payload(join.identity_uuid.as_deref().unwrap()).unwrap();
    assert!(matches!(identity.content, Content::Scep(_)));
}

#[test]
fn our_own_is_read_as_it_was_meant() {
    check_ours(&inspect::read(&ours()).unwrap());
}

#[test]
fn a_binary_profile_is_read_alike() {
    check_ours(&inspect::read(&binary(&ours())).unwrap());
}

#[test]
fn a_signed_profile_is_read_alike_also_signed_twice() {
    let (key, certificate) = signer();
    let signer = Signer { certificate: &certificate, key: &key, hash: Hash::Sha256 };
    let mut signed = ours();
    for times in 1..=inspect::NESTED_MAX {
        signed = apple::sign(&signed, &signer, &[]).unwrap();
        let profile = inspect::read(&signed).unwrap();
        check_ours(&profile);
        assert_eq!(profile.signatures.len(), times);
        assert!(profile.signatures.iter().all(|signature| signature.fits));
    }
    signed = apple::sign(&signed, &signer, &[]).unwrap();
    assert_eq!(inspect::read(&signed).unwrap_err(), InspectError::Nested);
}

#[test]
fn a_signature_that_does_not_fit_is_told() {
    let (key, certificate) = signer();
    let signer = Signer { certificate: &certificate, key: &key, hash: Hash::Sha256 };
    let signed = apple::sign(&ours(), &signer, &[]).unwrap();
    let place = signed.windows(6).position(|window| window == b"School").unwrap();
    let mut changed = signed;
    changed[place] = b's';
    let profile = inspect::read(&changed).unwrap();
    assert!(!profile.signatures[0].fits);
}

#[test]
fn variables_are_replaced_as_an_mdm_does() {
    let profile = inspect::read(&ours()).unwrap();
    let values = [
        ("%SerialNumber%".to_owned(), "C02X".to_owned()),
        ("%Email%".to_owned(), "anna@example.org".to_owned()),
        (String::new(), "never".to_owned()),
    ];
    let profile = profile.expanded(&values);
    let scep = profile.scep().unwrap();
    assert_eq!(scep.subject[0].1, "C02X");
    assert_eq!(scep.names[0].1, "anna@example.org");
    let grown = [("C".to_owned(), "C".repeat(10_000)), ("C".to_owned(), "ü".repeat(10_000))];
    let profile = profile.expanded(&grown);
    assert!(profile.scep().unwrap().subject[0].1.len() <= 8192, "bounded");
}

#[test]
fn what_is_no_profile_is_refused_in_words() {
    let refused = |file: &[u8]| inspect::read(file).unwrap_err();
    assert_eq!(refused(b""), InspectError::Empty);
    assert_eq!(refused(&vec![b' '; inspect::PROFILE_BYTES_MAX + 1]), InspectError::TooLong);
    let list = |root: &Dictionary| property_list::write(root);
    assert_eq!(refused(&list(&Dictionary::default())), InspectError::NoProfile);
    let other = Dictionary::default().with("PayloadContent", Vec::<Value>::new());
    assert_eq!(refused(&list(&other)), InspectError::NoProfile);
    let encrypted = other.clone().with("EncryptedPayloadContent", vec![1_u8]);
    assert_eq!(refused(&list(&encrypted)), InspectError::Encrypted);
    let many = vec![Value::Dictionary(Dictionary::default()); inspect::PAYLOADS_MAX + 1];
    assert_eq!(refused(&wrapped(many)), InspectError::TooManyPayloads);
    assert!(matches!(refused(b"<plist><string>x</string></plist>"), InspectError::NoProfile));
    assert!(matches!(refused(b"hello"), InspectError::List(_)));
    assert!(matches!(refused(b"\x30\x03\x02\x01\x01"), InspectError::Envelope(_)));
}

#[test]
fn what_is_wrong_in_a_payload_is_told_by_payload_and_key_and_the_rest_is_read() {
    let payload = |kind: &str, uuid: &str| {
        Dictionary::default()
            .with("PayloadType", kind)
            .with("PayloadVersion", 1)
            .with("PayloadIdentifier", uuid)
            .with("PayloadUUID", uuid)
            .with("PayloadDisplayName", "Mine")
    };
    let scep = Dictionary::default()
        .with("URL", "")
        .with("Keysize", 3072)
        .with("Key Type", "EC")
        .with("CAFingerprint", "AB:CD")
        .with("Subject", vec![Value::from("CN=x")])
        .with("Retries", -1)
        .with("Keysise", 2048);
    let eap = Dictionary::default()
        .with("AcceptEAPTypes", vec![Value::Integer(13), Value::Integer(99)])
        .with("TLSMaximumVersion", "1.4")
        .with("PayloadCertificateAnchorUUID", vec![Value::from("root")]);
    let file = wrapped(vec![
        payload("com.apple.security.scep", "a").with("PayloadContent", scep).into(),
        payload("com.apple.wifi.managed", "b")
            .with("SSID_STR", vec![1_u8])
            .with("AutoJoin", "yes")
            .with("EAPClientConfiguration", eap)
            .into(),
        payload("com.apple.security.root", "c").with("PayloadContent", vec![1_u8, 2]).into(),
        payload("com.apple.something.else", "d").with("Whatever", true).into(),
        Value::from("no payload"),
        Dictionary::default().into(),
    ]);
    let profile = inspect::read(&file).unwrap();
    let told: Vec<String> = profile
        .deviations
        .iter()
        .map(|one| format!("{} | {} {}", one.payload, one.key, one.what))
        .collect();
    for expected in [
        "com.apple.security.scep \"Mine\" | PayloadContent.URL is empty",
        "com.apple.security.scep \"Mine\" | PayloadContent.Keysize is 3072; it can be 1024, 2048, 4096",
        "com.apple.security.scep \"Mine\" | PayloadContent.Key Type is \"EC\"; it can be RSA",
        "com.apple.security.scep \"Mine\" | PayloadContent.CAFingerprint is a string and should be data",
        "com.apple.security.scep \"Mine\" | PayloadContent.Subject[0] is a string and should be an array",
        "com.apple.security.scep \"Mine\" | PayloadContent.Retries is -1; 0 to 604800 are possible",
        "com.apple.security.scep \"Mine\" | PayloadContent.Keysise is no key that stands here",
        "com.apple.wifi.managed \"Mine\" | SSID_STR is data and should be a string",
        "com.apple.wifi.managed \"Mine\" | AutoJoin is a string and should be a boolean",
        "com.apple.wifi.managed \"Mine\" | EAPClientConfiguration.AcceptEAPTypes[1] is 99; it can be \
         13, 17, 18, 21, 23, 25, 43",
        "com.apple.wifi.managed \"Mine\" | EAPClientConfiguration.TLSMaximumVersion is \"1.4\"; it can \
         be 1.0, 1.1, 1.2, 1.3",
        "com.apple.wifi.managed \"Mine\" | EAPClientConfiguration.PayloadCertificateAnchorUUID[0] is \
         \"root\" and no UUID",
        "payload 5 |  is a string and no dictionary",
        "payload 6 (without a type) | PayloadType is missing",
    ] {
        assert!(told.iter().any(|one| one == expected), "{expected}\n{told:#?}");
    }
    assert!(told.iter().any(|one| one.contains("is no certificate")), "{told:#?}");
    assert!(!told.iter().any(|one| one.contains("Whatever")), "others' payloads are theirs");
    let graves = profile.deviations.iter().filter(|one| !one.is_grave);
    assert_eq!(graves.count(), 1, "only the key that is not known");
    assert_eq!(profile.payloads.len(), 5);
}

#[test]
fn deviations_have_an_end() {
    let payloads = vec![Value::Dictionary(Dictionary::default()); inspect::PAYLOADS_MAX];
    let profile = inspect::read(&wrapped(payloads)).unwrap();
    assert_eq!(profile.deviations.len(), apple::key::DEVIATIONS_MAX);
}

#[test]
fn a_certificate_may_be_pem() {
    let pem = pki::pem::certificate(&fixture::root()).into_bytes();
    let payload = Dictionary::default()
        .with("PayloadType", "com.apple.security.pem")
        .with("PayloadVersion", 1)
        .with("PayloadIdentifier", "x")
        .with("PayloadUUID", "x")
        .with("PayloadContent", pem);
    let profile = inspect::read(&wrapped(vec![payload.into()])).unwrap();
    assert_eq!(profile.deviations, []);
    assert_eq!(profile.anchors()[0].der, fixture::root().der, "none is named, so all count");
}
