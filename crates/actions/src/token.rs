//! API tokens: made, listed, removed, and asked for at the door.

use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::Administrator;
use domain::complaint::Complaint;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::token;
use domain::token::Order;
use domain::token::TOKENS_MAX;
use domain::token::Token;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use store::token::Kept;
use store::write::Write;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::App;
use crate::administrator;
use crate::certificate::conflict;
use crate::gateway::draw_text;
use crate::inventory;
use crate::organization::NotApplied;
use crate::unavailable;
use crate::world::Said;

/// A token in the moment in which it is shown: once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ShownToken {
    /// Everything but its secret.
    #[serde(flatten)]
    pub token: Token,
    /// The token itself.
    pub secret: Secret,
}

/// The tokens of an administrator, or of all; one's own without asking for more.
pub async fn list(
    app: &App,
    actor: &Actor,
    administrator: Option<&str>,
) -> Result<Vec<Token>, Refusal> {
    let of = whose(actor, administrator)?;
    let kept = store::token::list(&app.store, of).await.map_err(unavailable)?;
    Ok(kept.into_iter().map(|kept| kept.token).collect())
}

/// Whose ways in may be listed, of those who were asked for: an administrator's, or all (none).
pub(crate) fn whose<'a>(
    actor: &'a Actor,
    administrator: Option<&'a str>,
) -> Result<Option<&'a str>, Refusal> {
    let own = actor.administrator_name();
    match (administrator, actor.can(Permission::AdministratorRead)) {
        (Some(name), true) => Ok(Some(name)),
        (None, true) => Ok(None),
        (Some(name), false) if own != Some(name) => {
            actor.may(Permission::AdministratorRead)?;
            Ok(Some(name))
        }
        (Some(_) | None, false) => {
            actor.may(Permission::TokenOwn)?;
            Ok(own)
        }
    }
}

/// One token.
pub async fn show(app: &App, actor: &Actor, id: &str) -> Result<Token, Refusal> {
    let token = find(app, id).await?.token;
    let is_own = actor.administrator_name() == Some(token.administrator.as_str());
    actor.may(if is_own { Permission::TokenOwn } else { Permission::AdministratorRead })?;
    Ok(token)
}

/// Makes a token.
pub async fn create(app: &App, actor: &Actor, order: Order) -> Result<ShownToken, NotApplied> {
    let name = order.name.clone();
    let answer = try_create(app, actor, order).await;
    inventory::note(app, actor, format!("token:{name}"), &answer).await;
    answer
}

async fn try_create(app: &App, actor: &Actor, order: Order) -> Result<ShownToken, NotApplied> {
    // A token that is bound to addresses makes none that is not.
    let order = match order.addresses.is_empty() {
        true => Order { addresses: actor.addresses().to_vec(), ..order },
        false => order,
    };
    let own = actor.administrator_name();
    let Some(name) = order.administrator.as_deref().or(own) else {
        let fix = "name the administrator it is to act for";
        return Err(complaint("administrator", "is missing", fix));
    };
    let is_own = own == Some(name);
    actor.may(if is_own { Permission::TokenOwn } else { Permission::AdministratorChange })?;
    let kept = administrator::find(app, name).await?;
    let Administrator { name, role, .. } = kept.administrator;
    let mut complaints = order.check(role);
    complaints.extend(beyond(actor, &order, role));
    if !complaints.is_empty() {
        return Err(NotApplied::Complaints(complaints));
    }
    let others = store::token::list(&app.store, Some(&name)).await.map_err(unavailable)?;
    let now = app.world.time();
    let (live, ended): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|kept| kept.token.expires_at > now);
    if live.len() >= TOKENS_MAX {
        let what = format!("{name} has {TOKENS_MAX} tokens already; remove some");
        return Err(Refusal::Conflict { what }.into());
    }
    let expires_at = expires_at(app, actor, &order).await?;
    let (made, hash) = draw(app, order, name, expires_at);
    let write = store::administrator::stays(Write::new(), &made.token.administrator, kept.version);
    let write = ended.iter().fold(write, |write, kept| store::token::forget(write, &kept.token.id));
    let write = store::token::add(write, &made.token, hash);
    let event = event(app, actor, EventKind::ObjectCreated, &made.token);
    store::event::commit(write, &app.store, &[event]).await.map_err(conflict)?;
    Ok(made)
}

/// A token may not make one that may more than itself.
fn beyond(actor: &Actor, order: &Order, role: Role) -> Vec<Complaint> {
    let wanted = if order.scopes.is_empty() { role.permissions() } else { &order.scopes };
    let lacking = wanted.iter().filter(|permission| !actor.can(**permission));
    let mut complaints: Vec<Complaint> = lacking
        .map(|permission| {
            let what = format!("{permission} is more than you may yourself");
            Complaint::new("scopes", what, "name scopes that you have, or ask an owner")
        })
        .collect();
    if order.scopes.is_empty() && !actor.scopes().is_empty() && complaints.is_empty() {
        // The role may grow, and the scopes do not.
        let what = "are missing, and your own token has some";
        complaints.push(Complaint::new("scopes", what, "name scopes that you have"));
    }
    let bound = actor.addresses();
    let beyond =
        order.addresses.iter().find(|address| !bound.is_empty() && !bound.contains(address));
    if let Some(address) = beyond {
        let what = format!("{} is not one of your own token's", address.escape_debug());
        complaints.push(Complaint::new("addresses", what, "name some of your own token's"));
    }
    complaints
}

/// When the new token ends: not after the one that makes it.
async fn expires_at(app: &App, actor: &Actor, order: &Order) -> Result<Time, NotApplied> {
    let now = app.world.time();
    let asked = now.plus_days(order.days());
    let Some(id) = actor.token_id() else { return Ok(asked) };
    let own = find(app, id).await?.token.expires_at;
    if asked <= own {
        return Ok(asked);
    }
    if order.days.is_none() {
        return Ok(own);
    }
    let what = format!("is beyond the end of your own token, {}", own.to_rfc3339());
    Err(complaint("days", &what, "ask for fewer days, or ask an owner"))
}

/// Draws a token; whoever calls has checked the order.
pub(crate) fn draw(
    app: &App,
    order: Order,
    administrator: String,
    expires_at: Time,
) -> (ShownToken, [u8; 32]) {
    let id = draw_text::<{ token::ID_CHARS }>(&app.world);
    let secret = Secret::new(draw_text::<{ token::SECRET_CHARS }>(&app.world));
    let hash = store::token::hash(&app.master, &id, &secret);
    let whole = token::text(&id, &secret);
    let Order { name, scopes, addresses, .. } = order;
    let created_at = app.world.time();
    let last_used_at = None;
    let token =
        Token { id, name, administrator, scopes, addresses, created_at, expires_at, last_used_at };
    (ShownToken { token, secret: whole }, hash)
}

/// Removes a token: it is nobody's from then on.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), NotApplied> {
    let answer = try_remove(app, actor, id).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("token:{id}"), &answer).await;
    answer
}

async fn try_remove(app: &App, actor: &Actor, id: &str) -> Result<(), Refusal> {
    let token = find(app, id).await?.token;
    let is_own = actor.administrator_name() == Some(token.administrator.as_str());
    actor.may(if is_own { Permission::TokenOwn } else { Permission::AdministratorChange })?;
    let write = store::token::remove(Write::new(), id);
    let event = event(app, actor, EventKind::ObjectRemoved, &token);
    store::event::commit(write, &app.store, &[event]).await.map_err(conflict)
}

/// Whoever shows this text, coming from this address; none if it came over this machine's own
/// socket.
pub async fn authenticate(app: &App, text: &str, from: Option<IpAddr>) -> Result<Actor, Refusal> {
    let (id, secret) = token::parse(text).ok_or(Refusal::TokenUnknown)?;
    let found = store::token::with_administrator(&app.store, id).await.map_err(unavailable)?;
    // The work for a token that is not there is the same as for one that is.
    let hash = store::token::hash(&app.master, id, &secret);
    let Some((kept, by)) = found else { return Err(Refusal::TokenUnknown) };
    if !bool::from(kept.hash.ct_eq(&hash)) {
        return Err(Refusal::TokenUnknown);
    }
    let now = app.world.time();
    kept.token.check(from, now)?;
    let Administrator { name, role, disabled, .. } = by.administrator;
    if disabled {
        return Err(Refusal::AdministratorDisabled { administrator: name });
    }
    note_use(app, &kept.token, now);
    Ok(Actor::administrator(&name, role).by_token(&kept.token))
}

/// Notes when a token was last used, on the side: no answer rests on it.
fn note_use(app: &App, token: &Token, now: Time) {
    let known = token.last_used_at.map(|at| at.plus_seconds(store::token::USED_SECONDS));
    if known.is_some_and(|next| now < next) {
        return;
    }
    let (store, id) = (app.store.clone(), token.id.clone());
    tokio::spawn(async move {
        if let Err(error) = store::token::used(&store, &id, now).await {
            tracing::warn!(%error, token = id, "the use of a token is not noted");
        }
    });
}

async fn find(app: &App, id: &str) -> Result<Kept, Refusal> {
    let found = store::token::find(&app.store, id).await.map_err(unavailable)?;
    found.ok_or_else(|| Refusal::NotFound { noun: "token".into(), name: id.to_owned() })
}

/// The event of a token that is made or removed.
pub(crate) fn event(
    app: &App,
    actor: &Actor,
    kind: EventKind,
    token: &Token,
) -> domain::event::Event {
    let mut details = Map::new();
    let field = if kind == EventKind::ObjectCreated { "after" } else { "before" };
    details.insert(field.into(), serde_json::to_value(token).unwrap_or_default());
    let object = format!("token:{}", token.name);
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(kind, None, said)
}

fn complaint(field: &str, what: &str, fix: &str) -> NotApplied {
    NotApplied::Complaints(vec![Complaint::new(field, what, fix)])
}
