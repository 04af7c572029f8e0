//! Profiles: what is in them, what stays the same, what cannot be.

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::cms::signed_data::SignedData;
use pki::cms::signed_data::Signer;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::key::Hash;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::time::Time;
use profile::apple;
use profile::apple::key;
use profile::complaint::Complaint;
use profile::inspect;
use profile::network::Medium;
use profile::network::NameKind;
use profile::network::Network;
use profile::network::Protection;
use profile::network::TlsRange;
use profile::network::TlsVersion;
use profile::platform::Platform;
use profile::property_list;
use profile::property_list::Dictionary;
use profile::property_list::Value;
use profile::render;
use profile::render::Part;
use profile::render::Selection;
use profile::text::Variable;

use crate::fixture;

pub(crate) fn list(network: &Network, platform: Platform, selection: &Selection) -> Dictionary {
    let file = apple::profile(network, platform, selection).unwrap();
    let Value::Dictionary(root) = property_list::read(&file.content).unwrap() else { panic!() };
    root
}

fn kinds(root: &Dictionary) -> Vec<String> {
    let payloads = root.get("PayloadContent").unwrap().elements();
    payloads.iter().map(|payload| dictionary(payload).text("PayloadType").unwrap().into()).collect()
}

fn dictionary(value: &Value) -> &Dictionary {
    let Value::Dictionary(dictionary) = value else { panic!("{value:?}") };
    dictionary
}

fn whole() -> Selection {
    Selection::default()
}

fn only(part: Part) -> Selection {
    Selection { only: Some(part), login_window: false }
}

fn complaints(network: &Network, platform: Platform) -> Vec<Complaint> {
    apple::profile(network, platform, &whole()).unwrap_err()
}

#[test]
fn one_profile_holds_everything_in_order() {
    let root = list(&fixture::network(), Platform::Mosyle, &whole());
    assert_eq!(
        kinds(&root),
        [
            "com.apple.security.root",
            "com.apple.security.pkcs1",
            "com.apple.security.root",
            "com.apple.security.root",
            "com.apple.security.scep",
            "com.apple.wifi.managed",
        ]
    );
}

#[test]
fn everything_that_is_written_is_as_the_table_of_keys_says() {
    let mut networks = vec![fixture::network()];
    for change in [
        (|n: &mut Network| n.medium = Medium::Wired) as fn(&mut Network),
        |n| n.tls.lowest = TlsVersion::Tls13,
        |n| n.scep.names.push((NameKind::Email, fixture::literal("a@example.org"))),
        |n| n.anchors = vec![fixture::root()],
        |n| n.outer_identity = Some("anonymous@example.org".into()),
        |n| n.scep.key_bits = 4096,
        |n| n.scep.names = Vec::new(),
        |n| n.chain = vec![fixture::root()],
    ] {
        let mut network = fixture::network();
        change(&mut network);
        networks.push(network);
    }
    for network in &networks {
        for selection in [
            whole(),
            only(Part::Trust),
            only(Part::Scep),
            only(Part::Wifi),
            Selection { only: None, login_window: true },
        ] {
            let root = list(network, Platform::Mosyle, &selection);
            assert_eq!(key::check(&root), [], "{selection:?}");
        }
    }
}

#[test]
fn the_same_network_gives_the_same_bytes_and_a_further_root_changes_no_other_payload() {
    let network = fixture::network();
    let write =
        |network: &Network| apple::profile(network, Platform::Mosyle, &whole()).unwrap().content;
    assert_eq!(write(&network), write(&network));
    let mut before = network.clone();
    before.anchors.pop();
    let uuids = |network: &Network| -> Vec<String> {
        let root = list(network, Platform::Mosyle, &whole());
        let payloads = root.get("PayloadContent").unwrap().elements();
        let uuids = payloads.iter().map(|one| dictionary(one).text("PayloadUUID").unwrap());
        uuids.map(str::to_owned).collect()
    };
    let (before, after) = (uuids(&before), uuids(&network));
    assert!(before.iter().all(|uuid| after.contains(uuid)), "{before:?} {after:?}");
    let distinct: std::collections::BTreeSet<_> = after.iter().collect();
    assert_eq!(distinct.len(), after.len(), "each payload has its own");
}

#[test]
fn a_part_is_a_profile_of_its_own() {
    let network = fixture::network();
    let identifier = |selection: &Selection| {
        list(&network, Platform::Mosyle, selection).text("PayloadIdentifier").unwrap().to_owned()
    };
    let all = [whole(), only(Part::Trust), only(Part::Scep), only(Part::Wifi)]
        .map(|one| identifier(&one));
    assert_eq!(all[0], "net.safeconduct.example-school.school-wi-fi");
    assert_eq!(all[1], "net.safeconduct.example-school.school-wi-fi.only-trust");
    let parts = |part| kinds(&list(&network, Platform::Mosyle, &only(part)));
    assert_eq!(parts(Part::Trust).len(), 4);
    assert_eq!(parts(Part::Scep), ["com.apple.security.scep"]);
    assert_eq!(
        parts(Part::Wifi),
        ["com.apple.security.root", "com.apple.security.root", "com.apple.wifi.managed"]
    );
    let trust = apple::profile(&network, Platform::Mosyle, &only(Part::Trust)).unwrap();
    assert!(!trust.is_secret, "certificates are no secret");
    assert_eq!(trust.name, "school-wi-fi-trust.mobileconfig");
    assert!(apple::profile(&network, Platform::Mosyle, &whole()).unwrap().is_secret);
}

#[test]
fn a_root_that_is_ours_and_the_radius_servers_is_there_once() {
    let mut network = fixture::network();
    network.anchors = vec![fixture::root(), fixture::root()];
    let file = apple::profile(&network, Platform::Mosyle, &whole()).unwrap();
    let profile = inspect::read(&file.content).unwrap();
    assert_eq!(profile.certificates().count(), 2);
    let anchors = profile.anchors();
    assert_eq!(anchors.len(), 1);
    assert_eq!(anchors[0].der, fixture::root().der);
}

#[test]
fn tls_1_3_alone_brings_an_outer_identity() {
    let mut network = fixture::network();
    let identity = |network: &Network| {
        let file = apple::profile(network, Platform::Mosyle, &whole()).unwrap();
        inspect::read(&file.content).unwrap().wifi().unwrap().outer_identity.clone()
    };
    assert_eq!(identity(&network), None);
    network.tls.lowest = TlsVersion::Tls13;
    assert_eq!(identity(&network).as_deref(), Some("anonymous"));
    network.outer_identity = Some("someone".into());
    assert_eq!(identity(&network).as_deref(), Some("someone"));
}

#[test]
fn what_cannot_work_is_complained_of_by_field() {
    let check = |change: fn(&mut Network), field: &str| {
        let mut network = fixture::network();
        change(&mut network);
        let complaints = complaints(&network, Platform::Mosyle);
        assert!(complaints.iter().any(|one| one.field == field), "{field}: {complaints:?}");
        assert!(complaints.iter().all(|one| !one.fix.is_empty()));
    };
    check(|n| n.anchors.clear(), "trusted_authorities");
    check(|n| n.server_names.clear(), "radius_server_names");
    check(|n| n.chain.clear(), "gateway");
    check(|n| n.scep.url = "pki.example.org".into(), "url");
    check(|n| n.scep.key_bits = 3072, "key_bits");
    check(|n| n.scep.subject.clear(), "subject");
    check(|n| n.scep.subject[0].0 = "CN=x, O".into(), "subject");
    check(|n| n.scep.subject[0].0 = String::new(), "subject");
    check(|n| n.tls = TlsRange { lowest: TlsVersion::Tls13, highest: TlsVersion::Tls12 }, "tls");
    for ssid in ["", "123456789012345678901234567890123"] {
        let mut network = fixture::network();
        let (ssid, hidden) = (ssid.to_owned(), false);
        network.medium = Medium::Wireless { ssid, protection: Protection::Wpa3, hidden };
        assert_eq!(complaints(&network, Platform::Mosyle)[0].field, "ssid");
    }
}

#[test]
fn a_variable_that_nobody_fills_in_is_complained_of() {
    let complaints = complaints(&fixture::network(), Platform::Apple);
    let fields: Vec<&str> = complaints.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["subject", "san.email"]);
    let mut network = fixture::network();
    network.scep.names = vec![(NameKind::Upn, fixture::variable(Variable::PersonUpn))];
    let complaints = render::render(&network, Platform::Kandji, &whole()).unwrap_err();
    assert_eq!(complaints[0].field, "san.upn");
}

#[test]
fn hostile_names_stay_text() {
    let mut network = fixture::network();
    network.name = "</string><key>PayloadType</key>&amp;]]>".into();
    network.organization = "<!DOCTYPE x [<!ENTITY y \"z\">]>&y;".into();
    let root = list(&network, Platform::Mosyle, &whole());
    assert_eq!(root.text("PayloadDisplayName"), Some(network.name.as_str()));
    assert_eq!(root.text("PayloadOrganization"), Some(network.organization.as_str()));
    assert_eq!(root.text("PayloadType"), Some("Configuration"));
    let text = "a\u{1}b\r\n\u{fffe}";
    let written = property_list::write(&Dictionary::default().with("x", text));
    let Value::Dictionary(read) = property_list::read(&written).unwrap() else { panic!() };
    assert_eq!(read.text("x"), Some("a\u{fffd}b\r\n\u{fffd}"), "XML has no word for some");
}

#[test]
fn attributes_without_a_short_name_go_by_number() {
    let mut network = fixture::network();
    network.scep.subject = vec![
        ("cn".into(), fixture::literal("a")),
        ("E".into(), fixture::literal("a@example.org")),
        ("1.2.3.4".into(), fixture::literal("b")),
    ];
    let file = apple::profile(&network, Platform::Mosyle, &whole()).unwrap();
    let profile = inspect::read(&file.content).unwrap();
    let keys: Vec<&str> =
        profile.scep().unwrap().subject.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["CN", "1.2.840.113549.1.9.1", "1.2.3.4"]);
}

/// Somebody who signs profiles.
pub(crate) fn signer() -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let subject = Name::parse_text("CN=Example School profiles").unwrap();
    let not_after = Time(1_900_000_000);
    let draft = Draft {
        serial: Serial::from_random([7; 16]),
        issuer: Issuer::itself(&subject, &key, Hash::Sha256, not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: Time(1_700_000_000),
        not_after,
        general_names: vec![],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let certificate = draft.lint().unwrap().sign(&key).unwrap();
    (key, certificate)
}

#[test]
fn a_signed_profile_holds_the_profile_and_its_signature_fits() {
    let (key, certificate) = signer();
    let file = apple::profile(&fixture::network(), Platform::Mosyle, &only(Part::Trust)).unwrap();
    let signer = Signer { certificate: &certificate, key: &key, hash: Hash::Sha256 };
    let signed = apple::sign(&file.content, &signer, &[fixture::root()]).unwrap();
    let read = SignedData::parse(&signed).unwrap();
    assert_eq!(read.content.as_deref(), Some(file.content.as_slice()));
    assert_eq!(read.certificates.len(), 2);
    let profile = inspect::read(&signed).unwrap();
    assert_eq!(profile.signatures.len(), 1);
    assert!(profile.signatures[0].fits);
    assert_eq!(profile.signatures[0].signer.as_deref(), Some("Example School profiles"));
}

#[test]
fn every_platform_gets_its_files_or_is_told_why_not() {
    let mut network = fixture::network();
    network.scep.subject[0].1 = fixture::literal("device");
    network.scep.names = Vec::new();
    network.server_names = vec!["radius.example.org".into()];
    for platform in Platform::ALL {
        match render::render(&network, platform, &whole()) {
            Ok(rendered) => {
                assert!(!rendered.files.is_empty(), "{platform:?}");
                assert_eq!(rendered.card.is_some(), platform.is_console(), "{platform:?}");
            }
            Err(complaints) => {
                assert_eq!(platform, Platform::P12, "{complaints:?}");
                assert_eq!(complaints[0].field, "device");
            }
        }
    }
}
