//! A disk that failed: devices are let in from memory until the disk takes writes again, and then
//! the program ends, because only a start reads anew what the disk really has. It ends too when the
//! check of a large database, which goes on after the start, finds damage.

use std::path::Path;
use std::time::Duration;

use actions::App;
use store::WriterState;

/// What the program ends with after its disk failed (sysexits: an internal error), so that whoever
/// watches over it starts it anew.
pub(crate) const EXIT_STATUS: u8 = 70;

/// How often the state of the database is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How often a failed disk is tried.
const TRY: Duration = Duration::from_secs(1);

/// How often in a row the disk must take a write before it is believed; a login under way ends
/// within this time.
const GOOD_TRIES: u32 = 3;

/// Waits until the database was found to be damaged, or until its disk has failed and takes writes
/// again. For as long as it does not, a start would fail, and the network would be shut.
pub(crate) async fn failed(app: &App, data: &Path) {
    while app.store.writer() != WriterState::Stopped {
        if let Some(damage) = app.damage() {
            tracing::error!(status = EXIT_STATUS, "{damage}");
            note_suspect(data);
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    tracing::error!(
        "the disk of the database failed: nothing is issued until a start, and devices are let in \
         from memory"
    );
    let mut good = 0;
    while good < GOOD_TRIES {
        tokio::time::sleep(TRY).await;
        good = if takes_writes(data).await { good + 1 } else { 0 };
    }
    note_suspect(data);
    tracing::error!(
        status = EXIT_STATUS,
        "the disk takes writes again: ending, so that a start checks the database"
    );
}

async fn takes_writes(data: &Path) -> bool {
    let data = data.to_owned();
    let tried = tokio::task::spawn_blocking(move || store::directory::try_disk(&data)).await;
    match tried {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(%error, "the disk does not take writes yet");
            false
        }
        Err(_) => false,
    }
}

/// Lets the next start check the whole database first, however large it is.
fn note_suspect(data: &Path) {
    if let Err(error) = store::directory::note_suspect(data) {
        tracing::error!(%error, "the next start will not check the database first");
    }
}
