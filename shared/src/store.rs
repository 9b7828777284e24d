//! The replicated store: keys and values that everyone has a copy of.
//!
//! A put and a removal are entries of the log, and a key's version is the `seq` of its latest entry. So a copy is a
//! fold in which the higher version wins: whatever the order in which entries and pages of a snapshot come, and however
//! often, copies that know the same are equal ([`Store::digest`]).

mod bounds;
mod delivered;
mod digest;
mod snapshot;
mod whole;

use serde::Serialize;
use serde_json::Value;

pub use self::bounds::{
    Load, MAX_BYTES, MAX_DEPTH, MAX_KEY, MAX_KEYS, MAX_REMOVED, MAX_VALUE, Refused, charge, check_key, check_value,
};
pub use self::snapshot::{MAX_PAGE, MAX_PAGE_BYTES, weight};
pub use self::whole::Whole;
use crate::entry::Entry;

/// A key of the store, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    pub key: String,
    pub value: Value,
    /// The `seq` of the entry that put it.
    pub version: u64,
}

/// One copy of the store.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// By their keys' bytes; as many as the hub takes ([`MAX_KEYS`]).
    pairs: Vec<Pair>,
    /// Keys that were removed, by their bytes, and when: an older put, or a page of before, does not bring them back. At
    /// most [`MAX_REMOVED`].
    removed: Vec<(String, u64)>,
    seq: u64,
}

impl Store {
    /// What a key holds.
    pub fn get(&self, key: &str) -> Option<&Pair> {
        self.find(key).ok().map(|place| &self.pairs[place])
    }

    /// The version of a key; 0 where it is not there.
    pub fn version(&self, key: &str) -> u64 {
        self.get(key).map_or(0, |pair| pair.version)
    }

    /// What the keys that begin so hold, by the keys' bytes.
    pub fn list(&self, prefix: &str) -> &[Pair] {
        let from = self.pairs.partition_point(|pair| pair.key.as_str() < prefix);
        let rest = &self.pairs[from..];
        &rest[..rest.partition_point(|pair| pair.key.starts_with(prefix))]
    }

    /// The latest position of the log that something of it is as of. Entries of before may still be to come.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The keys whose removal is remembered.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.removed.iter().map(|(key, _)| key.as_str())
    }

    /// What an entry does to the store. Whether the key is otherwise than before.
    pub fn fold(&mut self, entry: &Entry) -> bool {
        match entry {
            Entry::Put(put) => self.put(put.seq, &put.key, put.value.clone()),
            Entry::Removed(removed) => self.remove(removed.seq, &removed.key),
            _ => false,
        }
    }

    /// The entry `seq` gave a key a value. Whether that is news: false where a later one is known.
    pub fn put(&mut self, seq: u64, key: &str, value: Value) -> bool {
        self.seq = self.seq.max(seq);
        match self.find(key) {
            Ok(place) => {
                let pair = &mut self.pairs[place];
                let news = pair.version < seq;
                if news {
                    (pair.value, pair.version) = (value, seq);
                }
                news
            }
            Err(place) => {
                match self.find_removed(key) {
                    Ok(removed) if self.removed[removed].1 >= seq => return false,
                    Ok(removed) => drop(self.removed.remove(removed)),
                    Err(_) => {}
                }
                self.pairs.insert(place, Pair { key: key.to_owned(), value, version: seq });
                true
            }
        }
    }

    /// The entry `seq` removed a key. Whether it was there.
    pub fn remove(&mut self, seq: u64, key: &str) -> bool {
        self.seq = self.seq.max(seq);
        let there = match self.find(key) {
            Ok(place) if self.pairs[place].version > seq => return false,
            Ok(place) => {
                self.pairs.remove(place);
                true
            }
            Err(_) => false,
        };
        match self.find_removed(key) {
            Ok(removed) => self.removed[removed].1 = seq.max(self.removed[removed].1),
            Err(place) => {
                self.removed.insert(place, (key.to_owned(), seq));
                if self.removed.len() > MAX_REMOVED {
                    self.forget_removed();
                }
            }
        }
        there
    }

    /// Lets go of the older half of the removals, so that this is not done for each.
    fn forget_removed(&mut self) {
        let mut seqs: Vec<u64> = self.removed.iter().map(|(_, seq)| *seq).collect();
        seqs.sort_unstable();
        let kept_from = seqs[seqs.len() / 2];
        self.removed.retain(|(_, seq)| *seq >= kept_from);
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.pairs.binary_search_by(|pair| pair.key.as_str().cmp(key))
    }

    fn find_removed(&self, key: &str) -> Result<usize, usize> {
        self.removed.binary_search_by(|(removed, _)| removed.as_str().cmp(key))
    }
}
