//! wpa_supplicant: its configuration, as a network of its own.

use crate::linux;
use crate::linux::Names;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;
use crate::network::TlsVersion;

/// The configuration. A text in quotes knows no escapes, so that one which is not plain is written
/// in hexadecimal digits.
pub(super) fn configuration(network: &Network) -> String {
    let mut lines = Vec::new();
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            lines.push(format!("ssid={}", value(ssid)));
            if *hidden {
                lines.push("scan_ssid=1".to_owned());
            }
            lines.extend(protected(*protection).iter().map(|line| (*line).to_owned()));
            if network.disable_mac_randomization {
                lines.push("mac_addr=0".to_owned());
            }
        }
        Medium::Wired => {
            lines.push("key_mgmt=IEEE8021X".to_owned());
            // No keys of WEP, which cables never had.
            lines.push("eapol_flags=0".to_owned());
        }
    }
    if !network.auto_join {
        lines.push("disabled=1".to_owned());
    }
    lines.push("eap=TLS".to_owned());
    lines.push(format!("identity={}", value(linux::identity(network))));
    lines.push(format!("ca_cert=\"{}\"", linux::path(network, linux::ROOTS)));
    lines.push(format!("client_cert=\"{}\"", linux::path(network, linux::CERTIFICATE)));
    lines.push(format!("private_key=\"{}\"", linux::path(network, linux::KEY)));
    lines.push(match linux::names(network) {
        Names::Full(names) => format!("domain_match=\"{names}\""),
        Names::Suffixes(names) => format!("domain_suffix_match=\"{names}\""),
    });
    lines.push(format!("phase1=\"{}\"", versions(network)));
    let mut file = String::from(match network.medium {
        Medium::Wireless { .. } => {
            "# For wpa_supplicant -c FILE -i INTERFACE\n\
             ctrl_interface=/run/wpa_supplicant\n"
        }
        Medium::Wired => {
            "# For wpa_supplicant -D wired -c FILE -i INTERFACE\n\
             ctrl_interface=/run/wpa_supplicant\n\
             ap_scan=0\n"
        }
    });
    file.push_str("\nnetwork={\n");
    for line in lines {
        file.push_str(&format!("    {line}\n"));
    }
    file.push_str("}\n");
    file
}

fn protected(protection: Protection) -> &'static [&'static str] {
    match protection {
        Protection::Wpa2 => &[
            "key_mgmt=WPA-EAP WPA-EAP-SHA256",
            "proto=RSN",
            "pairwise=CCMP",
            "group=CCMP",
            "ieee80211w=1",
        ],
        Protection::Wpa3 => {
            &["key_mgmt=WPA-EAP-SHA256", "proto=RSN", "pairwise=CCMP", "group=CCMP", "ieee80211w=2"]
        }
        Protection::Wpa3Suite192 => &[
            "key_mgmt=WPA-EAP-SUITE-B-192",
            "proto=RSN",
            "pairwise=GCMP-256",
            "group=GCMP-256",
            "group_mgmt=BIP-GMAC-256",
            "ieee80211w=2",
        ],
    }
}

/// The versions of TLS. Those below 1.2 are always off: wpa_supplicant 2.10 falls to TLS 1.1 where
/// only 1.2 is. 1.3 is off there unless it is said not to be.
fn versions(network: &Network) -> String {
    let off = |version| u8::from(!linux::speaks(network, version));
    format!(
        "tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2={} \
         tls_disable_tlsv1_3={}",
        off(TlsVersion::Tls12),
        off(TlsVersion::Tls13)
    )
}

fn value(text: &str) -> String {
    if linux::is_plain(text) {
        return format!("\"{text}\"");
    }
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}
