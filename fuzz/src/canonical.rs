//! The canonical form of TLV, written a second time and without the code that it judges.

use pki::tlv::{self, Element, Malformed, Reader};

/// The deepest nesting that is followed.
pub const DEPTH_MAX: usize = 20;

/// Whether this is DER as far as lengths go: definite and minimal all the way down, as X.690 10.1
/// has it.
pub fn is_canonical(bytes: &[u8]) -> bool {
    walk(bytes, 0).is_some()
}

fn walk(mut bytes: &[u8], depth: usize) -> Option<()> {
    while let [tag, first, rest @ ..] = bytes {
        if depth == DEPTH_MAX || tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = match (*first, rest) {
            (length @ 0..=0x7f, rest) => (usize::from(length), rest),
            (0x81, [a @ 0x80..=0xff, rest @ ..]) => (usize::from(*a), rest),
            (0x82, [a @ 1..=0xff, b, rest @ ..]) => (usize::from(*a) << 8 | usize::from(*b), rest),
            (0x83, [a @ 1..=0xff, b, c, rest @ ..]) => {
                (usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        if tag & tlv::CONSTRUCTED != 0 {
            walk(content, depth + 1)?;
        }
        bytes = rest;
    }
    bytes.is_empty().then_some(())
}

/// Reads every element and writes it again, constructed ones from their parts.
///
/// # Errors
/// [`Malformed`] as the reader says.
pub fn rewrite(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    rewrite_at(bytes, 0, &mut |_| ())
}

/// The same, and shows each element on the way.
///
/// # Errors
/// [`Malformed`] as the reader says.
pub fn visit(bytes: &[u8], see: &mut impl FnMut(&Element<'_>)) -> Result<Vec<u8>, Malformed> {
    rewrite_at(bytes, 0, see)
}

fn rewrite_at(
    bytes: &[u8],
    depth: usize,
    see: &mut impl FnMut(&Element<'_>),
) -> Result<Vec<u8>, Malformed> {
    if depth == DEPTH_MAX {
        return Err(Malformed("nested too deeply"));
    }
    let mut reader = Reader::new(bytes);
    let mut written = Vec::new();
    while !reader.is_empty() {
        let element = reader.read()?;
        see(&element);
        let content = match element.tag & tlv::CONSTRUCTED {
            0 => element.content.to_vec(),
            _ => rewrite_at(element.content, depth + 1, see)?,
        };
        written.extend(tlv::encode(element.tag, &content));
    }
    Ok(written)
}
