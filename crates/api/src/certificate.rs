//! `/api/v1/certificates`

use std::sync::Arc;

use actions::App;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::extract::rejection::QueryRejection;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use serde::Deserialize;
use serde::Serialize;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::problem::Problem;

/// Which page of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of another page.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    pub limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Deserialize, Serialize)]
pub struct Page<T> {
    /// What is on it, newest first.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
}

/// A certificate with its bytes.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// What is known of it.
    #[serde(flatten)]
    pub certificate: Certificate,
    /// The certificate itself, PEM; null while it is only intended.
    pub pem: Option<String>,
}

/// Why a certificate is to be revoked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// A reason of RFC 5280, 5.3.1.
    pub reason: RevocationReason,
}

/// `GET /api/v1/certificates`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Certificate>>, Problem> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = actions::certificate::list(&app, &actor, query.cursor.as_deref(), limit).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/certificates/SERIAL`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let kept = actions::certificate::show(&app, &actor, &parse(&serial)?).await?;
    let pem = kept.der.map(|der| pki::pem::encode("CERTIFICATE", &der));
    Ok(Json(Shown { certificate: kept.certificate, pem }))
}

/// `POST /api/v1/certificates/SERIAL/revoke`
pub async fn revoke(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
    body: Result<Json<Revocation>, JsonRejection>,
) -> Result<Json<Certificate>, Problem> {
    let Json(Revocation { reason }) = body?;
    let serial = parse(&serial)?;
    Ok(Json(actions::certificate::revoke(&app, &actor, &serial, reason).await?))
}

fn parse(serial: &str) -> Result<Serial, Problem> {
    Serial::parse_text(serial).map_err(|_| {
        Problem::from(Refusal::ParameterWrong {
            parameter: "serial".into(),
            what: "is not a serial number in hexadecimal digits".into(),
        })
    })
}
