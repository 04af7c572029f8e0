//! Private keys at work: made, read, written, signing, decrypting.

use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use zeroize::Zeroizing;

use crate::{
    key::{Hash, KeyError, KeyTransport, KeyType, Pair, PrivateKey, PublicKey, oaep},
    oid, tlv,
};

impl PrivateKey {
    /// Makes a new key from the randomness of the cryptographic library.
    ///
    /// # Errors
    /// [`KeyError::Generation`] when the library fails.
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        let size = match key_type {
            KeyType::Rsa2048 => KeySize::Rsa2048,
            KeyType::Rsa3072 => KeySize::Rsa3072,
            KeyType::Rsa4096 => KeySize::Rsa4096,
            KeyType::EcdsaP256 => {
                return Self::generate_ecdsa(key_type, &signature::ECDSA_P256_SHA256_ASN1_SIGNING);
            }
            KeyType::EcdsaP384 => {
                return Self::generate_ecdsa(key_type, &signature::ECDSA_P384_SHA384_ASN1_SIGNING);
            }
        };
        let decrypting = PrivateDecryptingKey::generate(size).map_err(|_| KeyError::Generation)?;
        let pkcs8 = rsa_pkcs8(&decrypting).map_err(|_| KeyError::Generation)?;
        Self::from_pkcs8(&pkcs8)
    }

    fn generate_ecdsa(
        key_type: KeyType,
        algorithm: &'static signature::EcdsaSigningAlgorithm,
    ) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| KeyError::Generation)?;
        Self::from_ecdsa(key_type, pair)
    }

    fn from_ecdsa(key_type: KeyType, pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let curve = if key_type == KeyType::EcdsaP256 { oid::SECP256R1 } else { oid::SECP384R1 };
        let algorithm = tlv::sequence(&[tlv::oid(&oid::EC_PUBLIC_KEY), tlv::oid(&curve)]);
        let point = pair.public_key().as_ref();
        let public_key = PublicKey::parse(&tlv::sequence(&[algorithm, tlv::bit_string(point)]))?;
        Ok(Self {
            pair: Pair::Ecdsa(pair),
            key_type,
            public_key,
            rejection_secret: Zeroizing::default(),
        })
    }

    /// Reads an unencrypted PKCS #8 key (RFC 5208) of one of the [`KeyType`]s.
    ///
    /// # Errors
    /// [`KeyError::Private`] when it is none.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let p256 = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(p256, pkcs8) {
            return Self::from_ecdsa(KeyType::EcdsaP256, pair);
        }
        let p384 = &signature::ECDSA_P384_SHA384_ASN1_SIGNING;
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(p384, pkcs8) {
            return Self::from_ecdsa(KeyType::EcdsaP384, pair);
        }
        let signing = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Private)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| KeyError::Private)?;
        let key_type = match decrypting.key_size_bits() {
            2048 => KeyType::Rsa2048,
            3072 => KeyType::Rsa3072,
            4096 => KeyType::Rsa4096,
            _ => return Err(KeyError::Private),
        };
        let algorithm = tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()]);
        let bits = tlv::bit_string(signing.public_key().as_ref());
        let public_key = PublicKey::parse(&tlv::sequence(&[algorithm, bits]))?;
        let rejection_secret = rejection_secret(&rsa_pkcs8(&decrypting)?);
        Ok(Self { pair: Pair::Rsa { signing, decrypting }, key_type, public_key, rejection_secret })
    }

    /// The key as unencrypted PKCS #8, wiped from memory when dropped.
    ///
    /// # Panics
    /// Never: a key that the library holds can be written by it.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        match &self.pair {
            Pair::Rsa { decrypting, .. } => {
                rsa_pkcs8(decrypting).expect("a key held by the library can be written by it")
            }
            Pair::Ecdsa(pair) => Zeroizing::new(
                pair.to_pkcs8v1()
                    .expect("a key held by the library can be written by it")
                    .as_ref()
                    .to_vec(),
            ),
        }
    }

    /// The type of this key.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Signs a message: RSASSA-PKCS1-v1_5, or ECDSA as a DER signature.
    ///
    /// # Errors
    /// [`KeyError::Hash`] when the key does not sign with this hash (see
    /// [`KeyType::signs_with`]), [`KeyError::Signing`] when the library fails.
    pub fn sign(&self, hash: Hash, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        if !self.key_type.signs_with(hash) {
            return Err(KeyError::Hash(self.key_type, hash));
        }
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa { signing, .. } => {
                let encoding = match hash {
                    Hash::Sha256 => &signature::RSA_PKCS1_SHA256,
                    Hash::Sha384 => &signature::RSA_PKCS1_SHA384,
                    Hash::Sha512 => &signature::RSA_PKCS1_SHA512,
                };
                let mut bytes = vec![0; signing.public_modulus_len()];
                signing
                    .sign(encoding, &random, message, &mut bytes)
                    .map_err(|_| KeyError::Signing)?;
                Ok(bytes)
            }
            Pair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Signing),
        }
    }

    /// Decrypts a content key. A failure carries no reason, and the caller must go on with a
    /// random content key, so that nobody learns of it (RFC 3218 2.3.2).
    ///
    /// # Errors
    /// [`KeyError::NotRsa`] for an ECDSA key, else [`KeyError::Decryption`].
    pub fn decrypt(
        &self,
        transport: KeyTransport,
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let Pair::Rsa { decrypting, .. } = &self.pair else {
            return Err(KeyError::NotRsa);
        };
        let failed = KeyError::Decryption;
        let key = decrypting.clone();
        let mut plain = Zeroizing::new(vec![0; decrypting.key_size_bytes()]);
        let length = if let Some(algorithm) = oaep(transport) {
            let key = OaepPrivateDecryptingKey::new(key).map_err(|_| failed)?;
            key.decrypt(algorithm, encrypted, &mut plain, None).map_err(|_| failed)?.len()
        } else {
            let key = Pkcs1PrivateDecryptingKey::new(key).map_err(|_| failed)?;
            key.decrypt(encrypted, &mut plain).map_err(|_| failed)?.len()
        };
        plain.truncate(length);
        Ok(plain)
    }
}

impl PrivateKey {
    /// What substitute content keys are derived from; empty for a key that cannot decrypt.
    pub(crate) fn rejection_secret(&self) -> &[u8] {
        &self.rejection_secret
    }
}

fn rejection_secret(pkcs8: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"implicit rejection");
    context.update(pkcs8);
    Zeroizing::new(context.finish().as_ref().to_vec())
}

fn rsa_pkcs8(key: &PrivateDecryptingKey) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(key).map_err(|_| KeyError::Private)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}
