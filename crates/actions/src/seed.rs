//! Certificates of devices that do not exist, by the million: to measure with.
//!
//! They are real: keys of their own, linted and signed by an authority of the organization, every
//! number and content on the disk before the authority's key is used. The devices' private keys are
//! thrown away, so that nobody can get in with one.

pub mod events;

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::certificate::Usage;
use domain::event::EventKind;
use domain::refusal::Refusal;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::draft::Linted;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::organization;
use crate::organization::Application;
use crate::organization::NotApplied;
use crate::unavailable;
use crate::world::Said;
use crate::world::World;

/// The authority that signs them, and nothing else.
pub const AUTHORITY: &str = "Seed CA";

/// Most certificates of devices in a seeded organization: ten times what a large school district
/// has, and about 30 GB on the disk.
pub const CERTIFICATES_MAX: u64 = 10_000_000;

/// Certificates of one commit: enough that it costs little for each, few enough that three times
/// as many are held in memory.
const CHUNK: u64 = 4096;

/// Threads that draw keys and sign.
const THREADS_MAX: usize = 16;

/// They are spread over the year before now.
const YEAR_SECONDS: i64 = 365 * DAY_SECONDS;

const DAY_SECONDS: i64 = 86_400;

/// None ends sooner than in a month, so that all of them count as being in use.
const LIFE_DAYS_MIN: i64 = 30;

/// They end within so many days after that.
const LIFE_DAYS_SPREAD: i64 = 700;

/// Why the revoked ones are, each for good.
const REASONS: [RevocationReason; 6] = [
    RevocationReason::Unspecified,
    RevocationReason::KeyCompromise,
    RevocationReason::AffiliationChanged,
    RevocationReason::Superseded,
    RevocationReason::CessationOfOperation,
    RevocationReason::PrivilegeWithdrawn,
];

/// What is to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// So many certificates.
    pub certificates: u64,
    /// So many of them revoked.
    pub revoked: u64,
}

/// What every certificate of one seed has in common.
struct Seed {
    order: Order,
    /// How many there were before, so that names go on.
    before: u64,
    now: Time,
    issuer: Issuer,
    key: Arc<PrivateKey>,
    world: Arc<World>,
    /// Which of the authority's keys signs.
    generation: i64,
}

/// A certificate that is about to be signed.
struct Drafted {
    certificate: Certificate,
    linted: Linted,
    intended_at: Time,
    revoked: Option<(Time, RevocationReason)>,
}

/// A certificate that was signed.
struct Signed {
    certificate: Certificate,
    der: Vec<u8>,
}

/// Makes certificates, and tells `progress` how many are on the disk. Logins of this process know
/// of each only by asking the database. Broken off, it leaves what was made, and another call goes
/// on with the next names.
pub async fn seed(
    app: &App,
    actor: &Actor,
    order: Order,
    progress: impl Fn(u64),
) -> Result<(), Refusal> {
    let answer = try_seed(app, actor, order, progress).await;
    if let Err(refusal) = &answer {
        let said = said(actor, order);
        certificate::refused(app, EventKind::RequestRefused, refusal, said).await;
    }
    answer
}

async fn try_seed(
    app: &App,
    actor: &Actor,
    order: Order,
    progress: impl Fn(u64),
) -> Result<(), Refusal> {
    actor.may(Permission::OrganizationChange)?;
    actor.may(Permission::CertificateIssue)?;
    let present = store::certificate::seed::present(&app.store, AUTHORITY).await;
    let present = present.map_err(unavailable)?;
    if let Some(serial) = present.foreign {
        return Err(Refusal::RealDevices { serial });
    }
    check(order, present.certificates)?;
    make_authority(app, actor).await?;
    let seed = Arc::new(Seed::new(app, order, present.certificates)?);
    let event = app.world.event(EventKind::CertificatesSeeded, None, said(actor, order));
    let explained = store::event::commit(Write::new(), &app.store, &[event]).await;
    explained.map_err(certificate::conflict)?;
    make(app, &seed, progress).await
}

fn said(actor: &Actor, order: Order) -> Said {
    let mut details = Map::new();
    details.insert("certificates".into(), Value::from(order.certificates));
    details.insert("revoked".into(), Value::from(order.revoked));
    let object = format!("certificate_authority:{AUTHORITY}");
    Said { actor: actor.name().to_owned(), object, details }
}

fn check(order: Order, before: u64) -> Result<(), Refusal> {
    let wrong = |parameter: &str, what: String| {
        Err(Refusal::ParameterWrong { parameter: parameter.to_owned(), what })
    };
    let room = CERTIFICATES_MAX.saturating_sub(before);
    if order.certificates == 0 || order.certificates > room {
        return wrong("certificates", format!("is to be 1 to {room}: there are {before}"));
    }
    if order.revoked > order.certificates {
        return wrong("revoked", "is more than there are to be made".to_owned());
    }
    Ok(())
}

/// Makes the authority of the seed as every other is made, unless it is there.
async fn make_authority(app: &App, actor: &Actor) -> Result<(), Refusal> {
    if app.snapshot.rules().authority(AUTHORITY).is_some() {
        return Ok(());
    }
    let document = json!({ "certificate_authority": [{
        "name": AUTHORITY,
        "description": "Signs certificates to measure with, of devices that do not exist.",
        "type": "root",
        "key": KeyType::EcdsaP256,
    }] });
    let secrets = [].into();
    let application = Application { document, secrets, ..Application::default() };
    match organization::apply(app, actor, application).await {
        Ok(_) => Ok(()),
        Err(NotApplied::Refused(refusal)) => Err(refusal),
        Err(outdated @ NotApplied::Outdated(_)) => Err(outdated.refusal()),
        Err(NotApplied::Complaints(complaints)) => {
            let what = complaints.first().map(|first| first.what.clone()).unwrap_or_default();
            Err(Refusal::Conflict { what: format!("the authority {AUTHORITY} cannot be: {what}") })
        }
    }
}

/// Three chunks are under way: the next is drafted and the last is signed while this one becomes
/// durable, together with what was signed before.
async fn make(app: &App, seed: &Arc<Seed>, progress: impl Fn(u64)) -> Result<(), Refusal> {
    let mut intended: Option<Vec<Drafted>> = None;
    let mut signed: Vec<Signed> = Vec::new();
    let mut drafted = seed.in_parallel(0..CHUNK.min(seed.order.certificates), Seed::draft).await?;
    let mut begun = drafted.len() as u64;
    let mut done = 0;
    while !(drafted.is_empty() && intended.is_none() && signed.is_empty()) {
        let next = begun..(begun + CHUNK).min(seed.order.certificates);
        begun = next.end;
        let count = signed.len() as u64;
        let write = write(&drafted, std::mem::take(&mut signed));
        let why = Why::Bookkeeping(Bookkeeping::CertificatesSeeded);
        let computed = async {
            let signed = seed.sign(intended.take().unwrap_or_default()).await?;
            Ok((signed, seed.in_parallel(next, Seed::draft).await?))
        };
        let (committed, computed) = tokio::join!(write.commit(&app.store, why), computed);
        committed.map_err(certificate::conflict)?;
        let (now_signed, now_drafted): (Vec<Signed>, Vec<Drafted>) = computed?;
        signed = now_signed;
        let durable = std::mem::replace(&mut drafted, now_drafted);
        intended = Some(durable).filter(|durable| !durable.is_empty());
        done += count;
        progress(done);
    }
    Ok(())
}

fn write(drafted: &[Drafted], signed: Vec<Signed>) -> Write {
    let mut write = Write::new();
    for Drafted { certificate, linted, intended_at, .. } in drafted {
        write = store::certificate::intend(write, certificate, linted.tbs_der(), *intended_at);
    }
    for Signed { certificate, der } in signed {
        write = store::certificate::seed::signed(write, &certificate, &der);
    }
    write
}

impl Seed {
    fn new(app: &App, order: Order, before: u64) -> Result<Self, Refusal> {
        let missing = || Refusal::Internal { what: format!("{AUTHORITY} has no key") };
        let rules = app.snapshot.rules();
        let authority = rules.authority(AUTHORITY).ok_or_else(missing)?;
        Ok(Self {
            order,
            before,
            now: app.world.time(),
            issuer: authority.issuer(Hash::Sha256).ok_or_else(missing)?,
            key: Arc::clone(authority.current.key.key()),
            world: Arc::clone(&app.world),
            generation: authority.current.number,
        })
    }

    /// Makes something of every number in a range, in its order, on as many threads as there are
    /// processors.
    async fn in_parallel<T: Send + 'static>(
        self: &Arc<Self>,
        range: Range<u64>,
        make: fn(&Self, u64) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let seed = Arc::clone(self);
        let numbers: Vec<u64> = range.collect();
        blocking(move || spread(numbers, |number| make(&seed, number))).await
    }

    async fn sign(self: &Arc<Self>, drafted: Vec<Drafted>) -> Result<Vec<Signed>, Refusal> {
        let seed = Arc::clone(self);
        blocking(move || spread(drafted, |drafted| seed.sign_one(drafted))).await
    }

    fn sign_one(&self, drafted: Drafted) -> Result<Signed, Refusal> {
        let Drafted { mut certificate, linted, revoked, .. } = drafted;
        let internal = |error: pki::draft::SignError| Refusal::Internal { what: error.to_string() };
        let der = linted.sign(&self.key).map_err(internal)?.der;
        certificate.mark_issued();
        if let Some((at, reason)) = revoked {
            certificate.revoke(at, reason)?;
        }
        Ok(Signed { certificate, der })
    }

    /// The draft of one certificate, counted from 0. Names, dates and all else but keys and serial
    /// numbers follow from its number, so that two seeds of one size differ in nothing that an
    /// index orders by.
    fn draft(&self, number: u64) -> Result<Drafted, Refusal> {
        let internal = |what: String| Refusal::Internal { what };
        let key = PrivateKey::generate(KeyType::EcdsaP256);
        let key = key.map_err(|error| internal(error.to_string()))?;
        let named = self.before + number + 1;
        let device = format!("SEED-{named:08}");
        // A person has two devices.
        let person = format!("person.{:07}@seed.example", named / 2);
        let intended_at = self.intended_at(number);
        let ends_in = LIFE_DAYS_MIN + signed(named * 7919) % LIFE_DAYS_SPREAD;
        let subject = Name::from_pairs(&[(oid::COMMON_NAME, device.as_str())]);
        let email = GeneralName::email(&person).map_err(|error| internal(error.to_string()))?;
        let draft = Draft {
            serial: self.world.serial(),
            issuer: self.issuer.clone(),
            subject: subject.map_err(|error| internal(error.to_string()))?,
            public_key: key.public_key().clone(),
            not_before: intended_at,
            not_after: self.now.plus_seconds(ends_in * DAY_SECONDS).min(self.issuer.not_after),
            general_names: vec![email],
            key_usage: KeyUsage::DIGITAL_SIGNATURE,
            extended_key_usages: vec![oid::CLIENT_AUTH],
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        let mut certificate =
            certificate::record(&draft, Usage::Device, (AUTHORITY, self.generation));
        certificate.gateway = one_of(named, 4).map(|number| format!("Seed gateway {number}"));
        certificate.template = one_of(named, 3).map(|number| format!("Seed template {number}"));
        (certificate.device, certificate.person) = (Some(device), Some(person));
        let linted = certificate::lint(draft)?;
        Ok(Drafted { certificate, linted, intended_at, revoked: self.revoked(number) })
    }

    /// The first a year ago, the last now.
    fn intended_at(&self, number: u64) -> Time {
        let left = signed(self.order.certificates - number);
        let all = signed(self.order.certificates);
        self.now.plus_seconds(-(YEAR_SECONDS * left / all))
    }

    /// When and why a certificate is revoked: exactly as many as are wanted, evenly spread.
    fn revoked(&self, number: u64) -> Option<(Time, RevocationReason)> {
        let Order { certificates, revoked } = self.order;
        let until = |number: u64| number * revoked / certificates;
        if until(number) == until(number + 1) {
            return None;
        }
        let from = self.intended_at(number);
        let lived = (self.now.0 - from.0) * (signed(number * 7919) % 1000) / 1000;
        let reason = usize::try_from(until(number)).unwrap_or(0) % REASONS.len();
        Some((from.plus_seconds(lived), *REASONS.get(reason)?))
    }
}

/// One of so many, counted from 1, or none as often as each.
fn one_of(number: u64, of: u64) -> Option<u64> {
    Some(number % of).filter(|one| *one > 0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Computes away from the threads that answer.
async fn blocking<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    let computed = tokio::task::spawn_blocking(compute).await;
    computed.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))
}

/// Makes something of each, in their order, on as many threads as there are processors.
fn spread<T: Send, U: Send>(
    all: Vec<T>,
    make: impl Fn(T) -> Result<U, Refusal> + Sync,
) -> Result<Vec<U>, Refusal> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let share = all.len().div_ceil(threads).max(1);
    let mut all = all.into_iter();
    let shares: Vec<Vec<T>> = (0..threads).map(|_| all.by_ref().take(share).collect()).collect();
    let make = &make;
    thread::scope(|scope| {
        let work = |share: Vec<T>| {
            scope.spawn(move || share.into_iter().map(make).collect::<Result<Vec<U>, Refusal>>())
        };
        let working: Vec<_> = shares.into_iter().map(work).collect();
        let mut made = Vec::new();
        for thread in working {
            let share = thread.join();
            let lost = |_| Refusal::Internal { what: "a thread of the seed panicked".to_owned() };
            made.extend(share.map_err(lost)??);
        }
        Ok(made)
    })
}
