//! Why a device was answered as it was: the answer, the way to it, and what to do.
//!
//! The way is not kept: it is worked out again by the function that decided, from what the decision
//! rested on and the policies of its version, and compared with what was kept of it.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of all events two kinds are answers to devices, and the others tell all themselves"
)]

use domain::actor::Actor;
use domain::actor::Permission;
use domain::condition::Facts;
use domain::decision::Explained;
use domain::decision::Monitored;
use domain::decision::Question;
use domain::event::Event;
use domain::event::EventKind;
use domain::event::Outcome;
use domain::mac::Mac;
use domain::policy::Policies;
use domain::policy::Step;
use domain::refusal::Refusal;
use domain::refusal::cause::likely_cause;
use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use store::event::About;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::decision::simulate;
use crate::unavailable;

/// Longest text that is looked for.
const TEXT_BYTES_MAX: usize = 512;

/// An answer to a device, explained.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// The event of the answer.
    pub event: Uuid,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What happened.
    pub kind: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Who asked.
    pub actor: String,
    /// What it was about, as `kind:name`.
    pub object: String,
    /// The stable code of a no.
    pub code: Option<String>,
    /// The answer as a sentence.
    pub reason: String,
    /// What is usually behind a no like this.
    pub cause: Option<String>,
    /// What to do about a no.
    pub fix: Option<String>,
    /// The policy that decided.
    pub policy: Option<String>,
    /// The version of the policies that decided.
    pub policy_version: Option<i64>,
    /// The roles of the device's owner.
    pub roles: Vec<String>,
    /// The roles of the device.
    pub device_roles: Vec<String>,
    /// Policies that only say what they would do, and would have decided.
    pub monitors: Vec<Monitored>,
    /// Workflow by workflow, then policy by policy until one decided. Empty where the answer was
    /// given before any policy was asked.
    pub path: Vec<Step>,
    /// What the decision rested on.
    #[schema(value_type = Option<Object>)]
    pub inputs: Option<Facts>,
    /// Whether the way that is shown is the way that was taken; none if there is nothing to compare.
    pub verified: Option<bool>,
    /// Why the way cannot be shown, if it cannot.
    pub note: Option<String>,
    /// What else is on record: where, how, how long it took.
    pub details: Map<String, Value>,
}

/// Explains an event, or the newest answer about a certificate, an address or a device.
pub async fn explain(app: &App, actor: &Actor, about: &str) -> Result<Explanation, Refusal> {
    for permission in
        [Permission::EventRead, Permission::OrganizationRead, Permission::InventoryRead]
    {
        actor.may(permission)?;
    }
    let about = about.trim();
    if about.is_empty() || about.len() > TEXT_BYTES_MAX {
        let what = "is to be an event's id, a serial number, an address or a device".to_owned();
        return Err(Refusal::ParameterWrong { parameter: "about".into(), what });
    }
    let event = find(app, about).await?.ok_or_else(|| Refusal::NotFound {
        noun: "answer to a device".into(),
        name: about.chars().take(64).collect(),
    })?;
    explain_event(app, event).await
}

/// The newest answer about something. Answers of policies count before other news.
async fn find(app: &App, about: &str) -> Result<Option<Event>, Refusal> {
    // Without its hyphens it could be a serial number.
    if let (true, Ok(id)) = (about.contains('-'), Uuid::parse_str(about)) {
        return store::event::find(&app.store, id).await.map_err(unavailable);
    }
    if let Ok(serial) = Serial::parse_text(about)
        && let Some(event) = newest(app, About::Object(&format!("certificate:{serial}"))).await?
    {
        return Ok(Some(event));
    }
    if let Some(mac) = Mac::parse(about)
        && let Some(event) = newest(app, About::Station(&mac.to_string())).await?
    {
        return Ok(Some(event));
    }
    let mut found = newest(app, About::Device(about)).await?;
    let subject = match simulate::find(app, about).await {
        Ok(subject) => subject,
        Err(Refusal::NotFound { .. }) => return Ok(found),
        Err(refusal) => return Err(refusal),
    };
    let of_name = newest(app, About::Device(subject.name())).await?;
    found = found.into_iter().chain(of_name).max_by_key(|event| event.id);
    // A device that joined before its name was on record is known by its certificate.
    if let Some(serial) = subject.serial() {
        let of_certificate = newest(app, About::Object(&format!("certificate:{serial}"))).await?;
        found = found.into_iter().chain(of_certificate).max_by_key(|event| event.id);
    }
    Ok(found)
}

/// Most events that are looked through for the newest answer.
const LOOKED_THROUGH: u32 = 50;

async fn newest(app: &App, about: About<'_>) -> Result<Option<Event>, Refusal> {
    let events = store::event::about(&app.store, about, LOOKED_THROUGH).await;
    let events = events.map_err(unavailable)?;
    let answers = |event: &&Event| {
        matches!(event.kind, EventKind::VisitAnswered | EventKind::CertificateIssued)
    };
    Ok(events.iter().find(answers).or(events.first()).cloned())
}

async fn explain_event(app: &App, event: Event) -> Result<Explanation, Refusal> {
    let mut explanation = told(&event);
    let question = match event.kind {
        EventKind::VisitAnswered => Question::Access,
        EventKind::CertificateIssued => Question::Enrollment,
        _ => return Ok(explanation),
    };
    let text = |key: &str| event.details.get(key).and_then(Value::as_str);
    let Some(digest) = text("inputs") else {
        explanation.note = Some("the answer was given before any policy was asked".to_owned());
        return Ok(explanation);
    };
    let inputs = store::decision::find(&app.store, digest).await.map_err(unavailable)?;
    let at = text("decided_at").and_then(Time::parse_rfc3339).unwrap_or(event.at.time());
    let Some(facts) = inputs.and_then(|inputs| inputs.facts(at)) else {
        let note = "what the decision rested on is no longer on record";
        explanation.note = Some(note.to_owned());
        return Ok(explanation);
    };
    let version = explanation.policy_version.unwrap_or_default();
    explanation.inputs = Some(facts.clone());
    let Some(policies) = policies_of(app, version).await? else {
        let note = format!("the policies of version {version} are not on record");
        explanation.note = Some(note);
        return Ok(explanation);
    };
    let explained = domain::decision::explain(&policies, question, facts);
    explanation.verified = text("trace").map(|trace| trace == explained.trace);
    if explanation.verified == Some(false) {
        let note = "worked out again, the policies decide in another way than they did: what is on \
                    record of them or of the decision was changed";
        explanation.note = Some(note.to_owned());
    }
    let Explained { roles, device_roles, path, .. } = explained;
    (explanation.roles, explanation.device_roles, explanation.path) = (roles, device_roles, path);
    Ok(explanation)
}

/// The policies of a version, ready to be asked.
async fn policies_of(app: &App, version: i64) -> Result<Option<Policies>, Refusal> {
    let rules = app.snapshot.rules();
    if rules.version == version {
        return Ok(Some(rules.policies.clone()));
    }
    let found = store::object_version::policies_at(&app.store, version).await;
    Ok(found.map_err(unavailable)?.map(|organization| Policies::of(&organization)))
}

/// What the event itself tells.
fn told(event: &Event) -> Explanation {
    let mut details = event.details.clone();
    let reason = event.refusal.as_ref().map(Refusal::reason);
    let policy = details.get("policy").and_then(Value::as_str).map(str::to_owned);
    let monitors = details.remove("monitors").map(serde_json::from_value);
    let monitors = monitors.and_then(Result::ok).unwrap_or_default();
    let policy_version = details.get("policy_version").and_then(Value::as_i64);
    for shown_elsewhere in ["policy", "policy_version", "roles", "inputs", "trace"] {
        details.remove(shown_elsewhere);
    }
    let shown = event.shown();
    let yes = || yes(event, policy.as_deref());
    let code = reason.as_ref().map(|reason| reason.code.clone());
    Explanation {
        event: event.id,
        at: shown.at,
        kind: shown.kind,
        outcome: event.outcome,
        actor: event.actor.clone(),
        object: event.object.clone(),
        cause: code.as_deref().and_then(likely_cause).map(str::to_owned),
        code,
        reason: reason.as_ref().map_or_else(yes, |reason| reason.sentence.clone()),
        fix: reason.map(|reason| reason.fix),
        policy,
        policy_version,
        roles: Vec::new(),
        device_roles: Vec::new(),
        monitors,
        path: Vec::new(),
        inputs: None,
        verified: None,
        note: None,
        details,
    }
}

/// The sentence of a yes.
fn yes(event: &Event, policy: Option<&str>) -> String {
    let policy = policy.unwrap_or("no policy");
    let vlan = event.details.get("vlan").and_then(Value::as_str);
    match event.kind {
        EventKind::VisitAnswered => match vlan {
            Some(vlan) => format!("the network policy {policy} lets the device in, VLAN {vlan}"),
            None => format!("the network policy {policy} lets the device in"),
        },
        EventKind::CertificateIssued => {
            format!("the enrollment policy {policy} gave the device a certificate")
        }
        _ => format!("{} was {}", event.object, event.kind.as_str()),
    }
}
