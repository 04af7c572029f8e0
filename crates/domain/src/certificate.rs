//! Issued certificates as the organization remembers them.

use core::fmt;

use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

/// What the organization knows of a certificate that it signed or was about to sign.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Certificate {
    /// Its number; unique in the organization.
    pub serial: Serial,
    /// What it is for.
    pub usage: Usage,
    /// The name of the authority that signed it.
    pub authority: String,
    /// Whom it names.
    pub subject: String,
    /// Its alternative names, as `kind:value`.
    pub names: Vec<String>,
    /// The gateway that it was asked for at.
    pub gateway: Option<String>,
    /// The template that it was made from.
    pub template: Option<String>,
    /// How the device was known when it asked.
    pub assurance: u8,
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
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
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
    /// A device's.
    Device,
}

impl Usage {
    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Registration => "registration",
            Self::Server => "server",
            Self::Portal => "portal",
            Self::Device => "device",
        }
    }

    /// Reads what [`Usage::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Authority, Self::Registration, Self::Server, Self::Portal, Self::Device]
            .into_iter()
            .find(|usage| usage.as_str() == text)
    }
}

/// Where a certificate stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Its content is recorded; whether it was signed is not known.
    Intended,
    /// Signed, and not revoked.
    Issued,
    /// Revoked.
    Revoked,
}

impl Status {
    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Issued => "issued",
            Self::Revoked => "revoked",
        }
    }

    /// Reads what [`Status::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Intended, Self::Issued, Self::Revoked].into_iter().find(|s| s.as_str() == text)
    }
}

/// Why a certificate was revoked (RFC 5280, 5.3.1).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RevocationReason {
    /// No reason was given.
    Unspecified,
    /// The private key may be known to others.
    KeyCompromise,
    /// The owner or the owner's name changed.
    AffiliationChanged,
    /// A newer certificate took its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// Its owner lost the right to it.
    PrivilegeWithdrawn,
}

impl RevocationReason {
    /// Every reason a certificate can be revoked for.
    pub const ALL: [Self; 6] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The RFC's own word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
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

/// What a login must know of a certificate: kept in memory for every one that is issued.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// The authority that signed it.
    pub authority: String,
    /// What it is for.
    pub usage: Usage,
    /// Where it stands.
    pub status: Status,
    /// The gateway that it was asked for at.
    pub gateway: Option<String>,
    /// When and why it was revoked.
    pub revoked: Option<(Time, RevocationReason)>,
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
        assert_eq!(RevocationReason::parse("certificateHold"), None);
        for status in [Status::Intended, Status::Issued, Status::Revoked] {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
        assert_eq!(Usage::parse("server"), Some(Usage::Server));
    }
}
