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
use axum::extract::rejection::QueryRejection;
use domain::actor::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// What is to be explained.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// An event's id, a serial number, an address, or a device.
    pub about: String,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let explain = Operation::get("/api/v1/explain", "Say why a device was answered as it was");
    let explain = explain
        .needs(Permission::EventRead)
        .needs(Permission::OrganizationRead)
        .needs(Permission::InventoryRead);
    table.add(explain.query::<About>().answers::<Explanation>(), self::explain);
    let simulate = Operation::post("/api/v1/simulate", "Say what would happen if a device came");
    let simulate = simulate
        .needs(Permission::OrganizationRead)
        .needs(Permission::InventoryRead)
        .needs(Permission::CertificateRead);
    table.add(simulate.takes::<Trial>().answers::<Simulated>(), self::simulate);
    let replay = Operation::post("/api/v1/replay", "Answer what devices asked again, with a draft");
    let replay = replay
        .needs(Permission::EventRead)
        .needs(Permission::OrganizationRead)
        .needs(Permission::InventoryRead);
    table.add(replay.takes::<Request>().answers::<Replayed>(), self::replay);
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
    body: Result<Taken<Trial>, Problem>,
) -> Result<Json<Simulated>, Problem> {
    let Taken(trial) = body?;
    Ok(Json(actions::decision::simulate::simulate(&app, &actor, &trial).await?))
}

/// `POST /api/v1/replay`
pub async fn replay(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Request>, Problem>,
) -> Result<Json<Replayed>, Problem> {
    let Taken(request) = body?;
    Ok(Json(actions::decision::replay::replay(&app, &actor, &request).await?))
}
