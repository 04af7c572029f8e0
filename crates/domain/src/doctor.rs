//! The doctor: what is wrong with an organization as a whole, found before a device is refused, or
//! after it was. Nothing is asked of anybody: definitions, and what was seen of late.

mod access_point;
mod authority;
pub mod check;
mod inventory;
mod mapping;
pub mod observation;
mod profile;
mod shadow;
mod template;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

use self::check::Check;
use self::observation::Observations;
use crate::object::Kind;
use crate::object::Object;
use crate::organization::Organization;
use crate::policy::Policies;
use utoipa::ToSchema;

/// Most findings that are told, the gravest of all; nobody mends more before asking again.
pub const FINDINGS_MAX: usize = 1000;

const DAY_SECONDS: i64 = 86_400;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Devices are refused, or soon will be.
    Problem,
    /// It may be meant, and seldom is.
    Warning,
    /// Good to know.
    Hint,
}

/// Something that is wrong.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Finding {
    /// Names the check for ever.
    pub code: String,
    /// How grave it is.
    pub severity: Severity,
    /// With what: `kind:name`, or the payload and key of a profile.
    pub object: String,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub fix: String,
}

/// What is looked at.
#[derive(Debug)]
struct Case<'a> {
    organization: &'a Organization,
    policies: &'a Policies,
    seen: &'a Observations,
    now: Time,
}

/// Findings in the making.
#[derive(Debug, Default)]
struct Report {
    findings: Vec<Finding>,
}

/// Checks an organization, the gravest findings first. The same organization and observations give
/// the same findings in the same order.
pub fn examine(
    organization: &Organization,
    policies: &Policies,
    seen: &Observations,
    now: Time,
) -> Vec<Finding> {
    let case = Case { organization, policies, seen, now };
    let mut report = Report::default();
    mapping::examine(&case, &mut report);
    shadow::examine(&case, &mut report);
    template::examine(&case, &mut report);
    profile::examine(&case, &mut report);
    access_point::examine(&case, &mut report);
    authority::examine(&case, &mut report);
    inventory::examine(&case, &mut report);
    report.end()
}

impl Severity {
    /// As written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

impl Case<'_> {
    /// Whole days from now until then; negative once it is over.
    fn days_until(&self, then: Time) -> i64 {
        then.0.saturating_sub(self.now.0).div_euclid(DAY_SECONDS)
    }
}

impl Report {
    /// Something is wrong with an object.
    fn add<T: Object>(&mut self, check: &Check, object: &T, what: impl Into<String>) {
        self.add_named(check, T::KIND, object.name(), what);
    }

    fn add_named(&mut self, check: &Check, kind: Kind, name: &str, what: impl Into<String>) {
        self.add_as(check, check.severity, format!("{kind}:{name}"), what);
    }

    /// The same of another severity, or with what is no object of the organization.
    fn add_as(
        &mut self,
        check: &Check,
        severity: Severity,
        object: String,
        what: impl Into<String>,
    ) {
        self.findings.push(Finding {
            code: check.code.to_owned(),
            severity,
            object,
            what: what.into(),
            why: check.why.to_owned(),
            fix: check.fix.to_owned(),
        });
    }

    fn end(mut self) -> Vec<Finding> {
        let order = |one: &Finding, other: &Finding| {
            let key = |it: &Finding| (it.severity, it.object.clone(), it.code.clone());
            key(one).cmp(&key(other)).then_with(|| one.what.cmp(&other.what))
        };
        self.findings.sort_by(order);
        self.findings.dedup();
        let beyond = self.findings.len().saturating_sub(FINDINGS_MAX);
        if beyond > 0 {
            self.findings.truncate(FINDINGS_MAX);
            let what = format!("{beyond} further findings, no graver than these, are not told");
            self.add_as(&check::MORE, Severity::Hint, "organization:".to_owned(), what);
        }
        self.findings
    }
}

/// Names in a sentence; long lists are cut.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const NAMED_MAX: usize = 5;
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.get(..NAMED_MAX).unwrap_or(&names).join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A number of things in a sentence.
fn counted(count: u64, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

#[cfg(test)]
mod tests;
