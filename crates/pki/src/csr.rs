//! Certificate signing requests (PKCS #10, RFC 2986): a key, a hint at a name, and a challenge.

use std::fmt;

use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use crate::{
    algorithm::{Digest, SignatureAlgorithm},
    ber,
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{KeyError, PrivateKey, PublicKey, VerifyError, strength::WeakKey},
    name::{Name, NameError},
    oid,
    tlv::{self, Element, Malformed},
};

/// The largest request in bytes: RSA-8192 with the longest challenge stays below.
pub const CSR_BYTES_MAX: usize = 64 * 1024;
/// The longest challenge password in bytes: Intune's are signed blobs of kilobytes.
pub const CHALLENGE_BYTES_MAX: usize = 16 * 1024;
/// The most attributes of a request; real ones have two or three.
pub const ATTRIBUTES_MAX: usize = 32;

/// How old a signature algorithm may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// SHA-256 and above.
    Strict,
    /// SHA-1 too: some SCEP devices still sign their requests with it.
    AcceptSha1,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    /// Longer than [`CSR_BYTES_MAX`].
    #[error("the request is longer than 64 KiB")]
    TooLong,
    /// Not the ASN.1 of a request.
    #[error("not a certificate signing request: {0}")]
    Malformed(#[from] Malformed),
    /// The subject is broken.
    #[error("the subject of the request is broken: {0}")]
    Name(#[from] NameError),
    /// The public key is broken.
    #[error("the public key of the request is broken: {0}")]
    Key(#[from] KeyError),
    /// The key is too weak to certify.
    #[error("the key of the request is too weak: {0}")]
    WeakKey(#[from] WeakKey),
    /// Signed with SHA-1 where that is not accepted.
    #[error("the request is signed with SHA-1, which is not accepted here")]
    Sha1,
    /// Signed with MD5, which is never accepted.
    #[error("the request is signed with MD5, which is never accepted")]
    Md5,
    /// Signed with something else that is not supported.
    #[error("the signature algorithm of the request is not supported")]
    Algorithm,
    /// The self-signature does not fit: no proof of possession.
    #[error("the signature of the request does not fit its key")]
    Signature,
    /// The challenge is longer than [`CHALLENGE_BYTES_MAX`].
    #[error("the challenge password is longer than 16 KiB")]
    ChallengeTooLong,
}

/// A challenge password: a secret that never prints itself.
#[derive(Clone)]
pub struct Challenge(Zeroizing<String>);

impl Challenge {
    /// The secret itself, to be compared in constant time.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

/// What a request asked for beyond names, to be explained and not to be copied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Whether it asked to be an authority.
    pub ca: bool,
    /// The key usage it asked for.
    pub key_usage: Option<KeyUsage>,
    /// The extended key usages it asked for.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// The other extensions it asked for.
    pub extensions: Vec<Extension>,
}

/// A request whose self-signature fits; only [`Csr::parse`] makes one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Csr {
    /// The request, byte for byte.
    pub der: Vec<u8>,
    /// The name it asks for.
    pub subject: Name,
    /// The key it proved to hold.
    pub public_key: PublicKey,
    /// The alternative names it asks for.
    pub general_names: Vec<GeneralName>,
    /// The challenge password, if there is one.
    pub challenge_password: Option<Challenge>,
    /// What else it asked for.
    pub asked: Asked,
}

impl Csr {
    /// Reads a request, checks its key, and verifies its self-signature over the received bytes.
    ///
    /// # Errors
    /// [`CsrError`] says why it is refused.
    pub fn parse(der: &[u8], strictness: Strictness) -> Result<Self, CsrError> {
        if der.len() > CSR_BYTES_MAX {
            return Err(CsrError::TooLong);
        }
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let info = reader.expect(tlv::SEQUENCE)?;
        let algorithm = SignatureAlgorithm::parse(&reader.expect(tlv::SEQUENCE)?)?;
        let signature = reader.read()?.whole_bits()?;
        reader.finish()?;

        let mut fields = info.reader();
        fields.expect(tlv::INTEGER)?;
        let subject = Name::from_der(fields.expect(tlv::SEQUENCE)?.raw)?;
        let public_key = PublicKey::parse(fields.expect(tlv::SEQUENCE)?.raw)?;
        let attributes = fields.optional(tlv::context(0))?;
        fields.finish()?;

        check_digest(algorithm, strictness)?;
        public_key.check_strength()?;
        public_key.verify(algorithm, info.raw, signature).map_err(|error| match error {
            VerifyError::Unsupported => CsrError::Algorithm,
            VerifyError::Mismatch => CsrError::Signature,
        })?;

        let mut csr = Self {
            der: der.to_vec(),
            subject,
            public_key,
            general_names: Vec::new(),
            challenge_password: None,
            asked: Asked::default(),
        };
        if let Some(attributes) = attributes {
            csr.read_attributes(&attributes)?;
        }
        Ok(csr)
    }

    /// Attributes come in any order: strongSwan does not sort its SET.
    fn read_attributes(&mut self, attributes: &Element<'_>) -> Result<(), CsrError> {
        let mut seen = Vec::new();
        let mut extensions: Vec<Extension> = Vec::new();
        for attribute in attributes.children(ATTRIBUTES_MAX)? {
            let mut reader = attribute.reader();
            let oid = reader.read()?.oid()?;
            let values = reader.read()?;
            if seen.contains(&oid) {
                return Err(Malformed("an attribute twice").into());
            }
            seen.push(oid);
            if oid == oid::CHALLENGE_PASSWORD {
                self.challenge_password = Some(read_challenge(&values)?);
            } else if oid == oid::EXTENSION_REQUEST || oid == oid::MICROSOFT_EXTENSION_REQUEST {
                let list = tlv::only(values.content, tlv::SEQUENCE)?;
                for extension in Extension::parse_all(&list)? {
                    match extensions.iter().find(|known| known.oid == extension.oid) {
                        None => extensions.push(extension),
                        // Who fills both attributes says the same in both, or means to hide it.
                        Some(known) if *known == extension => {}
                        Some(_) => return Err(Malformed("an extension twice").into()),
                    }
                }
            }
        }
        self.read_extensions(extensions)
    }

    fn read_extensions(&mut self, extensions: Vec<Extension>) -> Result<(), CsrError> {
        for extension in extensions {
            let value = extension.value.as_slice();
            if extension.oid == oid::SUBJECT_ALT_NAME {
                self.general_names = GeneralName::parse_all(value)?;
            } else if extension.oid == oid::BASIC_CONSTRAINTS {
                self.asked.ca = BasicConstraints::parse(value)?.ca;
            } else if extension.oid == oid::KEY_USAGE {
                self.asked.key_usage = Some(KeyUsage::parse(value)?);
            } else if extension.oid == oid::EXTENDED_KEY_USAGE {
                self.asked.extended_key_usages = extension::parse_extended_key_usages(value)?;
            } else {
                self.asked.extensions.push(extension);
            }
        }
        Ok(())
    }
}

fn check_digest(algorithm: SignatureAlgorithm, strictness: Strictness) -> Result<(), CsrError> {
    match (algorithm.digest(), strictness) {
        (None, _) => Err(CsrError::Algorithm),
        (Some(Digest::Md5), _) => Err(CsrError::Md5),
        (Some(Digest::Sha1), Strictness::Strict) => Err(CsrError::Sha1),
        (Some(Digest::Sha1), Strictness::AcceptSha1)
        | (Some(Digest::Sha256 | Digest::Sha384 | Digest::Sha512), _) => Ok(()),
    }
}

fn read_challenge(values: &Element<'_>) -> Result<Challenge, CsrError> {
    // Old micromdm clients write the string without its SET.
    let value = if values.tag == tlv::SET { values.reader().read()? } else { *values };
    // A BMPString takes two octets a character.
    if value.content.len() > 2 * CHALLENGE_BYTES_MAX {
        return Err(CsrError::ChallengeTooLong);
    }
    let text = match value.text() {
        Some(text) => text,
        None if value.tag & !tlv::CONSTRUCTED == tlv::OCTET_STRING => {
            String::from_utf8_lossy(&ber::octets(&value)?).into_owned()
        }
        None => return Err(Malformed("a challenge that is no string").into()),
    };
    let text = Zeroizing::new(text);
    if text.len() > CHALLENGE_BYTES_MAX {
        return Err(CsrError::ChallengeTooLong);
    }
    Ok(Challenge(text))
}

/// Writes and signs a request, as a device does.
///
/// # Errors
/// [`KeyError`] when the key does not sign.
pub fn build(
    key: &PrivateKey,
    subject: &Name,
    general_names: &[GeneralName],
    challenge: Option<&str>,
) -> Result<Vec<u8>, KeyError> {
    build_with(key, subject, (general_names, &[]), challenge)
}

/// Writes and signs a request that asks for further extensions, whatever they are.
///
/// # Errors
/// [`KeyError`] when the key does not sign.
pub fn build_with(
    key: &PrivateKey,
    subject: &Name,
    (general_names, further): (&[GeneralName], &[Extension]),
    challenge: Option<&str>,
) -> Result<Vec<u8>, KeyError> {
    let mut attributes = Vec::new();
    if let Some(challenge) = challenge {
        let tag = if crate::name::is_printable(challenge) {
            tlv::PRINTABLE_STRING
        } else {
            tlv::UTF8_STRING
        };
        let value = tlv::encode(tag, challenge.as_bytes());
        attributes.push(attribute(&oid::CHALLENGE_PASSWORD, &value));
    }
    let mut extensions: Vec<Vec<u8>> = further.iter().map(Extension::der).collect();
    if !general_names.is_empty() {
        let value = GeneralName::all_der(general_names);
        let extension = Extension { oid: oid::SUBJECT_ALT_NAME, critical: false, value };
        extensions.push(extension.der());
    }
    if !extensions.is_empty() {
        attributes.push(attribute(&oid::EXTENSION_REQUEST, &tlv::sequence(&extensions)));
    }
    attributes.sort_unstable();
    let info = tlv::sequence(&[
        tlv::integer(0),
        subject.der().to_vec(),
        key.public_key().der().to_vec(),
        tlv::constructed(tlv::context(0), &attributes),
    ]);
    let hash = key.key_type().default_hash();
    let signature = tlv::bit_string(&key.sign(hash, &info)?);
    let algorithm = SignatureAlgorithm::identifier_der(key.key_type(), hash);
    Ok(tlv::sequence(&[info, algorithm, signature]))
}

fn attribute(oid: &ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    tlv::sequence(&[tlv::oid(oid), tlv::set_of(&[value])])
}
