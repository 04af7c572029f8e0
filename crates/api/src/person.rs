//! `/api/v1/people`

use std::sync::Arc;

use actions::App;
use actions::inventory::Import;
use actions::inventory::Report;
use actions::person;
use actions::person::Shown;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::on;
use domain::actor::Permission;
use domain::person::Told;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::device::ImportQuery;
use crate::device::ListQuery;
use crate::large;
use crate::object::if_match;
use crate::object::tagged;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::sheet::Sheet;
use crate::taken::Taken;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let (read, change) = (Permission::InventoryRead, Permission::InventoryChange);
    let (all, one) = ("/api/v1/people", "/api/v1/people/{name}");
    let list = Operation::get(all, "List people by their name").needs(read);
    table.add(list.query::<ListQuery>().lists::<Shown>(), self::list);
    let create = Operation::post(all, "Add a person").needs(change).creates();
    table.add(create.takes::<Told>().answers::<Shown>(), self::create);
    let show = Operation::get(one, "Show one person, with their devices").needs(read);
    table.add(show.versioned().answers::<Shown>(), self::show);
    let save = Operation::put(one, "Tell of a person, who is made if they are new").needs(change);
    table.add(save.takes::<Told>().answers::<Shown>(), self::save);
    let tell = Operation::patch(one, "Tell of a person who is there").needs(change);
    table.add(tell.versioned().takes::<Told>().answers::<Shown>(), self::tell);
    table.add(Operation::delete(one, "Remove a person").needs(change), remove);
    let import = Operation::post("/api/v1/people/import", "Import a table of people");
    let import = import.needs(change).query::<ImportQuery>().takes_table().answers::<Report>();
    table.add_route(import, |filter| large(on(filter, self::import)));
}

/// `GET /api/v1/people`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    let start = query.start()?;
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = person::list(&app, &actor, &start, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/people/NAME`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(person::show(&app, &actor, &name).await?))
}

/// `POST /api/v1/people`
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Told>, Problem>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let Taken(told) = body?;
    Ok((StatusCode::CREATED, Json(person::create(&app, &actor, told).await?)))
}

/// `PUT /api/v1/people/NAME`
pub async fn save(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<Told>, Problem>,
) -> Result<Json<Shown>, Problem> {
    let Taken(told) = body?;
    Ok(Json(person::save(&app, &actor, &name, told).await?))
}

/// `PATCH /api/v1/people/NAME`
pub async fn tell(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Taken<Told>, Problem>,
) -> Result<Response, Problem> {
    let etag = if_match(&headers)?;
    let Taken(told) = body?;
    Ok(answer(person::tell(&app, &actor, (&name, etag.as_deref()), told).await?))
}

/// The person with its version.
fn answer(shown: Shown) -> Response {
    let etag = person::etag(&shown.person);
    tagged(Json(shown).into_response(), &etag)
}

/// `DELETE /api/v1/people/NAME`
pub async fn remove(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    person::remove(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/people/import`
pub async fn import(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ImportQuery>, QueryRejection>,
    Sheet(body): Sheet,
) -> Result<Json<Report>, Problem> {
    let Query(ImportQuery { dry_run, skip_bad_rows, confirm }) = query?;
    let import = Import { dry_run, skip_bad_rows, confirm };
    Ok(Json(person::import(&app, &actor, &body, import).await?))
}
