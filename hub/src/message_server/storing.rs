//! The store: the hub's own copy of it, and what nodes ask to be put there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::entry::{Entry, Put, Removed};
use shared::message::{Json, Pairs, Refusal};
use shared::store::{Pair, Refused, Store, check_key, check_value};
use tokio::sync::broadcast;
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

/// Commits whose changes wait for who listens; whoever is further behind looks at all there is.
const CHANGES: usize = 256;

/// A copy of the store, which the message server folds and everyone on the hub may look into.
#[derive(Clone, Debug)]
pub struct Stored {
    copy: Arc<Mutex<Store>>,
    /// Which keys are otherwise than before.
    told: broadcast::Sender<Arc<[String]>>,
}

impl Stored {
    /// Looks into the copy. Nobody else can meanwhile, the message server included: not for long.
    pub fn look<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        look(&self.copy.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys that are otherwise than before, from now on. Whoever is slow misses some, and is told so.
    pub fn changes(&self) -> broadcast::Receiver<Arc<[String]>> {
        self.told.subscribe()
    }

    fn fold(&self, entries: &[Entry]) {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys = Vec::new();
        for entry in entries {
            if let (true, Entry::Put(Put { key, .. }) | Entry::Removed(Removed { key, .. })) = (copy.fold(entry), entry)
            {
                keys.push(key.clone());
            }
        }
        drop(copy);
        if !keys.is_empty() {
            let _ = self.told.send(keys.into()); // nobody need listen
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
        let stored = Stored { copy: Arc::new(Mutex::new(store)), told: broadcast::Sender::new(CHANGES) };
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
