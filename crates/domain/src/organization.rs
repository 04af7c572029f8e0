//! The organization: every definition that administrators wrote, as one value.

pub mod check;
pub mod document;
pub mod export;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access_point::AccessPoint;
use crate::certificate_authority::CertificateAuthority;
use crate::certificate_authority::Purpose;
use crate::certificate_template::CertificateTemplate;
use crate::complaint::Complaints;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::gateway::Gateway;
use crate::network_policy::NetworkPolicy;
use crate::network_profile::NetworkProfile;
use crate::object::NAME_CHARS_MAX;
use crate::object::Object;
use crate::object::check_text;
use crate::policy_workflow::PolicyWorkflow;
use crate::server_certificate::ServerCertificate;

/// Longest chain of authorities above one; a root, two intermediates, and one to spare.
pub const CHAIN_MAX: usize = 4;

/// What the organization is called and where it is found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = OrganizationSettings)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Shown in the portal and in events.
    pub name: String,
    /// What enrollment, CRL and OCSP addresses start with.
    #[serde(default = "default_base_url")]
    pub base_url: String,
}

fn default_base_url() -> String {
    "http://127.0.0.1:8080".to_owned()
}

impl Default for Settings {
    fn default() -> Self {
        Self { name: "Safeconduct".to_owned(), base_url: default_base_url() }
    }
}

/// Every definition. Lists are in their order; in policies the order decides.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, ToSchema)]
pub struct Organization {
    /// What it is called and where it is found.
    #[serde(rename = "organization")]
    pub settings: Settings,
    /// Dynamic PKI > Certificate Authorities.
    pub certificate_authority: Vec<CertificateAuthority>,
    /// RADIUS > Server Certificates.
    pub server_certificate: Vec<ServerCertificate>,
    /// Dynamic PKI > Certificate Templates.
    pub certificate_template: Vec<CertificateTemplate>,
    /// Integrations Hub > Device Management Platforms.
    pub gateway: Vec<Gateway>,
    /// Policy Management > Policy Workflows.
    pub policy_workflow: Vec<PolicyWorkflow>,
    /// Policy Management > Enrollment.
    pub enrollment_policy: Vec<EnrollmentPolicy>,
    /// Policy Management > Network.
    pub network_policy: Vec<NetworkPolicy>,
    /// Device Onboarding > Network Profiles.
    pub network_profile: Vec<NetworkProfile>,
    /// RADIUS > Access Points.
    pub access_point: Vec<AccessPoint>,
}

/// An object that the organization keeps a list of.
pub trait Listed: Object + 'static {
    /// The organization's list of them.
    fn list(organization: &Organization) -> &Vec<Self>;

    /// The same, to be changed.
    fn list_mut(organization: &mut Organization) -> &mut Vec<Self>;
}

macro_rules! listed {
    ($($object:ty => $field:ident,)*) => {
        $(impl Listed for $object {
            fn list(organization: &Organization) -> &Vec<Self> {
                &organization.$field
            }

            fn list_mut(organization: &mut Organization) -> &mut Vec<Self> {
                &mut organization.$field
            }
        })*
    };
}

listed! {
    CertificateAuthority => certificate_authority,
    ServerCertificate => server_certificate,
    CertificateTemplate => certificate_template,
    Gateway => gateway,
    PolicyWorkflow => policy_workflow,
    EnrollmentPolicy => enrollment_policy,
    NetworkPolicy => network_policy,
    NetworkProfile => network_profile,
    AccessPoint => access_point,
}

/// Something to be done for every kind of object.
pub trait EachKind {
    /// Does it for one kind.
    fn visit<T: Listed>(&mut self);
}

/// Does something for every kind of object, in the order in which they refer to each other.
pub fn each_kind(visitor: &mut impl EachKind) {
    visitor.visit::<CertificateAuthority>();
    visitor.visit::<ServerCertificate>();
    visitor.visit::<CertificateTemplate>();
    visitor.visit::<Gateway>();
    visitor.visit::<PolicyWorkflow>();
    visitor.visit::<EnrollmentPolicy>();
    visitor.visit::<NetworkPolicy>();
    visitor.visit::<NetworkProfile>();
    visitor.visit::<AccessPoint>();
}

impl Settings {
    /// Checks name and address.
    pub fn check(&self, complaints: &mut Complaints<'_>) {
        check_text("name", &self.name, NAME_CHARS_MAX, complaints);
        if self.name.trim().is_empty() {
            complaints.add("name", "is empty", "say what the organization is called");
        }
        let rest = ["http://", "https://"].iter().find_map(|s| self.base_url.strip_prefix(s));
        let sound = rest.is_some_and(|rest| {
            !rest.is_empty()
                && !rest.ends_with('/')
                && rest.chars().all(|c| c.is_ascii_graphic() && !"?#\"<>\\^`{|}@".contains(c))
        });
        if !sound {
            complaints.add(
                "base_url",
                format!("\"{}\" is not an address", self.base_url.escape_debug()),
                "write it like http://pki.example.org or https://pki.example.org:8443, without \
                 a slash at the end",
            );
        }
    }
}

struct Counter<'a>(&'a Organization, usize);

impl EachKind for Counter<'_> {
    fn visit<T: Listed>(&mut self) {
        self.1 += T::list(self.0).len();
    }
}

impl Organization {
    /// How many objects there are.
    pub fn count(&self) -> usize {
        let mut counter = Counter(self, 0);
        each_kind(&mut counter);
        counter.1
    }

    /// The object of this name.
    pub fn find<T: Listed>(&self, name: &str) -> Option<&T> {
        T::list(self).iter().find(|object| object.name() == name)
    }

    /// The authority that a gateway enrolls for: its own, else the default.
    pub fn authority_of(&self, gateway: &Gateway) -> Option<&CertificateAuthority> {
        match &gateway.certificate_authority {
            Some(name) => self.find(name),
            None => self.default_authority(),
        }
    }

    /// The organization's authority for devices: the first one, intermediates before roots, and
    /// those that issue before those that are disabled.
    pub fn default_authority(&self) -> Option<&CertificateAuthority> {
        let devices = |authority: &&CertificateAuthority| {
            authority.generate_ca_for == Purpose::DeviceAndUserAuthentication
        };
        let authorities = self.certificate_authority.iter().filter(devices);
        // Of equals the first in the file is the least.
        authorities.min_by_key(|authority| (authority.disabled, authority.issuer.is_none()))
    }

    /// The authority and those above it, root last. Stops where the chain is broken or too long.
    pub fn chain_of<'a>(
        &'a self,
        authority: &'a CertificateAuthority,
    ) -> Vec<&'a CertificateAuthority> {
        let mut chain = vec![authority];
        let mut above = authority;
        while let Some(issuer) = above.issuer.as_deref().and_then(|name| self.find(name)) {
            if chain.len() == CHAIN_MAX {
                break;
            }
            chain.push(issuer);
            above = issuer;
        }
        chain
    }

    /// The name of the root above an authority.
    pub fn root_of<'a>(&'a self, authority: &'a CertificateAuthority) -> Option<&'a str> {
        self.chain_of(authority).last().map(|root| root.name.as_str())
    }

    /// The gateway that the well-known paths without a name lead to.
    pub fn default_gateway(&self) -> Option<&Gateway> {
        match self.gateway.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|gateway| gateway.default),
        }
    }

    /// The address at which devices of a gateway enroll.
    pub fn enrollment_url(&self, gateway: &Gateway) -> String {
        let slug = gateway.slug.as_deref().unwrap_or_default();
        format!("{}/scep/{slug}", self.settings.base_url)
    }
}

/// The last moment of a life of `years` years that begins at `start`.
///
/// A year has 365.2425 days here, so that ten of them end within a day of the date expected.
pub fn years_after(start: Time, years: u32) -> Time {
    const YEAR_SECONDS: i64 = 31_556_952;
    start.plus_seconds(i64::from(years) * YEAR_SECONDS - 1)
}
