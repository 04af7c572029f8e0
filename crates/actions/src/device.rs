//! Devices: listing, showing, telling of and removing them, one by one or by the table.

pub mod story;

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::complaint::Complaint;
use domain::complaint::Complaints;
use domain::device::Device;
use domain::device::DeviceId;
use domain::device::Source;
use domain::device::told::Told;
use domain::event::EventKind;
use domain::inventory::csv;
use domain::inventory::csv::Row;
use domain::inventory::merge;
use domain::inventory::merge::Merged;
use domain::inventory::merge::Outcome;
use domain::inventory::merge::Planned;
use domain::inventory::merge::Telling;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::Map;
use store::device::PAGE_MAX;
use store::device::Place;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::certificate;
use crate::certificate::Page;
use crate::change;
use crate::inventory;
use crate::inventory::ATTEMPTS_MAX;
use crate::inventory::Import;
use crate::inventory::Report;
use crate::object;
use crate::organization::NotApplied;
use crate::share;
use crate::unavailable;

/// Longest text that a device is looked for by, in bytes: a name of the longest characters.
const TEXT_BYTES_MAX: usize = 1024;

/// Certificates that are shown with a device, at most.
const CERTIFICATES_MAX: u32 = 100;

/// A device as people and programs see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DeviceShown)]
pub struct Shown {
    /// What is known of it.
    #[serde(flatten)]
    pub device: Device,
    /// Whether it is in the inventory, and not only told of by requests.
    pub known: bool,
    /// Its certificates, newest first; only where one device is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<Certificate>>,
}

impl Shown {
    fn of(device: Device) -> Self {
        Self { known: device.is_known(), device, certificates: None }
    }
}

/// A page of devices, by their name: of all, or of those whose name or serial number begins so.
pub async fn list(
    app: &App,
    actor: &Actor,
    start: &str,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::InventoryRead)?;
    check_text("search", start)?;
    let after = cursor.map(parse_place).transpose()?;
    let limit = limit.clamp(1, PAGE_MAX);
    let page = store::device::list(&app.store, start, after.as_ref(), limit).await;
    let page = page.map_err(unavailable)?;
    let full = u32::try_from(page.len()).is_ok_and(|count| count == limit);
    let next = page.last().filter(|_| full).map(|(place, _)| place_text(place));
    Ok(Page { items: page.into_iter().map(|(_, kept)| Shown::of(kept.device)).collect(), next })
}

/// A cursor: what list it is in, the id or nothing, and the text.
fn place_text(place: &Place) -> String {
    match place {
        Place::Name(key, id) => format!("n:{id}:{key}"),
        Place::Serial(serial) => format!("s::{serial}"),
    }
}

fn parse_place(cursor: &str) -> Result<Place, Refusal> {
    check_text("cursor", cursor)?;
    let wrong = || wrong("cursor", "is not the next of a page");
    let mut parts = cursor.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("n"), Some(id), Some(key)) if DeviceId::parse(id).is_some() => {
            Ok(Place::Name(key.to_owned(), id.to_owned()))
        }
        (Some("s"), Some(""), Some(serial)) => Ok(Place::Serial(serial.to_owned())),
        _ => Err(wrong()),
    }
}

/// One device, with its certificates: by name, serial number, UDID, id or address.
pub async fn show(app: &App, actor: &Actor, text: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::InventoryRead)?;
    let (device, _) = find(app, text).await?;
    let kept = store::certificate::of_record(&app.store, device.id, CERTIFICATES_MAX).await;
    let certificates = kept.map_err(unavailable)?.into_iter().map(|kept| kept.certificate);
    let certificates = Some(certificates.collect());
    Ok(Shown { certificates, ..Shown::of((*device).clone()) })
}

pub(crate) async fn find(app: &App, text: &str) -> Result<(Arc<Device>, i64), Refusal> {
    check_text("device", text)?;
    let inventory = app.snapshot.read_inventory().await?;
    let found = inventory.find_device(text).and_then(|it| inventory.device_and_version(&it.id));
    found.ok_or_else(|| Refusal::NotFound { noun: "device".into(), name: text.to_owned() })
}

/// Makes a device, which must be new.
pub async fn create(app: &App, actor: &Actor, told: Told) -> Result<Shown, NotApplied> {
    let name = told.name.clone().unwrap_or_default();
    let answer = try_create(app, actor, told).await;
    inventory::note(app, actor, format!("device:{name}"), &answer).await;
    answer
}

async fn try_create(app: &App, actor: &Actor, told: Told) -> Result<Shown, NotApplied> {
    actor.may(Permission::InventoryChange)?;
    check(&told)?;
    let Some(name) = told.name.clone() else {
        let complaint = Complaint::new("name", "is missing", "say what the device is called");
        return Err(NotApplied::Complaints(vec![complaint]));
    };
    let _one_at_a_time = app.keeping.lock().await;
    let known = app.snapshot.read_inventory().await?.device_named(&name);
    if known.is_some_and(|known| known.is_known()) {
        let what = format!("there is a device \"{name}\" already");
        return Err(Refusal::Conflict { what }.into());
    }
    tell_one(app, actor, told).await
}

/// Tells of a device, which is made if there is none of this name.
pub async fn save(app: &App, actor: &Actor, name: &str, told: Told) -> Result<Shown, NotApplied> {
    let told = Told { name: Some(name.to_owned()), ..told };
    let answer = async {
        actor.may(Permission::InventoryChange)?;
        check(&told)?;
        let _one_at_a_time = app.keeping.lock().await;
        tell_one(app, actor, told).await
    };
    let answer = answer.await;
    inventory::note(app, actor, format!("device:{name}"), &answer).await;
    answer
}

async fn tell_one(app: &App, actor: &Actor, told: Told) -> Result<Shown, NotApplied> {
    let row = Row { line: 1, told, complaints: Vec::new() };
    for attempt in 1..=ATTEMPTS_MAX {
        let merged = merge(app, vec![row.clone()], Source::Administrator).await?;
        let Some(answer) = merged.answers.first().filter(|it| it.outcome != Outcome::Refused)
        else {
            let complaints = merged.answers.into_iter().flat_map(|answer| answer.complaints);
            return Err(NotApplied::Complaints(complaints.collect()));
        };
        let name = answer.name.clone();
        match commit(app, actor, merged.planned, None).await {
            Err(Refusal::Conflict { .. }) if attempt < ATTEMPTS_MAX => {}
            done => {
                done?;
                let (device, _) = find(app, &name).await?;
                return Ok(Shown::of((*device).clone()));
            }
        }
    }
    Err(Refusal::Conflict { what: "the device changes all the time".into() }.into())
}

/// What tells this version of a device from others: what is known of it, and not who told it when.
#[must_use]
pub fn etag(device: &Device) -> String {
    object::etag_of(0, &change::record(device))
}

/// Tells of a device that is there, by its name, serial number, UDID, id or address; refused if it
/// is not of the version that is meant.
pub async fn tell(
    app: &App,
    actor: &Actor,
    (text, etag): (&str, Option<&str>),
    told: Told,
) -> Result<Shown, NotApplied> {
    let answer = try_tell(app, actor, (text, etag), &told).await;
    inventory::note(app, actor, format!("device:{text}"), &answer).await;
    answer
}

async fn try_tell(
    app: &App,
    actor: &Actor,
    (text, meant): (&str, Option<&str>),
    told: &Told,
) -> Result<Shown, NotApplied> {
    actor.may(Permission::InventoryChange)?;
    check(told)?;
    let _one_at_a_time = app.keeping.lock().await;
    for attempt in 1..=ATTEMPTS_MAX {
        let (before, version) = find(app, text).await?;
        object::check_etag(meant, &etag(&before), ("device", &before.name))?;
        let mut after = (*before).clone();
        let is_different = after.tell(told, Source::Administrator, app.world.time());
        check_taken(app, &after)?;
        let planned = Planned { before: Some((before, version)), after, is_different };
        match commit(app, actor, vec![planned.clone()], None).await {
            Err(Refusal::Conflict { .. }) if attempt < ATTEMPTS_MAX => {}
            done => {
                done?;
                return Ok(Shown::of(planned.after));
            }
        }
    }
    Err(Refusal::Conflict { what: "the device changes all the time".into() }.into())
}

/// Complains if another device has the name or number.
fn check_taken(app: &App, device: &Device) -> Result<(), NotApplied> {
    let inventory = app.snapshot.inventory();
    let by_serial = device.serial_key().and_then(|key| inventory.device_of_serial(&key));
    let by_udid = device.udid_key().and_then(|key| inventory.device_of_udid(&key));
    let others =
        [("name", inventory.device_named(&device.name)), ("serial", by_serial), ("udid", by_udid)];
    let mut complaints = Vec::new();
    for (field, other) in others {
        if let Some(other) = other.filter(|other| other.id != device.id) {
            let what = format!("is that of device \"{}\"", other.name.escape_debug());
            complaints.push(Complaint::new(field, what, "correct it, or remove the other device"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(NotApplied::Complaints(complaints)) }
}

/// Removes a device. Its certificates stay what they are: revoke them if it is not to get in.
pub async fn remove(app: &App, actor: &Actor, text: &str) -> Result<(), NotApplied> {
    let answer = remove_all(app, actor, &[text.to_owned()], None).await;
    inventory::note(app, actor, format!("device:{text}"), &answer).await;
    answer
}

/// Removes devices, all or none.
pub async fn remove_all(
    app: &App,
    actor: &Actor,
    texts: &[String],
    confirm: Option<u64>,
) -> Result<(), NotApplied> {
    actor.may(Permission::InventoryChange)?;
    let _one_at_a_time = app.keeping.lock().await;
    let mut gone = Vec::new();
    for text in texts {
        gone.push(find(app, text).await?);
    }
    let known = gone.iter().filter(|(device, _)| device.is_known()).count();
    check_share(app, known, confirm)?;
    let ids: Vec<(DeviceId, i64)> =
        gone.iter().map(|(device, version)| (device.id, *version)).collect();
    let changes: Vec<_> = gone
        .iter()
        .map(|(device, _)| {
            let details = change::removed(&change::record(&**device).into());
            (EventKind::ObjectRemoved, device.name.clone(), details)
        })
        .collect();
    let events = inventory::events(app, actor, "device", &changes, None);
    let write = store::device::remove(Write::new(), &ids);
    let (store, snapshot) = (app.store.clone(), Arc::clone(&app.snapshot));
    let removed = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(certificate::conflict)?;
        for (id, version) in ids {
            snapshot.inventory().remove_device(&id, version.saturating_add(1));
        }
        Ok(())
    });
    let removed = removed.await;
    Ok(removed.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))?)
}

/// Imports a table, all or nothing, or says what that would change.
pub async fn import(
    app: &App,
    actor: &Actor,
    table: &[u8],
    import: Import,
) -> Result<Report, NotApplied> {
    let answer = try_import(app, actor, table, import).await;
    inventory::note(app, actor, "device:*".to_owned(), &answer).await;
    answer
}

async fn try_import(
    app: &App,
    actor: &Actor,
    table: &[u8],
    import: Import,
) -> Result<Report, NotApplied> {
    actor.may(Permission::InventoryChange)?;
    let table = csv::read::<Told>(table).map_err(|wrong| NotApplied::Complaints(vec![wrong]))?;
    let _one_at_a_time = app.keeping.lock().await;
    for attempt in 1..=ATTEMPTS_MAX {
        let merged = merge(app, table.rows.clone(), Source::Import).await?;
        let taken = merged.planned.iter().filter(|planned| merge::takes(planned)).count();
        let taken_from = u64::try_from(taken).unwrap_or(u64::MAX);
        let report = Report::of(merged.answers, taken_from, table.ignored.clone());
        if import.dry_run {
            return Ok(report);
        }
        if report.refused > 0 && !import.skip_bad_rows {
            return Err(NotApplied::Complaints(report.complaints()));
        }
        check_share(app, taken, import.confirm)?;
        if merged.planned.is_empty() {
            return Ok(report);
        }
        match commit(app, actor, merged.planned, Some(&report)).await {
            Err(Refusal::Conflict { .. }) if attempt < ATTEMPTS_MAX => {}
            done => {
                done?;
                return Ok(report);
            }
        }
    }
    Err(Refusal::Conflict { what: "the devices change all the time".into() }.into())
}

/// What rows would make of the inventory of now.
pub(crate) async fn merge(
    app: &App,
    rows: Vec<Row<Told>>,
    source: Source,
) -> Result<Merged<Device>, Refusal> {
    let inventory = app.snapshot.read_inventory().await?;
    let telling = Telling { source, at: app.world.time(), place: "line" };
    let mut draw = || inventory::draw_id(app);
    Ok(merge::devices(inventory, rows, telling, &mut draw))
}

pub(crate) fn check_share(app: &App, taken: usize, confirm: Option<u64>) -> Result<(), Refusal> {
    let of = u64::try_from(app.snapshot.inventory().known_count()).unwrap_or(u64::MAX);
    let count = u64::try_from(taken).unwrap_or(u64::MAX);
    share::check(MassChange::Devices, (count, of), confirm)
}

/// Commits records with their events, and lets every answer rest on them.
async fn commit(
    app: &App,
    actor: &Actor,
    planned: Vec<Planned<Device>>,
    report: Option<&Report>,
) -> Result<(), Refusal> {
    let (write, events, records) = write(app, actor, Write::new(), planned, report);
    let (store, snapshot) = (app.store.clone(), Arc::clone(&app.snapshot));
    let committed = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(certificate::conflict)?;
        for (device, version) in records {
            snapshot.inventory().set_device(device, version);
        }
        Ok(())
    });
    committed.await.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))
}

/// The statements and events of records that change, and what memory will hold then.
pub(crate) fn write(
    app: &App,
    actor: &Actor,
    write: Write,
    planned: Vec<Planned<Device>>,
    report: Option<&Report>,
) -> (Write, Vec<domain::event::Event>, Vec<(Device, i64)>) {
    let now = app.world.time();
    let mut changes = Vec::new();
    let mut records = Vec::with_capacity(planned.len());
    for Planned { before, after, is_different } in planned {
        let kind =
            if before.is_some() { EventKind::ObjectChanged } else { EventKind::ObjectCreated };
        if is_different {
            let details = match &before {
                Some((before, _)) => change::changed(&change::differences(&**before, &after)),
                None => change::created(&change::record(&after).into()),
            };
            changes.push((kind, after.name.clone(), details));
        }
        let version = match before {
            Some((_, version)) => version.saturating_add(1),
            None => app.snapshot.inventory().first_version_of_device(&after.id, now),
        };
        records.push((after, version));
    }
    let rows = records.iter().map(|(device, version)| (device.clone(), version.saturating_sub(1)));
    let write = store::device::save(write, rows, now);
    let mut events = inventory::events(app, actor, "device", &changes, report);
    if events.is_empty() {
        // Told again, and nothing new: that it was is a change of its age.
        let names = records.iter().take(1).map(|(device, _)| device.name.clone());
        let again = names.map(|name| (EventKind::ObjectChanged, name, Map::new()));
        events = inventory::events(app, actor, "device", &again.collect::<Vec<_>>(), None);
    }
    (write, events, records)
}

fn check(told: &Told) -> Result<(), NotApplied> {
    let mut list = Vec::new();
    told.check(&mut Complaints::new("", &mut list));
    if list.is_empty() { Ok(()) } else { Err(NotApplied::Complaints(list)) }
}

pub(crate) fn check_text(parameter: &str, text: &str) -> Result<(), Refusal> {
    if text.len() <= TEXT_BYTES_MAX && !text.contains('\0') {
        return Ok(());
    }
    Err(wrong(parameter, "is longer than any name, or none"))
}

fn wrong(parameter: &str, what: &str) -> Refusal {
    Refusal::ParameterWrong { parameter: parameter.to_owned(), what: what.to_owned() }
}
