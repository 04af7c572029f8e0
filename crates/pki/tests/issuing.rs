//! Every kind of certificate that Safeconduct issues, and every reason not to issue one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails here"
)]

use pki::{
    certificate::{Certificate, Serial},
    draft::{Complaint, Draft, Issuer, SignError, rule::Advice},
    extension::{BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyType, PrivateKey, PublicKey},
    name::Name,
    oid,
    time::Time,
    tlv,
};

const NOW: Time = Time(1_795_471_200);

fn root_draft(key: &PrivateKey) -> Draft {
    let subject = Name::parse_text("O=Lab, CN=Root").unwrap();
    let not_after = NOW.plus_days(3650);
    let hash = key.key_type().default_hash();
    Draft {
        serial: Serial::from_random([1; 16]),
        issuer: Issuer::itself(&subject, key, hash, not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: vec![],
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![],
        basic_constraints: BasicConstraints { ca: true, path_len: None },
        further: Vec::new(),
    }
}

fn root(key: &PrivateKey) -> Certificate {
    root_draft(key).lint().unwrap().sign(key).unwrap()
}

fn leaf_draft(issuer: &Certificate, public_key: &PublicKey) -> Draft {
    let hash = issuer.public_key.key_type().unwrap().default_hash();
    Draft {
        serial: Serial::from_random([2; 16]),
        issuer: Issuer::of(issuer, hash).unwrap(),
        subject: Name::parse_text("CN=device").unwrap(),
        public_key: public_key.clone(),
        not_before: NOW,
        not_after: NOW.plus_days(365),
        general_names: vec![GeneralName::email("jane@example.org").unwrap()],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    }
}

#[test]
fn a_whole_house_of_certificates_is_issued() {
    let root_key = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let root = root(&root_key);
    assert!(root.is_self_signed());
    assert_eq!(root.basic_constraints(), Some((true, None)));

    let issuing_key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = leaf_draft(&root, issuing_key.public_key());
    draft.subject = Name::parse_text("O=Lab, CN=Issuing").unwrap();
    draft.general_names = vec![];
    draft.extended_key_usages = vec![];
    draft.key_usage = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE;
    draft.basic_constraints = BasicConstraints { ca: true, path_len: Some(0) };
    let issuing = draft.lint().unwrap().sign(&root_key).unwrap();
    assert_eq!(issuing.verify_signed_by(&root.public_key), Ok(()));
    assert_eq!(issuing.authority_key_identifier(), root.subject_key_identifier());

    let rsa = PrivateKey::generate(KeyType::Rsa2048).unwrap();
    let mut draft = leaf_draft(&issuing, rsa.public_key());
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    draft.extended_key_usages = vec![];
    draft.general_names = vec![];
    let ra = draft.clone().lint().unwrap().sign(&issuing_key).unwrap();
    assert_eq!(ra.key_usage(), Some(draft.key_usage));
    assert_eq!(ra.basic_constraints(), Some((false, None)));
    assert!(!ra.is_self_signed());

    draft.extended_key_usages = vec![oid::SERVER_AUTH];
    draft.general_names = vec![GeneralName::dns("radius.example.org").unwrap()];
    draft.subject = Name::empty();
    let server = draft.lint().unwrap().sign(&issuing_key).unwrap();
    assert_eq!(server.extended_key_usages(), [oid::SERVER_AUTH]);
    assert_eq!(server.general_names(), [GeneralName::Dns("radius.example.org".into())]);
    let names = server.extensions.iter().find(|e| e.oid == oid::SUBJECT_ALT_NAME).unwrap();
    assert!(names.critical);

    let client = leaf_draft(&issuing, rsa.public_key()).lint().unwrap();
    let tbs = client.tbs_der().to_vec();
    let client = client.sign(&issuing_key).unwrap();
    assert_eq!(client.tbs, tbs);
    assert_eq!(client.issuer, issuing.subject);
    assert_eq!(Certificate::parse(&client.der).unwrap(), client);
    assert!(client.is_valid_at(NOW) && !client.is_valid_at(NOW.plus_seconds(-1)));
    assert!(Issuer::of(&client, Hash::Sha256).is_err());
}

#[test]
fn only_the_issuers_key_signs() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let linted = root_draft(&key).lint().unwrap();
    assert_eq!(linted.sign(&other).unwrap_err(), SignError::WrongKey);
}

#[test]
fn a_foreign_signature_does_not_verify() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    assert!(root(&key).verify_signed_by(other.public_key()).is_err());
}

#[test]
fn truncated_certificates_are_refused() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let der = root(&key).der;
    for end in 0..der.len() {
        assert!(Certificate::parse(&der[..end]).is_err());
    }
    assert!(Certificate::parse(&[der, vec![0]].concat()).is_err());
}

fn check(change: impl FnOnce(&mut Draft), expected: &str) {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = leaf_draft(&root(&key), key.public_key());
    change(&mut draft);
    let complaints = draft.lint().unwrap_err();
    let ids: Vec<_> = complaints.iter().map(Complaint::id).collect();
    assert_eq!(ids, [expected], "{complaints:?}");
    assert!(!complaints[0].to_string().is_empty());
}

#[test]
fn every_rule_complains() {
    check(|d| d.serial = Serial::from_content(&[1; 21]).unwrap(), "lint-serial");
    check(|d| d.serial = Serial::from_content(&[0]).unwrap(), "lint-serial");
    check(|d| d.serial = Serial::from_content(&[0x80]).unwrap(), "lint-serial");
    check(|d| d.serial = Serial::from_content(&[1; 7]).unwrap(), "lint-serial-short");
    check(|d| d.not_after = NOW.plus_seconds(-1), "lint-validity-order");
    check(|d| d.not_before = Time(-1_000_000_000), "lint-validity-range");
    check(|d| d.not_after = d.issuer.not_after.plus_seconds(1), "lint-outlives-issuer");
    check(
        |d| {
            d.subject = Name::empty();
            d.general_names = vec![];
        },
        "lint-no-name",
    );
    check(|d| d.issuer.name = Name::empty(), "lint-issuer-name");
    check(
        |d| d.subject = Name::parse_text(&format!("CN={}", "a".repeat(65))).unwrap(),
        "lint-subject-length",
    );
    check(
        |d| {
            d.subject = Name::empty();
            d.basic_constraints.ca = true;
            d.key_usage = KeyUsage::KEY_CERT_SIGN;
        },
        "lint-authority-name",
    );
    check(|d| d.basic_constraints.ca = true, "lint-authority-key-usage");
    for usage in [KeyUsage::KEY_CERT_SIGN, KeyUsage::CRL_SIGN] {
        check(|d| d.key_usage = d.key_usage | usage, "lint-authority-key-usage");
    }
    check(|d| d.basic_constraints.path_len = Some(0), "lint-path-length");
    check(|d| d.key_usage = KeyUsage::NONE, "lint-no-key-usage");
    check(
        |d| d.extended_key_usages = vec![oid::ANY_EXTENDED_KEY_USAGE],
        "lint-any-extended-key-usage",
    );
    check(|d| d.extended_key_usages = vec![oid::CLIENT_AUTH; 2], "lint-extended-key-usage-twice");
    check(
        |d| d.key_usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
        "lint-key-encipherment",
    );
    check(|d| d.issuer.hash = Hash::Sha512, "lint-hash");
    check(|d| d.general_names = vec![GeneralName::Dns("a b".into())], "lint-general-name");
    check(|d| d.general_names = vec![GeneralName::Dns("a_b.test".into())], "lint-general-name");
    check(|d| d.general_names = vec![GeneralName::Email("MacBook".into())], "lint-general-name");
    check(|d| d.general_names = vec![GeneralName::Uri("x".into())], "lint-general-name");
    check(|d| d.general_names = vec![GeneralName::Dns("a".into()); 65], "lint-general-names");
    check(|d| d.general_names = vec![GeneralName::Other(vec![0x82, 9])], "lint-encoding");
}

/// Makes a draft a server's.
fn serve(draft: &mut Draft) {
    draft.extended_key_usages = vec![oid::SERVER_AUTH];
    draft.general_names = vec![GeneralName::dns("radius.example.org").unwrap()];
}

#[test]
fn the_purposes_of_a_key_fit_each_other() {
    let id = "lint-usage-conflict";
    for purpose in [oid::CLIENT_AUTH, oid::CODE_SIGNING, oid::OCSP_SIGNING, oid::EMAIL_PROTECTION] {
        check(
            |d| {
                d.key_usage = KeyUsage::ENCIPHER_ONLY;
                d.extended_key_usages = vec![purpose];
            },
            id,
        );
    }
    check(
        |d| {
            serve(d);
            d.key_usage = KeyUsage::NON_REPUDIATION;
        },
        id,
    );
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = leaf_draft(&root(&key), key.public_key());
    draft.key_usage = KeyUsage::KEY_AGREEMENT;
    draft.lint().unwrap();
}

#[test]
fn a_server_has_a_name_and_a_life_that_devices_accept() {
    let named = |names: Vec<GeneralName>| {
        move |d: &mut Draft| {
            serve(d);
            d.general_names = names;
        }
    };
    check(named(vec![]), "lint-server-name");
    check(named(vec![GeneralName::email("a@example.org").unwrap()]), "lint-server-name");
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = leaf_draft(&root(&key), key.public_key());
    named(vec![GeneralName::ip("192.0.2.7").unwrap()])(&mut draft);
    draft.not_after = NOW.plus_days(825).plus_seconds(-1);
    draft.lint().unwrap();
    check(
        |d| {
            serve(d);
            d.not_after = NOW.plus_days(825);
        },
        "lint-server-life",
    );
}

#[test]
fn what_is_worth_a_word_is_no_complaint() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let advised = |change: fn(&mut Draft)| {
        let mut draft = leaf_draft(&root(&key), key.public_key());
        draft.subject = Name::parse_text("CN=jane@example.org").unwrap();
        change(&mut draft);
        let advice = draft.advice();
        draft.lint().unwrap();
        assert!(advice.iter().all(|one| !one.to_string().is_empty()));
        advice.iter().map(Advice::id).collect::<Vec<_>>()
    };
    assert_eq!(advised(|_| {}), Vec::<&str>::new());
    assert_eq!(advised(|d| d.general_names = vec![]), ["advice-no-alternative-name"]);
    let apart = |d: &mut Draft| d.subject = Name::parse_text("CN=C02X").unwrap();
    assert_eq!(advised(apart), ["advice-common-name-apart"]);
    let both = |d: &mut Draft| {
        d.subject = Name::empty();
        serve(d);
        d.extended_key_usages.push(oid::CLIENT_AUTH);
        d.not_after = NOW.plus_days(500);
    };
    assert_eq!(advised(both), ["advice-server-and-client", "advice-server-life"]);
    assert_eq!(root_draft(&key).advice(), []);
}

#[test]
fn what_an_authority_is_not_for_is_refused_below_it_and_below_those_above_it() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let constrained = |draft: &mut Draft| {
        draft.extended_key_usages = vec![oid::CLIENT_AUTH];
        draft.further = vec![Extension::permitted_names(&["example.org".to_owned()])];
    };
    let mut draft = root_draft(&key);
    constrained(&mut draft);
    let root = draft.lint().unwrap().sign(&key).unwrap();
    let issuers = [
        Issuer::of(&root, Hash::Sha256).unwrap(),
        Issuer::itself(&root.subject, &key, Hash::Sha256, root.not_after).below(&[root]).unwrap(),
    ];
    for issuer in issuers {
        let check = |usage, name: &str, expected: &[&str]| {
            let mut draft = leaf_draft(&self::root(&key), key.public_key());
            draft.issuer = issuer.clone();
            draft.extended_key_usages = vec![usage];
            draft.general_names = vec![GeneralName::dns(name).unwrap()];
            let ids = draft.lint().map_or_else(|list| ids(&list), |_| Vec::new());
            assert_eq!(ids, expected, "{usage} {name}");
        };
        let outside = ["lint-extended-key-usage-outside", "lint-name-not-permitted"];
        check(oid::CLIENT_AUTH, "mac.example.org", &[]);
        check(oid::SERVER_AUTH, "mac.example.org", &outside[..1]);
        check(oid::CLIENT_AUTH, "mac.example.com", &outside[1..]);
        check(oid::SERVER_AUTH, "mac.example.com", &outside);
    }
}

fn ids(complaints: &[Complaint]) -> Vec<&'static str> {
    complaints.iter().map(Complaint::id).collect()
}

#[test]
fn every_further_extension_is_signed_as_it_was_meant() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let url = |path: &str| vec![format!("http://pki.example.org/{path}")];
    let mut draft = leaf_draft(&root(&key), key.public_key());
    draft.further = vec![
        Extension::crl_distribution_points(&url("crl/root.crl")),
        Extension::authority_info_access(&url("ocsp/root"), &url("ca/root.cer")),
        Extension::certificate_policies(&[oid::CLIENT_AUTH]),
        Extension::security_identifier("S-1-5-21-1-2-3-1104"),
        Extension::ocsp_no_check(),
    ];
    let further = draft.further.clone();
    let certificate = draft.lint().unwrap().sign(&key).unwrap();
    for extension in further {
        assert_eq!(certificate.extension(extension.oid), Some(extension.value.as_slice()));
    }
    let methods = pki::extension::access_methods(&certificate.extensions);
    assert_eq!(methods, [oid::ACCESS_OCSP, oid::ACCESS_CA_ISSUERS]);
}

#[test]
fn revocation_is_told_or_not_told() {
    let id = "lint-revocation-contradiction";
    let url = || vec!["http://pki.example.org/".to_owned()];
    let none = Extension::no_rev_avail;
    check(|d| d.further = vec![none(), Extension::crl_distribution_points(&url())], id);
    check(|d| d.further = vec![none(), Extension::authority_info_access(&url(), &[])], id);
    check(|d| d.further = vec![none(), none()], "lint-extension-twice");
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = leaf_draft(&root(&key), key.public_key());
    draft.further = vec![none(), Extension::authority_info_access(&[], &url())];
    draft.lint().unwrap();
    let mut draft = root_draft(&key);
    draft.further = vec![none()];
    assert!(draft.lint().is_err());
}

#[test]
fn a_weak_key_is_not_certified() {
    let algorithm = tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()]);
    let numbers = [tlv::integer_from_magnitude(&[0xff; 128]), tlv::integer(65_537)];
    let bits = tlv::bit_string(&tlv::sequence(&numbers));
    let weak = PublicKey::parse(&tlv::sequence(&[algorithm, bits])).unwrap();
    check(|d| d.public_key = weak, "lint-weak-key");
}

#[test]
fn validity_may_cross_2050() {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let mut draft = root_draft(&key);
    draft.not_after = Time::parse_rfc3339("2050-01-01T00:00:00Z").unwrap();
    draft.issuer.not_after = draft.not_after;
    let certificate = draft.clone().lint().unwrap().sign(&key).unwrap();
    assert_eq!(certificate.not_after, draft.not_after);
}
