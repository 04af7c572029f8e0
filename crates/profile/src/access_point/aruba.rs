//! Aruba: controllers and conductors with ArubaOS 8.

use crate::access_point;
use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The lines for configuration mode. Values stand in quotes, which know no escapes.
pub(super) fn configuration(
    network: &Network,
    server: &RadiusServer,
) -> Result<String, Vec<Complaint>> {
    let slug = &network.slug;
    let secret = server.secret();
    let mut fields = vec![("shared_secret", secret)];
    if let Medium::Wireless { ssid, .. } = &network.medium {
        fields.push(("ssid", ssid.as_str()));
    }
    access_point::without("ArubaOS", &['"', '?'], &fields)?;
    let mut lines = Vec::new();
    for (number, address) in server.numbered() {
        lines.push(format!("aaa authentication-server radius \"{slug}-{number}\""));
        lines.push(format!("    host \"{address}\""));
        match server.radsec_port {
            None => {
                lines.push(format!("    key \"{secret}\""));
                lines.push(format!("    authport {}", server.auth_port));
                lines.push(format!("    acctport {}", server.acct_port));
            }
            Some(port) => {
                lines.push("    enable-radsec".to_owned());
                lines.push(format!("    radsec-port {port}"));
            }
        }
        lines.push("!".to_owned());
    }
    lines.push(format!("aaa server-group \"{slug}\""));
    for (number, _) in server.numbered() {
        lines.push(format!("    auth-server \"{slug}-{number}\""));
    }
    lines.push("!".to_owned());
    if server.coa_port.is_some() {
        for (_, address) in server.numbered() {
            lines.push(format!("aaa rfc-3576-server \"{address}\""));
            lines.push(format!("    key \"{secret}\""));
            lines.push("!".to_owned());
        }
    }
    lines.push(format!("aaa authentication dot1x \"{slug}\""));
    lines.push("!".to_owned());
    lines.push(format!("aaa profile \"{slug}\""));
    lines.push(format!("    authentication-dot1x \"{slug}\""));
    lines.push(format!("    dot1x-server-group \"{slug}\""));
    lines.push(format!("    radius-accounting \"{slug}\""));
    if server.coa_port.is_some() {
        for (_, address) in server.numbered() {
            lines.push(format!("    rfc-3576-server \"{address}\""));
        }
    }
    lines.push("!".to_owned());
    medium(network, &mut lines);
    Ok(lines.join("\n") + "\n")
}

fn medium(network: &Network, lines: &mut Vec<String>) {
    let slug = &network.slug;
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            let mode = match protection {
                Protection::Wpa2 => "wpa2-aes",
                Protection::Wpa3 => "wpa3-aes-ccm-128",
                Protection::Wpa3Suite192 => "wpa3-cnsa",
            };
            lines.push(format!("wlan ssid-profile \"{slug}\""));
            lines.push(format!("    essid \"{ssid}\""));
            lines.push(format!("    opmode {mode}"));
            if *hidden {
                lines.push("    hide-ssid".to_owned());
            }
            lines.push("!".to_owned());
            lines.push(format!("wlan virtual-ap \"{slug}\""));
            lines.push(format!("    aaa-profile \"{slug}\""));
            lines.push(format!("    ssid-profile \"{slug}\""));
            lines.push("! Then add this virtual AP to a group of access points.".to_owned());
        }
        Medium::Wired => {
            lines.push("aaa authentication wired".to_owned());
            lines.push(format!("    profile \"{slug}\""));
            lines.push("!".to_owned());
        }
    }
}
