//! Administrators: who keeps the organization.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::ADMINISTRATORS_MAX;
use domain::administrator::Administrator;
use domain::administrator::Told;
use domain::event::Event;
use domain::event::EventKind;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;
use store::administrator::Kept;
use store::write::Write;

use crate::App;
use crate::certificate::conflict;
use crate::change;
use crate::inventory;
use crate::object;
use crate::organization::NotApplied;
use crate::session;
use crate::unavailable;
use crate::world::Said;

/// The noun, as events name it.
const NOUN: &str = "administrator";

/// Every administrator, by their name.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Administrator>, Refusal> {
    actor.may(Permission::AdministratorRead)?;
    let kept = store::administrator::list(&app.store).await.map_err(unavailable)?;
    Ok(kept.into_iter().map(|kept| kept.administrator).collect())
}

/// One administrator. Everybody may see themselves.
pub async fn show(app: &App, actor: &Actor, name: &str) -> Result<Administrator, Refusal> {
    if actor.administrator_name() != Some(name) {
        actor.may(Permission::AdministratorRead)?;
    }
    Ok(find(app, name).await?.administrator)
}

/// Makes an administrator, who must be new.
pub async fn create(app: &App, actor: &Actor, told: Told) -> Result<Administrator, NotApplied> {
    let name = told.name.clone().unwrap_or_default();
    let answer = try_create(app, actor, &told).await;
    inventory::note(app, actor, format!("{NOUN}:{name}"), &answer).await;
    answer
}

async fn try_create(app: &App, actor: &Actor, told: &Told) -> Result<Administrator, NotApplied> {
    actor.may(Permission::AdministratorChange)?;
    check_given(actor, told)?;
    let made = Administrator::create(told, app.world.time()).map_err(NotApplied::Complaints)?;
    let known = store::administrator::list(&app.store).await.map_err(unavailable)?;
    if known.len() >= ADMINISTRATORS_MAX {
        let what = format!("there are {ADMINISTRATORS_MAX} administrators already");
        return Err(Refusal::Conflict { what }.into());
    }
    let write = store::administrator::add(Write::new(), &made);
    let write = store::administrator::forget_codes(write);
    let said = (EventKind::ObjectCreated, made.name.as_str(), after(&made));
    commit(app, actor, (write, Vec::new()), said).await?;
    Ok(made)
}

/// Refuses to give a role that may more than whoever gives it: a token can be narrower than its
/// administrator.
fn check_given(actor: &Actor, told: &Told) -> Result<(), Refusal> {
    let permissions = told.role.map_or(&[][..], Role::permissions);
    permissions.iter().try_for_each(|permission| actor.may(*permission))
}

/// What tells this version of an administrator from others.
#[must_use]
pub fn etag(administrator: &Administrator) -> String {
    object::etag_of(0, administrator)
}

/// Changes an administrator; refused if they are not of the version that is meant.
pub async fn change(
    app: &App,
    actor: &Actor,
    (name, etag): (&str, Option<&str>),
    told: Told,
) -> Result<Administrator, NotApplied> {
    let answer = try_change(app, actor, (name, etag), &told).await;
    inventory::note(app, actor, format!("{NOUN}:{name}"), &answer).await;
    answer
}

async fn try_change(
    app: &App,
    actor: &Actor,
    (name, meant): (&str, Option<&str>),
    told: &Told,
) -> Result<Administrator, NotApplied> {
    actor.may(Permission::AdministratorChange)?;
    check_given(actor, told)?;
    let before = find(app, name).await?;
    object::check_etag(meant, &etag(&before.administrator), (NOUN, name))?;
    let changed = before.administrator.change(told).map_err(NotApplied::Complaints)?;
    if changed == before.administrator {
        return Ok(changed);
    }
    let mut write = store::administrator::change(Write::new(), &changed, before.version);
    if before.administrator.is_acting_owner() && !changed.is_acting_owner() {
        write = keep_an_owner(app, name, write).await?;
    }
    let details = change::changed(&change::differences(&before.administrator, &changed));
    let mut ended = Vec::new();
    if changed.disabled {
        (write, ended) = session::ending_all(app, actor, write, (name, None)).await?;
    }
    commit(app, actor, (write, ended), (EventKind::ObjectChanged, name, details)).await?;
    Ok(changed)
}

/// Removes an administrator, with all their tokens and sessions.
pub async fn remove(app: &App, actor: &Actor, name: &str) -> Result<(), NotApplied> {
    let answer = try_remove(app, actor, name).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("{NOUN}:{name}"), &answer).await;
    answer
}

async fn try_remove(app: &App, actor: &Actor, name: &str) -> Result<(), Refusal> {
    actor.may(Permission::AdministratorChange)?;
    let before = find(app, name).await?;
    let mut write = store::administrator::remove(Write::new(), name, before.version);
    if before.administrator.is_acting_owner() {
        write = keep_an_owner(app, name, write).await?;
    }
    let mut details = Map::new();
    let gone = serde_json::to_value(&before.administrator).unwrap_or_default();
    details.insert("before".into(), gone);
    let ended = session::ending_all(app, actor, write, (name, None)).await?;
    commit(app, actor, ended, (EventKind::ObjectRemoved, name, details)).await
}

/// Lets the change pass only while another owner stays.
async fn keep_an_owner(app: &App, name: &str, write: Write) -> Result<Write, Refusal> {
    let known = store::administrator::list(&app.store).await.map_err(unavailable)?;
    let mut others = known.into_iter().map(|kept| (kept.administrator, kept.version));
    let other = others.find(|(other, _)| other.name != name && other.is_acting_owner());
    let (other, version) =
        other.ok_or_else(|| Refusal::LastOwner { administrator: name.to_owned() })?;
    Ok(store::administrator::stays(write, &other.name, version))
}

pub(crate) async fn find(app: &App, name: &str) -> Result<Kept, Refusal> {
    let found = store::administrator::find(&app.store, name).await.map_err(unavailable)?;
    found.ok_or_else(|| Refusal::NotFound { noun: NOUN.into(), name: name.to_owned() })
}

/// What an event tells of one who is new.
pub(crate) fn after(made: &Administrator) -> Map<String, Value> {
    let mut details = Map::new();
    details.insert("after".into(), serde_json::to_value(made).unwrap_or_default());
    details
}

async fn commit(
    app: &App,
    actor: &Actor,
    (write, mut events): (Write, Vec<Event>),
    (kind, name, details): (EventKind, &str, Map<String, Value>),
) -> Result<(), Refusal> {
    let said = Said { actor: actor.name().to_owned(), object: format!("{NOUN}:{name}"), details };
    events.push(app.world.event(kind, None, said));
    store::event::commit(write, &app.store, &events).await.map_err(conflict)
}
