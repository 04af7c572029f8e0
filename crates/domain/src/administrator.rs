//! Administrators: the people and programs that keep the organization.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actor::Role;
use crate::complaint::Complaint;
use crate::complaint::Complaints;
use crate::object::check_name;
use crate::object::check_text;

/// Most administrators; a school district has fewer, and every one is a way in.
pub const ADMINISTRATORS_MAX: usize = 1000;

/// Longest e-mail address (RFC 5321, 4.5.3.1).
const EMAIL_CHARS_MAX: usize = 254;

/// Somebody who keeps the organization.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Administrator {
    /// Unique among administrators.
    pub name: String,
    /// Where they are written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Whether they are shut out for now, with all their tokens.
    #[serde(default)]
    pub disabled: bool,
    /// Since when they are on record.
    pub created_at: Time,
}

/// What is told of an administrator; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = AdministratorTold)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Unique among administrators; it stays what it was at first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where they are written to; an empty text takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether they are shut out for now, with all their tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

impl Administrator {
    /// Whether they keep the organization able to change who may do what.
    pub fn is_acting_owner(&self) -> bool {
        self.role == Role::Owner && !self.disabled
    }

    /// The administrator whom somebody tells of, new since `now`.
    pub fn create(told: &Told, now: Time) -> Result<Self, Vec<Complaint>> {
        let mut list = Vec::new();
        let mut complaints = Complaints::new("", &mut list);
        let name = told.name.clone().unwrap_or_default();
        if told.name.is_none() {
            complaints.add("name", "is missing", "say who it is");
        } else {
            check_name(&name, &mut complaints);
        }
        if told.role.is_none() {
            let roles = Role::ALL.map(Role::as_str).join(", ");
            complaints.add("role", "is missing", format!("use one of {roles}"));
        }
        check_email(told.email.as_deref(), &mut complaints);
        match told.role {
            Some(role) if list.is_empty() => Ok(Self {
                name,
                email: told.email.clone().filter(|email| !email.is_empty()),
                role,
                disabled: told.disabled.unwrap_or(false),
                created_at: now,
            }),
            Some(_) | None => Err(list),
        }
    }

    /// What they become by what somebody tells of them.
    pub fn change(&self, told: &Told) -> Result<Self, Vec<Complaint>> {
        let mut list = Vec::new();
        let mut complaints = Complaints::new("", &mut list);
        if told.name.as_ref().is_some_and(|name| *name != self.name) {
            let what = "cannot change: the audit knows administrators by it";
            complaints.add("name", what, "add another administrator and remove this one");
        }
        check_email(told.email.as_deref(), &mut complaints);
        if !list.is_empty() {
            return Err(list);
        }
        let email = told.email.clone().or_else(|| self.email.clone());
        Ok(Self {
            name: self.name.clone(),
            email: email.filter(|email| !email.is_empty()),
            role: told.role.unwrap_or(self.role),
            disabled: told.disabled.unwrap_or(self.disabled),
            created_at: self.created_at,
        })
    }
}

fn check_email(email: Option<&str>, complaints: &mut Complaints<'_>) {
    let Some(email) = email.filter(|email| !email.is_empty()) else { return };
    check_text("email", email, EMAIL_CHARS_MAX, complaints);
    let parts = email.split_once('@');
    let is_one = parts.is_some_and(|(who, at)| {
        !who.is_empty()
            && !at.is_empty()
            && !at.contains('@')
            && !email.contains(char::is_whitespace)
    });
    if !is_one {
        let what = format!("\"{}\" is not an e-mail address", email.escape_debug());
        complaints.add("email", what, "write it like ann@example.org");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Told {
        serde_json::from_str(json).unwrap()
    }

    fn paths(told: &Told) -> Vec<String> {
        let complaints = Administrator::create(told, Time(1)).unwrap_err();
        complaints.into_iter().map(|complaint| complaint.path).collect()
    }

    #[test]
    fn a_new_one_has_a_name_and_a_role() {
        assert_eq!(paths(&told("{}")), ["name", "role"]);
        assert_eq!(paths(&told(r#"{"name":" x","role":"owner"}"#)), ["name"]);
        let ann = told(r#"{"name":"Ann","role":"helpdesk","email":"ann@example.org"}"#);
        let ann = Administrator::create(&ann, Time(1)).unwrap();
        assert_eq!((ann.role, ann.disabled), (Role::Helpdesk, false));
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for email in ["ann", "@example.org", "ann@", "a b@example.org", "a@b@c"] {
            let told = told(&format!(r#"{{"name":"Ann","role":"owner","email":"{email}"}}"#));
            assert_eq!(paths(&told), ["email"], "{email}");
        }
    }

    #[test]
    fn what_is_left_out_stays_and_the_name_stays_always() {
        let ann = told(r#"{"name":"Ann","role":"owner","email":"ann@example.org"}"#);
        let ann = Administrator::create(&ann, Time(1)).unwrap();
        let after = ann.change(&told(r#"{"disabled":true}"#)).unwrap();
        assert_eq!(after, Administrator { disabled: true, ..ann.clone() });
        let after = ann.change(&told(r#"{"email":"","role":"auditor"}"#)).unwrap();
        assert_eq!((after.email, after.role), (None, Role::Auditor));
        assert!(ann.change(&told(r#"{"name":"Bob"}"#)).is_err());
        assert!(ann.change(&told(r#"{"name":"Ann"}"#)).is_ok());
    }
}
