//! How each rule came out, for people to see: what was expected, what was there, who told it.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::condition::Condition;
use crate::condition::Facts;
use crate::condition::Field;
use crate::condition::Match;
use crate::condition::Node;
use crate::condition::Operator;
use crate::condition::Rule;
use crate::condition::What;
use crate::condition::test;

/// How one rule came out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct RuleOutcome {
    /// The field; none of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What would have matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<String>,
    /// What was there.
    #[serde(default)]
    pub actual: Vec<String>,
    /// Who told what was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When, if it was not the moment of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Time>,
    /// Whether the rule was turned around.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not: bool,
    /// Of a group: whether all or any of its rules must hold.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_rules: Option<Match>,
    /// Of a group: how its rules came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion, value_type = Vec<RuleOutcome>)]
    pub rules: Vec<Self>,
    /// Whether it is no rule of the policy but one that holds for all policies that say nothing
    /// else of the field.
    #[serde(default, skip_serializing_if = "is_false")]
    pub implied: bool,
    /// Whether it held.
    pub matched: bool,
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Condition {
    /// How each of the rules came out that this was made of.
    pub fn outcomes(&self, rules: &[Rule], facts: &Facts) -> Vec<RuleOutcome> {
        let pairs = self.nodes.iter().zip(rules);
        pairs.map(|(node, rule)| node.outcome(rule, facts)).collect()
    }
}

impl Node {
    fn outcome(&self, rule: &Rule, facts: &Facts) -> RuleOutcome {
        let matched = self.holds(facts);
        match &self.what {
            What::Group(group) => RuleOutcome {
                field: None,
                operator: None,
                expected: Vec::new(),
                actual: Vec::new(),
                source: None,
                told_at: None,
                not: self.not,
                match_rules: Some(group.how),
                rules: group.outcomes(&rule.rules, facts),
                implied: false,
                matched,
            },
            What::Leaf { field, zone, .. } => {
                let origin = facts.origin(*field);
                let actual = match zone {
                    Some(zone) => of_clock(*field, test::civil(facts.at, zone)),
                    None => facts.values(*field).texts(),
                };
                RuleOutcome {
                    field: Some(field.name()),
                    operator: rule.operator,
                    expected: rule.expected(),
                    actual,
                    source: Some(origin.source.to_owned()),
                    told_at: origin.at,
                    not: self.not,
                    match_rules: None,
                    rules: Vec::new(),
                    implied: false,
                    matched,
                }
            }
        }
    }
}

fn of_clock(field: Field, civil: Option<(&'static str, i64)>) -> Vec<String> {
    let Some((day, minute)) = civil else { return Vec::new() };
    if field == Field::TimeWeekday {
        return vec![day.to_owned()];
    }
    vec![format!("{:02}:{:02}", minute / 60, minute % 60)]
}

impl RuleOutcome {
    /// How a rule came out that no policy has written down.
    pub fn implied(field: Field, expected: String, facts: &Facts) -> Self {
        let origin = facts.origin(field);
        Self {
            field: Some(field.name()),
            operator: Some(Operator::Is),
            expected: vec![expected],
            actual: facts.values(field).texts(),
            source: Some(origin.source.to_owned()),
            told_at: origin.at,
            not: false,
            match_rules: None,
            rules: Vec::new(),
            implied: true,
            // One that holds is not shown.
            matched: false,
        }
    }

    /// What would have matched, as words: `one of a, b`.
    pub fn expectation(&self) -> String {
        let words = self.operator.map_or("", Operator::words);
        let not = if self.not { "not " } else { "" };
        let shown: Vec<&str> = self.expected.iter().take(SHOWN_MAX).map(String::as_str).collect();
        let more = self.expected.len().saturating_sub(SHOWN_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{not}{words}{}{more}", shown.join(", "))
    }

    /// What was there, as words.
    pub fn finding(&self) -> String {
        if self.actual.is_empty() {
            return "nothing".to_owned();
        }
        let shown: Vec<&str> = self.actual.iter().take(SHOWN_MAX).map(String::as_str).collect();
        shown.join(", ")
    }
}

/// Most values that a sentence names.
const SHOWN_MAX: usize = 5;
