//! `/api/v1/network-profiles/NAME/certificates` and `…/render`, `/api/v1/inspect`, and
//! `/api/v1/public-roots`

use std::sync::Arc;

use actions::App;
use actions::network_profile;
use actions::network_profile::Trusted;
use actions::network_profile::configure;
use actions::network_profile::configure::Configured;
use actions::network_profile::inspect;
use actions::network_profile::inspect::Inspected;
use actions::network_profile::render;
use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use domain::actor::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// Which public roots, and which part of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RootsQuery {
    /// What name or subject holds, whatever the case of its letters.
    pub search: Option<String>,
    /// The `next` of another page of the same list.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::OrganizationRead;
    let path = "/api/v1/network-profiles/{name}/certificates";
    let of =
        Operation::get(path, "List the certificates that a network profile lets devices trust");
    table.add(of.needs(read).lists::<Trusted>(), certificates);
    let path = "/api/v1/network-profiles/{name}/render";
    let render = Operation::post(path, "Write a network profile for a platform");
    let render = render.needs(Permission::PkiChange).takes::<Order>().answers::<Rendered>();
    table.add(render, self::render);
    let path = "/api/v1/network-profiles/{name}/configure";
    let configure = Operation::post(path, "Write what access points are told of a network");
    let configure = configure.needs(read).takes::<configure::Order>().answers::<Configured>();
    table.add(configure, self::configure);
    let inspect = Operation::post("/api/v1/inspect", "Compare a profile with the organization");
    let inspect = inspect.needs(read).takes::<inspect::Order>().answers::<Inspected>();
    table.add(inspect, self::inspect);
    let roots = Operation::get("/api/v1/public-roots", "List the public roots by their name");
    table.add(roots.needs(read).query::<RootsQuery>().lists::<Trusted>(), public_roots);
}

/// `GET /api/v1/network-profiles/NAME/certificates`
pub async fn certificates(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Page<Trusted>>, Problem> {
    Ok(Json(Page { items: network_profile::certificates(&app, &actor, &name)?, next: None }))
}

async fn render(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<Order>, Problem>,
) -> Result<Json<Rendered>, Problem> {
    let Taken(order) = body?;
    Ok(Json(render::render(&app, &actor, &name, order).await?))
}

async fn configure(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<configure::Order>, Problem>,
) -> Result<Json<Configured>, Problem> {
    let Taken(order) = body?;
    Ok(Json(configure::configure(&app, &actor, &name, &order)?))
}

async fn inspect(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<inspect::Order>, Problem>,
) -> Result<Json<Inspected>, Problem> {
    let Taken(order) = body?;
    Ok(Json(inspect::inspect(&app, &actor, &order)?))
}

/// `GET /api/v1/public-roots`
pub async fn public_roots(
    Caller(actor): Caller,
    query: Result<Query<RootsQuery>, QueryRejection>,
) -> Result<Json<Page<Trusted>>, Problem> {
    let Query(RootsQuery { search, cursor, limit }) = query?;
    let (search, limit) = (search.unwrap_or_default(), limit.unwrap_or(PAGE_DEFAULT));
    let page = network_profile::public_roots(&actor, &search, (cursor.as_deref(), limit))?;
    Ok(Json(Page { items: page.items, next: page.next }))
}
