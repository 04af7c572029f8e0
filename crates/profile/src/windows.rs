//! Windows: profiles for wireless and wired networks, an installer, and what an MDM sends.

mod eap;
mod installer;
mod lan;
mod syncml;
mod wlan;

use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::network::Medium;
use crate::network::Network;
use crate::spelling::Spelling;

/// The media type of a profile.
const XML: &str = "application/xml";

/// The profile as `netsh` takes it, an installer with everything in it, and SyncML for an MDM,
/// which asks for the certificate too.
///
/// # Errors
/// What is wrong with the network, or what Windows cannot hold.
pub fn files(network: &Network, spelling: Spelling<'_>) -> Result<Vec<File>, Vec<Complaint>> {
    let complaints = check::network(network);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let (profile, kind) = match &network.medium {
        Medium::Wireless { ssid, protection, hidden } => {
            (wlan::profile(network, ssid, *protection, *hidden), "wlan")
        }
        Medium::Wired => (lan::profile(network), "lan"),
    };
    let slug = &network.slug;
    let installer = installer::script(network, &profile);
    let syncml = syncml::commands(network, &profile, spelling)?;
    Ok(vec![
        File {
            name: format!("{slug}-{kind}.xml"),
            media_type: XML,
            content: profile.into_bytes(),
            is_secret: false,
        },
        File {
            name: format!("{slug}-install.ps1"),
            media_type: "text/plain; charset=utf-8",
            content: installer.into_bytes(),
            is_secret: false,
        },
        File {
            name: format!("{slug}-syncml.xml"),
            media_type: XML,
            content: syncml.into_bytes(),
            is_secret: true,
        },
    ])
}
