//! The page of one object: what it says, its noun's own panels, and what can be done with it.

use std::sync::Arc;

use actions::object;
use actions::object::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;

use super::Noun;
use super::url;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Control;
use crate::form::ShownSection;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::text;
use crate::twin;
use crate::twin::Twin;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "object/show.html")]
struct ShowPage {
    frame: Frame,
    up: Link,
    shown: Shown,
    sections: Vec<ShownSection>,
    panels: Vec<String>,
    links: Vec<Link>,
    edit: Option<String>,
    remove: Option<String>,
    history: String,
    twins: Vec<Twin>,
}

/// `GET /{plural}/{name}`
pub(crate) async fn show<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let shown = object::show(&desk.app, visitor.actor()?, N::KIND, &name)?;
    let own = url(N::KIND, &shown.slug);
    let may_change = visitor.can(Permission::to_change(N::KIND));
    let noun = N::KIND.as_str();
    let page = ShowPage {
        frame: Frame::new(&desk, &visitor, shown.name.clone()),
        up: Link::new(&format!("{noun}.plural"), super::list_url(N::KIND)),
        sections: N::form(&desk, &shown.definition).told(&shown.definition),
        panels: N::panels(&desk, &visitor, &shown).await?,
        links: N::links(&desk, &visitor, &shown),
        edit: may_change.then(|| format!("{own}/edit")),
        // What holds a key is never removed.
        remove: (may_change && !N::KIND.holds_key()).then(|| format!("{own}/remove")),
        history: format!("{own}/history"),
        twins: twin::of(N::KIND, &shown.definition, Some(&shown.slug)),
        shown,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

impl Control {
    /// What it holds, to be read and not filled in: lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Text(text) | Self::Number(text) => some(text),
            Self::LongText(text) => text.lines().map(str::to_owned).collect(),
            Self::Flag(is_on) => {
                vec![text::t(if *is_on { "form.yes" } else { "form.no" }).into_owned()]
            }
            Self::Choice(all) | Self::Choices(all) => {
                let chosen = all.iter().filter(|choice| choice.is_chosen);
                chosen.map(|choice| choice.label.clone()).collect()
            }
            Self::Secret | Self::Own(_) => Vec::new(),
        }
    }

    /// Whether there is nothing to read.
    pub(crate) fn is_silent(&self) -> bool {
        match self.own() {
            Some(html) => html.is_empty(),
            None => self.lines().is_empty(),
        }
    }

    /// The HTML of a field of its own kind.
    pub(crate) fn own(&self) -> Option<&str> {
        match self {
            Self::Own(html) => Some(html),
            Self::Text(_)
            | Self::LongText(_)
            | Self::Number(_)
            | Self::Secret
            | Self::Flag(_)
            | Self::Choice(_)
            | Self::Choices(_) => None,
        }
    }
}

fn some(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}
