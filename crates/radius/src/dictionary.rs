//! The one table of attributes: found by the administrator's name, or by what a packet carries.

pub mod custom;
pub mod ietf;
pub mod values;
pub mod vendor;

use crate::attribute;
use crate::attribute::Attribute;
use crate::attribute::number;

/// The name of the dictionary of RFC attributes.
pub const IETF: &str = "RADIUS:IETF";

/// The name of the dictionary of vendors' attributes.
pub const CUSTOM: &str = "Custom";

/// Every attribute of the table.
pub fn all() -> impl Iterator<Item = &'static Attribute> {
    ietf::TABLE.iter().chain(vendor::TABLE)
}

/// Finds an attribute by dictionary (`RADIUS:IETF`, `Custom`, or a vendor's name) and name; letter
/// case does not count.
#[must_use]
pub fn find(dictionary: &str, name: &str) -> Option<&'static Attribute> {
    all().find(|attribute| {
        let vendor = attribute.vendor.map_or("", |(vendor, _)| vendor);
        attribute.name.eq_ignore_ascii_case(name)
            && (attribute.dictionary.eq_ignore_ascii_case(dictionary)
                || vendor.eq_ignore_ascii_case(dictionary))
    })
}

/// The names of the dictionaries with attributes of their own, and each vendor's number.
pub fn names() -> impl Iterator<Item = (&'static str, Option<u32>)> {
    let mut told = IETF;
    let vendors = vendor::TABLE.iter().filter_map(|attribute| attribute.vendor);
    let first = vendors.filter(move |(name, _)| core::mem::replace(&mut told, name) != *name);
    core::iter::once((IETF, None)).chain(first.map(|(name, number)| (name, Some(number))))
}

/// The VLAN that an attribute of a packet puts a device into, if it is one that does.
#[must_use]
pub fn vlan(wire_number: u8, value: &[u8]) -> Option<String> {
    recognize(wire_number, value)?.vlan_of(value)
}

/// Finds the line of the table for an attribute as a packet carries it.
#[must_use]
pub fn recognize(wire_number: u8, value: &[u8]) -> Option<&'static Attribute> {
    if wire_number != number::VENDOR_SPECIFIC {
        return ietf::TABLE.iter().find(|attribute| attribute.number == wire_number);
    }
    let (vendor, rest) = value.split_first_chunk::<4>()?;
    let vendor = u32::from_be_bytes(*vendor);
    let vendor_type = rest.first()?;
    vendor::TABLE.iter().find(|attribute| {
        attribute.vendor.is_some_and(|(_, number)| number == vendor)
            && attribute.number == *vendor_type
    })
}

/// Shows any attribute of a packet as name and value; an unknown one by number and digits.
#[must_use]
pub fn show(wire_number: u8, value: &[u8]) -> (String, String) {
    match recognize(wire_number, value) {
        Some(attribute) => (attribute.name.to_owned(), attribute.show(value)),
        None => (format!("Attribute-{wire_number}"), attribute::show_octets(value)),
    }
}
