//! How far a run is, on a terminal.

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::Sender;
use std::sync::mpsc::channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use device::load::Progress;

/// How often it is shown.
const INTERVAL: Duration = Duration::from_millis(500);

/// Shows progress on standard error as long as it lives, if that is a terminal.
pub(super) struct Meter {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Meter {
    pub(super) fn start(what: &'static str, progress: &Arc<Progress>) -> Self {
        if !io::stderr().is_terminal() {
            return Self { running: None };
        }
        let (sender, ended) = channel::<()>();
        let progress = Arc::clone(progress);
        let thread = thread::spawn(move || {
            while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                show(&format!("{} {what}, {} wrong", progress.done(), progress.faults()));
            }
            show("");
        });
        Self { running: Some((sender, thread)) }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.running.take() {
            drop(sender);
            // It only writes to the terminal; whatever became of it, the run goes on.
            let _ = thread.join();
        }
    }
}

fn show(text: &str) {
    let mut terminal = io::stderr().lock();
    // Who closes the terminal does not want to see it.
    let _ = write!(terminal, "\r\x1b[K{text}").and_then(|()| terminal.flush());
}
