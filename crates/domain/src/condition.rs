//! Conditions: the one small language that every policy and workflow is written in.
//!
//! A rule looks at one field, or is a group of rules; either may be turned around with `not`. What
//! an administrator wrote is a [`Rule`]; made ready ([`Condition::ready`]) it can be asked.

pub mod facts;
pub mod field;
pub mod listing;
pub mod outcome;
pub mod possible;
mod test;
pub mod values;
mod version;

use core::fmt;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaint;
use crate::complaint::Complaints;
pub use crate::condition::facts::DEVICE_ROLE_DEFAULT;
pub use crate::condition::facts::Facts;
pub use crate::condition::field::Field;
use crate::condition::field::Kind;
use crate::condition::test::Test;
use crate::condition::values::Values;

/// Most rules in one policy, those in groups included; a page of rules, more than anybody can read
/// at once.
pub const RULES_MAX: usize = 200;

/// Most groups inside each other; nobody can follow more.
pub const NESTING_MAX: usize = 5;

/// Most values in one rule.
pub const VALUES_MAX: usize = 1000;

/// Longest pattern.
pub const PATTERN_BYTES_MAX: usize = 512;

/// Whether all rules must hold, or any one of them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// Match All.
    #[default]
    All,
    /// Match Any.
    Any,
}

/// One rule as it is written: a field, how to compare it, and with what; or a group of rules.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// One of the fields that `/api/v1/policy-fields` lists, or `network.attribute.` and the name of a RADIUS attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// How the field is compared; none for `always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// What it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Operand>,
    /// The zone of weekdays and hours, such as `Europe/Berlin`; else UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Of a group: whether all of its rules must hold, or any.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_rules: Option<Match>,
    /// Of a group: its rules.
    #[schema(no_recursion, value_type = Vec<Rule>)]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Self>,
    /// Holds when the rest does not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not: bool,
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// How a rule compares. A field with several values passes when any of them does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Equal to the value.
    Is,
    /// Equal to one of the values.
    IsOneOf,
    /// Has the text in it.
    Contains,
    /// Begins with the text.
    StartsWith,
    /// Ends with the text.
    EndsWith,
    /// Has something in it that fits the pattern; `^` and `$` are its ends.
    Matches,
    /// Is an address in one of the networks.
    InNetwork,
    /// Is less than the value: earlier, lower, older.
    Less,
    /// Is greater than the value: later, higher, newer.
    Greater,
    /// There is a value.
    Exists,
}

/// What a rule compares with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Operand {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// One text.
    One(String),
    /// Several.
    Many(Vec<Item>),
}

/// One value of several.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Item {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// Rules that are ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    how: Match,
    nodes: Vec<Node>,
}

/// A rule that is ready.
#[derive(Clone, Debug)]
struct Node {
    not: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Leaf { field: Field, test: Test, zone: Option<TimeZone> },
    Group(Condition),
}

/// How a condition came out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Whether it matched.
    pub matched: bool,
    /// The place of the rule that settled it: the first that failed, or of Match Any the first that
    /// held. None if no single rule did.
    pub decided_by: Option<u16>,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 10] = [
        Self::Is,
        Self::IsOneOf,
        Self::Contains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Matches,
        Self::InNetwork,
        Self::Less,
        Self::Greater,
        Self::Exists,
    ];

    /// As written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::IsOneOf => "is-one-of",
            Self::Contains => "contains",
            Self::StartsWith => "starts-with",
            Self::EndsWith => "ends-with",
            Self::Matches => "matches",
            Self::InNetwork => "in-network",
            Self::Less => "less",
            Self::Greater => "greater",
            Self::Exists => "exists",
        }
    }

    /// What stands before the value in a sentence.
    fn words(self) -> &'static str {
        match self {
            Self::Is => "",
            Self::IsOneOf => "one of ",
            Self::Contains => "containing ",
            Self::StartsWith => "beginning with ",
            Self::EndsWith => "ending with ",
            Self::Matches => "matching ",
            Self::InNetwork => "in ",
            Self::Less => "less than ",
            Self::Greater => "greater than ",
            Self::Exists => "anything",
        }
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Is => "equal to the value",
            Self::IsOneOf => "equal to one of the values",
            Self::Contains => "has the text in it",
            Self::StartsWith => "begins with the text",
            Self::EndsWith => "ends with the text",
            Self::Matches => "has something in it that fits the regular expression",
            Self::InNetwork => "is an address in one of the networks",
            Self::Less => "is less than the value: lower, earlier, older",
            Self::Greater => "is greater than the value: higher, later, newer",
            Self::Exists => "there is a value, whatever it is",
        }
    }

    /// Whether it can compare values of this form.
    pub fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Is => kind != Kind::Nothing,
            Self::IsOneOf => !matches!(kind, Kind::Nothing | Kind::Boolean),
            Self::Contains | Self::EndsWith | Self::Matches => {
                matches!(kind, Kind::Text | Kind::Folded)
            }
            Self::StartsWith => matches!(kind, Kind::Text | Kind::Folded | Kind::Mac),
            Self::InNetwork => kind == Kind::Address,
            Self::Less | Self::Greater => {
                matches!(kind, Kind::Number | Kind::Version | Kind::TimeOfDay)
            }
            // There is always an hour and a weekday.
            Self::Exists => !matches!(kind, Kind::Nothing | Kind::Boolean | Kind::TimeOfDay),
        }
    }

    /// Those that can compare values of this form.
    pub fn fitting(kind: Kind) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |operator| operator.fits(kind))
    }

    /// Whether it takes several values at once.
    pub fn takes_list(self) -> bool {
        matches!(self, Self::IsOneOf | Self::InNetwork)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Operand {
    /// Its values as texts.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Flag(flag) => vec![flag.to_string()],
            Self::Number(number) => vec![number.to_string()],
            Self::One(text) => vec![text.clone()],
            Self::Many(items) => items.iter().map(ToString::to_string).collect(),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Rule {
    /// The rule that holds for everybody.
    pub fn always() -> Self {
        Self { field: Some(Field::Always), ..Self::default() }
    }

    /// The values that would match.
    pub fn expected(&self) -> Vec<String> {
        self.value.as_ref().map(Operand::texts).unwrap_or_default()
    }

    /// Makes a rule ready, or complains.
    fn ready(&self, depth: usize, complaints: &mut Complaints<'_>) -> Option<Node> {
        let what = match (self.field, self.rules.is_empty()) {
            (Some(_), false) => {
                let fix = "make two rules of it";
                complaints.add("rules", "a rule has a field or is a group, not both", fix);
                return None;
            }
            (None, true) => {
                let fix = "name a field, or give the group rules";
                complaints.add("field", "is missing", fix);
                return None;
            }
            (Some(field), true) => self.leaf(field, complaints)?,
            (None, false) => self.group(depth, complaints)?,
        };
        Some(Node { not: self.not, what })
    }

    fn group(&self, depth: usize, complaints: &mut Complaints<'_>) -> Option<What> {
        if self.operator.is_some() || self.value.is_some() || self.zone.is_some() {
            let fix = "leave it to the rules inside";
            complaints.add("operator", "a group compares nothing itself", fix);
            return None;
        }
        if depth == NESTING_MAX {
            let what = format!("groups stand in each other more than {NESTING_MAX} deep");
            complaints.add("rules", what, "flatten them, or make a workflow's role of a part");
            return None;
        }
        let how = self.match_rules.unwrap_or_default();
        Condition::ready_at(how, &self.rules, depth + 1, complaints).map(What::Group)
    }

    fn leaf(&self, field: Field, complaints: &mut Complaints<'_>) -> Option<What> {
        if self.match_rules.is_some() {
            complaints.add("match", "is for groups of rules", "remove it");
            return None;
        }
        let is_time = matches!(field, Field::TimeWeekday | Field::TimeOfDay);
        let zone = match &self.zone {
            Some(_) if !is_time => {
                let fix = "use it with time.weekday and time.of_day";
                complaints.add("zone", format!("{field} has no zone"), fix);
                return None;
            }
            Some(name) => match TimeZone::get(name) {
                Ok(zone) => Some(zone),
                Err(_) => {
                    let name: String = name.escape_debug().take(64).collect();
                    let fix = "write it like Europe/Berlin or America/New_York";
                    complaints.add("zone", format!("there is no zone \"{name}\""), fix);
                    return None;
                }
            },
            None => is_time.then_some(TimeZone::UTC),
        };
        if field == Field::Always {
            if self.operator.is_some() || self.value.is_some() {
                complaints.add("field", "\"always\" takes nothing", "remove operator and value");
                return None;
            }
            return Some(What::Leaf { field, test: Test::Always, zone });
        }
        let Some(operator) = self.operator else {
            let fitting: Vec<&str> =
                Operator::fitting(field.kind()).map(Operator::as_str).collect();
            complaints.add(
                "operator",
                "is missing",
                format!("write one of {}", fitting.join(", ")),
            );
            return None;
        };
        let test = test::ready(field, operator, self.value.as_ref(), complaints)?;
        Some(What::Leaf { field, test, zone })
    }
}

impl Condition {
    /// Makes rules ready. What is wrong with them is complained about, each with its place.
    pub fn ready(how: Match, rules: &[Rule], complaints: &mut Complaints<'_>) -> Option<Self> {
        let count = count(rules);
        if count > RULES_MAX {
            let what = format!("{count} rules given, {RULES_MAX} are possible");
            complaints.add("rules", what, "split the policy");
            return None;
        }
        Self::ready_at(how, rules, 0, complaints)
    }

    /// Makes rules ready that were checked when they were saved. Rules that a newer version wrote
    /// and this one cannot read match nothing.
    pub fn of_saved(how: Match, rules: &[Rule]) -> Self {
        let mut list: Vec<Complaint> = Vec::new();
        let ready = Self::ready(how, rules, &mut Complaints::new("", &mut list));
        ready.unwrap_or_default()
    }

    fn ready_at(
        how: Match,
        rules: &[Rule],
        depth: usize,
        complaints: &mut Complaints<'_>,
    ) -> Option<Self> {
        let mut nodes = Vec::with_capacity(rules.len());
        for (index, rule) in rules.iter().enumerate() {
            nodes.push(rule.ready(depth, &mut complaints.at(&format!("rules[{index}]"))));
        }
        let nodes = nodes.into_iter().collect::<Option<Vec<Node>>>()?;
        Some(Self { how, nodes })
    }

    /// Whether there are no rules: then it matches nothing.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether some rule looks at a field.
    pub fn looks_at(&self, looked: Field) -> bool {
        self.fields().contains(&looked)
    }

    /// Whether it cannot match without looking at a field: a rule that must hold does, or all of
    /// those do of which any may.
    pub fn speaks_of(&self, field: Field) -> bool {
        let mut nodes = self.nodes.iter().map(|node| match &node.what {
            What::Leaf { field: looked, .. } => *looked == field,
            What::Group(group) => group.speaks_of(field),
        });
        match self.how {
            Match::All => nodes.any(|speaks| speaks),
            Match::Any => !self.nodes.is_empty() && nodes.all(|speaks| speaks),
        }
    }

    /// Every field that some rule looks at.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for node in &self.nodes {
            match &node.what {
                What::Leaf { field, .. } => fields.push(*field),
                What::Group(group) => fields.append(&mut group.fields()),
            }
        }
        fields
    }

    /// Whether the rules match, and which rule settled it. No rules match nothing.
    pub fn decide(&self, facts: &Facts) -> Verdict {
        let stops_at = self.how == Match::Any;
        let settled = self.nodes.iter().position(|node| node.holds(facts) == stops_at);
        let decided_by = settled.and_then(|place| u16::try_from(place).ok());
        let matched = match self.how {
            Match::All => !self.nodes.is_empty() && settled.is_none(),
            Match::Any => settled.is_some(),
        };
        Verdict { matched, decided_by }
    }
}

impl Node {
    fn holds(&self, facts: &Facts) -> bool {
        let holds = match &self.what {
            What::Group(group) => group.decide(facts).matched,
            What::Leaf { field, test, zone: Some(zone) } => {
                let is_hour = *field == Field::TimeOfDay;
                test::civil(facts.at, zone).is_some_and(|(day, minute)| {
                    test.holds(&if is_hour { Values::Number(minute) } else { Values::One(day) })
                })
            }
            What::Leaf { field, test, zone: None } => test.holds(&facts.values(*field)),
        };
        holds != self.not
    }
}

/// How many rules there are, those in groups included.
fn count(rules: &[Rule]) -> usize {
    rules.iter().map(|rule| 1 + count(&rule.rules)).sum()
}

/// Complains about what the rules of one policy are made of.
pub fn check(how: Match, rules: &[Rule], complaints: &mut Complaints<'_>) {
    drop(Condition::ready(how, rules, complaints));
}

/// Visits every rule that looks at a field, those in groups included, with its path.
pub fn each_leaf<'a>(rules: &'a [Rule], path: &str, visit: &mut impl FnMut(&str, &'a Rule)) {
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if rule.rules.is_empty() {
            visit(&path, rule);
        } else {
            each_leaf(&rule.rules, &format!("{path}.rules"), visit);
        }
    }
}

#[cfg(test)]
mod tests;
