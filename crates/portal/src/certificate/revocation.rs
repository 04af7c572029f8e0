//! Revoking, holding and releasing: one certificate, those that were chosen, or all of a device, a
//! person, a gateway or an authority.

use std::sync::Arc;

use actions::certificate::revocation;
use actions::certificate::revocation::Change;
use actions::certificate::revocation::Sweep;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::certificate::Chosen;
use domain::certificate::RevocationReason;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use serde::Deserialize;

use super::LIST;
use super::reasons;
use super::showing::parse;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// Most certificates that are chosen one by one: a page of the list has fewer.
const CHOSEN_MAX: usize = 1000;

/// Batches of one answer: ten thousand certificates, some seconds. What is left is gone on with.
const BATCHES_MAX: usize = 40;

/// What certificates are chosen by together.
const FIELDS: [&str; 4] = ["device", "person", "gateway", "authority"];

/// `POST /certificates/{serial}/revoke`
pub(super) async fn revoke(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let reason = reason(&posted)?;
    let serial = parse(&serial)?;
    revocation::revoke(&desk.app, visitor.actor()?, &serial, reason).await?;
    Ok(back(&serial, "revoked"))
}

/// `POST /certificates/{serial}/hold`
pub(super) async fn hold(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
    _posted: Posted,
) -> Result<Response, Fault> {
    let serial = parse(&serial)?;
    revocation::hold(&desk.app, visitor.actor()?, &serial).await?;
    Ok(back(&serial, "held"))
}

/// `POST /certificates/{serial}/release`
pub(super) async fn release(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
    _posted: Posted,
) -> Result<Response, Fault> {
    let serial = parse(&serial)?;
    revocation::release(&desk.app, visitor.actor()?, &serial).await?;
    Ok(back(&serial, "released"))
}

fn back(serial: &Serial, done: &str) -> Response {
    Redirect::to(&format!("{LIST}/{serial}?done={done}")).into_response()
}

fn reason(posted: &Posted) -> Result<RevocationReason, Fault> {
    let wrong = || Refusal::ParameterWrong {
        parameter: "reason".to_owned(),
        what: "is none of RFC 5280".to_owned(),
    };
    let word = posted.text("reason").unwrap_or_default();
    Ok(RevocationReason::parse(word).ok_or_else(wrong)?)
}

#[derive(Template)]
#[template(path = "certificate/revoked.html")]
struct RevokedPage {
    frame: Frame,
    up: Link,
    changed: Vec<Serial>,
    /// Which were not, and why.
    refused: Vec<(Serial, String)>,
}

/// `POST /certificates/_revoke-chosen`: those of the list that were ticked.
pub(super) async fn revoke_chosen(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let reason = reason(&posted)?;
    let serials: Vec<Serial> =
        posted.all("serial").take(CHOSEN_MAX).map(parse).collect::<Result<_, _>>()?;
    if serials.is_empty() {
        return Err(Fault::Form("no certificate was chosen"));
    }
    let (mut changed, mut refused) = (Vec::new(), Vec::new());
    for serial in serials {
        match revocation::revoke(&desk.app, actor, &serial, reason).await {
            Ok(_) => changed.push(serial),
            Err(refusal) => refused.push((serial, refusal.reason().sentence)),
        }
    }
    let page = RevokedPage {
        frame: Frame::new(&desk, &visitor, text::t("certificate.revoked_many")),
        up: Link::new("certificate.plural", LIST),
        changed,
        refused,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// What the form is filled in with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Given {
    device: String,
    person: String,
    gateway: String,
    authority: String,
}

#[derive(Template)]
#[template(path = "certificate/sweep.html")]
struct SweepPage {
    frame: Frame,
    up: Link,
    fields: Vec<Choice>,
    field: String,
    name: String,
    reasons: Vec<Choice>,
    reason: String,
    /// How many it would be.
    count: Option<u64>,
    /// How many it was, while more are left behind the last of these.
    part: Option<(usize, Serial)>,
    wrong: Option<String>,
}

impl SweepPage {
    fn new(desk: &Desk, visitor: &Visitor, field: &str, name: &str) -> Self {
        Self {
            frame: Frame::new(desk, visitor, text::t("certificate.revoke_many")),
            up: Link::new("certificate.plural", LIST),
            fields: Choice::words("certificate.chosen_by", &FIELDS),
            field: field.to_owned(),
            name: name.to_owned(),
            reasons: reasons(),
            reason: String::new(),
            count: None,
            part: None,
            wrong: None,
        }
    }
}

/// `GET /certificates/_revoke`
pub(super) async fn choose(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(given): Query<Given>,
) -> Response {
    let all = [
        ("device", &given.device),
        ("person", &given.person),
        ("gateway", &given.gateway),
        ("authority", &given.authority),
    ];
    let found = all.into_iter().find(|(_, name)| !name.is_empty());
    let (field, name) = found.map_or(("device", ""), |(field, name)| (field, name.as_str()));
    fault::render(&SweepPage::new(&desk, &visitor, field, name), StatusCode::OK)
}

/// `POST /certificates/_revoke`: how many it would be; then, agreed to, all of them.
pub(super) async fn sweep(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let (field, name) = (posted.text("field").unwrap_or_default(), posted.text("name"));
    let reason = reason(&posted)?;
    let mut page = SweepPage::new(&desk, &visitor, field, name.unwrap_or_default());
    reason.as_str().clone_into(&mut page.reason);
    let Some(name) = name else {
        page.wrong = Some(text::t("certificate.name_missing").into_owned());
        return Ok(fault::render(&page, StatusCode::UNPROCESSABLE_ENTITY));
    };
    let chosen = match field {
        "device" => Chosen::Device(name.to_owned()),
        "person" => Chosen::Person(name.to_owned()),
        "gateway" => Chosen::Gateway(name.to_owned()),
        "authority" => Chosen::Authority(name.to_owned()),
        _ => return Err(Fault::Form("certificates are not chosen by this")),
    };
    let confirm = posted.text("confirm").and_then(|count| count.parse().ok());
    let after = posted.text("after").map(parse).transpose()?;
    let dry_run = confirm.is_none();
    let mut order = Sweep { chosen, change: Change::Revoke(reason), confirm, after, dry_run };
    if dry_run {
        page.count = revocation::sweep(&desk.app, actor, &order).await?.count;
        return Ok(fault::render(&page, StatusCode::OK));
    }
    let mut changed = 0;
    for _ in 0..BATCHES_MAX {
        let swept = match revocation::sweep(&desk.app, actor, &order).await {
            Ok(swept) => swept,
            Err(refusal @ Refusal::MassChange { .. }) => {
                page.wrong = Some(refusal.reason().sentence);
                return Ok(fault::render(&page, StatusCode::UNPROCESSABLE_ENTITY));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        changed += swept.changed.len();
        order.after = swept.next;
        if order.after.is_none() {
            return Ok(Redirect::to(&format!("{LIST}?done=revoked_all")).into_response());
        }
    }
    page.part = order.after.map(|last| (changed, last));
    page.count = confirm;
    Ok(fault::render(&page, StatusCode::OK))
}
