//! Network profiles: what devices need to know of a network,
//! Device Onboarding > Network Profiles.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;

/// Longest SSID, in bytes (IEEE 802.11).
pub const SSID_BYTES_MAX: usize = 32;

/// Most authorities that devices are to trust: what a profile carries is installed on each.
pub const TRUSTED_AUTHORITIES_MAX: usize = 32;

/// A network as devices are to join it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkProfile {
    /// Unique among network profiles.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
    /// The name of the wireless network; none for a wired one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// How the network is protected.
    pub security_type: SecurityType,
    /// Where devices get their certificates.
    pub gateway: String,
    /// What the RADIUS server shows.
    pub server_certificate: String,
    /// The roots that devices are to trust: authorities, or public roots by their common name;
    /// several at once for a rollover.
    pub trusted_authorities: Vec<String>,
    /// The names that devices accept; `*.` stands for one label.
    pub radius_server_names: Vec<String>,
    /// Join whenever the network is near.
    #[serde(default)]
    pub auto_join: bool,
    /// Show the network the device's own MAC address.
    #[serde(default)]
    pub disable_mac_randomization: bool,
}

/// How a network is protected.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityType {
    /// WPA2-Enterprise.
    Wpa2Enterprise,
    /// WPA3-Enterprise.
    Wpa3Enterprise,
    /// WPA3-Enterprise with 192-bit security.
    #[serde(rename = "wpa3-enterprise-192")]
    Wpa3Enterprise192,
    /// 802.1X on a cable.
    Wired,
}

impl NetworkProfile {
    fn check_ssid(&self, complaints: &mut Complaints<'_>) {
        let wired = self.security_type == SecurityType::Wired;
        match &self.ssid {
            Some(_) if wired => {
                complaints.add("ssid", "a wired network has none", "remove it");
            }
            Some(ssid) if ssid.is_empty() || ssid.len() > SSID_BYTES_MAX => complaints.add(
                "ssid",
                format!("is {} bytes long; 1 to {SSID_BYTES_MAX} are possible", ssid.len()),
                "give the name that the access points send",
            ),
            Some(_) => {}
            None if wired => {}
            None => complaints.add(
                "ssid",
                "is missing",
                "give the name that the access points send, or make the security_type \"wired\"",
            ),
        }
    }
}

impl Object for NetworkProfile {
    const KIND: Kind = Kind::NetworkProfile;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        self.check_ssid(complaints);
        if self.trusted_authorities.is_empty() {
            complaints.add(
                "trusted_authorities",
                "is empty, so devices would trust any RADIUS server",
                "name the authority that signed the server certificate",
            );
        }
        let trusted = &self.trusted_authorities;
        if trusted.len() > TRUSTED_AUTHORITIES_MAX {
            let what =
                format!("{} are named, {TRUSTED_AUTHORITIES_MAX} are possible", trusted.len());
            complaints.add("trusted_authorities", what, "name those that devices need");
        }
        for (index, name) in trusted.iter().enumerate() {
            if trusted.iter().take(index).any(|earlier| earlier == name) {
                let what = format!("\"{}\" is there twice", name.escape_debug());
                let field = format!("trusted_authorities[{index}]");
                complaints.add(&field, what, "remove one");
            }
        }
        if self.radius_server_names.is_empty() {
            complaints.add(
                "radius_server_names",
                "is empty, so devices would accept any server of that authority",
                "name the server as in its certificate",
            );
        }
    }

    fn references(&self) -> Vec<Reference> {
        let mut references = vec![
            Reference::new("gateway", Kind::Gateway, &self.gateway),
            Reference::new("server_certificate", Kind::ServerCertificate, &self.server_certificate),
        ];
        for (index, name) in self.trusted_authorities.iter().enumerate() {
            let field = format!("trusted_authorities[{index}]");
            references.push(Reference::new(field, Kind::CertificateAuthority, name));
        }
        references
    }
}
