//! The payloads of a profile.

use pki::name::Name;

use super::trust;
use super::trust::Role;
use super::trust::Trusted;
use super::uuid_of;
use crate::complaint::Complaint;
use crate::mdm;
use crate::network::Medium;
use crate::network::NameKind;
use crate::network::Network;
use crate::network::Protection;
use crate::network::TlsVersion;
use crate::platform::Platform;
use crate::property_list::Dictionary;
use crate::property_list::Value;
use crate::render::Part;
use crate::render::Selection;

/// EAP-TLS.
const EAP_TLS: i64 = 13;
/// Signing and encryption.
const KEY_USAGE: i64 = 5;
/// How often a device asks again for a certificate that waits for approval.
const RETRIES: i64 = 3;
/// Seconds between two questions.
const RETRY_DELAY_SECONDS: i64 = 10;
/// Sizes of RSA keys that Apple's SCEP makes and that are not too small.
const KEY_BITS: [u16; 2] = [2048, 4096];
/// What a device calls itself before TLS 1.3, where a name must be given and none was.
const OUTER_IDENTITY: &str = "anonymous";
/// What Apple's devices know by a short name in a subject; all else goes by its number.
const SHORT_NAMES: [&str; 6] = ["C", "L", "ST", "O", "OU", "CN"];

/// Where identifiers come from.
#[derive(Debug)]
pub(super) struct Identifiers {
    base: String,
}

impl Identifiers {
    pub(super) fn of(network: &Network, only: Option<Part>) -> Self {
        let whole = format!("{}.{}", network.identifier, network.slug);
        // A part is a profile of its own: installing it must not replace the whole.
        let base = only.map_or(whole.clone(), |part| format!("{whole}.only-{}", part.as_str()));
        Self { base }
    }

    pub(super) fn profile(&self) -> &str {
        &self.base
    }

    pub(super) fn profile_uuid(&self) -> String {
        uuid_of(&self.base)
    }

    fn uuid(&self, role: &str) -> String {
        uuid_of(&format!("{}.{role}", self.base))
    }

    /// A payload that has nothing but its head.
    fn payload(&self, kind: &str, role: &str, name: &str) -> Dictionary {
        Dictionary::default()
            .with("PayloadType", kind)
            .with("PayloadVersion", 1)
            .with("PayloadIdentifier", format!("{}.{role}", self.base))
            .with("PayloadUUID", self.uuid(role))
            .with("PayloadDisplayName", name)
    }
}

/// The role of a certificate, by which its payload is known: its content, so that further
/// certificates change nothing.
fn role_of(trusted: &Trusted<'_>) -> String {
    const BYTES: usize = 8;
    let fingerprint = trusted.certificate.sha256_fingerprint();
    let hex: String = fingerprint.iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("certificate-{hex}")
}

pub(super) fn certificate(identifiers: &Identifiers, trusted: &Trusted<'_>) -> Dictionary {
    let kind = match trusted.role {
        Role::Root | Role::Radius => "com.apple.security.root",
        Role::Issuing | Role::Intermediate => "com.apple.security.pkcs1",
    };
    identifiers
        .payload(kind, &role_of(trusted), &trusted.name)
        .with("PayloadCertificateFileName", format!("{}.cer", trusted.stem))
        .with("PayloadContent", trusted.certificate.der.clone())
}

pub(super) fn scep(
    identifiers: &Identifiers,
    network: &Network,
    platform: Platform,
) -> Result<Dictionary, Vec<Complaint>> {
    let scep = &network.scep;
    let mut complaints = check_scep(network);
    let subject = subject(network, platform, &mut complaints);
    let names = names(network, platform, &mut complaints);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let mut content = Dictionary::default()
        .with("URL", scep.url.as_str())
        .with("Name", network.slug.as_str())
        .with("Subject", subject);
    if names.entries().next().is_some() {
        content = content.with("SubjectAltName", names);
    }
    content = content
        .with("Challenge", scep.challenge.as_str())
        .with("Keysize", i64::from(scep.key_bits))
        .with("Key Type", "RSA")
        .with("Key Usage", KEY_USAGE);
    if let Some(root) = trust::gateway_root(&trust::all(network)) {
        let fingerprint = root.certificate.sha1_fingerprint().to_vec();
        content = content.with("CAFingerprint", fingerprint);
    }
    content = content
        .with("KeyIsExtractable", false)
        .with("AllowAllAppsAccess", scep.allow_all_apps)
        .with("Retries", RETRIES)
        .with("RetryDelay", RETRY_DELAY_SECONDS);
    let name = format!("Certificate for {}", network.name);
    Ok(identifiers
        .payload("com.apple.security.scep", "scep", &name)
        .with("PayloadContent", content))
}

fn check_scep(network: &Network) -> Vec<Complaint> {
    let scep = &network.scep;
    let mut complaints = Vec::new();
    if !scep.url.starts_with("http://") && !scep.url.starts_with("https://") {
        let what = format!("\"{}\" is no address that devices can ask", scep.url);
        complaints.push(Complaint::new("url", what, "give the server's public address"));
    }
    if !KEY_BITS.contains(&scep.key_bits) {
        complaints.push(Complaint::new(
            "key_bits",
            format!("Apple's devices make no RSA key of {} bits for SCEP", scep.key_bits),
            "give 2048 or 4096",
        ));
    }
    complaints
}

/// The subject as Apple writes it: relative names, each a list of pairs.
fn subject(network: &Network, platform: Platform, complaints: &mut Vec<Complaint>) -> Vec<Value> {
    let mut subject = Vec::new();
    for (attribute, text) in &network.scep.subject {
        let field = "subject";
        let Some(key) = attribute_key(attribute) else {
            let what = format!("\"{attribute}\" is no attribute of a name");
            complaints.push(Complaint::new(field, what, "use CN, O, OU, E … or a number"));
            continue;
        };
        match mdm::write(field, text, platform) {
            Ok(value) => {
                let pair = Value::Array(vec![key.into(), value.into()]);
                subject.push(Value::Array(vec![pair]));
            }
            Err(complaint) => complaints.push(complaint),
        }
    }
    if subject.is_empty() && complaints.is_empty() {
        complaints.push(Complaint::new(
            "subject",
            "is empty, and Apple's devices ask for no certificate without a subject",
            "give a CN, for example the serial number",
        ));
    }
    subject
}

fn attribute_key(attribute: &str) -> Option<String> {
    let upper = attribute.to_ascii_uppercase();
    if SHORT_NAMES.contains(&upper.as_str()) {
        return Some(upper);
    }
    // A value that every attribute takes, country codes aside, which have a short name.
    let name = Name::parse_text(&format!("{attribute}=x")).ok()?;
    let mut attributes = name.attributes();
    match (attributes.next(), attributes.next()) {
        (Some((oid, _)), None) => Some(oid.to_string()),
        _ => None,
    }
}

/// The alternative names: one string a kind, or a list where there are several.
fn names(network: &Network, platform: Platform, complaints: &mut Vec<Complaint>) -> Dictionary {
    let mut names = Dictionary::default();
    for (kind, text) in &network.scep.names {
        let key = kind.as_key();
        match mdm::write(kind.as_field(), text, platform) {
            Err(complaint) => complaints.push(complaint),
            Ok(text) => {
                let value = match names.get(key) {
                    None => Value::Text(text),
                    Some(Value::Array(more)) => {
                        Value::Array(more.iter().cloned().chain([Value::Text(text)]).collect())
                    }
                    Some(one) => Value::Array(vec![one.clone(), Value::Text(text)]),
                };
                names = names.with(key, value);
            }
        }
    }
    names
}

impl NameKind {
    /// The field of a network profile that asks for names of this kind.
    #[must_use]
    pub fn as_field(self) -> &'static str {
        match self {
            Self::Email => "san.email",
            Self::Dns => "san.dns",
            Self::Uri => "san.uri",
            Self::Upn => "san.upn",
        }
    }

    /// The key that Apple gives this kind of name.
    #[must_use]
    pub fn as_key(self) -> &'static str {
        match self {
            Self::Email => "rfc822Name",
            Self::Dns => "dNSName",
            Self::Uri => "uniformResourceIdentifier",
            Self::Upn => "ntPrincipalName",
        }
    }
}

pub(super) fn network(
    identifiers: &Identifiers,
    network: &Network,
    trusted: &[Trusted<'_>],
    selection: &Selection,
) -> Dictionary {
    let mut payload = match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => identifiers
            .payload("com.apple.wifi.managed", "wifi", &network.name)
            .with("SSID_STR", ssid.as_str())
            .with("HIDDEN_NETWORK", *hidden)
            .with("AutoJoin", network.auto_join)
            .with("EncryptionType", encryption(*protection))
            .with("DisableAssociationMACRandomization", network.disable_mac_randomization),
        Medium::Wired => identifiers
            .payload("com.apple.globalethernet.managed", "ethernet", &network.name)
            .with("Interface", "GlobalEthernet"),
    };
    payload = payload.with("EAPClientConfiguration", eap(identifiers, network, trusted));
    if selection.includes(Part::Scep) {
        payload = payload.with("PayloadCertificateUUID", identifiers.uuid("scep"));
    }
    if selection.login_window {
        let modes = vec![Value::from("System"), Value::from("Loginwindow")];
        payload = payload.with("SetupModes", modes);
    }
    payload
}

/// What `WPA2` says since iOS 16 and macOS 13 is "WPA2 or WPA3"; `WPA3` is only that, and 192-bit
/// security has no word of its own.
fn encryption(protection: Protection) -> &'static str {
    match protection {
        Protection::Wpa2 => "WPA2",
        Protection::Wpa3 | Protection::Wpa3Suite192 => "WPA3",
    }
}

fn eap(identifiers: &Identifiers, network: &Network, trusted: &[Trusted<'_>]) -> Dictionary {
    let anchors = trusted.iter().filter(|trusted| trusted.is_anchor);
    let anchors: Vec<Value> =
        anchors.map(|anchor| identifiers.uuid(&role_of(anchor)).into()).collect();
    let names: Vec<Value> =
        network.server_names.iter().map(|name| Value::from(name.as_str())).collect();
    let eap = Dictionary::default()
        .with("AcceptEAPTypes", vec![Value::Integer(EAP_TLS)])
        .with("PayloadCertificateAnchorUUID", anchors)
        .with("TLSTrustedServerNames", names)
        .with("TLSCertificateIsRequired", true)
        .with("TLSMinimumVersion", version(network.tls.lowest))
        .with("TLSMaximumVersion", version(network.tls.highest));
    let required = (network.tls.lowest == TlsVersion::Tls13).then_some(OUTER_IDENTITY);
    match network.outer_identity.as_deref().or(required) {
        Some(identity) => eap.with("OuterIdentity", identity),
        None => eap,
    }
}

fn version(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls12 => "1.2",
        TlsVersion::Tls13 => "1.3",
    }
}
