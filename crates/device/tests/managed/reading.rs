//! Profiles read as a Mac does.

use std::time::Duration;

use device::profile;
use device::profile::Instructions;
use device::profile::ProfileError;
use device::profile::RETRIES_MAX;
use device::profile::RETRY_DELAY_SECONDS_MAX;
use device::profile::VALUES_MAX;
use eap::settings::TlsVersion;
use pki::general_name::GeneralName;
use pki::key::KeyType;

use crate::NOW;
use crate::PROFILE;
use crate::pairs;
use crate::with;

const VALUES: [(&str, &str); 2] = [("%SerialNumber%", "C02X1234"), ("%Email%", "anna@example.org")];

#[track_caller]
fn read(file: &[u8]) -> Instructions {
    profile::read(file, &pairs(&VALUES), NOW).unwrap()
}

#[track_caller]
fn refused(file: &[u8], words: &str) {
    let error = profile::read(file, &pairs(&VALUES), NOW).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

#[track_caller]
fn warns(changes: &[(&str, &str)], words: &str) -> Instructions {
    let read = read(&with(changes));
    assert!(read.warnings.iter().any(|one| one.contains(words)), "{:#?}", read.warnings);
    read
}

#[test]
fn our_own_profile_tells_what_to_ask_for_and_whom_to_trust() {
    let Instructions { name, signers, order, network, warnings } = read(PROFILE.as_bytes());
    assert_eq!((name.as_str(), signers.len()), ("School Wi-Fi", 0));
    assert_eq!(warnings, [""; 0]);
    assert_eq!(order.url, "https://pki.example.org/scep/mosyle/p-7");
    assert_eq!(order.challenge.as_deref(), Some("k3Wd-9xQm-PzR7-example"));
    assert_eq!(order.subject.to_string(), "CN=C02X1234");
    assert_eq!(order.names, [GeneralName::Email("anna@example.org".into())]);
    assert_eq!((order.key, order.retries), (KeyType::Rsa2048, 3));
    assert_eq!(order.retry_delay, Duration::from_secs(10));
    assert_eq!(order.fingerprint.map(|fingerprint| fingerprint.len()), Some(20));
    let network = network.unwrap();
    assert_eq!((network.ssid.as_deref(), network.is_wired), (Some("School"), false));
    // Those that the network names, and not every certificate of the profile.
    assert_eq!(network.trusted.anchors.len(), 2);
    assert_eq!(network.trusted.names, ["*.example.org"]);
    assert_eq!((network.tls_lowest, network.tls_highest), (TlsVersion::Tls12, TlsVersion::Tls13));
    assert_eq!(network.outer_identity, None);
}

#[test]
fn the_secret_is_not_shown() {
    let order = read(PROFILE.as_bytes()).order;
    assert!(!format!("{order:?}").contains("k3Wd"));
}

#[test]
fn what_an_mdm_left_behind_is_named() {
    let values = pairs(&VALUES[..1]);
    let error = profile::read(PROFILE.as_bytes(), &values, NOW).unwrap_err();
    let ProfileError::Unfilled(left) = error else { panic!("{error:?}") };
    let left: Vec<_> = left.iter().map(|one| (one.place.as_str(), one.variable.as_str())).collect();
    assert_eq!(left, [("SubjectAltName rfc822Name", "%Email%")]);
    // Another console's is left as well, also in the network's own texts.
    refused(&with(&[("<string>School</string>", "<string>$SITE_NAME</string>")]), "SSID_STR");
    refused(&with(&[("k3Wd-9xQm-PzR7-example", "{{Challenge}}")]), "Challenge");
    // Part of a secret is never told.
    read(&with(&[("k3Wd-9xQm-PzR7-example", "k3{{Challenge}}")]));
}

#[test]
fn values_that_cannot_be_are_refused() {
    for (values, words) in [
        (vec![("%UUID%", "x")], "the profile has no %UUID%"),
        (vec![("%Email%", "x")], "%Email% is given twice"),
        (vec![("", "x")], "\"\" is no variable"),
        (vec![("%UUID%", "a\nb")], "control characters"),
        (vec![("%UUID%", &*"x".repeat(1025))], "longer than 1024 bytes"),
        (vec![("%UUID%", "x"); VALUES_MAX], "66 variables are given"),
    ] {
        let values = pairs(&[VALUES.to_vec(), values].concat());
        let error = profile::read(PROFILE.as_bytes(), &values, NOW).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_value_says_nothing_but_itself() {
    let values = [("%SerialNumber%", "a, O=b+C=\\c #"), ("%Email%", "%SerialNumber%")];
    let order = profile::read(PROFILE.as_bytes(), &pairs(&values), NOW).unwrap().order;
    assert_eq!(order.subject.common_names().collect::<Vec<_>>(), ["a, O=b+C=\\c #"]);
    assert_eq!(order.subject.attributes().count(), 1);
    assert_eq!(order.names, [GeneralName::Email("%SerialNumber%".into())]);
    let empty = pairs(&[("%SerialNumber%", ""), ("%Email%", "")]);
    let error = profile::read(PROFILE.as_bytes(), &empty, NOW).unwrap_err();
    assert!(matches!(error, ProfileError::Subject(_)), "{error}");
    let empty = pairs(&[("%SerialNumber%", "x"), ("%Email%", "")]);
    let read = profile::read(PROFILE.as_bytes(), &empty, NOW).unwrap();
    assert_eq!(read.order.names, []);
    assert!(read.warnings[0].contains("empty and left out"), "{:?}", read.warnings);
}

#[test]
fn what_a_device_cannot_do_is_refused() {
    let key = |bits: &str| with(&[("<integer>2048</integer>", bits)]);
    refused(&key("<integer>1024</integer>"), "Keysize is 1024");
    refused(&with(&[("https://pki", "ftp://pki")]), "which is no address of a SCEP server");
    refused(&with(&[("sTlZQBBR84JnQqc7rMHNZeC9FSw=", "AAAAAAAAAAAAAAAAAAAAAA==")]), "16 bytes");
    let identity = "<key>PayloadCertificateUUID</key>\n\t\t\t<string>8E3E6FD9";
    let elsewhere = "<key>PayloadCertificateUUID</key>\n\t\t\t<string>00000000";
    refused(&with(&[(identity, elsewhere)]), "no payload of this profile");
    refused(&with(&[("com.apple.security.scep", "com.apple.security.pkcs12")]), "from elsewhere");
    refused(&with(&[("com.apple.security.scep", "com.example.other")]), "without a key");
    let highest = "<key>TLSMaximumVersion</key>\n\t\t\t\t<string>1.3";
    refused(&with(&[(highest, "<key>TLSMaximumVersion</key>\n\t\t\t\t<string>1.1")]), "1.1 leave");
    let removal = "<key>RemovalDate</key><date>2026-11-22T00:00:00Z</date>";
    let with_date = |date: &str| with(&[("<key>PayloadContent</key>", date)]);
    refused(&with_date(&format!("{removal}<key>PayloadContent</key>")), "has expired");
    let later = removal.replace("2026-11-22", "2026-11-24");
    read(&with_date(&format!("{later}<key>PayloadContent</key>")));
    let other = with(&[("<string>Configuration</string>", "<string>Other</string>")]);
    refused(&other, "is a property list and no profile");
    assert!(profile::read(b"junk", &[], NOW).is_err());
}

#[test]
fn what_a_device_passes_over_is_told() {
    let none = [("<key>CAFingerprint</key>", "<key>CAFingerPrint</key>")];
    let read = warns(&none, "there is no CAFingerprint");
    assert!(read.warnings.iter().any(|one| one.contains("CAFingerPrint is no key")));
    assert_eq!(read.order.fingerprint, None);
    let never = "<key>Retries</key>\n\t\t\t\t<integer>";
    let retries = warns(&[(&format!("{never}3"), &format!("{never}500"))], "Retries 500");
    assert_eq!(retries.order.retries, RETRIES_MAX);
    let delay = "<key>RetryDelay</key>\n\t\t\t\t<integer>";
    let order = warns(&[(&format!("{delay}10"), &format!("{delay}900"))], "RetryDelay 900").order;
    assert_eq!(order.retry_delay, Duration::from_secs(RETRY_DELAY_SECONDS_MAX));
    warns(&[("<integer>5</integer>", "<integer>4</integer>")], "does not let the key sign");
    warns(&[("<integer>13</integer>", "<integer>25</integer>")], "does not accept EAP-TLS");
    let names = ("<string>*.example.org</string>", "");
    warns(&[names], "there are no TLSTrustedServerNames");
    let odd = ("<string>*.example.org</string>", "<string>*.</string>");
    warns(&[odd], "every server is refused");
    let network = "com.apple.wifi.managed";
    let only = warns(&[(network, "com.example.other")], "joins no network");
    assert!(only.network.is_none());
    warns(&[(network, "com.example.other")], "\"School Wi-Fi\" is not installed here");
}

#[test]
fn an_anchor_that_is_missing_or_has_expired_is_not_trusted() {
    let anchors = "<string>E0003247-527A-5649-B942-8659841598F6</string>\n\t\t\t\t\t<string>";
    let missing = "<string>E0003247-527A-5649-B942-000000000000</string>\n\t\t\t\t\t<string>";
    let read = warns(&[(anchors, missing)], "that is not in the profile");
    assert_eq!(read.network.unwrap().trusted.anchors.len(), 1);
    let late = pki::time::Time::parse_rfc3339("2099-01-01T00:00:00Z").unwrap();
    let read = profile::read(PROFILE.as_bytes(), &pairs(&VALUES), late).unwrap();
    assert_eq!(read.network.unwrap().trusted.anchors.len(), 0);
    assert!(read.warnings.iter().any(|one| one.contains("expired on")), "{:?}", read.warnings);
    let none = "the profile trusts no authority for servers";
    assert!(read.warnings.iter().any(|one| one.contains(none)), "{:?}", read.warnings);
}
