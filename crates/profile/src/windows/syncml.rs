//! SyncML, as an MDM sends it to Windows: roots, the request for a certificate, the profile.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::Certificate;

use crate::complaint::Complaint;
use crate::guid;
use crate::network::Medium;
use crate::network::NameKind;
use crate::network::Network;
use crate::spelling;
use crate::spelling::Spelling;
use crate::xml;
use crate::xml::Element;

const SYNCML: &str = "SYNCML:SYNCML1.2";
const META: &str = "syncml:metinf";
const ROOTS: &str = "./Device/Vendor/MSFT/RootCATrustedCertificates";
const SCEP: &str = "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP";

/// id-kp-clientAuth (RFC 5280 4.2.1.12).
const CLIENT_AUTH: &str = "1.3.6.1.5.5.7.3.2";
/// Digital signature 0x80 and key encipherment 0x20, in the decimal digits that the CSP asks for.
const KEY_USAGE: &str = "160";
/// Keep the key in the TPM where there is one.
const KEY_PROTECTION: &str = "2";
/// How often, and after how many minutes each, Windows asks again while a request is pending.
const RETRY_COUNT: &str = "3";
const RETRY_DELAY_MINUTES: &str = "1";

/// What a value is to the device management client.
#[derive(Clone, Copy)]
enum Format {
    Node,
    Text,
    Number,
    Base64,
}

/// The commands, in the order in which they are to arrive: the roots, the request as one atomic
/// command, the profile.
pub(crate) fn commands(
    network: &Network,
    profile: &str,
    spelling: Spelling<'_>,
) -> Result<String, Vec<Complaint>> {
    let mut numbers = Numbers::default();
    let mut body: Vec<Element> = trusted(network)
        .into_iter()
        .map(|(uri, value)| add(&mut numbers, &uri, Format::Base64, &value))
        .collect();
    body.push(request(network, spelling, &mut numbers)?);
    let uri = match &network.medium {
        Medium::Wireless { ssid, .. } => {
            format!("./Device/Vendor/MSFT/WiFi/Profile/{}/WlanXml", percent(ssid))
        }
        Medium::Wired => "./Device/Vendor/MSFT/WiredNetwork/LanXML".to_owned(),
    };
    body.push(add(&mut numbers, &uri, Format::Text, profile));
    body.push(Element::parent("Final", vec![]));
    let body = Element::parent("SyncBody", body);
    Ok(xml::document(&Element::parent("SyncML", vec![body]).with("xmlns", SYNCML)))
}

/// The numbers of commands, each once in a message.
#[derive(Default)]
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> Element {
        self.0 += 1;
        Element::leaf("CmdID", self.0.to_string())
    }
}

fn trusted(network: &Network) -> Vec<(String, String)> {
    let node = |store: &str, certificate: &Certificate| {
        let thumbprint = certificate.sha1_digits();
        let uri = format!("{ROOTS}/{store}/{thumbprint}/EncodedCertificate");
        (uri, STANDARD.encode(&certificate.der))
    };
    let mut nodes: Vec<(String, String)> =
        network.anchors.iter().map(|anchor| node("Root", anchor)).collect();
    if let Some((root, between)) = network.chain.split_last() {
        if !network.anchors.contains(root) {
            nodes.push(node("Root", root));
        }
        nodes.extend(between.iter().map(|certificate| node("CA", certificate)));
    }
    nodes
}

/// The request, in one atomic command, so that nothing is asked for before all is known; the CSP
/// wants `Enroll` last.
fn request(
    network: &Network,
    spelling: Spelling<'_>,
    numbers: &mut Numbers,
) -> Result<Element, Vec<Complaint>> {
    let node = format!("{SCEP}/{}", guid::of(network, "scep"));
    let install = format!("{node}/Install");
    let root = network.chain.last().map(Certificate::sha1_digits).unwrap_or_default();
    let mut parts = vec![numbers.next(), add(numbers, &node, Format::Node, "")];
    let values = [
        ("ServerURL", Format::Text, network.scep.url.clone()),
        // The CSP takes the challenge in base64.
        ("Challenge", Format::Text, STANDARD.encode(&network.scep.challenge)),
        ("EKUMapping", Format::Text, CLIENT_AUTH.to_owned()),
        ("KeyUsage", Format::Number, KEY_USAGE.to_owned()),
        ("SubjectName", Format::Text, subject(network, spelling)?),
        ("SubjectAlternativeNames", Format::Text, names(network, spelling)?),
        ("KeyProtection", Format::Number, KEY_PROTECTION.to_owned()),
        ("KeyLength", Format::Number, network.scep.key_bits.to_string()),
        ("HashAlgorithm", Format::Text, "SHA-2".to_owned()),
        ("CAThumbprint", Format::Text, root),
        ("RetryCount", Format::Number, RETRY_COUNT.to_owned()),
        ("RetryDelay", Format::Number, RETRY_DELAY_MINUTES.to_owned()),
    ];
    for (name, format, value) in values {
        if !value.is_empty() {
            parts.push(add(numbers, &format!("{install}/{name}"), format, &value));
        }
    }
    let target = target(&format!("{install}/Enroll"));
    let item = Element::parent("Item", vec![target]);
    parts.push(Element::parent("Exec", vec![numbers.next(), item]));
    Ok(Element::parent("Atomic", parts))
}

fn add(numbers: &mut Numbers, uri: &str, format: Format, value: &str) -> Element {
    let name = match format {
        Format::Node => "node",
        Format::Text => "chr",
        Format::Number => "int",
        Format::Base64 => "b64",
    };
    let mut meta = vec![Element::leaf("Format", name).with("xmlns", META)];
    let mut item = vec![target(uri)];
    match format {
        Format::Node => item.push(Element::parent("Meta", meta)),
        Format::Text | Format::Number | Format::Base64 => {
            meta.push(Element::leaf("Type", "text/plain").with("xmlns", META));
            item.push(Element::parent("Meta", meta));
            item.push(Element::leaf("Data", value));
        }
    }
    Element::parent("Add", vec![numbers.next(), Element::parent("Item", item)])
}

fn target(uri: &str) -> Element {
    Element::parent("Target", vec![Element::leaf("LocURI", uri)])
}

/// The subject as Windows reads names: attributes separated by commas, a value in quotes where it
/// holds what separates, quotes in it doubled.
fn subject(network: &Network, spelling: Spelling<'_>) -> Result<String, Vec<Complaint>> {
    let mut written = Vec::new();
    let mut complaints = Vec::new();
    for (attribute, text) in &network.scep.subject {
        match spelling::spell(text, "subject", spelling) {
            Ok(value) => written.push(format!("{attribute}={}", quoted(&value))),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(written.join(",")) } else { Err(complaints) }
}

fn quoted(value: &str) -> String {
    let separates = |c: char| matches!(c, ',' | '=' | '+' | ';' | '"' | '<' | '>' | '#');
    if value.trim() == value && !value.contains(separates) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// The alternative names: kind, plus, value; separated by semicolons, which none can hold.
fn names(network: &Network, spelling: Spelling<'_>) -> Result<String, Vec<Complaint>> {
    let mut written = Vec::new();
    let mut complaints = Vec::new();
    for (kind, text) in &network.scep.names {
        let field = kind.as_field();
        // The numbers are those of AlternativeNameType in CertEnroll.
        let number = match kind {
            NameKind::Email => 2,
            NameKind::Dns => 3,
            NameKind::Uri => 7,
            NameKind::Upn => 11,
        };
        match spelling::spell(text, field, spelling) {
            Ok(value) if value.contains(';') => complaints.push(Complaint::new(
                field,
                "holds a semicolon, which separates names on Windows",
                "use a value without it",
            )),
            Ok(value) => written.push(format!("{number}+{value}")),
            Err(complaint) => complaints.push(complaint),
        }
    }
    if complaints.is_empty() { Ok(written.join(";")) } else { Err(complaints) }
}

/// A segment of a URI (RFC 3986 2.1): what is not unreserved is escaped, byte by byte.
fn percent(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_subject_are_quoted_where_they_must() {
        for (value, written) in [
            ("Example School", "Example School"),
            ("A, B", "\"A, B\""),
            (" a", "\" a\""),
            ("a\"b", "\"a\"\"b\""),
            ("{{SerialNumber}}", "{{SerialNumber}}"),
        ] {
            assert_eq!(quoted(value), written);
        }
    }

    #[test]
    fn a_segment_holds_no_separator() {
        assert_eq!(percent("Schule/ä ."), "Schule%2F%C3%A4%20.");
    }
}
