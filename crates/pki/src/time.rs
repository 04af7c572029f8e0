//! A moment in whole seconds, as certificates count it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

const SECONDS_PER_DAY: i64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// A calendar date with time of day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Time {
    /// This moment moved by a number of seconds, saturating at the ends of `i64`.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// This moment moved forward by whole days of 86,400 seconds.
    #[must_use]
    pub fn plus_days(self, days: u32) -> Self {
        self.plus_seconds(i64::from(days) * SECONDS_PER_DAY)
    }

    /// The moment as RFC 3339 prints it in UTC, such as `2026-11-23T22:00:00Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// The moment as most programs print a date, such as `Mon Nov 10 00:00:00 UTC 2031`.
    #[must_use]
    pub fn to_date_text(self) -> String {
        // The first day of 1970 was a Thursday.
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let Civil { year, month, day, hour, minute, second } = self.civil();
        let days = self.0.div_euclid(SECONDS_PER_DAY).rem_euclid(7);
        let named = |names: &'static [&'static str], index: i64| {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied()
        };
        let weekday = named(&DAYS, days).unwrap_or_default();
        let month = named(&MONTHS, month - 1).unwrap_or_default();
        format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} UTC {year}")
    }

    /// Reads `2026-11-23T22:00:00Z`; a fraction is dropped and a numeric offset is applied.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let (date_time, zone) = text.split_at_checked(19)?;
        let bytes = date_time.as_bytes();
        let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
        if separators.iter().any(|(at, byte)| bytes.get(*at) != Some(byte))
            || !matches!(bytes.get(10), Some(b'T' | b't' | b' '))
        {
            return None;
        }
        let civil = Civil {
            year: number(text.get(0..4)?)?,
            month: number(text.get(5..7)?)?,
            day: number(text.get(8..10)?)?,
            hour: number(text.get(11..13)?)?,
            minute: number(text.get(14..16)?)?,
            second: number(text.get(17..19)?)?,
        };
        let zone = match zone.strip_prefix('.') {
            Some(fraction) => {
                let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
                if rest.len() == fraction.len() {
                    return None;
                }
                rest
            }
            None => zone,
        };
        Some(Self::from_civil(civil)?.plus_seconds(-offset_seconds(zone)?))
    }

    /// The calendar date and time of day of this moment.
    pub(crate) fn civil(self) -> Civil {
        let days = self.0.div_euclid(SECONDS_PER_DAY);
        let seconds = self.0.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// The moment of a calendar date, or nothing when there is no such date.
    pub(crate) fn from_civil(c: Civil) -> Option<Self> {
        let in_range = (1..=12).contains(&c.month)
            && (1..=days_in_month(c.year, c.month)).contains(&c.day)
            && (0..24).contains(&c.hour)
            && (0..60).contains(&c.minute)
            && (0..60).contains(&c.second)
            && (0..=9999).contains(&c.year);
        if !in_range {
            return None;
        }
        let days = days_from_date(c.year, c.month, c.day);
        Some(Self(days * SECONDS_PER_DAY + c.hour * 3600 + c.minute * 60 + c.second))
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl utoipa::PartialSchema for Time {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::schema::text("A moment (RFC 3339, UTC).")
    }
}

impl utoipa::ToSchema for Time {}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| D::Error::custom("not a time such as 2026-11-23T22:00:00Z"))
    }
}

/// Decimal digits only, no sign, no blank.
pub(crate) fn number(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn offset_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.get(0..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours = number(zone.get(1..3)?)?;
    let minutes = number(zone.get(4..6)?)?;
    if zone.len() != 6 || zone.get(3..4)? != ":" || hours > 23 || minutes > 59 {
        return None;
    }
    Some(sign * (hours * 3600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// A year that starts in March ends with its leap day, so one linear formula counts the days.
fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn date_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_printed_as_the_guide_shows_it() {
        for (text, expected) in [
            ("2031-11-10T00:00:00Z", "Mon Nov 10 00:00:00 UTC 2031"),
            ("2038-01-15T12:00:00Z", "Fri Jan 15 12:00:00 UTC 2038"),
            ("1970-01-01T00:00:09Z", "Thu Jan 01 00:00:09 UTC 1970"),
            ("1969-12-31T23:59:59Z", "Wed Dec 31 23:59:59 UTC 1969"),
        ] {
            assert_eq!(Time::parse_rfc3339(text).unwrap().to_date_text(), expected);
        }
    }

    fn check(seconds: i64, text: &str) {
        assert_eq!(Time(seconds).to_rfc3339(), text);
        assert_eq!(Time::parse_rfc3339(text), Some(Time(seconds)));
    }

    #[test]
    fn moments_print_and_read_as_rfc3339() {
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_795_471_200, "2026-11-23T22:00:00Z");
        check(2_524_608_000, "2050-01-01T00:00:00Z");
        check(-1, "1969-12-31T23:59:59Z");
    }

    #[test]
    fn offsets_and_fractions_are_understood() {
        assert_eq!(Time::parse_rfc3339("1970-01-01T01:00:00.25+01:00"), Some(Time(0)));
        assert_eq!(Time::parse_rfc3339("1969-12-31T19:00:00-05:00"), Some(Time(0)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T22:00:00",
            "2026-11-23T22:00:00.Z",
            "2026-11-23T22:00:00+1:00",
            "+026-11-23T22:00:00Z",
            "ü026-11-23T22:00:00Z",
        ] {
            assert_eq!(Time::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_a_string_to_serde() {
        assert_eq!(serde_json::to_string(&Time(0)).unwrap(), "\"1970-01-01T00:00:00Z\"");
        assert_eq!(serde_json::from_str::<Time>("\"1970-01-02T00:00:00Z\"").unwrap(), Time(86_400));
        assert!(serde_json::from_str::<Time>("\"soon\"").is_err());
    }
}
