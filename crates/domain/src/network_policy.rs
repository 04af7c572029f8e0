//! Network policies: which role gets onto which network, Policy Management > Network.

pub mod attribute;
pub mod listing;
pub mod preset;

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
use crate::network_policy::attribute::ReplyAttribute;
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

/// Decides about a device that joins. The first that matches decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkPolicy {
    /// Unique among network policies.
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
    /// Whether it decides, or only says what it would do.
    #[serde(default, skip_serializing_if = "Mode::is_enforce")]
    pub mode: Mode,
    /// It decides nothing before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_from: Option<Time>,
    /// It decides nothing after this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_until: Option<Time>,
    /// Without settings it is a draft and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
    /// What must come out for devices that are known: checked whenever something is saved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<SavedTest>,
}

/// Whether a policy decides.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It decides.
    #[default]
    Enforce,
    /// It only says, in the event, what it would do.
    Monitor,
}

impl Mode {
    /// Whether it decides.
    pub fn is_enforce(&self) -> bool {
        *self == Self::Enforce
    }
}

/// What must come out for one device at one access point.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedTest {
    /// The device: name, serial number, UDID, or a certificate's number.
    pub device: String,
    /// The access point it asks at; else none in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_point: Option<String>,
    /// The wireless network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// When it asks; else now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Whether it must get in.
    pub access: Access,
    /// The VLAN that it must get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<String>,
}

/// Most tests of one policy.
pub const TESTS_MAX: usize = 50;

/// What a device gets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = NetworkPolicySettings)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether it may enter.
    pub access: Access,
    /// What the access point is told with an accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<ReplyAttribute>,
}

/// Whether a device may enter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Access-Accept.
    Accept,
    /// Access-Reject.
    Refuse,
}

/// What the network policies say of a device.
#[derive(Debug)]
pub struct Decision<'a> {
    /// The policy that decides, with its settings, or why the answer is no.
    pub answer: Result<(&'a NetworkPolicy, &'a Settings), Refusal>,
    /// The policy that decided, also if it refuses.
    pub decided_by: Option<&'a str>,
    /// Policies that only say what they would do, and would have decided.
    pub monitors: Vec<&'a NetworkPolicy>,
}

/// Finds the first policy that matches; the default is no.
pub fn decide<'a>(
    policies: &'a [Ready<NetworkPolicy>],
    facts: &Facts,
    trace: &mut Trace,
) -> Decision<'a> {
    let found = policy::first(policies, facts, trace);
    let decided = found
        .policy
        .and_then(|ready| ready.policy.settings.as_ref().map(|settings| (&ready.policy, settings)));
    let answer = match decided {
        Some((policy, settings)) if settings.access == Access::Accept => Ok((policy, settings)),
        Some((policy, _)) => Err(Refusal::NetworkPolicyRefuses { policy: policy.name.clone() }),
        None => Err(refusal(policies, facts)),
    };
    let decided_by = decided.map(|(policy, _)| policy.name.as_str());
    Decision { answer, decided_by, monitors: found.monitors }
}

/// Why no policy matched: the rule that kept the nearest one from it.
fn refusal(policies: &[Ready<NetworkPolicy>], facts: &Facts) -> Refusal {
    let roles = || facts.roles.clone();
    let lets_in = |ready: &&Ready<NetworkPolicy>| {
        ready.policy.settings.as_ref().is_some_and(|it| it.access == Access::Accept)
    };
    match policy::nearest(policies.iter().filter(lets_in), facts) {
        Some((field, miss)) => policy::missed(field, miss, facts, |miss| {
            Refusal::NetworkPolicyMissing { roles: roles(), nearest: Some(Box::new(miss)) }
        }),
        None => Refusal::NetworkPolicyMissing { roles: roles(), nearest: None },
    }
}

impl Policy for NetworkPolicy {
    const IMPLIED: &'static [Implied] =
        &[policy::NOT_EXPIRED, policy::DEVICE_ACTIVE, policy::PERSON_ACTIVE];

    fn match_rules(&self) -> Match {
        self.match_rules
    }

    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn state(&self, at: Time) -> State {
        if self.rules.is_empty() || self.settings.is_none() {
            State::Draft
        } else if self.active_from.is_some_and(|from| at < from) {
            State::NotYet
        } else if self.active_until.is_some_and(|until| until < at) {
            State::Over
        } else {
            match self.mode {
                Mode::Enforce => State::Active,
                Mode::Monitor => State::Monitor,
            }
        }
    }
}

impl Object for NetworkPolicy {
    const KIND: Kind = Kind::NetworkPolicy;

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
        self.check_when(complaints);
        let Some(settings) = &self.settings else { return };
        if settings.access == Access::Refuse && !settings.attributes.is_empty() {
            complaints.add(
                "settings.attributes",
                "a refusal carries no attributes",
                "remove them, or make access \"accept\"",
            );
        }
        attribute::check(&settings.attributes, complaints);
    }

    fn references(&self) -> Vec<Reference> {
        let mut references = policy_workflow::references(&self.rules);
        for (index, test) in self.tests.iter().enumerate() {
            let field = format!("tests[{index}].access_point");
            let name = test.access_point.as_deref();
            references.extend(name.map(|name| Reference::new(field, Kind::AccessPoint, name)));
        }
        references
    }
}

impl NetworkPolicy {
    fn check_when(&self, complaints: &mut Complaints<'_>) {
        if let (Some(from), Some(until)) = (self.active_from, self.active_until)
            && until <= from
        {
            let what = "ends before it begins";
            complaints.add("active_until", what, "name a moment after active_from");
        }
        if self.tests.len() > TESTS_MAX {
            let what = format!("{} tests given, {TESTS_MAX} are possible", self.tests.len());
            complaints.add("tests", what, "keep those that matter");
        }
        for (index, test) in self.tests.iter().enumerate().take(TESTS_MAX) {
            if test.access == Access::Refuse && test.vlan.is_some() {
                let what = "a device that is refused gets no VLAN";
                complaints.add(&format!("tests[{index}].vlan"), what, "remove it");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::condition::facts::CertificateFacts;
    use crate::device::Device;
    use crate::device::DeviceId;
    use crate::device::DeviceStatus;
    use crate::device::Fact;
    use crate::device::Source;

    fn policy(name: &str, role: &str, settings: &str) -> NetworkPolicy {
        serde_json::from_str(&format!(
            r#"{{"name":"{name}","rules":[{{"field":"identity.role","operator":"is","value":"{role}"}}]{settings}}}"#
        ))
        .unwrap()
    }

    fn facts() -> Facts {
        Facts { roles: vec!["staff".into()], ..Facts::new(NOW) }
    }

    const NOW: Time = Time(1_795_681_800);

    fn decided(policies: &[NetworkPolicy], facts: &Facts) -> Result<String, Refusal> {
        let ready: Vec<Ready<NetworkPolicy>> = policies.iter().map(Ready::of).collect();
        let decision = decide(&ready, facts, &mut Trace::default());
        decision.answer.map(|(policy, _)| policy.name.clone())
    }

    const ACCEPT: &str = r#","settings":{"access":"accept"}"#;
    const REFUSE: &str = r#","settings":{"access":"refuse"}"#;

    #[test]
    fn the_first_policy_that_matches_decides() {
        let policies = [
            policy("draft", "staff", ""),
            policy("other", "pupils", REFUSE),
            policy("yes", "staff", ACCEPT),
            policy("late", "staff", REFUSE),
        ];
        assert_eq!(decided(&policies, &facts()).unwrap(), "yes");
    }

    #[test]
    fn a_policy_can_refuse() {
        let policies = [policy("no", "staff", REFUSE), policy("yes", "staff", ACCEPT)];
        let refusal = decided(&policies, &facts()).unwrap_err();
        assert_eq!(refusal, Refusal::NetworkPolicyRefuses { policy: "no".into() });
    }

    #[test]
    fn the_default_is_no() {
        let refusal = decided(&[], &facts()).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::NetworkPolicyMissing { roles: vec!["staff".into()], nearest: None }
        );
    }

    #[test]
    fn a_policy_that_monitors_or_waits_decides_nothing() {
        let with = |more: &str| policy("one", "staff", &format!("{REFUSE}{more}"));
        let yes = policy("yes", "staff", ACCEPT);
        for more in [
            r#","mode":"monitor""#,
            r#","active_from":"2030-01-01T00:00:00Z""#,
            r#","active_until":"2020-01-01T00:00:00Z""#,
        ] {
            assert_eq!(decided(&[with(more), yes.clone()], &facts()).unwrap(), "yes");
        }
        let ready = [with(r#","mode":"monitor""#), yes].each_ref().map(Ready::of);
        let decision = decide(&ready, &facts(), &mut Trace::default());
        let monitors: Vec<&str> = decision.monitors.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(monitors, ["one"]);
    }

    #[test]
    fn two_ways_to_an_answer_have_two_traces() {
        let policies = [policy("no", "pupils", ACCEPT), policy("yes", "staff", ACCEPT)];
        let ready = policies.each_ref().map(Ready::of);
        let digest = |facts: &Facts| {
            let mut trace = Trace::default();
            drop(decide(&ready, facts, &mut trace));
            trace.digest()
        };
        let pupils = Facts { roles: vec!["pupils".into()], ..facts() };
        assert_eq!(digest(&facts()), digest(&facts()));
        assert_ne!(digest(&facts()), digest(&pupils));
        assert_eq!(digest(&facts()).len(), 16);
    }

    #[test]
    fn a_device_out_of_use_or_with_an_expired_certificate_needs_a_policy_that_says_so() {
        let expired = Facts {
            certificate: Some(CertificateFacts {
                not_after: Some(Time(NOW.0 - 60)),
                ..CertificateFacts::default()
            }),
            ..facts()
        };
        let plain = policy("plain", "staff", ACCEPT);
        let refusal = decided(std::slice::from_ref(&plain), &expired).unwrap_err();
        assert_eq!(refusal.code(), "CERT-EXPIRED");
        let remedy = |rule: &str| -> NetworkPolicy {
            serde_json::from_str(&format!(
                r#"{{"name":"remedy","rules":[{rule}],"settings":{{"access":"accept"}}}}"#
            ))
            .unwrap()
        };
        let says = r#"{"field":"certificate.expired","operator":"is","value":true}"#;
        let days = r#"{"field":"certificate.days_left","operator":"greater","value":-14}"#;
        let both = remedy(&format!("{says},{days}"));
        assert_eq!(decided(&[plain.clone(), both], &expired).unwrap(), "remedy");
        // Days that are left are not the same, and of any one rule all have to speak of it.
        assert_eq!(decided(&[remedy(days)], &expired).unwrap_err().code(), "CERT-EXPIRED");
        let either = remedy(&format!(r#"{{"match":"any","rules":[{says},{days}]}}"#));
        assert_eq!(decided(&[either], &expired).unwrap_err().code(), "CERT-EXPIRED");
        let unread = Facts { inventory_unreachable: true, ..facts() };
        assert_eq!(decided(std::slice::from_ref(&plain), &unread).unwrap_err().code(), "SYS-STORE");
        let anyway = remedy(r#"{"field":"inventory.reachable","operator":"is","value":false}"#);
        assert_eq!(decided(&[plain.clone(), anyway], &unread).unwrap(), "remedy");
        let mut lost = Device::new(DeviceId(1), "C02X");
        lost.status = Some(Fact { value: DeviceStatus::Lost, source: Source::File, at: NOW });
        let lost = Facts { device: Some(Arc::new(lost)), ..facts() };
        let refusal = decided(std::slice::from_ref(&plain), &lost).unwrap_err();
        assert_eq!(refusal.sentence(), "the device C02X is marked lost");
        let found = remedy(r#"{"field":"device.status","operator":"is","value":"lost"}"#);
        assert_eq!(decided(&[plain, found], &lost).unwrap(), "remedy");
    }
}
