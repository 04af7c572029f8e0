//! Parts of URLs.

use core::fmt::Write;

/// A text as part of a URL: everything but letters, digits and a few signs is escaped (RFC 3986).
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// A URL with parameters behind its question mark; those that are empty are left out.
pub(crate) fn with(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> =
        given.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A place within the portal that somebody may be sent back to; the start for everything else.
pub(crate) fn own(text: &str) -> &str {
    let is_own = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains('\\')
        && !text.contains(char::is_control);
    if is_own { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_is_escaped() {
        assert_eq!(escaped("a b/ü&=\"<"), "a%20b%2F%C3%BC%26%3D%22%3C");
        assert_eq!(with("/x", &[("a", "1 2"), ("b", "")]), "/x?a=1%202");
        assert_eq!(with("/x", &[("a", "")]), "/x");
    }

    #[test]
    fn nobody_is_sent_elsewhere() {
        for elsewhere in
            ["https://x.example", "//x.example", "/\\x.example", "x", "", "/a\nb", "/\u{1}"]
        {
            assert_eq!(own(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(own("/events?filter=a"), "/events?filter=a");
    }
}
