//! The clock and chance of the real world: the one place that reads either.

use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use actions::world::World;
use aws_lc_rs::rand;
use domain::event::Moment;

/// The world as it is.
pub(crate) fn world() -> World {
    World::new(now, fill)
}

/// Now, by the wall clock.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is wrong; certificates of 1970 are refused by everything that follows.
    Moment(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}

/// Now, by the clock that only goes forward: for timeouts.
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Fills the bytes with randomness fit for keys.
///
/// # Panics
/// If the system has no randomness: nothing may go on without.
pub(crate) fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the system has randomness");
}
