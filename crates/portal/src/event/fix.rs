//! Where a refusal is mended: from its code to the page with the right form.

use domain::event::Shown;
use domain::object::Kind;

use super::detail;

/// Where something is mended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// The gateway at which the device asked.
    Gateway,
    /// The workflows, which give roles.
    Workflows,
    /// The enrollment policy that decided, else all of them.
    EnrollmentPolicy,
    /// The template that the request came to.
    Template,
    /// The authority that was to sign.
    Authority,
    /// The network policy that decided, else all of them.
    NetworkPolicy,
    /// The profiles, which tell devices what to trust and which certificate to show.
    NetworkProfiles,
    /// The certificates that the RADIUS server shows.
    ServerCertificates,
    /// The access point that asked.
    AccessPoint,
    /// A new access point.
    NewAccessPoint,
    /// The record of the device.
    Device,
    /// The people whom devices belong to.
    People,
    /// The certificate that was shown.
    Certificate,
}

/// Where a page of ours is, as far as an event tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Spot {
    /// The definition of this kind and name.
    Named(Kind, String),
    /// All definitions of a kind.
    List(Kind),
    /// A new access point at this address, and what it calls itself.
    NewAccessPoint(String, Option<String>),
    /// A device, by what it is called.
    Device(String),
    /// All people.
    People,
    /// A certificate, by its number.
    Certificate(String),
}

/// Every code of an answer to a device, and where it is mended; none where no form of ours mends it:
/// on the device, in the MDM, or by waiting.
const PLACES: &[(&str, Option<Place>)] = &[
    ("ENR-CHALLENGE-MISSING", Some(Place::Gateway)),
    ("ENR-CHALLENGE-WRONG", Some(Place::Gateway)),
    ("ENR-VARIABLE-UNEXPANDED", Some(Place::Template)),
    ("ENR-VARIABLE-EMPTY", Some(Place::Template)),
    ("ENR-TRANSACTION-TAKEN", None),
    ("ENR-KEY-BLOCKED", None),
    ("ENR-KEY-IN-USE", Some(Place::EnrollmentPolicy)),
    ("ENR-KEY-NOT-ALLOWED", Some(Place::Template)),
    ("ENR-BEYOND-TEMPLATE", Some(Place::Template)),
    ("ENR-NO-ROLE", Some(Place::Workflows)),
    ("ENR-NO-POLICY", Some(Place::EnrollmentPolicy)),
    ("ENR-LIMIT-CERTIFICATES", Some(Place::Device)),
    ("ENR-LIMIT-DAYS", Some(Place::EnrollmentPolicy)),
    ("ENR-MESSAGE-UNREADABLE", Some(Place::Gateway)),
    ("ENR-MESSAGE-REFUSED", Some(Place::Gateway)),
    ("ENR-LINT", Some(Place::Template)),
    ("ENR-AUTHORITY-EXPIRED", Some(Place::Authority)),
    ("ENR-AUTHORITY-DISABLED", Some(Place::Authority)),
    ("ENR-SIGNER-BUSY", None),
    ("ENR-RENEWAL-ELSEWHERE", None),
    ("ENR-RENEWAL-EARLY", Some(Place::Gateway)),
    ("ENR-RENEWAL-LATE", Some(Place::Gateway)),
    ("ENR-IN-PROGRESS", None),
    ("ENR-GATEWAY-UNKNOWN", Some(Place::Gateway)),
    ("NAS-UNKNOWN", Some(Place::NewAccessPoint)),
    ("NAS-SECRET-WRONG", Some(Place::AccessPoint)),
    ("NAS-NO-MESSAGE-AUTHENTICATOR", None),
    ("NAS-MALFORMED", None),
    ("EAP-NONE", None),
    ("EAP-METHOD", Some(Place::NetworkProfiles)),
    ("EAP-MALFORMED", None),
    ("EAP-STATE-UNKNOWN", None),
    ("EAP-STALLED", Some(Place::NetworkProfiles)),
    ("EAP-ROUNDS", None),
    ("TLS-UNKNOWN-CA", Some(Place::NetworkProfiles)),
    ("TLS-BAD-CERTIFICATE", Some(Place::ServerCertificates)),
    ("TLS-ALERT", Some(Place::NetworkProfiles)),
    ("TLS-VERSION", None),
    ("TLS-MALFORMED", None),
    ("TLS-NO-CERTIFICATE", Some(Place::NetworkProfiles)),
    ("CERT-EXPIRED", Some(Place::Certificate)),
    ("CERT-NOT-YET-VALID", Some(Place::Certificate)),
    ("CERT-REVOKED", Some(Place::Certificate)),
    ("CERT-HELD", Some(Place::Certificate)),
    ("CERT-AUTHORITY-REVOKED", Some(Place::Authority)),
    ("CERT-UNKNOWN-ISSUER", Some(Place::NetworkProfiles)),
    ("CERT-WRONG-USAGE", Some(Place::Template)),
    ("CERT-UNKNOWN-SERIAL", None),
    ("CERT-MALFORMED", None),
    ("DEV-UNKNOWN", Some(Place::Device)),
    ("DEV-NOT-ACTIVE", Some(Place::Device)),
    ("DEV-OWNER-DISABLED", Some(Place::People)),
    ("DEV-STALE", Some(Place::Device)),
    ("DEV-ASSURANCE-LOW", Some(Place::NetworkPolicy)),
    ("DEV-MAC-DIFFERS", Some(Place::Device)),
    ("POL-NO-MATCH", Some(Place::NetworkPolicy)),
    ("POL-GROUP", Some(Place::NetworkPolicy)),
    ("POL-SCHEDULE", Some(Place::NetworkPolicy)),
    ("POL-REFUSED", Some(Place::NetworkPolicy)),
    ("POL-ATTRIBUTE-VALUE", Some(Place::NetworkPolicy)),
    ("POL-REPLY-TOO-LARGE", Some(Place::NetworkPolicy)),
    ("SYS-STORE", None),
    ("SYS-OVERLOAD", None),
    ("SYS-LISTENERS", None),
    ("SYS-INTERNAL", None),
];

/// Where a code is mended; none if no form of ours mends it.
pub(super) fn place(code: &str) -> Option<Place> {
    PLACES.iter().find(|(known, _)| *known == code).and_then(|(_, place)| *place)
}

/// The page on which what was refused is mended, as far as the event tells which.
pub(super) fn spot(event: &Shown) -> Option<Spot> {
    let named = |kind: Kind, name: Option<&str>| match name {
        Some(name) => Spot::Named(kind, name.to_owned()),
        None => Spot::List(kind),
    };
    let told = |key: &str| detail(event, key);
    let by = |who: &str| event.actor.strip_prefix(who);
    Some(match place(&event.reason.as_ref()?.code)? {
        Place::Gateway => named(Kind::Gateway, by("gateway ")),
        Place::Workflows => Spot::List(Kind::PolicyWorkflow),
        Place::EnrollmentPolicy => named(Kind::EnrollmentPolicy, told("policy")),
        Place::Template => named(Kind::CertificateTemplate, told("template")),
        Place::Authority => named(Kind::CertificateAuthority, told("authority")),
        Place::NetworkPolicy => named(Kind::NetworkPolicy, told("policy")),
        Place::NetworkProfiles => Spot::List(Kind::NetworkProfile),
        Place::ServerCertificates => Spot::List(Kind::ServerCertificate),
        Place::AccessPoint => {
            named(Kind::AccessPoint, told("access_point").or(by("access point ")))
        }
        Place::NewAccessPoint => {
            let name = told("nas_identifier").map(str::to_owned);
            Spot::NewAccessPoint(told("address")?.to_owned(), name)
        }
        Place::Device => Spot::Device(told("device")?.to_owned()),
        Place::People => Spot::People,
        Place::Certificate => {
            let serial = event.object.strip_prefix("certificate:")?;
            (!serial.is_empty()).then(|| Spot::Certificate(serial.to_owned()))?
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(code: &str, details: serde_json::Value) -> Shown {
        let mut whole = json!({
            "id": "019aefb0-4e80-7000-8000-000000000000", "at": "2026-11-23T22:00:00.000Z",
            "kind": "network.access", "outcome": "refused", "actor": "access point Roof",
            "object": "certificate:0A",
            "reason": { "code": code, "sentence": "no", "fix": "mend it" },
        });
        let details = details.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(details);
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn every_code_has_a_page_or_none_and_each_stands_there_once() {
        let page = include_str!("../../../../docs/refusals.md");
        let codes = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let families = ["ENR-", "NAS-", "EAP-", "TLS-", "CERT-", "DEV-", "POL-", "SYS-"];
        let is_answer = |code: &&str| families.iter().any(|family| code.starts_with(family));
        let codes: Vec<&str> = codes.filter(is_answer).collect();
        assert!(codes.len() > 60, "{}", codes.len());
        for code in &codes {
            let count = PLACES.iter().filter(|(known, _)| known == code).count();
            assert_eq!(count, 1, "{code}");
        }
        for (code, _) in PLACES {
            assert!(codes.contains(code), "{code} is in no handbook");
        }
        // What administrators ask wrongly is mended where they ask.
        assert_eq!(place("API-PARAMETER"), None);
    }

    #[test]
    fn a_page_is_the_one_that_the_event_tells_of() {
        let none = json!({});
        for (code, details, expected) in [
            ("POL-REFUSED", json!({"policy": "P"}), Spot::Named(Kind::NetworkPolicy, "P".into())),
            ("POL-NO-MATCH", none.clone(), Spot::List(Kind::NetworkPolicy)),
            ("NAS-SECRET-WRONG", none.clone(), Spot::Named(Kind::AccessPoint, "Roof".into())),
            ("CERT-REVOKED", none.clone(), Spot::Certificate("0A".into())),
            ("DEV-STALE", json!({"device": "mac"}), Spot::Device("mac".into())),
            ("ENR-NO-ROLE", none.clone(), Spot::List(Kind::PolicyWorkflow)),
            (
                "NAS-UNKNOWN",
                json!({"address": "192.0.2.9", "nas_identifier": "hall"}),
                Spot::NewAccessPoint("192.0.2.9".into(), Some("hall".into())),
            ),
        ] {
            assert_eq!(spot(&event(code, details)), Some(expected), "{code}");
        }
    }

    #[test]
    fn where_nothing_is_told_there_is_no_page() {
        for code in ["NAS-UNKNOWN", "DEV-STALE", "EAP-ROUNDS", "FUTURE-CODE"] {
            assert_eq!(spot(&event(code, json!({}))), None, "{code}");
        }
        let unknown = Shown { object: "certificate:".into(), ..event("CERT-REVOKED", json!({})) };
        assert_eq!(spot(&unknown), None);
        assert_eq!(spot(&Shown { reason: None, ..event("POL-REFUSED", json!({})) }), None);
    }
}
