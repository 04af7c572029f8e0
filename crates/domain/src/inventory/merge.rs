//! What a table or a document would make of the inventory: row by row, before anything is changed.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::INVENTORY_DEVICES_MAX;
use super::INVENTORY_PEOPLE_MAX;
use super::Inventory;
use super::csv::Row;
use super::csv::check_twice;
use crate::complaint::Complaint;
use crate::device::Device;
use crate::device::DeviceId;
use crate::device::DeviceStatus;
use crate::device::Source;
use crate::device::told::Told;
use crate::object::NAME_CHARS_MAX;
use crate::person;
use crate::person::Person;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = ImportOutcome)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A record is made.
    Created,
    /// A record says something else.
    Changed,
    /// A record says the same; it is known that it was told again.
    Unchanged,
    /// The row is wrong.
    Refused,
}

/// The answer to a row.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub struct Answer {
    /// The line that the row begins in.
    pub line: u64,
    /// What the record is called.
    pub name: String,
    /// What becomes of it.
    pub outcome: Outcome,
    /// What is wrong with it, each with the column as its path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<Complaint>,
}

/// A record that would change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Planned<T> {
    /// As it is, with its version; none of a new one.
    pub before: Option<(Arc<T>, i64)>,
    /// As it would be.
    pub after: T,
    /// Whether it says anything else.
    pub is_different: bool,
}

/// What would become of the inventory.
#[derive(Clone, Debug)]
pub struct Merged<T> {
    /// Row by row.
    pub answers: Vec<Answer>,
    /// Record by record.
    pub planned: Vec<Planned<T>>,
}

/// Who tells, and when.
#[derive(Clone, Copy, Debug)]
pub struct Telling {
    /// Who.
    pub source: Source,
    /// When.
    pub at: Time,
    /// What rows are called where one names another: `line`.
    pub place: &'static str,
}

/// Merges rows about devices into an inventory. A row is about the device that has its serial
/// number, else its UDID, else its name; devices of other serial numbers that share a name have it
/// behind theirs.
pub fn devices(
    inventory: &Inventory,
    mut rows: Vec<Row<Told>>,
    telling: Telling,
    draw: &mut dyn FnMut() -> DeviceId,
) -> Merged<Device> {
    let small = |text: &Option<String>| Some(text.as_ref()?.to_lowercase());
    check_twice(&mut rows, telling.place, ("serial", |told: &Told| small(&told.serial)));
    check_twice(&mut rows, telling.place, ("udid", |told: &Told| small(&told.udid)));
    // Two without a number are told apart by their names only.
    let bare = |told: &Told| told.name.clone().filter(|_| told.serial.is_none());
    check_twice(&mut rows, telling.place, ("name", bare));
    let mut names: HashMap<String, usize> = HashMap::new();
    for name in rows.iter().filter_map(|row| row.told.name.as_ref()) {
        *names.entry(name.clone()).or_default() += 1;
    }
    let mut merger = Merger {
        inventory,
        telling,
        draw,
        names,
        taken_names: HashSet::new(),
        touched: HashMap::new(),
        yielding: Vec::new(),
        added: 0,
    };
    let mut merged = Merged { answers: Vec::with_capacity(rows.len()), planned: Vec::new() };
    for row in rows {
        let (answer, planned) = merger.row(row);
        merged.answers.push(answer);
        merged.planned.extend(planned);
    }
    // Whoever gives a number up does so before another takes it.
    let yielding = merger.yielding;
    let touched = merged.planned.iter().map(|planned| planned.after.id).collect::<HashSet<_>>();
    let yielding = yielding.into_iter().filter(|planned| !touched.contains(&planned.after.id));
    merged.planned.splice(0..0, yielding.collect::<Vec<_>>());
    merged
}

struct Merger<'a> {
    inventory: &'a Inventory,
    telling: Telling,
    draw: &'a mut dyn FnMut() -> DeviceId,
    /// How often each name is told.
    names: HashMap<String, usize>,
    taken_names: HashSet<String>,
    /// The line that is about each device.
    touched: HashMap<DeviceId, u64>,
    yielding: Vec<Planned<Device>>,
    added: usize,
}

type Wrong = Complaint;

impl Merger<'_> {
    fn row(&mut self, mut row: Row<Told>) -> (Answer, Option<Planned<Device>>) {
        let told = [&row.told.name, &row.told.serial, &row.told.udid];
        let name = told.into_iter().flatten().next().cloned().unwrap_or_default();
        let planned = if row.complaints.is_empty() { self.plan(&row) } else { Ok(None) };
        let planned = planned.unwrap_or_else(|wrong| {
            row.complaints.push(wrong);
            None
        });
        let outcome = match &planned {
            None => Outcome::Refused,
            Some(Planned { before: None, .. }) => Outcome::Created,
            Some(Planned { is_different: true, .. }) => Outcome::Changed,
            Some(_) => Outcome::Unchanged,
        };
        let name = planned.as_ref().map_or(name, |planned| planned.after.name.clone());
        (Answer { line: row.line, name, outcome, complaints: row.complaints }, planned)
    }

    fn plan(&mut self, row: &Row<Told>) -> Result<Option<Planned<Device>>, Wrong> {
        let told = &row.told;
        let before = self.find(told)?;
        let before = before.and_then(|device| self.inventory.device_and_version(&device.id));
        if let Some((device, _)) = &before
            && let Some(line) = self.touched.insert(device.id, row.line)
        {
            let what = format!("is about the same device as {} {line}", self.telling.place);
            return Err(Complaint::new("", what, "keep one of them"));
        }
        let name = self.name(told, before.as_ref().map(|(device, _)| &**device))?;
        let mut after = match &before {
            Some((device, _)) => (**device).clone(),
            None => {
                self.added += 1;
                if self.inventory.devices_count() + self.added > INVENTORY_DEVICES_MAX {
                    let what = format!("would be more than {INVENTORY_DEVICES_MAX} devices");
                    return Err(Complaint::new("", what, "remove devices that are gone"));
                }
                Device::new((self.draw)(), &name)
            }
        };
        let told = Told { name: Some(name), ..told.clone() };
        let is_different = after.tell(&told, self.telling.source, self.telling.at);
        Ok(Some(Planned { before, after, is_different }))
    }

    /// The device that a row is about.
    fn find(&mut self, told: &Told) -> Result<Option<Arc<Device>>, Wrong> {
        let inventory = self.inventory;
        let by_serial = told.serial.as_ref().and_then(|it| inventory.device_of_serial(it));
        let by_udid = told.udid.as_ref().and_then(|it| inventory.device_of_udid(it));
        let by_name = told.name.as_ref().and_then(|it| inventory.device_named(it));
        // Two devices of one name are told apart by their numbers.
        let by_name = by_name.filter(|device| {
            let differs = |told: &Option<String>, known: Option<String>| {
                told.as_ref().zip(known).is_some_and(|(told, known)| told.to_lowercase() != known)
            };
            !differs(&told.serial, device.serial_key()) && !differs(&told.udid, device.udid_key())
        });
        let known = |device: &Option<Arc<Device>>| device.as_ref().is_some_and(|it| it.is_known());
        if let (Some(one), Some(other)) = (&by_serial, &by_udid)
            && one.id != other.id
            && known(&by_serial)
            && known(&by_udid)
        {
            let (one, other) = (one.name.escape_debug(), other.name.escape_debug());
            let what = format!("is that of \"{other}\", and the serial number that of \"{one}\"");
            return Err(Complaint::new("udid", what, "correct one of the two"));
        }
        // A device that enrolled before it was known was called what its request said.
        let claimed = |text: &Option<String>| {
            let named = text.as_ref().and_then(|text| inventory.device_named(text));
            named.filter(|device| !device.is_known() && device.serial.is_none())
        };
        let (as_serial, as_udid) = (claimed(&told.serial), claimed(&told.udid));
        let candidates = [by_serial, by_udid, by_name, as_serial, as_udid];
        let first = candidates.iter().flatten().find(|device| device.is_known());
        let found = first.or_else(|| candidates.iter().flatten().next()).cloned();
        // What only a request told gives way to the inventory.
        for other in candidates.iter().flatten().filter(|device| !device.is_known()) {
            if found.as_ref().is_some_and(|found| found.id != other.id) {
                self.give_up(other, told);
            }
        }
        Ok(found)
    }

    fn give_up(&mut self, device: &Device, told: &Told) {
        let Some(before) = self.inventory.device_and_version(&device.id) else { return };
        let mut after = device.clone();
        let is = |told: &Option<String>, key: Option<String>| {
            told.as_ref().zip(key).is_some_and(|(told, key)| told.to_lowercase() == key)
        };
        if is(&told.serial, device.serial_key()) {
            after.serial = None;
        }
        if is(&told.udid, device.udid_key()) {
            after.udid = None;
        }
        if after != *device {
            self.yielding.push(Planned { before: Some(before), after, is_different: true });
        }
    }

    /// What a device will be called.
    fn name(&mut self, told: &Told, before: Option<&Device>) -> Result<String, Wrong> {
        let given = told.name.as_ref().filter(|name| !name.trim().is_empty());
        let number = told.serial.as_ref().or(told.udid.as_ref());
        let wanted = match (given, before, number) {
            (Some(name), _, _) => name.trim().to_owned(),
            (None, Some(before), _) => before.name.clone(),
            (None, None, number) => number.cloned().unwrap_or_default(),
        };
        let is_others = |name: &str| {
            let other = self.inventory.device_named(name);
            other.is_some_and(|other| before.is_none_or(|before| before.id != other.id))
        };
        let is_shared = given.is_some_and(|name| self.names.get(name).copied().unwrap_or(0) > 1);
        let is_taken = |name: &str| is_others(name) || self.taken_names.contains(name);
        let name = match number {
            Some(number) if is_shared || is_taken(&wanted) => format!("{wanted} ({number})"),
            Some(_) | None => wanted,
        };
        if is_taken(&name) || name.chars().count() > NAME_CHARS_MAX {
            let what = format!("\"{}\" is the name of another device", name.escape_debug());
            return Err(Complaint::new(
                "name",
                what,
                "name it otherwise, or give its serial number",
            ));
        }
        self.taken_names.insert(name.clone());
        Ok(name)
    }
}

/// Merges rows about people into an inventory. A row is about the person of its name, else of its
/// e-mail address or principal name.
pub fn people(
    inventory: &Inventory,
    mut rows: Vec<Row<person::Told>>,
    telling: Telling,
) -> Merged<Person> {
    for row in &mut rows {
        let told = &mut row.told;
        if told.name.is_none() {
            let account = told.email.as_ref().or(told.upn.as_ref());
            let known = account.and_then(|account| inventory.find_person(account));
            told.name = known.map(|person| person.name.clone()).or_else(|| account.cloned());
        }
    }
    check_twice(&mut rows, telling.place, ("name", |told: &person::Told| told.name.clone()));
    let mut merged = Merged { answers: Vec::with_capacity(rows.len()), planned: Vec::new() };
    let mut added = 0;
    for mut row in rows {
        let name = row.told.name.clone().unwrap_or_default();
        let before = inventory.person_and_version(&name);
        added += usize::from(before.is_none());
        if inventory.people_count() + added > INVENTORY_PEOPLE_MAX {
            let what = format!("would be more than {INVENTORY_PEOPLE_MAX} people");
            row.complaints.push(Complaint::new("", what, "remove those who are gone"));
        }
        let mut after = match &before {
            Some((person, _)) => (**person).clone(),
            None => Person::new(&name, telling.source, telling.at),
        };
        let is_different = after.tell(&row.told, telling.source, telling.at) || before.is_none();
        let outcome = match (row.complaints.is_empty(), &before, is_different) {
            (false, _, _) => Outcome::Refused,
            (true, None, _) => Outcome::Created,
            (true, Some(_), true) => Outcome::Changed,
            (true, Some(_), false) => Outcome::Unchanged,
        };
        if outcome != Outcome::Refused {
            merged.planned.push(Planned { before, after, is_different });
        }
        let complaints = row.complaints;
        merged.answers.push(Answer { line: row.line, name, outcome, complaints });
    }
    merged
}

/// Whether a change takes something from a device that networks may rest on: its use, its owner,
/// its tags. What a mistake in a table would do to many.
pub fn takes(planned: &Planned<Device>) -> bool {
    let Some((before, _)) = &planned.before else { return false };
    let after = &planned.after;
    if !before.is_known() {
        return false;
    }
    let was_in_use = before.status() == DeviceStatus::Active;
    (was_in_use && after.status() != DeviceStatus::Active)
        || differs(
            before.owner.as_ref().map(|it| &it.value),
            after.owner.as_ref().map(|it| &it.value),
        )
        || differs(
            before.tags.as_ref().map(|it| &it.value),
            after.tags.as_ref().map(|it| &it.value),
        )
}

/// Whether something that was known becomes something else.
fn differs<T: PartialEq>(before: Option<&T>, after: Option<&T>) -> bool {
    before.is_some() && before != after
}

#[cfg(test)]
mod tests {
    use super::super::csv;
    use super::*;

    const NOW: Time = Time(1_800_000_000);

    fn merge(inventory: &Inventory, text: &str) -> Merged<Device> {
        let rows = csv::read::<Told>(text.as_bytes()).unwrap().rows;
        let telling = Telling { source: Source::Import, at: NOW, place: "line" };
        let mut next = 1000;
        let mut draw = || {
            next += 1;
            DeviceId(next)
        };
        devices(inventory, rows, telling, &mut draw)
    }

    fn put(inventory: &Inventory, merged: &Merged<Device>) {
        for planned in &merged.planned {
            let version = planned.before.as_ref().map_or(1, |(_, version)| version + 1);
            inventory.set_device(planned.after.clone(), version);
        }
    }

    fn outcomes<T>(merged: &Merged<T>) -> Vec<(&str, Outcome)> {
        merged.answers.iter().map(|answer| (answer.name.as_str(), answer.outcome)).collect()
    }

    fn claimed(inventory: &Inventory, id: u64, name: &str, serial: &str) {
        let mut device = Device::new(DeviceId(id), name);
        let told = Told { serial: Some(serial.to_owned()), ..Told::default() };
        device.tell(&told, Source::Request, NOW);
        inventory.set_device(device, 1);
    }

    #[test]
    fn a_table_makes_changes_and_leaves_alone() {
        let inventory = Inventory::default();
        let merged = merge(&inventory, "name,serial,os\nA,S1,macOS\nB,S2,iOS\n,S3,\n");
        let new = Outcome::Created;
        assert_eq!(outcomes(&merged), [("A", new), ("B", new), ("S3", new)]);
        put(&inventory, &merged);
        let merged = merge(&inventory, "name,serial,os\nA2,s1,macOS\n,S2,iOS\n,S3,\n");
        let (same, other) = (Outcome::Unchanged, Outcome::Changed);
        assert_eq!(outcomes(&merged), [("A2", other), ("B", same), ("S3", same)]);
        assert!(merged.planned.iter().all(|planned| !takes(planned)));
        assert_eq!(outcomes(&merge(&inventory, "name\n")), []);
    }

    #[test]
    fn devices_that_share_a_name_have_their_number_behind_it_and_keep_it() {
        let inventory = Inventory::default();
        let text = "name,serial\niPad,S1\niPad,S2\nMac,S3\n";
        let merged = merge(&inventory, text);
        let new = Outcome::Created;
        assert_eq!(outcomes(&merged), [("iPad (S1)", new), ("iPad (S2)", new), ("Mac", new)]);
        put(&inventory, &merged);
        let same = Outcome::Unchanged;
        let again = merge(&inventory, text);
        assert_eq!(outcomes(&again), [("iPad (S1)", same), ("iPad (S2)", same), ("Mac", same)]);
        // Another device of a name that is taken.
        assert_eq!(outcomes(&merge(&inventory, "name,serial\nMac,S4\n")), [("Mac (S4)", new)]);
    }

    #[test]
    fn rows_about_the_same_device_and_rows_that_contradict_are_refused() {
        let inventory = Inventory::default();
        put(&inventory, &merge(&inventory, "name,serial,udid\nA,S1,U1\nB,S2,U2\n"));
        let words = |text: &str| -> Vec<String> {
            let merged = merge(&inventory, text);
            let complaints = merged.answers.iter().flat_map(|answer| &answer.complaints);
            complaints.map(ToString::to_string).collect()
        };
        let twice = words("name,serial\nX,S9\nY,s9\n");
        assert_eq!(twice[0], "serial: is also that of line 3; keep one of them");
        assert_eq!(twice.len(), 2);
        assert_eq!(words("name\nX\nX\n").len(), 2);
        let same = words("name,serial\nA,\nZ,S1\n");
        assert_eq!(same, [": is about the same device as line 2; keep one of them"]);
        let both = words("name,serial,udid\nC,S1,U2\n");
        let expected = "udid: is that of \"B\", and the serial number that of \"A\"";
        assert!(both[0].starts_with(expected), "{both:?}");
    }

    #[test]
    fn what_only_requests_told_is_completed_or_gives_way() {
        let inventory = Inventory::default();
        claimed(&inventory, 1, "S1", "S1");
        claimed(&inventory, 2, "evil", "S2");
        put(&inventory, &merge(&inventory, "name\nB\n"));
        let merged = merge(&inventory, "name,serial\nA,S1\nB,S2\n");
        assert_eq!(outcomes(&merged), [("A", Outcome::Changed), ("B", Outcome::Changed)]);
        // The same record, in the inventory from now on.
        let of = |name: &str| {
            merged.planned.iter().find(|planned| planned.after.name == name).unwrap().after.clone()
        };
        assert!(of("A").id == DeviceId(1) && of("A").is_known());
        assert_eq!(merged.planned[0].after.name, "evil");
        assert_eq!((of("evil").serial, of("B").serial_key().as_deref()), (None, Some("s2")));
        put(&inventory, &merged);
        assert_eq!(inventory.device_of_serial("S2").unwrap().name, "B");
    }

    #[test]
    fn a_device_that_enrolled_first_is_the_one_that_the_table_tells_of() {
        let inventory = Inventory::default();
        let mut claimed = Device::new(DeviceId(7), "C02X");
        claimed.tell(&Told::default(), Source::Request, Time(1));
        inventory.set_device(claimed, 1);
        let merged = merge(&inventory, "name,serial\nMacBook 1,C02X\n");
        assert_eq!(outcomes(&merged), [("MacBook 1", Outcome::Changed)]);
        assert_eq!(merged.planned[0].after.id, DeviceId(7));
    }

    #[test]
    fn what_is_taken_from_devices_is_seen() {
        let inventory = Inventory::default();
        let text = "name,status,owner,tags\nA,active,Anna,t\nB,,,\nC,lost,,\n";
        put(&inventory, &merge(&inventory, text));
        let count = |text: &str| {
            merge(&inventory, text).planned.iter().filter(|planned| takes(planned)).count()
        };
        assert_eq!(count("name,status\nA,lost\nB,retired\nC,wiped\n"), 2);
        assert_eq!(count("name,owner\nA,Ben\nB,Ben\nC,Ben\n"), 1);
        assert_eq!(count("name,tags\nA,u\nB,u\nC,u\n"), 1);
        assert_eq!(count("name,owner,tags,os\nA,Anna,t,macOS\n"), 0);
    }

    #[test]
    fn people_are_merged_by_their_name_or_account() {
        let inventory = Inventory::default();
        let merge = |text: &str| {
            let rows = csv::read::<person::Told>(text.as_bytes()).unwrap().rows;
            people(&inventory, rows, Telling { source: Source::Import, at: NOW, place: "line" })
        };
        let merged = merge("name,email\nAnna,anna@x.example\n,ben@x.example\n");
        let new = Outcome::Created;
        assert_eq!(outcomes(&merged), [("Anna", new), ("ben@x.example", new)]);
        for planned in merged.planned {
            inventory.set_person(planned.after, 1);
        }
        let merged = merge("email,groups\nANNA@x.example,art\nben@x.example,\n");
        let (changed, same) = (Outcome::Changed, Outcome::Unchanged);
        assert_eq!(outcomes(&merged), [("Anna", changed), ("ben@x.example", same)]);
        let refused = Outcome::Refused;
        assert_eq!(outcomes(&merge("name\nX\nX\n")), [("X", refused), ("X", refused)]);
    }
}
