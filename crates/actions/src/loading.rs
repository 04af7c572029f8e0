//! Reading the inventory, and where every certificate stands, into memory, at a start.
//!
//! Logins need not wait for all of a million: whoever asks for one that memory lacks reads it from
//! the database, and what is read late never takes the place of what is newer.

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::thread;

use pki::certificate::Serial;
use store::Store;
use store::StoreError;
use store::certificate::fingerprint;
use store::certificate::fingerprint::Filled;
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
                let read = inventory(&store, &snapshot).and_then(|()| {
                    store::certificate::standings(&store, |serial, standing| {
                        snapshot.set_standing(&serial, &standing);
                    })
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

/// Reads every device and person into memory, and forgets those that are gone. Blocks.
pub(crate) fn inventory(store: &Store, snapshot: &Snapshot) -> Result<(), StoreError> {
    let inventory = snapshot.inventory();
    // What was there before and is not read has been removed; what comes later is told of later.
    let (devices, people) = (inventory.devices(), inventory.people());
    let read_devices = Mutex::new(HashSet::with_capacity(devices.len()));
    store::device::load(store, |kept| {
        if !devices.is_empty() {
            read_devices.lock().unwrap_or_else(PoisonError::into_inner).insert(kept.device.id);
        }
        snapshot.set_device(kept);
    })?;
    let read_people = Mutex::new(HashSet::with_capacity(people.len()));
    store::person::load(store, |kept| {
        if !people.is_empty() {
            let name = kept.person.name.clone();
            read_people.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        }
        snapshot.set_person(kept);
    })?;
    let read_devices = read_devices.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (device, version) in devices.iter().filter(|(it, _)| !read_devices.contains(&it.id)) {
        inventory.remove_device(&device.id, version.saturating_add(1));
    }
    let read_people = read_people.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (person, version) in people.iter().filter(|(it, _)| !read_people.contains(&it.name)) {
        inventory.remove_person(&person.name, version.saturating_add(1));
    }
    snapshot.mark_inventory_read();
    Ok(())
}

/// Works out, beside everything else, the fingerprints of certificates that were signed before any
/// were kept. What is left when the server ends is gone on with at the next start.
pub(crate) async fn fill_fingerprints(store: &Store) {
    if let Ok(Filled::All) = fingerprint::fill(store).await {
        return;
    }
    let store = store.clone();
    tokio::spawn(async move {
        let mut pace = Pace::default();
        while let Some(rest) = pace.after(fingerprint::fill(&store).await) {
            tokio::time::sleep(rest).await;
        }
    });
}

/// How long the filling rests after it failed, at first and at most: a database that is away comes
/// back, and nobody waits for fingerprints.
const FILL_RESTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(300)];

/// How the filling goes on, part by part.
#[derive(Debug)]
struct Pace {
    /// How long it rests if the next part fails.
    rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [first, _] = FILL_RESTS;
        Self { rest: first }
    }
}

impl Pace {
    /// How long to rest before the next part; none if every certificate has its fingerprints, or the
    /// store is closed. What failed is tried again.
    fn after(&mut self, filled: Result<Filled, StoreError>) -> Option<Duration> {
        match filled {
            Ok(Filled::All) | Err(StoreError::Closed) => None,
            Ok(Filled::Part) => {
                *self = Self::default();
                Some(Duration::ZERO)
            }
            Err(error) => {
                tracing::warn!(%error, "not every certificate is found by its fingerprint yet");
                let [_, most] = FILL_RESTS;
                let next = self.rest.saturating_mul(2).min(most);
                Some(core::mem::replace(&mut self.rest, next))
            }
        }
    }
}

fn authorities(rules: &Rules) -> Vec<Serial> {
    let chains = rules.authority_keys().map(|key| &key.generation.chain);
    let serials = chains.filter_map(|chain| chain.first()).map(|own| own.serial.clone());
    serials.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filling_goes_on_after_an_error_and_ends_with_the_last_or_the_store() {
        let away = || Err(StoreError::Unreachable("away".to_owned()));
        let seconds = |rest: Option<Duration>| rest.map(|rest| rest.as_secs());
        let mut pace = Pace::default();
        assert_eq!(seconds(pace.after(Ok(Filled::Part))), Some(0));
        for expected in [1, 2, 4] {
            assert_eq!(seconds(pace.after(away())), Some(expected));
        }
        assert_eq!(seconds(pace.after(Ok(Filled::Part))), Some(0));
        assert_eq!(seconds(pace.after(away())), Some(1));
        for _ in 0..20 {
            pace.after(away());
        }
        assert_eq!(seconds(pace.after(away())), Some(300));
        assert_eq!(pace.after(Ok(Filled::All)), None);
        assert_eq!(pace.after(Err(StoreError::Closed)), None);
    }
}
