//! `/api/v1/certificate-authorities`

use std::sync::Arc;

use actions::App;
use actions::certificate_authority::listing;
use actions::certificate_authority::listing::Shown;
use actions::certificate_authority::renewal;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::problem::Problem;

/// `GET /api/v1/certificate-authorities`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = listing::list(&app, &actor, query.cursor.as_deref(), limit)?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

/// `GET /api/v1/certificate-authorities/NAME`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(listing::show(&app, &actor, &name)?))
}

/// `POST /api/v1/certificate-authorities/NAME/renew`
pub async fn renew(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(renewal::renew(&app, &actor, &name).await?))
}
