//! What somebody tells of a device, and what becomes known by it.

use pki::time::Time;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use utoipa::ToSchema;

use super::Device;
use super::DeviceStatus;
use super::Fact;
use super::Source;
use crate::complaint::Complaints;
use crate::mac;
use crate::object::NAME_CHARS_MAX;
use crate::object::check_name;

/// Longest text of a fact, in characters: the longest that MDMs give is a UDID of 64.
pub const TEXT_CHARS_MAX: usize = 256;

/// Most addresses of one device: a laptop with every dock and adapter has eight.
pub const MAC_ADDRESSES_MAX: usize = 16;

/// Most tags of one device: more are a second inventory.
pub const TAGS_MAX: usize = 64;

/// Longest tag, in characters.
pub const TAG_CHARS_MAX: usize = 128;

/// What somebody tells of a device. What is none says nothing; what is empty, or null in JSON,
/// takes back what was told before.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = DeviceTold)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The manufacturer's serial number.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The identifier that the MDM or the operating system gave it.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub udid: Option<String>,
    /// What kind of machine it is.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its operating system.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The version of it.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// The addresses of its network interfaces, in any usual notation.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub mac_addresses: Option<Vec<String>>,
    /// The name of the person whose it is.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it is marked with.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Whether it may be used.
    #[serde(deserialize_with = "or_empty", skip_serializing_if = "Option::is_none")]
    pub status: Option<DeviceStatus>,
}

/// Null is what is empty; a key that is not there never comes here.
pub(crate) fn or_empty<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(|told| Some(told.unwrap_or_default()))
}

/// What a fact says, unless only a request told it.
fn inventoried<T>(fact: &Option<Fact<T>>) -> Option<&T> {
    fact.as_ref().filter(|fact| fact.source.is_inventory()).map(|fact| &fact.value)
}

impl Told {
    /// What the inventory told of a device: told again, it changes nothing.
    pub fn of(device: &Device) -> Self {
        let text = |fact: &Option<Fact<String>>| inventoried(fact).cloned();
        let list = |fact: &Option<Fact<Vec<String>>>| inventoried(fact).cloned();
        Self {
            name: Some(device.name.clone()),
            serial: text(&device.serial),
            udid: text(&device.udid),
            model: text(&device.model),
            os: text(&device.os),
            os_version: text(&device.os_version),
            mac_addresses: list(&device.mac_addresses),
            owner: text(&device.owner),
            tags: list(&device.tags),
            status: inventoried(&device.status).copied(),
        }
    }

    /// Complains about what no device can be told of.
    pub fn check(&self, complaints: &mut Complaints<'_>) {
        if let Some(name) = &self.name {
            check_name(name, complaints);
            if name.contains('\n') {
                complaints.add("name", "is more than one line", "write it in one line");
            }
        }
        let texts = [
            ("serial", &self.serial, TEXT_CHARS_MAX),
            ("udid", &self.udid, TEXT_CHARS_MAX),
            ("model", &self.model, TEXT_CHARS_MAX),
            ("os", &self.os, TEXT_CHARS_MAX),
            ("os_version", &self.os_version, TEXT_CHARS_MAX),
            ("owner", &self.owner, NAME_CHARS_MAX),
        ];
        for (field, text, chars_max) in texts {
            if let Some(text) = text {
                check_line(field, text, chars_max, complaints);
            }
        }
        self.check_lists(complaints);
    }

    fn check_lists(&self, complaints: &mut Complaints<'_>) {
        let addresses = self.mac_addresses.iter().flatten();
        if addresses.clone().count() > MAC_ADDRESSES_MAX {
            let what = format!("are more than {MAC_ADDRESSES_MAX} addresses");
            complaints.add("mac_addresses", what, "name those that the device uses here");
        }
        for address in addresses.take(MAC_ADDRESSES_MAX) {
            if mac::normalize(address).is_none() {
                let shown: String = address.chars().take(TAG_CHARS_MAX).collect();
                let what = format!("\"{}\" is no address of an interface", shown.escape_debug());
                complaints.add("mac_addresses", what, "write it as a4:83:e7:00:11:22");
            }
        }
        let tags = self.tags.iter().flatten();
        if tags.clone().count() > TAGS_MAX {
            let what = format!("are more than {TAGS_MAX} tags");
            complaints.add("tags", what, "keep those that a policy asks for");
        }
        for tag in tags.take(TAGS_MAX) {
            check_line("tags", tag, TAG_CHARS_MAX, complaints);
            if tag.trim().is_empty() {
                complaints.add("tags", "hold a tag without a letter", "leave it out");
            }
        }
    }
}

/// Complains about a text that is too long or more than one line of characters.
pub(crate) fn check_line(
    field: &str,
    text: &str,
    chars_max: usize,
    complaints: &mut Complaints<'_>,
) {
    if text.chars().count() > chars_max {
        complaints.add(field, format!("is longer than {chars_max} characters"), "shorten it");
    }
    if text.chars().any(char::is_control) {
        complaints.add(field, "holds a control character", "use printable characters only");
    }
}

impl Device {
    /// Lets it be what was told, which must have been checked. What the inventory told before is
    /// never replaced by a request. Answers whether it says anything else now: that the same was
    /// told again is no change, but it is known when.
    pub fn tell(&mut self, told: &Told, source: Source, at: Time) -> bool {
        let teller = Teller { source, at };
        let mut changed = false;
        if let Some(name) = told.name.as_ref().filter(|_| source.is_inventory()) {
            changed |= self.name != *name;
            self.name.clone_from(name);
        }
        changed |= teller.text(&mut self.serial, told.serial.as_ref());
        changed |= teller.text(&mut self.udid, told.udid.as_ref());
        changed |= teller.text(&mut self.model, told.model.as_ref());
        changed |= teller.text(&mut self.os, told.os.as_ref());
        changed |= teller.text(&mut self.os_version, told.os_version.as_ref());
        changed |= teller.text(&mut self.owner, told.owner.as_ref());
        let addresses = told.mac_addresses.as_ref().map(|all| {
            let mut all: Vec<String> = all.iter().filter_map(|one| mac::normalize(one)).collect();
            all.sort();
            all.dedup();
            all
        });
        changed |= teller.list(&mut self.mac_addresses, addresses);
        let tags = told.tags.as_ref().map(|all| {
            let mut all: Vec<String> = all.iter().map(|tag| tag.trim().to_owned()).collect();
            all.sort();
            all.dedup();
            all
        });
        changed |= teller.list(&mut self.tags, tags);
        changed | self.tell_status(told.status, teller)
    }

    /// Whoever keeps the inventory and names a device says that it is in use, unless it was said
    /// otherwise.
    fn tell_status(&mut self, told: Option<DeviceStatus>, teller: Teller) -> bool {
        if !teller.source.is_inventory() {
            return false;
        }
        let is_known = self.status.as_ref().is_some_and(|status| status.source.is_inventory());
        let before = self.status();
        match told {
            Some(value) => self.status = Some(teller.fact(value)),
            None if !is_known => self.status = Some(teller.fact(before)),
            // That it was told of is known by the status where by nothing else.
            None => {
                if let Some(status) = &mut self.status
                    && status.source == teller.source
                {
                    status.at = status.at.max(teller.at);
                }
            }
        }
        self.status() != before || !is_known
    }
}

/// Who tells, and when.
#[derive(Clone, Copy)]
struct Teller {
    source: Source,
    at: Time,
}

impl Teller {
    fn fact<T>(self, value: T) -> Fact<T> {
        Fact { value, source: self.source, at: self.at }
    }

    fn text(self, fact: &mut Option<Fact<String>>, told: Option<&String>) -> bool {
        let Some(told) = told.map(|text| text.trim()) else { return false };
        self.put(fact, (!told.is_empty()).then(|| told.to_owned()))
    }

    fn list(self, fact: &mut Option<Fact<Vec<String>>>, told: Option<Vec<String>>) -> bool {
        told.is_some_and(|told| self.put(fact, (!told.is_empty()).then_some(told)))
    }

    fn put<T: PartialEq>(self, fact: &mut Option<Fact<T>>, told: Option<T>) -> bool {
        let kept = fact.as_ref().is_some_and(|fact| fact.source.is_inventory());
        if !self.source.is_inventory() && (kept || told.is_none()) {
            return false;
        }
        let changed = fact.as_ref().map(|fact| &fact.value) != told.as_ref();
        *fact = told.map(|value| self.fact(value));
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceId;

    fn told(json: serde_json::Value) -> Told {
        serde_json::from_value(json).unwrap()
    }

    fn complaints(told: &Told) -> Vec<String> {
        let mut list = Vec::new();
        told.check(&mut Complaints::new("", &mut list));
        list.into_iter().map(|complaint| complaint.to_string()).collect()
    }

    #[test]
    fn a_request_fills_gaps_and_replaces_nothing_that_the_inventory_told() {
        let mut device = Device::new(DeviceId(1), "A");
        let request = told(serde_json::json!({"serial": "S1", "model": "Mac", "status": "lost"}));
        assert!(device.tell(&request, Source::Request, Time(1)));
        assert!(!device.is_known());
        assert_eq!(device.status(), DeviceStatus::Active);
        let import = told(serde_json::json!({"serial": "S2", "tags": ["b", "a", "b"]}));
        assert!(device.tell(&import, Source::Import, Time(2)));
        assert!(device.is_known());
        assert_eq!(device.tags.as_ref().unwrap().value, ["a", "b"]);
        let request = told(serde_json::json!({"name": "B", "serial": "S3", "model": "Air"}));
        assert!(device.tell(&request, Source::Request, Time(3)));
        assert_eq!(device.name, "A");
        assert_eq!(device.serial.as_ref().unwrap().value, "S2");
        let model = device.model.unwrap();
        assert_eq!((model.value.as_str(), model.source), ("Air", Source::Request));
    }

    #[test]
    fn the_same_told_again_is_no_change_but_younger() {
        let mut device = Device::new(DeviceId(1), "A");
        let import = told(serde_json::json!({"serial": "S1"}));
        assert!(device.tell(&import, Source::Import, Time(1)));
        assert!(!device.tell(&import, Source::Import, Time(9)));
        assert_eq!(device.inventoried_at(), Some(Time(9)));
        // A name and nothing else is told of, too.
        let mut named = Device::new(DeviceId(2), "B");
        assert!(named.tell(&Told::default(), Source::Administrator, Time(1)));
        assert!(!named.tell(&Told::default(), Source::Administrator, Time(5)));
        assert_eq!(named.inventoried_at(), Some(Time(5)));
    }

    #[test]
    fn what_is_empty_or_null_is_taken_back() {
        let mut device = Device::new(DeviceId(1), "A");
        let all = told(serde_json::json!({"serial": "S1", "owner": "Anna", "status": "wiped",
            "mac_addresses": ["A4-83-E7-00-11-22"]}));
        device.tell(&all, Source::File, Time(1));
        assert_eq!(device.mac_addresses.as_ref().unwrap().value, ["a4:83:e7:00:11:22"]);
        let back = told(serde_json::json!({"serial": null, "owner": "", "mac_addresses": [],
            "status": null}));
        assert!(device.tell(&back, Source::Administrator, Time(2)));
        assert_eq!((device.serial.clone(), device.owner.clone()), (None, None));
        assert_eq!((device.mac_addresses.clone(), device.status()), (None, DeviceStatus::Active));
    }

    #[test]
    fn what_is_too_long_or_illegal_is_complained_of_by_its_field() {
        let long = "x".repeat(TEXT_CHARS_MAX + 1);
        let check = |json, field: &str| {
            let list = complaints(&told(json));
            assert!(list.len() == 1 && list[0].starts_with(field), "{list:?}");
        };
        check(serde_json::json!({"serial": long}), "serial: is longer");
        check(serde_json::json!({"udid": "a\nb"}), "udid: holds a control");
        check(serde_json::json!({"name": " A"}), "name: ");
        check(serde_json::json!({"owner": "x".repeat(NAME_CHARS_MAX + 1)}), "owner: ");
        check(serde_json::json!({"mac_addresses": ["x"]}), "mac_addresses: \"x\" is no");
        let many = vec!["a4:83:e7:00:11:22"; MAC_ADDRESSES_MAX + 1];
        check(serde_json::json!({"mac_addresses": many}), "mac_addresses: are more");
        check(serde_json::json!({"tags": vec!["t"; TAGS_MAX + 1]}), "tags: are more");
        check(serde_json::json!({"tags": [" "]}), "tags: hold a tag");
        let tag = "x".repeat(TAG_CHARS_MAX + 1);
        check(serde_json::json!({"tags": [tag]}), "tags: is longer");
        let most = serde_json::json!({"name": "x".repeat(NAME_CHARS_MAX), "tags": vec!["t"; TAGS_MAX],
            "serial": "x".repeat(TEXT_CHARS_MAX)});
        assert!(complaints(&told(most)).is_empty());
        assert!(serde_json::from_value::<Told>(serde_json::json!({"colour": "red"})).is_err());
    }
}
