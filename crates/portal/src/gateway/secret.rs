//! The secrets of a gateway: which there are, a further one, the end of one.

use std::sync::Arc;

use actions::gateway::secret;
use actions::gateway::secret::Order;
use actions::gateway::secret::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;

use super::Once;
use crate::fault::Fault;
use crate::filters;
use crate::object;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let change = Access::Needs(Permission::PkiChange);
    pages.proven("/gateways/{name}/secrets", change, add);
    pages.proven("/gateways/{name}/secrets/{id}/remove", change, remove);
}

#[derive(Template)]
#[template(path = "gateway/secrets.html")]
struct SecretsPanel {
    secrets: Vec<Shown>,
    /// Where the gateway is; none for who may not change it.
    to: Option<String>,
    csrf: String,
}

/// The secrets on a gateway's page.
pub(super) async fn panel(desk: &Desk, visitor: &Visitor, slug: &str) -> Result<String, Fault> {
    let secrets = secret::list(&desk.app, visitor.actor()?, slug).await?;
    let can = visitor.can(Permission::PkiChange);
    let to = can.then(|| format!("{}/secrets", object::url(Kind::Gateway, slug)));
    let panel = SecretsPanel { secrets, to, csrf: visitor.csrf.clone() };
    Ok(panel.render().unwrap_or_default())
}

/// `POST /gateways/{name}/secrets`
async fn add(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let order = Order { label: posted.text("label").unwrap_or_default().to_owned() };
    let made = secret::add(&desk.app, visitor.actor()?, &name, order).await?;
    let to = object::url(Kind::Gateway, &name);
    Ok(Once { shown: made.shown, to }.page(&desk, &visitor))
}

/// `POST /gateways/{name}/secrets/{id}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((name, id)): Path<(String, String)>,
    _: Posted,
) -> Result<Response, Fault> {
    secret::remove(&desk.app, visitor.actor()?, &name, &id).await?;
    let url = object::url(Kind::Gateway, &name);
    Ok(Redirect::to(&format!("{url}?done=secret_removed")).into_response())
}
