//! What a declarative file tells of devices and people: part of the same plan and commit as the
//! rest of it.

use domain::actor::Actor;
use domain::complaint::Complaint;
use domain::device::Device;
use domain::device::Source;
use domain::inventory::csv::check_twice;
use domain::inventory::merge;
use domain::inventory::merge::Answer;
use domain::inventory::merge::Merged;
use domain::inventory::merge::Planned;
use domain::inventory::merge::Telling;
use domain::object::Kind;
use domain::organization::document;
use domain::person::Person;
use domain::plan::Change;
use domain::plan::Plan;
use domain::refusal::Refusal;
use serde::Serialize;
use serde_json::Value;
use store::write::Write;

use super::draw_id;
use crate::App;
use crate::change;
use crate::device;
use crate::organization::NotApplied;
use crate::person;

/// The records that a file changes.
pub(crate) struct Told {
    devices: Vec<Planned<Device>>,
    people: Vec<Planned<Person>>,
    unchanged: usize,
}

/// What memory will hold.
pub(crate) struct Records {
    devices: Vec<(Device, i64)>,
    people: Vec<(Person, i64)>,
}

/// Merges what a file tells into the inventory, or says what is wrong with it.
pub(crate) async fn merge(app: &App, told: document::Told) -> Result<Told, NotApplied> {
    let document::Told { mut devices, people } = told;
    if devices.is_empty() && people.is_empty() {
        return Ok(Told { devices: Vec::new(), people: Vec::new(), unchanged: 0 });
    }
    let inventory = app.snapshot.read_inventory().await?;
    let telling = Telling { source: Source::File, at: app.world.time(), place: "entry" };
    // Whoever writes names by hand means each of them.
    check_twice(&mut devices, telling.place, ("name", |told: &_| name_of(told)));
    let mut draw = || draw_id(app);
    let devices = merge::devices(inventory, devices, telling, &mut draw);
    let people = merge::people(inventory, people, telling);
    let mut complaints = complaints(Kind::Person, &people.answers);
    complaints.extend(self::complaints(Kind::Device, &devices.answers));
    if !complaints.is_empty() {
        return Err(NotApplied::Complaints(complaints));
    }
    let (devices, devices_same) = changed(devices);
    let (people, people_same) = changed(people);
    Ok(Told { devices, people, unchanged: devices_same + people_same })
}

fn name_of(told: &domain::device::told::Told) -> Option<String> {
    told.name.clone()
}

/// Those that say something else; what a file says again is no newer than it was.
fn changed<T>(merged: Merged<T>) -> (Vec<Planned<T>>, usize) {
    let all = merged.planned.len();
    let changed: Vec<_> = merged.planned.into_iter().filter(|one| one.is_different).collect();
    let same = all - changed.len();
    (changed, same)
}

fn complaints(kind: Kind, answers: &[Answer]) -> Vec<Complaint> {
    let of_answer = answers.iter().flat_map(|answer| {
        answer.complaints.iter().map(move |complaint| {
            let column = if complaint.path.is_empty() { "name" } else { &complaint.path };
            let path = format!("{kind}[{}].{column}", answer.line.saturating_sub(1));
            Complaint::new(path, complaint.what.clone(), complaint.fix.clone())
        })
    });
    of_answer.collect()
}

impl Told {
    /// Adds these records to the plan of the whole file.
    pub(crate) fn join(&self, plan: &mut Plan) {
        join(plan, Kind::Person, &self.people, |person| &person.name);
        join(plan, Kind::Device, &self.devices, |device| &device.name);
        plan.unchanged += self.unchanged;
    }

    /// The records that are new, as events tell them.
    pub(crate) fn created(&self) -> impl Iterator<Item = (Kind, String, Value)> {
        let people = self.people.iter().filter(|one| one.before.is_none());
        let people = people
            .map(|one| (Kind::Person, one.after.name.clone(), change::record(&one.after).into()));
        let devices = self.devices.iter().filter(|one| one.before.is_none());
        let devices = devices
            .map(|one| (Kind::Device, one.after.name.clone(), change::record(&one.after).into()));
        people.chain(devices)
    }

    /// Refuses to take use, owner or tags from more devices than are meant.
    pub(crate) fn check_share(&self, app: &App, confirm: Option<u64>) -> Result<(), Refusal> {
        let taken = self.devices.iter().filter(|planned| merge::takes(planned)).count();
        device::check_share(app, taken, confirm)
    }

    /// Adds the statements. The events are those of the plan.
    pub(crate) fn write(self, app: &App, actor: &Actor, write: Write) -> (Write, Records) {
        let (write, _, people) = person::write(app, actor, write, self.people, None);
        let (write, _, devices) = device::write(app, actor, write, self.devices, None);
        (write, Records { devices, people })
    }
}

fn join<T: Serialize>(
    plan: &mut Plan,
    kind: Kind,
    planned: &[Planned<T>],
    name: fn(&T) -> &String,
) {
    for Planned { before, after, .. } in planned {
        let name = name(after).clone();
        match before {
            None => plan.create.push(Change::new(kind, name, Vec::new())),
            Some((before, _)) => {
                plan.change.push(Change::new(kind, name, change::differences(&**before, after)));
            }
        }
    }
}

impl Records {
    /// Lets memory know the records as they are kept.
    pub(crate) fn remember(self, app: &App) {
        for (device, version) in self.devices {
            app.snapshot.inventory().set_device(device, version);
        }
        for (person, version) in self.people {
            app.snapshot.inventory().set_person(person, version);
        }
    }
}
