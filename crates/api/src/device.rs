//! `/api/v1/devices`

use std::sync::Arc;

use actions::App;
use actions::device;
use actions::device::Shown;
use actions::inventory::Import;
use actions::inventory::Report;
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
use domain::device::told::Told;
use domain::inventory::listing;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::large;
use crate::object::if_match;
use crate::object::tagged;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::sheet::Sheet;
use crate::taken::Taken;

/// Which part of which list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// What the name begins with, whatever the case of its letters; of a device, the serial number
    /// too.
    pub search: Option<String>,
    /// The same in the language of filters: `name:mac*`.
    pub filter: Option<String>,
    /// In which order: by `name`, there is no other.
    pub sort: Option<String>,
    /// The `next` of another page of the same list.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// How a table is imported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// Leave out rows that are wrong, instead of importing nothing.
    #[serde(default)]
    pub skip_bad_rows: bool,
    /// Most devices that may lose their use, owner or tags, where it is more than 20 and than 5 %
    /// of all.
    pub confirm: Option<u64>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let (read, change) = (Permission::InventoryRead, Permission::InventoryChange);
    let (all, one) = ("/api/v1/devices", "/api/v1/devices/{name}");
    let list = Operation::get(all, "List devices by their name").needs(read);
    table.add(list.query::<ListQuery>().lists::<Shown>(), self::list);
    let create = Operation::post(all, "Add a device").needs(change).creates();
    table.add(create.takes::<Told>().answers::<Shown>(), self::create);
    let show = Operation::get(one, "Show one device, with its certificates").needs(read);
    table.add(show.versioned().answers::<Shown>(), self::show);
    let save = Operation::put(one, "Tell of a device, which is made if it is new").needs(change);
    table.add(save.takes::<Told>().answers::<Shown>(), self::save);
    let tell = Operation::patch(one, "Tell of a device that is there").needs(change);
    table.add(tell.versioned().takes::<Told>().answers::<Shown>(), self::tell);
    let remove = Operation::delete(one, "Remove a device; its certificates stay").needs(change);
    table.add(remove, self::remove);
    let import = Operation::post("/api/v1/devices/import", "Import a table of devices");
    let import = import.needs(change).query::<ImportQuery>().takes_table().answers::<Report>();
    table.add_route(import, |filter| large(on(filter, self::import)));
}

impl ListQuery {
    /// What the names begin with.
    pub(crate) fn start(&self) -> Result<String, Problem> {
        let [search, filter, sort] = [&self.search, &self.filter, &self.sort].map(Option::as_deref);
        Ok(listing::start(search, filter, sort)?)
    }
}

/// `GET /api/v1/devices`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    let start = query.start()?;
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = device::list(&app, &actor, &start, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/devices/NAME`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(device::show(&app, &actor, &name).await?))
}

/// `POST /api/v1/devices`
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Told>, Problem>,
) -> Result<(StatusCode, Json<Shown>), Problem> {
    let Taken(told) = body?;
    Ok((StatusCode::CREATED, Json(device::create(&app, &actor, told).await?)))
}

/// `PUT /api/v1/devices/NAME`
pub async fn save(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<Told>, Problem>,
) -> Result<Json<Shown>, Problem> {
    let Taken(told) = body?;
    Ok(Json(device::save(&app, &actor, &name, told).await?))
}

/// `PATCH /api/v1/devices/NAME`
pub async fn tell(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Taken<Told>, Problem>,
) -> Result<Response, Problem> {
    let etag = if_match(&headers)?;
    let Taken(told) = body?;
    Ok(answer(device::tell(&app, &actor, (&name, etag.as_deref()), told).await?))
}

/// The device with its version.
fn answer(shown: Shown) -> Response {
    let etag = device::etag(&shown.device);
    tagged(Json(shown).into_response(), &etag)
}

/// `DELETE /api/v1/devices/NAME`
pub async fn remove(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    device::remove(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/devices/import`
pub async fn import(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ImportQuery>, QueryRejection>,
    Sheet(body): Sheet,
) -> Result<Json<Report>, Problem> {
    let Query(ImportQuery { dry_run, skip_bad_rows, confirm }) = query?;
    let import = Import { dry_run, skip_bad_rows, confirm };
    Ok(Json(device::import(&app, &actor, &body, import).await?))
}
