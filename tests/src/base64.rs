//! Base64 (RFC 4648), as PEM and URLs carry bytes.

/// Bytes as base64 with padding.
pub fn encode(bytes: &[u8]) -> String {
    let alphabet: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let digit = |value: u32| alphabet.get(value as usize & 63).copied().unwrap_or_default();
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let value = (0..3).fold(0, |value, at| {
            value << 8 | u32::from(group.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            text.push(if at > group.len() { '=' } else { digit(value >> (18 - 6 * at)) });
        }
    }
    text
}

/// What stands in a PEM document between its lines of dashes, as one line of base64.
pub fn of_pem(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}
