//! `/api/v1/doctor`

use std::sync::Arc;

use actions::App;
use axum::Json;
use axum::extract::State;
use domain::doctor::Finding;
use serde::Deserialize;
use serde::Serialize;

use crate::Caller;
use crate::problem::Problem;

/// What was found, the gravest first.
#[derive(Debug, Deserialize, Serialize)]
pub struct Examined {
    /// The findings; none where all is well.
    pub findings: Vec<Finding>,
}

/// `GET /api/v1/doctor`
pub async fn examine(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Examined>, Problem> {
    let findings = actions::doctor::examine(&app, &actor).await?;
    Ok(Json(Examined { findings }))
}
