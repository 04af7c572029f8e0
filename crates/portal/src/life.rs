//! How much of a life is over: a bar, and the same in words.

use pki::time::Time;

use crate::moment::DAY_SECONDS;
use crate::text;

/// A life, as a bar shows it.
pub(crate) struct Life {
    pub(crate) not_before: Time,
    pub(crate) not_after: Time,
    /// How much is over, in percent.
    pub(crate) percent: i64,
    /// `green`, `yellow` in the last tenth, `red` when it is over.
    pub(crate) tone: &'static str,
    /// How many days are left, in words.
    pub(crate) words: String,
}

impl Life {
    /// The life between two moments, looked at now.
    pub(crate) fn of(not_before: Time, not_after: Time, now: Time) -> Self {
        let whole = not_after.0.saturating_sub(not_before.0).max(1);
        let over = now.0.saturating_sub(not_before.0).clamp(0, whole);
        let percent = over.saturating_mul(100) / whole;
        let left = not_after.0.saturating_sub(now.0);
        let days = (left.abs() / DAY_SECONDS).to_string();
        let key = if left < 0 { "life.over" } else { "life.left" };
        let tone = match percent {
            _ if left < 0 => "red",
            90.. => "yellow",
            _ => "green",
        };
        Self { not_before, not_after, percent, tone, words: text::with(key, &[("days", &days)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_told_in_percent_and_words() {
        let day = |days: i64| Time(days * DAY_SECONDS);
        let life = Life::of(day(0), day(100), day(25));
        assert_eq!((life.percent, life.tone, life.words.as_str()), (25, "green", "75 days left"));
        assert_eq!(Life::of(day(0), day(100), day(95)).tone, "yellow");
        let over = Life::of(day(0), day(100), day(103));
        assert_eq!((over.percent, over.tone, over.words.as_str()), (100, "red", "over for 3 days"));
        assert_eq!(Life::of(day(9), day(9), day(9)).percent, 0);
    }
}
