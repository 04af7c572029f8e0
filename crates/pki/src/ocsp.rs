//! OCSP (RFC 6960): requests read, responses written and read.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use const_oid::ObjectIdentifier;

use crate::{
    algorithm::{Digest, SignatureAlgorithm},
    certificate::{Certificate, CertificateError, NotASerial, Serial},
    crl::ReasonCode,
    draft::SignError,
    extension::{self, Extension},
    key::{Hash, PrivateKey, PublicKey, VerifyError},
    oid,
    time::Time,
    tlv::{self, Element, Malformed},
};

/// The largest request in bytes; one certificate needs about 100.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;
/// The largest response in bytes that is read.
pub const RESPONSE_BYTES_MAX: usize = 64 * 1024;
/// The most certificates asked about at once; clients ask about one.
pub const QUESTIONS_MAX: usize = 32;
/// The longest nonce in bytes (RFC 9654 2.1).
pub const NONCE_BYTES_MAX: usize = 128;

/// Which certificate is asked about (RFC 6960 4.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertId {
    /// The whole of it, byte for byte, as the answer repeats it.
    pub der: Vec<u8>,
    /// The hash of the issuer's name and key.
    pub hash: ObjectIdentifier,
    /// The hash of the issuer's name.
    pub issuer_name_hash: Vec<u8>,
    /// The hash of the issuer's key.
    pub issuer_key_hash: Vec<u8>,
    /// The serial number.
    pub serial: Serial,
}

impl CertId {
    /// Names a certificate of this issuer by SHA-1, which every responder knows.
    #[must_use]
    pub fn of(issuer: &Certificate, serial: &Serial) -> Option<Self> {
        let name = Digest::Sha1.compute(issuer.subject.der())?;
        let key = issuer.public_key.identifier();
        let der = tlv::sequence(&[
            Digest::Sha1.identifier_der(),
            tlv::octet_string(&name),
            tlv::octet_string(&key),
            tlv::encode(tlv::INTEGER, serial.content()),
        ]);
        Self::parse(&tlv::only(&der, tlv::SEQUENCE).ok()?).ok()
    }

    fn parse(element: &Element<'_>) -> Result<Self, OcspError> {
        let mut reader = element.reader();
        let hash = reader.expect(tlv::SEQUENCE)?.reader().read()?.oid()?;
        let issuer_name_hash = reader.expect(tlv::OCTET_STRING)?.content.to_vec();
        let issuer_key_hash = reader.expect(tlv::OCTET_STRING)?.content.to_vec();
        let serial = Serial::from_content(reader.expect(tlv::INTEGER)?.content)?;
        reader.finish()?;
        Ok(Self { der: element.raw.to_vec(), hash, issuer_name_hash, issuer_key_hash, serial })
    }

    /// Whether it asks about a certificate of this issuer. Hashes that are not computed here fit
    /// no issuer.
    #[must_use]
    pub fn is_of(&self, issuer: &Certificate) -> bool {
        let Some(digest) = Digest::from_oid(self.hash) else { return false };
        digest.compute(issuer.subject.der()).as_ref() == Some(&self.issuer_name_hash)
            && digest.compute(issuer.public_key.bits()).as_ref() == Some(&self.issuer_key_hash)
    }
}

/// Why bytes are not of OCSP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// Longer than [`REQUEST_BYTES_MAX`] or [`RESPONSE_BYTES_MAX`].
    #[error("the message is too long")]
    TooLong,
    /// Not the ASN.1 that it should be.
    #[error("not a message of OCSP: {0}")]
    Malformed(#[from] Malformed),
    /// A serial number is empty or too long.
    #[error("not a message of OCSP: {0}")]
    Serial(#[from] NotASerial),
    /// A certificate in a response is broken.
    #[error("not a message of OCSP: {0}")]
    Certificate(#[from] CertificateError),
    /// The nonce is empty or longer than [`NONCE_BYTES_MAX`].
    #[error("the nonce has not 1 to 128 octets")]
    Nonce,
}

/// What somebody wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspRequest {
    /// The certificates, at least one.
    pub questions: Vec<CertId>,
    /// What the answer repeats, so that it cannot be an old one; as in the extension, undecoded.
    pub nonce: Option<Vec<u8>>,
}

impl OcspRequest {
    /// Reads a request of at most [`REQUEST_BYTES_MAX`] bytes. Who asks, and a signature, do not
    /// matter: the answer is the same for everybody.
    ///
    /// # Errors
    /// [`OcspError`].
    pub fn parse(der: &[u8]) -> Result<Self, OcspError> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(OcspError::TooLong);
        }
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let mut request = reader.expect(tlv::SEQUENCE)?.reader();
        reader.optional(tlv::context(0))?;
        reader.finish()?;
        request.optional(tlv::context(0))?;
        request.optional(tlv::context(1))?;
        let questions = request.expect(tlv::SEQUENCE)?.children(QUESTIONS_MAX)?;
        let questions: Vec<CertId> = questions.iter().map(question).collect::<Result<_, _>>()?;
        if questions.is_empty() {
            return Err(Malformed("a request that asks nothing").into());
        }
        let extensions = optional_extensions(request.optional(tlv::context(2))?)?;
        request.finish()?;
        Ok(Self { questions, nonce: nonce(&extensions)? })
    }

    /// Reads a request as a URL carries it behind the responder's address (RFC 6960 A.1): base64,
    /// with its escapes resolved. Both alphabets and missing padding are tolerated.
    ///
    /// # Errors
    /// [`OcspError`].
    pub fn parse_base64(text: &str) -> Result<Self, OcspError> {
        if text.len() > REQUEST_BYTES_MAX * 2 {
            return Err(OcspError::TooLong);
        }
        let plain = |character| match character {
            '-' => '+',
            '_' => '/',
            // A blank is a plus that somebody decoded as in a form.
            ' ' => '+',
            other => other,
        };
        let text = text.trim_start_matches('/').trim_end_matches('=');
        let text: String = text.chars().map(plain).collect();
        let der = STANDARD_NO_PAD.decode(text).map_err(|_| Malformed("base64 of a request"))?;
        Self::parse(&der)
    }

    /// The DER of a request.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let questions: Vec<Vec<u8>> =
            self.questions.iter().map(|id| tlv::sequence(&[&id.der])).collect();
        let mut parts = vec![tlv::sequence(&questions)];
        if let Some(nonce) = &self.nonce {
            let extensions = tlv::sequence(&[nonce_extension(nonce).der()]);
            parts.push(tlv::encode(tlv::context(2), &extensions));
        }
        tlv::sequence(&[tlv::sequence(&parts)])
    }
}

fn question(element: &Element<'_>) -> Result<CertId, OcspError> {
    let mut reader = element.reader();
    let id = CertId::parse(&reader.expect(tlv::SEQUENCE)?)?;
    reader.optional(tlv::context(0))?;
    reader.finish()?;
    Ok(id)
}

fn optional_extensions(wrapped: Option<Element<'_>>) -> Result<Vec<Extension>, Malformed> {
    match wrapped {
        Some(wrapped) => Extension::parse_all(&tlv::only(wrapped.content, tlv::SEQUENCE)?),
        None => Ok(Vec::new()),
    }
}

/// The nonce's OCTET STRING; some clients send the octets bare.
fn nonce(extensions: &[Extension]) -> Result<Option<Vec<u8>>, OcspError> {
    let Some(value) = extension::find(extensions, oid::OCSP_NONCE) else { return Ok(None) };
    let octets = tlv::only(value, tlv::OCTET_STRING).map_or(value, |element| element.content);
    if octets.is_empty() || octets.len() > NONCE_BYTES_MAX {
        return Err(OcspError::Nonce);
    }
    Ok(Some(value.to_vec()))
}

fn nonce_extension(value: &[u8]) -> Extension {
    Extension { oid: oid::OCSP_NONCE, critical: false, value: value.to_vec() }
}

/// Why a request gets no answer (RFC 6960 4.2.1). Such a response is not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OcspRefusal {
    /// The request is not understood (1).
    MalformedRequest,
    /// Something failed here (2).
    InternalError,
    /// Not now (3).
    TryLater,
    /// The certificate is not one that is answered for here (6).
    Unauthorized,
}

impl OcspRefusal {
    /// The DER of the response.
    #[must_use]
    pub fn der(self) -> Vec<u8> {
        let number = match self {
            Self::MalformedRequest => 1,
            Self::InternalError => 2,
            Self::TryLater => 3,
            Self::Unauthorized => 6,
        };
        tlv::sequence(&[tlv::encode(tlv::ENUMERATED, &[number])])
    }
}

/// Where a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertStatus {
    /// Issued and not revoked.
    Good,
    /// Revoked, then and for this reason.
    Revoked(Time, ReasonCode),
    /// Not known here.
    Unknown,
}

impl CertStatus {
    fn der(self) -> Vec<u8> {
        match self {
            Self::Good => tlv::encode(tlv::context_primitive(0), &[]),
            Self::Revoked(at, reason) => {
                let mut content = tlv::generalized_time(at);
                if reason != ReasonCode::Unspecified {
                    content.extend(tlv::encode(tlv::context(0), &reason.der()));
                }
                tlv::encode(tlv::context(1), &content)
            }
            Self::Unknown => tlv::encode(tlv::context_primitive(2), &[]),
        }
    }

    fn parse(element: &Element<'_>) -> Result<Self, OcspError> {
        if element.tag == tlv::context_primitive(0) {
            return Ok(Self::Good);
        }
        if element.tag == tlv::context_primitive(2) {
            return Ok(Self::Unknown);
        }
        if element.tag != tlv::context(1) {
            return Err(Malformed("a status").into());
        }
        let mut reader = element.reader();
        let at = reader.read()?.time()?;
        let reason = match reader.optional(tlv::context(0))? {
            Some(wrapped) => ReasonCode::parse(wrapped.content)?,
            None => ReasonCode::Unspecified,
        };
        reader.finish()?;
        Ok(Self::Revoked(at, reason))
    }
}

/// The answer about one certificate (RFC 6960 4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleResponse {
    /// Which certificate.
    pub id: CertId,
    /// Where it stands.
    pub status: CertStatus,
    /// When that was known to be right.
    pub this_update: Time,
    /// When newer is known at the latest.
    pub next_update: Option<Time>,
}

impl SingleResponse {
    fn der(&self) -> Vec<u8> {
        let mut parts =
            vec![self.id.der.clone(), self.status.der(), tlv::generalized_time(self.this_update)];
        if let Some(next) = self.next_update {
            parts.push(tlv::encode(tlv::context(0), &tlv::generalized_time(next)));
        }
        tlv::sequence(&parts)
    }

    fn parse(element: &Element<'_>) -> Result<Self, OcspError> {
        let mut reader = element.reader();
        let id = CertId::parse(&reader.expect(tlv::SEQUENCE)?)?;
        let status = CertStatus::parse(&reader.read()?)?;
        let this_update = reader.expect(tlv::GENERALIZED_TIME)?.time()?;
        let next_update = match reader.optional(tlv::context(0))? {
            Some(wrapped) => Some(tlv::only(wrapped.content, tlv::GENERALIZED_TIME)?.time()?),
            None => None,
        };
        reader.optional(tlv::context(1))?;
        reader.finish()?;
        Ok(Self { id, status, this_update, next_update })
    }
}

/// A response that is about to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspDraft {
    /// The answers, in the order of the questions.
    pub answers: Vec<SingleResponse>,
    /// When it is made.
    pub produced_at: Time,
    /// The nonce of the request, undecoded.
    pub nonce: Option<Vec<u8>>,
    /// The certificate of the responder, sent along; none when the authority itself signs.
    pub responder: Option<Vec<u8>>,
    /// Whether certificates that were not issued count as revoked here (RFC 6960 4.4.8); said
    /// where one of the answers rests on it.
    pub extended_revoke: bool,
}

impl OcspDraft {
    /// Signs the response.
    ///
    /// # Errors
    /// [`SignError::Key`].
    pub fn sign(&self, key: &PrivateKey, hash: Hash) -> Result<Vec<u8>, SignError> {
        let tbs = self.tbs_der(key.public_key());
        let signature = key.sign(hash, &tbs)?;
        let algorithm = SignatureAlgorithm::identifier_der(key.key_type(), hash);
        let mut parts = vec![tbs, algorithm, tlv::bit_string(&signature)];
        if let Some(responder) = &self.responder {
            parts.push(tlv::encode(tlv::context(0), &tlv::sequence(&[responder])));
        }
        let basic = tlv::octet_string(&tlv::sequence(&parts));
        let bytes = tlv::sequence(&[tlv::oid(&oid::OCSP_BASIC), basic]);
        let successful = tlv::encode(tlv::ENUMERATED, &[0]);
        Ok(tlv::sequence(&[successful, tlv::encode(tlv::context(0), &bytes)]))
    }

    fn tbs_der(&self, responder: &PublicKey) -> Vec<u8> {
        let answers: Vec<Vec<u8>> = self.answers.iter().map(SingleResponse::der).collect();
        let by_key = tlv::octet_string(&responder.identifier());
        let mut parts = vec![
            tlv::encode(tlv::context(2), &by_key),
            tlv::generalized_time(self.produced_at),
            tlv::sequence(&answers),
        ];
        let nonce = self.nonce.as_deref().map(nonce_extension);
        let oid = oid::OCSP_EXTENDED_REVOKE;
        let revoke = Extension { oid, critical: false, value: tlv::null() };
        let extensions = nonce.into_iter().chain(self.extended_revoke.then_some(revoke));
        let extensions: Vec<Vec<u8>> = extensions.map(|one| one.der()).collect();
        if !extensions.is_empty() {
            parts.push(tlv::encode(tlv::context(1), &tlv::sequence(&extensions)));
        }
        tlv::sequence(&parts)
    }
}

/// A response as received; nothing is verified yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OcspResponse {
    /// The answers.
    pub answers: Vec<SingleResponse>,
    /// When it was made.
    pub produced_at: Time,
    /// The nonce, undecoded.
    pub nonce: Option<Vec<u8>>,
    /// The certificates sent along.
    pub certificates: Vec<Certificate>,
    tbs: Vec<u8>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl OcspResponse {
    /// Reads a successful response of at most [`RESPONSE_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`OcspError`], also for a response that is a refusal.
    pub fn parse(der: &[u8]) -> Result<Self, OcspError> {
        if der.len() > RESPONSE_BYTES_MAX {
            return Err(OcspError::TooLong);
        }
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        if reader.expect(tlv::ENUMERATED)?.content != [0] {
            return Err(Malformed("an answer; it is a refusal").into());
        }
        let wrapped = reader.expect(tlv::context(0))?;
        reader.finish()?;
        let mut bytes = tlv::only(wrapped.content, tlv::SEQUENCE)?.reader();
        if bytes.read()?.oid()? != oid::OCSP_BASIC {
            return Err(Malformed("an unknown kind of response").into());
        }
        let basic = bytes.expect(tlv::OCTET_STRING)?;
        bytes.finish()?;
        Self::parse_basic(basic.content)
    }

    fn parse_basic(der: &[u8]) -> Result<Self, OcspError> {
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let signed = reader.expect(tlv::SEQUENCE)?;
        let signature_algorithm = SignatureAlgorithm::parse(&reader.expect(tlv::SEQUENCE)?)?;
        let signature = reader.read()?.whole_bits()?.to_vec();
        let mut certificates = Vec::new();
        if let Some(wrapped) = reader.optional(tlv::context(0))? {
            for element in tlv::only(wrapped.content, tlv::SEQUENCE)?.children(QUESTIONS_MAX)? {
                certificates.push(Certificate::parse(element.raw)?);
            }
        }
        reader.finish()?;
        let mut data = signed.reader();
        data.optional(tlv::context(0))?;
        data.read()?;
        let produced_at = data.expect(tlv::GENERALIZED_TIME)?.time()?;
        let answers = data.expect(tlv::SEQUENCE)?.children(QUESTIONS_MAX)?;
        let answers = answers.iter().map(SingleResponse::parse).collect::<Result<_, _>>()?;
        let extensions = optional_extensions(data.optional(tlv::context(1))?)?;
        data.finish()?;
        let (nonce, tbs) = (nonce(&extensions)?, signed.raw.to_vec());
        Ok(Self { answers, produced_at, nonce, certificates, tbs, signature_algorithm, signature })
    }

    /// Verifies the signature over the bytes as received.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signed_by(&self, responder: &PublicKey) -> Result<(), VerifyError> {
        responder.verify(self.signature_algorithm, &self.tbs, &self.signature)
    }
}

#[cfg(test)]
mod tests;
