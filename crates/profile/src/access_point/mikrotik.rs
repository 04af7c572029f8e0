//! MikroTik: commands of RouterOS 7, for the `wifi` package and for switches.

use crate::access_point::RadiusServer;
use crate::complaint::Complaint;
use crate::network::Medium;
use crate::network::Network;
use crate::network::Protection;

/// The commands, for `/import`. What is not a letter or a digit is written as its byte, so that a
/// string holds everything.
pub(super) fn configuration(
    network: &Network,
    server: &RadiusServer,
) -> Result<String, Vec<Complaint>> {
    let slug = &network.slug;
    let service = match network.medium {
        Medium::Wireless { .. } => "wireless",
        Medium::Wired => "dot1x",
    };
    let mut lines = Vec::new();
    for (_, address) in server.numbered() {
        lines.push(match server.radsec_port {
            None => format!(
                "/radius add service={service} address={address} secret={} \
                 authentication-port={} accounting-port={} timeout=3s comment={slug}",
                string(server.secret()),
                server.auth_port,
                server.acct_port
            ),
            // RFC 6614 2.3 names the secret; the certificate is the one imported for RadSec.
            Some(port) => format!(
                "/radius add service={service} address={address} secret=radsec protocol=radsec \
                 authentication-port={port} accounting-port={port} certificate={slug}-radsec \
                 timeout=3s comment={slug}"
            ),
        });
    }
    if let Some(port) = server.coa_port {
        lines.push(format!("/radius incoming set accept=yes port={port}"));
    }
    match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            let types = match protection {
                Protection::Wpa2 => "authentication-types=wpa2-eap",
                Protection::Wpa3 => "authentication-types=wpa3-eap management-protection=required",
                Protection::Wpa3Suite192 => {
                    "authentication-types=wpa3-eap-192 encryption=gcmp-256 \
                     management-protection=required"
                }
            };
            let hide = if *hidden { "yes" } else { "no" };
            lines.push(format!(
                "/interface wifi security add name={slug} {types} eap-accounting=yes"
            ));
            lines.push(format!(
                "/interface wifi configuration add name={slug} ssid={} hide-ssid={hide} \
                 security={slug}",
                string(ssid)
            ));
            lines.push(format!(
                "# Then, for each radio: /interface wifi set wifi1 configuration={slug}"
            ));
        }
        Medium::Wired => {
            lines.push("# Then, for each port:".to_owned());
            lines.push(
                "# /interface dot1x server add interface=ether2 auth-types=dot1x accounting=yes"
                    .to_owned(),
            );
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// A string of RouterOS: in quotes, in which a backslash and two digits stand for a byte.
fn string(text: &str) -> String {
    let mut written = String::from("\"");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'.') {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("\\{byte:02X}"));
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_string_or_expands_in_it() {
        assert_eq!(string("a b-1"), "\"a b-1\"");
        assert_eq!(string("\"$[x]\\é"), "\"\\22\\24\\5Bx\\5D\\5C\\C3\\A9\"");
    }
}
