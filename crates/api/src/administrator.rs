//! `/api/v1/administrators`, `/api/v1/tokens`, `/api/v1/me` and `/api/v1/setup`

use std::sync::Arc;

use actions::App;
use actions::administrator;
use actions::setup;
use actions::token;
use actions::token::ShownToken;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::Administrator;
use domain::administrator::Told;
use domain::token::Order;
use domain::token::Token;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use crate::Caller;
use crate::certificate::Page;
use crate::object::if_match;
use crate::object::tagged;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// Whose tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TokenQuery {
    /// Those of this administrator; without, all that may be seen.
    pub administrator: Option<String>,
}

/// Who asks.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Me {
    /// As events name them.
    pub actor: String,
    /// The administrator on record; null for whoever comes by this machine's own socket.
    pub administrator: Option<String>,
    /// Their role.
    pub role: Option<Role>,
    /// What they may do, by this token.
    pub permissions: Vec<Permission>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let (read, change) = (Permission::AdministratorRead, Permission::AdministratorChange);
    let all = "/api/v1/administrators";
    let one = "/api/v1/administrators/{name}";
    let list = Operation::get(all, "List administrators by their name").needs(read);
    table.add(list.lists::<Administrator>(), self::list);
    let create = Operation::post(all, "Make an administrator").needs(change).creates();
    table.add(create.takes::<Told>().answers::<Administrator>(), self::create);
    let show = Operation::get(one, "Show one administrator; everybody may see themselves");
    table.add(show.versioned().answers::<Administrator>(), self::show);
    let patch = Operation::patch(one, "Change an administrator").needs(change);
    table.add(patch.versioned().takes::<Told>().answers::<Administrator>(), self::change);
    let remove = Operation::delete(one, "Remove an administrator, with all their tokens");
    table.add(remove.needs(change), self::remove);

    let list = Operation::get("/api/v1/tokens", "List tokens: one's own, or those of others");
    table.add(list.query::<TokenQuery>().lists::<Token>(), list_tokens);
    let create = Operation::post("/api/v1/tokens", "Make a token, which is shown once").creates();
    table.add(create.takes::<Order>().answers::<ShownToken>(), create_token);
    let show = Operation::get("/api/v1/tokens/{id}", "Show one token, without its secret");
    table.add(show.answers::<Token>(), show_token);
    table.add(Operation::delete("/api/v1/tokens/{id}", "Remove a token"), remove_token);

    let me = Operation::get("/api/v1/me", "Say who asks, and what they may do");
    table.add(me.answers::<Me>(), self::me);
    let setup = Operation::post("/api/v1/setup", "Make the first owner with the set-up code");
    let setup = setup.public().creates();
    table.add(setup.takes::<setup::Order>().answers::<setup::Done>(), finish_setup);
}

async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Page<Administrator>>, Problem> {
    Ok(Json(Page { items: administrator::list(&app, &actor).await?, next: None }))
}

async fn create(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Told>, Problem>,
) -> Result<(StatusCode, Json<Administrator>), Problem> {
    let Taken(told) = body?;
    Ok((StatusCode::CREATED, Json(administrator::create(&app, &actor, told).await?)))
}

async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    Ok(answer(administrator::show(&app, &actor, &name).await?))
}

async fn change(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Taken<Told>, Problem>,
) -> Result<Response, Problem> {
    let etag = if_match(&headers)?;
    let Taken(told) = body?;
    Ok(answer(administrator::change(&app, &actor, (&name, etag.as_deref()), told).await?))
}

/// The administrator with their version.
fn answer(administrator: Administrator) -> Response {
    let etag = administrator::etag(&administrator);
    tagged(Json(administrator).into_response(), &etag)
}

async fn remove(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    administrator::remove(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_tokens(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<TokenQuery>, QueryRejection>,
) -> Result<Json<Page<Token>>, Problem> {
    let Query(TokenQuery { administrator }) = query?;
    let items = token::list(&app, &actor, administrator.as_deref()).await?;
    Ok(Json(Page { items, next: None }))
}

async fn create_token(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    body: Result<Taken<Order>, Problem>,
) -> Result<(StatusCode, Json<ShownToken>), Problem> {
    let Taken(order) = body?;
    Ok((StatusCode::CREATED, Json(token::create(&app, &actor, order).await?)))
}

async fn show_token(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<Token>, Problem> {
    Ok(Json(token::show(&app, &actor, &id).await?))
}

async fn remove_token(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    token::remove(&app, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(Caller(actor): Caller) -> Json<Me> {
    let permissions = Permission::ALL.into_iter().filter(|permission| actor.can(*permission));
    Json(Me {
        actor: actor.name().to_owned(),
        administrator: actor.administrator_name().map(str::to_owned),
        role: actor.role(),
        permissions: permissions.collect(),
    })
}

async fn finish_setup(
    State(app): State<Arc<App>>,
    body: Result<Taken<setup::Order>, Problem>,
) -> Result<(StatusCode, Json<setup::Done>), Problem> {
    let Taken(order) = body?;
    Ok((StatusCode::CREATED, Json(setup::finish(&app, &order).await?)))
}
