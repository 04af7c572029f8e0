//! Moments as people read them.

use pki::time::Time;

/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// `2026-11-26 10:31 UTC`.
pub(crate) fn utc(time: Time) -> String {
    let text = time.to_rfc3339();
    let date = text.get(..10).unwrap_or_default();
    let clock = text.get(11..16).unwrap_or_default();
    format!("{date} {clock} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_to_the_minute() {
        assert_eq!(utc(Time(1_795_689_118)), "2026-11-26 10:31 UTC");
    }
}
