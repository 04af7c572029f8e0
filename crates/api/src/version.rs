//! `/api/v1/version`

use axum::Json;
use serde::Serialize;

use crate::Caller;

/// What is running.
#[derive(Debug, Serialize)]
pub struct Version {
    /// The program's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// `GET /api/v1/version`
pub async fn show(Caller(_): Caller) -> Json<Version> {
    Json(Version { name: "safeconduct", version: env!("CARGO_PKG_VERSION") })
}
