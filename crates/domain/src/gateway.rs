//! Gateways: the doors by which an MDM's devices ask for certificates,
//! Integrations Hub > Device Management Platforms.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::certificate::Certificate;
use crate::certificate::Status;
use crate::certificate::Usage;
use crate::complaint::Complaints;
use crate::former_name;
use crate::former_name::FormerNames;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::NAME_CHARS_MAX;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::refusal::Refusal;

/// An enrollment door: a URL, a secret, an authority.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Unique among gateways; policies know it as an identity provider.
    pub name: String,
    /// The part of its URL that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
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
    /// How many days before its end a certificate may be renewed by itself; at any time if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_window_days: Option<u32>,
    /// For how many days after its end a certificate may still be renewed by itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renewal_grace_days: u32,
}

/// Longest window and longest grace, in days; beyond, a device should enroll again.
pub const RENEWAL_DAYS_MAX: u32 = 365;

/// How devices prove that they may ask.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GatewayType {
    /// SCEP with one challenge for all devices of the gateway.
    #[default]
    ScepEnrollmentToken,
}

/// The MDM behind a gateway.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
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

/// For `skip_serializing_if`: no days are not written.
fn is_zero(days: &u32) -> bool {
    *days == 0
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Gateway {
    /// Whether this is its name, or was before.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Its name, then those that it had before.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let former = former_name::of(self).iter().map(String::as_str);
        core::iter::once(self.name.as_str()).chain(former)
    }

    /// Refuses to renew a certificate that is not this gateway's, that is revoked, or whose time
    /// has not come or is over.
    pub fn check_renewal(&self, old: &Certificate, now: Time) -> Result<(), Refusal> {
        let serial = old.serial.clone();
        if let Some((at, reason)) = old.revoked_at.zip(old.revocation_reason) {
            return Err(Refusal::CertificateRevoked { serial, at, reason });
        }
        if old.status != Status::Issued || old.usage != Usage::Device {
            return Err(Refusal::CertificateUnknown { serial });
        }
        if !old.gateway.as_deref().is_some_and(|name| self.is_called(name)) {
            return Err(Refusal::RenewalElsewhere { serial, gateway: self.name.clone() });
        }
        if old.not_after.plus_days(self.renewal_grace_days) < now {
            return Err(Refusal::RenewalLate { serial, not_after: old.not_after });
        }
        let Some(days) = self.renewal_window_days else { return Ok(()) };
        let from = old.not_after.plus_seconds(-i64::from(days) * DAY_SECONDS);
        if now < from {
            return Err(Refusal::RenewalEarly { serial, from });
        }
        Ok(())
    }
}

const DAY_SECONDS: i64 = 86_400;

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

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        let days = [
            ("renewal_window_days", self.renewal_window_days.unwrap_or(1)),
            ("renewal_grace_days", self.renewal_grace_days),
        ];
        for (field, days) in days {
            if days > RENEWAL_DAYS_MAX || (field == "renewal_window_days" && days == 0) {
                let what = format!("{days} is outside what is possible, up to {RENEWAL_DAYS_MAX}");
                complaints.add(field, what, "use 30");
            }
        }
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

#[cfg(test)]
mod tests {
    use pki::certificate::Serial;

    use super::*;
    use crate::certificate::RevocationReason;

    const END: Time = Time(1_800_000_000);

    fn old() -> Certificate {
        Certificate {
            serial: Serial::from_random([7; 16]),
            usage: Usage::Device,
            authority: "A".into(),
            generation: 1,
            subject: "CN=x".into(),
            names: vec![],
            gateway: Some("Mosyle".into()),
            template: None,
            device: None,
            person: None,
            device_id: None,
            assurance: 0,
            key: None,
            rendering: None,
            not_before: Time(0),
            not_after: END,
            status: Status::Issued,
            revoked_at: None,
            revocation_reason: None,
            version: 1,
        }
    }

    fn gateway(fields: &str) -> Gateway {
        serde_json::from_str(&format!(r#"{{"name":"Mosyle"{fields}}}"#)).unwrap()
    }

    #[track_caller]
    fn check(gateway: &Gateway, old: &Certificate, now: Time, code: Option<&str>) {
        let refusal = gateway.check_renewal(old, now).err();
        assert_eq!(refusal.as_ref().map(Refusal::code), code);
    }

    #[test]
    fn a_certificate_may_be_renewed_at_any_time_until_its_end() {
        check(&gateway(""), &old(), END, None);
        check(&gateway(""), &old(), Time(1), None);
        check(&gateway(""), &old(), END.plus_seconds(1), Some("ENR-RENEWAL-LATE"));
    }

    #[test]
    fn window_and_grace_move_the_borders() {
        let gateway = gateway(r#","renewal_window_days":30,"renewal_grace_days":7"#);
        let day = |days: i64| END.plus_seconds(days * DAY_SECONDS);
        check(&gateway, &old(), day(-31), Some("ENR-RENEWAL-EARLY"));
        check(&gateway, &old(), day(-30), None);
        check(&gateway, &old(), day(7), None);
        check(&gateway, &old(), day(8), Some("ENR-RENEWAL-LATE"));
    }

    #[test]
    fn what_is_revoked_foreign_or_no_devices_is_not_renewed() {
        let gateway = gateway("");
        let revoked = Certificate {
            status: Status::Revoked,
            revoked_at: Some(Time(5)),
            revocation_reason: Some(RevocationReason::KeyCompromise),
            ..old()
        };
        check(&gateway, &revoked, Time(9), Some("CERT-REVOKED"));
        let elsewhere = Certificate { gateway: Some("Jamf".into()), ..old() };
        check(&gateway, &elsewhere, Time(9), Some("ENR-RENEWAL-ELSEWHERE"));
        let server = Certificate { usage: Usage::Server, ..old() };
        check(&gateway, &server, Time(9), Some("CERT-UNKNOWN-SERIAL"));
        let intended = Certificate { status: Status::Intended, ..old() };
        check(&gateway, &intended, Time(9), Some("CERT-UNKNOWN-SERIAL"));
    }

    #[test]
    fn days_beyond_a_year_are_refused() {
        let mut list = Vec::new();
        let gateway = gateway(r#","renewal_window_days":0,"renewal_grace_days":366"#);
        gateway.check(&mut Complaints::new("", &mut list));
        let paths: Vec<&str> = list.iter().map(|complaint| complaint.path.as_str()).collect();
        assert_eq!(paths, ["renewal_window_days", "renewal_grace_days"]);
    }
}
