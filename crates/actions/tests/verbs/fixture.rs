//! An organization in a store of its own, with a clock that hardly moves.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actions::App;
use actions::certificate::issue;
use actions::certificate::issue::Issued;
use actions::organization;
use actions::organization::Application;
use actions::organization::Applied;
use actions::organization::NotApplied;
use actions::world::World;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::claim::Claim;
use domain::complaint::Complaint;
use domain::event::Moment;
use domain::event::Shown;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::token::Token;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::extension::Extension;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::time::Time;
use serde_json::Value;
use store::seal::MasterKey;

use crate::engine::Memory;

/// The set-up of the guide.
const MOSYLE: &str = include_str!("../../../../examples/mosyle.toml");

/// When every test begins: 2026-11-23.
pub(crate) const NOW: Time = Time(1_795_471_200);

/// The gateway of the guide.
pub(crate) const GATEWAY: &str = "Mosyle";

/// An organization, its clock, and the secret of its gateway.
pub(crate) struct Fixture {
    pub(crate) app: Arc<App>,
    pub(crate) secret: Secret,
    clock: Arc<AtomicI64>,
    memory: Arc<Memory>,
}

/// The guide's set-up as the API takes it.
pub(crate) fn mosyle() -> Value {
    toml::from_str(MOSYLE).unwrap()
}

/// Who may do everything.
pub(crate) fn owner() -> Actor {
    Actor::owner("administrator of the test")
}

/// An owner with a token that allows no more than this.
pub(crate) fn limited(scopes: &[Permission]) -> Actor {
    let token = Token {
        id: "t".into(),
        name: "t".into(),
        administrator: "anna".into(),
        scopes: scopes.to_vec(),
        addresses: Vec::new(),
        created_at: NOW,
        expires_at: NOW.plus_days(1),
        last_used_at: None,
    };
    Actor::administrator("anna", Role::Owner).by_token(&token)
}

/// A document to be applied, with nothing special about it.
pub(crate) fn application(document: Value) -> Application {
    Application { document, ..Application::default() }
}

/// How long anything may take; a hundred times what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "not so in time: {what}");
}

fn master() -> Arc<MasterKey> {
    Arc::new(MasterKey::from_bytes(&[7; 32]))
}

/// Numbers that look like chance and never repeat.
fn world(clock: Arc<AtomicI64>, seed: u64) -> World {
    let drawn = AtomicU64::new(seed << 32);
    let random = move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            let mut number =
                drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            number ^= number >> 27;
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    };
    // Each reading is a millisecond later, so that events have an order.
    World::new(move || Moment(clock.fetch_add(1, Ordering::Relaxed)), random)
}

impl Fixture {
    /// Nothing is defined yet.
    pub(crate) async fn empty() -> Self {
        Self::over(Arc::new(Memory::fresh(&master())), 1).await
    }

    /// Another program over the same memory.
    pub(crate) async fn beside(&self) -> Self {
        let mut beside = Self::over(Arc::clone(&self.memory), 2).await;
        beside.secret = self.secret.clone();
        beside
    }

    /// A program over this memory.
    pub(crate) async fn over(memory: Arc<Memory>, seed: u64) -> Self {
        let store = memory.open(&master()).await;
        let clock = Arc::new(AtomicI64::new(NOW.0 * 1000));
        let world = world(Arc::clone(&clock), seed);
        let app = App::open(store, master(), world).await.unwrap();
        Self { app, secret: Secret::new(""), clock, memory }
    }

    /// The guide's set-up.
    pub(crate) async fn mosyle() -> Self {
        Self::empty().await.with_mosyle().await
    }

    /// The guide's set-up, made in it.
    pub(crate) async fn with_mosyle(mut self) -> Self {
        let applied = self.apply(application(mosyle())).await.unwrap();
        self.secret = applied.secrets[0].secret.clone();
        self
    }

    pub(crate) fn set_clock(&self, time: Time) {
        self.clock.store(time.0 * 1000, Ordering::Relaxed);
    }

    pub(crate) async fn apply(&self, application: Application) -> Result<Applied, NotApplied> {
        organization::apply(&self.app, &owner(), application).await
    }

    /// The complaints about a document.
    pub(crate) async fn complaints(&self, document: Value) -> Vec<Complaint> {
        match self.apply(application(document)).await.unwrap_err() {
            NotApplied::Complaints(complaints) => complaints,
            other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => {
                panic!("refused: {}", other.refusal())
            }
        }
    }

    /// The refusal of an application.
    pub(crate) async fn refusal(&self, application: Application) -> Refusal {
        match self.apply(application).await.unwrap_err() {
            NotApplied::Refused(refusal) => refusal,
            other @ (NotApplied::Complaints(_) | NotApplied::Outdated(_)) => {
                panic!("complaints: {other:?}")
            }
        }
    }

    /// A claim that is answered with yes.
    pub(crate) fn claim(&self) -> Claim {
        self.claim_of("CN=C02XK1ZZJGH5", &[GeneralName::email("anna@example.org").unwrap()])
    }

    pub(crate) fn claim_of(&self, subject: &str, names: &[GeneralName]) -> Claim {
        self.claim_with(subject, names, &[])
    }

    /// A claim that asks for further extensions.
    pub(crate) fn claim_with(
        &self,
        subject: &str,
        names: &[GeneralName],
        further: &[Extension],
    ) -> Claim {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Name::parse_text(subject).unwrap();
        let der = pki::csr::build_with(&key, &subject, (names, further), None).unwrap();
        // As most clients do it: the transaction is made from the key.
        let transaction = key.public_key().identifier().map(|byte| format!("{byte:02x}")).concat();
        Claim {
            csr: Csr::parse(&der, Strictness::Strict).unwrap(),
            challenge: Some(self.secret.clone()),
            renews: None,
            rendering: None,
            transaction,
        }
    }

    pub(crate) async fn issue(&self, claim: &Claim) -> Result<Issued, Refusal> {
        issue::issue(&self.app, &Actor::gateway(GATEWAY), GATEWAY, claim).await
    }

    /// The newest events first, all of them.
    pub(crate) async fn events(&self) -> Vec<Shown> {
        self.app.snapshot.journal().flush().await;
        let ask = actions::event::Ask { limit: 1000, ..Default::default() };
        actions::event::list(&self.app, &owner(), ask).await.unwrap().items
    }

    /// The code of the newest event; none if it was a yes.
    pub(crate) async fn newest_code(&self) -> Option<String> {
        self.events().await.into_iter().next().unwrap().reason.map(|reason| reason.code)
    }
}
