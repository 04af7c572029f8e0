//! Devices: what the organization knows of the machines that ask for certificates and for access.

pub mod told;

use core::fmt;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

/// What the organization knows of one device.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Names it for ever.
    pub id: DeviceId,
    /// What administrators call it; unique among devices.
    pub name: String,
    /// The manufacturer's serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Fact<String>>,
    /// The identifier that the MDM or the operating system gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udid: Option<Fact<String>>,
    /// What kind of machine it is, such as `MacBook Air`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Fact<String>>,
    /// Its operating system, such as `macOS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Fact<String>>,
    /// The version of it, such as `14.2.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<Fact<String>>,
    /// The addresses of its network interfaces, as `a4:83:e7:00:11:22`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_addresses: Option<Fact<Vec<String>>>,
    /// The name of the person whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Fact<String>>,
    /// What administrators or the MDM marked it with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Fact<Vec<String>>>,
    /// Whether it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Fact<DeviceStatus>>,
}

/// Names a device for ever, whatever it is called: drawn when its record is made.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DeviceId(pub u64);

/// A value, who told it, and when it was last told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fact<T> {
    /// What is known.
    pub value: T,
    /// Who told it.
    pub source: Source,
    /// When it was last told.
    pub at: Time,
}

/// Who told a fact.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The declarative file.
    File,
    /// An administrator or a program of theirs: command line, portal, API.
    Administrator,
    /// An imported table.
    Import,
    /// Only the device itself, in a request for a certificate: a hint, never inventory.
    Request,
}

/// Whether a device may be used.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceStatus {
    /// In use.
    #[default]
    Active,
    /// Nobody knows where it is.
    Lost,
    /// Erased, and no device of the organization until it is enrolled again.
    Wiped,
    /// No longer in use.
    Retired,
}

impl Source {
    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Administrator => "administrator",
            Self::Import => "import",
            Self::Request => "request",
        }
    }

    /// Whether what it tells is what the organization knows, and not only what a device claims.
    pub fn is_inventory(self) -> bool {
        self != Self::Request
    }
}

impl DeviceStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Active, Self::Lost, Self::Wiped, Self::Retired];

    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Lost => "lost",
            Self::Wiped => "wiped",
            Self::Retired => "retired",
        }
    }

    /// Reads the word, in capital or small letters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str().eq_ignore_ascii_case(text))
    }
}

impl DeviceId {
    /// Reads it from its 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let sound = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !sound {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl utoipa::PartialSchema for DeviceId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        pki::schema::text("What names the record for good.")
    }
}

impl ToSchema for DeviceId {}

impl Serialize for DeviceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected 16 hexadecimal digits"))
    }
}

impl Device {
    /// A device of which nothing is known but its name.
    pub fn new(id: DeviceId, name: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            serial: None,
            udid: None,
            model: None,
            os: None,
            os_version: None,
            mac_addresses: None,
            owner: None,
            tags: None,
            status: None,
        }
    }

    /// Whether it may be used; active is what nobody said otherwise of.
    pub fn status(&self) -> DeviceStatus {
        self.status.as_ref().map_or(DeviceStatus::Active, |status| status.value)
    }

    /// When, and by whom, each of its facts was told.
    pub fn told(&self) -> impl Iterator<Item = (Source, Time)> {
        fn of<T>(fact: Option<&Fact<T>>) -> Option<(Source, Time)> {
            fact.map(|fact| (fact.source, fact.at))
        }
        [
            of(self.serial.as_ref()),
            of(self.udid.as_ref()),
            of(self.model.as_ref()),
            of(self.os.as_ref()),
            of(self.os_version.as_ref()),
            of(self.mac_addresses.as_ref()),
            of(self.owner.as_ref()),
            of(self.tags.as_ref()),
            of(self.status.as_ref()),
        ]
        .into_iter()
        .flatten()
    }

    /// When the inventory last told anything of it; none if only requests ever did.
    pub fn inventoried_at(&self) -> Option<Time> {
        let inventory = self.told().filter(|(source, _)| source.is_inventory());
        inventory.map(|(_, at)| at).max()
    }

    /// Whether it is in the inventory: somebody other than the device itself told of it.
    pub fn is_known(&self) -> bool {
        self.inventoried_at().is_some()
    }

    /// What it is found by as a serial number, in small letters. What only a request told of a
    /// device of the inventory is nothing to find it by: whoever asked might mean another.
    pub fn serial_key(&self) -> Option<String> {
        self.key_of(self.serial.as_ref())
    }

    /// What it is found by as a UDID, in small letters.
    pub fn udid_key(&self) -> Option<String> {
        self.key_of(self.udid.as_ref())
    }

    /// The addresses that it is found by.
    pub fn mac_keys(&self) -> &[String] {
        let told = self.mac_addresses.as_ref().filter(|told| told.source.is_inventory());
        told.map_or(&[], |told| told.value.as_slice())
    }

    fn key_of(&self, fact: Option<&Fact<String>>) -> Option<String> {
        let counts = |fact: &&Fact<String>| fact.source.is_inventory() || !self.is_known();
        fact.filter(counts).map(|fact| fact.value.to_lowercase())
    }

    /// What the inventory told, and nothing that only a request did.
    pub fn inventory_of<T>(fact: Option<&Fact<T>>) -> Option<&Fact<T>> {
        fact.filter(|fact| fact.source.is_inventory())
    }
}
