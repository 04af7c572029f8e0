//! The publisher: sees to it that every key of every authority has a list of now and a responder.
//!
//! It runs where an organization is served. Several servers each have one; of two that make the
//! same list, one commits it and the other reads it.

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;

use domain::certificate::Usage;
use domain::refusal::Refusal;
use store::change::Change;
use store::change::Changes;
use store::change::Notice;
use store::change::Topic;
use tokio::task::AbortHandle;

use crate::App;
use crate::responder;
use crate::revocation_list;
use crate::revocation_list::NotPublished;
use crate::rules::AuthorityKey;
use crate::unavailable;

/// How often the times of lists and responders are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// The least time between two rounds, so that revoking many makes a list a second and not one each.
const PAUSE: Duration = Duration::from_secs(1);

/// Publishes until it is dropped.
#[derive(Debug)]
pub struct Publisher(AbortHandle);

/// What may have changed since it was last published.
#[derive(Debug, Default)]
struct Changed {
    all: bool,
    authorities: HashSet<String>,
}

impl Publisher {
    /// Makes what is missing, so that whoever is told of a list finds one, then goes on by itself.
    /// What fails is tried again later.
    pub async fn start(app: &Arc<App>) -> Self {
        let changes = app.store.changes();
        make_missing(app).await;
        let changed = Changed { all: true, authorities: HashSet::new() };
        Self(tokio::spawn(run(Arc::clone(app), changes, changed)).abort_handle())
    }

    /// Publishes no more.
    pub fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.end();
    }
}

async fn run(app: Arc<App>, mut changes: Changes, mut changed: Changed) {
    loop {
        publish(&app, &mut changed).await;
        tokio::time::sleep(PAUSE).await;
        // What could not be published is tried again at the next look at the latest.
        let next = tokio::time::timeout(LOOK, relevant(&app, &mut changes, &mut changed)).await;
        if matches!(next, Ok(None)) {
            return;
        }
        while let Some(notice) = changes.try_next() {
            changed.note(&app, notice);
        }
    }
}

/// Waits for something that a list could tell of; none when the store is closed.
async fn relevant(app: &App, changes: &mut Changes, changed: &mut Changed) -> Option<()> {
    loop {
        if changed.note(app, changes.next().await?) {
            return Some(());
        }
    }
}

impl Changed {
    /// Notes what a notice is about. True if there may be something to do.
    fn note(&mut self, app: &App, notice: Notice) -> bool {
        match notice {
            Notice::Missed => self.all = true,
            // An authority may be new.
            Notice::Changed(Change { topic: Topic::Rules, .. }) => {}
            // No list tells of devices.
            Notice::Changed(Change { topic: Topic::Inventory, .. }) => return false,
            Notice::Changed(Change { topic: Topic::Certificate, key, .. }) => {
                match store::certificate::announced(&key) {
                    // It was issued, which no list tells.
                    Some((_, ..=1)) => return false,
                    Some((serial, _)) => match app.snapshot.authority_of(&serial) {
                        Some(authority) => drop(self.authorities.insert(authority)),
                        None => self.all = true,
                    },
                    None => self.all = true,
                }
            }
        }
        true
    }

    fn has(&self, authority: &str) -> bool {
        self.all || self.authorities.contains(authority)
    }
}

/// Publishes whatever is due or changed. What fails is logged, and stays changed.
async fn publish(app: &App, changed: &mut Changed) {
    let before = core::mem::take(changed);
    let rules = app.snapshot.rules();
    for key in rules.authority_keys() {
        let name = &key.definition.name;
        if let Err(refusal) = publish_key(app, key, before.has(name)).await {
            tracing::error!(%refusal, authority = name, "revocation is not published");
            changed.authorities.insert(name.clone());
        }
    }
}

/// Makes lists and responders where there are none at all.
async fn make_missing(app: &App) {
    let rules = app.snapshot.rules();
    for key in rules.authority_keys() {
        let lacks = !revocation_list::exists(app, key) || key.generation.responder.is_none();
        if !lacks {
            continue;
        }
        if let Err(refusal) = publish_key(app, key, false).await {
            let authority = &key.definition.name;
            tracing::error!(%refusal, authority, "revocation is not published yet");
        }
    }
}

/// Makes everything of one round, for whoever has no publisher running and for tests.
pub async fn publish_all(app: &App) -> Result<(), Refusal> {
    let rules = app.snapshot.rules();
    for key in rules.authority_keys() {
        publish_key(app, key, true).await?;
    }
    Ok(())
}

async fn publish_key(app: &App, key: AuthorityKey<'_>, may_differ: bool) -> Result<(), Refusal> {
    let now = app.world.time();
    let Some(own) = key.generation.chain.first().filter(|own| own.not_after >= now) else {
        return Ok(());
    };
    if !responder::has_responder(key.generation, now) {
        tracing::debug!(authority = %own.subject, "a responder is due");
        make_responder(app, &key.definition.name, key.generation.number).await?;
    }
    if may_differ || revocation_list::is_due(app, key) {
        match revocation_list::refresh(app, key).await {
            Ok(_) => {}
            Err(NotPublished::Overtaken) => {
                revocation_list::load(app).await.map_err(unavailable)?
            }
            Err(NotPublished::Refused(refusal)) => return Err(refusal),
        }
    }
    Ok(())
}

/// Makes the responder of a key, unless another server has.
async fn make_responder(app: &App, authority: &str, number: i64) -> Result<(), Refusal> {
    let is_meant = |key: &AuthorityKey<'_>| {
        key.definition.name == authority && key.generation.number == number
    };
    App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)?;
    let rules = app.snapshot.rules();
    let Some(key) = rules.authority_keys().find(is_meant) else { return Ok(()) };
    if responder::has_responder(key.generation, app.world.time()) {
        return Ok(());
    }
    let owner = responder::owner(authority, number);
    let keys = store::private_key::load(&app.store, &app.master).await.map_err(unavailable)?;
    let own = keys.iter().filter(|one| one.usage == Usage::Responder && one.owner == owner);
    let order = own.map(|one| one.generation).max().unwrap_or(0) + 1;
    match responder::make(app, key, order).await {
        // Another server made it at the same time.
        Ok(()) | Err(Refusal::Conflict { .. }) => {}
        Err(refusal) => return Err(refusal),
    }
    App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)
}
