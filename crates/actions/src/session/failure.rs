//! Attempts that failed: whoever fails often waits longer and longer, and is never locked out.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::event::Moment;
use domain::refusal::Refusal;

/// Failures in a row that cost nothing: people mistype, and try their old password.
pub(crate) const FREE_MAX: u32 = 5;

/// Longest wait between two attempts, in seconds: 1440 attempts a day, at which no password of
/// twelve characters is found, and no administrator stays outside.
pub(crate) const WAIT_SECONDS_MAX: u64 = 60;

/// Milliseconds after which a failure is forgotten: a quarter of an hour without another.
const FORGET_MILLIS: i64 = 15 * 60_000;

/// Most names and places that are counted; beyond it, the one that failed longest ago is forgotten.
/// Whoever wants that of a name has to fail as often from as many places, at a hash each.
const COUNTED_MAX: usize = 16_384;

/// Most names that are remembered with a place where they succeeded; beyond it, the oldest is
/// forgotten, and waits like everybody.
const KNOWN_MAX: usize = 4096;

/// Longest name that is counted as it is, in characters; none that is on record is longer.
const NAME_CHARS_MAX: usize = 254;

/// Counts failures by name and by place. A name that is guessed elsewhere does not wait where it has
/// succeeded before: whoever guesses without end keeps nobody out.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    counted: Mutex<HashMap<String, Failing>>,
    /// Names with the places where they succeeded, and when they last did.
    known: Mutex<HashMap<[String; 2], Moment>>,
}

/// How often in a row, and when last.
#[derive(Clone, Copy, Debug)]
struct Failing {
    count: u32,
    at: Moment,
}

/// The name under which a name's failures are counted.
pub(crate) fn of_name(name: &str) -> String {
    let short: String = name.chars().take(NAME_CHARS_MAX).collect();
    format!("name {}", short.to_lowercase())
}

/// The name under which a place's failures are counted.
pub(crate) fn of_place(sender: &str) -> String {
    format!("place {sender}")
}

impl Failures {
    /// Refuses while the place has to wait, or the name where it is not known.
    pub(crate) fn check(&self, keys: &[String], now: Moment) -> Result<(), Refusal> {
        let keys = match keys {
            [place, name] if self.is_known(place, name) => core::slice::from_ref(place),
            _ => keys,
        };
        let failing = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let found = keys.iter().filter_map(|key| failing.get(key));
        let waits = found.map(|failing| failing.wait(now));
        match waits.max().unwrap_or(0) {
            0 => Ok(()),
            seconds => Err(Refusal::LoginSlowed { seconds }),
        }
    }

    /// Counts a failure of these.
    pub(crate) fn add(&self, keys: &[String], now: Moment) {
        let mut failing = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if failing.len() >= COUNTED_MAX && !failing.contains_key(key) {
                let oldest = failing.iter().min_by_key(|(_, failing)| failing.at);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    failing.remove(&oldest);
                }
            }
            let before = failing.get(key.as_str()).filter(|failing| !failing.is_forgotten(now));
            let count = before.map_or(1, |failing| failing.count.saturating_add(1));
            failing.insert(key.clone(), Failing { count, at: now });
        }
    }

    /// Forgets the failures of a name that succeeded, and remembers where it did.
    pub(crate) fn succeed(&self, place: String, name: String, now: Moment) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let pair = [place, name];
        if known.len() >= KNOWN_MAX && !known.contains_key(&pair) {
            let oldest = known.iter().min_by_key(|(_, at)| **at).map(|(pair, _)| pair.clone());
            if let Some(oldest) = oldest {
                known.remove(&oldest);
            }
        }
        known.insert(pair, now);
    }

    fn is_known(&self, place: &str, name: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(&[place.to_owned(), name.to_owned()])
    }
}

impl Failing {
    fn is_forgotten(self, now: Moment) -> bool {
        now.0.saturating_sub(self.at.0) >= FORGET_MILLIS
    }

    /// How many seconds are still to wait: a second after the fifth failure, twice as long after
    /// each further one.
    fn wait(self, now: Moment) -> u64 {
        if self.count < FREE_MAX {
            return 0;
        }
        let doubled = 1_u64.checked_shl(self.count - FREE_MAX).unwrap_or(WAIT_SECONDS_MAX);
        let whole = i64::try_from(doubled.min(WAIT_SECONDS_MAX)).unwrap_or(i64::MAX);
        // A clock that goes back lets nobody wait longer.
        let passed = now.0.saturating_sub(self.at.0).max(0);
        let left = (whole * 1000 - passed).max(0);
        u64::try_from((left + 999) / 1000).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<String> {
        vec![of_place("somebody at 192.0.2.7"), of_name("Ann")]
    }

    fn wait(failures: &Failures, keys: &[String], at: i64) -> u64 {
        match failures.check(keys, Moment(at)) {
            Ok(()) => 0,
            Err(Refusal::LoginSlowed { seconds }) => seconds,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn waits_begin_after_five_failures_and_double_to_a_minute() {
        let failures = Failures::default();
        let mut now = 0;
        for expected in [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60] {
            failures.add(&keys(), Moment(now));
            assert_eq!(wait(&failures, &keys(), now), expected);
            now += i64::try_from(expected).unwrap() * 1000;
            assert_eq!(wait(&failures, &keys(), now), 0, "a wait ends by itself");
        }
    }

    #[test]
    fn a_name_waits_wherever_and_a_place_whoever() {
        let failures = Failures::default();
        (0..6).for_each(|_| failures.add(&keys(), Moment(0)));
        assert_eq!(wait(&failures, &[of_place("elsewhere"), of_name("ANN")], 0), 2);
        assert_eq!(wait(&failures, &[keys()[0].clone(), of_name("Bob")], 500), 2);
        assert_eq!(wait(&failures, &[of_place("elsewhere"), of_name("Bob")], 0), 0);
        failures.succeed(of_place("home"), of_name("Ann"), Moment(0));
        assert_eq!(wait(&failures, &[of_place("elsewhere"), of_name("Ann")], 0), 0);
    }

    #[test]
    fn a_name_that_is_guessed_elsewhere_does_not_wait_where_it_is_known() {
        let failures = Failures::default();
        let home = [of_place("home"), of_name("Ann")];
        failures.succeed(home[0].clone(), home[1].clone(), Moment(0));
        (0..9).for_each(|_| failures.add(&keys(), Moment(0)));
        assert_eq!(wait(&failures, &keys(), 0), 16);
        assert_eq!(wait(&failures, &home, 0), 0);
        assert_eq!(wait(&failures, &[of_place("elsewhere"), of_name("Ann")], 0), 16);
        // Whoever guesses there waits like everybody.
        (0..6).for_each(|_| failures.add(&home, Moment(0)));
        assert_eq!(wait(&failures, &home, 0), 2);
    }

    #[test]
    fn places_without_end_are_not_remembered_without_end() {
        let failures = Failures::default();
        for number in 0..KNOWN_MAX + 10 {
            let at = Moment(i64::try_from(number).unwrap());
            failures.succeed(of_place(&number.to_string()), of_name("Ann"), at);
        }
        assert_eq!(failures.known.lock().unwrap().len(), KNOWN_MAX);
        assert!(!failures.is_known("place 9", "name ann"));
        assert!(failures.is_known("place 10", "name ann"));
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        let failures = Failures::default();
        (0..10).for_each(|_| failures.add(&keys(), Moment(0)));
        failures.add(&keys(), Moment(FORGET_MILLIS));
        assert_eq!(wait(&failures, &keys(), FORGET_MILLIS), 0);
    }

    #[test]
    fn names_without_end_take_no_memory_without_end() {
        let failures = Failures::default();
        for number in 0..COUNTED_MAX + 10 {
            let at = i64::try_from(number).unwrap();
            failures.add(&[of_name(&number.to_string())], Moment(at));
        }
        let kept = failures.counted.lock().unwrap();
        assert_eq!(kept.len(), COUNTED_MAX);
        assert!(!kept.contains_key("name 9") && kept.contains_key("name 10"));
        assert_eq!(of_name(&"x".repeat(1000)).len(), "name ".len() + NAME_CHARS_MAX);
    }
}
