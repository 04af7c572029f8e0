//! Messages out of HTTP: one tolerant decoder for what devices put into queries and bodies.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The longest query in bytes: RSA-8192 requests in base64 with escapes stay below.
pub const QUERY_BYTES_MAX: usize = 32 * 1024;
/// The longest body in bytes, DER or base64.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// What a request wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The capabilities.
    GetCaCaps,
    /// The certificates of the authority.
    GetCaCert,
    /// A message.
    PkiOperation,
    /// Anything else.
    Other,
}

/// Why no message comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Longer than [`QUERY_BYTES_MAX`] or [`BODY_BYTES_MAX`].
    #[error("the request is too long")]
    TooLong,
    /// The query names no operation.
    #[error("the query names no operation")]
    NoOperation,
    /// The query or the body holds no message.
    #[error("there is no message")]
    NoMessage,
    /// A `%` without two hex digits.
    #[error("a percent sign is not followed by two hex digits")]
    Percent,
    /// The message is not base64.
    #[error("the message is not base64")]
    Base64,
}

/// The operation of a raw query, whatever the case of its letters; `??operation=` and a path that
/// slipped in front are tolerated.
///
/// # Errors
/// [`TransportError::TooLong`] or [`TransportError::NoOperation`].
pub fn operation(raw_query: &str) -> Result<Operation, TransportError> {
    let value = parameter(raw_query, "operation")?.ok_or(TransportError::NoOperation)?;
    let known = [
        ("GetCACaps", Operation::GetCaCaps),
        ("GetCACert", Operation::GetCaCert),
        ("PKIOperation", Operation::PkiOperation),
    ];
    let value = value.trim();
    Ok(known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value))
        .map_or(Operation::Other, |(_, operation)| *operation))
}

/// The message of a raw query: percent escapes are resolved and nothing else is, because macOS
/// sends `+` and `/` raw; then both base64 alphabets, line breaks and missing padding are
/// tolerated.
///
/// # Errors
/// [`TransportError`].
pub fn message_from_query(raw_query: &str) -> Result<Vec<u8>, TransportError> {
    let value = parameter(raw_query, "message")?.ok_or(TransportError::NoMessage)?;
    decode(value.as_bytes())
}

/// A message as a query carries it: base64 with its special characters escaped.
#[must_use]
pub fn message_to_query(message: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(message);
    text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// The message of a body: DER as it is, or base64 of it as old clients send.
///
/// # Errors
/// [`TransportError`].
pub fn message_from_body(body: &[u8]) -> Result<Vec<u8>, TransportError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(TransportError::TooLong);
    }
    // A SEQUENCE begins with 0x30, and no base64 of one does.
    match body.first() {
        None => Err(TransportError::NoMessage),
        Some(0x30) => Ok(body.to_vec()),
        Some(_) => decode(body),
    }
}

/// The raw value of a parameter. Its end is the next `&`.
fn parameter<'a>(raw_query: &'a str, name: &str) -> Result<Option<&'a str>, TransportError> {
    if raw_query.len() > QUERY_BYTES_MAX {
        return Err(TransportError::TooLong);
    }
    Ok(raw_query.split('&').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        let key = key.rsplit('?').next().unwrap_or(key);
        key.eq_ignore_ascii_case(name).then_some(value)
    }))
}

fn decode(text: &[u8]) -> Result<Vec<u8>, TransportError> {
    let mut base64 = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, next @ ..] = rest {
        rest = next;
        let byte = if *first == b'%' {
            let [high, low, after @ ..] = rest else {
                return Err(TransportError::Percent);
            };
            rest = after;
            hex(*high)? * 16 + hex(*low)?
        } else {
            *first
        };
        match byte {
            b'\r' | b'\n' | b'\t' | b'=' => {}
            // A form decoder on the way made blanks of plus signs.
            b' ' | b'-' => base64.push(b'+'),
            b'_' => base64.push(b'/'),
            byte => base64.push(byte),
        }
    }
    if base64.is_empty() {
        return Err(TransportError::NoMessage);
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&STANDARD, config).decode(&base64).map_err(|_| TransportError::Base64)
}

fn hex(digit: u8) -> Result<u8, TransportError> {
    let value = char::from(digit).to_digit(16).ok_or(TransportError::Percent)?;
    u8::try_from(value).map_err(|_| TransportError::Percent)
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    #[test]
    fn operations_are_found_in_every_spelling() {
        for (query, expected) in [
            ("operation=GetCACaps", Operation::GetCaCaps),
            ("operation=GetCACert&message=x", Operation::GetCaCert),
            ("message=x&operation=pkioperation", Operation::PkiOperation),
            ("?operation=PKIOperation", Operation::PkiOperation),
            ("pkiclient.exe?Operation=GETCACAPS", Operation::GetCaCaps),
            ("operation=GetNextCACert", Operation::Other),
        ] {
            assert_eq!(operation(query), Ok(expected), "{query}");
        }
        for query in ["", "message=operation", "operation"] {
            assert_eq!(operation(query), Err(TransportError::NoOperation), "{query}");
        }
    }

    // 0xfb 0xff 0xfe 0x3e 0x3f: every special character of both alphabets.
    fn check(message: &str) {
        let query = format!("operation=PKIOperation&message={message}");
        assert_eq!(message_from_query(&query).unwrap(), [0xfb, 0xff, 0xfe, 0x3e, 0x3f]);
    }

    #[test]
    fn messages_are_decoded_however_they_were_escaped() {
        check("+//+Pj8=");
        check("%2B%2F%2F%2BPj8%3D");
        check("%2b//%2bPj8%3d");
        check("-__-Pj8");
        check("+//+Pj8");
        check("+//%0A+Pj8%0D%0A");
        check(" // Pj8=");
        check("%20//%20Pj8=&other=1");
        check("+//+Pj8====");
    }

    #[test]
    fn broken_messages_are_refused() {
        for (query, error) in [
            ("operation=PKIOperation", TransportError::NoMessage),
            ("message=", TransportError::NoMessage),
            ("message=%0A", TransportError::NoMessage),
            ("message=AA%4", TransportError::Percent),
            ("message=AA%zz", TransportError::Percent),
            ("message=AA*A", TransportError::Base64),
            ("message=A", TransportError::Base64),
        ] {
            assert_eq!(message_from_query(query), Err(error), "{query}");
        }
    }

    #[test]
    fn queries_and_bodies_have_a_maximum() {
        let long = "a".repeat(QUERY_BYTES_MAX + 1);
        assert_eq!(message_from_query(&long), Err(TransportError::TooLong));
        assert_eq!(operation(&long), Err(TransportError::TooLong));
        let body = vec![0x30; BODY_BYTES_MAX + 1];
        assert_eq!(message_from_body(&body), Err(TransportError::TooLong));
        assert!(message_from_body(&body[1..]).is_ok());
    }

    #[test]
    fn bodies_are_der_or_base64() {
        assert_eq!(message_from_body(&[0x30, 0]).unwrap(), [0x30, 0]);
        assert_eq!(message_from_body(b"MAA=\r\n").unwrap(), [0x30, 0]);
        assert_eq!(message_from_body(b""), Err(TransportError::NoMessage));
        assert_eq!(message_from_body(b"<html>"), Err(TransportError::Base64));
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_query_makes_it_panic(query in ".{0,100}") {
            let _ = operation(&query);
            let _ = message_from_query(&format!("message={query}"));
        }
    }
}
