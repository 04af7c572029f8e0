//! Changes announced between all who share a database: memory elsewhere learns what to read again.

use std::fmt;

use tokio::sync::broadcast;

/// Most announcements that a listener may be behind; one further behind reads everything again.
pub(crate) const BEHIND_MAX: usize = 1024;

/// Longest key of an announcement, in bytes: a serial or a name fits many times, and PostgreSQL
/// carries 8000.
pub const KEY_BYTES_MAX: usize = 512;

/// What an announcement is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topic {
    /// Definitions, keys or secrets changed ([`crate::organization::announced`] reads the key).
    Rules,
    /// A certificate stands differently ([`crate::certificate::announced`] reads the key).
    Certificate,
    /// Devices or people changed ([`crate::inventory::announced`] reads the key).
    Inventory,
}

/// Something that was changed and is durable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What it is about.
    pub topic: Topic,
    /// Which one; may be empty.
    pub key: String,
    /// Whether this very store made the change.
    pub here: bool,
}

/// What a listener is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// A change was made.
    Changed(Change),
    /// Changes may have been missed: everything is to be read again.
    Missed,
}

/// The changes from the moment on that the listener was made.
#[derive(Debug)]
pub struct Changes {
    pub(crate) receiver: broadcast::Receiver<Notice>,
}

impl Changes {
    /// The next notice; none after the store is closed.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Notice::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next notice, if one waits already.
    pub fn try_next(&mut self) -> Option<Notice> {
        match self.receiver.try_recv() {
            Ok(notice) => Some(notice),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Notice::Missed),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => {
                None
            }
        }
    }
}

impl Topic {
    /// The word it travels as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Certificate => "certificate",
            Self::Inventory => "inventory",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Rules, Self::Certificate, Self::Inventory];
        all.into_iter().find(|topic| topic.as_str() == text)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
