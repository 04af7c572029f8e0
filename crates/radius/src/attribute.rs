//! One attribute of the table: what it is called, how its value is written and shown.

mod date;
pub mod kind;

use core::net::Ipv4Addr;
use core::net::Ipv6Addr;

use thiserror::Error;

use crate::packet::VALUE_LENGTH_MAX;
use crate::vlan::Vlan;
use crate::vlan::VlanError;

/// Numbers of the attributes that the protocol itself reads and writes.
pub mod number {
    /// User-Name.
    pub const USER_NAME: u8 = 1;
    /// NAS-IP-Address.
    pub const NAS_IP_ADDRESS: u8 = 4;
    /// NAS-Port.
    pub const NAS_PORT: u8 = 5;
    /// Service-Type.
    pub const SERVICE_TYPE: u8 = 6;
    /// Framed-MTU.
    pub const FRAMED_MTU: u8 = 12;
    /// Reply-Message.
    pub const REPLY_MESSAGE: u8 = 18;
    /// State.
    pub const STATE: u8 = 24;
    /// Class.
    pub const CLASS: u8 = 25;
    /// Vendor-Specific.
    pub const VENDOR_SPECIFIC: u8 = 26;
    /// Session-Timeout.
    pub const SESSION_TIMEOUT: u8 = 27;
    /// Called-Station-Id.
    pub const CALLED_STATION_ID: u8 = 30;
    /// Calling-Station-Id.
    pub const CALLING_STATION_ID: u8 = 31;
    /// NAS-Identifier.
    pub const NAS_IDENTIFIER: u8 = 32;
    /// Proxy-State.
    pub const PROXY_STATE: u8 = 33;
    /// Acct-Status-Type.
    pub const ACCT_STATUS_TYPE: u8 = 40;
    /// Acct-Session-Id.
    pub const ACCT_SESSION_ID: u8 = 44;
    /// NAS-Port-Type.
    pub const NAS_PORT_TYPE: u8 = 61;
    /// Tunnel-Type.
    pub const TUNNEL_TYPE: u8 = 64;
    /// Tunnel-Medium-Type.
    pub const TUNNEL_MEDIUM_TYPE: u8 = 65;
    /// Connect-Info.
    pub const CONNECT_INFO: u8 = 77;
    /// EAP-Message.
    pub const EAP_MESSAGE: u8 = 79;
    /// Message-Authenticator.
    pub const MESSAGE_AUTHENTICATOR: u8 = 80;
    /// Tunnel-Private-Group-Id.
    pub const TUNNEL_PRIVATE_GROUP_ID: u8 = 81;
    /// NAS-Port-Id.
    pub const NAS_PORT_ID: u8 = 87;
    /// NAS-IPv6-Address.
    pub const NAS_IPV6_ADDRESS: u8 = 95;
}

/// Bytes that a Vendor-Specific attribute spends before the value: vendor, type, length.
const VENDOR_HEADER_LENGTH: usize = 6;

/// The highest tag of RFC 2868 section 3; zero is "no tag".
pub const TAG_MAX: u8 = 0x1f;

/// The highest value of a tagged integer: three bytes (RFC 2868 section 3.1).
const TAGGED_INTEGER_MAX: u32 = 0x00ff_ffff;

/// The form of an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes: written as text, or as hexadecimal digits after `0x`.
    Octets,
    /// Four bytes; written as a number or one of the named values.
    Integer,
    /// A moment: seconds since 1970, or a date and time of UTC.
    Time,
    /// An IPv4 address.
    Address,
    /// An IPv6 address.
    Address6,
    /// An IPv6 prefix with its length (RFC 3162 section 2.3).
    Prefix6,
    /// Eight bytes of an IPv6 interface, in hexadecimal digits.
    InterfaceId,
    /// Four bytes with the number of a VLAN.
    Vlan,
    /// Text with the number or name of a VLAN.
    VlanName,
    /// A tag and an integer of three bytes (RFC 2868).
    TaggedInteger,
    /// A tag and text (RFC 2868).
    TaggedText,
    /// A tag and the number or name of a VLAN (RFC 2868 section 3.6, RFC 3580 section 3.31).
    TaggedVlan,
}

/// Who may set an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A policy may put it into a reply.
    Policy,
    /// Only requests carry it: NAS to server.
    Request,
    /// The protocol sets it itself; a policy that did would break or betray the conversation.
    Protocol,
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The dictionary as the administrator's screen names it: `RADIUS:IETF` or `Custom`.
    pub dictionary: &'static str,
    /// The vendor's name and number; none for the IETF's own.
    pub vendor: Option<(&'static str, u32)>,
    /// The number within its dictionary.
    pub number: u8,
    /// The name, as its RFC or vendor writes it.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// Named values of an integer.
    pub values: &'static [(u32, &'static str)],
    /// Who may set it.
    pub allowed: Use,
}

/// Why a text is no value of an attribute; each reads as a sentence to the administrator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    /// The protocol sets the attribute itself.
    #[error("{0} is set by the protocol itself and cannot be set by a policy")]
    SetByProtocol(&'static str),
    /// The attribute is a NAS's to send.
    #[error("{0} belongs in requests of access points and cannot be set by a policy")]
    OnlyInRequests(&'static str),
    /// An empty value has no meaning and confuses switches.
    #[error("{0} needs a value")]
    Empty(&'static str),
    /// The value does not fit into one attribute.
    #[error("{name} takes at most {length_max} bytes")]
    TooLong {
        /// The attribute.
        name: &'static str,
        /// The most bytes it takes.
        length_max: usize,
    },
    /// Neither a number in bounds nor a named value.
    #[error("{name} is a whole number from 0 to {highest}{}", named(values))]
    NotAnInteger {
        /// The attribute.
        name: &'static str,
        /// The highest number it takes.
        highest: u32,
        /// What it may also be called.
        values: &'static [(u32, &'static str)],
    },
    /// Not what its kind looks like.
    #[error("{name} is {form}")]
    Malformed {
        /// The attribute.
        name: &'static str,
        /// What it should look like.
        form: &'static str,
    },
    /// A number that no VLAN has.
    #[error(transparent)]
    Vlan(#[from] VlanError),
    /// A tag above 31.
    #[error("a tag is a number from 0 to {TAG_MAX}; 0 is no tag")]
    TagOutOfRange,
    /// A tag on an attribute that has none.
    #[error("{0} takes no tag")]
    Untagged(&'static str),
}

fn named(values: &[(u32, &str)]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = values.iter().map(|(_, name)| *name).collect();
    format!(", or one of {}", names.join(", "))
}

impl Attribute {
    /// The attribute number on the wire: 26 for all vendors' attributes.
    #[must_use]
    pub fn wire_number(&self) -> u8 {
        if self.vendor.is_some() { number::VENDOR_SPECIFIC } else { self.number }
    }

    /// The most bytes a value may have, tag included.
    #[must_use]
    pub fn length_max(&self) -> usize {
        let header = if self.vendor.is_some() { VENDOR_HEADER_LENGTH } else { 0 };
        VALUE_LENGTH_MAX - header
    }

    /// Checks that a policy may send the attribute, and with this tag, whatever its value will be.
    ///
    /// # Errors
    /// A policy may not set the attribute, or not with this tag.
    pub fn check(&self, tag: u8) -> Result<(), ValueError> {
        match self.allowed {
            Use::Policy => {}
            Use::Request => return Err(ValueError::OnlyInRequests(self.name)),
            Use::Protocol => return Err(ValueError::SetByProtocol(self.name)),
        }
        if tag > TAG_MAX {
            return Err(ValueError::TagOutOfRange);
        }
        if tag != 0 && !self.kind.is_tagged() {
            return Err(ValueError::Untagged(self.name));
        }
        Ok(())
    }

    /// Writes a value as the bytes behind `wire_number` and length, a vendor's header included.
    ///
    /// # Errors
    /// A policy may not set the attribute, or the value is none that it takes.
    pub fn encode(&self, value: &str, tag: u8) -> Result<Vec<u8>, ValueError> {
        self.check(tag)?;
        let data = self.data(value.trim(), tag)?;
        if data.len() > self.length_max() {
            return Err(ValueError::TooLong { name: self.name, length_max: self.length_max() });
        }
        let Some((_, vendor)) = self.vendor else { return Ok(data) };
        let length = u8::try_from(data.len() + 2).unwrap_or(u8::MAX);
        Ok([vendor.to_be_bytes().as_slice(), &[self.number, length], &data].concat())
    }

    fn data(&self, value: &str, tag: u8) -> Result<Vec<u8>, ValueError> {
        if value.is_empty() {
            return Err(ValueError::Empty(self.name));
        }
        match self.kind {
            Kind::Text => Ok(self.text(value)?.as_bytes().to_vec()),
            Kind::Octets => match value.strip_prefix("0x") {
                Some(digits) => self.hexadecimal(digits),
                None => Ok(value.as_bytes().to_vec()),
            },
            Kind::Integer => Ok(self.integer(value, u32::MAX)?.to_be_bytes().to_vec()),
            Kind::Time => match date::parse(value) {
                Some(seconds) => Ok(seconds.to_be_bytes().to_vec()),
                None => Err(self.malformed(date::FORM)),
            },
            Kind::Vlan => Ok(u32::from(Vlan::parse(value)?.number()).to_be_bytes().to_vec()),
            Kind::VlanName => Ok(self.vlan(value)?.into_bytes()),
            Kind::TaggedInteger => {
                let [_, bytes @ ..] = self.integer(value, TAGGED_INTEGER_MAX)?.to_be_bytes();
                Ok([&[tag], bytes.as_slice()].concat())
            }
            Kind::TaggedText => Ok(tagged_text(self.text(value)?, tag)),
            Kind::TaggedVlan => Ok(tagged_text(&self.vlan(value)?, tag)),
            Kind::Address => match value.parse::<Ipv4Addr>() {
                Ok(address) => Ok(address.octets().to_vec()),
                Err(_) => Err(self.malformed("an IPv4 address such as 192.0.2.1")),
            },
            Kind::Address6 => match value.parse::<Ipv6Addr>() {
                Ok(address) => Ok(address.octets().to_vec()),
                Err(_) => Err(self.malformed("an IPv6 address such as 2001:db8::1")),
            },
            Kind::Prefix6 => self.prefix(value),
            Kind::InterfaceId => {
                let bytes = self.hexadecimal(value.strip_prefix("0x").unwrap_or(value))?;
                if bytes.len() == 8 {
                    return Ok(bytes);
                }
                Err(self.malformed("sixteen hexadecimal digits"))
            }
        }
    }

    fn text<'a>(&self, value: &'a str) -> Result<&'a str, ValueError> {
        if value.chars().any(char::is_control) {
            return Err(self.malformed("text without control characters"));
        }
        Ok(value)
    }

    /// Digits are a VLAN's number and must be one; all else is a name.
    fn vlan(&self, value: &str) -> Result<String, ValueError> {
        if value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Vlan::parse(value)?.to_string());
        }
        Ok(self.text(value)?.to_owned())
    }

    fn integer(&self, value: &str, highest: u32) -> Result<u32, ValueError> {
        let named = self.values.iter().find(|(_, name)| name.eq_ignore_ascii_case(value));
        if let Some((number, _)) = named {
            return Ok(*number);
        }
        let number = match value.strip_prefix("0x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None if value.bytes().all(|byte| byte.is_ascii_digit()) => value.parse().ok(),
            None => None,
        };
        let values = self.values;
        number.filter(|number| *number <= highest).ok_or(ValueError::NotAnInteger {
            name: self.name,
            highest,
            values,
        })
    }

    fn hexadecimal(&self, digits: &str) -> Result<Vec<u8>, ValueError> {
        let malformed = || self.malformed("text, or pairs of hexadecimal digits after 0x");
        let digits = digits.as_bytes();
        if digits.is_empty() || !digits.len().is_multiple_of(2) {
            return Err(malformed());
        }
        let nibble =
            |digit: &u8| char::from(*digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let (pairs, _) = digits.as_chunks::<2>();
        let byte = |[high, low]: &[u8; 2]| Some(nibble(high)? << 4 | nibble(low)?);
        pairs.iter().map(byte).collect::<Option<Vec<u8>>>().ok_or_else(malformed)
    }

    fn prefix(&self, value: &str) -> Result<Vec<u8>, ValueError> {
        let malformed = || self.malformed("an IPv6 prefix such as 2001:db8::/64");
        let (address, length) = value.split_once('/').ok_or_else(malformed)?;
        let address: Ipv6Addr = address.parse().map_err(|_| malformed())?;
        let length: u8 = length.parse().map_err(|_| malformed())?;
        let bytes = usize::from(length.div_ceil(8));
        let octets = address.octets();
        let prefix = octets.get(..bytes).ok_or_else(malformed)?;
        // What lies behind the prefix is zero (RFC 3162 section 2.3).
        if u128::from(address).checked_shl(u32::from(length)).unwrap_or(0) != 0 {
            return Err(malformed());
        }
        Ok([&[0, length], prefix].concat())
    }

    fn malformed(&self, form: &'static str) -> ValueError {
        ValueError::Malformed { name: self.name, form }
    }

    /// Shows a value as `encode` wrote it, or as it came from the network; what does not fit the
    /// kind is shown as hexadecimal digits, and control characters never pass.
    #[must_use]
    pub fn show(&self, bytes: &[u8]) -> String {
        let data = if self.vendor.is_some() {
            bytes.get(VENDOR_HEADER_LENGTH..).unwrap_or_default()
        } else {
            bytes
        };
        self.show_data(data).unwrap_or_else(|| show_octets(data))
    }

    fn show_data(&self, data: &[u8]) -> Option<String> {
        match self.kind {
            Kind::Text | Kind::VlanName => show_text(data),
            Kind::Octets => show_text(data).filter(|text| !text.is_empty()),
            Kind::Integer => Some(self.show_integer(u32::from_be_bytes(data.try_into().ok()?))),
            Kind::Time | Kind::Vlan => Some(u32::from_be_bytes(data.try_into().ok()?).to_string()),
            Kind::Address => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).to_string()),
            Kind::Address6 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).to_string()),
            Kind::Prefix6 => show_prefix(data),
            Kind::InterfaceId => None,
            Kind::TaggedInteger => {
                let [tag, high, middle, low] = <[u8; 4]>::try_from(data).ok()?;
                let shown = self.show_integer(u32::from_be_bytes([0, high, middle, low]));
                Some(show_tag(shown, tag))
            }
            Kind::TaggedText | Kind::TaggedVlan => match data.split_first() {
                Some((tag @ 0..=TAG_MAX, text)) => Some(show_tag(show_text(text)?, *tag)),
                Some(_) | None => show_text(data),
            },
        }
    }

    /// The VLAN that a value as the network carries it puts a device into, if that is what the
    /// attribute is for.
    #[must_use]
    pub fn vlan_of(&self, bytes: &[u8]) -> Option<String> {
        match self.kind {
            Kind::Vlan | Kind::VlanName => Some(self.show(bytes)),
            Kind::TaggedVlan => match bytes.split_first() {
                Some((0..=TAG_MAX, text)) => show_text(text),
                Some(_) | None => show_text(bytes),
            },
            Kind::Text
            | Kind::Octets
            | Kind::Integer
            | Kind::Time
            | Kind::Address
            | Kind::Address6
            | Kind::Prefix6
            | Kind::InterfaceId
            | Kind::TaggedInteger
            | Kind::TaggedText => None,
        }
    }

    fn show_integer(&self, number: u32) -> String {
        let named = self.values.iter().find(|(value, _)| *value == number);
        named.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
    }
}

// Untagged text has no tag byte at all: some switches take a zero byte for part of the name.
fn tagged_text(value: &str, tag: u8) -> Vec<u8> {
    let tag = [tag];
    let tag = if tag == [0] { &[] } else { tag.as_slice() };
    [tag, value.as_bytes()].concat()
}

fn show_tag(shown: String, tag: u8) -> String {
    if tag == 0 { shown } else { format!("{shown} (tag {tag})") }
}

fn show_text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn show_prefix(data: &[u8]) -> Option<String> {
    let (&[_, length], prefix) = data.split_first_chunk()?;
    let mut octets = [0; 16];
    octets.get_mut(..prefix.len())?.copy_from_slice(prefix);
    Some(format!("{}/{length}", Ipv6Addr::from(octets)))
}

/// Shows bytes as hexadecimal digits after `0x`.
#[must_use]
pub fn show_octets(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold("0x".to_owned(), |mut shown, byte| {
        write!(shown, "{byte:02x}").expect("writing to a String does not fail");
        shown
    })
}
