//! `/api/v1/server-certificates/NAME/…`: what is shown to devices, what waits, and the change from
//! one to the other.

use std::sync::Arc;

use actions::App;
use actions::server_certificate;
use actions::server_certificate::Shown;
use actions::server_certificate::coverage;
use actions::server_certificate::coverage::Ask;
use actions::server_certificate::coverage::Coverage;
use actions::server_certificate::importing;
use actions::server_certificate::renewal;
use actions::server_certificate::switching;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::StatusCode;
use domain::actor::Permission;
use domain::server_certificate::Slot;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// Which certificate is asked about, and which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CoverageQuery {
    /// `active`, `next` or `previous`; what waits if there is something, else what is shown.
    pub slot: Option<Slot>,
    /// The `next` of another page.
    pub cursor: Option<String>,
    /// Most devices; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let (read, change) = (Permission::OrganizationRead, Permission::PkiChange);
    let at = |rest: &str| format!("/api/v1/server-certificates/{{name}}/{rest}");
    let slots = Operation::get(at("slots"), "Show what a server certificate shows, and what waits");
    table.add(slots.needs(read).answers::<Shown>(), self::slots);
    let coverage = Operation::get(at("coverage"), "Say which devices trust what waits to be shown");
    table.add(coverage.needs(read).query::<CoverageQuery>().answers::<Coverage>(), self::coverage);
    let renew = Operation::post(at("renew"), "Give a server certificate a new key and certificate");
    let renew = renew.needs(change).takes::<renewal::Order>().answers::<Shown>();
    table.add(renew, self::renew);
    let import = Operation::post(at("import"), "Take a server certificate from elsewhere");
    let import = import.needs(change).takes::<importing::Order>().answers::<Shown>();
    table.add(import, self::import);
    let switch = Operation::post(at("switch"), "Show devices what waits, or what was shown before");
    let switch = switch.needs(change).takes::<switching::Order>().answers::<Shown>();
    table.add(switch, self::switch);
    let discard = Operation::delete(at("next"), "Drop what waits to be shown");
    table.add(discard.needs(change), self::discard);
}

/// `GET /api/v1/server-certificates/NAME/slots`
pub async fn slots(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(server_certificate::show(&app, &actor, &name)?))
}

/// `GET /api/v1/server-certificates/NAME/coverage`
pub async fn coverage(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<CoverageQuery>, QueryRejection>,
) -> Result<Json<Coverage>, Problem> {
    let Query(CoverageQuery { slot, cursor, limit }) = query?;
    let ask = Ask { slot, cursor, limit: limit.unwrap_or(PAGE_DEFAULT) };
    Ok(Json(coverage::look(&app, &actor, &name, &ask).await?))
}

async fn renew(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<renewal::Order>, Problem>,
) -> Result<Json<Shown>, Problem> {
    let Taken(order) = body?;
    Ok(Json(renewal::renew(&app, &actor, &name, order).await?))
}

async fn import(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<importing::Order>, Problem>,
) -> Result<Json<Shown>, Problem> {
    let Taken(order) = body?;
    Ok(Json(importing::import(&app, &actor, &name, order).await?))
}

async fn switch(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<switching::Order>, Problem>,
) -> Result<Json<Shown>, Problem> {
    let Taken(order) = body?;
    Ok(Json(switching::switch(&app, &actor, &name, order).await?))
}

/// `DELETE /api/v1/server-certificates/NAME/next`
pub async fn discard(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    server_certificate::discard(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
