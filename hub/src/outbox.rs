//! The bounded queue from the message server to one node.
//!
//! The server never waits for it. An entry either fits or the node becomes a *cursor*: what comes after is not
//! queued but read from the log once the node has taken what it has. Signals that do not fit are left out. Only a
//! node that piles up answers it does not read is cut off (4002). The connection takes all that waits at once, so that
//! one flush carries it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use serde::Serialize;
use shared::message::{
    Connected, Cursors, Done, Joined, Nodes, Page, Pinged, Refusal, Rooms, Sent, ToNode, Users, Welcome,
};
use shared::wire::close;

/// Entries that may wait for one node: what one commit brings. Beyond it the log itself is the queue.
const MAX_ENTRIES: usize = 256;

/// Bytes (about) that may wait for one node before entries and signals are no longer queued.
const MAX_WEIGHT: usize = 256 * 1024;

/// Bytes (about) of answers that may pile up for a node that asks and does not read. Nothing else comes near.
const MAX_PILE: usize = 1024 * 1024;

/// Pages of the log that one node may have under way: with four it never waits for the way there and back.
const MAX_PAGES: u32 = 4;

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
    /// Asks the socket for a sign that all before it has arrived, up to this entry.
    Confirm(u64),
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
    Cursors(Cursors),
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
            // Held twice: as it is, and as it is sent.
            ToNode::Entry(entry) => LIGHT + entry.text().len() + escaped(entry.text()),
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

    /// The entry's position in the log, if it is one.
    pub fn seq(&self) -> Option<u64> {
        match &self.message {
            ToNode::Entry(entry) => Some(entry.seq()),
            _ => None,
        }
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

/// How many bytes a text takes as a JSON string.
fn escaped(text: &str) -> usize {
    let longer = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5, // \u00XX
        _ => 0,
    };
    text.bytes().map(|byte| 1 + longer(byte)).sum()
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
                        Answer::Cursors(cursors) => 128 * cursors.behind.len(),
                        Answer::Sent(_) | Answer::Pinged(_) | Answer::Done(_) => 0,
                    }
            }
            Self::Reply { .. } | Self::Error(_) | Self::Welcome(_) | Self::Probe(_) | Self::Confirm(_) => LIGHT,
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

/// The queue to one node, and what its connection knows of its progress.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    /// The node has said that it has all entries up to here.
    acked: AtomicU64,
    /// When it said so, or connected, in milliseconds since 1970 UTC.
    acked_at: AtomicU64,
    /// Pages of the log that the node has asked for and that were not read yet.
    pages: AtomicU32,
}

#[derive(Debug, Default)]
struct Waiting {
    parcels: VecDeque<Parcel>,
    /// Sum of the weights of entries and signals.
    weight: usize,
    /// Sum of the weights of all else, which is answers above all.
    pile: usize,
    /// The newest entry that was put in.
    last: u64,
    /// There is more to tell the node once it has taken all this, and it is to say so then.
    behind: bool,
    /// Signals were left out.
    lossy: bool,
    ending: Option<Ending>,
    /// The ending does not wait until what is queued was sent.
    at_once: bool,
    /// The connection's task, while it waits for something to take.
    taker: Option<Waker>,
}

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic cannot leave the queue half changed: nothing in here panics between two changes.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an answer, or what else must not be left out. A node that piles them up is told to come back (4002).
    pub fn push(&self, parcel: Parcel) {
        let weight = parcel.weight();
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        // A single large page may pass the bound, on top of what is below it.
        if waiting.pile >= MAX_PILE {
            waiting.end_at_once((close::TOO_SLOW, "too slow: more answers waited for this node than the hub holds"));
        } else {
            waiting.parcels.push_back(parcel);
            waiting.pile += weight;
        }
        waiting.wake();
    }

    /// Adds an entry. False if it does not fit: then the node is behind from this one on.
    #[must_use]
    pub fn push_entry(&self, seq: u64, entry: &Arc<Shared>) -> bool {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return true; // it reads on from there when it is back
        }
        if waiting.is_full() {
            waiting.behind = true;
            return false;
        }
        waiting.add_entry(seq, entry);
        waiting.wake();
        true
    }

    /// Adds entries read from the log for a node that is behind; they fit because it had taken all before.
    /// With `behind` there are more: the node is to say when it has taken these.
    pub fn push_passage(&self, entries: impl Iterator<Item = (u64, Arc<Shared>)>, behind: bool) {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        for (seq, entry) in entries {
            waiting.add_entry(seq, &entry);
        }
        waiting.behind = behind;
        waiting.wake();
    }

    /// Adds a signal, if there is room for it.
    pub fn push_signal(&self, signal: &Arc<Shared>) {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        if waiting.is_full() {
            // It is told when it has taken what waits.
            (waiting.lossy, waiting.behind) = (true, true);
        } else {
            waiting.weight += signal.weight;
            waiting.parcels.push_back(Parcel::Shared(Arc::clone(signal)));
            waiting.wake();
        }
    }

    /// Whether signals were left out since this was last asked.
    pub fn take_lossy(&self) -> bool {
        std::mem::take(&mut self.waiting().lossy)
    }

    /// Ends the connection once it has sent what waits.
    pub fn close(&self, ending: Ending) {
        let mut waiting = self.waiting();
        waiting.ending.get_or_insert(ending);
        waiting.wake();
    }

    /// Ends the connection without sending what waits.
    pub fn close_at_once(&self, ending: Ending) {
        let mut waiting = self.waiting();
        waiting.end_at_once(ending);
        waiting.wake();
    }

    /// Whether anything pushed now would be dropped.
    pub fn is_ended(&self) -> bool {
        self.waiting().ending.is_some()
    }

    /// Whether so many answers wait, or are being made, that the node should take some before it asks for more.
    pub fn is_piled(&self) -> bool {
        self.pages.load(Ordering::Acquire) >= MAX_PAGES || self.waiting().pile >= MAX_WEIGHT
    }

    /// The node has asked for a page of the log.
    pub fn page_asked(&self) {
        self.pages.fetch_add(1, Ordering::AcqRel);
    }

    /// A page that was asked for is there, or will not come. To be said before its answer is pushed, which
    /// wakes the connection.
    pub fn page_done(&self) {
        self.pages.fetch_sub(1, Ordering::AcqRel);
    }

    /// Whether the node is to say that it has taken all: true once, when it has.
    pub fn take_drained(&self) -> bool {
        let mut waiting = self.waiting();
        waiting.parcels.is_empty() && waiting.ending.is_none() && std::mem::take(&mut waiting.behind)
    }

    /// For a connection that can take nothing just now: ready once it is not worth waiting any more.
    pub fn poll_ending(&self, context: &mut Context<'_>) -> Poll<Ending> {
        let mut waiting = self.waiting();
        match waiting.ending {
            Some(ending) if waiting.at_once => Poll::Ready(ending),
            _ => waiting.wake_later(context),
        }
    }

    /// Moves all that waits to the end of `parcels`.
    pub fn poll_take(&self, context: &mut Context<'_>, parcels: &mut VecDeque<Parcel>) -> Poll<Taken> {
        let mut waiting = self.waiting();
        if !waiting.parcels.is_empty() {
            (waiting.weight, waiting.pile) = (0, 0);
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

    // Progress

    /// The node has all entries up to `seq`, as it said at `at` (milliseconds since 1970 UTC).
    pub fn ack(&self, seq: u64, at: u64) {
        self.acked.fetch_max(seq, Ordering::Relaxed);
        self.acked_at.store(at, Ordering::Relaxed);
    }

    /// Up to where the node has said to have all entries, and when it said so, or connected.
    pub fn acked(&self) -> (u64, u64) {
        (self.acked.load(Ordering::Relaxed), self.acked_at.load(Ordering::Relaxed))
    }

    /// The newest entry that was put in; 0 if none was.
    pub fn last(&self) -> u64 {
        self.waiting().last
    }
}

impl Waiting {
    fn is_full(&self) -> bool {
        self.parcels.len() >= MAX_ENTRIES || self.weight >= MAX_WEIGHT
    }

    fn add_entry(&mut self, seq: u64, entry: &Arc<Shared>) {
        self.weight += entry.weight;
        self.last = seq;
        self.parcels.push_back(Parcel::Shared(Arc::clone(entry)));
    }

    fn end_at_once(&mut self, ending: Ending) {
        self.parcels = VecDeque::new();
        (self.weight, self.pile) = (0, 0);
        self.at_once = true;
        self.ending = Some(ending);
    }

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
    use shared::entry::{Entry, Said};

    use super::*;

    fn take(outbox: &Outbox) -> (Poll<Taken>, VecDeque<Parcel>) {
        let mut parcels = VecDeque::new();
        let taken = outbox.poll_take(&mut Context::from_waker(Waker::noop()), &mut parcels);
        (taken, parcels)
    }

    fn entry(seq: u64, text: &str) -> Arc<Shared> {
        let (room, from, id) = ("lobby".to_owned(), "a".to_owned(), seq.to_string());
        let said = Said { seq, at: 0, room, from, id, text: text.to_owned() };
        Arc::new(Shared::new(ToNode::Entry(Entry::Said(said))))
    }

    /// Pushes entries until one does not fit; gives its seq.
    fn fill(outbox: &Outbox, text: &str) -> u64 {
        (1..).find(|seq| !outbox.push_entry(*seq, &entry(*seq, text))).unwrap()
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
    fn the_entry_that_does_not_fit_makes_the_node_a_cursor_and_what_waits_stays() {
        let outbox = Outbox::default();
        assert_eq!(fill(&outbox, "x"), MAX_ENTRIES as u64 + 1);
        assert!(!outbox.take_drained(), "it has not taken what waits");
        let (taken, parcels) = take(&outbox);
        assert_eq!((taken, parcels.len()), (Poll::Ready(Taken::Parcels), MAX_ENTRIES));
        assert!(outbox.take_drained());
        assert!(!outbox.take_drained(), "it says so once");
        assert_eq!(outbox.last(), MAX_ENTRIES as u64);
    }

    #[test]
    fn long_texts_count_by_their_length() {
        let outbox = Outbox::default();
        let long = "x".repeat(16 * 1024);
        assert!((8..=9).contains(&fill(&outbox, &long)), "each is held as text and as JSON");
    }

    #[test]
    fn a_text_weighs_what_its_json_does() {
        for text in ["plain", "\"quoted\" \\", "\n\r\t\u{8}\u{c}", "\0\u{1}\u{1f}\u{7f}", "茶 Å 👋"] {
            assert_eq!(escaped(text), serde_json::to_string(text).unwrap().len() - 2, "{text:?}");
        }
    }

    #[test]
    fn a_passage_fits_and_tells_whether_there_is_more() {
        let outbox = Outbox::default();
        fill(&outbox, "x");
        assert!(take(&outbox).0.is_ready());
        assert!(outbox.take_drained());
        outbox.push_passage((300..302).map(|seq| (seq, entry(seq, "x"))), true);
        assert_eq!(take(&outbox).1.len(), 2);
        assert!(outbox.take_drained());
        outbox.push_passage(std::iter::empty(), false);
        assert!(!outbox.take_drained());
    }

    #[test]
    fn signals_are_left_out_of_a_full_queue_and_that_is_noted() {
        let outbox = Outbox::default();
        fill(&outbox, "x");
        let presence = Arc::new(Shared::new(ToNode::Presence(shared::message::Presence::default())));
        outbox.push_signal(&presence);
        assert_eq!(take(&outbox).1.len(), MAX_ENTRIES);
        assert!(outbox.take_lossy() && outbox.take_drained());
        outbox.push_signal(&presence);
        assert!(!outbox.take_lossy());
        assert_eq!(take(&outbox).1.len(), 1);
    }

    #[test]
    fn a_node_that_piles_up_answers_is_told_to_come_back() {
        let outbox = Outbox::default();
        for token in 0..=(MAX_PILE / LIGHT) as u64 {
            outbox.push(Parcel::Probe(token));
        }
        assert_eq!(outbox.waiting().parcels.len(), 0);
        let (taken, _) = take(&outbox);
        assert!(matches!(taken, Poll::Ready(Taken::Ending((close::TOO_SLOW, _)))));
    }

    #[test]
    fn acknowledgements_never_go_back() {
        let outbox = Outbox::default();
        outbox.ack(7, 1_000);
        outbox.ack(5, 2_000);
        assert_eq!(outbox.acked(), (7, 2_000));
    }
}
