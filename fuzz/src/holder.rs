//! Certificates and keys that never change: those of the corpus, worth nothing elsewhere.

use pki::{
    certificate::{Certificate, Serial},
    draft::{Draft, Issuer},
    extension::{BasicConstraints, KeyUsage},
    general_name::GeneralName,
    key::{Hash, PrivateKey},
    name::Name,
    oid, pem,
    time::Time,
};

/// A certificate and its key.
#[derive(Debug)]
pub struct Holder {
    /// The certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: PrivateKey,
}

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../tests/corpus/scep/keys/", $name))
    };
}

impl Holder {
    fn read(certificate: &str, key: &str) -> Self {
        let certificate = pem::certificates(certificate).expect("ours is sound").remove(0);
        let key = pem::parse_private_key(key).expect("ours is sound");
        Self { certificate, key }
    }

    /// The registration authority of the corpus.
    pub fn registration() -> Self {
        Self::read(corpus!("ra.pem"), corpus!("ra.key"))
    }

    /// The authority that decrypts for itself.
    pub fn standalone() -> Self {
        Self::read(corpus!("single.pem"), corpus!("single.key"))
    }

    /// The moment at which everything takes place: a day after this certificate begins.
    pub fn now(&self) -> Time {
        self.certificate.not_before.plus_days(1)
    }

    /// A leaf of this authority, named `dns`, for the key in `leaf.key`. An RSA authority signs
    /// the same bytes alike, so that the leaf is the same each time.
    ///
    /// # Panics
    /// This is no authority.
    pub fn leaf(&self, dns: &str) -> Self {
        let key = pem::parse_private_key(include_str!("../leaf.key")).expect("ours is sound");
        let draft = Draft {
            serial: Serial::from_random([9; 16]),
            issuer: Issuer::of(&self.certificate, Hash::Sha256).expect("it is an authority"),
            subject: Name::parse_text(&format!("CN={dns}")).expect("it is a name"),
            public_key: key.public_key().clone(),
            not_before: self.certificate.not_before,
            not_after: self.certificate.not_before.plus_days(397),
            general_names: vec![GeneralName::dns(dns).expect("it is a name")],
            key_usage: KeyUsage::DIGITAL_SIGNATURE,
            extended_key_usages: vec![oid::CLIENT_AUTH, oid::SERVER_AUTH],
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        let linted = draft.lint().expect("it is in order");
        Self { certificate: linted.sign(&self.key).expect("the key is its own"), key }
    }
}
