//! The doctor: gathers what was seen of the organization of late, and lets the rules judge it.
//! Nothing is changed.

use core::time::Duration;
use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Status;
use domain::device::Device;
use domain::device::DeviceStatus;
use domain::doctor;
use domain::doctor::Finding;
use domain::doctor::observation::Observations;
use domain::doctor::observation::SeenAuthority;
use domain::doctor::observation::SeenInventory;
use domain::doctor::observation::SeenList;
use domain::doctor::observation::SeenNext;
use domain::doctor::observation::SeenProfile;
use domain::doctor::observation::SeenServer;
use domain::event::EventKind;
use domain::refusal::Refusal;
use pki::time::Time;

use crate::App;
use crate::decision::simulate;
use crate::network_profile;
use crate::revocation_list;
use crate::rules::Rules;
use crate::server_certificate;
use crate::server_certificate::coverage;
use crate::server_certificate::keeper;
use crate::unavailable;

/// Most answers of each kind that are looked at, the newest: a day of a large school.
const EVENTS_MAX: usize = 5000;

/// Most devices that are lost, wiped or retired whose certificates are looked for.
const LOST_DEVICES_MAX: usize = 1000;

/// Most certificates of one such device that are looked at.
const CERTIFICATES_MAX: u32 = 100;

/// Most saved tests whose device is looked for.
const TESTS_MAX: usize = 1000;

/// How long the newest answers are waited for to become durable; they take a second at most.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(5);

/// Seconds after which a device of which nothing was told is stale: a week.
const STALE_SECONDS: i64 = 7 * 86_400;

/// What is wrong with the organization, the gravest first.
pub async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    actor.may(Permission::EventRead)?;
    look(app).await
}

/// The same, for whoever tells it on to those who may know.
pub(crate) async fn look(app: &App) -> Result<Vec<Finding>, Refusal> {
    let (rules, now) = (app.snapshot.rules(), app.world.time());
    let mut seen = Observations::default();
    answers(app, &mut seen).await?;
    seen.bring_up_to_date(&rules.policies.names);
    keys(app, &rules, &mut seen);
    waiting(app, &rules, &mut seen).await?;
    let used = store::gateway::used_gateways(&app.store).await.map_err(unavailable)?;
    seen.used_gateways.extend(used);
    seen.inventory = inventory(app, now).await?;
    seen.lost_tests = lost_tests(app, &rules).await?;
    // A large organization takes a moment: not on a thread that others wait for.
    let judged = tokio::task::spawn_blocking(move || {
        doctor::examine(&rules.organization, &rules.policies, &seen, now)
    });
    judged.await.map_err(|error| Refusal::Internal { what: error.to_string() })
}

/// The newest answers to devices.
async fn answers(app: &App, seen: &mut Observations) -> Result<(), Refusal> {
    let flushed = tokio::time::timeout(JOURNAL_PATIENCE, app.snapshot.journal().flush()).await;
    if flushed.is_err() {
        tracing::warn!("the newest answers are not durable yet, and not looked at");
    }
    for kind in [
        EventKind::CertificateIssued,
        EventKind::VisitAnswered,
        EventKind::SessionReported,
        EventKind::PacketDropped,
    ] {
        let (mut before, mut count) = (None, 0);
        while count < EVENTS_MAX {
            let page = store::event::of_kind(&app.store, kind, before, store::event::PAGE_MAX);
            let page = page.await.map_err(unavailable)?;
            let Some(last) = page.last() else { break };
            (before, count) = (Some(last.id), count + page.len());
            page.iter().for_each(|event| seen.note(event));
            if count >= EVENTS_MAX && kind == EventKind::VisitAnswered {
                seen.looked_back_to = Some(last.at.time());
            }
        }
    }
    Ok(())
}

/// Keys of authorities and servers, and revocation lists.
fn keys(app: &App, rules: &Rules, seen: &mut Observations) {
    for definition in &rules.organization.certificate_authority {
        let Some(authority) = rules.authority(&definition.name) else { continue };
        let chain = &authority.current.chain;
        let ends = chain.iter().map(|certificate| certificate.not_after);
        if let (Some(own), Some(chain_not_after)) = (chain.first(), ends.min()) {
            let (name, not_after) = (definition.name.clone(), own.not_after);
            seen.authorities.push(SeenAuthority { name, not_after, chain_not_after });
        }
    }
    for definition in &rules.organization.server_certificate {
        let Some(slots) = rules.slots_of(&definition.name) else { continue };
        let active = &slots.active;
        seen.servers.push(SeenServer {
            name: definition.name.clone(),
            names: server_certificate::dns_names(active.certificate()),
            root: active.root_name(),
            above: active.above(),
            not_after: active.certificate().not_after,
            stays: keeper::stays(rules, definition, active),
            next: None,
        });
    }
    let now = app.world.time();
    for profile in &rules.organization.network_profile {
        let roots = network_profile::anchors_of(rules, profile, now);
        seen.profiles.push(SeenProfile { name: profile.name.clone(), roots });
    }
    for key in rules.authority_keys() {
        // Of a key whose time is over, nobody asks for a list.
        let alive = key.generation.chain.first().is_some_and(|own| own.not_after >= now);
        if let Some(list) = revocation_list::find(app, key).filter(|_| alive) {
            let authority = key.definition.name.clone();
            let (this_update, next_update) = (list.this_update, list.next_update);
            seen.lists.push(SeenList { authority, this_update, next_update });
        }
    }
}

/// What waits to be shown, and how devices stand to it.
async fn waiting(app: &App, rules: &Arc<Rules>, seen: &mut Observations) -> Result<(), Refusal> {
    for server in &mut seen.servers {
        let Some(devices) = coverage::of_next(app, rules, &server.name).await? else { continue };
        let next = rules.slots_of(&server.name).and_then(|slots| slots.next.as_ref());
        server.next =
            next.map(|next| SeenNext { root: next.root_name(), above: next.above(), devices });
    }
    Ok(())
}

/// What the inventory has; none while memory lacks some of it.
async fn inventory(app: &App, now: Time) -> Result<Option<SeenInventory>, Refusal> {
    if !app.snapshot.inventory_reachable() {
        return Ok(None);
    }
    let inventory = app.snapshot.inventory();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let mut seen = SeenInventory {
        devices: number(inventory.known_count()),
        people: number(inventory.people_count()),
        ..SeenInventory::default()
    };
    let mut lost = Vec::new();
    for (device, _) in inventory.devices() {
        let told_at = device.inventoried_at();
        let is_stale = told_at.is_some_and(|at| at.plus_seconds(STALE_SECONDS) < now);
        seen.stale_devices += u64::from(is_stale);
        if device.status() != DeviceStatus::Active && lost.len() < LOST_DEVICES_MAX {
            lost.push(device);
        }
    }
    for device in lost {
        let count = in_use(app, &device, now).await?;
        seen.lost_certificates += count;
        seen.lost_devices += u64::from(count > 0);
    }
    Ok(Some(seen))
}

/// How many certificates of a device are in use.
async fn in_use(app: &App, device: &Device, now: Time) -> Result<u64, Refusal> {
    let held = store::certificate::of_record(&app.store, device.id, CERTIFICATES_MAX).await;
    let held = held.map_err(unavailable)?;
    let in_use = held.iter().map(|kept| &kept.certificate).filter(|certificate| {
        let counts = match certificate.status {
            Status::Issued | Status::Held => true,
            Status::Intended | Status::Revoked => false,
        };
        counts && certificate.not_after >= now
    });
    Ok(u64::try_from(in_use.count()).unwrap_or(u64::MAX))
}

/// Saved tests whose device is not there any more.
async fn lost_tests(app: &App, rules: &Rules) -> Result<Vec<(String, String)>, Refusal> {
    let mut tests = Vec::new();
    for policy in &rules.organization.network_policy {
        tests.extend(policy.tests.iter().map(|test| (policy.name.clone(), test.device.clone())));
    }
    tests.truncate(TESTS_MAX);
    let mut lost = Vec::new();
    for (policy, device) in tests {
        match simulate::find(app, &device).await {
            Ok(_) => {}
            Err(Refusal::NotFound { .. }) => lost.push((policy, device)),
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(lost)
}
