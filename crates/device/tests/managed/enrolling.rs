//! A device that waits for its certificate, and one that knows its authority by a fingerprint.

use std::time::Duration;

use device::enrollment;
use device::enrollment::EnrollError;
use device::enrollment::Order;
use pki::key::KeyType;
use pki::name::Name;

use crate::NOW;
use crate::authority::Authority;

fn order(authority: &Authority, retries: u32) -> Order {
    Order {
        url: authority.url.clone(),
        challenge: Some("s3cret".to_owned()),
        subject: Name::parse_text("CN=C02X1234").unwrap(),
        names: Vec::new(),
        key: KeyType::Rsa2048,
        fingerprint: Some(authority.certificate.sha1_fingerprint().to_vec()),
        retries,
        retry_delay: Duration::ZERO,
    }
}

fn asked(authority: &Authority) -> Vec<&'static str> {
    authority.asked.lock().unwrap().clone()
}

#[tokio::test]
async fn a_request_that_waits_is_asked_for_again_until_it_is_approved() {
    let authority = Authority::start(2);
    let enrolled = enrollment::enroll(&order(&authority, 3), NOW).await.unwrap();
    assert_eq!(enrolled.certificate.subject.to_string(), "CN=C02X1234");
    let expected = ["GetCACaps", "GetCACert", "PKCSReq", "CertPoll", "CertPoll"];
    assert_eq!(asked(&authority), expected);
}

#[tokio::test]
async fn a_device_asks_again_no_more_often_than_it_is_told() {
    for retries in [0, 2] {
        let authority = Authority::start(u32::MAX);
        let error = enrollment::enroll(&order(&authority, retries), NOW).await.unwrap_err();
        assert!(matches!(error, EnrollError::Pending), "{error}");
        let polls = asked(&authority).iter().filter(|what| **what == "CertPoll").count();
        assert_eq!(polls, usize::try_from(retries).unwrap());
    }
}

#[tokio::test]
async fn an_authority_with_another_fingerprint_is_sent_nothing() {
    let authority = Authority::start(0);
    let fingerprint = Some(vec![0; 20]);
    let order = Order { fingerprint, ..order(&authority, 0) };
    let error = enrollment::enroll(&order, NOW).await.unwrap_err();
    assert!(matches!(error, EnrollError::Fingerprint { .. }), "{error}");
    assert!(error.to_string().contains("0000000000000000000000000000000000000000"), "{error}");
    assert_eq!(asked(&authority), ["GetCACaps", "GetCACert"]);
}

#[tokio::test]
async fn an_authority_that_shows_the_root_of_another_is_sent_nothing() {
    let genuine = Authority::start(0);
    let impostor = Authority::impostor(&genuine);
    let order = Order { url: impostor.url.clone(), ..order(&genuine, 0) };
    let error = enrollment::enroll(&order, NOW).await.unwrap_err();
    assert!(matches!(error, EnrollError::OtherAuthority("the certificate for requests")));
    assert_eq!(asked(&impostor), ["GetCACaps", "GetCACert"]);
    // Whoever knows no fingerprint cannot tell.
    let order = Order { fingerprint: None, ..order };
    enrollment::enroll(&order, NOW).await.unwrap();
}
