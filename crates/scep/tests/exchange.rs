//! Whole exchanges: a device's request, the gateway's answer, and what attackers send instead.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails here"
)]

use std::sync::LazyLock;

use const_oid::ObjectIdentifier;
use pki::{
    certificate::{Certificate, Serial},
    cms::{
        enveloped_data::{self, Cipher},
        signed_data::{self, Attribute, Signer},
    },
    csr,
    draft::{Draft, Issuer},
    extension::{BasicConstraints, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyTransport, KeyType, PrivateKey},
    name::Name,
    oid,
    time::Time,
    tlv::{self, Reader},
};
use proptest::{prelude::*, test_runner::RngSeed};
use scep::{
    capabilities::{self, Algorithms},
    client::{self, Offer, Randomness, Reply, ReplyError, Sent, Wish},
    message::{FailInfo, MESSAGE_TYPE, SENDER_NONCE, TRANSACTION_ID},
    reply::{self, Responder},
    request::{NoRequest, Recipient, Refused, Request, SignedBy, Unreadable},
};

const NOW: Time = Time(1_795_471_200);
const NONCE: [u8; 16] = [9; 16];
const RANDOMNESS: Randomness = Randomness { serial: [3; 16], nonce: [4; 16] };
const OFFER: Offer = Offer { post: true, cipher: Cipher::Aes256, hash: Hash::Sha256 };

struct House {
    ca: Certificate,
    ca_key: PrivateKey,
    ra: Certificate,
    ra_key: PrivateKey,
    device_key: PrivateKey,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| House::new(KeyType::EcdsaP256));
static OTHER_KEY: LazyLock<PrivateKey> = LazyLock::new(|| key(KeyType::Rsa2048));

fn key(key_type: KeyType) -> PrivateKey {
    PrivateKey::generate(key_type).unwrap()
}

/// A self-signed certificate, an authority or not.
fn self_signed(name: &str, key: &PrivateKey, basic_constraints: BasicConstraints) -> Certificate {
    let subject = Name::parse_text(name).unwrap();
    let not_after = NOW.plus_days(100);
    let signs = KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN;
    let draft = Draft {
        serial: Serial::from_random([7; 16]),
        issuer: Issuer::itself(&subject, key, key.key_type().default_hash(), not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: vec![],
        key_usage: if basic_constraints.ca { signs } else { KeyUsage::DIGITAL_SIGNATURE },
        extended_key_usages: vec![],
        basic_constraints,
        further: vec![],
    };
    draft.lint().unwrap().sign(key).unwrap()
}

impl House {
    fn new(ca_type: KeyType) -> Self {
        let (ca_key, ra_key, device_key) =
            (key(ca_type), key(KeyType::Rsa2048), key(KeyType::Rsa2048));
        let ca = self_signed("CN=CA", &ca_key, BasicConstraints { ca: true, path_len: Some(0) });
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        let ra = issue(&ca, &ca_key, &ra_key, usage);
        Self { ca, ca_key, ra, ra_key, device_key }
    }

    fn responder(&self) -> Responder<'_> {
        let chain = std::slice::from_ref(&self.ca);
        Responder { certificate: &self.ra, key: &self.ra_key, chain }
    }

    fn parse_with(&self, message: &[u8], algorithms: Algorithms) -> Result<Request, NoRequest> {
        let recipients = [Recipient { certificate: &self.ra, key: &self.ra_key }];
        Request::parse(message, &recipients, algorithms)
    }

    fn parse(&self, message: &[u8]) -> Result<Request, NoRequest> {
        self.parse_with(message, Algorithms::default())
    }

    fn refused(&self, message: &[u8]) -> Refused {
        match self.parse(message) {
            Err(NoRequest::Refused(refused)) => *refused,
            other => panic!("not refused: {other:?}"),
        }
    }

    fn unreadable(&self, message: &[u8]) -> Unreadable {
        match self.parse(message) {
            Err(NoRequest::Unreadable(unreadable)) => unreadable,
            other => panic!("not unreadable: {other:?}"),
        }
    }

    fn request(&self, offer: Offer) -> Sent {
        let subject = Name::parse_text("CN=device").unwrap();
        let wish = Wish {
            key: &self.device_key,
            subject: &subject,
            general_names: &[GeneralName::email("a@example.org").unwrap()],
            challenge: Some("s3cret"),
        };
        client::request(&wish, &self.ra, offer, NOW, RANDOMNESS).unwrap()
    }

    fn csr(&self) -> Vec<u8> {
        csr::build(&self.device_key, &Name::parse_text("CN=device").unwrap(), &[], None).unwrap()
    }

    fn seal(&self, content: &[u8]) -> Vec<u8> {
        enveloped_data::seal(content, &self.ra, Cipher::Aes128).unwrap()
    }

    /// A message of this content and these attributes, signed by the device.
    fn sign(&self, content: &[u8], attributes: &[Attribute]) -> Vec<u8> {
        let certificate = self_signed("CN=device", &self.device_key, BasicConstraints::LEAF);
        let signer =
            Signer { certificate: &certificate, key: &self.device_key, hash: Hash::Sha256 };
        signed_data::build(content, attributes, &signer, &[]).unwrap()
    }
}

fn issue(
    ca: &Certificate,
    ca_key: &PrivateKey,
    subject_key: &PrivateKey,
    key_usage: KeyUsage,
) -> Certificate {
    let draft = Draft {
        serial: Serial::from_random([8; 16]),
        issuer: Issuer::of(ca, ca_key.key_type().default_hash()).unwrap(),
        subject: Name::parse_text("CN=subject").unwrap(),
        public_key: subject_key.public_key().clone(),
        not_before: NOW,
        not_after: NOW.plus_days(10),
        general_names: vec![],
        key_usage,
        extended_key_usages: vec![],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    draft.lint().unwrap().sign(ca_key).unwrap()
}

fn string(oid: ObjectIdentifier, text: &str) -> Attribute {
    Attribute { oid, values: vec![tlv::encode(tlv::PRINTABLE_STRING, text.as_bytes())] }
}

fn octets(oid: ObjectIdentifier, octets: &[u8]) -> Attribute {
    Attribute { oid, values: vec![tlv::octet_string(octets)] }
}

fn attributes(message_type: &str) -> Vec<Attribute> {
    vec![
        string(MESSAGE_TYPE, message_type),
        string(TRANSACTION_ID, "transaction"),
        octets(SENDER_NONCE, &[5; 16]),
    ]
}

/// The message with the bytes of one part replaced by others of the same length.
fn replace(message: &[u8], part: &[u8], with: &[u8]) -> Vec<u8> {
    assert_eq!(part.len(), with.len());
    let at = message.windows(part.len()).position(|window| window == part).unwrap();
    [&message[..at], with, &message[at + part.len()..]].concat()
}

/// The children of the `SEQUENCE` inside a `ContentInfo`.
fn fields(message: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let info = tlv::only(message, tlv::SEQUENCE).unwrap().children(2).unwrap();
    let inside = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(9).unwrap();
    (info[0].raw.to_vec(), inside.iter().map(|field| field.raw.to_vec()).collect())
}

/// A `ContentInfo` of changed fields.
fn rebuild(message: &[u8], change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
    let (oid, mut fields) = fields(message);
    change(&mut fields);
    tlv::sequence(&[oid, tlv::encode(tlv::context(0), &tlv::sequence(&fields))])
}

/// A SET with its one element repeated.
fn repeat(set: &[u8], times: usize) -> Vec<u8> {
    let element = Reader::new(set).read().unwrap();
    tlv::encode(element.tag, &element.content.repeat(times))
}

fn encrypted_key(envelope: &[u8]) -> Vec<u8> {
    let (_, fields) = fields(envelope);
    let recipient = Reader::new(&fields[1]).read().unwrap().reader().read().unwrap();
    recipient.children(4).unwrap()[3].content.to_vec()
}

fn succeeds(ca_type: KeyType, cipher: Cipher, hash: Hash) {
    let house = House::new(ca_type);
    let sent = house.request(Offer { post: true, cipher, hash });
    let request = house.parse(&sent.message).unwrap();
    assert_eq!(request.csr.subject.to_string(), "CN=device");
    assert_eq!(request.csr.challenge_password.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(request.signed_by, SignedBy::Itself);
    assert_eq!((request.context.cipher, request.context.hash), (cipher, hash));
    let usage = KeyUsage::DIGITAL_SIGNATURE;
    let issued = issue(&house.ca, &house.ca_key, &house.device_key, usage);
    let certificates = [issued.clone(), house.ca.clone()];
    let reply =
        reply::success(&request.context, &certificates, &house.responder(), NOW, NONCE).unwrap();
    let body = reply::certificates(&[house.ra.clone(), house.ca.clone()]);
    let authorities = client::ca_certificates(&body, "application/x-x509-ca-ra-cert").unwrap();
    assert_eq!(client::recipient(&authorities), Some(&house.ra));
    let read = client::parse_reply(&reply, &sent, &house.device_key, &authorities).unwrap();
    assert_eq!(read, Reply::Issued { certificates: certificates.to_vec() });
}

#[test]
fn a_device_enrolls_at_an_rsa_ra_under_either_kind_of_authority() {
    succeeds(KeyType::EcdsaP256, Cipher::Aes256, Hash::Sha256);
    succeeds(KeyType::Rsa2048, Cipher::TripleDes, Hash::Sha512);
}

#[test]
fn a_failure_tells_its_reason_to_the_right_device_only() {
    let house = &*HOUSE;
    let sent = house.request(OFFER);
    let request = house.parse(&sent.message).unwrap();
    let refused = request.refuse(FailInfo::BadRequest, "the challenge is wrong – ask again");
    let reply = reply::failure(&refused, &house.responder(), NOW, NONCE).unwrap();
    let authorities = [house.ra.clone()];
    let read = |reply: &[u8], sent: &Sent, authorities: &[Certificate]| {
        client::parse_reply(reply, sent, &house.device_key, authorities)
    };
    assert_eq!(
        read(&reply, &sent, &authorities),
        Ok(Reply::Failed {
            fail_info: Some(FailInfo::BadRequest),
            text: Some("the challenge is wrong – ask again".to_owned())
        })
    );
    let empty = signed_data::SignedData::parse(&reply).unwrap().content;
    assert_eq!(empty, Some(vec![]), "certmonger needs a content of length zero");
    assert_eq!(read(&reply, &sent, std::slice::from_ref(&house.ca)), Err(ReplyError::Signer));
    let other = Sent { nonce: [0; 16], ..sent.clone() };
    assert_eq!(read(&reply, &other, &authorities), Err(ReplyError::OtherRequest));
    let mut altered = reply.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(matches!(read(&altered, &sent, &authorities), Err(ReplyError::Signature(_))));
}

#[test]
fn single_certificates_and_capabilities_are_read() {
    let house = &*HOUSE;
    let body = &house.ca.der;
    let one = client::ca_certificates(body, "application/x-x509-ca-cert; charset=x").unwrap();
    assert_eq!(one, std::slice::from_ref(&house.ca));
    assert_eq!(client::recipient(&one), None, "an ECDSA authority cannot decrypt");
    assert!(client::ca_certificates(b"<html>", "text/html").is_err());
    let offer = Offer::parse(&capabilities::text(&Algorithms::default()));
    assert_eq!(offer, OFFER);
    assert_eq!(Offer::parse("DES3\nSHA-1\n").cipher, Cipher::TripleDes);
}

#[test]
fn everything_behind_the_encryption_fails_in_the_same_way() {
    let house = &*HOUSE;
    let good = house.seal(&house.csr());
    let encrypted = encrypted_key(&good);
    let mut bad_padding = good.clone();
    *bad_padding.last_mut().unwrap() ^= 1;
    let mut broken = encrypted.clone();
    broken[100] ^= 1;
    let short = house.ra.public_key.encrypt(KeyTransport::Pkcs1, &[1; 5]).unwrap();
    let other = self_signed("CN=other", &OTHER_KEY, BasicConstraints::LEAF);
    let mut other_csr = house.csr();
    *other_csr.last_mut().unwrap() ^= 1;
    let for_another = enveloped_data::seal(&house.csr(), &other, Cipher::Aes128).unwrap();
    let cases = [
        ("bad padding", bad_padding),
        ("bad RSA block", replace(&good, &encrypted, &broken)),
        ("short content key", replace(&good, &encrypted, &short)),
        ("no request", house.seal(b"hello")),
        ("nothing", house.seal(b"")),
        ("bad proof", house.seal(&other_csr)),
        ("nested envelope", house.seal(&house.seal(&house.csr()))),
        ("for two others", rebuild(&for_another, |fields| fields[1] = repeat(&fields[1], 2))),
        ("for another", for_another),
        ("no envelope", b"hello".to_vec()),
    ];
    for (name, content) in cases {
        let refused = house.refused(&house.sign(&content, &attributes("19")));
        assert_eq!(refused.fail_info, FailInfo::BadMessageCheck, "{name}");
        assert_eq!(refused.text, "the request could not be opened", "{name}");
    }
    assert!(house.parse(&house.sign(&good, &attributes("19"))).is_ok());
}

#[test]
fn a_request_to_several_recipients_is_opened_by_ours() {
    let house = &*HOUSE;
    let twice = rebuild(&house.seal(&house.csr()), |fields| fields[1] = repeat(&fields[1], 3));
    assert!(house.parse(&house.sign(&twice, &attributes("19"))).is_ok());
    let many = rebuild(&house.seal(&house.csr()), |fields| fields[1] = repeat(&fields[1], 17));
    assert_eq!(
        house.refused(&house.sign(&many, &attributes("19"))).fail_info,
        FailInfo::BadMessageCheck
    );
}

#[test]
fn only_message_types_19_and_17_go_on() {
    let house = &*HOUSE;
    let content = house.seal(&house.csr());
    assert!(house.parse(&house.sign(&content, &attributes("17"))).is_ok());
    for message_type in ["3", "18", "20", "21", "22", "0", "99", "019", "19 ", ""] {
        let refused = house.refused(&house.sign(&content, &attributes(message_type)));
        assert_eq!(refused.fail_info, FailInfo::BadRequest, "{message_type}");
    }
    let missing = &attributes("19")[1..];
    assert_eq!(house.refused(&house.sign(&content, missing)).fail_info, FailInfo::BadRequest);
    let twice = [attributes("19"), vec![string(MESSAGE_TYPE, "19")]].concat();
    assert_eq!(house.refused(&house.sign(&content, &twice)).fail_info, FailInfo::BadRequest);
}

#[test]
fn without_transaction_or_nonce_there_is_no_answer() {
    let house = &*HOUSE;
    let content = house.seal(&house.csr());
    let (kind, id, nonce) =
        (string(MESSAGE_TYPE, "19"), string(TRANSACTION_ID, "t"), octets(SENDER_NONCE, &[5; 16]));
    let unreadable = |attributes: &[&Attribute]| {
        let attributes: Vec<Attribute> = attributes.iter().map(|a| (*a).clone()).collect();
        house.unreadable(&house.sign(&content, &attributes))
    };
    assert_eq!(unreadable(&[&kind, &nonce]), Unreadable::TransactionId);
    assert_eq!(unreadable(&[&kind, &id, &id, &nonce]), Unreadable::TransactionId);
    let long = string(TRANSACTION_ID, &"t".repeat(257));
    assert_eq!(unreadable(&[&kind, &long, &nonce]), Unreadable::TransactionId);
    assert_eq!(unreadable(&[&kind, &id]), Unreadable::SenderNonce);
    assert_eq!(unreadable(&[&kind, &id, &nonce, &nonce]), Unreadable::SenderNonce);
    for length in [7, 65] {
        let odd = octets(SENDER_NONCE, &vec![5; length]);
        assert_eq!(unreadable(&[&kind, &id, &odd]), Unreadable::SenderNonce);
    }
    for length in [8, 64] {
        let odd = octets(SENDER_NONCE, &vec![5; length]);
        let message = house.sign(&content, &[kind.clone(), id.clone(), odd]);
        assert_eq!(house.parse(&message).unwrap().context.sender_nonce.len(), length);
    }
}

#[test]
fn broken_signed_data_is_unreadable() {
    let house = &*HOUSE;
    let good = house.sign(&house.seal(&house.csr()), &attributes("19"));
    let signers = |times| rebuild(&good, |fields| fields[4] = repeat(&fields[4], times));
    assert_eq!(house.unreadable(&signers(0)), Unreadable::Signers);
    assert_eq!(house.unreadable(&signers(2)), Unreadable::Signers);
    assert!(matches!(house.unreadable(&signers(5)), Unreadable::Malformed(_)));
    let bag = |times| rebuild(&good, |fields| fields[3] = repeat(&fields[3], times));
    assert_eq!(house.unreadable(&bag(0)), Unreadable::NoSigner);
    assert!(house.parse(&bag(16)).is_ok());
    assert!(matches!(house.unreadable(&bag(17)), Unreadable::Malformed(_)));
    assert_eq!(house.unreadable(&vec![0x30; 256 * 1024 + 1]), Unreadable::TooLong);
    let bomb = [0x30, 0x80].repeat(100_000);
    assert!(matches!(house.unreadable(&bomb), Unreadable::Malformed(_)));
    for end in 0..good.len() {
        house.unreadable(&good[..end]);
    }
}

#[test]
fn an_altered_message_is_refused() {
    let house = &*HOUSE;
    let good = house.sign(&house.seal(&house.csr()), &attributes("19"));
    let mut signature = good.clone();
    *signature.last_mut().unwrap() ^= 1;
    let refused = house.refused(&signature);
    assert_eq!(refused.fail_info, FailInfo::BadMessageCheck);
    let transaction = replace(&good, b"transaction", b"transection");
    assert_eq!(house.refused(&transaction).fail_info, FailInfo::BadMessageCheck);
    let digest = oid::SHA256.as_bytes();
    let content = replace(&good, oid::AES128_CBC.as_bytes(), oid::AES192_CBC.as_bytes());
    assert!(house.refused(&content).text.contains("digest"));
    // SHA-224, which nobody needs, in place of SHA-256: twice, the second is the signer's.
    let (_, fields) = fields(&good);
    let altered = replace(&fields[4], digest, &oid::SHA224.as_bytes()[..digest.len()]);
    let unknown = rebuild(&good, |fields| fields[4] = altered);
    let refused = house.refused(&unknown);
    assert_eq!(refused.fail_info, FailInfo::BadAlg);
    assert!(refused.text.contains("2.16.840.1.101.3.4.2.4"), "{}", refused.text);
}

#[test]
fn another_key_needs_another_certificate() {
    let house = &*HOUSE;
    let subject = Name::parse_text("CN=device").unwrap();
    let other = csr::build(&OTHER_KEY, &subject, &[], None).unwrap();
    let content = house.seal(&other);
    let refused = house.refused(&house.sign(&content, &attributes("19")));
    assert_eq!(refused.fail_info, FailInfo::BadMessageCheck);
    assert!(refused.text.contains("another key"), "{}", refused.text);
    let old = issue(&house.ca, &house.ca_key, &house.device_key, KeyUsage::DIGITAL_SIGNATURE);
    let signer = Signer { certificate: &old, key: &house.device_key, hash: Hash::Sha256 };
    let message = signed_data::build(&content, &attributes("19"), &signer, &[]).unwrap();
    assert_eq!(house.parse(&message).unwrap().signed_by, SignedBy::AnIssuedCertificate);
}

#[test]
fn an_elliptic_curve_signer_is_refused_before_anything_is_issued() {
    let house = &*HOUSE;
    let key = key(KeyType::EcdsaP256);
    let certificate = self_signed("CN=ec", &key, BasicConstraints::LEAF);
    let signer = Signer { certificate: &certificate, key: &key, hash: Hash::Sha256 };
    let content = house.seal(&house.csr());
    let message = signed_data::build(&content, &attributes("19"), &signer, &[]).unwrap();
    let refused = house.refused(&message);
    assert_eq!(refused.fail_info, FailInfo::BadAlg);
    assert!(refused.text.contains("RSA"));
}

#[test]
fn a_strict_gateway_refuses_triple_des_by_name() {
    let house = &*HOUSE;
    let sent = house.request(Offer { cipher: Cipher::TripleDes, ..OFFER });
    let strict = Algorithms { strict: true, legacy: true };
    let Err(NoRequest::Refused(refused)) = house.parse_with(&sent.message, strict) else {
        panic!("not refused");
    };
    assert_eq!(refused.fail_info, FailInfo::BadAlg);
    assert!(refused.text.contains("1.2.840.113549.3.7"), "{}", refused.text);
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_flipped_byte_makes_it_panic(at in any::<prop::sample::Index>(), mask in 1_u8..) {
        let house = &*HOUSE;
        let mut message = house.request(OFFER).message;
        let at = at.index(message.len());
        message[at] ^= mask;
        // A byte of the signer's own certificate may be free to change.
        let _ = house.parse(&message);
    }
}

#[test]
fn a_question_after_a_pending_request_is_of_the_same_transaction() {
    let house = &*HOUSE;
    let sent = house.request(OFFER);
    let subject = Name::parse_text("CN=device").unwrap();
    let wish =
        Wish { key: &house.device_key, subject: &subject, general_names: &[], challenge: None };
    let again = client::poll(&sent, &wish, &house.ra, OFFER, [6; 16]).unwrap();
    assert_eq!((&again.transaction_id, again.nonce), (&sent.transaction_id, [6; 16]));
    let refused = house.refused(&again.message);
    assert_eq!(refused.fail_info, FailInfo::BadRequest);
    assert!(refused.text.contains("polling (20)"), "{}", refused.text);
    assert_eq!(refused.context.transaction_id, sent.transaction_id);
    assert_eq!(refused.context.sender_nonce, [6; 16]);
    assert_eq!(refused.context.signer, sent.signer);
    // The answer is believed as that to the first question is.
    let answer = reply::failure(&refused, &house.responder(), NOW, NONCE).unwrap();
    let authorities = [house.ra.clone(), house.ca.clone()];
    let reply = client::parse_reply(&answer, &again, &house.device_key, &authorities).unwrap();
    assert!(matches!(reply, Reply::Failed { .. }));
    let earlier = client::parse_reply(&answer, &sent, &house.device_key, &authorities);
    assert_eq!(earlier.unwrap_err(), ReplyError::OtherRequest);
}
