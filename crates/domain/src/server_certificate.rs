//! Server certificates: the RADIUS server's own, RADIUS > Server Certificates.

pub mod coverage;
pub mod import;

use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::network_profile::SecurityType;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::organization::Organization;

/// Longest life in days; Apple devices refuse TLS server certificates that live longer.
pub const VALIDITY_DAYS_MAX: u32 = 825;

/// Most names in one certificate; each makes every handshake longer.
pub const NAMES_MAX: usize = 16;

/// Longest time before its end at which a certificate is made anew, in days.
pub const RENEWED_DAYS_MAX: i64 = 30;

/// What a new certificate must live longer than the one before to be worth making, in days: under
/// an authority that is about to end, each would be as short-lived as the last.
pub const GAINED_DAYS_MIN: i64 = 1;

const DAY_SECONDS: i64 = 86_400;

/// Which of its certificates one is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = ServerSlot)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// It is shown to devices.
    Active,
    /// It waits to be shown.
    Next,
    /// It was shown before.
    Previous,
}

impl Slot {
    /// As written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Next => "next",
            Self::Previous => "previous",
        }
    }
}

/// Whether a certificate is to be made anew: less than a third of its life is left, and less than
/// [`RENEWED_DAYS_MAX`].
pub fn is_due((not_before, not_after): (Time, Time), now: Time) -> bool {
    let third = not_after.0.saturating_sub(not_before.0) / 3;
    not_after.0.saturating_sub(now.0) < third.min(RENEWED_DAYS_MAX * DAY_SECONDS)
}

/// Whether a certificate that ends then is worth making in place of one that ends so.
pub fn is_gain(not_after: Time, before: Time) -> bool {
    not_after.0.saturating_sub(before.0) >= GAINED_DAYS_MIN * DAY_SECONDS
}

/// What is shown in a network: that of the first profile of its SSID; on a cable, that of the first
/// wired profile; else the first there is. `has` says which of them have a key.
pub fn shown_in<'a>(
    organization: &'a Organization,
    (ssid, is_wired): (Option<&str>, bool),
    has: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let profiles = || organization.network_profile.iter();
    let wireless = ssid.and_then(|ssid| {
        let fits = |own: &str| own == ssid;
        profiles().find(|one| {
            one.security_type != SecurityType::Wired && one.ssid.as_deref().is_some_and(fits)
        })
    });
    let wired = || profiles().find(|one| is_wired && one.security_type == SecurityType::Wired);
    let named = wireless.or_else(wired).map(|profile| profile.server_certificate.as_str());
    let first = || organization.server_certificate.first().map(|one| one.name.as_str());
    named.filter(|name| has(name)).or_else(first).filter(|name| has(name))
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::network_profile::NetworkProfile;

    const DAY: i64 = DAY_SECONDS;

    #[test]
    fn a_third_of_a_short_life_and_a_month_of_a_long_one_is_left_when_it_is_due() {
        for (life, left, due) in [(397, 30, false), (397, 29, true), (30, 10, false), (30, 9, true)]
        {
            let ends = Time(life * DAY);
            assert_eq!(is_due((Time(0), ends), Time((life - left) * DAY)), due, "{life} {left}");
        }
        assert!(is_due((Time(0), Time(DAY)), Time(2 * DAY)));
        assert!(is_gain(Time(2 * DAY), Time(DAY)) && !is_gain(Time(2 * DAY - 1), Time(DAY)));
    }

    fn profile(name: &str, ssid: Option<&str>, server: &str) -> NetworkProfile {
        let security = if ssid.is_some() { "wpa2-enterprise" } else { "wired" };
        serde_json::from_value(json!({
            "name": name, "ssid": ssid, "security_type": security, "gateway": "G",
            "server_certificate": server, "radius_server_names": ["r.example.test"],
        }))
        .unwrap()
    }

    #[test]
    fn a_network_shows_what_its_profile_names() {
        let server = |name: &str| -> ServerCertificate {
            let names = ["r.example.test"];
            serde_json::from_value(
                json!({ "name": name, "certificate_authority": "CA", "names": names }),
            )
            .unwrap()
        };
        let organization = Organization {
            server_certificate: ["first", "guests", "cable"].map(server).to_vec(),
            network_profile: vec![
                profile("Guests", Some("Guests"), "guests"),
                profile("Guests 2", Some("Guests"), "first"),
                profile("Cable", None, "cable"),
                profile("Gone", Some("Gone"), "keyless"),
            ],
            ..Organization::default()
        };
        let has = |name: &str| name != "keyless";
        for (ssid, is_wired, expected) in [
            (Some("Guests"), false, "guests"),
            (Some("Guests"), true, "guests"),
            (Some("guests"), false, "first"),
            (Some("Other"), false, "first"),
            (Some("Other"), true, "cable"),
            (Some("Gone"), false, "first"),
            (None, true, "cable"),
            (None, false, "first"),
        ] {
            let shown = shown_in(&organization, (ssid, is_wired), has);
            assert_eq!(shown, Some(expected), "{ssid:?} {is_wired}");
        }
        assert_eq!(shown_in(&organization, (None, false), |_| false), None);
        assert_eq!(shown_in(&Organization::default(), (Some("x"), true), has), None);
    }
}
