//! Folds the counts of hours that are over, so that the figures do not grow with every start of
//! every program.
//!
//! It runs where an organization is served. Several servers may do it at once: what another has
//! folded is left alone.

use core::time::Duration;
use std::sync::Arc;

use store::StoreError;
use store::event::count;
use store::event::count::Fold;
use store::write::CommitError;
use tokio::task::AbortHandle;

use crate::App;

/// How often it is looked for: once for every hour that ends.
const LOOK: Duration = Duration::from_secs(3600);

/// Most parts of one look: what is left waits for the next.
const PARTS_MAX: usize = 100;

/// Folds until it is dropped.
#[derive(Debug)]
pub struct Folding(AbortHandle);

impl Folding {
    /// Starts. What fails is tried again.
    pub fn start(app: &Arc<App>) -> Self {
        Self(tokio::spawn(run(Arc::clone(app))).abort_handle())
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(app: Arc<App>) {
    loop {
        match look(&app).await {
            Ok(()) => {}
            Err(CommitError::Store(StoreError::Closed)) => return,
            Err(error) => tracing::debug!(%error, "counts of events were not folded"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Folds what there is, up to a bound.
pub async fn look(app: &App) -> Result<(), CommitError> {
    for _ in 0..PARTS_MAX {
        if count::fold(&app.store, app.world.time()).await? == Fold::All {
            break;
        }
    }
    Ok(())
}
