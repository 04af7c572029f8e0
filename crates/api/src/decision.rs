//! `/api/v1/explain`, `/api/v1/simulate` and `/api/v1/replay`

use std::sync::Arc;

use actions::App;
use actions::decision::explain::Explanation;
use actions::decision::replay::Replayed;
use actions::decision::replay::Request;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;

use crate::Caller;
use crate::problem::Problem;

/// What is to be explained.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// An event's id, a serial number, an address, or a device.
    pub about: String,
}

/// `GET /api/v1/explain?about=…`
pub async fn explain(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<About>, QueryRejection>,
) -> Result<Json<Explanation>, Problem> {
    let Query(About { about }) = query?;
    Ok(Json(actions::decision::explain::explain(&app, &actor, &about).await?))
}

/// `POST /api/v1/simulate`
pub async fn simulate(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Json<Trial>, JsonRejection>,
) -> Result<Json<Simulated>, Problem> {
    let Json(trial) = body?;
    Ok(Json(actions::decision::simulate::simulate(&app, &actor, &trial).await?))
}

/// `POST /api/v1/replay`
pub async fn replay(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Json<Request>, JsonRejection>,
) -> Result<Json<Replayed>, Problem> {
    let Json(request) = body?;
    Ok(Json(actions::decision::replay::replay(&app, &actor, &request).await?))
}
