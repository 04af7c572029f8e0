//! Renewing server certificates: a new key and certificate of the organization's authority.

use domain::actor::Actor;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::server_certificate::ServerCertificate;
use pki::certificate::Certificate;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use store::server_slot::ServerSlots;
use store::write::Write;
use tokio::sync::OwnedMutexGuard;
use utoipa::ToSchema;

use super::Change;
use super::Place;
use super::Shown;
use super::begin;
use super::commit;
use super::coverage;
use super::find;
use super::forget_dropped;
use super::look;
use super::named;
use super::note;
use super::placed;
use super::switching::is_same_to_devices;
use super::told;
use crate::App;
use crate::certificate_authority;
use crate::certificate_authority::Made;
use crate::organization;
use crate::organization::NotApplied;
use crate::rules::Authority;
use crate::rules::Rules;
use crate::rules::Server;
use crate::rules::slot::Slot;
use crate::rules::slot::Slots;

/// How a server certificate is renewed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ServerRenewal)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// Put it beside what is shown, in place of it.
    pub next: bool,
}

/// Gives a server certificate a new key and certificate. It is shown at once if it leads to the
/// root that devices know; else it has to wait, and that has to be said.
pub async fn renew(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Shown, NotApplied> {
    let answer = try_renew(app, actor, name, order).await.map_err(NotApplied::from);
    note(app, actor, name, &answer).await;
    answer
}

async fn try_renew(app: &App, actor: &Actor, name: &str, order: Order) -> Result<Shown, Refusal> {
    let name = &named(app, actor, name)?;
    let seen = newest(&app.snapshot.rules(), name);
    let one_at_a_time = begin(app).await?;
    let rules = app.snapshot.rules();
    if seen != newest(&rules, name) {
        // Whoever asked meant what was there when they asked.
        let what = format!("somebody changed {name} at the same time");
        return Err(Refusal::Conflict { what });
    }
    let (definition, slots) = find(&rules, name)?;
    let (_, root) = signer(app, &rules, definition)?;
    let place = match order.next {
        true => Place::Next,
        false if slots.active.leads_to(Some(root)) => Place::Active,
        false => return Err(differs(name, slots, root)),
    };
    make(app, actor, (one_at_a_time, &rules), (definition, slots, place)).await?;
    look(app, name)
}

/// Every key that has a slot: what somebody saw who asks for another.
fn newest(rules: &Rules, name: &str) -> Vec<i64> {
    let slots = rules.slots_of(name).into_iter();
    slots.flat_map(|slots| slots.all().map(|slot| slot.generation)).collect()
}

/// The authority that signs the next certificate, and the root that this leads to.
pub(super) fn signer<'a>(
    app: &App,
    rules: &'a Rules,
    definition: &ServerCertificate,
) -> Result<(&'a Authority, &'a Certificate), Refusal> {
    let name = &definition.certificate_authority;
    let gone = || Refusal::Internal { what: format!("the authority {name} has no key") };
    let above = rules.organization.find(name).ok_or_else(gone)?;
    let authority = rules.authority(name).ok_or_else(gone)?;
    certificate_authority::check_issues(app, above, authority)?;
    Ok((authority, authority.current.chain.last().ok_or_else(gone)?))
}

/// Refuses to show devices another root.
pub(super) fn differs(name: &str, slots: &Slots, root: &Certificate) -> Refusal {
    Refusal::RootDiffers {
        server_certificate: name.to_owned(),
        root: root.subject.to_string(),
        active: slots.active.root_name(),
    }
}

/// Makes a key and certificate for one that is new or defined otherwise than before. It is shown at
/// once, unless devices would be cut off by another root: then it waits.
pub(crate) async fn make_changed(
    app: &App,
    rules: &Rules,
    definition: &ServerCertificate,
    authority: &Authority,
) -> Result<(Made, ServerSlots), Refusal> {
    let name = &definition.name;
    let generation = organization::generations(app, name).await? + 1;
    let made = certificate_authority::make_server(app, definition, authority, generation).await?;
    let Some(slots) = rules.slots_of(name) else {
        let (name, active) = (name.clone(), generation);
        return Ok((made, ServerSlots { name, active, next: None, previous: None }));
    };
    let (root, above) = authority
        .current
        .chain
        .split_last()
        .map_or((None, &[][..]), |(root, above)| (Some(root.clone()), above));
    let server = Server { identity: made.identity.clone(), intermediates: above.to_vec() };
    let slot = Slot { generation, server, root, imported: false };
    // What somebody imported is theirs to change.
    let is_seen = !slots.active.imported
        && (is_same_to_devices(slots, &slot)
            || coverage::count(app, rules, (name, &slot)).await?.devices.cut_off() == 0);
    let place = if is_seen { Place::Active } else { Place::Next };
    if place == Place::Next && slots.next.as_ref().is_some_and(|next| next.imported) {
        let what = format!("an imported certificate waits in {name}; switch to it or discard it");
        return Err(Refusal::Conflict { what });
    }
    Ok((made, placed(slots, name, generation, place)))
}

/// Keeps the places of keys that were made.
pub(crate) fn keep_placed(write: Write, rules: &Rules, all: &[ServerSlots]) -> Write {
    all.iter().fold(write, |write, kept| {
        let write = store::server_slot::save(write, kept);
        match rules.slots_of(&kept.name) {
            Some(slots) => forget_dropped(write, slots, kept),
            None => write,
        }
    })
}

/// Makes a key and certificate, and puts it into its place.
pub(super) async fn make(
    app: &App,
    actor: &Actor,
    (one_at_a_time, rules): (OwnedMutexGuard<()>, &Rules),
    (definition, slots, place): (&ServerCertificate, &Slots, Place),
) -> Result<(), Refusal> {
    let name = &definition.name;
    let (authority, root) = signer(app, rules, definition)?;
    let generation = organization::generations(app, name).await? + 1;
    let made = certificate_authority::make_server(app, definition, authority, generation).await?;
    let mut details = told(&made.identity.certificate, (generation, root.subject.to_string()));
    let slot = if place == Place::Active { "active" } else { "next" };
    details.insert("slot".into(), Value::from(slot));
    let change = Change {
        name,
        kept: placed(slots, name, generation, place),
        made: vec![made],
        write: Write::new(),
        event: Some((EventKind::ServerRenewed, details)),
    };
    commit(app, actor, (one_at_a_time, rules), change).await
}
