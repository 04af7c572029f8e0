//! What was asked beyond the template, thing by thing.

use pki::csr;
use pki::csr::Strictness;
use pki::draft::Issuer;
use pki::extension;
use pki::extension::BasicConstraints;
use pki::key::Hash;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::time::Time;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::certificate_authority::Addresses;
use crate::certificate_template::Request;

const NOW: Time = Time(1_795_471_200);

/// The template of the guide, with more in it.
fn template(more: Value) -> CertificateTemplate {
    let mut whole = json!({
        "name": "t", "subject": "CN=${/device/clientId}", "validity_days": 1,
        "san": {"dns": ["${/device/identity}"]},
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn request(subject: &str, names: &[GeneralName], extensions: &[Extension]) -> Csr {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let subject = Name::parse_text(subject).unwrap();
    let der = csr::build_with(&key, &subject, (names, extensions), None).unwrap();
    Csr::parse(&der, Strictness::Strict).unwrap()
}

fn draft(template: &CertificateTemplate, csr: &Csr, identity: Identity<'_>) -> Drafted {
    let root = Name::parse_text("CN=Root").unwrap();
    let signer = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let request = Request {
        public_key: csr.public_key.clone(),
        identity,
        serial: pki::certificate::Serial::from_random([1; 16]),
        issuer: Issuer::itself(&root, &signer, Hash::Sha256, NOW.plus_days(3650)),
        addresses: Addresses::of("http://pki.test", "devices", None),
        now: NOW,
    };
    template.draft(request).unwrap()
}

fn left_out(template: &CertificateTemplate, csr: &Csr) -> Vec<LeftOut> {
    let values = Values::of_request(&csr.subject, &csr.general_names);
    let identity = Identity::Template(&values);
    template.left_out(Wanted::of_request(csr), identity, &draft(template, csr, identity))
}

/// Asserts what is left out, as `what: value`, and that each says why.
#[track_caller]
fn check(template: &CertificateTemplate, csr: &Csr, expected: &[&str]) {
    let list = left_out(template, csr);
    let found: Vec<String> =
        list.iter().map(|entry| format!("{}: {}", entry.what, entry.value)).collect();
    assert_eq!(found, expected);
    assert!(list.iter().all(|entry| !entry.why.is_empty()), "{list:?}");
    assert_eq!(template.check_excess(&list), Ok(()));
    let strict = CertificateTemplate { excess: Excess::Refuse, ..template.clone() };
    let refused = strict.check_excess(&list).map_err(|refusal| refusal.code());
    assert_eq!(refused, if list.is_empty() { Ok(()) } else { Err("ENR-BEYOND-TEMPLATE") });
}

fn email(text: &str) -> GeneralName {
    GeneralName::Email(text.to_owned())
}

fn plain(oid: const_oid::ObjectIdentifier, value: Vec<u8>) -> Extension {
    Extension { oid, critical: false, value }
}

#[test]
fn what_the_guide_s_own_settings_ask_for_is_nothing_beyond() {
    let guide = template(json!({}));
    // A name that is a DNS name, one that moves to another kind, and some that fit nowhere.
    check(&guide, &request("CN=C02X", &[GeneralName::dns("mac").unwrap()], &[]), &[]);
    check(&guide, &request("CN=C02X", &[email("anna@example.org")], &[]), &[]);
    check(&guide, &request("CN=C02X", &[email("MacBook Pro 14")], &[]), &[]);
    check(&guide, &request("CN=C02X", &[email("a4:83:e7:00:11:22")], &[]), &[]);
    check(&guide, &request("CN=C02X", &[], &[]), &[]);
}

#[test]
fn an_authority_is_never_made() {
    let ca = BasicConstraints { ca: true, path_len: None };
    let usage = KeyUsage::KEY_CERT_SIGN | KeyUsage::DIGITAL_SIGNATURE;
    let asked = [plain(oid::BASIC_CONSTRAINTS, ca.der()), plain(oid::KEY_USAGE, usage.der())];
    let csr = request("CN=C02X", &[], &asked);
    let expected = ["certificate authority: CA:true", "key usage: keyCertSign"];
    check(&template(json!({})), &csr, &expected);
    // No template can give it.
    let generous = template(json!({"key_usage": ["digital-signature", "non-repudiation"]}));
    check(&generous, &csr, &expected);
    let leaf = plain(oid::BASIC_CONSTRAINTS, BasicConstraints::LEAF.der());
    check(&template(json!({})), &request("CN=C02X", &[], &[leaf]), &[]);
}

#[test]
fn uses_that_the_template_does_not_give_are_left_out() {
    let usages =
        |usages: &[_]| plain(oid::EXTENDED_KEY_USAGE, extension::extended_key_usages_der(usages));
    let asked = [usages(&[oid::CLIENT_AUTH, oid::SERVER_AUTH, oid::ANY_EXTENDED_KEY_USAGE])];
    let csr = request("CN=C02X", &[], &asked);
    check(
        &template(json!({})),
        &csr,
        &["extended key usage: server-authentication", "extended key usage: 2.5.29.37.0"],
    );
    let list = left_out(&template(json!({})), &csr);
    assert_eq!(list[0].why, "the template gives client-authentication");
    let client = request("CN=C02X", &[], &[usages(&[oid::CLIENT_AUTH])]);
    check(&template(json!({})), &client, &[]);
}

#[test]
fn names_that_the_template_does_not_take_are_left_out() {
    let names = [
        GeneralName::dns("mac.example.org").unwrap(),
        GeneralName::dns("radius.example.org").unwrap(),
        GeneralName::upn("root@example.org").unwrap(),
    ];
    let csr = request("CN=C02X, OU=Owners, O=Lab", &names, &[]);
    let expected = [
        "alternative name: dns:radius.example.org",
        "alternative name: upn:root@example.org",
        "subject: OU=Owners",
        "subject: O=Lab",
    ];
    check(&template(json!({})), &csr, &expected);
    let list = left_out(&template(json!({})), &csr);
    assert_eq!(list[0].why, "its alternative names are dns ${/device/identity}");
    assert_eq!(list[2].why, "its subject is CN=${/device/clientId}");
    // What the template says itself may be asked for.
    let lab = template(json!({"subject": "O=Lab, CN=${/device/clientId}"}));
    check(&lab, &csr, expected.get(..3).unwrap());
    let none = template(json!({"san": {}}));
    assert_eq!(left_out(&none, &csr)[0].why, "it gives no alternative names");
}

#[test]
fn extensions_are_left_out_by_name_unless_the_template_says_the_same() {
    let identifier = "S-1-5-21-1-2-3-500";
    let unknown = const_oid::ObjectIdentifier::new("1.3.6.1.4.1.99999.7").unwrap();
    let asked = [
        Extension::security_identifier(identifier),
        Extension { oid: unknown, critical: true, value: vec![5, 0] },
        plain(oid::SUBJECT_KEY_IDENTIFIER, vec![4, 1, 7]),
    ];
    let csr = request("CN=C02X", &[], &asked);
    let unknown = "extension: 1.3.6.1.4.1.99999.7, critical";
    let other = "extension: 1.3.6.1.4.1.311.25.2 (security identifier)";
    check(&template(json!({})), &csr, &[other, unknown]);
    let same = template(json!({"security_identifier": identifier}));
    check(&same, &csr, &[unknown]);
    let another = template(json!({"security_identifier": "S-1-5-21-1-2-3-1104"}));
    check(&another, &csr, &[other, unknown]);
}

#[test]
fn a_renewal_keeps_its_names_and_what_never_fitted_is_no_excess() {
    let guide = template(json!({}));
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let first = request("CN=C02X", &[email("MacBook Pro 14")], &[]);
    let values = Values::of_request(&first.subject, &first.general_names);
    let mut drafted = draft(&guide, &first, Identity::Template(&values));
    let root = Name::parse_text("CN=Root").unwrap();
    drafted.draft.issuer = Issuer::itself(&root, &key, Hash::Sha256, NOW.plus_days(9));
    let old = drafted.draft.lint().unwrap().sign(&key).unwrap();
    let renewed = |csr: &Csr| {
        let identity = Identity::Renewed(&old);
        let drafted = draft(&guide, csr, identity);
        guide.left_out(Wanted::of_request(csr), identity, &drafted)
    };
    assert_eq!(renewed(&first), []);
    let list = renewed(&request("CN=somebody else", &[email("x@example.org")], &[]));
    let values: Vec<&str> = list.iter().map(|entry| entry.value.as_str()).collect();
    assert_eq!(values, ["email:x@example.org", "CN=somebody else"]);
    assert!(list[0].why.contains(&old.serial.to_string()), "{list:?}");
}

#[test]
fn the_list_stays_short_whatever_is_asked() {
    let long = GeneralName::Uri(format!("urn:{}", "x".repeat(1000)));
    let control = GeneralName::Uri("urn:\u{1b}[2J".to_owned());
    let many = (0..60).map(|number| GeneralName::Uri(format!("urn:{number}")));
    let names: Vec<GeneralName> = [long, control].into_iter().chain(many).collect();
    let list = left_out(&template(json!({"san": {}})), &request("CN=x", &names, &[]));
    assert_eq!(list.len(), LEFT_OUT_MAX + 1);
    assert_eq!(list[LEFT_OUT_MAX].value, (62 - LEFT_OUT_MAX).to_string());
    assert!(list.iter().all(|entry| entry.value.chars().count() <= SHOWN_CHARS_MAX + 1));
    assert!(!serde_json::to_string(&list).unwrap().contains("\\u001b"));
    let strict = template(json!({"excess": "refuse"}));
    let sentence = strict.check_excess(&list).unwrap_err().to_string();
    assert!(sentence.ends_with("and 14 more"), "{sentence}");
}
