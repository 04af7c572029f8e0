//! `/api/v1/audit`

use domain::actor::Permission;
use std::sync::Arc;

use actions::App;
use actions::audit::Verified;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// Whether the audit is as the program wrote it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Verdict {
    /// Every row is as it was written, and none is missing.
    pub intact: bool,
    /// How many rows are known to be good.
    pub rows: u64,
    /// What is wrong behind them, as a sentence.
    pub complaint: Option<String>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let verify = Operation::get("/api/v1/audit", "Prove that the audit is as it was written");
    table.add(verify.needs(Permission::AuditRead).answers::<Verdict>(), self::verify);
}

/// `GET /api/v1/audit`
pub async fn verify(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Verdict>, Problem> {
    let verdict = match actions::audit::verify(&app, &actor).await? {
        Verified::Intact { rows } => Verdict { intact: true, rows, complaint: None },
        Verified::Broken(row) => Verdict {
            intact: false,
            rows: u64::try_from(row.sequence).unwrap_or_default().saturating_sub(1),
            complaint: Some(format!("row {} of the audit {}", row.sequence, row.what)),
        },
    };
    Ok(Json(verdict))
}
