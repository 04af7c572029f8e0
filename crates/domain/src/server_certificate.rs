//! Server certificates: the RADIUS server's own, RADIUS > Server Certificates.

use pki::general_name::GeneralName;
use pki::key::KeyType;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;

/// Longest life in days; Apple devices refuse TLS server certificates that live longer.
pub const VALIDITY_DAYS_MAX: u32 = 825;

/// Most names in one certificate; each makes every handshake longer.
pub const NAMES_MAX: usize = 16;

/// A certificate that the RADIUS server shows to devices.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerCertificate {
    /// Unique among server certificates.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before: always nothing, because what holds a key keeps its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
    /// The authority that signs it.
    pub certificate_authority: String,
    /// The dNSNames it carries; the first is its common name.
    pub names: Vec<String>,
    /// Type and size of its key.
    #[serde(default = "default_key")]
    pub key: KeyType,
    /// Its life, in days.
    #[serde(default = "default_validity_days")]
    pub validity_days: u32,
}

/// P-256: every supplicant of today takes it, and it is the cheapest to sign with.
fn default_key() -> KeyType {
    KeyType::EcdsaP256
}

fn default_validity_days() -> u32 {
    397
}

impl Object for ServerCertificate {
    const KIND: Kind = Kind::ServerCertificate;

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
        if self.names.is_empty() || self.names.len() > NAMES_MAX {
            complaints.add(
                "names",
                format!("{} names given, 1 to {NAMES_MAX} are possible", self.names.len()),
                "name the RADIUS server as devices are to expect it",
            );
        }
        for (index, name) in self.names.iter().enumerate() {
            if name.starts_with('*') || GeneralName::dns(name).is_err() {
                complaints.add(
                    &format!("names[{index}]"),
                    format!("\"{}\" is not a DNS name", name.escape_debug()),
                    "use a full name like radius.example.org; supplicants refuse wildcards here",
                );
            }
        }
        if !(1..=VALIDITY_DAYS_MAX).contains(&self.validity_days) {
            complaints.add(
                "validity_days",
                format!("{} is outside 1 to {VALIDITY_DAYS_MAX}", self.validity_days),
                "use 397, which every device accepts",
            );
        }
    }

    fn references(&self) -> Vec<Reference> {
        let field = "certificate_authority";
        vec![Reference::new(field, Kind::CertificateAuthority, &self.certificate_authority)]
    }
}
