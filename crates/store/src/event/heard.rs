//! The events that this program makes durable, told to whoever listens in it.

use std::sync::Arc;

use domain::event::Event;
use tokio::sync::broadcast;

/// Most commits that a listener may be behind; the largest holds a few hundred events. One that is
/// further behind is told that it missed some.
const BEHIND_MAX: usize = 256;

/// Tells of events.
#[derive(Clone)]
pub(crate) struct Told(broadcast::Sender<Arc<[Event]>>);

/// What a listener hears, from the moment on that it began.
#[derive(Debug)]
pub struct Heard(broadcast::Receiver<Arc<[Event]>>);

/// What is heard.
#[derive(Clone, Debug)]
pub enum News {
    /// Events of one commit.
    Events(Arc<[Event]>),
    /// Some were missed.
    Missed,
}

impl Told {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(BEHIND_MAX))
    }

    pub(crate) fn listen(&self) -> Heard {
        Heard(self.0.subscribe())
    }

    /// Tells of events that are durable; costs nothing while nobody listens.
    pub(crate) fn tell(&self, events: &[Event]) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let events = events.iter().map(|event| Event { inputs: None, ..event.clone() });
        // Whoever listened may have gone in the meantime.
        drop(self.0.send(events.collect()));
    }
}

impl Heard {
    /// What comes next; none after the store is closed.
    pub async fn next(&mut self) -> Option<News> {
        match self.0.recv().await {
            Ok(events) => Some(News::Events(events)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(News::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
