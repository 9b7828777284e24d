//! The list of nodes, for those who follow it: what has changed is gathered for a moment and told to all of them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use shared::message::{NodesChanged, ToNode};
use shared::wire::MAX_FOLLOWED;
use slotmap::SparseSecondaryMap;
use tokio::time::Instant;

use super::MessageServer;
use crate::outbox::Shared;
use crate::registry::NodeKey;

/// How long changes are gathered: what the wire promises at the most.
const DELAY: Duration = Duration::from_millis(250);

/// Who follows the list of nodes, and what they have still to be told.
#[derive(Debug, Default)]
pub(super) struct Directory {
    followers: SparseSecondaryMap<NodeKey, ()>,
    /// The nodes that came, went or are otherwise, with their full names: some are there no more when it is told. Empty
    /// while nobody follows, and at most [`MAX_FOLLOWED`].
    changed: HashMap<NodeKey, String>,
    /// The hub is otherwise.
    hub: bool,
    /// There were more changes than are told one by one.
    crowded: bool,
    /// When it is told.
    due: Option<Instant>,
}

impl Directory {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// A node follows the list from now on, or no longer.
    pub(super) fn follow(&mut self, node: NodeKey, follows: bool) {
        if follows {
            self.followers.insert(node, ());
        } else {
            self.followers.remove(node);
        }
    }

    /// A node has changed; `name` gives its full name.
    fn note(&mut self, node: NodeKey, name: impl FnOnce() -> Option<String>) {
        if self.followers.is_empty() {
            return;
        }
        let count = self.changed.len();
        match self.changed.entry(node) {
            Entry::Occupied(_) => {}
            Entry::Vacant(_) if count >= MAX_FOLLOWED => self.crowded = true,
            Entry::Vacant(place) => {
                if let Some(name) = name() {
                    place.insert(name);
                }
            }
        }
        self.due.get_or_insert_with(|| Instant::now() + DELAY);
    }
}

impl MessageServer {
    /// A node has come, or is otherwise than lists have shown it; or it is just about to go.
    pub(super) fn note_node(&mut self, node: NodeKey) {
        self.directory.note(node, || self.registry.node_name(node));
    }

    /// The same of the hub itself.
    pub(super) fn note_hub(&mut self) {
        if !self.directory.followers.is_empty() {
            self.directory.hub = true;
            self.directory.due.get_or_insert_with(|| Instant::now() + DELAY);
        }
    }

    /// Tells those who follow the list how it has changed.
    pub(super) fn tell_directory(&mut self, now: Instant) {
        if self.directory.due.is_none_or(|due| due > now) {
            return;
        }
        self.directory.due = None;
        let (hub, crowded) = (std::mem::take(&mut self.directory.hub), std::mem::take(&mut self.directory.crowded));
        let changed = std::mem::take(&mut self.directory.changed);
        let count = self.registry.count_connected() + 1; // the hub
        let news = if crowded || count > MAX_FOLLOWED {
            NodesChanged { count: Some(u32::try_from(count).unwrap_or(u32::MAX)), ..NodesChanged::default() }
        } else {
            let here = self.registry.list_some(hub, changed.keys().copied());
            // By its name, which may be another's by now.
            let is_gone =
                |name: &String| self.registry.find_node(name).is_none_or(|it| !self.registry.is_connected(it));
            NodesChanged { here, gone: changed.into_values().filter(is_gone).collect(), count: None }
        };
        let signal = Arc::new(Shared::new(ToNode::Nodes(news), self.directory.followers.len()));
        for node in self.directory.followers.keys() {
            if let Some(outbox) = self.desks.get(node).and_then(|desk| desk.outbox.as_ref()) {
                outbox.push_signal(&signal);
            }
        }
    }
}
