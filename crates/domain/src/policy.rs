//! Policies made ready: what a workflow, an enrollment policy and a network policy have in common,
//! and how they are asked one after the other.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of all fields a few have a meaning of their own here"
)]

use pki::algorithm::Digest;
use pki::time::Time;
use radius::attribute::Attribute;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::condition::Condition;
use crate::condition::Facts;
use crate::condition::Field;
use crate::condition::Match;
use crate::condition::Rule;
use crate::condition::Verdict;
use crate::condition::facts::NameFacts;
use crate::condition::facts::RequestFacts;
use crate::condition::outcome::RuleOutcome;
use crate::condition::possible::Known;
use crate::condition::possible::Possible;
use crate::condition::values::Values;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::former_name::CurrentNames;
use crate::network_policy::NetworkPolicy;
use crate::object::Kind;
use crate::object::Object;
use crate::organization::Organization;
use crate::policy_workflow::Grants;
use crate::policy_workflow::PolicyWorkflow;
use crate::refusal::Refusal;

/// What a workflow, an enrollment policy and a network policy have in common.
pub trait Policy: Object {
    /// What a device is expected to be where no rule says anything of it: a policy that does not
    /// look at the field matches only if the field has this value, or none.
    const IMPLIED: &'static [Implied];

    /// Whether all rules must hold, or any.
    fn match_rules(&self) -> Match;

    /// Its rules.
    fn rules(&self) -> &[Rule];

    /// Whether it decides anything at this moment.
    fn state(&self, at: Time) -> State;
}

/// A rule that holds for all policies that say nothing else of its field.
#[derive(Debug)]
pub struct Implied {
    /// What is looked at.
    pub field: Field,
    /// What it has to be, if it is known.
    pub value: Expected,
}

/// A value that an implied rule expects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expected {
    /// True or false.
    Flag(bool),
    /// A word.
    Word(&'static str),
}

/// Whether a policy decides anything at a moment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It decides.
    Active,
    /// It has no rules or no settings yet, and decides nothing.
    Draft,
    /// It only says what it would do.
    Monitor,
    /// Its time has not come.
    NotYet,
    /// Its time is over.
    Over,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Active, Self::Draft, Self::Monitor, Self::NotYet, Self::Over];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draft => "draft",
            Self::Monitor => "monitor",
            Self::NotYet => "not-yet",
            Self::Over => "over",
        }
    }
}

/// A policy that is ready to be asked.
#[derive(Clone, Debug)]
pub struct Ready<P> {
    /// As it was written.
    pub policy: P,
    condition: Condition,
    implied: Vec<&'static Implied>,
    /// Whether it speaks of an inventory that could not be read.
    takes_unread: bool,
}

/// Every workflow and policy of an organization, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Policy Management > Policy Workflows.
    pub workflows: Vec<Ready<PolicyWorkflow>>,
    /// Policy Management > Enrollment.
    pub enrollment: Vec<Ready<EnrollmentPolicy>>,
    /// Policy Management > Network.
    pub network: Vec<Ready<NetworkPolicy>>,
    /// The RADIUS attributes that some rule looks at.
    pub attributes: Vec<&'static Attribute>,
    /// What rules call that which was called otherwise before.
    pub names: CurrentNames,
}

/// How each policy came out that was asked, and which of its rules settled it, in a few bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Trace(Vec<u8>);

/// One workflow or policy that was asked, for people to see.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Step {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Whether it decides anything.
    pub state: State,
    /// Whether all of its rules must hold, or any.
    #[serde(rename = "match")]
    pub match_rules: Match,
    /// Whether they did.
    pub matched: bool,
    /// Whether this one gave the answer.
    pub decides: bool,
    /// Rule by rule.
    pub rules: Vec<RuleOutcome>,
}

/// What kept the nearest policy from matching.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Miss {
    /// The policy.
    pub policy: String,
    /// The field of the one rule that did not hold.
    pub field: String,
    /// What would have matched.
    pub expected: String,
    /// What was there.
    pub actual: String,
}

impl<P: Policy> Ready<P> {
    /// Makes a policy ready that was checked when it was saved.
    pub fn of(policy: &P) -> Self {
        let condition = Condition::of_saved(policy.match_rules(), policy.rules());
        let silent = |one: &&Implied| !condition.speaks_of(one.field);
        let implied = P::IMPLIED.iter().filter(silent).collect();
        let takes_unread = condition.speaks_of(Field::InventoryReachable);
        Self { policy: policy.clone(), condition, implied, takes_unread }
    }

    /// The rules, ready.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether it expects nothing beyond its rules that another one does not expect, too.
    pub fn expects_no_more_than(&self, other: &Self) -> bool {
        let expected = |one: &&&Implied| other.implied.iter().any(|it| it.field == one.field);
        self.implied.iter().all(|one| expected(&one))
    }

    /// Whether it matches, implied rules included.
    pub fn asks(&self, facts: &Facts) -> Verdict {
        let verdict = self.condition.decide(facts);
        if !verdict.matched {
            return verdict;
        }
        match self.implied.iter().position(|one| !one.holds(facts, self.takes_unread)) {
            None => verdict,
            Some(place) => {
                let decided_by = u16::try_from(place).ok().map(|place| u16::MAX - place);
                Verdict { matched: false, decided_by }
            }
        }
    }

    /// The same for people: rule by rule.
    pub fn step(&self, facts: &Facts, decides: bool) -> Step {
        let mut rules = self.condition.outcomes(self.policy.rules(), facts);
        rules.extend(self.failed_implied(facts).map(|one| one.outcome(facts)));
        Step {
            kind: P::KIND,
            name: self.policy.name().to_owned(),
            state: self.policy.state(facts.at),
            match_rules: self.policy.match_rules(),
            matched: self.asks(facts).matched,
            decides,
            rules,
        }
    }

    fn failed_implied(&self, facts: &Facts) -> impl Iterator<Item = &'static Implied> {
        self.implied.iter().copied().filter(|one| !one.holds(facts, self.takes_unread))
    }

    /// The one rule without which it would match; none if there are several.
    pub fn miss(&self, facts: &Facts) -> Option<(Field, Miss)> {
        let rules = self.policy.rules();
        let outcomes = self.condition.outcomes(rules, facts);
        let implied = self.failed_implied(facts).map(|one| (Some(one.field), one.outcome(facts)));
        let written = rules.iter().map(|rule| rule.field).zip(outcomes);
        // Of Match Any, a policy with one rule is near; with several, it is anybody's guess.
        if self.policy.match_rules() == Match::Any && rules.len() > 1 {
            return None;
        }
        let mut failed = written.filter(|(_, outcome)| !outcome.matched);
        let mut implied = implied.peekable();
        let (field, outcome) = match (failed.next(), implied.peek().is_some()) {
            (None, _) => implied.next()?,
            (Some(_), true) => return None,
            (Some(_), false) if failed.next().is_some() => return None,
            (Some(only), false) => only,
        };
        let miss = Miss {
            policy: self.policy.name().to_owned(),
            field: field?.name(),
            expected: outcome.expectation(),
            actual: outcome.finding(),
        };
        Some((field?, miss))
    }
}

impl Implied {
    /// Whether it holds. What is not known does, unless it is only because the inventory could not
    /// be read, and the policy does not speak of that.
    fn holds(&self, facts: &Facts, takes_unread: bool) -> bool {
        let unread = facts.inventory_unreachable && self.field != Field::CertificateExpired;
        match (facts.values(self.field), self.value) {
            (Values::None, _) => !unread || takes_unread,
            (Values::Boolean(flag), Expected::Flag(expected)) => flag == expected,
            (Values::One(word), Expected::Word(expected)) => word == expected,
            (
                Values::One(_) | Values::Many(_) | Values::Number(_) | Values::Boolean(_),
                Expected::Flag(_) | Expected::Word(_),
            ) => false,
        }
    }

    fn outcome(&self, facts: &Facts) -> RuleOutcome {
        let expected = match self.value {
            Expected::Flag(flag) => flag.to_string(),
            Expected::Word(word) => word.to_owned(),
        };
        RuleOutcome::implied(self.field, expected, facts)
    }
}

impl Policies {
    /// Makes the policies of an organization ready.
    pub fn of(organization: &Organization) -> Self {
        let mut policies = Self {
            workflows: organization.policy_workflow.iter().map(Ready::of).collect(),
            enrollment: organization.enrollment_policy.iter().map(Ready::of).collect(),
            network: organization.network_policy.iter().map(Ready::of).collect(),
            attributes: Vec::new(),
            names: CurrentNames::of(organization),
        };
        policies.attributes = policies.looked_at();
        policies
    }

    /// What is known of the devices of a gateway before any has come: the roles that all of them
    /// have, and those that some may have.
    pub fn known_of(&self, gateway: &str) -> Known {
        let mut surely = Facts::of_provider(Some(gateway), Time(0));
        let names = NameFacts::default();
        let (key_type, renewal) = (None, false);
        let request = RequestFacts { gateway: gateway.to_owned(), names, key_type, renewal };
        surely.request = Some(request);
        let mut known = Known { perhaps: surely.clone(), surely };
        for workflow in &self.workflows {
            let possible = workflow.condition.possible(&known);
            let add = |facts: &mut Facts| match workflow.policy.grants {
                Grants::UserRole => facts.roles.push(workflow.policy.name.clone()),
                Grants::DeviceRole => facts.device_roles.push(workflow.policy.name.clone()),
            };
            if possible == Possible::Yes {
                add(&mut known.surely);
            }
            if possible != Possible::No {
                add(&mut known.perhaps);
            }
        }
        known
    }

    fn looked_at(&self) -> Vec<&'static Attribute> {
        let workflows = self.workflows.iter().map(|one| &one.condition);
        let policies = self.network.iter().map(|one| &one.condition);
        let fields = workflows.chain(policies).flat_map(Condition::fields);
        let attribute = |field| match field {
            Field::NetworkAttribute(attribute) => Some(attribute),
            _ => None,
        };
        let mut attributes: Vec<&'static Attribute> = fields.filter_map(attribute).collect();
        attributes.sort_by_key(|one| one.name);
        attributes.dedup_by_key(|one| one.name);
        attributes
    }

    /// Whether some network policy that is not a draft speaks of a field.
    pub fn network_speaks_of(&self, field: Field) -> bool {
        let mut policies = self.network.iter();
        policies.any(|one| one.policy.settings.is_some() && one.condition.speaks_of(field))
    }
}

/// What the policies of one kind say.
#[derive(Debug)]
pub struct Found<'a, P> {
    /// The first that matches and decides.
    pub policy: Option<&'a Ready<P>>,
    /// Those before it that only say what they would do.
    pub monitors: Vec<&'a P>,
}

/// Asks policies one after the other until one decides.
pub fn first<'a, P: Policy>(
    policies: &'a [Ready<P>],
    facts: &Facts,
    trace: &mut Trace,
) -> Found<'a, P> {
    let mut monitors = Vec::new();
    for (place, ready) in policies.iter().enumerate() {
        let state = ready.policy.state(facts.at);
        let asked = matches!(state, State::Active | State::Monitor);
        let silent = Verdict { matched: false, decided_by: None };
        let verdict = if asked { ready.asks(facts) } else { silent };
        trace.note(P::KIND, place, state, verdict);
        match (verdict.matched, state) {
            (true, State::Active) => return Found { policy: Some(ready), monitors },
            (true, State::Monitor) => monitors.push(&ready.policy),
            (true, State::Draft | State::NotYet | State::Over) | (false, _) => {}
        }
    }
    Found { policy: None, monitors }
}

/// The first policy that one rule, or its schedule, kept from matching. Those for other roles are
/// not near.
pub fn nearest<'a, P: Policy + 'a>(
    policies: impl Iterator<Item = &'a Ready<P>>,
    facts: &Facts,
) -> Option<(Field, Miss)> {
    let role = |field| matches!(field, Field::IdentityRole | Field::DeviceRole);
    let mut policies = policies;
    policies.find_map(|ready| match ready.policy.state(facts.at) {
        State::Active => ready.miss(facts).filter(|(field, _)| !role(*field)),
        State::NotYet | State::Over if ready.asks(facts).matched => {
            let field = Field::TimeOfDay;
            let policy = ready.policy.name().to_owned();
            let (expected, actual) = ("its schedule".to_owned(), facts.at.to_rfc3339());
            Some((field, Miss { policy, field: "schedule".to_owned(), expected, actual }))
        }
        State::Draft | State::Monitor | State::NotYet | State::Over => None,
    })
}

/// Nobody meant a policy for certificates that have expired that does not speak of them.
pub const NOT_EXPIRED: Implied =
    Implied { field: Field::CertificateExpired, value: Expected::Flag(false) };

/// Nobody meant a policy for devices that are lost, wiped or retired that does not speak of them.
pub const DEVICE_ACTIVE: Implied =
    Implied { field: Field::DeviceStatus, value: Expected::Word("active") };

/// Nobody meant a policy for people whose account is disabled that does not speak of them.
pub const PERSON_ACTIVE: Implied =
    Implied { field: Field::IdentityStatus, value: Expected::Word("active") };

/// The refusal that says best what kept the nearest policy from matching; `other` is for what has
/// no code of its own.
pub fn missed(
    field: Field,
    miss: Miss,
    facts: &Facts,
    other: impl FnOnce(Miss) -> Refusal,
) -> Refusal {
    let Miss { policy, actual, expected, .. } = miss.clone();
    let device = || {
        let name = facts.device.as_ref().map(|device| device.name.clone());
        name.or_else(|| facts.certificate.as_ref()?.names.common_name.first().cloned())
            .unwrap_or_else(|| "without a name".to_owned())
    };
    if let Field::TimeOfDay | Field::TimeWeekday = field {
        return Refusal::PolicyNotNow { policy, expected, actual };
    }
    let unread = facts.inventory_unreachable && facts.values(field).is_none();
    match field {
        Field::DeviceStatus | Field::IdentityStatus if unread => {
            Refusal::StoreUnavailable { what: "the inventory could not be read".to_owned() }
        }
        Field::DeviceKnown => Refusal::DeviceUnknown { device: device(), policy },
        Field::DeviceStatus => Refusal::DeviceNotActive { device: device(), status: actual },
        Field::IdentityStatus => {
            let person = facts.person.as_ref().map(|person| person.name.clone());
            Refusal::PersonDisabled { person: person.unwrap_or_default() }
        }
        Field::DeviceInventoryAge => {
            Refusal::InventoryStale { device: device(), hours: actual, policy }
        }
        Field::CertificateAssurance => {
            Refusal::AssuranceLow { assurance: actual, expected, policy }
        }
        Field::NetworkMac | Field::NetworkMacKnown => {
            let mac = facts.network.as_ref().and_then(|network| network.mac.clone());
            Refusal::MacDiffers { device: device(), mac: mac.unwrap_or_default(), policy }
        }
        Field::CertificateExpired => {
            let certificate = facts.certificate.as_ref();
            let serial = certificate.and_then(|it| it.serial.clone()).unwrap_or_default();
            let not_after = certificate.and_then(|it| it.not_after);
            Refusal::CertificateExpired { serial, not_after }
        }
        Field::IdentityGroups => Refusal::GroupMissing { groups: actual, expected, policy },
        _ => other(miss),
    }
}

/// Bytes of a trace's digest that are kept.
const DIGEST_BYTES: usize = 8;

impl Trace {
    /// Notes how one that was asked came out.
    pub fn note(&mut self, kind: Kind, place: usize, state: State, verdict: Verdict) {
        let [high, low] = u16::try_from(place).unwrap_or(u16::MAX).to_be_bytes();
        let [first, second] = verdict.decided_by.unwrap_or(u16::MAX / 2).to_be_bytes();
        let matched = u8::from(verdict.matched);
        self.0.extend_from_slice(&[kind as u8, state as u8, matched, high, low, first, second]);
    }

    /// What is kept of it: the beginning of its SHA-256, in hexadecimal digits.
    pub fn digest(&self) -> String {
        let digest = Digest::Sha256.compute(&self.0).unwrap_or_default();
        digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}
