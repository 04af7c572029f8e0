//! What access points and switches are told of the RADIUS server and the network, in the words of
//! each vendor.

mod aruba;
mod cisco;
mod freeradius;
mod hostapd;
mod meraki;
mod mikrotik;
mod openwrt;
mod unifi;

use core::net::IpAddr;

use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::network::Network;

/// Most addresses of RADIUS servers: Meraki takes three for each network, others more.
pub const ADDRESSES_MAX: usize = 3;
/// Longest shared secret, in bytes: what most access points take.
pub const SECRET_BYTES_MAX: usize = 63;
/// What stands where the shared secret is not told; somebody puts it in.
pub const SECRET_PLACEHOLDER: &str = "THE-SHARED-SECRET";

/// The RADIUS server as an access point reaches it.
#[derive(Clone)]
pub struct RadiusServer {
    /// Its addresses, in the order in which they are tried.
    pub addresses: Vec<IpAddr>,
    /// The port for authentication.
    pub auth_port: u16,
    /// The port for accounting.
    pub acct_port: u16,
    /// The shared secret; without it, a placeholder is written.
    pub shared_secret: Option<String>,
    /// The port for RadSec, where that is to be spoken instead.
    pub radsec_port: Option<u16>,
    /// The port on which the access point hears changes of authorization, if it is to.
    pub coa_port: Option<u16>,
}

/// Who made the access point.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Vendor {
    /// Cisco Catalyst, with IOS XE.
    CiscoIosXe,
    /// Cisco Meraki.
    Meraki,
    /// Aruba, with ArubaOS 8.
    Aruba,
    /// Ubiquiti UniFi.
    UniFi,
    /// MikroTik, with RouterOS 7.
    MikroTik,
    /// hostapd.
    Hostapd,
    /// OpenWrt.
    OpenWrt,
    /// FreeRADIUS as a proxy in front.
    FreeRadius,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CiscoIosXe,
        Self::Meraki,
        Self::Aruba,
        Self::UniFi,
        Self::MikroTik,
        Self::Hostapd,
        Self::OpenWrt,
        Self::FreeRadius,
    ];

    /// The name in files and commands.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CiscoIosXe => "cisco-ios-xe",
            Self::Meraki => "meraki",
            Self::Aruba => "aruba",
            Self::UniFi => "unifi",
            Self::MikroTik => "mikrotik",
            Self::Hostapd => "hostapd",
            Self::OpenWrt => "openwrt",
            Self::FreeRadius => "freeradius",
        }
    }

    /// The name as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::CiscoIosXe => "Cisco IOS XE",
            Self::Meraki => "Cisco Meraki",
            Self::Aruba => "Aruba (ArubaOS 8)",
            Self::UniFi => "Ubiquiti UniFi",
            Self::MikroTik => "MikroTik (RouterOS 7)",
            Self::Hostapd => "hostapd",
            Self::OpenWrt => "OpenWrt",
            Self::FreeRadius => "FreeRADIUS as a proxy in front",
        }
    }

    /// How the file's name ends.
    fn ending(self) -> &'static str {
        match self {
            Self::CiscoIosXe | Self::Aruba | Self::UniFi => "txt",
            Self::Meraki => "json",
            Self::MikroTik => "rsc",
            Self::Hostapd | Self::FreeRadius => "conf",
            Self::OpenWrt => "sh",
        }
    }
}

/// The configuration of one vendor's access points.
///
/// # Errors
/// What is wrong with the network or the server, or what the vendor's language cannot hold.
pub fn files(
    vendor: Vendor,
    network: &Network,
    server: &RadiusServer,
) -> Result<Vec<File>, Vec<Complaint>> {
    let mut complaints = check::network(network);
    complaints.extend(server.check());
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let content = match vendor {
        Vendor::CiscoIosXe => cisco::configuration(network, server),
        Vendor::Meraki => meraki::configuration(network, server),
        Vendor::Aruba => aruba::configuration(network, server),
        Vendor::UniFi => Ok(unifi::steps(network, server)),
        Vendor::MikroTik => mikrotik::configuration(network, server),
        Vendor::Hostapd => hostapd::configuration(network, server),
        Vendor::OpenWrt => openwrt::commands(network, server),
        Vendor::FreeRadius => freeradius::configuration(server),
    }?;
    Ok(vec![File {
        name: format!("{}-{}.{}", network.slug, vendor.as_str(), vendor.ending()),
        media_type: match vendor {
            Vendor::Meraki => "application/json",
            Vendor::CiscoIosXe
            | Vendor::Aruba
            | Vendor::UniFi
            | Vendor::MikroTik
            | Vendor::Hostapd
            | Vendor::OpenWrt
            | Vendor::FreeRadius => "text/plain; charset=utf-8",
        },
        content: content.into_bytes(),
        is_secret: server.shared_secret.is_some(),
    }])
}

impl RadiusServer {
    fn secret(&self) -> &str {
        self.shared_secret.as_deref().unwrap_or(SECRET_PLACEHOLDER)
    }

    /// The addresses, with their numbers from 1.
    fn numbered(&self) -> impl Iterator<Item = (usize, IpAddr)> {
        self.addresses.iter().enumerate().map(|(index, address)| (index + 1, *address))
    }

    fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.addresses.is_empty() || self.addresses.len() > ADDRESSES_MAX {
            complaints.push(Complaint::new(
                "address",
                format!("{} are given, 1 to {ADDRESSES_MAX} are possible", self.addresses.len()),
                "give the addresses at which access points reach the server",
            ));
        }
        for (index, address) in self.addresses.iter().enumerate() {
            if address.is_unspecified() || address.is_multicast() {
                complaints.push(Complaint::new(
                    format!("address[{index}]"),
                    format!("{address} is no address that can be reached"),
                    "give the address at which access points reach the server",
                ));
            }
        }
        if let Some(secret) = &self.shared_secret {
            if secret.is_empty() || secret.len() > SECRET_BYTES_MAX {
                complaints.push(Complaint::new(
                    "shared_secret",
                    format!("is {} bytes long", secret.len()),
                    format!("use 1 to {SECRET_BYTES_MAX} bytes"),
                ));
            }
            if secret.trim() != secret || !secret.chars().all(|c| c == ' ' || c.is_ascii_graphic())
            {
                complaints.push(Complaint::new(
                    "shared_secret",
                    "holds what not every access point can be told",
                    "use letters, digits and signs of ASCII, without a blank at an end",
                ));
            }
        }
        complaints
    }
}

/// Complains of each field that holds one of these characters, or what is not ASCII: a language
/// without a way to write them cannot hold them.
fn without(
    vendor: &str,
    characters: &[char],
    fields: &[(&str, &str)],
) -> Result<(), Vec<Complaint>> {
    let illegal = |c: &char| !(c.is_ascii_graphic() || *c == ' ') || characters.contains(c);
    let complaints: Vec<Complaint> = fields
        .iter()
        .filter_map(|(field, text)| {
            let found = text.chars().find(illegal)?;
            Some(Complaint::new(
                *field,
                format!("holds \"{}\", which {vendor} has no way to write", found.escape_debug()),
                "use letters, digits and other signs of ASCII",
            ))
        })
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// The complaint about RadSec where a program does not speak it.
fn no_radsec(vendor: &str) -> Vec<Complaint> {
    vec![Complaint::new(
        "radsec",
        format!("is not spoken by every release of {vendor}"),
        "leave it off, or put radsecproxy between the access point and the server",
    )]
}
