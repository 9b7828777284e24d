//! The nodes that this one exchanges signals with: the window between the two, and what waits behind it.

use std::collections::VecDeque;

use super::process::Inner;
use super::timing::{Key, Timer};
use super::{Effect, Table};
use crate::message::{ErrorCode, Why};
use crate::node::NodeName;
use crate::process::limits::{MAX_OUTGOING, MAX_OUTGOING_BYTES, MAX_UNANSWERED, TIE_PATIENCE};
use crate::process::reason::Fault;
use crate::process::signal::Signal;
use crate::process::window::Window;
use serde_json::Value;

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: NodeName,
    /// Whether a signal has gone there since the connection began, or the last tie broke.
    opened: bool,
    pub(super) window: Window,
    /// Sent by the app, or owed by the table, while the window was closed.
    outgoing: VecDeque<Waiting>,
    /// The bytes of those.
    outgoing_bytes: usize,
    /// Processes that rest until there is room; the first of them first.
    resting: VecDeque<u64>,
    /// Monitors of that node on processes here: its `ref`, and the process.
    pub(super) watching: Vec<(u64, u64)>,
    /// Calls of that node that are not answered.
    pub(super) unanswered: usize,
    /// When it must have taken something, while something waits.
    silent: Option<Key>,
    /// This node has given the tie up, or is about to.
    given_up: GivenUp,
}

/// How far a tie is given up that the hub has not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GivenUp {
    No,
    /// Whoever waits here is about to be told.
    Soon,
    /// All here were told, and the hub will tell the other end. What comes until it has is of the tie that was.
    Told,
}

#[derive(Debug)]
struct Waiting {
    signal: Signal,
    bytes: u32,
    /// The ask that is answered when it goes.
    ask: Option<u64>,
}

impl Peer {
    /// Signals that wait behind the window.
    pub(super) fn outgoing(&self) -> usize {
        self.outgoing.len()
    }

    /// Their bytes.
    pub(super) fn outgoing_bytes(&self) -> usize {
        self.outgoing_bytes
    }

    /// Whether what comes from there is of a tie that has ended here.
    pub(super) fn is_of_before(&self) -> bool {
        self.given_up == GivenUp::Told
    }

    /// Whether one more finds no place behind the window.
    fn is_full(&self, bytes: u32, way: Way) -> bool {
        let most = match way {
            Way::Owed | Way::Spare => MAX_UNANSWERED,
            Way::Ask(_) => MAX_OUTGOING,
        };
        self.outgoing.len() >= most || self.outgoing_bytes + bytes as usize > MAX_OUTGOING_BYTES
    }
}

/// What becomes of a signal that finds no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Of a process or the table: it waits, or the tie is given up. It cannot be left out.
    Owed,
    /// An answer to what nobody here could answer: whoever asks for more than fits gets none.
    Spare,
    /// Of the app, by this ask.
    Ask(u64),
}

impl Table {
    fn find_peer(&self, name: &NodeName) -> Result<usize, usize> {
        self.peers.binary_search_by(|peer| peer.name.cmp(name))
    }

    pub(super) fn peer(&mut self, name: &NodeName) -> Option<&mut Peer> {
        self.find_peer(name).ok().and_then(|place| self.peers.get_mut(place))
    }

    /// The same, for the first signal as well. None where there are too many.
    pub(super) fn peer_or_new(&mut self, name: &NodeName) -> Option<&mut Peer> {
        let place = match self.find_peer(name) {
            Ok(place) => place,
            Err(_) if self.peers.len() >= self.bounds.ties => return None,
            Err(place) => {
                let peer = Peer {
                    name: name.clone(),
                    opened: false,
                    window: Window::default(),
                    outgoing: VecDeque::new(),
                    outgoing_bytes: 0,
                    resting: VecDeque::new(),
                    watching: Vec::new(),
                    unanswered: 0,
                    silent: None,
                    given_up: GivenUp::No,
                };
                self.peers.insert(place, peer);
                place
            }
        };
        self.peers.get_mut(place)
    }

    /// Whether a process may send there now.
    pub(super) fn has_room(&self, node: &NodeName) -> bool {
        match self.find_peer(node) {
            // Nobody overtakes those that wait; how much its own signal takes counts when it goes.
            Ok(place) => self.peers[place].outgoing.is_empty() && self.peers[place].window.has_room(0),
            Err(_) => true,
        }
    }

    /// Sends, or has it wait.
    pub(super) fn post(&mut self, node: &NodeName, signal: Signal, way: Way) {
        if !self.online {
            return self.unsent(node, Why::Disconnected, way);
        }
        if self.peer_or_new(node).is_none() {
            return self.unsent(node, Why::TooManyTies, way);
        }
        let Some(bytes) = signal.weight() else { return self.transmit(node, signal) };
        let Some(peer) = self.peer(node) else { return };
        if peer.outgoing.is_empty() && peer.window.has_room(bytes) {
            peer.window.send(bytes);
            self.transmit(node, signal);
            return self.sent(way);
        }
        if peer.is_full(bytes, way) {
            match way {
                Way::Ask(ask) => {
                    let words = format!("Too much is on its way to {node}: wait for what was sent.");
                    self.effects.push_back(Effect::Answered { ask, result: Err(Fault::new(ErrorCode::Busy, words)) });
                }
                Way::Spare => self.odd += 1,
                // Without it there would be a gap in the tie.
                Way::Owed => self.give_up(node),
            }
            return;
        }
        let ask = match way {
            Way::Ask(ask) => Some(ask),
            Way::Owed | Way::Spare => None,
        };
        peer.outgoing.push_back(Waiting { signal, bytes, ask });
        peer.outgoing_bytes += bytes as usize;
        self.watch_silence(node);
    }

    /// As an effect; the first to that node is marked.
    fn transmit(&mut self, node: &NodeName, signal: Signal) {
        let Some(peer) = self.peer_or_new(node) else { return };
        let first = !std::mem::replace(&mut peer.opened, true);
        self.effects.push_back(Effect::Signal { to: node.clone(), first, signal });
    }

    pub(super) fn sent(&mut self, way: Way) {
        if let Way::Ask(ask) = way {
            self.effects.push_back(Effect::Answered { ask, result: Ok(Value::Null) });
        }
    }

    fn unsent(&mut self, node: &NodeName, why: Why, way: Way) {
        if let Way::Ask(ask) = way {
            self.effects.push_back(Effect::Answered { ask, result: Err(out_of_reach(node, why)) });
        }
        self.lost_later(node, why);
    }

    /// The process rests until there is room at that node.
    pub(super) fn rest_for(&mut self, node: &NodeName, number: u64) {
        if let Some(peer) = self.peer_or_new(node) {
            peer.resting.push_back(number);
            self.watch_silence(node);
        }
    }

    /// From now on that node has so long to take something.
    fn watch_silence(&mut self, node: &NodeName) {
        if self.peer(node).is_some_and(|peer| peer.silent.is_none()) {
            let key = self.set(TIE_PATIENCE, Timer::Silent(node.clone()));
            if let Some(peer) = self.peer(node) {
                peer.silent = Some(key);
            }
        }
    }

    /// That node took nothing for so long: to whoever waits here it is as good as gone.
    pub(super) fn silent(&mut self, node: &NodeName, key: Key) {
        if self.peer(node).is_some_and(|peer| peer.silent == Some(key)) {
            self.give_up(node);
        }
    }

    /// The tie is about to be given up.
    fn give_up(&mut self, node: &NodeName) {
        if let Some(peer) = self.peer(node)
            && peer.given_up != GivenUp::Soon
        {
            peer.given_up = GivenUp::Soon;
            self.inner.push_back(Inner::GiveUp(node.clone()));
        }
    }

    /// All that crosses the tie ends, here and at the other end.
    pub(super) fn given_up(&mut self, node: &NodeName) {
        // Where it broke meanwhile, there is nothing to give up.
        if self.peer(node).is_some_and(|peer| peer.given_up == GivenUp::Soon) {
            self.lose_tie(node, Why::Full, true);
        }
    }

    /// Tells the hub: a first signal in a tie that is open already breaks it for both ends.
    pub(super) fn tell_given_up(&mut self, node: &NodeName) {
        if !self.online {
            return;
        }
        self.transmit(node, Signal::Took { count: 0, bytes: 0 });
        if let Some(peer) = self.peer(node) {
            peer.given_up = GivenUp::Told;
        }
    }

    /// That node took so much.
    pub(super) fn took(&mut self, node: &NodeName, count: u32, bytes: u32) {
        // Nothing was taken: the patience with that node goes on.
        if count == 0 {
            return;
        }
        let Some(peer) = self.peer(node) else {
            self.odd += 1;
            return;
        };
        let never_sent = count > peer.window.sent();
        peer.window.give_back(count, bytes);
        self.odd += u64::from(never_sent);
        self.flush(node);
    }

    /// What waits goes while there is room; then those who rest go on.
    fn flush(&mut self, node: &NodeName) {
        let Some(peer) = self.peer(node) else { return };
        let silent = peer.silent.take();
        self.unset(silent);
        loop {
            let Some(peer) = self.peer(node) else { return };
            let Some(next) = peer.outgoing.front() else { break };
            if !peer.window.has_room(next.bytes) {
                return self.watch_silence(node);
            }
            let Some(Waiting { signal, bytes, ask }) = peer.outgoing.pop_front() else { break };
            peer.outgoing_bytes = peer.outgoing_bytes.saturating_sub(bytes as usize);
            peer.window.send(bytes);
            self.transmit(node, signal);
            if let Some(ask) = ask {
                self.sent(Way::Ask(ask));
            }
        }
        let Some(peer) = self.peer(node) else { return };
        if peer.window.has_room(0) {
            let resting = std::mem::take(&mut peer.resting);
            self.wake(resting);
        } else if !peer.resting.is_empty() {
            self.watch_silence(node);
        }
    }

    /// So much of what that node sent is taken.
    pub(super) fn give_back(&mut self, node: &NodeName, count: u32, bytes: u32) {
        let told = self.peer(node).and_then(|peer| peer.window.take(count, bytes));
        if let Some((count, bytes)) = told {
            self.transmit(node, Signal::Took { count, bytes });
        }
    }

    /// Lets go of what was kept for a node.
    pub(super) fn drop_peer(&mut self, node: &NodeName, why: Why) -> Option<Peer> {
        let place = self.find_peer(node).ok()?;
        let mut peer = self.peers.remove(place);
        self.unset(peer.silent);
        for waiting in &peer.outgoing {
            if let Some(ask) = waiting.ask {
                self.effects.push_back(Effect::Answered { ask, result: Err(out_of_reach(node, why)) });
            }
        }
        let resting = std::mem::take(&mut peer.resting);
        self.wake(resting);
        Some(peer)
    }
}

/// What whoever waits for that node is told.
pub(super) fn out_of_reach(node: &NodeName, why: Why) -> Fault {
    let (code, words) = match why {
        Why::NoSuchNode => (ErrorCode::NoSuchNode, "there is no node of that name"),
        Why::NodeDown => (ErrorCode::NodeDown, "the node is away"),
        Why::NoProcesses => (ErrorCode::NodeDown, "the node has no processes"),
        Why::TooManyTies => (ErrorCode::Busy, "too many nodes are in touch with it, or with this one"),
        Why::Disconnected | Why::Unknown => (ErrorCode::NodeDown, "the connection to it has ended"),
        Why::Full => (ErrorCode::NodeDown, "it did not take what it was sent"),
    };
    Fault::new(code, format!("{node}: {words}."))
}
