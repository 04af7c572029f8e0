//! Linux: NetworkManager, wpa_supplicant and iwd, and the way to a certificate and its renewal.
//!
//! All of them find keys and certificates below `/etc/safeconduct/NETWORK`, where NETWORK is the
//! network's slug. What the commands write is in `current`, a link that is switched at once, so
//! that key and certificate always belong together.

mod enrollment;
mod installer;
mod iwd;
mod network_manager;
mod wpa_supplicant;

use pki::pem;

use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::network::Medium;
use crate::network::Network;
use crate::network::TlsVersion;

/// The folder of all networks.
pub const FOLDER: &str = "/etc/safeconduct";
/// The roots that RADIUS servers are trusted by, all in one file: during a rollover the old and the
/// new.
pub const ROOTS: &str = "radius-roots.pem";
/// The device's certificate and the authorities above it.
pub const CERTIFICATE: &str = "current/certificate.pem";
/// The device's key.
pub const KEY: &str = "current/key.pem";
/// The script that asks for a certificate, and for the next one.
pub const ENROLL: &str = "enroll.sh";
/// What a device calls itself where the profile gives it no name: no program of Linux takes it
/// from the certificate, and the server knows devices by that.
pub const IDENTITY: &str = "anonymous";

const TEXT: &str = "text/plain; charset=utf-8";

/// Everything for one network: the roots, a configuration for each program that joins networks,
/// the script that enrolls, its timer, and an installer for all of it.
///
/// # Errors
/// What is wrong with the network, or what Linux cannot fill in.
pub fn files(network: &Network) -> Result<Vec<File>, Vec<Complaint>> {
    let complaints = check::network(network);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let slug = &network.slug;
    let plain = |name: String, content: String| file(name, content, false);
    // NetworkManager refuses a keyfile that others may read, secret or not.
    let private = |name: String, content: String| file(name, content, true);
    let mut files = vec![
        plain(format!("{slug}-{ROOTS}"), roots(network)),
        private(format!("{slug}.nmconnection"), network_manager::keyfile(network)),
        plain(format!("{slug}-nmcli.sh"), network_manager::script(network)),
        plain(format!("{slug}-wpa_supplicant.conf"), wpa_supplicant::configuration(network)),
        private(format!("{slug}-{ENROLL}"), enrollment::script(network)?),
        plain(format!("safeconduct-{slug}.service"), enrollment::service(network)),
        plain(format!("safeconduct-{slug}.timer"), enrollment::timer(network)),
        plain(format!("{slug}-install.sh"), installer::script(network)),
    ];
    if let Medium::Wireless { ssid, hidden, .. } = &network.medium {
        files.push(plain(format!("{slug}.8021x"), iwd::configuration(network, ssid, *hidden)));
    }
    Ok(files)
}

fn file(name: String, content: String, is_secret: bool) -> File {
    File { name, media_type: TEXT, content: content.into_bytes(), is_secret }
}

fn roots(network: &Network) -> String {
    network.anchors.iter().map(pem::certificate).collect()
}

/// The path of one of the network's files.
fn path(network: &Network, file: &str) -> String {
    format!("{FOLDER}/{}/{file}", network.slug)
}

fn identity(network: &Network) -> &str {
    network.outer_identity.as_deref().unwrap_or(IDENTITY)
}

/// The names of servers as wpa_supplicant, and NetworkManager above it, compares them.
enum Names {
    /// All in full: compared as they are.
    Full(String),
    /// Some with `*.`: there is nothing between a name in full and its end, so that more labels
    /// than one fit as well, and the name without any.
    Suffixes(String),
}

fn names(network: &Network) -> Names {
    let names = &network.server_names;
    if names.iter().any(|name| name.starts_with("*.")) {
        let suffix = |name: &String| name.strip_prefix("*.").unwrap_or(name).to_owned();
        return Names::Suffixes(names.iter().map(suffix).collect::<Vec<_>>().join(";"));
    }
    Names::Full(names.join(";"))
}

/// Whether a version of TLS is in the network's range.
fn speaks(network: &Network, version: TlsVersion) -> bool {
    (network.tls.lowest..=network.tls.highest).contains(&version)
}

/// Whether a text can stand between quotes, or without them, in every one of the configurations:
/// what cannot is written as bytes.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '@');
    !text.is_empty() && text.trim() == text && text.chars().all(plain)
}
