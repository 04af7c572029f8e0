//! Questions and answers, there and back, and what is neither.

use super::*;
use crate::{
    draft::{Draft, Issuer},
    extension::{BasicConstraints, KeyUsage},
    key::KeyType,
    name::Name,
};

const NOW: Time = Time(1_795_471_200);

fn authority(key: &PrivateKey) -> Certificate {
    let subject = Name::parse_text("O=Lab, CN=Root").unwrap();
    let (hash, not_after) = (key.key_type().default_hash(), NOW.plus_days(3650));
    let draft = Draft {
        serial: Serial::from_random([1; 16]),
        issuer: Issuer::itself(&subject, key, hash, not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: vec![],
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: vec![],
        basic_constraints: BasicConstraints { ca: true, path_len: None },
        further: Vec::new(),
    };
    draft.lint().unwrap().sign(key).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

fn request(issuer: &Certificate, nonce: Option<Vec<u8>>) -> OcspRequest {
    let serial = Serial::from_random([2; 16]);
    OcspRequest { questions: vec![CertId::of(issuer, &serial).unwrap()], nonce }
}

#[test]
fn a_request_reads_back() {
    let issuer = authority(&key());
    for nonce in [None, Some(tlv::octet_string(&[7; 32])), Some(vec![9; 16])] {
        let request = request(&issuer, nonce);
        assert_eq!(OcspRequest::parse(&request.der()), Ok(request));
    }
}

#[test]
fn a_question_fits_its_issuer_only() {
    let (ours, other) = (authority(&key()), authority(&key()));
    let id = &request(&ours, None).questions[0];
    assert!(id.is_of(&ours));
    assert!(!id.is_of(&other));
    let unknown = CertId { hash: oid::SHA224, ..id.clone() };
    assert!(!unknown.is_of(&ours));
}

#[test]
fn an_answer_reads_back_and_verifies() {
    let key = key();
    let issuer = authority(&key);
    let revoked = CertStatus::Revoked(NOW, ReasonCode::KeyCompromise);
    let plain = CertStatus::Revoked(NOW, ReasonCode::Unspecified);
    for status in [CertStatus::Good, revoked, plain, CertStatus::Unknown] {
        for next_update in [None, Some(NOW.plus_days(1))] {
            let id = request(&issuer, None).questions[0].clone();
            let draft = OcspDraft {
                answers: vec![SingleResponse { id, status, this_update: NOW, next_update }],
                produced_at: NOW,
                nonce: next_update.map(|_| tlv::octet_string(&[7; 32])),
                responder: next_update.map(|_| issuer.der.clone()),
                extended_revoke: next_update.is_some(),
            };
            let response = OcspResponse::parse(&draft.sign(&key, Hash::Sha256).unwrap()).unwrap();
            assert_eq!(response.answers, draft.answers);
            assert_eq!(response.nonce, draft.nonce);
            assert_eq!(response.produced_at, NOW);
            let sent: Vec<_> = response.certificates.iter().map(|c| c.der.clone()).collect();
            assert_eq!(sent, draft.responder.into_iter().collect::<Vec<_>>());
            assert_eq!(response.verify_signed_by(key.public_key()), Ok(()));
            assert!(response.verify_signed_by(self::key().public_key()).is_err());
        }
    }
}

#[test]
fn a_refusal_is_no_answer() {
    for (refusal, number) in [
        (OcspRefusal::MalformedRequest, 1),
        (OcspRefusal::InternalError, 2),
        (OcspRefusal::TryLater, 3),
        (OcspRefusal::Unauthorized, 6),
    ] {
        assert_eq!(refusal.der(), [0x30, 3, 0x0a, 1, number]);
        assert!(OcspResponse::parse(&refusal.der()).is_err());
    }
}

#[test]
fn hostile_requests_are_refused() {
    let issuer = authority(&key());
    let whole = request(&issuer, Some(tlv::octet_string(&[7; 32]))).der();
    for end in 0..whole.len() {
        assert!(OcspRequest::parse(&whole[..end]).is_err());
    }
    let nothing = tlv::sequence(&[tlv::sequence(&[tlv::sequence::<Vec<u8>>(&[])])]);
    assert!(OcspRequest::parse(&nothing).is_err());
    let id = request(&issuer, None).questions[0].clone();
    let many = OcspRequest { questions: vec![id; QUESTIONS_MAX + 1], nonce: None };
    assert!(OcspRequest::parse(&many.der()).is_err());
    for octets in [0, NONCE_BYTES_MAX + 1] {
        let long = request(&issuer, Some(tlv::octet_string(&vec![7; octets])));
        assert_eq!(OcspRequest::parse(&long.der()), Err(OcspError::Nonce));
    }
    assert_eq!(OcspRequest::parse(&vec![0; REQUEST_BYTES_MAX + 1]), Err(OcspError::TooLong));
}
