//! What logins read: the rules, swapped whole, and the standing of every certificate.
//!
//! RADIUS has this and nothing else: no lock that a writer holds, no disk but one bounded read.

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::certificate::Standing;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use store::Store;

use crate::journal::Journal;
use crate::rules::Rules;
use crate::standings::Standings;
use crate::world::World;

/// The memory of logins.
#[derive(Debug)]
pub struct Snapshot {
    rules: ArcSwap<Rules>,
    standings: Standings,
    journal: Journal,
    store: Store,
    world: Arc<World>,
}

impl Snapshot {
    /// A snapshot of what was read.
    pub(crate) fn new(
        rules: Rules,
        standings: Standings,
        journal: Journal,
        store: Store,
        world: Arc<World>,
    ) -> Self {
        Self { rules: ArcSwap::from_pointee(rules), standings, journal, store, world }
    }

    /// The rules of now. They stay as they are for as long as the caller keeps them.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules.load_full()
    }

    pub(crate) fn replace_rules(&self, rules: Rules) {
        self.rules.store(Arc::new(rules));
    }

    pub(crate) fn set_standing(&self, serial: Serial, standing: Standing) {
        self.standings.set(serial, standing);
    }

    /// Where a certificate stands. A serial that memory lacks gets one bounded read of the
    /// database: a miss is not a no.
    pub fn standing(&self, serial: &Serial) -> Result<Standing, Refusal> {
        if let Some(standing) = self.standings.get(serial) {
            return Ok(standing);
        }
        match store::certificate::standing_blocking(&self.store, serial) {
            Ok(Some(standing)) => {
                self.standings.set(serial.clone(), standing.clone());
                Ok(standing)
            }
            Ok(None) => Err(Refusal::CertificateUnknown { serial: serial.clone() }),
            Err(error) => Err(crate::unavailable(error)),
        }
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
