//! What templates make of requests, and which are not saved.

use pki::key::KeyType;
use pki::key::PrivateKey;
use serde_json::Value;
use serde_json::json;

use super::*;

const NOW: Time = Time(1_795_471_200);

fn template(more: Value) -> CertificateTemplate {
    let mut whole = json!({"name": "t", "subject": "CN=x", "validity_days": 1});
    let fields = whole.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn draft(template: &CertificateTemplate, key: &PrivateKey) -> Result<Drafted, Refusal> {
    let root = Name::parse_text("CN=Root").unwrap();
    let signer = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    template.draft(Request {
        public_key: key.public_key().clone(),
        identity: Identity::Template(&Values::default()),
        serial: pki::certificate::Serial::from_random([1; 16]),
        issuer: Issuer::itself(&root, &signer, Hash::Sha256, NOW.plus_days(3650)),
        addresses: Addresses::of("http://pki.test", "devices-2", None),
        now: NOW,
    })
}

fn key(key_type: KeyType) -> PrivateKey {
    PrivateKey::generate(key_type).unwrap()
}

#[test]
fn a_value_cannot_break_out_of_its_attribute() {
    let name = Name::parse_text(&format!("CN={}", escape("x, O=Evil+OU=\"a\""))).unwrap();
    let attributes: Vec<_> = name.attributes().map(|(_, value)| value.to_owned()).collect();
    assert_eq!(attributes, ["x, O=Evil+OU=\"a\""]);
}

#[test]
fn a_plain_template_says_what_it_always_said() {
    let (rsa, ec) = (key(KeyType::Rsa2048), key(KeyType::EcdsaP256));
    let plain = template(json!({}));
    let both = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    let drafted = draft(&plain, &rsa).unwrap();
    assert_eq!(drafted.draft.key_usage, both);
    assert_eq!(drafted.draft.extended_key_usages, [pki::oid::CLIENT_AUTH]);
    assert_eq!(drafted.draft.further, []);
    assert_eq!(drafted.draft.not_after, NOW.plus_days(1).plus_seconds(-1));
    let drafted = draft(&plain, &ec).unwrap();
    assert_eq!(drafted.draft.key_usage, KeyUsage::DIGITAL_SIGNATURE);
    assert_eq!(drafted.warnings, Vec::<String>::new());
}

#[test]
fn hours_count_beyond_days() {
    let hours = template(json!({"validity_days": 0, "validity_hours": 8}));
    let drafted = draft(&hours, &key(KeyType::EcdsaP256)).unwrap();
    assert_eq!(drafted.draft.not_after, NOW.plus_seconds(8 * 3600 - 1));
}

#[test]
fn purposes_that_a_key_cannot_serve_are_left_out_and_told() {
    let purposes = template(json!({"key_usage": ["digital-signature", "key-encipherment"]}));
    let drafted = draft(&purposes, &key(KeyType::EcdsaP256)).unwrap();
    assert_eq!(drafted.draft.key_usage, KeyUsage::DIGITAL_SIGNATURE);
    assert_eq!(drafted.warnings, ["keyEncipherment was left out: no use of ecdsa-p256"]);
    let agreeing = template(json!({"key_usage": ["digital-signature", "key-agreement"]}));
    let drafted = draft(&agreeing, &key(KeyType::EcdsaP256)).unwrap();
    assert!(drafted.draft.key_usage.contains(KeyUsage::KEY_AGREEMENT));
}

#[test]
fn a_key_that_the_template_does_not_list_is_refused() {
    let strict = template(json!({"subject_keys": ["rsa-3072", "ecdsa-p256"]}));
    draft(&strict, &key(KeyType::EcdsaP256)).unwrap();
    let refusal = draft(&strict, &key(KeyType::Rsa2048)).unwrap_err();
    assert_eq!(refusal.code(), "ENR-KEY-NOT-ALLOWED");
}

#[test]
fn everything_else_a_template_says_is_in_the_draft() {
    let url = |path: &str| vec![format!("http://pki.example.org/{path}")];
    let whole = template(json!({
        "extended_key_usage": ["client-authentication", "1.3.6.1.4.1.99999.1"],
        "certificate_policies": ["1.3.6.1.4.1.99999.2"],
        "security_identifier": "S-1-5-21-1-2-3-1104",
        "security_identifier_uri": true,
        "crl_urls": url("a.crl"), "ocsp_urls": url("ocsp"), "ca_issuers_urls": url("a.cer"),
    }));
    let drafted = draft(&whole, &key(KeyType::EcdsaP256)).unwrap();
    let policy = ObjectIdentifier::new("1.3.6.1.4.1.99999.2").unwrap();
    assert_eq!(
        drafted.draft.further,
        [
            Extension::security_identifier("S-1-5-21-1-2-3-1104"),
            Extension::certificate_policies(&[policy]),
            Extension::crl_distribution_points(&url("a.crl")),
            Extension::authority_info_access(&url("ocsp"), &url("a.cer")),
        ]
    );
    let identifier = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1104";
    assert_eq!(drafted.draft.general_names, [GeneralName::Uri(identifier.into())]);
    assert_eq!(drafted.draft.extended_key_usages.len(), 2);
    drafted.draft.lint().unwrap();
    let short = template(json!({"no_revocation_available": true}));
    let drafted = draft(&short, &key(KeyType::EcdsaP256)).unwrap();
    assert_eq!(drafted.draft.further, [Extension::no_rev_avail()]);
}

#[test]
fn own_stands_for_the_addresses_of_the_authority_that_signs() {
    let own = template(json!({
        "crl_urls": ["own", "http://mirror.test/a.crl"], "ocsp_urls": ["own"],
        "ca_issuers_urls": ["own"],
    }));
    let drafted = draft(&own, &key(KeyType::EcdsaP256)).unwrap();
    let lists = ["http://pki.test/crl/devices-2.crl", "http://mirror.test/a.crl"];
    let ocsp = ["http://pki.test/ocsp/devices-2".to_owned()];
    let issuers = ["http://pki.test/ca/devices-2.cer".to_owned()];
    assert_eq!(
        drafted.draft.further,
        [
            Extension::crl_distribution_points(&lists.map(str::to_owned)),
            Extension::authority_info_access(&ocsp, &issuers),
        ]
    );
    assert!(own.names_own_addresses());
    assert!(!template(json!({})).names_own_addresses());
}

#[test]
fn an_account_that_nobody_knows_is_left_out_and_told() {
    let unknown = template(json!({"security_identifier": "${/person/sid}"}));
    let drafted = draft(&unknown, &key(KeyType::EcdsaP256)).unwrap();
    assert_eq!(drafted.draft.further, []);
    assert_eq!(drafted.warnings, ["the security identifier has no value and was left out"]);
}

#[test]
fn security_identifiers_are_told_from_other_texts() {
    for text in ["S-1-5-21-1-2-3-1104", "S-1-5-18"] {
        assert!(is_security_identifier(text), "{text}");
    }
    for text in ["", "S-1-", "S-1-5-", "S-2-5", "S-1-5-x", "s-1-5-18", &"S-1-5".repeat(20)] {
        assert!(!is_security_identifier(text), "{text}");
    }
}

#[track_caller]
fn refused(more: Value, field: &str) {
    let template = template(more);
    let mut list = Vec::new();
    template.check(&mut Complaints::new("", &mut list));
    assert_eq!(list.first().map(|complaint| complaint.path.as_str()), Some(field), "{list:?}");
}

#[test]
fn a_template_that_cannot_work_is_refused_when_saved() {
    refused(json!({"subject": "CN=${/device/colour}"}), "subject");
    refused(json!({"subject": "nonsense"}), "subject");
    refused(json!({"subject": format!("CN={}", "a".repeat(65))}), "subject");
    refused(json!({"validity_days": 0}), "validity_days");
    refused(json!({"validity_days": 3650, "validity_hours": 1}), "validity_days");
    refused(json!({"san": {"uri": ["${"]}}), "san.uri[0]");
    refused(json!({"extended_key_usage": []}), "extended_key_usage");
    refused(json!({"extended_key_usage": ["2.5.29.37.0"]}), "extended_key_usage[0]");
    refused(json!({"extended_key_usage": ["1.3.6.1.5.5.7.3.9"]}), "extended_key_usage[0]");
    let twice = ["client-authentication", "1.3.6.1.5.5.7.3.2"];
    refused(json!({"extended_key_usage": twice}), "extended_key_usage[1]");
    let both = json!(["client-authentication", "server-authentication"]);
    refused(json!({"extended_key_usage": both}), "extended_key_usage");
    let meant = "server_and_client_authentication";
    refused(json!({meant: true}), meant);
    let server = json!(["server-authentication"]);
    refused(json!({"extended_key_usage": server, "validity_days": 825}), "validity_days");
    refused(json!({"key_usage": ["key-encipherment"]}), "key_usage");
    refused(json!({"certificate_policies": ["gold"]}), "certificate_policies[0]");
    refused(json!({"crl_urls": ["https://pki.example.org/a.crl"]}), "crl_urls[0]");
    refused(json!({"ocsp_urls": vec!["http://a"; 9]}), "ocsp_urls");
}

#[test]
fn a_template_for_servers_and_clients_alike_is_saved_if_it_says_so() {
    let both = json!(["client-authentication", "server-authentication"]);
    let both = template(json!({
        "extended_key_usage": both, "server_and_client_authentication": true,
        "validity_days": 824, "san": {"dns": ["a.example.org"]},
    }));
    let mut list = Vec::new();
    both.check(&mut Complaints::new("", &mut list));
    assert_eq!(list, []);
    draft(&both, &key(KeyType::EcdsaP256)).unwrap().draft.lint().unwrap();
}

#[test]
fn no_request_names_the_account_itself() {
    for uri in [
        "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500",
        "TAG:Microsoft.com,2022-09-14:SID:x",
    ] {
        let subject = Name::parse_text("CN=x").unwrap();
        let values = Values::of_request(&subject, &[GeneralName::Uri(uri.to_owned())]);
        let open = template(json!({"san": {"uri": ["${/csr/san/uri}"]}}));
        let mut taken = Vec::new();
        assert_eq!(open.names(&values, None, &mut taken), []);
        assert_eq!(taken[0].warning(), Some(format!("{uri} names an account and was left out")));
    }
    refused(json!({"security_identifier": "${/csr/san/upn}"}), "security_identifier");
    refused(json!({"security_identifier": "${/person/sid:/csr/san/upn}"}), "security_identifier");
    refused(json!({"security_identifier": "S-1-x"}), "security_identifier");
    refused(json!({"security_identifier_uri": true}), "security_identifier_uri");
}

#[test]
fn revocation_is_told_or_the_life_is_short() {
    let field = "no_revocation_available";
    refused(json!({"no_revocation_available": true, "crl_urls": ["http://a/"]}), field);
    refused(json!({"no_revocation_available": true, "validity_days": 8}), field);
}
