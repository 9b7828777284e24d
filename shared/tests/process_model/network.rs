//! A hub that carries signals as the real one is to: it knows ties by direction, and breaks them as a whole.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;
use shared::message::Why;

/// What the hub sends to a node.
#[derive(Clone, Debug)]
pub(crate) enum Down {
    Signal { from: usize, signal: Value },
    Unreachable { node: usize, why: Why },
    Broken { node: usize, why: Why },
}

/// What a node sends to the hub.
#[derive(Clone, Debug)]
pub(crate) struct Up {
    pub(crate) to: usize,
    pub(crate) first: bool,
    pub(crate) signal: Value,
}

#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) up: Vec<VecDeque<Up>>,
    pub(crate) down: Vec<VecDeque<Down>>,
    pub(crate) online: Vec<bool>,
    /// From whom to whom signals pass.
    open: BTreeSet<(usize, usize)>,
    /// Whether a direction is opened by a signal that is marked as the first alone.
    minds_first: bool,
}

impl Hub {
    pub(crate) fn new(nodes: usize, minds_first: bool) -> Self {
        Self {
            up: vec![VecDeque::new(); nodes],
            down: vec![VecDeque::new(); nodes],
            online: vec![true; nodes],
            open: BTreeSet::new(),
            minds_first,
        }
    }

    /// Takes the next frame of a node.
    pub(crate) fn take(&mut self, from: usize) -> bool {
        let Some(Up { to, first, signal }) = self.up[from].pop_front() else { return false };
        let open = self.open.contains(&(from, to));
        if !open && !first && self.minds_first {
            return true;
        }
        if !self.online[to] {
            self.down[from].push_back(Down::Unreachable { node: to, why: Why::NodeDown });
            return true;
        }
        if open && first {
            // Its table has given the tie up, of which the other end knows nothing: it ends for both.
            self.untie(from, to, Why::Full);
            return true;
        }
        self.open.insert((from, to));
        self.down[to].push_back(Down::Signal { from, signal });
        true
    }

    /// A signal found no room: what waits for either of the other is not lost, what comes now is.
    pub(crate) fn untie(&mut self, a: usize, b: usize, why: Why) {
        let tied = self.open.remove(&(a, b)) | self.open.remove(&(b, a));
        if tied {
            for (end, other) in [(a, b), (b, a)] {
                if self.online[end] {
                    self.down[end].push_back(Down::Broken { node: other, why });
                }
            }
        }
    }

    /// A connection has ended, with all that was on its way.
    pub(crate) fn cut(&mut self, node: usize) {
        self.online[node] = false;
        self.up[node].clear();
        self.down[node].clear();
        for other in 0..self.online.len() {
            self.untie(node, other, Why::Disconnected);
        }
    }
}
