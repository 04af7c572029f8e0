//! The journal: answers to devices on their way to the database, bounded and batched, so that
//! a login never waits for a disk.

use core::time::Duration;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use domain::condition::facts::Inputs;
use domain::event::Event;
use domain::event::EventKind;
use serde_json::Map;
use serde_json::Value;
use store::Store;
use store::StoreError;
use store::write::CommitError;
use store::write::Write;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::world::Said;
use crate::world::World;

/// Most answers that wait for the database; at 2,000 logins a second, eight seconds.
pub const JOURNAL_MAX: usize = 16_384;

/// Most answers in one commit.
const BATCH_MAX: usize = 512;

/// How long the journal lets answers gather, so that many share one commit: a commit costs as much
/// as a login without a private key, and nobody waits for it; events are seen that much later.
const GATHER: Duration = Duration::from_millis(20);

/// How long the journal waits before it tries a failing database again.
const RETRY: Duration = Duration::from_millis(250);

/// Most names of inputs that the journal remembers to be durable; beyond it, it forgets them all,
/// and inputs are written once more for nothing.
pub const INPUTS_MAX: usize = 65_536;

/// Takes answers, writes them in batches.
#[derive(Debug)]
pub struct Journal {
    /// What is durable and needs no writing again.
    inputs: Arc<Kept>,
    queue: Mutex<Option<mpsc::Sender<Entry>>>,
    lost: Arc<AtomicU64>,
    /// All that were ever lost.
    lost_ever: Arc<AtomicU64>,
    closed: Mutex<Option<oneshot::Receiver<()>>>,
}

/// What goes through the queue.
enum Entry {
    /// An answer to be written.
    Answer(Box<Event>),
    /// Somebody waits until all before are durable.
    Flush(oneshot::Sender<()>),
}

impl Journal {
    /// Starts the task that writes. Must run within tokio.
    pub fn start(store: Store, world: Arc<World>) -> Self {
        let (queue, events) = mpsc::channel(JOURNAL_MAX);
        let (done, closed) = oneshot::channel();
        let lost = Arc::new(AtomicU64::new(0));
        let inputs = Arc::new(Kept::default());
        let lost_ever = Arc::new(AtomicU64::new(0));
        let desk = Desk {
            store,
            world,
            lost: Arc::clone(&lost),
            lost_ever: Arc::clone(&lost_ever),
            inputs: Arc::clone(&inputs),
        };
        tokio::spawn(desk.write_all(events, done));
        let (queue, closed) = (Mutex::new(Some(queue)), Mutex::new(Some(closed)));
        Self { inputs, queue, lost, lost_ever, closed }
    }

    /// What a decision rested on, unless it is durable already.
    pub fn unknown(&self, inputs: Inputs) -> Option<Inputs> {
        let kept = self.inputs.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!kept.contains(&inputs.digest)).then_some(inputs)
    }

    /// Takes an answer. Never waits: what does not fit is counted, and the count is recorded.
    pub fn note(&self, event: Event) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = queue
            .as_ref()
            .is_some_and(|queue| queue.try_send(Entry::Answer(Box::new(event))).is_ok());
        drop(queue);
        if !taken {
            self.lost.fetch_add(1, Ordering::Relaxed);
            self.lost_ever.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many answers wait for the database; all that fit if it is closed.
    pub fn waiting(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(JOURNAL_MAX, |queue| queue.max_capacity() - queue.capacity())
    }

    /// How many answers are not on record since the program started.
    pub fn lost(&self) -> u64 {
        self.lost_ever.load(Ordering::Relaxed)
    }

    /// Waits until every answer taken so far is durable.
    pub async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A closed journal was flushed when it closed.
        if let Some(queue) = queue
            && queue.send(Entry::Flush(done)).await.is_ok()
            && flushed.await.is_err()
        {
            tracing::error!("the journal ended before it was flushed");
        }
    }

    /// Takes no more answers and waits until those taken are durable.
    pub async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(closed) = closed
            && closed.await.is_err()
        {
            tracing::error!("the journal ended before it was closed");
        }
    }
}

/// The names of inputs that are durable.
#[derive(Debug, Default)]
struct Kept(Mutex<HashSet<String>>);

impl Kept {
    fn remember(&self, events: &[Event]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for inputs in events.iter().filter_map(|event| event.inputs.as_ref()) {
            if kept.len() == INPUTS_MAX {
                kept.clear();
            }
            kept.insert(inputs.digest.clone());
        }
    }
}

/// Where answers are written.
struct Desk {
    store: Store,
    world: Arc<World>,
    lost: Arc<AtomicU64>,
    lost_ever: Arc<AtomicU64>,
    inputs: Arc<Kept>,
}

impl Desk {
    async fn write_all(self, mut entries: mpsc::Receiver<Entry>, done: oneshot::Sender<()>) {
        let mut taken = Vec::with_capacity(BATCH_MAX);
        while entries.recv_many(&mut taken, BATCH_MAX).await > 0 {
            if taken.len() < BATCH_MAX && !entries.is_closed() {
                tokio::time::sleep(GATHER).await;
            }
            while taken.len() < BATCH_MAX
                && let Ok(entry) = entries.try_recv()
            {
                taken.push(entry);
            }
            let (mut events, mut waiting) = (Vec::new(), Vec::new());
            for entry in taken.drain(..) {
                match entry {
                    Entry::Answer(event) => events.push(*event),
                    Entry::Flush(flushed) => waiting.push(flushed),
                }
            }
            let missed = self.lost.swap(0, Ordering::Relaxed);
            if missed > 0 {
                events.push(overflow(&self.world, missed));
            }
            if !events.is_empty() {
                self.write_batch(&events, &entries).await;
            }
            for flushed in waiting {
                // Whoever waited may have gone; then nobody wants to know.
                let _ = flushed.send(());
            }
        }
        let _ = done.send(());
    }

    /// Writes a batch, however long the database is away, unless the program ends. An answer that
    /// the database will never take keeps no other from being written.
    async fn write_batch(&self, events: &[Event], entries: &mpsc::Receiver<Entry>) {
        let mut failures = 0_u32;
        while let Err(error) = store::event::commit(Write::new(), &self.store, events).await {
            if is_final(&error) {
                return self.write_each(events, entries, &error).await;
            }
            failures += 1;
            if failures == 1 {
                tracing::error!(%error, events = events.len(), "answers cannot be recorded yet");
            }
            if entries.is_closed() {
                // The program ends and the database does not come back: nothing more can be done.
                // The log of the program is the last place for them.
                for Event { id, kind, outcome, actor, object, .. } in events {
                    tracing::error!(
                        %id, ?kind, ?outcome, ?actor, ?object, "an answer is not on record"
                    );
                }
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
        self.inputs.remember(events);
    }

    /// Writes the answers of a refused batch one by one.
    async fn write_each(
        &self,
        events: &[Event],
        entries: &mpsc::Receiver<Entry>,
        refused: &CommitError,
    ) {
        if let [event] = events {
            // A commit whose answer got lost was made all the same.
            if !matches!(store::event::find(&self.store, event.id).await, Ok(Some(_))) {
                tracing::error!(error = %refused, id = %event.id, "an answer cannot be recorded");
                self.lost.fetch_add(1, Ordering::Relaxed);
                self.lost_ever.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        for event in events {
            Box::pin(self.write_batch(std::slice::from_ref(event), entries)).await;
        }
    }
}

/// Whether trying again is of no use: it is the rows that are refused, not the database that is
/// away.
fn is_final(error: &CommitError) -> bool {
    match error {
        CommitError::Conflict(_) | CommitError::Constraint(_) | CommitError::Unexplained => true,
        CommitError::Store(why) => matches!(why, StoreError::Statement(_)),
    }
}

fn overflow(world: &World, missed: u64) -> Event {
    let mut details = Map::new();
    details.insert("events".into(), Value::from(missed));
    let said = Said { actor: "journal".into(), object: "event:".into(), details };
    world.event(EventKind::JournalOverflowed, None, said)
}

#[cfg(test)]
mod tests {
    use domain::event::Moment;
    use store::seal::MasterKey;

    use super::*;

    fn world() -> Arc<World> {
        Arc::new(World::new(|| Moment(1_800_000_000_000), |bytes| bytes.fill(7)))
    }

    fn answer(world: &World, object: &str) -> Event {
        let said = Said { actor: "device".into(), object: object.into(), details: Map::new() };
        world.event(EventKind::VisitAnswered, None, said)
    }

    #[tokio::test]
    async fn an_answer_that_is_there_already_keeps_no_other_back() {
        let store = Store::scratch(&MasterKey::from_bytes(&[7; 32])).unwrap();
        let world = world();
        let journal = Journal::start(store.clone(), Arc::clone(&world));
        let [first, second] = ["visit:a", "visit:b"].map(|object| answer(&world, object));
        journal.note(first.clone());
        journal.flush().await;
        // As after a commit whose answer got lost: the same row again, among others.
        for event in [&first, &second] {
            journal.note(event.clone());
        }
        journal.close().await;
        for event in [first, second] {
            assert_eq!(store::event::find(&store, event.id).await.unwrap(), Some(event));
        }
        assert_eq!(journal.lost.load(Ordering::Relaxed), 0);
    }
}
