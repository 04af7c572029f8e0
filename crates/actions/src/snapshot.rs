//! What logins read: the rules, swapped whole, and the standing of every certificate.
//!
//! RADIUS has this and nothing else: no lock that a writer holds, no disk but one bounded read.

use std::sync::Arc;

use arc_swap::ArcSwap;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
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
    pub(crate) fn new(rules: Rules, journal: Journal, store: Store, world: Arc<World>) -> Self {
        let standings = Standings::empty();
        Self { rules: ArcSwap::from_pointee(rules), standings, journal, store, world }
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

    /// Where answers are noted.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Time and chance.
    pub fn world(&self) -> &World {
        &self.world
    }
}
