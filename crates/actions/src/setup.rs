//! The first owner, made by whoever has the code that the server printed.

use domain::actor::Actor;
use domain::actor::Role;
use domain::administrator::Administrator;
use domain::administrator::Told;
use domain::credential::Credential;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::session;
use serde::Deserialize;
use serde::Serialize;
use store::administrator::CODE_WRONG;
use store::write::CommitError;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::administrator;
use crate::certificate::conflict;
use crate::event;
use crate::gateway::draw_text;
use crate::organization::NotApplied;
use crate::password;
use crate::session::Login;
use crate::session::Opened;
use crate::session::Place;
use crate::session::failure;
use crate::token;
use crate::token::ShownToken;
use crate::unavailable;
use crate::world::Said;

/// Characters of a code: 16 of 32 letters carry 80 bits, and it lives for a day.
const CODE_CHARS: usize = 16;

/// Characters between two hyphens, so that people can read it out.
const GROUP_CHARS: usize = 4;

/// How long a code can be used, in seconds.
pub const CODE_SECONDS: i64 = 86_400;

/// Longest text that is looked at as a code, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// Who the first owner is to be.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = SetupOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The code that the server printed.
    pub code: Secret,
    /// What the owner is called.
    pub name: String,
    /// Where they are written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they sign in to the portal with, 12 to 256 characters; later if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

/// The first owner, and if they have no password a token that is shown once.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Done {
    /// The owner.
    pub administrator: Administrator,
    /// What they prove themselves with; none if they have a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<ShownToken>,
}

/// Whether there is no administrator yet, so that whoever has the code makes one.
pub async fn is_open(app: &App) -> Result<bool, Refusal> {
    let known = store::administrator::list(&app.store).await.map_err(unavailable)?;
    Ok(known.is_empty())
}

/// Draws a code, if there is no administrator yet.
pub async fn begin(app: &App) -> Result<Option<Secret>, Refusal> {
    let known = store::administrator::list(&app.store).await.map_err(unavailable)?;
    if !known.is_empty() {
        return Ok(None);
    }
    let code = draw_text::<CODE_CHARS>(&app.world).to_uppercase();
    let hash = store::administrator::code_hash(&app.master, &code);
    let now = app.world.time();
    let kept =
        store::administrator::add_code(&app.store, hash, now.plus_seconds(CODE_SECONDS), now);
    kept.await.map_err(conflict)?;
    let letters: Vec<char> = code.chars().collect();
    let groups = letters.chunks(GROUP_CHARS).map(|group| group.iter().collect::<String>());
    Ok(Some(Secret::new(groups.collect::<Vec<_>>().join("-"))))
}

/// Makes the first owner. A no is recorded by the door, which knows where it came from: anybody
/// may try, and nobody fills the audit with it.
pub async fn finish(app: &App, order: &Order) -> Result<Done, NotApplied> {
    let actor = &Actor::owner("set-up code");
    let Order { code, name, email, password } = order;
    if code.reveal().len() > CODE_BYTES_MAX {
        return Err(Refusal::SetupCodeWrong.into());
    }
    let plain = code.reveal().chars().filter(char::is_ascii_alphanumeric);
    let plain: String = plain.map(|letter| letter.to_ascii_uppercase()).collect();
    let now = app.world.time();
    let told = Told {
        name: Some(name.clone()),
        email: email.clone(),
        role: Some(Role::Owner),
        disabled: None,
    };
    let made = Administrator::create(&told, now).map_err(NotApplied::Complaints)?;
    let hash = store::administrator::code_hash(&app.master, &plain);
    let write = store::administrator::use_code(Write::new(), hash, now);
    let write = store::administrator::add(write, &made);
    let said = Said {
        actor: actor.name().to_owned(),
        object: format!("administrator:{}", made.name),
        details: administrator::after(&made),
    };
    let mut events = vec![app.world.event(EventKind::ObjectCreated, None, said)];
    let (write, token) = match password {
        Some(password) => (keep_password(app, write, &made, (password, hash)).await?, None),
        None => {
            let (token, token_hash) = draw_token(app, &made);
            events.push(token::event(app, actor, EventKind::ObjectCreated, &token.token));
            (store::token::add(write, &token.token, token_hash), Some(token))
        }
    };
    store::event::commit(write, &app.store, &events).await.map_err(|error| match error {
        CommitError::Conflict(conflict) if conflict.0 == CODE_WRONG => Refusal::SetupCodeWrong,
        other @ (CommitError::Conflict(_)
        | CommitError::Constraint(_)
        | CommitError::Unexplained
        | CommitError::Store(_)) => conflict(other),
    })?;
    Ok(Done { administrator: made, token })
}

fn draw_token(app: &App, made: &Administrator) -> (ShownToken, [u8; 32]) {
    let label = domain::token::Order { name: "set-up".to_owned(), ..Default::default() };
    let expires_at = app.world.time().plus_days(label.days());
    token::draw(app, label, made.name.clone(), expires_at)
}

/// Makes the first owner, who has a password, and signs them in. Whoever guesses codes waits like
/// whoever guesses passwords.
pub async fn enter(app: &App, order: &Order, place: &Place) -> Result<Opened, NotApplied> {
    let sender = session::sender(place.address);
    let counted = [failure::of_place(&sender)];
    app.failures.check(&counted, app.world.now())?;
    let done = match finish(app, order).await {
        Err(NotApplied::Refused(Refusal::SetupCodeWrong)) => {
            app.failures.add(&counted, app.world.now());
            let wrong = Refusal::SetupCodeWrong;
            event::note_refused_request(app, (sender, place.address), "set-up", wrong.clone());
            return Err(wrong.into());
        }
        other => other?,
    };
    let password = order.password.clone().unwrap_or_else(|| Secret::new(""));
    let login = Login { name: done.administrator.name, password, code: None };
    Ok(crate::session::log_in(app, &login, place).await?)
}

/// Keeps the owner's password. Nobody lets it be hashed without a good code.
async fn keep_password(
    app: &App,
    write: Write,
    made: &Administrator,
    (text, code): (&Secret, [u8; 32]),
) -> Result<Write, NotApplied> {
    let now = app.world.time();
    let is_good = store::administrator::is_code(&app.store, code, now).await;
    if !is_good.map_err(unavailable)? {
        return Err(Refusal::SetupCodeWrong.into());
    }
    let made_password = password::make(app, text, made, None).await?;
    let credential = Credential { password: Some(made_password), ..Credential::default() };
    Ok(store::credential::save(write, &app.master, &made.name, &credential, 0))
}
