//! `certificate::issue`: the one yes, and each no.

use std::sync::Arc;

use actions::certificate::issue;
use domain::actor::Actor;
use domain::certificate::Status;
use domain::certificate::search::Search;
use domain::certificate_template::purpose::ExtendedKeyUsage;
use domain::claim::Claim;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::certificate::Certificate;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::oid;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::CommitError;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

#[tokio::test]
async fn a_device_gets_a_certificate_that_is_on_record() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    assert_eq!(certificate.serial, issued.certificate.serial);
    assert_eq!(certificate.subject.to_string(), "CN=C02XK1ZZJGH5");
    // The template asks for a DNS name and the device has an e-mail address: it moves.
    assert_eq!(issued.certificate.names, ["email:anna@example.org"]);
    assert_eq!(issued.certificate.gateway.as_deref(), Some(GATEWAY));
    let serial = &certificate.serial;
    let kept = actions::certificate::show(&fixture.app, &owner(), serial).await.unwrap();
    assert_eq!(kept.certificate.status, Status::Issued);
    assert_eq!(kept.der, Some(issued.der));
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.kind, "certificate.enrollment");
    assert_eq!(event.actor, "gateway Mosyle");
    assert_eq!(event.object, format!("certificate:{serial}"));
    assert_eq!(event.reason, None);
    assert_eq!(event.details["policy"], "Mosyle enrollment");
    assert_eq!(event.details["roles"], json!(["Mosyle devices"]));
    let text = serde_json::to_string(&event).unwrap();
    assert!(!text.contains(fixture.secret.reveal()), "the event tells the challenge");
}

#[tokio::test]
async fn a_wrong_and_a_missing_challenge_are_refused_and_on_record() {
    let fixture = Fixture::mosyle().await;
    let mut claim = fixture.claim();
    claim.challenge = Some(Secret::new("not-the-secret-of-it"));
    let gateway = GATEWAY.to_owned();
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal, Refusal::ChallengeWrong { gateway: gateway.clone() });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-CHALLENGE-WRONG"));
    claim.challenge = None;
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal, Refusal::ChallengeMissing { gateway });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-CHALLENGE-MISSING"));
}

#[tokio::test]
async fn what_the_request_lacks_or_says_too_much_is_refused() {
    let fixture = Fixture::mosyle().await;
    let check = async |subject: &str, names: &[GeneralName], code: &str| {
        let refusal = fixture.issue(&fixture.claim_of(subject, names)).await.unwrap_err();
        assert_eq!(refusal.code(), code, "{refusal}");
        assert_eq!(fixture.newest_code().await.as_deref(), Some(code));
    };
    let unexpanded = GeneralName::Email("%Email%".into());
    check("CN=C02X", &[unexpanded], "ENR-VARIABLE-UNEXPANDED").await;
    check("CN={{SerialNumber}}", &[], "ENR-VARIABLE-UNEXPANDED").await;
    check("O=Lab", &[], "ENR-VARIABLE-EMPTY").await;
}

#[tokio::test]
async fn a_draft_that_breaks_a_rule_is_not_signed() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["certificate_template"][0]["subject"] = json!(["CN=${/device/clientId}"; 5].join(","));
    fixture.apply(application(document)).await.unwrap();
    // Five times two thousand bytes are more than a name may have.
    let claim = fixture.claim_of(&format!("CN={}", "\u{1f511}".repeat(500)), &[]);
    let before =
        actions::certificate::list(&fixture.app, &owner(), &Search::default(), (None, 100))
            .await
            .unwrap();
    let refusal = fixture.issue(&claim).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-LINT", "{refusal}");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("ENR-LINT"));
    let after = actions::certificate::list(&fixture.app, &owner(), &Search::default(), (None, 100))
        .await
        .unwrap();
    assert_eq!(after.items, before.items);
}

/// Everything that a hostile request may ask for.
fn greedy(fixture: &Fixture) -> Claim {
    let plain = |oid, value| Extension { oid, critical: false, value };
    let ca = BasicConstraints { ca: true, path_len: None };
    let usages = [oid::CLIENT_AUTH, oid::SERVER_AUTH, oid::ANY_EXTENDED_KEY_USAGE];
    let unknown = ExtendedKeyUsage::parse("1.3.6.1.4.1.99999.7").unwrap().0;
    let further = [
        plain(oid::BASIC_CONSTRAINTS, ca.der()),
        plain(oid::KEY_USAGE, (KeyUsage::KEY_CERT_SIGN | KeyUsage::DIGITAL_SIGNATURE).der()),
        plain(oid::EXTENDED_KEY_USAGE, pki::extension::extended_key_usages_der(&usages)),
        Extension::security_identifier("S-1-5-21-1-2-3-500"),
        Extension { oid: unknown, critical: true, value: vec![5, 0] },
    ];
    let names = ["mac.example.org", "radius.example.test"];
    let names = names.map(|name| GeneralName::dns(name).unwrap());
    fixture.claim_with("CN=C02X, OU=Owners", &names, &further)
}

/// What was left out, in the order of the event.
const GREED: [&str; 8] = [
    "CA:true",
    "server-authentication",
    "2.5.29.37.0",
    "keyCertSign",
    "1.3.6.1.4.1.311.25.2 (security identifier)",
    "1.3.6.1.4.1.99999.7, critical",
    "dns:radius.example.test",
    "OU=Owners",
];

#[tokio::test]
async fn what_is_asked_beyond_the_template_is_left_out_and_told() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&greedy(&fixture)).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    assert_eq!(certificate.basic_constraints(), Some((false, None)));
    assert_eq!(certificate.extended_key_usages(), [oid::CLIENT_AUTH]);
    assert_eq!(certificate.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
    assert_eq!(certificate.extension(oid::SECURITY_IDENTIFIER_EXTENSION), None);
    assert_eq!(certificate.subject.to_string(), "CN=C02X");
    assert_eq!(certificate.general_names(), [GeneralName::dns("mac.example.org").unwrap()]);
    let event = fixture.events().await.swap_remove(0);
    let left_out = event.details["left_out"].as_array().unwrap();
    let values: Vec<&str> = left_out.iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(values, GREED);
    // An ordinary request has nothing to tell.
    fixture.issue(&fixture.claim()).await.unwrap();
    assert_eq!(fixture.events().await[0].details.get("left_out"), None);
}

#[tokio::test]
async fn a_strict_template_refuses_what_is_beyond_it_and_nothing_is_issued() {
    let mut fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["certificate_template"][0]["excess"] = json!("refuse");
    let applied = fixture.apply(application(document)).await.unwrap();
    fixture.secret = applied.secrets[0].secret.clone();
    let refusal = fixture.issue(&greedy(&fixture)).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-BEYOND-TEMPLATE");
    assert!(refusal.to_string().contains("certificate authority CA:true"), "{refusal}");
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.reason.unwrap().code, "ENR-BEYOND-TEMPLATE");
    assert_eq!(event.details["left_out"].as_array().unwrap().len(), GREED.len());
    let all = Search::default();
    let page =
        actions::certificate::list(&fixture.app, &owner(), &all, (None, 1000)).await.unwrap();
    assert!(page.items.iter().all(|item| item.gateway.is_none()));
    // The guide's own settings ask for nothing more, even where a name moves or fits nowhere.
    for name in ["anna@example.org", "a4:83:e7:00:11:22", "MacBook Pro 14"] {
        let claim = fixture.claim_of("CN=C02X", &[GeneralName::Email(name.into())]);
        let issued = fixture.issue(&claim).await.unwrap();
        let mut renewal = fixture.claim_of("CN=C02X", &[GeneralName::Email(name.into())]);
        renewal.renews = Some(Certificate::parse(&issued.der).unwrap());
        renewal.challenge = None;
        fixture.issue(&renewal).await.unwrap();
        let mut other = greedy(&fixture);
        other.renews = renewal.renews;
        other.challenge = None;
        assert_eq!(fixture.issue(&other).await.unwrap_err().code(), "ENR-BEYOND-TEMPLATE");
    }
}

#[tokio::test]
async fn a_claim_that_nobody_accepted_cannot_fill_the_log() {
    let fixture = Fixture::mosyle().await;
    let names: Vec<GeneralName> = (0..60)
        .map(|number| GeneralName::Uri(format!("urn:{number}:{}", "x".repeat(900))))
        .collect();
    let mut claim = fixture.claim_of(&format!("CN={}", "x".repeat(7000)), &names);
    claim.challenge = None;
    claim.transaction = "y".repeat(5000);
    fixture.issue(&claim).await.unwrap_err();
    let event = fixture.events().await.swap_remove(0);
    assert!(serde_json::to_string(&event).unwrap().len() < 4096);
}

#[tokio::test]
async fn who_comes_to_no_gateway_or_may_not_ask_is_refused() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let answer = issue::issue(&fixture.app, &Actor::gateway("x"), "x", &claim).await;
    assert_eq!(answer.unwrap_err().code(), "ENR-GATEWAY-UNKNOWN");
    let answer = issue::issue(&fixture.app, &Actor::access_point("AP"), GATEWAY, &claim).await;
    assert_eq!(answer.unwrap_err().code(), "API-NOT-PERMITTED");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-NOT-PERMITTED"));
}

#[tokio::test]
async fn without_a_role_or_a_policy_nothing_is_issued() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["enrollment_policy"][0]["rules"] = json!([]);
    fixture.apply(application(document.clone())).await.unwrap();
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-NO-POLICY");
    document["policy_workflow"][0]["rules"] = json!([]);
    fixture.apply(application(document)).await.unwrap();
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal, Refusal::RoleMissing { gateway: GATEWAY.into() });
    fixture.apply(application(mosyle())).await.unwrap();
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn an_authority_past_its_end_issues_nothing() {
    let fixture = Fixture::mosyle().await;
    fixture.set_clock(NOW.plus_days(11 * 366));
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-AUTHORITY-EXPIRED");
    // Shortly before, the life of what it issues is cut to its own.
    fixture.set_clock(NOW.plus_days(10 * 365));
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    assert!(issued.certificate.not_after < NOW.plus_days(10 * 366));
}

#[tokio::test]
async fn the_secret_of_a_gateway_goes_with_it() {
    let mut fixture = Fixture::mosyle().await;
    let claim = fixture.claim();
    let mut without = mosyle();
    without["gateway"] = json!([]);
    without["policy_workflow"] = json!([]);
    without["enrollment_policy"] = json!([]);
    without["network_policy"] = json!([]);
    without["network_profile"] = json!([]);
    let mut application = application(without);
    application.prune = true;
    fixture.apply(application).await.unwrap();
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-GATEWAY-UNKNOWN");
    let applied = fixture.apply(crate::fixture::application(mosyle())).await.unwrap();
    assert_eq!(fixture.issue(&claim).await.unwrap_err().code(), "ENR-CHALLENGE-WRONG");
    fixture.secret = applied.secrets[0].secret.clone();
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn what_rested_on_a_secret_that_is_gone_is_not_committed() {
    let fixture = Fixture::empty().await;
    let write = store::gateway::keep_secret(Write::new(), "gone");
    let why = Why::Bookkeeping(Bookkeeping::SecretUsed);
    let answer = write.commit(&fixture.app.store, why).await;
    assert!(matches!(answer, Err(CommitError::Conflict(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_devices_at_once_get_sixteen_numbers() {
    let fixture = Arc::new(Fixture::mosyle().await);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move { fixture.issue(&fixture.claim()).await.unwrap() })
        })
        .collect();
    let mut serials = Vec::new();
    for task in tasks {
        serials.push(task.await.unwrap().certificate.serial.to_string());
    }
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), 16);
    let events = fixture.events().await;
    assert_eq!(events.iter().filter(|event| event.kind == "certificate.enrollment").count(), 16);
}
