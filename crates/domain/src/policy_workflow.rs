//! Policy workflows: each grants the role of its name, Policy Management > Policy Workflows.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::condition;
use crate::condition::DEVICE_ROLE_DEFAULT;
use crate::condition::Facts;
use crate::condition::Field;
use crate::condition::Match;
use crate::condition::Operator;
use crate::condition::Rule;
use crate::former_name::FormerNames;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::policy::Implied;
use crate::policy::Policy;
use crate::policy::Ready;
use crate::policy::State;
use crate::policy::Trace;

/// Grants the role of its name to whom its rules match.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyWorkflow {
    /// Unique among workflows; the name of the role.
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
    /// What kind of role it grants.
    #[serde(default)]
    pub grants: Grants,
    /// Whether all rules must hold, or any.
    #[serde(rename = "match", default)]
    pub match_rules: Match,
    /// Without rules it matches nothing.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// What kind of role a workflow grants.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grants {
    /// Seen by policies as `identity.role`.
    #[default]
    UserRole,
    /// Seen by policies as `device.role`.
    DeviceRole,
}

/// Adds to `facts` every role whose workflow matches. Workflows do not see each other's roles.
pub fn grant(workflows: &[Ready<PolicyWorkflow>], mut facts: Facts, trace: &mut Trace) -> Facts {
    let (mut roles, mut device_roles) = (Vec::new(), Vec::new());
    for (place, workflow) in workflows.iter().enumerate() {
        let verdict = workflow.asks(&facts);
        trace.note(Kind::PolicyWorkflow, place, State::Active, verdict);
        if !verdict.matched {
            continue;
        }
        let name = workflow.policy.name.clone();
        match workflow.policy.grants {
            Grants::UserRole => roles.push(name),
            Grants::DeviceRole => device_roles.push(name),
        }
    }
    facts.roles.append(&mut roles);
    facts.device_roles.append(&mut device_roles);
    facts
}

/// The objects that rules name: gateways as providers, workflows as roles.
pub fn references(rules: &[Rule]) -> Vec<Reference> {
    let mut references = Vec::new();
    condition::each_leaf(rules, "rules", &mut |path, rule| {
        let Some(kind) = rule.field.and_then(Field::names) else { return };
        let exact = matches!(rule.operator, Some(Operator::Is | Operator::IsOneOf));
        for name in rule.expected().into_iter().filter(|_| exact) {
            let built_in = rule.field == Some(Field::DeviceRole) && name == DEVICE_ROLE_DEFAULT;
            if !built_in {
                references.push(Reference::new(format!("{path}.value"), kind, &name));
            }
        }
    });
    references
}

impl Policy for PolicyWorkflow {
    const IMPLIED: &'static [Implied] = &[];

    fn match_rules(&self) -> Match {
        self.match_rules
    }

    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn state(&self, _at: Time) -> State {
        if self.rules.is_empty() { State::Draft } else { State::Active }
    }
}

impl Object for PolicyWorkflow {
    const KIND: Kind = Kind::PolicyWorkflow;

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
        condition::each_leaf(&self.rules, "rules", &mut |path, rule| {
            if matches!(rule.field, Some(Field::IdentityRole | Field::DeviceRole)) {
                complaints.add(
                    &format!("{path}.field"),
                    "a workflow grants a role and cannot ask for one",
                    "use \"identity.provider\", \"identity.groups\" or \"always\"",
                );
            }
        });
        if self.grants == Grants::DeviceRole && self.name == DEVICE_ROLE_DEFAULT {
            complaints.add(
                "name",
                "\"Default\" is the device role that every device has",
                "choose another name",
            );
        }
    }

    fn references(&self) -> Vec<Reference> {
        references(&self.rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow(json: &str) -> PolicyWorkflow {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_workflow_grants_the_role_of_its_name() {
        let workflows = [
            workflow(
                r#"{"name":"staff","rules":[{"field":"identity.provider","operator":"is","value":"Mosyle"}]}"#,
            ),
            workflow(
                r#"{"name":"other","rules":[{"field":"identity.provider","operator":"is","value":"Jamf"}]}"#,
            ),
            workflow(r#"{"name":"kiosk","grants":"device-role","rules":[{"field":"always"}]}"#),
            workflow(r#"{"name":"draft","rules":[]}"#),
        ];
        let workflows = workflows.each_ref().map(Ready::of);
        let facts = Facts::of_provider(Some("Mosyle"), Time(0));
        let facts = grant(&workflows, facts, &mut Trace::default());
        assert_eq!(facts.roles, ["staff"]);
        assert_eq!(facts.device_roles, ["Default", "kiosk"]);
    }

    #[test]
    fn a_workflow_that_asks_for_a_role_is_refused() {
        let asks = workflow(
            r#"{"name":"a","rules":[{"field":"identity.role","operator":"is","value":"b"}]}"#,
        );
        let mut list = Vec::new();
        asks.check(&mut Complaints::new("policy_workflow[0]", &mut list));
        assert_eq!(list[0].path, "policy_workflow[0].rules[0].field");
    }
}
