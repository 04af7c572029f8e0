//! NetworkManager: a keyfile, and the same as commands of `nmcli`.

use crate::guid;
use crate::linux;
use crate::linux::Names;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;
use crate::network::TlsVersion;
use crate::shell;

// Flags of `802-1x.phase1-auth-flags` (NMSetting8021xAuthFlags). The last three came with
// NetworkManager 1.42; without them wpa_supplicant 2.10 does not speak TLS 1.3.
const TLS_1_0_DISABLE: u32 = 0x1;
const TLS_1_1_DISABLE: u32 = 0x2;
const TLS_1_2_DISABLE: u32 = 0x4;
const TLS_1_3_DISABLE: u32 = 0x10;
const TLS_1_3_ENABLE: u32 = 0x100;

/// `NM_SETTING_SECRET_FLAG_NOT_REQUIRED`: the key's file has no password.
const NOT_REQUIRED: &str = "4";
/// `NM_SETTING_WIRELESS_SECURITY_PMF_REQUIRED`: management frames are protected, or no connection.
const PMF_REQUIRED: &str = "3";

/// A section, and its settings in their order.
type Section = (&'static str, Vec<(&'static str, Value)>);

/// The value of a setting.
enum Value {
    /// Written as it stands.
    Plain(String),
    /// Somebody's words.
    Text(String),
    /// The bytes of an SSID.
    Ssid(String),
}

/// The file for `/etc/NetworkManager/system-connections`, for root's eyes only (0600).
pub(super) fn keyfile(network: &Network) -> String {
    let mut file = String::from(
        "# For /etc/NetworkManager/system-connections, owned by root, mode 0600; then run\n\
         # nmcli connection reload. It needs NetworkManager 1.42 or later.\n",
    );
    for (section, settings) in sections(network) {
        file.push_str(&format!("\n[{section}]\n"));
        for (name, value) in settings {
            let value = match value {
                Value::Plain(value) => value,
                Value::Text(text) => escape(&text),
                // Digits alone could be taken for bytes.
                Value::Ssid(ssid)
                    if linux::is_plain(&ssid) && ssid.contains(char::is_alphabetic) =>
                {
                    ssid
                }
                Value::Ssid(ssid) => ssid.bytes().map(|byte| format!("{byte};")).collect(),
            };
            file.push_str(&format!("{name}={value}\n"));
        }
    }
    file
}

/// The same by `nmcli`, for whoever configures a machine by commands.
pub(super) fn script(network: &Network) -> String {
    let uuid = guid::of(network, "network");
    let mut script = format!(
        "#!/bin/sh\n\
         # Adds the network to NetworkManager 1.42 or later; may run again. Run it as root, when\n\
         # the certificate is there: nmcli looks at the files.\n\
         set -eu\n\
         nmcli connection delete uuid {uuid} >/dev/null 2>&1 || true\n\
         nmcli connection add"
    );
    for (section, settings) in sections(network) {
        for (name, value) in settings {
            let value = match value {
                Value::Plain(value) | Value::Text(value) | Value::Ssid(value) => value,
            };
            let word = match (section, name) {
                ("connection", "type") => "type".to_owned(),
                // Its own word for what it calls wifi-security in files.
                ("wifi-security", name) => format!("wifi-sec.{name}"),
                _ => format!("{section}.{name}"),
            };
            script.push_str(&format!(" \\\n    {word} {}", shell::quote(&value)));
        }
    }
    script.push('\n');
    script
}

fn sections(network: &Network) -> Vec<Section> {
    let plain = |value: &str| Value::Plain(value.to_owned());
    let automatic = || vec![("method", plain("auto"))];
    let kind = match network.medium {
        Medium::Wireless { .. } => "wifi",
        Medium::Wired => "ethernet",
    };
    let mut sections = vec![(
        "connection",
        vec![
            ("type", plain(kind)),
            ("id", Value::Text(network.name.clone())),
            ("uuid", Value::Plain(guid::of(network, "network").to_string())),
            ("autoconnect", plain(if network.auto_join { "true" } else { "false" })),
        ],
    )];
    sections.extend(medium(network));
    sections.push(("802-1x", authentication(network)));
    sections.push(("ipv4", automatic()));
    sections.push(("ipv6", automatic()));
    sections
}

fn medium(network: &Network) -> Vec<Section> {
    let plain = |value: &str| Value::Plain(value.to_owned());
    // Without it, NetworkManager does as it is told for all networks.
    let own = network.disable_mac_randomization;
    let address = own.then(|| ("cloned-mac-address", plain("permanent")));
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            let mut wifi =
                vec![("ssid", Value::Ssid(ssid.clone())), ("mode", plain("infrastructure"))];
            if *hidden {
                wifi.push(("hidden", plain("true")));
            }
            wifi.extend(address);
            let security = match protection {
                Protection::Wpa2 => vec![("key-mgmt", plain("wpa-eap"))],
                Protection::Wpa3 => {
                    vec![("key-mgmt", plain("wpa-eap")), ("pmf", plain(PMF_REQUIRED))]
                }
                Protection::Wpa3Suite192 => {
                    let key_management = ("key-mgmt", plain("wpa-eap-suite-b-192"));
                    vec![key_management, ("pmf", plain(PMF_REQUIRED))]
                }
            };
            vec![("wifi", wifi), ("wifi-security", security)]
        }
        Medium::Wired => vec![("ethernet", address.into_iter().collect())],
    }
}

fn authentication(network: &Network) -> Vec<(&'static str, Value)> {
    let path = |file: &str| Value::Plain(linux::path(network, file));
    let names = match linux::names(network) {
        Names::Full(names) => ("domain-match", Value::Plain(names)),
        Names::Suffixes(names) => ("domain-suffix-match", Value::Plain(names)),
    };
    vec![
        ("eap", Value::Plain("tls".to_owned())),
        ("identity", Value::Text(linux::identity(network).to_owned())),
        ("ca-cert", path(linux::ROOTS)),
        ("client-cert", path(linux::CERTIFICATE)),
        ("private-key", path(linux::KEY)),
        ("private-key-password-flags", Value::Plain(NOT_REQUIRED.to_owned())),
        names,
        ("phase1-auth-flags", Value::Plain(flags(network).to_string())),
    ]
}

fn flags(network: &Network) -> u32 {
    let mut flags = TLS_1_0_DISABLE | TLS_1_1_DISABLE;
    if !linux::speaks(network, TlsVersion::Tls12) {
        flags |= TLS_1_2_DISABLE;
    }
    if linux::speaks(network, TlsVersion::Tls13) {
        flags |= TLS_1_3_ENABLE;
    } else {
        flags |= TLS_1_3_DISABLE;
    }
    flags
}

/// A text of a key file: a backslash begins an escape, blanks at the ends would be lost.
fn escape(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\");
    let inner = escaped.trim_matches(' ');
    let before = escaped.len() - escaped.trim_start_matches(' ').len();
    let after = if inner.is_empty() { 0 } else { escaped.len() - before - inner.len() };
    format!("{}{inner}{}", "\\s".repeat(before), "\\s".repeat(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_back_as_they_are() {
        for (text, escaped) in [
            ("Example School", "Example School"),
            (" a ", "\\sa\\s"),
            ("  ", "\\s\\s"),
            ("a\\b", "a\\\\b"),
            ("[x]=#;", "[x]=#;"),
        ] {
            assert_eq!(escape(text), escaped);
        }
    }
}
