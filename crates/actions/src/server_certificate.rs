//! The life of the RADIUS server's certificates: what is shown, what waits, what was shown before.

pub mod coverage;
pub mod importing;
pub mod keeper;
pub mod renewal;
pub mod switching;

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Usage;
use domain::event::EventKind;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::server_certificate;
use domain::server_certificate::ServerCertificate;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::general_name::GeneralName;
use pki::pem;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use store::server_slot::ServerSlots;
use store::write::Write;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

use crate::App;
use crate::certificate;
use crate::certificate_authority::Made;
use crate::inventory;
use crate::object;
use crate::organization;
use crate::organization::NotApplied;
use crate::rules::Rules;
use crate::rules::slot::Slot;
use crate::rules::slot::Slots;
use crate::unavailable;
use crate::world::Said;

/// What a server certificate has, as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = ServerSlots)]
pub struct Shown {
    /// What it is called.
    pub name: String,
    /// What is shown to devices.
    pub active: ShownSlot,
    /// What waits to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ShownSlot>,
    /// What was shown before, and could be again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ShownSlot>,
    /// The network profiles that name it.
    pub network_profiles: Vec<String>,
}

/// A certificate with a slot, as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = ServerSlotShown)]
pub struct ShownSlot {
    /// Which of the keys it is, counted from 1.
    pub generation: i64,
    /// Its number.
    #[schema(value_type = String)]
    pub serial: String,
    /// Whom it names.
    pub subject: String,
    /// The DNS names that it carries.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// The root that it leads to.
    pub root: String,
    /// SHA-256 of that root, in hexadecimal digits; none if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_sha256: Option<String>,
    /// Whether it leads to the same root as what is shown.
    pub same_root: bool,
    /// First moment of its validity.
    pub not_before: Time,
    /// Last moment of its validity.
    pub not_after: Time,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
    /// Whether it came from elsewhere; else an authority of the organization signed it.
    pub imported: bool,
    /// The certificate, then those above it; PEM.
    pub chain: Vec<String>,
}

impl ShownSlot {
    fn of(slot: &Slot, active: &Slot) -> Self {
        let certificate = slot.certificate();
        let above = slot.server.intermediates.iter().chain(&slot.root);
        Self {
            generation: slot.generation,
            serial: certificate.serial.to_string(),
            subject: certificate.subject.to_string(),
            names: dns_names(certificate),
            issuer: certificate.issuer.to_string(),
            root: slot.root_name(),
            root_sha256: slot.root.as_ref().map(Certificate::sha256_digits),
            same_root: slot.leads_to(active.root.as_ref()),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            sha256: certificate.sha256_digits(),
            imported: slot.imported,
            chain: core::iter::once(certificate).chain(above).map(pem::certificate).collect(),
        }
    }
}

/// The DNS names that a certificate carries.
pub(crate) fn dns_names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.general_names().into_iter().filter_map(|name| match name {
        GeneralName::Dns(name) => Some(name),
        GeneralName::Email(_)
        | GeneralName::Uri(_)
        | GeneralName::Upn(_)
        | GeneralName::Ip(_)
        | GeneralName::PermanentIdentifier { .. }
        | GeneralName::DirectoryName(_)
        | GeneralName::Other(_) => None,
    });
    names.collect()
}

/// What a server certificate of this name or slug has.
pub fn show(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    let definition = object::show(app, actor, Kind::ServerCertificate, name)?;
    look(app, &definition.name)
}

/// The same, for whoever has just changed it.
fn look(app: &App, name: &str) -> Result<Shown, Refusal> {
    let rules = app.snapshot.rules();
    let (_, slots) = find(&rules, name)?;
    let shown = |slot: &Slot| ShownSlot::of(slot, &slots.active);
    let profiles = rules.organization.network_profile.iter();
    let named = profiles.filter(|profile| profile.server_certificate == name);
    Ok(Shown {
        name: name.to_owned(),
        active: shown(&slots.active),
        next: slots.next.as_ref().map(shown),
        previous: slots.previous.as_ref().map(shown),
        network_profiles: named.map(|profile| profile.name.clone()).collect(),
    })
}

/// Drops what waits to be shown, with its key.
pub async fn discard(app: &App, actor: &Actor, name: &str) -> Result<Shown, NotApplied> {
    let answer = try_discard(app, actor, name).await.map_err(NotApplied::from);
    note(app, actor, name, &answer).await;
    answer
}

async fn try_discard(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    let name = &named(app, actor, name)?;
    let one_at_a_time = begin(app).await?;
    let rules = app.snapshot.rules();
    let (_, slots) = find(&rules, name)?;
    let next = slots.next.as_ref().ok_or_else(|| empty(name, server_certificate::Slot::Next))?;
    let kept = ServerSlots { next: None, ..slots.kept(name) };
    let event = (EventKind::ServerDiscarded, details(next));
    let change = Change { name, kept, made: Vec::new(), write: Write::new(), event: Some(event) };
    commit(app, actor, (one_at_a_time, &rules), change).await?;
    look(app, name)
}

/// The name of the server certificate of this name or slug, for whoever changes it.
fn named(app: &App, actor: &Actor, name: &str) -> Result<String, Refusal> {
    actor.may(Permission::PkiChange)?;
    let rules = app.snapshot.rules();
    let all = || rules.organization.server_certificate.iter();
    let by_slug = || all().find(|one| one.slug.as_deref() == Some(name));
    let found = all().find(|one| one.name == name).or_else(by_slug);
    let noun = Kind::ServerCertificate.words();
    let found = found.ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })?;
    Ok(found.name.clone())
}

/// Lets the record say that a change was refused.
async fn note<T>(app: &App, actor: &Actor, name: &str, answer: &Result<T, NotApplied>) {
    inventory::note(app, actor, format!("{}:{name}", Kind::ServerCertificate), answer).await;
}

/// Waits until nobody else changes the definitions, and sees to it that memory has the last change.
async fn begin(app: &App) -> Result<OwnedMutexGuard<()>, Refusal> {
    let one_at_a_time = Arc::clone(&app.changing).lock_owned().await;
    let version = store::organization::version(&app.store).await.map_err(unavailable)?;
    if app.snapshot.rules().version != version {
        App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)?;
    }
    Ok(one_at_a_time)
}

fn find<'a>(rules: &'a Rules, name: &str) -> Result<(&'a ServerCertificate, &'a Slots), Refusal> {
    let found = rules.organization.find(name).zip(rules.slots_of(name));
    let noun = Kind::ServerCertificate.words();
    found.ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })
}

fn empty(name: &str, slot: server_certificate::Slot) -> Refusal {
    let slot = slot.as_str().to_owned();
    Refusal::SlotEmpty { server_certificate: name.to_owned(), slot }
}

/// A change of the slots of one server certificate.
struct Change<'a> {
    name: &'a str,
    kept: ServerSlots,
    /// Keys that an authority of ours signed for it.
    made: Vec<Made>,
    /// What else is written.
    write: Write,
    event: Option<(EventKind, Map<String, Value>)>,
}

/// Where a new key goes: it is shown at once, or it waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// What is shown becomes what was shown before.
    Active,
    /// What waited is dropped.
    Next,
}

/// The slots once a key has found its place.
pub(crate) fn placed(slots: &Slots, name: &str, generation: i64, place: Place) -> ServerSlots {
    let kept = slots.kept(name);
    match place {
        Place::Active => ServerSlots { active: generation, previous: Some(kept.active), ..kept },
        Place::Next => ServerSlots { next: Some(generation), ..kept },
    }
}

/// Forgets a key that waited and has no slot any more: nobody was ever shown it.
pub(crate) fn forget_dropped(write: Write, slots: &Slots, kept: &ServerSlots) -> Write {
    let before = slots.next.as_ref().map(|slot| slot.generation);
    let has = |number: i64| {
        kept.active == number || kept.next == Some(number) || kept.previous == Some(number)
    };
    match before.filter(|number| !has(*number)) {
        None => write,
        Some(number) => store::private_key::remove(write, Usage::Server, &kept.name, number),
    }
}

async fn commit(
    app: &App,
    actor: &Actor,
    (one_at_a_time, rules): (OwnedMutexGuard<()>, &Rules),
    change: Change<'_>,
) -> Result<(), Refusal> {
    let Change { name, kept, made, write, event } = change;
    let (_, slots) = find(rules, name)?;
    let settings = &rules.organization.settings;
    let write = store::organization::save(write, settings, rules.version);
    let write = organization::keep_made(write, app, &made);
    let write = store::server_slot::save(write, &kept);
    let write = forget_dropped(write, slots, &kept);
    let object = format!("{}:{name}", Kind::ServerCertificate);
    let mut events = Vec::new();
    if let Some((kind, details)) = event {
        let said = Said { actor: actor.name().to_owned(), object, details };
        events.push(app.world.event(kind, None, said));
    }
    events.extend(made.iter().map(|made| organization::event_of(app, actor, made)));
    organization::publish(app, one_at_a_time, (write, events), made).await
}

/// What an event tells of a certificate.
fn details(slot: &Slot) -> Map<String, Value> {
    let certificate = slot.certificate();
    told(certificate, (slot.generation, slot.root_name()))
}

/// The same of one that has no slot yet.
fn told(certificate: &Certificate, (generation, root): (i64, String)) -> Map<String, Value> {
    let serial: &Serial = &certificate.serial;
    let mut details = Map::new();
    details.insert("serial".into(), Value::from(serial.to_string()));
    details.insert("sha256".into(), Value::from(certificate.sha256_digits()));
    details.insert("root".into(), Value::from(root));
    details.insert("not_after".into(), Value::from(certificate.not_after.to_rfc3339()));
    details.insert("generation".into(), Value::from(generation));
    details
}

/// Lets the record say that the server itself could not do something.
async fn note_own(app: &App, name: &str, refusal: &Refusal) {
    let object = format!("{}:{name}", Kind::ServerCertificate);
    let said = Said { actor: SERVER.to_owned(), object, details: Map::new() };
    certificate::refused(app, EventKind::RequestRefused, refusal, said).await;
}

/// Who does what nobody asked for.
const SERVER: &str = "server";
