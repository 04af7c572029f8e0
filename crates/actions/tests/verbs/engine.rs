//! Where these tests keep an organization: a file of its own.

use store::Store;
use store::seal::MasterKey;

/// An empty database, which vanishes with its last store.
pub(crate) struct Memory(Store);

impl Memory {
    pub(crate) fn fresh(master: &MasterKey) -> Self {
        Self(Store::scratch(master).unwrap())
    }

    /// The way of another program to it; a file has one for all.
    pub(crate) async fn open(&self, _: &MasterKey) -> Store {
        self.0.clone()
    }
}
