//! When certificates end.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

/// Days that bound what is told together: what ended less than a month ago a policy may still let
/// in; then what ends within a week, a month, a quarter, half a year, a year; the rest ends later.
pub const BOUNDS_DAYS: [i64; 7] = [-30, 0, 7, 30, 90, 180, 365];

/// How many ends are told together, the last without an end.
pub const BUCKETS: usize = BOUNDS_DAYS.len();

const DAY_SECONDS: i64 = 86_400;

/// The certificates of devices that are in use: issued or on hold, and not over for longer than a
/// policy may pardon.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = CertificatesInUse)]
pub struct Certificates {
    /// When they were counted (RFC 3339, UTC).
    pub counted_at: String,
    /// How many are in use and not over.
    pub in_use: u64,
    /// When they end, from those that ended already.
    pub ends: Vec<End>,
}

/// Certificates that end within the same days.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = CertificatesEnd)]
pub struct End {
    /// From so many days on; below 0, so many days ago.
    pub from_days: i64,
    /// Before so many days are over; null if they end later.
    pub until_days: Option<i64>,
    /// How many.
    pub certificates: u64,
}

/// How many certificates of one authority end within the days of each of [`BOUNDS_DAYS`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ends {
    /// The authority.
    pub authority: String,
    /// From the first bound to the second, and so on.
    pub counts: [u64; BUCKETS],
}

/// The moments of [`BOUNDS_DAYS`].
pub fn bounds(now: Time) -> [Time; BUCKETS] {
    BOUNDS_DAYS.map(|days| Time(now.0.saturating_add(days * DAY_SECONDS)))
}

impl Ends {
    /// How many are not over.
    pub fn in_use(&self) -> u64 {
        self.counts.iter().skip(1).fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl Certificates {
    /// Puts the counts of all authorities together.
    pub fn of(all: &[Ends], counted_at: Time) -> Self {
        let buckets = BOUNDS_DAYS.iter().enumerate().map(|(place, from_days)| {
            let counts = all.iter().filter_map(|ends| ends.counts.get(place));
            End {
                from_days: *from_days,
                until_days: BOUNDS_DAYS.get(place + 1).copied(),
                certificates: counts.fold(0, |sum, count| sum.saturating_add(*count)),
            }
        });
        let in_use = all.iter().map(Ends::in_use).fold(0, u64::saturating_add);
        Self { counted_at: counted_at.to_rfc3339(), in_use, ends: buckets.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_lately_is_told_and_is_not_in_use() {
        let ends = |counts| Ends { authority: "A".into(), counts };
        let all = [ends([1, 2, 0, 0, 0, 0, 4]), ends([0, 1, 0, 5, 0, 0, 0])];
        let told = Certificates::of(&all, Time(0));
        assert_eq!(told.in_use, 12);
        let counts: Vec<u64> = told.ends.iter().map(|end| end.certificates).collect();
        assert_eq!(counts, [1, 3, 0, 5, 0, 0, 4]);
        assert_eq!((told.ends[0].from_days, told.ends[0].until_days), (-30, Some(0)));
        assert_eq!((told.ends[6].from_days, told.ends[6].until_days), (365, None));
        assert_eq!(all[0].in_use(), 6);
    }

    #[test]
    fn bounds_are_days_from_now() {
        let bounds = bounds(Time(1_000_000_000));
        assert_eq!(bounds[1], Time(1_000_000_000));
        assert_eq!(bounds[2].0 - bounds[1].0, 7 * DAY_SECONDS);
    }
}
