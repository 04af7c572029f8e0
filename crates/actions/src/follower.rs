//! The follower: what changes in the database, whoever changes it, is read into memory again.
//!
//! What this process did itself is in memory already when it hears of it, and is skipped. What it
//! did without knowing that it was done, because the connection broke, is not, and is read.

use core::time::Duration;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use domain::device::DeviceId;
use domain::inventory::Inventory;
use pki::certificate::Serial;
use store::Store;
use store::StoreError;
use store::change::Change;
use store::change::Changes;
use store::change::Notice;
use store::change::Topic;
use store::inventory::Announced;
use store::seal::MasterKey;
use tokio::task::AbortHandle;

use crate::App;
use crate::loading;
use crate::snapshot::Snapshot;

/// Most certificates, and most records of the inventory, that are read again one by one; beyond it,
/// all are.
const SERIALS_MAX: usize = 4096;

/// How long the follower waits before it tries a failing database again.
const RETRY: Duration = Duration::from_millis(250);

/// Follows the changes of a database. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Follower(AbortHandle);

/// What is read, and where it goes.
struct Desk {
    store: Store,
    master: Arc<MasterKey>,
    snapshot: Arc<Snapshot>,
}

/// What memory has to read again.
#[derive(Debug, Default)]
struct Stale {
    rules: bool,
    all_standings: bool,
    standings: HashSet<Serial>,
    all_inventory: bool,
    /// Each with the version that it has since.
    devices: HashMap<DeviceId, i64>,
    /// Each with the version that they have since.
    people: HashMap<String, i64>,
}

impl Follower {
    /// Starts the task. Must run within tokio.
    pub(crate) fn start(
        changes: Changes,
        store: &Store,
        master: &Arc<MasterKey>,
        snapshot: &Arc<Snapshot>,
    ) -> Self {
        let (store, master) = (store.clone(), Arc::clone(master));
        let desk = Desk { store, master, snapshot: Arc::clone(snapshot) };
        Self(tokio::spawn(desk.follow(changes)).abort_handle())
    }

    /// Follows no more.
    pub(crate) fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.end();
    }
}

impl Desk {
    async fn follow(self, mut changes: Changes) {
        while let Some(first) = changes.next().await {
            let mut stale = Stale::default();
            stale.note(first, &self.snapshot);
            let mut failures = 0_u32;
            loop {
                while let Some(more) = changes.try_next() {
                    stale.note(more, &self.snapshot);
                }
                let Err(error) = self.catch_up(&mut stale).await else { break };
                failures += 1;
                if failures == 1 {
                    tracing::error!(%error, "what was changed elsewhere cannot be read yet");
                }
                tokio::time::sleep(RETRY).await;
            }
            if failures > 0 {
                tracing::info!("what was changed elsewhere is read");
            }
        }
    }

    /// Reads what is stale; what could not be read stays so.
    async fn catch_up(&self, stale: &mut Stale) -> Result<(), StoreError> {
        if !stale.standings.is_empty() && !stale.all_standings {
            let serials: Vec<Serial> = stale.standings.iter().cloned().collect();
            for (serial, standing) in
                store::certificate::standings_of(&self.store, &serials).await?
            {
                self.snapshot.set_standing(&serial, &standing);
            }
        }
        if stale.all_standings {
            self.read_standings().await?;
        }
        (stale.all_standings, stale.standings) = (false, HashSet::new());
        self.catch_up_inventory(stale).await?;
        if stale.rules {
            App::reload(&self.store, &self.master, &self.snapshot).await?;
            stale.rules = false;
        }
        Ok(())
    }

    async fn catch_up_inventory(&self, stale: &mut Stale) -> Result<(), StoreError> {
        let inventory = self.snapshot.inventory();
        if stale.all_inventory {
            let (store, snapshot) = (self.store.clone(), Arc::clone(&self.snapshot));
            let read = tokio::task::spawn_blocking(move || loading::inventory(&store, &snapshot));
            read.await.unwrap_or(Err(StoreError::Closed))?;
        } else if !stale.devices.is_empty() {
            let ids: Vec<DeviceId> = stale.devices.keys().copied().collect();
            let mut gone = stale.devices.clone();
            for kept in store::device::find(&self.store, &ids).await? {
                gone.remove(&kept.device.id);
                self.snapshot.set_device(kept);
            }
            for (id, version) in gone {
                inventory.remove_device(&id, version);
            }
        }
        if !stale.all_inventory {
            for (name, version) in &stale.people {
                match store::person::find(&self.store, name).await? {
                    Some(kept) => self.snapshot.set_person(kept),
                    None => inventory.remove_person(name, *version),
                }
            }
        }
        (stale.all_inventory, stale.devices, stale.people) = Default::default();
        Ok(())
    }

    async fn read_standings(&self) -> Result<(), StoreError> {
        let (store, snapshot) = (self.store.clone(), Arc::clone(&self.snapshot));
        let read = tokio::task::spawn_blocking(move || {
            store::certificate::standings(&store, |serial, standing| {
                snapshot.set_standing(&serial, &standing);
            })
        });
        read.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Stale {
    fn note(&mut self, notice: Notice, snapshot: &Snapshot) {
        let Notice::Changed(Change { topic, key, .. }) = notice else {
            (self.rules, self.all_standings, self.all_inventory) = (true, true, true);
            return;
        };
        match topic {
            Topic::Rules => {
                let version = store::organization::announced(&key);
                // What is not understood is worth reading.
                self.rules |= version.is_none_or(|version| snapshot.rules().version < version);
            }
            Topic::Certificate => match store::certificate::announced(&key) {
                Some((serial, version)) if snapshot.knows(&serial, version) => {}
                Some((serial, _)) if self.standings.len() < SERIALS_MAX => {
                    self.standings.insert(serial);
                }
                Some(_) | None => self.all_standings = true,
            },
            Topic::Inventory => self.note_inventory(&key, snapshot.inventory()),
        }
    }

    fn note_inventory(&mut self, key: &str, inventory: &Inventory) {
        let is_full = self.devices.len() + self.people.len() >= SERIALS_MAX;
        match store::inventory::announced(key) {
            Some(Announced::Device(id, version) | Announced::Devices(id, version))
                if inventory.knows_device(&id, version) => {}
            Some(Announced::Person(name, version) | Announced::People(name, version))
                if inventory.knows_person(&name, version) => {}
            Some(Announced::Device(id, version)) if !is_full => {
                let known = self.devices.entry(id).or_insert(version);
                *known = version.max(*known);
            }
            Some(Announced::Person(name, version)) if !is_full => {
                let known = self.people.entry(name).or_insert(version);
                *known = version.max(*known);
            }
            // What is not understood is worth reading.
            Some(
                Announced::Device(..)
                | Announced::Devices(..)
                | Announced::Person(..)
                | Announced::People(..),
            )
            | None => self.all_inventory = true,
        }
    }
}
