//! Whether one who listens still may: their session or token goes on, and they are who they were.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::refusal::Refusal;
use pki::time::Time;

use crate::App;
use crate::session::Present;
use crate::unavailable;

/// How long an answer is taken for that of now, in seconds. Streams look at least every 15 seconds
/// whether it is too old, so that nobody listens a minute longer than they may.
pub const CHECK_SECONDS: i64 = 30;

/// What a listener's right rests on.
#[derive(Clone, Debug)]
pub struct Right {
    actor: Actor,
    /// The session that they came with.
    session: Option<String>,
    checked_at: Time,
}

impl Right {
    /// That of one who was let in just now, by their session if they have one.
    pub fn new(app: &App, actor: &Actor, present: Option<&Present>) -> Self {
        // Somebody known to the door itself is not there by their session.
        let present = present.filter(|present| present.actor == *actor);
        let session = present.map(|present| present.session.id.clone());
        Self { actor: actor.clone(), session, checked_at: app.world.time() }
    }

    /// Whether they may still listen. While the database is away nothing is known, and nothing ends.
    pub async fn holds(&mut self, app: &App) -> bool {
        let now = app.world.time();
        if now < self.checked_at.plus_seconds(CHECK_SECONDS) {
            return true;
        }
        self.checked_at = now;
        match self.look(app, now).await {
            Ok(()) | Err(Refusal::StoreUnavailable { .. }) => true,
            Err(refusal) => {
                tracing::debug!(code = refusal.code(), "one who listened may no longer");
                false
            }
        }
    }

    async fn look(&self, app: &App, now: Time) -> Result<(), Refusal> {
        if let Some(id) = &self.session {
            let kept = store::session::find(&app.store, id).await.map_err(unavailable)?;
            let live = kept.filter(|kept| !kept.session.is_over(now));
            let session = live.ok_or(Refusal::SessionOver)?.session;
            return self.is_still(app, &session.administrator).await;
        }
        let Some(id) = self.actor.token_id() else { return Ok(()) };
        let found = store::token::find(&app.store, id).await.map_err(unavailable)?;
        let token = found.ok_or(Refusal::TokenUnknown)?.token;
        if token.expires_at <= now {
            return Err(Refusal::TokenExpired { token: token.name, at: token.expires_at });
        }
        self.is_still(app, &token.administrator).await
    }

    /// Whether the administrator is there and has the role that they had.
    async fn is_still(&self, app: &App, name: &str) -> Result<(), Refusal> {
        let found = store::administrator::find(&app.store, name).await.map_err(unavailable)?;
        let administrator = found.ok_or(Refusal::SessionOver)?.administrator;
        if administrator.disabled {
            return Err(Refusal::AdministratorDisabled { administrator: administrator.name });
        }
        // Another role sees other things, and asks anew.
        if self.actor.role() != Some(administrator.role) {
            return Err(Refusal::SessionOver);
        }
        self.actor.may(Permission::EventRead)
    }
}
