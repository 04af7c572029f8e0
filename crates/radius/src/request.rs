//! The NAS's side: builds requests and proves replies.

use crate::attribute::number;
use crate::authenticator;
use crate::authenticator::Authenticator;
use crate::packet;
use crate::packet::Code;
use crate::packet::Packet;
use crate::packet::ParseError;
use crate::reply::Body;
use crate::reply::TooLarge;

/// A request under construction.
#[derive(Clone, Debug)]
pub struct Request {
    code: Code,
    identifier: u8,
    authenticator: Authenticator,
    body: Body,
}

/// Starts an Access-Request with an authenticator that the caller drew at random.
#[must_use]
pub fn build(identifier: u8, authenticator: Authenticator) -> Request {
    Request::with_message_authenticator(Code::AccessRequest, identifier, authenticator)
}

/// Starts a Status-Server request (RFC 5997).
#[must_use]
pub fn build_status(identifier: u8, authenticator: Authenticator) -> Request {
    Request::with_message_authenticator(Code::StatusServer, identifier, authenticator)
}

/// Starts an Accounting-Request (RFC 2866), whose authenticator is computed.
#[must_use]
pub fn build_accounting(identifier: u8) -> Request {
    let authenticator = [0; authenticator::LENGTH];
    Request { code: Code::AccountingRequest, identifier, authenticator, body: Body::default() }
}

impl Request {
    fn with_message_authenticator(
        code: Code,
        identifier: u8,
        authenticator: Authenticator,
    ) -> Self {
        let mut body = Body::default();
        body.push(number::MESSAGE_AUTHENTICATOR, &[0; authenticator::LENGTH]);
        Self { code, identifier, authenticator, body }
    }

    /// Adds one attribute; a value above 253 bytes is told by `finish`.
    #[must_use]
    pub fn attribute(mut self, number: u8, value: &[u8]) -> Self {
        self.body.push(number, value);
        self
    }

    /// Adds an EAP packet, split over EAP-Message attributes.
    #[must_use]
    pub fn eap_message(mut self, eap: &[u8]) -> Self {
        self.body.push_eap(eap);
        self
    }

    /// Signs the request and returns the datagram.
    ///
    /// # Errors
    /// The request or one of its values is longer than the protocol allows.
    pub fn finish(mut self, secret: &[u8]) -> Result<Vec<u8>, TooLarge> {
        self.body.check()?;
        let length = self.body.bytes.len();
        let header = packet::header(self.code, self.identifier, length, &self.authenticator);
        if self.code != Code::AccountingRequest {
            self.body.sign(&header, secret);
            return Ok([header.as_slice(), &self.body.bytes].concat());
        }
        let authenticator = authenticator::md5(&[&header, &self.body.bytes, secret]);
        let header = packet::header(self.code, self.identifier, length, &authenticator);
        Ok([header.as_slice(), &self.body.bytes].concat())
    }
}

/// Proves that `reply` answers `request` (both as on the wire) and that its sender knows `secret`.
///
/// # Errors
/// The reply is malformed, belongs to another request, or is not proved by both authenticators; a
/// client drops it and keeps waiting.
pub fn verify_reply(request: &[u8], reply: &[u8], secret: &[u8]) -> Result<Packet, ParseError> {
    let request = Packet::frame(request)?;
    let reply = Packet::frame(reply)?;
    if request.identifier() != reply.identifier() {
        return Err(ParseError::WrongIdentifier);
    }
    let accounting = match reply.code() {
        Code::AccessAccept | Code::AccessReject | Code::AccessChallenge => false,
        Code::AccountingResponse => true,
        Code::AccessRequest | Code::AccountingRequest | Code::StatusServer => {
            return Err(ParseError::UnsupportedCode(reply.code().byte()));
        }
    };
    if accounting != (request.code() == Code::AccountingRequest) {
        return Err(ParseError::UnsupportedCode(reply.code().byte()));
    }
    reply.prove_response_authenticator(request.authenticator(), secret)?;
    if !accounting {
        reply.prove_message_authenticator(request.authenticator(), secret)?;
    }
    Ok(reply)
}
