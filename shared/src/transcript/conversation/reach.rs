//! How far own lines have got.

use super::Conversation;
use crate::message::{Behind, Cursors};
use crate::wire::MAX_BEHIND;

/// How far a line has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach<'a> {
    /// How many nodes there are, one's own among them; those that are reconnecting count.
    pub nodes: u32,
    /// How many of them have the line. Where more wait than the hub names ([`MAX_BEHIND`]), at most so many.
    pub reached: u32,
    /// Those that have not acknowledged it, farthest behind first.
    pub waiting: Vec<&'a Behind>,
}

impl Reach<'_> {
    /// Whether no node is without it.
    pub fn all(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// What the replies to `cursors` have told.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// The newest own line known.
    mine: u64,
    /// The latest reply, without this node itself.
    cursors: Cursors,
    /// It was given when all lines up to here were there to be reached: it says nothing of later ones.
    covers: u64,
    /// All up to here has reached all nodes that there were then, and so it stays.
    all: u64,
    /// So many they were.
    all_nodes: u32,
}

impl Reached {
    pub(super) fn mine(&mut self, seq: u64) {
        self.mine = self.mine.max(seq);
    }

    /// 0 where there is none.
    pub(super) fn newest_own(&self) -> u64 {
        self.mine
    }
}

impl Conversation {
    /// How far an own line has got; none while no reply to `cursors` tells.
    pub fn reach(&self, seq: u64) -> Option<Reach<'_>> {
        let Reached { cursors, covers, all, all_nodes, .. } = &self.reached;
        if seq <= *all {
            return Some(Reach { nodes: *all_nodes, reached: *all_nodes, waiting: Vec::new() });
        }
        (seq <= *covers).then(|| {
            let waiting: Vec<&Behind> = cursors.behind.iter().filter(|node| node.seq < seq).collect();
            let reached = cursors.nodes.saturating_sub(waiting.len() as u32);
            Reach { nodes: cursors.nodes, reached, waiting }
        })
    }

    /// The newest own line, as long as it is not known to have reached all nodes: ask [`Conversation::cursors`].
    /// Once it has, so have those before it.
    pub fn unreached(&self) -> Option<u64> {
        (self.reached.mine > self.reached.all).then_some(self.reached.mine)
    }

    /// A reply to `cursors`. This node is `me`; the hub had given out all up to `known` before. Whether it
    /// says anything new.
    pub(in crate::transcript) fn told_cursors(&mut self, cursors: &Cursors, me: &str, known: u64) -> bool {
        let reached = &mut self.reached;
        let mut cursors = cursors.clone();
        // Its own acknowledgement is only on the way.
        cursors.behind.retain(|node| node.node != me);
        cursors.behind.truncate(MAX_BEHIND);
        let covers = reached.covers.max(reached.mine.min(known));
        let all = cursors.behind.iter().map(|node| node.seq).fold(covers, u64::min);
        let news = covers != reached.covers || all > reached.all || cursors != reached.cursors;
        if all >= reached.all {
            reached.all = all;
            reached.all_nodes = cursors.nodes;
        }
        reached.covers = covers;
        reached.cursors = cursors;
        news
    }
}
