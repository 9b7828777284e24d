//! The bounded queue from the message server to one node.
//!
//! The server never waits for it: a push either fits or ends the node's connection with
//! 4002. The connection takes all that waits at once, so that one flush carries it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use serde::Serialize;
use shared::message::{Connected, Done, Joined, Nodes, Page, Pinged, Refusal, Rooms, Sent, ToNode, Users, Welcome};
use shared::wire::close;

/// Parcels that may wait for one node. A commit brings up to 256 at once, and a connection's
/// task may be behind by some commits before it is "slow".
const MAX_PARCELS: usize = 4_096;

/// Bytes (about) that may wait for one node: some seconds of the busiest room over a poor radio link.
const MAX_WEIGHT: usize = 1024 * 1024;

/// What a message of no great length weighs in the queue, in bytes.
const LIGHT: usize = 256;

/// Slots that an emptied queue keeps; more are given back. A quiet room needs no more, and
/// ten thousand idle nodes should not hold what one burst took.
const KEPT_SLOTS: usize = 4;

/// One thing on its way to a node. The connection turns it into bytes.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// Something that goes to many: an entry, a presence.
    Shared(Arc<Shared>),
    /// The answer to a request of this node.
    Reply { id: String, result: Result<Answer, Refusal> },
    /// The answer to a frame that carried no usable id.
    Error(Refusal),
    /// The answer to the hello.
    Welcome(Box<Welcome>),
    /// Asks the socket itself for a sign of life; the token comes back with it.
    Probe(u64),
}

/// What a request brought, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Connected(Connected),
    Joined(Joined),
    Sent(Sent),
    Users(Users),
    Rooms(Rooms),
    Nodes(Nodes),
    Pinged(Pinged),
    Page(Page),
    Done(Done),
}

/// A message to many nodes, encoded by the first connection that sends it and shared by the rest.
#[derive(Debug)]
pub struct Shared {
    message: ToNode,
    weight: usize,
    encoded: OnceLock<Bytes>,
}

impl Shared {
    pub fn new(message: ToNode) -> Self {
        let weight = match &message {
            ToNode::Entry(entry) => entry.text().len() + LIGHT,
            ToNode::Presence(presence) => {
                LIGHT * (1 + (presence.joined.len() + presence.left.len() + presence.states.len()) / 8)
            }
            _ => LIGHT,
        };
        Self { message, weight, encoded: OnceLock::new() }
    }

    /// The message as bytes of a frame.
    pub fn encoded(&self, encode: impl FnOnce(&ToNode) -> Bytes) -> Bytes {
        self.encoded.get_or_init(|| encode(&self.message)).clone()
    }
}

impl Parcel {
    /// About how many bytes it takes.
    fn weight(&self) -> usize {
        match self {
            Self::Shared(shared) => shared.weight,
            Self::Reply { result: Ok(answer), .. } => {
                LIGHT
                    + match answer {
                        Answer::Page(page) => page.entries.iter().map(|entry| entry.text().len() + LIGHT).sum(),
                        Answer::Connected(connected) => 64 * (connected.users.len() + connected.conversations.len()),
                        Answer::Joined(joined) => 64 * joined.users.len(),
                        Answer::Users(users) => 64 * users.users.len(),
                        Answer::Rooms(rooms) => 64 * rooms.rooms.len(),
                        Answer::Nodes(nodes) => 128 * nodes.nodes.len(),
                        Answer::Sent(_) | Answer::Pinged(_) | Answer::Done(_) => 0,
                    }
            }
            Self::Reply { .. } | Self::Error(_) | Self::Welcome(_) | Self::Probe(_) => LIGHT,
        }
    }
}

/// Why the hub ends a connection: close code and words.
pub type Ending = (u16, &'static str);

/// What a connection finds in its outbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// Parcels were moved to the taker.
    Parcels,
    /// Nothing more will come; the connection is to be closed so.
    Ending(Ending),
}

/// The queue to one node.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    parcels: VecDeque<Parcel>,
    /// Sum of the parcels' weights.
    weight: usize,
    ending: Option<Ending>,
    /// The queue was thrown away: what the ending is about has been lost to the node already.
    overflown: bool,
    /// The connection's task, while it waits for something to take.
    taker: Option<Waker>,
}

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic cannot leave the queue half changed: nothing in here panics between two changes.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a parcel. A node that is so far behind that it does not fit is told to come
    /// back (4002): it reads on from the log then, and holds up nobody meanwhile.
    pub fn push(&self, parcel: Parcel) {
        let weight = parcel.weight();
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        // A single large page may pass the bound, on top of what is below it.
        if waiting.parcels.len() >= MAX_PARCELS || waiting.weight >= MAX_WEIGHT {
            waiting.parcels = VecDeque::new();
            waiting.weight = 0;
            waiting.overflown = true;
            waiting.ending = Some((close::TOO_SLOW, "too slow: more waited for this node than the hub holds"));
        } else {
            waiting.parcels.push_back(parcel);
            waiting.weight += weight;
        }
        waiting.wake();
    }

    /// Ends the connection once it has sent what waits.
    pub fn close(&self, ending: Ending) {
        let mut waiting = self.waiting();
        waiting.ending.get_or_insert(ending);
        waiting.wake();
    }

    /// Whether anything pushed now would be dropped.
    pub fn is_ended(&self) -> bool {
        self.waiting().ending.is_some()
    }

    /// For a connection that can take nothing just now: ready once it is not worth waiting any more.
    pub fn poll_overflow(&self, context: &mut Context<'_>) -> Poll<Ending> {
        let mut waiting = self.waiting();
        match waiting.ending {
            Some(ending) if waiting.overflown => Poll::Ready(ending),
            _ => waiting.wake_later(context),
        }
    }

    /// Moves all that waits to the end of `parcels`.
    pub fn poll_take(&self, context: &mut Context<'_>, parcels: &mut VecDeque<Parcel>) -> Poll<Taken> {
        let mut waiting = self.waiting();
        if !waiting.parcels.is_empty() {
            waiting.weight = 0;
            if parcels.is_empty() {
                std::mem::swap(&mut waiting.parcels, parcels);
            } else {
                parcels.append(&mut waiting.parcels);
            }
            waiting.parcels.shrink_to(KEPT_SLOTS);
            return Poll::Ready(Taken::Parcels);
        }
        if let Some(ending) = waiting.ending {
            return Poll::Ready(Taken::Ending(ending));
        }
        waiting.wake_later(context)
    }
}

impl Waiting {
    fn wake_later<T>(&mut self, context: &Context<'_>) -> Poll<T> {
        if self.taker.as_ref().is_none_or(|taker| !taker.will_wake(context.waker())) {
            self.taker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    fn wake(&mut self) {
        if let Some(taker) = self.taker.take() {
            taker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &Outbox) -> (Poll<Taken>, VecDeque<Parcel>) {
        let mut parcels = VecDeque::new();
        let taken = outbox.poll_take(&mut Context::from_waker(Waker::noop()), &mut parcels);
        (taken, parcels)
    }

    #[test]
    fn all_that_waits_is_taken_at_once_and_in_order() {
        let outbox = Outbox::default();
        for token in 0..3 {
            outbox.push(Parcel::Probe(token));
        }
        let (taken, parcels) = take(&outbox);
        assert_eq!(taken, Poll::Ready(Taken::Parcels));
        let tokens: Vec<u64> =
            parcels.iter().map(|parcel| if let Parcel::Probe(token) = parcel { *token } else { u64::MAX }).collect();
        assert_eq!(tokens, [0, 1, 2]);
        assert!(take(&outbox).0.is_pending());
    }

    #[test]
    fn what_was_queued_is_sent_before_the_close() {
        let outbox = Outbox::default();
        outbox.push(Parcel::Probe(1));
        outbox.close((close::SHUTTING_DOWN, "bye"));
        outbox.push(Parcel::Probe(2));
        let (taken, parcels) = take(&outbox);
        assert_eq!((taken, parcels.len()), (Poll::Ready(Taken::Parcels), 1));
        assert_eq!(take(&outbox).0, Poll::Ready(Taken::Ending((close::SHUTTING_DOWN, "bye"))));
    }

    #[test]
    fn a_node_that_never_takes_costs_a_bounded_queue_and_is_told_to_come_back() {
        let outbox = Outbox::default();
        for token in 0..=MAX_PARCELS as u64 {
            outbox.push(Parcel::Probe(token));
        }
        assert_eq!(outbox.waiting().parcels.len(), 0);
        let (taken, _) = take(&outbox);
        assert!(matches!(taken, Poll::Ready(Taken::Ending((close::TOO_SLOW, _)))));
    }

    #[test]
    fn long_texts_count_by_their_length() {
        let outbox = Outbox::default();
        let text = "x".repeat(16 * 1024);
        let entry = shared::entry::Said { seq: 1, at: 0, room: "lobby".into(), from: "a".into(), id: "1".into(), text };
        let shared = Arc::new(Shared::new(ToNode::Entry(shared::entry::Entry::Said(entry))));
        for _ in 0..70 {
            outbox.push(Parcel::Shared(Arc::clone(&shared)));
        }
        assert!(matches!(take(&outbox).0, Poll::Ready(Taken::Ending((close::TOO_SLOW, _)))));
    }
}
