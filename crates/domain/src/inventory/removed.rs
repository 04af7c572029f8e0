//! What was removed a moment ago, so that nothing read before puts it back.

use core::borrow::Borrow;
use core::hash::Hash;
use std::collections::HashMap;
use std::collections::VecDeque;

/// Removals that are remembered: as many as a change may have statements. What is read late is
/// late by a second, not by so many removals.
const REMOVED_MAX: usize = 65_536;

/// Names of removed records, each with the version that its removal was.
#[derive(Debug)]
pub(super) struct Removed<K> {
    versions: HashMap<K, i64>,
    order: VecDeque<K>,
}

impl<K> Default for Removed<K> {
    fn default() -> Self {
        Self { versions: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + Hash> Removed<K> {
    /// The version since which a record is gone.
    pub(super) fn since<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<i64>
    where
        K: Borrow<Q>,
    {
        self.versions.get(key).copied()
    }

    pub(super) fn note(&mut self, key: K, version: i64) {
        if self.versions.insert(key.clone(), version).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > REMOVED_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.versions.remove(&oldest);
            }
        }
    }

    /// The record is there again.
    pub(super) fn forget<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        // Its place in the order stays, and is passed over in its time.
        self.versions.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_removals_are_remembered_and_no_more() {
        let mut removed = Removed::default();
        for key in 0..=REMOVED_MAX {
            removed.note(key, 1);
        }
        assert_eq!(removed.since(&0), None);
        assert_eq!(removed.since(&1), Some(1));
        assert_eq!(removed.versions.len(), REMOVED_MAX);
    }
}
