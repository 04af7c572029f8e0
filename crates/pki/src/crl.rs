//! Certificate revocation lists (RFC 5280, section 5): drafted, linted, signed, and read.

use crate::{
    algorithm::SignatureAlgorithm,
    certificate::{NotASerial, Serial},
    draft::{Issuer, SignError},
    extension::{self, Extension},
    key::{PrivateKey, PublicKey, VerifyError},
    name::{Name, NameError},
    oid,
    time::Time,
    tlv::{self, Element, Malformed},
};

/// The largest list in bytes that is read; a million entries need about 40 MB.
pub const CRL_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The longest address of a list in bytes.
pub const URL_BYTES_MAX: usize = 2048;

/// Why a certificate does not count any more (RFC 5280 5.3.1), for complete lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReasonCode {
    /// unspecified (0): known, and never written.
    Unspecified,
    /// keyCompromise (1).
    KeyCompromise,
    /// cACompromise (2).
    CaCompromise,
    /// affiliationChanged (3).
    AffiliationChanged,
    /// superseded (4).
    Superseded,
    /// cessationOfOperation (5).
    CessationOfOperation,
    /// certificateHold (6): for now.
    CertificateHold,
    /// privilegeWithdrawn (9).
    PrivilegeWithdrawn,
    /// aACompromise (10).
    AaCompromise,
}

impl ReasonCode {
    const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number it travels as.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    /// The reason of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }

    /// The ENUMERATED.
    #[must_use]
    pub fn der(self) -> Vec<u8> {
        tlv::encode(tlv::ENUMERATED, &[self.number()])
    }

    pub(crate) fn parse(der: &[u8]) -> Result<Self, Malformed> {
        match tlv::only(der, tlv::ENUMERATED)?.content {
            [number] => Self::from_number(*number).ok_or(Malformed("an unknown reason")),
            _ => Err(Malformed("a reason")),
        }
    }
}

/// A certificate on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number.
    pub serial: Serial,
    /// When it was revoked.
    pub at: Time,
    /// Why.
    pub reason: ReasonCode,
}

/// A list that is wanted; nothing about it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlDraft {
    /// Who will sign.
    pub issuer: Issuer,
    /// Which list it is: each of an issuer has a higher number than the one before (5.2.3).
    pub number: u64,
    /// When it is made.
    pub this_update: Time,
    /// When the next one is there at the latest.
    pub next_update: Time,
    /// Where it is fetched, as the certificates on it say; empty if they do not say.
    pub url: Option<String>,
    /// What is revoked, sorted by serial number.
    pub entries: Vec<Entry>,
}

/// Why a list is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlComplaint {
    /// The next list would be due before this one is made.
    #[error("the next list is due at {1}, not after this one's {0}")]
    Order(Time, Time),
    /// Serial numbers out of order or twice.
    #[error("serial number {0} is twice on the list, or out of order")]
    Serial(Serial),
    /// A revocation in the future.
    #[error("serial number {0} is revoked at {1}, after the list is made")]
    Future(Serial, Time),
    /// The issuer's key does not sign with the hash.
    #[error("the issuer's key does not sign with the hash that is asked for")]
    Hash,
    /// The address is none.
    #[error("\"{0}\" is no address that a list can be fetched at: write http://…")]
    Url(String),
    /// What was written does not read back as what was meant.
    #[error("the encoded list does not read back")]
    Encoding,
}

impl CrlDraft {
    /// Checks the draft and writes the part to be signed.
    ///
    /// # Errors
    /// The first thing there is to complain about.
    pub fn lint(self) -> Result<LintedCrl, CrlComplaint> {
        let (from, to) = (self.this_update, self.next_update);
        if from >= to {
            return Err(CrlComplaint::Order(from, to));
        }
        if !self.issuer.key_type.signs_with(self.issuer.hash) {
            return Err(CrlComplaint::Hash);
        }
        if let Some(url) = self.url.as_ref().filter(|url| !is_address(url)) {
            return Err(CrlComplaint::Url(url.clone()));
        }
        let mut last: Option<&Serial> = None;
        for entry in &self.entries {
            let ordered = last.is_none_or(|last| *last < entry.serial);
            if !ordered || !entry.serial.is_of_our_own() {
                return Err(CrlComplaint::Serial(entry.serial.clone()));
            }
            if entry.at > from {
                return Err(CrlComplaint::Future(entry.serial.clone(), entry.at));
            }
            last = Some(&entry.serial);
        }
        let tbs = self.tbs_der();
        let read = Tbs::parse(&tbs).map_err(|_| CrlComplaint::Encoding)?;
        let same = read.issuer == self.issuer.name
            && read.this_update == from
            && read.next_update == Some(to)
            && read.entries == self.entries
            && read.extensions == self.extensions();
        if same { Ok(LintedCrl { draft: self, tbs }) } else { Err(CrlComplaint::Encoding) }
    }

    fn algorithm_der(&self) -> Vec<u8> {
        SignatureAlgorithm::identifier_der(self.issuer.key_type, self.issuer.hash)
    }

    fn extensions(&self) -> Vec<Extension> {
        let plain = |oid, value| Extension { oid, critical: false, value };
        let key = tlv::encode(tlv::context_primitive(0), &self.issuer.key_identifier);
        let mut extensions = vec![
            plain(oid::AUTHORITY_KEY_IDENTIFIER, tlv::sequence(&[key])),
            plain(oid::CRL_NUMBER, tlv::integer(self.number)),
        ];
        if let Some(url) = &self.url {
            let name = extension::uniform_resource_identifier(url);
            let names = tlv::encode(tlv::context(0), &name);
            let point = tlv::encode(tlv::context(0), &names);
            let value = tlv::sequence(&[point]);
            let oid = oid::ISSUING_DISTRIBUTION_POINT;
            extensions.push(Extension { oid, critical: true, value });
        }
        extensions
    }

    fn tbs_der(&self) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self.extensions().iter().map(Extension::der).collect();
        let mut parts = vec![
            // Version 2.
            tlv::integer(1),
            self.algorithm_der(),
            self.issuer.name.der().to_vec(),
            tlv::time(self.this_update),
            tlv::time(self.next_update),
        ];
        // RFC 5280 5.1.2.6: an empty list of entries is left out.
        if !self.entries.is_empty() {
            let entries = self.entries.iter().flat_map(Entry::der).collect::<Vec<u8>>();
            parts.push(tlv::encode(tlv::SEQUENCE, &entries));
        }
        parts.push(tlv::encode(tlv::context(0), &tlv::sequence(&extensions)));
        tlv::sequence(&parts)
    }
}

/// Whether a text can be the address of a list, of at most [`URL_BYTES_MAX`] bytes: plain HTTP
/// (RFC 5280 section 8 warns of https).
#[must_use]
pub fn is_address(url: &str) -> bool {
    let host = url.strip_prefix("http://").is_some_and(|rest| !rest.is_empty());
    host && url.len() <= URL_BYTES_MAX && url.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Entry {
    fn der(&self) -> Vec<u8> {
        let mut parts = vec![tlv::encode(tlv::INTEGER, self.serial.content()), tlv::time(self.at)];
        if self.reason != ReasonCode::Unspecified {
            let value = self.reason.der();
            let reason = Extension { oid: oid::CRL_REASON, critical: false, value };
            parts.push(tlv::sequence(&[reason.der()]));
        }
        tlv::sequence(&parts)
    }

    fn parse(element: &Element<'_>) -> Result<Self, CrlError> {
        let mut reader = element.reader();
        let serial = Serial::from_content(reader.expect(tlv::INTEGER)?.content)?;
        let at = reader.read()?.time()?;
        let extensions = match reader.optional(tlv::SEQUENCE)? {
            Some(list) => Extension::parse_all(&list)?,
            None => Vec::new(),
        };
        reader.finish()?;
        let reason = match extension::find(&extensions, oid::CRL_REASON) {
            Some(value) => ReasonCode::parse(value)?,
            None => ReasonCode::Unspecified,
        };
        Ok(Self { serial, at, reason })
    }
}

/// A draft that passed every rule, with the exact bytes to be signed. Signing consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct LintedCrl {
    draft: CrlDraft,
    tbs: Vec<u8>,
}

impl LintedCrl {
    /// Signs the linted bytes, then verifies what came out.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(self, key: &PrivateKey) -> Result<Vec<u8>, SignError> {
        let issuer = &self.draft.issuer;
        if !key.public_key().is_same_key(&issuer.public_key) {
            return Err(SignError::WrongKey);
        }
        let signature = key.sign(issuer.hash, &self.tbs)?;
        let algorithm_der = self.draft.algorithm_der();
        let algorithm = tlv::only(&algorithm_der, tlv::SEQUENCE).map_err(|_| SignError::Altered)?;
        let algorithm = SignatureAlgorithm::parse(&algorithm).map_err(|_| SignError::Altered)?;
        issuer.public_key.verify(algorithm, &self.tbs, &signature)?;
        Ok(tlv::sequence(&[self.tbs, algorithm_der, tlv::bit_string(&signature)]))
    }
}

/// Why bytes are not a list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Longer than [`CRL_BYTES_MAX`].
    #[error("the revocation list is longer than 64 MiB")]
    TooLong,
    /// Not the ASN.1 of a list.
    #[error("not a revocation list: {0}")]
    Malformed(#[from] Malformed),
    /// A serial number is empty or too long.
    #[error("not a revocation list: {0}")]
    Serial(#[from] NotASerial),
    /// The issuer is broken.
    #[error("not a revocation list: {0}")]
    Name(#[from] NameError),
}

/// The fields of a signed part.
#[derive(Debug, Clone)]
struct Tbs {
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    entries: Vec<Entry>,
    extensions: Vec<Extension>,
}

impl Tbs {
    /// Reads a `TBSCertList` (RFC 5280 5.1.2).
    fn parse(der: &[u8]) -> Result<Self, CrlError> {
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        reader.optional(tlv::INTEGER)?;
        reader.expect(tlv::SEQUENCE)?;
        let issuer = Name::from_der(reader.expect(tlv::SEQUENCE)?.raw)?;
        let this_update = reader.read()?.time()?;
        let utc = reader.optional(tlv::UTC_TIME)?;
        let next = if utc.is_some() { utc } else { reader.optional(tlv::GENERALIZED_TIME)? };
        let next_update = next.map(|element| element.time()).transpose()?;
        let mut entries = Vec::new();
        if let Some(list) = reader.optional(tlv::SEQUENCE)? {
            let mut list = list.reader();
            while !list.is_empty() {
                entries.push(Entry::parse(&list.expect(tlv::SEQUENCE)?)?);
            }
        }
        let extensions = match reader.optional(tlv::context(0))? {
            Some(wrapped) => Extension::parse_all(&tlv::only(wrapped.content, tlv::SEQUENCE)?)?,
            None => Vec::new(),
        };
        reader.finish()?;
        Ok(Self { issuer, this_update, next_update, entries, extensions })
    }
}

/// A list as received; only [`Crl::parse`] makes one. Nothing is verified yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Crl {
    /// Who issued it.
    pub issuer: Name,
    /// When it was made.
    pub this_update: Time,
    /// When the next one is there at the latest.
    pub next_update: Option<Time>,
    /// What is revoked, in the order of the list.
    pub entries: Vec<Entry>,
    /// The extensions, none twice.
    pub extensions: Vec<Extension>,
    tbs: Vec<u8>,
    signature_algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl Crl {
    /// Reads a list of at most [`CRL_BYTES_MAX`] bytes.
    ///
    /// # Errors
    /// [`CrlError`] says what is wrong.
    pub fn parse(der: &[u8]) -> Result<Self, CrlError> {
        if der.len() > CRL_BYTES_MAX {
            return Err(CrlError::TooLong);
        }
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let signed = reader.expect(tlv::SEQUENCE)?;
        let algorithm = reader.expect(tlv::SEQUENCE)?;
        let signature = reader.read()?.whole_bits()?.to_vec();
        reader.finish()?;
        let Tbs { issuer, this_update, next_update, entries, extensions } = Tbs::parse(signed.raw)?;
        let signature_algorithm = SignatureAlgorithm::parse(&algorithm)?;
        let tbs = signed.raw.to_vec();
        Ok(Self {
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
            tbs,
            signature_algorithm,
            signature,
        })
    }

    /// Verifies the signature over the bytes as received.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signed_by(&self, issuer: &PublicKey) -> Result<(), VerifyError> {
        issuer.verify(self.signature_algorithm, &self.tbs, &self.signature)
    }

    /// The number of the list, if it has one that fits 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let value = extension::find(&self.extensions, oid::CRL_NUMBER)?;
        tlv::only(value, tlv::INTEGER).ok()?.unsigned().ok()
    }
}

#[cfg(test)]
mod tests;
