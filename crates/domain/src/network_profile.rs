//! Network profiles: what devices need to know of a network,
//! Device Onboarding > Network Profiles.

pub mod request;

use pki::certificate::Certificate;
use pki::pem;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use self::request::RequestedNames;
use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;

/// Longest SSID, in bytes (IEEE 802.11).
pub const SSID_BYTES_MAX: usize = 32;

/// Longest outer identity, in bytes: a User-Name holds 253 (RFC 2865, section 5.1).
pub const OUTER_IDENTITY_BYTES_MAX: usize = 253;

/// Longest certificate that is given as PEM, in bytes: that of an RSA-16384 root is shorter.
pub const CERTIFICATE_BYTES_MAX: usize = 16_384;

/// Most names of RADIUS servers that one profile has: two sites with as many servers as a server
/// certificate has names.
pub const RADIUS_SERVER_NAMES_MAX: usize = 32;

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
    #[serde(default)]
    pub trusted_authorities: Vec<String>,
    /// Further roots that devices are to trust, as PEM: those of a RADIUS server elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_certificates: Vec<String>,
    /// The names that devices accept; `*.` stands for one label.
    pub radius_server_names: Vec<String>,
    /// Join whenever the network is near.
    #[serde(default)]
    pub auto_join: bool,
    /// Show the network the device's own MAC address.
    #[serde(default)]
    pub disable_mac_randomization: bool,
    /// Access points keep the name to themselves, so that devices ask for it.
    #[serde(default)]
    pub hidden: bool,
    /// What devices call themselves before the connection is encrypted; what the platform does by
    /// itself if nothing is said, which is the certificate's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_identity: Option<String>,
    /// The lowest version of TLS that devices speak.
    #[serde(default)]
    pub tls_minimum: TlsVersion,
    /// The highest version of TLS that devices speak.
    #[serde(default = "TlsVersion::highest")]
    pub tls_maximum: TlsVersion,
    /// The subject that devices ask for, with the variables that an MDM fills in.
    #[serde(default = "request::subject")]
    pub subject: String,
    /// The alternative names that devices ask for, with such variables.
    #[serde(default, skip_serializing_if = "RequestedNames::is_empty")]
    pub san: RequestedNames,
    /// Let every app of a Mac use the key of the certificate.
    #[serde(default)]
    pub allow_all_apps: bool,
    /// Let Macs join before somebody signs in, and at the login window.
    #[serde(default)]
    pub login_window: bool,
}

/// Whether a name of a server is what devices accept: `*.` stands for one label.
pub fn accepts(accepted: &str, name: &str) -> bool {
    match accepted.strip_prefix("*.") {
        None => accepted.eq_ignore_ascii_case(name),
        Some(rest) => {
            let behind = name.split_once('.').map(|(_, behind)| behind);
            behind.is_some_and(|behind| behind.eq_ignore_ascii_case(rest))
        }
    }
}

/// The certificate in a PEM text; what is wrong with it otherwise.
pub fn uploaded(text: &str) -> Result<Certificate, String> {
    if text.len() > CERTIFICATE_BYTES_MAX {
        return Err(format!("is longer than {CERTIFICATE_BYTES_MAX} bytes"));
    }
    let mut all = pem::certificates(text).map_err(|error| error.to_string())?;
    match (all.pop(), all.len()) {
        (Some(one), 0) => Ok(one),
        (_, more) => Err(format!("holds {} certificates in place of one", more + 1)),
    }
}

/// A version of TLS.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema,
)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5216).
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3 (RFC 9190).
    #[serde(rename = "1.3")]
    V13,
}

impl TlsVersion {
    fn highest() -> Self {
        Self::V13
    }
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

impl NetworkProfile {
    fn check_certificates(&self, complaints: &mut Complaints<'_>) {
        let count = self.trusted_certificates.len();
        if count > TRUSTED_AUTHORITIES_MAX {
            let what = format!("{count} are given, {TRUSTED_AUTHORITIES_MAX} are possible");
            complaints.add("trusted_certificates", what, "give those that devices need");
        }
        for (index, text) in self.trusted_certificates.iter().enumerate() {
            let field = format!("trusted_certificates[{index}]");
            let what = match uploaded(text) {
                Err(what) => what,
                Ok(one)
                    if one.basic_constraints().is_none_or(|(is_authority, _)| !is_authority) =>
                {
                    format!("{} is no authority", one.subject)
                }
                Ok(_) => continue,
            };
            complaints.add(&field, what, "give the certificate of the root, as one PEM block");
        }
    }

    fn check_devices(&self, complaints: &mut Complaints<'_>) {
        if self.tls_minimum > self.tls_maximum {
            let what = "is above tls_maximum, so devices would speak no version";
            complaints.add("tls_minimum", what, "let the minimum be \"1.2\"");
        }
        if self.security_type == SecurityType::Wired && self.hidden {
            complaints.add("hidden", "a wired network has no name to hide", "remove it");
        }
        if let Some(identity) = &self.outer_identity {
            let is_long = identity.is_empty() || identity.len() > OUTER_IDENTITY_BYTES_MAX;
            if is_long || identity.chars().any(char::is_control) {
                let what = format!(
                    "is empty, longer than {OUTER_IDENTITY_BYTES_MAX} bytes, or has control characters"
                );
                complaints.add("outer_identity", what, "write for example anonymous@example.org");
            }
        }
        request::check_subject(&self.subject, complaints);
        self.san.check(complaints);
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
        self.check_devices(complaints);
        if self.trusted_authorities.is_empty() && self.trusted_certificates.is_empty() {
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
        self.check_certificates(complaints);
        for (index, name) in trusted.iter().enumerate() {
            if trusted.iter().take(index).any(|earlier| earlier == name) {
                let what = format!("\"{}\" is there twice", name.escape_debug());
                let field = format!("trusted_authorities[{index}]");
                complaints.add(&field, what, "remove one");
            }
        }
        let names = self.radius_server_names.len();
        if names > RADIUS_SERVER_NAMES_MAX {
            let what = format!("{names} are named, {RADIUS_SERVER_NAMES_MAX} are possible");
            complaints.add("radius_server_names", what, "name those that your servers show");
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
