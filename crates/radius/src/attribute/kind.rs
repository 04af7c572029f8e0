//! The forms of values: what administrators call each, and how it is written.

use crate::attribute::Kind;

/// Every form with its name and what a value looks like.
pub const KINDS: [(Kind, &str, &str); 13] = [
    (Kind::Text, "text", "text"),
    (Kind::Octets, "octets", "text, or pairs of hexadecimal digits after 0x"),
    (Kind::Integer, "integer", "a whole number from 0 to 4294967295, or one of the named values"),
    (Kind::Time, "date", "2026-12-31T18:00:00Z, 2026-12-31, or seconds since 1970"),
    (Kind::Address, "ipv4", "an address such as 192.0.2.1"),
    (Kind::Address6, "ipv6", "an address such as 2001:db8::1"),
    (Kind::Prefix6, "ipv6-prefix", "a prefix such as 2001:db8::/64"),
    (Kind::InterfaceId, "interface-id", "sixteen hexadecimal digits"),
    (Kind::Vlan, "vlan", "the number of a VLAN, 1 to 4094, in four bytes"),
    (Kind::VlanName, "vlan-name", "the number or name of a VLAN, as text"),
    (Kind::TaggedInteger, "tagged-integer", "a whole number from 0 to 16777215, or a named value"),
    (Kind::TaggedText, "tagged-text", "text"),
    (Kind::TaggedVlan, "tagged-vlan", "the number or name of a VLAN, as text"),
];

impl Kind {
    /// What administrators call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }

    /// The form of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    /// Whether a tag goes with the value (RFC 2868 section 3).
    #[must_use]
    pub fn is_tagged(self) -> bool {
        matches!(self, Self::TaggedInteger | Self::TaggedText | Self::TaggedVlan)
    }
}
