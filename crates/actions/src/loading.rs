//! Reading where every certificate stands into memory, at a start.
//!
//! Logins need not wait for all of a million: whoever asks for one that memory lacks reads it from
//! the database, and what is read late never takes the place of what is newer.

use core::time::Duration;
use std::sync::Arc;
use std::sync::OnceLock;
use std::thread;

use pki::certificate::Serial;
use store::Store;
use store::StoreError;
use tokio::sync::oneshot;

use crate::rules::Rules;
use crate::snapshot::Snapshot;

/// How long a start waits for the reading of a large database: half a million certificates or so.
const PATIENCE: Duration = Duration::from_secs(1);

/// The reading, perhaps still under way.
#[derive(Debug)]
pub(crate) struct Loading {
    damage: Arc<OnceLock<StoreError>>,
}

impl Loading {
    /// Reads where the authorities stand, which every login rests on, and begins to read all. Waits
    /// for the end of it if the database is small or may be damaged, and else for a while.
    pub(crate) async fn begin(store: &Store, snapshot: &Arc<Snapshot>) -> Result<Self, StoreError> {
        let authorities = authorities(&snapshot.rules());
        for (serial, standing) in store::certificate::standings_of(store, &authorities).await? {
            snapshot.set_standing(&serial, &standing);
        }
        let (damage, (end, ended)) = (Arc::default(), oneshot::channel());
        let read = {
            let (store, snapshot) = (store.clone(), Arc::clone(snapshot));
            let damage: Arc<OnceLock<StoreError>> = Arc::clone(&damage);
            move || {
                let read = store::certificate::standings(&store, |serial, standing| {
                    snapshot.set_standing(&serial, &standing);
                });
                match end.send(read) {
                    Ok(()) | Err(Ok(())) => {}
                    // The follower reads all of it again when the server is back.
                    Err(Err(error @ StoreError::Unreachable(_))) => {
                        tracing::warn!(%error, "not all certificates are read yet");
                    }
                    // Who does not wait any more looks for the damage by and by.
                    Err(Err(error)) => drop(damage.set(error)),
                }
            }
        };
        let started = thread::Builder::new().name("loading".to_owned()).spawn(read);
        started.map_err(|error| StoreError::Io(error.to_string()))?;
        let waited = if store.is_checked_first() {
            Ok(ended.await)
        } else {
            tokio::time::timeout(PATIENCE, ended).await
        };
        match waited {
            Ok(Ok(read)) => read?,
            Ok(Err(_)) => return Err(StoreError::Closed),
            Err(_) => tracing::info!("the rest of the certificates is read while devices come"),
        }
        Ok(Self { damage })
    }

    /// What was found after the start.
    pub(crate) fn damage(&self) -> Option<StoreError> {
        self.damage.get().cloned()
    }
}

fn authorities(rules: &Rules) -> Vec<Serial> {
    let chains = rules.authority_keys().map(|key| &key.generation.chain);
    let serials = chains.filter_map(|chain| chain.first()).map(|own| own.serial.clone());
    serials.collect()
}
