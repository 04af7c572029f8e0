//! What access points and switches are told of a network, in their maker's words, to be pasted.

use std::sync::Arc;

use actions::network_profile::configure;
use actions::network_profile::configure::Order;
use actions::network_profile::render::RenderedFile;
use actions::object;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::object::Kind;

use super::render::choices;
use super::render::up;
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

#[derive(Template)]
#[template(path = "network_profile/configure.html")]
struct ConfigurePage {
    frame: Frame,
    up: Link,
    to: String,
    vendors: Vec<Choice>,
    asked: Asked,
    wrong: Vec<String>,
    files: Vec<Configuration>,
}

/// What was filled in.
#[derive(Default)]
struct Asked {
    vendor: String,
    addresses: String,
}

struct Configuration {
    name: String,
    text: String,
}

/// `GET /network-profiles/{name}/configure`
pub(super) async fn ask(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let shown = object::show(&desk.app, visitor.actor()?, Kind::NetworkProfile, &name)?;
    Ok(page(&desk, &visitor, &shown, (Asked::default(), Vec::new(), Vec::new())))
}

/// `POST /network-profiles/{name}/configure`
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::NetworkProfile, &name)?;
    let text = |name: &str| posted.text(name).unwrap_or_default().to_owned();
    let asked = Asked { vendor: text("vendor"), addresses: text("addresses") };
    let mut addresses = Vec::new();
    for word in asked.addresses.split([' ', ',', '\n']).filter(|word| !word.is_empty()) {
        match word.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => {
                let wrong = text::with("network_profile.configure_address", &[("address", word)]);
                return Ok(page(&desk, &visitor, &shown, (asked, vec![wrong], Vec::new())));
            }
        }
    }
    let order = Order {
        shared_secret: posted.secret("shared_secret"),
        ..Order::new(&asked.vendor, addresses)
    };
    match configure::configure(&desk.app, actor, &name, &order) {
        Ok(configured) => {
            let files = configured.files.iter().filter_map(configuration).collect();
            Ok(page(&desk, &visitor, &shown, (asked, Vec::new(), files)))
        }
        Err(NotApplied::Complaints(complaints)) => {
            let wrong = complaints.iter().map(ToString::to_string).collect();
            Ok(page(&desk, &visitor, &shown, (asked, wrong, Vec::new())))
        }
        Err(other @ (NotApplied::Refused(_) | NotApplied::Outdated(_))) => Err(other.into()),
    }
}

fn configuration(file: &RenderedFile) -> Option<Configuration> {
    Some(Configuration { name: file.name.clone(), text: file.text()? })
}

fn page(
    desk: &Desk,
    visitor: &Visitor,
    shown: &object::Shown,
    (asked, wrong, files): (Asked, Vec<String>, Vec<Configuration>),
) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let up = up(shown);
    let page = ConfigurePage {
        frame: Frame::new(desk, visitor, text::t("network_profile.configure")),
        to: format!("{}/configure", up.url),
        up,
        vendors: choices(configure::vendors()),
        asked,
        wrong,
        files,
    };
    fault::render(&page, status)
}
