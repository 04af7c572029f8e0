//! Moments as people write them in a filter.

use pki::time::Time;

/// The last second that has a date of four digits for its year.
const LAST: i64 = 253_402_300_799;

/// Furthest back that a duration may reach, in seconds: a hundred years.
const BACK_SECONDS_MAX: i64 = 100 * 366 * 86_400;

/// Reads `2026-11-21T08:00:00Z`, the same without seconds, `2026-11-21` (its first moment, UTC), or
/// how long before now: `90s`, `15m`, `2h`, `7d`, `4w`.
pub(super) fn parse(text: &str, now: Time) -> Option<Time> {
    let time = Time::parse_rfc3339(text)
        .or_else(|| without_seconds(text))
        .or_else(|| Time::parse_rfc3339(&format!("{text}T00:00:00Z")))
        .or_else(|| before(text, now))?;
    (0..=LAST).contains(&time.0).then_some(time)
}

/// `2026-11-21T08:00Z` and `2026-11-21T08:00+01:00`.
fn without_seconds(text: &str) -> Option<Time> {
    let (minute, zone) = text.split_at_checked(16)?;
    Time::parse_rfc3339(&format!("{minute}:00{zone}"))
}

fn before(text: &str, now: Time) -> Option<Time> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let back = digits.parse::<i64>().ok()?.checked_mul(seconds)?;
    (back <= BACK_SECONDS_MAX).then(|| now.plus_seconds(-back))
}
