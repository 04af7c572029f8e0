//! Addresses of network interfaces in the one notation that they are kept in.

/// Hexadecimal digits of an address.
const DIGITS: usize = 12;

/// Reads an address in any usual notation (`A4-83-E7-00-11-22`, `a483.e700.1122`, `A483E7001122`)
/// and writes it as `a4:83:e7:00:11:22`. None if it is no address, or the one that says nothing.
#[must_use]
pub fn normalize(text: &str) -> Option<String> {
    let text = text.trim();
    let is_grouped = |separator: char, size: usize| {
        text.split(separator).count() == DIGITS / size
            && text.split(separator).all(|group| group.len() == size)
    };
    let is_sound = is_grouped(':', 2) || is_grouped('-', 2) || is_grouped('.', 4);
    if !is_sound && text.len() != DIGITS {
        return None;
    }
    let digits: Vec<char> = text.chars().filter(|c| !is_sound || !":-.".contains(*c)).collect();
    let all_hex = digits.len() == DIGITS && digits.iter().all(char::is_ascii_hexdigit);
    // Exports write zeros where a device has no such interface.
    if !all_hex || digits.iter().all(|digit| *digit == '0') {
        return None;
    }
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().collect()).collect();
    Some(pairs.join(":").to_ascii_lowercase())
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
            "00:00:00:00:00:00",
            "a4:83:e7:00:11:é2",
            "C02XK1ZZJGH5",
        ] {
            assert_eq!(normalize(text), None, "{text}");
        }
    }
}
