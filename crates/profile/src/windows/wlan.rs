//! A wireless profile, `WLANProfile` version 1.

use crate::network::Network;
use crate::network::Protection;
use crate::windows::eap;
use crate::xml;
use crate::xml::Element;

const WLAN_1: &str = "http://www.microsoft.com/networking/WLAN/profile/v1";
const WLAN_3: &str = "http://www.microsoft.com/networking/WLAN/profile/v3";

/// Minutes and entries for which Windows keeps keys of access points: its own defaults.
const KEY_CACHE: [(&str, &str); 3] =
    [("PMKCacheMode", "enabled"), ("PMKCacheTTL", "720"), ("PMKCacheSize", "128")];

/// The profile; it is called by its SSID, as Windows and the Wi-Fi CSP expect.
pub(crate) fn profile(
    network: &Network,
    ssid: &str,
    protection: Protection,
    hidden: bool,
) -> String {
    let hex: String = ssid.bytes().map(|byte| format!("{byte:02X}")).collect();
    let name =
        Element::parent("SSID", vec![Element::leaf("hex", hex), Element::leaf("name", ssid)]);
    let mode = if network.auto_join { "auto" } else { "manual" };
    let mut parts = vec![
        Element::leaf("name", ssid),
        Element::parent("SSIDConfig", vec![name, Element::leaf("nonBroadcast", truth(hidden))]),
        Element::leaf("connectionType", "ESS"),
        Element::leaf("connectionMode", mode),
    ];
    if network.auto_join {
        // Only profiles that are joined by themselves may have it.
        parts.push(Element::leaf("autoSwitch", "false"));
    }
    parts.push(Element::parent("MSM", vec![security(network, protection)]));
    parts.push(randomization(network));
    xml::document(&Element::parent("WLANProfile", parts).with("xmlns", WLAN_1))
}

fn security(network: &Network, protection: Protection) -> Element {
    let (authentication, encryption) = match protection {
        Protection::Wpa2 => ("WPA2", "AES"),
        Protection::Wpa3 => ("WPA3ENT", "AES"),
        Protection::Wpa3Suite192 => ("WPA3ENT192", "GCMP256"),
    };
    let mut parts = vec![Element::parent(
        "authEncryption",
        vec![
            Element::leaf("authentication", authentication),
            Element::leaf("encryption", encryption),
            Element::leaf("useOneX", "true"),
        ],
    )];
    parts.extend(KEY_CACHE.map(|(name, value)| Element::leaf(name, value)));
    parts.push(Element::leaf("preAuthMode", "disabled"));
    parts.push(eap::one_x(network));
    Element::parent("security", parts)
}

fn randomization(network: &Network) -> Element {
    let enabled = Element::leaf("enableRandomization", truth(!network.disable_mac_randomization));
    Element::parent("MacRandomization", vec![enabled]).with("xmlns", WLAN_3)
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
