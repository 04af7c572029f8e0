//! One-time codes made of a shared secret and the time (RFC 6238), and the codes for when the device
//! that makes them is lost.

use pki::algorithm::Digest;
use pki::time::Time;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Bytes of a secret: as long as the output of SHA-1 (RFC 4226, 4, R6).
pub const SECRET_BYTES: usize = 20;

/// Digits of a code: what every app makes.
pub const DIGITS: usize = 6;

/// Seconds of a step (RFC 6238, 5.2).
pub const STEP_SECONDS: i64 = 30;

/// Steps to either side whose codes are taken: clocks of phones are right to half a minute.
const STEPS_AROUND: i64 = 1;

/// How many codes there are for when the device is lost.
pub const RECOVERY_CODES: usize = 10;

/// Characters of such a code: ten of 32 letters carry 50 bits, behind a password and slowed.
pub const RECOVERY_CHARS: usize = 10;

/// Longest text that is looked at as a code, in bytes.
pub const CODE_BYTES_MAX: usize = 64;

/// Block of SHA-1 in bytes, which HMAC pads keys to (RFC 2104, 2).
const BLOCK_BYTES: usize = 64;

/// A code as somebody typed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Code {
    /// Of an app: digits only.
    Timed(Secret),
    /// For when the app is lost: in lower case, without what stands between.
    Recovery(Secret),
}

impl Code {
    /// Reads what was typed: spaces and hyphens are for the eye.
    pub fn parse(text: &Secret) -> Option<Self> {
        if text.reveal().len() > CODE_BYTES_MAX {
            return None;
        }
        let plain = text.reveal().chars().filter(|c| !c.is_whitespace() && *c != '-');
        let plain = Zeroizing::new(plain.collect::<String>().to_ascii_lowercase());
        if plain.len() == DIGITS && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Timed(Secret::new(plain.as_str())));
        }
        let fits =
            plain.len() == RECOVERY_CHARS && plain.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self::Recovery(Secret::new(plain.as_str())))
    }
}

/// A recovery code as people read it: in two groups.
pub fn grouped(code: &str) -> Secret {
    let (first, second) = code.split_at_checked(RECOVERY_CHARS / 2).unwrap_or((code, ""));
    Secret::new(format!("{first}-{second}"))
}

/// The step of which this code is, if it is one of now and none of a step that was used before.
pub fn accept(secret: &Secret, code: &Secret, now: Time, used: Option<i64>) -> Option<i64> {
    let secret = &parse_base32(secret)?;
    let present = now.0.div_euclid(STEP_SECONDS);
    // Every step is tried, so that nobody learns from the time it takes which one it was.
    let mut found = None;
    for step in present - STEPS_AROUND..=present + STEPS_AROUND {
        let expected = code_at(secret, step, DIGITS);
        let fits: bool = expected.as_bytes().ct_eq(code.reveal().as_bytes()).into();
        if fits && used.is_none_or(|used| step > used) {
            found = Some(step);
        }
    }
    found
}

/// The code of a step (RFC 4226, 5.3).
fn code_at(secret: &[u8], step: i64, digits: usize) -> Zeroizing<String> {
    let mac = hmac_sha1(secret, &step.to_be_bytes());
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0x0f);
    let word = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied();
    let number = u32::from_be_bytes(word.unwrap_or_default()) & 0x7fff_ffff;
    let modulus = (0..digits).fold(1_u32, |power, _| power.saturating_mul(10));
    Zeroizing::new(format!("{:0digits$}", number % modulus))
}

/// HMAC (RFC 2104) with SHA-1, whose weakness is not of this use.
fn hmac_sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    let hash = |bytes: &[u8]| Digest::Sha1.compute(bytes).expect("SHA-1 is computed here");
    let mut block = Zeroizing::new([0_u8; BLOCK_BYTES]);
    let hashed = Zeroizing::new(if key.len() > BLOCK_BYTES { hash(key) } else { key.to_vec() });
    block.iter_mut().zip(hashed.iter()).for_each(|(place, byte)| *place = *byte);
    let padded = |pad: u8, rest: &[u8]| {
        let bytes = block.iter().map(|byte| byte ^ pad).chain(rest.iter().copied());
        hash(&Zeroizing::new(bytes.collect::<Vec<u8>>()))
    };
    padded(0x5c, &padded(0x36, message))
}

/// The letters of Base32 (RFC 4648, 6).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bytes as people type them into an app that sees no picture (RFC 4648, 6), without padding.
pub fn base32(bytes: &[u8]) -> Secret {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for chunk in bytes.chunks(5) {
        let (word, bits) = chunk
            .iter()
            .fold((0_u64, 0_u32), |(word, bits), byte| ((word << 8) | u64::from(*byte), bits + 8));
        let letters = bits.div_ceil(5);
        let word = word << (letters * 5 - bits);
        for place in (0..letters).rev() {
            let letter = usize::try_from((word >> (place * 5)) & 0x1f).unwrap_or_default();
            text.extend(BASE32.get(letter).copied().map(char::from));
        }
    }
    Secret::new(text.as_str())
}

/// Reads what [`base32`] wrote.
fn parse_base32(text: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.reveal().len()));
    let (mut word, mut bits) = (0_u32, 0_u32);
    for letter in text.reveal().bytes() {
        let place = BASE32.iter().position(|known| *known == letter)?;
        word = (word << 5) | u32::try_from(place).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((word >> bits) & 0xff).ok()?);
            word &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// The address that apps read out of the picture: `otpauth://totp/ISSUER:NAME?secret=…`.
pub fn uri(issuer: &str, name: &str, secret: &Secret) -> Secret {
    let (issuer, name) = (percent(issuer), percent(name));
    Secret::new(format!(
        "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}\
         &period={STEP_SECONDS}",
        secret.reveal()
    ))
}

/// Text as a part of an address (RFC 3986, 2.1).
fn percent(text: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encode = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of the RFC's vectors.
    const RFC: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(RFC, seconds / STEP_SECONDS, 8).as_str(), code, "{seconds}");
        }
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let codes = ["755224", "287082", "359152", "969429", "338314", "254676"];
        for (step, code) in codes.into_iter().enumerate() {
            assert_eq!(code_at(RFC, i64::try_from(step).unwrap(), DIGITS).as_str(), code);
        }
    }

    #[test]
    fn a_long_key_is_hashed_first() {
        // RFC 2202, 3, test case 6.
        let mac = hmac_sha1(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(mac[..4], [0xaa, 0x4a, 0xe5, 0xe1]);
    }

    #[track_caller]
    fn check(at: i64, code: &str, used: Option<i64>, step: Option<i64>) {
        assert_eq!(
            accept(&base32(RFC), &Secret::new(code), Time(at), used),
            step,
            "{code} at {at}"
        );
    }

    #[test]
    fn a_code_is_taken_one_step_around_and_once() {
        // 287082 is of the second 59's step, which is step 1.
        check(59, "287082", None, Some(1));
        check(60, "287082", None, Some(1));
        check(89, "287082", None, Some(1));
        check(29, "287082", None, Some(1));
        check(90, "287082", None, None);
        check(-31, "287082", None, None);
        check(59, "287082", Some(0), Some(1));
        check(59, "287082", Some(1), None);
        check(59, "287083", None, None);
        check(59, "", None, None);
    }

    #[test]
    fn what_is_typed_is_a_code_of_one_kind_or_none() {
        let parse = |text: &str| Code::parse(&Secret::new(text));
        assert_eq!(parse(" 287 082"), Some(Code::Timed(Secret::new("287082"))));
        assert_eq!(parse("ABCDE-fgh23"), Some(Code::Recovery(Secret::new("abcdefgh23"))));
        let long = "1".repeat(1000);
        for none in ["", "12345", "1234567", "abcdefghi", "абвгде", "abcde fgh2!", long.as_str()]
        {
            assert_eq!(parse(none), None, "{none}");
        }
        assert_eq!(grouped("abcdefgh23").reveal(), "abcde-fgh23");
    }

    #[test]
    fn secrets_are_written_as_apps_read_them() {
        // RFC 4648, 10.
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()).reveal(), text);
            assert_eq!(*parse_base32(&Secret::new(text)).unwrap(), bytes.as_bytes());
        }
        assert_eq!(parse_base32(&Secret::new("M0")), None);
        let uri = uri("Example School", "Ann é", &base32(RFC));
        assert_eq!(
            uri.reveal(),
            "otpauth://totp/Example%20School:Ann%20%C3%A9?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Example%20School&algorithm=SHA1&digits=6&period=30"
        );
    }
}
