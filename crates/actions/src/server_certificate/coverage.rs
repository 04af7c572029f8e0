//! Coverage: which devices hold a profile that trusts what a server certificate shows, or will.

use pki::general_name::covers;
use std::collections::HashMap;
use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::device::DeviceId;
use domain::former_name;
use domain::gateway::Gateway;
use domain::network_profile::NetworkProfile;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::server_certificate;
use domain::server_certificate::coverage::Counting;
use domain::server_certificate::coverage::Counts;
use domain::server_certificate::coverage::Exposed;
use domain::server_certificate::coverage::Holder;
use domain::server_certificate::coverage::Known;
use domain::server_certificate::coverage::Tally;
use domain::server_certificate::coverage::Verdict;
use pki::certificate::Serial;
use serde::Deserialize;
use serde::Serialize;
use store::rendering::Rendering;
use utoipa::ToSchema;

use super::dns_names;
use super::empty;
use super::find;
use crate::App;
use crate::object;
use crate::rules::Rules;
use crate::rules::slot::Slot;
use crate::unavailable;

/// Most devices on one page.
const PAGE_MAX: u32 = 1000;

/// Most names that a refusal tells: more are cut there anyway.
const NAMES_MAX: usize = 16;

/// How devices stand to a certificate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = ServerCoverage)]
pub struct Coverage {
    /// The certificate that is asked about.
    pub slot: server_certificate::Slot,
    /// The root that it leads to.
    pub root: String,
    /// Whether that is the root of what is shown.
    pub same_root: bool,
    /// How all devices stand to it; one with several profiles as the worst of them.
    pub devices: Counts,
    /// Those of them that might be cut off.
    pub cut_off: u64,
    /// Profile by profile.
    pub network_profiles: Vec<OfProfile>,
    /// Devices that might be cut off: a page of them.
    pub items: Vec<Uncovered>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// How the devices of one network profile stand.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = ProfileCoverage)]
pub struct OfProfile {
    /// What it is called.
    pub name: String,
    /// How many stand how.
    #[serde(flatten)]
    pub devices: Counts,
    /// Whether it would trust the certificate if it were handed out now.
    pub trusts_now: bool,
}

/// A device that might be cut off.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = UncoveredDevice)]
pub struct Uncovered {
    /// What it is called, as far as that is known.
    pub device: String,
    /// Its record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub device_id: Option<DeviceId>,
    /// Its newest certificate.
    pub serial: String,
    /// Why.
    pub verdict: Verdict,
    /// The network profiles by which.
    pub network_profiles: Vec<String>,
}

/// Which certificate is asked about, and which part of the list.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// What waits if there is something, else what is shown.
    pub slot: Option<server_certificate::Slot>,
    /// The `next` of another page.
    pub cursor: Option<String>,
    /// Most devices.
    pub limit: u32,
}

/// How devices stand to what a server certificate has in a slot. They are listed for who may see the
/// inventory.
pub async fn look(app: &App, actor: &Actor, name: &str, ask: &Ask) -> Result<Coverage, Refusal> {
    let name = object::show(app, actor, Kind::ServerCertificate, name)?.name;
    let rules = app.snapshot.rules();
    let (_, slots) = find(&rules, &name)?;
    let waits = slots.next.is_some();
    let asked = ask.slot.unwrap_or(match waits {
        true => server_certificate::Slot::Next,
        false => server_certificate::Slot::Active,
    });
    let slot = match asked {
        server_certificate::Slot::Active => Some(&slots.active),
        server_certificate::Slot::Next => slots.next.as_ref(),
        server_certificate::Slot::Previous => slots.previous.as_ref(),
    };
    let slot = slot.ok_or_else(|| empty(&name, asked))?;
    let behind = ask.cursor.as_deref().map(parse_cursor).transpose()?;
    let tally = count(app, &rules, (&name, slot)).await?;
    let limit = usize::try_from(ask.limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
    let rest = tally.exposed.iter().filter(|one| behind.as_ref().is_none_or(|it| one.holder > *it));
    let seen = if actor.can(Permission::InventoryRead) { limit + 1 } else { 0 };
    let mut page: Vec<&Exposed> = rest.take(seen).collect();
    let is_more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| is_more).map(|last| cursor(&last.holder));
    let profiles = profiles(&rules, &name);
    let called = |place: &usize| profiles.get(*place).map(|profile| profile.name.clone());
    let mut items = Vec::with_capacity(page.len());
    for one in page {
        items.push(Uncovered {
            device: name_of(app, one).await?,
            device_id: match one.holder {
                Holder::Device(id) => Some(id),
                Holder::Certificate(_) => None,
            },
            serial: one.serial.to_string(),
            verdict: one.verdict,
            network_profiles: one.profiles.iter().filter_map(called).collect(),
        });
    }
    let above = slot.above();
    let now = app.world.time();
    let network_profiles = profiles.iter().zip(&tally.profiles).map(|(profile, devices)| {
        let trusted = crate::network_profile::anchors_of(&rules, profile, now);
        let trusts_now = trusted.iter().any(|one| above.contains(one));
        OfProfile { name: profile.name.clone(), devices: *devices, trusts_now }
    });
    Ok(Coverage {
        slot: asked,
        root: slot.root_name(),
        same_root: slot.leads_to(slots.active.root.as_ref()),
        devices: tally.devices,
        cut_off: tally.devices.cut_off(),
        network_profiles: network_profiles.collect(),
        items,
        next,
    })
}

/// The network profiles that name a server certificate.
fn profiles<'a>(rules: &'a Rules, name: &str) -> Vec<&'a NetworkProfile> {
    let all = rules.organization.network_profile.iter();
    all.filter(|profile| profile.server_certificate == name).collect()
}

/// Counts how devices stand to a certificate, by what they enrolled with.
pub(crate) async fn count(
    app: &App,
    rules: &Rules,
    (name, slot): (&str, &Slot),
) -> Result<Tally, Refusal> {
    let asked = profiles(rules, name);
    let above = slot.above();
    let names = dns_names(slot.certificate());
    let trusts = |rendering: &Rendering| {
        above.iter().any(|one| rendering.roots.contains(one))
            && rendering.names.iter().any(|name| names.iter().any(|own| covers(name, own)))
    };
    let mut known = HashMap::new();
    for profile in &rules.organization.network_profile {
        let place = asked.iter().position(|one| one.name == profile.name);
        for called in core::iter::once(&profile.name).chain(former_name::of(profile)) {
            let all =
                store::rendering::of_profile(&app.store, called).await.map_err(unavailable)?;
            for one in all {
                let known_one = Known { profile: place, at: one.at, trusts: trusts(&one) };
                known.entry(one.number).or_insert(known_one);
            }
        }
    }
    let gateways = asked.iter().map(|profile| {
        let gateway: Option<&Gateway> = rules.organization.find(&profile.gateway);
        gateway.map(|gateway| gateway.names().map(str::to_owned).collect()).unwrap_or_default()
    });
    let mut gateways: Vec<Vec<String>> = gateways.collect();
    if gateways.is_empty() && rules.shown_in(None, false) == Some(name) {
        // No profile speaks of it, and devices are shown it all the same: nothing is known of them.
        gateways.push(of_no_profile(rules));
    }
    let mut counting = Counting::new(gateways, known);
    let (store, now) = (app.store.clone(), app.world.time());
    // A million certificates take a moment: not on a thread that others wait for.
    let counted = tokio::task::spawn_blocking(move || {
        store::certificate::enrolled::for_each(&store, now, |one| counting.add(one))?;
        Ok::<Tally, store::StoreError>(counting.end())
    });
    match counted.await {
        Ok(tally) => tally.map_err(unavailable),
        Err(error) => Err(Refusal::Internal { what: error.to_string() }),
    }
}

/// The gateways whose devices no network profile speaks of.
fn of_no_profile(rules: &Rules) -> Vec<String> {
    let organization = &rules.organization;
    let is_named = |gateway: &&Gateway| {
        organization.network_profile.iter().any(|profile| profile.gateway == gateway.name)
    };
    let others = organization.gateway.iter().filter(|gateway| !is_named(gateway));
    others.flat_map(|gateway| gateway.names().map(str::to_owned)).collect()
}

/// Some of those that might be cut off, by name where memory has one.
pub(crate) fn names(app: &App, tally: &Tally) -> Vec<String> {
    let inventory = app.snapshot.inventory();
    let name = |one: &Exposed| match &one.holder {
        Holder::Device(id) => inventory.device(id).map(|device| device.name.clone()),
        Holder::Certificate(_) => None,
    };
    let all = tally.exposed.iter().take(NAMES_MAX);
    all.map(|one| name(one).unwrap_or_else(|| format!("certificate {}", one.serial))).collect()
}

async fn name_of(app: &App, one: &Exposed) -> Result<String, Refusal> {
    if let Holder::Device(id) = &one.holder
        && let Some(device) = app.snapshot.inventory().device(id)
    {
        return Ok(device.name.clone());
    }
    let kept = store::certificate::find(&app.store, &one.serial).await.map_err(unavailable)?;
    let named = kept.map(|kept| kept.certificate.device.unwrap_or(kept.certificate.subject));
    Ok(named.unwrap_or_else(|| one.serial.to_string()))
}

fn cursor(holder: &Holder) -> String {
    match holder {
        Holder::Device(id) => format!("device-{id}"),
        Holder::Certificate(serial) => format!("certificate-{serial}"),
    }
}

fn parse_cursor(text: &str) -> Result<Holder, Refusal> {
    let device = text.strip_prefix("device-").and_then(DeviceId::parse).map(Holder::Device);
    let serial = text.strip_prefix("certificate-").and_then(|it| Serial::parse_text(it).ok());
    let found = device.or(serial.map(|serial| Holder::Certificate(serial.to_string())));
    let what = "is not the next of a page of this list".to_owned();
    found.ok_or_else(|| Refusal::ParameterWrong { parameter: "cursor".to_owned(), what })
}

/// What the doctor is told of what waits, if something does.
pub(crate) async fn of_next(
    app: &App,
    rules: &Arc<Rules>,
    name: &str,
) -> Result<Option<Counts>, Refusal> {
    let Some(slots) = rules.slots_of(name) else { return Ok(None) };
    let Some(next) = &slots.next else { return Ok(None) };
    if super::switching::is_same_to_devices(slots, next) {
        return Ok(Some(Counts::default()));
    }
    Ok(Some(count(app, rules, (name, next)).await?.devices))
}
