//! Access points: their shared secrets, and those that are none yet.

mod knock;

use std::sync::Arc;

use domain::access_point::knock::Knock;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::ToSchema;

use crate::App;
use crate::gateway::draw_secret;
use crate::object;
use crate::object::Saving;
use crate::organization::NotApplied;
use crate::overview;

/// A shared secret in the moment in which it is shown: once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = SharedSecret)]
pub struct ShownSecret {
    /// The access point.
    pub name: String,
    /// What it and we know from now on.
    pub shared_secret: Secret,
}

/// Draws a shared secret for an access point that is to be made.
pub fn draw(app: &App) -> Secret {
    draw_secret(&app.world)
}

/// Draws a new shared secret: the old one is good no more, so the access point is to get this one
/// in the same minute.
pub async fn rotate(app: &App, actor: &Actor, name: &str) -> Result<ShownSecret, NotApplied> {
    let secret = draw_secret(&app.world);
    let mut patch = Map::new();
    patch.insert("shared_secret".into(), Value::from(secret.reveal()));
    let kind = Kind::AccessPoint;
    let saved = object::change(app, actor, (kind, name), (patch, Saving::default())).await?;
    let name = saved.shown.map_or_else(|| name.to_owned(), |shown| shown.name);
    Ok(ShownSecret { name, shared_secret: secret })
}

/// The addresses that sent RADIUS packets in the last day and are no access point's, the last first.
pub async fn knocking(app: &Arc<App>, actor: &Actor) -> Result<Vec<Knock>, Refusal> {
    actor.may(Permission::EventRead)?;
    actor.may(Permission::OrganizationRead)?;
    overview::kept(app, |app| &app.figures.knocks, |app| async move { knock::look(&app).await })
        .await
}
