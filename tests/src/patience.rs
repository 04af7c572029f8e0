//! Waiting: for something that happens, never for a duration, and never forever.

use std::time::Duration;
use std::time::Instant;

/// How long anything may take; a hundred times what it needs, for machines with much to do.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The same for commands that run through `timeout`.
pub const PATIENCE_SECONDS: &str = "60";

/// Asks again until there is an answer; each question should cost what a process costs.
#[expect(clippy::disallowed_methods, reason = "a deadline is measured on a real clock")]
pub fn until<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if began.elapsed() > PATIENCE {
            return None;
        }
    }
}
