//! The keys that the access point needs: MS-MPPE-Recv-Key and MS-MPPE-Send-Key (RFC 2548 section 2.4).

use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

use crate::attribute::number;
use crate::authenticator;
use crate::authenticator::Authenticator;
use crate::packet::Packet;

/// Microsoft's number among vendors.
pub const VENDOR_MICROSOFT: u32 = 311;

/// Length of each of the two keys.
pub const KEY_LENGTH: usize = 32;

const SEND_KEY: u8 = 16;
const RECV_KEY: u8 = 17;

/// The longest encrypted value: vendor header (6), salt (2), whole blocks within 253 bytes.
const BLOCKS_MAX: usize = 15;

/// The two keys, cut from an EAP method's MSK.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    /// MSK bytes 0 to 31: what the NAS receives with, the PMK of Wi-Fi.
    pub recv: [u8; KEY_LENGTH],
    /// MSK bytes 32 to 63.
    pub send: [u8; KEY_LENGTH],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(hidden)")
    }
}

impl Keys {
    /// Cuts the 64 bytes of an MSK in two (RFC 5216 section 2.3, RFC 2548).
    #[must_use]
    pub fn from_msk(msk: &[u8; 64]) -> Self {
        let mut keys = Self { recv: [0; KEY_LENGTH], send: [0; KEY_LENGTH] };
        let (recv, send) = msk.split_at(KEY_LENGTH);
        keys.recv.copy_from_slice(recv);
        keys.send.copy_from_slice(send);
        keys
    }
}

/// Two salts as RFC 2548 wants them: the highest bit set, and not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salts {
    recv: u16,
    send: u16,
}

impl Salts {
    /// Makes salts out of two random bytes.
    #[must_use]
    pub fn from_random(random: [u8; 2]) -> Self {
        let salt = u16::from_be_bytes(random);
        Self { recv: salt | 0x8001, send: (salt | 0x8000) & 0xfffe }
    }
}

/// Returns the values of two Vendor-Specific attributes for a reply to the request of this
/// authenticator.
#[must_use]
pub fn encode(
    keys: &Keys,
    salts: Salts,
    secret: &[u8],
    request_authenticator: &Authenticator,
) -> [Vec<u8>; 2] {
    [(RECV_KEY, salts.recv, &keys.recv), (SEND_KEY, salts.send, &keys.send)].map(
        |(vendor_type, salt, key)| {
            let salt = salt.to_be_bytes();
            let encrypted = encrypt(key, salt, secret, request_authenticator);
            // Vendor type, its length byte and the salt stand before the encrypted blocks.
            let length = u8::try_from(4 + encrypted.len()).expect("a 32-byte key takes 48 bytes");
            let mut value = VENDOR_MICROSOFT.to_be_bytes().to_vec();
            value.extend_from_slice(&[vendor_type, length]);
            value.extend_from_slice(&salt);
            value.extend_from_slice(&encrypted);
            value
        },
    )
}

/// Finds and decrypts both keys in a reply; anything missing or malformed gives nothing.
#[must_use]
pub fn decode(
    reply: &Packet,
    secret: &[u8],
    request_authenticator: &Authenticator,
) -> Option<Keys> {
    let mut keys = Keys { recv: [0; KEY_LENGTH], send: [0; KEY_LENGTH] };
    let mut found = (false, false);
    for (attribute, value) in reply.attributes() {
        let microsoft = value.split_first_chunk::<4>();
        let Some((vendor, rest)) = microsoft.filter(|_| attribute == number::VENDOR_SPECIFIC)
        else {
            continue;
        };
        if u32::from_be_bytes(*vendor) != VENDOR_MICROSOFT {
            continue;
        }
        let Some((&[vendor_type, length], rest)) = rest.split_first_chunk() else { continue };
        if usize::from(length) != rest.len() + 2 {
            continue;
        }
        match vendor_type {
            RECV_KEY => keys.recv = decrypt(rest, secret, request_authenticator)?,
            SEND_KEY => keys.send = decrypt(rest, secret, request_authenticator)?,
            _ => continue,
        }
        found = (found.0 || vendor_type == RECV_KEY, found.1 || vendor_type == SEND_KEY);
    }
    (found == (true, true)).then_some(keys)
}

fn encrypt(
    key: &[u8; KEY_LENGTH],
    salt: [u8; 2],
    secret: &[u8],
    request_authenticator: &Authenticator,
) -> Vec<u8> {
    // One length byte, the key, zeros up to whole blocks of 16.
    let mut plain = [0; 48];
    for (place, byte) in plain.iter_mut().zip([32].iter().chain(key)) {
        *place = *byte;
    }
    let mut encrypted: Vec<u8> = Vec::with_capacity(plain.len());
    let mut mask = authenticator::md5(&[secret, request_authenticator, &salt]);
    for block in plain.chunks(16) {
        let masked: Vec<u8> = block.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        mask = authenticator::md5(&[secret, &masked]);
        encrypted.extend_from_slice(&masked);
    }
    plain.zeroize();
    encrypted
}

fn decrypt(
    value: &[u8],
    secret: &[u8],
    request_authenticator: &Authenticator,
) -> Option<[u8; KEY_LENGTH]> {
    let (salt, encrypted) = value.split_first_chunk::<2>()?;
    let (blocks, rest) = encrypted.as_chunks::<16>();
    if !rest.is_empty() || blocks.len() > BLOCKS_MAX {
        return None;
    }
    let mut plain = Vec::with_capacity(encrypted.len());
    let mut mask = authenticator::md5(&[secret, request_authenticator, salt]);
    for block in blocks {
        plain.extend(block.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        mask = authenticator::md5(&[secret, block]);
    }
    let (length, rest) = plain.split_first()?;
    let key = rest.get(..usize::from(*length))?.try_into().ok();
    plain.zeroize();
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Code;
    use crate::reply::Reply;
    use crate::request;

    const SECRET: &[u8] = b"a-long-shared-secret";

    fn reply(keys: &Keys, authenticator: Authenticator) -> Packet {
        let bytes = request::build(7, authenticator).finish(SECRET).unwrap();
        let access_request = Packet::parse(&bytes, SECRET).unwrap();
        let reply = Reply::new(Code::AccessAccept, &access_request)
            .keys(keys, Salts::from_random([0x12, 0x34]), SECRET)
            .finish(SECRET)
            .unwrap();
        request::verify_reply(&bytes, &reply, SECRET).unwrap()
    }

    fn keys() -> Keys {
        let mut msk = [0; 64];
        for (place, byte) in msk.iter_mut().zip(0..) {
            *place = byte;
        }
        Keys::from_msk(&msk)
    }

    #[test]
    fn recv_is_the_first_half_of_the_msk_and_send_the_second() {
        assert_eq!((keys().recv[0], keys().recv[31]), (0, 31));
        assert_eq!((keys().send[0], keys().send[31]), (32, 63));
    }

    #[test]
    fn keys_survive_the_way_to_the_access_point() {
        let reply = reply(&keys(), [9; 16]);
        assert_eq!(decode(&reply, SECRET, &[9; 16]), Some(keys()));
        assert_ne!(decode(&reply, SECRET, &[8; 16]), Some(keys()));
        assert_ne!(decode(&reply, b"another", &[9; 16]), Some(keys()));
    }

    #[test]
    fn salts_have_their_high_bit_and_differ() {
        for random in [[0, 0], [0xff, 0xff], [0x80, 0], [0, 1]] {
            let salts = Salts::from_random(random);
            assert!(salts.recv >= 0x8000 && salts.send >= 0x8000 && salts.recv != salts.send);
        }
    }

    #[test]
    fn a_reply_without_keys_gives_none() {
        let bytes = request::build(7, [1; 16]).finish(SECRET).unwrap();
        let packet = Packet::parse(&bytes, SECRET).unwrap();
        assert_eq!(decode(&packet, SECRET, &[1; 16]), None);
    }

    #[test]
    fn debug_does_not_show_keys() {
        assert_eq!(format!("{:?}", keys()), "Keys(hidden)");
    }
}
