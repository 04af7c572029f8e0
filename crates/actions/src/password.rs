//! Passwords of administrators: set for somebody, to be used once, and changed by themselves.

pub(crate) mod desk;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::administrator::Administrator;
use domain::complaint::Complaint;
use domain::credential::Password;
use domain::event::Event;
use domain::event::EventKind;
use domain::password;
use domain::password::ONE_TIME_SECONDS;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::administrator;
use crate::certificate::conflict;
use crate::inventory;
use crate::organization::NotApplied;
use crate::session;
use crate::session::Login;
use crate::session::Opened;
use crate::session::Place;
use crate::session::Present;
use crate::session::attempt;
use crate::unavailable;
use crate::world::Said;

/// The password that an administrator is to have.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = PasswordOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The new password, 12 to 256 characters.
    pub password: Secret,
    /// The present one; needed for one's own, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Secret>,
}

/// Sets the password of an administrator: one's own with the present one, or somebody else's, who
/// can use it once, to choose an own one. Their other sessions end.
pub async fn set(
    app: &App,
    actor: &Actor,
    name: &str,
    order: &Order,
    place: &Place,
) -> Result<(), NotApplied> {
    let answer = try_set(app, actor, name, order, place).await;
    inventory::note(app, actor, format!("administrator:{name}"), &answer).await;
    answer
}

async fn try_set(
    app: &App,
    actor: &Actor,
    name: &str,
    order: &Order,
    place: &Place,
) -> Result<(), NotApplied> {
    let is_own = actor.administrator_name() == Some(name);
    if !is_own {
        actor.may(Permission::AdministratorChange)?;
    }
    let kept = administrator::find(app, name).await?;
    let mut credential =
        store::credential::find(&app.store, &app.master, name).await.map_err(unavailable)?;
    if is_own && credential.credential.password.is_some() {
        let old = order.old.as_ref().ok_or_else(old_missing)?;
        let login = Login { name: name.to_owned(), password: old.clone(), code: None };
        credential = attempt::password(app, &login, place).await?.credential;
    } else {
        may_prove_as(actor, &kept.administrator)?;
    }
    let now = app.world.time();
    // Whoever holds the data directory sets what they like; it is their own more often than not.
    let is_lasting = is_own || actor.administrator_name().is_none();
    let one_time_until = (!is_lasting).then(|| now.plus_seconds(ONE_TIME_SECONDS));
    let password = make(app, &order.password, &kept.administrator, one_time_until).await?;
    credential.credential.password = Some(password);
    let write = store::administrator::stays(Write::new(), name, kept.version);
    let store::credential::Kept { credential, version } = &credential;
    let write = store::credential::save(write, &app.master, name, credential, *version);
    let (write, mut events) = session::ending_all(app, actor, write, (name, None)).await?;
    events.push(event(app, actor, name, "password"));
    store::event::commit(write, &app.store, &events).await.map_err(conflict)?;
    Ok(())
}

/// Refuses to let somebody prove themselves as an administrator who may more than they: a password
/// opens all that its administrator may, from anywhere.
pub(crate) fn may_prove_as(actor: &Actor, administrator: &Administrator) -> Result<(), Refusal> {
    actor.may(Permission::AdministratorChange)?;
    administrator.role.permissions().iter().try_for_each(|permission| actor.may(*permission))?;
    if actor.scopes().is_empty() && actor.addresses().is_empty() {
        return Ok(());
    }
    Err(Refusal::PasswordByToken { actor: actor.name().to_owned() })
}

/// Changes the password of one who is signed in, with the present one. Their other sessions end.
pub async fn change(
    app: &App,
    present: &Present,
    old: &Secret,
    new: &Secret,
) -> Result<(), NotApplied> {
    let session = &present.session;
    let answer = try_change(app, present, old, new).await;
    let object = format!("administrator:{}", session.administrator);
    inventory::note(app, &present.actor, object, &answer).await;
    answer
}

async fn try_change(
    app: &App,
    present: &Present,
    old: &Secret,
    new: &Secret,
) -> Result<(), NotApplied> {
    let Present { actor, session } = present;
    let name = &session.administrator;
    let login = Login { name: name.clone(), password: old.clone(), code: None };
    let place = Place { address: session.address, user_agent: session.user_agent.clone() };
    let proven = attempt::password(app, &login, &place).await?;
    let kept = &proven.administrator;
    let password = make(app, new, &kept.administrator, None).await?;
    let mut credential = proven.credential.credential;
    credential.password = Some(password);
    let write = store::administrator::stays(Write::new(), name, kept.version);
    let version = proven.credential.version;
    let write = store::credential::save(write, &app.master, name, &credential, version);
    let others = (name.as_str(), Some(session.id.as_str()));
    let (write, mut events) = session::ending_all(app, actor, write, others).await?;
    events.push(event(app, actor, name, "password"));
    store::event::commit(write, &app.store, &events).await.map_err(conflict)?;
    Ok(())
}

/// Signs in with a password that somebody else set, or with any, and puts an own one in its place.
pub async fn replace(
    app: &App,
    login: &Login,
    new: &Secret,
    place: &Place,
) -> Result<Opened, NotApplied> {
    let mut proven = attempt::whole(app, login, place).await?;
    let Administrator { name, role, .. } = &proven.administrator.administrator;
    if *new == login.password {
        let what = "is the one that is to be replaced";
        return Err(complaint("password", what, "choose one that only you know"));
    }
    let password = make(app, new, &proven.administrator.administrator, None).await?;
    let actor = Actor::administrator(name, *role);
    proven.credential.credential.password = Some(password);
    let store::credential::Kept { credential, version } = &proven.credential;
    let write = store::credential::save(Write::new(), &app.master, name, credential, *version);
    let (write, mut events) = session::ending_all(app, &actor, write, (name, None)).await?;
    events.push(event(app, &actor, name, "password"));
    Ok(session::open(app, &proven, place, (write, events)).await?)
}

/// Checks and hashes a password.
pub(crate) async fn make(
    app: &App,
    password: &Secret,
    administrator: &Administrator,
    one_time_until: Option<Time>,
) -> Result<Password, NotApplied> {
    if let Some(complaint) = password::check(password, administrator) {
        return Err(NotApplied::Complaints(vec![complaint]));
    }
    let seat = app.passwords.enter().await?;
    let hash = seat.hash(password, app.world.random()).await?;
    Ok(Password { hash, set_at: app.world.time(), one_time_until })
}

/// Tells that what an administrator signs in with changed; never what it is.
pub(crate) fn event(app: &App, actor: &Actor, name: &str, field: &str) -> Event {
    let field = serde_json::json!({ "field": field, "before": null, "after": "changed" });
    let mut details = Map::new();
    details.insert("fields".into(), Value::from(vec![field]));
    let object = format!("administrator:{name}");
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(EventKind::ObjectChanged, None, said)
}

fn old_missing() -> NotApplied {
    complaint("old", "is missing", "give the present password along with the new one")
}

fn complaint(field: &str, what: &str, fix: &str) -> NotApplied {
    NotApplied::Complaints(vec![Complaint::new(field, what, fix)])
}
