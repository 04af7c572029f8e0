//! `/api/v1/gateways/NAME/secrets` and `/api/v1/access-points/NAME/rotate-secret`

use std::sync::Arc;

use actions::App;
use actions::access_point;
use actions::access_point::ShownSecret;
use actions::gateway::secret;
use actions::gateway::secret::Made;
use actions::gateway::secret::Order;
use actions::gateway::secret::Shown;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use domain::actor::Permission;

use crate::Caller;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let all = "/api/v1/gateways/{name}/secrets";
    let list = Operation::get(all, "List the challenges of a gateway, without themselves");
    table.add(list.needs(Permission::OrganizationRead).lists::<Shown>(), self::list);
    let add = Operation::post(all, "Draw a further challenge, which is shown once").creates();
    table.add(add.needs(Permission::PkiChange).takes::<Order>().answers::<Made>(), self::add);
    let remove = "/api/v1/gateways/{name}/secrets/{id}";
    let remove = Operation::delete(remove, "End one of the challenges of a gateway");
    table.add(remove.needs(Permission::PkiChange), self::remove);
    let rotate = "/api/v1/access-points/{name}/rotate-secret";
    let rotate = Operation::post(rotate, "Draw a new shared secret, which is shown once");
    table.add(rotate.needs(Permission::NetworkChange).answers::<ShownSecret>(), self::rotate);
}

async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Page<Shown>>, Problem> {
    Ok(Json(Page { items: secret::list(&app, &actor, &name).await?, next: None }))
}

async fn add(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Taken<Order>, Problem>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let Taken(order) = body?;
    Ok((StatusCode::CREATED, Json(secret::add(&app, &actor, &name, order).await?)))
}

async fn remove(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    secret::remove(&app, &actor, &name, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rotate(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<ShownSecret>, Problem> {
    Ok(Json(access_point::rotate(&app, &actor, &name).await?))
}
