//! `/healthz` and `/readyz`: whether the program lives, and whether it can do its work.

use std::sync::Arc;

use actions::App;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use store::WriterState;

/// The health of the server.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(app)
}

/// Each part with what it says; 503 if enrollment or login cannot work.
async fn ready(State(app): State<Arc<App>>) -> Response {
    let (store, writes) = match app.store.writer() {
        WriterState::Writing => ("writing", true),
        WriterState::Full => ("full: free space on the disk", false),
        WriterState::Stopped => ("stopped: the disk failed; check it and restart", false),
        WriterState::Unreachable => ("away: the database server cannot be reached", false),
    };
    let rules = app.snapshot.rules();
    let (radius, serves) = match rules.server() {
        Some(_) => ("serving", true),
        None => ("no server certificate: define one and apply", false),
    };
    // Neither enrollment nor login needs the lists.
    let overdue = actions::revocation_list::overdue(&app);
    let revocation = if overdue.is_empty() {
        "published".to_owned()
    } else {
        format!("overdue: {}; the log says why", overdue.join(", "))
    };
    let ready = writes && serves;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let parts = json!({
        "ready": ready, "store": store, "radius": radius, "revocation": revocation,
    });
    (status, Json(parts)).into_response()
}
