//! Pictures: pure functions from numbers to SVG that can be read without eyes. Words stand beside
//! the picture, so that they have the size of the page's words at every width.

pub(crate) mod row;
pub(crate) mod stack;

/// A text within HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// How much a part is of the whole, in parts of `of`; something is never nothing.
fn share(part: u64, whole: u64, of: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    let share = u128::from(part) * u128::from(of) / u128::from(whole);
    u64::try_from(share).unwrap_or(of).clamp(1, of)
}

/// A round number that is not below this one: where an axis ends.
fn round_up(number: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for times in [1, 2, 5] {
            let bound = step.saturating_mul(times);
            if bound >= number {
                return bound;
            }
        }
        step = step.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_nothing_and_never_more_than_all() {
        assert_eq!(share(0, 10, 100), 0);
        assert_eq!(share(1, 1_000_000, 100), 1);
        assert_eq!(share(5, 10, 100), 50);
        assert_eq!(share(u64::MAX, u64::MAX, 100), 100);
        assert_eq!(share(5, 0, 100), 0);
        assert_eq!(share(20, 10, 100), 100);
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (number, end) in [(0, 1), (1, 1), (3, 5), (7, 10), (11, 20), (501, 1000)] {
            assert_eq!(round_up(number), end);
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn markup_in_a_text_is_text() {
        assert_eq!(
            escaped("<a href='x'>&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;"
        );
    }
}
