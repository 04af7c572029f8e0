//! Decisions: the one pure function behind every yes and no of the policies, and the same for
//! people, step by step. What is decided now, tried out before and explained afterwards is decided
//! here.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::condition::Facts;
use crate::enrollment_policy;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::network_policy;
use crate::network_policy::Access;
use crate::network_policy::NetworkPolicy;
use crate::policy::Policies;
use crate::policy::Policy;
use crate::policy::Ready;
use crate::policy::State;
use crate::policy::Step;
use crate::policy::Trace;
use crate::policy_workflow;
use crate::refusal::Reason;
use crate::refusal::Refusal;

/// What is asked of the policies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// May the device have a certificate, and which?
    Enrollment,
    /// May the device enter the network, and which part of it?
    Access,
}

/// What the policies say of a device that joins.
#[derive(Debug)]
pub struct OfVisit<'a> {
    /// What was known, with the roles that it led to.
    pub facts: Facts,
    /// The answer.
    pub decision: network_policy::Decision<'a>,
    /// How it was come to.
    pub trace: Trace,
}

/// What the policies say of a device that asks for a certificate.
#[derive(Debug)]
pub struct OfEnrollment<'a> {
    /// What was known, with the roles that it led to.
    pub facts: Facts,
    /// The answer.
    pub answer: Result<(&'a EnrollmentPolicy, &'a enrollment_policy::Settings), Refusal>,
    /// How it was come to.
    pub trace: Trace,
}

/// A decision for people: the answer and the way to it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Explained {
    /// Whether the answer is yes: `accept` or `refuse`.
    pub access: Access,
    /// The policy that decided, if one did.
    pub policy: Option<String>,
    /// Why not.
    pub reason: Option<Reason>,
    /// The roles of the device's owner.
    pub roles: Vec<String>,
    /// The roles of the device.
    pub device_roles: Vec<String>,
    /// Policies that only say what they would do, and would have decided.
    pub monitors: Vec<Monitored>,
    /// Workflow by workflow, then policy by policy until one decided.
    pub path: Vec<Step>,
    /// What is kept of the way.
    pub trace: String,
}

/// What a policy that monitors would have done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Monitored {
    /// The policy.
    pub policy: String,
    /// What it would have said.
    pub access: Access,
}

/// Answers a visit: roles first, then the network policies.
pub fn of_visit(policies: &Policies, facts: Facts) -> OfVisit<'_> {
    let mut trace = Trace::default();
    let facts = policy_workflow::grant(&policies.workflows, facts, &mut trace);
    let decision = network_policy::decide(&policies.network, &facts, &mut trace);
    OfVisit { facts, decision, trace }
}

/// Answers a request for a certificate: roles first, then the enrollment policies.
pub fn of_enrollment(policies: &Policies, facts: Facts) -> OfEnrollment<'_> {
    let mut trace = Trace::default();
    let facts = policy_workflow::grant(&policies.workflows, facts, &mut trace);
    let answer = enrollment_policy::decide(&policies.enrollment, &facts, &mut trace);
    OfEnrollment { facts, answer, trace }
}

/// The same answer for people.
pub fn explain(policies: &Policies, question: Question, facts: Facts) -> Explained {
    let asked = facts.clone();
    let (facts, answer, monitors, trace) = match question {
        Question::Access => {
            let OfVisit { facts, decision, trace } = of_visit(policies, facts);
            let monitors = monitored(&decision.monitors);
            let decided_by = decision.decided_by.map(str::to_owned);
            let answer = decision.answer.map(|_| ()).map_err(|refusal| refusal.reason());
            (facts, (decided_by, answer), monitors, trace)
        }
        Question::Enrollment => {
            let OfEnrollment { facts, answer, trace } = of_enrollment(policies, facts);
            let decided_by = answer.as_ref().ok().map(|(policy, _)| policy.name.clone());
            let answer = answer.map(|_| ()).map_err(|refusal| refusal.reason());
            (facts, (decided_by, answer), Vec::new(), trace)
        }
    };
    let (policy, answer) = answer;
    let mut path: Vec<Step> =
        policies.workflows.iter().map(|one| one.step(&asked, false)).collect();
    match question {
        Question::Access => path.extend(steps(&policies.network, &facts)),
        // Without a role no enrollment policy is asked.
        Question::Enrollment if facts.roles.is_empty() => {}
        Question::Enrollment => path.extend(steps(&policies.enrollment, &facts)),
    }
    Explained {
        access: if answer.is_ok() { Access::Accept } else { Access::Refuse },
        policy,
        reason: answer.err(),
        roles: facts.roles,
        device_roles: facts.device_roles,
        monitors,
        path,
        trace: trace.digest(),
    }
}

/// Policy by policy until one decides.
fn steps<P: Policy>(policies: &[Ready<P>], facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    for ready in policies {
        let active = ready.policy.state(facts.at) == State::Active;
        let decides = active && ready.asks(facts).matched;
        steps.push(ready.step(facts, decides));
        if decides {
            break;
        }
    }
    steps
}

/// What policies that monitor would have done.
pub fn monitored(policies: &[&NetworkPolicy]) -> Vec<Monitored> {
    let monitored = policies.iter().filter_map(|policy| {
        let access = policy.settings.as_ref()?.access;
        Some(Monitored { policy: policy.name.clone(), access })
    });
    monitored.collect()
}

#[cfg(test)]
mod tests {
    use pki::time::Time;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::organization::Organization;

    const NOW: Time = Time(1_795_681_800);

    /// Workflows, enrollment and network policies over a few roles and gateways, in any order.
    fn organization(seed: &[(u8, u8, bool, bool)]) -> Organization {
        let mut organization = Organization::default();
        for (index, (kind, role, not, any)) in seed.iter().enumerate() {
            let name = format!("p{index}");
            let how = if *any { "any" } else { "all" };
            let rules = json!([
                {"field": "identity.role", "operator": "is", "value": format!("w{role}"), "not": not},
                {"field": "network.ssid", "operator": "is", "value": "Secure", "not": any},
            ]);
            let settings = match role % 3 {
                0 => json!({"access": "accept"}),
                1 => json!({"access": "refuse"}),
                _ => json!(null),
            };
            match kind % 3 {
                0 => organization.policy_workflow.push(
                    serde_json::from_value(json!({
                        "name": format!("w{role}"), "match": how,
                        "rules": [{"field": "identity.provider", "operator": "is", "value": "Mosyle", "not": not}],
                    }))
                    .unwrap(),
                ),
                1 => organization.enrollment_policy.push(
                    serde_json::from_value(json!({
                        "name": name, "match": how, "rules": rules,
                        "settings": {"certificate_authority": "A", "certificate_template": "T"},
                    }))
                    .unwrap(),
                ),
                _ => organization.network_policy.push(
                    serde_json::from_value(
                        json!({"name": name, "match": how, "rules": rules, "settings": settings,
                        "mode": if *not { "monitor" } else { "enforce" }}),
                    )
                    .unwrap(),
                ),
            }
        }
        organization
    }

    proptest! {
        #[test]
        fn the_way_that_is_shown_leads_to_the_answer_that_was_given(
            seed in prop::collection::vec(any::<(u8, u8, bool, bool)>(), 0..12),
            mosyle in any::<bool>(),
        ) {
            let policies = Policies::of(&organization(&seed));
            let gateway = if mosyle { "Mosyle" } else { "Jamf" };
            let facts = || Facts::of_provider(Some(gateway), NOW);
            let explained = explain(&policies, Question::Access, facts());
            let answer = of_visit(&policies, facts());
            prop_assert_eq!(&explained.trace, &answer.trace.digest());
            prop_assert_eq!(explained.access == Access::Accept, answer.decision.answer.is_ok());
            let shown = explained.path.iter().find(|step| step.decides).map(|step| step.name.as_str());
            prop_assert_eq!(shown, answer.decision.decided_by);
            let workflows = explained.path.iter().filter(|step| step.kind == crate::object::Kind::PolicyWorkflow);
            let granted: Vec<&str> = workflows.filter(|step| step.matched).map(|step| step.name.as_str()).collect();
            prop_assert_eq!(granted, answer.facts.roles.iter().map(String::as_str).collect::<Vec<_>>());

            let explained = explain(&policies, Question::Enrollment, facts());
            let answer = of_enrollment(&policies, facts());
            prop_assert_eq!(&explained.trace, &answer.trace.digest());
            let shown = explained.path.iter().find(|step| step.decides).map(|step| step.name.clone());
            prop_assert_eq!(shown, answer.answer.ok().map(|(policy, _)| policy.name.clone()));
        }
    }

    #[test]
    fn a_thousand_rules_are_asked_until_the_last() {
        let mut organization = Organization::default();
        for index in 0..200 {
            let rules: Vec<serde_json::Value> = (0..5)
                .map(|rule| match (index, rule) {
                    (199, _) => json!({"field": "always"}),
                    (_, 4) => json!({"field": "network.ssid", "operator": "is", "value": "Other"}),
                    _ => json!({"field": "identity.provider", "operator": "is-one-of", "value": ["Jamf", "Mosyle"]}),
                })
                .collect();
            let policy = json!({"name": format!("p{index}"), "rules": rules, "settings": {"access": "accept"}});
            organization.network_policy.push(serde_json::from_value(policy).unwrap());
        }
        let policies = Policies::of(&organization);
        let answer = of_visit(&policies, Facts::of_provider(Some("Mosyle"), NOW));
        assert_eq!(answer.decision.decided_by, Some("p199"));
    }
}
