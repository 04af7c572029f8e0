//! What there is to say to a device: the network, whom it is to trust, and where its certificate
//! comes from.

use pki::certificate::Certificate;

use crate::text::Text;

/// A network, as a device is to join it.
#[derive(Clone, Debug)]
pub struct Network {
    /// The organization's name, as people read it.
    pub organization: String,
    /// What all identifiers of payloads begin with, in reverse order of domains:
    /// `net.safeconduct.example-school`.
    pub identifier: String,
    /// The network profile's name.
    pub name: String,
    /// The network profile's name in URLs and files.
    pub slug: String,
    /// The network profile's version; the SCEP URL ends in it.
    pub version: u64,
    /// Wireless or wired.
    pub medium: Medium,
    /// Join whenever the network is near.
    pub auto_join: bool,
    /// Show the network the device's own MAC address.
    pub disable_mac_randomization: bool,
    /// What the device calls itself before the connection is encrypted; none leaves it to the
    /// platform, which is the certificate's name.
    pub outer_identity: Option<String>,
    /// The versions of TLS that the device may speak.
    pub tls: TlsRange,
    /// The roots that RADIUS servers are trusted by, several during a rollover.
    pub anchors: Vec<Certificate>,
    /// The names that RADIUS servers may have; `*.` stands for one label.
    pub server_names: Vec<String>,
    /// The authority that the device's certificate comes from, issuing authority first, root last.
    pub chain: Vec<Certificate>,
    /// How the device gets its certificate.
    pub scep: Scep,
}

/// How a network is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Medium {
    /// Over the air.
    Wireless {
        /// The name that access points send, 1 to 32 bytes.
        ssid: String,
        /// How the network is protected.
        protection: Protection,
        /// Whether access points keep the name to themselves.
        hidden: bool,
    },
    /// 802.1X on a cable.
    Wired,
}

/// How a wireless network is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Protection {
    /// WPA2-Enterprise.
    Wpa2,
    /// WPA3-Enterprise.
    Wpa3,
    /// WPA3-Enterprise with 192-bit security.
    Wpa3Suite192,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum TlsVersion {
    /// 1.2
    Tls12,
    /// 1.3
    Tls13,
}

/// The versions of TLS that a device may speak.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TlsRange {
    /// The lowest.
    pub lowest: TlsVersion,
    /// The highest.
    pub highest: TlsVersion,
}

/// How a device gets its certificate.
#[derive(Clone)]
pub struct Scep {
    /// The Enrollment URL; it ends in the profile's version.
    pub url: String,
    /// The challenge.
    pub challenge: String,
    /// The subject, attribute by attribute: `("CN", …)`.
    pub subject: Vec<(String, Text)>,
    /// The subject's alternative names.
    pub names: Vec<(NameKind, Text)>,
    /// Size of the RSA key.
    pub key_bits: u16,
    /// Whether every app of the device may use the key.
    pub allow_all_apps: bool,
}

/// A kind of subject alternative name that can be asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NameKind {
    /// rfc822Name
    Email,
    /// dNSName
    Dns,
    /// uniformResourceIdentifier
    Uri,
    /// The principal name of a Windows domain.
    Upn,
}

impl core::fmt::Debug for Scep {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Scep").field("url", &self.url).finish_non_exhaustive()
    }
}
