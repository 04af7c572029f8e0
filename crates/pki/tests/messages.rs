//! Certificate requests and cryptographic messages, made here, read back, and attacked.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails here"
)]

use std::sync::LazyLock;

use const_oid::ObjectIdentifier;
use pki::{
    algorithm::Digest,
    certificate::{Certificate, Serial},
    cms::{
        CertificateIdentifier,
        enveloped_data::{self, Cipher, EnvelopedData, OpenError},
        signed_data::{self, Attribute, SignedData, SignedDataError, Signer},
    },
    csr::{self, CHALLENGE_BYTES_MAX, CSR_BYTES_MAX, Csr, CsrError, Strictness},
    draft::{Draft, Issuer},
    extension::{BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyTransport, KeyType, PrivateKey, strength::WeakKey},
    name::Name,
    oid,
    time::Time,
    tlv,
};
use proptest::{prelude::*, test_runner::RngSeed};

static RSA: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Rsa2048).unwrap());
static EC: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::EcdsaP256).unwrap());

fn certificate(key: &PrivateKey, serial: u8) -> Certificate {
    let subject = Name::parse_text("CN=x").unwrap();
    let not_after = Time(1_800_000_000);
    let draft = Draft {
        serial: Serial::from_random([serial; 16]),
        issuer: Issuer::itself(&subject, key, Hash::Sha256, not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: Time(1_700_000_000),
        not_after,
        general_names: vec![],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    draft.lint().unwrap().sign(key).unwrap()
}

fn subject() -> Name {
    Name::parse_text("O=Lab, CN=device").unwrap()
}

fn parse(der: &[u8]) -> Result<Csr, CsrError> {
    Csr::parse(der, Strictness::Strict)
}

/// A request of these encoded attributes, signed by the elliptic curve key.
fn request(attributes: &[Vec<u8>]) -> Vec<u8> {
    let info = tlv::sequence(&[
        tlv::integer(0),
        subject().der().to_vec(),
        EC.public_key().der().to_vec(),
        tlv::constructed(tlv::context(0), attributes),
    ]);
    let signature = tlv::bit_string(&EC.sign(Hash::Sha256, &info).unwrap());
    tlv::sequence(&[info, tlv::sequence(&[tlv::oid(&oid::ECDSA_WITH_SHA256)]), signature])
}

fn attribute(oid: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    tlv::sequence(&[tlv::oid(&oid), tlv::encode(tlv::SET, value)])
}

fn challenge(value: &[u8]) -> Result<String, CsrError> {
    let csr = parse(&request(&[attribute(oid::CHALLENGE_PASSWORD, value)]))?;
    Ok(csr.challenge_password.unwrap().expose().to_owned())
}

#[test]
fn a_request_survives_the_round_trip() {
    let names = [
        GeneralName::dns("a.example").unwrap(),
        GeneralName::upn("a@corp").unwrap(),
        GeneralName::uri("urn:a:b").unwrap(),
    ];
    for key in [&*RSA, &*EC] {
        let der = csr::build(key, &subject(), &names, Some("s3cret ü")).unwrap();
        let csr = parse(&der).unwrap();
        assert_eq!(csr.subject, subject());
        assert_eq!(&csr.public_key, key.public_key());
        assert_eq!(csr.general_names, names);
        assert_eq!(csr.challenge_password.as_ref().unwrap().expose(), "s3cret ü");
        assert!(!format!("{csr:?}").contains("s3cret"));
        assert_eq!(csr.der, der);
    }
}

#[test]
fn challenges_of_every_string_type_are_read() {
    assert_eq!(challenge(&tlv::encode(tlv::PRINTABLE_STRING, b"abc")).unwrap(), "abc");
    assert_eq!(challenge(&tlv::encode(tlv::IA5_STRING, b"a@c")).unwrap(), "a@c");
    assert_eq!(challenge(&tlv::encode(tlv::BMP_STRING, &[0, 97, 0, 98])).unwrap(), "ab");
    assert_eq!(challenge(&tlv::octet_string(b"abc")).unwrap(), "abc");
    let bare = tlv::sequence(&[tlv::oid(&oid::CHALLENGE_PASSWORD), tlv::octet_string(b"abc")]);
    let csr = parse(&request(&[bare])).unwrap();
    assert_eq!(csr.challenge_password.unwrap().expose(), "abc");
}

#[test]
fn challenges_have_a_maximum() {
    let text = |length| tlv::encode(tlv::UTF8_STRING, &vec![b'a'; length]);
    assert_eq!(challenge(&text(CHALLENGE_BYTES_MAX)).unwrap().len(), CHALLENGE_BYTES_MAX);
    assert_eq!(challenge(&text(CHALLENGE_BYTES_MAX + 1)), Err(CsrError::ChallengeTooLong));
    assert_eq!(challenge(&text(2 * CHALLENGE_BYTES_MAX + 1)), Err(CsrError::ChallengeTooLong));
    assert!(matches!(challenge(&tlv::integer(1)), Err(CsrError::Malformed(_))));
}

#[test]
fn what_else_was_asked_is_told_and_not_copied() {
    let extension = |oid, value| Extension { oid, critical: false, value }.der();
    let list = tlv::sequence(&[
        extension(oid::BASIC_CONSTRAINTS, BasicConstraints { ca: true, path_len: None }.der()),
        extension(oid::KEY_USAGE, KeyUsage::KEY_CERT_SIGN.der()),
        extension(oid::EXTENDED_KEY_USAGE, tlv::sequence(&[tlv::oid(&oid::CODE_SIGNING)])),
        extension(oid::SUBJECT_KEY_IDENTIFIER, tlv::octet_string(&[1])),
    ]);
    let csr = parse(&request(&[attribute(oid::EXTENSION_REQUEST, &list)])).unwrap();
    assert!(csr.asked.ca);
    assert_eq!(csr.asked.key_usage, Some(KeyUsage::KEY_CERT_SIGN));
    assert_eq!(csr.asked.extended_key_usages, [oid::CODE_SIGNING]);
    let [extension] = csr.asked.extensions.as_slice() else { panic!("{:?}", csr.asked) };
    assert_eq!((extension.oid, extension.critical), (oid::SUBJECT_KEY_IDENTIFIER, false));
}

#[test]
fn hostile_requests_are_refused() {
    let good = csr::build(&RSA, &subject(), &[], Some("x")).unwrap();
    for end in 0..good.len() {
        assert!(parse(&good[..end]).is_err());
    }
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert_eq!(parse(&altered).unwrap_err(), CsrError::Signature);
    assert_eq!(parse(&vec![0x30; CSR_BYTES_MAX + 1]).unwrap_err(), CsrError::TooLong);
    let twice = vec![attribute(oid::CHALLENGE_PASSWORD, &tlv::encode(0x13, b"a")); 2];
    assert!(matches!(parse(&request(&twice)), Err(CsrError::Malformed(_))));
    let many = vec![attribute(oid::CONTENT_TYPE, &[]); 33];
    assert!(matches!(parse(&request(&many)), Err(CsrError::Malformed(_))));
}

/// The request with its signature algorithm exchanged.
fn with_algorithm(der: &[u8], algorithm: ObjectIdentifier) -> Vec<u8> {
    let parts = tlv::only(der, tlv::SEQUENCE).unwrap().children(3).unwrap();
    let identifier = tlv::sequence(&[tlv::oid(&algorithm)]);
    tlv::sequence(&[parts[0].raw, &identifier, parts[2].raw])
}

#[test]
fn old_signature_algorithms_are_named() {
    let good = csr::build(&RSA, &subject(), &[], None).unwrap();
    let sha1 = with_algorithm(&good, oid::SHA1_WITH_RSA);
    assert_eq!(parse(&sha1).unwrap_err(), CsrError::Sha1);
    let accepted = Csr::parse(&sha1, Strictness::AcceptSha1).unwrap_err();
    assert_eq!(accepted, CsrError::Signature, "SHA-1 is tried, and it does not fit");
    let md5 = with_algorithm(&good, oid::MD5_WITH_RSA);
    assert_eq!(Csr::parse(&md5, Strictness::AcceptSha1).unwrap_err(), CsrError::Md5);
    let none = with_algorithm(&good, oid::RSA_ENCRYPTION);
    assert_eq!(parse(&none).unwrap_err(), CsrError::Algorithm);
    let mixed = with_algorithm(&good, oid::ECDSA_WITH_SHA256);
    assert_eq!(parse(&mixed).unwrap_err(), CsrError::Algorithm);
    let without_null = with_algorithm(&good, oid::SHA256_WITH_RSA);
    assert!(parse(&without_null).is_ok(), "an absent NULL is accepted");
}

#[test]
fn weak_keys_are_refused_by_name() {
    let numbers = [tlv::integer_from_magnitude(&[0xff; 128]), tlv::integer(65_537)];
    let algorithm = tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()]);
    let key = tlv::sequence(&[algorithm, tlv::bit_string(&tlv::sequence(&numbers))]);
    let info = tlv::sequence(&[tlv::integer(0), subject().der().to_vec(), key]);
    let algorithm = tlv::sequence(&[tlv::oid(&oid::SHA256_WITH_RSA), tlv::null()]);
    let csr = tlv::sequence(&[info, algorithm, tlv::bit_string(&[1; 128])]);
    assert_eq!(parse(&csr).unwrap_err(), CsrError::WeakKey(WeakKey::RsaSize(1024)));
}

#[test]
fn every_cipher_opens_what_it_sealed() {
    let ours = certificate(&RSA, 1);
    for cipher in [Cipher::Des, Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
        let message = enveloped_data::seal(b"content", &ours, cipher).unwrap();
        let envelope = EnvelopedData::parse(&message).unwrap();
        assert_eq!(envelope.cipher(), Some(cipher));
        assert_eq!(*envelope.open(&ours, &RSA).unwrap(), b"content");
    }
}

/// An envelope with one recipient of this identifier, its content key encrypted anew.
fn envelope(
    identifier: Vec<u8>,
    transport: &[Vec<u8>],
    encrypt: impl Fn(&[u8]) -> Vec<u8>,
) -> EnvelopedData {
    let ours = certificate(&RSA, 1);
    let message = enveloped_data::seal(b"content", &ours, Cipher::Aes128).unwrap();
    let info = tlv::only(&message, tlv::SEQUENCE).unwrap().children(2).unwrap();
    let fields = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(3).unwrap();
    let sent = tlv::only(fields[1].content, tlv::SEQUENCE).unwrap().children(4).unwrap();
    let content_key = RSA.decrypt(KeyTransport::Pkcs1, sent[3].content).unwrap();
    let recipient = tlv::sequence(&[
        tlv::integer(0),
        identifier,
        tlv::sequence(transport),
        tlv::octet_string(&encrypt(&content_key)),
    ]);
    let data = tlv::sequence(&[fields[0].raw, &tlv::set_of(&[recipient]), fields[2].raw]);
    let parts = [tlv::oid(&oid::ENVELOPED_DATA), tlv::encode(tlv::context(0), &data)];
    EnvelopedData::parse(&tlv::sequence(&parts)).unwrap()
}

fn oaep(hash: Digest, mask: Digest) -> Vec<Vec<u8>> {
    let mgf = tlv::sequence(&[tlv::oid(&oid::MGF1), mask.identifier_der()]);
    let parameters = tlv::sequence(&[
        tlv::encode(tlv::context(0), &hash.identifier_der()),
        tlv::encode(tlv::context(1), &mgf),
    ]);
    vec![tlv::oid(&oid::RSAES_OAEP), parameters]
}

#[test]
fn oaep_is_told_apart_by_its_parameters() {
    let ours = certificate(&RSA, 1);
    let identifier = || {
        let serial = tlv::encode(tlv::INTEGER, ours.serial.content());
        tlv::sequence(&[ours.issuer.der().to_vec(), serial])
    };
    let open = |parameters: &[Vec<u8>], transport| {
        let encrypt = |key: &[u8]| RSA.public_key().encrypt(transport, key).unwrap();
        envelope(identifier(), parameters, encrypt).open(&ours, &RSA).map(|c| c.to_vec())
    };
    for (digest, transport) in [
        (Digest::Sha1, KeyTransport::OaepSha1),
        (Digest::Sha256, KeyTransport::OaepSha256),
        (Digest::Sha384, KeyTransport::OaepSha384),
        (Digest::Sha512, KeyTransport::OaepSha512),
    ] {
        assert_eq!(open(&oaep(digest, digest), transport), Ok(b"content".to_vec()));
        assert_eq!(open(&oaep(digest, digest), KeyTransport::Pkcs1), Err(OpenError::Failed));
    }
    let absent = [tlv::oid(&oid::RSAES_OAEP)];
    assert_eq!(open(&absent, KeyTransport::OaepSha1), Ok(b"content".to_vec()));
    let without_null = [tlv::oid(&oid::RSA_ENCRYPTION)];
    assert_eq!(open(&without_null, KeyTransport::Pkcs1), Ok(b"content".to_vec()));
    let mixed = oaep(Digest::Sha256, Digest::Sha1);
    let unsupported = Err(OpenError::Transport(oid::RSAES_OAEP));
    assert_eq!(open(&mixed, KeyTransport::OaepSha256), unsupported);
    let other = [tlv::oid(&oid::EC_PUBLIC_KEY)];
    let unsupported = Err(OpenError::Transport(oid::EC_PUBLIC_KEY));
    assert_eq!(open(&other, KeyTransport::Pkcs1), unsupported);
}

#[test]
fn the_recipient_is_found_by_serial_key_identifier_or_alone() {
    let (ours, other) = (certificate(&RSA, 1), certificate(&EC, 2));
    let pkcs1 = [tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()];
    let by = |identifier| envelope(identifier, &pkcs1, <[u8]>::to_vec);
    let serial = |c: &Certificate| tlv::encode(tlv::INTEGER, c.serial.content());
    let renamed = Name::parse_text("CN=renamed").unwrap();
    let renamed = by(tlv::sequence(&[renamed.der().to_vec(), serial(&ours)]));
    assert_eq!(renamed.recipient(&[&other, &ours]), Ok(1));
    let by_key = by(tlv::encode(0x80, ours.subject_key_identifier().unwrap()));
    assert_eq!(by_key.recipient(&[&other, &ours]), Ok(1));
    let unknown = by(tlv::encode(0x80, &[1; 20]));
    assert_eq!(unknown.recipient(&[&ours, &other]), Ok(0));
    assert_eq!(unknown.recipient(&[]), Err(OpenError::NotForUs));
}

#[test]
fn the_content_may_come_in_pieces() {
    let ours = certificate(&RSA, 1);
    let message = enveloped_data::seal(b"content", &ours, Cipher::Aes128).unwrap();
    // The encrypted content is one block at the very end: 80 10 and 16 octets.
    let (front, encrypted) = message.split_at(message.len() - 16);
    let pieces = [tlv::octet_string(&encrypted[..5]), tlv::octet_string(&encrypted[5..])];
    let pieces = tlv::constructed(tlv::context(0), &pieces);
    let info = tlv::only(&message, tlv::SEQUENCE).unwrap().children(2).unwrap();
    let fields = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(3).unwrap();
    let content = fields[2].children(3).unwrap();
    assert!(front.ends_with(&[0x80, 16]));
    let content = tlv::sequence(&[content[0].raw, content[1].raw, &pieces]);
    // Indefinite lengths all the way down to it.
    let data = [&[0x30, 0x80], fields[0].raw, fields[1].raw, &content[..], &[0, 0]].concat();
    let wrapped = [&[0xa0, 0x80], &data[..], &[0, 0]].concat();
    let whole = [&[0x30, 0x80], info[0].raw, &wrapped[..], &[0, 0]].concat();
    let envelope = EnvelopedData::parse(&whole).unwrap();
    assert_eq!(*envelope.open(&ours, &RSA).unwrap(), b"content");
}

#[test]
fn signatures_hold_over_content_and_attributes() {
    let attribute = Attribute { oid: oid::SIGNING_TIME, values: vec![tlv::time(Time(0))] };
    for (key, hash) in [(&*RSA, Hash::Sha384), (&*EC, Hash::Sha256)] {
        let certificate = certificate(key, 1);
        let signer = Signer { certificate: &certificate, key, hash };
        let message =
            signed_data::build(b"content", std::slice::from_ref(&attribute), &signer, &[]).unwrap();
        let signed = SignedData::parse(&message).unwrap();
        assert_eq!(signed.content.as_deref(), Some(&b"content"[..]));
        assert_eq!(signed.certificates, std::slice::from_ref(&certificate));
        let info = &signed.signers[0];
        assert_eq!(info.identifier, CertificateIdentifier::of(&certificate));
        assert_eq!(info.verify(b"content", key.public_key()), Ok(()));
        assert_eq!(info.verify(b"contend", key.public_key()), Err(SignedDataError::MessageDigest));
        let other = if key.key_type().is_rsa() { &*EC } else { &*RSA };
        assert_eq!(info.verify(b"content", other.public_key()), Err(SignedDataError::Signature));
    }
}

/// The message with the attributes of its signer in another order, or without them.
fn rearranged(message: &[u8], change: impl Fn(&mut Vec<&[u8]>)) -> Vec<u8> {
    let info = tlv::only(message, tlv::SEQUENCE).unwrap().children(2).unwrap();
    let fields = tlv::only(info[1].content, tlv::SEQUENCE).unwrap().children(5).unwrap();
    let signer = tlv::only(fields[4].content, tlv::SEQUENCE).unwrap().children(6).unwrap();
    let attributes = signer[3].children(9).unwrap();
    let mut attributes: Vec<&[u8]> = attributes.iter().map(|a| a.raw).collect();
    change(&mut attributes);
    let mut parts: Vec<Vec<u8>> = signer.iter().map(|part| part.raw.to_vec()).collect();
    if attributes.is_empty() {
        parts.remove(3);
    } else {
        parts[3] = tlv::constructed(tlv::context(0), &attributes);
    }
    let mut fields: Vec<Vec<u8>> = fields.iter().map(|field| field.raw.to_vec()).collect();
    fields[4] = tlv::set_of(&[tlv::sequence(&parts)]);
    let content = tlv::encode(tlv::context(0), &tlv::sequence(&fields));
    tlv::sequence(&[info[0].raw.to_vec(), content])
}

#[test]
fn attributes_may_be_sent_unsorted_but_not_left_out() {
    let certificate = certificate(&EC, 1);
    let signer = Signer { certificate: &certificate, key: &EC, hash: Hash::Sha256 };
    let message = signed_data::build(b"content", &[], &signer, &[]).unwrap();
    let verify = |message: &[u8]| {
        let signed = SignedData::parse(message).unwrap();
        signed.signers[0].verify(b"content", EC.public_key())
    };
    assert_eq!(verify(&rearranged(&message, |attributes| attributes.reverse())), Ok(()));
    assert_eq!(
        verify(&rearranged(&message, |attributes| attributes.clear())),
        Err(SignedDataError::NoAttributes)
    );
    let twice = rearranged(&message, |attributes| attributes.extend(attributes.clone()));
    assert_eq!(verify(&twice), Err(SignedDataError::MessageDigest));
}

#[test]
fn certificates_keep_their_order_in_a_bag() {
    let certificates = [certificate(&EC, 9), certificate(&RSA, 1), certificate(&EC, 5)];
    let message = signed_data::certificates_only(&certificates);
    assert_eq!(SignedData::parse(&message).unwrap().certificates, certificates);
    for end in 0..message.len() {
        assert!(SignedData::parse(&message[..end]).is_err());
    }
}

static SAMPLES: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let ours = certificate(&RSA, 1);
    let signer = Signer { certificate: &ours, key: &RSA, hash: Hash::Sha256 };
    let names = [GeneralName::dns("a.example").unwrap(), GeneralName::upn("a@b").unwrap()];
    [
        csr::build(&EC, &subject(), &names, Some("x")).unwrap(),
        signed_data::build(b"content", &[], &signer, &[]).unwrap(),
        enveloped_data::seal(b"content", &ours, Cipher::Aes256).unwrap(),
        ours.der.clone(),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_altered_sample_makes_a_parser_panic(
        which in 0_usize..4,
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
        drop in 0_usize..3,
    ) {
        let mut bytes = SAMPLES[which].clone();
        let at = at.index(bytes.len());
        bytes[at] = with;
        bytes.drain(at..(at + drop).min(bytes.len()));
        let _ = Csr::parse(&bytes, Strictness::AcceptSha1);
        let _ = Certificate::parse(&bytes);
        if let Ok(signed) = SignedData::parse(&bytes)
            && let [signer] = signed.signers.as_slice()
        {
            let _ = signer.verify(b"content", RSA.public_key());
        }
        if let Ok(envelope) = EnvelopedData::parse(&bytes) {
            let _ = envelope.open(&certificate(&RSA, 1), &RSA);
        }
    }

    #[test]
    fn no_text_makes_a_name_panic(text in ".{0,60}") {
        if let Ok(name) = Name::parse_text(&text) {
            prop_assert_eq!(Name::parse_text(&name.to_string()).unwrap(), name);
        }
        let _ = GeneralName::parse_text(&text);
        let _ = Time::parse_rfc3339(&text);
        let _ = Serial::parse_text(&text);
    }

    #[test]
    fn names_of_any_value_survive_the_round_trip(value in "[^\u{0}]{1,30}") {
        let name = Name::from_pairs(&[(oid::COMMON_NAME, &value), (oid::ORGANIZATION, "x")]).unwrap();
        prop_assert_eq!(Name::parse_text(&name.to_string()).unwrap(), name);
    }
}
