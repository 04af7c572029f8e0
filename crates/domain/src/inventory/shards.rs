//! Maps in shards, so that a change seldom meets who reads.

use core::borrow::Borrow;
use core::hash::BuildHasher;
use core::hash::Hash;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

/// Shards: enough that a change seldom meets a login.
const SHARDS: usize = 32;

/// A map of values that are cheap to clone.
#[derive(Debug)]
pub(super) struct Shards<K, V> {
    shards: Vec<RwLock<HashMap<K, V>>>,
    hasher: RandomState,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

impl<K: Eq + Hash, V: Clone> Shards<K, V> {
    pub(super) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let shard = self.shard(key)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(key).cloned()
    }

    pub(super) fn insert(&self, key: K, value: V) {
        if let Some(shard) = self.shard(&key) {
            shard.write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
        }
    }

    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.shard(key)?.write().unwrap_or_else(PoisonError::into_inner).remove(key)
    }

    /// A copy of all, shard by shard.
    pub(super) fn values(&self) -> Vec<V> {
        let mut values = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            values.extend(shard.values().cloned());
        }
        values
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&RwLock<HashMap<K, V>>> {
        let hash = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        self.shards.get(hash)
    }
}

/// What is found by a text: mostly one.
#[derive(Debug)]
pub(super) struct Index<T>(Shards<Box<str>, Few<T>>);

/// One, or several.
#[derive(Clone, Debug)]
enum Few<T> {
    One(T),
    Many(Arc<BTreeSet<T>>),
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self(Shards::default())
    }
}

impl<T: Clone + Ord> Index<T> {
    /// What a text finds, if that is exactly one.
    pub(super) fn one(&self, key: &str) -> Option<T> {
        match self.0.get(key)? {
            Few::One(one) => Some(one),
            Few::Many(_) => None,
        }
    }

    /// Everything that a text finds.
    pub(super) fn all(&self, key: &str) -> Vec<T> {
        match self.0.get(key) {
            None => Vec::new(),
            Some(Few::One(one)) => vec![one],
            Some(Few::Many(many)) => many.iter().cloned().collect(),
        }
    }

    pub(super) fn add(&self, key: String, value: T) {
        let Some(shard) = self.0.shard(key.as_str()) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        match shard.get_mut(key.as_str()) {
            None => drop(shard.insert(key.into_boxed_str(), Few::One(value))),
            Some(Few::One(one)) if *one == value => {}
            Some(few @ Few::One(_)) => {
                let mut many = BTreeSet::from([value]);
                if let Few::One(one) = few {
                    many.insert(one.clone());
                }
                *few = Few::Many(Arc::new(many));
            }
            Some(Few::Many(many)) => drop(Arc::make_mut(many).insert(value)),
        }
    }

    pub(super) fn remove(&self, key: &str, value: &T) {
        let Some(shard) = self.0.shard(key) else { return };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let Some(few) = shard.get_mut(key) else { return };
        let left = match few {
            Few::One(one) if one == value => None,
            Few::One(_) => return,
            Few::Many(many) => {
                let many = Arc::make_mut(many);
                many.remove(value);
                if many.len() > 1 {
                    return;
                }
                many.first().cloned()
            }
        };
        match left {
            None => drop(shard.remove(key)),
            Some(one) => *few = Few::One(one),
        }
    }
}
