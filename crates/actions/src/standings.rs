//! Where every certificate stands, in memory: a sharded map that revocation changes at once.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::PoisonError;
use std::sync::RwLock;

use domain::certificate::Standing;
use pki::certificate::Serial;
use store::Store;
use store::StoreError;

/// Shards: enough that a revocation seldom meets a login.
const SHARDS: usize = 32;

/// The standing of every certificate by serial number.
#[derive(Debug)]
pub struct Standings {
    shards: Vec<RwLock<HashMap<Serial, Standing>>>,
    hasher: RandomState,
}

impl Standings {
    /// Reads where every certificate stands.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let store = store.clone();
        let loaded = tokio::task::spawn_blocking(move || {
            let standings = Self::empty();
            store::certificate::standings(&store, |serial, standing| {
                standings.set(serial, standing);
            })?;
            Ok(standings)
        });
        loaded.await.unwrap_or(Err(StoreError::Closed))
    }

    fn empty() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }

    /// Where a certificate stands; none if memory does not know it.
    pub fn get(&self, serial: &Serial) -> Option<Standing> {
        let shard = self.shard(serial)?;
        shard.read().unwrap_or_else(PoisonError::into_inner).get(serial).cloned()
    }

    /// From now on it stands like this.
    pub fn set(&self, serial: Serial, standing: Standing) {
        if let Some(shard) = self.shard(&serial) {
            shard.write().unwrap_or_else(PoisonError::into_inner).insert(serial, standing);
        }
    }

    fn shard(&self, serial: &Serial) -> Option<&RwLock<HashMap<Serial, Standing>>> {
        let hash = usize::try_from(self.hasher.hash_one(serial) % SHARDS as u64).unwrap_or(0);
        self.shards.get(hash)
    }
}
