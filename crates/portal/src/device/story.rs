//! A device's page: its whole story.

use std::sync::Arc;

use actions::decision::simulate::Simulated;
use actions::device::story;
use actions::device::story::LastPlace;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::Status;
use domain::device::Device;
use domain::device::Fact;
use domain::device::Source;
use domain::event::Outcome;
use domain::event::Shown as ShownEvent;
use domain::network_policy::Access;
use domain::object::Kind;
use pki::certificate::Serial;
use pki::time::Time;

use super::LIST;
use super::url_of;
use crate::certificate;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::frame::Frame;
use crate::list::Link;
use crate::moment::DAY_SECONDS;
use crate::object;
use crate::page::Desk;
use crate::text;
use crate::url;
use crate::visitor::Visitor;

/// A fact as the page shows it.
pub(crate) struct ShownFact {
    label: String,
    lines: Vec<String>,
    source: String,
    at: Time,
    /// Whole days since it was told.
    days: i64,
}

/// An event as a line of the page.
pub(crate) struct ShownLine {
    pub(crate) event: ShownEvent,
    pub(crate) at: Option<Time>,
}

#[derive(Template)]
#[template(path = "device/show.html")]
struct StoryPage {
    frame: Frame,
    up: Link,
    name: String,
    known: bool,
    status: String,
    facts: Vec<ShownFact>,
    owner: Option<Link>,
    certificates: Option<Vec<Certificate>>,
    sessions: Option<Vec<ShownLine>>,
    timeline: Option<Vec<ShownLine>>,
    last: Option<LastPlace>,
    answer: Option<Simulated>,
    policy: Option<Link>,
    edit: Option<String>,
    remove: Option<String>,
    /// Those of its certificates that whoever looks may revoke, and for what.
    revocable: Vec<Serial>,
    reasons: Vec<Choice>,
    history: Option<String>,
}

/// `GET /devices/{name}`
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let told = story::tell(&desk.app, visitor.actor()?, &name).await?;
    let device = told.device.device;
    let own = url_of(&device);
    let may_change = visitor.can(Permission::InventoryChange);
    let in_use = told.device.certificates.iter().flatten();
    let in_use = in_use.filter(|one| matches!(one.status, Status::Issued | Status::Held));
    let may_revoke = visitor.can(Permission::CertificateRevokeMany);
    let revocable = in_use.filter(|_| may_revoke).map(|one| one.serial.clone()).collect();
    let policy = told.answer.as_ref().and_then(|answer| answer.policy.clone());
    let policy = policy.map(|name| {
        let url = object::url_of_name(&desk, Kind::NetworkPolicy, &name);
        Link { title: name, url }
    });
    let page = StoryPage {
        frame: Frame::new(&desk, &visitor, device.name.clone()),
        up: Link::new("device.plural", LIST),
        known: told.device.known,
        status: text::t(&format!("device.status.{}", device.status().as_str())).into_owned(),
        facts: facts(&device, desk.app.world.time()),
        owner: told
            .owner
            .map(|owner| Link { url: object::url(Kind::Person, &owner.name), title: owner.name }),
        certificates: told.device.certificates,
        sessions: told.sessions.map(lines),
        timeline: told.timeline.map(lines),
        last: told.last,
        answer: told.answer,
        policy,
        edit: may_change.then(|| format!("{own}/edit")),
        remove: may_change.then(|| format!("{own}/remove")),
        revocable,
        reasons: certificate::reasons(),
        history: visitor.can(Permission::EventRead).then(|| {
            let quoted = device.name.replace('\\', "\\\\").replace('"', "\\\"");
            let quoted = quoted.replace('*', "\\*");
            url::with("/radius-events", &[("filter", &format!("device:\"{quoted}\""))])
        }),
        name: device.name,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// Events with their moments.
pub(crate) fn lines(events: Vec<ShownEvent>) -> Vec<ShownLine> {
    let line = |event: ShownEvent| ShownLine { at: Time::parse_rfc3339(&event.at), event };
    events.into_iter().map(line).collect()
}

fn facts(device: &Device, now: Time) -> Vec<ShownFact> {
    let mut facts = Vec::new();
    let mut add = |key: &str, lines: Vec<String>, (source, at): (Source, Time)| {
        facts.push(ShownFact {
            label: text::t(&format!("device.field.{key}")).into_owned(),
            lines,
            source: text::t(&format!("device.source.{}", source.as_str())).into_owned(),
            at,
            days: now.0.saturating_sub(at.0).div_euclid(DAY_SECONDS),
        });
    };
    let one = |fact: &Fact<String>| (vec![fact.value.clone()], (fact.source, fact.at));
    let texts = [
        ("serial", &device.serial),
        ("udid", &device.udid),
        ("model", &device.model),
        ("os", &device.os),
        ("os_version", &device.os_version),
        ("owner", &device.owner),
    ];
    for (key, fact) in texts {
        if let Some(fact) = fact {
            let (lines, told) = one(fact);
            add(key, lines, told);
        }
    }
    for (key, fact) in [("mac_addresses", &device.mac_addresses), ("tags", &device.tags)] {
        if let Some(fact) = fact {
            add(key, fact.value.clone(), (fact.source, fact.at));
        }
    }
    if let Some(fact) = &device.status {
        let word = text::t(&format!("device.status.{}", fact.value.as_str())).into_owned();
        add("status", vec![word], (fact.source, fact.at));
    }
    facts
}
