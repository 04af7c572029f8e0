//! Addresses of network interfaces, in whatever notation a vendor writes them.

use core::fmt;

/// The address of a network interface (EUI-48).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mac([u8; 6]);

/// Digits of an address, two for each octet.
const DIGITS: usize = 12;

impl Mac {
    /// Reads `a4:83:e7:00:11:22`, `A4-83-E7-00-11-22`, `a483.e700.1122` or `a483e7001122`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = [0_u8; DIGITS];
        let mut count = 0;
        for byte in text.bytes() {
            match char::from(byte).to_digit(16) {
                Some(digit) => {
                    *digits.get_mut(count)? = u8::try_from(digit).ok()?;
                    count += 1;
                }
                // Between digits only.
                None if matches!(byte, b':' | b'-' | b'.') && count % 2 == 0 && count > 0 => {}
                None => return None,
            }
        }
        let ends_with_digit = text.bytes().last().is_some_and(|byte| byte.is_ascii_hexdigit());
        if count != DIGITS || !ends_with_digit {
            return None;
        }
        let mut octets = [0_u8; 6];
        for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
            *octet = pair.iter().fold(0, |sum, digit| (sum << 4) | digit);
        }
        Some(Self(octets))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_notation_is_the_same_address() {
        for text in ["a4:83:e7:00:11:22", "A4-83-E7-00-11-22", "a483.e700.1122", "a483e7001122"] {
            assert_eq!(Mac::parse(text).unwrap().to_string(), "a4:83:e7:00:11:22", "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "a4",
            "a4:83:e7:00:11",
            "a4:83:e7:00:11:22:33",
            "a4:83:e7:00:11:2g",
            ":",
            "a4:83:e7:00:11:22:",
            "aé",
        ] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }
}
