//! Certificate authorities: Dynamic PKI > Certificate Authorities.

use const_oid::ObjectIdentifier;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyType;
use pki::oid;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::certificate_template::purpose::ExtendedKeyUsage;
use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::DESCRIPTION_CHARS_MAX;
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

/// Most uses that an authority signs for; a template has no more.
pub const USAGES_MAX: usize = 8;

/// Most DNS subtrees of an authority; every name below is compared with each at every login.
pub const PERMITTED_NAMES_MAX: usize = 16;

/// A certificate authority as an administrator defined it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateAuthority {
    /// Unique among authorities.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before: always nothing, because what holds a key keeps its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
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
    /// What the certificates below it may be used for: what its purpose needs if not given,
    /// anything if given empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_key_usage: Option<Vec<ExtendedKeyUsage>>,
    /// The DNS subtrees in which every DNS name below it lies; anywhere if none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permitted_names: Vec<String>,
    /// Whether it issues nothing more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Where an authority stands in its chain.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AuthorityType {
    /// Signed by itself.
    Root,
    /// Signed by another authority of the organization.
    Intermediate,
}

/// What an authority's certificates are for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
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

impl Purpose {
    /// As written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeviceAndUserAuthentication => "device-and-user-authentication",
            Self::RadiusServer => "radius-server",
            Self::Radsec => "radsec",
        }
    }

    /// What certificates for it are used for.
    pub fn usages(self) -> &'static [ExtendedKeyUsage] {
        use ExtendedKeyUsage as Usage;
        match self {
            Self::DeviceAndUserAuthentication => &[Usage::CLIENT_AUTHENTICATION],
            Self::RadiusServer => &[Usage::SERVER_AUTHENTICATION],
            Self::Radsec => &[Usage::CLIENT_AUTHENTICATION, Usage::SERVER_AUTHENTICATION],
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

    /// What the certificates that it signs may be used for; anything if there is nothing.
    pub fn usages(&self) -> &[ExtendedKeyUsage] {
        match &self.extended_key_usage {
            Some(given) => given,
            None => self.generate_ca_for.usages(),
        }
    }

    /// What its certificate says of that: what is given, or, if it `signs_leaves_only`, what its
    /// purpose needs. An authority above others says nothing by itself, because those below may be
    /// for another purpose, and a root nothing either, because verifiers disagree about roots.
    ///
    /// OCSP signing stands beside it, for the one that answers for the authority.
    pub fn certified_usages(&self, signs_leaves_only: bool) -> Vec<ObjectIdentifier> {
        let says = match self.authority_type {
            AuthorityType::Root => self.extended_key_usage.is_some(),
            AuthorityType::Intermediate => self.extended_key_usage.is_some() || signs_leaves_only,
        };
        let mut usages: Vec<ObjectIdentifier> = self.usages().iter().map(|usage| usage.0).collect();
        if !says || usages.is_empty() {
            return Vec::new();
        }
        if !usages.contains(&oid::OCSP_SIGNING) {
            usages.push(oid::OCSP_SIGNING);
        }
        usages
    }

    fn check_constraints(&self, complaints: &mut Complaints<'_>) {
        let usages = self.extended_key_usage.as_deref().unwrap_or_default();
        if usages.len() > USAGES_MAX {
            let what = format!("{} entries; {USAGES_MAX} is the most", usages.len());
            complaints.add("extended_key_usage", what, "remove some");
        }
        for (index, usage) in usages.iter().enumerate() {
            let field = format!("extended_key_usage[{index}]");
            if usage.0 == oid::ANY_EXTENDED_KEY_USAGE {
                let what = "any use is what an empty list says";
                complaints.add(&field, what, "write extended_key_usage = []");
            }
            if usages.iter().take(index).any(|earlier| earlier == usage) {
                complaints.add(&field, format!("{usage} is there twice"), "remove one");
            }
        }
        let names = &self.permitted_names;
        if names.len() > PERMITTED_NAMES_MAX {
            let what = format!("{} names given, {PERMITTED_NAMES_MAX} are possible", names.len());
            complaints.add("permitted_names", what, "name the domains above them");
        }
        for (index, name) in names.iter().enumerate() {
            let field = format!("permitted_names[{index}]");
            if name.starts_with('*') || GeneralName::dns(name).is_err() {
                complaints.add(
                    &field,
                    format!("\"{}\" is not a DNS name", name.escape_debug()),
                    "write the domain, such as example.org: it stands for itself and all below it",
                );
            }
            if names.iter().take(index).any(|earlier| earlier.eq_ignore_ascii_case(name)) {
                complaints.add(&field, format!("{name} is there twice"), "remove one");
            }
        }
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

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        check_text("common_name", self.common_name(), COMMON_NAME_CHARS_MAX, complaints);
        if self.common_name().trim().is_empty() {
            let fix = "remove it, or write what the certificate is to be called";
            complaints.add("common_name", "is empty", fix);
        }
        self.check_constraints(complaints);
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
