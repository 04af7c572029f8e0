//! The notary: signs checkpoints of the audit.
//!
//! It runs where an organization is served. Several servers each have one; of two that sign the
//! same rows, one commits it.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use pki::time::Time;
use store::StoreError;
use store::WriterState;
use store::audit::AuditError;
use store::audit::FirstBadRow;
use store::audit::checkpoint;
use store::audit::page;
use tokio::task::AbortHandle;

use crate::App;
use crate::audit;

/// How often new rows are looked for: one read of an index.
const LOOK: Duration = Duration::from_secs(5);

/// How long rows wait for a checkpoint, in seconds.
pub const AGE_MAX_SECONDS: i64 = 60;

/// Most rows that wait for one.
pub const ROWS_MAX: i64 = 1000;

/// Signs until it is dropped.
#[derive(Debug)]
pub struct Notary(AbortHandle);

/// How the audit fares, for whoever asks after the program's health.
#[derive(Debug, Default)]
pub(crate) struct Register(Mutex<State>);

/// What the notary knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// Rows of the audit, when it was last looked at.
    pub rows: i64,
    /// The row that the newest checkpoint is of.
    pub covered: i64,
    /// When the newest checkpoint was signed.
    pub signed_at: Option<Time>,
    /// Since when rows wait for one.
    pub waiting_since: Option<Time>,
    /// Where the rows do not continue what was signed.
    pub broken: Option<FirstBadRow>,
}

impl Notary {
    /// Starts. What fails is tried again.
    pub fn start(app: &Arc<App>) -> Self {
        Self(tokio::spawn(run(Arc::clone(app))).abort_handle())
    }

    /// Signs no more by itself.
    pub fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Notary {
    fn drop(&mut self) {
        self.end();
    }
}

impl Register {
    /// What is known.
    pub(crate) fn state(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl State {
    /// Whether what waits is to be signed now.
    fn is_due(&self, now: Time) -> bool {
        let waiting = self.rows.saturating_sub(self.covered);
        let is_old = |since: Time| since.plus_seconds(AGE_MAX_SECONDS) <= now || since > now;
        waiting >= ROWS_MAX || (waiting > 0 && self.waiting_since.is_some_and(is_old))
    }

    /// Whether rows wait for much longer than they should.
    #[must_use]
    pub fn is_overdue(&self, now: Time) -> bool {
        self.waiting_since.is_some_and(|since| since.plus_seconds(AGE_MAX_SECONDS * 5) < now)
    }
}

async fn run(app: Arc<App>) {
    loop {
        match look(&app).await {
            Ok(()) => {}
            Err(StoreError::Closed) => return,
            Err(error) => tracing::debug!(%error, "the audit was not looked at"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks for new rows, and signs them if it is time.
pub async fn look(app: &App) -> Result<(), StoreError> {
    let (now, rows) = (app.world.time(), page::count(&app.store).await?);
    let newest = checkpoint::newest(&app.store).await?;
    app.notary.change(|state| {
        state.rows = rows;
        state.covered = newest.as_ref().map_or(0, |newest| newest.sequence);
        state.signed_at = newest.as_ref().map(|newest| newest.at);
        if rows <= state.covered {
            state.waiting_since = None;
        } else {
            state.waiting_since.get_or_insert(now);
        }
    });
    if app.notary.state().is_due(now) { sign(app).await } else { Ok(()) }
}

/// Signs what waits, whenever it came.
pub(crate) async fn sign(app: &App) -> Result<(), StoreError> {
    match audit::sign_now(app).await {
        Ok(signed) => {
            app.notary.change(|state| {
                state.broken = None;
                if let Some(signed) = signed {
                    state.covered = signed.sequence;
                    state.rows = state.rows.max(signed.sequence);
                    state.signed_at = Some(Time(signed.at));
                    state.waiting_since = None;
                }
            });
            Ok(())
        }
        Err(AuditError::FirstBadRow(bad)) => {
            if app.notary.state().broken.as_ref() != Some(&bad) {
                tracing::error!(%bad, "the audit is not signed; run `safeconduct audit verify`");
            }
            app.notary.change(|state| state.broken = Some(bad));
            Ok(())
        }
        Err(AuditError::Store(error)) => Err(error),
    }
}

/// Signs what a program that ends leaves, so that also a short run is covered.
pub(crate) async fn sign_last(app: &App) {
    // A database that is away or full is not waited for.
    if app.store.writer() != WriterState::Writing {
        return;
    }
    if let Err(error) = sign(app).await {
        tracing::warn!(%error, "the last rows of the audit are not signed");
    }
}

/// What is known of the audit.
pub fn state(app: &App) -> State {
    app.notary.state()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: i64, waited: Option<i64>, expected: bool) {
        let waiting_since = waited.map(|seconds| Time(1_000_000 - seconds));
        let state = State { rows, covered: 10, waiting_since, ..State::default() };
        assert_eq!(state.is_due(Time(1_000_000)), expected, "{state:?}");
    }

    #[test]
    fn a_checkpoint_is_due_after_a_minute_or_a_thousand_rows() {
        check(10, None, false);
        check(11, Some(0), false);
        check(11, Some(59), false);
        check(11, Some(60), true);
        check(1009, Some(0), false);
        check(1010, Some(0), true);
        // A clock that was set back keeps nothing from being signed.
        check(11, Some(-100), true);
    }
}
