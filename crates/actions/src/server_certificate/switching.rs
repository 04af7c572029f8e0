//! Changing over: what waits is shown, and what is shown can be shown again.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::EventKind;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use domain::server_certificate;
use domain::server_certificate::coverage::Counts;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use store::server_slot::ServerSlots;
use store::write::Write;
use utoipa::ToSchema;

use super::Change;
use super::Shown;
use super::begin;
use super::commit;
use super::coverage;
use super::details;
use super::empty;
use super::find;
use super::look;
use super::named;
use super::note;
use crate::App;
use crate::organization::NotApplied;
use crate::rules::Rules;
use crate::rules::slot::Slot;
use crate::rules::slot::Slots;
use crate::share;

/// How it is changed over.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ServerSwitch)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Show again what was shown before; what is shown now waits then.
    pub back: bool,
    /// So many devices may be cut off.
    pub confirm: Option<u64>,
    /// SHA-256 of the certificate that is meant: refused if there is another in the slot by now.
    pub sha256: Option<String>,
}

impl Order {
    fn from(&self) -> server_certificate::Slot {
        match self.back {
            true => server_certificate::Slot::Previous,
            false => server_certificate::Slot::Next,
        }
    }
}

/// Shows devices what waits, or again what they were shown before. Refused with their number if
/// devices might not accept it and nobody said so.
pub async fn switch(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Shown, NotApplied> {
    let answer = try_switch(app, actor, name, &order).await.map_err(NotApplied::from);
    note(app, actor, name, &answer).await;
    answer
}

async fn try_switch(app: &App, actor: &Actor, name: &str, order: &Order) -> Result<Shown, Refusal> {
    let name = &named(app, actor, name)?;
    let one_at_a_time = begin(app).await?;
    let rules = app.snapshot.rules();
    let (_, slots) = find(&rules, name)?;
    let from = order.from();
    let found = if order.back { &slots.previous } else { &slots.next };
    let slot = found.as_ref().ok_or_else(|| empty(name, from))?;
    if order.back && slots.next.is_some() {
        let what = format!("a certificate waits in {name}, and would be lost; discard it first");
        return Err(Refusal::Conflict { what });
    }
    check_valid(app, name, (from, slot))?;
    let meant = order.sha256.as_deref();
    if meant.is_some_and(|meant| !meant.eq_ignore_ascii_case(&slot.certificate().sha256_digits())) {
        let what = format!("there is another certificate in the slot {} by now", from.as_str());
        return Err(Refusal::Conflict { what });
    }
    let devices = check_cut_off(app, actor, (&rules, name), (slots, slot), order.confirm).await?;
    let kept = slots.kept(name);
    let (active, before) = (slot.generation, Some(kept.active));
    let kept = match order.back {
        true => ServerSlots { active, next: before, previous: None, ..kept },
        false => ServerSlots { active, next: None, previous: before, ..kept },
    };
    let mut details = details(slot);
    details.insert("from".into(), Value::from(from.as_str()));
    details
        .insert("serial_before".into(), Value::from(slots.active.certificate().serial.to_string()));
    details.insert("covered".into(), Value::from(devices.covered));
    details.insert("not_covered".into(), Value::from(devices.cut_off()));
    let event = Some((EventKind::ServerSwitched, details));
    let change = Change { name, kept, made: Vec::new(), write: Write::new(), event };
    commit(app, actor, (one_at_a_time, &rules), change).await?;
    look(app, name)
}

fn check_valid(
    app: &App,
    name: &str,
    (from, slot): (server_certificate::Slot, &Slot),
) -> Result<(), Refusal> {
    let above = slot.server.intermediates.iter().chain(&slot.root);
    let mut all = core::iter::once(slot.certificate()).chain(above);
    let now = app.world.time();
    let Some(certificate) = all.find(|one| !one.is_valid_at(now)) else { return Ok(()) };
    Err(Refusal::SlotNotValid {
        server_certificate: name.to_owned(),
        slot: from.as_str().to_owned(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    })
}

/// Refuses what might cut devices off that nobody said so of; tells how they stand.
async fn check_cut_off(
    app: &App,
    actor: &Actor,
    (rules, name): (&Rules, &str),
    (slots, slot): (&Slots, &Slot),
    confirm: Option<u64>,
) -> Result<Counts, Refusal> {
    if is_same_to_devices(slots, slot) {
        return Ok(Counts::default());
    }
    let tally = coverage::count(app, rules, (name, slot)).await?;
    let (count, of) = (tally.devices.cut_off(), tally.devices.all());
    share::check_each(MassChange::Server, (count, of), confirm).map_err(|refusal| {
        // What devices are called is for who may see the inventory.
        let may = actor.can(Permission::InventoryRead);
        refusal.naming(if may { coverage::names(app, &tally) } else { Vec::new() })
    })?;
    Ok(tally.devices)
}

/// Whether devices that accept what is shown accept this: the same root, and every name.
pub(super) fn is_same_to_devices(slots: &Slots, slot: &Slot) -> bool {
    let names = super::dns_names(slot.certificate());
    let carried = super::dns_names(slots.active.certificate());
    slot.leads_to(slots.active.root.as_ref())
        && carried.iter().all(|name| names.iter().any(|own| own.eq_ignore_ascii_case(name)))
}
