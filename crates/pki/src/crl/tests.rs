//! Lists, there and back, and every reason not to sign one.

use super::*;
use crate::key::{Hash, KeyType};

const NOW: Time = Time(1_795_471_200);

fn serial(number: u8) -> Serial {
    Serial::from_random([number; 16])
}

fn draft(key: &PrivateKey) -> CrlDraft {
    let subject = Name::parse_text("O=Lab, CN=Root").unwrap();
    let hash = key.key_type().default_hash();
    let entry = |number, reason| Entry { serial: serial(number), at: NOW, reason };
    CrlDraft {
        issuer: Issuer::itself(&subject, key, hash, NOW.plus_days(3650)),
        number: 300,
        this_update: NOW,
        next_update: NOW.plus_days(7),
        url: Some("http://pki.example.org/crl/root.crl".into()),
        entries: vec![
            entry(1, ReasonCode::Unspecified),
            entry(2, ReasonCode::KeyCompromise),
            entry(0xff, ReasonCode::CertificateHold),
        ],
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

#[test]
fn what_is_signed_is_read_back() {
    for key_type in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Rsa2048] {
        let key = PrivateKey::generate(key_type).unwrap();
        let draft = draft(&key);
        let crl = Crl::parse(&draft.clone().lint().unwrap().sign(&key).unwrap()).unwrap();
        assert_eq!(crl.verify_signed_by(key.public_key()), Ok(()));
        assert!(crl.verify_signed_by(self::key().public_key()).is_err());
        assert_eq!(crl.entries, draft.entries);
        assert_eq!(crl.issuer, draft.issuer.name);
        assert_eq!((crl.this_update, crl.next_update), (NOW, Some(NOW.plus_days(7))));
        assert_eq!(crl.number(), Some(300));
        let identifier = extension::authority_key_identifier(&crl.extensions);
        assert_eq!(identifier, Some(draft.issuer.key_identifier.as_slice()));
    }
}

#[test]
fn a_list_of_nothing_has_no_entries_at_all() {
    let key = key();
    let empty = CrlDraft { entries: vec![], url: None, ..draft(&key) };
    let crl = Crl::parse(&empty.lint().unwrap().sign(&key).unwrap()).unwrap();
    assert_eq!(crl.entries, []);
    assert_eq!(extension::find(&crl.extensions, oid::ISSUING_DISTRIBUTION_POINT), None);
}

#[test]
fn every_rule_complains() {
    let key = key();
    let check = |change: fn(&mut CrlDraft), expected: CrlComplaint| {
        let mut draft = draft(&key);
        change(&mut draft);
        assert_eq!(draft.lint().unwrap_err(), expected);
    };
    check(|d| d.next_update = NOW, CrlComplaint::Order(NOW, NOW));
    check(|d| d.entries.swap(0, 1), CrlComplaint::Serial(serial(1)));
    check(|d| d.entries[1].serial = serial(1), CrlComplaint::Serial(serial(1)));
    let later = NOW.plus_seconds(1);
    check(|d| d.entries[0].at = NOW.plus_seconds(1), CrlComplaint::Future(serial(1), later));
    check(|d| d.issuer.hash = Hash::Sha512, CrlComplaint::Hash);
    for url in ["https://x/", "http://", "http://a b"] {
        let changed = CrlDraft { url: Some(url.into()), ..draft(&key) };
        assert_eq!(changed.lint().unwrap_err(), CrlComplaint::Url(url.into()));
    }
}

#[test]
fn only_the_issuers_key_signs() {
    let linted = draft(&key()).lint().unwrap();
    assert_eq!(linted.sign(&key()).unwrap_err(), SignError::WrongKey);
}

#[test]
fn truncated_lists_are_refused() {
    let key = key();
    let der = draft(&key).lint().unwrap().sign(&key).unwrap();
    for end in 0..der.len() {
        assert!(Crl::parse(&der[..end]).is_err());
    }
}

#[test]
fn reasons_read_back_and_unknown_ones_do_not() {
    for reason in ReasonCode::ALL {
        assert_eq!(ReasonCode::parse(&reason.der()), Ok(reason));
    }
    for number in [7, 8, 11, 255] {
        assert_eq!(ReasonCode::from_number(number), None);
    }
}
