//! The network that a profile joins, and whom a device trusts there.

use eap::settings::TlsVersion;
use eap::trust::Trust;
use pki::time::Time;
use profile::inspect::Join;
use profile::inspect::Profile;

use super::ProfileError;
use crate::network::Trusted;

/// EAP-TLS.
const EAP_TLS: i64 = 13;

/// A network as a device is to join it.
#[derive(Clone, Debug)]
pub struct Network {
    /// The name of the wireless network; none on a cable.
    pub ssid: Option<String>,
    /// Whether it is a cable.
    pub is_wired: bool,
    /// The authorities and names that a server is held to.
    pub trusted: Trusted,
    /// The lowest version of TLS.
    pub tls_lowest: TlsVersion,
    /// The highest version of TLS.
    pub tls_highest: TlsVersion,
    /// What the device calls itself before the connection is encrypted; none is its certificate's
    /// name.
    pub outer_identity: Option<String>,
}

pub(super) fn network(
    profile: &Profile,
    join: &Join,
    now: Time,
    warnings: &mut Vec<String>,
) -> Result<Network, ProfileError> {
    let (tls_lowest, tls_highest) = versions(join)?;
    if !join.eap_types.contains(&EAP_TLS) {
        let what = "the network does not accept EAP-TLS (AcceptEAPTypes 13), and nothing else is \
                    spoken here";
        warnings.push(what.to_owned());
    }
    if join.identity_uuid.is_none() {
        let what = "the network names no certificate (PayloadCertificateUUID): a Mac would ask \
                    which to show";
        warnings.push(what.to_owned());
    }
    Ok(Network {
        ssid: join.ssid.clone(),
        is_wired: join.is_wired,
        trusted: trusted(profile, join, now, warnings),
        tls_lowest,
        tls_highest,
        outer_identity: join.outer_identity.clone().filter(|identity| !identity.is_empty()),
    })
}

/// The versions that are left of what a Mac knows: those below 1.2 are spoken by nobody here.
fn versions(join: &Join) -> Result<(TlsVersion, TlsVersion), ProfileError> {
    let refused =
        || ProfileError::Tls { lowest: join.tls_lowest.clone(), highest: join.tls_highest.clone() };
    let lowest = match join.tls_lowest.as_str() {
        "1.0" | "1.1" | "1.2" => TlsVersion::Tls12,
        "1.3" => TlsVersion::Tls13,
        _ => return Err(refused()),
    };
    let highest = match join.tls_highest.as_str() {
        "1.2" => TlsVersion::Tls12,
        "1.3" => TlsVersion::Tls13,
        _ => return Err(refused()),
    };
    if lowest > highest { Err(refused()) } else { Ok((lowest, highest)) }
}

/// The certificates that the network names, without those whose time is over, and its names.
fn trusted(profile: &Profile, join: &Join, now: Time, warnings: &mut Vec<String>) -> Trusted {
    for uuid in &join.anchor_uuids {
        let found = profile.certificates().any(|(one, _)| one.uuid.eq_ignore_ascii_case(uuid));
        if !found {
            let what =
                "PayloadCertificateAnchorUUID names a certificate that is not in the profile";
            warnings.push(what.to_owned());
        }
    }
    let mut anchors = Vec::new();
    for anchor in profile.anchors() {
        if anchor.not_after < now {
            let end = anchor.not_after.to_rfc3339();
            warnings.push(format!("{} expired on {end} and is not trusted", anchor.subject));
        } else {
            anchors.push(anchor.der.clone());
        }
    }
    let names = join.server_names.clone();
    if anchors.is_empty() {
        let what = "the profile trusts no authority for servers: every server is refused";
        warnings.push(what.to_owned());
    } else if let Err(error) = Trust::check(&anchors, &names) {
        warnings.push(format!("every server is refused: {error}"));
    }
    if names.is_empty() {
        let what = "there are no TLSTrustedServerNames: any server of the authorities is trusted";
        warnings.push(what.to_owned());
    }
    Trusted { anchors, names }
}
