//! What goes to nodes, before it is bytes.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Serialize;
use shared::entry::{Change, Details, Entry};
use shared::message::{
    Connected, Cursors, Done, Down, Joined, Nodes, Page, Pairs, Person, Pinged, Refusal, RoomInfo, Rooms, Sent, ToNode,
    Unreachable, Users, Welcome,
};

use shared::store::weight as weight_of_value;

use super::mail::Mail;
use crate::backplane::bytes_of;

/// What a message of no great length weighs in the queue, in bytes.
pub(super) const LIGHT: usize = 256;

/// An answer of more bytes than this (about) takes its time to encode: a dozen people, a page.
const LONG: usize = 4 * LIGHT;

/// What goes to more nodes than this is bulk: it lets others pass. Below it is done within half a millisecond.
const BULK: usize = 64;

/// One thing on its way to a node. The connection turns it into bytes.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// Something that goes to many: entries, a presence.
    Shared(Arc<Shared>),
    /// The answer to a request of this node.
    Reply(Box<Reply>),
    /// The answer to a frame that carried no usable id.
    Error(Box<Refusal>),
    /// The answer to the hello.
    Welcome(Box<Welcome>),
    /// Asks the socket itself for a sign of life; the token comes back with it.
    Probe(u64),
    /// Asks the socket for a sign that all before it has arrived, up to this entry.
    Confirm(u64),
    /// A signal of another node.
    Mail(Box<Mail>),
    /// A signal of this node went nowhere.
    Unreachable(Box<Unreachable>),
    /// A tie of this node has broken.
    Down(Box<Down>),
    /// Bytes of the connection's own protocol.
    Raw(Box<Bytes>),
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The request's.
    pub id: String,
    pub result: Result<Answer, Refusal>,
}

/// What a request brought, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Connected(Connected),
    Joined(Joined),
    Sent(Sent),
    Users(Users),
    Person(Person),
    Rooms(Rooms),
    Nodes(Nodes),
    Pinged(Pinged),
    Page(Page),
    Pairs(Pairs),
    Cursors(Cursors),
    Done(Done),
}

/// Messages that go to many nodes and are sent together, encoded by the first connection that sends them and shared
/// by the rest, all of which are of one kind so far.
#[derive(Debug)]
pub struct Shared {
    messages: Vec<ToNode>,
    weight: usize,
    bulk: bool,
    encoded: OnceLock<Bytes>,
}

impl Shared {
    /// A message to so many nodes.
    pub fn new(message: ToNode, audience: usize) -> Self {
        Self::of(vec![message], audience)
    }

    /// Entries that follow one another and go to the same nodes, so many.
    pub fn entries(entries: impl IntoIterator<Item = Entry>, audience: usize) -> Self {
        Self::of(entries.into_iter().map(ToNode::Entry).collect(), audience)
    }

    fn of(messages: Vec<ToNode>, audience: usize) -> Self {
        let weight = messages.iter().map(weight).sum();
        Self { messages, weight, bulk: audience > BULK, encoded: OnceLock::new() }
    }

    /// Turns the messages into bytes for a socket, if nobody has before.
    pub(super) fn encode(&self, encode: impl FnOnce(&[ToNode]) -> Bytes) {
        self.encoded.get_or_init(|| encode(&self.messages));
    }

    /// The messages themselves.
    pub fn messages(&self) -> &[ToNode] {
        &self.messages
    }

    /// Those bytes; none before they were encoded.
    pub(super) fn bytes(&self) -> &[u8] {
        self.encoded.get().map_or(&[], |bytes| bytes)
    }

    /// How many messages these are.
    pub fn count(&self) -> usize {
        self.messages.len()
    }

    /// The oldest entry's position in the log; none if there is no entry among them.
    pub fn first_seq(&self) -> Option<u64> {
        self.messages.iter().find_map(seq)
    }

    /// The newest entry's position in the log; none if there is no entry among them.
    pub fn last_seq(&self) -> Option<u64> {
        self.messages.iter().rev().find_map(seq)
    }

    /// Those of the entries that come after a position, to one node.
    pub fn after(&self, after: u64) -> Self {
        Self::of(
            self.messages.iter().filter(|message| seq(message).is_some_and(|seq| seq > after)).cloned().collect(),
            1,
        )
    }

    /// The same without what a line said that the entry `by` takes back, and without its later texts; none where
    /// there is nothing of it.
    pub fn without(&self, line: u64, by: u64) -> Option<Self> {
        let is_of_it = |message: &ToNode| match message {
            ToNode::Entry(Entry::Changed(changed)) => {
                changed.of == line && matches!(changed.change, Change::Edited { .. })
            }
            message => seq(message) == Some(line),
        };
        if !self.messages.iter().any(is_of_it) {
            return None;
        }
        let mut messages = self.messages.clone();
        for message in messages.iter_mut().filter(|message| is_of_it(message)) {
            match message {
                ToNode::Entry(Entry::Said(said)) => take_back(&mut said.text, &mut said.details, by),
                ToNode::Entry(Entry::Whispered(said)) => take_back(&mut said.text, &mut said.details, by),
                ToNode::Entry(Entry::Changed(changed)) => changed.change = Change::Edited { text: String::new() },
                _ => {}
            }
        }
        let weight = messages.iter().map(weight).sum();
        Some(Self { messages, weight, bulk: self.bulk, encoded: OnceLock::new() })
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Whether it goes to so many that others should not wait for it.
    pub(super) fn is_bulk(&self) -> bool {
        self.bulk
    }
}

fn seq(message: &ToNode) -> Option<u64> {
    match message {
        ToNode::Entry(entry) => Some(entry.seq()),
        _ => None,
    }
}

fn take_back(text: &mut String, details: &mut Option<Box<Details>>, by: u64) {
    let reply_to = details.as_ref().and_then(|details| details.reply_to);
    *text = String::new();
    *details = Details { reply_to, changed: Some(by), deleted: true, ..Details::default() }.boxed();
}

/// About how many bytes a message takes in the queue.
fn weight(message: &ToNode) -> usize {
    match message {
        ToNode::Entry(entry) => weight_of(entry),
        ToNode::Presence(presence) => {
            LIGHT * (1 + (presence.joined.len() + presence.left.len() + presence.states.len()) / 8)
        }
        ToNode::Nodes(changed) => LIGHT + 128 * changed.here.len() + 64 * changed.gone.len(),
        _ => LIGHT,
    }
}

/// About how many bytes an entry takes in the queue, where it is held twice: as it is, and as it is sent.
pub fn weight_of(entry: &Entry) -> usize {
    let beside = bytes_of(entry) - entry.text().len();
    LIGHT + entry.text().len() + escaped(entry.text()) + 2 * beside
}

/// How many bytes a text takes as a JSON string.
pub(super) fn escaped(text: &str) -> usize {
    let longer = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        0..0x20 => 5, // \u00XX
        _ => 0,
    };
    text.bytes().map(|byte| 1 + longer(byte)).sum()
}

impl Parcel {
    /// The answer to a request.
    pub fn reply(id: String, result: Result<Answer, Refusal>) -> Self {
        Self::Reply(Box::new(Reply { id, result }))
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Shared(shared) => shared.weight,
            Self::Reply(reply) => LIGHT + reply.result.as_ref().map_or(0, Answer::weight),
            Self::Mail(mail) => mail.weight(),
            Self::Raw(bytes) => LIGHT + bytes.len(),
            Self::Error(_)
            | Self::Welcome(_)
            | Self::Probe(_)
            | Self::Confirm(_)
            | Self::Unreachable(_)
            | Self::Down(_) => LIGHT,
        }
    }

    /// Whether it takes its time to encode: then its own connection does that, and not who writes for many.
    pub(super) fn is_long(&self) -> bool {
        self.weight() > LONG && !matches!(self, Self::Shared(_) | Self::Mail(_))
    }

    /// How many messages it carries that count with the entries: signals between nodes and what becomes of them do not,
    /// or they would make a node a cursor.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Shared(shared) => shared.count(),
            Self::Mail(_) | Self::Unreachable(_) | Self::Down(_) => 0,
            _ => 1,
        }
    }
}

impl Answer {
    /// About how many bytes it takes beyond its frame.
    fn weight(&self) -> usize {
        match self {
            Self::Page(page) => page.entries.iter().map(|entry| bytes_of(entry) + LIGHT).sum(),
            Self::Connected(connected) => 64 * (connected.users.len() + connected.conversations.len()),
            Self::Joined(joined) => 64 * joined.users.len(),
            Self::Users(users) => 64 * users.users.len(),
            Self::Rooms(rooms) => {
                let topic = |room: &RoomInfo| room.topic.as_ref().map_or(0, String::len);
                rooms.rooms.iter().map(|room| 64 + topic(room)).sum()
            }
            Self::Nodes(nodes) => 128 * nodes.nodes.len(),
            Self::Person(person) => 128 * person.nodes.len(),
            Self::Cursors(cursors) => 128 * cursors.behind.len(),
            Self::Pairs(pairs) => {
                pairs.pairs.iter().map(|pair| LIGHT + pair.key.len() + weight_of_value(&pair.value)).sum()
            }
            Self::Sent(_) | Self::Pinged(_) | Self::Done(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::entry::Said;

    use super::*;

    fn entry(seq: u64) -> Entry {
        let [room, from, id, text] = ["lobby", "a", "1", "x"].map(str::to_owned);
        Entry::Said(Said { seq, at: 0, room, from, id, text, details: None })
    }

    #[test]
    fn a_text_weighs_what_its_json_does() {
        for text in ["plain", "\"quoted\" \\", "\n\r\t\u{8}\u{c}", "\0\u{1}\u{1f}\u{7f}", "茶 Å 👋"] {
            assert_eq!(escaped(text), serde_json::to_string(text).unwrap().len() - 2, "{text:?}");
        }
    }

    #[test]
    fn the_rest_of_some_entries_is_what_comes_after_a_position() {
        let shared = Shared::entries([3, 5, 9].map(entry), 2);
        assert_eq!((shared.count(), shared.last_seq()), (3, Some(9)));
        let rest = shared.after(3);
        assert_eq!((rest.count(), rest.last_seq()), (2, Some(9)));
        assert_eq!(rest.messages[0], ToNode::Entry(entry(5)));
        assert_eq!(shared.after(9).last_seq(), None);
    }

    #[test]
    fn a_parcel_takes_two_words_of_a_queue() {
        assert!(size_of::<Parcel>() <= 2 * size_of::<usize>(), "{}", size_of::<Parcel>());
    }
}
