//! `certificate_template::preview`: what would be issued is what is issued, and nothing is changed.

use actions::certificate_template;
use actions::certificate_template::CSR_PEM_BYTES_MAX;
use actions::certificate_template::DEVICE_BYTES_MAX;
use actions::certificate_template::Sample;
use domain::actor::Actor;
use domain::certificate::RevocationReason;
use domain::certificate_template::preview::Preview;
use domain::claim::Claim;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::general_name::GeneralName;
use pki::oid;
use pki::pem;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const TEMPLATE: &str = "Mosyle devices";

fn csr(claim: &Claim) -> Sample {
    Sample::Csr(pem::encode(pem::CERTIFICATE_REQUEST, &claim.csr.der))
}

async fn preview(fixture: &Fixture, sample: &Sample) -> Result<Preview, Refusal> {
    certificate_template::preview(&fixture.app, &owner(), TEMPLATE, sample, None).await
}

/// Value and source of the only field of this name.
#[track_caller]
fn field<'a>(preview: &'a Preview, name: &str) -> (&'a str, &'a str) {
    let mut found = preview.fields.iter().filter(|field| field.field == name);
    let field = found.next().unwrap();
    assert_eq!(found.next(), None, "{name}");
    (&field.value, &field.source)
}

/// The code of the refusal, if there is one.
fn code(preview: &Preview) -> Option<&str> {
    preview.refusal.as_ref().map(|refusal| refusal.code.as_str())
}

#[tokio::test]
async fn a_preview_is_what_is_issued_with_the_source_of_each_value() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let events = fixture.events().await.len();
    let preview = preview(&fixture, &csr(&claim)).await.unwrap();
    assert_eq!(code(&preview), None);
    assert_eq!((&preview.left_out, &preview.lints), (&vec![], &vec![]));
    assert_eq!(
        field(&preview, "subject"),
        (
            "CN=C02XK1ZZJGH5",
            "template subject CN=${/device/clientId}; /device/clientId from the subject's CN of \
             the request"
        )
    );
    let (name, source) = field(&preview, "alternative name");
    assert_eq!(name, "email:anna@example.org");
    assert!(source.contains("/device/identity from the first e-mail address of the request"));
    assert!(source.ends_with("anna@example.org is no dns name and became email"), "{source}");
    assert_eq!(field(&preview, "serial").0, "drawn when issued");
    assert_eq!(field(&preview, "public key"), ("ecdsa-p256", "the request"));
    assert_eq!(field(&preview, "extended key usage").0, "client-authentication");
    assert_eq!(field(&preview, "signature algorithm").0, "sha256 with rsa-2048");
    let authority = field(&preview, "authority");
    assert_eq!(authority, ("Example School SCEP CA", "enrollment policy Mosyle enrollment"));
    // Nothing was recorded, and the very request is issued as it was shown.
    assert_eq!(fixture.events().await.len(), events);
    let issued = fixture.issue(&claim).await.unwrap();
    let issued = Certificate::parse(&issued.der).unwrap();
    assert_eq!(issued.subject.to_string(), field(&preview, "subject").0);
    assert_eq!(issued.issuer.to_string(), field(&preview, "issuer").0);
    // The clock went on by some milliseconds.
    let not_after = pki::time::Time::parse_rfc3339(field(&preview, "not after").0).unwrap();
    assert!((issued.not_after.0 - not_after.0).abs() <= 1);
}

#[tokio::test]
async fn a_known_device_is_previewed_by_its_newest_certificate() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let device = Sample::Device("C02XK1ZZJGH5".to_owned());
    let shown = preview(&fixture, &device).await.unwrap();
    assert_eq!(code(&shown), None);
    let serial = &issued.certificate.serial;
    assert_eq!(field(&shown, "public key").1, format!("certificate {serial}"));
    assert!(field(&shown, "subject").1.ends_with(&format!("of certificate {serial}")));
    // A template that has changed shows what of the device's names would go.
    let mut document = mosyle();
    document["certificate_template"][0]["san"] = json!({});
    fixture.apply(application(document)).await.unwrap();
    let shown = preview(&fixture, &device).await.unwrap();
    assert_eq!(shown.left_out[0].value, "email:anna@example.org");
    let refusal = preview(&fixture, &Sample::Device("nobody".into())).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-FOUND");
    let long = Sample::Device("x".repeat(DEVICE_BYTES_MAX + 1));
    assert_eq!(preview(&fixture, &long).await.unwrap_err().code(), "API-PARAMETER");
}

#[tokio::test]
async fn what_is_left_out_is_shown_and_refused_where_the_template_is_strict() {
    let fixture = Fixture::mosyle().await;
    let ca = BasicConstraints { ca: true, path_len: None }.der();
    let ca = Extension { oid: oid::BASIC_CONSTRAINTS, critical: true, value: ca };
    let sample = csr(&fixture.claim_with("CN=C02X", &[], &[ca]));
    let shown = preview(&fixture, &sample).await.unwrap();
    assert_eq!((code(&shown), shown.left_out[0].value.as_str()), (None, "CA:true"));
    let mut document = mosyle();
    document["certificate_template"][0]["excess"] = json!("refuse");
    fixture.apply(application(document)).await.unwrap();
    let shown = preview(&fixture, &sample).await.unwrap();
    assert_eq!(code(&shown), Some("ENR-BEYOND-TEMPLATE"));
    assert!(!shown.fields.is_empty());
}

#[tokio::test]
async fn every_no_of_issuing_is_the_no_of_a_preview() {
    let fixture = Fixture::mosyle().await;
    let check = async |claim: &Claim, expected: &str| {
        let shown = preview(&fixture, &csr(claim)).await.unwrap();
        assert_eq!(code(&shown), Some(expected));
        assert_eq!(fixture.issue(claim).await.unwrap_err().code(), expected);
    };
    let unexpanded = GeneralName::Email("%Email%".into());
    check(&fixture.claim_of("CN=C02X", &[unexpanded]), "ENR-VARIABLE-UNEXPANDED").await;
    check(&fixture.claim_of("O=Lab", &[]), "ENR-VARIABLE-EMPTY").await;
    check(&fixture.claim_of(&format!("CN={}", "x".repeat(65)), &[]), "ENR-LINT").await;
    let claim = fixture.claim();
    let issued = fixture.issue(&claim).await.unwrap();
    let again = Claim { transaction: "2".into(), ..claim.clone() };
    check(&again, "ENR-KEY-IN-USE").await;
    let (serial, reason) = (&issued.certificate.serial, RevocationReason::KeyCompromise);
    actions::certificate::revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
    check(&again, "ENR-KEY-BLOCKED").await;
    fixture.set_clock(crate::fixture::NOW.plus_days(11 * 366));
    check(&fixture.claim(), "ENR-AUTHORITY-EXPIRED").await;
}

#[tokio::test]
async fn the_rules_that_would_be_broken_are_all_listed() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim_of(&format!("CN={}", "x".repeat(65)), &[]);
    let shown = preview(&fixture, &csr(&claim)).await.unwrap();
    assert_eq!(shown.lints[0].id, "lint-subject-length");
    assert!(shown.lints[0].sentence.contains("64 is the most"), "{:?}", shown.lints);
    let refusal = shown.refusal.unwrap();
    assert!(refusal.sentence.contains("lint-subject-length"), "{refusal:?}");
    // A name that fits nowhere is no reason to refuse, and worth a word.
    let claim = fixture.claim_of("CN=C02X", &[GeneralName::Email("MacBook Pro 14".into())]);
    let shown = preview(&fixture, &csr(&claim)).await.unwrap();
    assert_eq!(shown.refusal, None);
    let words = shown.warnings.join("; ");
    assert!(words.contains("is no dns name and was left out"), "{words}");
    assert!(words.contains("advice-no-alternative-name"), "{words}");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_says_what_is_wrong_with_it() {
    let fixture = Fixture::mosyle().await;
    let der = fixture.claim().csr.der;
    let refused = async |der: &[u8], words: &str| {
        let sample = Sample::Csr(pem::encode(pem::CERTIFICATE_REQUEST, der));
        let shown = preview(&fixture, &sample).await.unwrap();
        assert_eq!((code(&shown), shown.fields.len()), (Some("ENR-MESSAGE-UNREADABLE"), 0));
        let sentence = shown.refusal.unwrap().sentence;
        assert!(sentence.contains(words), "{sentence}");
    };
    refused(&der[..der.len() - 1], "not a certificate signing request").await;
    let mut forged = der.clone();
    *forged.last_mut().unwrap() ^= 1;
    refused(&forged, "the signature of the request does not fit its key").await;
    refused(&vec![0x30; 65 * 1024], "longer than 64 KiB").await;
    let wrong = async |text: String, expected: &str| {
        let answer = preview(&fixture, &Sample::Csr(text)).await;
        let found = answer.map(|shown| shown.refusal.unwrap().code);
        assert_eq!(found.unwrap_or_else(|refusal| refusal.code().to_owned()), expected);
    };
    wrong("hello".to_owned(), "API-PARAMETER").await;
    let one = pem::encode(pem::CERTIFICATE_REQUEST, &der);
    wrong(one.repeat(2), "API-PARAMETER").await;
    wrong("x".repeat(CSR_PEM_BYTES_MAX + 1), "ENR-MESSAGE-UNREADABLE").await;
}

#[tokio::test]
async fn the_authority_is_chosen_and_who_may_not_look_sees_nothing() {
    let fixture = Fixture::mosyle().await;
    let sample = csr(&fixture.claim());
    let ask = async |actor: &Actor, template: &str, authority: Option<&str>| {
        certificate_template::preview(&fixture.app, actor, template, &sample, authority).await
    };
    let root = ask(&owner(), TEMPLATE, Some("Example School Root CA")).await.unwrap();
    assert_eq!(field(&root, "authority"), ("Example School Root CA", "asked for"));
    let (_, source) = field(&root, "signature algorithm");
    assert!(source.ends_with("the authority's key does not sign so"), "{source}");
    let refused = async |actor: &Actor, template: &str, authority: Option<&str>, code: &str| {
        assert_eq!(ask(actor, template, authority).await.unwrap_err().code(), code);
    };
    refused(&owner(), "nothing", None, "API-NOT-FOUND").await;
    refused(&owner(), TEMPLATE, Some("nobody"), "API-NOT-FOUND").await;
    refused(&owner(), TEMPLATE, Some("Example School RADIUS CA"), "API-PARAMETER").await;
    refused(&Actor::gateway(GATEWAY), TEMPLATE, None, "API-NOT-PERMITTED").await;
    refused(&Actor::access_point("AP"), TEMPLATE, None, "API-NOT-PERMITTED").await;
    // Without a policy the first authority for devices stands in.
    let mut document = mosyle();
    document["enrollment_policy"][0]["settings"] = json!(null);
    document["enrollment_policy"][0].as_object_mut().unwrap().remove("settings");
    fixture.apply(application(document)).await.unwrap();
    let shown = ask(&owner(), TEMPLATE, None).await.unwrap();
    let (authority, source) = field(&shown, "authority");
    assert_eq!(authority, "Example School SCEP CA");
    assert!(source.starts_with("the first authority for devices"), "{source}");
}
