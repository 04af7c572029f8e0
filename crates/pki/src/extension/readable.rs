//! Extensions as people read them: a name, and lines of what they say.

use const_oid::ObjectIdentifier;
use const_oid::db::DB;

use super::BasicConstraints;
use super::Extension;
use super::KeyUsage;
use super::parse_extended_key_usages;
use crate::general_name::GeneralName;
use crate::oid;
use crate::tlv;
use crate::tlv::Reader;

/// Most bytes of an extension that is shown as it is: sixteen lines of them.
const HEX_BYTES_MAX: usize = 256;

/// Deepest nesting in which addresses are looked for: a distribution point has four levels.
const DEPTH_MAX: usize = 8;

/// Most lines of one extension.
const LINES_MAX: usize = 64;

/// An extension in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub lines: Vec<String>,
}

/// The names of extensions, as programs show them.
const NAMES: [(ObjectIdentifier, &str); 16] = [
    (oid::SUBJECT_KEY_IDENTIFIER, "Subject Key Identifier"),
    (oid::AUTHORITY_KEY_IDENTIFIER, "Authority Key Identifier"),
    (oid::KEY_USAGE, "Key Usage"),
    (oid::EXTENDED_KEY_USAGE, "Extended Key Usage"),
    (oid::SUBJECT_ALT_NAME, "Subject Alternative Name"),
    (oid::BASIC_CONSTRAINTS, "Basic Constraints"),
    (oid::NAME_CONSTRAINTS, "Name Constraints"),
    (oid::CRL_DISTRIBUTION_POINTS, "CRL Distribution Points"),
    (oid::AUTHORITY_INFO_ACCESS, "Authority Information Access"),
    (oid::CERTIFICATE_POLICIES, "Certificate Policies"),
    (oid::NO_REV_AVAIL, "No Revocation Available"),
    (oid::OCSP_NO_CHECK, "OCSP No Check"),
    (oid::SECURITY_IDENTIFIER_EXTENSION, "Security Identifier of an account"),
    (oid::TLS_FEATURE, "TLS Feature"),
    (oid::MICROSOFT_TEMPLATE_NAME, "Name of a Microsoft template"),
    (oid::MICROSOFT_TEMPLATE, "Microsoft template"),
];

/// An extension in words. What is not understood is shown as its bytes.
#[must_use]
pub fn readable(extension: &Extension) -> Readable {
    let known = NAMES.iter().find(|(oid, _)| *oid == extension.oid);
    let name = known.map_or_else(|| name_of(extension.oid), |(_, name)| (*name).to_owned());
    let mut lines = lines(extension).unwrap_or_else(|| vec![hex(&extension.value)]);
    lines.truncate(LINES_MAX);
    Readable { name, lines }
}

/// An object identifier by its name in the RFC, if it has one.
fn name_of(oid: ObjectIdentifier) -> String {
    DB.by_oid(&oid).map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})"))
}

fn lines(extension: &Extension) -> Option<Vec<String>> {
    let der = extension.value.as_slice();
    let lines = match extension.oid {
        oid::BASIC_CONSTRAINTS => vec![constraints(BasicConstraints::parse(der).ok()?)],
        oid::KEY_USAGE => KeyUsage::parse(der).ok()?.names().map(str::to_owned).collect(),
        oid::EXTENDED_KEY_USAGE => {
            parse_extended_key_usages(der).ok()?.into_iter().map(name_of).collect()
        }
        oid::SUBJECT_ALT_NAME => {
            GeneralName::parse_all(der).ok()?.iter().map(ToString::to_string).collect()
        }
        oid::SUBJECT_KEY_IDENTIFIER => vec![hex(tlv::only(der, tlv::OCTET_STRING).ok()?.content)],
        oid::AUTHORITY_KEY_IDENTIFIER => {
            let identifier = super::authority_key_identifier(core::slice::from_ref(extension));
            vec![hex(identifier?)]
        }
        oid::CRL_DISTRIBUTION_POINTS | oid::AUTHORITY_INFO_ACCESS => {
            let mut found = Vec::new();
            addresses(der, DEPTH_MAX, &mut found)?;
            found
        }
        oid::NO_REV_AVAIL | oid::OCSP_NO_CHECK => Vec::new(),
        _ => return None,
    };
    Some(lines)
}

fn constraints(constraints: BasicConstraints) -> String {
    match constraints {
        BasicConstraints { ca: false, .. } => "no authority".to_owned(),
        BasicConstraints { ca: true, path_len: None } => "an authority".to_owned(),
        BasicConstraints { ca: true, path_len: Some(length) } => {
            format!("an authority, with {length} further ones below at most")
        }
    }
}

/// Every URI within, each behind the method that it is for, if one is named.
fn addresses(der: &[u8], depth: usize, found: &mut Vec<String>) -> Option<()> {
    let mut reader = Reader::new(der);
    let mut method = String::new();
    while !reader.is_empty() && found.len() < LINES_MAX {
        let element = reader.read().ok()?;
        if element.tag == tlv::OBJECT_IDENTIFIER {
            method = format!("{}: ", name_of(element.oid().ok()?));
        } else if element.tag == tlv::context_primitive(6) {
            found.push(format!("{method}{}", String::from_utf8_lossy(element.content)));
        } else if element.tag & tlv::CONSTRUCTED != 0 {
            addresses(element.content, depth.checked_sub(1)?, found)?;
        }
    }
    Some(())
}

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> =
        bytes.iter().take(HEX_BYTES_MAX).map(|byte| format!("{byte:02X}")).collect();
    let rest = if bytes.len() > HEX_BYTES_MAX { " …" } else { "" };
    format!("{}{rest}", digits.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(oid: ObjectIdentifier, value: Vec<u8>) -> Readable {
        readable(&Extension { oid, critical: false, value })
    }

    #[test]
    fn what_is_known_is_shown_in_words() {
        let usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
        let read = shown(oid::KEY_USAGE, usage.der());
        assert_eq!(read.name, "Key Usage");
        assert_eq!(read.lines.len(), 2);
        let purposes = super::super::extended_key_usages_der(&[oid::CLIENT_AUTH]);
        let read = shown(oid::EXTENDED_KEY_USAGE, purposes);
        assert!(read.lines[0].contains("clientAuth"), "{read:?}");
        let authority = BasicConstraints { ca: true, path_len: Some(0) };
        let read = shown(oid::BASIC_CONSTRAINTS, authority.der());
        assert_eq!(read.lines, ["an authority, with 0 further ones below at most"]);
    }

    #[test]
    fn addresses_are_found_where_they_are() {
        let urls = ["http://a.test/x.crl".to_owned()];
        let points = Extension::crl_distribution_points(&urls);
        assert_eq!(readable(&points).lines, urls);
        let access = Extension::authority_info_access(&["http://o.test".into()], &urls);
        let lines = readable(&access).lines;
        assert!(lines[0].ends_with("http://o.test"), "{lines:?}");
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn what_is_broken_or_unknown_is_shown_as_its_bytes() {
        assert_eq!(shown(oid::KEY_USAGE, vec![0xff, 0x01]).lines, ["FF:01"]);
        let unknown = shown(ObjectIdentifier::new_unwrap("1.2.3.4"), vec![7; 300]);
        assert_eq!(unknown.name, "1.2.3.4");
        assert!(unknown.lines[0].ends_with(":07 …"));
        // Deep nesting ends the search, not the program.
        let mut nested = vec![0x05, 0x00];
        for _ in 0..60 {
            nested = tlv::sequence(&[nested]);
        }
        let read = shown(oid::AUTHORITY_INFO_ACCESS, nested.clone());
        assert_eq!(read.lines, [hex(&nested)]);
    }
}
