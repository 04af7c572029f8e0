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

/// What a deed gave, and how long it took.
#[expect(clippy::disallowed_methods, reason = "a duration is measured on a real clock")]
pub fn measured<T>(deed: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let gave = deed();
    (gave, began.elapsed())
}

/// Whether more programs want to run than the machine has cores (Linux; elsewhere: no).
pub fn machine_is_busy() -> bool {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().and_then(|load| load.parse::<f64>().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    load.is_some_and(|load| load > cores as f64)
}
