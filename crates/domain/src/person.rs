//! People: who owns devices, and what groups they are in.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::device::Source;
use crate::device::told::TAG_CHARS_MAX;
use crate::device::told::TEXT_CHARS_MAX;
use crate::device::told::check_line;
use crate::device::told::or_empty;
use crate::object::check_name;

/// Most groups of one person: a directory's own bound is about a thousand, and policies ask for a
/// handful.
pub const GROUPS_MAX: usize = 256;

/// What the organization knows of one person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
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
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
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

    /// Reads the word, in capital or small letters.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled]
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(text))
    }
}

/// What somebody tells of a person. What is none says nothing; what is empty, or null in JSON,
/// takes back what was told before.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = PersonTold)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
    /// What they are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their e-mail address.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their user principal name.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// The security identifier of their account.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The groups that they are in.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Whether their account may be used.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub status: Option<PersonStatus>,
}

impl Told {
    /// What is known of a person: told again, it changes nothing.
    pub fn of(person: &Person) -> Self {
        let Person { name, email, upn, sid, groups, status, .. } = person.clone();
        let groups = (!groups.is_empty()).then_some(groups);
        Self { name: Some(name), email, upn, sid, groups, status: Some(status) }
    }

    /// Complains about what no person can be told of.
    pub fn check(&self, complaints: &mut Complaints<'_>) {
        if let Some(name) = &self.name {
            check_name(name, complaints);
            if name.contains('\n') {
                complaints.add("name", "is more than one line", "write it in one line");
            }
        }
        let texts = [("email", &self.email), ("upn", &self.upn), ("sid", &self.sid)];
        for (field, text) in texts {
            if let Some(text) = text {
                check_line(field, text, TEXT_CHARS_MAX, complaints);
            }
        }
        for (field, text) in [("email", &self.email), ("upn", &self.upn)] {
            if text.as_ref().is_some_and(|text| !text.trim().is_empty() && !text.contains('@')) {
                complaints.add(field, "has no @", "write it as anna@example.org");
            }
        }
        let groups = self.groups.iter().flatten();
        if groups.clone().count() > GROUPS_MAX {
            let what = format!("are more than {GROUPS_MAX} groups");
            complaints.add("groups", what, "keep those that a policy asks for");
        }
        for group in groups.take(GROUPS_MAX) {
            check_line("groups", group, TAG_CHARS_MAX, complaints);
            if group.trim().is_empty() {
                complaints.add("groups", "hold a group without a letter", "leave it out");
            }
        }
    }
}

impl Person {
    /// Somebody of whom nothing is known but the name.
    pub fn new(name: &str, source: Source, at: Time) -> Self {
        let status = PersonStatus::Active;
        let name = name.to_owned();
        Self { name, email: None, upn: None, sid: None, groups: Vec::new(), status, source, at }
    }

    /// Lets them be what was told, which must have been checked. Answers whether the record says
    /// anything else now: that the same was told again is no change, but it is known when.
    pub fn tell(&mut self, told: &Told, source: Source, at: Time) -> bool {
        let before = self.clone();
        if let Some(name) = &told.name {
            self.name.clone_from(name);
        }
        let texts = [
            (&mut self.email, &told.email),
            (&mut self.upn, &told.upn),
            (&mut self.sid, &told.sid),
        ];
        for (known, told) in texts {
            if let Some(told) = told.as_ref().map(|told| told.trim()) {
                *known = (!told.is_empty()).then(|| told.to_owned());
            }
        }
        if let Some(groups) = &told.groups {
            self.groups = groups.iter().map(|group| group.trim().to_owned()).collect();
            self.groups.sort();
            self.groups.dedup();
        }
        self.status = told.status.unwrap_or(self.status);
        let changed = *self != before;
        (self.source, self.at) = (source, at);
        changed
    }

    /// What they are found by as an e-mail address, in small letters.
    pub fn email_key(&self) -> Option<String> {
        self.email.as_ref().map(|email| email.to_lowercase())
    }

    /// What they are found by as a principal name, in small letters.
    pub fn upn_key(&self) -> Option<String> {
        self.upn.as_ref().map(|upn| upn.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_again_is_no_change_and_what_is_empty_is_taken_back() {
        let mut anna = Person::new("Anna", Source::Import, Time(1));
        let all = Told {
            email: Some("anna@example.org".into()),
            groups: Some(vec!["staff".into(), "art".into(), "art".into()]),
            ..Told::default()
        };
        assert!(anna.tell(&all, Source::Import, Time(2)));
        assert_eq!(anna.groups, ["art", "staff"]);
        assert!(!anna.tell(&all, Source::Import, Time(3)));
        assert_eq!(anna.at, Time(3));
        let back: Told = serde_json::from_str(r#"{"email": null}"#).unwrap();
        assert!(anna.tell(&back, Source::Administrator, Time(4)));
        assert_eq!((anna.email, anna.source), (None, Source::Administrator));
    }

    #[test]
    fn what_is_illegal_is_complained_of_by_its_field() {
        let check = |json: serde_json::Value, expected: &str| {
            let mut list = Vec::new();
            let told: Told = serde_json::from_value(json).unwrap();
            told.check(&mut Complaints::new("", &mut list));
            assert!(list.len() == 1 && list[0].to_string().starts_with(expected), "{list:?}");
        };
        check(serde_json::json!({"email": "anna"}), "email: has no @");
        check(serde_json::json!({"name": ""}), "name: ");
        check(serde_json::json!({"sid": "x".repeat(TEXT_CHARS_MAX + 1)}), "sid: is longer");
        check(serde_json::json!({"groups": vec!["g"; GROUPS_MAX + 1]}), "groups: are more");
    }
}
