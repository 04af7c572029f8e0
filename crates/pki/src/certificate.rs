//! Certificates and serial numbers, read leniently: what a signer sends may be odd, and only what
//! is issued here is held to every rule (see [`crate::draft`]).

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use aws_lc_rs::digest;
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    algorithm::SignatureAlgorithm,
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{KeyError, PublicKey, VerifyError},
    name::{Name, NameError},
    oid,
    time::Time,
    tlv::{self, Malformed},
};

/// The largest certificate in bytes; real ones stay below 8 KiB.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// The longest serial number of our own in octets (RFC 5280 4.1.2.2).
pub const SERIAL_BYTES_MAX: usize = 20;
/// The longest serial number read at all: sscep and certmonger sign with 32 octets and more.
pub const FOREIGN_SERIAL_BYTES_MAX: usize = 64;

/// A serial number, as the content octets of its INTEGER.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Serial(Vec<u8>);

/// The text is not a serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a serial number is 1 to 64 octets in hex, such as 0A1B2C")]
pub struct NotASerial;

impl Serial {
    /// A positive serial number from 128 random bits; zero becomes one.
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        let serial = Self::from_magnitude(&random);
        if serial.0 == [0] { Self(vec![1]) } else { serial }
    }

    /// Reads hex digits of any case; colons and blanks between them are skipped.
    ///
    /// # Errors
    /// [`NotASerial`].
    pub fn parse_text(text: &str) -> Result<Self, NotASerial> {
        // Two digits and a colon an octet, with some air for blanks.
        if text.len() > 4 * FOREIGN_SERIAL_BYTES_MAX {
            return Err(NotASerial);
        }
        let mut digits = Vec::new();
        for c in text.chars().filter(|c| *c != ':' && !c.is_whitespace()) {
            let digit = c.to_digit(16).ok_or(NotASerial)?;
            digits.push(u8::try_from(digit).map_err(|_| NotASerial)?);
        }
        if digits.is_empty() {
            return Err(NotASerial);
        }
        if digits.len() % 2 == 1 {
            digits.insert(0, 0);
        }
        let (pairs, _) = digits.as_chunks::<2>();
        let octets: Vec<u8> = pairs.iter().map(|[high, low]| high * 16 + low).collect();
        let serial = Self::from_magnitude(&octets);
        if serial.0.len() > FOREIGN_SERIAL_BYTES_MAX { Err(NotASerial) } else { Ok(serial) }
    }

    /// The serial number of these content octets of an INTEGER, signed as they are.
    ///
    /// # Errors
    /// [`NotASerial`] for none and for more than [`FOREIGN_SERIAL_BYTES_MAX`].
    pub fn from_content(content: &[u8]) -> Result<Self, NotASerial> {
        if content.is_empty() || content.len() > FOREIGN_SERIAL_BYTES_MAX {
            return Err(NotASerial);
        }
        Ok(Self(content.to_vec()))
    }

    fn from_magnitude(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|byte| **byte == 0).count();
        let octets = octets.get(zeros..).unwrap_or_default();
        let mut content = Vec::with_capacity(octets.len() + 1);
        if octets.first().is_none_or(|first| first & 0x80 != 0) {
            content.push(0);
        }
        content.extend_from_slice(octets);
        Self(content)
    }

    /// The content octets of the INTEGER.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.0
    }

    /// The octets without the sign octet, as they are printed.
    #[must_use]
    pub fn magnitude(&self) -> &[u8] {
        match self.0.as_slice() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            whole => whole,
        }
    }

    /// Whether it is above zero, minimal, and of at most [`SERIAL_BYTES_MAX`] octets.
    #[must_use]
    pub fn is_of_our_own(&self) -> bool {
        let minimal = match self.0.as_slice() {
            [0] | [] => false,
            [0, second, ..] => second & 0x80 != 0,
            [first, ..] => first & 0x80 == 0,
        };
        minimal && self.0.len() <= SERIAL_BYTES_MAX
    }
}

impl PartialOrd for Serial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Serial {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.magnitude().iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl utoipa::PartialSchema for Serial {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::schema::text("A serial number in hexadecimal digits.")
    }
}

impl utoipa::ToSchema for Serial {}

impl Serialize for Serial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Serial {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse_text(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Why bytes are not a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Longer than [`CERTIFICATE_BYTES_MAX`].
    #[error("the certificate is longer than 64 KiB")]
    TooLong,
    /// Not the ASN.1 of a certificate.
    #[error("not a certificate: {0}")]
    Malformed(#[from] Malformed),
    /// The serial number is empty or too long.
    #[error("not a certificate: {0}")]
    Serial(#[from] NotASerial),
    /// The subject or issuer is broken.
    #[error("not a certificate: {0}")]
    Name(#[from] NameError),
    /// The public key is broken.
    #[error("not a certificate: {0}")]
    Key(#[from] KeyError),
}

/// A certificate as received; only [`Certificate::parse`] makes one. Nothing is verified yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Certificate {
    /// The whole certificate, byte for byte.
    pub der: Vec<u8>,
    /// The signed part, byte for byte.
    pub tbs: Vec<u8>,
    /// The serial number.
    pub serial: Serial,
    /// Who issued it.
    pub issuer: Name,
    /// Whom it names.
    pub subject: Name,
    /// The first second of its validity.
    pub not_before: Time,
    /// The last second of its validity.
    pub not_after: Time,
    /// The certified key.
    pub public_key: PublicKey,
    /// The extensions, none twice.
    pub extensions: Vec<Extension>,
    /// How it was signed.
    pub signature_algorithm: SignatureAlgorithm,
    /// The `AlgorithmIdentifier` of the signature, byte for byte.
    pub signature_algorithm_der: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The fields of a signed part.
#[derive(Debug, Clone)]
pub(crate) struct Tbs {
    pub(crate) serial: Serial,
    pub(crate) algorithm_der: Vec<u8>,
    pub(crate) issuer: Name,
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    pub(crate) subject: Name,
    pub(crate) public_key: PublicKey,
    pub(crate) extensions: Vec<Extension>,
}

impl Tbs {
    /// Reads a `TBSCertificate` (RFC 5280 4.1.2).
    pub(crate) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        reader.optional(tlv::context(0))?;
        let serial = Serial::from_content(reader.expect(tlv::INTEGER)?.content)?;
        let algorithm_der = reader.expect(tlv::SEQUENCE)?.raw.to_vec();
        let issuer = Name::from_der(reader.expect(tlv::SEQUENCE)?.raw)?;
        let mut validity = reader.expect(tlv::SEQUENCE)?.reader();
        let not_before = validity.read()?.time()?;
        let not_after = validity.read()?.time()?;
        validity.finish()?;
        let subject = Name::from_der(reader.expect(tlv::SEQUENCE)?.raw)?;
        let public_key = PublicKey::parse(reader.expect(tlv::SEQUENCE)?.raw)?;
        reader.optional(tlv::context_primitive(1))?;
        reader.optional(tlv::context_primitive(2))?;
        let extensions = match reader.optional(tlv::context(3))? {
            Some(wrapped) => Extension::parse_all(&tlv::only(wrapped.content, tlv::SEQUENCE)?)?,
            None => Vec::new(),
        };
        reader.finish()?;
        Ok(Self {
            serial,
            algorithm_der,
            issuer,
            not_before,
            not_after,
            subject,
            public_key,
            extensions,
        })
    }
}

impl Certificate {
    /// Reads a certificate of at most [`CERTIFICATE_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLong);
        }
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let signed = reader.expect(tlv::SEQUENCE)?;
        let algorithm = reader.expect(tlv::SEQUENCE)?;
        let signature = reader.read()?.whole_bits()?.to_vec();
        reader.finish()?;
        let tbs = Tbs::parse(signed.raw)?;
        Ok(Self {
            der: der.to_vec(),
            tbs: signed.raw.to_vec(),
            serial: tbs.serial,
            issuer: tbs.issuer,
            subject: tbs.subject,
            not_before: tbs.not_before,
            not_after: tbs.not_after,
            public_key: tbs.public_key,
            extensions: tbs.extensions,
            signature_algorithm: SignatureAlgorithm::parse(&algorithm)?,
            signature_algorithm_der: algorithm.raw.to_vec(),
            signature,
        })
    }

    /// Verifies the signature over the bytes as received. Names, times and purposes are the
    /// caller's to check.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signed_by(&self, issuer: &PublicKey) -> Result<(), VerifyError> {
        issuer.verify(self.signature_algorithm, &self.tbs, &self.signature)
    }

    /// Whether issuer and subject are the same and the certificate is signed by its own key.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.issuer == self.subject && self.verify_signed_by(&self.public_key).is_ok()
    }

    /// Whether the moment is within the validity, both ends included (RFC 5280 4.1.2.5).
    #[must_use]
    pub fn is_valid_at(&self, now: Time) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// The alternative names; none when the extension is absent or broken.
    #[must_use]
    pub fn general_names(&self) -> Vec<GeneralName> {
        self.extension(oid::SUBJECT_ALT_NAME)
            .and_then(|value| GeneralName::parse_all(value).ok())
            .unwrap_or_default()
    }

    /// The extended key usages; none when the extension is absent or broken.
    #[must_use]
    pub fn extended_key_usages(&self) -> Vec<ObjectIdentifier> {
        self.extension(oid::EXTENDED_KEY_USAGE)
            .and_then(|value| extension::parse_extended_key_usages(value).ok())
            .unwrap_or_default()
    }

    /// Whether it is an authority, and the path length, when the extension is there.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<(bool, Option<u8>)> {
        let value = self.extension(oid::BASIC_CONSTRAINTS)?;
        BasicConstraints::parse(value).ok().map(|found| (found.ca, found.path_len))
    }

    /// The key usage, when the extension is there.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        KeyUsage::parse(self.extension(oid::KEY_USAGE)?).ok()
    }

    /// The subject key identifier, when the extension is there.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let value = self.extension(oid::SUBJECT_KEY_IDENTIFIER)?;
        tlv::only(value, tlv::OCTET_STRING).ok().map(|element| element.content)
    }

    /// The key identifier of the issuer, when the extension is there.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        extension::authority_key_identifier(&self.extensions)
    }

    /// The value of an extension.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        extension::find(&self.extensions, oid)
    }

    /// SHA-256 of the whole certificate.
    #[must_use]
    pub fn sha256_fingerprint(&self) -> [u8; 32] {
        let digest = digest::digest(&digest::SHA256, &self.der);
        digest.as_ref().try_into().unwrap_or_default()
    }

    /// SHA-1 of the whole certificate, which profiles call its fingerprint.
    #[must_use]
    pub fn sha1_fingerprint(&self) -> [u8; 20] {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        digest.as_ref().try_into().unwrap_or_default()
    }

    /// [`Self::sha256_fingerprint`] in hexadecimal digits, `A` to `F` as capitals.
    #[must_use]
    pub fn sha256_digits(&self) -> String {
        digits(&self.sha256_fingerprint())
    }

    /// [`Self::sha1_fingerprint`] in hexadecimal digits, `A` to `F` as capitals.
    #[must_use]
    pub fn sha1_digits(&self) -> String {
        digits(&self.sha1_fingerprint())
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_print_as_hex_and_read_back() {
        for (text, shown) in
            [("0a", "0A"), ("a", "0A"), ("00:ff:01", "FF01"), ("0", "00"), ("1 2", "12")]
        {
            let serial = Serial::parse_text(text).unwrap();
            assert_eq!(serial.to_string(), shown);
            assert_eq!(Serial::parse_text(shown).unwrap(), serial);
        }
        assert_eq!(serde_json::to_string(&Serial(vec![0, 0xff])).unwrap(), "\"FF\"");
        assert_eq!(serde_json::from_str::<Serial>("\"ff\"").unwrap(), Serial(vec![0, 0xff]));
    }

    #[test]
    fn texts_that_are_no_serial_are_refused() {
        for text in ["", ":", "xyz", &"f".repeat(2 * FOREIGN_SERIAL_BYTES_MAX), &" ".repeat(999)] {
            assert_eq!(Serial::parse_text(text), Err(NotASerial), "{text}");
        }
    }

    #[test]
    fn random_serials_are_positive_and_minimal() {
        for random in [[0; 16], [0xff; 16], [0x7f; 16], [1; 16]] {
            assert!(Serial::from_random(random).is_of_our_own());
        }
        assert_eq!(Serial::from_random([0; 16]).to_string(), "01");
        assert_eq!(Serial::from_random([0xff; 16]).to_string(), "FF".repeat(16));
    }

    #[test]
    fn foreign_serials_are_kept_but_never_our_own() {
        for content in [&[0x80_u8][..], &[0], &[0, 1], &[1; 21]] {
            let serial = Serial::from_content(content).unwrap();
            assert!(!serial.is_of_our_own(), "{content:02x?}");
            assert_eq!(serial.content(), content);
        }
        assert!(Serial::from_content(&[]).is_err());
        assert!(Serial::from_content(&[1; FOREIGN_SERIAL_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn serials_are_ordered_as_numbers() {
        let serial = |text| Serial::parse_text(text).unwrap();
        assert!(serial("02") < serial("0100"));
        assert!(serial("7F") < serial("80"));
        assert!(serial("80") < serial("81"));
    }

    #[test]
    fn oversized_certificates_are_refused() {
        let bytes = vec![0x30; CERTIFICATE_BYTES_MAX + 1];
        assert_eq!(Certificate::parse(&bytes).unwrap_err(), CertificateError::TooLong);
    }
}
