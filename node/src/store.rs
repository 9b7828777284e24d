//! The replicated store: this node's own copy of it, and changes of it.

use std::collections::VecDeque;

use serde_json::Value;
use shared::map_server;
use shared::message::{Json, ToHub};
use shared::process::Fault;
use shared::store::Pair;
use tokio::sync::watch;

use crate::client::{Client, sent};
use crate::processes::fault;

/// The replicated store as this node has it, by [`Client::store`]. What is read is read here, also without the hub; what
/// is written is on the hub's disk, and in this copy, when the answer comes.
#[derive(Clone)]
pub struct Store {
    client: Client,
    /// How often the copy has changed.
    changes: watch::Receiver<u64>,
}

/// A key whose value is another one now.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub key: String,
    /// None: it is not there any more.
    pub value: Option<Value>,
    /// The `seq` of the entry that put it; 0 where it is not there.
    pub version: u64,
}

impl Store {
    pub(crate) fn new(client: Client, changes: watch::Receiver<u64>) -> Self {
        Self { client, changes }
    }

    /// Waits until the whole store is here: on a connection all that was put before it began. Without a hub it is as it was
    /// read last, if it ever was. False if that is not to be expected: the client was stopped.
    pub async fn ready(&self) -> bool {
        self.when(|client| client.core().processes.copy.whole.is_here().then_some(())).await.is_some()
    }

    /// What a key holds, as far as this node has read: that there is none is sure behind [`Store::ready`].
    pub fn get(&self, key: &str) -> Option<Pair> {
        self.client.core().processes.copy.store.get(key).cloned()
    }

    /// What the keys that begin so hold, by the keys' bytes; all of them behind [`Store::ready`].
    pub fn list(&self, prefix: &str) -> Vec<Pair> {
        self.client.core().processes.copy.store.list(prefix).to_vec()
    }

    /// A number for all that the copy holds, and the `seq` as of which it is: equal copies have the same.
    pub fn digest(&self) -> (u64, u64) {
        let core = self.client.core();
        (core.processes.copy.store.seq(), core.processes.copy.store.digest())
    }

    /// Puts a value; gives the key's new version. Kept and sent again like a line, where the hub is away.
    ///
    /// # Errors
    /// `not_connected` without a nick, `key_invalid`, `value_too_long`, `store_full`.
    pub async fn put(&self, key: &str, value: impl Into<Value>) -> Result<u64, Fault> {
        let (key, value) = (key.to_owned(), Json::of(&value.into()));
        self.change(key.clone(), |id| ToHub::Put { id, key, value, version: None }).await
    }

    /// The same if the key's version is that one; 0: if it is not there.
    ///
    /// # Errors
    /// As for [`Store::put`], and `version_conflict`.
    pub async fn put_if(&self, key: &str, value: impl Into<Value>, version: u64) -> Result<u64, Fault> {
        let (key, value) = (key.to_owned(), Json::of(&value.into()));
        self.change(key.clone(), |id| ToHub::Put { id, key, value, version: Some(version) }).await
    }

    /// Takes a key out; gives the `seq` of that.
    ///
    /// # Errors
    /// As for [`Store::put`].
    pub async fn remove(&self, key: &str) -> Result<u64, Fault> {
        let key = key.to_owned();
        self.change(key.clone(), |id| ToHub::Remove { id, key, version: None }).await
    }

    /// What changes from now on of the keys that begin so.
    pub fn watch(&self, prefix: &str) -> Watch {
        let seen = self.list(prefix).into_iter().map(|pair| (pair.key, pair.version)).collect();
        Watch { store: self.clone(), prefix: prefix.to_owned(), seen, found: VecDeque::new() }
    }

    async fn change(&self, key: String, request: impl FnOnce(String) -> ToHub) -> Result<u64, Fault> {
        let sent = self.client.request(request, sent).await.map_err(fault)?;
        // What was put is there for whoever put it.
        let here = self.when(|client| {
            let core = client.core();
            let copy = &core.processes.copy;
            // Of a part it cannot be told how far it has got.
            let has = copy.store.version(&key) >= sent.seq
                || copy.whole.is_here() && map_server::has(&copy.store, &key, sent.seq);
            has.then_some(())
        });
        here.await;
        Ok(sent.seq)
    }

    /// Waits until the copy is as wanted; none if the client has stopped.
    async fn when<T>(&self, mut look: impl FnMut(&Client) -> Option<T>) -> Option<T> {
        let mut changes = self.changes.clone();
        loop {
            changes.mark_unchanged();
            if let Some(found) = look(&self.client) {
                return Some(found);
            }
            changes.changed().await.ok()?;
        }
    }
}

/// What becomes of some keys of the store: [`Store::watch`].
pub struct Watch {
    store: Store,
    prefix: String,
    /// Keys as they were told last, with their versions, by their bytes.
    seen: Vec<(String, u64)>,
    /// Changes that are to be told; each key once.
    found: VecDeque<Change>,
}

impl Watch {
    /// The next change, the earliest first. Whoever is slow is told of each key as it is now, not of all that it was
    /// meanwhile. None once the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.found.pop_front() {
                return Some(change);
            }
            self.store.changes.mark_unchanged();
            self.look();
            if self.found.is_empty() {
                self.store.changes.changed().await.ok()?;
            }
        }
    }

    fn look(&mut self) {
        let now = self.store.list(&self.prefix);
        let gone = self.seen.iter().filter(|(key, _)| now.binary_search_by(|pair| pair.key.cmp(key)).is_err());
        let mut found: Vec<Change> =
            gone.map(|(key, _)| Change { key: key.clone(), value: None, version: 0 }).collect();
        let is_news = |pair: &&Pair| match self.seen.binary_search_by(|(key, _)| key.cmp(&pair.key)) {
            Ok(place) => self.seen[place].1 != pair.version,
            Err(_) => true,
        };
        let news = now.iter().filter(is_news).cloned();
        found.extend(news.map(|Pair { key, value, version }| Change { key, value: Some(value), version }));
        found.sort_by_key(|change| change.version);
        self.seen = now.into_iter().map(|pair| (pair.key, pair.version)).collect();
        self.found = found.into();
    }
}
