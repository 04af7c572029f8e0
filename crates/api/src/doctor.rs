//! `/api/v1/doctor`

use std::sync::Arc;

use actions::App;
use axum::Json;
use axum::extract::State;
use domain::actor::Permission;
use domain::doctor::Finding;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// What was found, the gravest first.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Examined {
    /// The findings; none where all is well.
    pub findings: Vec<Finding>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let examine = Operation::get("/api/v1/doctor", "Find out what is wrong, and what to do");
    let examine = examine.needs(Permission::OrganizationRead).needs(Permission::EventRead);
    table.add(examine.answers::<Examined>(), self::examine);
}

/// `GET /api/v1/doctor`
pub async fn examine(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Examined>, Problem> {
    let findings = actions::doctor::examine(&app, &actor).await?;
    Ok(Json(Examined { findings }))
}
