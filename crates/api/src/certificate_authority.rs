//! `/api/v1/certificate-authorities`

use std::sync::Arc;

use actions::App;
use actions::certificate_authority::listing;
use actions::certificate_authority::listing::Shown;
use actions::certificate_authority::renewal;
use actions::object;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::object::tagged;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::OrganizationRead;
    let list =
        Operation::get("/api/v1/certificate-authorities", "List authorities with their keys");
    table.add(list.needs(read).query::<PageQuery>().lists::<Shown>(), self::list);
    let one = "/api/v1/certificate-authorities/{name}";
    let show = Operation::get(one, "Show one authority, with the certificates of its keys");
    table.add(show.needs(read).versioned().answers::<Shown>(), self::show);
    let renew = "/api/v1/certificate-authorities/{name}/renew";
    let renew = Operation::post(renew, "Give an authority a new key and certificate");
    table.add(renew.needs(Permission::PkiChange).answers::<Shown>(), self::renew);
}

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
) -> Result<Response, Problem> {
    let definition = object::show(&app, &actor, Kind::CertificateAuthority, &name)?;
    let shown = listing::show(&app, &actor, &definition.name)?;
    Ok(tagged(Json(shown).into_response(), &definition.etag))
}

/// `POST /api/v1/certificate-authorities/NAME/renew`
pub async fn renew(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(renewal::renew(&app, &actor, &name).await?))
}
