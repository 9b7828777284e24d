//! With whom a node is tied. Pure.

use crate::registry::NodeKey;

/// An end of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::message_server) enum Peer {
    /// The hub's own node.
    Hub,
    Node(NodeKey),
}

/// One side of a tie. The other end has one of this end.
#[derive(Clone, Copy, Debug)]
struct Tie {
    with: Peer,
    /// This side has sent its first signal over it: what it sends further belongs to this tie, and not to one before.
    open: bool,
}

/// The ties of one node, sorted by the other end.
#[derive(Debug, Default)]
pub(in crate::message_server) struct Ties(Vec<Tie>);

impl Ties {
    fn find(&self, with: Peer) -> Result<usize, usize> {
        self.0.binary_search_by_key(&with, |tie| tie.with)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is one with it.
    pub(super) fn has(&self, with: Peer) -> bool {
        self.find(with).is_ok()
    }

    /// Whether this side has opened it.
    pub(super) fn is_open(&self, with: Peer) -> bool {
        self.find(with).is_ok_and(|place| self.0[place].open)
    }

    /// There is a tie from now on, if there was none.
    pub(super) fn add(&mut self, with: Peer) -> usize {
        self.find(with).unwrap_or_else(|place| {
            self.0.insert(place, Tie { with, open: false });
            place
        })
    }

    /// This side has sent its first signal.
    pub(super) fn open(&mut self, with: Peer) {
        let place = self.add(with);
        self.0[place].open = true;
    }

    /// Whether there was one.
    pub(super) fn remove(&mut self, with: Peer) -> bool {
        let place = self.find(with);
        if let Ok(place) = place {
            self.0.remove(place);
            if self.0.is_empty() {
                self.0 = Vec::new(); // an idle node holds nothing
            }
        }
        place.is_ok()
    }

    /// With whom there are ties.
    pub(super) fn peers(&self) -> Vec<Peer> {
        self.0.iter().map(|tie| tie.with).collect()
    }
}

#[cfg(test)]
mod tests {
    use slotmap::SlotMap;

    use super::*;

    #[test]
    fn each_side_opens_its_own() {
        let mut keys = SlotMap::<NodeKey, ()>::with_key();
        let [one, other] = [(); 2].map(|()| Peer::Node(keys.insert(())));
        let mut ties = Ties::default();
        ties.add(other);
        ties.add(Peer::Hub);
        assert!(ties.has(other) && !ties.is_open(other), "the other end has sent, this one has not");
        ties.open(other);
        ties.add(other);
        assert!(ties.is_open(other) && !ties.is_open(Peer::Hub) && !ties.has(one));
        assert_eq!(ties.peers(), [Peer::Hub, other]);
        assert!(ties.remove(other) && !ties.remove(other));
        ties.add(other);
        assert!(!ties.is_open(other), "it begins anew");
    }

    #[test]
    fn an_end_costs_a_tie_few_bytes() {
        assert!(size_of::<Tie>() <= 12, "{}", size_of::<Tie>());
    }
}
