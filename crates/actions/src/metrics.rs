//! What is counted while answers are given: atomics and nothing else, so that counting costs a
//! login next to nothing. Who reads them, and in which words, is a door's matter.

use core::hash::Hasher;
use core::time::Duration;
use std::hash::DefaultHasher;
use std::sync::OnceLock;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Most codes that are counted apart: more than three times those that there are. What would be
/// beyond is counted as [`OTHER`].
pub const CODES_MAX: usize = 256;

/// What is counted that has no place of its own.
pub const OTHER: &str = "other";

/// The word for a yes among codes.
pub const ACCEPTED: &str = "";

/// Upper bounds of the durations that are counted together, in microseconds: from a login in a
/// local network to what a device gives up on.
pub const BOUNDS_MICROS: [u64; 12] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000,
    10_000_000,
];

/// Everything that is counted of one organization.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Answers to devices at access points, by code.
    pub logins: Counts,
    /// From the first packet of a handshake to the last one of the device.
    pub login_time: Durations,
    /// Packets that got no answer, by code.
    pub dropped: Counts,
    /// Handshakes under way.
    pub conversations: Level,
    /// Answers to requests for certificates, by code.
    pub enrollments: Counts,
    /// From a request that was read to its answer.
    pub enrollment_time: Durations,
}

/// Counts by code. Codes are words of the program itself, so there are few.
#[derive(Debug)]
pub struct Counts {
    slots: Box<[Slot]>,
    other: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    code: OnceLock<&'static str>,
    count: AtomicU64,
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Level(AtomicI64);

/// How long something took, counted by [`BOUNDS_MICROS`].
#[derive(Debug, Default)]
pub struct Durations {
    /// One for each bound, and one for what took longer.
    counts: [AtomicU64; BOUNDS_MICROS.len() + 1],
    micros: AtomicU64,
}

/// Durations at one moment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    /// How many took up to each of [`BOUNDS_MICROS`] and longer than the one before; the last took
    /// longer than all.
    pub counts: [u64; BOUNDS_MICROS.len() + 1],
    /// How long all together.
    pub micros: u64,
}

impl Default for Counts {
    fn default() -> Self {
        let slots = (0..CODES_MAX).map(|_| Slot::default()).collect();
        Self { slots, other: AtomicU64::new(0) }
    }
}

impl Counts {
    /// Counts one with this code.
    pub fn add(&self, code: &'static str) {
        self.place(code).fetch_add(1, Ordering::Relaxed);
    }

    /// The place of a code: its own slot, found or taken.
    fn place(&self, code: &'static str) -> &AtomicU64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(code.as_bytes());
        let start = usize::try_from(hasher.finish() % CODES_MAX as u64).unwrap_or(0);
        let (after, before) = self.slots.split_at(start);
        let own = before.iter().chain(after).find(|slot| *slot.code.get_or_init(|| code) == code);
        own.map_or(&self.other, |slot| &slot.count)
    }

    /// Every code that was counted, in the order of the codes.
    pub fn read(&self) -> Vec<(&'static str, u64)> {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let slots = self.slots.iter();
        let mut read: Vec<_> =
            slots.filter_map(|slot| Some((*slot.code.get()?, count(&slot.count)))).collect();
        read.extend(Some((OTHER, count(&self.other))).filter(|(_, count)| *count > 0));
        read.sort_unstable();
        read
    }
}

impl Level {
    /// One more.
    pub fn rise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub fn fall(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many.
    pub fn read(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Durations {
    /// Counts something that took so long.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was counted.
    pub fn read(&self) -> Counted {
        Counted {
            counts: core::array::from_fn(|place| {
                self.counts.get(place).map_or(0, |count| count.load(Ordering::Relaxed))
            }),
            micros: self.micros.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_counted_apart_from_many_threads() {
        let counts = Counts::default();
        let codes = ["", "TLS-NO-CERTIFICATE", "ENR-KEY-IN-USE", "SYS-INTERNAL"];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| codes.map(|code| (0..100).for_each(|_| counts.add(code))));
            }
        });
        let read = counts.read();
        assert_eq!(read.len(), 4);
        assert!(read.iter().all(|(code, count)| codes.contains(code) && *count == 400));
        assert!(read.is_sorted());
    }

    #[test]
    fn more_codes_than_have_a_place_are_counted_together() {
        let counts = Counts::default();
        for number in 0..CODES_MAX + 3 {
            counts.add(Box::leak(number.to_string().into_boxed_str()));
        }
        let read = counts.read();
        assert_eq!(read.len(), CODES_MAX + 1);
        assert!(read.contains(&(OTHER, 3)));
    }

    #[test]
    fn a_duration_is_counted_at_the_first_bound_that_holds_it() {
        let durations = Durations::default();
        for micros in [0, 1_000, 1_001, 9_000, 10_000_000, 10_000_001] {
            durations.add(Duration::from_micros(micros));
        }
        durations.add(Duration::MAX);
        let counted = durations.read();
        assert_eq!(counted.counts, [2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
