//! A received RADIUS packet: bounded, framed and authenticated before anything in it is read.

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::attribute::number;
use crate::authenticator;
use crate::authenticator::Authenticator;

/// Length of the header: code, identifier, length, authenticator (RFC 2865 section 3).
pub const HEADER_LENGTH: usize = 20;

/// The longest packet that RFC 2865 section 3 allows.
pub const PACKET_LENGTH_MAX: usize = 4096;

/// The most attributes a packet may carry: a full 4096-byte EAP request needs 17 EAP-Message
/// attributes and about 20 others; 128 leaves room for vendors and bounds the work per datagram.
pub const ATTRIBUTES_MAX: usize = 128;

/// The longest value of one attribute (RFC 2865 section 5: length is one byte, two are header).
pub const VALUE_LENGTH_MAX: usize = 253;

/// The kind of a packet, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A NAS asks for access (RFC 2865 section 4.1).
    AccessRequest,
    /// Access is granted (RFC 2865 section 4.2).
    AccessAccept,
    /// Access is refused (RFC 2865 section 4.3).
    AccessReject,
    /// A NAS reports a session (RFC 2866 section 4.1).
    AccountingRequest,
    /// A report was taken (RFC 2866 section 4.2).
    AccountingResponse,
    /// The conversation goes on (RFC 2865 section 4.4).
    AccessChallenge,
    /// A NAS asks whether the server is alive (RFC 5997).
    StatusServer,
}

impl Code {
    /// Returns the byte on the wire.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::AccessRequest => 1,
            Self::AccessAccept => 2,
            Self::AccessReject => 3,
            Self::AccountingRequest => 4,
            Self::AccountingResponse => 5,
            Self::AccessChallenge => 11,
            Self::StatusServer => 12,
        }
    }

    /// Reads the byte on the wire; a code that this program does not speak gives nothing.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::AccessRequest),
            2 => Some(Self::AccessAccept),
            3 => Some(Self::AccessReject),
            4 => Some(Self::AccountingRequest),
            5 => Some(Self::AccountingResponse),
            11 => Some(Self::AccessChallenge),
            12 => Some(Self::StatusServer),
            _ => None,
        }
    }
}

/// Why a datagram is dropped in silence (RFC 2865 section 3) and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Shorter than a header, or than its own Length field.
    #[error("the packet is shorter than its header or its Length field says")]
    Truncated,
    /// Its Length field is above what RFC 2865 allows.
    #[error("the packet's Length field is above {PACKET_LENGTH_MAX} bytes")]
    Overlong,
    /// The code is none that a server answers here.
    #[error("packets of code {0} are not answered here")]
    UnsupportedCode(u8),
    /// An attribute's length is below two or passes the end of the packet.
    #[error("an attribute's length is below 2 or passes the end of the packet")]
    BadAttribute,
    /// More attributes than a server will look at.
    #[error("the packet has more than {ATTRIBUTES_MAX} attributes")]
    TooManyAttributes,
    /// Without it anybody could forge the packet (CVE-2024-3596).
    #[error("Message-Authenticator is missing: switch it on at the access point")]
    MissingMessageAuthenticator,
    /// Two would leave open which one counts (RFC 3579 section 3.2).
    #[error("the packet has more than one Message-Authenticator")]
    RepeatedMessageAuthenticator,
    /// The sender does not know our secret.
    #[error("Message-Authenticator is wrong: the shared secret differs")]
    WrongMessageAuthenticator,
    /// The sender of an Accounting-Request does not know our secret (RFC 2866 section 3).
    #[error("the Request Authenticator is wrong: the shared secret differs")]
    WrongRequestAuthenticator,
    /// The reply does not belong to the request, or its sender does not know our secret.
    #[error("the Response Authenticator is wrong: the shared secret differs")]
    WrongResponseAuthenticator,
    /// The reply carries another identifier than the request.
    #[error("the reply's identifier is not that of the request")]
    WrongIdentifier,
}

/// A packet whose framing and authenticator have been proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    code: Code,
    identifier: u8,
    authenticator: Authenticator,
    body: Vec<u8>,
}

impl Packet {
    /// Reads a request as it came from the network and proves that its sender knows `secret`.
    ///
    /// # Errors
    /// Every error means: drop it and count it, never answer.
    pub fn parse(bytes: &[u8], secret: &[u8]) -> Result<Self, ParseError> {
        let packet = Self::frame(bytes)?;
        match packet.code {
            Code::AccessRequest | Code::StatusServer => {
                packet.prove_message_authenticator(&packet.authenticator, secret)?;
            }
            Code::AccountingRequest => packet.prove_accounting_request(secret)?,
            Code::AccessAccept
            | Code::AccessReject
            | Code::AccessChallenge
            | Code::AccountingResponse => {
                return Err(ParseError::UnsupportedCode(packet.code.byte()));
            }
        }
        Ok(packet)
    }

    /// Reads sizes and attribute framing only; nothing is proved about the sender yet.
    pub(crate) fn frame(bytes: &[u8]) -> Result<Self, ParseError> {
        let header = Header::read(bytes)?;
        let Some(code) = Code::from_byte(header.code) else {
            return Err(ParseError::UnsupportedCode(header.code));
        };
        let mut rest = header.body;
        for count in 0.. {
            if rest.is_empty() {
                break;
            }
            if count == ATTRIBUTES_MAX {
                return Err(ParseError::TooManyAttributes);
            }
            let (_, _, after) = split_attribute(rest).ok_or(ParseError::BadAttribute)?;
            rest = after;
        }
        let Header { identifier, authenticator, body, .. } = header;
        Ok(Self { code, identifier, authenticator, body: body.to_vec() })
    }

    /// Proves the one Message-Authenticator, computed with `authenticator` in the header's place.
    pub(crate) fn prove_message_authenticator(
        &self,
        authenticator: &Authenticator,
        secret: &[u8],
    ) -> Result<(), ParseError> {
        let mut place = None;
        let mut offset = 0;
        for (attribute, value) in self.attributes() {
            if attribute == number::MESSAGE_AUTHENTICATOR {
                if place.is_some() {
                    return Err(ParseError::RepeatedMessageAuthenticator);
                }
                place = Some((offset, value));
            }
            offset += 2 + value.len();
        }
        let (offset, value) = place.ok_or(ParseError::MissingMessageAuthenticator)?;
        let before = self.body.get(..offset + 2).unwrap_or_default();
        let after = self.body.get(offset + 2 + value.len()..).unwrap_or_default();
        let zeros = [0; authenticator::LENGTH];
        let header = self.header(authenticator);
        let expected = authenticator::hmac_md5(secret, &[&header, before, &zeros, after]);
        if bool::from(expected.as_slice().ct_eq(value)) {
            Ok(())
        } else {
            Err(ParseError::WrongMessageAuthenticator)
        }
    }

    /// Proves the Response Authenticator of a reply (RFC 2865 section 3).
    pub(crate) fn prove_response_authenticator(
        &self,
        request: &Authenticator,
        secret: &[u8],
    ) -> Result<(), ParseError> {
        let expected = authenticator::md5(&[&self.header(request), &self.body, secret]);
        if bool::from(expected.ct_eq(&self.authenticator)) {
            Ok(())
        } else {
            Err(ParseError::WrongResponseAuthenticator)
        }
    }

    fn prove_accounting_request(&self, secret: &[u8]) -> Result<(), ParseError> {
        let header = self.header(&[0; authenticator::LENGTH]);
        let expected = authenticator::md5(&[&header, &self.body, secret]);
        if bool::from(expected.ct_eq(&self.authenticator)) {
            Ok(())
        } else {
            Err(ParseError::WrongRequestAuthenticator)
        }
    }

    fn header(&self, authenticator: &Authenticator) -> [u8; HEADER_LENGTH] {
        header(self.code, self.identifier, self.body.len(), authenticator)
    }

    /// What the packet is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The byte that ties a reply to its request.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        self.identifier
    }

    /// The authenticator of the header.
    #[must_use]
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Every attribute in the order of the packet: number and value, unknown ones too.
    pub fn attributes(&self) -> impl Iterator<Item = (u8, &[u8])> {
        Attributes { rest: &self.body }
    }

    /// The value of the first attribute of this number.
    #[must_use]
    pub fn first(&self, attribute: u8) -> Option<&[u8]> {
        self.attributes().find(|(number, _)| *number == attribute).map(|(_, value)| value)
    }

    /// The first attribute of this number as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self, attribute: u8) -> Option<String> {
        self.first(attribute).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The first attribute of this number as an integer of four bytes.
    #[must_use]
    pub fn integer(&self, attribute: u8) -> Option<u32> {
        let value = self.first(attribute)?;
        Some(u32::from_be_bytes(value.try_into().ok()?))
    }

    /// The EAP packet, joined from all EAP-Message attributes (RFC 3579 section 3.1); the packet's
    /// own size bounds it.
    #[must_use]
    pub fn eap_message(&self) -> Option<Vec<u8>> {
        let mut joined = None;
        for (attribute, value) in self.attributes() {
            if attribute == number::EAP_MESSAGE {
                joined.get_or_insert_with(Vec::new).extend_from_slice(value);
            }
        }
        joined
    }

    /// The State that an earlier challenge gave (RFC 2865 section 5.24).
    #[must_use]
    pub fn state(&self) -> Option<&[u8]> {
        self.first(number::STATE)
    }

    /// Who the device says it is: a hint, never proof.
    #[must_use]
    pub fn user_name(&self) -> Option<String> {
        self.text(number::USER_NAME)
    }

    /// The device's address as the NAS wrote it.
    #[must_use]
    pub fn calling_station_id(&self) -> Option<String> {
        self.text(number::CALLING_STATION_ID)
    }

    /// The access point's address and its SSID.
    #[must_use]
    pub fn called_station_id(&self) -> Option<CalledStation> {
        self.text(number::CALLED_STATION_ID).map(|text| CalledStation::split(&text))
    }

    /// The largest frame between device and NAS (RFC 2865 section 5.12).
    #[must_use]
    pub fn framed_mtu(&self) -> Option<u32> {
        self.integer(number::FRAMED_MTU)
    }

    /// The address that the NAS gives itself.
    #[must_use]
    pub fn nas_ip_address(&self) -> Option<core::net::IpAddr> {
        if let Some(value) = self.first(number::NAS_IP_ADDRESS) {
            return Some(<[u8; 4]>::try_from(value).ok()?.into());
        }
        let value = self.first(number::NAS_IPV6_ADDRESS)?;
        Some(<[u8; 16]>::try_from(value).ok()?.into())
    }

    /// The name that the NAS gives itself.
    #[must_use]
    pub fn nas_identifier(&self) -> Option<String> {
        self.text(number::NAS_IDENTIFIER)
    }

    /// The number of the NAS's port.
    #[must_use]
    pub fn nas_port(&self) -> Option<u32> {
        self.integer(number::NAS_PORT)
    }

    /// What kind of port it is: 19 is Wi-Fi, 15 Ethernet.
    #[must_use]
    pub fn nas_port_type(&self) -> Option<u32> {
        self.integer(number::NAS_PORT_TYPE)
    }

    /// The NAS's own name of the port.
    #[must_use]
    pub fn nas_port_id(&self) -> Option<String> {
        self.text(number::NAS_PORT_ID)
    }
}

/// A Called-Station-Id, taken apart as RFC 3580 section 3.20 writes it: `00-11-22-33-44-55:SSID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledStation {
    /// The access point's address, or the whole text where there is no SSID in it.
    pub address: String,
    /// The network's name.
    pub ssid: Option<String>,
}

impl CalledStation {
    /// Takes the text apart after an address of twelve hexadecimal digits, however it is written.
    #[must_use]
    pub fn split(text: &str) -> Self {
        let mut digits = 0;
        for (index, character) in text.char_indices() {
            if digits == 12 {
                if character != ':' {
                    break;
                }
                let (address, ssid) = text.split_at(index);
                let ssid = ssid.get(1..).filter(|ssid| !ssid.is_empty()).map(str::to_owned);
                return Self { address: address.to_owned(), ssid };
            }
            match character {
                '-' | ':' | '.' => {}
                _ if character.is_ascii_hexdigit() => digits += 1,
                _ => break,
            }
        }
        Self { address: text.to_owned(), ssid: None }
    }
}

/// Looks for the State of an unverified datagram, only to route it to the conversation's worker.
#[must_use]
pub fn peek_state(bytes: &[u8]) -> Option<&[u8]> {
    let header = Header::read(bytes).ok()?;
    Attributes { rest: header.body }
        .take(ATTRIBUTES_MAX)
        .find(|(attribute, _)| *attribute == number::STATE)
        .map(|(_, value)| value)
}

/// What the sender of an unverified datagram calls itself: a hint for people, and never believed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sender {
    /// The name that it gives itself (NAS-Identifier).
    pub identifier: Option<String>,
    /// The address that it gives itself (NAS-IP-Address, NAS-IPv6-Address).
    pub address: Option<core::net::IpAddr>,
    /// Where a device is to have called (Called-Station-Id).
    pub called_station: Option<String>,
}

/// Looks who an unverified datagram says that it is from; nothing if it is no packet.
#[must_use]
pub fn peek_sender(bytes: &[u8]) -> Sender {
    let mut sender = Sender::default();
    let Ok(header) = Header::read(bytes) else { return sender };
    let text = |value: &[u8]| Some(String::from_utf8_lossy(value).into_owned());
    for (attribute, value) in (Attributes { rest: header.body }).take(ATTRIBUTES_MAX) {
        match attribute {
            number::NAS_IDENTIFIER => sender.identifier = text(value),
            number::CALLED_STATION_ID => sender.called_station = text(value),
            number::NAS_IP_ADDRESS => {
                sender.address = <[u8; 4]>::try_from(value).ok().map(Into::into);
            }
            number::NAS_IPV6_ADDRESS if sender.address.is_none() => {
                sender.address = <[u8; 16]>::try_from(value).ok().map(Into::into);
            }
            _ => {}
        }
    }
    sender
}

/// Writes the header of a packet with `body_length` bytes of attributes.
pub(crate) fn header(
    code: Code,
    identifier: u8,
    body_length: usize,
    authenticator: &Authenticator,
) -> [u8; HEADER_LENGTH] {
    let length = u16::try_from(HEADER_LENGTH + body_length).unwrap_or(u16::MAX);
    let mut header = [0; HEADER_LENGTH];
    let (start, end) = header.split_at_mut(4);
    let [high, low] = length.to_be_bytes();
    start.copy_from_slice(&[code.byte(), identifier, high, low]);
    end.copy_from_slice(authenticator);
    header
}

struct Header<'a> {
    code: u8,
    identifier: u8,
    authenticator: Authenticator,
    body: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let Some((&[code, identifier, high, low], after)) = bytes.split_first_chunk() else {
            return Err(ParseError::Truncated);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > PACKET_LENGTH_MAX {
            return Err(ParseError::Overlong);
        }
        // Bytes behind Length are padding (RFC 2865 section 3).
        let within = length.checked_sub(4).and_then(|length| after.get(..length));
        let within = within.ok_or(ParseError::Truncated)?;
        let Some((authenticator, body)) = within.split_first_chunk() else {
            return Err(ParseError::Truncated);
        };
        Ok(Self { code, identifier, authenticator: *authenticator, body })
    }
}

/// Walks attributes; framing that does not hold ends the walk.
struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (attribute, value, rest) = split_attribute(self.rest)?;
        self.rest = rest;
        Some((attribute, value))
    }
}

fn split_attribute(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[attribute, length], after) = bytes.split_first_chunk()?;
    let (value, rest) = after.split_at_checked(usize::from(length).checked_sub(2)?)?;
    Some((attribute, value, rest))
}
