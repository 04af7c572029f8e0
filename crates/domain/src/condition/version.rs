//! Versions: numbers with dots between them.

use core::cmp::Ordering;

/// Compares part by part: `14.2` is less than `14.10`, and the same as `14.2.0`.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (one, other) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, other) => (one.unwrap_or("0"), other.unwrap_or("0")),
        };
        let order = part(one).cmp(&part(other));
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The number that a part begins with, and what follows it.
fn part(text: &str) -> (u64, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or(("", text));
    (number.parse().unwrap_or(if digits == 0 { 0 } else { u64::MAX }), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(left: &str, right: &str, expected: Ordering) {
        assert_eq!(compare(left, right), expected, "{left} {right}");
        assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        check("14.2", "14.10", Ordering::Less);
        check("14.2", "14.2.0", Ordering::Equal);
        check("14.2.1", "14.2", Ordering::Greater);
        check("9", "10", Ordering::Less);
        check("10.0.22631", "10.0.19045", Ordering::Greater);
        check("14.0b2", "14.0b3", Ordering::Less);
        check("", "0", Ordering::Equal);
        check("99999999999999999999", "1", Ordering::Greater);
    }
}
