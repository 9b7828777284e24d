//! The store: the hub's own copy of it, and what nodes ask to be put there.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use shared::entry::{Entry, Put, Removed};
use shared::message::{Json, Pairs, Refusal};
use shared::store::{MAX_KEYS, Pair, Refused, Store, check_key, check_value};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::MessageServer;
use super::requests::spend;
use crate::backplane::{OwnerId, What};
use crate::rate::{Bucket, Rate};
use crate::registry::NodeKey;

/// Puts and removals of one owner: a program's, which must not use up what its person may say.
const PUTS: Rate = Rate { per_second: 50.0, burst: 250.0 };

/// After so many seconds a bucket that was emptied is full again; kept longer, it would only take room.
const FULL_AFTER: f64 = 5.0;

/// Keys that wait for who listens, each once: as many as there may be. Who is further behind looks at all there is.
const MAX_CHANGED: usize = MAX_KEYS;

/// A copy of the store, which the message server folds and everyone on the hub may look into.
#[derive(Clone, Debug)]
pub struct Stored {
    copy: Arc<Mutex<Store>>,
    /// What is otherwise than before.
    changed: Arc<Mutex<Changed>>,
    bell: Arc<Notify>,
}

/// What is otherwise than when somebody last looked.
#[derive(Debug, PartialEq, Eq)]
pub enum Changed {
    /// These keys. There may be none: then the copy has come further, and nothing else.
    Keys(BTreeSet<String>),
    /// More than are kept: any that is there or was.
    Any,
}

impl Stored {
    /// Looks into the copy. Nobody else can meanwhile, the message server included: not for long.
    pub fn look<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.copy.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something is otherwise than when this was last asked, and says what. For one alone: what one is told,
    /// another is not. Nothing is lost when it is not awaited to the end.
    pub async fn changed(&self) -> Changed {
        self.bell.notified().await;
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *changed, Changed::Keys(BTreeSet::new()))
    }

    fn fold(&self, entries: &[Entry]) {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        // Also where nothing is otherwise, such as by the removal of what was not there: somebody may wait for its version.
        let mut rings = false;
        for entry in entries {
            if let Entry::Put(Put { key, .. }) | Entry::Removed(Removed { key, .. }) = entry {
                rings = true;
                if copy.fold(entry) {
                    changed.note(key);
                }
            }
        }
        drop((copy, changed));
        if rings {
            self.bell.notify_one();
        }
    }
}

impl Changed {
    fn note(&mut self, key: &str) {
        if let Self::Keys(keys) = self {
            keys.insert(key.to_owned());
            if keys.len() > MAX_CHANGED {
                *self = Self::Any;
            }
        }
    }
}

/// What the message server keeps of the store.
pub(super) struct Storing {
    stored: Stored,
    /// Removals up to here are forgotten.
    since: u64,
    /// As those of lines.
    buckets: HashMap<OwnerId, Bucket>,
    swept: Instant,
}

impl Storing {
    pub(super) fn new(pairs: Vec<Pair>, since: u64, head: u64) -> Self {
        let mut store = Store::default();
        store.take_page(None, "", Pairs { seq: head, pairs, more: false });
        let changed = Arc::new(Mutex::new(Changed::Keys(BTreeSet::new())));
        let stored = Stored { copy: Arc::new(Mutex::new(store)), changed, bell: Arc::default() };
        Self { stored, since, buckets: HashMap::new(), swept: Instant::now() }
    }

    pub(super) fn stored(&self) -> Stored {
        self.stored.clone()
    }

    /// Whoever has a copy as of an earlier entry asks for the whole.
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    pub(super) fn forgot(&mut self, upto: Option<u64>) {
        self.since = self.since.max(upto.unwrap_or(0));
    }

    /// Entries that follow one another are durable.
    pub(super) fn fold(&self, entries: &[Entry]) {
        self.stored.fold(entries);
    }
}

/// A put as it was asked for, if it may be.
pub(super) fn put(key: String, value: &Json, version: Option<u64>) -> Result<What, Refusal> {
    check_key(&key)?;
    let value = value.value();
    let json = check_value(&value)?;
    Ok(What::Put { key, value, json, version })
}

/// The same of a removal.
pub(super) fn removal(key: String, version: Option<u64>) -> Result<What, Refusal> {
    check_key(&key)?;
    Ok(What::Remove { key, version })
}

/// Why the log did not take it.
pub(super) fn conflict(version: u64) -> Refusal {
    match version {
        0 => Refused::Missing.into(),
        version => Refused::Conflict(version).into(),
    }
}

impl MessageServer {
    /// A page of the store, as of this moment. `follow` says whether the node is to hear what becomes of it.
    pub(super) fn pairs(&mut self, node: NodeKey, follow: Option<bool>, after: Option<&str>, prefix: &str) -> Pairs {
        if let Some(follow) = follow {
            self.registry.set_store(node, follow);
        }
        let head = self.head;
        self.storing.stored.look(|store| store.page(head, after, prefix))
    }

    /// What an owner may put is counted apart from their lines.
    pub(super) fn spend_put(&mut self, owner: OwnerId) -> Result<(), Refusal> {
        if self.settings.rate_limit.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        let Storing { buckets, swept, .. } = &mut self.storing;
        if now.duration_since(*swept).as_secs_f64() > FULL_AFTER {
            buckets.retain(|_, bucket| !bucket.is_full(PUTS, now));
            *swept = now;
        }
        spend(buckets.entry(owner).or_insert_with(|| Bucket::new(PUTS, now)), PUTS, now)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;

    fn puts(seq: u64, key: String) -> Entry {
        Entry::Put(Put { seq, at: 0, from: "ana".to_owned(), id: seq.to_string(), key, value: json!(seq) })
    }

    fn removes(seq: u64, key: &str) -> Entry {
        Entry::Removed(Removed { seq, at: 0, from: "ana".to_owned(), id: seq.to_string(), key: key.to_owned() })
    }

    #[test]
    fn whoever_listens_hears_of_each_key_once_however_late_and_of_a_removal_that_changed_nothing() {
        let storing = Storing::new(Vec::new(), 0, 0);
        let stored = storing.stored();
        let changed = || stored.changed().now_or_never();
        let keys = |keys: &[&str]| Some(Changed::Keys(keys.iter().map(|&key| key.to_owned()).collect()));
        assert_eq!(changed(), None);
        for seq in 1..=1_000 {
            storing.fold(&[puts(seq, "a".to_owned())]);
        }
        storing.fold(&[puts(1_001, "b".to_owned()), removes(1_002, "b")]);
        assert_eq!(changed(), keys(&["a", "b"]));
        assert_eq!(changed(), None);
        storing.fold(&[removes(1_003, "never there")]);
        assert_eq!(changed(), keys(&[]), "its version is here");

        storing.fold(&(0..=MAX_CHANGED as u64).map(|n| puts(2_000 + n, format!("n{n}"))).collect::<Vec<_>>());
        assert_eq!(changed(), Some(Changed::Any));
        storing.fold(&[removes(90_000, "a")]);
        assert_eq!(changed(), keys(&["a"]));
    }
}
