//! An organization opened by this process: its lock, its master key, its memory.

use std::sync::Arc;

use actions::App;
use anyhow::Context;
use anyhow::anyhow;
use anyhow::bail;
use domain::secret::Secret;
use store::Store;
use store::StoreError;
use store::directory;
use store::lock::DataLock;
use store::lock::LockError;
use store::seal::MasterKey;
use store::seal::SealError;

use crate::clock;
use crate::config::Place;

/// An organization that this process holds, alone.
pub(crate) struct Instance {
    /// What verbs need.
    pub(crate) app: Arc<App>,
    _lock: DataLock,
}

/// Why an organization was not opened.
pub(crate) enum NotOpened {
    /// Another process holds it.
    Held(LockError),
    /// Something is wrong.
    Failed(anyhow::Error),
}

impl Instance {
    /// Takes the lock of a data directory and opens what is there; an empty one becomes an empty
    /// organization.
    pub(crate) async fn open(place: &Place) -> Result<Self, NotOpened> {
        let data = &place.data;
        let now = clock::now().time().to_rfc3339();
        let lock = DataLock::acquire(data, &now).map_err(|error| match error {
            LockError::Held { .. } => NotOpened::Held(error),
            LockError::Io { .. } => NotOpened::Failed(error.into()),
        })?;
        let app = open(place).await.map_err(NotOpened::Failed)?;
        Ok(Self { app, _lock: lock })
    }

    /// Makes what was journaled durable and lets the organization go.
    pub(crate) async fn close(self) {
        self.app.close().await;
    }
}

async fn open(place: &Place) -> anyhow::Result<Arc<App>> {
    let shown = place.data.display();
    let (master, store) = match &place.database.url {
        Some(url) => open_server(place, url).await?,
        None => open_file(place)?,
    };
    let app = App::open_within(place.sessions, store, Arc::new(master), clock::world()).await;
    let app = app.with_context(|| format!("the organization in {shown} cannot be read"))?;
    Ok(app)
}

/// Opens the database in the data directory.
fn open_file(place: &Place) -> anyhow::Result<(MasterKey, Store)> {
    let data = &place.data;
    if let Some(shown) = directory::database_elsewhere(data) {
        bail!(
            "the organization of {} is in the database {shown}; name the file that says so with \
             --config",
            data.display()
        );
    }
    let master = match &place.seal.master_key_file {
        Some(path) => MasterKey::load(path)?,
        None => MasterKey::load_or_create(data)?,
    };
    let store = Store::open(data, &master)?;
    Ok((master, store))
}

/// Opens the database of a server, which others may have open too.
async fn open_server(place: &Place, url: &Secret) -> anyhow::Result<(MasterKey, Store)> {
    let data = &place.data;
    let shown = Store::shown_url(url.reveal())?.text;
    if directory::holds_database(data) {
        bail!(
            "{} holds a database of its own, and the configuration names {shown}; name another \
             data directory, or move the file away",
            data.display()
        );
    }
    // Where there was a database before, a missing key is not made anew.
    let may_make = directory::database_elsewhere(data).is_none() && !MasterKey::is_in(data);
    let (master, made) = match &place.seal.master_key_file {
        Some(path) => (MasterKey::load(path)?, false),
        None if may_make => (MasterKey::load_or_create(data)?, true),
        None => (MasterKey::load_from(data)?, false),
    };
    let opened = Store::open_url(url.reveal(), &master).await;
    if made && opened.is_err() {
        // It sealed nothing, and would be taken for the right one at the next start.
        MasterKey::discard_from(data).context("a master key that is of no use stays behind")?;
    }
    let store = opened.map_err(|error| explain(error, made, &shown))?;
    directory::note_database_elsewhere(data, &shown)
        .with_context(|| format!("{} cannot be written", data.display()))?;
    Ok((master, store))
}

fn explain(error: StoreError, made: bool, shown: &str) -> anyhow::Error {
    if made && matches!(error, StoreError::Seal(SealError::WrongKey(_))) {
        return anyhow!(
            "the database {shown} was sealed with a master key that is not here; name its file \
             with --master-key"
        );
    }
    anyhow::Error::from(error).context(format!("the database {shown} cannot be opened"))
}

impl From<NotOpened> for anyhow::Error {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::Held(error) => error.into(),
            NotOpened::Failed(error) => error,
        }
    }
}
