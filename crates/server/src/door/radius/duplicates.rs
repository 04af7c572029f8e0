//! Duplicates: an access point that missed our reply sends its request again and gets the same
//! bytes (RFC 5080, 2.2.2). EAP is never run twice.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use radius::packet::Packet;

/// Most replies kept by one shard, of which there are four a processor; at 1,000 logins a second
/// and seven rounds, half a second, and at ordinary rates all of [`AGE_MAX`].
const REPLIES_MAX: usize = 1024;

/// How long a reply is kept.
const AGE_MAX: Duration = Duration::from_secs(5);

type Key = (SocketAddr, u8, [u8; 16]);

/// The replies of the last seconds.
#[derive(Default)]
pub(super) struct Duplicates {
    replies: HashMap<Key, (Instant, Vec<u8>)>,
    order: VecDeque<Key>,
}

impl Duplicates {
    /// The reply that this very request got a moment ago.
    pub(super) fn find(
        &self,
        source: SocketAddr,
        request: &Packet,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let (kept, reply) = self.replies.get(&key(source, request))?;
        (now.duration_since(*kept) <= AGE_MAX).then(|| reply.clone())
    }

    /// Keeps the reply to a request.
    pub(super) fn keep(
        &mut self,
        source: SocketAddr,
        request: &Packet,
        reply: &[u8],
        now: Instant,
    ) {
        while let Some(oldest) = self.order.front() {
            let old = self
                .replies
                .get(oldest)
                .is_none_or(|(kept, _)| now.duration_since(*kept) > AGE_MAX);
            if !old && self.order.len() < REPLIES_MAX {
                break;
            }
            if let Some(key) = self.order.pop_front() {
                self.replies.remove(&key);
            }
        }
        let key = key(source, request);
        if self.replies.insert(key, (now, reply.to_vec())).is_none() {
            self.order.push_back(key);
        }
    }
}

fn key(source: SocketAddr, request: &Packet) -> Key {
    (source, request.identifier(), *request.authenticator())
}

#[cfg(test)]
mod tests {
    use radius::attribute::number;

    use super::*;

    const SECRET: &[u8] = b"a-long-shared-secret";

    fn request(identifier: u8, byte: u8) -> Packet {
        let request = radius::request::build(identifier, [byte; 16]);
        let bytes = request.attribute(number::USER_NAME, b"x").finish(SECRET).unwrap();
        Packet::parse(&bytes, SECRET).unwrap()
    }

    #[test]
    fn the_same_request_gets_the_same_bytes_for_five_seconds() {
        let source: SocketAddr = "127.0.0.1:1000".parse().unwrap();
        let now = crate::clock::instant();
        let mut duplicates = Duplicates::default();
        duplicates.keep(source, &request(1, 1), b"reply", now);
        let find = |request: &Packet, at| duplicates.find(source, request, at);
        assert_eq!(find(&request(1, 1), now), Some(b"reply".to_vec()));
        assert_eq!(find(&request(1, 2), now), None);
        assert_eq!(find(&request(2, 1), now), None);
        assert_eq!(find(&request(1, 1), now + Duration::from_secs(6)), None);
    }

    #[test]
    fn no_more_replies_are_kept_than_there_is_room_for() {
        let now = crate::clock::instant();
        let mut duplicates = Duplicates::default();
        let request = request(1, 1);
        for port in 0..u16::try_from(REPLIES_MAX + 10).unwrap() {
            let source = SocketAddr::from(([127, 0, 0, 1], port));
            duplicates.keep(source, &request, b"reply", now);
        }
        assert_eq!(duplicates.replies.len(), REPLIES_MAX);
        assert_eq!(duplicates.order.len(), REPLIES_MAX);
    }
}
