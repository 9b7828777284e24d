//! The whole of the store in pages, and a copy as text for who keeps it.

use serde_json::Value;

use super::{Pair, Store};
use crate::message::{Pairs, read};
use crate::wire;

/// Pairs of one page.
pub const MAX_PAGE: usize = 200;

/// Bytes (about) of keys and values of one page, unless its only pair is longer: as a page of the log.
pub const MAX_PAGE_BYTES: usize = 128 * 1024;

impl Store {
    /// The pairs behind a key, of those that begin so, as of `seq`.
    pub fn page(&self, seq: u64, after: Option<&str>, prefix: &str) -> Pairs {
        let all = self.list(prefix);
        let from = after.map_or(0, |after| all.partition_point(|pair| pair.key.as_str() <= after));
        let mut bytes = 0;
        let fits = |pair: &&Pair| {
            bytes += pair.key.len() + weight(&pair.value);
            bytes <= MAX_PAGE_BYTES
        };
        let rest = &all[from..];
        let count = rest.iter().take(MAX_PAGE).take_while(fits).count().max(1).min(rest.len());
        Pairs { seq, pairs: rest[..count].to_vec(), more: count < rest.len() }
    }

    /// A page that was asked for so has come: what it names is there, and what it passes over was not there at its
    /// `seq`. Gives back the keys that are otherwise than before.
    pub fn take_page(&mut self, after: Option<&str>, prefix: &str, page: Pairs) -> Vec<String> {
        let Pairs { seq, pairs, more } = page;
        let last = pairs.last().map(|pair| pair.key.clone()).filter(|_| more);
        if more && last.is_none() {
            return Vec::new(); // it says nothing
        }
        let mut changed = Vec::new();
        let is_told = |key: &str| {
            key.starts_with(prefix)
                && after.is_none_or(|after| key > after)
                && last.as_ref().is_none_or(|last| key <= last.as_str())
        };
        let is_named = |key: &str| pairs.binary_search_by(|pair| pair.key.as_str().cmp(key)).is_ok();
        self.pairs.retain(|pair| {
            let is_there = pair.version > seq || !is_told(&pair.key) || is_named(&pair.key);
            if !is_there {
                changed.push(pair.key.clone());
            }
            is_there
        });
        for Pair { key, value, version } in pairs {
            if self.put(version, &key, value) {
                changed.push(key);
            }
        }
        self.seq = self.seq.max(seq);
        changed
    }

    /// All of it as text, fit to be kept.
    pub fn to_text(&self) -> String {
        wire::encode(&Pairs { seq: self.seq, pairs: self.pairs.clone(), more: false })
    }

    /// What was kept; none if it is no such text. What is put or removed after its [`Store::seq`] is to be added.
    pub fn from_text(text: &str) -> Option<Self> {
        let tree: Value = serde_json::from_str(text).ok()?;
        let page = read::<Pairs>(tree).ok()?;
        let mut store = Self::default();
        store.take_page(None, "", page);
        Some(store)
    }
}

/// About how many bytes of JSON a value takes.
pub fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, field)| name.len() + weight(field) + 4).sum::<usize>() + 2,
    }
}
