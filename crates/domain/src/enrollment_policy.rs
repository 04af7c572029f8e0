//! Enrollment policies: which role gets a certificate from which authority and template,
//! Policy Management > Enrollment.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::condition;
use crate::condition::Facts;
use crate::condition::Match;
use crate::condition::Rule;
use crate::former_name::FormerNames;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::policy;
use crate::policy::Implied;
use crate::policy::Policy;
use crate::policy::Ready;
use crate::policy::State;
use crate::policy::Trace;
use crate::policy_workflow;
use crate::refusal::Refusal;

/// Decides what a device that asks for a certificate gets. The first that matches decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrollmentPolicy {
    /// Unique among enrollment policies.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
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
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = EnrollmentPolicySettings)]
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
    /// Most certificates in use that one device may have; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates_per_device: Option<u32>,
    /// Days that must lie between two certificates of one device; renewals do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_between: Option<u32>,
    /// How well the device must be known: 0 by a challenge that all devices share, 1 as an active
    /// device of the inventory, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub assurance: u8,
    /// What happens to the certificates that the device has.
    #[serde(default, skip_serializing_if = "OldCertificate::is_keep")]
    pub old_certificate: OldCertificate,
    /// Whether an administrator has to agree first.
    #[serde(default, skip_serializing_if = "is_false")]
    pub approval: bool,
}

/// What happens to a device's certificates when it gets a new one.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OldCertificate {
    /// They stay until they expire.
    #[default]
    Keep,
    /// They are revoked as superseded.
    Revoke,
}

impl OldCertificate {
    /// Whether they stay.
    pub fn is_keep(&self) -> bool {
        *self == Self::Keep
    }
}

/// What each assurance means.
pub const ASSURANCES: [(u8, &str); 4] = [
    (0, "the gateway's challenge, which all devices share"),
    (1, "the challenge, and an active device of the inventory"),
    (2, "a challenge for this device only, used once"),
    (3, "the device's hardware attests its key"),
];

/// The highest assurance that some protocol of today can give.
pub const ASSURANCE_MAX: u8 = 1;

/// Most certificates in use that a limit can name.
pub const CERTIFICATES_PER_DEVICE_MAX: u32 = 1000;

/// Most days between two certificates: ten years.
pub const DAYS_BETWEEN_MAX: u32 = 3650;

fn is_zero(number: &u8) -> bool {
    *number == 0
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Finds the first policy that matches; the default is no.
pub fn decide<'a>(
    policies: &'a [Ready<EnrollmentPolicy>],
    facts: &Facts,
    trace: &mut Trace,
) -> Result<(&'a EnrollmentPolicy, &'a Settings), Refusal> {
    if facts.roles.is_empty() {
        let gateway = facts.provider.clone().unwrap_or_default();
        return Err(Refusal::RoleMissing { gateway });
    }
    let found = policy::first(policies, facts, trace);
    if let Some(ready) = found.policy
        && let Some(settings) = &ready.policy.settings
    {
        return Ok((&ready.policy, settings));
    }
    Err(refusal(policies, facts))
}

fn refusal(policies: &[Ready<EnrollmentPolicy>], facts: &Facts) -> Refusal {
    match policy::nearest(policies.iter(), facts) {
        Some((field, miss)) => {
            policy::missed(field, miss, facts, |miss| Refusal::EnrollmentPolicyMissing {
                roles: facts.roles.clone(),
                nearest: Some(Box::new(miss)),
            })
        }
        None => Refusal::EnrollmentPolicyMissing { roles: facts.roles.clone(), nearest: None },
    }
}

impl Policy for EnrollmentPolicy {
    const IMPLIED: &'static [Implied] = &[policy::DEVICE_ACTIVE, policy::PERSON_ACTIVE];

    fn match_rules(&self) -> Match {
        self.match_rules
    }

    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn state(&self, _at: Time) -> State {
        if self.rules.is_empty() || self.settings.is_none() { State::Draft } else { State::Active }
    }
}

impl Settings {
    fn check(&self, complaints: &mut Complaints<'_>) {
        let in_bounds =
            |value: Option<u32>, most: u32| value.is_none_or(|it| (1..=most).contains(&it));
        if !in_bounds(self.certificates_per_device, CERTIFICATES_PER_DEVICE_MAX) {
            let what = format!("is not from 1 to {CERTIFICATES_PER_DEVICE_MAX}");
            complaints.add("certificates_per_device", what, "leave it out for any number");
        }
        if !in_bounds(self.days_between, DAYS_BETWEEN_MAX) {
            let what = format!("is not from 1 to {DAYS_BETWEEN_MAX}");
            complaints.add("days_between", what, "leave it out for no pause");
        }
        if self.assurance > ASSURANCE_MAX {
            let known = ASSURANCES.iter().find(|(number, _)| *number == self.assurance);
            let what = match known {
                Some((_, meaning)) => format!("{} ({meaning}) is not possible yet", self.assurance),
                None => format!("{} is no assurance", self.assurance),
            };
            complaints.add("assurance", what, format!("ask for 0 to {ASSURANCE_MAX}"));
        }
        if self.approval {
            let what = "no protocol can let a device wait for an administrator yet";
            complaints.add("approval", what, "leave it out; conditions can refuse instead");
        }
    }
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

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        condition::check(self.match_rules, &self.rules, complaints);
        if let Some(settings) = &self.settings {
            settings.check(&mut complaints.at("settings"));
        }
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
        let mut facts = Facts::of_provider(Some("Mosyle"), Time(0));
        facts.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        facts
    }

    const STAFF: &str = r#"[{"field":"identity.role","operator":"is","value":"staff"}]"#;
    const ALWAYS: &str = r#"[{"field":"always"}]"#;

    fn decided(policies: &[EnrollmentPolicy], facts: &Facts) -> Result<String, Refusal> {
        let ready: Vec<Ready<EnrollmentPolicy>> = policies.iter().map(Ready::of).collect();
        let decided = decide(&ready, facts, &mut Trace::default());
        decided.map(|(policy, _)| policy.name.clone())
    }

    #[test]
    fn the_first_policy_that_matches_decides() {
        let policies = [policy("1", STAFF, true), policy("2", ALWAYS, true)];
        assert_eq!(decided(&policies, &facts(&["staff"])).unwrap(), "1");
        assert_eq!(decided(&policies, &facts(&["pupils"])).unwrap(), "2");
    }

    #[test]
    fn a_draft_and_a_policy_without_rules_decide_nothing() {
        let policies = [policy("draft", ALWAYS, false), policy("empty", "[]", true)];
        assert_eq!(
            decided(&policies, &facts(&["staff"])),
            Err(Refusal::EnrollmentPolicyMissing { roles: vec!["staff".into()], nearest: None })
        );
    }

    #[test]
    fn a_device_without_a_role_is_refused_even_by_always() {
        let policies = [policy("2", ALWAYS, true)];
        let refusal = decided(&policies, &facts(&[])).unwrap_err();
        assert_eq!(refusal, Refusal::RoleMissing { gateway: "Mosyle".into() });
    }

    #[test]
    fn the_rule_that_kept_the_nearest_policy_from_matching_is_the_reason() {
        let known = |rule: &str| {
            let rules =
                format!(r#"[{{"field":"identity.role","operator":"is","value":"staff"}},{rule}]"#);
            decided(&[policy("1", &rules, true)], &facts(&["staff"])).unwrap_err()
        };
        let refusal = known(r#"{"field":"device.known","operator":"is","value":true}"#);
        assert_eq!(refusal.code(), "DEV-UNKNOWN");
        let refusal = known(r#"{"field":"request.renewal","operator":"is","value":true}"#);
        assert_eq!(
            refusal.sentence(),
            "no enrollment policy matches; the nearest is 1, which wants request.renewal to be \
             true and finds nothing"
        );
    }

    #[track_caller]
    fn refused(settings: &str, field: &str) {
        let json = format!(
            r#"{{"name":"p","rules":{ALWAYS},"settings":{{"certificate_authority":"A",
            "certificate_template":"T",{settings}}}}}"#
        );
        let policy: EnrollmentPolicy = serde_json::from_str(&json).unwrap();
        let mut list = Vec::new();
        policy.check(&mut Complaints::new("", &mut list));
        let paths: Vec<&str> = list.iter().map(|complaint| complaint.path.as_str()).collect();
        assert_eq!(paths, [format!("settings.{field}")]);
    }

    #[test]
    fn what_cannot_be_kept_is_refused_when_it_is_saved() {
        refused(r#""certificates_per_device":0"#, "certificates_per_device");
        refused(r#""certificates_per_device":1001"#, "certificates_per_device");
        refused(r#""days_between":0"#, "days_between");
        refused(r#""assurance":2"#, "assurance");
        refused(r#""assurance":9"#, "assurance");
        refused(r#""approval":true"#, "approval");
    }
}
