//! `visit::stand` and `visit::admit`: who may enter, and what is remembered of it.

use actions::visit;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::refusal::Refusal;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
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

/// A device that holds the key of this certificate.
pub(crate) fn stand(
    fixture: &Fixture,
    certificate: &Certificate,
    now: Time,
) -> Result<Visit, Refusal> {
    let standing = visit::stand(&fixture.app.snapshot, certificate, now)?;
    Ok(Visit {
        certificate: certificate.clone(),
        standing,
        place: Place { access_point: "Loopback".into(), ..Place::default() },
        tls: "1.3",
        resumed: true,
        rounds: 3,
        took: core::time::Duration::from_millis(40),
    })
}

/// A device that enrolled.
pub(crate) async fn device(fixture: &Fixture) -> Certificate {
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    Certificate::parse(&issued.der).unwrap()
}

#[tokio::test]
async fn a_device_enters_with_its_vlan() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let visit = stand(&fixture, &certificate, NOW).unwrap();
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    assert_eq!(leave.admission.vlan.as_deref(), Some("20"));
    assert_eq!(leave.admission.policy, "Mosyle devices to VLAN 20");
    assert_eq!(leave.attributes.len(), 3);
    // The device is not in yet: it may break off.
    assert_ne!(fixture.events().await.swap_remove(0).kind, "network.access");
    visit::enter(&fixture.app.snapshot, &visit, &leave);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.kind, "network.access");
    assert_eq!(event.object, format!("certificate:{}", certificate.serial));
    assert_eq!(event.actor, "access point Loopback");
    assert_eq!(event.details["vlan"], "20");
    assert_eq!(event.details["resumed"], true);
    assert_eq!(event.reason, None);
}

#[tokio::test]
async fn each_answer_rests_on_the_rules_of_its_moment() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let visit = stand(&fixture, &certificate, NOW).unwrap();
    let before = fixture.app.snapshot.rules().version;
    let mut document = mosyle();
    document["network_policy"][0]["settings"]["attributes"][2]["value"] = json!("30");
    fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!(fixture.app.snapshot.rules().version, before + 1);
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    assert_eq!(leave.admission.vlan.as_deref(), Some("30"));

    document["network_policy"][0]["settings"] = json!({ "access": "refuse" });
    fixture.apply(application(document.clone())).await.unwrap();
    let refusal = visit::admit(&fixture.app.snapshot, &visit).unwrap_err();
    let policy = "Mosyle devices to VLAN 20".to_owned();
    assert_eq!(refusal, Refusal::NetworkPolicyRefuses { policy });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("POL-REFUSED"));

    document["network_policy"][0]["rules"] = json!([]);
    fixture.apply(application(document)).await.unwrap();
    let refusal = visit::admit(&fixture.app.snapshot, &visit).unwrap_err();
    let roles = vec!["Mosyle devices".to_owned()];
    assert_eq!(refusal, Refusal::NetworkPolicyMissing { roles, nearest: None });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("POL-NO-MATCH"));
}

#[tokio::test]
async fn outside_its_life_a_certificate_does_not_stand() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let code = |now| stand(&fixture, &certificate, now).map_err(|refusal| refusal.code()).err();
    assert_eq!(code(certificate.not_before.plus_seconds(-1)), Some("CERT-NOT-YET-VALID"));
    assert_eq!(code(certificate.not_before), None);
    assert_eq!(code(certificate.not_after), None);
    assert_eq!(code(certificate.not_after.plus_seconds(1)), Some("CERT-EXPIRED"));
}

#[tokio::test]
async fn a_revoked_certificate_does_not_stand_from_the_moment_of_the_answer() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let reason = RevocationReason::KeyCompromise;
    let serial = &certificate.serial;
    actions::certificate::revocation::revoke(&fixture.app, &owner(), serial, reason).await.unwrap();
    let refusal = stand(&fixture, &certificate, NOW).unwrap_err();
    let (serial, at) = (serial.clone(), NOW);
    assert_eq!(refusal, Refusal::CertificateRevoked { serial, at, reason });
    // Another program over the same memory reads the same.
    let other = fixture.beside().await;
    assert_eq!(stand(&other, &certificate, NOW).unwrap_err(), refusal);
}

#[tokio::test]
async fn the_servers_own_certificates_are_no_device_s() {
    let fixture = Fixture::mosyle().await;
    let rules = fixture.app.snapshot.rules();
    let server = rules.server().unwrap().identity.certificate.clone();
    let authority = rules.authority("Example School SCEP CA").unwrap();
    let registration = authority.registration[0].certificate.clone();
    for certificate in [server, registration, authority.current.chain[0].clone()] {
        let refusal = stand(&fixture, &certificate, NOW).unwrap_err();
        assert_eq!(refusal.code(), "CERT-WRONG-USAGE");
    }
}

#[tokio::test]
async fn what_another_organization_issued_is_unknown() {
    let (fixture, other) = (Fixture::mosyle().await, Fixture::empty().await);
    let certificate = device(&fixture).await;
    let refusal = stand(&other, &certificate, NOW).unwrap_err();
    assert_eq!(refusal, Refusal::CertificateUnknown { serial: certificate.serial });
}

/// The program died between the record of what it would sign and the answer.
#[tokio::test]
async fn a_certificate_whose_answer_was_never_durable_does_not_stand() {
    let (fixture, other) = (Fixture::mosyle().await, Fixture::empty().await);
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let write = store::certificate::intend(Write::new(), &issued.certificate, b"draft", NOW);
    let why = Why::Bookkeeping(Bookkeeping::IssuanceIntended);
    write.commit(&other.app.store, why).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    for program in [&other, &other.beside().await] {
        let refusal = stand(program, &certificate, NOW).unwrap_err();
        assert_eq!(refusal.code(), "CERT-UNKNOWN-SERIAL");
    }
    // It is on record all the same, and can be revoked.
    let serial = &certificate.serial;
    let kept = actions::certificate::show(&other.app, &owner(), serial).await.unwrap();
    assert_eq!((kept.certificate.status, kept.der), (Status::Intended, None));
    let reason = RevocationReason::Superseded;
    actions::certificate::revocation::revoke(&other.app, &owner(), serial, reason).await.unwrap();
    let refusal = stand(&other, &certificate, NOW).unwrap_err();
    assert_eq!(refusal.code(), "CERT-REVOKED");
    // And the answer that comes too late finds it so.
    let write = store::certificate::issued(Write::new(), &issued.certificate, &issued.der);
    let why = Why::Bookkeeping(Bookkeeping::IssuanceIntended);
    write.commit(&other.app.store, why).await.unwrap_err();
}

/// What another program over the same memory issued is found by the one bounded read.
#[tokio::test]
async fn a_miss_is_not_a_no() {
    let fixture = Fixture::mosyle().await;
    let other = fixture.beside().await;
    let certificate = device(&fixture).await;
    stand(&other, &certificate, NOW).unwrap();
}

#[tokio::test]
async fn every_refusal_at_the_door_is_remembered() {
    let fixture = Fixture::mosyle().await;
    let place = Place {
        access_point: "Loopback".into(),
        calling_station: Some("02-00-00-00-00-01".into()),
        ssid: Some("Example-Secure".into()),
        identity: Some("host/x".into()),
        ..Place::default()
    };
    visit::refuse(&fixture.app.snapshot, &place, None, &Refusal::CertificateMissing);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.reason.unwrap().code, "TLS-NO-CERTIFICATE");
    assert_eq!(event.details["calling_station"], "02-00-00-00-00-01");
    let refusal = Refusal::AccessPointUnknown { address: "192.0.2.7".into() };
    visit::dropped(&fixture.app.snapshot, "192.0.2.7", &refusal, 3);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!((event.kind.as_str(), &event.details["packets"]), ("radius.dropped", &json!(3)));
    fixture.app.close().await;
}
