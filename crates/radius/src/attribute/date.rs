//! Moments as RADIUS counts them: seconds since 1970 in four bytes (RFC 8044 section 3.3).

/// What a moment looks like.
pub(super) const FORM: &str =
    "a moment such as 2026-12-31T18:00:00Z or 2026-12-31, or seconds since 1970";

/// Seconds in a day.
const DAY_SECONDS: u64 = 86_400;

/// Reads a moment; nothing that four bytes do not hold.
pub(super) fn parse(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time.strip_suffix('Z')?, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days(year, month, day)?;
    u32::try_from(days * DAY_SECONDS + hour * 3600 + minute * 60 + second).ok()
}

/// Three numbers of fixed widths between separators.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = digits.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// Days from 1970 to a date.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let february = if leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    if year < 1970 || day == 0 || day > *months.get(before)? {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    Some(years + months.iter().take(before).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_number_of_seconds() {
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(parse("2026-12-31T18:00:00Z"), Some(1_798_740_000));
        assert_eq!(parse("2106-02-07T06:28:15Z"), Some(u32::MAX));
        assert_eq!(parse("1798740000"), Some(1_798_740_000));
    }

    #[test]
    fn what_is_no_moment_or_does_not_fit_is_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "1969-12-31",
            "2106-02-07T06:28:16Z",
            "9999-01-01",
            "2026-12-31T24:00:00Z",
            "2026-12-31T18:00:00",
            "2026-12-31T18:00:00+01:00",
            "2026-1-1",
            "+026-01-01",
            "tomorrow",
            "4294967296",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
