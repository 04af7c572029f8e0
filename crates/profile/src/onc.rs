//! Open Network Configuration: JSON for ChromeOS, and for Android as the Android Management API
//! takes it, which knows a part of it and a little more.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::Certificate;
use pki::public_root;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::guid;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;
use crate::network::TlsVersion;

/// What a device calls itself where neither the profile nor the platform gives it a name. The
/// server knows devices by their certificates.
pub const IDENTITY: &str = "anonymous";

/// What ChromeOS calls itself: it fills in the certificate's name.
const CHROMEOS_IDENTITY: &str = "${CERT_SUBJECT_COMMON_NAME}";

/// Where an Android device has the key of its certificate from.
#[derive(Clone, Copy, Debug)]
pub enum AndroidKey<'a> {
    /// An app or the MDM put it there under this alias.
    Alias(&'a str),
    /// It comes with the configuration: a PKCS #12 bundle without a password.
    Bundle(&'a [u8]),
}

/// The configuration of ChromeOS, for the networks page of Google's console.
///
/// # Errors
/// What is wrong with the network, or what ChromeOS cannot be told.
pub fn chromeos(network: &Network) -> Result<Vec<File>, Vec<Complaint>> {
    let mut complaints = check::network(network);
    complaints.extend(chromeos_lacks(network));
    let issuer = network.chain.first().and_then(|one| one.subject.common_names().next());
    let Some(issuer) = issuer.filter(|_| complaints.is_empty()) else {
        if complaints.is_empty() {
            complaints.push(Complaint::new(
                "gateway",
                "has an authority without a common name, by which ChromeOS finds certificates",
                "give the authority a common name",
            ));
        }
        return Err(complaints);
    };
    let mut eap = eap(network, CHROMEOS_IDENTITY);
    eap.insert("UseSystemCAs".to_owned(), json!(false));
    // An identity is not allowed unless it is kept.
    eap.insert("SaveCredentials".to_owned(), json!(true));
    eap.insert("ClientCertType".to_owned(), json!("Pattern"));
    eap.insert("ClientCertPattern".to_owned(), json!({ "Issuer": { "CommonName": issuer } }));
    if network.tls.highest == TlsVersion::Tls12 {
        eap.insert("TLSVersionMax".to_owned(), json!("1.2"));
    }
    let configuration = match &network.medium {
        Medium::Wireless { ssid, hidden, .. } => {
            eap.insert("DomainSuffixMatch".to_owned(), json!(suffixes(network)));
            if let Some(names) = exact_names(network) {
                eap.insert("SubjectAlternativeNameMatch".to_owned(), names);
            }
            let wifi = wifi(network, ssid, *hidden, "WPA-EAP", eap);
            json!({ "Type": "WiFi", "WiFi": wifi })
        }
        Medium::Wired => json!({
            "Type": "Ethernet",
            "Ethernet": { "Authentication": "8021X", "EAP": eap },
        }),
    };
    // The authorities in between help the device to send its chain.
    let between = network.chain.split_last().map(|(_, between)| between).unwrap_or_default();
    let authorities = network.anchors.iter().chain(between);
    let document = document(network, configuration, authorities, Vec::new());
    Ok(vec![file(network, "chromeos.onc", &document, false)])
}

/// The part of an Android Management API policy that holds the network.
///
/// # Errors
/// What is wrong with the network, or what the API cannot hold.
pub fn android(network: &Network, key: AndroidKey<'_>) -> Result<Vec<File>, Vec<Complaint>> {
    let mut complaints = check::network(network);
    let (ssid, protection, hidden) = match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => (ssid, *protection, *hidden),
        Medium::Wired => {
            complaints.push(Complaint::new(
                "security_type",
                "is wired, and Android can be told of wireless networks only",
                "make a network profile with an ssid for Android",
            ));
            return Err(complaints);
        }
    };
    if let AndroidKey::Alias(alias) = key {
        complaints.extend(check::line("alias", alias));
        if alias.is_empty() {
            complaints.push(Complaint::new(
                "alias",
                "is empty",
                "give the name under which the MDM keeps the device's certificate",
            ));
        }
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    // Pattern, UseSystemCAs and SaveCredentials are what the API does not know.
    let mut eap = eap(network, IDENTITY);
    eap.insert("DomainSuffixMatch".to_owned(), json!(suffixes(network)));
    let mut certificates = Vec::new();
    match key {
        AndroidKey::Alias(alias) => {
            eap.insert("ClientCertType".to_owned(), json!("KeyPairAlias"));
            eap.insert("ClientCertKeyPairAlias".to_owned(), json!(alias));
        }
        AndroidKey::Bundle(bundle) => {
            let guid = braced(network, "client");
            eap.insert("ClientCertType".to_owned(), json!("Ref"));
            eap.insert("ClientCertRef".to_owned(), json!(guid));
            let bundle = STANDARD.encode(bundle);
            certificates.push(json!({ "GUID": guid, "Type": "Client", "PKCS12": bundle }));
        }
    }
    let security = match protection {
        Protection::Wpa2 | Protection::Wpa3 => "WPA-EAP",
        Protection::Wpa3Suite192 => "WPA3-Enterprise_192",
    };
    let mut wifi = wifi(network, ssid, hidden, security, eap);
    let mode = if network.disable_mac_randomization { "Hardware" } else { "Automatic" };
    wifi.insert("MACAddressRandomizationMode".to_owned(), json!(mode));
    let configuration = json!({ "Type": "WiFi", "WiFi": wifi });
    let is_secret = !certificates.is_empty();
    let document = document(network, configuration, network.anchors.iter(), certificates);
    let policy = json!({ "openNetworkConfiguration": document });
    Ok(vec![file(network, "android.json", &policy, is_secret)])
}

/// What both say of 802.1X.
fn eap(network: &Network, identity: &str) -> Map<String, Value> {
    let identity = network.outer_identity.as_deref().unwrap_or(identity);
    let roots: Vec<String> = network.anchors.iter().map(|one| authority(network, one)).collect();
    Map::from_iter([
        ("Outer".to_owned(), json!("EAP-TLS")),
        ("Identity".to_owned(), json!(identity)),
        ("ServerCARefs".to_owned(), json!(roots)),
    ])
}

fn wifi(
    network: &Network,
    ssid: &str,
    hidden: bool,
    security: &str,
    eap: Map<String, Value>,
) -> Map<String, Value> {
    let hex: String = ssid.bytes().map(|byte| format!("{byte:02X}")).collect();
    Map::from_iter([
        ("SSID".to_owned(), json!(ssid)),
        ("HexSSID".to_owned(), json!(hex)),
        ("HiddenSSID".to_owned(), json!(hidden)),
        ("AutoConnect".to_owned(), json!(network.auto_join)),
        ("Security".to_owned(), json!(security)),
        ("EAP".to_owned(), Value::Object(eap)),
    ])
}

fn document<'a>(
    network: &Network,
    configuration: Value,
    authorities: impl Iterator<Item = &'a Certificate>,
    mut certificates: Vec<Value>,
) -> Value {
    let mut seen = HashSet::new();
    for certificate in authorities {
        if seen.insert(certificate.sha256_fingerprint()) {
            certificates.push(json!({
                "GUID": authority(network, certificate),
                "Type": "Authority",
                "X509": STANDARD.encode(&certificate.der),
            }));
        }
    }
    let mut configuration = configuration;
    if let Some(fields) = configuration.as_object_mut() {
        fields.insert("GUID".to_owned(), json!(braced(network, "network")));
        fields.insert("Name".to_owned(), json!(network.name));
    }
    json!({
        "Type": "UnencryptedConfiguration",
        "Certificates": certificates,
        "NetworkConfigurations": [configuration],
    })
}

/// The identifier of an authority: the same wherever it is trusted, another for another root of
/// the same name.
fn authority(network: &Network, certificate: &Certificate) -> String {
    let hex: String =
        certificate.sha256_fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    braced(network, &format!("authority.{hex}"))
}

fn braced(network: &Network, part: &str) -> String {
    format!("{{{}}}", guid::of(network, part))
}

/// The names as suffixes: a name in full also fits what ends in it after a dot, `*.` fits more
/// labels than one. Nothing stricter is to be had for `*.`.
fn suffixes(network: &Network) -> Vec<&str> {
    let names = network.server_names.iter();
    names.map(|name| name.strip_prefix("*.").unwrap_or(name)).collect()
}

/// The names as they are in the certificate, where all are in full; they are asked for besides the
/// suffixes.
fn exact_names(network: &Network) -> Option<Value> {
    if network.server_names.iter().any(|name| name.starts_with("*.")) {
        return None;
    }
    let name = |name: &String| json!({ "Type": "DNS", "Value": name });
    Some(network.server_names.iter().map(name).collect())
}

/// What ChromeOS cannot be told.
fn chromeos_lacks(network: &Network) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    match &network.medium {
        Medium::Wireless { protection: Protection::Wpa3Suite192, .. } => {
            complaints.push(Complaint::new(
                "security_type",
                "is 192-bit security, which ChromeOS cannot be told of",
                "make a network profile with WPA3-Enterprise for ChromeOS",
            ));
        }
        Medium::Wireless { protection: Protection::Wpa2 | Protection::Wpa3, .. } => {}
        Medium::Wired => {
            // No names are checked on cables, and everybody gets a certificate from these.
            let public =
                |one: &Certificate| public_root::all().iter().any(|root| root.certificate == *one);
            for (index, _) in network.anchors.iter().enumerate().filter(|(_, one)| public(one)) {
                complaints.push(Complaint::new(
                    format!("trusted_authorities[{index}]"),
                    "is a public root, and ChromeOS checks no names of servers on cables",
                    "let the server certificate come from an authority of your own",
                ));
            }
        }
    }
    complaints
}

fn file(network: &Network, ending: &str, document: &Value, is_secret: bool) -> File {
    File {
        name: format!("{}-{ending}", network.slug),
        media_type: "application/json",
        content: format!("{document:#}\n").into_bytes(),
        is_secret,
    }
}
