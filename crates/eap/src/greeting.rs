//! What a device's first message says of itself, read before TLS takes it; it stands in clear.

/// The extension that offers the extended master secret (RFC 7627 section 5.1).
const EXTENDED_MASTER_SECRET: [u8; 2] = [0, 23];

/// Record type and version, its length, message type, its length.
const HEADS_LENGTH: usize = 9;

/// The version and the random of a `ClientHello`.
const VERSION_AND_RANDOM_LENGTH: usize = 34;

/// A device's first message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Greeting {
    /// It is a `ClientHello` that offers nothing above TLS 1.1.
    pub(crate) old: bool,
    /// It offers the extended master secret; what cannot be read offers nothing.
    pub(crate) extended_master_secret: bool,
}

impl Greeting {
    /// Reads a `ClientHello` (RFC 5246 section 7.4.1.2) in its first record.
    pub(crate) fn read(message: &[u8]) -> Self {
        let [22, 3, _, _, _, 1, _, _, _, 3, minor, ..] = message else { return Self::default() };
        let offers = message.get(HEADS_LENGTH..).and_then(offers_extended_master_secret);
        Self { old: *minor <= 2, extended_master_secret: offers.unwrap_or(false) }
    }
}

fn offers_extended_master_secret(hello: &[u8]) -> Option<bool> {
    let rest = hello.get(VERSION_AND_RANDOM_LENGTH..)?;
    let (_session, rest) = split_short(rest)?;
    let (_suites, rest) = split_long(rest)?;
    let (_compressions, rest) = split_short(rest)?;
    let (mut extensions, _) = split_long(rest)?;
    while let Some((kind, rest)) = extensions.split_first_chunk::<2>() {
        if *kind == EXTENDED_MASTER_SECRET {
            return Some(true);
        }
        (_, extensions) = split_long(rest)?;
    }
    Some(false)
}

/// Splits off what a length of one byte stands before.
fn split_short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// Splits off what a length of two bytes stands before.
fn split_long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hello(minor: u8, extensions: &[u8]) -> Vec<u8> {
        let length = u8::try_from(extensions.len()).unwrap();
        let head = [22, 3, 1, 0, 0, 1, 0, 0, 0, 3, minor];
        let tail = [0, 0, 2, 0x13, 1, 1, 0, 0, length];
        [head.as_slice(), &[7; 32], &tail, extensions].concat()
    }

    fn check(message: &[u8], old: bool, extended_master_secret: bool) {
        assert_eq!(Greeting::read(message), Greeting { old, extended_master_secret });
    }

    #[test]
    fn the_version_and_the_extension_are_found() {
        check(&hello(3, &[]), false, false);
        check(&hello(1, &[]), true, false);
        check(&hello(3, &[0, 23, 0, 0]), false, true);
        check(&hello(3, &[0, 10, 0, 2, 0, 23, 0, 23, 0, 0]), false, true);
        // 23 as content of another extension is none.
        check(&hello(3, &[0, 10, 0, 4, 0, 23, 0, 0]), false, false);
    }

    #[test]
    fn what_cannot_be_read_offers_nothing() {
        check(&[], false, false);
        check(b"GET / HTTP/1.1", false, false);
        check(&hello(3, &[0, 10, 0xff, 0xff, 0, 23, 0, 0]), false, false);
        let whole = hello(3, &[0, 23, 0, 0]);
        for end in 0..whole.len() {
            check(&whole[..end], false, false);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(tail in proptest::collection::vec(any::<u8>(), 0..120)) {
            Greeting::read(&tail);
            Greeting::read(&[&hello(3, &[])[..43], &tail].concat());
        }
    }
}
