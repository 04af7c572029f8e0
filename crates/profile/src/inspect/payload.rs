//! Payloads that concern networks, read into types.

use pki::certificate::Certificate;
use pki::pem;

use super::Content;
use super::Payload;
use crate::apple::key::DEVIATIONS_MAX;
use crate::apple::key::Deviation;
use crate::apple::key::describe;
use crate::mdm::filling::Filling;
use crate::network::NameKind;
use crate::property_list::Dictionary;
use crate::property_list::Value;

/// A certificate to ask for by SCEP. What is not said has Apple's default.
#[derive(Clone)]
pub struct Scep {
    /// The server's address.
    pub url: String,
    /// What the server is asked for by name.
    pub name: Option<String>,
    /// The subject: attributes by their key or number, in their order.
    pub subject: Vec<(String, String)>,
    /// The alternative names; a kind whose value is empty is there with an empty text.
    pub names: Vec<(NameKind, String)>,
    /// The challenge.
    pub challenge: Option<String>,
    /// Size of the RSA key.
    pub key_bits: i64,
    /// What the key is for: 1 signing, 4 encryption, 5 both.
    pub key_usage: i64,
    /// The fingerprint that the server's root is known by.
    pub fingerprint: Option<Vec<u8>>,
    /// Whether the key may leave the device.
    pub is_extractable: bool,
    /// Whether every app may use the key.
    pub allow_all_apps: bool,
    /// How often a device asks again.
    pub retries: i64,
    /// Seconds between two questions.
    pub retry_delay_seconds: i64,
}

/// A network to join. What is not said has Apple's default.
#[derive(Clone, Debug)]
pub struct Join {
    /// The name of the wireless network; none on a cable.
    pub ssid: Option<String>,
    /// Whether it is a cable.
    pub is_wired: bool,
    /// How the network is protected.
    pub encryption: String,
    /// Whether the network hides its name.
    pub is_hidden: bool,
    /// Join whenever the network is near.
    pub auto_join: bool,
    /// Show the network the device's own MAC address.
    pub disable_mac_randomization: bool,
    /// The payload whose certificate and key the device shows.
    pub identity_uuid: Option<String>,
    /// The methods that are accepted; none at all if the network is not 802.1X.
    pub eap_types: Vec<i64>,
    /// The payloads of certificates that servers are trusted by.
    pub anchor_uuids: Vec<String>,
    /// The names that servers may have.
    pub server_names: Vec<String>,
    /// The lowest version of TLS.
    pub tls_lowest: String,
    /// The highest version of TLS.
    pub tls_highest: String,
    /// What the device calls itself before the connection is encrypted.
    pub outer_identity: Option<String>,
    /// Whether people may be asked to trust a server, which devices have not heard for years.
    pub allows_exceptions: bool,
}

pub(super) fn read(payload: &Dictionary, place: usize, deviations: &mut Vec<Deviation>) -> Payload {
    let kind = payload.text("PayloadType").unwrap_or_default();
    let title = describe(payload, place);
    let content = match kind {
        "com.apple.security.root" | "com.apple.security.pkcs1" | "com.apple.security.pem" => {
            certificate(payload, &title, deviations)
        }
        "com.apple.security.scep" => match payload.get("PayloadContent") {
            Some(Value::Dictionary(inside)) => Content::Scep(Box::new(Scep::read(inside))),
            _ => Content::Other,
        },
        "com.apple.security.pkcs12"
        | "com.apple.security.acme"
        | "com.apple.ADCertificate.managed" => Content::Identity,
        "com.apple.wifi.managed" => Content::Network(Box::new(Join::read(payload, false))),
        kind if kind.ends_with("ethernet.managed") => {
            Content::Network(Box::new(Join::read(payload, true)))
        }
        _ => Content::Other,
    };
    let uuid = payload.text("PayloadUUID").unwrap_or_default().to_owned();
    Payload { title, kind: kind.to_owned(), uuid, content }
}

/// A certificate as DER, or as PEM, which Apple takes in the same place.
fn certificate(payload: &Dictionary, title: &str, deviations: &mut Vec<Deviation>) -> Content {
    let Some(Value::Data(bytes)) = payload.get("PayloadContent") else { return Content::Other };
    let from_pem = || {
        let text = core::str::from_utf8(bytes).ok()?;
        pem::certificates(text).ok()?.into_iter().next()
    };
    match Certificate::parse(bytes) {
        Ok(certificate) => Content::Certificate(Box::new(certificate)),
        Err(error) => match from_pem() {
            Some(certificate) => Content::Certificate(Box::new(certificate)),
            None => {
                if deviations.len() < DEVIATIONS_MAX {
                    deviations.push(Deviation {
                        payload: title.to_owned(),
                        key: "PayloadContent".to_owned(),
                        what: format!("is no certificate: {error}"),
                        is_grave: true,
                    });
                }
                Content::Other
            }
        },
    }
}

impl Scep {
    fn read(content: &Dictionary) -> Self {
        let text = |key: &str| content.text(key).map(str::to_owned);
        Self {
            url: text("URL").unwrap_or_default(),
            name: text("Name"),
            subject: subject(content),
            names: names(content),
            challenge: text("Challenge"),
            key_bits: integer(content, "Keysize", 1024),
            key_usage: integer(content, "Key Usage", 0),
            fingerprint: match content.get("CAFingerprint") {
                Some(Value::Data(bytes)) => Some(bytes.clone()),
                _ => None,
            },
            is_extractable: boolean(content, "KeyIsExtractable", true),
            allow_all_apps: boolean(content, "AllowAllAppsAccess", false),
            retries: integer(content, "Retries", 3),
            retry_delay_seconds: integer(content, "RetryDelay", 10),
        }
    }

    /// Every text in which an MDM could replace something, with what it is called.
    pub fn texts(&self) -> impl Iterator<Item = (String, &str)> {
        let subject = self.subject.iter().map(|(key, text)| (format!("Subject {key}"), text));
        let names = self
            .names
            .iter()
            .map(|(kind, text)| (format!("SubjectAltName {}", kind.as_key()), text));
        let url = [("URL".to_owned(), &self.url)];
        url.into_iter().chain(subject).chain(names).map(|(what, text)| (what, text.as_str()))
    }

    pub(super) fn fill(&mut self, values: &[(String, String)], filling: &mut Filling) {
        filling.fill("URL", &mut self.url, values);
        for (key, text) in &mut self.subject {
            filling.fill(&format!("Subject {key}"), text, values);
        }
        for (kind, text) in &mut self.names {
            filling.fill(&format!("SubjectAltName {}", kind.as_key()), text, values);
        }
        if let Some(name) = &mut self.name {
            filling.fill("Name", name, values);
        }
        if let Some(challenge) = &mut self.challenge {
            filling.fill_secret("Challenge", challenge, values);
        }
    }
}

impl core::fmt::Debug for Scep {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Scep")
            .field("url", &self.url)
            .field("subject", &self.subject)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

impl Join {
    fn read(payload: &Dictionary, is_wired: bool) -> Self {
        let none = Dictionary::default();
        let eap = match payload.get("EAPClientConfiguration") {
            Some(Value::Dictionary(eap)) => eap,
            _ => &none,
        };
        let text = |key: &str, default: &str| eap.text(key).unwrap_or(default).to_owned();
        Self {
            ssid: payload.text("SSID_STR").filter(|_| !is_wired).map(str::to_owned),
            is_wired,
            encryption: payload.text("EncryptionType").unwrap_or("Any").to_owned(),
            is_hidden: boolean(payload, "HIDDEN_NETWORK", false),
            auto_join: boolean(payload, "AutoJoin", true),
            disable_mac_randomization: boolean(
                payload,
                "DisableAssociationMACRandomization",
                false,
            ),
            identity_uuid: payload.text("PayloadCertificateUUID").map(str::to_owned),
            eap_types: integers(eap, "AcceptEAPTypes"),
            anchor_uuids: texts(eap, "PayloadCertificateAnchorUUID"),
            server_names: texts(eap, "TLSTrustedServerNames"),
            tls_lowest: text("TLSMinimumVersion", "1.0"),
            tls_highest: text("TLSMaximumVersion", "1.2"),
            outer_identity: eap.text("OuterIdentity").map(str::to_owned),
            allows_exceptions: boolean(eap, "TLSAllowTrustExceptions", false),
        }
    }

    pub(super) fn fill(&mut self, values: &[(String, String)], filling: &mut Filling) {
        if let Some(ssid) = &mut self.ssid {
            filling.fill("SSID_STR", ssid, values);
        }
        if let Some(identity) = &mut self.outer_identity {
            filling.fill("OuterIdentity", identity, values);
        }
    }
}

fn subject(content: &Dictionary) -> Vec<(String, String)> {
    let relative_names = content.get("Subject").map_or(&[][..], Value::elements);
    let pairs = relative_names.iter().flat_map(Value::elements);
    pairs
        .filter_map(|pair| match pair.elements() {
            [key, value] => Some((key.as_text()?.to_owned(), value.as_text()?.to_owned())),
            _ => None,
        })
        .collect()
}

fn names(content: &Dictionary) -> Vec<(NameKind, String)> {
    let Some(Value::Dictionary(names)) = content.get("SubjectAltName") else { return Vec::new() };
    let mut read = Vec::new();
    for kind in [NameKind::Email, NameKind::Dns, NameKind::Uri, NameKind::Upn] {
        match names.get(kind.as_key()) {
            Some(Value::Text(text)) => read.push((kind, text.clone())),
            Some(Value::Array(several)) => {
                let several = several.iter().filter_map(Value::as_text);
                read.extend(several.map(|text| (kind, text.to_owned())));
            }
            _ => {}
        }
    }
    read
}

fn texts(dictionary: &Dictionary, key: &str) -> Vec<String> {
    let elements = dictionary.get(key).map_or(&[][..], Value::elements);
    elements.iter().filter_map(Value::as_text).map(str::to_owned).collect()
}

fn integers(dictionary: &Dictionary, key: &str) -> Vec<i64> {
    let elements = dictionary.get(key).map_or(&[][..], Value::elements);
    elements.iter().filter_map(Value::as_integer).collect()
}

fn integer(dictionary: &Dictionary, key: &str, default: i64) -> i64 {
    match dictionary.get(key) {
        Some(Value::Integer(integer)) => *integer,
        _ => default,
    }
}

fn boolean(dictionary: &Dictionary, key: &str, default: bool) -> bool {
    match dictionary.get(key) {
        Some(Value::Boolean(truth)) => *truth,
        _ => default,
    }
}
