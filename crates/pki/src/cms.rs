//! Cryptographic messages (RFC 5652), as far as SCEP needs them.

use const_oid::ObjectIdentifier;

use crate::{
    ber,
    certificate::Certificate,
    tlv::{self, Element, Malformed},
};

pub mod enveloped_data;
pub mod signed_data;

/// The most certificates in one message: a chain, an RA and some air.
pub const CERTIFICATES_MAX: usize = 16;
/// The most signers of one message that are read; SCEP has exactly one.
pub const SIGNERS_MAX: usize = 4;
/// The most recipients of one message: some clients encrypt to every certificate they were given.
pub const RECIPIENTS_MAX: usize = 16;
/// The most attributes of a signer; SCEP has about eight.
pub const ATTRIBUTES_MAX: usize = 32;

/// Which certificate is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateIdentifier {
    /// Its issuer, as DER, and the content octets of its serial number.
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    /// Its subject key identifier.
    SubjectKeyIdentifier(Vec<u8>),
}

impl CertificateIdentifier {
    /// The identifier by issuer and serial number.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::IssuerAndSerial(
            certificate.issuer.der().to_vec(),
            certificate.serial.content().to_vec(),
        )
    }

    /// Whether this certificate is meant.
    #[must_use]
    pub fn matches(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(issuer, serial) => {
                certificate.issuer.der() == issuer && certificate.serial.content() == serial
            }
            Self::SubjectKeyIdentifier(identifier) => {
                certificate.subject_key_identifier().map_or_else(
                    || certificate.public_key.identifier() == identifier.as_slice(),
                    |found| found == identifier,
                )
            }
        }
    }

    /// Whether at least the serial number is this certificate's.
    #[must_use]
    pub fn matches_serial(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerial(_, serial) => certificate.serial.content() == serial,
            Self::SubjectKeyIdentifier(_) => false,
        }
    }

    pub(crate) fn parse(element: &Element<'_>) -> Result<Self, Malformed> {
        match element.tag {
            tlv::SEQUENCE => {
                let mut reader = element.reader();
                let issuer = reader.expect(tlv::SEQUENCE)?.raw.to_vec();
                let serial = reader.expect(tlv::INTEGER)?.content.to_vec();
                reader.finish()?;
                Ok(Self::IssuerAndSerial(issuer, serial))
            }
            0x80 | 0xa0 => Ok(Self::SubjectKeyIdentifier(ber::octets(element)?)),
            _ => Err(Malformed("an identifier of a certificate")),
        }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        match self {
            Self::IssuerAndSerial(issuer, serial) => {
                tlv::sequence(&[issuer.clone(), tlv::encode(tlv::INTEGER, serial)])
            }
            Self::SubjectKeyIdentifier(identifier) => tlv::encode(0x80, identifier),
        }
    }
}

/// The content of a `ContentInfo` of this type.
pub(crate) fn content_of(message: &[u8], oid: ObjectIdentifier) -> Result<Element<'_>, Malformed> {
    let mut reader = tlv::only(message, tlv::SEQUENCE)?.reader();
    if reader.read()?.oid()? != oid {
        return Err(Malformed("another content type"));
    }
    let content = reader.expect(tlv::context(0))?;
    reader.finish()?;
    tlv::only(content.content, tlv::SEQUENCE)
}

/// A `ContentInfo` of this type and content.
pub(crate) fn content_info(oid: ObjectIdentifier, content: &[u8]) -> Vec<u8> {
    tlv::sequence(&[tlv::oid(&oid), tlv::encode(tlv::context(0), content)])
}

/// The object identifier of an `AlgorithmIdentifier`.
pub(crate) fn algorithm_oid(identifier: &Element<'_>) -> Result<ObjectIdentifier, Malformed> {
    identifier.reader().read()?.oid()
}
