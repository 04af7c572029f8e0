//! The one search box: results as somebody types, and a page for whoever has no script.

use std::sync::Arc;

use actions::search;
use actions::search::Hit;
use askama::Template;
use axum::extract::Query;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::object::Kind;
use domain::refusal::Refusal;
use serde::Deserialize;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::object;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::text;
use crate::url;
use crate::visitor::Visitor;

/// What htmx says of its requests: a part of a page is asked for, and nobody is to be sent away.
const IS_PART: &str = "hx-request";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get("/search", Access::Known, find);
}

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    text: String,
}

#[derive(Template)]
#[template(path = "search/found.html")]
struct FoundPage {
    frame: Frame,
    text: String,
    hits: Vec<ShownHit>,
    more: Vec<String>,
    /// Why nothing was looked for.
    wrong: Option<String>,
}

/// Something that was found, and where it is.
struct ShownHit {
    hit: Hit,
    url: String,
}

/// `GET /search`
async fn find(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(Asked { text }): Query<Asked>,
) -> Result<Response, Fault> {
    let is_part = headers.contains_key(IS_PART);
    let found = search::find(&desk.app, visitor.actor()?, &text).await;
    let (found, wrong) = match found {
        Ok(found) => (found, None),
        Err(refusal @ Refusal::ParameterWrong { .. }) => {
            (search::Found::default(), Some(refusal.reason().sentence))
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let shown = |hit: Hit| ShownHit { url: url_of(&hit), hit };
    let hits: Vec<ShownHit> = found.items.into_iter().map(shown).collect();
    if let ([one], false) = (hits.as_slice(), is_part) {
        return Ok(Redirect::to(&one.url).into_response());
    }
    // A part that is refused would not be shown.
    let is_bad = wrong.is_some() && !is_part;
    let status = if is_bad { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let frame = Frame::new(&desk, &visitor, text::t("search.title"));
    Ok(fault::render(&FoundPage { frame, text, hits, more: found.more, wrong }, status))
}

/// The page of something that was found.
fn url_of(hit: &Hit) -> String {
    let id = url::escaped(&hit.id);
    match (hit.kind.as_str(), Kind::parse(&hit.kind)) {
        ("certificate", _) => format!("/certificates/{id}"),
        (_, Some(kind)) => object::url(kind, &hit.id),
        (_, None) => format!("/events/{id}"),
    }
}
