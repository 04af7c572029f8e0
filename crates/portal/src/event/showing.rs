//! One event: what happened, why, what decided, and what would mend it.

use std::sync::Arc;

use actions::decision::explain;
use actions::decision::explain::Explanation;
use actions::decision::simulate;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use actions::event;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::event::Shown;
use domain::network_policy::Access as Answer;
use domain::object::Kind;
use domain::policy::Step;
use domain::refusal::Refusal;
use pki::time::Time;
use serde::Deserialize;
use serde_json::Value;

use super::detail;
use super::fix;
use super::fix::Spot;
use super::packets;
use super::packets::Packet;
use super::timeline;
use super::timeline::Moment;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::object;
use crate::overview;
use crate::page::Desk;
use crate::subject;
use crate::text;
use crate::url;
use crate::visible;
use crate::visitor::Visitor;

/// Most of one detail that is shown; JSON and the command line have the whole.
const DETAIL_CHARS_MAX: usize = 2000;

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Whether it is tried out what would happen now.
    now: String,
}

#[derive(Template)]
#[template(path = "event/show.html")]
struct EventPage {
    frame: Frame,
    event: Shown,
    up: Link,
    at: Option<Time>,
    what: String,
    outcome: Cell,
    sentence: String,
    /// What is usually behind a no like this.
    cause: Option<String>,
    fix: Option<Link>,
    /// Why the way to the answer is not shown, or is not sure.
    note: Option<String>,
    path: Vec<Step>,
    /// The roles that led there.
    roles: Vec<String>,
    timeline: Vec<Moment>,
    packets: Vec<Packet>,
    links: Vec<Related>,
    details: Vec<(String, String)>,
    /// The page that also tries out what would happen now.
    try_now: Option<String>,
    now: Option<Now>,
}

/// Something that the event tells of, and its page.
struct Related {
    what: String,
    name: String,
    url: Option<String>,
}

/// What would happen now.
struct Now {
    is_accepted: bool,
    /// Whether that differs from what happened.
    is_other: bool,
    sentence: String,
    path: Vec<Step>,
    attributes: Vec<(String, String)>,
}

/// `GET /events/{id}`
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let event = event::show(&desk.app, visitor.actor()?, &id).await?;
    let explanation = explained(&desk, &visitor, &event).await?;
    let own = format!("/events/{}", event.id);
    let trial = trial(&desk, &event);
    let now = match &trial {
        Some(trial) if !asked.now.is_empty() => now(&desk, &visitor, &event, trial).await?,
        Some(_) | None => None,
    };
    let up = match event.kind.as_str() {
        "network.access" | "network.session" | "radius.dropped" => {
            Link::new("menu.radius_events", "/radius-events")
        }
        _ => Link::new("menu.general_events", "/events"),
    };
    let mut frame = Frame::new(&desk, &visitor, super::word(&event.kind));
    // The page of every event is below one list: the menu names the one that it is on.
    for item in frame.menu.iter_mut().flat_map(|group| &mut group.items) {
        item.is_here = item.url == up.url;
    }
    let page = EventPage {
        frame,
        up,
        at: super::at(&event),
        what: super::word(&event.kind),
        outcome: super::listing::outcome(event.outcome),
        sentence: explanation.as_ref().map_or_else(|| sentence(&event), |it| it.reason.clone()),
        cause: explanation.as_ref().and_then(|it| it.cause.clone()),
        fix: fix::spot(&event).map(|spot| button(&desk, spot)),
        note: explanation.as_ref().and_then(|it| it.note.clone()),
        path: explanation.as_ref().map(|it| it.path.clone()).unwrap_or_default(),
        roles: explanation.map(|it| [it.roles, it.device_roles].concat()).unwrap_or_default(),
        timeline: timeline::around(&desk, &visitor, &event).await,
        packets: packets::of(&event),
        links: related(&desk, &event),
        details: details(&event),
        try_now: trial.filter(|_| now.is_none()).map(|_| format!("{own}?now=yes#now")),
        now,
        event,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// Its explanation; none for those who may not see all that it rests on.
async fn explained(
    desk: &Desk,
    visitor: &Visitor,
    event: &Shown,
) -> Result<Option<Explanation>, Fault> {
    match explain::explain(&desk.app, visitor.actor()?, &event.id.to_string()).await {
        Ok(explanation) => Ok(Some(explanation)),
        Err(Refusal::NotPermitted { .. }) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn sentence(event: &Shown) -> String {
    let told = event.reason.as_ref().map(|reason| reason.sentence.clone());
    told.unwrap_or_else(|| format!("{}: {}", super::word(&event.kind), subject::of(event)))
}

/// The page on which it is mended.
fn button(desk: &Desk, spot: Spot) -> Link {
    let rules = desk.app.snapshot.rules();
    match spot {
        Spot::Named(kind, name) => {
            match actions::object::slug_of(&rules.organization, kind, &name) {
                Some(slug) => Link {
                    title: text::with("event.mend_in", &[("name", &visible::text(&name, 80))]),
                    url: format!("{}/edit", object::url(kind, &slug)),
                },
                None => list_of(kind),
            }
        }
        Spot::List(kind) => list_of(kind),
        Spot::NewAccessPoint(address, name) => {
            let name = name.unwrap_or_else(|| address.clone());
            let fields = [("name", name.as_str()), ("address", address.as_str())];
            Link::new("overview.add", url::with("/access-points/_new", &fields))
        }
        Spot::Device(name) => Link {
            title: text::with("event.mend_in", &[("name", &visible::text(&name, 80))]),
            url: format!("/devices/{}", url::escaped(&name)),
        },
        Spot::People => Link::new("event.mend_people", "/people"),
        Spot::Certificate(serial) => {
            let url = format!("/certificates/{}", url::escaped(&serial));
            Link::new("event.mend_certificate", url)
        }
    }
}

fn list_of(kind: Kind) -> Link {
    let words = kind.plural_words();
    Link { title: text::with("event.mend_in", &[("name", &words)]), url: object::list_url(kind) }
}

/// What the event tells of, each with its page where it has one.
fn related(desk: &Desk, event: &Shown) -> Vec<Related> {
    let mut all = Vec::new();
    let mut add = |key: &str, noun: &str, name: &str| {
        if !name.is_empty() {
            let url = overview::place(desk, &format!("{noun}:{name}"));
            let what = text::t(&format!("event.related.{key}")).into_owned();
            all.push(Related { what, name: name.to_owned(), url });
        }
    };
    if let Some((noun, name)) = event.object.split_once(':') {
        match noun {
            "certificate" => add("certificate", noun, name),
            "station" | "packet" | "visit" => {}
            _ => add("object", noun, name),
        }
    }
    let policy = match event.kind.as_str() {
        "certificate.enrollment" => "enrollment_policy",
        _ => "network_policy",
    };
    for (key, noun) in [
        ("device", "device"),
        ("access_point", "access_point"),
        ("policy", policy),
        ("template", "certificate_template"),
        ("authority", "certificate_authority"),
        ("provider", "gateway"),
    ] {
        if let Some(name) = detail(event, key) {
            add(key, noun, name);
        }
    }
    if let Some(gateway) = event.actor.strip_prefix("gateway ") {
        add("gateway", "gateway", gateway);
    }
    all
}

/// What else is on record, a line each.
fn details(event: &Shown) -> Vec<(String, String)> {
    let shown_elsewhere = [
        "inputs",
        "trace",
        "packets",
        "device",
        "access_point",
        "policy",
        "template",
        "authority",
        "provider",
    ];
    let others = event.details.iter().filter(|(key, _)| !shown_elsewhere.contains(&key.as_str()));
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other @ (Value::Array(_)
        | Value::Object(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)) => other.to_string(),
    };
    others
        .map(|(key, value)| (key.replace('_', " "), visible::text(&text(value), DETAIL_CHARS_MAX)))
        .collect()
}

/// The visit that can be tried out again; none of what was no visit of a known certificate.
fn trial(desk: &Desk, event: &Shown) -> Option<Trial> {
    if event.kind != "network.access" {
        return None;
    }
    let serial = event.object.strip_prefix("certificate:").filter(|serial| !serial.is_empty());
    let device = serial.or_else(|| detail(event, "device"))?.to_owned();
    let rules = desk.app.snapshot.rules();
    let point = detail(event, "access_point").filter(|name| {
        actions::object::slug_of(&rules.organization, Kind::AccessPoint, name).is_some()
    });
    Some(Trial {
        device,
        access_point: point.map(str::to_owned),
        ssid: detail(event, "ssid").map(str::to_owned),
        mac: detail(event, "calling_station").map(str::to_owned),
        ..Trial::default()
    })
}

async fn now(
    desk: &Desk,
    visitor: &Visitor,
    event: &Shown,
    trial: &Trial,
) -> Result<Option<Now>, Fault> {
    let simulated = match simulate::simulate(&desk.app, visitor.actor()?, trial).await {
        Ok(simulated) => simulated,
        Err(not_applied) => {
            let refusal = not_applied.refusal();
            let sentence = refusal.reason().sentence;
            let (is_accepted, is_other) = (false, false);
            let (path, attributes) = (Vec::new(), Vec::new());
            return Ok(Some(Now { is_accepted, is_other, sentence, path, attributes }));
        }
    };
    let Simulated { access, policy, reason, attributes, path, .. } = simulated;
    let is_accepted = access == Answer::Accept && reason.is_none();
    let name = visible::text(policy.as_deref().unwrap_or("–"), 80);
    let sentence = match reason {
        Some(reason) => reason.sentence,
        None => text::with("event.now_accepted", &[("policy", &name)]),
    };
    let attributes = attributes.into_iter().map(|it| (it.attribute, it.value)).collect();
    Ok(Some(Now {
        is_accepted,
        is_other: is_accepted == event.reason.is_some(),
        sentence,
        path,
        attributes,
    }))
}
