//! Apple's configuration profiles: everything that a network needs in one file.
//!
//! Identifiers and UUIDs come from the profile's own identifier and a payload's role, so that the
//! same network gives the same bytes and a device that gets the file again updates what it has.

pub mod key;
mod payload;
pub mod trust;

use pki::certificate::Certificate;
use pki::cms::signed_data;
use pki::cms::signed_data::Signer;
use pki::key::KeyError;
use uuid::Uuid;

use self::payload::Identifiers;
use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::network::Medium;
use crate::network::Network;
use crate::platform::Platform;
use crate::property_list;
use crate::property_list::Dictionary;
use crate::property_list::Value;
use crate::render::Part;
use crate::render::Selection;

/// The media type of a profile.
pub const MEDIA_TYPE: &str = "application/x-apple-aspen-config";

/// Writes a profile, unsigned, with the variables of a platform.
///
/// # Errors
/// Every [`Complaint`] there is.
pub fn profile(
    network: &Network,
    platform: Platform,
    selection: &Selection,
) -> Result<File, Vec<Complaint>> {
    let identifiers = Identifiers::of(network, selection.only);
    let mut complaints = check::network(network);
    let mut payloads: Vec<Value> = Vec::new();
    let trusted = trust::all(network);
    if selection.includes(Part::Trust) {
        let every = trusted.iter().map(|trusted| payload::certificate(&identifiers, trusted));
        payloads.extend(every.map(Value::from));
    } else if selection.includes(Part::Wifi) {
        // What the network payload points to must stand in the same profile.
        let anchors = trusted.iter().filter(|trusted| trusted.is_anchor);
        payloads.extend(anchors.map(|anchor| payload::certificate(&identifiers, anchor).into()));
    }
    if selection.includes(Part::Scep) {
        match payload::scep(&identifiers, network, platform) {
            Ok(scep) => payloads.push(scep.into()),
            Err(more) => complaints.extend(more),
        }
    }
    if selection.includes(Part::Wifi) {
        let network = payload::network(&identifiers, network, &trusted, selection);
        payloads.push(network.into());
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    Ok(File {
        name: file_name(network, selection.only),
        media_type: MEDIA_TYPE,
        content: property_list::write(&root(network, &identifiers, selection, payloads)),
        is_secret: selection.includes(Part::Scep),
    })
}

/// Signs a profile, for devices that install it from a person's hands: they show who made it. The
/// signature stands around the profile, with the chain that leads to a root.
///
/// # Errors
/// [`KeyError`] when the key does not sign.
pub fn sign(
    profile: &[u8],
    signer: &Signer<'_>,
    chain: &[Certificate],
) -> Result<Vec<u8>, KeyError> {
    signed_data::build(profile, &[], signer, chain)
}

fn file_name(network: &Network, only: Option<Part>) -> String {
    match only {
        Some(part) => format!("{}-{}.mobileconfig", network.slug, part.as_str()),
        None => format!("{}.mobileconfig", network.slug),
    }
}

fn root(
    network: &Network,
    identifiers: &Identifiers,
    selection: &Selection,
    payloads: Vec<Value>,
) -> Dictionary {
    let what = match &network.medium {
        Medium::Wireless { ssid, .. } => format!("the wireless network {ssid}"),
        Medium::Wired => "the wired network".to_owned(),
    };
    let part = match selection.only {
        None => String::new(),
        Some(part) => format!(" Only a part of it: {}.", part.label()),
    };
    let description =
        format!("Joins {what} with a certificate. Version {}.{part}", network.version);
    let name = match selection.only {
        None => network.name.clone(),
        Some(part) => format!("{} ({})", network.name, part.label()),
    };
    Dictionary::default()
        .with("PayloadType", "Configuration")
        .with("PayloadVersion", 1)
        .with("PayloadIdentifier", identifiers.profile())
        .with("PayloadUUID", identifiers.profile_uuid())
        .with("PayloadDisplayName", name)
        .with("PayloadDescription", description)
        .with("PayloadOrganization", network.organization.as_str())
        .with("PayloadScope", "System")
        .with("PayloadContent", payloads)
}

/// The UUID of an identifier, as Apple writes them: version 5, so that it stays.
fn uuid_of(identifier: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, identifier.as_bytes())
        .hyphenated()
        .to_string()
        .to_uppercase()
}
