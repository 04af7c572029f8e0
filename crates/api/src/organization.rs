//! `/api/v1/organization` and `/api/v1/apply`

use std::sync::Arc;

use actions::App;
use actions::organization::Application;
use actions::organization::Applied;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::extract::rejection::QueryRejection;
use domain::organization::Organization;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use crate::Caller;
use crate::problem::Problem;

/// `GET /api/v1/organization`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Organization>, Problem> {
    Ok(Json(actions::organization::show(&app, &actor)?))
}

/// What an export holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// What the inventory knows, too.
    #[serde(default)]
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
    body: Result<Json<Application>, JsonRejection>,
) -> Result<Json<Applied>, Problem> {
    let Json(application) = body?;
    Ok(Json(actions::organization::apply(&app, &actor, application).await?))
}
