//! How often somebody may ask: a bucket each, which fills again over a minute.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::event::Moment;

/// Requests that one sender may make in a minute if the configuration does not say: a hundred a
/// second, more than any script needs and less than keeps others waiting.
pub const REQUESTS_PER_MINUTE_DEFAULT: u32 = 6000;

/// Most senders that are counted apart; beyond it, whoever is new shares one count.
const SENDERS_MAX: usize = 16_384;

/// Whoever is new when there is no room for more.
const OTHERS: &str = "others";

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Counts requests.
pub(super) struct Limit {
    per_minute: u32,
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// How many requests more, in thousandths, and when that was so.
struct Bucket {
    left: i64,
    at: Moment,
}

/// Where a sender stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Standing {
    /// Most requests at once.
    pub(super) most: u32,
    /// How many more may come now.
    pub(super) left: u32,
    /// In how many seconds there may be as many as at first; of a refusal, until one may come.
    pub(super) seconds: u64,
}

impl Limit {
    pub(super) fn new(per_minute: u32) -> Self {
        Self { per_minute, buckets: Mutex::default() }
    }

    /// Takes one request from a sender's bucket; none if nothing is counted, an error if it is
    /// empty.
    pub(super) fn take(&self, sender: &str, now: Moment) -> Result<Option<Standing>, Standing> {
        if self.per_minute == 0 {
            return Ok(None);
        }
        let most = i64::from(self.per_minute) * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SENDERS_MAX && !buckets.contains_key(sender) {
            // Whoever has not asked for a minute has a full bucket, and needs none.
            buckets.retain(|_, bucket| now.0.saturating_sub(bucket.at.0) < MINUTE);
        }
        let is_room = buckets.len() < SENDERS_MAX || buckets.contains_key(sender);
        let sender = if is_room { sender } else { OTHERS };
        let full = Bucket { left: most, at: now };
        let bucket = buckets.entry(sender.to_owned()).or_insert(full);
        let passed = now.0.saturating_sub(bucket.at.0).clamp(0, MINUTE);
        bucket.left = most.min(bucket.left + passed * most / MINUTE);
        bucket.at = now;
        let until = |wanted: i64| seconds((wanted - bucket.left).max(0) * MINUTE / most);
        if bucket.left < 1000 {
            return Err(Standing { most: self.per_minute, left: 0, seconds: until(1000).max(1) });
        }
        bucket.left -= 1000;
        let left = u32::try_from(bucket.left / 1000).unwrap_or(0);
        let wait = seconds((most - bucket.left) * MINUTE / most);
        Ok(Some(Standing { most: self.per_minute, left, seconds: wait }))
    }
}

/// Whole seconds, the last one begun counted.
fn seconds(millis: i64) -> u64 {
    u64::try_from(millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let limit = Limit::new(60);
        for left in (0..60).rev() {
            let standing = limit.take("a", Moment(0)).unwrap().unwrap();
            assert_eq!((standing.most, standing.left), (60, left));
        }
        let refused = limit.take("a", Moment(0)).unwrap_err();
        assert_eq!(refused, Standing { most: 60, left: 0, seconds: 1 });
        assert!(limit.take("b", Moment(0)).is_ok(), "another's bucket is full");
        assert!(limit.take("a", Moment(500)).is_err());
        assert!(limit.take("a", Moment(1000)).is_ok());
        assert!(limit.take("a", Moment(1000)).is_err());
        let later = limit.take("a", Moment(120_000)).unwrap().unwrap();
        assert_eq!(later.left, 59);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let limit = Limit::new(60);
        assert!((0..60).all(|_| limit.take("a", Moment(100_000)).is_ok()));
        assert!(limit.take("a", Moment(0)).is_err());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        assert_eq!(Limit::new(0).take("a", Moment(0)), Ok(None));
    }

    #[test]
    fn senders_without_end_take_no_memory_without_end() {
        let limit = Limit::new(60);
        for sender in 0..SENDERS_MAX + 10 {
            assert!(limit.take(&sender.to_string(), Moment(0)).is_ok());
        }
        let buckets = limit.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(buckets.len() <= SENDERS_MAX + 1, "{}", buckets.len());
    }
}
