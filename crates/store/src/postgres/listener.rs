//! The listening task: what other servers on the same database announce.

use std::time::Duration;

use tokio::sync::broadcast;
use tokio_postgres::AsyncMessage;

use super::connection::{Connection, Link};
use super::writer::State;
use crate::WriterState;
use crate::change::{Change, Notice, Topic};

/// How long the server may be silent before it is asked whether it is there.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Tells this store's listeners what is announced.
pub(super) struct Listener {
    pub(super) link: Link,
    pub(super) here: String,
    pub(super) state: State,
    pub(super) notices: broadcast::Sender<Notice>,
}

impl Listener {
    /// Listens for as long as the store lives.
    pub(super) async fn serve(mut self) {
        let mut connected_before = false;
        loop {
            match self.link.get().await {
                Ok(connection) => {
                    if self.state.get() == WriterState::Unreachable {
                        self.state.set(WriterState::Writing);
                    }
                    if connected_before {
                        tracing::info!("the database is back; what may have changed is read again");
                        // Nobody listens: nobody misses it.
                        drop(self.notices.send(Notice::Missed));
                    }
                    connected_before = true;
                    hear(connection, &self.here, &self.notices).await;
                    tracing::warn!("the connection to the database was lost");
                    self.link.give_up();
                }
                Err(_) => {
                    self.state.set(WriterState::Unreachable);
                    self.link.wait().await;
                }
            }
        }
    }
}

/// Passes announcements on until the connection is lost.
async fn hear(connection: &mut Connection, here: &str, notices: &broadcast::Sender<Notice>) {
    loop {
        match tokio::time::timeout(SILENCE_MAX, connection.messages.recv()).await {
            Ok(Some(AsyncMessage::Notification(said))) => {
                // What this version does not understand is worth reading everything again.
                let notice = parse(said.payload(), here).map_or(Notice::Missed, Notice::Changed);
                drop(notices.send(notice));
            }
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(_) => {
                let asked = connection.client.batch_execute("");
                if !matches!(tokio::time::timeout(SILENCE_MAX, asked).await, Ok(Ok(()))) {
                    return;
                }
            }
        }
    }
}

fn parse(payload: &str, here: &str) -> Option<Change> {
    let mut words = payload.splitn(3, ' ');
    let here = words.next()? == here;
    let topic = Topic::parse(words.next()?)?;
    Some(Change { topic, key: words.next()?.to_owned(), here })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_read_as_it_was_written() {
        let change = |topic, key: &str, here| Some(Change { topic, key: key.to_owned(), here });
        assert_eq!(parse("a rules ", "a"), change(Topic::Rules, "", true));
        assert_eq!(parse("a certificate 0b 1", "b"), change(Topic::Certificate, "0b 1", false));
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        for payload in ["", "a", "a rules", "a weather today"] {
            assert_eq!(parse(payload, "a"), None, "{payload}");
        }
    }
}
