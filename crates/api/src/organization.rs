//! `/api/v1/organization` and `/api/v1/apply`

use std::sync::Arc;

use actions::App;
use actions::object::Saving;
use actions::organization::Application;
use actions::organization::Applied;
use actions::organization::history::SETTINGS;
use actions::organization::history::ShownVersion;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use domain::organization::Organization;
use domain::organization::Settings;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::IntoParams;

use crate::Caller;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::object::history_page;
use crate::object::if_match;
use crate::object::tagged;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::schema;
use crate::taken::Taken;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::OrganizationRead;
    let all = "/api/v1/organization";
    let show = Operation::get(all, "Show every definition at once").needs(read);
    table.add(show.answers::<Organization>(), self::show);
    let at = "/api/v1/organization/settings";
    let show = Operation::get(at, "Show the organization's own settings").needs(read).versioned();
    table.add(show.answers::<Settings>(), settings);
    let save = Operation::put(at, "Change the organization's own settings");
    let save = save.needs(Permission::OrganizationChange).versioned();
    table.add(save.takes::<Settings>().answers::<Settings>(), save_settings);
    let at = "/api/v1/organization/settings/history";
    let versions = Operation::get(at, "List the versions of the settings").needs(read);
    table.add(versions.query::<PageQuery>().lists::<ShownVersion>(), self::versions);
    let export = Operation::get("/api/v1/export", "Export what apply takes as its document");
    let export = export.needs(read).needs(Permission::InventoryRead).query::<ExportQuery>();
    table.add(export.answers_part(schema::document()), self::export);
    let apply = "/api/v1/apply";
    let apply = Operation::post(apply, "Apply a declarative document, all or nothing").needs(read);
    table.add(apply.takes::<Application>().answers::<Applied>(), self::apply);
}

/// `GET /api/v1/organization`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Organization>, Problem> {
    Ok(Json(actions::organization::show(&app, &actor)?))
}

/// `GET /api/v1/organization/settings`
pub async fn settings(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Response, Problem> {
    let (settings, etag) = actions::organization::settings(&app, &actor)?;
    Ok(tagged(Json(settings).into_response(), &etag))
}

/// `PUT /api/v1/organization/settings`
pub async fn save_settings(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    headers: HeaderMap,
    body: Result<Taken<Settings>, Problem>,
) -> Result<Response, Problem> {
    let saving = Saving { etag: if_match(&headers)?, ..Saving::default() };
    let Taken(new) = body?;
    actions::organization::change_settings(&app, &actor, (new, saving)).await?;
    let (settings, etag) = actions::organization::settings(&app, &actor)?;
    Ok(tagged(Json(settings).into_response(), &etag))
}

/// `GET /api/v1/organization/settings/history`
pub async fn versions(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<ShownVersion>>, Problem> {
    let Query(query) = query?;
    let object = (Kind::Organization, SETTINGS);
    Ok(Json(history_page(&app, &actor, object, query).await?))
}

/// What an export holds.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// What the inventory knows, too.
    #[serde(default)]
    #[param(required = false)]
    inventory: bool,
}

/// `GET /api/v1/export`: what `POST /api/v1/apply` takes as its document.
pub async fn export(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Json<Map<String, Value>>, Problem> {
    let Query(ExportQuery { inventory }) = query?;
    Ok(Json(actions::organization::export::export(&app, &actor, inventory).await?))
}

/// `POST /api/v1/apply`
pub async fn apply(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Application>, Problem>,
) -> Result<Json<Applied>, Problem> {
    let Taken(application) = body?;
    Ok(Json(actions::organization::apply(&app, &actor, application).await?))
}
