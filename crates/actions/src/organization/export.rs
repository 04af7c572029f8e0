//! Export: the organization as the document that makes the same one again. No secret is in it.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::object::Kind;
use domain::organization::document::OBJECTS_MAX;
use domain::organization::export;
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::App;

/// The definitions of now, and what the inventory knows if that is wanted too.
pub async fn export(
    app: &App,
    actor: &Actor,
    with_inventory: bool,
) -> Result<Map<String, Value>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let mut document = export::document(&app.snapshot.rules().organization);
    if !with_inventory {
        return Ok(document);
    }
    actor.may(Permission::InventoryRead)?;
    let inventory = app.snapshot.read_inventory().await?;
    // Before a million records are copied.
    check_size(Kind::Device, inventory.known_count())?;
    check_size(Kind::Person, inventory.people_count())?;
    let mut people: Vec<_> = inventory.people().into_iter().map(|(person, _)| person).collect();
    people.sort_by(|one, other| one.name.cmp(&other.name));
    add(&mut document, Kind::Person, people.iter().map(|person| export::person(person)));
    let devices = inventory.devices().into_iter().map(|(device, _)| device);
    let mut devices: Vec<_> = devices.filter(|device| device.is_known()).collect();
    devices.sort_by(|one, other| one.name.cmp(&other.name));
    add(&mut document, Kind::Device, devices.iter().map(|device| export::device(device)));
    Ok(document)
}

fn add(
    document: &mut Map<String, Value>,
    kind: Kind,
    records: impl Iterator<Item = impl Serialize>,
) {
    let records: Vec<Value> = records.filter_map(|it| serde_json::to_value(it).ok()).collect();
    if !records.is_empty() {
        document.insert(kind.as_str().to_owned(), Value::from(records));
    }
}

/// A document holds so many records of a kind, and people read it.
fn check_size(kind: Kind, count: usize) -> Result<(), Refusal> {
    if count <= OBJECTS_MAX {
        return Ok(());
    }
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Err(Refusal::ExportTooLarge { kind, count: number(count), most: number(OBJECTS_MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inventory_beyond_a_file_is_refused_and_the_way_out_is_named() {
        assert!(check_size(Kind::Device, OBJECTS_MAX).is_ok());
        let refusal = check_size(Kind::Device, OBJECTS_MAX + 1).unwrap_err();
        assert_eq!(refusal.code(), "API-EXPORT-LARGE");
        assert_eq!(
            refusal.sentence(),
            "the inventory has 20001 records of the kind device, and a file holds 20000"
        );
        assert!(refusal.fix().contains("device list") && refusal.fix().contains("CSV"));
    }
}
