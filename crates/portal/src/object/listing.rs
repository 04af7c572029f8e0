//! The list of a kind.

use std::sync::Arc;

use actions::object;
use actions::object::Saving;
use actions::object::Shown;
use actions::object::Sort;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::refusal::Refusal;

use super::Noun;
use super::edit::confirmed;
use super::edit::version_meant;
use super::list_url;
use super::question::Question;
use super::url;
use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Asked;
use crate::list::Cell;
use crate::list::Link;
use crate::list::List;
use crate::list::PAGE_ITEMS;
use crate::list::Row;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// Objects that are read at once for a file.
const EXPORT_PAGE_ITEMS: u32 = 1000;

#[derive(Template)]
#[template(path = "object/list.html")]
struct ListPage {
    frame: Frame,
    list: List,
    order: Vec<Order>,
    below: Vec<String>,
}

/// How a row is moved.
struct Order {
    url: String,
    /// Its place, from 1.
    place: usize,
    /// The version that is meant.
    etag: String,
}

/// `GET /{plural}`
pub(crate) async fn show<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let noun = N::KIND.as_str();
    let path = list_url(N::KIND);
    let now = desk.app.world.time();
    let mut list = List::new(noun, &path, &asked, (&object::FIELDS, now), N::COLUMNS);
    let mut order = Vec::new();
    if list.wrong.is_none() {
        let choice = choice(&asked, asked.cursor(), PAGE_ITEMS);
        let page = object::list(&desk.app, visitor.actor()?, N::KIND, &choice)?;
        let can_move = N::KIND.is_ordered()
            && !list.is_narrowed
            && asked.sort.is_empty()
            && visitor.can(Permission::to_change(N::KIND));
        if can_move {
            let one = |shown: &Shown| Order {
                url: format!("{}/move", url(N::KIND, &shown.slug)),
                place: shown.position,
                etag: shown.etag.clone(),
            };
            order = page.items.iter().map(one).collect();
        }
        list.rows = page.items.iter().map(|shown| row::<N>(&desk, shown)).collect();
        list.goes_on(page.next);
    }
    if visitor.can(Permission::to_change(N::KIND)) {
        list.add = Some(Link::new(&format!("{noun}.add"), format!("{path}/_new")));
    }
    list.exported();
    let frame = Frame::new(&desk, &visitor, text::t(&format!("{noun}.plural")));
    let below = N::below(&desk, &visitor).await?;
    Ok(fault::render(&ListPage { frame, list, order, below }, StatusCode::OK))
}

fn row<N: Noun>(desk: &Desk, shown: &Shown) -> Row {
    let mut cells = N::cells(desk, shown);
    cells.resize_with(N::COLUMNS.len(), || Cell::None);
    Row { url: url(N::KIND, &shown.slug), cells }
}

fn choice(asked: &Asked, cursor: Option<String>, limit: u32) -> object::Choice {
    let sort = if asked.sort == "name" { Sort::Name } else { Sort::Position };
    object::Choice { search: asked.search.clone(), filter: asked.filter(), sort, cursor, limit }
}

/// What is asked for, page by page, to its end.
fn reading<N: Noun>(
    desk: Arc<Desk>,
    visitor: Visitor,
    asked: Asked,
) -> impl Fn(Option<String>) -> export::Read<Shown> {
    let shared = Arc::new((desk, visitor, asked));
    move |cursor| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let (desk, visitor, asked) = &*shared;
            let actor = visitor.actor.as_ref().ok_or(Refusal::Unauthenticated)?;
            object::list(&desk.app, actor, N::KIND, &choice(asked, cursor, EXPORT_PAGE_ITEMS))
        })
    }
}

/// `GET /{plural}.json`
pub(crate) async fn json<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let read = reading::<N>(desk, visitor, asked);
    Ok(export::json_of(&super::plural(N::KIND), read).await?)
}

/// `GET /{plural}.csv`
pub(crate) async fn csv<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let line = |shown: &Shown| {
        let place = shown.position.to_string();
        Some(vec![shown.name.clone(), shown.slug.clone(), place, shown.definition.to_string()])
    };
    let (name, head) = (super::plural(N::KIND), ["name", "slug", "position", "definition"]);
    let read = reading::<N>(desk, visitor, asked);
    Ok(export::csv_of((&name, &head), read, line).await?)
}

/// `POST /{plural}/{name}/move`
pub(crate) async fn move_it<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let place = posted.text("place").and_then(|place| place.parse::<usize>().ok());
    let place = place.filter(|place| *place > 0).ok_or(Fault::Form("the place is no number"))?;
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, N::KIND, &name)?;
    let (etag, confirm) = (version_meant(&posted)?, confirmed(&posted));
    let saving =
        Saving { position: Some(place), etag: Some(etag.clone()), confirm, ..Saving::default() };
    let definition = shown.definition;
    let list = list_url(N::KIND);
    match object::replace(&desk.app, actor, (N::KIND, &name), (definition, saving)).await {
        Ok(_) => Ok(Redirect::to(&format!("{list}?done=moved")).into_response()),
        Err(not_applied) => {
            let own = url(N::KIND, &shown.slug);
            let list = Link::new(&format!("{}.plural", N::KIND.as_str()), list);
            let about = ((shown.name.as_str(), own.as_str()), list);
            let question = Question::moving(&desk, &visitor, about, place);
            question.meaning(etag).refused(not_applied)
        }
    }
}
