//! Whose a request is: the device and the person that it names.

use std::collections::BTreeSet;
use std::sync::Arc;

use pki::general_name::GeneralName;
use pki::name::Name;
use pki::oid;

use super::By;
use super::Inventory;
use super::is_in_use;
use crate::device::Device;
use crate::device::DeviceId;
use crate::mac;
use crate::person::Person;

/// Most pieces of a request that are looked up: a request of a device has a dozen.
const WORDS_MAX: usize = 256;

/// Longest piece that is looked up, in characters; no fact is longer.
const WORD_CHARS_MAX: usize = 512;

/// Shortest part of a text that counts as a serial number or UDID: shorter ones are words.
const PART_CHARS_MIN: usize = 6;

/// Whose a request is, as far as it says.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    /// The device.
    pub device: Option<Arc<Device>>,
    /// Its owner; else the person whom the request names.
    pub person: Option<Arc<Person>>,
    /// By what, as words; or why not.
    pub by: String,
    /// Whether it names several devices, so that it is nobody's.
    pub is_ambiguous: bool,
}

impl Matched {
    /// Whether the device is one of the inventory that may be used.
    pub fn is_known(&self) -> bool {
        self.device.as_ref().is_some_and(|device| is_in_use(device))
    }
}

/// A piece of a request.
struct Word {
    text: String,
    /// Where it stands, as words.
    place: &'static str,
    /// Whether it is a whole text, and not a part of one.
    is_whole: bool,
}

/// What a search of one kind came to.
enum Found<T> {
    Nothing,
    One(T, String),
    Several(String),
}

impl Inventory {
    /// Finds whose a request or certificate with this subject and these alternative names is.
    ///
    /// A serial number counts before a UDID, that before a name or id, and these before an address.
    /// If none of them is found, it is the only device in use of the person whom it names. Two
    /// devices found by the same kind are none.
    pub fn match_names(&self, subject: &Name, names: &[GeneralName]) -> Matched {
        let words = words(subject, names);
        let person = self.person_by(&words);
        for by in [By::Serial, By::Udid, By::Name, By::Mac] {
            match self.device_by(by, &words) {
                Found::Nothing => {}
                Found::Several(why) => {
                    let (person, by, is_ambiguous) = (person.found(), why, true);
                    return Matched { device: None, person, by, is_ambiguous };
                }
                Found::One(device, by) => {
                    let owned = Device::inventory_of(device.owner.as_ref()).is_some();
                    let person = if owned { self.owner_of(&device) } else { person.found() };
                    return Matched { device: Some(device), person, by, is_ambiguous: false };
                }
            }
        }
        match person {
            Found::Nothing => {
                Matched { by: "nothing that is known".to_owned(), ..Matched::default() }
            }
            Found::Several(by) => Matched { by, ..Matched::default() },
            Found::One(person, by) => self.only_device_of(person, by),
        }
    }

    fn device_by(&self, by: By, words: &[Word]) -> Found<Arc<Device>> {
        let mut found: Option<(DeviceId, &Word)> = None;
        for word in words.iter().filter(|word| word.is_whole || by.takes_parts()) {
            for id in self.ids_by(by, &word.text) {
                match found {
                    Some((first, _)) if first != id => return self.several(by, first, id),
                    Some(_) => {}
                    None => found = Some((id, word)),
                }
            }
        }
        let device = found.and_then(|(id, word)| Some((self.device(&id)?, word)));
        device.map_or(Found::Nothing, |(device, word)| {
            let text = word.text.escape_debug();
            let by = format!("the {} \"{text}\" in {}", by.as_str(), word.place);
            Found::One(device, by)
        })
    }

    fn ids_by(&self, by: By, text: &str) -> Vec<DeviceId> {
        let small = text.to_lowercase();
        match by {
            By::Serial => self.serials.all(&small),
            By::Udid => self.udids.all(&small),
            By::Name => {
                let id = DeviceId::parse(text).filter(|id| self.device(id).is_some());
                id.into_iter().chain(self.device_names.all(text)).collect()
            }
            // What two devices have tells of neither.
            By::Mac => {
                let address = mac::normalize(text);
                address.and_then(|address| self.macs.one(&address)).into_iter().collect()
            }
            By::Owner => Vec::new(),
        }
    }

    fn several(&self, by: By, first: DeviceId, second: DeviceId) -> Found<Arc<Device>> {
        let name = |id| self.device(&id).map_or_else(String::new, |device| device.name.clone());
        let (by, first, second) = (by.as_str(), name(first), name(second));
        let (first, second) = (first.escape_debug(), second.escape_debug());
        Found::Several(format!("nothing: two devices, \"{first}\" and \"{second}\", by their {by}"))
    }

    fn person_by(&self, words: &[Word]) -> Found<Arc<Person>> {
        let kinds = [("e-mail address", &self.emails), ("principal name", &self.upns)];
        for (kind, index) in kinds {
            let accounts = words.iter().filter(|word| word.is_whole && word.text.contains('@'));
            let mut people = BTreeSet::new();
            let mut first = None;
            for word in accounts {
                for name in index.all(&word.text.to_lowercase()) {
                    first = first.or(Some(word));
                    people.insert(name);
                }
            }
            if people.len() > 1 {
                return Found::Several(format!("nothing: two people by their {kind}"));
            }
            let person = people.first().and_then(|name| self.person(name));
            if let Some((person, word)) = person.zip(first) {
                let text = word.text.escape_debug();
                return Found::One(person, format!("the {kind} \"{text}\" in {}", word.place));
            }
        }
        Found::Nothing
    }

    fn only_device_of(&self, person: Arc<Person>, by: String) -> Matched {
        let mut devices = self.devices_of(&person);
        devices.retain(|device| is_in_use(device));
        let (device, by) = match (devices.pop(), devices.len()) {
            (Some(device), 0) => (Some(device), format!("{by}, whose only device it is")),
            (None, _) => (None, format!("{by}; no device")),
            (Some(_), more) => (None, format!("{by}; no device, of {} that are theirs", more + 1)),
        };
        Matched { device, person: Some(person), by, is_ambiguous: false }
    }
}

impl Found<Arc<Person>> {
    fn found(&self) -> Option<Arc<Person>> {
        match self {
            Self::One(person, _) => Some(Arc::clone(person)),
            Self::Nothing | Self::Several(_) => None,
        }
    }
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial number",
            Self::Udid => "UDID",
            Self::Name => "name",
            Self::Mac => "address",
            Self::Owner => "owner",
        }
    }

    /// Whether a part of a text is enough: `Mac-C02XK1ZZJGH5` tells a serial number, and
    /// `Anna Smith` no device that is called Anna.
    fn takes_parts(self) -> bool {
        match self {
            Self::Serial | Self::Udid => true,
            Self::Name | Self::Mac | Self::Owner => false,
        }
    }
}

/// The pieces of a request that may name something.
fn words(subject: &Name, names: &[GeneralName]) -> Vec<Word> {
    let mut words = Vec::new();
    for text in subject.common_names() {
        add(&mut words, text, "the subject's CN");
    }
    for text in subject.values(oid::SERIAL_NUMBER) {
        add(&mut words, text, "the subject's serialNumber");
    }
    for name in names {
        match name {
            GeneralName::Dns(text) => {
                add(&mut words, text, "a DNS name");
                let label = text.split('.').next().unwrap_or_default();
                add(&mut words, label, "a DNS name");
            }
            GeneralName::Email(text) => add(&mut words, text, "an e-mail address"),
            GeneralName::Upn(text) => add(&mut words, text, "a principal name"),
            GeneralName::Uri(text) => {
                add(&mut words, text, "a URI");
                // Behind `deviceid:`, `deviceid://`, `IntuneDeviceId://`.
                if let Some((_, rest)) = text.split_once(':') {
                    add(&mut words, rest.trim_matches('/'), "a URI");
                }
            }
            GeneralName::PermanentIdentifier { identifier, .. } => {
                let text = identifier.as_deref().unwrap_or_default();
                add(&mut words, text, "the permanent identifier");
            }
            GeneralName::Ip(_) | GeneralName::DirectoryName(_) | GeneralName::Other(_) => {}
        }
    }
    words.truncate(WORDS_MAX);
    words
}

/// Adds a text, and its parts: first such as may hold hyphens, as UDIDs do, then without.
fn add(words: &mut Vec<Word>, text: &str, place: &'static str) {
    let text = text.trim();
    if words.len() >= WORDS_MAX || text.is_empty() || text.chars().count() > WORD_CHARS_MAX {
        return;
    }
    words.push(Word { text: text.to_owned(), place, is_whole: true });
    let wide = text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let narrow = text.split(|c: char| !c.is_alphanumeric());
    let parts = wide.chain(narrow).filter(|part| *part != text);
    let mut known = BTreeSet::new();
    for part in parts.filter(|part| part.chars().count() >= PART_CHARS_MIN) {
        if words.len() < WORDS_MAX && known.insert(part) {
            words.push(Word { text: part.to_owned(), place, is_whole: false });
        }
    }
}
