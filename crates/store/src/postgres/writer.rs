//! The writing task: changes that wait together share a transaction and its trip to the disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::connection::Link;
use super::failure;
use super::group::{self, Desk, Outcome};
use crate::audit::AuditKey;
use crate::write::{EventRow, Write};
use crate::{StoreError, WriterState};

/// Most changes that wait: about a tenth of a second of work for a fast server.
pub(super) const QUEUE_MAX: usize = 1024;

/// Most changes that share a commit: more gain nothing, and the first would wait for the last.
pub(super) const GROUP_MAX: usize = 128;

/// How long a group may take, its commit aside: five minutes, for an `apply` of a large
/// organization; each statement has the shorter time of the connection.
const GROUP_PATIENCE: Duration = Duration::from_secs(300);

/// A change that waits.
pub(super) struct Change {
    pub(super) write: Write,
    pub(super) events: Vec<EventRow>,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What the writing task has.
pub(super) struct Writer {
    pub(super) link: Link,
    pub(super) audit_key: AuditKey,
    pub(super) here: String,
    pub(super) state: State,
}

/// Whether changes can be made, as everybody may know.
#[derive(Clone)]
pub(super) struct State(Arc<Mutex<WriterState>>);

impl State {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(WriterState::Writing)))
    }

    pub(super) fn get(&self) -> WriterState {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, state: WriterState) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *known != state {
            tracing::warn!(was = ?*known, now = ?state, "what the database does changed");
            *known = state;
        }
    }
}

impl Writer {
    /// Takes changes until there will be no more.
    pub(super) async fn serve(mut self, mut changes: mpsc::Receiver<Change>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while changes.recv_many(&mut group, GROUP_MAX).await > 0 {
            self.handle(std::mem::take(&mut group)).await;
        }
    }

    /// Makes a group durable and answers everyone in it.
    async fn handle(&mut self, group: Vec<Change>) {
        let (answers, changes): (Vec<_>, Vec<_>) =
            group.into_iter().map(|change| (change.answer, (change.write, change.events))).unzip();
        let outcome = self.commit(&changes).await;
        self.note(outcome.as_ref().map(|_| ()));
        match outcome {
            Ok(results) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    // Whoever asked may have gone away; the change is made all the same.
                    drop(answer.send(result));
                }
            }
            Err(why) => {
                for answer in answers {
                    drop(answer.send(Err(why.clone().into())));
                }
            }
        }
    }

    /// Commits a group; if the connection turns out to be broken before the commit was sent, once
    /// more on a new one: then the server made nothing of it.
    async fn commit(&mut self, changes: &[group::Change]) -> Result<Vec<Outcome>, StoreError> {
        let first = self.attempt(changes).await;
        if matches!(first, Err(StoreError::Unreachable(_))) {
            self.attempt(changes).await
        } else {
            first
        }
    }

    async fn attempt(&mut self, changes: &[group::Change]) -> Result<Vec<Outcome>, StoreError> {
        let connection = self.link.get().await?;
        let mut desk = Desk { connection, audit_key: &self.audit_key, here: &self.here };
        let attempt = tokio::time::timeout(GROUP_PATIENCE, desk.commit(changes)).await;
        // Given up in the middle, the commit may have been on its way.
        let outcome = attempt.unwrap_or(Err(StoreError::Unconfirmed));
        if outcome.is_err() {
            // With the connection goes whatever was not committed.
            self.link.give_up();
        }
        outcome
    }

    fn note(&self, outcome: Result<(), &StoreError>) {
        match outcome {
            Ok(()) => self.state.set(WriterState::Writing),
            Err(StoreError::Full) => self.state.set(WriterState::Full),
            Err(why) => {
                tracing::error!(%why, "changes were not made");
                if failure::concerns_all(why) {
                    self.state.set(WriterState::Unreachable);
                }
            }
        }
    }
}
