//! The organization: showing it, and applying a document to it, all or nothing.

pub mod export;
pub mod history;
mod writing;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Usage;
use domain::certificate_authority::CertificateAuthority;
use domain::complaint::Complaint;
use domain::event::Event;
use domain::event::EventKind;
use domain::gateway::Gateway;
use domain::object::Kind;
use domain::organization::Organization;
use domain::organization::Settings;
use domain::organization::document::Document;
use domain::plan;
use domain::plan::Going;
use domain::plan::Merged;
use domain::plan::Plan;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use domain::secret::Secret;
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
use crate::certificate_authority;
use crate::certificate_authority::Made;
use crate::certificate_authority::Making;
use crate::decision::replay;
use crate::decision::replay::Losses;
use crate::decision::simulate;
use crate::gateway;
use crate::gateway::ShownSecret;
use crate::inventory;
use crate::object;
use crate::object::Expected;
use crate::object::Saving;
use crate::object::Single;
use crate::rules::Authority;
use crate::rules::Rules;
use crate::server_certificate::renewal;
use crate::share;
use crate::unavailable;
use crate::world::Said;

/// A document, and how it is to be applied.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Of the declarative file's shape.
    pub document: Value,
    /// The version that it was written for: refused if somebody changed anything since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// A version of an object that it rests on: refused if that is another by now.
    #[serde(skip)]
    pub expected: Option<Expected>,
    /// The one object that it is about, as events name it; all of the organization if none.
    #[serde(skip)]
    pub about: Option<String>,
    /// One object to save, in place of a document.
    #[serde(skip)]
    pub single: Option<Single>,
    /// Objects to remove.
    #[serde(skip)]
    pub remove: Vec<(Kind, String)>,
    /// Remove what the document does not name.
    #[serde(default)]
    pub prune: bool,
    /// Most objects that may be removed, and most devices that may lose their use, owner, tags or
    /// access, where it is more than goes without saying.
    #[serde(default)]
    pub confirm: Option<u64>,
    /// Secrets that the caller drew for the gateways that are new, and has made safe already.
    #[serde(default)]
    pub secrets: BTreeMap<String, Secret>,
}

/// What was changed, or would be.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub struct Applied {
    /// Object by object.
    #[serde(flatten)]
    pub plan: Plan,
    /// The secrets of new gateways: shown here and never again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ShownSecret>,
}

/// Why a document was not applied; nothing was changed.
#[derive(Debug)]
pub enum NotApplied {
    /// The document is wrong.
    Complaints(Vec<Complaint>),
    /// The answer is no.
    Refused(Refusal),
    /// Somebody changed the object in the meantime: as it is now, if it is still there.
    Outdated(Box<Outdated>),
}

/// A change that rested on a version of an object that is not there any more.
#[derive(Clone, Debug)]
pub struct Outdated {
    /// Which version it rested on.
    pub expected: Expected,
    /// The object as it is now; none if it is gone.
    pub current: Option<object::Shown>,
    /// What it was to become; nothing if it was to go.
    pub proposed: Value,
}

impl NotApplied {
    /// As an event keeps it; the complaints' own words may quote what was written, so only the
    /// place of the first is kept.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Complaints(complaints) => {
                let first = complaints.first().map(|complaint| complaint.path.clone());
                let first = first.unwrap_or_default();
                Refusal::DocumentRefused { complaints: complaints.len(), first }
            }
            Self::Outdated(outdated) => {
                let Expected { kind, name, .. } = &outdated.expected;
                let words = kind.words();
                let what = match outdated.current {
                    Some(_) => format!("somebody changed the {words} \"{name}\" in the meantime"),
                    None => format!("somebody removed the {words} \"{name}\" in the meantime"),
                };
                Refusal::Conflict { what }
            }
        }
    }
}

impl From<Refusal> for NotApplied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The definitions of now.
pub fn show(app: &App, actor: &Actor) -> Result<Organization, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(app.snapshot.rules().organization.clone())
}

/// The organization's own settings, and what tells this version of them from every other.
pub fn settings(app: &App, actor: &Actor) -> Result<(Settings, String), Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let settings = app.snapshot.rules().organization.settings.clone();
    let etag = object::etag_of_settings(&settings);
    Ok((settings, etag))
}

/// Changes the organization's own settings; refused if they are not of the version that is meant.
pub async fn change_settings(
    app: &App,
    actor: &Actor,
    (settings, saving): (Settings, Saving),
) -> Result<Applied, NotApplied> {
    actor.may(Permission::OrganizationChange)?;
    let kind = Kind::Organization;
    let name = history::SETTINGS.to_owned();
    let application = Application {
        document: serde_json::json!({ kind.as_str(): settings }),
        expected: saving.etag.map(|etag| Expected { kind, name, etag }),
        dry_run: saving.dry_run,
        ..Application::default()
    };
    apply(app, actor, application).await
}

/// Applies a document, all or nothing, or says what that would change.
pub async fn apply(
    app: &App,
    actor: &Actor,
    application: Application,
) -> Result<Applied, NotApplied> {
    let (dry_run, about) = (application.dry_run, application.about.clone());
    let answer = change(app, actor, application).await;
    if let Err(not_applied) = &answer {
        let refusal = not_applied.refusal();
        let name = &app.snapshot.rules().organization.settings.name;
        let whole = || format!("{}:{name}", Kind::Organization);
        let object = inventory::bounded(&about.unwrap_or_else(whole));
        let mut details = Map::new();
        details.insert("dry_run".into(), Value::from(dry_run));
        let said = Said { actor: actor.name().to_owned(), object, details };
        certificate::refused(app, EventKind::RequestRefused, &refusal, said).await;
    }
    answer
}

async fn change(app: &App, actor: &Actor, application: Application) -> Result<Applied, NotApplied> {
    actor.may(Permission::OrganizationRead)?;
    let one_at_a_time = begin_change(app).await;
    let (current, version) = store::organization::load(&app.store).await.map_err(unavailable)?;
    let kept = store::access_point::secrets(&app.store, &app.master).await.map_err(unavailable)?;
    if application.version.is_some_and(|expected| expected != version) {
        let what = "somebody changed the organization at the same time".to_owned();
        return Err(Refusal::Conflict { what }.into());
    }
    if let Some(expected) = application.expected
        && let Err(current) = expected.check(&current)
    {
        return Err(NotApplied::Outdated(Box::new(Outdated {
            expected,
            current,
            proposed: Value::Null,
        })));
    }
    object::check_there(&current, &application.remove)?;
    let document = match application.single {
        Some(single) => single.document(&current)?,
        None => application.document,
    };
    let document = Document::parse(document).map_err(NotApplied::Complaints)?;
    check_look(actor, &document)?;
    let _one_inventory_at_a_time = app.keeping.lock().await;
    let told = inventory::told::merge(app, document.told.clone()).await?;
    let going = match application.prune {
        true => Going::Unnamed,
        false => Going::These(&application.remove),
    };
    let merged = plan::merge(&current, &kept, document, going);
    let mut merged = merged.map_err(NotApplied::Complaints)?;
    told.join(&mut merged.plan);
    check_permissions(actor, &merged.plan, application.dry_run)?;
    check_secrets(&merged, &application.secrets)?;
    if app.snapshot.rules().version != version {
        // An earlier change was committed and could not be read back.
        App::reload(&app.store, &app.master, &app.snapshot).await.map_err(unavailable)?;
    }
    certificate_authority::check(&merged, &app.snapshot.rules()).map_err(NotApplied::Complaints)?;
    simulate::check_tests(app, &current, &merged.organization).await?;
    if !application.dry_run {
        told.check_share(app, application.confirm)?;
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let removed = (count(merged.plan.remove.len()), count(current.count()));
        let going = || merged.plan.remove.iter().map(|change| change.name.clone());
        share::check_removed(removed, application.confirm)
            .map_err(|refusal| refusal.naming(going()))?;
        check_losses(app, actor, &merged, application.confirm).await?;
    }
    if application.dry_run || merged.plan.is_empty() {
        return Ok(Applied { plan: merged.plan, secrets: Vec::new() });
    }
    let rules = app.snapshot.rules();
    let (made, placed) = make_keys(app, &rules, &merged).await?;
    let shown = draw_secrets(app, &merged, application.secrets);
    let moving = writing::Moving::find(app, &merged.plan, kept).await?;
    let write = writing::write(app, &merged, version, (&moving, &shown));
    let write = keep_made(write, app, &made);
    let write = renewal::keep_placed(write, &rules, &placed);
    let write = history::keep(write, &merged, (version, app.world.time()), actor);
    let definitions = history::Definitions::of(&current, &merged).with(told.created());
    let (write, records) = told.write(app, actor, write);
    let events = writing::events(app, actor, (&merged.plan, &definitions), &made);
    publish(app, one_at_a_time, (write, events), made).await?;
    // If whoever asked goes away before, the follower hears of it.
    records.remember(app);
    Ok(Applied { plan: merged.plan, secrets: shown })
}

/// Refuses a document whose plan alone would tell what the actor may not see: what the inventory
/// knows, or whether a shared secret is the right one.
fn check_look(actor: &Actor, document: &Document) -> Result<(), Refusal> {
    if !document.told.devices.is_empty() || !document.told.people.is_empty() {
        actor.may(Permission::InventoryRead)?;
    }
    if document.objects.access_point.iter().any(|point| point.shared_secret.is_some()) {
        actor.may(Permission::NetworkChange)?;
    }
    Ok(())
}

/// Refuses a plan that changes what the actor may not change. Looking at a plan changes nothing.
fn check_permissions(actor: &Actor, plan: &Plan, dry_run: bool) -> Result<(), Refusal> {
    let mut changes = plan.create.iter().chain(&plan.change).chain(&plan.remove);
    if dry_run {
        return Ok(());
    }
    changes.try_for_each(|change| actor.may(Permission::to_change(change.kind)))
}

/// Refuses policies by which many devices would lose access that nobody said so of.
async fn check_losses(
    app: &App,
    actor: &Actor,
    merged: &Merged,
    confirm: Option<u64>,
) -> Result<(), Refusal> {
    let plan = &merged.plan;
    let mut changes = plan.create.iter().chain(&plan.change).chain(&plan.remove);
    if !changes.any(|change| matches!(change.kind, Kind::PolicyWorkflow | Kind::NetworkPolicy)) {
        return Ok(());
    }
    let Losses { count, of, names } = replay::losses(app, &merged.organization).await?;
    // What devices are called is for who may see the inventory.
    let names = if actor.can(Permission::InventoryRead) { names } else { Vec::new() };
    share::check(MassChange::Access, (count, of), confirm).map_err(|refusal| refusal.naming(names))
}

/// Waits until nobody else changes the definitions in this process, and begins to.
pub(crate) async fn begin_change(app: &App) -> OwnedMutexGuard<()> {
    Arc::clone(&app.changing).lock_owned().await
}

/// Commits a change of the definitions and lets every answer rest on it. It is done to its end
/// also if whoever asked goes away in between: memory must not stay behind the database.
pub(crate) async fn publish(
    app: &App,
    one_at_a_time: OwnedMutexGuard<()>,
    (write, events): (Write, Vec<Event>),
    made: Vec<Made>,
) -> Result<(), Refusal> {
    let (store, master) = (app.store.clone(), Arc::clone(&app.master));
    let snapshot = Arc::clone(&app.snapshot);
    let published = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(certificate::conflict)?;
        for made in &made {
            let standing = certificate::standing(&made.certificate);
            snapshot.set_standing(&made.certificate.serial, &standing);
        }
        let reloaded = App::reload(&store, &master, &snapshot).await.map_err(unavailable);
        drop(one_at_a_time);
        reloaded
    });
    published.await.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))
}

/// Refuses secrets for gateways that would not be made: their file would lie.
fn check_secrets(merged: &Merged, secrets: &BTreeMap<String, Secret>) -> Result<(), Refusal> {
    let created = merged.plan.created();
    for (name, secret) in secrets {
        if !created.holds(Kind::Gateway, name) {
            let what = format!("the gateway \"{name}\" exists already and keeps its secret");
            return Err(Refusal::Conflict { what });
        }
        if secret.reveal().len() < SECRET_BYTES_MIN {
            return Err(Refusal::ParameterWrong {
                parameter: format!("secrets.{name}"),
                what: format!("is shorter than {SECRET_BYTES_MIN} bytes"),
            });
        }
    }
    Ok(())
}

/// Shortest challenge, in bytes; every device of the gateway carries the same one.
const SECRET_BYTES_MIN: usize = 16;

/// Makes the keys and certificates that the new organization needs: issuers before those they
/// sign.
async fn make_keys(
    app: &App,
    rules: &Rules,
    merged: &Merged,
) -> Result<(Vec<Made>, Vec<ServerSlots>), Refusal> {
    let mut fresh: HashMap<&str, Authority> = HashMap::new();
    let (mut all, mut placed) = (Vec::new(), Vec::new());
    let organization = &merged.organization;
    let (created, made_keys) = (merged.plan.created(), merged.plan.made_server_keys());
    let mut waiting: Vec<&CertificateAuthority> = organization
        .certificate_authority
        .iter()
        .filter(|authority| created.holds(Kind::CertificateAuthority, &authority.name))
        .collect();
    // A chain is short: whatever is left after the longest has no issuer that could sign.
    waiting.sort_by_key(|authority| organization.chain_of(authority).len());
    for definition in waiting {
        let below = |other: &CertificateAuthority| other.issuer.as_ref() == Some(&definition.name);
        let signs_above = organization.certificate_authority.iter().any(below);
        let above = definition.issuer.as_deref();
        let issuer = above.and_then(|name| fresh.get(name).or_else(|| rules.authority(name)));
        if let (Some(name), None) = (above, issuer) {
            return Err(Refusal::Internal { what: format!("the authority {name} has no key") });
        }
        let signs_leaves_only = issuer.is_some() && !signs_above;
        let making = Making { definition, issuer, signs_leaves_only, number: 1 };
        let (authority, made) = certificate_authority::make(app, making).await?;
        fresh.insert(&definition.name, authority);
        all.extend(made);
    }
    for definition in &organization.server_certificate {
        if !made_keys.holds(Kind::ServerCertificate, &definition.name) {
            continue;
        }
        let name = definition.certificate_authority.as_str();
        let authority = fresh.get(name).or_else(|| rules.authority(name));
        let authority = authority.ok_or_else(|| Refusal::Internal {
            what: format!("the authority {name} has no key"),
        })?;
        let (made, slots) = renewal::make_changed(app, rules, definition, authority).await?;
        all.push(made);
        placed.push(slots);
    }
    Ok((all, placed))
}

pub(crate) async fn generations(app: &App, server: &str) -> Result<i64, Refusal> {
    let keys = store::private_key::load(&app.store, &app.master).await.map_err(unavailable)?;
    let own = keys.iter().filter(|key| key.usage == Usage::Server && key.owner == server);
    Ok(own.map(|key| key.generation).max().unwrap_or(0))
}

fn draw_secrets(
    app: &App,
    merged: &Merged,
    mut given: BTreeMap<String, Secret>,
) -> Vec<ShownSecret> {
    let organization = &merged.organization;
    let created = merged.plan.created();
    let new = |gateway: &&Gateway| created.holds(Kind::Gateway, &gateway.name);
    let show = |gateway: &Gateway| {
        let secret = given.remove(&gateway.name);
        let secret = secret.unwrap_or_else(|| gateway::draw_secret(&app.world));
        gateway::show_secret(organization, gateway, &secret)
    };
    organization.gateway.iter().filter(new).map(show).collect()
}

/// Keeps the keys and certificates that were made.
pub(crate) fn keep_made(write: Write, app: &App, made: &[Made]) -> Write {
    let now = app.world.time();
    made.iter().fold(write, |write, made| {
        let write = store::private_key::add(write, &app.master, &made.opened, now);
        let der = &made.identity.certificate.der;
        store::certificate::issued(write, &made.certificate, der)
    })
}

/// The event of a certificate that was made.
pub(crate) fn event_of(app: &App, actor: &Actor, made: &Made) -> Event {
    let mut details = Map::new();
    details.insert("usage".into(), Value::from(made.certificate.usage.as_str()));
    details.insert("subject".into(), Value::from(made.certificate.subject.clone()));
    details.insert("authority".into(), Value::from(made.certificate.authority.clone()));
    let object = format!("certificate:{}", made.certificate.serial);
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(EventKind::CertificateMade, None, said)
}
