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
        let is_grouped = |separator: char, size: usize| {
            text.split(separator).count() == DIGITS / size
                && text.split(separator).all(|group| group.len() == size)
        };
        let is_plain = text.len() == DIGITS;
        if !is_plain && !is_grouped(':', 2) && !is_grouped('-', 2) && !is_grouped('.', 4) {
            return None;
        }
        let mut octets = [0_u8; DIGITS / 2];
        let mut count = 0;
        for c in text.chars().filter(|c| is_plain || !":-.".contains(*c)) {
            let digit = u8::try_from(c.to_digit(16)?).ok()?;
            let octet = octets.get_mut(count / 2)?;
            *octet = (*octet << 4) | digit;
            count += 1;
        }
        (count == DIGITS).then_some(Self(octets))
    }
}

/// Reads an address and writes it as `a4:83:e7:00:11:22`. None if it is no address, or the one that
/// says nothing: exports write zeros where a device has no such interface.
#[must_use]
pub fn normalize(text: &str) -> Option<String> {
    let mac = Mac::parse(text.trim()).filter(|mac| mac.0 != [0; 6])?;
    Some(mac.to_string())
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
    fn every_usual_notation_is_read() {
        for text in ["a4:83:e7:00:11:22", "A4-83-E7-00-11-22", "A483.E700.1122", " a483e7001122 "] {
            assert_eq!(normalize(text).as_deref(), Some("a4:83:e7:00:11:22"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "a4:83:e7:00:11",
            "a4:83:e7:00:11:2",
            "a4:83:e7:00:11:22:33",
            "a4:83-e7:00:11:22",
            "g4:83:e7:00:11:22",
            "a4.83.e7.00.11.22",
            "a4:83:e7:00:11:\u{e9}2",
            "C02XK1ZZJGH5",
        ] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
        assert_eq!(normalize("00:00:00:00:00:00"), None);
    }
}
