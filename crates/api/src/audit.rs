//! `/api/v1/audit`

use std::sync::Arc;

use actions::App;
use actions::audit::Order;
use actions::audit::Verified;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::problem::Problem;

/// Whether the audit is as the program wrote it.
#[derive(Debug, Default, Serialize)]
pub struct Verdict {
    /// Every row is as it was written, and none is missing.
    pub intact: bool,
    /// How many rows are known to be good.
    pub rows: u64,
    /// What is wrong behind them, as a sentence.
    pub complaint: Option<String>,
    /// What was done, as one of six words.
    pub tampering: Option<&'static str>,
    /// The row where it begins.
    pub row: Option<i64>,
    /// The id of the row found there.
    pub id: Option<String>,
    /// How many checkpoints are good; not counted if something is wrong.
    pub checkpoints: Option<u64>,
    /// The row that the last checkpoint is of.
    pub covered: Option<u64>,
}

/// Which rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    /// The `next` of another page.
    cursor: Option<String>,
    /// Rows on the page.
    limit: Option<u32>,
    /// `oldest` (as it is without) or `newest` first.
    order: Option<RowsOrder>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RowsOrder {
    Oldest,
    Newest,
}

/// `GET /api/v1/audit`
pub async fn verify(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Verdict>, Problem> {
    let verdict = match actions::audit::verify(&app, &actor).await? {
        Verified::Intact(intact) => Verdict {
            intact: true,
            rows: intact.rows,
            checkpoints: Some(intact.checkpoints),
            covered: Some(intact.covered),
            ..Verdict::default()
        },
        Verified::Broken(bad) => Verdict {
            rows: u64::try_from(bad.sequence).unwrap_or_default().saturating_sub(1),
            complaint: Some(bad.to_string()),
            tampering: Some(bad.tampering.as_str()),
            row: Some(bad.sequence),
            id: bad.id,
            ..Verdict::default()
        },
    };
    Ok(Json(verdict))
}

/// `GET /api/v1/audit/rows`
pub async fn rows(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<RowsQuery>, QueryRejection>,
) -> Result<Json<Page<impl Serialize>>, Problem> {
    let Query(query) = query?;
    let order = match query.order {
        Some(RowsOrder::Newest) => Order::Newest,
        Some(RowsOrder::Oldest) | None => Order::Oldest,
    };
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = actions::audit::rows(&app, &actor, order, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/audit/checkpoints`
pub async fn checkpoints(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<impl Serialize>>, Problem> {
    let Query(query) = query?;
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = actions::audit::checkpoints(&app, &actor, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `POST /api/v1/audit/checkpoints`
pub async fn sign(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Value>, Problem> {
    let checkpoint = actions::audit::sign(&app, &actor).await?;
    Ok(Json(json!({ "checkpoint": checkpoint })))
}

/// `GET /api/v1/audit/key`
pub async fn key(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Value>, Problem> {
    let key = actions::audit::key(&app, &actor).await?;
    Ok(Json(json!({
        "algorithm": "Ed25519",
        "public_key": key.as_ref().map(|key| key.text()),
        "fingerprint": key.as_ref().map(|key| key.fingerprint()),
    })))
}
