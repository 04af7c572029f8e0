//! Sessions: administrators who signed in and are not gone yet.

use core::net::IpAddr;
use core::net::Ipv6Addr;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::refusal::Refusal;

/// Bytes of what a cookie holds: as many as a key has, which nobody guesses.
pub const SECRET_BYTES: usize = 32;

/// Seconds without a request after which a session is over, unless the configuration says
/// otherwise: half an hour, as NIST SP 800-63B (2.2.3) asks of accounts that do harm when somebody
/// sits down at an open screen.
pub const IDLE_SECONDS: i64 = 30 * 60;

/// Seconds after which a session is over however busy it is, unless the configuration says
/// otherwise: one working day and its evening (NIST SP 800-63B, 2.2.3).
pub const ABSOLUTE_SECONDS: i64 = 12 * 60 * 60;

/// Most minutes without a request that can be asked for: what lasts over night is no bound.
pub const IDLE_MINUTES_MAX: u32 = 24 * 60;

/// Most hours that can be asked for: once a week everybody gives their password.
pub const ABSOLUTE_HOURS_MAX: u32 = 7 * 24;

/// How long sessions last that begin from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Seconds without a request.
    pub idle_seconds: i64,
    /// Seconds in all.
    pub absolute_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle_seconds: IDLE_SECONDS, absolute_seconds: ABSOLUTE_SECONDS }
    }
}

impl Limits {
    /// So many minutes and hours, or the field that is wrong with what is wrong with it.
    pub fn of(
        idle_minutes: Option<u32>,
        hours: Option<u32>,
    ) -> Result<Self, (&'static str, String)> {
        let mut limits = Self::default();
        if let Some(minutes) = idle_minutes {
            if !(1..=IDLE_MINUTES_MAX).contains(&minutes) {
                let what = format!("{minutes} is outside 1 to {IDLE_MINUTES_MAX} minutes");
                return Err(("session_idle_minutes", what));
            }
            limits.idle_seconds = i64::from(minutes) * 60;
        }
        if let Some(hours) = hours {
            if !(1..=ABSOLUTE_HOURS_MAX).contains(&hours) {
                let what = format!("{hours} is outside 1 to {ABSOLUTE_HOURS_MAX} hours");
                return Err(("session_hours", what));
            }
            limits.absolute_seconds = i64::from(hours) * 60 * 60;
        }
        Ok(limits)
    }
}

fn idle_seconds() -> i64 {
    IDLE_SECONDS
}

/// Seconds for which a password that was given proves who sits there, for what does harm.
pub const FRESH_SECONDS: i64 = 10 * 60;

/// Most sessions of one administrator: a few browsers on a few machines. Beyond it, the one that
/// was used longest ago is ended.
pub const SESSIONS_MAX: usize = 16;

/// Longest name of a browser that is kept; real ones have about 120 characters.
pub const USER_AGENT_CHARS_MAX: usize = 256;

/// A session as it is kept: everything but its secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Session {
    /// Names it, and opens nothing.
    pub id: String,
    /// Who signed in.
    pub administrator: String,
    /// When they did.
    pub created_at: Time,
    /// When a request last came, to the minute.
    pub last_used_at: Time,
    /// When their password was last given.
    pub proved_at: Time,
    /// From where a request last came, to the minute; none if it was this machine.
    #[schema(value_type = Option<String>)]
    pub address: Option<IpAddr>,
    /// What their browser calls itself.
    pub user_agent: String,
    /// When it is over at the latest.
    pub expires_at: Time,
    /// How many seconds it lasts without a request that somebody made.
    #[serde(default = "idle_seconds")]
    pub idle_seconds: i64,
}

impl Session {
    /// When it is over if no request comes.
    pub fn ends_at(&self) -> Time {
        self.expires_at.min(self.last_used_at.plus_seconds(self.idle_seconds))
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Time) -> bool {
        now >= self.ends_at()
    }

    /// Whether the password was given a moment ago.
    pub fn is_fresh(&self, now: Time) -> bool {
        now < self.proved_at.plus_seconds(FRESH_SECONDS)
    }

    /// Refuses unless the password was given a moment ago.
    pub fn must_be_fresh(&self, now: Time) -> Result<(), Refusal> {
        if self.is_fresh(now) { Ok(()) } else { Err(Refusal::ProofNeeded) }
    }
}

/// Bits of an IPv6 address that a site gives out as it likes (RFC 4291, 2.5.4).
const SITE_BITS: u32 = 64;

/// Whoever is at an address, as events name them: of IPv6 the network of a site, which is one
/// sender as a whole.
pub fn sender(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "somebody".to_owned(),
        Some(IpAddr::V4(address)) => format!("somebody at {address}"),
        Some(IpAddr::V6(address)) => {
            let site = address.to_bits() >> SITE_BITS << SITE_BITS;
            format!("somebody at {}/{SITE_BITS}", Ipv6Addr::from_bits(site))
        }
    }
}

/// What is kept of what a browser calls itself: bounded, and without control characters.
pub fn user_agent(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGINNING: i64 = 1_000_000;

    fn session(last_used: i64, proved: i64) -> Session {
        Session {
            id: "1".into(),
            administrator: "Ann".into(),
            created_at: Time(BEGINNING),
            last_used_at: Time(BEGINNING + last_used),
            proved_at: Time(BEGINNING + proved),
            address: None,
            user_agent: String::new(),
            expires_at: Time(BEGINNING + ABSOLUTE_SECONDS),
            idle_seconds: IDLE_SECONDS,
        }
    }

    #[track_caller]
    fn check(last_used: i64, now: i64, is_over: bool) {
        assert_eq!(session(last_used, 0).is_over(Time(BEGINNING + now)), is_over, "at {now}");
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_a_day() {
        check(0, IDLE_SECONDS - 1, false);
        check(0, IDLE_SECONDS, true);
        let late = ABSOLUTE_SECONDS - 60;
        check(late, ABSOLUTE_SECONDS - 1, false);
        check(late, ABSOLUTE_SECONDS, true);
    }

    #[test]
    fn a_password_proves_for_ten_minutes() {
        let proved = session(0, 100);
        let at = |seconds: i64| Time(BEGINNING + 100 + seconds);
        assert!(proved.is_fresh(at(FRESH_SECONDS - 1)));
        assert!(proved.must_be_fresh(at(0)).is_ok());
        assert_eq!(proved.must_be_fresh(at(FRESH_SECONDS)), Err(Refusal::ProofNeeded));
    }

    #[test]
    fn limits_are_given_within_bounds() {
        assert_eq!(Limits::of(None, None), Ok(Limits::default()));
        let limits = Limits { idle_seconds: 60, absolute_seconds: 7 * 24 * 3600 };
        assert_eq!(Limits::of(Some(1), Some(168)), Ok(limits));
        for (minutes, hours, field) in [
            (Some(0), None, "session_idle_minutes"),
            (Some(1441), Some(1), "session_idle_minutes"),
            (Some(1440), Some(0), "session_hours"),
            (None, Some(169), "session_hours"),
        ] {
            assert_eq!(Limits::of(minutes, hours).unwrap_err().0, field);
        }
    }

    #[test]
    fn a_session_of_before_lasts_as_it_did() {
        let mut text = serde_json::to_value(session(0, 0)).unwrap();
        text.as_object_mut().unwrap().remove("idle_seconds");
        assert_eq!(serde_json::from_value::<Session>(text).unwrap(), session(0, 0));
        let short = Session { idle_seconds: 60, ..session(0, 0) };
        assert!(!short.is_over(Time(BEGINNING + 59)) && short.is_over(Time(BEGINNING + 60)));
    }

    #[test]
    fn a_site_is_one_sender() {
        let of = |text: &str| sender(text.parse().ok());
        assert_eq!(of("192.0.2.7"), "somebody at 192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "somebody at 192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "somebody at 2001:db8:1:2::/64");
        assert_eq!(of("this machine"), "somebody");
    }

    #[test]
    fn a_browser_is_told_in_bounds() {
        let told = user_agent(&format!("A\u{1b}[31m\n{}", "x".repeat(1000)));
        assert!(told.starts_with("A[31mx"), "{told}");
        assert_eq!(told.chars().count(), USER_AGENT_CHARS_MAX);
    }
}
