//! Certificate extensions: what they say, and how they are written.

pub mod readable;

use std::ops::BitOr;

use const_oid::ObjectIdentifier;

use crate::{
    oid,
    tlv::{self, Element, Malformed},
};

/// The most extensions of one certificate or request; real ones have about ten.
pub const EXTENSIONS_MAX: usize = 32;
/// The most extended key usages of one certificate or request.
pub const EXTENDED_KEY_USAGES_MAX: usize = 32;

/// One extension as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Which extension it is.
    pub oid: ObjectIdentifier,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// The content of its OCTET STRING.
    pub value: Vec<u8>,
}

/// The purposes of a key (RFC 5280 4.2.1.3), as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// No purpose at all.
    pub const NONE: Self = Self(0);
    /// digitalSignature (0).
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// nonRepudiation, also called contentCommitment (1).
    pub const NON_REPUDIATION: Self = Self(1 << 1);
    /// keyEncipherment (2).
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// dataEncipherment (3).
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// keyAgreement (4).
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// keyCertSign (5).
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// cRLSign (6).
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// encipherOnly (7).
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// decipherOnly (8).
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    const NAMES: [&'static str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Whether all purposes of the other set are in this one.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The purpose of an RFC 5280 name such as `digitalSignature`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|bit| Self(1 << bit))
    }

    /// The RFC 5280 names of the purposes, in bit order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0..).zip(Self::NAMES).filter(move |(bit, _)| self.0 & (1 << bit) != 0).map(|(_, n)| n)
    }

    /// Reads the BIT STRING of the extension.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        let element = tlv::only(der, tlv::BIT_STRING)?;
        let (unused, octets) =
            element.content.split_first().ok_or(Malformed("an empty bit string"))?;
        if *unused > 7 || octets.len() > 2 {
            return Err(Malformed("a key usage"));
        }
        let first = octets.first().copied().unwrap_or_default().reverse_bits();
        let second = octets.get(1).copied().unwrap_or_default().reverse_bits();
        Ok(Self((u16::from(first) | (u16::from(second) << 8)) & 0x1ff))
    }

    /// The BIT STRING, without trailing zero bits as DER demands of named bits.
    #[must_use]
    pub fn der(self) -> Vec<u8> {
        let [first, second] = self.0.to_le_bytes().map(u8::reverse_bits);
        let content = match (first, second) {
            (0, 0) => vec![0],
            (first, 0) => vec![trailing_zeros(first), first],
            (first, second) => vec![trailing_zeros(second), first, second],
        };
        tlv::encode(tlv::BIT_STRING, &content)
    }
}

fn trailing_zeros(octet: u8) -> u8 {
    u8::try_from(octet.trailing_zeros()).unwrap_or_default()
}

impl BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Whether a key may sign certificates, and how long a chain may grow below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct BasicConstraints {
    /// Whether this is a certificate authority.
    pub ca: bool,
    /// How many intermediate certificates may follow.
    pub path_len: Option<u8>,
}

impl BasicConstraints {
    /// The constraints of a certificate that is no authority.
    pub const LEAF: Self = Self { ca: false, path_len: None };

    /// Reads the extension; a path length above 255 is read as 255.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
        let ca = match reader.optional(tlv::BOOLEAN)? {
            Some(element) => element.boolean()?,
            None => false,
        };
        let path_len = match reader.optional(tlv::INTEGER)? {
            Some(element) => Some(u8::try_from(element.unsigned()?).unwrap_or(u8::MAX)),
            None => None,
        };
        reader.finish()?;
        Ok(Self { ca, path_len })
    }

    /// The DER of the extension's content.
    #[must_use]
    pub fn der(self) -> Vec<u8> {
        let mut parts = Vec::new();
        if self.ca {
            parts.push(tlv::truth());
        }
        if let Some(path_len) = self.path_len {
            parts.push(tlv::integer(path_len.into()));
        }
        tlv::sequence(&parts)
    }
}

impl Extension {
    /// The DER of the extension.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        let value = tlv::octet_string(&self.value);
        if self.critical {
            tlv::sequence(&[tlv::oid(&self.oid), tlv::truth(), value])
        } else {
            tlv::sequence(&[tlv::oid(&self.oid), value])
        }
    }

    /// Reads Extensions: at most [`EXTENSIONS_MAX`], none twice (RFC 5280 4.2).
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse_all(list: &Element<'_>) -> Result<Vec<Self>, Malformed> {
        let mut extensions: Vec<Self> = Vec::new();
        for element in list.children(EXTENSIONS_MAX)? {
            if element.tag != tlv::SEQUENCE {
                return Err(Malformed("an extension"));
            }
            let mut reader = element.reader();
            let oid = reader.read()?.oid()?;
            let critical = match reader.optional(tlv::BOOLEAN)? {
                Some(element) => element.boolean()?,
                None => false,
            };
            let value = reader.expect(tlv::OCTET_STRING)?.content.to_vec();
            reader.finish()?;
            if extensions.iter().any(|known| known.oid == oid) {
                return Err(Malformed("an extension twice"));
            }
            extensions.push(Self { oid, critical, value });
        }
        Ok(extensions)
    }
}

/// Reads extKeyUsage: at most [`EXTENDED_KEY_USAGES_MAX`] purposes.
///
/// # Errors
/// [`Malformed`].
pub fn parse_extended_key_usages(der: &[u8]) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let purposes = tlv::only(der, tlv::SEQUENCE)?.children(EXTENDED_KEY_USAGES_MAX)?;
    purposes.iter().map(Element::oid).collect()
}

/// The DER of extKeyUsage.
#[must_use]
pub fn extended_key_usages_der(purposes: &[ObjectIdentifier]) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = purposes.iter().map(tlv::oid).collect();
    tlv::sequence(&parts)
}

/// The value of the extension of this object identifier, if it is there.
#[must_use]
pub fn find(extensions: &[Extension], oid: ObjectIdentifier) -> Option<&[u8]> {
    extensions.iter().find(|extension| extension.oid == oid).map(|found| found.value.as_slice())
}

/// The key identifier that authorityKeyIdentifier names.
#[must_use]
pub fn authority_key_identifier(extensions: &[Extension]) -> Option<&[u8]> {
    let value = find(extensions, oid::AUTHORITY_KEY_IDENTIFIER)?;
    let mut reader = tlv::only(value, tlv::SEQUENCE).ok()?.reader();
    reader.optional(tlv::context_primitive(0)).ok()?.map(|element| element.content)
}

impl Extension {
    /// cRLDistributionPoints (RFC 5280 4.2.1.13): one point with these addresses of one list.
    #[must_use]
    pub fn crl_distribution_points(urls: &[String]) -> Self {
        let names: Vec<u8> = urls.iter().flat_map(|url| uniform_resource_identifier(url)).collect();
        let full_name = tlv::encode(tlv::context(0), &names);
        let point = tlv::sequence(&[tlv::encode(tlv::context(0), &full_name)]);
        let value = tlv::sequence(&[point]);
        Self { oid: oid::CRL_DISTRIBUTION_POINTS, critical: false, value }
    }

    /// authorityInfoAccess (RFC 5280 4.2.2.1): where OCSP answers, and where the issuer's
    /// certificate is.
    #[must_use]
    pub fn authority_info_access(ocsp_urls: &[String], ca_issuers_urls: &[String]) -> Self {
        let access = |method: ObjectIdentifier, url: &String| {
            tlv::sequence(&[tlv::oid(&method), uniform_resource_identifier(url)])
        };
        let ocsp = ocsp_urls.iter().map(|url| access(oid::ACCESS_OCSP, url));
        let issuers = ca_issuers_urls.iter().map(|url| access(oid::ACCESS_CA_ISSUERS, url));
        let value = tlv::sequence(&ocsp.chain(issuers).collect::<Vec<_>>());
        Self { oid: oid::AUTHORITY_INFO_ACCESS, critical: false, value }
    }

    /// certificatePolicies (RFC 5280 4.2.1.4), without qualifiers.
    #[must_use]
    pub fn certificate_policies(policies: &[ObjectIdentifier]) -> Self {
        let policies = policies.iter().map(|policy| tlv::sequence(&[tlv::oid(policy)]));
        let value = tlv::sequence(&policies.collect::<Vec<_>>());
        Self { oid: oid::CERTIFICATE_POLICIES, critical: false, value }
    }

    /// Microsoft's security identifier of an account, such as `S-1-5-21-…`, which a domain
    /// controller maps the certificate to ([MS-WCCE] 2.2.2.7.7.4).
    #[must_use]
    pub fn security_identifier(identifier: &str) -> Self {
        let value = tlv::encode(tlv::context(0), &tlv::octet_string(identifier.as_bytes()));
        let name = [tlv::oid(&oid::SECURITY_IDENTIFIER), value].concat();
        let value = tlv::sequence(&[tlv::encode(tlv::context(0), &name)]);
        Self { oid: oid::SECURITY_IDENTIFIER_EXTENSION, critical: false, value }
    }

    /// noRevAvail (RFC 9608): nobody says of this certificate whether it was revoked.
    #[must_use]
    pub fn no_rev_avail() -> Self {
        Self { oid: oid::NO_REV_AVAIL, critical: false, value: tlv::null() }
    }

    /// id-pkix-ocsp-nocheck (RFC 6960 4.2.2.2.1): a responder's certificate is not asked about.
    #[must_use]
    pub fn ocsp_no_check() -> Self {
        Self { oid: oid::OCSP_NO_CHECK, critical: false, value: tlv::null() }
    }
}

/// What authorityInfoAccess tells of, in its order; nothing when it is absent or broken.
#[must_use]
pub fn access_methods(extensions: &[Extension]) -> Vec<ObjectIdentifier> {
    let value = find(extensions, oid::AUTHORITY_INFO_ACCESS);
    let accesses = value.and_then(|value| tlv::only(value, tlv::SEQUENCE).ok());
    let accesses = accesses.and_then(|list| list.children(EXTENSIONS_MAX).ok()).unwrap_or_default();
    let methods = accesses.iter().filter_map(|access| access.reader().read().ok()?.oid().ok());
    methods.collect()
}

/// A uniformResourceIdentifier among general names.
pub(crate) fn uniform_resource_identifier(url: &str) -> Vec<u8> {
    tlv::encode(tlv::context_primitive(6), url.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_usages_are_written_as_named_bits() {
        let leaf = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        assert_eq!(leaf.der(), [3, 2, 5, 0xa0]);
        assert_eq!(leaf.names().collect::<Vec<_>>(), ["digitalSignature", "keyEncipherment"]);
        assert_eq!(KeyUsage::DECIPHER_ONLY.der(), [3, 3, 7, 0, 0x80]);
        for usage in [KeyUsage::NONE, leaf, KeyUsage::DECIPHER_ONLY, KeyUsage::CRL_SIGN] {
            assert_eq!(KeyUsage::parse(&usage.der()), Ok(usage));
        }
        assert_eq!(KeyUsage::from_name("cRLSign"), Some(KeyUsage::CRL_SIGN));
        assert_eq!(KeyUsage::from_name("crlsign"), None);
        assert!(KeyUsage::parse(&[3, 4, 0, 1, 1, 1]).is_err());
        assert!(KeyUsage::parse(&[3, 0]).is_err());
    }

    #[test]
    fn basic_constraints_survive_the_round_trip() {
        for constraints in [
            BasicConstraints::LEAF,
            BasicConstraints { ca: true, path_len: None },
            BasicConstraints { ca: true, path_len: Some(0) },
        ] {
            assert_eq!(BasicConstraints::parse(&constraints.der()), Ok(constraints));
        }
    }

    #[test]
    fn an_extension_twice_is_refused() {
        let extension = Extension { oid: oid::KEY_USAGE, critical: true, value: vec![3, 1, 0] };
        let list = tlv::sequence(&[extension.der(), extension.der()]);
        assert!(Extension::parse_all(&tlv::only(&list, tlv::SEQUENCE).unwrap()).is_err());
    }

    #[test]
    fn too_many_extensions_are_refused() {
        let part = Extension { oid: oid::KEY_USAGE, critical: true, value: vec![3, 1, 0] }.der();
        let list = tlv::sequence(&vec![part; EXTENSIONS_MAX + 1]);
        assert!(Extension::parse_all(&tlv::only(&list, tlv::SEQUENCE).unwrap()).is_err());
    }
}
