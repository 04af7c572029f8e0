//! Events: the audit and the visits, written with what they explain and read back as one list.

pub mod count;
pub mod heard;
pub mod knock;
pub mod log;

use domain::event::Event;
use domain::event::EventKind;
use domain::event::Log;
use domain::event::Moment;
use domain::event::Outcome;
use domain::mac::Mac;
use domain::refusal::Refusal;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::Store;
use crate::StoreError;
use crate::decision;
use crate::value::Row;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::EventRow;
use crate::write::Why;
use crate::write::Write;

/// Most events on one page.
pub const PAGE_MAX: u32 = 1000;

/// What the tables keep as JSON.
#[derive(Deserialize, Serialize)]
struct Body {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    details: Map<String, Json>,
}

/// Commits a change together with the events that explain it.
pub async fn commit(write: Write, store: &Store, events: &[Event]) -> Result<(), CommitError> {
    let write = count::add(write, events, store.lane());
    let mut write = knock::add(write, events, store.lane());
    let mut audit = Vec::new();
    for event in events {
        let row = row_of(event);
        if let Some(inputs) = &event.inputs {
            write = decision::keep(write, inputs, row.at);
        }
        match event.kind.log() {
            Log::Audit => audit.push(row),
            Log::Visit => write = add_visit(write, row, event),
        }
    }
    let why = if audit.is_empty() {
        Why::Bookkeeping(Bookkeeping::VisitsJournaled)
    } else {
        Why::Events(audit)
    };
    write.commit(store, why).await?;
    store.heard.tell(events);
    Ok(())
}

/// Written again, because nobody knew whether it was, it stays what it is.
fn add_visit(write: Write, row: EventRow, event: &Event) -> Write {
    let details = &event.details;
    let code = event.refusal.as_ref().map(Refusal::code);
    let text = |key: &str| details.get(key).and_then(Json::as_str).map(without_nul);
    let station = text("calling_station");
    let station = station.map(|text| Mac::parse(&text).map_or(text, |mac| mac.to_string()));
    write.execute(
        "insert into visit (id, at, kind, outcome, actor, object, body, station, device,
         inputs, code, policy) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (id) do nothing",
        [
            Value::from(row.id),
            Value::from(row.at),
            Value::from(row.kind),
            Value::from(row.outcome),
            Value::from(row.actor),
            Value::from(row.object),
            Value::from(row.body),
            Value::from(station),
            Value::from(text("device")),
            Value::from(text("inputs")),
            Value::from(code.map(str::to_owned)),
            Value::from(text("policy")),
        ],
    )
}

fn row_of(event: &Event) -> EventRow {
    let body = Body { refusal: event.refusal.clone(), details: event.details.clone() };
    EventRow {
        id: event.id.to_string(),
        at: event.at.time(),
        kind: event.kind.as_str().to_owned(),
        outcome: event.outcome.as_str().to_owned(),
        actor: without_nul(&event.actor),
        object: without_nul(&event.object),
        body: serde_json::to_string(&body).unwrap_or_default(),
    }
}

/// PostgreSQL keeps no NUL in a text, and what devices say of themselves may hold one.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Finds one event.
pub async fn find(store: &Store, id: Uuid) -> Result<Option<Event>, StoreError> {
    let sql = "select id, kind, outcome, actor, object, body from audit where id = $1
        union all select id, kind, outcome, actor, object, body from visit where id = $1";
    let row = store.query_one(sql, [Value::from(id.to_string())]).await?;
    row.as_ref().map(event).transpose()
}

/// What answers are looked for by.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// The address that the device joined with, as [`Mac`] writes it.
    Station(&'a str),
    /// What the device is called.
    Device(&'a str),
    /// An object, as `kind:name`.
    Object(&'a str),
}

/// The newest answers to devices about something, newest first.
pub async fn about(store: &Store, about: About<'_>, limit: u32) -> Result<Vec<Event>, StoreError> {
    let (column, value) = match about {
        About::Station(value) => ("station", value),
        About::Device(value) => ("device", value),
        About::Object(value) => ("object", value),
    };
    let sql = format!(
        "select id, kind, outcome, actor, object, body from visit where {column} = $1
         order by id desc limit $2"
    );
    let args = [Value::from(value), Value::from(limit.clamp(1, PAGE_MAX))];
    store.query(sql, args).await?.iter().map(event).collect()
}

/// The newest answers to devices of one kind, newest first, those before the event `before` if
/// given.
pub async fn of_kind(
    store: &Store,
    kind: EventKind,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let before = before.unwrap_or(Uuid::max()).to_string();
    let sql = "select id, kind, outcome, actor, object, body from visit
         where kind = $1 and id < $2 order by id desc limit $3";
    let limit = limit.clamp(1, PAGE_MAX);
    let args = [Value::from(kind.as_str()), Value::from(before), Value::from(limit)];
    store.query(sql, args).await?.iter().map(event).collect()
}

pub(crate) fn event(row: &Row) -> Result<Event, StoreError> {
    let id = Uuid::parse_str(row.text(0)?).map_err(|error| unreadable(&error))?;
    let timestamp = id.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    let seconds = i64::try_from(timestamp.0).unwrap_or(i64::MAX / 1000);
    let kind = EventKind::parse(row.text(1)?).ok_or_else(|| unreadable(&row.text(1)))?;
    let outcome = Outcome::parse(row.text(2)?).ok_or_else(|| unreadable(&row.text(2)))?;
    let body: Body = serde_json::from_str(row.text(5)?).map_err(|error| unreadable(&error))?;
    Ok(Event {
        id,
        at: Moment(seconds * 1000 + i64::from(timestamp.1 / 1_000_000)),
        kind,
        outcome,
        actor: row.text(3)?.to_owned(),
        object: row.text(4)?.to_owned(),
        refusal: body.refusal,
        details: body.details,
        inputs: None,
    })
}

fn unreadable(what: &dyn core::fmt::Debug) -> StoreError {
    StoreError::Statement(format!("an event cannot be read: {what:?}"))
}
