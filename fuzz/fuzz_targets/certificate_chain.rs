//! Chains of certificates: as received, and with signatures that fit whatever stands inside.
#![no_main]

use std::sync::LazyLock;

use eap::{
    settings::{Identity, Settings, TlsVersion},
    trust::Trust,
};
use fuzz::{draw::Draw, holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    algorithm::SignatureAlgorithm,
    certificate::{Certificate, Serial},
    draft::{Draft, Issuer},
    extension::{BasicConstraints, EXTENSIONS_MAX, KeyUsage},
    general_name::{GENERAL_NAMES_MAX, GeneralName},
    key::Hash,
    name::Name,
    oid, pem, tlv,
};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::standalone);
static DEVICE: LazyLock<Holder> = LazyLock::new(|| HOLDER.leaf("device.example.test"));

/// The most certificates of one input.
const CERTIFICATES_MAX: usize = 6;

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte().map(|mark| mark % 2) {
            Some(0) => chain(&received(draw)),
            Some(_) => chain(&[forged(draw), HOLDER.certificate.der.clone()]),
            None => {}
        }
    }
);

/// Chains of the corpus, each certificate behind its length; a name and extensions of each.
fn seeds() -> Vec<Vec<u8>> {
    let ra = Holder::registration().certificate;
    let all = [&DEVICE.certificate, &HOLDER.certificate, &ra];
    let framed = |certificate: &Certificate| {
        let length = u16::try_from(certificate.der.len()).unwrap_or_default().to_be_bytes();
        [length.as_slice(), &certificate.der].concat()
    };
    let mut chains: Vec<Vec<u8>> = all.iter().map(|one| framed(one)).collect();
    chains.push(all.iter().flat_map(|one| framed(one)).collect());
    let parts = all.iter().filter_map(|certificate| {
        let name = certificate.subject.der();
        let length = u8::try_from(name.len()).ok()?;
        let extensions = certificate.extensions.iter().flat_map(pki::extension::Extension::der);
        Some([&[length], name, &extensions.collect::<Vec<u8>>()].concat())
    });
    let parts: Vec<_> = parts.collect();
    seed::marked(0, chains).chain(seed::marked(1, parts)).collect()
}

fn received(mut draw: Draw<'_>) -> Vec<Vec<u8>> {
    let mut chain = Vec::new();
    while chain.len() < CERTIFICATES_MAX
        && let Some(length) = draw.number()
    {
        let (piece, rest) = draw.0.split_at(length.min(draw.0.len()));
        draw = Draw(rest);
        chain.push(piece.to_vec());
    }
    chain
}

/// A certificate of the device's key with a drawn name and drawn extensions, signed by the
/// authority.
fn forged(mut draw: Draw<'_>) -> Vec<u8> {
    let name = draw.piece().unwrap_or_default();
    let authority = &HOLDER.certificate;
    let algorithm = SignatureAlgorithm::identifier_der(HOLDER.key.key_type(), Hash::Sha256);
    let tbs = tlv::sequence(&[
        tlv::encode(tlv::context(0), &tlv::integer(2)),
        tlv::integer(0x0102_0304_0506_0708),
        algorithm.clone(),
        authority.subject.der().to_vec(),
        tlv::sequence(&[tlv::time(authority.not_before), tlv::time(authority.not_after)]),
        name.to_vec(),
        DEVICE.certificate.public_key.der().to_vec(),
        tlv::encode(tlv::context(3), &tlv::encode(tlv::SEQUENCE, draw.0)),
    ]);
    let signature = HOLDER.key.sign(Hash::Sha256, &tbs).expect("the key signs");
    tlv::sequence(&[tbs, algorithm, tlv::bit_string(&signature)])
}

fn chain(ders: &[Vec<u8>]) {
    let read: Vec<Certificate> =
        ders.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    for certificate in &read {
        one(certificate);
        for issuer in &read {
            let fits = certificate.verify_signed_by(&issuer.public_key).is_ok();
            if fits && certificate.is_self_signed() {
                assert_eq!(certificate.issuer, certificate.subject);
            }
        }
    }
    let text: String = read.iter().map(pem::certificate).collect();
    if !read.is_empty() {
        assert_eq!(pem::certificates(&text).as_deref(), Ok(read.as_slice()));
    }
    tls(ders);
}

/// What is read of a certificate is bounded and always the same.
fn one(certificate: &Certificate) {
    assert!(certificate.extensions.len() <= EXTENSIONS_MAX);
    assert!(certificate.general_names().len() <= GENERAL_NAMES_MAX);
    let again = Certificate::parse(&certificate.der);
    assert_eq!(again.as_ref(), Ok(certificate));
    let _ = certificate.public_key.check_strength();
    let (name, extensions) = (certificate.subject.to_string(), &certificate.extensions);
    assert!(!name.chars().any(char::is_control), "{name:?}");
    let _ = (pki::extension::access_methods(extensions), certificate.key_usage());
    if let Ok(issuer) = Issuer::of(certificate, Hash::Sha256) {
        assert_eq!(certificate.basic_constraints().map(|(ca, _)| ca), Some(true));
        below(certificate, issuer);
    }
}

/// Whatever an authority of others says: what we sign below it is linted and read, or refused.
fn below(authority: &Certificate, issuer: Issuer) {
    if !authority.public_key.is_same_key(DEVICE.key.public_key()) {
        return;
    }
    let draft = Draft {
        serial: Serial::from_random([9; 16]),
        issuer,
        subject: Name::parse_text("CN=below").expect("it is a name"),
        public_key: HOLDER.key.public_key().clone(),
        not_before: authority.not_before,
        not_after: authority.not_before.plus_days(1),
        general_names: vec![GeneralName::dns("below.example.test").expect("it is a name")],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    match draft.lint() {
        Ok(linted) => {
            let leaf = linted.sign(&DEVICE.key).expect("the key is its own");
            assert_eq!(leaf.issuer, authority.subject);
            assert!(leaf.verify_signed_by(&authority.public_key).is_ok());
        }
        Err(complaints) => {
            let only_name = complaints.iter().all(|one| one.id() == "lint-issuer-name");
            assert!(only_name, "{complaints:?}");
        }
    }
}

/// The TLS library takes them as anchors and as a chain of one's own, or says why not.
fn tls(ders: &[Vec<u8>]) {
    let _ = Trust::check(ders, &["radius.example.test".to_owned()]);
    let key = DEVICE.key.to_pkcs8();
    if let Ok(identity) = Identity::parse(ders, &key) {
        let _ = Settings::check(&identity, ders, TlsVersion::Tls12, TlsVersion::Tls13);
    }
}
