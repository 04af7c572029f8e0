//! The outside world as verbs see it: the clock and chance. A test brings its own.

use core::fmt;

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
}

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
        Self { now: Box::new(now), random: Box::new(random) }
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

    /// A fresh id, ordered by time.
    pub fn id(&self) -> Uuid {
        Event::id_at(self.now(), self.random())
    }

    /// An event of now: refused if there is a refusal.
    pub fn event(&self, kind: EventKind, refusal: Option<Refusal>, said: Said) -> Event {
        let at = self.now();
        let outcome = if refusal.is_some() { Outcome::Refused } else { Outcome::Accepted };
        Event {
            id: Event::id_at(at, self.random()),
            at,
            kind,
            outcome,
            actor: said.actor,
            object: said.object,
            refusal,
            details: said.details,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("now", &self.now()).finish_non_exhaustive()
    }
}
