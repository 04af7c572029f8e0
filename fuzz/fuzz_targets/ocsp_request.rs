//! OCSP: requests that are answered, and responses.
#![no_main]

use std::sync::LazyLock;

use fuzz::{draw::Draw, holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    certificate::Serial,
    crl::ReasonCode,
    key::Hash,
    ocsp::{
        CertId, CertStatus, NONCE_BYTES_MAX, OcspDraft, OcspRefusal, OcspRequest, OcspResponse,
        QUESTIONS_MAX, SingleResponse,
    },
};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::standalone);

/// Its certificate is sent along with every other answer.
static RESPONDER: LazyLock<Holder> = LazyLock::new(|| HOLDER.leaf("ocsp.example.test"));

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte().map(|mark| mark % 2) {
            Some(0) => request(draw),
            Some(_) => response(draw.0),
            None => {}
        }
    }
);

fn ask(nonce: Option<Vec<u8>>) -> OcspRequest {
    let questions = [1, 2].map(|number| {
        let serial = Serial::from_random([number; 16]);
        CertId::of(&HOLDER.certificate, &serial).expect("SHA-1 is there")
    });
    OcspRequest { questions: questions.to_vec(), nonce }
}

/// Requests with and without a nonce, behind a byte that says how they are answered; their
/// answers; refusals.
fn seeds() -> Vec<Vec<u8>> {
    let nonce = Some([&[4, 8], [9; 8].as_slice()].concat());
    let requests = [ask(None), ask(nonce.clone()), ask(Some(vec![9; 20]))];
    let answers = [ask(None), ask(nonce)].map(|request| answer(&request, 1));
    let refusals = [
        OcspRefusal::MalformedRequest,
        OcspRefusal::InternalError,
        OcspRefusal::TryLater,
        OcspRefusal::Unauthorized,
    ];
    let mut responses = answers.to_vec();
    responses.extend(refusals.map(OcspRefusal::der));
    let requests = requests.iter().map(|request| [vec![0, 5], request.der()].concat());
    requests.chain(seed::marked(1, responses)).collect()
}

fn status(number: usize) -> CertStatus {
    let at = HOLDER.certificate.not_before;
    match number % 4 {
        0 => CertStatus::Good,
        1 => CertStatus::Revoked(at, ReasonCode::Unspecified),
        2 => CertStatus::Revoked(at, ReasonCode::CertificateHold),
        _ => CertStatus::Unknown,
    }
}

fn answers(request: &OcspRequest, how: u8) -> Vec<SingleResponse> {
    let now = HOLDER.now();
    let answer = |(number, id): (usize, &CertId)| SingleResponse {
        id: id.clone(),
        status: status(number + usize::from(how)),
        this_update: now,
        next_update: how.is_multiple_of(2).then(|| now.plus_days(1)),
    };
    request.questions.iter().enumerate().map(answer).collect()
}

fn answer(request: &OcspRequest, how: u8) -> Vec<u8> {
    let draft = OcspDraft {
        answers: answers(request, how),
        produced_at: HOLDER.now(),
        nonce: request.nonce.clone(),
        extended_revoke: how.is_multiple_of(5),
        responder: how.is_multiple_of(3).then(|| RESPONDER.certificate.der.clone()),
    };
    draft.sign(&RESPONDER.key, Hash::Sha256).expect("the key signs")
}

/// A request that is read is written and read alike, and answered with what it asked.
fn request(mut draw: Draw<'_>) {
    let Some(how) = draw.byte() else { return };
    let Ok(read) = OcspRequest::parse(draw.0) else { return };
    assert!((1..=QUESTIONS_MAX).contains(&read.questions.len()));
    // An OCTET STRING around it takes three bytes.
    assert!(read.nonce.as_ref().is_none_or(|nonce| nonce.len() <= NONCE_BYTES_MAX + 4));
    assert_eq!(OcspRequest::parse(&read.der()).as_ref(), Ok(&read));
    let ours = read.questions.iter().filter(|id| id.is_of(&HOLDER.certificate));
    for id in ours {
        assert!(!id.is_of(&RESPONDER.certificate));
    }
    let der = answer(&read, how);
    let response = OcspResponse::parse(&der).expect("we wrote it");
    assert_eq!(response.answers, answers(&read, how));
    assert_eq!((response.nonce, response.produced_at), (read.nonce, HOLDER.now()));
    let response = OcspResponse::parse(&der).expect("we wrote it");
    assert!(response.verify_signed_by(RESPONDER.key.public_key()).is_ok());
    assert!(response.verify_signed_by(HOLDER.key.public_key()).is_err());
}

fn response(der: &[u8]) {
    let Ok(read) = OcspResponse::parse(der) else { return };
    assert!(read.answers.len() <= QUESTIONS_MAX && read.certificates.len() <= QUESTIONS_MAX);
    let _ = read.verify_signed_by(RESPONDER.key.public_key());
    for certificate in &read.certificates {
        let _ = read.verify_signed_by(&certificate.public_key);
    }
}
