//! Digest and signature algorithms as they are named in certificates and messages.

use aws_lc_rs::digest;
use const_oid::ObjectIdentifier;

use crate::{
    key::{Hash, KeyType},
    oid,
    tlv::{self, Element, Malformed},
};

/// A digest algorithm; the weak ones are known so that a refusal can name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// MD5: recognized, never computed.
    Md5,
    /// SHA-1, for what old devices sign and for fingerprints.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A signature algorithm; what is not ours keeps its object identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 8.2).
    RsaPkcs1(Digest),
    /// RSASSA-PSS (RFC 8017 8.1), with MGF1 over the same digest.
    RsaPss(Digest),
    /// ECDSA with a DER signature (RFC 3279 2.2.3).
    Ecdsa(Digest),
    /// A plain key algorithm, as CMS allows: the digest is named elsewhere.
    KeyOnly,
    /// Anything else.
    Other(ObjectIdentifier),
}

impl Digest {
    /// The algorithm of an object identifier, if it is one of ours.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|digest| digest.oid() == oid)
    }

    /// The object identifier of this algorithm.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Md5 => oid::MD5,
            Self::Sha1 => oid::SHA1,
            Self::Sha256 => oid::SHA256,
            Self::Sha384 => oid::SHA384,
            Self::Sha512 => oid::SHA512,
        }
    }

    /// The digest of the bytes; nothing for MD5, which is not computed here.
    #[must_use]
    pub fn compute(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let algorithm = match self {
            Self::Md5 => return None,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        Some(digest::digest(algorithm, bytes).as_ref().to_vec())
    }

    /// The `AlgorithmIdentifier` of this digest, with NULL parameters as most readers expect.
    #[must_use]
    pub fn identifier_der(self) -> Vec<u8> {
        tlv::sequence(&[tlv::oid(&self.oid()), tlv::null()])
    }
}

impl From<Hash> for Digest {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha256 => Self::Sha256,
            Hash::Sha384 => Self::Sha384,
            Hash::Sha512 => Self::Sha512,
        }
    }
}

impl SignatureAlgorithm {
    /// Reads an `AlgorithmIdentifier`; an absent NULL is accepted.
    ///
    /// # Errors
    /// [`Malformed`] when it is none.
    pub fn parse(identifier: &Element<'_>) -> Result<Self, Malformed> {
        let mut reader = identifier.reader();
        let oid = reader.read()?.oid()?;
        let known = [
            (oid::MD5_WITH_RSA, Self::RsaPkcs1(Digest::Md5)),
            (oid::SHA1_WITH_RSA, Self::RsaPkcs1(Digest::Sha1)),
            (oid::SHA256_WITH_RSA, Self::RsaPkcs1(Digest::Sha256)),
            (oid::SHA384_WITH_RSA, Self::RsaPkcs1(Digest::Sha384)),
            (oid::SHA512_WITH_RSA, Self::RsaPkcs1(Digest::Sha512)),
            (oid::ECDSA_WITH_SHA1, Self::Ecdsa(Digest::Sha1)),
            (oid::ECDSA_WITH_SHA256, Self::Ecdsa(Digest::Sha256)),
            (oid::ECDSA_WITH_SHA384, Self::Ecdsa(Digest::Sha384)),
            (oid::ECDSA_WITH_SHA512, Self::Ecdsa(Digest::Sha512)),
            (oid::RSA_ENCRYPTION, Self::KeyOnly),
            (oid::EC_PUBLIC_KEY, Self::KeyOnly),
        ];
        if let Some((_, algorithm)) = known.iter().find(|(known, _)| *known == oid) {
            return Ok(*algorithm);
        }
        if oid == oid::RSASSA_PSS {
            return Ok(pss_digest(reader)?.map_or(Self::Other(oid), Self::RsaPss));
        }
        Ok(Self::Other(oid))
    }

    /// The `AlgorithmIdentifier` of what a key of this type signs with this hash.
    #[must_use]
    pub fn identifier_der(key_type: KeyType, hash: Hash) -> Vec<u8> {
        match key_type {
            KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
                let oid = match hash {
                    Hash::Sha256 => oid::SHA256_WITH_RSA,
                    Hash::Sha384 => oid::SHA384_WITH_RSA,
                    Hash::Sha512 => oid::SHA512_WITH_RSA,
                };
                tlv::sequence(&[tlv::oid(&oid), tlv::null()])
            }
            KeyType::EcdsaP256 | KeyType::EcdsaP384 => {
                let oid = match hash {
                    Hash::Sha256 => oid::ECDSA_WITH_SHA256,
                    Hash::Sha384 => oid::ECDSA_WITH_SHA384,
                    Hash::Sha512 => oid::ECDSA_WITH_SHA512,
                };
                tlv::sequence(&[tlv::oid(&oid)])
            }
        }
    }

    /// The digest inside, if it is named.
    #[must_use]
    pub fn digest(self) -> Option<Digest> {
        match self {
            Self::RsaPkcs1(digest) | Self::RsaPss(digest) | Self::Ecdsa(digest) => Some(digest),
            Self::KeyOnly | Self::Other(_) => None,
        }
    }
}

/// The hash of RSASSA-PSS-params; absent ones mean SHA-1 (RFC 8017 A.2.3).
fn pss_digest(mut reader: tlv::Reader<'_>) -> Result<Option<Digest>, Malformed> {
    let Some(parameters) = reader.optional(tlv::SEQUENCE)? else {
        return Ok(Some(Digest::Sha1));
    };
    let Some(hash) = parameters.reader().optional(tlv::context(0))? else {
        return Ok(Some(Digest::Sha1));
    };
    let oid = hash.reader().expect(tlv::SEQUENCE)?.reader().read()?.oid()?;
    Ok(Digest::from_oid(oid))
}
