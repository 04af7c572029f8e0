//! Check a profile: what somebody typed into a console, or pushed to a device, held against what the
//! organization knows.

use std::sync::Arc;

use actions::network_profile::inspect;
use actions::network_profile::inspect::Inspected;
use actions::network_profile::inspect::Order;
use actions::network_profile::render;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::doctor::Finding;
use domain::object::Kind;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::frame::Frame;
use crate::list::Link;
use crate::object;
use crate::overview;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// Where the page is.
pub(super) const URL: &str = "/network-profiles/_inspect";

#[derive(Template)]
#[template(path = "network_profile/inspect.html")]
struct InspectPage {
    frame: Frame,
    up: Link,
    to: &'static str,
    profiles: Vec<Choice>,
    consoles: Vec<Choice>,
    asked: Asked,
    wrong: Vec<String>,
    found: Option<Found>,
}

/// What was filled in.
#[derive(Default)]
struct Asked {
    content: String,
    network_profile: String,
    console: String,
}

struct Found {
    inspected: Inspected,
    findings: Vec<Told>,
}

struct Told {
    tone: &'static str,
    word: String,
    finding: Finding,
}

/// The link to the page, below the list.
#[derive(Template)]
#[template(path = "network_profile/inspect_link.html")]
pub(super) struct LinkPanel {
    pub(super) url: &'static str,
}

/// `GET /network-profiles/_inspect`
pub(super) async fn ask(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
) -> Result<Response, Fault> {
    visitor.actor()?;
    Ok(page(&desk, &visitor, Asked::default(), (None, Vec::new())))
}

/// `POST /network-profiles/_inspect`
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let text = |name: &str| posted.text(name).unwrap_or_default().to_owned();
    let asked = Asked {
        content: text("content"),
        network_profile: text("network_profile"),
        console: text("console"),
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let order = Order {
        network_profile: some(&asked.network_profile),
        console: some(&asked.console),
        ..order(&asked.content)
    };
    match inspect::inspect(&desk.app, visitor.actor()?, &order) {
        Ok(inspected) => {
            let findings = inspected.findings.iter().cloned().map(told).collect();
            let found = Found { inspected, findings };
            Ok(page(&desk, &visitor, asked, (Some(found), Vec::new())))
        }
        Err(NotApplied::Complaints(complaints)) => {
            let wrong = complaints.iter().map(ToString::to_string).collect();
            Ok(page(&desk, &visitor, asked, (None, wrong)))
        }
        Err(other @ (NotApplied::Refused(_) | NotApplied::Outdated(_))) => Err(other.into()),
    }
}

/// A file comes in base64, as the page's script reads it; what is pasted is the text itself.
fn order(content: &str) -> Order {
    if content.starts_with('<') {
        return Order::new(content.as_bytes());
    }
    let digits = content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Order { content: digits, ..Order::new(&[]) }
}

fn told(finding: Finding) -> Told {
    let (tone, key) = overview::tone(finding.severity);
    Told { tone, word: text::t(key).into_owned(), finding }
}

fn page(
    desk: &Desk,
    visitor: &Visitor,
    asked: Asked,
    (found, wrong): (Option<Found>, Vec<String>),
) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let profiles = object::names(desk, Kind::NetworkProfile).into_iter().map(Choice::named);
    let consoles = render::consoles();
    let consoles =
        consoles.map(|(value, label)| Choice { value: value.to_owned(), label: label.to_owned() });
    let up = Link::new("network_profile.plural", object::list_url(Kind::NetworkProfile));
    let page = InspectPage {
        frame: Frame::new(desk, visitor, text::t("network_profile.inspect")),
        up,
        to: URL,
        profiles: Choice::or_none(profiles.collect(), "network_profile.inspect_any"),
        consoles: Choice::or_none(consoles.collect(), "network_profile.inspect_nobody"),
        asked,
        wrong,
        found,
    };
    fault::render(&page, status)
}
