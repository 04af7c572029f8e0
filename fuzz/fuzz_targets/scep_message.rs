//! SCEP requests: raw ones, and ones that are signed and sealed around whatever stands inside;
//! every answer is read by our own client.
#![no_main]

use std::sync::LazyLock;

use const_oid::ObjectIdentifier;
use fuzz::{draw::Draw, holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    cms::{
        enveloped_data::{self, Cipher},
        signed_data::{self, Attribute, SignedData, Signer},
    },
    key::Hash,
    tlv,
};
use scep::{
    capabilities::Algorithms,
    client::{self, Reply, Sent},
    message::{self, FAIL_INFO_TEXT_CHARS_MAX, MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID},
    reply::{self, Responder},
    request::{NoRequest, Recipient, Request, SignedBy},
    transport,
};

struct House {
    registration: Holder,
    standalone: Holder,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| House {
    registration: Holder::registration(),
    standalone: Holder::standalone(),
});

/// The longest answer: a failure with its text and two certificates, or what is issued.
const ANSWER_BYTES_MAX: usize = 32 * 1024;

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        let Some(mark) = draw.byte() else { return };
        let algorithms = Algorithms { strict: mark & 0x10 != 0, legacy: mark & 0x20 != 0 };
        match mark % 4 {
            0 => check(draw.0, algorithms),
            1 => check(&signed(draw.0, &plain()), algorithms),
            2 => check(&signed(&sealed(draw.0), &plain()), algorithms),
            _ => {
                let attributes = drawn(&mut draw);
                check(&signed(&sealed(draw.0), &attributes), algorithms);
            }
        }
    }
);

/// Messages, their envelopes, and what is in those.
fn seeds() -> Vec<Vec<u8>> {
    let inner = seed::corpus(".inner.der");
    let mut messages = seed::corpus(".der");
    messages.retain(|message| !inner.contains(message));
    let envelopes = messages.iter().filter_map(|m| SignedData::parse(m).ok()?.content).collect();
    let drawn: Vec<_> = inner
        .iter()
        .map(|csr| [b"\x02\x01x\x10nonce-nonce-nonc", csr.as_slice()].concat())
        .collect();
    seed::marked(0x20, messages)
        .chain(seed::marked(1, envelopes))
        .chain(seed::marked(2, inner))
        .chain(seed::marked(3, drawn))
        .collect()
}

fn string(oid: ObjectIdentifier, text: &[u8]) -> Attribute {
    Attribute { oid, values: vec![tlv::encode(tlv::PRINTABLE_STRING, text)] }
}

/// The attributes of an enrollment.
fn plain() -> [Attribute; 3] {
    [
        string(MESSAGE_TYPE, b"19"),
        string(TRANSACTION_ID, b"transaction"),
        Attribute { oid: SENDER_NONCE, values: vec![tlv::octet_string(&[5; 16])] },
    ]
}

/// The same with drawn values.
fn drawn(draw: &mut Draw<'_>) -> [Attribute; 3] {
    let types: [&[u8]; 8] = [b"19", b"17", b"18", b"20", b"22", b"3", b"", b"99"];
    let kind = types[usize::from(draw.byte().unwrap_or_default()) % types.len()];
    let transaction = draw.piece().unwrap_or_default();
    let nonce = draw.piece().unwrap_or_default();
    [
        string(MESSAGE_TYPE, kind),
        string(TRANSACTION_ID, transaction),
        Attribute { oid: SENDER_NONCE, values: vec![tlv::octet_string(nonce)] },
    ]
}

fn sealed(content: &[u8]) -> Vec<u8> {
    let recipient = &HOUSE.registration.certificate;
    enveloped_data::seal(content, recipient, Cipher::Aes128).expect("it is an RSA key")
}

/// Signed by the standalone authority, whose certificate is self-signed as a device's is.
fn signed(content: &[u8], attributes: &[Attribute]) -> Vec<u8> {
    let Holder { certificate, key } = &HOUSE.standalone;
    let signer = Signer { certificate, key, hash: Hash::Sha256 };
    signed_data::build(content, attributes, &signer, &[]).expect("the key signs")
}

fn check(message: &[u8], algorithms: Algorithms) {
    let both = [&HOUSE.registration, &HOUSE.standalone];
    let recipients = both.map(|Holder { certificate, key }| Recipient { certificate, key });
    carried(message);
    match Request::parse(message, &recipients, algorithms) {
        Ok(request) => {
            assert!(message.len() <= transport::BODY_BYTES_MAX);
            if request.signed_by == SignedBy::Itself {
                let signer = &request.context.signer;
                assert!(signer.public_key.is_same_key(&request.csr.public_key));
            }
            succeed(&request);
            refuse(&request.refuse(message::FailInfo::BadRequest, "später – \u{1f600}"));
        }
        Err(NoRequest::Refused(refused)) => refuse(&refused),
        Err(NoRequest::Unreadable(_)) => {}
    }
}

/// What is sent by GET or POST arrives as it was.
fn carried(message: &[u8]) {
    if message.first() == Some(&0x30) {
        assert_eq!(transport::message_from_body(message).as_deref(), Ok(message));
    }
    let query = format!("operation=PKIOperation&message={}", transport::message_to_query(message));
    if query.len() <= transport::QUERY_BYTES_MAX && !message.is_empty() {
        assert_eq!(transport::message_from_query(&query).as_deref(), Ok(message));
    }
}

fn responder() -> Responder<'static> {
    let Holder { certificate, key } = &HOUSE.registration;
    Responder { certificate, key, chain: std::slice::from_ref(&HOUSE.standalone.certificate) }
}

fn sent(context: &message::Context) -> Option<Sent> {
    Some(Sent {
        message: Vec::new(),
        transaction_id: context.transaction_id.clone(),
        nonce: context.sender_nonce.as_slice().try_into().ok()?,
        signer: context.signer.clone(),
    })
}

fn read(answer: &[u8], sent: &Sent) -> Result<Reply, client::ReplyError> {
    assert!(answer.len() <= ANSWER_BYTES_MAX);
    let authorities = std::slice::from_ref(&HOUSE.registration.certificate);
    client::parse_reply(answer, sent, &HOUSE.standalone.key, authorities)
}

fn refuse(refused: &scep::request::Refused) {
    let now = HOUSE.registration.now();
    let answer = reply::failure(refused, &responder(), now, [1; 16]).expect("the key signs");
    let Some(sent) = sent(&refused.context) else { return };
    let text: String = refused.text.chars().take(FAIL_INFO_TEXT_CHARS_MAX).collect();
    let expected = Reply::Failed { fail_info: Some(refused.fail_info), text: Some(text) };
    assert_eq!(read(&answer, &sent), Ok(expected));
}

fn succeed(request: &Request) {
    let certificates =
        [HOUSE.standalone.certificate.clone(), HOUSE.registration.certificate.clone()];
    let now = HOUSE.registration.now();
    let answer = reply::success(&request.context, &certificates, &responder(), now, [1; 16]);
    // A signer whose key takes no encryption was refused before.
    let answer = answer.expect("the signer has an RSA key");
    let ours = &HOUSE.standalone.certificate;
    if let Some(sent) = sent(&request.context).filter(|sent| sent.signer == *ours) {
        let expected = Reply::Issued { certificates: certificates.to_vec() };
        assert_eq!(read(&answer, &sent), Ok(expected));
    }
}
