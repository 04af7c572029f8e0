//! OpenWrt: commands of `uci`, for a wireless network on each radio.

use crate::access_point;
use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;
use crate::shell;

/// The commands. OpenWrt knows one server for each network.
pub(super) fn commands(network: &Network, server: &RadiusServer) -> Result<String, Vec<Complaint>> {
    if server.radsec_port.is_some() {
        return Err(access_point::no_radsec("OpenWrt"));
    }
    let Medium::Wireless { ssid, protection, hidden } = &network.medium else {
        return Err(vec![Complaint::new(
            "security_type",
            "is wired, and OpenWrt guards no ports by itself",
            "use hostapd with its driver for cables",
        )]);
    };
    let [address] = server.addresses.as_slice() else {
        return Err(vec![Complaint::new(
            "address",
            format!("{} are given, and OpenWrt knows one", server.addresses.len()),
            "give the address that its access points are to use",
        )]);
    };
    let address = address.to_string();
    let section = format!("safeconduct_{}", network.slug.replace('-', "_"));
    let (encryption, frames) = match protection {
        Protection::Wpa2 => ("wpa2", "1"),
        Protection::Wpa3 => ("wpa3", "2"),
        Protection::Wpa3Suite192 => ("wpa3-192", "2"),
    };
    let (auth_port, acct_port) = (server.auth_port.to_string(), server.acct_port.to_string());
    let mut options = vec![
        ("mode", "ap"),
        ("network", "lan"),
        ("ssid", ssid),
        ("hidden", if *hidden { "1" } else { "0" }),
        ("encryption", encryption),
        ("ieee80211w", frames),
        ("auth_server", &address),
        ("auth_port", &auth_port),
        ("auth_secret", server.secret()),
        ("acct_server", &address),
        ("acct_port", &acct_port),
        ("acct_secret", server.secret()),
    ];
    let das_port = server.coa_port.map(|port| port.to_string());
    if let Some(port) = &das_port {
        options.push(("dae_client", &address));
        options.push(("dae_port", port));
        options.push(("dae_secret", server.secret()));
    }
    let mut script = String::from(
        "#!/bin/sh\n\
         # Adds the network to every radio; may run again. It needs wpad with EAP, not the basic one.\n\
         set -eu\n\
         for radio in $(uci show wireless | sed -n 's/^wireless\\.\\([^.]*\\)=wifi-device$/\\1/p'); do\n",
    );
    script.push_str(&format!("    section=\"{section}_$radio\"\n"));
    script.push_str("    uci set \"wireless.$section=wifi-iface\"\n");
    script.push_str("    uci set \"wireless.$section.device=$radio\"\n");
    for (name, value) in options {
        script.push_str(&format!(
            "    uci set \"wireless.$section.{name}=\"{}\n",
            shell::quote(value)
        ));
    }
    script.push_str("done\nuci commit wireless\nwifi reload\n");
    Ok(script)
}
