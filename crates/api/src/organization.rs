//! `/api/v1/organization` and `/api/v1/apply`

use std::sync::Arc;

use actions::App;
use actions::organization::Application;
use actions::organization::Applied;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use domain::organization::Organization;

use crate::Caller;
use crate::problem::Problem;

/// `GET /api/v1/organization`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Organization>, Problem> {
    Ok(Json(actions::organization::show(&app, &actor)?))
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
