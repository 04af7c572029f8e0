//! Revocation lists and answers of OCSP: what they say, when they are made, what stays.

use std::sync::Arc;

use actions::certificate::revocation;
use actions::certificate_authority::renewal;
use actions::publisher::publish_all;
use actions::responder;
use actions::revocation_list;
use actions::revocation_list::Published;
use actions::rules::Authority;
use actions::rules::AuthorityKey;
use actions::signer::SigningKey;
use domain::certificate::Certificate as DeviceCertificate;
use domain::certificate::RevocationReason;
use domain::revocation_list::Part;
use domain::revocation_list::REFRESH_SECONDS;
use domain::revocation_list::VALIDITY_SECONDS;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::crl::Crl;
use pki::crl::ReasonCode;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::ocsp::CertId;
use pki::ocsp::CertStatus;
use pki::ocsp::OcspRefusal;
use pki::ocsp::OcspRequest;
use pki::ocsp::OcspResponse;
use pki::oid;
use pki::time::Time;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const AUTHORITY: &str = "Example School SCEP CA";
const SLUG: &str = "example-school-scep-ca";
const ROOT_SLUG: &str = "example-school-root-ca";
const SUPERSEDED: RevocationReason = RevocationReason::Superseded;

fn authority(fixture: &Fixture) -> Authority {
    fixture.app.snapshot.rules().authority(AUTHORITY).unwrap().clone()
}

fn issuer(fixture: &Fixture) -> Certificate {
    authority(fixture).current.chain[0].clone()
}

async fn device(fixture: &Fixture) -> Serial {
    fixture.issue(&fixture.claim()).await.unwrap().certificate.serial
}

async fn revoke(fixture: &Fixture, serial: &Serial, reason: RevocationReason) {
    revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
}

/// What is fetched now at this address.
fn fetched(fixture: &Fixture, slug: &str) -> Option<Arc<Published>> {
    let rules = fixture.app.snapshot.rules();
    revocation_list::find(&fixture.app, rules.authority_key(slug)?)
}

async fn fetched_part(fixture: &Fixture, part: Part) -> Option<Arc<Published>> {
    let rules = fixture.app.snapshot.rules();
    revocation_list::find_part(&fixture.app, rules.authority_key(SLUG)?, part).await
}

/// The list that is fetched now, read as a stranger does.
fn list(fixture: &Fixture) -> Crl {
    read(&fetched(fixture, SLUG).unwrap())
}

fn read(published: &Published) -> Crl {
    Crl::parse(&published.der).unwrap()
}

fn serials(crl: &Crl) -> Vec<Serial> {
    crl.entries.iter().map(|entry| entry.serial.clone()).collect()
}

#[tokio::test]
async fn a_list_says_whose_it_is_and_what_is_revoked() {
    let fixture = Fixture::mosyle().await;
    assert!(fetched(&fixture, SLUG).is_none());
    assert_eq!(revocation_list::overdue(&fixture.app).len(), 3);
    publish_all(&fixture.app).await.unwrap();
    assert_eq!(revocation_list::overdue(&fixture.app), [""; 0]);
    let issuer = issuer(&fixture);
    let empty = list(&fixture);
    assert_eq!(empty.verify_signed_by(&issuer.public_key), Ok(()));
    assert_eq!((&empty.issuer, empty.entries.len()), (&issuer.subject, 0));
    assert_eq!(empty.next_update, Some(empty.this_update.plus_seconds(VALIDITY_SECONDS)));
    let key = pki::extension::authority_key_identifier(&empty.extensions);
    assert_eq!(key, issuer.subject_key_identifier());
    let (one, two) = (device(&fixture).await, device(&fixture).await);
    revoke(&fixture, &one, RevocationReason::KeyCompromise).await;
    revoke(&fixture, &two, RevocationReason::CertificateHold).await;
    publish_all(&fixture.app).await.unwrap();
    let full = list(&fixture);
    assert!(full.number() > empty.number(), "{:?} {:?}", full.number(), empty.number());
    let reasons: Vec<(Serial, ReasonCode)> =
        full.entries.iter().map(|entry| (entry.serial.clone(), entry.reason)).collect();
    let mut expected = vec![(one, ReasonCode::KeyCompromise), (two, ReasonCode::CertificateHold)];
    expected.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn a_revoked_authority_is_on_the_list_of_the_one_above() {
    let fixture = Fixture::mosyle().await;
    let serial = issuer(&fixture).serial;
    revoke(&fixture, &serial, RevocationReason::CaCompromise).await;
    publish_all(&fixture.app).await.unwrap();
    let root = read(&fetched(&fixture, ROOT_SLUG).unwrap());
    assert_eq!(serials(&root), [serial]);
    assert_eq!(serials(&list(&fixture)), []);
}

#[tokio::test]
async fn a_list_is_made_anew_when_something_changed_or_after_a_day() {
    let fixture = Fixture::mosyle().await;
    let serial = device(&fixture).await;
    publish_all(&fixture.app).await.unwrap();
    let first = list(&fixture).number();
    publish_all(&fixture.app).await.unwrap();
    assert_eq!(list(&fixture).number(), first);
    revocation::hold(&fixture.app, &owner(), &serial).await.unwrap();
    publish_all(&fixture.app).await.unwrap();
    let held = list(&fixture);
    assert!(held.number() > first);
    revocation::release(&fixture.app, &owner(), &serial).await.unwrap();
    publish_all(&fixture.app).await.unwrap();
    let released = list(&fixture);
    assert!(released.number() > held.number());
    assert_eq!((serials(&held), serials(&released)), (vec![serial], vec![]));
    fixture.set_clock(NOW.plus_seconds(REFRESH_SECONDS + 60));
    publish_all(&fixture.app).await.unwrap();
    assert!(list(&fixture).number() > released.number());
}

#[tokio::test]
async fn an_expired_certificate_leaves_the_list_after_one_that_was_made_later() {
    let fixture = Fixture::mosyle().await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let (serial, end) = (issued.certificate.serial, issued.certificate.not_after);
    revoke(&fixture, &serial, SUPERSEDED).await;
    publish_all(&fixture.app).await.unwrap();
    let made_at = async |time: Time| {
        fixture.set_clock(time);
        publish_all(&fixture.app).await.unwrap();
        serials(&list(&fixture))
    };
    // Nobody made a list for a year: the first after the end still tells of it.
    assert_eq!(made_at(end.plus_days(2)).await, [serial]);
    assert_eq!(made_at(end.plus_days(4)).await, []);
}

#[tokio::test]
async fn the_last_good_list_stays_when_the_next_cannot_be_signed() {
    let fixture = Fixture::mosyle().await;
    let serial = device(&fixture).await;
    publish_all(&fixture.app).await.unwrap();
    let before = list(&fixture).number();
    revoke(&fixture, &serial, SUPERSEDED).await;
    let rules = fixture.app.snapshot.rules();
    let key = rules.authority_key(SLUG).unwrap();
    let mut broken = key.generation.clone();
    broken.key = SigningKey::new(Arc::new(PrivateKey::generate(KeyType::Rsa2048).unwrap()));
    let broken = AuthorityKey { generation: &broken, ..key };
    let error = revocation_list::refresh(&fixture.app, broken).await.unwrap_err();
    assert!(error.to_string().contains("not the issuer's key"), "{error}");
    assert_eq!(list(&fixture).number(), before);
    // Three days later somebody should know.
    fixture.set_clock(NOW.plus_seconds(VALIDITY_SECONDS / 2 + 60));
    assert!(revocation_list::overdue(&fixture.app).contains(&SLUG.to_owned()));
    assert!(revocation_list::refresh(&fixture.app, key).await.unwrap());
    assert_eq!(serials(&list(&fixture)), [serial]);
}

#[tokio::test]
async fn lists_outlast_the_program_that_made_them() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let first = list(&fixture);
    let other = fixture.beside().await;
    assert_eq!(list(&other).number(), first.number());
    // Of two programs that make the next one, one does, and the other reads it.
    let serial = device(&fixture).await;
    revoke(&fixture, &serial, SUPERSEDED).await;
    publish_all(&other.app).await.unwrap();
    let theirs = list(&other);
    assert_eq!(serials(&theirs), [serial]);
    publish_all(&fixture.app).await.unwrap();
    assert_eq!(list(&fixture).number(), theirs.number());
    let third = fixture.beside().await;
    let responder = |fixture: &Fixture| {
        let responder = authority(fixture).current.responder.unwrap();
        responder.certificate.serial
    };
    assert_eq!(responder(&third), responder(&fixture));
    assert_eq!(responder(&other), responder(&fixture));
}

#[tokio::test]
async fn a_part_tells_of_its_own_certificates_and_names_its_address() {
    let fixture = Fixture::mosyle().await;
    for _ in 0..8 {
        let serial = device(&fixture).await;
        revoke(&fixture, &serial, SUPERSEDED).await;
    }
    let part = |index: u16| Part::parse(&format!("{index}-of-4")).unwrap();
    assert!(fetched_part(&fixture, part(0)).await.is_none());
    publish_all(&fixture.app).await.unwrap();
    let whole = list(&fixture);
    let mut together = Vec::new();
    for index in 0..4 {
        let found = fetched_part(&fixture, part(index)).await.unwrap();
        let crl = read(&found);
        assert_eq!(crl.verify_signed_by(&issuer(&fixture).public_key), Ok(()));
        assert_eq!((crl.number(), crl.this_update), (whole.number(), whole.this_update));
        assert!(crl.entries.iter().all(|entry| part(index).holds(&entry.serial)));
        let scope = pki::extension::find(&crl.extensions, oid::ISSUING_DISTRIBUTION_POINT).unwrap();
        let address = format!("http://127.0.0.1:8080/crl/{SLUG}/{index}-of-4.crl");
        assert!(String::from_utf8_lossy(scope).contains(&address));
        together.extend(serials(&crl));
        let again = fetched_part(&fixture, part(index)).await.unwrap();
        assert!(Arc::ptr_eq(&found, &again));
    }
    together.sort();
    assert_eq!(together, serials(&whole));
    // The whole list is for every certificate, whatever address it names.
    assert!(pki::extension::find(&whole.extensions, oid::ISSUING_DISTRIBUTION_POINT).is_none());
    assert!(fetched(&fixture, "nobody").is_none());
}

#[tokio::test]
async fn certificates_name_the_addresses_of_their_authority() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    let template = &mut document["certificate_template"][0];
    template["crl_urls"] = json!(["own"]);
    template["ocsp_urls"] = json!(["own"]);
    fixture.apply(application(document.clone())).await.unwrap();
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let text = String::from_utf8_lossy(&issued.der).into_owned();
    for address in [format!("/crl/{SLUG}.crl"), format!("/ocsp/{SLUG}")] {
        assert!(text.contains(&format!("http://127.0.0.1:8080{address}")), "{address}");
    }
    document["organization"]["base_url"] = json!("https://pki.example.org");
    let complaints = fixture.complaints(document).await;
    assert_eq!(complaints[0].path, "certificate_template[0].crl_urls");
}

/// Asks about certificates of the authority for devices; the answer is verified as a client does.
async fn ask(fixture: &Fixture, serials: &[&Serial], nonce: Option<Vec<u8>>) -> OcspResponse {
    let issuer = issuer(fixture);
    let questions = serials.iter().map(|serial| CertId::of(&issuer, serial).unwrap()).collect();
    let request = OcspRequest { questions, nonce };
    let answer = responder::answer(&fixture.app, SLUG, &request).await.unwrap();
    let response = OcspResponse::parse(&answer.der).unwrap();
    let [responder] = response.certificates.as_slice() else { panic!("one certificate") };
    assert_eq!(responder.verify_signed_by(&issuer.public_key), Ok(()));
    assert_eq!(responder.extended_key_usages(), [oid::OCSP_SIGNING]);
    assert!(responder.extension(oid::OCSP_NO_CHECK).is_some());
    assert_eq!(response.verify_signed_by(&responder.public_key), Ok(()));
    assert_eq!(answer.kept.is_some(), request.nonce.is_none());
    response
}

async fn status(fixture: &Fixture, serial: &Serial) -> CertStatus {
    ask(fixture, &[serial], None).await.answers[0].status
}

#[tokio::test]
async fn ocsp_says_where_a_certificate_stands_at_once() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let serial = device(&fixture).await;
    assert_eq!(status(&fixture, &serial).await, CertStatus::Good);
    revocation::hold(&fixture.app, &owner(), &serial).await.unwrap();
    let held = CertStatus::Revoked(NOW, ReasonCode::CertificateHold);
    assert_eq!(status(&fixture, &serial).await, held);
    revocation::release(&fixture.app, &owner(), &serial).await.unwrap();
    assert_eq!(status(&fixture, &serial).await, CertStatus::Good);
    revoke(&fixture, &serial, SUPERSEDED).await;
    let revoked = CertStatus::Revoked(NOW, ReasonCode::Superseded);
    assert_eq!(status(&fixture, &serial).await, revoked);
    let never = Serial::from_random([9; 16]);
    assert_eq!(status(&fixture, &never).await, CertStatus::Unknown);
    // The number is another authority's: unknown to this one.
    let rules = fixture.app.snapshot.rules();
    let server = rules.server().unwrap().identity.certificate.serial.clone();
    assert_eq!(status(&fixture, &server).await, CertStatus::Unknown);
    let both = ask(&fixture, &[&serial, &never], None).await;
    assert_eq!(
        both.answers.iter().map(|one| one.status).collect::<Vec<_>>(),
        [revoked, CertStatus::Unknown]
    );
}

#[tokio::test]
async fn a_serial_that_was_only_intended_counts_as_revoked() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let issued = fixture.issue(&fixture.claim()).await.unwrap().certificate;
    let intended = DeviceCertificate { serial: Serial::from_random([9; 16]), ..issued };
    let write = store::certificate::intend(Write::new(), &intended, b"draft", NOW);
    let why = Why::Bookkeeping(Bookkeeping::IssuanceIntended);
    write.commit(&fixture.app.store, why).await.unwrap();
    let serial = &intended.serial;
    let since_1970 = CertStatus::Revoked(Time(0), ReasonCode::CertificateHold);
    assert_eq!(status(&fixture, serial).await, since_1970);
}

#[tokio::test]
async fn a_nonce_is_repeated_and_an_answer_without_one_is_given_again() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let serial = device(&fixture).await;
    let nonce = pki::tlv::octet_string(&[7; 32]);
    let answer = ask(&fixture, &[&serial], Some(nonce.clone())).await;
    assert_eq!(answer.nonce, Some(nonce));
    let made = ask(&fixture, &[&serial], None).await.produced_at;
    fixture.set_clock(NOW.plus_seconds(200));
    assert_eq!(ask(&fixture, &[&serial], None).await.produced_at, made);
    fixture.set_clock(NOW.plus_seconds(400));
    assert!(ask(&fixture, &[&serial], None).await.produced_at > made);
}

#[tokio::test]
async fn who_asks_the_wrong_responder_is_told_so() {
    let fixture = Fixture::mosyle().await;
    let serial = device(&fixture).await;
    let question = |issuer: &Certificate| OcspRequest {
        questions: vec![CertId::of(issuer, &serial).unwrap()],
        nonce: None,
    };
    let ours = question(&issuer(&fixture));
    // Before the publisher ran there is no responder.
    let early = responder::answer(&fixture.app, SLUG, &ours).await.unwrap();
    assert_eq!((early.der, early.kept), (OcspRefusal::TryLater.der(), None));
    publish_all(&fixture.app).await.unwrap();
    let other = Fixture::mosyle().await;
    let foreign = question(&issuer(&other));
    let answer = responder::answer(&fixture.app, SLUG, &foreign).await.unwrap();
    assert_eq!(answer.der, OcspRefusal::Unauthorized.der());
    assert!(responder::answer(&fixture.app, "nobody", &ours).await.is_none());
}

#[tokio::test]
async fn a_responder_is_replaced_before_its_end() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let first = authority(&fixture).current.responder.unwrap().certificate;
    fixture.set_clock(first.not_after.plus_seconds(-11 * 86_400));
    publish_all(&fixture.app).await.unwrap();
    let same = authority(&fixture).current.responder.unwrap().certificate;
    assert_eq!(same.serial, first.serial);
    fixture.set_clock(first.not_after.plus_seconds(-9 * 86_400));
    publish_all(&fixture.app).await.unwrap();
    let second = authority(&fixture).current.responder.unwrap().certificate;
    assert_ne!(second.serial, first.serial);
    let made = fixture.events().await;
    let made = made.iter().filter(|event| event.details.get("usage") == Some(&json!("responder")));
    assert_eq!(made.count(), 6);
}

#[tokio::test]
async fn each_key_of_an_authority_has_a_list_and_a_responder_of_its_own() {
    let fixture = Fixture::mosyle().await;
    let old = device(&fixture).await;
    renewal::renew(&fixture.app, &owner(), AUTHORITY).await.unwrap();
    let new = device(&fixture).await;
    for serial in [&old, &new] {
        revoke(&fixture, serial, SUPERSEDED).await;
    }
    publish_all(&fixture.app).await.unwrap();
    let second = format!("{SLUG}-2");
    let of = |slug: &str| read(&fetched(&fixture, slug).unwrap());
    assert_eq!(serials(&of(SLUG)), std::slice::from_ref(&old));
    assert_eq!(serials(&of(&second)), std::slice::from_ref(&new));
    let keys = authority(&fixture);
    for (generation, slug, serial) in
        [(&keys.earlier[0], SLUG, &old), (&keys.current, &second, &new)]
    {
        let own = &generation.chain[0];
        assert_eq!(of(slug).verify_signed_by(&own.public_key), Ok(()));
        let questions = vec![CertId::of(own, serial).unwrap()];
        let request = OcspRequest { questions, nonce: None };
        let answer = responder::answer(&fixture.app, slug, &request).await.unwrap();
        let response = OcspResponse::parse(&answer.der).unwrap();
        assert_eq!(response.answers[0].status, CertStatus::Revoked(NOW, ReasonCode::Superseded));
        assert_eq!(response.certificates[0].verify_signed_by(&own.public_key), Ok(()));
    }
}

#[tokio::test]
async fn lists_and_responders_stay_with_an_authority_whose_address_changes() {
    let fixture = Fixture::mosyle().await;
    publish_all(&fixture.app).await.unwrap();
    let before = list(&fixture).number();
    let mut document = mosyle();
    document["certificate_authority"][1]["slug"] = json!("devices");
    document["certificate_authority"][2]["slug"] = json!(SLUG);
    fixture.apply(application(document)).await.unwrap();
    let of = |slug: &str| read(&fetched(&fixture, slug).unwrap());
    assert_eq!((of("devices").number(), of("devices").issuer), (before, issuer(&fixture).subject));
    assert_ne!(of(SLUG).issuer, issuer(&fixture).subject);
    assert!(authority(&fixture).current.responder.is_some());
    publish_all(&fixture.app).await.unwrap();
    assert_eq!(of("devices").number(), before);
}
