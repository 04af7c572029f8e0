//! A stand-in for an MDM: it holds profiles, fills in their variables for each device, pushes them,
//! and remembers how each device took it.
//!
//! Nothing here talks to anybody: [`Mdm::due`] says what is to be pushed, and whoever carries it to
//! the devices tells with [`Mdm::record`] what became of it.

use std::collections::BTreeMap;

use profile::inspect;
use profile::inspect::InspectError;
use profile::mdm;
use profile::mdm::Spelling;
use profile::mdm::filling::Filling;
use profile::platform::Platform;
use profile::property_list;
use profile::property_list::Dictionary;
use profile::property_list::Value;
use profile::text::Variable;
use thiserror::Error;

/// Most profiles that are held: a school has some dozens.
pub const PROFILES_MAX: usize = 100;

/// Most devices: those of a large school.
pub const DEVICES_MAX: usize = 10_000;

/// Longest reason of a failure that is kept, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// A device as the MDM knows it; what it does not know is empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Device {
    /// The serial number, which tells it from the others.
    pub serial: String,
    /// The UDID.
    pub udid: String,
    /// What it is called.
    pub name: String,
    /// The model.
    pub model: String,
    /// The MAC address of the wireless interface.
    pub mac: String,
    /// The owner's e-mail address.
    pub email: String,
    /// The owner's name.
    pub person: String,
    /// The owner's principal name.
    pub upn: String,
}

/// To whom a profile is assigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Assignment {
    /// "All current and future Devices".
    AllDevices,
    /// Those with these serial numbers. It goes before an assignment to all.
    Devices(Vec<String>),
}

/// How a device took a profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Status {
    /// It is installed.
    Installed,
    /// It is not, and this is why.
    Failed(String),
}

/// A profile on its way to a device.
#[derive(Clone)]
pub struct Push {
    /// The serial number of the device.
    pub serial: String,
    /// What the profile is called in the console.
    pub profile: String,
    /// The profile with the values of this device.
    pub file: Vec<u8>,
}

impl core::fmt::Debug for Push {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Push")
            .field("serial", &self.serial)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// Why the MDM does not take something.
#[derive(Debug, Error)]
pub enum MdmError {
    /// It is no profile.
    #[error(transparent)]
    Unreadable(#[from] InspectError),
    /// It is signed, so that variables cannot be filled in.
    #[error("the profile is signed: its variables cannot be filled in; upload the unsigned file")]
    Signed,
    /// More than are held.
    #[error("there are {PROFILES_MAX} profiles and {DEVICES_MAX} devices at most")]
    Full,
    /// There is no such profile.
    #[error("there is no profile \"{0}\"")]
    NoProfile(String),
    /// There is such a device already.
    #[error("there is a device {0} already")]
    DeviceTwice(String),
}

/// A profile that is held.
struct Held {
    /// What identifies it on devices: a further one with the same takes its place there.
    identifier: String,
    list: Dictionary,
    assignment: Option<Assignment>,
}

/// The MDM.
pub struct Mdm {
    platform: Platform,
    /// By their names in the console.
    profiles: BTreeMap<String, Held>,
    /// By serial number.
    devices: BTreeMap<String, Device>,
    /// By serial number and the profile's name.
    pushed: BTreeMap<(String, String), Status>,
}

impl Mdm {
    /// An empty one that spells variables as this console does.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        let (profiles, devices) = (BTreeMap::new(), BTreeMap::new());
        Self { platform, profiles, devices, pushed: BTreeMap::new() }
    }

    /// The same by the console's name in commands; none if it is no console.
    #[must_use]
    pub fn of_console(name: &str) -> Option<Self> {
        Platform::parse(name).filter(|platform| platform.is_console()).map(Self::new)
    }

    /// Takes a profile. One of the same name takes the place of the earlier and is pushed anew.
    ///
    /// # Errors
    /// [`MdmError`] when it is none, signed, or one too many.
    pub fn upload(&mut self, name: &str, file: &[u8]) -> Result<(), MdmError> {
        let read = inspect::read(file)?;
        if !read.signatures.is_empty() {
            return Err(MdmError::Signed);
        }
        let Value::Dictionary(list) = property_list::read(file).map_err(InspectError::List)? else {
            return Err(InspectError::NoProfile.into());
        };
        let before = self.profiles.remove(name);
        if self.profiles.len() >= PROFILES_MAX {
            return Err(MdmError::Full);
        }
        self.pushed.retain(|(_, profile), _| profile != name);
        let assignment = before.and_then(|held| held.assignment);
        self.profiles
            .insert(name.to_owned(), Held { identifier: read.identifier, list, assignment });
        Ok(())
    }

    /// Assigns a profile.
    ///
    /// # Errors
    /// There is no such profile.
    pub fn assign(&mut self, name: &str, assignment: Assignment) -> Result<(), MdmError> {
        let held = self.profiles.get_mut(name);
        held.ok_or_else(|| MdmError::NoProfile(name.to_owned()))?.assignment = Some(assignment);
        Ok(())
    }

    /// Takes a device under management: what is assigned to all is due for it, too.
    ///
    /// # Errors
    /// It is there already, or one too many.
    pub fn add(&mut self, device: Device) -> Result<(), MdmError> {
        if self.devices.len() >= DEVICES_MAX {
            return Err(MdmError::Full);
        }
        if self.devices.contains_key(&device.serial) {
            return Err(MdmError::DeviceTwice(device.serial));
        }
        self.devices.insert(device.serial.clone(), device);
        Ok(())
    }

    /// Everything that is assigned and was not pushed yet, filled in for each device.
    #[must_use]
    pub fn due(&self) -> Vec<Push> {
        let mut due = Vec::new();
        for device in self.devices.values() {
            for (name, held) in self.profiles.iter().filter(|(_, held)| self.is_for(device, held)) {
                let key = (device.serial.clone(), name.clone());
                if self.pushed.contains_key(&key) {
                    continue;
                }
                let values = self.values(device);
                let file = property_list::write(&filled(&held.list, &values));
                let (serial, profile) = key;
                due.push(Push { serial, profile, file });
            }
        }
        due
    }

    /// Remembers how a device took a profile.
    pub fn record(&mut self, push: &Push, answer: Result<(), String>) {
        let status = match answer {
            Ok(()) => Status::Installed,
            Err(why) => Status::Failed(why.chars().take(REASON_CHARS_MAX).collect()),
        };
        let is_known =
            self.profiles.contains_key(&push.profile) && self.devices.contains_key(&push.serial);
        if is_known {
            self.pushed.insert((push.serial.clone(), push.profile.clone()), status);
        }
    }

    /// Each device that a profile was pushed to: its serial number, the profile, and how it took it.
    pub fn statuses(&self) -> impl Iterator<Item = (&str, &str, &Status)> {
        self.pushed
            .iter()
            .map(|((serial, profile), status)| (serial.as_str(), profile.as_str(), status))
    }

    /// The variables in a profile that it fills in, in the order of its own list.
    #[must_use]
    pub fn variables(&self, name: &str) -> Vec<&'static str> {
        let Some(held) = self.profiles.get(name) else { return Vec::new() };
        let mut texts = Vec::new();
        collect(&held.list, &mut texts);
        let known = Variable::ALL.into_iter().filter_map(|variable| {
            match mdm::spelling(self.platform, variable) {
                Spelling::Known(spelling) => Some(spelling),
                Spelling::Missing | Spelling::Unknown => None,
            }
        });
        known.filter(|spelling| texts.iter().any(|text| text.contains(spelling))).collect()
    }

    /// Whether a profile is for a device: by its name, or by being one of all if no other profile
    /// with the same identifier is for it by its name.
    fn is_for(&self, device: &Device, held: &Held) -> bool {
        let by_name = |held: &Held| match &held.assignment {
            Some(Assignment::Devices(serials)) => serials.contains(&device.serial),
            Some(Assignment::AllDevices) | None => false,
        };
        let mut same = self.profiles.values().filter(|other| other.identifier == held.identifier);
        match &held.assignment {
            Some(Assignment::AllDevices) => !same.any(by_name),
            Some(Assignment::Devices(_)) => by_name(held),
            None => false,
        }
    }

    /// The variables of the console, with what this device has for them.
    fn values(&self, device: &Device) -> Vec<(String, String)> {
        let known = Variable::ALL.into_iter().filter_map(|variable| {
            match mdm::spelling(self.platform, variable) {
                Spelling::Known(spelling) => Some((spelling, device.value(variable))),
                Spelling::Missing | Spelling::Unknown => None,
            }
        });
        known.map(|(spelling, value)| (spelling.to_owned(), value.to_owned())).collect()
    }
}

impl Device {
    fn value(&self, variable: Variable) -> &str {
        match variable {
            Variable::DeviceSerial => &self.serial,
            Variable::DeviceUdid => &self.udid,
            Variable::DeviceName => &self.name,
            Variable::DeviceModel => &self.model,
            Variable::DeviceMac => &self.mac,
            Variable::PersonEmail => &self.email,
            Variable::PersonName => &self.person,
            Variable::PersonUpn => &self.upn,
        }
    }
}

/// Every text in a list.
fn collect<'a>(list: &'a Dictionary, texts: &mut Vec<&'a str>) {
    for (_, value) in list.entries() {
        collect_value(value, texts);
    }
}

fn collect_value<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::Dictionary(inside) => collect(inside, texts),
        Value::Array(elements) => elements.iter().for_each(|one| collect_value(one, texts)),
        Value::Text(text) => texts.push(text),
        Value::Integer(_)
        | Value::Real(_)
        | Value::Boolean(_)
        | Value::Data(_)
        | Value::Date(_) => {}
    }
}

/// The same list with the variables of every text replaced.
fn filled(list: &Dictionary, values: &[(String, String)]) -> Dictionary {
    let entries = list.entries();
    entries.fold(Dictionary::default(), |filled, (key, value)| {
        filled.with(key, filled_value(value, values))
    })
}

/// Lists are as deep as the reader lets them be.
fn filled_value(value: &Value, values: &[(String, String)]) -> Value {
    match value {
        Value::Dictionary(inside) => Value::Dictionary(filled(inside, values)),
        Value::Array(elements) => {
            Value::Array(elements.iter().map(|element| filled_value(element, values)).collect())
        }
        Value::Text(text) => {
            let mut text = text.clone();
            Filling::default().fill("", &mut text, values);
            Value::Text(text)
        }
        Value::Integer(_)
        | Value::Real(_)
        | Value::Boolean(_)
        | Value::Data(_)
        | Value::Date(_) => value.clone(),
    }
}
