//! Certificate authorities: what each field of the guide does to the certificate, what is refused,
//! what constrains those below, and what a disabled one still does.

use actions::certificate_authority::listing;
use domain::certificate::RevocationReason;
use domain::certificate_template::purpose::ExtendedKeyUsage;
use domain::refusal::Refusal;
use pki::algorithm::Digest;
use pki::algorithm::SignatureAlgorithm;
use pki::certificate::Certificate;
use pki::constraint::Constraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::oid;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const ROOT: &str = "Example School Root CA";
const ISSUER: &str = "Example School SCEP CA";

fn authorities(list: &[Value]) -> Value {
    json!({ "certificate_authority": list })
}

/// An authority with these fields, and an elliptic curve key, which is made at once.
fn authority(name: &str, issuer: Option<&str>, fields: Value) -> Value {
    let kind = if issuer.is_some() { "intermediate" } else { "root" };
    let mut authority = json!({ "name": name, "type": kind, "key": "ecdsa-p256" });
    if let Some(issuer) = issuer {
        authority["issuer"] = json!(issuer);
    }
    for (field, value) in fields.as_object().unwrap() {
        authority[field] = value.clone();
    }
    authority
}

fn own(fixture: &Fixture, name: &str) -> Certificate {
    fixture.app.snapshot.rules().authority(name).unwrap().current.chain[0].clone()
}

async fn made(list: &[Value]) -> Fixture {
    let fixture = Fixture::empty().await;
    fixture.apply(application(authorities(list))).await.unwrap();
    fixture
}

#[tokio::test]
async fn the_guides_fields_stand_in_the_certificate() {
    let fields = json!({ "common_name": "Lab SCEP CA", "validity_years": 3 });
    let fixture = made(&[
        authority("Root", None, json!({ "validity_years": 40 })),
        authority("SCEP", Some("Root"), fields),
    ])
    .await;
    let (root, scep) = (own(&fixture, "Root"), own(&fixture, "SCEP"));
    assert_eq!((root.subject.to_string(), root.issuer.to_string()), two("CN=Root", "CN=Root"));
    assert_eq!(
        (scep.subject.to_string(), scep.issuer.to_string()),
        two("CN=Lab SCEP CA", "CN=Root")
    );
    scep.verify_signed_by(&root.public_key).unwrap();
    assert_eq!(root.basic_constraints(), Some((true, None)));
    assert_eq!(scep.basic_constraints(), Some((true, Some(0))));
    let usage = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE;
    for certificate in [&root, &scep] {
        assert_eq!(certificate.key_usage(), Some(usage));
        assert_eq!(certificate.not_before, NOW);
    }
    assert!(
        root.not_after.to_rfc3339().starts_with("2066-11-2"),
        "{}",
        root.not_after.to_rfc3339()
    );
    assert!(
        scep.not_after.to_rfc3339().starts_with("2029-11-2"),
        "{}",
        scep.not_after.to_rfc3339()
    );
    assert_eq!(scep.authority_key_identifier(), root.subject_key_identifier());
}

fn two(one: &str, other: &str) -> (String, String) {
    (one.to_owned(), other.to_owned())
}

#[tokio::test]
async fn an_authority_never_outlives_its_issuer() {
    let fixture = made(&[
        authority("Root", None, json!({ "validity_years": 2 })),
        authority("Long", Some("Root"), json!({ "validity_years": 40 })),
    ])
    .await;
    assert_eq!(own(&fixture, "Long").not_after, own(&fixture, "Root").not_after);
}

#[tokio::test]
async fn each_key_and_each_signature_algorithm_stands_in_the_certificate() {
    use Digest::Sha256;
    use Digest::Sha384;
    use Digest::Sha512;
    use SignatureAlgorithm::Ecdsa;
    use SignatureAlgorithm::RsaPkcs1;
    let cases = [
        ("rsa-2048", "sha256", KeyType::Rsa2048, RsaPkcs1(Sha256)),
        ("rsa-2048", "sha384", KeyType::Rsa2048, RsaPkcs1(Sha384)),
        ("rsa-3072", "sha512", KeyType::Rsa3072, RsaPkcs1(Sha512)),
        ("rsa-4096", "sha256", KeyType::Rsa4096, RsaPkcs1(Sha256)),
        ("ecdsa-p256", "sha256", KeyType::EcdsaP256, Ecdsa(Sha256)),
        ("ecdsa-p384", "sha384", KeyType::EcdsaP384, Ecdsa(Sha384)),
    ];
    // For another purpose, so that no registration authority is made.
    let list = cases.map(|(key, hash, ..)| {
        let fields =
            json!({ "key": key, "signature_algorithm": hash, "generate_ca_for": "radsec" });
        authority(&format!("{key} {hash}"), None, fields)
    });
    let fixture = made(&list).await;
    for (key, hash, key_type, algorithm) in cases {
        let certificate = own(&fixture, &format!("{key} {hash}"));
        assert_eq!(certificate.public_key.key_type(), Some(key_type), "{key}");
        assert_eq!(certificate.signature_algorithm, algorithm, "{key} {hash}");
        certificate.verify_signed_by(&certificate.public_key).unwrap();
    }
}

/// Under its own certificate stands the hash that the issuer's key can make.
#[tokio::test]
async fn the_signature_under_an_authority_is_its_issuers() {
    let strong = json!({ "key": "ecdsa-p384", "signature_algorithm": "sha384" });
    let fixture =
        made(&[authority("Root", None, strong), authority("A", Some("Root"), json!({}))]).await;
    let algorithm = own(&fixture, "A").signature_algorithm;
    assert_eq!(algorithm, SignatureAlgorithm::Ecdsa(Digest::Sha384));
}

#[tokio::test]
async fn each_purpose_stands_in_the_certificates_of_those_that_sign_leaves() {
    let purposes = [
        ("device-and-user-authentication", vec![oid::CLIENT_AUTH, oid::OCSP_SIGNING]),
        ("radius-server", vec![oid::SERVER_AUTH, oid::OCSP_SIGNING]),
        ("radsec", vec![oid::CLIENT_AUTH, oid::SERVER_AUTH, oid::OCSP_SIGNING]),
    ];
    let mut list = vec![authority("Root", None, json!({}))];
    for (purpose, _) in &purposes {
        let fields = json!({ "generate_ca_for": purpose });
        list.push(authority(purpose, Some("Root"), fields.clone()));
        list.push(authority(&format!("{purpose} root"), None, fields.clone()));
    }
    list.push(authority("Middle", Some("Root"), json!({})));
    list.push(authority("Below", Some("Middle"), json!({})));
    let fixture = made(&list).await;
    for (purpose, usages) in purposes {
        assert_eq!(own(&fixture, purpose).extended_key_usages(), usages);
        assert!(own(&fixture, &format!("{purpose} root")).extended_key_usages().is_empty());
        let devices = purpose.starts_with("device");
        let rules = fixture.app.snapshot.rules();
        let registration = &rules.authority(purpose).unwrap().registration;
        assert_eq!(!registration.is_empty(), devices, "{purpose}");
    }
    for above in ["Root", "Middle"] {
        assert!(own(&fixture, above).extended_key_usages().is_empty(), "{above}");
        assert_eq!(own(&fixture, above).basic_constraints(), Some((true, None)), "{above}");
    }
    assert_eq!(own(&fixture, "Below").basic_constraints(), Some((true, Some(0))));
}

#[tokio::test]
async fn an_administrator_chooses_uses_and_names() {
    let chosen = json!({
        "extended_key_usage": ["client-authentication", "1.3.6.1.5.5.7.3.17"],
        "permitted_names": ["example.org", "school.test"],
    });
    let fixture = made(&[
        authority("Root", None, json!({})),
        authority("Chosen", Some("Root"), chosen.clone()),
        authority("Any", Some("Root"), json!({ "extended_key_usage": [] })),
        authority("Alone", None, chosen),
    ])
    .await;
    let ipsec = ExtendedKeyUsage::parse("1.3.6.1.5.5.7.3.17").unwrap().0;
    for name in ["Chosen", "Alone"] {
        let own = own(&fixture, name);
        assert_eq!(own.extended_key_usages(), [oid::CLIENT_AUTH, ipsec, oid::OCSP_SIGNING]);
        assert_eq!(Constraints::of(&own).unwrap().permitted_names, ["example.org", "school.test"]);
        let critical = own.extensions.iter().find(|one| one.oid == oid::NAME_CONSTRAINTS);
        assert!(critical.unwrap().critical);
    }
    assert!(own(&fixture, "Any").extended_key_usages().is_empty());
    let shown = listing::show(&fixture.app, &owner(), "Chosen").unwrap();
    assert_eq!(shown.permitted_names, ["example.org", "school.test"]);
    assert_eq!(shown.extended_key_usage.len(), 2);
}

#[tokio::test]
async fn each_field_that_makes_no_sense_is_refused_at_its_place() {
    let fixture = Fixture::mosyle().await;
    let check = async |field: &str, issuer: Option<&str>, fields: Value| {
        let list = authorities(&[authority("New", issuer, fields)]);
        let complaints = fixture.complaints(list).await;
        let paths: Vec<&str> = complaints.iter().map(|c| c.path.as_str()).collect();
        let path = format!("certificate_authority[0].{field}");
        assert!(paths.contains(&path.as_str()), "{path} is not among {paths:?}");
    };
    check("generate_ca_for", None, json!({ "generate_ca_for": "code-signing" })).await;
    check("type", None, json!({ "type": "subordinate" })).await;
    check("issuer", None, json!({ "type": "intermediate" })).await;
    check("issuer", Some(ROOT), json!({ "type": "root" })).await;
    check("issuer", Some("nowhere"), json!({})).await;
    check("issuer", Some("New"), json!({})).await;
    check("issuer", Some("Example School RADIUS CA"), json!({})).await;
    check("common_name", None, json!({ "common_name": "x".repeat(65) })).await;
    check("common_name", None, json!({ "common_name": " " })).await;
    check("common_name", None, json!({ "common_name": "a\u{7}b" })).await;
    check("name", None, json!({ "name": "x".repeat(129), "common_name": "x" })).await;
    check("description", None, json!({ "description": "x".repeat(4097) })).await;
    check("key", None, json!({ "key": "rsa-1024" })).await;
    check("key", None, json!({ "key": "dsa-2048" })).await;
    check("signature_algorithm", None, json!({ "signature_algorithm": "sha1" })).await;
    for (key, hash) in [
        ("ecdsa-p256", "sha384"),
        ("ecdsa-p256", "sha512"),
        ("ecdsa-p384", "sha256"),
        ("ecdsa-p384", "sha512"),
    ] {
        let fields = json!({ "key": key, "signature_algorithm": hash });
        check("signature_algorithm", None, fields).await;
    }
    for years in [json!(0), json!(41), json!(-1), json!("10"), json!(1.5)] {
        check("validity_years", None, json!({ "validity_years": years })).await;
    }
    check("extended_key_usage[0]", None, json!({ "extended_key_usage": ["2.5.29.37.0"] })).await;
    check("extended_key_usage[0]", None, json!({ "extended_key_usage": ["everything"] })).await;
    let twice = json!(["client-authentication", "1.3.6.1.5.5.7.3.2"]);
    check("extended_key_usage[1]", None, json!({ "extended_key_usage": twice })).await;
    let many: Vec<String> = (1..=9).map(|number| format!("1.2.3.{number}")).collect();
    check("extended_key_usage", None, json!({ "extended_key_usage": many })).await;
    for name in ["*.example.org", ".example.org", "example..org", "", "http://example.org"] {
        check("permitted_names[0]", None, json!({ "permitted_names": [name] })).await;
    }
    let twice = json!(["example.org", "Example.org"]);
    check("permitted_names[1]", None, json!({ "permitted_names": twice })).await;
    let many: Vec<String> = (1..=17).map(|number| format!("n{number}.test")).collect();
    check("permitted_names", None, json!({ "permitted_names": many })).await;
    check("disabled", None, json!({ "disabled": "yes" })).await;
    assert_eq!(fixture.app.snapshot.rules().version, 1);
}

#[tokio::test]
async fn a_circle_and_a_chain_that_is_too_long_are_refused() {
    let fixture = Fixture::empty().await;
    let circle = [authority("A", Some("B"), json!({})), authority("B", Some("A"), json!({}))];
    let complaints = fixture.complaints(authorities(&circle)).await;
    assert_eq!(complaints[0].path, "certificate_authority[0].issuer");
    let mut long = vec![authority("0", None, json!({}))];
    for number in 1..5 {
        let issuer = (number - 1).to_string();
        long.push(authority(&number.to_string(), Some(&issuer), json!({})));
    }
    let complaints = fixture.complaints(authorities(&long)).await;
    assert_eq!(complaints[0].path, "certificate_authority[4].issuer");
    fixture.apply(application(authorities(&long[..4]))).await.unwrap();
}

#[tokio::test]
async fn what_is_below_stays_within_what_is_above() {
    let fixture = Fixture::empty().await;
    let above = json!({
        "extended_key_usage": ["client-authentication", "eap-over-lan"],
        "permitted_names": ["example.org"],
    });
    let with = |fields: Value| {
        authorities(&[authority("Root", None, above.clone()), authority("A", Some("Root"), fields)])
    };
    let check = async |field: &str, fields: Value| {
        let complaints = fixture.complaints(with(fields)).await;
        assert_eq!(complaints[0].path, format!("certificate_authority[1].{field}"));
    };
    check("extended_key_usage", json!({ "generate_ca_for": "radius-server" })).await;
    check("extended_key_usage", json!({ "extended_key_usage": ["email-protection"] })).await;
    let outside = json!({ "permitted_names": ["a.example.org", "example.com"] });
    check("permitted_names[1]", outside).await;
    let within = json!({ "permitted_names": ["a.example.org"] });
    fixture.apply(application(with(within))).await.unwrap();
}

fn joined(authority: Value, template: Value) -> Value {
    let mut document = mosyle();
    for (object, fields) in
        [("certificate_authority", authority), ("certificate_template", template)]
    {
        let place = if object == "certificate_authority" { 1 } else { 0 };
        for (field, value) in fields.as_object().unwrap() {
            document[object][place][field] = value.clone();
        }
    }
    document["certificate_authority"][1]["key"] = json!("ecdsa-p256");
    document
}

#[tokio::test]
async fn a_template_for_what_its_authority_is_not_is_refused_where_they_are_joined() {
    let logon = json!(["client-authentication", "smartcard-logon"]);
    let check = async |uses: Value, authority: Value, sound: bool| {
        let fixture = Fixture::empty().await;
        let document = joined(authority, json!({ "extended_key_usage": uses }));
        if sound {
            fixture.apply(application(document)).await.unwrap();
            return;
        }
        let complaint = fixture.complaints(document).await.swap_remove(0);
        assert_eq!(complaint.path, "enrollment_policy[0].settings.certificate_template");
        assert!(complaint.what.contains(ISSUER), "{complaint}");
        assert!(complaint.fix.contains("extended_key_usage"), "{complaint}");
    };
    check(json!(["server-authentication"]), json!({}), false).await;
    check(logon.clone(), json!({}), false).await;
    check(json!(["1.3.6.1.5.5.7.3.17"]), json!({}), false).await;
    check(logon.clone(), json!({ "extended_key_usage": logon.clone() }), true).await;
    check(logon, json!({ "extended_key_usage": [] }), true).await;
}

/// A root that issues is held to its purpose, although its certificate does not say it.
#[tokio::test]
async fn a_root_that_issues_is_held_to_its_purpose_too() {
    let fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["gateway"][0]["certificate_authority"] = json!(ROOT);
    document["enrollment_policy"][0]["settings"]["certificate_authority"] = json!(ROOT);
    document["certificate_template"][0]["extended_key_usage"] = json!(["code-signing"]);
    let complaint = fixture.complaints(document).await.swap_remove(0);
    assert_eq!(complaint.path, "enrollment_policy[0].settings.certificate_template");
}

#[tokio::test]
async fn a_leaf_outside_the_permitted_names_is_refused_by_lint() {
    let mut fixture = Fixture::empty().await;
    let document = joined(json!({ "permitted_names": ["example.org"] }), json!({}));
    fixture.secret = fixture.apply(application(document)).await.unwrap().secrets[0].secret.clone();
    let ask = async |subject: &str, name: &str| {
        let names = [GeneralName::dns(name).unwrap()];
        fixture.issue(&fixture.claim_of(subject, &names)).await
    };
    ask("CN=one", "mac.example.org").await.unwrap();
    let refusal = ask("CN=two", "mac.example.com").await.unwrap_err();
    let Refusal::DraftRejected { lint, .. } = &refusal else { panic!("{refusal}") };
    assert_eq!(lint, "lint-name-not-permitted");
    // An e-mail address is no DNS name, and a serial number neither.
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn a_server_certificate_outside_is_refused_at_its_name() {
    let fixture = Fixture::empty().await;
    let with = |fields: Value| {
        let mut document = mosyle();
        for (field, value) in fields.as_object().unwrap() {
            document["certificate_authority"][2][field] = value.clone();
        }
        document
    };
    let outside = with(json!({ "permitted_names": ["example.org"] }));
    let complaint = fixture.complaints(outside).await.swap_remove(0);
    assert_eq!(complaint.path, "server_certificate[0].names[0]");
    let client = with(json!({ "extended_key_usage": ["client-authentication"] }));
    let complaint = fixture.complaints(client).await.swap_remove(0);
    assert_eq!(complaint.path, "server_certificate[0].certificate_authority");
    let within = with(json!({ "permitted_names": ["example.test"] }));
    fixture.apply(application(within)).await.unwrap();
}

async fn disable(fixture: &Fixture, place: usize, disabled: bool) {
    let mut document = mosyle();
    document["certificate_authority"][place]["disabled"] = json!(disabled);
    let applied = fixture.apply(application(document)).await.unwrap();
    assert_eq!(applied.plan.change.len(), 1);
    assert_eq!(applied.plan.change[0].fields[0].field, "disabled");
}

#[tokio::test]
async fn a_disabled_authority_issues_nothing_more_and_what_it_issued_stays() {
    let fixture = Fixture::mosyle().await;
    let device = fixture.issue(&fixture.claim()).await.unwrap();
    disable(&fixture, 1, true).await;
    assert!(listing::show(&fixture.app, &owner(), ISSUER).unwrap().disabled);
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal, Refusal::AuthorityDisabled { authority: ISSUER.into() });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-AUTHORITY-DISABLED"));
    let certificate = Certificate::parse(&device.der).unwrap();
    actions::visit::stand(&fixture.app.snapshot, &certificate, NOW).unwrap();
    assert!(fixture.app.snapshot.rules().authority_key("example-school-scep-ca").is_some());
    let reason = RevocationReason::Superseded;
    let serial = &certificate.serial;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
    let refusal = actions::visit::stand(&fixture.app.snapshot, &certificate, NOW).unwrap_err();
    assert_eq!(refusal.code(), "CERT-REVOKED");
    disable(&fixture, 1, false).await;
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn a_disabled_authority_signs_neither_authorities_nor_server_certificates() {
    let fixture = Fixture::mosyle().await;
    disable(&fixture, 0, true).await;
    let below = authorities(&[authority("Below", Some(ROOT), json!({}))]);
    let complaint = fixture.complaints(below).await.swap_remove(0);
    assert_eq!(complaint.path, "certificate_authority[0].issuer");
    // What it signed goes on.
    fixture.issue(&fixture.claim()).await.unwrap();
    let mut document = mosyle();
    document["certificate_authority"][2]["disabled"] = json!(true);
    fixture.apply(application(document.clone())).await.unwrap();
    document["server_certificate"][0]["validity_days"] = json!(90);
    let complaint = fixture.complaints(document.clone()).await.swap_remove(0);
    assert_eq!(complaint.path, "server_certificate[0].certificate_authority");
    document["server_certificate"][0]["validity_days"] = json!(397);
    document["server_certificate"][0]["slug"] = json!("other");
    fixture.apply(application(document)).await.unwrap();
}

#[tokio::test]
async fn an_authority_with_a_key_is_never_removed_disabled_or_not() {
    let fixture = Fixture::mosyle().await;
    disable(&fixture, 2, true).await;
    let mut prune = application(json!({}));
    prune.prune = true;
    let answer = fixture.apply(prune).await.unwrap_err();
    let actions::organization::NotApplied::Complaints(complaints) = answer else {
        panic!("pruning was refused otherwise");
    };
    let kept = complaints.iter().filter(|one| one.path.starts_with("certificate_authority"));
    assert_eq!(kept.count(), 3);
}

#[tokio::test]
async fn a_gateway_without_an_authority_enrolls_for_the_first_that_issues() {
    let fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["gateway"][0].as_object_mut().unwrap().remove("certificate_authority");
    fixture.apply(application(document.clone())).await.unwrap();
    let name = |fixture: &Fixture| {
        let rules = fixture.app.snapshot.rules();
        let gateway = &rules.organization.gateway[0];
        rules.organization.authority_of(gateway).unwrap().name.clone()
    };
    assert_eq!(name(&fixture), ISSUER);
    let marked = |fixture: &Fixture| {
        let page = listing::list(&fixture.app, &owner(), None, 100).unwrap();
        let marked = page.items.into_iter().filter(|one| one.default);
        marked.map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(marked(&fixture), [ISSUER]);
    let second = authority("Second", Some(ROOT), json!({}));
    document["certificate_authority"].as_array_mut().unwrap().push(second);
    fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!(name(&fixture), ISSUER);
    document["certificate_authority"][1]["disabled"] = json!(true);
    fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!((name(&fixture).as_str(), marked(&fixture)), ("Second", vec!["Second".to_owned()]));
    document["certificate_authority"][3]["disabled"] = json!(true);
    fixture.apply(application(document)).await.unwrap();
    assert_eq!(name(&fixture), ROOT);
}
