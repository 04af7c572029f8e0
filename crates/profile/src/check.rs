//! Networks that cannot work, found before anything is handed out.

use pki::algorithm::Digest;
use pki::algorithm::SignatureAlgorithm;
use pki::certificate::Certificate;
use pki::general_name::covers;
use pki::key::KeyKind;

use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// Longest SSID, in bytes (IEEE 802.11).
pub const SSID_BYTES_MAX: usize = 32;
/// Most roots that RADIUS servers are trusted by: each is installed on every device.
pub const ANCHORS_MAX: usize = 32;
/// Most names of RADIUS servers: wpa_supplicant reads them from one line.
pub const SERVER_NAMES_MAX: usize = 32;
/// Longest name of a server, in bytes (RFC 1035 2.3.4, without the root's dot).
pub const SERVER_NAME_BYTES_MAX: usize = 253;
/// Longest label of a name, in bytes (RFC 1035 2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;
/// Longest text of any other kind, in bytes: a line that every console shows.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Longest slug, in bytes, as the organization keeps them.
pub const SLUG_BYTES_MAX: usize = 64;
/// The smallest RSA key of 192-bit security, in bits (WPA3 specification, 192-bit mode).
pub const SUITE_192_RSA_BITS_MIN: usize = 3072;

/// What is wrong with a network by itself, whichever platform it is for.
#[must_use]
pub fn network(network: &Network) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    texts(network, &mut complaints);
    medium(network, &mut complaints);
    anchors(network, &mut complaints);
    server_names(network, &mut complaints);
    if network.tls.lowest > network.tls.highest {
        complaints.push(Complaint::new(
            "tls",
            "holds no version: the lowest is above the highest",
            "let the lowest be 1.2 and the highest 1.3",
        ));
    }
    if network.chain.is_empty() {
        complaints.push(Complaint::new(
            "gateway",
            "has no authority that devices could get a certificate from",
            "give the gateway a certificate authority",
        ));
    }
    if is_suite_192(network) {
        suite_192("trusted_authorities", &network.anchors, &mut complaints);
        suite_192("gateway", &network.chain, &mut complaints);
        if usize::from(network.scep.key_bits) < SUITE_192_RSA_BITS_MIN {
            complaints.push(Complaint::new(
                "key_bits",
                format!(
                    "is {}; 192-bit security needs RSA keys of {SUITE_192_RSA_BITS_MIN} bits",
                    network.scep.key_bits
                ),
                "let devices make keys of 4096 bits, which all of them can",
            ));
        }
    }
    complaints
}

/// What is wrong with a network whose RADIUS server shows this chain, its own certificate first.
#[must_use]
pub fn server(network: &Network, chain: &[Certificate]) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let names = chain.first().map(names_of).unwrap_or_default();
    let accepts = |name: &String| names.iter().any(|carried| covers(name, carried));
    if !network.server_names.iter().any(accepts) {
        complaints.push(Complaint::new(
            "radius_server_names",
            format!(
                "holds no name that the RADIUS server's certificate carries; it carries {}",
                listed(&names)
            ),
            "name the server as in its certificate",
        ));
    }
    if !is_anchored(network, chain) {
        complaints.push(Complaint::new(
            "trusted_authorities",
            "holds none that the RADIUS server's certificate leads to",
            "name the root of the server certificate",
        ));
    }
    if is_suite_192(network) {
        suite_192("server_certificate", chain, &mut complaints);
    }
    complaints
}

/// Everything that stands in a line of a file is one line: nothing in it ends the line, or shows
/// itself elsewhere than where it is.
pub(crate) fn line(field: &str, text: &str) -> Option<Complaint> {
    if text.len() > TEXT_BYTES_MAX {
        let what = format!("is {} bytes long; {TEXT_BYTES_MAX} are possible", text.len());
        return Some(Complaint::new(field, what, "shorten it"));
    }
    let found = text.chars().find(|c| is_unprintable(*c))?;
    Some(Complaint::new(
        field,
        format!("holds the character U+{:04X}, which no line can hold", u32::from(found)),
        "remove it",
    ))
}

fn is_unprintable(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    c.is_control() || turns || ends
}

fn texts(network: &Network, complaints: &mut Vec<Complaint>) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let slug = &network.slug;
    if slug.is_empty() || slug.len() > SLUG_BYTES_MAX || !slug.chars().all(legal) {
        complaints.push(Complaint::new(
            "slug",
            "cannot name files",
            format!("use 1 to {SLUG_BYTES_MAX} of a-z, 0-9 and -"),
        ));
    }
    let mut lines = vec![
        ("organization", network.organization.as_str()),
        ("identifier", network.identifier.as_str()),
        ("name", network.name.as_str()),
        ("url", network.scep.url.as_str()),
        ("secret", network.scep.challenge.as_str()),
    ];
    if let Some(identity) = &network.outer_identity {
        lines.push(("outer_identity", identity));
    }
    for (field, text) in lines {
        complaints.extend(line(field, text));
    }
}

fn medium(network: &Network, complaints: &mut Vec<Complaint>) {
    let ssid = match &network.medium {
        Medium::Wireless { ssid, .. } => ssid,
        Medium::Wired => return,
    };
    if ssid.is_empty() || ssid.len() > SSID_BYTES_MAX {
        complaints.push(Complaint::new(
            "ssid",
            format!("is {} bytes long; 1 to {SSID_BYTES_MAX} are possible", ssid.len()),
            "give the name that the access points send",
        ));
    }
    complaints.extend(line("ssid", ssid));
}

fn anchors(network: &Network, complaints: &mut Vec<Complaint>) {
    let count = network.anchors.len();
    if count == 0 {
        complaints.push(Complaint::new(
            "trusted_authorities",
            "is empty, so devices would trust any RADIUS server or none",
            "name the root of the server certificate",
        ));
    } else if count > ANCHORS_MAX {
        complaints.push(Complaint::new(
            "trusted_authorities",
            format!("{count} are named, {ANCHORS_MAX} are possible"),
            "name those that devices need",
        ));
    }
}

fn server_names(network: &Network, complaints: &mut Vec<Complaint>) {
    let names = &network.server_names;
    if names.is_empty() {
        complaints.push(Complaint::new(
            "radius_server_names",
            "is empty, so devices would accept any server of that authority",
            "name the server as in its certificate",
        ));
    } else if names.len() > SERVER_NAMES_MAX {
        complaints.push(Complaint::new(
            "radius_server_names",
            format!("{} are named, {SERVER_NAMES_MAX} are possible", names.len()),
            "let *. stand for the label in which they differ",
        ));
    }
    for (index, name) in names.iter().enumerate() {
        if let Some(what) = wrong_name(name) {
            complaints.push(Complaint::new(
                format!("radius_server_names[{index}]"),
                what,
                "name the server as radius.example.org, or with *. for its first label",
            ));
        }
    }
}

/// What is wrong with the name of a server, if anything is.
fn wrong_name(name: &str) -> Option<&'static str> {
    if name.len() > SERVER_NAME_BYTES_MAX {
        return Some("is longer than a name can be");
    }
    let rest = name.strip_prefix("*.");
    let labels: Vec<&str> = rest.unwrap_or(name).split('.').collect();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if labels.iter().any(|label| label.contains('*')) {
        return Some("has a * that is not its whole first label");
    }
    if rest.is_some() && labels.len() < 2 {
        return Some("has a *. before a single label, which would be everybody's");
    }
    for label in labels {
        if label.is_empty() || label.len() > LABEL_BYTES_MAX {
            return Some("has a label that is empty or longer than 63 bytes");
        }
        if !label.chars().all(legal) {
            return Some("holds characters that no name of a server has");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Some("has a label that begins or ends with -");
        }
    }
    None
}

fn is_suite_192(network: &Network) -> bool {
    match &network.medium {
        Medium::Wireless { protection: Protection::Wpa3Suite192, .. } => true,
        Medium::Wireless { protection: Protection::Wpa2 | Protection::Wpa3, .. } => false,
        Medium::Wired => false,
    }
}

/// What 192-bit security refuses in these certificates: keys other than P-384 and RSA from 3072
/// bits, and signatures by less than SHA-384. A root's signature of itself proves nothing and is
/// not asked.
fn suite_192(field: &str, chain: &[Certificate], complaints: &mut Vec<Complaint>) {
    for certificate in chain {
        let subject = &certificate.subject;
        let key = match certificate.public_key.kind() {
            KeyKind::Rsa { bits, .. } if bits < SUITE_192_RSA_BITS_MIN => {
                Some(format!("an RSA key of {bits} bits"))
            }
            KeyKind::EcdsaP256 => Some("a P-256 key".to_owned()),
            KeyKind::EcdsaP521 => Some("a P-521 key".to_owned()),
            KeyKind::Other => Some("a key of another kind".to_owned()),
            KeyKind::Rsa { .. } | KeyKind::EcdsaP384 => None,
        };
        if let Some(key) = key {
            complaints.push(Complaint::new(
                field,
                format!("leads to {subject}, which has {key}, too weak for 192-bit security"),
                "use P-384 or RSA keys of 3072 bits and more, or WPA3 without 192-bit security",
            ));
        }
        let by_itself = certificate.issuer == certificate.subject;
        if !by_itself && !is_strong(certificate.signature_algorithm) {
            complaints.push(Complaint::new(
                field,
                format!("leads to {subject}, whose signature is weaker than SHA-384"),
                "have it issued again by a P-384 or RSA authority that signs with SHA-384",
            ));
        }
    }
}

fn is_strong(algorithm: SignatureAlgorithm) -> bool {
    match algorithm.digest() {
        Some(Digest::Sha384 | Digest::Sha512) => true,
        Some(Digest::Md5 | Digest::Sha1 | Digest::Sha256) | None => false,
    }
}

/// The names that a server's certificate carries: its DNS names, else its common name, as devices
/// read them.
fn names_of(certificate: &Certificate) -> Vec<String> {
    let general_names = certificate.general_names();
    let names: Vec<String> =
        general_names.iter().filter_map(|name| name.as_dns()).map(str::to_owned).collect();
    if names.is_empty() {
        return certificate.subject.common_names().map(str::to_owned).collect();
    }
    names
}

/// Whether the chain ends at an anchor: holds one, or is signed by one.
fn is_anchored(network: &Network, chain: &[Certificate]) -> bool {
    let last = chain.last();
    network.anchors.iter().any(|anchor| {
        let signs = |one: &Certificate| {
            one.issuer == anchor.subject && one.verify_signed_by(&anchor.public_key).is_ok()
        };
        chain.contains(anchor) || last.is_some_and(signs)
    })
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
