//! Private and public keys: made, read, written, used.

use std::fmt;

use aws_lc_rs::{
    digest,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
        OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey,
    },
    signature::{self, EcdsaKeyPair, RsaKeyPair},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::{
    algorithm::{Digest, SignatureAlgorithm},
    oid,
    tlv::{self, Malformed},
};

mod private;
pub mod strength;
mod verification;

/// The largest `SubjectPublicKeyInfo` in bytes: RSA-8192 needs about 1,060, and some air for others.
pub const PUBLIC_KEY_BYTES_MAX: usize = 8 * 1024;

/// The kinds of key that are made here.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
pub enum KeyType {
    /// RSA with a modulus of 2048 bits.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    #[serde(rename = "rsa-4096")]
    Rsa4096,
    /// ECDSA over P-256.
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
    /// ECDSA over P-384.
    #[serde(rename = "ecdsa-p384")]
    EcdsaP384,
}

impl KeyType {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 5] =
        [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::EcdsaP256, Self::EcdsaP384];

    /// The name used in files and on the screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
        }
    }

    /// Whether this is an RSA key, which SCEP needs for decryption.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => true,
            Self::EcdsaP256 | Self::EcdsaP384 => false,
        }
    }

    /// Whether a key of this type can sign with this hash: a P-256 key only with SHA-256, a P-384
    /// key only with SHA-384, an RSA key with all.
    #[must_use]
    pub fn signs_with(self, hash: Hash) -> bool {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => true,
            Self::EcdsaP256 => hash == Hash::Sha256,
            Self::EcdsaP384 => hash == Hash::Sha384,
        }
    }

    /// The hash that fits this key when nobody chose one.
    #[must_use]
    pub fn default_hash(self) -> Hash {
        match self {
            Self::EcdsaP384 => Hash::Sha384,
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::EcdsaP256 => Hash::Sha256,
        }
    }
}

/// The hashes that are signed with here.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The name used in files and on the screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }
}

/// How a content key travels to an RSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyTransport {
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// RSAES-OAEP with SHA-1 and MGF1 over SHA-1, the default parameters.
    OaepSha1,
    /// RSAES-OAEP with SHA-256 and MGF1 over SHA-256.
    OaepSha256,
    /// RSAES-OAEP with SHA-384 and MGF1 over SHA-384.
    OaepSha384,
    /// RSAES-OAEP with SHA-512 and MGF1 over SHA-512.
    OaepSha512,
}

/// What can go wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The cryptography could not make a key.
    #[error("a key could not be generated")]
    Generation,
    /// The bytes are not a PKCS #8 key of a type that is used here.
    #[error("not an unencrypted PKCS #8 key of RSA 2048, 3072 or 4096 bits, P-256 or P-384")]
    Private,
    /// The bytes are not a `SubjectPublicKeyInfo`.
    #[error("not a public key")]
    Public,
    /// The key does not sign with that hash.
    #[error("{0:?} does not sign with {1:?}")]
    Hash(KeyType, Hash),
    /// The cryptography refused to sign.
    #[error("signing failed")]
    Signing,
    /// Only RSA keys encrypt and decrypt.
    #[error("only an RSA key can encrypt or decrypt")]
    NotRsa,
    /// Encryption failed; the content is too long for the key.
    #[error("encryption failed")]
    Encryption,
    /// Decryption failed; deliberately without a reason.
    #[error("decryption failed")]
    Decryption,
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The algorithm, or its use with this key, is not supported.
    #[error("the signature algorithm is not supported with this key")]
    Unsupported,
    /// The signature was not made by this key over these bytes.
    #[error("the signature does not fit")]
    Mismatch,
}

/// A private key. It prints as its type, never as itself.
pub struct PrivateKey {
    pair: Pair,
    key_type: KeyType,
    public_key: PublicKey,
    rejection_secret: Zeroizing<Vec<u8>>,
}

enum Pair {
    Rsa { signing: RsaKeyPair, decrypting: PrivateDecryptingKey },
    Ecdsa(EcdsaKeyPair),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("key_type", &self.key_type).finish_non_exhaustive()
    }
}

fn oaep(transport: KeyTransport) -> Option<&'static OaepAlgorithm> {
    match transport {
        KeyTransport::Pkcs1 => None,
        KeyTransport::OaepSha1 => Some(&OAEP_SHA1_MGF1SHA1),
        KeyTransport::OaepSha256 => Some(&OAEP_SHA256_MGF1SHA256),
        KeyTransport::OaepSha384 => Some(&OAEP_SHA384_MGF1SHA384),
        KeyTransport::OaepSha512 => Some(&OAEP_SHA512_MGF1SHA512),
    }
}

/// What a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA.
    Rsa {
        /// The size of the modulus.
        bits: usize,
        /// The public exponent; `u64::MAX` stands for larger ones.
        exponent: u64,
    },
    /// ECDSA over P-256.
    EcdsaP256,
    /// ECDSA over P-384.
    EcdsaP384,
    /// ECDSA over P-521.
    EcdsaP521,
    /// Anything else.
    Other,
}

/// A public key, kept as the `SubjectPublicKeyInfo` that was received.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey {
    der: Vec<u8>,
    bits: Vec<u8>,
    kind: KeyKind,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7) of at most [`PUBLIC_KEY_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`KeyError::Public`] when the bytes are none.
    pub fn parse(spki_der: &[u8]) -> Result<Self, KeyError> {
        if spki_der.len() > PUBLIC_KEY_BYTES_MAX {
            return Err(KeyError::Public);
        }
        Self::read(spki_der).map_err(|_| KeyError::Public)
    }

    fn read(spki_der: &[u8]) -> Result<Self, Malformed> {
        let mut reader = tlv::only(spki_der, tlv::SEQUENCE)?.reader();
        let mut algorithm = reader.expect(tlv::SEQUENCE)?.reader();
        let bits = reader.read()?.whole_bits()?;
        reader.finish()?;
        let oid = algorithm.read()?.oid()?;
        let kind = if oid == oid::RSA_ENCRYPTION || oid == oid::RSASSA_PSS {
            let mut numbers = tlv::only(bits, tlv::SEQUENCE)?.reader();
            let modulus = numbers.read()?.magnitude()?;
            let exponent = numbers.read()?;
            exponent.magnitude()?;
            numbers.finish()?;
            let unused = modulus.first().map_or(0, |first| first.leading_zeros() as usize);
            KeyKind::Rsa {
                bits: modulus.len() * 8 - unused,
                exponent: exponent.unsigned().unwrap_or(u64::MAX),
            }
        } else if oid == oid::EC_PUBLIC_KEY {
            let curve = algorithm.read()?;
            [
                (oid::SECP256R1, KeyKind::EcdsaP256),
                (oid::SECP384R1, KeyKind::EcdsaP384),
                (oid::SECP521R1, KeyKind::EcdsaP521),
            ]
            .into_iter()
            .find(|(oid, _)| curve.oid().is_ok_and(|curve| curve == *oid))
            .map_or(KeyKind::Other, |(_, kind)| kind)
        } else {
            KeyKind::Other
        };
        Ok(Self { der: spki_der.to_vec(), bits: bits.to_vec(), kind })
    }

    /// The `SubjectPublicKeyInfo` as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The content of its BIT STRING, which identifiers are hashed from.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// What this key is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Whether the other key is the same key, however its algorithm parameters were written.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self.kind == other.kind && self.bits == other.bits
    }

    /// The type of our own making that this key has, if it has one.
    #[must_use]
    pub fn key_type(&self) -> Option<KeyType> {
        match self.kind {
            KeyKind::Rsa { bits: 2048, .. } => Some(KeyType::Rsa2048),
            KeyKind::Rsa { bits: 3072, .. } => Some(KeyType::Rsa3072),
            KeyKind::Rsa { bits: 4096, .. } => Some(KeyType::Rsa4096),
            KeyKind::EcdsaP256 => Some(KeyType::EcdsaP256),
            KeyKind::EcdsaP384 => Some(KeyType::EcdsaP384),
            KeyKind::Rsa { .. } | KeyKind::EcdsaP521 | KeyKind::Other => None,
        }
    }

    /// The key identifier: SHA-1 of the bit string's content (RFC 5280 4.2.1.2, method 1).
    #[must_use]
    pub fn identifier(&self) -> [u8; 20] {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.bits);
        digest.as_ref().try_into().unwrap_or_default()
    }

    /// Verifies a signature over a message.
    ///
    /// # Errors
    /// [`VerifyError`]; [`SignatureAlgorithm::KeyOnly`] is unsupported here, see
    /// [`Self::verify_with_digest`].
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let algorithm = verification::of(self.kind, algorithm).ok_or(VerifyError::Unsupported)?;
        signature::UnparsedPublicKey::new(algorithm, &self.bits)
            .verify(message, signature)
            .map_err(|_| VerifyError::Mismatch)
    }

    /// Verifies a signature of CMS, where the digest may be named apart from the key algorithm.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_with_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: Digest,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let algorithm = match (algorithm, self.kind) {
            (SignatureAlgorithm::KeyOnly, KeyKind::Rsa { .. }) => {
                SignatureAlgorithm::RsaPkcs1(digest)
            }
            (SignatureAlgorithm::KeyOnly, _) => SignatureAlgorithm::Ecdsa(digest),
            (named, _) => named,
        };
        self.verify(algorithm, message, signature)
    }

    /// Encrypts a content key for this RSA key.
    ///
    /// # Errors
    /// [`KeyError::NotRsa`] or [`KeyError::Encryption`].
    pub fn encrypt(&self, transport: KeyTransport, plain: &[u8]) -> Result<Vec<u8>, KeyError> {
        if !matches!(self.kind, KeyKind::Rsa { .. }) {
            return Err(KeyError::NotRsa);
        }
        // The library reads DER strictly; what came without NULL parameters is written with them.
        let algorithm = tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()]);
        let spki = tlv::sequence(&[algorithm, tlv::bit_string(&self.bits)]);
        let failed = KeyError::Encryption;
        let key = PublicEncryptingKey::from_der(&spki).map_err(|_| failed)?;
        let mut encrypted = vec![0; key.key_size_bytes()];
        let length = if let Some(algorithm) = oaep(transport) {
            let key = OaepPublicEncryptingKey::new(key).map_err(|_| failed)?;
            key.encrypt(algorithm, plain, &mut encrypted, None).map_err(|_| failed)?.len()
        } else {
            let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| failed)?;
            key.encrypt(plain, &mut encrypted).map_err(|_| failed)?.len()
        };
        encrypted.truncate(length);
        Ok(encrypted)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_type_signs_and_is_read_back() {
        for key_type in [KeyType::Rsa2048, KeyType::EcdsaP256, KeyType::EcdsaP384] {
            let key = PrivateKey::generate(key_type).unwrap();
            let again = PrivateKey::from_pkcs8(&key.to_pkcs8()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
            assert_eq!(again.key_type(), key_type);
            assert_eq!(key.public_key().key_type(), Some(key_type));
            assert_eq!(key.public_key().check_strength(), Ok(()));
            let hash = key_type.default_hash();
            let signature = again.sign(hash, b"message").unwrap();
            let identifier = SignatureAlgorithm::identifier_der(key_type, hash);
            let element = tlv::only(&identifier, tlv::SEQUENCE).unwrap();
            let algorithm = SignatureAlgorithm::parse(&element).unwrap();
            let public = key.public_key();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            assert_eq!(
                public.verify(algorithm, b"massage", &signature),
                Err(VerifyError::Mismatch)
            );
        }
    }

    #[test]
    fn a_curve_signs_only_with_its_own_hash() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        assert_eq!(
            key.sign(Hash::Sha512, b""),
            Err(KeyError::Hash(KeyType::EcdsaP256, Hash::Sha512))
        );
    }

    #[test]
    fn a_content_key_travels_in_every_transport() {
        let key = PrivateKey::generate(KeyType::Rsa2048).unwrap();
        for transport in [
            KeyTransport::Pkcs1,
            KeyTransport::OaepSha1,
            KeyTransport::OaepSha256,
            KeyTransport::OaepSha384,
            KeyTransport::OaepSha512,
        ] {
            let encrypted = key.public_key().encrypt(transport, &[7; 32]).unwrap();
            assert_eq!(*key.decrypt(transport, &encrypted).unwrap(), [7; 32]);
            let broken = vec![1; encrypted.len()];
            assert_eq!(key.decrypt(transport, &broken), Err(KeyError::Decryption));
        }
    }

    #[test]
    fn a_private_key_never_prints_itself() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey { key_type: EcdsaP256, .. }");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(PublicKey::parse(&[]), Err(KeyError::Public));
        assert_eq!(PublicKey::parse(&vec![0x30; PUBLIC_KEY_BYTES_MAX + 1]), Err(KeyError::Public));
        assert!(PrivateKey::from_pkcs8(b"no key").is_err());
    }
}
