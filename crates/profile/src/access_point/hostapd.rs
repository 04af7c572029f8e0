//! hostapd, on whichever Linux.

use crate::access_point;
use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The configuration; the lines of the radio are the machine's own. A value reaches to the end of
/// its line.
pub(super) fn configuration(
    network: &Network,
    server: &RadiusServer,
) -> Result<String, Vec<Complaint>> {
    if server.radsec_port.is_some() {
        return Err(access_point::no_radsec("hostapd"));
    }
    let mut lines = Vec::new();
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            lines.push("# Add interface, driver, hw_mode and channel of this machine.".to_owned());
            // In hexadecimal digits, every SSID can be written.
            let hex: String = ssid.bytes().map(|byte| format!("{byte:02x}")).collect();
            lines.push(format!("ssid2={hex}"));
            if *hidden {
                lines.push("ignore_broadcast_ssid=1".to_owned());
            }
            lines.push("wpa=2".to_owned());
            lines.extend(protected(*protection).iter().map(|line| (*line).to_owned()));
        }
        Medium::Wired => {
            lines.push("# Add the interface of this machine.".to_owned());
            lines.push("driver=wired".to_owned());
            lines.push("use_pae_group_addr=1".to_owned());
        }
    }
    lines.push("ieee8021x=1".to_owned());
    lines.push("eapol_version=2".to_owned());
    for (_, address) in server.numbered() {
        lines.push(format!("auth_server_addr={address}"));
        lines.push(format!("auth_server_port={}", server.auth_port));
        lines.push(format!("auth_server_shared_secret={}", server.secret()));
    }
    for (_, address) in server.numbered() {
        lines.push(format!("acct_server_addr={address}"));
        lines.push(format!("acct_server_port={}", server.acct_port));
        lines.push(format!("acct_server_shared_secret={}", server.secret()));
    }
    if let Some(port) = server.coa_port {
        lines.push(format!("radius_das_port={port}"));
        for (_, address) in server.numbered().take(1) {
            // hostapd knows one client.
            lines.push(format!("radius_das_client={address} {}", server.secret()));
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn protected(protection: Protection) -> &'static [&'static str] {
    match protection {
        Protection::Wpa2 => {
            &["wpa_key_mgmt=WPA-EAP WPA-EAP-SHA256", "rsn_pairwise=CCMP", "ieee80211w=1"]
        }
        Protection::Wpa3 => &["wpa_key_mgmt=WPA-EAP-SHA256", "rsn_pairwise=CCMP", "ieee80211w=2"],
        Protection::Wpa3Suite192 => &[
            "wpa_key_mgmt=WPA-EAP-SUITE-B-192",
            "rsn_pairwise=GCMP-256",
            "group_mgmt_cipher=BIP-GMAC-256",
            "ieee80211w=2",
        ],
    }
}
