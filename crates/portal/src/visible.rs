//! Text from outside as a page shows it: nothing invisible, nothing that turns the line around,
//! nothing without end.

/// Most characters of one text in a list; the whole stands on the page of the thing itself.
pub(crate) const CELL_CHARS_MAX: usize = 120;

/// Most characters of one text anywhere.
pub(crate) const TEXT_CHARS_MAX: usize = 4096;

/// A text with its control and direction characters as signs that can be seen, cut where it is
/// longer than `chars_max`.
pub(crate) fn text(text: &str, chars_max: usize) -> String {
    let mut shown: String = text.chars().take(chars_max).map(sign).collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}

/// The character itself, or a sign for it.
fn sign(c: char) -> char {
    match c {
        '\n' | '\t' => ' ',
        // The pictures of control characters stand in their order (Unicode, 2400 to 2421).
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' => '\u{fffd}',
        // What changes the direction of a line, joins, or has no width.
        '\u{61c}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_becomes_a_sign() {
        assert_eq!(text("a\u{1b}[31mb", 99), "a␛[31mb");
        assert_eq!(text("\u{202e}evil\u{200b}", 99), "\u{fffd}evil\u{fffd}");
        assert_eq!(text("two\nlines", 99), "two lines");
        assert_eq!(text("<script>", 99), "<script>");
    }

    #[test]
    fn what_is_too_long_is_cut() {
        assert_eq!(text(&"x".repeat(10_000), 3), "xxx…");
        assert_eq!(text("xxx", 3), "xxx");
    }
}
