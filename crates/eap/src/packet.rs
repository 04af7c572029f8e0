//! EAP packets as they lie on the wire (RFC 3748 section 4, RFC 5216 section 3).

use thiserror::Error;

/// Bytes of code, identifier and length.
pub const HEADER_LENGTH: usize = 4;

/// The longest EAP packet: what sixteen full EAP-Message attributes and a bit carry in a RADIUS
/// packet of 4096 bytes.
pub const PACKET_LENGTH_MAX: usize = 4096;

/// The longest identity: a network access identifier has at most 253 bytes (RFC 7542 section 2.3).
pub const IDENTITY_LENGTH_MAX: usize = 253;

/// The method number of EAP-TLS.
pub const METHOD_TLS: u8 = 13;

const METHOD_IDENTITY: u8 = 1;
const METHOD_NOTIFICATION: u8 = 2;
const METHOD_NAK: u8 = 3;
const FLAG_LENGTH: u8 = 0x80;
const FLAG_MORE: u8 = 0x40;
const FLAG_START: u8 = 0x20;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The server asks.
    Request,
    /// The device answers.
    Response,
    /// It is over and well.
    Success,
    /// It is over and not well.
    Failure,
}

impl Code {
    fn byte(self) -> u8 {
        match self {
            Self::Request => 1,
            Self::Response => 2,
            Self::Success => 3,
            Self::Failure => 4,
        }
    }
}

/// What a request or response carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// Success and Failure carry nothing.
    Nothing,
    /// Who the device says it is; empty in a request.
    Identity(&'a [u8]),
    /// A message to be shown, or its acknowledgement.
    Notification(&'a [u8]),
    /// The method offered is not wanted; these are (0 means none).
    Nak(&'a [u8]),
    /// A piece of EAP-TLS.
    Tls(Fragment<'a>),
    /// Another method.
    Other(u8),
}

/// One EAP-TLS packet's flags and data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The S flag: the server opens the conversation.
    pub start: bool,
    /// The M flag: another fragment follows.
    pub more: bool,
    /// The length of the whole message, where the L flag is set.
    pub total_length: Option<u32>,
    /// TLS records, or a part of them.
    pub data: &'a [u8],
}

/// Why bytes are no EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Fewer bytes than a header, or than the Length field says.
    #[error("the EAP packet is shorter than its header or its Length field says")]
    Truncated,
    /// More bytes than any message that RADIUS can carry.
    #[error("the EAP packet is longer than {PACKET_LENGTH_MAX} bytes")]
    Overlong,
    /// A code that is none of the four.
    #[error("the EAP code {0} is unknown")]
    UnknownCode(u8),
    /// A request or response without a method.
    #[error("the EAP packet names no method")]
    MissingMethod,
    /// An EAP-TLS packet without its flags, or whose L flag has no length behind it.
    #[error("the EAP-TLS flags or the length behind them are missing")]
    MissingFlags,
    /// An identity that no network access identifier reaches.
    #[error("the identity is longer than {IDENTITY_LENGTH_MAX} bytes")]
    IdentityTooLong,
}

/// One EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is for.
    pub code: Code,
    /// The byte that ties a response to its request.
    pub identifier: u8,
    /// What it carries.
    pub body: Body<'a>,
}

impl<'a> Packet<'a> {
    /// Reads one packet; bytes behind its Length are padding (RFC 3748 section 4).
    ///
    /// # Errors
    /// The bytes are no EAP packet that this program could understand.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if bytes.len() > PACKET_LENGTH_MAX {
            return Err(ParseError::Overlong);
        }
        let Some((&[code, identifier, high, low], after)) = bytes.split_first_chunk() else {
            return Err(ParseError::Truncated);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let within = length.checked_sub(HEADER_LENGTH).and_then(|length| after.get(..length));
        let within = within.ok_or(ParseError::Truncated)?;
        let code = match code {
            1 => Code::Request,
            2 => Code::Response,
            3 => Code::Success,
            4 => Code::Failure,
            unknown => return Err(ParseError::UnknownCode(unknown)),
        };
        let body = match code {
            Code::Request | Code::Response => Body::parse(within)?,
            Code::Success | Code::Failure => Body::Nothing,
        };
        Ok(Self { code, identifier, body })
    }

    /// Writes the packet.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = vec![self.code.byte(), self.identifier, 0, 0];
        match self.body {
            Body::Nothing => {}
            Body::Identity(identity) => write_method(&mut bytes, METHOD_IDENTITY, identity),
            Body::Notification(text) => write_method(&mut bytes, METHOD_NOTIFICATION, text),
            Body::Nak(wanted) => write_method(&mut bytes, METHOD_NAK, wanted),
            Body::Tls(fragment) => fragment.write(&mut bytes),
            Body::Other(method) => write_method(&mut bytes, method, &[]),
        }
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes();
        if let Some(place) = bytes.get_mut(2..HEADER_LENGTH) {
            place.copy_from_slice(&length);
        }
        bytes
    }
}

impl<'a> Body<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (method, data) = bytes.split_first().ok_or(ParseError::MissingMethod)?;
        match *method {
            METHOD_IDENTITY if data.len() > IDENTITY_LENGTH_MAX => Err(ParseError::IdentityTooLong),
            METHOD_IDENTITY => Ok(Self::Identity(data)),
            METHOD_NOTIFICATION => Ok(Self::Notification(data)),
            METHOD_NAK => Ok(Self::Nak(data)),
            METHOD_TLS => Fragment::parse(data).map(Self::Tls),
            other => Ok(Self::Other(other)),
        }
    }
}

impl<'a> Fragment<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (flags, after) = bytes.split_first().ok_or(ParseError::MissingFlags)?;
        let mut fragment = Self {
            start: flags & FLAG_START != 0,
            more: flags & FLAG_MORE != 0,
            total_length: None,
            data: after,
        };
        if flags & FLAG_LENGTH != 0 {
            let (length, data) = after.split_first_chunk().ok_or(ParseError::MissingFlags)?;
            fragment.total_length = Some(u32::from_be_bytes(*length));
            fragment.data = data;
        }
        Ok(fragment)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let mut flags = 0;
        if self.start {
            flags |= FLAG_START;
        }
        if self.more {
            flags |= FLAG_MORE;
        }
        if self.total_length.is_some() {
            flags |= FLAG_LENGTH;
        }
        bytes.extend_from_slice(&[METHOD_TLS, flags]);
        if let Some(length) = self.total_length {
            bytes.extend_from_slice(&length.to_be_bytes());
        }
        bytes.extend_from_slice(self.data);
    }
}

fn write_method(bytes: &mut Vec<u8>, method: u8, data: &[u8]) {
    bytes.push(method);
    bytes.extend_from_slice(data);
}

/// The request that opens EAP-TLS. It carries no length: some devices give up when it does.
#[must_use]
pub fn start_request(identifier: u8) -> Vec<u8> {
    let start = Fragment { start: true, ..Fragment::default() };
    Packet { code: Code::Request, identifier, body: Body::Tls(start) }.write()
}

/// A request for the device's identity.
#[must_use]
pub fn identity_request(identifier: u8) -> Vec<u8> {
    Packet { code: Code::Request, identifier, body: Body::Identity(&[]) }.write()
}

/// A device's identity.
#[must_use]
pub fn identity_response(identifier: u8, identity: &[u8]) -> Vec<u8> {
    Packet { code: Code::Response, identifier, body: Body::Identity(identity) }.write()
}

/// A device's wish for EAP-TLS instead of the method that was offered.
#[must_use]
pub fn nak_response(identifier: u8) -> Vec<u8> {
    Packet { code: Code::Response, identifier, body: Body::Nak(&[METHOD_TLS]) }.write()
}

/// The end, well.
#[must_use]
pub fn success(identifier: u8) -> Vec<u8> {
    Packet { code: Code::Success, identifier, body: Body::Nothing }.write()
}

/// The end, not well.
#[must_use]
pub fn failure(identifier: u8) -> Vec<u8> {
    Packet { code: Code::Failure, identifier, body: Body::Nothing }.write()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(bytes: &[u8], expected: Result<Body<'_>, ParseError>) {
        assert_eq!(Packet::parse(bytes).map(|packet| packet.body), expected);
    }

    #[test]
    fn well_known_packets_are_read() {
        check(&[2, 7, 0, 8, 1, b'a', b'b', b'c'], Ok(Body::Identity(b"abc")));
        check(&[2, 7, 0, 6, 3, 25], Ok(Body::Nak(&[25])));
        check(&[2, 7, 0, 5, 25], Ok(Body::Other(25)));
        check(&[3, 7, 0, 4], Ok(Body::Nothing));
        let fragment = Fragment { more: true, total_length: Some(9), data: &[5], start: false };
        check(&[2, 7, 0, 11, 13, 0xc0, 0, 0, 0, 9, 5], Ok(Body::Tls(fragment)));
    }

    #[test]
    fn the_start_has_its_flag_and_no_length() {
        assert_eq!(start_request(9), [1, 9, 0, 6, 13, 0x20]);
    }

    #[test]
    fn hostile_packets_are_refused_by_name() {
        check(&[], Err(ParseError::Truncated));
        check(&[2, 7, 0], Err(ParseError::Truncated));
        check(&[2, 7, 0, 3, 1], Err(ParseError::Truncated));
        check(&[2, 7, 0, 9, 1, 1], Err(ParseError::Truncated));
        check(&[2, 7, 0, 4], Err(ParseError::MissingMethod));
        check(&[0, 7, 0, 4], Err(ParseError::UnknownCode(0)));
        check(&[255, 7, 0, 4], Err(ParseError::UnknownCode(255)));
        check(&[2, 7, 0, 5, 13], Err(ParseError::MissingFlags));
        check(&[2, 7, 0, 9, 13, 0x80, 0, 0, 0], Err(ParseError::MissingFlags));
        check(&[0; PACKET_LENGTH_MAX + 1], Err(ParseError::Overlong));
        let identity = identity_response(1, &[b'a'; IDENTITY_LENGTH_MAX + 1]);
        check(&identity, Err(ParseError::IdentityTooLong));
    }

    #[test]
    fn bytes_behind_the_length_are_padding() {
        check(&[2, 7, 0, 6, 1, b'a', 9, 9], Ok(Body::Identity(b"a")));
    }

    fn code(which: bool) -> Code {
        if which { Code::Request } else { Code::Response }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was_meant(
            (request, identifier, method) in (any::<bool>(), any::<u8>(), 0_u8..4),
            (start, more, total_length) in (any::<bool>(), any::<bool>(), any::<Option<u32>>()),
            data in proptest::collection::vec(any::<u8>(), 0..IDENTITY_LENGTH_MAX),
        ) {
            let body = match method {
                0 => Body::Identity(&data),
                1 => Body::Notification(&data),
                2 => Body::Nak(&data),
                _ => Body::Tls(Fragment { start, more, total_length, data: &data }),
            };
            let packet = Packet { code: code(request), identifier, body };
            let written = packet.write();
            prop_assert_eq!(Packet::parse(&written), Ok(packet));
            for code in [Code::Success, Code::Failure] {
                let packet = Packet { code, identifier, body: Body::Nothing };
                let written = packet.write();
                prop_assert_eq!(Packet::parse(&written), Ok(packet));
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm_and_written_back_alike(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Ok(packet) = Packet::parse(&bytes) {
                let written = packet.write();
                if !matches!(packet.body, Body::Other(_)) {
                    prop_assert_eq!(Packet::parse(&written), Ok(packet));
                }
            }
        }
    }
}
