//! Messages that nobody honest sends, row by row of the table in `docs/fuzzing.md`: each has its
//! stated answer, and none costs much time or memory. This file is a process of its own, so that
//! its memory can be measured.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails here"
)]

use const_oid::ObjectIdentifier;
use pki::{
    cms::{
        enveloped_data::{self, Cipher},
        signed_data::{self, Attribute, Signer},
    },
    csr,
    key::{Hash, KeyTransport, KeyType, PrivateKey},
    oid,
    tlv::{self, Reader},
};
use scep::{
    capabilities::Algorithms,
    message::{FailInfo, MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID},
    request::{NoRequest, Recipient, Request},
};

#[path = "fixture/house.rs"]
mod house;

use house::HOUSE;

/// What all messages of a test may add to the memory of the process, in KiB; one has 256 at most.
const GROWTH_KIB_MAX: u64 = 32 * 1024;

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

fn parse(message: &[u8]) -> Result<Request, NoRequest> {
    let recipient = Recipient { certificate: &HOUSE.gateway, key: &HOUSE.gateway_key };
    Request::parse(message, &[recipient], Algorithms::default())
}

/// The answer in a few words: a number of SCEP, or why there is none.
fn answer(message: &[u8]) -> String {
    match parse(message) {
        Ok(_) => "accepted".to_owned(),
        Err(NoRequest::Refused(refused)) => refused.fail_info.name().to_owned(),
        Err(NoRequest::Unreadable(unreadable)) => format!("{unreadable:?}"),
    }
}

fn csr() -> Vec<u8> {
    csr::build(&HOUSE.device_key, &HOUSE.device.subject, &[], Some("s3cret")).unwrap()
}

fn seal(content: &[u8]) -> Vec<u8> {
    enveloped_data::seal(content, &HOUSE.gateway, Cipher::Aes128).unwrap()
}

fn attributes() -> Vec<Attribute> {
    let string = |text: &str| tlv::encode(tlv::PRINTABLE_STRING, text.as_bytes());
    [
        (MESSAGE_TYPE, string("19")),
        (TRANSACTION_ID, string("transaction")),
        (SENDER_NONCE, tlv::octet_string(&[5; 16])),
    ]
    .map(|(oid, value)| Attribute { oid, values: vec![value] })
    .to_vec()
}

fn sign(content: &[u8]) -> Vec<u8> {
    let signer = Signer { certificate: &HOUSE.device, key: &HOUSE.device_key, hash: Hash::Sha256 };
    signed_data::build(content, &attributes(), &signer, &[]).unwrap()
}

/// A `ContentInfo` whose fields were changed.
fn rebuild(message: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let info = tlv::only(message, tlv::SEQUENCE).unwrap().children(2).unwrap();
    let inside = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(9).unwrap();
    let mut fields = inside.iter().map(|field| field.raw.to_vec()).collect();
    change(&mut fields);
    tlv::sequence(&[info[0].raw, &tlv::encode(tlv::context(0), &tlv::sequence(&fields))])
}

/// A SET with its one element repeated.
fn repeat(set: &[u8], times: usize) -> Vec<u8> {
    let element = Reader::new(set).read().unwrap();
    tlv::encode(element.tag, &element.content.repeat(times))
}

/// The one element of a SET with its parts changed.
fn change_only(set: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let element = tlv::only(set, tlv::SET).unwrap().reader().read().unwrap();
    let mut parts = element.children(9).unwrap().iter().map(|part| part.raw.to_vec()).collect();
    change(&mut parts);
    tlv::set_of(&[tlv::sequence(&parts)])
}

/// The same message with its content key wrapped by OAEP.
fn with_oaep(envelope: &[u8], hash: ObjectIdentifier, transport: KeyTransport) -> Vec<u8> {
    rebuild(envelope, |fields| {
        fields[1] = change_only(&fields[1], |parts| {
            let wrapped = Reader::new(&parts[3]).read().unwrap();
            let key = HOUSE.gateway_key.decrypt(KeyTransport::Pkcs1, wrapped.content).unwrap();
            let hash = tlv::sequence(&[tlv::oid(&hash), tlv::null()]);
            let mask = tlv::sequence(&[tlv::oid(&oid::MGF1), hash.clone()]);
            let parameters = tlv::sequence(&[
                tlv::encode(tlv::context(0), &hash),
                tlv::encode(tlv::context(1), &mask),
            ]);
            parts[2] = tlv::sequence(&[tlv::oid(&oid::RSAES_OAEP), parameters]);
            let wrapped = HOUSE.gateway.public_key.encrypt(transport, &key).unwrap();
            parts[3] = tlv::octet_string(&wrapped);
        });
    })
}

/// The same with an altered block for the key, or with another content behind the same key.
fn altered(envelope: &[u8], block: bool) -> Vec<u8> {
    let mut envelope = envelope.to_vec();
    if !block {
        *envelope.last_mut().unwrap() ^= 1;
        return envelope;
    }
    rebuild(&envelope, |fields| {
        fields[1] = change_only(&fields[1], |parts| *parts[3].last_mut().unwrap() ^= 1);
    })
}

#[test]
fn c2_a_wrong_padding_and_a_wrong_content_get_the_same_answer() {
    let envelope = seal(&csr());
    let other = PrivateKey::generate(KeyType::Rsa2048).unwrap();
    let foreign =
        enveloped_data::seal(&csr(), &house::self_signed(&other), Cipher::Aes128).unwrap();
    let oaep = with_oaep(&envelope, oid::SHA256, KeyTransport::OaepSha256);
    let cases = [altered(&envelope, true), altered(&envelope, false), altered(&oaep, true)]
        .into_iter()
        .chain([altered(&oaep, false), seal(b"no request"), seal(&[0; 5000]), foreign]);
    for (number, content) in cases.enumerate() {
        let Err(NoRequest::Refused(refused)) = parse(&sign(&content)) else {
            panic!("case {number} is not refused")
        };
        let said = (refused.fail_info, refused.text.as_str(), refused.context.cipher);
        let expected = "the request could not be opened";
        assert_eq!(said, (FailInfo::BadMessageCheck, expected, Cipher::Aes128), "case {number}");
    }
}

#[test]
fn c3_key_transport_by_oaep_is_served() {
    for (hash, transport) in [
        (oid::SHA1, KeyTransport::OaepSha1),
        (oid::SHA256, KeyTransport::OaepSha256),
        (oid::SHA512, KeyTransport::OaepSha512),
    ] {
        assert_eq!(answer(&sign(&with_oaep(&seal(&csr()), hash, transport))), "accepted");
    }
    let mixed = with_oaep(&seal(&csr()), oid::SHA224, KeyTransport::OaepSha256);
    assert_eq!(answer(&sign(&mixed)), "badAlg");
}

#[test]
fn c3_messages_that_are_too_much_are_refused_at_little_cost() {
    let good = sign(&seal(&csr()));
    assert_eq!(answer(&good), "accepted");
    let nested = (0..100).fold(csr(), |content, _| seal(&content));
    let long = sign(&seal(&vec![7; 200 * 1024]));
    let unsigned = rebuild(&good, |fields| {
        fields[4] = change_only(&fields[4], |parts| drop(parts.remove(3)));
    });
    let swapped = rebuild(&good, |fields| {
        let other = sign(&seal(b"another content"));
        let info = tlv::only(&other, tlv::SEQUENCE).unwrap().children(2).unwrap();
        let inside = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(9).unwrap();
        fields[2] = inside[2].raw.to_vec();
    });
    let with = |field: usize, times: usize| {
        rebuild(&good, |fields| fields[field] = repeat(&fields[field], times))
    };
    let cases = [
        ("content of 10 MiB", vec![0x30; 10 << 20], "TooLong"),
        ("1000 certificates", with(3, 1000), "TooLong"),
        ("100 certificates", with(3, 100), "Malformed"),
        ("two signers", with(4, 2), "Signers"),
        ("100 signers", with(4, 100), "Malformed"),
        ("no signed attributes", unsigned, "TransactionId"),
        ("another content than was signed", swapped, "badMessageCheck"),
        ("100 envelopes in each other", sign(&nested), "badMessageCheck"),
        ("200 KiB of content", long, "badMessageCheck"),
        ("a bomb of BER", [0x30, 0x80].repeat(120 * 1024), "Malformed"),
        ("a bomb of strings", [0x24, 0x80].repeat(120 * 1024), "Malformed"),
    ];
    let before = peak_kib();
    for (what, message, expected) in &cases {
        for _ in 0..20 {
            let answer = answer(message);
            assert!(answer.starts_with(expected), "{what}: {answer}");
        }
    }
    let growth = peak_kib() - before;
    assert!(growth < GROWTH_KIB_MAX, "{growth} KiB");
}

#[test]
fn c4_a_request_under_another_key_is_refused() {
    let other = PrivateKey::generate(KeyType::Rsa2048).unwrap();
    let foreign = csr::build(&other, &HOUSE.device.subject, &[], None).unwrap();
    assert_eq!(answer(&sign(&seal(&foreign))), "badMessageCheck");
}

#[test]
fn c9_md5_is_refused_by_name_at_every_gateway() {
    let old = rebuild(&sign(&seal(&csr())), |fields| {
        fields[4] = change_only(&fields[4], |parts| {
            parts[2] = tlv::sequence(&[tlv::oid(&oid::MD5), tlv::null()]);
        });
    });
    let recipient = Recipient { certificate: &HOUSE.gateway, key: &HOUSE.gateway_key };
    for algorithms in [Algorithms::default(), Algorithms { strict: false, legacy: true }] {
        let Err(NoRequest::Refused(refused)) = Request::parse(&old, &[recipient], algorithms)
        else {
            panic!("not refused")
        };
        assert_eq!(refused.fail_info, FailInfo::BadAlg);
        assert!(refused.text.contains("1.2.840.113549.2.5"), "{}", refused.text);
    }
}
