//! The keeper: renews server certificates before they end.
//!
//! It runs where an organization is served. Several servers each have one; of two that renew the
//! same certificate, one commits it and the other reads it.

use core::time::Duration;
use std::sync::Arc;

use domain::actor::Actor;
use domain::refusal::Refusal;
use domain::server_certificate;
use domain::server_certificate::ServerCertificate;
use tokio::task::AbortHandle;

use super::Place;
use super::SERVER;
use super::begin;
use super::note_own;
use super::renewal;
use crate::App;
use crate::rules::Rules;
use crate::rules::slot::Slot;
use crate::unavailable;

/// How often it looks whether one is due. What failed is tried again then.
const LOOK: Duration = Duration::from_secs(3600);

/// Renews until it is dropped.
#[derive(Debug)]
pub struct Keeper(AbortHandle);

impl Keeper {
    /// Looks at once, and then every hour.
    pub fn start(app: &Arc<App>) -> Self {
        Self(tokio::spawn(run(Arc::clone(app))).abort_handle())
    }

    /// Renews no more.
    pub fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

async fn run(app: Arc<App>) {
    loop {
        renew_due(&app).await;
        tokio::time::sleep(LOOK).await;
    }
}

/// Renews every server certificate that is due. What fails is recorded.
pub async fn renew_due(app: &App) {
    let rules = app.snapshot.rules();
    for definition in &rules.organization.server_certificate {
        let name = &definition.name;
        match renew_one(app, name).await {
            Ok(()) => {}
            // Another server did it at the same time.
            Err(Refusal::Conflict { .. }) => {
                if let Err(refusal) = read_again(app).await {
                    tracing::warn!(%refusal, "what another server renewed is not read yet");
                }
            }
            Err(refusal) => {
                tracing::error!(%refusal, server_certificate = name, "it is not renewed");
                note_own(app, name, &refusal).await;
            }
        }
    }
}

async fn read_again(app: &App) -> Result<(), Refusal> {
    App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)
}

async fn renew_one(app: &App, name: &str) -> Result<(), Refusal> {
    if work(app, &app.snapshot.rules(), name)?.is_none() {
        return Ok(());
    }
    // Perhaps another server did it, and this one has not heard of it.
    let one_at_a_time = begin(app).await?;
    let rules = app.snapshot.rules();
    let Some(place) = work(app, &rules, name)? else { return Ok(()) };
    let (definition, slots) = super::find(&rules, name)?;
    let server = Actor::owner(SERVER);
    renewal::make(app, &server, (one_at_a_time, &rules), (definition, slots, place)).await
}

/// What is to be done: where a new certificate would go, if one is due and can be made.
fn work(app: &App, rules: &Rules, name: &str) -> Result<Option<Place>, Refusal> {
    let Ok((definition, slots)) = super::find(rules, name) else { return Ok(None) };
    let now = app.world.time();
    let is_due = |slot: &Slot| {
        let certificate = slot.certificate();
        server_certificate::is_due((certificate.not_before, certificate.not_after), now)
    };
    if !is_due(&slots.active) || stays(rules, definition, &slots.active).is_some() {
        return Ok(None);
    }
    let (_, root) = renewal::signer(app, rules, definition)?;
    if slots.active.leads_to(Some(root)) {
        return Ok(Some(Place::Active));
    }
    // What waits already, and lasts, waits on; what somebody imported is theirs to change.
    let waits = slots.next.as_ref().is_some_and(|next| next.imported || !is_due(next));
    Ok((!waits).then_some(Place::Next))
}

/// Why a certificate is not made anew by itself; none if it is.
pub(crate) fn stays(rules: &Rules, definition: &ServerCertificate, slot: &Slot) -> Option<String> {
    if slot.imported {
        return Some("it was imported, and is not made here".to_owned());
    }
    let name = &definition.certificate_authority;
    let Some(authority) = rules.authority(name) else {
        return Some(format!("the authority {name} has no key"));
    };
    let ends = authority.current.chain.iter().map(|one| one.not_after).min()?;
    let own = slot.certificate().not_after;
    if server_certificate::is_gain(ends, own) {
        return None;
    }
    let end = ends.to_rfc3339();
    Some(format!("the authority {name}, or one above it, ends on {end} and signs nothing longer"))
}
