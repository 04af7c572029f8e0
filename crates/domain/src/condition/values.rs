//! The value of each field among what is known, where it comes from, and how old it is.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each lookup is about one family of fields and has nothing for the others"
)]

use pki::time::Time;

use crate::condition::facts::CertificateFacts;
use crate::condition::facts::Facts;
use crate::condition::facts::NameFacts;
use crate::condition::field::Field;
use crate::device::Device;
use crate::device::Fact;
use crate::device::Source;
use crate::mac::Mac;

const DAY_SECONDS: i64 = 86_400;
const HOUR_SECONDS: i64 = 3_600;

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Values<'a> {
    /// Nothing is known.
    None,
    /// One text.
    One(&'a str),
    /// Several.
    Many(&'a [String]),
    /// A number.
    Number(i64),
    /// True or false.
    Boolean(bool),
}

/// Where a value comes from, and when it was told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin {
    /// Who told it, as words.
    pub source: &'static str,
    /// When, if it is not the moment of the question.
    pub at: Option<Time>,
}

impl Values<'_> {
    /// Whether nothing is known.
    pub fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Many(texts) => texts.is_empty(),
            Self::One(_) | Self::Number(_) | Self::Boolean(_) => false,
        }
    }

    /// As texts, for people.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::One(text) => vec![(*text).to_owned()],
            Self::Many(texts) => texts.to_vec(),
            Self::Number(number) => vec![number.to_string()],
            Self::Boolean(flag) => vec![flag.to_string()],
        }
    }
}

fn one(text: Option<&str>) -> Values<'_> {
    text.map_or(Values::None, Values::One)
}

fn number(number: Option<i64>) -> Values<'static> {
    number.map_or(Values::None, Values::Number)
}

/// A fact that counts: what only a request told does not.
fn told<T>(fact: Option<&Fact<T>>) -> Option<&T> {
    fact.filter(|fact| fact.source.is_inventory()).map(|fact| &fact.value)
}

fn told_text(fact: Option<&Fact<String>>) -> Values<'_> {
    one(told(fact).map(String::as_str))
}

impl Facts {
    /// The values of a field. Those of weekday and hour depend on a zone and are not here.
    pub fn values(&self, field: Field) -> Values<'_> {
        match field {
            Field::Always | Field::TimeWeekday | Field::TimeOfDay => Values::None,
            Field::InventoryReachable => Values::Boolean(!self.inventory_unreachable),
            Field::IdentityProvider => one(self.provider.as_deref()),
            Field::IdentityRole => Values::Many(&self.roles),
            Field::DeviceRole => Values::Many(&self.device_roles),
            Field::CertificateAuthority
            | Field::CertificateTemplate
            | Field::CertificateSerial
            | Field::CertificateEku
            | Field::CertificateKeyType
            | Field::CertificateDaysLeft
            | Field::CertificateExpired
            | Field::CertificateAssurance => self.of_certificate(field),
            Field::CertificateSubject
            | Field::CertificateCommonName
            | Field::CertificateDns
            | Field::CertificateEmail
            | Field::CertificateUri
            | Field::CertificateUpn
            | Field::CertificateSan => {
                self.certificate.as_ref().map_or(Values::None, |known| known.names.values(field))
            }
            Field::RequestSubject
            | Field::RequestCommonName
            | Field::RequestDns
            | Field::RequestEmail
            | Field::RequestUri
            | Field::RequestUpn
            | Field::RequestSan => {
                self.request.as_ref().map_or(Values::None, |known| known.names.values(field))
            }
            Field::RequestGateway | Field::RequestKeyType | Field::RequestRenewal => {
                self.of_request(field)
            }
            Field::IdentityKnown
            | Field::IdentityName
            | Field::IdentityEmail
            | Field::IdentityUpn
            | Field::IdentityGroups
            | Field::IdentityStatus => self.of_person(field),
            Field::DeviceKnown
            | Field::DeviceName
            | Field::DeviceSerial
            | Field::DeviceUdid
            | Field::DeviceModel
            | Field::DeviceOs
            | Field::DeviceOsVersion
            | Field::DeviceMac
            | Field::DeviceTags
            | Field::DeviceStatus
            | Field::DeviceInventoryAge => self.of_device(field),
            Field::NetworkAccessPoint
            | Field::NetworkSsid
            | Field::NetworkBssid
            | Field::NetworkNasPortType
            | Field::NetworkMac
            | Field::NetworkMacKnown
            | Field::NetworkAddress
            | Field::NetworkIdentity
            | Field::NetworkTls
            | Field::NetworkAttribute(_) => self.of_network(field),
        }
    }

    /// Where the value of a field comes from.
    pub fn origin(&self, field: Field) -> Origin {
        let here = |source| Origin { source, at: None };
        match field.family() {
            "certificate" => match field {
                Field::CertificateAuthority
                | Field::CertificateTemplate
                | Field::CertificateAssurance => here("record of the certificate"),
                _ => here("certificate"),
            },
            "request" => here("request"),
            "network" if field == Field::NetworkMacKnown => self.origin(Field::DeviceMac),
            "network" => here("packet"),
            "time" => here("clock"),
            "identity" => match field {
                Field::IdentityProvider => here("gateway"),
                Field::IdentityRole => here("policy workflows"),
                _ => match &self.person {
                    Some(person) => told_by(person.source, person.at),
                    None => here("inventory"),
                },
            },
            "device" => match (field, &self.device) {
                (Field::DeviceRole, _) => here("policy workflows"),
                (_, Some(device)) => device_origin(device, field),
                (_, None) => here("inventory"),
            },
            _ => here("server"),
        }
    }

    fn of_person(&self, field: Field) -> Values<'_> {
        let person = self.person.as_deref().filter(|person| person.source.is_inventory());
        if field == Field::IdentityKnown {
            return Values::Boolean(person.is_some());
        }
        let Some(person) = person else { return Values::None };
        match field {
            Field::IdentityName => Values::One(&person.name),
            Field::IdentityEmail => one(person.email.as_deref()),
            Field::IdentityUpn => one(person.upn.as_deref()),
            Field::IdentityGroups => Values::Many(&person.groups),
            Field::IdentityStatus => Values::One(person.status.as_str()),
            _ => Values::None,
        }
    }

    fn of_device(&self, field: Field) -> Values<'_> {
        let device = self.device.as_deref();
        let known = device.filter(|device| device.is_known());
        if field == Field::DeviceKnown {
            return Values::Boolean(known.is_some());
        }
        let Some(device) = device else { return Values::None };
        match field {
            Field::DeviceName => one(known.map(|device| device.name.as_str())),
            Field::DeviceSerial => told_text(device.serial.as_ref()),
            Field::DeviceUdid => told_text(device.udid.as_ref()),
            Field::DeviceModel => told_text(device.model.as_ref()),
            Field::DeviceOs => told_text(device.os.as_ref()),
            Field::DeviceOsVersion => told_text(device.os_version.as_ref()),
            Field::DeviceMac => {
                told(device.mac_addresses.as_ref()).map_or(Values::None, |all| Values::Many(all))
            }
            Field::DeviceTags => {
                told(device.tags.as_ref()).map_or(Values::None, |all| Values::Many(all))
            }
            Field::DeviceStatus => one(known.map(|device| device.status().as_str())),
            Field::DeviceInventoryAge => {
                let told_at = device.inventoried_at();
                number(told_at.map(|at| self.at.0.saturating_sub(at.0).div_euclid(HOUR_SECONDS)))
            }
            _ => Values::None,
        }
    }

    fn of_certificate(&self, field: Field) -> Values<'_> {
        let Some(certificate) = &self.certificate else { return Values::None };
        match field {
            Field::CertificateAuthority => one(certificate.authority.as_deref()),
            Field::CertificateTemplate => one(certificate.template.as_deref()),
            Field::CertificateSerial => one(certificate.serial.as_deref()),
            Field::CertificateEku => Values::Many(&certificate.eku),
            Field::CertificateKeyType => one(certificate.key_type.as_deref()),
            Field::CertificateDaysLeft => number(certificate.days_left(self.at)),
            Field::CertificateExpired => match certificate.not_after {
                Some(not_after) => Values::Boolean(not_after < self.at),
                None => Values::None,
            },
            Field::CertificateAssurance => number(certificate.assurance.map(i64::from)),
            _ => Values::None,
        }
    }

    fn of_request(&self, field: Field) -> Values<'_> {
        let Some(request) = &self.request else { return Values::None };
        match field {
            Field::RequestGateway => Values::One(&request.gateway),
            Field::RequestKeyType => one(request.key_type.as_deref()),
            Field::RequestRenewal => Values::Boolean(request.renewal),
            _ => Values::None,
        }
    }

    fn of_network(&self, field: Field) -> Values<'_> {
        let Some(network) = &self.network else { return Values::None };
        match field {
            Field::NetworkAccessPoint => Values::One(&network.access_point),
            Field::NetworkSsid => one(network.ssid.as_deref()),
            Field::NetworkBssid => one(network.bssid.as_deref()),
            Field::NetworkNasPortType => one(network.nas_port_type.as_deref()),
            Field::NetworkMac => one(network.mac.as_deref()),
            Field::NetworkMacKnown => Values::Boolean(self.knows_mac()),
            Field::NetworkAddress => one(network.address.as_deref()),
            Field::NetworkIdentity => one(network.identity.as_deref()),
            Field::NetworkTls => one(network.tls.as_deref()),
            Field::NetworkAttribute(attribute) => match network.attributes.get(attribute.name) {
                Some(values) => Values::Many(values),
                None => Values::None,
            },
            _ => Values::None,
        }
    }

    /// Whether the inventory has the address that the device joins with.
    fn knows_mac(&self) -> bool {
        let shown = self.network.as_ref().and_then(|network| network.mac.as_deref());
        let Some(shown) = shown.and_then(Mac::parse) else { return false };
        let known = self.device.as_deref().and_then(|device| told(device.mac_addresses.as_ref()));
        known.into_iter().flatten().any(|one| Mac::parse(one) == Some(shown))
    }
}

impl NameFacts {
    fn values(&self, field: Field) -> Values<'_> {
        match field {
            Field::CertificateSubject | Field::RequestSubject => Values::One(&self.subject),
            Field::CertificateCommonName | Field::RequestCommonName => {
                Values::Many(&self.common_name)
            }
            Field::CertificateDns | Field::RequestDns => Values::Many(&self.dns),
            Field::CertificateEmail | Field::RequestEmail => Values::Many(&self.email),
            Field::CertificateUri | Field::RequestUri => Values::Many(&self.uri),
            Field::CertificateUpn | Field::RequestUpn => Values::Many(&self.upn),
            Field::CertificateSan | Field::RequestSan => Values::Many(&self.san),
            _ => Values::None,
        }
    }
}

impl CertificateFacts {
    /// Whole days until it expires; negative once it has.
    pub fn days_left(&self, now: Time) -> Option<i64> {
        let left = self.not_after?.0.saturating_sub(now.0);
        Some(left.div_euclid(DAY_SECONDS))
    }
}

fn told_by(source: Source, at: Time) -> Origin {
    let source = match source {
        Source::File => "inventory (file)",
        Source::Administrator => "inventory (administrator)",
        Source::Import => "inventory (import)",
        Source::Request => "request only",
    };
    Origin { source, at: Some(at) }
}

fn device_origin(device: &Device, field: Field) -> Origin {
    fn of<T>(fact: Option<&Fact<T>>) -> Option<Origin> {
        fact.map(|fact| told_by(fact.source, fact.at))
    }
    let found = match field {
        Field::DeviceSerial => of(device.serial.as_ref()),
        Field::DeviceUdid => of(device.udid.as_ref()),
        Field::DeviceModel => of(device.model.as_ref()),
        Field::DeviceOs => of(device.os.as_ref()),
        Field::DeviceOsVersion => of(device.os_version.as_ref()),
        Field::DeviceMac => of(device.mac_addresses.as_ref()),
        Field::DeviceTags => of(device.tags.as_ref()),
        Field::DeviceStatus => of(device.status.as_ref()),
        _ => None,
    };
    let newest = || {
        let told = device.told().max_by_key(|(source, at)| (source.is_inventory(), *at));
        told.map(|(source, at)| told_by(source, at))
    };
    let nothing = Origin { source: "inventory", at: None };
    found.or_else(newest).unwrap_or(nothing)
}
