//! `/api/v1/audit`

use std::sync::Arc;

use actions::App;
use actions::audit::Order;
use actions::audit::Verified;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use domain::actor::Permission;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// Whether the audit is as the program wrote it.
#[derive(Debug, Default, Serialize, ToSchema)]
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
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RowsQuery {
    /// The `next` of another page.
    cursor: Option<String>,
    /// Most rows, 1 to 1000; a page has 500 at most.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    limit: Option<u32>,
    /// `oldest` (as it is without) or `newest` first.
    #[param(inline)]
    order: Option<RowsOrder>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RowsOrder {
    Oldest,
    Newest,
}

/// What was signed just now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Signed {
    /// The new checkpoint; null if nothing came since the last.
    pub checkpoint: Option<actions::audit::Checkpoint>,
}

/// What checkpoints are checked with.
#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    /// How they are signed.
    pub algorithm: &'static str,
    /// The public key, in hexadecimal digits; null if nothing was signed yet.
    pub public_key: Option<String>,
    /// The SHA-256 of the public key, in hexadecimal digits.
    pub fingerprint: Option<String>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let verify = Operation::get("/api/v1/audit", "Prove that the audit is as it was written");
    let read = Permission::AuditRead;
    table.add(verify.needs(read).answers::<Verdict>(), self::verify);
    let rows =
        Operation::get("/api/v1/audit/rows", "List the rows of the audit as they are hashed");
    table.add(rows.needs(read).query::<RowsQuery>().lists::<actions::audit::Row>(), self::rows);
    let at = "/api/v1/audit/checkpoints";
    let list = Operation::get(at, "List signed checkpoints, oldest first");
    let list = list.needs(read).query::<PageQuery>().lists::<actions::audit::Checkpoint>();
    table.add(list, checkpoints);
    let sign = Operation::post(at, "Sign what came since the last checkpoint").needs(read);
    table.add(sign.answers::<Signed>(), self::sign);
    let key = Operation::get("/api/v1/audit/key", "Show what checkpoints are checked with");
    table.add(key.needs(read).answers::<Key>(), self::key);
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
) -> Result<Json<Page<actions::audit::Row>>, Problem> {
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
) -> Result<Json<Page<actions::audit::Checkpoint>>, Problem> {
    let Query(query) = query?;
    let page = (query.cursor.as_deref(), query.limit.unwrap_or(PAGE_DEFAULT));
    let page = actions::audit::checkpoints(&app, &actor, page).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `POST /api/v1/audit/checkpoints`
pub async fn sign(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Signed>, Problem> {
    let checkpoint = actions::audit::sign(&app, &actor).await?;
    Ok(Json(Signed { checkpoint }))
}

/// `GET /api/v1/audit/key`
pub async fn key(State(app): State<Arc<App>>, Caller(actor): Caller) -> Result<Json<Key>, Problem> {
    let key = actions::audit::key(&app, &actor).await?;
    Ok(Json(Key {
        algorithm: "Ed25519",
        public_key: key.as_ref().map(|key| key.text()),
        fingerprint: key.as_ref().map(|key| key.fingerprint()),
    }))
}
