//! Sessions: administrators sign in with a password, are known by what their browser holds, and are
//! gone when they or an owner say so.

pub(crate) mod attempt;
pub(crate) mod failure;

use core::fmt::Write as _;
use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::administrator::Administrator;
use domain::event::Event;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::session;
use domain::session::SECRET_BYTES;
use domain::session::SESSIONS_MAX;
use domain::session::Session;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::App;
use crate::certificate::conflict;
use crate::inventory;
use crate::organization::NotApplied;
use crate::session::attempt::Proven;
use crate::token;
use crate::unavailable;
use crate::world::Said;

/// Digits of what a cookie holds.
const SECRET_DIGITS: usize = SECRET_BYTES * 2;

/// How exactly the last use of a session is known, in seconds: no page waits for the disk.
const USED_SECONDS: i64 = 60;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address; none if it is this machine.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Login {
    /// Name or e-mail address.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// A code of the app, or a recovery code.
    pub code: Option<Secret>,
}

/// A session in the moment in which it begins.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What the cookie holds, and nobody else.
    pub secret: Secret,
    /// Everything else.
    pub session: Session,
}

/// An administrator who is signed in.
#[derive(Clone, Debug)]
pub struct Present {
    /// As whom they act.
    pub actor: Actor,
    /// Their session.
    pub session: Session,
}

/// Signs in. One whose password was set by somebody else is told to choose an own one:
/// [`crate::password::replace`].
pub async fn log_in(app: &App, login: &Login, place: &Place) -> Result<Opened, Refusal> {
    let proven = attempt::whole(app, login, place).await?;
    let password = proven.credential.credential.password.as_ref();
    if password.is_some_and(|password| password.one_time_until.is_some()) {
        let administrator = proven.administrator.administrator.name;
        return Err(Refusal::PasswordDue { administrator });
    }
    let write = proven.keep(app, Write::new());
    open(app, &proven, place, (write, Vec::new())).await
}

/// Begins a session of one who proved themselves, in one commit with what came before.
pub(crate) async fn open(
    app: &App,
    proven: &Proven,
    place: &Place,
    (write, mut events): (Write, Vec<Event>),
) -> Result<Opened, Refusal> {
    let Administrator { name, role, .. } = &proven.administrator.administrator;
    let now = app.world.time();
    let secret = draw_secret(app);
    let session = Session {
        id: app.world.id().to_string(),
        administrator: name.clone(),
        created_at: now,
        last_used_at: now,
        proved_at: now,
        address: place.address.map(|address| address.to_canonical()),
        user_agent: session::user_agent(&place.user_agent),
        expires_at: now.plus_seconds(app.sessions.absolute_seconds),
        idle_seconds: app.sessions.idle_seconds,
    };
    let write = store::administrator::stays(write, name, proven.administrator.version);
    let write = store::session::forget_over(write, now, app.sessions.idle_seconds);
    let mut write =
        store::session::add(write, &session, store::session::hash(&app.master, secret.reveal()));
    let actor = Actor::administrator(name, *role);
    let has_ended = |old: &Session, events: &[Event]| {
        let id = Value::from(old.id.clone());
        events.iter().any(|event| event.details.get("session") == Some(&id))
    };
    for old in surplus(app, name, now).await? {
        if has_ended(&old, &events) {
            continue;
        }
        write = store::session::remove(write, &old.id);
        events.push(event(app, &actor, EventKind::SessionEnded, &old));
    }
    let mut opened = event(app, &actor, EventKind::SessionOpened, &session);
    if let Some(code) = proven.code {
        opened.details.insert("code".into(), Value::from(code));
    }
    events.push(opened);
    store::event::commit(write, &app.store, &events).await.map_err(conflict)?;
    note_success(app, name, place.address);
    Ok(Opened { secret, session })
}

/// What has to go so that another session fits: what was used longest ago.
async fn surplus(app: &App, name: &str, now: Time) -> Result<Vec<Session>, Refusal> {
    let mut live = live(app, Some(name), now).await?;
    live.sort_by_key(|session| session.last_used_at);
    let count = (live.len() + 1).saturating_sub(SESSIONS_MAX);
    live.truncate(count);
    Ok(live)
}

async fn live(app: &App, name: Option<&str>, now: Time) -> Result<Vec<Session>, Refusal> {
    let kept = store::session::list(&app.store, name).await.map_err(unavailable)?;
    Ok(kept.into_iter().map(|kept| kept.session).filter(|one| !one.is_over(now)).collect())
}

fn draw_secret(app: &App) -> Secret {
    let random: [u8; SECRET_BYTES] = app.world.random();
    let digits = random.iter().fold(String::with_capacity(SECRET_DIGITS), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all digits");
        digits
    });
    Secret::new(digits)
}

/// Whoever's browser holds this, and uses it now. Session and administrator are read each time, so
/// that what becomes of them acts at once.
pub async fn authenticate(app: &App, secret: &str, place: &Place) -> Result<Present, Refusal> {
    let (present, kept) = known(app, secret).await?;
    let now = app.world.time();
    if now >= present.session.last_used_at.plus_seconds(USED_SECONDS) {
        note_use(app, kept, place, now);
    }
    Ok(present)
}

/// Whoever's browser holds this, without counting it as a use: an open page asks by itself, whether
/// somebody sits there or not.
pub async fn recognize(app: &App, secret: &str) -> Result<Present, Refusal> {
    known(app, secret).await.map(|(present, _)| present)
}

async fn known(app: &App, secret: &str) -> Result<(Present, store::session::Kept), Refusal> {
    if secret.len() != SECRET_DIGITS {
        return Err(Refusal::SessionOver);
    }
    let hash = store::session::hash(&app.master, secret);
    let found = store::session::with_administrator(&app.store, hash).await.map_err(unavailable)?;
    let Some((kept, by)) = found else { return Err(Refusal::SessionOver) };
    let now = app.world.time();
    if kept.session.is_over(now) {
        return Err(Refusal::SessionOver);
    }
    let Administrator { name, role, disabled, .. } = by.administrator;
    if disabled {
        return Err(Refusal::AdministratorDisabled { administrator: name });
    }
    let session = kept.session.clone();
    Ok((Present { actor: Actor::administrator(&name, role), session }, kept))
}

/// Notes when and from where a session was used, on the side: no page waits for it. If it changes
/// at the same time, it is noted next time.
fn note_use(app: &App, kept: store::session::Kept, place: &Place, now: Time) {
    let address = place.address.map(|address| address.to_canonical());
    let used = Session { last_used_at: now, address, ..kept.session.clone() };
    let write = store::session::change(Write::new(), &kept, &used);
    let store = app.store.clone();
    tokio::spawn(async move {
        let why = Why::Bookkeeping(Bookkeeping::SessionKept);
        if let Err(error) = write.commit(&store, why).await {
            tracing::debug!(%error, session = used.id, "the use of a session is not noted");
        }
    });
}

/// Signs out.
pub async fn log_out(app: &App, present: &Present) -> Result<(), Refusal> {
    end(app, &present.actor, std::slice::from_ref(&present.session)).await
}

/// Proves with the password who sits there, for what does harm.
pub async fn prove(
    app: &App,
    present: &Present,
    password: &Secret,
    code: Option<&Secret>,
) -> Result<(), Refusal> {
    let Session { id, administrator, address, user_agent, .. } = &present.session;
    let login =
        Login { name: administrator.clone(), password: password.clone(), code: code.cloned() };
    let place = Place { address: *address, user_agent: user_agent.clone() };
    let proven = attempt::whole(app, &login, &place).await?;
    let now = app.world.time();
    let kept = store::session::find(&app.store, id).await.map_err(unavailable)?;
    let kept = kept.filter(|kept| !kept.session.is_over(now)).ok_or(Refusal::SessionOver)?;
    let proved = Session { proved_at: now, last_used_at: now, ..kept.session.clone() };
    let write = store::session::change(proven.keep(app, Write::new()), &kept, &proved);
    let why = Why::Bookkeeping(Bookkeeping::SessionKept);
    write.commit(&app.store, why).await.map_err(conflict)?;
    note_success(app, administrator, *address);
    Ok(())
}

/// Whoever succeeds begins anew, and does not wait here for what others fail elsewhere.
fn note_success(app: &App, name: &str, address: Option<IpAddr>) {
    let place = failure::of_place(&session::sender(address));
    app.failures.succeed(place, failure::of_name(name), app.world.now());
}

/// The same one, with the session as it is now: the password may have been given a moment ago.
pub async fn again(app: &App, present: &Present) -> Result<Present, Refusal> {
    let id = &present.session.id;
    let kept = store::session::find(&app.store, id).await.map_err(unavailable)?;
    let live = kept.filter(|kept| !kept.session.is_over(app.world.time()));
    let session = live.ok_or(Refusal::SessionOver)?.session;
    Ok(Present { actor: present.actor.clone(), session })
}

/// The sessions of an administrator, or of all; one's own without asking for more.
pub async fn list(
    app: &App,
    actor: &Actor,
    administrator: Option<&str>,
) -> Result<Vec<Session>, Refusal> {
    let of = token::whose(actor, administrator)?;
    live(app, of, app.world.time()).await
}

/// Ends a session.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), NotApplied> {
    let answer = try_remove(app, actor, id).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("session:{id}"), &answer).await;
    answer
}

async fn try_remove(app: &App, actor: &Actor, id: &str) -> Result<(), Refusal> {
    let missing = || Refusal::NotFound { noun: "session".into(), name: id.to_owned() };
    let found = store::session::find(&app.store, id).await.map_err(unavailable)?;
    let session = found.ok_or_else(missing)?.session;
    let is_own = actor.administrator_name() == Some(session.administrator.as_str());
    actor.may(if is_own { Permission::TokenOwn } else { Permission::AdministratorChange })?;
    end(app, actor, &[session]).await
}

/// Ends every other session of one who is signed in.
pub async fn remove_others(app: &App, present: &Present) -> Result<usize, Refusal> {
    let Session { id, administrator, .. } = &present.session;
    let mut others = live(app, Some(administrator), app.world.time()).await?;
    others.retain(|other| other.id != *id);
    if others.is_empty() {
        return Ok(0);
    }
    end(app, &present.actor, &others).await.map(|()| others.len())
}

async fn end(app: &App, actor: &Actor, sessions: &[Session]) -> Result<(), Refusal> {
    let (write, events) = ending(app, actor, Write::new(), sessions);
    store::event::commit(write, &app.store, &events).await.map_err(conflict)
}

/// Ends sessions together with another change, and tells of each.
pub(crate) fn ending(
    app: &App,
    actor: &Actor,
    write: Write,
    sessions: &[Session],
) -> (Write, Vec<Event>) {
    let write = sessions.iter().fold(write, |write, one| store::session::remove(write, &one.id));
    let tell = |one: &Session| event(app, actor, EventKind::SessionEnded, one);
    (write, sessions.iter().map(tell).collect())
}

/// Ends every session of an administrator but one, together with another change.
pub(crate) async fn ending_all(
    app: &App,
    actor: &Actor,
    write: Write,
    (administrator, but): (&str, Option<&str>),
) -> Result<(Write, Vec<Event>), Refusal> {
    let mut sessions = live(app, Some(administrator), app.world.time()).await?;
    sessions.retain(|one| Some(one.id.as_str()) != but);
    // Also those that begin at the same time.
    let write = store::session::remove_of(write, administrator, but);
    Ok(ending(app, actor, write, &sessions))
}

/// The event of a session that began or ended.
fn event(app: &App, actor: &Actor, kind: EventKind, session: &Session) -> Event {
    let Session { id, administrator, address, user_agent, .. } = session;
    let mut details = Map::new();
    details.insert("session".into(), Value::from(id.clone()));
    if let Some(address) = address {
        details.insert("address".into(), Value::from(address.to_string()));
    }
    details.insert("user_agent".into(), Value::from(user_agent.clone()));
    let object = format!("administrator:{administrator}");
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(kind, None, said)
}
