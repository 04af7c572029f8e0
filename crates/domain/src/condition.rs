//! Conditions: the one small language that every policy and workflow is written in.

use serde::Deserialize;
use serde::Serialize;

use crate::complaint::Complaints;

/// Most rules in one policy; a page of rules, more than anybody can read at once.
pub const RULES_MAX: usize = 200;

/// Most values in one rule.
pub const VALUES_MAX: usize = 1000;

/// Whether all rules must hold, or any one of them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Match All.
    #[default]
    All,
    /// Match Any.
    Any,
}

/// One rule: a field, how to compare it, and with what.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// A name from [`FIELDS`].
    pub field: Field,
    /// How the field is compared; none for `always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What it is compared with: a text, or a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Operand>,
}

/// What a rule can look at.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Field {
    /// Holds for everybody.
    #[serde(rename = "always")]
    Always,
    /// The gateway that vouches for the device.
    #[serde(rename = "identity.provider")]
    IdentityProvider,
    /// A role granted by a policy workflow.
    #[serde(rename = "identity.role")]
    IdentityRole,
    /// A role of the device itself.
    #[serde(rename = "device.role")]
    DeviceRole,
}

/// What can be said of a field: its name in files, its meaning for people.
#[derive(Debug)]
pub struct FieldMeaning {
    /// The field.
    pub field: Field,
    /// Its name in files and forms.
    pub name: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

/// Every field: parser, forms and handbook follow this table.
pub const FIELDS: [FieldMeaning; 4] = [
    FieldMeaning { field: Field::Always, name: "always", meaning: "holds for everybody" },
    FieldMeaning {
        field: Field::IdentityProvider,
        name: "identity.provider",
        meaning: "the gateway at which the device enrolled",
    },
    FieldMeaning {
        field: Field::IdentityRole,
        name: "identity.role",
        meaning: "a role granted by a policy workflow",
    },
    FieldMeaning {
        field: Field::DeviceRole,
        name: "device.role",
        meaning: "a role of the device; every device has Default",
    },
];

/// How a rule compares.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Equal to the value.
    Is,
    /// Equal to one of the values.
    IsOneOf,
}

/// What a rule compares with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Operand {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// What is known when a policy is asked.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Facts {
    /// The gateway that vouches for the device.
    pub provider: Option<String>,
    /// Roles granted by workflows.
    pub roles: Vec<String>,
    /// Roles of the device.
    pub device_roles: Vec<String>,
}

/// How one rule came out, for people to see.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RuleOutcome {
    /// The field.
    pub field: String,
    /// What would have matched.
    pub expected: Vec<String>,
    /// What was there.
    pub actual: Vec<String>,
    /// Whether it held.
    pub matched: bool,
}

/// The device role that every device has.
pub const DEVICE_ROLE_DEFAULT: &str = "Default";

impl Facts {
    /// What is known of a device that enrolled at `provider`, before any role was granted.
    pub fn of_provider(provider: Option<&str>) -> Self {
        Self {
            provider: provider.map(str::to_owned),
            roles: Vec::new(),
            device_roles: vec![DEVICE_ROLE_DEFAULT.to_owned()],
        }
    }

    fn values(&self, field: Field) -> &[String] {
        match field {
            Field::Always => &[],
            Field::IdentityProvider => self.provider.as_slice(),
            Field::IdentityRole => &self.roles,
            Field::DeviceRole => &self.device_roles,
        }
    }
}

impl Field {
    /// Its name in files and forms.
    pub fn as_str(self) -> &'static str {
        FIELDS.iter().find(|row| row.field == self).map_or("", |row| row.name)
    }
}

impl Rule {
    /// Whether the rule holds.
    pub fn holds(&self, facts: &Facts) -> bool {
        if self.field == Field::Always {
            return true;
        }
        let values = facts.values(self.field);
        self.expected().iter().any(|expected| values.contains(expected))
    }

    /// How the rule came out.
    pub fn outcome(&self, facts: &Facts) -> RuleOutcome {
        RuleOutcome {
            field: self.field.as_str().to_owned(),
            expected: self.expected().to_vec(),
            actual: facts.values(self.field).to_vec(),
            matched: self.holds(facts),
        }
    }

    /// The values that would match.
    pub fn expected(&self) -> &[String] {
        match &self.value {
            None => &[],
            Some(Operand::One(value)) => core::slice::from_ref(value),
            Some(Operand::Many(values)) => values,
        }
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        if self.field == Field::Always {
            if self.operator.is_some() || self.value.is_some() {
                complaints.add("field", "\"always\" takes nothing", "remove operator and value");
            }
            return;
        }
        match (self.operator, &self.value) {
            (None, _) => {
                complaints.add("operator", "is missing", "write \"is\" or \"is-one-of\"");
            }
            (Some(_), None) => complaints.add("value", "is missing", "say what would match"),
            (Some(Operator::Is), Some(Operand::Many(_))) => {
                complaints.add("value", "is a list, \"is\" takes one text", "use \"is-one-of\"");
            }
            (Some(Operator::IsOneOf), Some(Operand::One(_))) => {
                complaints.add("value", "is one text, \"is-one-of\" takes a list", "use [\"…\"]");
            }
            (Some(Operator::Is), Some(Operand::One(_)))
            | (Some(Operator::IsOneOf), Some(Operand::Many(_))) => {}
        }
        if self.value.is_some() && !(1..=VALUES_MAX).contains(&self.expected().len()) {
            complaints.add(
                "value",
                format!("holds {} values, 1 to {VALUES_MAX} are possible", self.expected().len()),
                "name at least one",
            );
        }
    }
}

/// Whether the rules match. No rules match nothing.
pub fn matches(how: Match, rules: &[Rule], facts: &Facts) -> bool {
    match how {
        Match::All => !rules.is_empty() && rules.iter().all(|rule| rule.holds(facts)),
        Match::Any => rules.iter().any(|rule| rule.holds(facts)),
    }
}

/// Complains about what the rules of one policy are made of.
pub fn check(rules: &[Rule], complaints: &mut Complaints<'_>) {
    if rules.len() > RULES_MAX {
        complaints.add(
            "rules",
            format!("{} rules given, {RULES_MAX} are possible", rules.len()),
            "split the policy",
        );
    }
    for (index, rule) in rules.iter().enumerate().take(RULES_MAX) {
        rule.check(&mut complaints.at(&format!("rules[{index}]")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            provider: Some("Mosyle".into()),
            roles: vec!["teachers".into()],
            device_roles: vec![DEVICE_ROLE_DEFAULT.into()],
        }
    }

    fn rule(field: Field, values: &[&str]) -> Rule {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Rule { field, operator: Some(Operator::IsOneOf), value: Some(Operand::Many(values)) }
    }

    fn always() -> Rule {
        Rule { field: Field::Always, operator: None, value: None }
    }

    #[track_caller]
    fn check(how: Match, rules: &[Rule], expected: bool) {
        assert_eq!(matches(how, rules, &facts()), expected);
    }

    #[test]
    fn no_rules_match_nothing() {
        check(Match::All, &[], false);
        check(Match::Any, &[], false);
    }

    #[test]
    fn always_is_everybody() {
        check(Match::All, &[always()], true);
    }

    #[test]
    fn all_needs_every_rule_and_any_needs_one() {
        let yes = rule(Field::IdentityProvider, &["Jamf", "Mosyle"]);
        let no = rule(Field::IdentityRole, &["pupils"]);
        check(Match::All, &[yes.clone(), no.clone()], false);
        check(Match::Any, &[yes.clone(), no.clone()], true);
        check(Match::Any, &[no], false);
        check(Match::All, &[yes, rule(Field::DeviceRole, &["Default"])], true);
    }

    #[test]
    fn a_fact_that_is_not_there_matches_nothing() {
        let rules = [rule(Field::IdentityProvider, &[""])];
        assert!(!matches(Match::All, &rules, &Facts::default()));
    }

    #[track_caller]
    fn refused(json: &str, field: &str) {
        let rule: Rule = serde_json::from_str(json).unwrap();
        let mut list = Vec::new();
        rule.check(&mut Complaints::new("", &mut list));
        assert_eq!(list.first().map(|complaint| complaint.path.as_str()), Some(field), "{json}");
    }

    #[test]
    fn a_rule_of_the_wrong_shape_is_refused() {
        refused(r#"{"field":"identity.role"}"#, "operator");
        refused(r#"{"field":"identity.role","operator":"is"}"#, "value");
        refused(r#"{"field":"identity.role","operator":"is","value":["a"]}"#, "value");
        refused(r#"{"field":"identity.role","operator":"is-one-of","value":"a"}"#, "value");
        refused(r#"{"field":"identity.role","operator":"is-one-of","value":[]}"#, "value");
        refused(r#"{"field":"always","operator":"is","value":"a"}"#, "field");
        assert!(serde_json::from_str::<Rule>(r#"{"field":"device.colour"}"#).is_err());
    }

    #[test]
    fn every_field_has_its_row_under_the_name_it_is_written_with() {
        for row in &FIELDS {
            assert_eq!(serde_json::to_value(row.field).unwrap(), row.name);
        }
    }
}
