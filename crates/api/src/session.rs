//! `/api/v1/sessions`, and what administrators sign in to the portal with

use std::sync::Arc;

use actions::App;
use actions::password;
use actions::session;
use actions::session::Place;
use actions::totp;
use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use domain::actor::Permission;
use domain::credential::Shown;
use domain::session::Session;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::certificate::Page;
use crate::gate::Peer;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;
use crate::taken::Taken;

/// Whose sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SessionQuery {
    /// Those of this administrator; without, all that may be seen.
    pub administrator: Option<String>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let list = "List who is signed in to the portal: one's own sessions, or those of others";
    let list = Operation::get("/api/v1/sessions", list).query::<SessionQuery>();
    table.add(list.lists::<Session>(), self::list);
    table.add(Operation::delete("/api/v1/sessions/{id}", "End a session"), remove);

    let one = "/api/v1/administrators/{name}";
    let show = "Say what an administrator signs in with; everybody may see their own";
    let show = Operation::get(format!("{one}/credential"), show);
    table.add(show.answers::<Shown>(), show_credential);
    let set = "Set a password: one's own with the old one, or somebody's, who must change it at \
               the first sign-in";
    let set = Operation::put(format!("{one}/password"), set).answers_nothing();
    table.add(set.takes::<password::Order>(), set_password);
    let off = "Turn off the one-time codes of an administrator who lost what makes them";
    let off = Operation::delete(format!("{one}/totp"), off);
    table.add(off.needs(Permission::AdministratorChange), remove_totp);
}

async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<SessionQuery>, QueryRejection>,
) -> Result<Json<Page<Session>>, Problem> {
    let Query(SessionQuery { administrator }) = query?;
    let items = session::list(&app, &actor, administrator.as_deref()).await?;
    Ok(Json(Page { items, next: None }))
}

async fn remove(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    session::remove(&app, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn show_credential(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(totp::show(&app, &actor, &name).await?))
}

async fn set_password(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    (peer, headers): (Option<Extension<Peer>>, HeaderMap),
    body: Result<Taken<password::Order>, Problem>,
) -> Result<StatusCode, Problem> {
    let Taken(order) = body?;
    let user_agent = headers.get(USER_AGENT).map(|text| text.as_bytes()).unwrap_or_default();
    let place = Place {
        address: peer.map(|peer| peer.0.0),
        user_agent: String::from_utf8_lossy(user_agent).into_owned(),
    };
    password::set(&app, &actor, &name, &order, &place).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_totp(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    totp::remove_of(&app, &actor, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
