//! What every object of the organization has in common: a kind, a name, references to others.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::former_name::FormerNames;

/// Longest name of an object; the longest common name of RFC 5280 is 64, and people want room.
pub const NAME_CHARS_MAX: usize = 128;

/// Longest description; two screens of text.
pub const DESCRIPTION_CHARS_MAX: usize = 4096;

/// The kinds of objects, in the order in which they refer to each other.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The organization itself.
    Organization,
    /// Dynamic PKI > Certificate Authorities.
    CertificateAuthority,
    /// RADIUS > Server Certificates.
    ServerCertificate,
    /// Dynamic PKI > Certificate Templates.
    CertificateTemplate,
    /// Integrations Hub > Device Management Platforms.
    Gateway,
    /// Policy Management > Policy Workflows.
    PolicyWorkflow,
    /// Policy Management > Enrollment.
    EnrollmentPolicy,
    /// Policy Management > Network.
    NetworkPolicy,
    /// Device Onboarding > Network Profiles.
    NetworkProfile,
    /// RADIUS > Access Points.
    AccessPoint,
    /// Whom devices belong to.
    Person,
    /// The machines that ask for certificates and for access.
    Device,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Organization,
        Self::CertificateAuthority,
        Self::ServerCertificate,
        Self::CertificateTemplate,
        Self::Gateway,
        Self::PolicyWorkflow,
        Self::EnrollmentPolicy,
        Self::NetworkPolicy,
        Self::NetworkProfile,
        Self::AccessPoint,
        Self::Person,
        Self::Device,
    ];

    /// The noun, as in files, tables and TOML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::CertificateAuthority => "certificate_authority",
            Self::ServerCertificate => "server_certificate",
            Self::CertificateTemplate => "certificate_template",
            Self::Gateway => "gateway",
            Self::PolicyWorkflow => "policy_workflow",
            Self::EnrollmentPolicy => "enrollment_policy",
            Self::NetworkPolicy => "network_policy",
            Self::NetworkProfile => "network_profile",
            Self::AccessPoint => "access_point",
            Self::Person => "person",
            Self::Device => "device",
        }
    }

    /// Reads the noun.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The noun in a sentence: `network policy`.
    pub fn words(self) -> String {
        self.as_str().replace('_', " ")
    }

    /// Several of them in a sentence: `network policies`.
    pub fn plural_words(self) -> String {
        if self == Self::Person {
            return "people".to_owned();
        }
        let words = self.words();
        match words.strip_suffix('y') {
            // Behind a vowel, it stays: gateways.
            Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
            Some(_) | None => format!("{words}s"),
        }
    }

    /// Whether each has a key of its own, and with it a certificate that names it.
    pub fn holds_key(self) -> bool {
        matches!(self, Self::CertificateAuthority | Self::ServerCertificate)
    }

    /// Whether the order of these objects decides anything.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::PolicyWorkflow | Self::EnrollmentPolicy | Self::NetworkPolicy)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A definition that an administrator wrote: one table of the declarative file.
pub trait Object: Clone + DeserializeOwned + PartialEq + Serialize {
    /// What kind it is.
    const KIND: Kind;

    /// Unique among its kind.
    fn name(&self) -> &str;

    /// The slug as given.
    fn slug(&self) -> Option<&str>;

    /// Sets the slug that the object had, or was given at its creation.
    fn keep_slug(&mut self, slug: String);

    /// What it was called before, as given.
    fn renamed_from(&self) -> Option<&FormerNames>;

    /// Sets what it was called before, with the names that are known already.
    fn keep_renamed_from(&mut self, former: Option<FormerNames>);

    /// Checks what can be checked without knowing other objects.
    fn check(&self, complaints: &mut Complaints<'_>);

    /// The objects that it needs, each with the field that names it.
    fn references(&self) -> Vec<Reference>;
}

/// A field that names another object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// The field, relative to the object.
    pub field: String,
    /// What kind of object it names.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl Reference {
    /// The reference made by `field` to the object of this kind and name.
    pub fn new(field: impl Into<String>, kind: Kind, name: &str) -> Self {
        Self { field: field.into(), kind, name: name.to_owned() }
    }
}

/// Complains about a name that is empty, too long, or holds control characters.
pub fn check_name(name: &str, complaints: &mut Complaints<'_>) {
    check_text("name", name, NAME_CHARS_MAX, complaints);
    if name.trim().is_empty() || name.trim() != name {
        complaints.add(
            "name",
            "is empty, or begins or ends with a space",
            "give the object a name of its own",
        );
    }
}

/// Complains about a text that is too long or holds control characters.
pub fn check_text(field: &str, text: &str, chars_max: usize, complaints: &mut Complaints<'_>) {
    if text.chars().count() > chars_max {
        complaints.add(field, format!("is longer than {chars_max} characters"), "shorten it");
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        complaints.add(field, "holds a control character", "use printable characters only");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_called_as_people_call_them() {
        let words = Kind::ALL.map(Kind::plural_words);
        let expected = [
            "organizations",
            "certificate authorities",
            "server certificates",
            "certificate templates",
            "gateways",
            "policy workflows",
            "enrollment policies",
            "network policies",
            "network profiles",
            "access points",
            "people",
            "devices",
        ];
        assert_eq!(words, expected);
    }
}
