//! Vendors' attributes that grant a role, a VLAN or a filter, and those that tell the network.

use crate::attribute::Attribute;
use crate::attribute::Kind;
use crate::attribute::Use;
use crate::dictionary::CUSTOM;

/// A vendor's name and its number among private enterprises.
type Vendor = (&'static str, u32);

const CISCO: Vendor = ("Cisco", 9);
const HP: Vendor = ("HP", 11);
const MICROSOFT: Vendor = ("Microsoft", 311);
const EXTREME: Vendor = ("Extreme", 1916);
const JUNIPER: Vendor = ("Juniper", 2636);
const FORTINET: Vendor = ("Fortinet", 12356);
const AIRESPACE: Vendor = ("Airespace", 14179);
const ARUBA: Vendor = ("Aruba", 14823);
const MIKROTIK: Vendor = ("Mikrotik", 14988);
const RUCKUS: Vendor = ("Ruckus", 25053);
const PALO_ALTO: Vendor = ("PaloAlto", 25461);
const MERAKI: Vendor = ("Meraki", 29671);

/// Attributes of vendors, by vendor number.
pub static TABLE: &[Attribute] = &[
    line(CISCO, 1, "Cisco-AVPair", Kind::Text, Use::Policy),
    line(HP, 25, "HP-User-Role", Kind::Text, Use::Policy),
    line(HP, 61, "HP-NAS-Filter-Rule", Kind::Text, Use::Policy),
    line(HP, 64, "HP-Egress-VLANID", Kind::Integer, Use::Policy),
    line(HP, 65, "HP-Egress-VLAN-Name", Kind::Text, Use::Policy),
    line(MICROSOFT, 16, "MS-MPPE-Send-Key", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 17, "MS-MPPE-Recv-Key", Kind::Octets, Use::Protocol),
    line(EXTREME, 203, "Extreme-Netlogin-Vlan", Kind::Text, Use::Policy),
    line(EXTREME, 211, "Extreme-Netlogin-Extended-Vlan", Kind::Text, Use::Policy),
    line(JUNIPER, 48, "Juniper-Switching-Filter", Kind::Text, Use::Policy),
    line(FORTINET, 1, "Fortinet-Group-Name", Kind::Text, Use::Policy),
    line(AIRESPACE, 1, "Airespace-WLAN-Id", Kind::Integer, Use::Request),
    line(AIRESPACE, 2, "Airespace-QOS-Level", Kind::Integer, Use::Policy),
    line(AIRESPACE, 3, "Airespace-DSCP", Kind::Integer, Use::Policy),
    line(AIRESPACE, 4, "Airespace-8021p-Tag", Kind::Integer, Use::Policy),
    line(AIRESPACE, 5, "Airespace-Interface-Name", Kind::Text, Use::Policy),
    line(AIRESPACE, 6, "Airespace-ACL-Name", Kind::Text, Use::Policy),
    line(AIRESPACE, 11, "Airespace-Guest-Role-Name", Kind::Text, Use::Policy),
    line(ARUBA, 1, "Aruba-User-Role", Kind::Text, Use::Policy),
    line(ARUBA, 2, "Aruba-User-VLAN", Kind::Integer, Use::Policy),
    line(ARUBA, 5, "Aruba-Essid-Name", Kind::Text, Use::Request),
    line(ARUBA, 9, "Aruba-Named-User-VLAN", Kind::Text, Use::Policy),
    line(MIKROTIK, 3, "Mikrotik-Group", Kind::Text, Use::Policy),
    line(MIKROTIK, 8, "Mikrotik-Rate-Limit", Kind::Text, Use::Policy),
    line(MIKROTIK, 19, "Mikrotik-Address-List", Kind::Text, Use::Policy),
    line(MIKROTIK, 21, "Mikrotik-Wireless-Comment", Kind::Text, Use::Policy),
    line(MIKROTIK, 26, "Mikrotik-Wireless-VLANID", Kind::Integer, Use::Policy),
    line(MIKROTIK, 27, "Mikrotik-Wireless-VLANID-Type", Kind::Integer, Use::Policy),
    line(RUCKUS, 1, "Ruckus-User-Groups", Kind::Text, Use::Policy),
    line(RUCKUS, 3, "Ruckus-SSID", Kind::Text, Use::Request),
    line(RUCKUS, 9, "Ruckus-VLAN-ID", Kind::Integer, Use::Policy),
    line(PALO_ALTO, 5, "PaloAlto-User-Group", Kind::Text, Use::Policy),
    line(MERAKI, 1, "Meraki-Device-Name", Kind::Text, Use::Request),
    line(MERAKI, 2, "Meraki-Network-Name", Kind::Text, Use::Request),
    line(MERAKI, 3, "Meraki-Ap-Name", Kind::Text, Use::Request),
];

const fn line(
    vendor: Vendor,
    number: u8,
    name: &'static str,
    kind: Kind,
    allowed: Use,
) -> Attribute {
    Attribute { dictionary: CUSTOM, vendor: Some(vendor), number, name, kind, values: &[], allowed }
}
