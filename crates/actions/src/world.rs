//! The outside world as verbs see it: the clock and chance. A test brings its own.

use core::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use domain::event::Event;
use domain::event::EventKind;
use domain::event::Moment;
use domain::event::Outcome;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

/// Time and chance.
pub struct World {
    now: Box<dyn Fn() -> Moment + Send + Sync>,
    random: Box<Fill>,
    /// The last id's millisecond and its place in it, so that ids order as they were made.
    sequence: AtomicU64,
}

/// Ids of one millisecond that are told apart by their order (RFC 9562, 6.2, method 1); what is
/// beyond counts into the next.
const SEQUENCE_BITS: u32 = 12;

/// Fills bytes with chance.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// What is said of an event beyond its kind and its moment.
#[derive(Clone, Debug)]
pub struct Said {
    /// Who did or asked it.
    pub actor: String,
    /// To what, as `kind:name`.
    pub object: String,
    /// What else is known.
    pub details: Map<String, Value>,
}

impl World {
    /// A world with this clock and this source of chance, which must be fit for keys.
    pub fn new(
        now: impl Fn() -> Moment + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { now: Box::new(now), random: Box::new(random), sequence: AtomicU64::new(0) }
    }

    /// What the clock says.
    pub fn now(&self) -> Moment {
        (self.now)()
    }

    /// What the clock says, in whole seconds.
    pub fn time(&self) -> Time {
        self.now().time()
    }

    /// So many random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A fresh serial number of 128 random bits.
    pub fn serial(&self) -> Serial {
        Serial::from_random(self.random())
    }

    /// A fresh id, behind every one made before.
    pub fn id(&self) -> Uuid {
        self.moment_and_id().1
    }

    fn moment_and_id(&self) -> (Moment, Uuid) {
        let now = u64::try_from(self.now().0).unwrap_or(0) << SEQUENCE_BITS;
        let next = |last: u64| (last + 1).max(now);
        let last = self
            .sequence
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let own = next(last.unwrap_or_else(|last| last));
        let at = Moment(i64::try_from(own >> SEQUENCE_BITS).unwrap_or(i64::MAX));
        let [.., high, low] = (own & ((1 << SEQUENCE_BITS) - 1)).to_be_bytes();
        let mut random: [u8; 10] = self.random();
        let [first, second, ..] = &mut random;
        (*first, *second) = (high, low);
        (at, Event::id_at(at, random))
    }

    /// An event of now: refused if there is a refusal.
    pub fn event(&self, kind: EventKind, refusal: Option<Refusal>, said: Said) -> Event {
        let (at, id) = self.moment_and_id();
        let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted };
        Event {
            id,
            at,
            kind,
            outcome,
            actor: said.actor,
            object: said.object,
            refusal,
            details: said.details,
            inputs: None,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_order_as_they_were_made() {
        let world = World::new(|| Moment(1_795_000_000_000), |bytes| bytes.fill(0xff));
        let ids: Vec<Uuid> = (0..10_000).map(|_| world.id()).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
