//! One-time codes beside the password: offered, asked for once a right code was given, and turned
//! off.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::credential::Shown;
use domain::credential::Totp;
use domain::event::Event;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::totp;
use domain::totp::Code;
use domain::totp::RECOVERY_CHARS;
use domain::totp::RECOVERY_CODES;
use domain::totp::SECRET_BYTES;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;
use zeroize::Zeroizing;

use crate::App;
use crate::administrator;
use crate::certificate::conflict;
use crate::gateway::draw_text;
use crate::inventory;
use crate::organization::NotApplied;
use crate::password;
use crate::session::Present;
use crate::session::failure;
use crate::unavailable;

/// A secret of one-time codes that is to be proved by a code.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The secret, as people type it (Base32).
    pub secret: Secret,
    /// The address that apps read out of a picture.
    pub uri: Secret,
}

/// What an administrator signs in with, as far as it may be told. Everybody may see their own.
pub async fn show(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    if actor.administrator_name() != Some(name) {
        actor.may(Permission::AdministratorRead)?;
    }
    administrator::find(app, name).await?;
    Ok(find(app, name).await?.credential.shown())
}

/// Draws a secret for one who gave their password a moment ago. Until a code proves that an app has
/// it, nothing is asked for.
pub async fn offer(app: &App, present: &Present) -> Result<Offer, Refusal> {
    let name = &present.session.administrator;
    present.session.must_be_fresh(app.world.time())?;
    let kept = find(app, name).await?;
    let random: Zeroizing<[u8; SECRET_BYTES]> = Zeroizing::new(app.world.random());
    let secret = totp::base32(random.as_slice());
    let mut credential = kept.credential;
    credential.offered = Some(secret.clone());
    let write = store::credential::save(Write::new(), &app.master, name, &credential, kept.version);
    let why = Why::Bookkeeping(Bookkeeping::SessionKept);
    write.commit(&app.store, why).await.map_err(conflict)?;
    let issuer = app.snapshot.rules().organization.settings.name.clone();
    Ok(Offer { uri: totp::uri(&issuer, name, &secret), secret })
}

/// The secret that was offered last and not proved yet.
pub async fn offered(app: &App, present: &Present) -> Result<Option<Offer>, Refusal> {
    present.session.must_be_fresh(app.world.time())?;
    let name = &present.session.administrator;
    let issuer = app.snapshot.rules().organization.settings.name.clone();
    let secret = find(app, name).await?.credential.offered;
    Ok(secret.map(|secret| Offer { uri: totp::uri(&issuer, name, &secret), secret }))
}

/// Asks for codes from now on, after a right one was given. Answers with recovery codes, which are
/// told once.
pub async fn enroll(app: &App, present: &Present, code: &Secret) -> Result<Vec<Secret>, Refusal> {
    let name = &present.session.administrator;
    let now = app.world.time();
    present.session.must_be_fresh(now)?;
    let counted = [failure::of_name(name)];
    app.failures.check(&counted, app.world.now())?;
    let kept = find(app, name).await?;
    let wrong = || Refusal::CodeWrong { administrator: name.clone() };
    let secret = kept.credential.offered.clone().ok_or_else(wrong)?;
    let step = match Code::parse(code) {
        Some(Code::Timed(code)) => totp::accept(&secret, &code, now, None),
        Some(Code::Recovery(_)) | None => None,
    };
    let Some(step) = step else {
        app.failures.add(&counted, app.world.now());
        return Err(wrong());
    };
    let (codes, hashes) = draw_codes(app, name);
    let mut credential = kept.credential;
    credential.totp = Some(Totp { secret, since: now, used: Some(step) });
    credential.offered = None;
    credential.recovery = hashes;
    let write = store::credential::save(Write::new(), &app.master, name, &credential, kept.version);
    let events = [password::event(app, &present.actor, name, "one-time codes")];
    store::event::commit(write, &app.store, &events).await.map_err(conflict)?;
    Ok(codes)
}

/// Draws recovery codes in the place of those that are left; they are told once.
pub async fn renew_codes(app: &App, present: &Present) -> Result<Vec<Secret>, Refusal> {
    let name = &present.session.administrator;
    present.session.must_be_fresh(app.world.time())?;
    let kept = find(app, name).await?;
    let mut credential = kept.credential;
    if credential.totp.is_none() {
        return Err(missing(name));
    }
    let (codes, hashes) = draw_codes(app, name);
    credential.recovery = hashes;
    let write = store::credential::save(Write::new(), &app.master, name, &credential, kept.version);
    let events = [password::event(app, &present.actor, name, "recovery codes")];
    store::event::commit(write, &app.store, &events).await.map_err(conflict)?;
    Ok(codes)
}

fn draw_codes(app: &App, name: &str) -> (Vec<Secret>, Vec<String>) {
    let draw = |_| {
        let code = Zeroizing::new(draw_text::<RECOVERY_CHARS>(&app.world));
        let hash = store::credential::recovery_hash(&app.master, name, &code);
        (totp::grouped(&code), hash)
    };
    (0..RECOVERY_CODES).map(draw).unzip()
}

/// Asks for no more codes of one who is signed in and gave their password a moment ago.
pub async fn remove(app: &App, present: &Present) -> Result<(), Refusal> {
    present.session.must_be_fresh(app.world.time())?;
    turn_off(app, &present.actor, &present.session.administrator).await
}

/// Asks for no more codes of an administrator who lost what makes them.
pub async fn remove_of(app: &App, actor: &Actor, name: &str) -> Result<(), NotApplied> {
    let answer = try_remove_of(app, actor, name).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("administrator:{name}"), &answer).await;
    answer
}

async fn try_remove_of(app: &App, actor: &Actor, name: &str) -> Result<(), Refusal> {
    actor.may(Permission::AdministratorChange)?;
    let kept = administrator::find(app, name).await?;
    password::may_prove_as(actor, &kept.administrator)?;
    turn_off(app, actor, name).await
}

async fn turn_off(app: &App, actor: &Actor, name: &str) -> Result<(), Refusal> {
    let kept = find(app, name).await?;
    let mut credential = kept.credential;
    if credential.totp.take().is_none() {
        return Err(missing(name));
    }
    credential.offered = None;
    credential.recovery.clear();
    let write = store::credential::save(Write::new(), &app.master, name, &credential, kept.version);
    let event: Event = password::event(app, actor, name, "one-time codes");
    store::event::commit(write, &app.store, &[event]).await.map_err(conflict)
}

fn missing(name: &str) -> Refusal {
    Refusal::Conflict { what: format!("{name} signs in without one-time codes") }
}

async fn find(app: &App, name: &str) -> Result<store::credential::Kept, Refusal> {
    store::credential::find(&app.store, &app.master, name).await.map_err(unavailable)
}
