//! Settings > Sessions: who is signed in.

use std::sync::Arc;

use actions::session;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::session::Session;

use crate::fault::Fault;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::table;
use crate::table::Line;
use crate::table::Table;
use crate::text;
use crate::visitor::SignedIn;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let own = Access::Needs(Permission::TokenOwn);
    pages.get("/sessions", own, show);
    pages.post("/sessions/_others/remove", own, remove_others);
    pages.post("/sessions/{id}/remove", own, remove);
}

/// `GET /sessions`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    present: Result<SignedIn, Fault>,
) -> Result<Response, Fault> {
    let mut all = session::list(&desk.app, visitor.actor()?, None).await?;
    all.sort_by_key(|session| core::cmp::Reverse(session.last_used_at));
    let here = present.ok().map(|SignedIn(present)| present.session);
    let frame = Frame::new(&desk, &visitor, text::t("session.plural"));
    let columns = ["administrator", "browser", "address", "since", "used", "ends"];
    let mut page = Table::new(frame, "session", &columns);
    if let Some(here) = &here {
        let is_other = |one: &Session| one.administrator == here.administrator && one.id != here.id;
        page.button = all
            .iter()
            .any(is_other)
            .then(|| Link::new("session.end_others", "/sessions/_others/remove"));
    }
    page.rows = all.into_iter().map(|one| line(one, here.as_ref())).collect();
    Ok(page.render())
}

fn line(session: Session, here: Option<&Session>) -> Line {
    let is_here = here.is_some_and(|here| here.id == session.id);
    let browser = match is_here {
        true => Cell::Badge("green", text::t("session.here").into_owned()),
        false => Cell::Text(session.user_agent.clone()),
    };
    let address = session.address.map_or(Cell::None, |address| Cell::Code(address.to_string()));
    let ends_at = session.ends_at();
    let end = format!("/sessions/{}/remove", crate::url::escaped(&session.id));
    Line {
        url: String::new(),
        cells: vec![
            Cell::Text(session.administrator),
            browser,
            address,
            Cell::At(session.created_at),
            Cell::At(session.last_used_at),
            table::at(Some(ends_at)),
        ],
        button: (!is_here).then(|| Link::new("session.end", end)),
    }
}

/// `POST /sessions/{id}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    session::remove(&desk.app, visitor.actor()?, &id).await?;
    Ok(Redirect::to("/sessions?done=session_ended").into_response())
}

/// `POST /sessions/_others/remove`
async fn remove_others(
    State(desk): State<Arc<Desk>>,
    SignedIn(present): SignedIn,
    _: Posted,
) -> Result<Response, Fault> {
    session::remove_others(&desk.app, &present).await?;
    Ok(Redirect::to("/sessions?done=session_ended").into_response())
}
