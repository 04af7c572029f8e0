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

    /// From now on it stands like this. The higher version stays, so that of two who tell at the
    /// same time the later truth does: nothing told late makes a revoked one good.
    pub fn set(&self, serial: Serial, standing: Standing) {
        let Some(shard) = self.shard(&serial) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let known = shard.get(&serial).map(|known| known.version);
        if known.is_none_or(|known| known <= standing.version) {
            shard.insert(serial, standing);
        }
    }

    fn shard(&self, serial: &Serial) -> Option<&RwLock<HashMap<Serial, Standing>>> {
        let hash = usize::try_from(self.hasher.hash_one(serial) % SHARDS as u64).unwrap_or(0);
        self.shards.get(hash)
    }
}

#[cfg(test)]
mod tests {
    use domain::certificate::RevocationReason;
    use domain::certificate::Status;
    use domain::certificate::Usage;
    use pki::time::Time;

    use super::*;

    fn standing(status: Status, version: i64) -> Standing {
        let revoked =
            (status == Status::Revoked).then_some((Time(1), RevocationReason::Superseded));
        let (authority, usage) = ("CA".to_owned(), Usage::Device);
        Standing { authority, usage, status, gateway: None, revoked, version }
    }

    #[test]
    fn what_is_told_late_never_makes_a_revoked_certificate_good() {
        let standings = Standings::empty();
        let serial = Serial::from_random([1; 16]);
        assert!(standings.get(&serial).is_none());
        standings.set(serial.clone(), standing(Status::Issued, 1));
        standings.set(serial.clone(), standing(Status::Revoked, 2));
        standings.set(serial.clone(), standing(Status::Issued, 1));
        standings.set(serial.clone(), standing(Status::Intended, 0));
        assert_eq!(standings.get(&serial).unwrap().status, Status::Revoked);
    }

    #[test]
    fn a_hold_ends_when_it_is_told_to_have_ended() {
        let standings = Standings::empty();
        let serial = Serial::from_random([1; 16]);
        standings.set(serial.clone(), standing(Status::Held, 2));
        standings.set(serial.clone(), standing(Status::Issued, 3));
        standings.set(serial.clone(), standing(Status::Held, 2));
        assert_eq!(standings.get(&serial).unwrap().status, Status::Issued);
    }
}
