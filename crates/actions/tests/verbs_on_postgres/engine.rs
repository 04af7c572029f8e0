//! Where these tests keep an organization: a database of its own on a server of the tests'.

use store::Store;
use store::seal::MasterKey;
use tests::postgres;
use tests::postgres::Postgres;

/// An empty database, by its URL.
pub(crate) struct Memory(String);

impl Memory {
    pub(crate) fn fresh(_: &MasterKey) -> Self {
        Self(postgres::shared().database())
    }

    /// A database on a server that the test may stop.
    pub(crate) fn on(server: &Postgres) -> Self {
        Self(server.database())
    }

    /// The way of another program to it: connections of its own.
    pub(crate) async fn open(&self, master: &MasterKey) -> Store {
        Store::open_url(&self.0, master).await.unwrap()
    }
}
