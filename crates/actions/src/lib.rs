//! Verbs: everything the product can be asked to do, whoever asks.
//!
//! **Invariant:** nothing here knows a protocol. SCEP, RADIUS and HTTP end at their doors.

pub mod access_point;
pub mod administrator;
pub mod audit;
pub mod certificate;
pub mod certificate_authority;
pub mod certificate_template;
pub mod change;
pub mod decision;
pub mod device;
pub mod doctor;
pub mod event;
mod follower;
pub mod gateway;
pub mod idempotency;
pub mod inventory;
pub mod journal;
pub mod live;
mod loading;
pub mod metrics;
pub mod network_profile;
pub mod notary;
pub mod object;
pub mod organization;
pub mod overview;
pub mod password;
pub mod person;
pub mod policy;
pub mod portal_certificate;
pub mod publisher;
pub mod reply_attribute;
pub mod responder;
pub mod revocation_list;
pub mod rules;
pub mod search;
pub mod seed;
pub mod server_certificate;
pub mod session;
pub mod setup;
mod share;
pub mod signer;
pub mod snapshot;
pub mod standings;
pub mod token;
pub mod totp;
pub mod visit;
pub mod world;

use std::sync::Arc;

use domain::refusal::Refusal;
use domain::session::Limits;
use store::Store;
use store::StoreError;
use store::seal::MasterKey;
use tokio::sync::Mutex;

use crate::follower::Follower;
use crate::journal::Journal;
use crate::live::Live;
use crate::loading::Loading;
use crate::notary::Register;
use crate::overview::Figures;
use crate::password::desk::Desk;
use crate::responder::Answers;
use crate::revocation_list::Lists;
use crate::session::failure::Failures;
use crate::signer::Signer;
use crate::snapshot::Snapshot;
use crate::world::World;

/// What every verb needs: memory, keys, the snapshot that logins read, and the outside world.
pub struct App {
    /// Memory.
    pub store: Store,
    /// What is secret in memory hangs on it.
    pub master: Arc<MasterKey>,
    /// Uses the authorities' keys.
    pub signer: Signer,
    /// What logins read.
    pub snapshot: Arc<Snapshot>,
    /// Time and chance.
    pub world: Arc<World>,
    /// The revocation lists that are there to be fetched.
    pub revocation_lists: Lists,
    /// Answers of OCSP that may be given again.
    pub(crate) answers: Answers,
    /// Where passwords are hashed, a few at a time.
    pub(crate) passwords: Desk,
    /// How long sessions last that begin.
    pub(crate) sessions: Limits,
    /// Who failed to sign in, and must wait.
    pub(crate) failures: Failures,
    /// How the audit fares.
    pub(crate) notary: Register,
    /// Who listens to events as they come.
    pub live: Live,
    /// Figures that were worked out a moment ago.
    pub(crate) figures: Figures,
    /// One change of the definitions at a time.
    changing: Arc<Mutex<()>>,
    /// One change of the inventory at a time, but for what requests tell.
    pub(crate) keeping: Mutex<()>,
    /// Keeps memory beside the database, whoever changes that.
    follower: Follower,
    /// What memory reads at a start.
    loading: Loading,
}

impl App {
    /// Opens an organization: reads all that answers rest on. Must run within tokio.
    pub async fn open(
        store: Store,
        master: Arc<MasterKey>,
        world: World,
    ) -> Result<Arc<Self>, StoreError> {
        Self::open_within(Limits::default(), store, master, world).await
    }

    /// The same, with sessions that last so long.
    pub async fn open_within(
        sessions: Limits,
        store: Store,
        master: Arc<MasterKey>,
        world: World,
    ) -> Result<Arc<Self>, StoreError> {
        let world = Arc::new(world);
        // Before anything is read, so that no change is missed.
        let changes = store.changes();
        let rules = rules::load(&store, &master).await?;
        let defined = (&rules.organization, rules.version);
        organization::history::begin(&store, defined, world.time()).await?;
        let journal = Journal::start(store.clone(), Arc::clone(&world));
        let snapshot = Arc::new(Snapshot::new(rules, journal, store.clone(), Arc::clone(&world)));
        let signer = Signer::start();
        let changing = Arc::new(Mutex::new(()));
        let loading = Loading::begin(&store, &snapshot).await?;
        let follower = Follower::start(changes, &store, &master, &snapshot);
        let app = Self {
            store,
            master,
            signer,
            snapshot,
            world,
            revocation_lists: Lists::default(),
            answers: Answers::default(),
            passwords: Desk::default(),
            sessions,
            failures: Failures::default(),
            notary: Register::default(),
            live: Live::default(),
            figures: Figures::default(),
            changing,
            keeping: Mutex::default(),
            follower,
            loading,
        };
        revocation_list::load(&app).await?;
        loading::fill_fingerprints(&app.store).await;
        Ok(Arc::new(app))
    }

    /// What was found in the database after it was opened: it is damaged, or was edited.
    pub fn damage(&self) -> Option<StoreError> {
        self.store.damage().or_else(|| self.loading.damage())
    }

    /// Ends what runs in the background, after everything that was journaled is durable.
    pub async fn close(&self) {
        self.follower.end();
        self.live.close();
        self.snapshot.journal().close().await;
        notary::sign_last(self).await;
    }

    /// Reads the definitions and keys again and lets every login rest on them from now on.
    async fn reload(
        store: &Store,
        master: &MasterKey,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        snapshot.replace_rules(rules::load(store, master).await?);
        Ok(())
    }
}

/// The database failed while an answer was made: the answer is no.
pub(crate) fn unavailable(error: impl core::fmt::Display) -> Refusal {
    Refusal::StoreUnavailable { what: error.to_string() }
}
