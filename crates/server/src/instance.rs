//! An organization opened by this process: its lock, its master key, its memory.

use std::path::Path;
use std::sync::Arc;

use actions::App;
use anyhow::Context;
use store::Store;
use store::lock::DataLock;
use store::lock::LockError;
use store::seal::MasterKey;

use crate::clock;
use crate::config::Seal;

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
    pub(crate) async fn open(data: &Path, seal: &Seal) -> Result<Self, NotOpened> {
        let now = clock::now().time().to_rfc3339();
        let lock = DataLock::acquire(data, &now).map_err(|error| match error {
            LockError::Held { .. } => NotOpened::Held(error),
            LockError::Io { .. } => NotOpened::Failed(error.into()),
        })?;
        let app = open(data, seal).await.map_err(NotOpened::Failed)?;
        Ok(Self { app, _lock: lock })
    }

    /// Makes what was journaled durable and lets the organization go.
    pub(crate) async fn close(self) {
        self.app.close().await;
    }
}

async fn open(data: &Path, seal: &Seal) -> anyhow::Result<Arc<App>> {
    let master = match &seal.master_key_file {
        Some(path) => MasterKey::load(path)?,
        None => MasterKey::load_or_create(data)?,
    };
    let store = Store::open(data, &master)?;
    let app = App::open(store, Arc::new(master), clock::world()).await;
    app.with_context(|| format!("the organization in {} cannot be read", data.display()))
}

impl From<NotOpened> for anyhow::Error {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::Held(error) => error.into(),
            NotOpened::Failed(error) => error,
        }
    }
}
