//! Which verification of the library belongs to which key and algorithm.

use aws_lc_rs::signature::{self as s, VerificationAlgorithm};

use crate::{
    algorithm::{Digest, SignatureAlgorithm},
    key::KeyKind,
};

type Verification = &'static dyn VerificationAlgorithm;

/// The verification of a signature algorithm with a key of this kind, if there is one.
pub(super) fn of(kind: KeyKind, algorithm: SignatureAlgorithm) -> Option<Verification> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1(digest) => pkcs1(kind, digest),
        SignatureAlgorithm::RsaPss(digest) => pss(kind, digest),
        SignatureAlgorithm::Ecdsa(digest) => ecdsa(kind, digest),
        SignatureAlgorithm::KeyOnly | SignatureAlgorithm::Other(_) => None,
    }
}

fn pkcs1(kind: KeyKind, digest: Digest) -> Option<Verification> {
    match (kind, digest) {
        (KeyKind::Rsa { .. }, Digest::Sha1) => {
            Some(&s::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)
        }
        (KeyKind::Rsa { .. }, Digest::Sha256) => Some(&s::RSA_PKCS1_2048_8192_SHA256),
        (KeyKind::Rsa { .. }, Digest::Sha384) => Some(&s::RSA_PKCS1_2048_8192_SHA384),
        (KeyKind::Rsa { .. }, Digest::Sha512) => Some(&s::RSA_PKCS1_2048_8192_SHA512),
        (KeyKind::Rsa { .. }, Digest::Md5)
        | (
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 | KeyKind::Other,
            Digest::Md5 | Digest::Sha1 | Digest::Sha256 | Digest::Sha384 | Digest::Sha512,
        ) => None,
    }
}

fn pss(kind: KeyKind, digest: Digest) -> Option<Verification> {
    match (kind, digest) {
        (KeyKind::Rsa { .. }, Digest::Sha256) => Some(&s::RSA_PSS_2048_8192_SHA256),
        (KeyKind::Rsa { .. }, Digest::Sha384) => Some(&s::RSA_PSS_2048_8192_SHA384),
        (KeyKind::Rsa { .. }, Digest::Sha512) => Some(&s::RSA_PSS_2048_8192_SHA512),
        (KeyKind::Rsa { .. }, Digest::Md5 | Digest::Sha1)
        | (
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 | KeyKind::Other,
            Digest::Md5 | Digest::Sha1 | Digest::Sha256 | Digest::Sha384 | Digest::Sha512,
        ) => None,
    }
}

fn ecdsa(kind: KeyKind, digest: Digest) -> Option<Verification> {
    match (kind, digest) {
        (KeyKind::EcdsaP256, Digest::Sha1) => Some(&s::ECDSA_P256_SHA1_ASN1),
        (KeyKind::EcdsaP256, Digest::Sha256) => Some(&s::ECDSA_P256_SHA256_ASN1),
        (KeyKind::EcdsaP256, Digest::Sha384) => Some(&s::ECDSA_P256_SHA384_ASN1),
        (KeyKind::EcdsaP256, Digest::Sha512) => Some(&s::ECDSA_P256_SHA512_ASN1),
        (KeyKind::EcdsaP384, Digest::Sha256) => Some(&s::ECDSA_P384_SHA256_ASN1),
        (KeyKind::EcdsaP384, Digest::Sha384) => Some(&s::ECDSA_P384_SHA384_ASN1),
        (KeyKind::EcdsaP384, Digest::Sha512) => Some(&s::ECDSA_P384_SHA512_ASN1),
        (KeyKind::EcdsaP521, Digest::Sha1) => Some(&s::ECDSA_P521_SHA1_ASN1),
        (KeyKind::EcdsaP521, Digest::Sha256) => Some(&s::ECDSA_P521_SHA256_ASN1),
        (KeyKind::EcdsaP521, Digest::Sha384) => Some(&s::ECDSA_P521_SHA384_ASN1),
        (KeyKind::EcdsaP521, Digest::Sha512) => Some(&s::ECDSA_P521_SHA512_ASN1),
        (KeyKind::EcdsaP384, Digest::Sha1)
        | (KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521, Digest::Md5)
        | (
            KeyKind::Rsa { .. } | KeyKind::Other,
            Digest::Md5 | Digest::Sha1 | Digest::Sha256 | Digest::Sha384 | Digest::Sha512,
        ) => None,
    }
}
