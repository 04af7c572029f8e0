//! Load for a server: many devices at once, every answer checked, and how long they waited.

pub mod radius;
pub mod scep;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use pki::time::Time;

/// The most operations of one run: their latencies are all kept, 4 bytes each.
pub const COUNT_MAX: u64 = 1_000_000;

/// The longest run: an hour shows what leaks, and more belongs into a monitoring system.
pub const LASTS_MAX: Duration = Duration::from_secs(3600);

/// The most devices at once: each has a thread and a socket of its own.
pub const CONCURRENCY_MAX: u16 = 512;

/// Wrong answers after which a run ends: a server that fails so often is not worth measuring.
pub const FAULTS_MAX: u64 = 1000;

/// The clocks, which nothing below a command reads by itself.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The wall clock: what certificates are judged by.
    pub time: fn() -> Time,
    /// The clock that only goes forward.
    pub instant: fn() -> Instant,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// After so many operations, at most `COUNT_MAX`.
    Count(u64),
    /// After so long, at most `LASTS_MAX`, and `COUNT_MAX` operations.
    Lasts(Duration),
}

/// How far a run is; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    faults: AtomicU64,
}

impl Progress {
    /// Operations that have ended.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Those of them that went wrong.
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    fn right(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    fn wrong(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.faults.fetch_add(1, Ordering::Relaxed);
    }
}

/// Says who may begin one operation more.
#[derive(Debug)]
struct Starter {
    begun: AtomicU64,
    count: u64,
    until: Option<Instant>,
    progress: Arc<Progress>,
}

impl Starter {
    fn new(goal: Goal, begin: Instant, progress: Arc<Progress>) -> Self {
        let (count, until) = match goal {
            Goal::Count(count) => (count.min(COUNT_MAX), None),
            Goal::Lasts(lasts) => (COUNT_MAX, Some(begin + lasts.min(LASTS_MAX))),
        };
        Self { begun: AtomicU64::new(0), count, until, progress }
    }

    /// The number of the operation that may begin; none when the run is over.
    fn next(&self, now: Instant) -> Option<u64> {
        let over = self.until.is_some_and(|until| now >= until);
        if over || self.progress.faults() >= FAULTS_MAX {
            return None;
        }
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        (number < self.count).then_some(number)
    }
}

/// What is wrong with one answer: its kind and what is to be said of it.
type Fault = (&'static str, String);

/// Wrong answers of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// How many there were.
    pub count: u64,
    /// What the first of them said.
    pub first: String,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Operations that went as they must.
    pub right: u64,
    /// The others, by kind.
    pub wrong: BTreeMap<&'static str, Faults>,
    /// How long each took that went right, in microseconds.
    latencies: Vec<u32>,
}

/// What was waited for by how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of all waited no longer.
    pub p50: Duration,
    /// 90 of 100 waited no longer.
    pub p90: Duration,
    /// 99 of 100 waited no longer.
    pub p99: Duration,
    /// Nobody waited longer.
    pub max: Duration,
}

impl Tally {
    /// Operations that went wrong.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.wrong.values().map(|faults| faults.count).sum()
    }

    /// How long the operations took that went right.
    #[must_use]
    pub fn latency(&self) -> Latency {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        // The nearest rank: the smallest that so many of all do not exceed.
        let rank = |percent: usize| {
            let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            let micros = sorted.get(place).copied().unwrap_or_default();
            Duration::from_micros(u64::from(micros))
        };
        Latency { p50: rank(50), p90: rank(90), p99: rank(99), max: rank(100) }
    }

    fn right(&mut self, took: Duration) {
        self.right += 1;
        self.latencies.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    fn wrong(&mut self, (kind, said): Fault) {
        let faults = self.wrong.entry(kind).or_default();
        if faults.count == 0 {
            faults.first = said;
        }
        faults.count += 1;
    }

    fn join(&mut self, other: Self) {
        self.right += other.right;
        self.latencies.extend(other.latencies);
        for (kind, faults) in other.wrong {
            let known = self.wrong.entry(kind).or_default();
            if known.count == 0 {
                known.first = faults.first;
            }
            known.count += faults.count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(micros: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
        micros.into_iter().for_each(|micros| tally.right(Duration::from_micros(micros)));
        tally
    }

    #[track_caller]
    fn check(micros: impl IntoIterator<Item = u64>, expected: [u64; 4]) {
        let Latency { p50, p90, p99, max } = tally(micros).latency();
        assert_eq!(
            [p50, p90, p99, max].map(|duration| duration.as_micros()),
            expected.map(u128::from)
        );
    }

    #[test]
    fn ranks_are_the_nearest() {
        check([], [0; 4]);
        check([7], [7; 4]);
        check((1..=100).rev(), [50, 90, 99, 100]);
        check(1..=10, [5, 9, 10, 10]);
    }

    #[test]
    fn faults_are_counted_by_kind_and_show_the_first() {
        let [mut one, mut other] = [tally([1, 2]), tally([3])];
        one.wrong(("refused", "first".to_owned()));
        other.wrong(("refused", "second".to_owned()));
        other.wrong(("silent", "third".to_owned()));
        one.join(other);
        assert_eq!((one.right, one.faults()), (3, 3));
        assert_eq!(one.wrong["refused"], Faults { count: 2, first: "first".to_owned() });
        assert_eq!(one.wrong["silent"].first, "third");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do")]
    fn a_run_ends_by_count_by_time_and_by_faults() {
        let (now, progress) = (Instant::now(), Arc::new(Progress::default()));
        let starter = Starter::new(Goal::Count(2), now, progress.clone());
        assert_eq!([(); 3].map(|()| starter.next(now)), [Some(0), Some(1), None]);
        let starter = Starter::new(Goal::Count(u64::MAX), now, progress.clone());
        assert_eq!(starter.count, COUNT_MAX);
        let lasts = Duration::from_secs(1);
        let starter = Starter::new(Goal::Lasts(lasts), now, progress.clone());
        assert_eq!((starter.next(now), starter.next(now + lasts)), (Some(0), None));
        progress.faults.store(FAULTS_MAX, Ordering::Relaxed);
        assert_eq!(starter.next(now), None);
    }
}
