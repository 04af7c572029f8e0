//! The inventory: devices and people as they are found, by name, serial number, UDID, address.
//!
//! It is read by every login and changed one record at a time: shards, so that no change copies it
//! and none stops who reads. Nothing told late replaces what is newer.

pub mod csv;
pub mod listing;
pub mod matching;
pub mod merge;
mod removed;
mod shards;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use pki::time::Time;

use self::removed::Removed;
use self::shards::Index;
use self::shards::Shards;
use crate::device::Device;
use crate::device::DeviceId;
use crate::device::DeviceStatus;
use crate::mac;
use crate::person::Person;

/// Most devices that memory holds: with a kilobyte each, a quarter of a gigabyte.
pub const INVENTORY_DEVICES_MAX: usize = 250_000;

/// Most people that memory holds.
pub const INVENTORY_PEOPLE_MAX: usize = 250_000;

/// Devices of which only requests told, at most. Whoever knows a gateway's secret may ask under as
/// many names as he likes; they leave most of memory to the inventory.
pub const DEVICES_OF_REQUESTS_MAX: usize = 100_000;

/// Every device and person, in memory.
#[derive(Debug)]
pub struct Inventory {
    devices: Shards<DeviceId, Held<Device>>,
    device_names: Index<DeviceId>,
    serials: Index<DeviceId>,
    udids: Index<DeviceId>,
    macs: Index<DeviceId>,
    /// Devices by their owner, as that was told, in small letters.
    owned: Index<DeviceId>,
    people: Shards<Arc<str>, Held<Person>>,
    emails: Index<Arc<str>>,
    upns: Index<Arc<str>>,
    /// Records change one after the other, so that the indexes say what the records do.
    writing: Mutex<Writing>,
    devices_count: AtomicUsize,
    known_count: AtomicUsize,
    people_count: AtomicUsize,
}

/// A record and its version: of two that are told the higher is the newer.
#[derive(Debug)]
struct Held<T> {
    record: Arc<T>,
    version: i64,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self { record: Arc::clone(&self.record), version: self.version }
    }
}

#[derive(Debug, Default)]
struct Writing {
    devices: Removed<DeviceId>,
    people: Removed<Arc<str>>,
}

/// What became of a record that memory was told of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// Memory has it, or a newer one.
    Known,
    /// Memory is full.
    Full,
}

impl Default for Inventory {
    fn default() -> Self {
        Self {
            devices: Shards::default(),
            device_names: Index::default(),
            serials: Index::default(),
            udids: Index::default(),
            macs: Index::default(),
            owned: Index::default(),
            people: Shards::default(),
            emails: Index::default(),
            upns: Index::default(),
            writing: Mutex::default(),
            devices_count: AtomicUsize::new(0),
            known_count: AtomicUsize::new(0),
            people_count: AtomicUsize::new(0),
        }
    }
}

impl Inventory {
    /// The device of this id.
    pub fn device(&self, id: &DeviceId) -> Option<Arc<Device>> {
        self.devices.get(id).map(|held| held.record)
    }

    /// The device of this id, and the version of its record.
    pub fn device_and_version(&self, id: &DeviceId) -> Option<(Arc<Device>, i64)> {
        self.devices.get(id).map(|held| (held.record, held.version))
    }

    /// The device that somebody means by a name, serial number, UDID, id or address, looked for in
    /// that order.
    pub fn find_device(&self, text: &str) -> Option<Arc<Device>> {
        let text = text.trim();
        let small = text.to_lowercase();
        let by_id = || DeviceId::parse(text).filter(|id| self.device(id).is_some());
        let by_mac = || self.macs.one(&mac::normalize(text)?);
        let id = self.device_names.one(text);
        let id = id.or_else(|| self.serials.one(&small)).or_else(|| self.udids.one(&small));
        self.device(&id.or_else(by_id).or_else(by_mac)?)
    }

    /// The device of exactly this name.
    pub fn device_named(&self, name: &str) -> Option<Arc<Device>> {
        self.device(&self.device_names.one(name)?)
    }

    /// The device that has this serial number.
    pub fn device_of_serial(&self, serial: &str) -> Option<Arc<Device>> {
        self.device(&self.serials.one(&serial.trim().to_lowercase())?)
    }

    /// The device that has this UDID.
    pub fn device_of_udid(&self, udid: &str) -> Option<Arc<Device>> {
        self.device(&self.udids.one(&udid.trim().to_lowercase())?)
    }

    /// The devices that have this address, written as [`mac::normalize`] does, by their id.
    pub fn devices_of_mac(&self, address: &str) -> Vec<Arc<Device>> {
        self.macs.all(address).iter().filter_map(|id| self.device(id)).collect()
    }

    /// The person of this name.
    pub fn person(&self, name: &str) -> Option<Arc<Person>> {
        self.people.get(name).map(|held| held.record)
    }

    /// The person of this name, and the version of the record.
    pub fn person_and_version(&self, name: &str) -> Option<(Arc<Person>, i64)> {
        self.people.get(name).map(|held| (held.record, held.version))
    }

    /// The person whom a name, e-mail address or principal name is meant for.
    pub fn find_person(&self, text: &str) -> Option<Arc<Person>> {
        let small = text.trim().to_lowercase();
        let by_account = || self.emails.one(&small).or_else(|| self.upns.one(&small));
        self.person(text).or_else(|| self.person(&by_account()?))
    }

    /// Whose a device is. Tables name owners by e-mail address as well as by name.
    pub fn owner_of(&self, device: &Device) -> Option<Arc<Person>> {
        let owner = Device::inventory_of(device.owner.as_ref())?;
        self.find_person(&owner.value)
    }

    /// The devices that name a person as their owner, by any of the names that person has.
    pub fn devices_of(&self, person: &Person) -> Vec<Arc<Device>> {
        let names = [Some(person.name.to_lowercase()), person.email_key(), person.upn_key()];
        let mut ids: Vec<DeviceId> =
            names.iter().flatten().flat_map(|name| self.owned.all(name)).collect();
        ids.sort();
        ids.dedup();
        ids.iter().filter_map(|id| self.device(id)).collect()
    }

    /// How many devices there are, those that only requests told of among them.
    pub fn devices_count(&self) -> usize {
        self.devices_count.load(Ordering::Relaxed)
    }

    /// How many of them are in the inventory.
    pub fn known_count(&self) -> usize {
        self.known_count.load(Ordering::Relaxed)
    }

    /// How many devices only requests told of.
    pub fn claimed_count(&self) -> usize {
        self.devices_count().saturating_sub(self.known_count())
    }

    /// How many people there are.
    pub fn people_count(&self) -> usize {
        self.people_count.load(Ordering::Relaxed)
    }

    /// Every device, in no order.
    pub fn devices(&self) -> Vec<(Arc<Device>, i64)> {
        self.devices.values().into_iter().map(|held| (held.record, held.version)).collect()
    }

    /// Every person, in no order.
    pub fn people(&self) -> Vec<(Arc<Person>, i64)> {
        self.people.values().into_iter().map(|held| (held.record, held.version)).collect()
    }

    /// Whether memory knows this version of a device, or a newer; that it was removed, too.
    pub fn knows_device(&self, id: &DeviceId, version: i64) -> bool {
        self.devices.get(id).is_some_and(|held| held.version >= version)
            || self.writing().devices.since(id).is_some_and(|since| since >= version)
    }

    /// Whether memory knows this version of a person, or a newer; that it was removed, too.
    pub fn knows_person(&self, name: &str, version: i64) -> bool {
        self.people.get(name).is_some_and(|held| held.version >= version)
            || self.writing().people.since(name).is_some_and(|since| since >= version)
    }

    /// The version that a new record of this id begins with: behind that of any before it.
    pub fn first_version_of_device(&self, id: &DeviceId, now: Time) -> i64 {
        now.0.max(self.writing().devices.since(id).map_or(1, |since| since.saturating_add(1)))
    }

    /// The version that a new record of this name begins with: behind that of any before it.
    pub fn first_version_of_person(&self, name: &str, now: Time) -> i64 {
        now.0.max(self.writing().people.since(name).map_or(1, |since| since.saturating_add(1)))
    }

    /// From now on a device is this, unless memory knows a newer version.
    pub fn set_device(&self, device: Device, version: i64) -> Kept {
        let mut writing = self.writing();
        let id = device.id;
        let old = self.devices.get(&id);
        if writing.devices.since(&id).is_some_and(|since| since >= version)
            || old.as_ref().is_some_and(|old| old.version > version)
        {
            return Kept::Known;
        }
        if old.is_none() && self.devices_count() >= INVENTORY_DEVICES_MAX {
            return Kept::Full;
        }
        writing.devices.forget(&id);
        let record = Arc::new(device);
        let keys = keys(&record);
        for (by, key) in &keys {
            self.index(*by).add(key.clone(), id);
        }
        self.count(old.as_ref().map(|old| &*old.record), Some(&record));
        self.devices.insert(id, Held { record, version });
        if let Some(old) = old {
            for (by, key) in self::keys(&old.record).iter().filter(|key| !keys.contains(key)) {
                self.index(*by).remove(key, &id);
            }
        }
        Kept::Known
    }

    /// A device was removed; `version` is the one that its record would have had.
    pub fn remove_device(&self, id: &DeviceId, version: i64) {
        let mut writing = self.writing();
        if self.devices.get(id).is_some_and(|held| held.version > version) {
            return;
        }
        writing.devices.note(*id, version);
        if let Some(old) = self.devices.remove(id) {
            for (by, key) in keys(&old.record) {
                self.index(by).remove(&key, id);
            }
            self.count(Some(&old.record), None);
        }
    }

    /// From now on a person is this, unless memory knows a newer version.
    pub fn set_person(&self, person: Person, version: i64) -> Kept {
        let mut writing = self.writing();
        let name = Arc::<str>::from(person.name.as_str());
        let old = self.people.get(&*name);
        if writing.people.since(&*name).is_some_and(|since| since >= version)
            || old.as_ref().is_some_and(|old| old.version > version)
        {
            return Kept::Known;
        }
        if old.is_none() && self.people_count() >= INVENTORY_PEOPLE_MAX {
            return Kept::Full;
        }
        writing.people.forget(&*name);
        if let Some(old) = &old {
            self.forget_accounts(&old.record, &name);
        } else {
            self.people_count.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(email) = person.email_key() {
            self.emails.add(email, Arc::clone(&name));
        }
        if let Some(upn) = person.upn_key() {
            self.upns.add(upn, Arc::clone(&name));
        }
        self.people.insert(name, Held { record: Arc::new(person), version });
        Kept::Known
    }

    /// A person was removed; `version` is the one that the record would have had.
    pub fn remove_person(&self, name: &str, version: i64) {
        let mut writing = self.writing();
        if self.people.get(name).is_some_and(|held| held.version > version) {
            return;
        }
        writing.people.note(Arc::from(name), version);
        if let Some(old) = self.people.remove(name) {
            self.forget_accounts(&old.record, &Arc::from(name));
            self.people_count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn forget_accounts(&self, person: &Person, name: &Arc<str>) {
        if let Some(email) = person.email_key() {
            self.emails.remove(&email, name);
        }
        if let Some(upn) = person.upn_key() {
            self.upns.remove(&upn, name);
        }
    }

    fn index(&self, by: By) -> &Index<DeviceId> {
        match by {
            By::Name => &self.device_names,
            By::Serial => &self.serials,
            By::Udid => &self.udids,
            By::Mac => &self.macs,
            By::Owner => &self.owned,
        }
    }

    fn count(&self, old: Option<&Device>, new: Option<&Device>) {
        let step = |counter: &AtomicUsize, before: bool, after: bool| match (before, after) {
            (false, true) => drop(counter.fetch_add(1, Ordering::Relaxed)),
            (true, false) => drop(counter.fetch_sub(1, Ordering::Relaxed)),
            (false, false) | (true, true) => {}
        };
        step(&self.devices_count, old.is_some(), new.is_some());
        let is_known = |device: Option<&Device>| device.is_some_and(Device::is_known);
        step(&self.known_count, is_known(old), is_known(new));
    }

    fn writing(&self) -> std::sync::MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a device is found by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Name,
    Serial,
    Udid,
    Mac,
    Owner,
}

fn keys(device: &Device) -> Vec<(By, String)> {
    let owner = Device::inventory_of(device.owner.as_ref());
    let mut keys = vec![(By::Name, device.name.clone())];
    keys.extend(device.serial_key().map(|key| (By::Serial, key)));
    keys.extend(device.udid_key().map(|key| (By::Udid, key)));
    keys.extend(device.mac_keys().iter().map(|key| (By::Mac, key.clone())));
    keys.extend(owner.map(|owner| (By::Owner, owner.value.to_lowercase())));
    keys
}

/// Whether a device is one of the inventory that may be used.
pub fn is_in_use(device: &Device) -> bool {
    device.is_known() && device.status() == DeviceStatus::Active
}

#[cfg(test)]
mod tests;
