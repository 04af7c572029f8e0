//! Lists of records that are kept one by one: devices, people, certificates. What is a noun's own
//! says its file.

use std::sync::Arc;

use actions::certificate::Page;
use axum::extract::Query;
use axum::extract::State;
use axum::response::Response;
use domain::filter::Field;
use domain::refusal::Refusal;
use serde::Serialize;

use crate::export;
use crate::fault::Fault;
use crate::frame::Frame;
use crate::list;
use crate::list::Asked;
use crate::list::List;
use crate::list::PAGE_ITEMS;
use crate::list::Row;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::text;
use crate::visitor::Visitor;

/// Records of one read for a file.
const EXPORT_READ: u32 = 1000;

/// What the list of a noun needs to know of it.
pub(crate) trait Record: Send + Sync + 'static {
    /// As keys of the catalogue begin: `device`.
    const NOUN: &'static str;

    /// The URL of its list.
    const LIST: &'static str;

    /// What its list can be asked by.
    const FIELDS: &'static [Field];

    /// One of them.
    type Item: Serialize + Send + Sync + 'static;

    /// A page of what is asked for.
    fn ask(
        desk: &Desk,
        visitor: &Visitor,
        asked: &Asked,
        part: (Option<&str>, u32),
    ) -> impl Future<Output = Result<Page<Self::Item>, Refusal>> + Send;

    /// The columns of its list: each the key of its words, and what it is ordered by, if anything.
    fn columns(visitor: &Visitor) -> Vec<(&'static str, &'static str)>;

    /// A row of the list.
    fn row(visitor: &Visitor, item: &Self::Item) -> Row;

    /// Puts buttons on the list.
    fn offer(visitor: &Visitor, list: &mut List);

    /// The first line of its table.
    fn head() -> Vec<&'static str>;

    /// Its line of that table; none of what is in no table.
    fn line(item: &Self::Item) -> Option<Vec<String>>;

    /// The page of its list.
    fn page(_visitor: &Visitor, frame: Frame, list: List) -> Response {
        list::page::of(frame, list)
    }
}

/// Adds the list of a noun, and the same as files.
pub(crate) fn pages<R: Record>(pages: &mut Pages, access: Access) {
    pages.get(R::LIST, access, list::<R>);
    pages.get(format!("{}.csv", R::LIST), access, csv::<R>);
    pages.get(format!("{}.json", R::LIST), access, json::<R>);
}

async fn list<R: Record>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let now = desk.app.world.time();
    let mut list = List::new(R::NOUN, R::LIST, &asked, (R::FIELDS, now), &R::columns(&visitor));
    if list.wrong.is_none() {
        let cursor = asked.cursor();
        match R::ask(&desk, &visitor, &asked, (cursor.as_deref(), PAGE_ITEMS)).await {
            Ok(page) => {
                list.rows = page.items.iter().map(|item| R::row(&visitor, item)).collect();
                list.goes_on(page.next);
            }
            Err(refusal @ Refusal::ParameterWrong { .. }) => {
                list.wrong = Some(refusal.reason().sentence);
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
    R::offer(&visitor, &mut list);
    list.exported();
    let frame = Frame::new(&desk, &visitor, text::t(&format!("{}.plural", R::NOUN)));
    Ok(R::page(&visitor, frame, list))
}

/// Page by page of what is asked for, to its end.
fn reading<R: Record>(
    desk: Arc<Desk>,
    visitor: Visitor,
    asked: Asked,
) -> impl Fn(Option<String>) -> export::Read<R::Item> {
    let shared = Arc::new((desk, visitor, asked));
    move |cursor| {
        let shared = Arc::clone(&shared);
        Box::pin(async move {
            let (desk, visitor, asked) = &*shared;
            R::ask(desk, visitor, asked, (cursor.as_deref(), EXPORT_READ)).await
        })
    }
}

async fn json<R: Record>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let name = R::LIST.trim_start_matches('/');
    Ok(export::json_of(name, reading::<R>(desk, visitor, asked)).await?)
}

async fn csv<R: Record>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let name = R::LIST.trim_start_matches('/');
    let read = reading::<R>(desk, visitor, asked);
    Ok(export::csv_of((name, &R::head()), read, R::line).await?)
}
