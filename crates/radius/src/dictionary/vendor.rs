//! Vendors' attributes that grant a role, a VLAN or a filter, and those that tell the network.
//!
//! Roles of administrators on the equipment itself are left out: a device that joins a network is
//! no administrator.

use crate::attribute::Attribute;
use crate::attribute::Kind;
use crate::attribute::Use;
use crate::dictionary::CUSTOM;
use crate::dictionary::values;
use crate::dictionary::values::Values;

/// A vendor's name and its number among private enterprises.
type Vendor = (&'static str, u32);

const CISCO: Vendor = ("Cisco", 9);
const HP: Vendor = ("HP", 11);
const MICROSOFT: Vendor = ("Microsoft", 311);
const EXTREME: Vendor = ("Extreme", 1916);
const JUNIPER: Vendor = ("Juniper", 2636);
const FORTINET: Vendor = ("Fortinet", 12356);
const WISPR: Vendor = ("WISPr", 14122);
const AIRESPACE: Vendor = ("Airespace", 14179);
const ARUBA: Vendor = ("Aruba", 14823);
const MIKROTIK: Vendor = ("Mikrotik", 14988);
const RUCKUS: Vendor = ("Ruckus", 25053);
const PALO_ALTO: Vendor = ("PaloAlto", 25461);
const MERAKI: Vendor = ("Meraki", 29671);
const ARISTA: Vendor = ("Arista", 30065);

/// Attributes of vendors, by vendor number.
pub static TABLE: &[Attribute] = &[
    line(CISCO, 1, "Cisco-AVPair", Kind::Text, Use::Policy),
    line(CISCO, 37, "Cisco-Policy-Up", Kind::Text, Use::Policy),
    line(CISCO, 38, "Cisco-Policy-Down", Kind::Text, Use::Policy),
    line(CISCO, 55, "Cisco-Sub-QoS-Pol-In", Kind::Text, Use::Policy),
    line(CISCO, 56, "Cisco-Sub-QoS-Pol-Out", Kind::Text, Use::Policy),
    line(CISCO, 57, "Cisco-In-ACL", Kind::Text, Use::Policy),
    line(CISCO, 58, "Cisco-Out-ACL", Kind::Text, Use::Policy),
    line(CISCO, 61, "Cisco-IPv6-In-ACL", Kind::Text, Use::Policy),
    line(CISCO, 62, "Cisco-IPv6-Out-ACL", Kind::Text, Use::Policy),
    line(HP, 10, "HP-Port-Client-Limit-Dot1x", Kind::Integer, Use::Policy),
    named(HP, 13, "HP-Port-Auth-Mode-Dot1x", Use::Policy, values::HP_PORT_AUTH_MODE),
    line(HP, 23, "HP-Port-Bounce-Host", Kind::Integer, Use::Policy),
    line(HP, 24, "HP-Captive-Portal-URL", Kind::Text, Use::Policy),
    line(HP, 25, "HP-User-Role", Kind::Text, Use::Policy),
    line(HP, 27, "HP-CPPM-Role", Kind::Text, Use::Policy),
    line(HP, 28, "HP-CPPM-Secondary-Role", Kind::Text, Use::Policy),
    line(HP, 40, "HP-Port-Priority-Regeneration-Table", Kind::Text, Use::Policy),
    line(HP, 46, "HP-Bandwidth-Max-Ingress", Kind::Integer, Use::Policy),
    line(HP, 48, "HP-Bandwidth-Max-Egress", Kind::Integer, Use::Policy),
    line(HP, 61, "HP-NAS-Filter-Rule", Kind::Text, Use::Policy),
    line(HP, 62, "HP-Access-Profile", Kind::Text, Use::Policy),
    line(HP, 63, "HP-NAS-Rules-IPv6", Kind::Integer, Use::Policy),
    line(HP, 64, "HP-Egress-VLANID", Kind::Integer, Use::Policy),
    line(HP, 65, "HP-Egress-VLAN-Name", Kind::Text, Use::Policy),
    line(HP, 255, "HP-Capability-Advert", Kind::Octets, Use::Request),
    line(MICROSOFT, 1, "MS-CHAP-Response", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 2, "MS-CHAP-Error", Kind::Text, Use::Protocol),
    line(MICROSOFT, 3, "MS-CHAP-CPW-1", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 4, "MS-CHAP-CPW-2", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 5, "MS-CHAP-LM-Enc-PW", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 6, "MS-CHAP-NT-Enc-PW", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 7, "MS-MPPE-Encryption-Policy", Kind::Integer, Use::Protocol),
    line(MICROSOFT, 8, "MS-MPPE-Encryption-Types", Kind::Integer, Use::Protocol),
    line(MICROSOFT, 9, "MS-RAS-Vendor", Kind::Integer, Use::Request),
    line(MICROSOFT, 10, "MS-CHAP-Domain", Kind::Text, Use::Protocol),
    line(MICROSOFT, 11, "MS-CHAP-Challenge", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 12, "MS-CHAP-MPPE-Keys", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 16, "MS-MPPE-Send-Key", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 17, "MS-MPPE-Recv-Key", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 18, "MS-RAS-Version", Kind::Text, Use::Request),
    line(MICROSOFT, 19, "MS-Old-ARAP-Password", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 20, "MS-New-ARAP-Password", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 22, "MS-Filter", Kind::Octets, Use::Policy),
    line(MICROSOFT, 25, "MS-CHAP2-Response", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 26, "MS-CHAP2-Success", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 27, "MS-CHAP2-CPW", Kind::Octets, Use::Protocol),
    line(MICROSOFT, 28, "MS-Primary-DNS-Server", Kind::Address, Use::Policy),
    line(MICROSOFT, 29, "MS-Secondary-DNS-Server", Kind::Address, Use::Policy),
    line(MICROSOFT, 30, "MS-Primary-NBNS-Server", Kind::Address, Use::Policy),
    line(MICROSOFT, 31, "MS-Secondary-NBNS-Server", Kind::Address, Use::Policy),
    line(EXTREME, 203, "Extreme-Netlogin-Vlan", Kind::VlanName, Use::Policy),
    line(EXTREME, 204, "Extreme-Netlogin-Url", Kind::Text, Use::Policy),
    named(EXTREME, 206, "Extreme-Netlogin-Only", Use::Policy, values::DISABLED_ENABLED),
    line(EXTREME, 209, "Extreme-Netlogin-Vlan-Tag", Kind::Vlan, Use::Policy),
    line(EXTREME, 211, "Extreme-Netlogin-Extended-Vlan", Kind::Text, Use::Policy),
    line(EXTREME, 212, "Extreme-Security-Profile", Kind::Text, Use::Policy),
    line(JUNIPER, 44, "Juniper-Firewall-Filter-Name", Kind::Text, Use::Policy),
    line(JUNIPER, 48, "Juniper-Switching-Filter", Kind::Text, Use::Policy),
    line(JUNIPER, 49, "Juniper-VoIP-Vlan", Kind::Text, Use::Policy),
    line(JUNIPER, 50, "Juniper-CWA-Redirect", Kind::Text, Use::Policy),
    line(JUNIPER, 52, "Juniper-AV-Pair", Kind::Text, Use::Policy),
    line(FORTINET, 1, "Fortinet-Group-Name", Kind::Text, Use::Policy),
    line(FORTINET, 3, "Fortinet-Vdom-Name", Kind::Text, Use::Policy),
    line(FORTINET, 5, "Fortinet-Interface-Name", Kind::Text, Use::Request),
    line(FORTINET, 7, "Fortinet-SSID", Kind::Text, Use::Request),
    line(FORTINET, 8, "Fortinet-AP-Name", Kind::Text, Use::Request),
    line(WISPR, 1, "WISPr-Location-ID", Kind::Text, Use::Request),
    line(WISPR, 2, "WISPr-Location-Name", Kind::Text, Use::Request),
    line(WISPR, 4, "WISPr-Redirection-URL", Kind::Text, Use::Policy),
    line(WISPR, 5, "WISPr-Bandwidth-Min-Up", Kind::Integer, Use::Policy),
    line(WISPR, 6, "WISPr-Bandwidth-Min-Down", Kind::Integer, Use::Policy),
    line(WISPR, 7, "WISPr-Bandwidth-Max-Up", Kind::Integer, Use::Policy),
    line(WISPR, 8, "WISPr-Bandwidth-Max-Down", Kind::Integer, Use::Policy),
    line(WISPR, 9, "WISPr-Session-Terminate-Time", Kind::Text, Use::Policy),
    line(AIRESPACE, 1, "Airespace-WLAN-Id", Kind::Integer, Use::Request),
    named(AIRESPACE, 2, "Airespace-QOS-Level", Use::Policy, values::AIRESPACE_QOS_LEVEL),
    line(AIRESPACE, 3, "Airespace-DSCP", Kind::Integer, Use::Policy),
    line(AIRESPACE, 4, "Airespace-8021p-Tag", Kind::Integer, Use::Policy),
    line(AIRESPACE, 5, "Airespace-Interface-Name", Kind::Text, Use::Policy),
    line(AIRESPACE, 6, "Airespace-ACL-Name", Kind::Text, Use::Policy),
    line(AIRESPACE, 7, "Airespace-Data-Bandwidth-Average-Contract", Kind::Integer, Use::Policy),
    line(
        AIRESPACE,
        8,
        "Airespace-Real-Time-Bandwidth-Average-Contract",
        Kind::Integer,
        Use::Policy,
    ),
    line(AIRESPACE, 9, "Airespace-Data-Bandwidth-Burst-Contract", Kind::Integer, Use::Policy),
    line(AIRESPACE, 10, "Airespace-Real-Time-Bandwidth-Burst-Contract", Kind::Integer, Use::Policy),
    line(AIRESPACE, 11, "Airespace-Guest-Role-Name", Kind::Text, Use::Policy),
    line(
        AIRESPACE,
        13,
        "Airespace-Data-Bandwidth-Average-Contract-Upstream",
        Kind::Integer,
        Use::Policy,
    ),
    line(
        AIRESPACE,
        15,
        "Airespace-Data-Bandwidth-Burst-Contract-Upstream",
        Kind::Integer,
        Use::Policy,
    ),
    line(ARUBA, 1, "Aruba-User-Role", Kind::Text, Use::Policy),
    line(ARUBA, 2, "Aruba-User-VLAN", Kind::Vlan, Use::Policy),
    line(ARUBA, 5, "Aruba-Essid-Name", Kind::Text, Use::Request),
    line(ARUBA, 6, "Aruba-Location-Id", Kind::Text, Use::Request),
    line(ARUBA, 9, "Aruba-Named-User-VLAN", Kind::VlanName, Use::Policy),
    line(ARUBA, 10, "Aruba-AP-Group", Kind::Text, Use::Request),
    line(ARUBA, 14, "Aruba-No-DHCP-Fingerprint", Kind::Integer, Use::Policy),
    line(ARUBA, 23, "Aruba-CPPM-Role", Kind::Text, Use::Policy),
    line(ARUBA, 36, "Aruba-User-Group", Kind::Text, Use::Policy),
    line(ARUBA, 40, "Aruba-Port-Bounce-Host", Kind::Integer, Use::Policy),
    line(ARUBA, 43, "Aruba-Captive-Portal-URL", Kind::Text, Use::Policy),
    named(ARUBA, 49, "Aruba-PoE-Priority", Use::Policy, values::ARUBA_POE_PRIORITY),
    named(ARUBA, 50, "Aruba-Port-Auth-Mode", Use::Policy, values::ARUBA_PORT_AUTH_MODE),
    line(ARUBA, 51, "Aruba-NAS-Filter-Rule", Kind::Text, Use::Policy),
    named(ARUBA, 52, "Aruba-QoS-Trust-Mode", Use::Policy, values::ARUBA_QOS_TRUST_MODE),
    line(ARUBA, 53, "Aruba-UBT-Gateway-Role", Kind::Text, Use::Policy),
    line(ARUBA, 54, "Aruba-Gateway-Zone", Kind::Text, Use::Policy),
    named(ARUBA, 58, "Aruba-STP-Admin-Edge-Port", Use::Policy, values::ARUBA_STP_ADMIN_EDGE_PORT),
    line(ARUBA, 59, "Aruba-UBT-Gateway-CPPM-Role", Kind::Text, Use::Policy),
    line(ARUBA, 63, "Aruba-Device-Traffic-Class", Kind::Integer, Use::Policy),
    line(MIKROTIK, 1, "Mikrotik-Recv-Limit", Kind::Integer, Use::Policy),
    line(MIKROTIK, 2, "Mikrotik-Xmit-Limit", Kind::Integer, Use::Policy),
    line(MIKROTIK, 3, "Mikrotik-Group", Kind::Text, Use::Policy),
    line(MIKROTIK, 4, "Mikrotik-Wireless-Forward", Kind::Integer, Use::Policy),
    line(MIKROTIK, 8, "Mikrotik-Rate-Limit", Kind::Text, Use::Policy),
    line(MIKROTIK, 11, "Mikrotik-Mark-Id", Kind::Text, Use::Policy),
    line(MIKROTIK, 14, "Mikrotik-Recv-Limit-Gigawords", Kind::Integer, Use::Policy),
    line(MIKROTIK, 15, "Mikrotik-Xmit-Limit-Gigawords", Kind::Integer, Use::Policy),
    line(MIKROTIK, 17, "Mikrotik-Total-Limit", Kind::Integer, Use::Policy),
    line(MIKROTIK, 18, "Mikrotik-Total-Limit-Gigawords", Kind::Integer, Use::Policy),
    line(MIKROTIK, 19, "Mikrotik-Address-List", Kind::Text, Use::Policy),
    line(MIKROTIK, 21, "Mikrotik-Wireless-Comment", Kind::Text, Use::Policy),
    line(MIKROTIK, 22, "Mikrotik-Delegated-IPv6-Pool", Kind::Text, Use::Policy),
    line(MIKROTIK, 26, "Mikrotik-Wireless-VLANID", Kind::Vlan, Use::Policy),
    named(MIKROTIK, 27, "Mikrotik-Wireless-VLANID-Type", Use::Policy, values::MIKROTIK_VLANID_TYPE),
    line(MIKROTIK, 28, "Mikrotik-Wireless-Minsignal", Kind::Text, Use::Policy),
    line(MIKROTIK, 29, "Mikrotik-Wireless-Maxsignal", Kind::Text, Use::Policy),
    line(MIKROTIK, 30, "Mikrotik-Switching-Filter", Kind::Text, Use::Policy),
    line(RUCKUS, 1, "Ruckus-User-Groups", Kind::Text, Use::Policy),
    line(RUCKUS, 2, "Ruckus-Sta-RSSI", Kind::Integer, Use::Request),
    line(RUCKUS, 3, "Ruckus-SSID", Kind::Text, Use::Request),
    line(RUCKUS, 4, "Ruckus-Wlan-Id", Kind::Integer, Use::Request),
    line(RUCKUS, 5, "Ruckus-Location", Kind::Text, Use::Request),
    line(RUCKUS, 6, "Ruckus-Grace-Period", Kind::Integer, Use::Policy),
    line(RUCKUS, 9, "Ruckus-VLAN-ID", Kind::Vlan, Use::Policy),
    line(RUCKUS, 20, "Ruckus-FlexAuth-AVP", Kind::Text, Use::Policy),
    line(PALO_ALTO, 5, "PaloAlto-User-Group", Kind::Text, Use::Policy),
    line(PALO_ALTO, 6, "PaloAlto-User-Domain", Kind::Text, Use::Policy),
    line(MERAKI, 1, "Meraki-Device-Name", Kind::Text, Use::Request),
    line(MERAKI, 2, "Meraki-Network-Name", Kind::Text, Use::Request),
    line(MERAKI, 3, "Meraki-Ap-Name", Kind::Text, Use::Request),
    line(MERAKI, 4, "Meraki-Ap-Tags", Kind::Text, Use::Request),
    line(ARISTA, 1, "Arista-AVPair", Kind::Text, Use::Policy),
];

/// Vendors whose attributes are not built from one byte of type and one of length.
pub const OTHERWISE_BUILT: [u32; 7] = [429, 637, 4846, 5323, 8164, 16445, 24757];

const fn line(
    vendor: Vendor,
    number: u8,
    name: &'static str,
    kind: Kind,
    allowed: Use,
) -> Attribute {
    Attribute { dictionary: CUSTOM, vendor: Some(vendor), number, name, kind, values: &[], allowed }
}

const fn named(
    vendor: Vendor,
    number: u8,
    name: &'static str,
    allowed: Use,
    values: Values,
) -> Attribute {
    let kind = Kind::Integer;
    Attribute { dictionary: CUSTOM, vendor: Some(vendor), number, name, kind, values, allowed }
}
