//! `/api/v1/version`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;

/// What is running.
#[derive(Debug, Serialize, ToSchema)]
pub struct Version {
    /// The program's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let show = Operation::get("/api/v1/version", "Say what is running");
    table.add(show.answers::<Version>(), self::show);
}

/// `GET /api/v1/version`
pub async fn show(Caller(_): Caller) -> Json<Version> {
    Json(Version { name: "safeconduct", version: env!("CARGO_PKG_VERSION") })
}
