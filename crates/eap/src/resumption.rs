//! Sessions that devices may resume (RFC 5246 section 7.3, RFC 8446 section 2.2): in memory,
//! bounded, aged, and gone at once for a certificate that may not enter any more.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use pki::time::Time;
use rustls::server::StoresServerSessions;
use zeroize::Zeroizing;

use crate::tls::Clock;
use crate::verdict::Verdict;
use crate::verifier::Witness;

/// The most sessions of a server: a large school's devices, with two each.
pub const SESSIONS_MAX: usize = 32_768;

/// The most bytes of all sessions together: `SESSIONS_MAX` of common size, 2 KiB.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;

/// The longest session; it holds the device's chain, and longer ones are not worth the memory.
pub const SESSION_LENGTH_MAX: usize = 16 * 1024;

/// The most sessions of one certificate: a device has one or two networks to come back to.
pub const CERTIFICATE_SESSIONS_MAX: usize = 4;

/// How long after a device proved its key its sessions are good, in seconds: an hour, however
/// often it resumes. Then it proves its key again.
pub const AGE_SECONDS_MAX: i64 = 3600;

/// What bounds the sessions of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most sessions, at most `SESSIONS_MAX`; none turns resumption off.
    pub sessions: usize,
    /// How long they are good, in seconds, at most `AGE_SECONDS_MAX`.
    pub age_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sessions: SESSIONS_MAX, age_seconds: AGE_SECONDS_MAX }
    }
}

/// The sessions of a server, shared by all conversations under the same settings.
#[derive(Debug)]
pub struct Sessions {
    limits: Limits,
    shelf: Mutex<Shelf>,
}

/// Which session came when: the oldest goes first.
type Number = u64;

#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<Vec<u8>, Entry>,
    /// Every entry by its number.
    order: BTreeMap<Number, Vec<u8>>,
    /// The numbers of a certificate's entries, the oldest first.
    by_leaf: HashMap<Arc<[u8]>, Vec<Number>>,
    bytes: usize,
    next: Number,
}

#[derive(Debug)]
struct Entry {
    number: Number,
    origin: Origin,
    /// What rustls wants back, with the session's secret.
    value: Zeroizing<Vec<u8>>,
}

/// The full handshake that a session goes back to.
#[derive(Clone, Debug)]
struct Origin {
    /// The device's certificate, DER.
    leaf: Arc<[u8]>,
    /// When the device proved its key.
    proved: Time,
}

impl Entry {
    /// The certificate counts with every session, although they share it.
    fn bytes(&self, id: &[u8]) -> usize {
        2 * id.len() + self.origin.leaf.len() + self.value.len()
    }
}

impl Sessions {
    /// No sessions yet.
    pub(crate) fn new(limits: Limits) -> Self {
        let limits = Limits {
            sessions: limits.sessions.min(SESSIONS_MAX),
            age_seconds: limits.age_seconds.min(AGE_SECONDS_MAX),
        };
        Self { limits, shelf: Mutex::default() }
    }

    /// How many sessions are kept.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().entries.len()
    }

    /// Drops every session of a certificate (DER); returns how many there were.
    pub fn forget(&self, leaf: &[u8]) -> usize {
        self.lock().forget(leaf)
    }

    /// Drops what is too old, so that no secret stays longer than it is good for.
    pub fn sweep(&self, now: Time) {
        self.lock().sweep(|proved| self.is_fresh(proved, now));
    }

    /// Whether resumption is offered at all.
    pub(crate) fn are_kept(&self) -> bool {
        self.limits.sessions > 0
    }

    fn is_fresh(&self, proved: Time, now: Time) -> bool {
        // A clock that was set back makes no session younger.
        now.0.checked_sub(proved.0).is_some_and(|age| (0..=self.limits.age_seconds).contains(&age))
    }

    fn put(&self, id: Vec<u8>, origin: Origin, value: Zeroizing<Vec<u8>>, now: Time) -> bool {
        let bytes = 2 * id.len() + origin.leaf.len() + value.len();
        if !self.are_kept() || bytes > SESSION_LENGTH_MAX {
            return false;
        }
        let mut shelf = self.lock();
        shelf.sweep(|proved| self.is_fresh(proved, now));
        shelf.put(id, origin, value);
        while shelf.entries.len() > self.limits.sessions || shelf.bytes > BYTES_MAX {
            shelf.drop_oldest();
        }
        true
    }

    fn look(&self, id: &[u8], now: Time) -> Option<(Origin, Zeroizing<Vec<u8>>)> {
        let mut shelf = self.lock();
        let entry = shelf.entries.get(id)?;
        if !self.is_fresh(entry.origin.proved, now) {
            shelf.remove(id);
            return None;
        }
        Some((entry.origin.clone(), entry.value.clone()))
    }

    fn take(&self, id: &[u8], now: Time) -> Option<(Origin, Zeroizing<Vec<u8>>)> {
        let entry = self.lock().remove(id)?;
        let fresh = self.is_fresh(entry.origin.proved, now);
        fresh.then_some((entry.origin, entry.value))
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn put(&mut self, id: Vec<u8>, mut origin: Origin, value: Zeroizing<Vec<u8>>) {
        self.remove(&id);
        if let Some((known, numbers)) = self.by_leaf.get_key_value(&origin.leaf) {
            origin.leaf = Arc::clone(known);
            if numbers.len() >= CERTIFICATE_SESSIONS_MAX
                && let Some(oldest) = numbers.first().copied()
            {
                self.remove_number(oldest);
            }
        }
        let number = self.next;
        self.next += 1;
        self.by_leaf.entry(Arc::clone(&origin.leaf)).or_default().push(number);
        let entry = Entry { number, origin, value };
        self.bytes += entry.bytes(&id);
        self.order.insert(number, id.clone());
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: &[u8]) -> Option<Entry> {
        let entry = self.entries.remove(id)?;
        self.bytes = self.bytes.saturating_sub(entry.bytes(id));
        self.order.remove(&entry.number);
        if let Some(numbers) = self.by_leaf.get_mut(&entry.origin.leaf) {
            numbers.retain(|number| *number != entry.number);
            if numbers.is_empty() {
                self.by_leaf.remove(&entry.origin.leaf);
            }
        }
        Some(entry)
    }

    fn remove_number(&mut self, number: Number) {
        if let Some(id) = self.order.get(&number).cloned() {
            self.remove(&id);
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.order.keys().next().copied() {
            self.remove_number(oldest);
        }
    }

    fn forget(&mut self, leaf: &[u8]) -> usize {
        let numbers = self.by_leaf.get(leaf).cloned().unwrap_or_default();
        let count = numbers.len();
        for number in numbers {
            self.remove_number(number);
        }
        count
    }

    /// Stops at the first fresh one: a resumed session that is older than those before it is
    /// found when it is asked for.
    fn sweep(&mut self, is_fresh: impl Fn(Time) -> bool) {
        while let Some((_, id)) = self.order.first_key_value() {
            if self.entries.get(id).is_some_and(|entry| is_fresh(entry.origin.proved)) {
                break;
            }
            self.drop_oldest();
        }
    }
}

/// The sessions as one conversation sees them: it knows the time, the device and the verdict.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) verdict: Arc<dyn Verdict>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) clock: Arc<Clock>,
    /// Whether the device offers the extended master secret (RFC 7627).
    pub(crate) extended_master_secret: AtomicBool,
    /// What the session goes back to that was found in this conversation.
    origin: Mutex<Option<Origin>>,
}

impl Desk {
    pub(crate) fn new(
        sessions: Arc<Sessions>,
        verdict: Arc<dyn Verdict>,
        witness: Arc<Witness>,
        clock: Arc<Clock>,
    ) -> Self {
        let (extended_master_secret, origin) = (AtomicBool::new(false), Mutex::new(None));
        Self { sessions, verdict, witness, clock, extended_master_secret, origin }
    }

    /// Drops the sessions of a certificate.
    pub(crate) fn forget(&self, leaf: &[u8]) {
        self.sessions.forget(leaf);
    }

    /// Who may not enter does not resume either: the full handshake that follows tells it why.
    fn judge(&self, found: (Origin, Zeroizing<Vec<u8>>)) -> Option<Vec<u8>> {
        let (origin, mut value) = found;
        if self.verdict.verdict(&origin.leaf, self.clock.now()).is_err() {
            self.sessions.forget(&origin.leaf);
            return None;
        }
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner) = Some(origin);
        Some(std::mem::take(&mut *value))
    }

    /// A certificate shown now goes before one that was found: then it was not resumed.
    fn origin(&self) -> Option<Origin> {
        if let Some(presented) = self.witness.presented() {
            return Some(Origin { leaf: presented.leaf.into(), proved: self.clock.now() });
        }
        self.origin.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl StoresServerSessions for Desk {
    fn put(&self, id: Vec<u8>, value: Vec<u8>) -> bool {
        let value = Zeroizing::new(value);
        let Some(origin) = self.origin() else { return false };
        self.sessions.put(id, origin, value, self.clock.now())
    }

    /// TLS 1.2. Without extended master secret a session could be joined to another handshake
    /// (the triple handshake, RFC 7627 section 1), so that only those with it are resumed.
    fn get(&self, id: &[u8]) -> Option<Vec<u8>> {
        if !self.extended_master_secret.load(Ordering::Relaxed) {
            return None;
        }
        self.judge(self.sessions.look(id, self.clock.now())?)
    }

    /// TLS 1.3: a ticket is good once, and the resumed handshake hands out the next.
    fn take(&self, id: &[u8]) -> Option<Vec<u8>> {
        self.judge(self.sessions.take(id, self.clock.now())?)
    }

    fn can_cache(&self) -> bool {
        self.sessions.are_kept()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_790_000_000);

    fn sessions(sessions: usize) -> Sessions {
        Sessions::new(Limits { sessions, ..Limits::default() })
    }

    fn put(sessions: &Sessions, id: u8, leaf: &[u8], length: usize) -> bool {
        let origin = Origin { leaf: leaf.into(), proved: NOW };
        sessions.put(vec![id; 32], origin, Zeroizing::new(vec![id; length]), NOW)
    }

    fn is_kept(sessions: &Sessions, id: u8) -> bool {
        sessions.look(&[id; 32], NOW).is_some()
    }

    /// Every index speaks of the same entries.
    fn check(sessions: &Sessions, count: usize) {
        let shelf = sessions.lock();
        let by_leaf: usize = shelf.by_leaf.values().map(Vec::len).sum();
        assert_eq!([shelf.entries.len(), shelf.order.len(), by_leaf], [count; 3]);
        let bytes: usize = shelf.entries.iter().map(|(id, entry)| entry.bytes(id)).sum();
        assert_eq!(shelf.bytes, bytes);
        assert!(shelf.by_leaf.values().all(|numbers| !numbers.is_empty()));
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let sessions = sessions(3);
        for id in 0..5 {
            assert!(put(&sessions, id, &[id], 100));
            check(&sessions, 3.min(usize::from(id) + 1));
        }
        assert!((0..5).map(|id| is_kept(&sessions, id)).eq([false, false, true, true, true]));
    }

    #[test]
    fn one_certificate_keeps_a_few_and_pushes_nobody_else_out() {
        let sessions = sessions(100);
        put(&sessions, 99, b"another", 100);
        for id in 0..50 {
            put(&sessions, id, b"greedy", 100);
        }
        check(&sessions, 1 + CERTIFICATE_SESSIONS_MAX);
        assert!(is_kept(&sessions, 99) && is_kept(&sessions, 49) && !is_kept(&sessions, 45));
    }

    #[test]
    fn a_session_that_is_too_long_is_not_kept() {
        let sessions = sessions(10);
        assert!(!put(&sessions, 1, b"leaf", SESSION_LENGTH_MAX));
        check(&sessions, 0);
        assert!(put(&sessions, 1, b"leaf", SESSION_LENGTH_MAX - 100));
        check(&sessions, 1);
    }

    #[test]
    fn all_bytes_together_are_bounded() {
        let sessions = sessions(SESSIONS_MAX);
        let value = Zeroizing::new(vec![0; SESSION_LENGTH_MAX - 100]);
        for number in 0..4200_u32 {
            let leaf = number.to_be_bytes().as_slice().into();
            let origin = Origin { leaf, proved: NOW };
            assert!(sessions.put(number.to_be_bytes().to_vec(), origin, value.clone(), NOW));
        }
        let count = sessions.count();
        assert!((4000..4200).contains(&count), "{count}");
        assert!(sessions.lock().bytes <= BYTES_MAX);
        check(&sessions, count);
    }

    #[test]
    fn age_is_bounded_on_both_sides() {
        let sessions = sessions(10);
        for (seconds, kept) in [(0, true), (3600, true), (3601, false), (-1, false)] {
            put(&sessions, 1, b"leaf", 10);
            let now = Time(NOW.0 + seconds);
            assert_eq!(sessions.look(&[1; 32], now).is_some(), kept, "{seconds}");
            put(&sessions, 2, b"leaf", 10);
            assert_eq!(sessions.take(&[2; 32], now).is_some(), kept, "{seconds}");
        }
        put(&sessions, 3, b"leaf", 10);
        sessions.sweep(Time(NOW.0 + 3600));
        assert!(is_kept(&sessions, 3));
        sessions.sweep(Time(NOW.0 + 3601));
        check(&sessions, 0);
    }

    #[test]
    fn limits_cannot_be_raised() {
        let sessions = Sessions::new(Limits { sessions: usize::MAX, age_seconds: i64::MAX });
        assert_eq!(sessions.limits, Limits::default());
    }

    #[test]
    fn a_certificate_is_forgotten_with_all_its_sessions_and_nobody_elses() {
        let sessions = sessions(10);
        for (id, leaf) in [(1, b"a"), (2, b"b"), (3, b"a")] {
            put(&sessions, id, leaf, 10);
        }
        assert_eq!((sessions.forget(b"a"), sessions.forget(b"a")), (2, 0));
        check(&sessions, 1);
        assert!(is_kept(&sessions, 2));
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be() {
        let sessions = sessions(0);
        assert!(!sessions.are_kept() && !put(&sessions, 1, b"leaf", 10));
        check(&sessions, 0);
    }

    #[test]
    fn a_session_put_twice_is_one() {
        let sessions = sessions(10);
        put(&sessions, 1, b"a", 10);
        put(&sessions, 1, b"b", 20);
        check(&sessions, 1);
        assert_eq!(sessions.forget(b"a"), 0);
        assert!(sessions.take(&[1; 32], NOW).is_some() && !is_kept(&sessions, 1));
        check(&sessions, 0);
    }
}
