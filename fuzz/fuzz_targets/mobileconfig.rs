//! Apple's profiles, XML, binary and signed: bounds hold, what is read is written and read alike,
//! and comparing one with an organization says something of everything it finds.
#![no_main]

use std::sync::LazyLock;

use fuzz::{holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::{certificate::Certificate, cms::signed_data::Signer, key::Hash};
use profile::{
    apple::{
        self,
        key::{self, DEVIATIONS_MAX},
    },
    inspect::{self, NESTED_MAX, PAYLOADS_MAX, Profile},
    lint::{self, Challenge, Expected, FINDINGS_MAX, Gateway},
    mdm,
    network::{Medium, NameKind, Network, Protection, Scep, TlsRange, TlsVersion},
    platform::Platform,
    property_list::{self, Value},
    render::Selection,
    text::{Part, Text, Variable},
};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::registration);

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        list(data);
        if let Ok(profile) = inspect::read(data) {
            check(&profile);
            check(&profile.expanded(&[("%".to_owned(), "%%".to_owned())]));
        }
        if let Ok(text) = core::str::from_utf8(data) {
            for found in mdm::recognize(text) {
                assert!(text.contains(&found.text) && !found.platforms.is_empty());
            }
        }
    }
);

/// A profile of ours, as XML and signed.
fn seeds() -> Vec<Vec<u8>> {
    let certificate = &HOLDER.certificate;
    let profile = apple::profile(&network(certificate), Platform::Mosyle, &Selection::default());
    let profile = profile.expect("the network can work").content;
    let signer = Signer { certificate, key: &HOLDER.key, hash: Hash::Sha256 };
    let signed = apple::sign(&profile, &signer, &[]).expect("the key signs");
    vec![profile, signed]
}

fn network(certificate: &Certificate) -> Network {
    let (ssid, protection) = ("School".to_owned(), Protection::Wpa2);
    Network {
        organization: "School".to_owned(),
        identifier: "net.safeconduct.school".to_owned(),
        name: "Wi-Fi".to_owned(),
        slug: "wi-fi".to_owned(),
        version: 1,
        medium: Medium::Wireless { ssid, protection, hidden: false },
        auto_join: true,
        disable_mac_randomization: true,
        outer_identity: None,
        tls: TlsRange { lowest: TlsVersion::Tls12, highest: TlsVersion::Tls13 },
        anchors: vec![certificate.clone()],
        server_names: vec!["*.example.org".to_owned()],
        chain: vec![certificate.clone()],
        scep: Scep {
            url: "https://pki.example.org/scep/mosyle/p-1".to_owned(),
            challenge: "secret".to_owned(),
            subject: vec![("CN".to_owned(), Text(vec![Part::Variable(Variable::DeviceSerial)]))],
            names: vec![(NameKind::Email, Text(vec![Part::Variable(Variable::PersonEmail)]))],
            key_bits: 2048,
            allow_all_apps: true,
        },
    }
}

/// What is read as a list is written as XML and read alike, but for dates and what XML cannot say.
fn list(data: &[u8]) {
    let Ok(Value::Dictionary(list)) = property_list::read(data) else { return };
    let written = property_list::write(&list);
    if let Ok(Value::Dictionary(again)) = property_list::read(&written) {
        let once_more = property_list::write(&again);
        assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(&once_more));
    }
    assert!(key::check(&list).len() <= DEVIATIONS_MAX);
}

fn check(profile: &Profile) {
    assert!(profile.payloads.len() <= PAYLOADS_MAX && profile.signatures.len() <= 4 * NESTED_MAX);
    assert!(profile.deviations.len() <= DEVIATIONS_MAX);
    assert!(profile.anchors().len() <= profile.certificates().count());
    let gateway = Gateway {
        name: "Mosyle".to_owned(),
        url: "https://pki.example.org/scep/mosyle".to_owned(),
    };
    let others =
        [Gateway { name: "Jamf".to_owned(), url: "https://pki.example.org/scep/jamf".to_owned() }];
    let challenge = |text: &str| match text.len() {
        6 => Challenge::Right,
        7 => Challenge::OfGateway("Jamf".to_owned()),
        _ => Challenge::Unknown,
    };
    for console in [None, Some(Platform::Mosyle), Some(Platform::Intune)] {
        let expected = Expected {
            gateway: &gateway,
            others: &others,
            challenge: &challenge,
            chain: std::slice::from_ref(&HOLDER.certificate),
            anchors: std::slice::from_ref(&HOLDER.certificate),
            server_names: &[vec!["radius.example.org".to_owned()]],
            ssid: Some("School"),
            console,
        };
        let findings = lint::compare(profile, &expected);
        assert!(findings.len() <= FINDINGS_MAX);
        for finding in findings {
            assert!(!finding.what.is_empty() && !finding.why.is_empty() && !finding.fix.is_empty());
        }
    }
}
