//! People: who owns devices, and what groups they are in.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

use crate::device::Source;

/// What the organization knows of one person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// What administrators call them; unique among people. Devices name their owner by it.
    pub name: String,
    /// Their e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their user principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The security identifier of their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The groups that they are in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Whether their account may be used.
    #[serde(default)]
    pub status: PersonStatus,
    /// Who told of them.
    pub source: Source,
    /// When they were last told of.
    pub at: Time,
}

/// Whether a person's account may be used.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PersonStatus {
    /// It may.
    #[default]
    Active,
    /// It may not.
    Disabled,
}

impl PersonStatus {
    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}
