//! An attempt to sign in: slowed where others failed, tried at the desk, and recorded if it fails.

use domain::administrator::Administrator;
use domain::credential::Credential;
use domain::credential::Totp;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::session;
use domain::totp;
use domain::totp::Code;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;
use subtle::ConstantTimeEq;

use crate::App;
use crate::session::Login;
use crate::session::Place;
use crate::session::failure;
use crate::unavailable;
use crate::world::Said;

/// Longest name that is looked for, in bytes: an e-mail address of four bytes a character.
const NAME_BYTES_MAX: usize = 254 * 4;

/// Whoever gave the right password, and with it the right code if one is asked for.
pub(crate) struct Proven {
    /// Who it is, as they were read.
    pub(crate) administrator: store::administrator::Kept,
    /// What they sign in with, as it was read, and without the code that was used.
    pub(crate) credential: store::credential::Kept,
    /// What code was used.
    pub(crate) code: Option<&'static str>,
}

impl Proven {
    /// Lets the change pass only if password and codes are still what they were, and uses up the
    /// code.
    pub(crate) fn keep(&self, app: &App, write: Write) -> Write {
        let name = &self.administrator.administrator.name;
        let store::credential::Kept { credential, version } = &self.credential;
        match self.code {
            Some(_) => store::credential::save(write, &app.master, name, credential, *version),
            None => store::credential::stays(write, name, *version),
        }
    }
}

/// Who tries, and where.
struct Trial<'a> {
    app: &'a App,
    place: &'a Place,
    /// Under what the failures are counted.
    keys: Vec<String>,
    /// The administrator who is meant, if there is one.
    name: Option<String>,
}

/// Tries name, password and code.
pub(crate) async fn whole(app: &App, login: &Login, place: &Place) -> Result<Proven, Refusal> {
    let (trial, mut proven) = first_half(app, login, place).await?;
    let Credential { totp, recovery, .. } = &mut proven.credential.credential;
    let Some(totp) = totp else { return Ok(proven) };
    let administrator = proven.administrator.administrator.name.clone();
    let Some(code) = &login.code else { return Err(Refusal::CodeNeeded { administrator }) };
    let used = match Code::parse(code) {
        Some(Code::Timed(code)) => use_timed(totp, &code, app.world.time()),
        Some(Code::Recovery(code)) => {
            let hash = store::credential::recovery_hash(&app.master, &administrator, code.reveal());
            use_recovery(recovery, &hash)
        }
        None => None,
    };
    match used {
        Some(used) => Ok(Proven { code: Some(used), ..proven }),
        None => Err(trial.fail(Refusal::CodeWrong { administrator })),
    }
}

/// Tries name and password.
pub(crate) async fn password(app: &App, login: &Login, place: &Place) -> Result<Proven, Refusal> {
    first_half(app, login, place).await.map(|(_, proven)| proven)
}

async fn first_half<'a>(
    app: &'a App,
    login: &Login,
    place: &'a Place,
) -> Result<(Trial<'a>, Proven), Refusal> {
    let sender = failure::of_place(&session::sender(place.address));
    app.failures.check(std::slice::from_ref(&sender), app.world.now())?;
    let found = named(app, &login.name).await?;
    let name = found.as_ref().map(|kept| kept.administrator.name.clone());
    let counted = failure::of_name(name.as_deref().unwrap_or(&login.name));
    let trial = Trial { app, place, keys: vec![sender, counted], name };
    app.failures.check(&trial.keys, app.world.now())?;
    let meant = trial.name.as_deref().unwrap_or_default();
    let kept = store::credential::find(&app.store, &app.master, meant);
    let credential = kept.await.map_err(unavailable)?;
    let seat = app.passwords.enter().await?;
    // Whoever waited for a seat may have failed at another meanwhile.
    app.failures.check(&trial.keys, app.world.now())?;
    let now = app.world.time();
    let password = credential.credential.password.as_ref().filter(|one| !one.is_over(now));
    let hash = password.map(|password| password.hash.clone());
    let fits = seat.fits(&login.password, hash).await?;
    let Some(administrator) = found.filter(|_| fits) else {
        return Err(trial.fail(Refusal::LoginWrong));
    };
    let Administrator { name, disabled, .. } = &administrator.administrator;
    if *disabled {
        return Err(trial.fail(Refusal::AdministratorDisabled { administrator: name.clone() }));
    }
    Ok((trial, Proven { administrator, credential, code: None }))
}

/// The administrator of this name, or else the only one of this e-mail address. All are looked at,
/// so that the time tells nobody who there is.
async fn named(app: &App, name: &str) -> Result<Option<store::administrator::Kept>, Refusal> {
    let known = store::administrator::list(&app.store).await.map_err(unavailable)?;
    if name.len() > NAME_BYTES_MAX {
        return Ok(None);
    }
    let is_address = |kept: &store::administrator::Kept| {
        let email = kept.administrator.email.as_deref();
        email.is_some_and(|email| email.to_lowercase() == name.to_lowercase())
    };
    let (by_name, others): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|kept| kept.administrator.name == name);
    let mut by_address: Vec<_> = others.into_iter().filter(is_address).collect();
    let only = if by_address.len() == 1 { by_address.pop() } else { None };
    Ok(by_name.into_iter().next().or(only))
}

/// Uses a code of the app, if it is one of now.
fn use_timed(totp: &mut Totp, code: &Secret, now: Time) -> Option<&'static str> {
    let step = totp::accept(&totp.secret, code, now, totp.used)?;
    totp.used = Some(step);
    Some("app")
}

/// Uses up a recovery code, if it is one that is left.
fn use_recovery(left: &mut Vec<String>, hash: &str) -> Option<&'static str> {
    let before = left.len();
    left.retain(|one| !bool::from(one.as_bytes().ct_eq(hash.as_bytes())));
    (left.len() < before).then_some("recovery")
}

impl Trial<'_> {
    /// Counts and records a failure. What was typed as a name is not kept: it may be a password in
    /// the wrong field.
    fn fail(&self, refusal: Refusal) -> Refusal {
        let Self { app, place, keys, name } = self;
        app.failures.add(keys, app.world.now());
        let mut details = Map::new();
        if let Some(address) = place.address {
            let address = address.to_canonical().to_string();
            details.insert("address".into(), Value::from(address));
        }
        let user_agent = session::user_agent(&place.user_agent);
        details.insert("user_agent".into(), Value::from(user_agent));
        let object = format!("administrator:{}", name.as_deref().unwrap_or_default());
        let said = Said { actor: session::sender(place.address), object, details };
        let event = app.world.event(EventKind::SessionRefused, Some(refusal.clone()), said);
        app.snapshot.journal().note(event);
        refusal
    }
}
