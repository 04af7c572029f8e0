//! Encrypted messages: opened without telling an attacker why not, and sealed.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
        PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    hmac, rand,
};
use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use crate::{
    algorithm::Digest,
    ber,
    certificate::Certificate,
    cms::{CertificateIdentifier, RECIPIENTS_MAX, content_info, content_of},
    key::{KeyError, KeyTransport, PrivateKey},
    oid,
    tlv::{self, Element, Malformed, Reader},
};

/// A cipher for content, always in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// Single DES: broken, for the oldest devices only.
    Des,
    /// Triple DES with three keys.
    TripleDes,
    /// AES-128.
    Aes128,
    /// AES-192.
    Aes192,
    /// AES-256.
    Aes256,
}

impl Cipher {
    const ALL: [Self; 5] = [Self::Des, Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256];

    /// The cipher of an object identifier, if it is one of ours.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|cipher| cipher.oid() == oid)
    }

    /// The object identifier of this cipher.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Des => oid::DES_CBC,
            Self::TripleDes => oid::DES_EDE3_CBC,
            Self::Aes128 => oid::AES128_CBC,
            Self::Aes192 => oid::AES192_CBC,
            Self::Aes256 => oid::AES256_CBC,
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Des => 8,
            Self::TripleDes | Self::Aes192 => 24,
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    #[expect(deprecated, reason = "old devices know nothing better; gateways can switch it off")]
    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Des => &aws_lc_rs::cipher::DES_FOR_LEGACY_USE_ONLY,
            Self::TripleDes => &aws_lc_rs::cipher::DES_EDE3_FOR_LEGACY_USE_ONLY,
            Self::Aes128 => &AES_128,
            Self::Aes192 => &AES_192,
            Self::Aes256 => &AES_256,
        }
    }

    fn context(self, iv: &[u8]) -> Result<DecryptionContext, OpenError> {
        match self {
            Self::Des | Self::TripleDes => {
                let iv: [u8; 8] = iv.try_into().map_err(|_| OpenError::Failed)?;
                Ok(DecryptionContext::Iv64(iv.into()))
            }
            Self::Aes128 | Self::Aes192 | Self::Aes256 => {
                let iv: [u8; 16] = iv.try_into().map_err(|_| OpenError::Failed)?;
                Ok(DecryptionContext::Iv128(iv.into()))
            }
        }
    }
}

/// How the content key travels to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Recipient {
    identifier: CertificateIdentifier,
    transport_oid: ObjectIdentifier,
    transport: Option<KeyTransport>,
    encrypted_key: Vec<u8>,
}

/// An encrypted message as received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EnvelopedData {
    /// The content cipher by name.
    pub cipher_oid: ObjectIdentifier,
    recipients: Vec<Recipient>,
    others: usize,
    iv: Vec<u8>,
    encrypted: Vec<u8>,
}

/// Why a message stays closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The content cipher is not supported.
    #[error("the content cipher {0} is not supported")]
    Cipher(ObjectIdentifier),
    /// The key transport is not supported.
    #[error("the key transport {0} is not supported with its parameters")]
    Transport(ObjectIdentifier),
    /// It is encrypted to somebody else.
    #[error("the message is not encrypted to this recipient")]
    NotForUs,
    /// Anything that involves the key: deliberately without a reason.
    #[error("the message could not be decrypted")]
    Failed,
}

impl EnvelopedData {
    /// Reads a `ContentInfo` of enveloped data. The bytes are made definite first.
    ///
    /// # Errors
    /// [`Malformed`], also for more than [`RECIPIENTS_MAX`] recipients.
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let message = ber::definite(message)?;
        let mut reader = content_of(&message, oid::ENVELOPED_DATA)?.reader();
        reader.expect(tlv::INTEGER)?;
        reader.optional(tlv::context(0))?;
        let infos = reader.expect(tlv::SET)?.children(RECIPIENTS_MAX)?;
        let mut recipients = Vec::new();
        for info in infos.iter().filter(|info| info.tag == tlv::SEQUENCE) {
            recipients.push(Recipient::parse(info)?);
        }
        let mut content = reader.expect(tlv::SEQUENCE)?.reader();
        reader.optional(tlv::context(1))?;
        reader.finish()?;
        content.read()?.oid()?;
        let mut algorithm = content.expect(tlv::SEQUENCE)?.reader();
        let cipher_oid = algorithm.read()?.oid()?;
        let iv = if algorithm.is_empty() { Vec::new() } else { algorithm.read()?.content.to_vec() };
        let encrypted = content.read()?;
        if encrypted.tag & !tlv::CONSTRUCTED != tlv::context_primitive(0) {
            return Err(Malformed("encrypted content"));
        }
        content.finish()?;
        Ok(Self {
            cipher_oid,
            others: infos.len() - recipients.len(),
            recipients,
            iv,
            encrypted: ber::octets(&encrypted)?,
        })
    }

    /// The content cipher, if it is one that is known.
    #[must_use]
    pub fn cipher(&self) -> Option<Cipher> {
        Cipher::from_oid(self.cipher_oid)
    }

    /// Which of these certificates the message is for: by issuer and serial number, else by key
    /// identifier, else by serial number alone (renewed or reordered issuers), else the first one
    /// when the message has a single recipient.
    ///
    /// # Errors
    /// [`OpenError::NotForUs`].
    pub fn recipient(&self, ours: &[&Certificate]) -> Result<usize, OpenError> {
        self.choose(ours).map(|(position, _)| position)
    }

    fn choose(&self, ours: &[&Certificate]) -> Result<(usize, &Recipient), OpenError> {
        type Fits = fn(&CertificateIdentifier, &Certificate) -> bool;
        let rules: [Fits; 2] =
            [CertificateIdentifier::matches, CertificateIdentifier::matches_serial];
        for fits in rules {
            for recipient in &self.recipients {
                if let Some(position) = ours.iter().position(|c| fits(&recipient.identifier, c)) {
                    return Ok((position, recipient));
                }
            }
        }
        match (self.recipients.as_slice(), self.others, ours.is_empty()) {
            ([recipient], 0, false) => Ok((0, recipient)),
            _ => Err(OpenError::NotForUs),
        }
    }

    /// Opens the message with the key of the certificate chosen by [`Self::recipient`], which is
    /// the only one tried. A content key that does not come out of its RSA block is replaced by
    /// one derived from the key and the message, so that a bad block, bad padding and bad content
    /// all end in [`OpenError::Failed`] (RFC 3218 2.3.2).
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        &self,
        certificate: &Certificate,
        key: &PrivateKey,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let cipher = self.cipher().ok_or(OpenError::Cipher(self.cipher_oid))?;
        let (_, recipient) = self.choose(&[certificate])?;
        let transport = recipient.transport.ok_or(OpenError::Transport(recipient.transport_oid))?;
        let mut content_key = self.substitute_key(recipient, key, cipher);
        if let Ok(decrypted) = key.decrypt(transport, &recipient.encrypted_key)
            && decrypted.len() == cipher.key_bytes()
        {
            content_key = decrypted;
        }
        let context = cipher.context(&self.iv)?;
        let content_key = UnboundCipherKey::new(cipher.algorithm(), &content_key)
            .map_err(|_| OpenError::Failed)?;
        let decrypting =
            PaddedBlockDecryptingKey::cbc_pkcs7(content_key).map_err(|_| OpenError::Failed)?;
        let mut content = Zeroizing::new(self.encrypted.clone());
        let length =
            decrypting.decrypt(&mut content, context).map_err(|_| OpenError::Failed)?.len();
        content.truncate(length);
        Ok(content)
    }

    fn substitute_key(
        &self,
        recipient: &Recipient,
        key: &PrivateKey,
        cipher: Cipher,
    ) -> Zeroizing<Vec<u8>> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, key.rejection_secret());
        let mut context = hmac::Context::with_key(&secret);
        context.update(&recipient.encrypted_key);
        context.update(&self.encrypted);
        let mut substitute = Zeroizing::new(context.sign().as_ref().to_vec());
        substitute.truncate(cipher.key_bytes());
        substitute
    }
}

impl Recipient {
    fn parse(info: &Element<'_>) -> Result<Self, Malformed> {
        let mut reader = info.reader();
        reader.expect(tlv::INTEGER)?;
        let identifier = CertificateIdentifier::parse(&reader.read()?)?;
        let mut algorithm = reader.expect(tlv::SEQUENCE)?.reader();
        let encrypted_key = reader.read()?;
        reader.finish()?;
        if encrypted_key.tag & !tlv::CONSTRUCTED != tlv::OCTET_STRING {
            return Err(Malformed("an encrypted key"));
        }
        let transport_oid = algorithm.read()?.oid()?;
        let transport = if transport_oid == oid::RSA_ENCRYPTION {
            Some(KeyTransport::Pkcs1)
        } else if transport_oid == oid::RSAES_OAEP {
            oaep_transport(algorithm)?
        } else {
            None
        };
        let encrypted_key = ber::octets(&encrypted_key)?;
        Ok(Self { identifier, transport_oid, transport, encrypted_key })
    }
}

/// RSAES-OAEP-params (RFC 8017 A.2.1): absent ones mean SHA-1; the mask must use the same hash
/// and the label must be empty, which is all that devices send.
fn oaep_transport(mut parameters: Reader<'_>) -> Result<Option<KeyTransport>, Malformed> {
    let (mut hash, mut mask) = (Some(Digest::Sha1), Some(Digest::Sha1));
    if let Some(list) = parameters.optional(tlv::SEQUENCE)? {
        let mut reader = list.reader();
        if let Some(element) = reader.optional(tlv::context(0))? {
            let identifier = tlv::only(element.content, tlv::SEQUENCE)?;
            hash = Digest::from_oid(super::algorithm_oid(&identifier)?);
        }
        if let Some(element) = reader.optional(tlv::context(1))? {
            let mut function = tlv::only(element.content, tlv::SEQUENCE)?.reader();
            let is_mgf1 = function.read()?.oid()? == oid::MGF1;
            let identifier = function.expect(tlv::SEQUENCE)?;
            mask = Digest::from_oid(super::algorithm_oid(&identifier)?).filter(|_| is_mgf1);
        }
        if let Some(element) = reader.optional(tlv::context(2))? {
            let mut source = tlv::only(element.content, tlv::SEQUENCE)?.reader();
            source.read()?.oid()?;
            if !source.is_empty() && !source.read()?.content.is_empty() {
                return Ok(None);
            }
        }
        reader.finish()?;
    }
    if hash != mask {
        return Ok(None);
    }
    Ok(match hash {
        Some(Digest::Sha1) => Some(KeyTransport::OaepSha1),
        Some(Digest::Sha256) => Some(KeyTransport::OaepSha256),
        Some(Digest::Sha384) => Some(KeyTransport::OaepSha384),
        Some(Digest::Sha512) => Some(KeyTransport::OaepSha512),
        Some(Digest::Md5) | None => None,
    })
}

/// Seals content to the RSA key of one certificate, with PKCS #1 v1.5 key transport, which every
/// SCEP client understands. The content key comes from the cryptographic library.
///
/// # Errors
/// [`KeyError::NotRsa`] or [`KeyError::Encryption`].
pub fn seal(content: &[u8], recipient: &Certificate, cipher: Cipher) -> Result<Vec<u8>, KeyError> {
    let failed = KeyError::Encryption;
    let mut content_key = Zeroizing::new(vec![0; cipher.key_bytes()]);
    rand::fill(&mut content_key).map_err(|_| failed)?;
    let encrypted_key = recipient.public_key.encrypt(KeyTransport::Pkcs1, &content_key)?;
    let content_key =
        UnboundCipherKey::new(cipher.algorithm(), &content_key).map_err(|_| failed)?;
    let encrypting = PaddedBlockEncryptingKey::cbc_pkcs7(content_key).map_err(|_| failed)?;
    let mut encrypted = content.to_vec();
    let context = encrypting.encrypt(&mut encrypted).map_err(|_| failed)?;
    let iv: &[u8] = (&context).try_into().map_err(|_| failed)?;
    let info = tlv::sequence(&[
        tlv::integer(0),
        CertificateIdentifier::of(recipient).der(),
        tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()]),
        tlv::octet_string(&encrypted_key),
    ]);
    let encrypted_content = tlv::sequence(&[
        tlv::oid(&oid::DATA),
        tlv::sequence(&[tlv::oid(&cipher.oid()), tlv::octet_string(iv)]),
        tlv::encode(tlv::context_primitive(0), &encrypted),
    ]);
    let enveloped_data = tlv::sequence(&[tlv::integer(0), tlv::set_of(&[info]), encrypted_content]);
    Ok(content_info(oid::ENVELOPED_DATA, &enveloped_data))
}
