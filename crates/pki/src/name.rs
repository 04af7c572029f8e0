//! Distinguished names: read from text and DER, kept as the DER they came in.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use const_oid::ObjectIdentifier;

use crate::{
    oid,
    tlv::{self, Element, Malformed},
};

/// The largest name in bytes; X.520 bounds and real directories stay far below.
pub const NAME_BYTES_MAX: usize = 8 * 1024;
/// The most attributes of a name; real ones have fewer than ten.
pub const ATTRIBUTES_MAX: usize = 64;

/// What is wrong with a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The bytes are not a Name.
    #[error("not a distinguished name: {0}")]
    Malformed(#[from] Malformed),
    /// It is longer than [`NAME_BYTES_MAX`] or has more than [`ATTRIBUTES_MAX`] attributes.
    #[error("the name is too long")]
    TooLong,
    /// A part of the text has no `=`.
    #[error("\"{0}\" is not written as KEY=value")]
    NoValue(String),
    /// The key is neither a known one nor a dotted object identifier.
    #[error("\"{0}\" is no attribute of a name; use CN, O, OU, C … or a dotted number")]
    UnknownKey(String),
    /// The value is empty or cannot be of its attribute.
    #[error("\"{1}\" is no value for {0}")]
    Value(String, String),
    /// The text ends in the middle of an escape.
    #[error("the backslash at the end escapes nothing")]
    Escape,
    /// Not a DNS name.
    #[error("\"{0}\" is not a DNS name")]
    Dns(String),
    /// Not an e-mail address.
    #[error("\"{0}\" is not an e-mail address")]
    Email(String),
    /// Not a URI.
    #[error("\"{0}\" is not a URI")]
    Uri(String),
    /// Not a user principal name.
    #[error("\"{0}\" is not a user principal name")]
    Upn(String),
    /// Not an IP address.
    #[error("\"{0}\" is not an IP address")]
    Ip(String),
    /// The kind of an alternative name is unknown.
    #[error("\"{0}\" is no alternative name; write dns:…, email:…, uri:…, upn:… or ip:…")]
    Kind(String),
}

const KEYS: [(&str, ObjectIdentifier); 16] = [
    ("CN", oid::COMMON_NAME),
    ("O", oid::ORGANIZATION),
    ("OU", oid::ORGANIZATIONAL_UNIT),
    ("C", oid::COUNTRY),
    ("ST", oid::STATE),
    ("L", oid::LOCALITY),
    ("STREET", oid::STREET),
    ("DC", oid::DOMAIN_COMPONENT),
    ("SERIALNUMBER", oid::SERIAL_NUMBER),
    ("E", oid::EMAIL_ADDRESS),
    ("EMAILADDRESS", oid::EMAIL_ADDRESS),
    ("UID", oid::USER_ID),
    ("GIVENNAME", oid::GIVEN_NAME),
    ("SN", oid::SURNAME),
    ("TITLE", oid::TITLE),
    ("S", oid::STATE),
];

/// The most characters of a value (RFC 5280, appendix A.1).
const VALUE_CHARS_MAX: [(ObjectIdentifier, usize); 8] = [
    (oid::COMMON_NAME, 64),
    (oid::ORGANIZATION, 64),
    (oid::ORGANIZATIONAL_UNIT, 64),
    (oid::TITLE, 64),
    (oid::SERIAL_NUMBER, 64),
    (oid::LOCALITY, 128),
    (oid::STATE, 128),
    (oid::EMAIL_ADDRESS, 255),
];

#[derive(Debug, Clone)]
struct Attribute {
    oid: ObjectIdentifier,
    value: String,
    // Whether this attribute stands in the same relative name as the one before.
    joined: bool,
}

/// A distinguished name. Equal names have equal DER.
#[derive(Debug, Clone)]
pub struct Name {
    der: Vec<u8>,
    attributes: Vec<Attribute>,
}

impl Name {
    /// Reads `CN=a, O=b`: the written order is the encoded order, `+` joins attributes of one
    /// relative name, a backslash escapes the next character (or is followed by two hex digits).
    /// The empty text is the empty name.
    ///
    /// # Errors
    /// [`NameError`] says which part is wrong.
    pub fn parse_text(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let mut attributes = Vec::new();
        if !text.trim().is_empty() {
            for (joined, part) in split(text)? {
                if attributes.len() == ATTRIBUTES_MAX {
                    return Err(NameError::TooLong);
                }
                attributes.push(parse_attribute(&part, joined)?);
            }
        }
        Self::from_attributes(attributes)
    }

    /// A name of these attributes, each a relative name of its own, in this order.
    ///
    /// # Errors
    /// [`NameError`] when a value is empty or not possible for its attribute, or it is too long.
    pub fn from_pairs(pairs: &[(ObjectIdentifier, &str)]) -> Result<Self, NameError> {
        if pairs.len() > ATTRIBUTES_MAX {
            return Err(NameError::TooLong);
        }
        let attributes = pairs
            .iter()
            .map(|(oid, value)| Attribute { oid: *oid, value: (*value).to_owned(), joined: false })
            .collect();
        Self::from_attributes(attributes)
    }

    fn from_attributes(attributes: Vec<Attribute>) -> Result<Self, NameError> {
        let mut relative_names: Vec<Vec<Vec<u8>>> = Vec::new();
        for attribute in &attributes {
            let encoded = encode_attribute(attribute)?;
            match relative_names.last_mut() {
                Some(last) if attribute.joined => last.push(encoded),
                _ => relative_names.push(vec![encoded]),
            }
        }
        let sets: Vec<Vec<u8>> = relative_names.iter().map(|parts| tlv::set_of(parts)).collect();
        Self::from_der(&tlv::sequence(&sets))
    }

    /// The name without attributes.
    #[must_use]
    pub fn empty() -> Self {
        Self { der: tlv::sequence::<&[u8]>(&[]), attributes: Vec::new() }
    }

    /// Reads a Name (RFC 5280 4.1.2.4), tolerating every string type.
    ///
    /// # Errors
    /// [`NameError::Malformed`] or [`NameError::TooLong`].
    pub fn from_der(der: &[u8]) -> Result<Self, NameError> {
        if der.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let mut attributes = Vec::new();
        let mut relative_names = tlv::only(der, tlv::SEQUENCE)?.reader();
        while !relative_names.is_empty() {
            let mut parts = relative_names.expect(tlv::SET)?.reader();
            let mut joined = false;
            while !parts.is_empty() {
                if attributes.len() == ATTRIBUTES_MAX {
                    return Err(NameError::TooLong);
                }
                let mut part = parts.expect(tlv::SEQUENCE)?.reader();
                let oid = part.read()?.oid()?;
                let value = part.read()?;
                part.finish()?;
                attributes.push(Attribute { oid, value: value_text(&value), joined });
                joined = true;
            }
        }
        Ok(Self { der: der.to_vec(), attributes })
    }

    /// The DER as received or written.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether the name has no attributes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The attributes in encoded order.
    pub fn attributes(&self) -> impl Iterator<Item = (ObjectIdentifier, &str)> {
        self.attributes.iter().map(|attribute| (attribute.oid, attribute.value.as_str()))
    }

    /// Each attribute with its value, written as in the whole name: `OU=Lab`.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.attributes.iter().map(Attribute::to_string)
    }

    /// The first attribute with more characters than RFC 5280 (appendix A.1) allows it: its key,
    /// how many it has, and the most.
    #[must_use]
    pub fn over_bound(&self) -> Option<(&'static str, usize, usize)> {
        self.attributes().find_map(|(oid, value)| {
            let (_, max) = VALUE_CHARS_MAX.iter().find(|(bounded, _)| *bounded == oid)?;
            let (key, _) = KEYS.iter().find(|(_, known)| *known == oid)?;
            let count = value.chars().count();
            (count > *max).then_some((*key, count, *max))
        })
    }

    /// The common names in encoded order.
    pub fn common_names(&self) -> impl Iterator<Item = &str> {
        self.values(oid::COMMON_NAME)
    }

    /// The values of one attribute in encoded order.
    pub fn values(&self, oid: ObjectIdentifier) -> impl Iterator<Item = &str> {
        self.attributes().filter(move |(other, _)| *other == oid).map(|(_, value)| value)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attribute) in self.attributes.iter().enumerate() {
            if index > 0 {
                f.write_str(if attribute.joined { "+" } else { ", " })?;
            }
            attribute.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match KEYS.iter().find(|(_, oid)| *oid == self.oid) {
            Some((key, _)) => write!(f, "{key}=")?,
            None => write!(f, "{}=", self.oid)?,
        }
        write_escaped(f, &self.value)
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let last = value.chars().count().saturating_sub(1);
    for (index, c) in value.chars().enumerate() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => write!(f, "\\{c}")?,
            '#' if index == 0 => f.write_str("\\#")?,
            ' ' if index == 0 || index == last => f.write_str("\\ ")?,
            c if c.is_control() || is_deceptive(c) => {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    write!(f, "\\{byte:02X}")?;
                }
            }
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

/// Direction marks and invisible characters would let a name show itself as another.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The parts between unescaped `,` and `+`, with whether a `+` came before.
fn split(text: &str) -> Result<Vec<(bool, String)>, NameError> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut joined = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                part.push(c);
                part.push(chars.next().ok_or(NameError::Escape)?);
            }
            ',' | '+' => {
                parts.push((joined, std::mem::take(&mut part)));
                joined = c == '+';
            }
            _ => part.push(c),
        }
    }
    parts.push((joined, part));
    Ok(parts)
}

fn parse_attribute(part: &str, joined: bool) -> Result<Attribute, NameError> {
    let (key, value) =
        part.split_once('=').ok_or_else(|| NameError::NoValue(part.trim().to_owned()))?;
    let key = key.trim();
    let oid = KEYS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(key))
        .map(|(_, oid)| *oid)
        .or_else(|| if key.contains('.') { ObjectIdentifier::new(key).ok() } else { None })
        .ok_or_else(|| NameError::UnknownKey(key.to_owned()))?;
    let value = unescape(value)?;
    Ok(Attribute { oid, value, joined })
}

/// What may stand around a value without being part of it. Every one is escaped when shown.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Trims unescaped blanks and resolves escapes.
fn unescape(value: &str) -> Result<String, NameError> {
    let mut bytes = Vec::new();
    // Where the value ends when unescaped blanks behind it are dropped.
    let mut end = 0;
    let mut chars = value.trim_start_matches(is_blank).chars();
    let mut buffer = [0; 4];
    while let Some(c) = chars.next() {
        if c == '\\' {
            let first = chars.next().ok_or(NameError::Escape)?;
            let mut ahead = chars.clone();
            match (first.to_digit(16), ahead.next().and_then(|second| second.to_digit(16))) {
                (Some(high), Some(low)) => {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    chars = ahead;
                }
                _ => bytes.extend_from_slice(first.encode_utf8(&mut buffer).as_bytes()),
            }
            end = bytes.len();
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            if !is_blank(c) {
                end = bytes.len();
            }
        }
    }
    bytes.truncate(end);
    String::from_utf8(bytes).map_err(|_| NameError::Escape)
}

fn encode_attribute(attribute: &Attribute) -> Result<Vec<u8>, NameError> {
    let value = attribute.value.as_str();
    let refused = || NameError::Value(key_of(attribute.oid), value.to_owned());
    let tag = if attribute.oid == oid::COUNTRY {
        if value.len() != 2 || !value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(refused());
        }
        tlv::PRINTABLE_STRING
    } else if attribute.oid == oid::SERIAL_NUMBER && is_printable(value) {
        tlv::PRINTABLE_STRING
    } else if attribute.oid == oid::DOMAIN_COMPONENT || attribute.oid == oid::EMAIL_ADDRESS {
        if !value.is_ascii() {
            return Err(refused());
        }
        tlv::IA5_STRING
    } else {
        tlv::UTF8_STRING
    };
    if value.is_empty() {
        return Err(refused());
    }
    let value = tlv::encode(tag, value.as_bytes());
    Ok(tlv::sequence(&[tlv::oid(&attribute.oid), value]))
}

fn key_of(oid: ObjectIdentifier) -> String {
    KEYS.iter()
        .find(|(_, known)| *known == oid)
        .map_or_else(|| oid.to_string(), |(key, _)| (*key).to_owned())
}

/// Whether a text is of the `PrintableString` alphabet (X.680 41.4).
#[must_use]
pub fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte))
}

fn value_text(value: &Element<'_>) -> String {
    value.text().unwrap_or_else(|| {
        let hex: String = value.raw.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("#{hex}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        let name = Name::parse_text(text).unwrap();
        assert_eq!(name.to_string(), shown);
        assert_eq!(Name::from_der(name.der()).unwrap(), name);
        assert_eq!(Name::parse_text(shown).unwrap(), name);
    }

    #[test]
    fn names_are_shown_in_encoded_order() {
        check("C=DE, O=Lab, CN=x", "C=DE, O=Lab, CN=x");
        check("cn=a+OU=b,o=c", "CN=a+OU=b, O=c");
        check("E=a@b.example,UID=u,SERIALNUMBER=C02", "E=a@b.example, UID=u, SERIALNUMBER=C02");
        check("2.5.4.97=VAT, CN=x", "2.5.4.97=VAT, CN=x");
        check("", "");
    }

    #[test]
    fn escapes_keep_separators_blanks_and_control_characters() {
        check("CN=Doe\\, Jane", "CN=Doe\\, Jane");
        check("CN= a b ", "CN=a b");
        check("CN=a\u{a0}", "CN=a\u{a0}");
        check("CN=\\ a\\ ", "CN=\\ a\\ ");
        check("CN=a\\0Ab", "CN=a\\0Ab");
        check("CN=\\#1", "CN=\\#1");
        check("CN=a\\+b\\=c", "CN=a\\+b\\=c");
        check("CN=ü", "CN=ü");
        check("CN=a\u{202e}b", "CN=a\\E2\\80\\AEb");
    }

    #[test]
    fn common_names_come_in_order() {
        let name = Name::parse_text("CN=a, O=b, CN=c").unwrap();
        assert_eq!(name.common_names().collect::<Vec<_>>(), ["a", "c"]);
        assert!(!name.is_empty());
        assert!(Name::empty().is_empty());
    }

    #[test]
    fn text_that_is_no_name_is_refused_with_its_reason() {
        let cases = [
            ("CN", NameError::NoValue("CN".into())),
            ("CN=a,", NameError::NoValue(String::new())),
            ("XX=a", NameError::UnknownKey("XX".into())),
            ("CN=", NameError::Value("CN".into(), String::new())),
            ("C=DEU", NameError::Value("C".into(), "DEU".into())),
            ("E=ü", NameError::Value("E".into(), "ü".into())),
            ("CN=a\\", NameError::Escape),
            ("CN=\\ff", NameError::Escape),
        ];
        for (text, error) in cases {
            assert_eq!(Name::parse_text(text), Err(error), "{text}");
        }
    }

    #[test]
    fn names_have_a_maximum() {
        let long = format!("CN={}", "a".repeat(NAME_BYTES_MAX));
        assert_eq!(Name::parse_text(&long), Err(NameError::TooLong));
        let many = vec!["CN=a"; ATTRIBUTES_MAX + 1].join(",");
        assert_eq!(Name::parse_text(&many), Err(NameError::TooLong));
        assert!(Name::parse_text(&vec!["CN=a"; ATTRIBUTES_MAX].join(",")).is_ok());
    }

    #[test]
    fn a_name_in_bmp_string_is_read() {
        let value = tlv::encode(tlv::BMP_STRING, &[0, 0x41, 0, 0xe4]);
        let part = tlv::sequence(&[tlv::oid(&oid::COMMON_NAME), value]);
        let name = Name::from_der(&tlv::sequence(&[tlv::set_of(&[part])])).unwrap();
        assert_eq!(name.to_string(), "CN=Aä");
    }

    #[test]
    fn broken_der_is_refused() {
        let der = Name::parse_text("CN=abc").unwrap().der().to_vec();
        for end in 0..der.len() {
            assert!(Name::from_der(&der[..end]).is_err());
        }
    }

    #[test]
    fn values_over_the_bounds_are_named() {
        let name = |text: &str| Name::parse_text(text).unwrap();
        assert_eq!(name(&format!("CN={}", "é".repeat(64))).over_bound(), None);
        assert_eq!(name(&format!("CN={}", "é".repeat(65))).over_bound(), Some(("CN", 65, 64)));
        let long = name(&format!("CN=a, E={}@example.com", "a".repeat(244)));
        assert_eq!(long.over_bound(), Some(("E", 256, 255)));
    }
}
