//! Ubiquiti UniFi: its console has forms only, so these are their fields in their order.

use crate::access_point::RadiusServer;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The steps. Values stand alone behind a colon, to the end of the line.
pub(super) fn steps(network: &Network, server: &RadiusServer) -> String {
    let mut lines = vec![
        "1. Settings > Profiles > RADIUS > Create New".to_owned(),
        format!("   Name: {}", network.name),
        "   RADIUS Assigned VLAN Support: Wired Networks and Wireless Networks".to_owned(),
    ];
    match server.radsec_port {
        None => {
            for (number, address) in server.numbered() {
                lines.push(format!("   Authentication Server {number}, IP Address: {address}"));
                lines
                    .push(format!("   Authentication Server {number}, Port: {}", server.auth_port));
                lines.push(format!(
                    "   Authentication Server {number}, Shared Secret: {}",
                    server.secret()
                ));
            }
            lines.push("   Accounting: on".to_owned());
            for (number, address) in server.numbered() {
                lines.push(format!("   Accounting Server {number}, IP Address: {address}"));
                lines.push(format!("   Accounting Server {number}, Port: {}", server.acct_port));
                lines.push(format!(
                    "   Accounting Server {number}, Shared Secret: {}",
                    server.secret()
                ));
            }
        }
        Some(port) => {
            lines.push("   TLS: on, with the certificate for RadSec".to_owned());
            for (number, address) in server.numbered() {
                lines.push(format!("   Server {number}, IP Address: {address}"));
                lines.push(format!("   Server {number}, Port: {port}"));
            }
        }
    }
    lines.push("   Apply Changes".to_owned());
    lines.push(String::new());
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            let protocol = match protection {
                Protection::Wpa2 => "WPA2 Enterprise",
                Protection::Wpa3 => "WPA3 Enterprise",
                Protection::Wpa3Suite192 => "WPA3 Enterprise, 192-bit",
            };
            lines.push("2. Settings > WiFi > Create New".to_owned());
            lines.push(format!("   Name: {ssid}"));
            lines.push("   Advanced: Manual".to_owned());
            lines.push(format!("   Security Protocol: {protocol}"));
            lines.push(format!("   RADIUS Profile: {}", network.name));
            lines.push(format!("   Hide WiFi Name: {}", if *hidden { "on" } else { "off" }));
            lines.push("   Add WiFi Network".to_owned());
        }
        Medium::Wired => {
            lines.push("2. Settings > Networks > Global Switch Settings".to_owned());
            lines.push("   802.1X Control: on".to_owned());
            lines.push(format!("   RADIUS Profile: {}", network.name));
            lines.push("   Apply Changes".to_owned());
            lines.push("3. UniFi Devices > a switch > Port Manager > a port".to_owned());
            lines.push("   802.1X Control: Auto".to_owned());
        }
    }
    lines.join("\n") + "\n"
}
