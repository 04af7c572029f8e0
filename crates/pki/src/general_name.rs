//! Alternative names (RFC 5280 4.2.1.6), each text kind with its own check.

use core::net::IpAddr;
use std::fmt;

use const_oid::ObjectIdentifier;

use crate::{
    name::{Name, NameError},
    oid,
    tlv::{self, Element, Malformed},
};

/// The longest DNS name in octets (RFC 1035 2.3.4, as text).
pub const DNS_BYTES_MAX: usize = 253;
/// The longest label of a DNS name in octets (RFC 1035 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;
/// The longest e-mail address in octets (RFC 5321 4.5.3.1: 64 + 1 + 255).
pub const EMAIL_BYTES_MAX: usize = 320;
/// The longest URI or principal name in octets; longer ones are no identity.
pub const TEXT_BYTES_MAX: usize = 2048;
/// The most alternative names of one certificate or request; devices ask for a handful.
pub const GENERAL_NAMES_MAX: usize = 64;

/// One alternative name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GeneralName {
    /// dNSName.
    Dns(String),
    /// rfc822Name.
    Email(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// Microsoft's user principal name, an otherName with a `UTF8String`.
    Upn(String),
    /// permanentIdentifier (RFC 4043), an otherName.
    PermanentIdentifier {
        /// The identifier itself, such as a serial number.
        identifier: Option<String>,
        /// Who assigned it.
        assigner: Option<ObjectIdentifier>,
    },
    /// iPAddress.
    Ip(IpAddr),
    /// directoryName.
    DirectoryName(Name),
    /// Any other kind, as the element received.
    Other(Vec<u8>),
}

impl GeneralName {
    /// A DNS name of LDH labels; the first label may be `*`.
    ///
    /// # Errors
    /// [`NameError::Dns`].
    pub fn dns(text: &str) -> Result<Self, NameError> {
        if is_dns(text) {
            Ok(Self::Dns(text.to_owned()))
        } else {
            Err(NameError::Dns(text.to_owned()))
        }
    }

    /// An ASCII e-mail address.
    ///
    /// # Errors
    /// [`NameError::Email`].
    pub fn email(text: &str) -> Result<Self, NameError> {
        if is_email(text) {
            Ok(Self::Email(text.to_owned()))
        } else {
            Err(NameError::Email(text.to_owned()))
        }
    }

    /// A URI with a scheme.
    ///
    /// # Errors
    /// [`NameError::Uri`].
    pub fn uri(text: &str) -> Result<Self, NameError> {
        if is_uri(text) {
            Ok(Self::Uri(text.to_owned()))
        } else {
            Err(NameError::Uri(text.to_owned()))
        }
    }

    /// A user principal name, `someone@realm`.
    ///
    /// # Errors
    /// [`NameError::Upn`].
    pub fn upn(text: &str) -> Result<Self, NameError> {
        if is_upn(text) {
            Ok(Self::Upn(text.to_owned()))
        } else {
            Err(NameError::Upn(text.to_owned()))
        }
    }

    /// An IP address, version 4 or 6.
    ///
    /// # Errors
    /// [`NameError::Ip`].
    pub fn ip(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self::Ip).map_err(|_| NameError::Ip(text.to_owned()))
    }

    /// Reads `dns:…`, `email:…`, `uri:…`, `upn:…` or `ip:…`.
    ///
    /// # Errors
    /// [`NameError`] of the kind, or [`NameError::Kind`].
    pub fn parse_text(text: &str) -> Result<Self, NameError> {
        let (kind, value) = text.split_once(':').ok_or_else(|| NameError::Kind(text.to_owned()))?;
        match kind {
            "dns" => Self::dns(value),
            "email" => Self::email(value),
            "uri" => Self::uri(value),
            "upn" => Self::upn(value),
            "ip" => Self::ip(value),
            _ => Err(NameError::Kind(text.to_owned())),
        }
    }

    /// Checks that the text of this name is legal in its kind.
    ///
    /// # Errors
    /// [`NameError`] of the kind.
    pub fn check(&self) -> Result<(), NameError> {
        match self {
            Self::Dns(text) => Self::dns(text).map(drop),
            Self::Email(text) => Self::email(text).map(drop),
            Self::Uri(text) => Self::uri(text).map(drop),
            Self::Upn(text) => Self::upn(text).map(drop),
            Self::PermanentIdentifier { .. }
            | Self::Ip(_)
            | Self::DirectoryName(_)
            | Self::Other(_) => Ok(()),
        }
    }

    /// The name, if it is a DNS name.
    #[must_use]
    pub fn as_dns(&self) -> Option<&str> {
        match self {
            Self::Dns(text) => Some(text),
            Self::Email(_)
            | Self::Uri(_)
            | Self::Upn(_)
            | Self::PermanentIdentifier { .. }
            | Self::Ip(_)
            | Self::DirectoryName(_)
            | Self::Other(_) => None,
        }
    }

    /// The word for this kind: dns, email, uri, upn, permanent-identifier, ip, directory or other.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Email(_) => "email",
            Self::Uri(_) => "uri",
            Self::Upn(_) => "upn",
            Self::PermanentIdentifier { .. } => "permanent-identifier",
            Self::Ip(_) => "ip",
            Self::DirectoryName(_) => "directory",
            Self::Other(_) => "other",
        }
    }

    /// The value as text, without its kind.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) | Self::Upn(text) => text.clone(),
            Self::PermanentIdentifier { identifier, .. } => identifier.clone().unwrap_or_default(),
            Self::Ip(address) => address.to_string(),
            Self::DirectoryName(name) => name.to_string(),
            Self::Other(der) => der.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// Reads one `GeneralName` as received; what is not understood is kept as other.
    #[must_use]
    pub fn from_element(element: &Element<'_>) -> Self {
        Self::understand(element).unwrap_or_else(|| Self::Other(element.raw.to_vec()))
    }

    fn understand(element: &Element<'_>) -> Option<Self> {
        let text = || std::str::from_utf8(element.content).ok().map(str::to_owned);
        match element.tag {
            0x81 => text().map(Self::Email),
            0x82 => text().map(Self::Dns),
            0x86 => text().map(Self::Uri),
            0x87 => match *element.content {
                [a, b, c, d] => Some(Self::Ip(IpAddr::from([a, b, c, d]))),
                _ => <[u8; 16]>::try_from(element.content).ok().map(|v6| Self::Ip(v6.into())),
            },
            0xa4 => Name::from_der(element.content).ok().map(Self::DirectoryName),
            0xa0 => understand_other_name(element).ok().flatten(),
            _ => None,
        }
    }

    /// Reads `GeneralNames`, the content of the subjectAltName extension.
    ///
    /// # Errors
    /// [`Malformed`] when it is none or has more than [`GENERAL_NAMES_MAX`] names.
    pub fn parse_all(der: &[u8]) -> Result<Vec<Self>, Malformed> {
        let names = tlv::only(der, tlv::SEQUENCE)?.children(GENERAL_NAMES_MAX)?;
        Ok(names.iter().map(Self::from_element).collect())
    }

    /// The DER of one `GeneralName`.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        match self {
            Self::Email(text) => tlv::encode(0x81, text.as_bytes()),
            Self::Dns(text) => tlv::encode(0x82, text.as_bytes()),
            Self::Uri(text) => tlv::encode(0x86, text.as_bytes()),
            Self::Upn(text) => {
                let value = tlv::encode(tlv::UTF8_STRING, text.as_bytes());
                other_name(&oid::USER_PRINCIPAL_NAME, &value)
            }
            Self::PermanentIdentifier { identifier, assigner } => {
                let mut parts = Vec::new();
                if let Some(identifier) = identifier {
                    parts.push(tlv::encode(tlv::UTF8_STRING, identifier.as_bytes()));
                }
                if let Some(assigner) = assigner {
                    parts.push(tlv::oid(assigner));
                }
                other_name(&oid::PERMANENT_IDENTIFIER, &tlv::sequence(&parts))
            }
            Self::Ip(IpAddr::V4(address)) => tlv::encode(0x87, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => tlv::encode(0x87, &address.octets()),
            Self::DirectoryName(name) => tlv::encode(0xa4, name.der()),
            Self::Other(der) => der.clone(),
        }
    }

    /// The DER of `GeneralNames`.
    #[must_use]
    pub fn all_der(names: &[Self]) -> Vec<u8> {
        let parts: Vec<Vec<u8>> = names.iter().map(Self::der).collect();
        tlv::sequence(&parts)
    }
}

impl fmt::Display for GeneralName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind())?;
        for c in self.value().chars() {
            if c.is_control() { write!(f, "{}", c.escape_unicode())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

fn other_name(type_id: &ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    tlv::constructed(0xa0, &[tlv::oid(type_id), tlv::encode(tlv::context(0), value)])
}

fn understand_other_name(element: &Element<'_>) -> Result<Option<GeneralName>, Malformed> {
    let mut reader = element.reader();
    let type_id = reader.read()?.oid()?;
    let mut wrapped = reader.expect(tlv::context(0))?.reader();
    let value = wrapped.read()?;
    wrapped.finish()?;
    reader.finish()?;
    if type_id == oid::USER_PRINCIPAL_NAME {
        return Ok(value.text().map(GeneralName::Upn));
    }
    if type_id == oid::PERMANENT_IDENTIFIER && value.tag == tlv::SEQUENCE {
        let mut parts = value.reader();
        let identifier = parts.optional(tlv::UTF8_STRING)?.and_then(|part| part.text());
        let assigner = parts.optional(tlv::OBJECT_IDENTIFIER)?;
        let assigner = assigner.map(|part| part.oid()).transpose()?;
        parts.finish()?;
        return Ok(Some(GeneralName::PermanentIdentifier { identifier, assigner }));
    }
    Ok(None)
}

/// Whether a name that devices accept covers one that a certificate carries. A star stands for one
/// label, whole and not empty (RFC 6125, 6.4.3; Apple's `TLSTrustedServerNames` takes it anywhere):
/// `*.example.org`, `wpa.*.example.org`.
#[must_use]
pub fn covers(accepted: &str, carried: &str) -> bool {
    let accepted: Vec<&str> = accepted.split('.').collect();
    let carried: Vec<&str> = carried.split('.').collect();
    accepted.len() == carried.len()
        && accepted.iter().zip(&carried).all(|(accepted, label)| {
            (*accepted == "*" && !label.is_empty()) || accepted.eq_ignore_ascii_case(label)
        })
}

fn is_dns(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    text.len() <= DNS_BYTES_MAX && !host.is_empty() && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.len() <= EMAIL_BYTES_MAX
        && !local.is_empty()
        && local.bytes().all(|byte| byte.is_ascii_graphic() && !b"@<>(),;:\\\"[]".contains(&byte))
        && !domain.starts_with("*.")
        && is_dns(domain)
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    text.len() <= TEXT_BYTES_MAX
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte))
}

fn is_upn(text: &str) -> bool {
    let Some((user, realm)) = text.rsplit_once('@') else {
        return false;
    };
    text.len() <= TEXT_BYTES_MAX
        && !user.is_empty()
        && !realm.is_empty()
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_one_whole_label() {
        assert!(covers("radius.example.org", "RADIUS.example.org"));
        assert!(covers("*.example.org", "radius.example.org"));
        assert!(covers("wpa.*.example.org", "wpa.north.example.org"));
        for other in
            ["example.org", "a.radius.example.org", ".example.org", "radius.example.net", ""]
        {
            assert!(!covers("*.example.org", other), "{other}");
        }
        assert!(!covers("r*.example.org", "radius.example.org"));
        assert!(!covers(" radius.example.org", "radius.example.org"));
    }

    #[test]
    fn legal_names_survive_the_round_trip() {
        for text in [
            "dns:radius.example.org",
            "dns:*.example.org",
            "email:jane.doe+x@example.org",
            "uri:urn:uuid:6b1d",
            "uri:https://example.org/a?b=c",
            "upn:jane@corp",
            "ip:192.0.2.1",
            "ip:2001:db8::1",
        ] {
            let name = GeneralName::parse_text(text).unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(name.check(), Ok(()));
            let der = GeneralName::all_der(std::slice::from_ref(&name));
            assert_eq!(GeneralName::parse_all(&der).unwrap(), [name]);
        }
    }

    #[test]
    fn permanent_identifiers_and_directory_names_survive_too() {
        for name in [
            GeneralName::PermanentIdentifier { identifier: Some("C02".into()), assigner: None },
            GeneralName::PermanentIdentifier { identifier: None, assigner: Some(oid::CLIENT_AUTH) },
            GeneralName::DirectoryName(Name::parse_text("CN=a").unwrap()),
            GeneralName::Other(vec![0x88, 1, 42]),
        ] {
            let der = GeneralName::all_der(std::slice::from_ref(&name));
            assert_eq!(GeneralName::parse_all(&der).unwrap(), [name]);
        }
    }

    #[test]
    fn illegal_names_are_refused() {
        for text in [
            "dns:",
            "dns:a b",
            "dns:a_b.example",
            "dns:-a.example",
            "dns:a..b",
            "dns:*",
            "dns:a.*.b",
            "dns:ü.example",
            "dns:aa:bb:cc:dd:ee:ff",
            "email:nobody",
            "email:@example.org",
            "email:a@",
            "email:a b@example.org",
            "email:a@*.example.org",
            "email:MacBook Pro",
            "uri:nothing",
            "uri:1a:b",
            "uri:http://a b",
            "upn:jane",
            "upn:jane@",
            "ip:1.2.3",
            "fax:1",
            "nothing",
        ] {
            assert!(GeneralName::parse_text(text).is_err(), "{text}");
        }
        assert!(GeneralName::dns(&format!("{}.example", "a".repeat(64))).is_err());
        assert!(GeneralName::dns(&["a"; 128].join(".")).is_err());
    }

    #[test]
    fn too_many_names_are_refused() {
        let names = vec![GeneralName::Dns("a".into()); GENERAL_NAMES_MAX + 1];
        assert!(GeneralName::parse_all(&GeneralName::all_der(&names)).is_err());
    }
}
