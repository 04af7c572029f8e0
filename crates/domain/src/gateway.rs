//! Gateways: the doors by which an MDM's devices ask for certificates,
//! Integrations Hub > Device Management Platforms.

use serde::Deserialize;
use serde::Serialize;

use crate::complaint::Complaints;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::NAME_CHARS_MAX;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;

/// An enrollment door: a URL, a secret, an authority.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Unique among gateways; policies know it as an identity provider.
    pub name: String,
    /// The part of its URL that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How devices prove that they may ask.
    #[serde(rename = "type", default)]
    pub gateway_type: GatewayType,
    /// The MDM.
    #[serde(default)]
    pub vendor: Vendor,
    /// The MDM's name, where `vendor` is `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// The authority that it enrolls for; the organization's first device authority if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_authority: Option<String>,
    /// Serves the well-known paths that name no gateway.
    #[serde(default, skip_serializing_if = "is_false")]
    pub default: bool,
    /// Takes neither SHA-1 nor 3DES.
    #[serde(default, skip_serializing_if = "is_false")]
    pub strict: bool,
    /// Takes single DES, for devices that know nothing better.
    #[serde(default, skip_serializing_if = "is_false")]
    pub legacy: bool,
}

/// How devices prove that they may ask.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayType {
    /// SCEP with one challenge for all devices of the gateway.
    #[default]
    ScepEnrollmentToken,
}

/// The MDM behind a gateway.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// Addigy.
    Addigy,
    /// Google.
    Google,
    /// Microsoft Intune.
    Intune,
    /// Jamf.
    Jamf,
    /// Kandji, now Iru.
    Kandji,
    /// Cisco Meraki.
    Meraki,
    /// Mosyle.
    Mosyle,
    /// Any other; `vendor_name` says which.
    #[default]
    Other,
    /// Omnissa Workspace ONE.
    WorkspaceOne,
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Object for Gateway {
    const KIND: Kind = Kind::Gateway;

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
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        if self.strict && self.legacy {
            complaints.add("legacy", "is the opposite of strict", "remove one of them");
        }
        if let Some(vendor_name) = &self.vendor_name {
            check_text("vendor_name", vendor_name, NAME_CHARS_MAX, complaints);
            if self.vendor != Vendor::Other {
                complaints.add(
                    "vendor_name",
                    "is given although the vendor is known",
                    "remove it, or make the vendor \"other\"",
                );
            }
        }
    }

    fn references(&self) -> Vec<Reference> {
        let authority = self.certificate_authority.iter();
        authority
            .map(|name| Reference::new("certificate_authority", Kind::CertificateAuthority, name))
            .collect()
    }
}
