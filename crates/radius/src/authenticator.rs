//! The two keyed checks of RADIUS: MD5 authenticators (RFC 2865) and Message-Authenticator (RFC 3579).

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use md5::Digest;
use md5::Md5;

/// Length of an authenticator and of a Message-Authenticator, in bytes.
pub const LENGTH: usize = 16;

/// Sixteen bytes of a header's authenticator field, or of a keyed digest.
pub type Authenticator = [u8; LENGTH];

/// Returns HMAC-MD5 under `secret` over the parts in order (RFC 2104).
#[must_use]
pub fn hmac_md5(secret: &[u8], parts: &[&[u8]]) -> Authenticator {
    let mut mac = Hmac::<Md5>::new_from_slice(secret).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Returns MD5 over the parts in order (RFC 1321).
#[must_use]
pub fn md5(parts: &[&[u8]]) -> Authenticator {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_vector_of_rfc_2202_is_reproduced() {
        let expected = [
            0x92, 0x94, 0x72, 0x7a, 0x36, 0x38, 0xbb, 0x1c, 0x13, 0xf4, 0x8e, 0xf8, 0x15, 0x8b,
            0xfc, 0x9d,
        ];
        assert_eq!(hmac_md5(&[0x0b; 16], &[b"Hi ", b"There"]), expected);
    }

    #[test]
    fn the_abc_vector_of_rfc_1321_is_reproduced() {
        let expected = [
            0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1,
            0x7f, 0x72,
        ];
        assert_eq!(md5(&[b"a", b"bc"]), expected);
    }
}
