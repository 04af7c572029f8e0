//! Overview: what is to be done, and how the organization fares in pictures.

mod picture;

use std::sync::Arc;

use actions::access_point;
use actions::overview;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access_point::knock::Knock;
use domain::actor::Permission;
use domain::doctor::Finding;
use domain::doctor::Severity;
use domain::object::Kind;
use pki::time::Time;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::object;
use crate::overview::picture::Activity;
use crate::overview::picture::Certificates;
use crate::overview::picture::Living;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::text;
use crate::url;
use crate::visitor::Visitor;

/// Most things to do that are shown, the gravest; nobody does more in one go.
const SHOWN_MAX: usize = 20;

/// Adds its page.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get("/", Access::Needs(Permission::EventRead), show);
}

#[derive(Template)]
#[template(path = "overview/show.html")]
struct OverviewPage {
    frame: Frame,
    /// How many things there are to do; nothing if that may not be seen.
    to_do: Option<usize>,
    headline: String,
    things: Vec<Thing>,
    knocks: Vec<KnockShown>,
    activities: Vec<Activity>,
    certificates: Option<Certificates>,
    lives: Vec<Living>,
    at: Time,
}

/// Something to do.
struct Thing {
    finding: Finding,
    /// With what: a noun and a name.
    what: (String, String),
    /// The color and the word of how grave it is.
    tone: &'static str,
    word: String,
    /// Where it is done.
    url: Option<String>,
}

/// Somebody who knocks.
struct KnockShown {
    knock: Knock,
    first_at: Option<Time>,
    last_at: Option<Time>,
    /// The form that adds it, filled in.
    add: Option<String>,
}

/// `GET /`
async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = overview::show(&desk.app, actor).await?;
    let may_hear = visitor.can(Permission::EventRead) && visitor.can(Permission::OrganizationRead);
    let knocks =
        if may_hear { access_point::knocking(&desk.app, actor).await? } else { Vec::new() };
    // Who knocks is shown with a button of its own.
    let is_knock = |finding: &&Finding| finding.code == "DOC-ADDRESS-UNKNOWN";
    let findings: Option<Vec<Finding>> =
        shown.findings.map(|all| all.iter().filter(|one| !is_knock(one)).cloned().collect());
    let to_do = findings.as_ref().map(|findings| findings.len() + knocks.len());
    let can_add = visitor.can(Permission::NetworkChange);
    let page = OverviewPage {
        frame: Frame::new(&desk, &visitor, text::t("menu.overview")),
        headline: headline(to_do.unwrap_or_default()),
        to_do,
        things: findings
            .unwrap_or_default()
            .into_iter()
            .take(SHOWN_MAX)
            .map(|finding| thing(&desk, finding))
            .collect(),
        knocks: knocks.into_iter().take(SHOWN_MAX).map(|knock| knocks_at(knock, can_add)).collect(),
        activities: shown.activity.iter().flat_map(picture::activities).collect(),
        certificates: shown.certificates.as_ref().map(Certificates::of),
        lives: picture::lives(&desk, shown.authorities.as_deref().unwrap_or_default()),
        at: desk.app.world.time(),
    };
    Ok(fault::render(&page, StatusCode::OK))
}

fn headline(count: usize) -> String {
    match count {
        0 => text::t("overview.all_good").into_owned(),
        1 => text::t("overview.one_thing").into_owned(),
        count => text::with("overview.things", &[("count", &count.to_string())]),
    }
}

fn thing(desk: &Desk, finding: Finding) -> Thing {
    let (tone, key) = tone(finding.severity);
    let url = place(desk, &finding.object);
    let (noun, name) = finding.object.split_once(':').unwrap_or(("", &finding.object));
    let what = (noun.replace('_', " "), name.to_owned());
    Thing { what, tone, word: text::t(key).into_owned(), url, finding }
}

/// How a finding is shown: its colour, and the key of its word.
pub(crate) fn tone(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Problem => ("red", "overview.problem"),
        Severity::Warning => ("yellow", "overview.warning"),
        Severity::Hint => ("blue", "overview.hint"),
    }
}

/// The page of what is named as `kind:name`, if it has one.
pub(crate) fn place(desk: &Desk, object: &str) -> Option<String> {
    let (noun, name) = object.split_once(':')?;
    let below = |list: &str| {
        if name.is_empty() { format!("/{list}") } else { format!("/{list}/{}", url::escaped(name)) }
    };
    match noun {
        "certificate" if !name.is_empty() => Some(below("certificates")),
        "administrator" => Some("/administrators".to_owned()),
        "token" => Some("/tokens".to_owned()),
        "organization" => Some("/settings".to_owned()),
        "device" => Some(below("devices")),
        "person" => Some(below("people")),
        _ => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == noun)?;
            Some(object::url_of_name(desk, kind, name))
        }
    }
}

fn knocks_at(knock: Knock, can_add: bool) -> KnockShown {
    let name = knock.nas_identifier.as_deref().unwrap_or(&knock.address);
    let fields = [("name", name), ("address", knock.address.as_str())];
    KnockShown {
        first_at: Time::parse_rfc3339(&knock.first_at),
        last_at: Time::parse_rfc3339(&knock.last_at),
        add: can_add.then(|| url::with("/access-points/_new", &fields)),
        knock,
    }
}
