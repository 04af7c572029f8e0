//! Enrollment policies: which role gets a certificate from which authority and template,
//! Policy Management > Enrollment.

use serde::Deserialize;
use serde::Serialize;

use crate::complaint::Complaints;
use crate::condition;
use crate::condition::Facts;
use crate::condition::Match;
use crate::condition::Rule;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::policy_workflow;
use crate::refusal::Refusal;

/// Decides what a device that asks for a certificate gets. The first that matches decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnrollmentPolicy {
    /// Unique among enrollment policies.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether all rules must hold, or any.
    #[serde(rename = "match", default)]
    pub match_rules: Match,
    /// Without rules it matches nothing.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Without settings it is a draft and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

/// What a device gets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Use Certificate Authority: must be the gateway's or share its root.
    pub certificate_authority: String,
    /// Use Certificate Template.
    pub certificate_template: String,
    /// Whether a key may have several certificates. A device that renews with its certificate may
    /// always keep its key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub key_reuse: bool,
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Finds the first policy that matches; the default is no.
pub fn decide<'a>(
    policies: &'a [EnrollmentPolicy],
    facts: &Facts,
) -> Result<(&'a EnrollmentPolicy, &'a Settings), Refusal> {
    if facts.roles.is_empty() {
        let gateway = facts.provider.clone().unwrap_or_default();
        return Err(Refusal::RoleMissing { gateway });
    }
    policies
        .iter()
        .filter_map(|policy| policy.settings.as_ref().map(|settings| (policy, settings)))
        .find(|(policy, _)| condition::matches(policy.match_rules, &policy.rules, facts))
        .ok_or_else(|| Refusal::EnrollmentPolicyMissing { roles: facts.roles.clone() })
}

impl Object for EnrollmentPolicy {
    const KIND: Kind = Kind::EnrollmentPolicy;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        condition::check(&self.rules, complaints);
    }

    fn references(&self) -> Vec<Reference> {
        let mut references = policy_workflow::references(&self.rules);
        if let Some(settings) = &self.settings {
            references.push(Reference::new(
                "settings.certificate_authority",
                Kind::CertificateAuthority,
                &settings.certificate_authority,
            ));
            references.push(Reference::new(
                "settings.certificate_template",
                Kind::CertificateTemplate,
                &settings.certificate_template,
            ));
        }
        references
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, rules: &str, settings: bool) -> EnrollmentPolicy {
        let settings = if settings {
            r#","settings":{"certificate_authority":"A","certificate_template":"T"}"#
        } else {
            ""
        };
        serde_json::from_str(&format!(r#"{{"name":"{name}","rules":{rules}{settings}}}"#)).unwrap()
    }

    fn facts(roles: &[&str]) -> Facts {
        let mut facts = Facts::of_provider(Some("Mosyle"));
        facts.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        facts
    }

    const STAFF: &str = r#"[{"field":"identity.role","operator":"is","value":"staff"}]"#;
    const ALWAYS: &str = r#"[{"field":"always"}]"#;

    #[test]
    fn the_first_policy_that_matches_decides() {
        let policies = [policy("1", STAFF, true), policy("2", ALWAYS, true)];
        assert_eq!(decide(&policies, &facts(&["staff"])).unwrap().0.name, "1");
        assert_eq!(decide(&policies, &facts(&["pupils"])).unwrap().0.name, "2");
    }

    #[test]
    fn a_draft_and_a_policy_without_rules_decide_nothing() {
        let policies = [policy("draft", ALWAYS, false), policy("empty", "[]", true)];
        assert_eq!(
            decide(&policies, &facts(&["staff"])),
            Err(Refusal::EnrollmentPolicyMissing { roles: vec!["staff".into()] })
        );
    }

    #[test]
    fn a_device_without_a_role_is_refused_even_by_always() {
        let policies = [policy("2", ALWAYS, true)];
        let refusal = decide(&policies, &facts(&[])).unwrap_err();
        assert_eq!(refusal, Refusal::RoleMissing { gateway: "Mosyle".into() });
    }
}
