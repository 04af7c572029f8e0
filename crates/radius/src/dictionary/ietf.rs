//! The IETF's attributes that have a meaning for access to a network.

use crate::attribute::Attribute;
use crate::attribute::Kind;
use crate::attribute::Use;
use crate::dictionary::IETF;
use crate::dictionary::values;
use crate::dictionary::values::Values;

/// Attributes of RFC 2865, 2866, 2867, 2868, 2869, 3162, 3579, 4072, 4372, 4675, 4818, 4849, 5176,
/// 5580, 6911 and 7268.
pub static TABLE: &[Attribute] = &[
    // RFC 2865.
    line(1, "User-Name", Kind::Text, Use::Policy),
    line(2, "User-Password", Kind::Octets, Use::Protocol),
    line(3, "CHAP-Password", Kind::Octets, Use::Protocol),
    line(4, "NAS-IP-Address", Kind::Address, Use::Request),
    line(5, "NAS-Port", Kind::Integer, Use::Request),
    named(6, "Service-Type", Kind::Integer, Use::Policy, values::SERVICE_TYPE),
    named(7, "Framed-Protocol", Kind::Integer, Use::Policy, values::FRAMED_PROTOCOL),
    line(8, "Framed-IP-Address", Kind::Address, Use::Policy),
    line(9, "Framed-IP-Netmask", Kind::Address, Use::Policy),
    named(10, "Framed-Routing", Kind::Integer, Use::Policy, values::FRAMED_ROUTING),
    line(11, "Filter-Id", Kind::Text, Use::Policy),
    line(12, "Framed-MTU", Kind::Integer, Use::Policy),
    named(13, "Framed-Compression", Kind::Integer, Use::Policy, values::FRAMED_COMPRESSION),
    line(14, "Login-IP-Host", Kind::Address, Use::Policy),
    named(15, "Login-Service", Kind::Integer, Use::Policy, values::LOGIN_SERVICE),
    line(16, "Login-TCP-Port", Kind::Integer, Use::Policy),
    line(18, "Reply-Message", Kind::Text, Use::Policy),
    line(19, "Callback-Number", Kind::Text, Use::Policy),
    line(20, "Callback-Id", Kind::Text, Use::Policy),
    line(22, "Framed-Route", Kind::Text, Use::Policy),
    line(24, "State", Kind::Octets, Use::Protocol),
    line(25, "Class", Kind::Octets, Use::Policy),
    line(26, "Vendor-Specific", Kind::Octets, Use::Protocol),
    line(27, "Session-Timeout", Kind::Integer, Use::Policy),
    line(28, "Idle-Timeout", Kind::Integer, Use::Policy),
    named(29, "Termination-Action", Kind::Integer, Use::Policy, values::TERMINATION_ACTION),
    line(30, "Called-Station-Id", Kind::Text, Use::Request),
    line(31, "Calling-Station-Id", Kind::Text, Use::Request),
    line(32, "NAS-Identifier", Kind::Text, Use::Request),
    line(33, "Proxy-State", Kind::Octets, Use::Protocol),
    line(60, "CHAP-Challenge", Kind::Octets, Use::Protocol),
    named(61, "NAS-Port-Type", Kind::Integer, Use::Request, values::NAS_PORT_TYPE),
    line(62, "Port-Limit", Kind::Integer, Use::Policy),
    // RFC 2866.
    named(40, "Acct-Status-Type", Kind::Integer, Use::Request, values::ACCT_STATUS_TYPE),
    line(41, "Acct-Delay-Time", Kind::Integer, Use::Request),
    line(42, "Acct-Input-Octets", Kind::Integer, Use::Request),
    line(43, "Acct-Output-Octets", Kind::Integer, Use::Request),
    line(44, "Acct-Session-Id", Kind::Text, Use::Request),
    named(45, "Acct-Authentic", Kind::Integer, Use::Request, values::ACCT_AUTHENTIC),
    line(46, "Acct-Session-Time", Kind::Integer, Use::Request),
    line(47, "Acct-Input-Packets", Kind::Integer, Use::Request),
    line(48, "Acct-Output-Packets", Kind::Integer, Use::Request),
    named(49, "Acct-Terminate-Cause", Kind::Integer, Use::Request, values::ACCT_TERMINATE_CAUSE),
    line(50, "Acct-Multi-Session-Id", Kind::Text, Use::Request),
    line(51, "Acct-Link-Count", Kind::Integer, Use::Request),
    // RFC 2867 and 2868.
    named(64, "Tunnel-Type", Kind::TaggedInteger, Use::Policy, values::TUNNEL_TYPE),
    named(65, "Tunnel-Medium-Type", Kind::TaggedInteger, Use::Policy, values::TUNNEL_MEDIUM_TYPE),
    line(66, "Tunnel-Client-Endpoint", Kind::TaggedText, Use::Policy),
    line(67, "Tunnel-Server-Endpoint", Kind::TaggedText, Use::Policy),
    line(68, "Acct-Tunnel-Connection", Kind::Text, Use::Request),
    line(69, "Tunnel-Password", Kind::Octets, Use::Protocol),
    line(81, "Tunnel-Private-Group-Id", Kind::TaggedVlan, Use::Policy),
    line(82, "Tunnel-Assignment-Id", Kind::TaggedText, Use::Policy),
    line(83, "Tunnel-Preference", Kind::TaggedInteger, Use::Policy),
    line(86, "Acct-Tunnel-Packets-Lost", Kind::Integer, Use::Request),
    line(90, "Tunnel-Client-Auth-Id", Kind::TaggedText, Use::Policy),
    line(91, "Tunnel-Server-Auth-Id", Kind::TaggedText, Use::Policy),
    // RFC 2869 and 3579.
    line(52, "Acct-Input-Gigawords", Kind::Integer, Use::Request),
    line(53, "Acct-Output-Gigawords", Kind::Integer, Use::Request),
    line(55, "Event-Timestamp", Kind::Time, Use::Request),
    named(76, "Prompt", Kind::Integer, Use::Policy, values::PROMPT),
    line(77, "Connect-Info", Kind::Text, Use::Request),
    line(78, "Configuration-Token", Kind::Text, Use::Policy),
    line(79, "EAP-Message", Kind::Octets, Use::Protocol),
    line(80, "Message-Authenticator", Kind::Octets, Use::Protocol),
    line(85, "Acct-Interim-Interval", Kind::Integer, Use::Policy),
    line(87, "NAS-Port-Id", Kind::Text, Use::Request),
    line(88, "Framed-Pool", Kind::Text, Use::Policy),
    // RFC 3162, 4818 and 6911: IPv6.
    line(95, "NAS-IPv6-Address", Kind::Address6, Use::Request),
    line(96, "Framed-Interface-Id", Kind::InterfaceId, Use::Policy),
    line(97, "Framed-IPv6-Prefix", Kind::Prefix6, Use::Policy),
    line(98, "Login-IPv6-Host", Kind::Address6, Use::Policy),
    line(99, "Framed-IPv6-Route", Kind::Text, Use::Policy),
    line(100, "Framed-IPv6-Pool", Kind::Text, Use::Policy),
    line(123, "Delegated-IPv6-Prefix", Kind::Prefix6, Use::Policy),
    line(168, "Framed-IPv6-Address", Kind::Address6, Use::Policy),
    line(169, "DNS-Server-IPv6-Address", Kind::Address6, Use::Policy),
    // RFC 4372, 4675, 4849, 5176 and 4072.
    line(56, "Egress-VLANID", Kind::Integer, Use::Policy),
    named(57, "Ingress-Filters", Kind::Integer, Use::Policy, values::INGRESS_FILTERS),
    line(58, "Egress-VLAN-Name", Kind::Text, Use::Policy),
    line(59, "User-Priority-Table", Kind::Octets, Use::Policy),
    line(89, "Chargeable-User-Identity", Kind::Octets, Use::Policy),
    line(92, "NAS-Filter-Rule", Kind::Text, Use::Policy),
    line(101, "Error-Cause", Kind::Integer, Use::Protocol),
    line(102, "EAP-Key-Name", Kind::Octets, Use::Protocol),
    // RFC 5580.
    line(126, "Operator-Name", Kind::Text, Use::Request),
    line(127, "Location-Information", Kind::Octets, Use::Request),
    line(128, "Location-Data", Kind::Octets, Use::Request),
    line(129, "Basic-Location-Policy-Rules", Kind::Octets, Use::Policy),
    line(130, "Extended-Location-Policy-Rules", Kind::Octets, Use::Policy),
    named(131, "Location-Capable", Kind::Integer, Use::Request, values::LOCATION_CAPABLE),
    line(132, "Requested-Location-Info", Kind::Integer, Use::Policy),
    // RFC 7268.
    line(177, "Mobility-Domain-Id", Kind::Integer, Use::Request),
    line(186, "WLAN-Pairwise-Cipher", Kind::Integer, Use::Request),
    line(187, "WLAN-Group-Cipher", Kind::Integer, Use::Request),
    line(188, "WLAN-AKM-Suite", Kind::Integer, Use::Request),
];

const fn line(number: u8, name: &'static str, kind: Kind, allowed: Use) -> Attribute {
    named(number, name, kind, allowed, &[])
}

const fn named(
    number: u8,
    name: &'static str,
    kind: Kind,
    allowed: Use,
    values: Values,
) -> Attribute {
    Attribute { dictionary: IETF, vendor: None, number, name, kind, values, allowed }
}
