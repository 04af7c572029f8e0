//! Who is acting, and what they may do.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::object::Kind;
use crate::refusal::Refusal;
use crate::token::Token;

/// Somebody or something whose right to be here has been checked by a door.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    /// Shown in events: `administrator uid 0`, `gateway Mosyle`, `access point Loopback`.
    name: String,
    part: Part,
    /// The administrator behind it, where one is on record.
    administrator: Option<String>,
    /// The token that it came with.
    token: Option<TokenRight>,
}

/// What a token allows.
#[derive(Clone, Debug, Eq, PartialEq)]
struct TokenRight {
    id: String,
    /// The administrator's whole role if empty.
    scopes: Vec<Permission>,
    /// The addresses and networks that it may come from; any if empty.
    addresses: Vec<String>,
}

/// What part somebody plays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    /// Keeps the organization.
    Administrator(Role),
    /// A device at a gateway.
    Gateway,
    /// A device at an access point.
    AccessPoint,
}

/// What an administrator is there for; the handbook's page on roles says what follows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// May do everything.
    Owner,
    /// Keeps authorities, templates, gateways and enrollment.
    PkiOperator,
    /// Keeps access points and the policies and profiles of networks.
    NetworkOperator,
    /// Finds out why a device is refused, and revokes the certificate of a lost one.
    Helpdesk,
    /// Sees everything, the audit too, and changes nothing.
    Auditor,
}

/// One thing an actor may be allowed to do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Ask for a certificate.
    CertificateIssue,
    /// See certificates.
    CertificateRead,
    /// Revoke, hold and release one certificate.
    CertificateRevoke,
    /// Revoke, hold and release many certificates at once.
    CertificateRevokeMany,
    /// See what happened.
    EventRead,
    /// Prove the audit, and take it along.
    AuditRead,
    /// See what the organization is made of.
    OrganizationRead,
    /// Change the organization's own settings.
    OrganizationChange,
    /// Change authorities, server certificates, templates, gateways and enrollment policies.
    PkiChange,
    /// Change policy workflows.
    WorkflowChange,
    /// Change network policies, network profiles and access points.
    NetworkChange,
    /// See devices and people.
    InventoryRead,
    /// Change devices and people.
    InventoryChange,
    /// See administrators and everybody's tokens.
    AdministratorRead,
    /// Change administrators and everybody's tokens.
    AdministratorChange,
    /// Keep tokens of one's own.
    TokenOwn,
    /// Ask to be let in.
    VisitAdmit,
}

impl Actor {
    /// The owner of the data directory, under the given name.
    pub fn owner(name: impl Into<String>) -> Self {
        Self::new(name, Part::Administrator(Role::Owner))
    }

    /// An administrator of this role who is on record under this name.
    pub fn administrator(name: &str, role: Role) -> Self {
        let actor = Self::new(format!("administrator {name}"), Part::Administrator(role));
        Self { administrator: Some(name.to_owned()), ..actor }
    }

    /// A device at the gateway of this name.
    pub fn gateway(gateway: &str) -> Self {
        Self::new(format!("gateway {gateway}"), Part::Gateway)
    }

    /// A device at the access point of this name.
    pub fn access_point(access_point: &str) -> Self {
        Self::new(format!("access point {access_point}"), Part::AccessPoint)
    }

    fn new(name: impl Into<String>, part: Part) -> Self {
        Self { name: name.into(), part, administrator: None, token: None }
    }

    /// The same one, by this token.
    #[must_use]
    pub fn by_token(self, token: &Token) -> Self {
        let Token { id, name, scopes, addresses, .. } = token.clone();
        let token = Some(TokenRight { id, scopes, addresses });
        Self { name: format!("{} (token {name})", self.name), token, ..self }
    }

    /// Shown in events.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The administrator on record behind it.
    pub fn administrator_name(&self) -> Option<&str> {
        self.administrator.as_deref()
    }

    /// The id of the token that it came with.
    pub fn token_id(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.id.as_str())
    }

    /// What the token that it came with is limited to; nothing if it is not.
    pub fn scopes(&self) -> &[Permission] {
        self.token.as_ref().map_or(&[], |token| &token.scopes)
    }

    /// The addresses that the token that it came with is bound to; nothing if it is not.
    pub fn addresses(&self) -> &[String] {
        self.token.as_ref().map_or(&[], |token| &token.addresses)
    }

    /// The role, of an administrator.
    pub fn role(&self) -> Option<Role> {
        match self.part {
            Part::Administrator(role) => Some(role),
            Part::Gateway | Part::AccessPoint => None,
        }
    }

    /// Whether it may do this.
    pub fn can(&self, permission: Permission) -> bool {
        let in_part = match self.part {
            Part::Administrator(role) => role.may(permission),
            Part::Gateway => permission == Permission::CertificateIssue,
            Part::AccessPoint => permission == Permission::VisitAdmit,
        };
        let allows =
            |token: &TokenRight| token.scopes.is_empty() || token.scopes.contains(&permission);
        in_part && self.token.as_ref().is_none_or(allows)
    }

    /// Refuses unless it may do this.
    pub fn may(&self, permission: Permission) -> Result<(), Refusal> {
        if self.can(permission) {
            return Ok(());
        }
        Err(Refusal::NotPermitted { actor: self.name.clone(), permission })
    }
}

impl Role {
    /// Every role, the mightiest first.
    pub const ALL: [Self; 5] =
        [Self::Owner, Self::PkiOperator, Self::NetworkOperator, Self::Helpdesk, Self::Auditor];

    /// The one table of who may do what.
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::AdministratorRead;
        use Permission::AuditRead;
        use Permission::CertificateRead;
        use Permission::CertificateRevoke;
        use Permission::CertificateRevokeMany;
        use Permission::EventRead;
        use Permission::InventoryChange;
        use Permission::InventoryRead;
        use Permission::NetworkChange;
        use Permission::OrganizationRead;
        use Permission::PkiChange;
        use Permission::TokenOwn;
        use Permission::WorkflowChange;

        match self {
            Self::Owner => &Permission::ALL,
            Self::PkiOperator => &[
                CertificateRead,
                CertificateRevoke,
                CertificateRevokeMany,
                EventRead,
                OrganizationRead,
                PkiChange,
                WorkflowChange,
                InventoryRead,
                InventoryChange,
                TokenOwn,
            ],
            Self::NetworkOperator => &[
                CertificateRead,
                EventRead,
                OrganizationRead,
                WorkflowChange,
                NetworkChange,
                InventoryRead,
                InventoryChange,
                TokenOwn,
            ],
            Self::Helpdesk => &[
                CertificateRead,
                CertificateRevoke,
                EventRead,
                OrganizationRead,
                InventoryRead,
                TokenOwn,
            ],
            Self::Auditor => &[
                CertificateRead,
                EventRead,
                AuditRead,
                OrganizationRead,
                InventoryRead,
                AdministratorRead,
                TokenOwn,
            ],
        }
    }

    /// Whether it comes with this.
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::PkiOperator => "pki-operator",
            Self::NetworkOperator => "network-operator",
            Self::Helpdesk => "helpdesk",
            Self::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 17] = [
        Self::CertificateIssue,
        Self::CertificateRead,
        Self::CertificateRevoke,
        Self::CertificateRevokeMany,
        Self::EventRead,
        Self::AuditRead,
        Self::OrganizationRead,
        Self::OrganizationChange,
        Self::PkiChange,
        Self::WorkflowChange,
        Self::NetworkChange,
        Self::InventoryRead,
        Self::InventoryChange,
        Self::AdministratorRead,
        Self::AdministratorChange,
        Self::TokenOwn,
        Self::VisitAdmit,
    ];

    /// What it takes to change objects of a kind.
    pub fn to_change(kind: Kind) -> Self {
        match kind {
            Kind::Organization => Self::OrganizationChange,
            Kind::CertificateAuthority
            | Kind::ServerCertificate
            | Kind::CertificateTemplate
            | Kind::Gateway
            | Kind::EnrollmentPolicy => Self::PkiChange,
            Kind::PolicyWorkflow => Self::WorkflowChange,
            Kind::NetworkPolicy | Kind::NetworkProfile | Kind::AccessPoint => Self::NetworkChange,
            Kind::Person | Kind::Device => Self::InventoryChange,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CertificateIssue => "certificate-issue",
            Self::CertificateRead => "certificate-read",
            Self::CertificateRevoke => "certificate-revoke",
            Self::CertificateRevokeMany => "certificate-revoke-many",
            Self::EventRead => "event-read",
            Self::AuditRead => "audit-read",
            Self::OrganizationRead => "organization-read",
            Self::OrganizationChange => "organization-change",
            Self::PkiChange => "pki-change",
            Self::WorkflowChange => "workflow-change",
            Self::NetworkChange => "network-change",
            Self::InventoryRead => "inventory-read",
            Self::InventoryChange => "inventory-change",
            Self::AdministratorRead => "administrator-read",
            Self::AdministratorChange => "administrator-change",
            Self::TokenOwn => "token-own",
            Self::VisitAdmit => "visit-admit",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use pki::time::Time;

    use super::*;

    #[test]
    fn a_gateway_may_issue_and_nothing_else() {
        let actor = Actor::gateway("Mosyle");
        let may = Permission::ALL.into_iter().filter(|permission| actor.can(*permission));
        assert_eq!(may.collect::<Vec<_>>(), [Permission::CertificateIssue]);
    }

    #[test]
    fn an_access_point_may_only_report_visits() {
        let actor = Actor::access_point("Loopback");
        let may = Permission::ALL.into_iter().filter(|permission| actor.can(*permission));
        assert_eq!(may.collect::<Vec<_>>(), [Permission::VisitAdmit]);
    }

    #[test]
    fn a_token_may_what_both_its_role_and_its_scopes_allow() {
        let token = |scopes: &[Permission]| Token {
            id: "abcdefghijkm".into(),
            name: "laptop".into(),
            administrator: "Ann".into(),
            scopes: scopes.to_vec(),
            addresses: vec![],
            created_at: Time(0),
            expires_at: Time(1),
            last_used_at: None,
        };
        let narrow = token(&[Permission::EventRead, Permission::PkiChange]);
        let actor = Actor::administrator("Ann", Role::Helpdesk).by_token(&narrow);
        let may = Permission::ALL.into_iter().filter(|permission| actor.can(*permission));
        assert_eq!(may.collect::<Vec<_>>(), [Permission::EventRead]);
        assert_eq!(actor.name(), "administrator Ann (token laptop)");
        let whole = Actor::administrator("Ann", Role::Helpdesk).by_token(&token(&[]));
        assert_eq!(whole.may(Permission::CertificateRevoke), Ok(()));
        assert!(whole.may(Permission::PkiChange).is_err());
    }

    #[test]
    fn only_an_owner_changes_who_may_do_what() {
        for role in Role::ALL {
            let is_owner = role == Role::Owner;
            assert_eq!(role.may(Permission::AdministratorChange), is_owner, "{role}");
            assert_eq!(role.may(Permission::OrganizationChange), is_owner, "{role}");
        }
    }

    #[test]
    fn an_auditor_and_the_helpdesk_change_no_definition() {
        for role in [Role::Auditor, Role::Helpdesk] {
            for kind in Kind::ALL {
                assert!(!role.may(Permission::to_change(kind)), "{role} {kind}");
            }
        }
    }

    #[test]
    fn words_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }

    #[test]
    fn the_handbook_has_the_table_of_roles() {
        let page = include_str!("../../../docs/roles.md");
        let human = Permission::ALL.into_iter().filter(|permission| {
            !matches!(permission, Permission::CertificateIssue | Permission::VisitAdmit)
        });
        for permission in human {
            let marks = Role::ALL.map(|role| if role.may(permission) { "yes" } else { "no" });
            let row = format!("| `{permission}` | {} |", marks.join(" | "));
            assert!(page.contains(&row), "docs/roles.md lacks\n{row}");
        }
    }
}
