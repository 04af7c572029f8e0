//! Looking at what happened.

use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::EventKind;
use domain::event::Shown;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use crate::App;
use crate::certificate::Page;
use crate::unavailable;
use crate::world::Said;

/// A page of events, newest first, before the cursor of another page.
pub async fn list(
    app: &App,
    actor: &Actor,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::EventRead)?;
    let before = cursor.map(parse).transpose()?;
    let limit = limit.clamp(1, store::event::PAGE_MAX);
    let events = store::event::list(&app.store, before, limit).await.map_err(unavailable)?;
    let full = u32::try_from(events.len()).is_ok_and(|count| count == limit);
    let next = events.last().filter(|_| full).map(|last| last.id.to_string());
    Ok(Page { items: events.iter().map(domain::event::Event::shown).collect(), next })
}

/// One event.
pub async fn show(app: &App, actor: &Actor, id: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::EventRead)?;
    let found = store::event::find(&app.store, parse(id)?).await.map_err(unavailable)?;
    let missing = || Refusal::NotFound { noun: "event".into(), name: id.to_owned() };
    Ok(found.ok_or_else(missing)?.shown())
}

/// Records that somebody was not let in at the API, as answers to devices are: bounded, and never
/// waited for.
pub fn note_refused_request(
    app: &App,
    (actor, from): (String, Option<IpAddr>),
    place: &str,
    refusal: Refusal,
) {
    let mut details = Map::new();
    if let Some(from) = from {
        details.insert("address".into(), Value::from(from.to_canonical().to_string()));
    }
    let said = Said { actor, object: format!("api:{place}"), details };
    app.snapshot.journal().note(app.world.event(EventKind::ApiRefused, Some(refusal), said));
}

fn parse(id: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(id).map_err(|_| Refusal::ParameterWrong {
        parameter: "event".into(),
        what: "is not the id of an event".into(),
    })
}
