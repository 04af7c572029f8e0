//! The State of a Start: proof that we sent it, to whom and when, so that we need not remember.

use std::time::Duration;
use std::time::Instant;

use aws_lc_rs::hmac;

use crate::clock;

/// How long a device may think about a Start.
const AGE_MAX: Duration = Duration::from_secs(60);

/// Marks a cookie, so that it is never taken for the State of a conversation by its length.
const TAG: u8 = 0xc0;

/// Tag, identifier, seconds since the server started.
const HEAD_BYTES: usize = 6;

/// Half of HMAC-SHA-256: 128 bits.
const PROOF_BYTES: usize = 16;

/// Bakes and opens cookies under a key that lives as long as the program.
pub(crate) struct Cookies {
    key: hmac::Key,
    since: Instant,
}

impl Cookies {
    /// Draws a key.
    pub(crate) fn new() -> Self {
        let mut key = [0; 32];
        clock::fill(&mut key);
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &key), since: clock::instant() }
    }

    /// The cookie of a Start with this identifier, good for whom it is bound to.
    pub(crate) fn bake(&self, identifier: u8, bound_to: &str, at: Instant) -> Vec<u8> {
        let mut cookie = vec![TAG, identifier];
        cookie.extend_from_slice(&self.seconds(at).to_be_bytes());
        let proof = self.proof(&cookie, bound_to);
        cookie.extend_from_slice(&proof);
        cookie
    }

    /// The identifier of the Start, if the cookie is ours, fresh, and brought by whom it is
    /// bound to.
    pub(crate) fn open(&self, cookie: &[u8], bound_to: &str, at: Instant) -> Option<u8> {
        let (head, proof) = cookie.split_at_checked(HEAD_BYTES)?;
        let [TAG, identifier, seconds @ ..] = head else { return None };
        let expected = self.proof(head, bound_to);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_slice(), proof)) {
            return None;
        }
        let baked = u32::from_be_bytes(<[u8; 4]>::try_from(seconds).ok()?);
        let age = self.seconds(at).checked_sub(baked)?;
        (u64::from(age) <= AGE_MAX.as_secs()).then_some(*identifier)
    }

    fn seconds(&self, at: Instant) -> u32 {
        u32::try_from(at.saturating_duration_since(self.since).as_secs()).unwrap_or(u32::MAX)
    }

    fn proof(&self, head: &[u8], bound_to: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(head);
        context.update(bound_to.as_bytes());
        let tag = context.sign();
        tag.as_ref().iter().take(PROOF_BYTES).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(at: Instant, seconds: u64) -> Instant {
        at.checked_add(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_cookie_gives_its_identifier_back_to_whom_it_is_bound_to() {
        let cookies = Cookies::new();
        let at = cookies.since;
        let cookie = cookies.bake(7, "ap\0station", at);
        assert_eq!(cookies.open(&cookie, "ap\0station", later(at, 59)), Some(7));
        assert_eq!(cookies.open(&cookie, "ap\0other", at), None);
    }

    #[test]
    fn an_old_a_foreign_an_altered_and_a_short_cookie_are_refused() {
        let cookies = Cookies::new();
        let at = cookies.since;
        let cookie = cookies.bake(7, "x", at);
        assert_eq!(cookies.open(&cookie, "x", later(at, 61)), None);
        assert_eq!(Cookies::new().open(&cookie, "x", at), None);
        for place in 0..cookie.len() {
            let mut altered = cookie.clone();
            altered[place] ^= 1;
            assert_eq!(cookies.open(&altered, "x", at), None);
            assert_eq!(cookies.open(&cookie[..place], "x", at), None);
        }
    }
}
