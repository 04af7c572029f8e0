//! BER made readable: indefinite lengths become definite, constructed strings are joined.
//!
//! Everything else stays byte for byte, so that signatures still fit what was signed.

use std::borrow::Cow;

use crate::tlv::{self, Element, Length, Malformed, Reader};

/// The largest message in bytes: RSA-8192 requests with a chain stay below 32 KiB.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// The deepest nesting: a name within a certificate within signed data is ten levels deep.
pub const DEPTH_MAX: usize = 16;

/// The same message with definite lengths only. A part without indefinite lengths inside is
/// copied as it came.
///
/// # Errors
/// [`Malformed`] when it is longer than [`MESSAGE_BYTES_MAX`], nested deeper than
/// [`DEPTH_MAX`], broken, or followed by other bytes.
pub fn definite(message: &[u8]) -> Result<Vec<u8>, Malformed> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(Malformed("a message longer than 256 KiB"));
    }
    let (definite, rest) = transcode(message, 0)?;
    if rest.is_empty() { Ok(definite.into_owned()) } else { Err(Malformed("trailing bytes")) }
}

/// The first element with definite lengths, and the bytes behind it.
fn transcode(bytes: &[u8], depth: usize) -> Result<(Cow<'_, [u8]>, &[u8]), Malformed> {
    if depth == DEPTH_MAX {
        return Err(Malformed("nested too deeply"));
    }
    let tag = *bytes.first().ok_or(Malformed("no element"))?;
    let constructed = tag & tlv::CONSTRUCTED != 0;
    let (header, length) = tlv::header(bytes)?;
    let length = match length {
        Length::Definite(length) => length,
        Length::Indefinite if constructed => {
            let content = bytes.get(header..).unwrap_or_default();
            let (content, rest) = transcode_until_end(content, depth)?;
            return Ok((Cow::Owned(tlv::encode(tag, &content)), rest));
        }
        Length::Indefinite => return Err(Malformed("a primitive element of indefinite length")),
    };
    let total = header.checked_add(length).ok_or(Malformed("a length out of range"))?;
    let (raw, rest) = bytes.split_at_checked(total).ok_or(Malformed("a short element"))?;
    if !constructed {
        return Ok((Cow::Borrowed(raw), rest));
    }
    let mut children = raw.get(header..).unwrap_or_default();
    let mut content = Vec::new();
    let mut changed = false;
    while !children.is_empty() {
        let (child, next) = transcode(children, depth + 1)?;
        changed |= matches!(child, Cow::Owned(_));
        content.extend_from_slice(&child);
        children = next;
    }
    let element = if changed { Cow::Owned(tlv::encode(tag, &content)) } else { Cow::Borrowed(raw) };
    Ok((element, rest))
}

/// Content up to the end-of-contents octets (X.690 8.1.5), and the bytes behind them.
fn transcode_until_end(mut bytes: &[u8], depth: usize) -> Result<(Vec<u8>, &[u8]), Malformed> {
    let mut content = Vec::new();
    loop {
        if let [0, 0, rest @ ..] = bytes {
            return Ok((content, rest));
        }
        let (child, rest) = transcode(bytes, depth + 1)?;
        content.extend_from_slice(&child);
        bytes = rest;
    }
}

/// The octets of an OCTET STRING, primitive or constructed, also when its tag is implicit.
///
/// # Errors
/// [`Malformed`] when a part is no OCTET STRING or is nested deeper than [`DEPTH_MAX`].
pub fn octets(element: &Element<'_>) -> Result<Vec<u8>, Malformed> {
    let mut joined = Vec::new();
    join(element, 0, &mut joined)?;
    Ok(joined)
}

fn join(element: &Element<'_>, depth: usize, joined: &mut Vec<u8>) -> Result<(), Malformed> {
    if depth == DEPTH_MAX {
        return Err(Malformed("nested too deeply"));
    }
    if element.tag & tlv::CONSTRUCTED == 0 {
        joined.extend_from_slice(element.content);
        return Ok(());
    }
    let mut parts = Reader::new(element.content);
    while !parts.is_empty() {
        let part = parts.read()?;
        if part.tag & !tlv::CONSTRUCTED != tlv::OCTET_STRING {
            return Err(Malformed("a part that is no octet string"));
        }
        join(&part, depth + 1, joined)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, test_runner::RngSeed};

    use super::*;

    #[test]
    fn indefinite_lengths_become_definite() {
        let message = [0x30, 0x80, 0x24, 0x80, 4, 1, 1, 4, 1, 2, 0, 0, 2, 1, 5, 0, 0];
        assert_eq!(definite(&message).unwrap(), [0x30, 11, 0x24, 6, 4, 1, 1, 4, 1, 2, 2, 1, 5]);
    }

    #[test]
    fn what_is_definite_stays_byte_for_byte() {
        let message = [0x30, 0x81, 4, 4, 0x81, 1, 7];
        assert_eq!(definite(&message).unwrap(), message);
    }

    #[test]
    fn constructed_strings_are_joined() {
        let read = |bytes: &[u8]| octets(&Reader::new(bytes).read().unwrap());
        assert_eq!(read(&[4, 2, 1, 2]).unwrap(), [1, 2]);
        assert_eq!(read(&[0x80, 2, 1, 2]).unwrap(), [1, 2]);
        assert_eq!(read(&[0xa0, 8, 4, 1, 1, 0x24, 3, 4, 1, 2]).unwrap(), [1, 2]);
        assert!(read(&[0xa0, 8, 4, 1, 1, 0x24, 3, 4, 2, 2]).is_err(), "an inner length lies");
        assert!(read(&[0xa0, 3, 2, 1, 1]).is_err(), "an integer is no string");
        let mut deep = vec![4, 0];
        for _ in 0..DEPTH_MAX {
            deep = tlv::encode(0x24, &deep);
        }
        assert!(read(&deep).is_err());
    }

    #[test]
    fn bombs_are_refused() {
        let deep = [vec![[0x30, 0x80]; DEPTH_MAX + 1], vec![[0, 0]; DEPTH_MAX + 1]].concat();
        assert_eq!(definite(&deep.concat()), Err(Malformed("nested too deeply")));
        let deep = [vec![[0x30, 0x80]; DEPTH_MAX], vec![[0, 0]; DEPTH_MAX]].concat();
        assert!(definite(&deep.concat()).is_ok());
        let endless = [0x30_u8, 0x80].repeat(100_000);
        assert!(definite(&endless).is_err());
        assert!(definite(&vec![4; MESSAGE_BYTES_MAX + 1]).is_err());
        assert!(definite(&[4, 0x80, 0, 0]).is_err());
        assert!(definite(&[0x30, 0x80]).is_err());
        assert!(definite(&[4, 0, 4, 0]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(clean) = definite(&bytes) {
                prop_assert_eq!(definite(&clean).unwrap(), clean);
            }
        }
    }
}
