//! What devices, consoles and administrators are given for a network: files to download, and for an
//! MDM a card to copy from.

use std::sync::Arc;

use actions::network_profile::render;
use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use actions::object;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::object::Kind;

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

/// The platform that is offered first: that of the guide.
const FIRST: &str = "mosyle";

#[derive(Template)]
#[template(path = "network_profile/render.html")]
struct AskPage {
    frame: Frame,
    up: Link,
    to: String,
    platforms: Vec<Choice>,
    platform: String,
    parts: Vec<Choice>,
    part: String,
    device: String,
    wrong: Vec<String>,
}

#[derive(Template)]
#[template(path = "network_profile/rendered.html")]
struct RenderedPage {
    frame: Frame,
    up: Link,
    rendered: Rendered,
}

/// What was filled in.
#[derive(Default)]
struct Asked {
    platform: String,
    part: String,
    device: String,
}

pub(super) fn choices(all: impl Iterator<Item = (&'static str, &'static str)>) -> Vec<Choice> {
    all.map(|(value, label)| Choice { value: value.to_owned(), label: label.to_owned() }).collect()
}

pub(super) fn up(shown: &object::Shown) -> Link {
    let url = crate::object::url(Kind::NetworkProfile, &shown.slug);
    Link { title: shown.name.clone(), url }
}

fn page(
    desk: &Desk,
    visitor: &Visitor,
    shown: &object::Shown,
    (asked, wrong): (&Asked, Vec<String>),
) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let up = up(shown);
    let page = AskPage {
        frame: Frame::new(desk, visitor, text::t("network_profile.render")),
        to: format!("{}/render", up.url),
        up,
        platforms: choices(render::platforms()),
        platform: asked.platform.clone(),
        parts: Choice::or_none(choices(render::parts()), "network_profile.render_whole"),
        part: asked.part.clone(),
        device: asked.device.clone(),
        wrong,
    };
    fault::render(&page, status)
}

/// `GET /network-profiles/{name}/render`
pub(super) async fn ask(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let shown = object::show(&desk.app, visitor.actor()?, Kind::NetworkProfile, &name)?;
    let asked = Asked { platform: FIRST.to_owned(), ..Asked::default() };
    Ok(page(&desk, &visitor, &shown, (&asked, Vec::new())))
}

/// `POST /network-profiles/{name}/render`
pub(super) async fn write(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::NetworkProfile, &name)?;
    let text = |name: &str| posted.text(name).unwrap_or_default().to_owned();
    let asked = Asked { platform: text("platform"), part: text("only"), device: text("device") };
    let order = Order {
        platform: asked.platform.clone(),
        only: posted.text("only").map(str::to_owned),
        device: posted.text("device").map(str::to_owned),
        secret: None,
    };
    match render::render(&desk.app, actor, &name, order).await {
        Ok(rendered) => {
            let frame = Frame::new(&desk, &visitor, text::t("network_profile.render"));
            let page = RenderedPage { frame, up: up(&shown), rendered };
            Ok(fault::render(&page, StatusCode::OK))
        }
        Err(NotApplied::Complaints(complaints)) => {
            let wrong = complaints.iter().map(ToString::to_string).collect();
            Ok(page(&desk, &visitor, &shown, (&asked, wrong)))
        }
        Err(other @ (NotApplied::Refused(_) | NotApplied::Outdated(_))) => Err(other.into()),
    }
}
