//! What rules can look at: one table that parser, checks, forms and handbook follow.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not told apart by name is looked up in the table"
)]

use core::fmt;

use radius::attribute::Attribute;
use radius::attribute::Kind as AttributeKind;
use radius::dictionary;
use serde::Deserialize;
use serde::Serialize;

use crate::object::Kind as ObjectKind;

/// What a rule can look at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum Field {
    Always,
    IdentityProvider,
    IdentityRole,
    IdentityKnown,
    IdentityName,
    IdentityEmail,
    IdentityUpn,
    IdentityGroups,
    IdentityStatus,
    DeviceRole,
    DeviceKnown,
    DeviceName,
    DeviceSerial,
    DeviceUdid,
    DeviceModel,
    DeviceOs,
    DeviceOsVersion,
    DeviceMac,
    DeviceTags,
    DeviceStatus,
    DeviceInventoryAge,
    CertificateAuthority,
    CertificateTemplate,
    CertificateSerial,
    CertificateSubject,
    CertificateCommonName,
    CertificateDns,
    CertificateEmail,
    CertificateUri,
    CertificateUpn,
    CertificateSan,
    CertificateEku,
    CertificateKeyType,
    CertificateDaysLeft,
    CertificateExpired,
    CertificateAssurance,
    RequestGateway,
    RequestSubject,
    RequestCommonName,
    RequestDns,
    RequestEmail,
    RequestUri,
    RequestUpn,
    RequestSan,
    RequestKeyType,
    RequestRenewal,
    NetworkAccessPoint,
    NetworkSsid,
    NetworkBssid,
    NetworkNasPortType,
    NetworkMac,
    NetworkMacKnown,
    NetworkAddress,
    NetworkIdentity,
    NetworkTls,
    /// Any attribute of the request: `network.attribute.NAS-Identifier`.
    NetworkAttribute(&'static Attribute),
    TimeWeekday,
    TimeOfDay,
    InventoryReachable,
}

/// The form of a field's values, and so what it can be compared with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Nothing to compare.
    Nothing,
    /// Text; letter case counts.
    Text,
    /// Text; letter case does not count.
    Folded,
    /// A whole number.
    Number,
    /// True or false.
    Boolean,
    /// Numbers with dots between them: `14.2.1`.
    Version,
    /// The address of a network interface, in any usual notation.
    Mac,
    /// An IPv4 or IPv6 address.
    Address,
    /// An hour and a minute: `08:30`.
    TimeOfDay,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What can be said of a field: its name in files, its meaning for people.
#[derive(Debug)]
pub struct FieldMeaning {
    /// The field.
    pub field: Field,
    /// Its name in files and forms.
    pub name: &'static str,
    /// The form of its values.
    pub kind: Kind,
    /// What it holds.
    pub meaning: &'static str,
}

/// What stands before the name of a RADIUS attribute.
pub const ATTRIBUTE_PREFIX: &str = "network.attribute.";

/// Monday first.
pub const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// In the order of [`DeviceStatus::ALL`].
const DEVICE_STATUS: [&str; 4] = ["active", "lost", "wiped", "retired"];

const PERSON_STATUS: [&str; 2] = ["active", "disabled"];

const TLS: [&str; 2] = ["1.2", "1.3"];

const fn row(field: Field, name: &'static str, kind: Kind, meaning: &'static str) -> FieldMeaning {
    FieldMeaning { field, name, kind, meaning }
}

/// Every field but the RADIUS attributes, which [`Field::NetworkAttribute`] stands for.
#[rustfmt::skip]
pub const FIELDS: &[FieldMeaning] = &[
    row(Field::Always, "always", Kind::Nothing, "holds for everybody"),
    row(Field::IdentityProvider, "identity.provider", Kind::Text, "the gateway at which the device enrolled"),
    row(Field::IdentityRole, "identity.role", Kind::Text, "a role granted by a policy workflow"),
    row(Field::IdentityKnown, "identity.known", Kind::Boolean, "whether the device's owner is among the people of the inventory"),
    row(Field::IdentityName, "identity.name", Kind::Text, "the owner's name"),
    row(Field::IdentityEmail, "identity.email", Kind::Folded, "the owner's e-mail address"),
    row(Field::IdentityUpn, "identity.upn", Kind::Folded, "the owner's user principal name"),
    row(Field::IdentityGroups, "identity.groups", Kind::Text, "the groups that the owner is in"),
    row(Field::IdentityStatus, "identity.status", Kind::Choice(&PERSON_STATUS), "whether the owner's account may be used"),
    row(Field::DeviceRole, "device.role", Kind::Text, "a role of the device; every device has Default"),
    row(Field::DeviceKnown, "device.known", Kind::Boolean, "whether the device is in the inventory; what only a request told does not count"),
    row(Field::DeviceName, "device.name", Kind::Text, "the device's name in the inventory"),
    row(Field::DeviceSerial, "device.serial", Kind::Folded, "the device's serial number in the inventory"),
    row(Field::DeviceUdid, "device.udid", Kind::Folded, "the device's UDID in the inventory"),
    row(Field::DeviceModel, "device.model", Kind::Folded, "the model of the device"),
    row(Field::DeviceOs, "device.os", Kind::Folded, "the operating system of the device"),
    row(Field::DeviceOsVersion, "device.os_version", Kind::Version, "the version of the operating system"),
    row(Field::DeviceMac, "device.mac", Kind::Mac, "the addresses of the device's network interfaces in the inventory"),
    row(Field::DeviceTags, "device.tags", Kind::Text, "what the device is marked with"),
    row(Field::DeviceStatus, "device.status", Kind::Choice(&DEVICE_STATUS), "whether the device may be used"),
    row(Field::DeviceInventoryAge, "device.inventory_age", Kind::Number, "hours since the inventory last told of the device"),
    row(Field::CertificateAuthority, "certificate.authority", Kind::Text, "the authority that signed the certificate; in an enrollment policy, the gateway's"),
    row(Field::CertificateTemplate, "certificate.template", Kind::Text, "the template that the certificate was made from"),
    row(Field::CertificateSerial, "certificate.serial", Kind::Folded, "the certificate's serial number"),
    row(Field::CertificateSubject, "certificate.subject", Kind::Text, "whom the certificate names"),
    row(Field::CertificateCommonName, "certificate.common_name", Kind::Text, "the common names of the certificate's subject"),
    row(Field::CertificateDns, "certificate.dns", Kind::Folded, "the DNS names among the certificate's SANs"),
    row(Field::CertificateEmail, "certificate.email", Kind::Folded, "the e-mail addresses among the certificate's SANs"),
    row(Field::CertificateUri, "certificate.uri", Kind::Text, "the URIs among the certificate's SANs"),
    row(Field::CertificateUpn, "certificate.upn", Kind::Folded, "the principal names among the certificate's SANs"),
    row(Field::CertificateSan, "certificate.san", Kind::Text, "every SAN of the certificate, as kind:value"),
    row(Field::CertificateEku, "certificate.eku", Kind::Text, "what the certificate may be used for, by name as in templates, or by OID"),
    row(Field::CertificateKeyType, "certificate.key_type", Kind::Folded, "the kind of the certificate's key, such as rsa-2048 or ecdsa-p256"),
    row(Field::CertificateDaysLeft, "certificate.days_left", Kind::Number, "whole days until the certificate expires; negative once it has"),
    row(Field::CertificateExpired, "certificate.expired", Kind::Boolean, "whether the certificate has expired, at most 30 days ago; policies that do not look at it never match one that has"),
    row(Field::CertificateAssurance, "certificate.assurance", Kind::Number, "how the device was known when it enrolled: 0 by the challenge only, 1 by challenge and inventory"),
    row(Field::RequestGateway, "request.gateway", Kind::Text, "the gateway that is asked for a certificate"),
    row(Field::RequestSubject, "request.subject", Kind::Text, "whom the request names"),
    row(Field::RequestCommonName, "request.common_name", Kind::Text, "the first common name of the request's subject"),
    row(Field::RequestDns, "request.dns", Kind::Folded, "the first DNS name that the request asks for, as templates take it"),
    row(Field::RequestEmail, "request.email", Kind::Folded, "the first e-mail address that the request asks for"),
    row(Field::RequestUri, "request.uri", Kind::Text, "the first URI that the request asks for"),
    row(Field::RequestUpn, "request.upn", Kind::Folded, "the first principal name that the request asks for"),
    row(Field::RequestSan, "request.san", Kind::Text, "every SAN that the request asks for, as kind:value"),
    row(Field::RequestKeyType, "request.key_type", Kind::Folded, "the kind of the request's key, such as rsa-2048"),
    row(Field::RequestRenewal, "request.renewal", Kind::Boolean, "whether the device renews with its certificate"),
    row(Field::NetworkAccessPoint, "network.access_point", Kind::Text, "the access point that asks"),
    row(Field::NetworkSsid, "network.ssid", Kind::Text, "the wireless network, from Called-Station-Id"),
    row(Field::NetworkBssid, "network.bssid", Kind::Mac, "the radio's address, from Called-Station-Id"),
    row(Field::NetworkNasPortType, "network.nas_port_type", Kind::Folded, "the kind of port, such as Wireless-802.11 or Ethernet"),
    row(Field::NetworkMac, "network.mac", Kind::Mac, "the device's address, from Calling-Station-Id"),
    row(Field::NetworkMacKnown, "network.mac_known", Kind::Boolean, "whether the inventory knows that address as one of the device's"),
    row(Field::NetworkAddress, "network.address", Kind::Address, "the address that the access point gave as its own"),
    row(Field::NetworkIdentity, "network.identity", Kind::Text, "the outer identity: what the device calls itself, unproved"),
    row(Field::NetworkTls, "network.tls", Kind::Choice(&TLS), "the version of TLS"),
    row(Field::TimeWeekday, "time.weekday", Kind::Choice(&WEEKDAYS), "the day of the week, in the rule's zone (else UTC)"),
    row(Field::TimeOfDay, "time.of_day", Kind::TimeOfDay, "the hour and minute, in the rule's zone (else UTC)"),
    row(Field::InventoryReachable, "inventory.reachable", Kind::Boolean, "whether the inventory could be read when the answer was made"),
];

impl Field {
    /// Finds a field by its name.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(attribute) = name.strip_prefix(ATTRIBUTE_PREFIX) {
            let mut all = dictionary::all();
            let found = all.find(|one| one.name.eq_ignore_ascii_case(attribute));
            return found.map(Self::NetworkAttribute);
        }
        FIELDS.iter().find(|row| row.name == name).map(|row| row.field)
    }

    /// Its name in files and forms.
    pub fn name(self) -> String {
        match self {
            Self::NetworkAttribute(attribute) => format!("{ATTRIBUTE_PREFIX}{}", attribute.name),
            _ => self.row().map_or("", |row| row.name).to_owned(),
        }
    }

    /// The form of its values.
    pub fn kind(self) -> Kind {
        match self {
            Self::NetworkAttribute(attribute) => match attribute.kind {
                AttributeKind::Address | AttributeKind::Address6 => Kind::Address,
                AttributeKind::Integer if attribute.values.is_empty() => Kind::Number,
                _ => Kind::Text,
            },
            _ => self.row().map_or(Kind::Nothing, |row| row.kind),
        }
    }

    /// What kind of object its values name, if they name any.
    pub fn names(self) -> Option<ObjectKind> {
        match self {
            Self::IdentityProvider | Self::RequestGateway => Some(ObjectKind::Gateway),
            Self::IdentityRole | Self::DeviceRole => Some(ObjectKind::PolicyWorkflow),
            Self::CertificateAuthority => Some(ObjectKind::CertificateAuthority),
            Self::CertificateTemplate => Some(ObjectKind::CertificateTemplate),
            Self::NetworkAccessPoint => Some(ObjectKind::AccessPoint),
            _ => None,
        }
    }

    /// The first part of its name, which tells what it is about.
    pub fn family(self) -> &'static str {
        match self {
            Self::NetworkAttribute(_) => "network",
            _ => self.row().and_then(|row| row.name.split('.').next()).unwrap_or_default(),
        }
    }

    fn row(self) -> Option<&'static FieldMeaning> {
        FIELDS.iter().find(|row| row.field == self)
    }
}

impl Kind {
    /// In a sentence.
    pub fn words(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Text => "text".to_owned(),
            Self::Folded => "text, in large or small letters".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Version => "a version such as 14.2".to_owned(),
            Self::Mac => "an address such as a4:83:e7:00:11:22".to_owned(),
            Self::Address => "an IP address".to_owned(),
            Self::TimeOfDay => "an hour such as 08:30".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl utoipa::PartialSchema for Field {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        pki::schema::text("What a rule looks at.")
    }
}

impl utoipa::ToSchema for Field {}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom(unknown(&name)))
    }
}

/// What to say of a name that no field has: the fields of the same family.
fn unknown(name: &str) -> String {
    let family = name.split('.').next().unwrap_or_default();
    let in_family = |row: &&FieldMeaning| row.name.split('.').next() == Some(family);
    let mut near: Vec<&str> = FIELDS.iter().filter(in_family).map(|row| row.name).collect();
    if near.is_empty() {
        near = FIELDS.iter().map(|row| row.name).collect();
    }
    let name: String = name.chars().take(64).collect();
    format!("there is no field \"{}\", expected one of {}", name.escape_debug(), near.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Operator;
    use crate::device::DeviceStatus;

    #[test]
    fn every_field_has_one_row_under_the_name_it_is_written_with() {
        for row in FIELDS {
            assert_eq!(serde_json::to_value(row.field).unwrap(), row.name);
            assert_eq!(Field::parse(row.name), Some(row.field));
            assert_eq!(row.field.kind(), row.kind);
        }
        let known = FIELDS.iter().filter(|row| row.field == Field::DeviceOs).count();
        assert_eq!(known, 1);
        assert_eq!(DeviceStatus::ALL.map(DeviceStatus::as_str), DEVICE_STATUS);
    }

    #[test]
    fn an_attribute_is_a_field_of_its_own_form() {
        let field = Field::parse("network.attribute.nas-identifier").unwrap();
        assert_eq!(field.name(), "network.attribute.NAS-Identifier");
        assert_eq!(field.kind(), Kind::Text);
        let port = Field::parse("network.attribute.NAS-Port").unwrap();
        assert_eq!(port.kind(), Kind::Number);
        let address = Field::parse("network.attribute.NAS-IP-Address").unwrap();
        assert_eq!(address.kind(), Kind::Address);
        assert_eq!(Field::parse("network.attribute.No-Such"), None);
    }

    #[test]
    fn an_unknown_field_is_told_with_those_near_it() {
        let error = serde_json::from_str::<Field>("\"device.colour\"").unwrap_err().to_string();
        assert!(error.contains("device.serial"), "{error}");
        assert!(!error.contains("network.ssid"), "{error}");
    }

    #[test]
    fn the_handbook_lists_every_field_and_every_operator() {
        let page = include_str!("../../../../docs/policies.md");
        for FieldMeaning { name, kind, meaning, .. } in FIELDS {
            let line = format!("| `{name}` | {meaning} | {} |", kind.words());
            assert!(page.contains(&line), "docs/policies.md lacks: {line}");
        }
        for operator in Operator::ALL {
            let line = format!("| `{operator}` | {} | ", operator.meaning());
            assert!(page.contains(&line), "docs/policies.md lacks: {line}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains('.'));
        let fields = rows.filter(|line| FIELDS.iter().any(|row| line.contains(row.name))).count();
        assert!(fields >= FIELDS.len() - 1, "{fields} fields are listed");
    }
}
