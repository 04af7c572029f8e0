//! Certificate authorities: Dynamic PKI > Certificate Authorities.

use pki::key::Hash;
use pki::key::KeyType;
use serde::Deserialize;
use serde::Serialize;

use crate::complaint::Complaints;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::revocation_list;
use crate::revocation_list::Part;

/// Longest life of an authority; beyond, no algorithm of today can be promised.
pub const VALIDITY_YEARS_MAX: u32 = 40;

/// Longest common name (RFC 5280, appendix A: ub-common-name).
pub const COMMON_NAME_CHARS_MAX: usize = 64;

/// A certificate authority as an administrator defined it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateAuthority {
    /// Unique among authorities.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Root or intermediate.
    #[serde(rename = "type")]
    pub authority_type: AuthorityType,
    /// What its certificates are for.
    #[serde(default)]
    pub generate_ca_for: Purpose,
    /// The authority above it, for an intermediate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The common name in its certificate; its name if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Type and size of its key.
    #[serde(default = "default_key")]
    pub key: KeyType,
    /// The hash of its signatures; also under its own certificate, if its issuer's key can.
    #[serde(default = "default_hash")]
    pub signature_algorithm: Hash,
    /// Life of its certificate, in years.
    #[serde(default = "default_validity_years")]
    pub validity_years: u32,
}

/// Where an authority stands in its chain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityType {
    /// Signed by itself.
    Root,
    /// Signed by another authority of the organization.
    Intermediate,
}

/// What an authority's certificates are for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Devices and users prove themselves to the network.
    #[default]
    DeviceAndUserAuthentication,
    /// The RADIUS server proves itself to devices.
    RadiusServer,
    /// Access points prove themselves to the RADIUS server.
    Radsec,
}

/// Where an authority's key tells of itself and of what it signed, for templates that say so with
/// [`OWN_ADDRESS`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Addresses {
    /// Where its revocation list is fetched, or the part of it that tells of one certificate.
    pub crl: String,
    /// Where OCSP answers for it.
    pub ocsp: String,
    /// Where its certificate is fetched.
    pub ca_issuers: String,
}

/// In a template's list of addresses, the address of the authority that signs.
pub const OWN_ADDRESS: &str = "own";

impl Addresses {
    /// The addresses of a key below the organization's own.
    pub fn of(base_url: &str, key_slug: &str, part: Option<Part>) -> Self {
        Self {
            crl: revocation_list::address(base_url, key_slug, part),
            ocsp: format!("{base_url}/ocsp/{key_slug}"),
            ca_issuers: format!("{base_url}/ca/{key_slug}.cer"),
        }
    }
}

/// RSA-2048, the guide's choice, and all that SCEP clients of today take.
pub fn default_key() -> KeyType {
    KeyType::Rsa2048
}

/// SHA-256, the guide's choice.
pub fn default_hash() -> Hash {
    Hash::Sha256
}

fn default_validity_years() -> u32 {
    10
}

impl CertificateAuthority {
    /// The common name in its certificate.
    pub fn common_name(&self) -> &str {
        self.common_name.as_deref().unwrap_or(&self.name)
    }

    /// The part of URLs that names one of its keys, counted from 1: its slug, then `SLUG-2` …
    pub fn key_slug(&self, number: i64) -> String {
        let slug = self.slug.as_deref().unwrap_or_default();
        if number == 1 { slug.to_owned() } else { format!("{slug}-{number}") }
    }
}

impl Object for CertificateAuthority {
    const KIND: Kind = Kind::CertificateAuthority;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("common_name", self.common_name(), COMMON_NAME_CHARS_MAX, complaints);
        if !(1..=VALIDITY_YEARS_MAX).contains(&self.validity_years) {
            complaints.add(
                "validity_years",
                format!("{} is outside 1 to {VALIDITY_YEARS_MAX}", self.validity_years),
                "give the years that the authority is to live",
            );
        }
        if !self.key.signs_with(self.signature_algorithm) {
            complaints.add(
                "signature_algorithm",
                format!(
                    "an {} key does not sign with {}",
                    self.key.as_str(),
                    self.signature_algorithm.as_str()
                ),
                format!("use \"{}\"", self.key.default_hash().as_str()),
            );
        }
        match (self.authority_type, &self.issuer) {
            (AuthorityType::Root, Some(_)) => complaints.add(
                "issuer",
                "a root signs itself and has no issuer",
                "remove the issuer, or make the type \"intermediate\"",
            ),
            (AuthorityType::Intermediate, None) => complaints.add(
                "issuer",
                "an intermediate needs the authority that signs it",
                "name a certificate_authority as issuer",
            ),
            (AuthorityType::Root, None) | (AuthorityType::Intermediate, Some(_)) => {}
        }
    }

    fn references(&self) -> Vec<Reference> {
        let issuer = self.issuer.iter();
        issuer.map(|name| Reference::new("issuer", Kind::CertificateAuthority, name)).collect()
    }
}
