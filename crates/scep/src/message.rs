//! What every SCEP message carries (RFC 8894 3.2): types, statuses, failures, transactions.

use const_oid::ObjectIdentifier;
use pki::{
    certificate::Certificate,
    cms::{
        enveloped_data::Cipher,
        signed_data::{Attribute, SignerInfo},
    },
    key::Hash,
    tlv::{self, Element, Reader},
};

/// The longest transaction identifier in bytes; certmonger's has 77 digits.
pub const TRANSACTION_ID_BYTES_MAX: usize = 256;
/// The shortest nonce in bytes: the RFC says 16, some devices send 8.
pub const NONCE_BYTES_MIN: usize = 8;
/// The longest nonce in bytes.
pub const NONCE_BYTES_MAX: usize = 64;
/// The longest failure text in characters; devices show it on one line if at all.
pub const FAIL_INFO_TEXT_CHARS_MAX: usize = 500;

/// messageType.
pub const MESSAGE_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.2");
/// pkiStatus.
pub const PKI_STATUS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.3");
/// failInfo.
pub const FAIL_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.4");
/// senderNonce.
pub const SENDER_NONCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.5");
/// recipientNonce.
pub const RECIPIENT_NONCE: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.6");
/// transactionID.
pub const TRANSACTION_ID: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.16.840.1.113733.1.9.7");
/// failInfoText (RFC 8894 3.2.1.4).
pub const FAIL_INFO_TEXT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.24.1");

/// The type of a message (RFC 8894 3.2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// 3, a reply.
    CertRep,
    /// 17, a renewal.
    RenewalReq,
    /// 18, an update of early drafts; other servers let it pass without its challenge.
    UpdateReq,
    /// 19, an enrollment.
    PkcsReq,
    /// 20, a question after a pending enrollment.
    CertPoll,
    /// 21, a question for a certificate.
    GetCert,
    /// 22, a question for a revocation list.
    GetCrl,
    /// Any other number.
    Unknown,
}

impl MessageType {
    /// The type of a messageType attribute's value.
    #[must_use]
    pub fn parse(element: &[u8]) -> Self {
        let text = Reader::new(element).read().ok().and_then(|element| element.text());
        match text.as_deref() {
            Some("3") => Self::CertRep,
            Some("17") => Self::RenewalReq,
            Some("18") => Self::UpdateReq,
            Some("19") => Self::PkcsReq,
            Some("20") => Self::CertPoll,
            Some("21") => Self::GetCert,
            Some("22") => Self::GetCrl,
            _ => Self::Unknown,
        }
    }
}

/// Why a request failed, as the device is told (RFC 8894 3.2.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailInfo {
    /// 0: an algorithm is not supported.
    BadAlg,
    /// 1: the integrity check failed.
    BadMessageCheck,
    /// 2: not permitted or not supported.
    BadRequest,
    /// 3: the signing time is too far from ours.
    BadTime,
    /// 4: no certificate fits.
    BadCertId,
}

impl FailInfo {
    /// The number as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadAlg => "0",
            Self::BadMessageCheck => "1",
            Self::BadRequest => "2",
            Self::BadTime => "3",
            Self::BadCertId => "4",
        }
    }

    /// The name in the RFC.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BadAlg => "badAlg",
            Self::BadMessageCheck => "badMessageCheck",
            Self::BadRequest => "badRequest",
            Self::BadTime => "badTime",
            Self::BadCertId => "badCertId",
        }
    }

    /// The failure of this number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::BadAlg, Self::BadMessageCheck, Self::BadRequest, Self::BadTime, Self::BadCertId]
            .into_iter()
            .find(|info| info.as_str() == text)
    }
}

/// A transaction identifier, kept with its string type because devices compare that too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TransactionId(Vec<u8>);

impl TransactionId {
    /// Reads the attribute's value: a string of 1 to [`TRANSACTION_ID_BYTES_MAX`] bytes.
    #[must_use]
    pub fn parse(element: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(element);
        let string = reader.read().ok()?;
        reader.finish().ok()?;
        string.text()?;
        (1..=TRANSACTION_ID_BYTES_MAX).contains(&string.content.len()).then(|| Self(element.into()))
    }

    /// The identifier that a device makes from its key, in hex.
    #[must_use]
    pub fn of_key(identifier: [u8; 20]) -> Self {
        let text: String = identifier.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(tlv::encode(tlv::PRINTABLE_STRING, text.as_bytes()))
    }

    /// The whole element, tag included.
    #[must_use]
    pub fn element(&self) -> &[u8] {
        &self.0
    }

    /// The identifier as text, to be logged and looked up.
    #[must_use]
    pub fn text(&self) -> String {
        Reader::new(&self.0).read().ok().and_then(|element| element.text()).unwrap_or_default()
    }
}

/// What a reply needs to know of its request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The transaction, echoed byte for byte.
    pub transaction_id: TransactionId,
    /// The nonce of the request, which the reply returns.
    pub sender_nonce: Vec<u8>,
    /// The certificate that signed the request, to which the reply is encrypted.
    pub signer: Certificate,
    /// The hash of the reply: the request's, and at least SHA-256.
    pub hash: Hash,
    /// The cipher of the reply: the request's, and never single DES.
    pub cipher: Cipher,
    /// Which of our keys it was sealed for, by its place among the recipients; the first if that
    /// did not become known.
    pub recipient: usize,
}

/// A `PrintableString` attribute, as all SCEP strings must be.
pub(crate) fn printable(oid: ObjectIdentifier, text: &str) -> Attribute {
    Attribute { oid, values: vec![tlv::encode(tlv::PRINTABLE_STRING, text.as_bytes())] }
}

/// An OCTET STRING attribute.
pub(crate) fn octets(oid: ObjectIdentifier, octets: &[u8]) -> Attribute {
    Attribute { oid, values: vec![tlv::octet_string(octets)] }
}

/// The nonce in an attribute, if it is there once and of a legal length.
pub(crate) fn nonce(signer: &SignerInfo, oid: ObjectIdentifier) -> Option<Vec<u8>> {
    let element = tlv::only(signer.attribute(oid)?, tlv::OCTET_STRING).ok()?;
    let fits = (NONCE_BYTES_MIN..=NONCE_BYTES_MAX).contains(&element.content.len());
    fits.then(|| element.content.to_vec())
}

/// The text in an attribute, if it is there once.
pub(crate) fn text(signer: &SignerInfo, oid: ObjectIdentifier) -> Option<String> {
    let mut reader = Reader::new(signer.attribute(oid)?);
    reader.read().ok().as_ref().and_then(Element::text)
}
