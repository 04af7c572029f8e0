//! A device's whole story: what is known of it, its certificates, how it was answered, and how it
//! would be now.

use domain::access_point::AccessPoint;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::EventKind;
use domain::event::Shown as ShownEvent;
use domain::object::Kind;
use domain::person::Person;
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::Value;

use super::Shown;
use crate::App;
use crate::decision::simulate;
use crate::decision::simulate::Simulated;
use crate::decision::simulate::Trial;
use crate::event;
use crate::event::Ask;

/// Events that are looked at, the newest: a week of a device that joins every hour.
const EVENTS_MAX: u32 = 200;

/// Sessions that are told, at most.
const SESSIONS_MAX: usize = 20;

/// Events of the timeline, at most.
const TIMELINE_MAX: usize = 50;

/// The whole story. What the actor may not see is none.
#[derive(Clone, Debug, Serialize)]
pub struct Story {
    /// The device, each fact with its source and age, and its certificates, newest first.
    pub device: Shown,
    /// Its owner, if that is a person of the inventory.
    pub owner: Option<Person>,
    /// Its last sessions: what asked for access, and what access points told, newest first.
    pub sessions: Option<Vec<ShownEvent>>,
    /// Enrollment and authentication, one after the other, newest first.
    pub timeline: Option<Vec<ShownEvent>>,
    /// Where it last asked for access.
    pub last: Option<LastPlace>,
    /// What the policies of now would answer there; without a place, anywhere.
    pub answer: Option<Simulated>,
}

/// Where a device asked for access.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LastPlace {
    /// The access point, by its name of now; none if it is no longer defined.
    pub access_point: Option<String>,
    /// The wireless network.
    pub ssid: Option<String>,
    /// The address that it joined with.
    pub mac: Option<String>,
}

/// Tells the story of a device: by name, serial number, UDID, id or address.
pub async fn tell(app: &App, actor: &Actor, text: &str) -> Result<Story, Refusal> {
    let mut device = super::show(app, actor, text).await?;
    if !actor.can(Permission::CertificateRead) {
        device.certificates = None;
    }
    let owner = app.snapshot.inventory().owner_of(&device.device);
    let events = match actor.can(Permission::EventRead) {
        true => {
            let ask = Ask { limit: EVENTS_MAX, ..Ask::default() };
            let id = device.device.id.to_string();
            Some(event::of_device(app, actor, &id, ask).await?.items)
        }
        false => None,
    };
    let last = events.as_ref().and_then(|events| last_place(app, events));
    let answer = answer(app, actor, &device, last.as_ref()).await?;
    let sessions = events.as_ref().map(|events| {
        let sessions = events.iter().filter(|event| is_session(event));
        sessions.take(SESSIONS_MAX).cloned().collect()
    });
    let timeline = events.map(|mut events| {
        events.truncate(TIMELINE_MAX);
        events
    });
    let owner = owner.map(|owner| (*owner).clone());
    Ok(Story { device, owner, sessions, timeline, last, answer })
}

fn is_session(event: &ShownEvent) -> bool {
    [EventKind::VisitAnswered, EventKind::SessionReported]
        .iter()
        .any(|kind| event.kind == kind.as_str())
}

/// Where the newest of these events that asked for access took place.
fn last_place(app: &App, events: &[ShownEvent]) -> Option<LastPlace> {
    let access = EventKind::VisitAnswered.as_str();
    let event = events.iter().find(|event| event.kind == access)?;
    let text = |key: &str| event.details.get(key).and_then(Value::as_str).map(str::to_owned);
    let rules = app.snapshot.rules();
    let name_of_now = |name: String| {
        let now = rules.policies.names.find(Kind::AccessPoint, &name);
        now.map_or(name.clone(), str::to_owned)
    };
    let is_there = |name: &String| rules.organization.find::<AccessPoint>(name).is_some();
    Some(LastPlace {
        access_point: text("access_point").map(name_of_now).filter(is_there),
        ssid: text("ssid"),
        mac: text("calling_station"),
    })
}

/// What would be answered now, if the actor may know.
async fn answer(
    app: &App,
    actor: &Actor,
    device: &Shown,
    last: Option<&LastPlace>,
) -> Result<Option<Simulated>, Refusal> {
    let needed = [Permission::OrganizationRead, Permission::CertificateRead];
    if !needed.iter().all(|permission| actor.can(*permission)) {
        return Ok(None);
    }
    let subject = simulate::find(app, &device.device.id.to_string()).await?;
    let trial = Trial {
        device: device.device.id.to_string(),
        access_point: last.and_then(|last| last.access_point.clone()),
        ssid: last.and_then(|last| last.ssid.clone()),
        mac: last.and_then(|last| last.mac.clone()),
        ..Trial::default()
    };
    simulate::try_out(app, &simulate::current(app), &subject, &trial).map(Some)
}
