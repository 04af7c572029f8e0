//! What logins read: the rules, swapped whole, the standing of every certificate, and the inventory.
//!
//! RADIUS has this and nothing else: no lock that a writer holds, no disk but one bounded read.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::device::Device;
use domain::device::DeviceId;
use domain::inventory;
use domain::inventory::Inventory;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use store::Store;
use tokio::sync::watch;

use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::rules::Rules;
use crate::standings::Standings;
use crate::world::World;

/// How long a request for a certificate waits for a starting server to have read the inventory:
/// devices wait longer, and a quarter of a million is read in a few seconds.
const INVENTORY_PATIENCE: Duration = Duration::from_secs(10);

/// The memory of logins.
#[derive(Debug)]
pub struct Snapshot {
    rules: ArcSwap<Rules>,
    standings: Standings,
    inventory: Inventory,
    /// Whether the inventory was read.
    is_inventory_read: watch::Sender<bool>,
    /// Whether there are more devices or people than memory holds.
    is_inventory_cut: AtomicBool,
    metrics: Metrics,
    journal: Journal,
    store: Store,
    world: Arc<World>,
}

impl Snapshot {
    /// A snapshot of what was read.
    pub(crate) fn new(rules: Rules, journal: Journal, store: Store, world: Arc<World>) -> Self {
        Self {
            rules: ArcSwap::from_pointee(rules),
            standings: Standings::empty(),
            inventory: Inventory::default(),
            is_inventory_read: watch::Sender::new(false),
            is_inventory_cut: AtomicBool::new(false),
            metrics: Metrics::default(),
            journal,
            store,
            world,
        }
    }

    /// The rules of now. They stay as they are for as long as the caller keeps them.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    /// Lets every answer rest on these rules, unless newer ones were read in the meantime.
    pub(crate) fn replace_rules(&self, rules: Rules) {
        let rules = Arc::new(rules);
        let newer = |known: &Arc<Rules>| {
            Arc::clone(if known.version > rules.version { known } else { &rules })
        };
        self.rules.rcu(newer);
    }

    /// Whether memory knows this version of a certificate's standing, or a newer.
    pub(crate) fn knows(&self, serial: &Serial, version: i64) -> bool {
        self.standings.get(serial).is_some_and(|known| known.version >= version)
    }

    pub(crate) fn set_standing(&self, serial: &Serial, standing: &Standing) {
        self.standings.set(serial, standing);
    }

    /// Where a certificate stands. A serial that memory lacks, or knows to be intended only, gets
    /// one bounded read of the database: a miss is not a no.
    pub fn standing(&self, serial: &Serial) -> Result<Standing, Refusal> {
        let known = self.standings.get(serial);
        if let Some(standing) = known.filter(|known| known.status != Status::Intended) {
            return Ok(standing);
        }
        match store::certificate::standing_blocking(&self.store, serial) {
            Ok(Some(standing)) => {
                self.standings.set(serial, &standing);
                Ok(standing)
            }
            Ok(None) => Err(Refusal::CertificateUnknown { serial: serial.clone() }),
            Err(error) => Err(crate::unavailable(error)),
        }
    }

    /// Where a certificate stands as memory knows it; none if it is not known to be issued.
    pub(crate) fn known_standing(&self, serial: &Serial) -> Option<Standing> {
        self.standings.get(serial).filter(|standing| standing.status != Status::Intended)
    }

    /// The authority that signed a certificate, if memory knows it.
    pub(crate) fn authority_of(&self, serial: &Serial) -> Option<String> {
        self.standings.get(serial).map(|standing| standing.authority.to_string())
    }

    /// Refuses a chain of authorities of which one has been revoked. Memory knows every authority.
    pub(crate) fn check_authorities(&self, chain: &[Certificate]) -> Result<(), Refusal> {
        for authority in chain {
            let standing = self.standings.get(&authority.serial);
            if let Some((at, _)) = standing.and_then(|standing| standing.revoked) {
                let authority = authority.subject.to_string();
                return Err(Refusal::AuthorityRevoked { authority, at });
            }
        }
        Ok(())
    }

    /// The devices and people of now.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Whether memory has all devices and people.
    pub fn inventory_reachable(&self) -> bool {
        *self.is_inventory_read.borrow() && !self.is_inventory_cut.load(Ordering::Relaxed)
    }

    /// The inventory, once it is read: what is issued rests on it.
    pub(crate) async fn read_inventory(&self) -> Result<&Inventory, Refusal> {
        let mut read = self.is_inventory_read.subscribe();
        let is_read = tokio::time::timeout(INVENTORY_PATIENCE, read.wait_for(|read| *read)).await;
        match is_read {
            Ok(Ok(_)) => Ok(&self.inventory),
            Ok(Err(_)) | Err(_) => Err(crate::unavailable("the inventory is not read yet")),
        }
    }

    /// The inventory was read.
    pub(crate) fn mark_inventory_read(&self) {
        self.is_inventory_read.send_replace(true);
    }

    pub(crate) fn set_device(&self, kept: store::device::Kept) {
        self.note_kept(self.inventory.set_device(kept.device, kept.version));
    }

    pub(crate) fn set_person(&self, kept: store::person::Kept) {
        self.note_kept(self.inventory.set_person(kept.person, kept.version));
    }

    fn note_kept(&self, kept: inventory::Kept) {
        let is_full = kept == inventory::Kept::Full;
        if is_full && !self.is_inventory_cut.swap(true, Ordering::Relaxed) {
            tracing::error!("there are more devices or people than memory holds");
        }
    }

    /// The device that a certificate is bound to. While memory does not have all of them, one that
    /// it lacks gets one bounded read of the database.
    pub fn device(&self, id: &DeviceId) -> Option<Arc<Device>> {
        let known = self.inventory.device(id);
        if known.is_some() || self.inventory_reachable() {
            return known;
        }
        match store::device::find_blocking(&self.store, id) {
            Ok(kept) => kept.map(|kept| Arc::new(kept.device)),
            Err(error) => {
                tracing::warn!(%error, "a device could not be read");
                None
            }
        }
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// How many certificates stand in each way, of those that memory knows.
    pub fn certificates(&self) -> [(Status, u64); 4] {
        self.standings.counts()
    }

    /// Where answers are noted.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Time and chance.
    pub fn world(&self) -> &World {
        &self.world
    }
}
