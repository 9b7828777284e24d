//! What a session delivers of the store.

use super::Store;
use crate::entry::{Entry, Put, Removed};
use crate::message::ToHub;
use crate::session::{Delivery, Response};

impl Store {
    /// Folds in what the session delivered, if it is of the store. Gives back the keys that are otherwise than before.
    pub fn deliver(&mut self, delivery: &Delivery) -> Vec<String> {
        match delivery {
            Delivery::Welcomed { new_log: true, .. } => {
                let pairs = std::mem::take(self).pairs;
                pairs.into_iter().map(|pair| pair.key).collect()
            }
            Delivery::Heard(entry) => match (self.fold(entry), entry) {
                (true, Entry::Put(Put { key, .. }) | Entry::Removed(Removed { key, .. })) => vec![key.clone()],
                _ => Vec::new(),
            },
            Delivery::Answered { request: ToHub::Store { after, prefix, .. }, answer: Ok(Response::Pairs(page)) } => {
                self.take_page(after.as_deref(), prefix.as_deref().unwrap_or_default(), page.clone())
            }
            _ => Vec::new(),
        }
    }
}
