//! `/healthz`, `/readyz` and `/metrics`: whether the program lives, whether it can do its work, and
//! how much of it.

use std::sync::Arc;

use actions::App;
use actions::journal::JOURNAL_MAX;
use actions::notary;
use actions::signer;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use store::WriterState;

use crate::door::metrics;
use crate::door::metrics::Metrics;
use crate::door::traffic::Traffic;

/// The health of the server.
pub(crate) fn routes(app: Arc<App>, traffic: &Arc<Traffic>) -> Router {
    let counted = Arc::new(Metrics::of(&app, traffic));
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .with_state(app)
        .route("/metrics", get(|| async move { told(&counted) }))
}

fn told(counted: &Metrics) -> Response {
    match counted.text() {
        Ok(text) => ([(CONTENT_TYPE, metrics::TEXT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written: this is a bug");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
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
    let ready = writes && serves;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    // Neither enrollment nor login needs the others.
    let parts = json!({
        "ready": ready,
        "store": store,
        "radius": radius,
        "revocation": revocation(&app),
        "journal": journal(&app),
        "signer": signer(&app),
        "audit": audit(&app),
        "inventory": inventory(&app),
    });
    (status, Json(parts)).into_response()
}

fn revocation(app: &App) -> String {
    let overdue = actions::revocation_list::overdue(app);
    if overdue.is_empty() {
        return "published".to_owned();
    }
    format!("overdue: {}; the log says why", overdue.join(", "))
}

fn journal(app: &App) -> String {
    let journal = app.snapshot.journal();
    let (waiting, lost) = (journal.waiting(), journal.lost());
    if waiting > JOURNAL_MAX / 2 {
        return format!("behind: {waiting} answers wait; the database is away or too slow");
    }
    if lost > 0 {
        return format!("writing; {lost} answers were lost since the start: see the events");
    }
    "writing".to_owned()
}

fn signer(app: &App) -> String {
    let rules = app.snapshot.rules();
    let busy =
        rules.authority_keys().filter(|key| key.generation.key.waiting() > signer::QUEUE_MAX / 2);
    let busy: Vec<String> =
        busy.map(|key| key.definition.key_slug(key.generation.number)).collect();
    if busy.is_empty() {
        return "signing".to_owned();
    }
    format!("behind: {}; more devices ask than the keys can sign for", busy.join(", "))
}

fn audit(app: &App) -> String {
    let state = notary::state(app);
    match state.broken {
        Some(bad) => {
            let (row, word) = (bad.sequence, bad.tampering.as_str());
            format!("broken at row {row} ({word}): run `safeconduct audit verify`")
        }
        None if state.is_overdue(app.world.time()) => {
            "not signed for minutes; the database is away or too slow".to_owned()
        }
        None => "signed".to_owned(),
    }
}

fn inventory(app: &App) -> String {
    if !app.snapshot.inventory_reachable() {
        return "not read whole: it is read at the start, or is larger than memory holds; see the \
                log"
        .to_owned();
    }
    match app.snapshot.inventory().known_count() {
        0 => "empty: devices are known from their requests only".to_owned(),
        count => format!("known: {count} devices"),
    }
}
