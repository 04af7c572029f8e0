//! `/api/v1/events`

use std::sync::Arc;

use actions::App;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use domain::actor::Permission;
use domain::event::Shown;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::EventRead;
    let list = Operation::get("/api/v1/events", "List what happened, newest first").needs(read);
    table.add(list.query::<PageQuery>().lists::<Shown>(), self::list);
    let show = Operation::get("/api/v1/events/{id}", "Show one event").needs(read);
    table.add(show.answers::<Shown>(), self::show);
}

/// `GET /api/v1/events`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = actions::event::list(&app, &actor, query.cursor.as_deref(), limit).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/events/ID`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(actions::event::show(&app, &actor, &id).await?))
}
