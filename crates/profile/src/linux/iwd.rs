//! iwd: a file for each network below `/var/lib/iwd`.

use crate::linux;
use crate::network::Network;

/// The folder in which iwd looks for networks.
pub(super) const FOLDER: &str = "/var/lib/iwd";

/// The configuration. iwd compares names label by label, but lets `*` at the beginning stand for
/// several; it chooses the version of TLS and the protection by itself.
pub(super) fn configuration(network: &Network, ssid: &str, hidden: bool) -> String {
    let path = |file: &str| linux::path(network, file);
    let settings = [
        ("EAP-Method", "TLS".to_owned()),
        ("EAP-Identity", escape(linux::identity(network))),
        ("EAP-TLS-CACert", path(linux::ROOTS)),
        ("EAP-TLS-ClientCert", path(linux::CERTIFICATE)),
        ("EAP-TLS-ClientKey", path(linux::KEY)),
        ("EAP-TLS-ServerDomainMask", network.server_names.join(";")),
    ];
    let mut file = format!("# For {FOLDER}/{}\n\n[Security]\n", name(ssid));
    for (name, value) in settings {
        file.push_str(&format!("{name}={value}\n"));
    }
    file.push_str(&format!("\n[Settings]\nAutoConnect={}\n", network.auto_join));
    if hidden {
        file.push_str("Hidden=true\n");
    }
    file
}

/// The name under which iwd looks for a network: its SSID where that is plain, else its bytes.
pub(super) fn name(ssid: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_');
    if ssid.chars().all(plain) {
        return format!("{ssid}.8021x");
    }
    let hex: String = ssid.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("={hex}.8021x")
}

fn escape(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\");
    match escaped.strip_prefix(' ') {
        Some(rest) => format!("\\s{rest}"),
        None => escaped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_looked_for_by_its_ssid_or_its_bytes() {
        assert_eq!(name("Example Net-1_x"), "Example Net-1_x.8021x");
        assert_eq!(name("a.b/é"), "=612e622fc3a9.8021x");
    }

    #[test]
    fn a_value_keeps_its_first_blank_and_its_backslashes() {
        assert_eq!(escape(" a\\b"), "\\sa\\\\b");
        assert_eq!(escape("a"), "a");
    }
}
