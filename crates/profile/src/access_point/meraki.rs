//! Cisco Meraki: the body of a request to its API, or the fields of its dashboard by the same
//! names.

use pki::pem;
use serde_json::Value;
use serde_json::json;

use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The body of `PUT /networks/{networkId}/wireless/ssids/{number}`, or for cables of
/// `POST /networks/{networkId}/switch/accessPolicies`.
pub(super) fn configuration(
    network: &Network,
    server: &RadiusServer,
) -> Result<String, Vec<Complaint>> {
    let body = match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            wireless(network, server, ssid, *protection, *hidden)
        }
        Medium::Wired if server.radsec_port.is_some() => {
            return Err(vec![Complaint::new(
                "radsec",
                "is not in Meraki's access policies for switches",
                "leave it off for wired networks",
            )]);
        }
        Medium::Wired => wired(network, server),
    };
    Ok(format!("{body:#}\n"))
}

fn wireless(
    network: &Network,
    server: &RadiusServer,
    ssid: &str,
    protection: Protection,
    hidden: bool,
) -> Value {
    let mode = match protection {
        Protection::Wpa2 => "WPA2 only",
        Protection::Wpa3 => "WPA3 only",
        Protection::Wpa3Suite192 => "WPA3 192-bit Security",
    };
    let mut body = json!({
        "name": ssid,
        "enabled": true,
        "authMode": "8021x-radius",
        "wpaEncryptionMode": mode,
        "visible": !hidden,
        "radiusServers": servers(network, server, server.auth_port),
        "radiusAccountingEnabled": true,
        "radiusAccountingServers": servers(network, server, server.acct_port),
        "radiusCoaEnabled": server.coa_port.is_some(),
        // The policy's attribute names the group, the tunnel attributes the VLAN.
        "radiusAttributeForGroupPolicies": "Filter-Id",
        "radiusOverride": true,
    });
    if server.radsec_port.is_some()
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("radiusProxyEnabled".to_owned(), json!(true));
    }
    body
}

fn servers(network: &Network, server: &RadiusServer, port: u16) -> Vec<Value> {
    let one = |(_, address): (usize, core::net::IpAddr)| {
        let host = address.to_string();
        let Some(radsec) = server.radsec_port else {
            return json!({ "host": host, "port": port, "secret": server.secret() });
        };
        let authorities: String = network.anchors.iter().map(pem::certificate).collect();
        json!({
            "host": host,
            "port": radsec,
            // RFC 6614 2.3: over TLS the secret is always this.
            "secret": "radsec",
            "radsecEnabled": true,
            "caCertificate": authorities,
        })
    };
    server.numbered().map(one).collect()
}

fn wired(network: &Network, server: &RadiusServer) -> Value {
    let servers = |port: u16| -> Vec<Value> {
        let one = |(_, address): (usize, core::net::IpAddr)| json!({ "host": address.to_string(), "port": port, "secret": server.secret() });
        server.numbered().map(one).collect()
    };
    json!({
        "name": network.name,
        "radiusServers": servers(server.auth_port),
        "radiusAccountingEnabled": true,
        "radiusAccountingServers": servers(server.acct_port),
        "radiusCoaSupportEnabled": server.coa_port.is_some(),
        "radiusTestingEnabled": false,
        "accessPolicyType": "802.1x",
        "hostMode": "Single-Host",
        "urlRedirectWalledGardenEnabled": false,
    })
}
