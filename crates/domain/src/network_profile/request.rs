//! What devices ask for when they get their certificate: names with variables that the MDM fills in.

use pki::name::Name;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::variable::Expression;

/// Most alternative names of one kind: what consoles have fields for.
pub const NAMES_MAX: usize = 8;

/// The subject that devices ask for if nothing else is said.
pub const SUBJECT: &str = "CN=${/device/serial}";

const VARIABLE_FIX: &str = "write one of the variables that MDMs know, such as ${/device/serial}, \
                            ${/device/udid}, ${/device/name}, ${/device/mac} or ${/person/email}";

/// The subject of [`SUBJECT`].
pub fn subject() -> String {
    SUBJECT.to_owned()
}

/// The alternative names that devices ask for, by kind, with variables.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestedNames {
    /// rfc822Name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// dNSName.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// uniformResourceIdentifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uri: Vec<String>,
    /// User principal name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upn: Vec<String>,
}

impl RequestedNames {
    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Each kind with its names.
    pub fn kinds(&self) -> [(&'static str, &[String]); 4] {
        [("email", &self.email), ("dns", &self.dns), ("uri", &self.uri), ("upn", &self.upn)]
    }

    pub(super) fn check(&self, complaints: &mut Complaints<'_>) {
        for (kind, names) in self.kinds() {
            let field = format!("san.{kind}");
            if names.len() > NAMES_MAX {
                let what = format!("{} are asked for, {NAMES_MAX} are possible", names.len());
                complaints.add(&field, what, "ask for those that the template puts in");
            }
            for (index, name) in names.iter().enumerate() {
                check_text(&format!("{field}[{index}]"), name, complaints);
            }
        }
    }
}

/// Says what is wrong with a subject.
pub(super) fn check_subject(subject: &str, complaints: &mut Complaints<'_>) {
    match Name::parse_text(subject) {
        Err(error) => {
            complaints.add("subject", error.to_string(), format!("write it as in {SUBJECT}"));
        }
        Ok(name) if name.is_empty() => {
            complaints.add("subject", "is empty", format!("write for example {SUBJECT}"));
        }
        Ok(_) => check_text("subject", subject, complaints),
    }
}

fn check_text(field: &str, text: &str, complaints: &mut Complaints<'_>) {
    match Expression::parse(text) {
        Err(error) => complaints.add(field, error.to_string(), VARIABLE_FIX),
        Ok(_) if text.trim().is_empty() => {
            complaints.add(field, "is empty", "give it a value, or take it out");
        }
        Ok(expression) => {
            if expression.choices().any(|choice| choice.len() > 1) {
                let what = "has a fallback behind a colon, which no MDM can choose";
                complaints.add(field, what, "name one variable; the template can fall back");
            }
            if let Some(variable) = expression.variables().find(|one| !one.is_of_inventory()) {
                let what = format!(
                    "has ${{{}}}, which a request does not have before it is made",
                    variable.as_str()
                );
                complaints.add(field, what, VARIABLE_FIX);
            }
        }
    }
}
