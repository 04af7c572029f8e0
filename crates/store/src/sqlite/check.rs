//! The check of the whole file: before it is opened while it is small, else in the background, so
//! that the network need not wait for it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, InterruptHandle};

use super::connection;
use crate::{StoreError, directory};

/// Largest file that is checked before it is opened: that takes about half a second.
pub(super) const FIRST_BYTES_MAX: u64 = 128 << 20;

/// How often a check under way is told to end.
const INTERRUPT_RETRY: Duration = Duration::from_millis(10);

/// How, and how far, one file is checked.
pub(super) struct Check {
    data: PathBuf,
    path: PathBuf,
    first: bool,
    running: Mutex<Option<Running>>,
    damage: Arc<OnceLock<StoreError>>,
}

/// A check under way.
struct Running {
    interrupt: InterruptHandle,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Check {
    /// How the file of a data directory is checked: first, if it is small or an earlier process had
    /// reason to doubt it.
    pub(super) fn of(data: &Path, path: &Path, first_bytes_max: u64) -> Self {
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Self {
            data: data.to_owned(),
            path: path.to_owned(),
            first: bytes <= first_bytes_max || directory::is_suspect(data),
            running: Mutex::new(None),
            damage: Arc::default(),
        }
    }

    /// Whether it comes before everything else.
    pub(super) fn is_first(&self) -> bool {
        self.first
    }

    /// The file was opened. If it was checked before, all doubt is over.
    pub(super) fn passed_first(&self) -> Result<(), StoreError> {
        if !self.first {
            return Ok(());
        }
        directory::clear_suspect(&self.data).map_err(|why| StoreError::Io(why.to_string()))
    }

    /// Checks in the background what was not checked first.
    pub(super) fn begin(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if self.first || running.is_some() {
            return;
        }
        match self.start() {
            Ok(started) => *running = Some(started),
            Err(why) => tracing::error!(%why, "the database is not checked"),
        }
    }

    fn start(&self) -> Result<Running, StoreError> {
        let connection = connection::open_reading(&self.path)?;
        let interrupt = connection.get_interrupt_handle();
        let (data, path) = (self.data.clone(), self.path.clone());
        let (damage, (end, ended)) = (Arc::clone(&self.damage), channel());
        let thread = std::thread::Builder::new()
            .name("store-check".to_owned())
            .spawn(move || {
                check(&connection, &data, &path, &damage);
                drop(end);
            })
            .map_err(|why| StoreError::Io(why.to_string()))?;
        Ok(Running { interrupt, ended, thread })
    }

    /// What was found.
    pub(super) fn damage(&self) -> Option<StoreError> {
        self.damage.get().cloned()
    }
}

fn check(connection: &Connection, data: &Path, path: &Path, damage: &OnceLock<StoreError>) {
    match connection::check_pages(connection, path) {
        Ok(()) => tracing::info!("the whole database was checked"),
        Err(why @ StoreError::Damaged { .. }) => {
            // Else a start would take the same database for a good one again.
            if let Err(error) = directory::note_suspect(data) {
                tracing::error!(%error, "the next start will not check the database first");
            }
            // It is set once.
            drop(damage.set(why));
        }
        // Interrupted, or nothing that says anything about the file.
        Err(why) => tracing::debug!(%why, "the check of the database did not end"),
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Running { interrupt, ended, thread }) = running else { return };
        // Told before it begins, it would not hear.
        loop {
            interrupt.interrupt();
            match ended.recv_timeout(INTERRUPT_RETRY) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if thread.join().is_err() {
            tracing::error!("the check of the database panicked");
        }
    }
}
