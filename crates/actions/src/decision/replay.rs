//! Replay: what devices really asked, answered once more by the policies of now and by a draft of
//! others. Who would lose access, who would gain it, before anything is saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::condition::Facts;
use domain::condition::facts::Inputs;
use domain::decision;
use domain::event::Event;
use domain::event::Moment;
use domain::network_policy::Access;
use domain::network_policy::attribute;
use domain::organization::Organization;
use domain::policy::Policies;
use domain::refusal::Refusal;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::decision::simulate;
use crate::decision::simulate::Rulebook;
use crate::organization::NotApplied;
use crate::unavailable;

/// Most days that are looked back on.
pub const DAYS_MAX: u32 = 366;

/// Most decisions of one call; who wants more goes on where it ended.
pub const DECISIONS_MAX: usize = 20_000;

/// Most devices that one call tells of, each once; a school district has fewer.
pub const DEVICES_MAX: usize = 250_000;

const DAY_SECONDS: i64 = 86_400;

/// What is to be replayed.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// How many days back.
    pub days: u32,
    /// A document of the declarative file's shape.
    pub draft: Value,
    /// Where to go on: what the last call said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Uuid>,
}

/// How one device fares.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Fare {
    /// The id of its record, else the number of its certificate.
    pub id: String,
    /// What it is called.
    pub device: String,
    /// The last decision about it that comes out otherwise; else its last one.
    pub event: Uuid,
    /// When that was (RFC 3339, UTC).
    pub at: Time,
    /// The access point that it asked at.
    pub access_point: String,
    /// What the policies of now say.
    pub before: Answer,
    /// What the draft says.
    pub after: Answer,
    /// What the draft does to it.
    pub change: Change,
    /// How many of its decisions were replayed.
    pub decisions: u64,
}

/// One answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = ReplayAnswer)]
pub struct Answer {
    /// Whether it gets in.
    pub access: Access,
    /// The policy that decides.
    pub policy: Option<String>,
    /// The VLAN.
    pub vlan: Option<String>,
    /// The code of a no.
    pub code: Option<String>,
    /// The sentence of a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a draft does to a device.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[schema(as = ReplayChange)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It gets in now and would not.
    Loses,
    /// It does not get in and would.
    Gains,
    /// It gets in both ways, into another VLAN.
    Moves,
    /// Nothing that it would notice.
    Same,
}

/// What a call replayed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Replayed {
    /// Decisions that were answered again.
    pub decisions: u64,
    /// Decisions of which it is not on record what they rested on.
    pub without_inputs: u64,
    /// Decisions to which the policies of now give another answer than was given then.
    pub answered_otherwise: u64,
    /// Each device once.
    pub devices: Vec<Fare>,
    /// Where to go on; none when all is done.
    pub next: Option<Uuid>,
}

/// Answers what devices asked once more.
pub async fn replay(app: &App, actor: &Actor, request: &Request) -> Result<Replayed, NotApplied> {
    for permission in
        [Permission::EventRead, Permission::OrganizationRead, Permission::InventoryRead]
    {
        actor.may(permission)?;
    }
    if !(1..=DAYS_MAX).contains(&request.days) {
        let what = format!("is not from 1 to {DAYS_MAX}");
        return Err(Refusal::ParameterWrong { parameter: "days".into(), what }.into());
    }
    let (now, draft) =
        (simulate::current(app), simulate::drafted(app, request.draft.clone()).await?);
    let start = app.world.time().plus_seconds(-i64::from(request.days) * DAY_SECONDS);
    let after = request.after.unwrap_or_else(|| first_id(start));
    let mut replayer = Replayer::new(now, draft);
    replayer.run(app, after).await?;
    Ok(replayer.end())
}

/// Days that a change of the policies is held against before it is saved.
const GUARD_DAYS: i64 = 7;

/// Who would lose access by a change of the policies.
pub(crate) struct Losses {
    /// How many devices.
    pub(crate) count: u64,
    /// Of how many that asked.
    pub(crate) of: u64,
    /// What they are called.
    pub(crate) names: Vec<String>,
}

/// Of the devices that asked for access in the last days, those that would lose it by a change of
/// the policies: as many decisions are looked at as one call replays.
pub(crate) async fn losses(app: &App, organization: &Organization) -> Result<Losses, Refusal> {
    let (now, policies) = (simulate::current(app), Policies::of(organization));
    let draft = Rulebook { organization: Arc::new(organization.clone()), policies };
    let start = app.world.time().plus_seconds(-GUARD_DAYS * DAY_SECONDS);
    let mut replayer = Replayer::new(now, draft);
    replayer.run(app, first_id(start)).await?;
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let of = count(replayer.fares.len());
    let losing = replayer.fares.into_values().filter(|fare| fare.change == Change::Loses);
    let names: Vec<String> = losing.map(|fare| fare.device).collect();
    Ok(Losses { count: count(names.len()), of, names })
}

/// The id before all of a moment.
fn first_id(at: Time) -> Uuid {
    Event::id_at(Moment(at.0.saturating_mul(1000)), [0; 10])
}

struct Replayer {
    now: Rulebook,
    draft: Rulebook,
    replayed: Replayed,
    fares: BTreeMap<String, Fare>,
}

impl Replayer {
    fn new(now: Rulebook, draft: Rulebook) -> Self {
        Self { now, draft, replayed: Replayed::default(), fares: BTreeMap::new() }
    }

    /// Takes decisions behind an event until there are no more, or as many as one call may.
    async fn run(&mut self, app: &App, mut after: Uuid) -> Result<(), Refusal> {
        loop {
            let batch = store::decision::access_after(&app.store, after).await;
            let batch = batch.map_err(unavailable)?;
            let count = batch.len();
            for (event, inputs) in batch {
                after = event.id;
                self.take(&event, inputs.as_ref());
            }
            if count < store::decision::BATCH {
                return Ok(());
            }
            if self.is_full() {
                self.replayed.next = Some(after);
                return Ok(());
            }
        }
    }

    fn is_full(&self) -> bool {
        let decisions = self.replayed.decisions + self.replayed.without_inputs;
        usize::try_from(decisions).is_ok_and(|count| count >= DECISIONS_MAX)
            || self.fares.len() >= DEVICES_MAX
    }

    fn take(&mut self, event: &Event, inputs: Option<&Inputs>) {
        let text = |key: &str| event.details.get(key).and_then(Value::as_str);
        if text("inputs").is_none() {
            // No policy was asked. Only of what has expired could one speak that was not there.
            if let Some(Refusal::CertificateExpired { .. }) = event.refusal {
                self.replayed.without_inputs += 1;
            }
            return;
        }
        let at = text("decided_at").and_then(Time::parse_rfc3339).unwrap_or(event.at.time());
        let Some(facts) = inputs.and_then(|inputs| inputs.facts(at)) else {
            self.replayed.without_inputs += 1;
            return;
        };
        self.replayed.decisions += 1;
        let before = answer(&self.now, facts.clone());
        let after = answer(&self.draft, facts.clone());
        let then = if event.refusal.is_some() { Access::Refuse } else { Access::Accept };
        let vlan_then = text("vlan");
        let same_vlan = then == Access::Refuse || vlan_then == before.vlan.as_deref();
        if then != before.access || !same_vlan {
            self.replayed.answered_otherwise += 1;
        }
        let change = change(&before, &after);
        let access_point = text("access_point").unwrap_or_default().to_owned();
        let (id, device) = (simulate::key_of(&facts), simulate::name_of(&facts));
        let known = self.fares.get(&id);
        let decisions = known.map_or(0, |known| known.decisions) + 1;
        // The last decision that changes most for the device stands for it.
        match self.fares.get_mut(&id) {
            Some(known) if known.change < change => known.decisions = decisions,
            _ => {
                let event = event.id;
                let fare = Fare {
                    id: id.clone(),
                    device,
                    event,
                    at,
                    access_point,
                    before,
                    after,
                    change,
                    decisions,
                };
                self.fares.insert(id, fare);
            }
        }
    }

    fn end(mut self) -> Replayed {
        self.replayed.devices = self.fares.into_values().collect();
        self.replayed.devices.sort_by_key(|fare| fare.change);
        self.replayed
    }
}

fn answer(rulebook: &Rulebook, facts: Facts) -> Answer {
    // What was decided on may have been called otherwise then.
    let facts = facts.under(&rulebook.policies.names);
    let decided = decision::of_visit(&rulebook.policies, facts);
    let policy = decided.decision.decided_by.map(str::to_owned);
    let no = |refusal: &Refusal, policy: Option<String>| Answer {
        access: Access::Refuse,
        policy,
        vlan: None,
        code: Some(refusal.code().to_owned()),
        reason: Some(refusal.sentence()),
    };
    match decided.decision.answer {
        Err(refusal) => no(&refusal, policy),
        Ok(_) => {
            let facts = &decided.facts;
            match simulate::reply(&rulebook.organization, policy.as_deref(), facts) {
                Err(refusal) => no(&refusal, policy),
                Ok(attributes) => {
                    let vlan = attribute::vlan(&attributes);
                    Answer { access: Access::Accept, policy, vlan, code: None, reason: None }
                }
            }
        }
    }
}

fn change(before: &Answer, after: &Answer) -> Change {
    match (before.access, after.access) {
        (Access::Accept, Access::Refuse) => Change::Loses,
        (Access::Refuse, Access::Accept) => Change::Gains,
        (Access::Accept, Access::Accept) if before.vlan != after.vlan => Change::Moves,
        (Access::Accept, Access::Accept) | (Access::Refuse, Access::Refuse) => Change::Same,
    }
}
