//! CMS: bounds hold, what is read can be read again, and opening says always the same.
#![no_main]

use std::sync::LazyLock;

use fuzz::{holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::cms::{
    ATTRIBUTES_MAX, CERTIFICATES_MAX, SIGNERS_MAX,
    enveloped_data::EnvelopedData,
    signed_data::{self, Attribute, SignedData, Signer},
};
use pki::{key::Hash, oid};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::registration);

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        signed(data);
        enveloped(data);
    }
);

/// The messages of the corpus, and the envelopes inside them.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = seed::corpus(".der");
    let inner = seeds.iter().filter_map(|seed| SignedData::parse(seed).ok()?.content);
    let inner: Vec<_> = inner.collect();
    seeds.extend(inner);
    seeds
}

fn signed(data: &[u8]) {
    let Ok(read) = SignedData::parse(data) else { return };
    assert!(read.certificates.len() <= CERTIFICATES_MAX && read.signers.len() <= SIGNERS_MAX);
    assert!(read.content.as_ref().is_none_or(|content| content.len() <= data.len()));
    let again = signed_data::certificates_only(&read.certificates);
    let again = SignedData::parse(&again).expect("we wrote it");
    assert_eq!(again.certificates, read.certificates);
    assert_eq!((again.content, again.signers.len()), (None, 0));
    let content = read.content.unwrap_or_default();
    for signer in &read.signers {
        assert!(signer.attributes.len() <= ATTRIBUTES_MAX);
        for certificate in &read.certificates {
            let verified = signer.verify(&content, &certificate.public_key);
            let other = signer.verify(b"another content", &certificate.public_key);
            assert!(verified.is_err() || other.is_err());
        }
    }
    if let Some(signer) = read.signers.first() {
        sign_again(&content, &signer.attributes);
    }
}

/// Our own signature over the same content and attributes is read with all of them, and fits.
fn sign_again(content: &[u8], attributes: &[Attribute]) {
    let ours = [oid::CONTENT_TYPE, oid::MESSAGE_DIGEST];
    let others: Vec<_> =
        attributes.iter().filter(|a| !ours.contains(&a.oid)).take(30).cloned().collect();
    let signer = Signer { certificate: &HOLDER.certificate, key: &HOLDER.key, hash: Hash::Sha256 };
    let message = signed_data::build(content, &others, &signer, &[]).expect("the key signs");
    let Ok(read) = SignedData::parse(&message) else {
        // What is deep becomes deeper inside a message, or longer than one may be.
        return;
    };
    assert_eq!(read.content.as_deref(), Some(content));
    let [signer] = read.signers.as_slice() else { panic!("one signer was written") };
    assert_eq!(signer.verify(content, &HOLDER.certificate.public_key), Ok(()));
    assert_eq!(signer.attributes.len(), others.len() + 2);
    for attribute in &others {
        let mut values = attribute.values.clone();
        values.sort();
        assert!(signer.attributes.iter().any(|a| a.oid == attribute.oid && a.values == values));
    }
}

fn enveloped(data: &[u8]) {
    let Ok(read) = EnvelopedData::parse(data) else { return };
    let _ = read.recipient(&[&HOLDER.certificate]);
    let first = read.open(&HOLDER.certificate, &HOLDER.key);
    // A substitute key must not give itself away by being another each time.
    assert_eq!(first, read.open(&HOLDER.certificate, &HOLDER.key));
    assert!(first.is_err() || first.is_ok_and(|content| content.len() < data.len()));
}
