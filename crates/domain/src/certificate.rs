//! Issued certificates as the organization remembers them.

pub mod listing;
pub mod search;

use core::fmt;
use std::sync::Arc;

use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::device::DeviceId;
use crate::refusal::Refusal;

/// What the organization knows of a certificate that it signed or was about to sign.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct Certificate {
    /// Its number; unique in the organization.
    pub serial: Serial,
    /// What it is for.
    pub usage: Usage,
    /// The name of the authority that signed it.
    pub authority: String,
    /// Which of the authority's keys signed it, counted from 1.
    pub generation: i64,
    /// Whom it names.
    pub subject: String,
    /// Its alternative names, as `kind:value`.
    pub names: Vec<String>,
    /// The gateway that it was asked for at.
    pub gateway: Option<String>,
    /// The template that it was made from.
    pub template: Option<String>,
    /// What the device was called when it asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Who owned the device when it asked, as an e-mail address or principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The record of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// How the device was known when it asked.
    pub assurance: u8,
    /// The SHA-256 of its `SubjectPublicKeyInfo`, in hexadecimal digits; none of what was recorded
    /// before keys were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The rendering of a network profile that the device enrolled by: what its Enrollment URL
    /// ended in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendering: Option<i64>,
    /// First moment of validity.
    pub not_before: Time,
    /// Last moment of validity.
    pub not_after: Time,
    /// Where it stands.
    pub status: Status,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// Why it was revoked.
    pub revocation_reason: Option<RevocationReason>,
    /// How often it has come to stand differently since it was intended.
    pub version: i64,
}

impl Certificate {
    /// It was signed.
    pub fn mark_issued(&mut self) {
        self.status = Status::Issued;
        self.version += 1;
    }

    /// Revokes it, for good, or for as long as it is on hold ([`RevocationReason::CertificateHold`]).
    pub fn revoke(&mut self, at: Time, reason: RevocationReason) -> Result<(), Refusal> {
        let hold = reason == RevocationReason::CertificateHold;
        match (self.status, self.revoked_at) {
            (Status::Revoked, Some(at)) => {
                return Err(Refusal::AlreadyRevoked { serial: self.serial.clone(), at });
            }
            (Status::Held, Some(at)) if hold => {
                return Err(Refusal::AlreadyHeld { serial: self.serial.clone(), at });
            }
            (Status::Intended | Status::Issued | Status::Held | Status::Revoked, _) => {}
        }
        self.status = if hold { Status::Held } else { Status::Revoked };
        (self.revoked_at, self.revocation_reason) = (Some(at), Some(reason));
        self.version += 1;
        Ok(())
    }

    /// Takes it off hold; what is revoked stays so.
    pub fn release(&mut self) -> Result<(), Refusal> {
        match self.status {
            Status::Held => {}
            Status::Intended | Status::Issued | Status::Revoked => {
                return Err(Refusal::NotHeld { serial: self.serial.clone() });
            }
        }
        self.status = Status::Issued;
        (self.revoked_at, self.revocation_reason) = (None, None);
        self.version += 1;
        Ok(())
    }
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Usage {
    /// A certificate authority's own.
    Authority,
    /// The registration authority that speaks SCEP for an authority.
    Registration,
    /// The RADIUS server's own.
    Server,
    /// What HTTPS shows to administrators' browsers and programs.
    Portal,
    /// What signs answers of OCSP for an authority.
    Responder,
    /// A device's.
    Device,
}

impl Usage {
    /// Everything that a certificate of ours can be for.
    pub const ALL: [Self; 6] = [
        Self::Authority,
        Self::Registration,
        Self::Server,
        Self::Portal,
        Self::Responder,
        Self::Device,
    ];

    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Registration => "registration",
            Self::Server => "server",
            Self::Portal => "portal",
            Self::Responder => "responder",
            Self::Device => "device",
        }
    }

    /// Reads what [`Usage::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.as_str() == text)
    }
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Its content is recorded; whether it was signed is not known.
    Intended,
    /// Signed, and not revoked.
    Issued,
    /// On hold: revoked until it is released.
    Held,
    /// Revoked.
    Revoked,
}

impl Status {
    /// Everything that a certificate can be.
    pub const ALL: [Self; 4] = [Self::Intended, Self::Issued, Self::Held, Self::Revoked];

    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Issued => "issued",
            Self::Held => "held",
            Self::Revoked => "revoked",
        }
    }

    /// Reads what [`Status::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Why a certificate was revoked (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// No reason was given.
    Unspecified,
    /// The private key may be known to others.
    KeyCompromise,
    /// The private key of the authority may be known to others.
    #[serde(rename = "cACompromise")]
    CaCompromise,
    /// The owner or the owner's name changed.
    AffiliationChanged,
    /// A newer certificate took its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It is not to be used for now, and may be released.
    CertificateHold,
    /// Its owner lost the right to it.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason a certificate can be revoked for.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::PrivilegeWithdrawn,
    ];

    /// The RFC's own word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
        }
    }

    /// Reads the RFC's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What certificates of devices have in common that are chosen together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Chosen {
    /// The device, by the name that it has in their records.
    Device(String),
    /// The person whose device it is.
    Person(String),
    /// The gateway that they were asked for at.
    Gateway(String),
    /// The authority that signed them.
    Authority(String),
}

impl Chosen {
    /// The field that they have in common, and its value.
    pub fn field(&self) -> (&'static str, &str) {
        match self {
            Self::Device(name) => ("device", name),
            Self::Person(name) => ("person", name),
            Self::Gateway(name) => ("gateway", name),
            Self::Authority(name) => ("authority", name),
        }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, name) = self.field();
        write!(f, "{field}:{name}")
    }
}

/// What a login must know of a certificate: kept in memory for every one that is issued.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The authority that signed it.
    pub authority: Arc<str>,
    /// What it is for.
    pub usage: Usage,
    /// Where it stands.
    pub status: Status,
    /// The gateway that it was asked for at.
    pub gateway: Option<Arc<str>>,
    /// When and why it was revoked.
    pub revoked: Option<(Time, RevocationReason)>,
    /// How often it has come to stand differently: of two standings the higher is the newer.
    pub version: i64,
    /// The template that it was made from.
    pub template: Option<Arc<str>>,
    /// How the device was known when it asked.
    pub assurance: u8,
    /// The record of the device.
    pub device: Option<DeviceId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_what_wrote_them() {
        for reason in RevocationReason::ALL {
            assert_eq!(RevocationReason::parse(reason.as_str()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
        assert_eq!(RevocationReason::parse("removeFromCRL"), None);
        for status in [Status::Intended, Status::Issued, Status::Held, Status::Revoked] {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        for usage in Usage::ALL {
            assert_eq!(Usage::parse(usage.as_str()), Some(usage));
        }
    }

    fn issued() -> Certificate {
        Certificate {
            serial: Serial::from_random([7; 16]),
            usage: Usage::Device,
            authority: "A".into(),
            generation: 1,
            subject: "CN=x".into(),
            names: vec![],
            gateway: None,
            template: None,
            device: None,
            person: None,
            device_id: None,
            assurance: 0,
            key: None,
            rendering: None,
            not_before: Time(0),
            not_after: Time(9),
            status: Status::Issued,
            revoked_at: None,
            revocation_reason: None,
            version: 1,
        }
    }

    #[test]
    fn a_hold_is_released_or_becomes_a_revocation_that_stays() {
        let mut certificate = issued();
        assert_eq!(certificate.release().unwrap_err().code(), "API-NOT-HELD");
        certificate.revoke(Time(2), RevocationReason::CertificateHold).unwrap();
        assert_eq!((certificate.status, certificate.version), (Status::Held, 2));
        let again = certificate.revoke(Time(3), RevocationReason::CertificateHold);
        assert_eq!(again.unwrap_err().code(), "API-ALREADY-HELD");
        certificate.release().unwrap();
        assert_eq!(certificate, Certificate { version: 3, ..issued() });
        certificate.revoke(Time(4), RevocationReason::CertificateHold).unwrap();
        certificate.revoke(Time(5), RevocationReason::Superseded).unwrap();
        assert_eq!((certificate.status, certificate.revoked_at), (Status::Revoked, Some(Time(5))));
        assert_eq!(certificate.release().unwrap_err().code(), "API-NOT-HELD");
        let hold = certificate.revoke(Time(6), RevocationReason::CertificateHold);
        assert_eq!(hold.unwrap_err().code(), "API-ALREADY-REVOKED");
    }
}
