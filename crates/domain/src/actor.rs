//! Who is acting, and what they may do.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::refusal::Refusal;

/// Somebody or something whose right to be here has been checked by a door.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    /// Shown in events: `administrator uid 0`, `gateway Mosyle`, `access point Loopback`.
    name: String,
    role: Role,
}

/// What kind of actor somebody is; the table in [`Role::may`] says what follows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// May do everything: the owner of the data directory.
    Owner,
    /// May only ask for certificates: a device at a gateway.
    Gateway,
    /// May only report visits: a device at an access point.
    AccessPoint,
}

/// One thing an actor may be allowed to do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Ask for a certificate.
    CertificateIssue,
    /// See certificates.
    CertificateRead,
    /// End the life of a certificate.
    CertificateRevoke,
    /// See what happened.
    EventRead,
    /// See what the organization is made of.
    OrganizationRead,
    /// Change what the organization is made of.
    OrganizationChange,
    /// See devices and people.
    InventoryRead,
    /// Change devices and people.
    InventoryChange,
    /// Ask to be let in.
    VisitAdmit,
}

impl Actor {
    /// The owner of the data directory, under the given name.
    pub fn owner(name: impl Into<String>) -> Self {
        Self { name: name.into(), role: Role::Owner }
    }

    /// A device at the gateway of this name.
    pub fn gateway(gateway: &str) -> Self {
        Self { name: format!("gateway {gateway}"), role: Role::Gateway }
    }

    /// A device at the access point of this name.
    pub fn access_point(access_point: &str) -> Self {
        Self { name: format!("access point {access_point}"), role: Role::AccessPoint }
    }

    /// Shown in events.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Refuses unless the actor's role allows it.
    pub fn may(&self, permission: Permission) -> Result<(), Refusal> {
        if self.role.may(permission) {
            return Ok(());
        }
        Err(Refusal::NotPermitted { actor: self.name.clone(), permission })
    }
}

impl Role {
    /// The one table of who may do what.
    pub fn may(self, permission: Permission) -> bool {
        match self {
            Self::Owner => true,
            Self::Gateway => permission == Permission::CertificateIssue,
            Self::AccessPoint => permission == Permission::VisitAdmit,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CertificateIssue => "certificate-issue",
            Self::CertificateRead => "certificate-read",
            Self::CertificateRevoke => "certificate-revoke",
            Self::EventRead => "event-read",
            Self::OrganizationRead => "organization-read",
            Self::OrganizationChange => "organization-change",
            Self::InventoryRead => "inventory-read",
            Self::InventoryChange => "inventory-change",
            Self::VisitAdmit => "visit-admit",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_may_issue_and_nothing_else() {
        let actor = Actor::gateway("Mosyle");
        assert_eq!(actor.may(Permission::CertificateIssue), Ok(()));
        assert!(actor.may(Permission::CertificateRevoke).is_err());
        assert!(actor.may(Permission::OrganizationChange).is_err());
    }

    #[test]
    fn an_access_point_may_only_report_visits() {
        let actor = Actor::access_point("Loopback");
        assert_eq!(actor.may(Permission::VisitAdmit), Ok(()));
        assert!(actor.may(Permission::CertificateIssue).is_err());
        assert!(actor.may(Permission::EventRead).is_err());
    }
}
