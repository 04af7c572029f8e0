//! How many events there were in a stretch of time.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::EventKind;
use super::Outcome;

/// How long the stretches are that are counted apart; they begin with the UTC day.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = EventSpan)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// An hour.
    Hour,
    /// A day.
    Day,
}

/// How many of a stretch were alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Count {
    /// When the stretch begins.
    pub at: Time,
    /// What they had in common, and how many there were.
    pub tally: Tally,
}

/// Events that are alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tally {
    /// What happened.
    pub kind: EventKind,
    /// How it came out.
    pub outcome: Outcome,
    /// The code of the reason; empty if there is none.
    pub code: String,
    /// How many.
    pub events: u64,
}

impl Span {
    /// How long it is.
    pub fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::Day => 86_400,
        }
    }

    /// When the stretch began that a moment is in.
    pub fn start(self, at: Time) -> Time {
        Time(at.0.div_euclid(self.seconds()).saturating_mul(self.seconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_begin_with_the_hour_and_with_the_day() {
        let at = Time::parse_rfc3339("2026-11-23T22:45:10Z").unwrap();
        assert_eq!(Span::Hour.start(at).to_rfc3339(), "2026-11-23T22:00:00Z");
        assert_eq!(Span::Day.start(at).to_rfc3339(), "2026-11-23T00:00:00Z");
        assert_eq!(Span::Hour.start(Time(-1)), Time(-3600));
    }
}
