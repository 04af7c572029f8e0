//! A reply under construction: Message-Authenticator first, then what the caller adds in order.

use thiserror::Error;

use crate::attribute::number;
use crate::authenticator;
use crate::authenticator::Authenticator;
use crate::mppe;
use crate::mppe::Keys;
use crate::mppe::Salts;
use crate::packet;
use crate::packet::Code;
use crate::packet::HEADER_LENGTH;
use crate::packet::PACKET_LENGTH_MAX;
use crate::packet::Packet;
use crate::packet::VALUE_LENGTH_MAX;

/// Why a reply cannot be sent: it would pass 4096 bytes, or a value 253.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "the reply is longer than RADIUS allows: {PACKET_LENGTH_MAX} bytes, {VALUE_LENGTH_MAX} a value"
)]
pub struct TooLarge;

/// A reply to one request.
#[derive(Clone, Debug)]
pub struct Reply {
    code: Code,
    identifier: u8,
    request: Authenticator,
    body: Body,
}

impl Reply {
    /// Starts a reply to `request`; all but Accounting-Response begin with Message-Authenticator,
    /// so that no forged prefix can stand before it (CVE-2024-3596).
    #[must_use]
    pub fn new(code: Code, request: &Packet) -> Self {
        let mut body = Body::default();
        if code != Code::AccountingResponse {
            body.push(number::MESSAGE_AUTHENTICATOR, &[0; authenticator::LENGTH]);
        }
        let request_authenticator = *request.authenticator();
        Self { code, identifier: request.identifier(), request: request_authenticator, body }
    }

    /// Adds one attribute; a value above 253 bytes is told by `finish`.
    #[must_use]
    pub fn attribute(mut self, number: u8, value: &[u8]) -> Self {
        self.body.push(number, value);
        self
    }

    /// Adds an EAP packet, split over EAP-Message attributes (RFC 3579 section 3.1).
    #[must_use]
    pub fn eap_message(mut self, eap: &[u8]) -> Self {
        self.body.push_eap(eap);
        self
    }

    /// Adds the State that the next request must bring back.
    #[must_use]
    pub fn state(self, state: &[u8]) -> Self {
        self.attribute(number::STATE, state)
    }

    /// Adds MS-MPPE-Recv-Key and MS-MPPE-Send-Key, encrypted for the NAS (RFC 2548 section 2.4).
    #[must_use]
    pub fn keys(mut self, keys: &Keys, salts: Salts, secret: &[u8]) -> Self {
        for value in mppe::encode(keys, salts, secret, &self.request) {
            self.body.push(number::VENDOR_SPECIFIC, &value);
        }
        self
    }

    /// Copies every Proxy-State of the request, untouched and in order (RFC 2865 section 5.33).
    #[must_use]
    pub fn proxy_states(mut self, request: &Packet) -> Self {
        for (attribute, value) in request.attributes() {
            if attribute == number::PROXY_STATE {
                self.body.push(attribute, value);
            }
        }
        self
    }

    /// Signs the reply and returns the datagram.
    ///
    /// # Errors
    /// The reply or one of its values is longer than the protocol allows.
    pub fn finish(mut self, secret: &[u8]) -> Result<Vec<u8>, TooLarge> {
        self.body.check()?;
        let header =
            packet::header(self.code, self.identifier, self.body.bytes.len(), &self.request);
        if self.code != Code::AccountingResponse {
            self.body.sign(&header, secret);
        }
        let authenticator = authenticator::md5(&[&header, &self.body.bytes, secret]);
        let header =
            packet::header(self.code, self.identifier, self.body.bytes.len(), &authenticator);
        Ok([header.as_slice(), &self.body.bytes].concat())
    }
}

/// Attributes under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// The attributes as they go out.
    pub(crate) bytes: Vec<u8>,
    too_large: bool,
}

impl Body {
    pub(crate) fn push(&mut self, number: u8, value: &[u8]) {
        let Ok(length) = u8::try_from(value.len() + 2) else {
            self.too_large = true;
            return;
        };
        if self.bytes.len() <= PACKET_LENGTH_MAX {
            self.bytes.extend_from_slice(&[number, length]);
            self.bytes.extend_from_slice(value);
        }
    }

    pub(crate) fn push_eap(&mut self, eap: &[u8]) {
        for part in eap.chunks(VALUE_LENGTH_MAX) {
            self.push(number::EAP_MESSAGE, part);
        }
    }

    pub(crate) fn check(&self) -> Result<(), TooLarge> {
        if self.too_large || HEADER_LENGTH + self.bytes.len() > PACKET_LENGTH_MAX {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Fills in the Message-Authenticator, which is the first attribute.
    pub(crate) fn sign(&mut self, header: &[u8], secret: &[u8]) {
        let digest = authenticator::hmac_md5(secret, &[header, &self.bytes]);
        if let Some(place) = self.bytes.get_mut(2..2 + authenticator::LENGTH) {
            place.copy_from_slice(&digest);
        }
    }
}
