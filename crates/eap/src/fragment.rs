//! EAP-TLS messages cut into packets and joined again (RFC 5216 section 2.1.5).

use thiserror::Error;

use crate::packet::Fragment;
use crate::packet::HEADER_LENGTH;

/// The longest message: more than any sane chain needs, and what hostapd allows too.
pub const MESSAGE_LENGTH_MAX: usize = 64 * 1024;

/// Header, method and flags in every packet.
const OVERHEAD: usize = HEADER_LENGTH + 2;

/// The length behind the L flag.
const TOTAL_LENGTH_FIELD: usize = 4;

/// Why fragments do not make a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FragmentError {
    /// The length claimed or the bytes sent pass the limit.
    #[error("the EAP-TLS message is longer than {MESSAGE_LENGTH_MAX} bytes")]
    TooLong,
    /// A later fragment claims another length than the first.
    #[error("the EAP-TLS message length changed between fragments")]
    LengthChanged,
    /// The bytes sent are not as many as claimed.
    #[error("the EAP-TLS message is not as long as it claims")]
    LengthMismatch,
    /// A fragment that says "more" and brings nothing: it would never end.
    #[error("an EAP-TLS fragment is empty though more is to follow")]
    EmptyFragment,
    /// Data where an acknowledgement was due, or the other way round.
    #[error("an EAP-TLS fragment or acknowledgement came out of turn")]
    OutOfTurn,
    /// The Start flag in a response.
    #[error("a device sent the EAP-TLS Start flag")]
    StartInResponse,
}

/// What a fragment led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// Acknowledge it; more follows.
    More,
    /// The message is whole; empty means an acknowledgement.
    Whole(Vec<u8>),
}

/// Joins fragments of one message after the other.
#[derive(Clone, Debug, Default)]
pub struct Reassembler {
    received: Vec<u8>,
    claimed: Option<usize>,
    pending: bool,
}

impl Reassembler {
    /// Takes the next fragment. The length may stand in the first, in all or in none; nothing is
    /// allocated because of what it claims.
    ///
    /// # Errors
    /// The fragments contradict each other or a limit; the conversation is over.
    pub fn join(&mut self, fragment: &Fragment<'_>) -> Result<Joined, FragmentError> {
        if let Some(length) = fragment.total_length {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > MESSAGE_LENGTH_MAX {
                return Err(FragmentError::TooLong);
            }
            if self.pending && self.claimed != Some(length) {
                return Err(FragmentError::LengthChanged);
            }
            self.claimed = Some(length);
        }
        if fragment.more && fragment.data.is_empty() {
            return Err(FragmentError::EmptyFragment);
        }
        if self.received.len() + fragment.data.len() > MESSAGE_LENGTH_MAX {
            return Err(FragmentError::TooLong);
        }
        self.received.extend_from_slice(fragment.data);
        if self.claimed.is_some_and(|claimed| self.received.len() > claimed) {
            return Err(FragmentError::LengthMismatch);
        }
        self.pending = fragment.more;
        if fragment.more {
            return Ok(Joined::More);
        }
        if self.claimed.take().is_some_and(|claimed| self.received.len() != claimed) {
            return Err(FragmentError::LengthMismatch);
        }
        Ok(Joined::Whole(std::mem::take(&mut self.received)))
    }
}

/// Cuts one message into fragments.
#[derive(Clone, Debug, Default)]
pub struct Fragmenter {
    message: Vec<u8>,
    sent: usize,
}

impl Fragmenter {
    /// Starts with a whole message.
    #[must_use]
    pub fn new(message: Vec<u8>) -> Self {
        Self { message, sent: 0 }
    }

    /// Tells whether bytes are left to send.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.sent < self.message.len()
    }

    /// Returns the next fragment, such that its EAP packet has at most `packet_length_max` bytes
    /// (but at least one of data); the first of several tells the whole length.
    pub fn cut(&mut self, packet_length_max: usize) -> Fragment<'_> {
        let rest = self.message.get(self.sent..).unwrap_or_default();
        let room = packet_length_max.saturating_sub(OVERHEAD).max(1);
        let more = rest.len() > room;
        let first = self.sent == 0 && more;
        let room = if first { room.saturating_sub(TOTAL_LENGTH_FIELD).max(1) } else { room };
        let (data, _) = rest.split_at(room.min(rest.len()));
        self.sent += data.len();
        let total_length = u32::try_from(self.message.len()).ok().filter(|_| first);
        Fragment { start: false, more, total_length, data }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragment(total_length: Option<u32>, more: bool, data: &[u8]) -> Fragment<'_> {
        Fragment { start: false, more, total_length, data }
    }

    fn check(fragments: &[Fragment<'_>], expected: Result<Joined, FragmentError>) {
        let mut reassembler = Reassembler::default();
        let mut last = Ok(Joined::More);
        for fragment in fragments {
            assert_eq!(last, Ok(Joined::More));
            last = reassembler.join(fragment);
        }
        assert_eq!(last, expected);
    }

    #[test]
    fn the_length_may_stand_first_always_or_never() {
        let whole = Ok(Joined::Whole(b"abcd".to_vec()));
        check(&[fragment(Some(4), true, b"ab"), fragment(None, false, b"cd")], whole.clone());
        check(&[fragment(Some(4), true, b"ab"), fragment(Some(4), false, b"cd")], whole.clone());
        check(&[fragment(None, true, b"ab"), fragment(None, false, b"cd")], whole.clone());
        check(&[fragment(None, false, b"abcd")], whole);
        check(&[fragment(None, false, b"")], Ok(Joined::Whole(Vec::new())));
    }

    #[test]
    fn hostile_lengths_are_refused() {
        check(&[fragment(Some(u32::MAX), true, b"a")], Err(FragmentError::TooLong));
        check(&[fragment(Some(65_537), true, b"a")], Err(FragmentError::TooLong));
        check(&[fragment(Some(1), true, b"ab")], Err(FragmentError::LengthMismatch));
        check(&[fragment(Some(3), false, b"ab")], Err(FragmentError::LengthMismatch));
        let changed = [fragment(Some(4), true, b"ab"), fragment(Some(5), false, b"cd")];
        check(&changed, Err(FragmentError::LengthChanged));
        let late = [fragment(None, true, b"ab"), fragment(Some(4), false, b"cd")];
        check(&late, Err(FragmentError::LengthChanged));
    }

    #[test]
    fn a_fragment_that_says_more_and_brings_nothing_is_refused() {
        check(&[fragment(None, true, b"")], Err(FragmentError::EmptyFragment));
        check(&[fragment(Some(0), true, b"")], Err(FragmentError::EmptyFragment));
    }

    #[test]
    fn a_message_without_length_is_bounded_too() {
        let mut reassembler = Reassembler::default();
        let part = [0; 1024];
        for _ in 0..MESSAGE_LENGTH_MAX / part.len() {
            assert_eq!(reassembler.join(&fragment(None, true, &part)), Ok(Joined::More));
        }
        let one_more = reassembler.join(&fragment(None, true, &[0]));
        assert_eq!(one_more, Err(FragmentError::TooLong));
    }

    #[test]
    fn a_second_message_starts_afresh() {
        let mut reassembler = Reassembler::default();
        reassembler.join(&fragment(Some(2), false, b"ab")).unwrap();
        let second = reassembler.join(&fragment(Some(3), false, b"cde"));
        assert_eq!(second, Ok(Joined::Whole(b"cde".to_vec())));
    }

    proptest! {
        #[test]
        fn any_fragmentation_equals_the_whole(
            message in proptest::collection::vec(any::<u8>(), 1..5000),
            sizes in proptest::collection::vec(0_usize..600, 1..8),
        ) {
            let mut fragmenter = Fragmenter::new(message.clone());
            let mut reassembler = Reassembler::default();
            let mut sizes = sizes.into_iter().cycle();
            loop {
                let size = sizes.next().unwrap();
                let fragment = fragmenter.cut(size);
                let bytes = OVERHEAD + fragment.total_length.map_or(0, |_| 4) + fragment.data.len();
                prop_assert!(bytes <= size.max(OVERHEAD + TOTAL_LENGTH_FIELD + 1));
                if let Joined::Whole(joined) = reassembler.join(&fragment).unwrap() {
                    prop_assert_eq!(joined, message);
                    break;
                }
            }
            prop_assert!(!fragmenter.is_pending());
        }

        #[test]
        fn any_fragmentation_of_others_equals_the_whole(
            message in proptest::collection::vec(any::<u8>(), 1..5000),
            repeats in 1_usize..14,
            pieces in proptest::collection::vec((1_usize..2000, any::<bool>()), 1..20),
            first in any::<bool>(),
        ) {
            let message = message.repeat(repeats);
            let message = &message[..message.len().min(MESSAGE_LENGTH_MAX)];
            let length = u32::try_from(message.len()).unwrap();
            let mut reassembler = Reassembler::default();
            // Twice, because a second message must find nothing of the first.
            for _ in 0..2 {
                let (mut rest, mut begun) = (message, false);
                for (size, told) in pieces.iter().cycle() {
                    let (data, after) = rest.split_at((*size).min(rest.len()));
                    // Who tells the length at all tells it in the first, and may repeat it.
                    let told = first && (*told || !begun);
                    let piece = fragment(told.then_some(length), !after.is_empty(), data);
                    (rest, begun) = (after, true);
                    match reassembler.join(&piece) {
                        Ok(Joined::More) => prop_assert!(!rest.is_empty()),
                        Ok(Joined::Whole(joined)) => {
                            prop_assert_eq!(joined, message);
                            break;
                        }
                        Err(error) => prop_assert!(false, "{error}"),
                    }
                }
                prop_assert!(rest.is_empty());
            }
        }
    }
}
