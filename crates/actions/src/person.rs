//! People: listing, showing, telling of and removing them, one by one or by the table.

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::complaint::Complaint;
use domain::complaint::Complaints;
use domain::device::Source;
use domain::event::EventKind;
use domain::inventory::csv;
use domain::inventory::csv::Row;
use domain::inventory::merge;
use domain::inventory::merge::Merged;
use domain::inventory::merge::Outcome;
use domain::inventory::merge::Planned;
use domain::inventory::merge::Telling;
use domain::person::Person;
use domain::person::Told;
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::Map;
use store::device::PAGE_MAX;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::certificate;
use crate::certificate::Page;
use crate::change;
use crate::device::check_text;
use crate::inventory;
use crate::inventory::ATTEMPTS_MAX;
use crate::inventory::Import;
use crate::inventory::Report;
use crate::object;
use crate::organization::NotApplied;
use crate::unavailable;

/// Devices that are shown with a person, at most.
const DEVICES_MAX: usize = 100;

/// A person as people and programs see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PersonShown)]
pub struct Shown {
    /// What is known of them.
    #[serde(flatten)]
    pub person: Person,
    /// The names of their devices; only where one person is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<String>>,
}

/// A page of people, by their name: of all, or of those whose name begins so.
pub async fn list(
    app: &App,
    actor: &Actor,
    start: &str,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::InventoryRead)?;
    check_text("search", start)?;
    check_text("cursor", cursor.unwrap_or_default())?;
    let limit = limit.clamp(1, PAGE_MAX);
    let page = store::person::list(&app.store, start, cursor, limit).await.map_err(unavailable)?;
    let full = u32::try_from(page.len()).is_ok_and(|count| count == limit);
    let next = page.last().filter(|_| full).map(|last| last.person.name.clone());
    let shown = |kept: store::person::Kept| Shown { person: kept.person, devices: None };
    Ok(Page { items: page.into_iter().map(shown).collect(), next })
}

/// One person, with their devices: by name, e-mail address or principal name.
pub async fn show(app: &App, actor: &Actor, text: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::InventoryRead)?;
    let (person, _) = find(app, text).await?;
    let devices = app.snapshot.inventory().devices_of(&person);
    let mut devices: Vec<String> = devices.iter().map(|device| device.name.clone()).collect();
    devices.sort();
    devices.truncate(DEVICES_MAX);
    Ok(Shown { person: (*person).clone(), devices: Some(devices) })
}

pub(crate) async fn find(app: &App, text: &str) -> Result<(Arc<Person>, i64), Refusal> {
    check_text("person", text)?;
    let inventory = app.snapshot.read_inventory().await?;
    let found = inventory.find_person(text).and_then(|it| inventory.person_and_version(&it.name));
    found.ok_or_else(|| Refusal::NotFound { noun: "person".into(), name: text.to_owned() })
}

/// Makes a person, who must be new.
pub async fn create(app: &App, actor: &Actor, told: Told) -> Result<Shown, NotApplied> {
    let name = told.name.clone().unwrap_or_default();
    let answer = async {
        actor.may(Permission::InventoryChange)?;
        if name.is_empty() {
            let complaint = Complaint::new("name", "is missing", "say what the person is called");
            return Err(NotApplied::Complaints(vec![complaint]));
        }
        let _one_at_a_time = app.keeping.lock().await;
        if app.snapshot.read_inventory().await?.person(&name).is_some() {
            let what = format!("there is a person \"{name}\" already");
            return Err(Refusal::Conflict { what }.into());
        }
        tell_one(app, actor, told, None).await
    };
    let answer = answer.await;
    inventory::note(app, actor, format!("person:{name}"), &answer).await;
    answer
}

/// Tells of a person, who is made if there is none of this name.
pub async fn save(app: &App, actor: &Actor, name: &str, told: Told) -> Result<Shown, NotApplied> {
    let told = Told { name: Some(name.to_owned()), ..told };
    let answer = async {
        actor.may(Permission::InventoryChange)?;
        let _one_at_a_time = app.keeping.lock().await;
        tell_one(app, actor, told, None).await
    };
    let answer = answer.await;
    inventory::note(app, actor, format!("person:{name}"), &answer).await;
    answer
}

/// What tells this version of a person from others: what is known of them, and not who told it when.
#[must_use]
pub fn etag(person: &Person) -> String {
    object::etag_of(0, &change::record(person))
}

/// Tells of a person who is there; refused if they are not of the version that is meant. Their name
/// is what devices call their owner by, and stays.
pub async fn tell(
    app: &App,
    actor: &Actor,
    (text, etag): (&str, Option<&str>),
    told: Told,
) -> Result<Shown, NotApplied> {
    let answer = async {
        actor.may(Permission::InventoryChange)?;
        let _one_at_a_time = app.keeping.lock().await;
        let (person, _) = find(app, text).await?;
        if told.name.as_ref().is_some_and(|name| *name != person.name) {
            let fix = "add a person of the other name, and remove this one";
            let complaint = Complaint::new("name", "is what devices name their owner by", fix);
            return Err(NotApplied::Complaints(vec![complaint]));
        }
        tell_one(app, actor, Told { name: Some(person.name.clone()), ..told }, etag).await
    };
    let answer = answer.await;
    inventory::note(app, actor, format!("person:{text}"), &answer).await;
    answer
}

async fn tell_one(
    app: &App,
    actor: &Actor,
    told: Told,
    meant: Option<&str>,
) -> Result<Shown, NotApplied> {
    let mut list = Vec::new();
    told.check(&mut Complaints::new("", &mut list));
    if !list.is_empty() {
        return Err(NotApplied::Complaints(list));
    }
    let name = told.name.clone().unwrap_or_default();
    let row = Row { line: 1, told, complaints: Vec::new() };
    for attempt in 1..=ATTEMPTS_MAX {
        if meant.is_some() {
            let (before, _) = find(app, &name).await?;
            object::check_etag(meant, &etag(&before), ("person", &name))?;
        }
        let merged = merge(app, vec![row.clone()], Source::Administrator).await?;
        if merged.answers.iter().any(|answer| answer.outcome == Outcome::Refused) {
            let complaints = merged.answers.into_iter().flat_map(|answer| answer.complaints);
            return Err(NotApplied::Complaints(complaints.collect()));
        }
        match commit(app, actor, merged.planned, None).await {
            Err(Refusal::Conflict { .. }) if attempt < ATTEMPTS_MAX => {}
            done => {
                done?;
                let (person, _) = find(app, &name).await?;
                return Ok(Shown { person: (*person).clone(), devices: None });
            }
        }
    }
    Err(Refusal::Conflict { what: "the person changes all the time".into() }.into())
}

/// Removes a person. Devices that name them as their owner go on doing so.
pub async fn remove(app: &App, actor: &Actor, text: &str) -> Result<(), NotApplied> {
    let answer = try_remove(app, actor, text).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("person:{text}"), &answer).await;
    answer
}

async fn try_remove(app: &App, actor: &Actor, text: &str) -> Result<(), Refusal> {
    actor.may(Permission::InventoryChange)?;
    let _one_at_a_time = app.keeping.lock().await;
    let (person, version) = find(app, text).await?;
    let name = person.name.clone();
    let details = change::removed(&change::record(&*person).into());
    let changes = [(EventKind::ObjectRemoved, name.clone(), details)];
    let events = inventory::events(app, actor, "person", &changes, None);
    let write = store::person::remove(Write::new(), &[(name.clone(), version)]);
    let (store, snapshot) = (app.store.clone(), Arc::clone(&app.snapshot));
    let removed = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(certificate::conflict)?;
        snapshot.inventory().remove_person(&name, version.saturating_add(1));
        Ok(())
    });
    removed.await.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))
}

/// Imports a table, all or nothing, or says what that would change.
pub async fn import(
    app: &App,
    actor: &Actor,
    table: &[u8],
    import: Import,
) -> Result<Report, NotApplied> {
    let answer = try_import(app, actor, table, import).await;
    inventory::note(app, actor, "person:*".to_owned(), &answer).await;
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
        let report = Report::of(merged.answers, 0, table.ignored.clone());
        if import.dry_run {
            return Ok(report);
        }
        if report.refused > 0 && !import.skip_bad_rows {
            return Err(NotApplied::Complaints(report.complaints()));
        }
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
    Err(Refusal::Conflict { what: "the people change all the time".into() }.into())
}

/// What rows would make of the people of now.
pub(crate) async fn merge(
    app: &App,
    rows: Vec<Row<Told>>,
    source: Source,
) -> Result<Merged<Person>, Refusal> {
    let inventory = app.snapshot.read_inventory().await?;
    let telling = Telling { source, at: app.world.time(), place: "line" };
    Ok(merge::people(inventory, rows, telling))
}

/// Commits records with their events, and lets every answer rest on them.
async fn commit(
    app: &App,
    actor: &Actor,
    planned: Vec<Planned<Person>>,
    report: Option<&Report>,
) -> Result<(), Refusal> {
    let (write, events, records) = write(app, actor, Write::new(), planned, report);
    let (store, snapshot) = (app.store.clone(), Arc::clone(&app.snapshot));
    let committed = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(certificate::conflict)?;
        for (person, version) in records {
            snapshot.inventory().set_person(person, version);
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
    planned: Vec<Planned<Person>>,
    report: Option<&Report>,
) -> (Write, Vec<domain::event::Event>, Vec<(Person, i64)>) {
    let now = app.world.time();
    let mut changes = Vec::new();
    let mut records = Vec::with_capacity(planned.len());
    for Planned { before, after, is_different } in planned {
        match &before {
            Some((before, _)) if is_different => {
                let details = change::changed(&change::differences(&**before, &after));
                changes.push((EventKind::ObjectChanged, after.name.clone(), details));
            }
            Some(_) => {}
            None => {
                let details = change::created(&change::record(&after).into());
                changes.push((EventKind::ObjectCreated, after.name.clone(), details));
            }
        }
        let version = match before {
            Some((_, version)) => version.saturating_add(1),
            None => app.snapshot.inventory().first_version_of_person(&after.name, now),
        };
        records.push((after, version));
    }
    let rows = records.iter().map(|(person, version)| (person.clone(), version.saturating_sub(1)));
    let write = store::person::save(write, rows, now);
    let mut events = inventory::events(app, actor, "person", &changes, report);
    if events.is_empty() {
        // Told again, and nothing new: that it was is a change of its age.
        let names = records.iter().take(1).map(|(person, _)| person.name.clone());
        let again = names.map(|name| (EventKind::ObjectChanged, name, Map::new()));
        events = inventory::events(app, actor, "person", &again.collect::<Vec<_>>(), None);
    }
    (write, events, records)
}
