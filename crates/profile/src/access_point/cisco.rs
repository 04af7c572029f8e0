//! Cisco IOS XE: Catalyst 9800 for wireless networks, Catalyst switches for wired ones.

use core::net::IpAddr;

use crate::access_point;
use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The name of lists and groups.
const NAME: &str = "SAFECONDUCT";
/// The certificate of the device and its authorities, which an administrator has enrolled.
const TRUSTPOINT: &str = "SAFECONDUCT-RADSEC";
/// Longest name of a WLAN's profile, in bytes.
const WLAN_NAME_BYTES_MAX: usize = 32;
/// An identifier of a WLAN that is rarely taken.
const WLAN_ID: u8 = 60;

/// The lines for configuration mode. A question mark cannot be typed there, nor a quote in quotes.
pub(super) fn configuration(
    network: &Network,
    server: &RadiusServer,
) -> Result<String, Vec<Complaint>> {
    let secret = server.secret();
    let mut fields = vec![("shared_secret", secret)];
    if let Medium::Wireless { ssid, .. } = &network.medium {
        fields.push(("ssid", ssid.as_str()));
        if network.slug.len() > WLAN_NAME_BYTES_MAX {
            return Err(vec![Complaint::new(
                "slug",
                format!(
                    "is longer than the {WLAN_NAME_BYTES_MAX} bytes that IOS XE names a WLAN by"
                ),
                "give the network profile a shorter slug",
            )]);
        }
    }
    access_point::without("IOS XE", &['?', '"'], &fields)?;
    let mut lines = vec!["aaa new-model".to_owned(), "!".to_owned()];
    servers(server, &mut lines);
    lines.push(format!("aaa authentication dot1x {NAME} group {NAME}"));
    lines.push(format!("aaa authorization network {NAME} group {NAME}"));
    lines.push(format!("aaa accounting identity {NAME} start-stop group {NAME}"));
    lines.push("!".to_owned());
    if let Some(port) = server.coa_port {
        lines.push("aaa server radius dynamic-author".to_owned());
        for (_, address) in server.numbered() {
            lines.push(format!(" client {address} server-key 0 {secret}"));
        }
        lines.push(format!(" port {port}"));
        lines.push("!".to_owned());
    }
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            wlan(network, ssid, *protection, *hidden, &mut lines);
        }
        Medium::Wired => switch(&mut lines),
    }
    lines.push("end".to_owned());
    Ok(lines.join("\n") + "\n")
}

fn servers(server: &RadiusServer, lines: &mut Vec<String>) {
    for (number, address) in server.numbered() {
        let family = match address {
            IpAddr::V4(_) => "ipv4",
            IpAddr::V6(_) => "ipv6",
        };
        lines.push(format!("radius server {NAME}-{number}"));
        match server.radsec_port {
            None => {
                lines.push(format!(
                    " address {family} {address} auth-port {} acct-port {}",
                    server.auth_port, server.acct_port
                ));
                lines.push(format!(" key 0 {}", server.secret()));
            }
            Some(port) => {
                lines.push(format!(" address {family} {address}"));
                lines.push(format!(" tls port {port}"));
                lines.push(format!(" tls trustpoint client {TRUSTPOINT}"));
                lines.push(format!(" tls trustpoint server {TRUSTPOINT}"));
            }
        }
        lines.push("!".to_owned());
    }
    lines.push(format!("aaa group server radius {NAME}"));
    for (number, _) in server.numbered() {
        lines.push(format!(" server name {NAME}-{number}"));
    }
    lines.push("!".to_owned());
}

fn wlan(
    network: &Network,
    ssid: &str,
    protection: Protection,
    hidden: bool,
    lines: &mut Vec<String>,
) {
    lines.push(format!("wlan {} {WLAN_ID} \"{ssid}\"", network.slug));
    if hidden {
        lines.push(" no broadcast-ssid".to_owned());
    }
    lines.push(format!(" security dot1x authentication-list {NAME}"));
    match protection {
        Protection::Wpa2 => lines.push(" no shutdown".to_owned()),
        Protection::Wpa3 => {
            for line in [
                " no security wpa wpa2",
                " security wpa wpa3",
                " no security wpa akm dot1x",
                " security wpa akm dot1x-sha256",
                " security pmf mandatory",
                " no shutdown",
            ] {
                lines.push(line.to_owned());
            }
        }
        // Its commands differ from release to release.
        Protection::Wpa3Suite192 => {
            lines.push(" shutdown".to_owned());
            lines.push(
                "! In the web interface, under Security > Layer 2 of this WLAN, choose".into(),
            );
            lines.push("! WPA3, GCMP256 and SUITEB192-1X, then enable it.".to_owned());
        }
    }
    lines.push("!".to_owned());
    lines.push(format!("wireless profile policy {NAME}"));
    lines.push(" aaa-override".to_owned());
    lines.push(format!(" accounting-list {NAME}"));
    lines.push(" no shutdown".to_owned());
    lines.push(
        "! Then map this WLAN to this policy in a policy tag of the access points.".to_owned(),
    );
}

fn switch(lines: &mut Vec<String>) {
    lines.push("dot1x system-auth-control".to_owned());
    lines.push("! For each port: interface NAME, then".to_owned());
    for line in [
        "!  switchport mode access",
        "!  authentication port-control auto",
        "!  authentication periodic",
        "!  authentication timer reauthenticate server",
        "!  dot1x pae authenticator",
    ] {
        lines.push(line.to_owned());
    }
}
