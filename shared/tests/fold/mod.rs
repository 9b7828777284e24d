//! Deliveries, and a transcript that takes them.

#![allow(dead_code, reason = "each of the tests uses its part")]

use shared::entry::{Change, Changed, Entry, Said, Topic, Whispered};
use shared::message::{Connected, Conversation, Joined, Page, Presence, State, ToHub, User, Welcome};
use shared::session::{Delivery, Response};
use shared::transcript::{self, Changes, Item, Place, Transcript};

pub(crate) const NOW: u64 = 1_800_000_000_000;

pub(crate) fn text(text: &str) -> String {
    text.to_owned()
}

pub(crate) fn room(name: &str) -> Place {
    Place::Room(text(name))
}

pub(crate) fn with(nick: &str) -> Place {
    Place::With(text(nick))
}

pub(crate) fn said(seq: u64, from: &str, id: &str) -> Entry {
    Entry::Said(Said {
        seq,
        at: NOW + seq,
        room: text("lobby"),
        from: text(from),
        id: text(id),
        text: format!("#{seq}"),
        details: None,
    })
}

pub(crate) fn whispered(seq: u64, from: &str, to: &str) -> Entry {
    Entry::Whispered(Whispered {
        seq,
        at: NOW + seq,
        from: text(from),
        to: text(to),
        id: format!("{from}-{seq}"),
        text: format!("#{seq}"),
        details: None,
    })
}

/// A line of the lobby, with other words.
pub(crate) fn line(seq: u64, from: &str, words: &str) -> Entry {
    let Entry::Said(said) = said(seq, from, &format!("{from}-{seq}")) else { unreachable!() };
    Entry::Said(Said { text: text(words), ..said })
}

/// A change of a line of the lobby; its id is `from-seq`.
pub(crate) fn changed(seq: u64, from: &str, of: u64, change: Change) -> Entry {
    let (room, id) = (Some(text("lobby")), format!("{from}-{seq}"));
    Entry::Changed(Changed { seq, at: NOW + seq, room, to: None, from: text(from), id, of, change })
}

pub(crate) fn edited(words: &str) -> Change {
    Change::Edited { text: text(words) }
}

pub(crate) fn reacted(emoji: &str, on: bool) -> Change {
    Change::Reacted { emoji: text(emoji), on }
}

pub(crate) fn topic(seq: u64, from: &str, words: &str) -> Entry {
    let (room, id) = (text("lobby"), format!("{from}-{seq}"));
    Entry::Topic(Topic { seq, at: NOW + seq, room, from: text(from), id, topic: text(words) })
}

pub(crate) fn user(nick: &str) -> User {
    User { nick: text(nick), state: State::Online, nodes: 1 }
}

pub(crate) fn welcome(seq: u64, new_log: bool) -> Delivery {
    Delivery::Welcomed { welcome: first_welcome(seq), new_log }
}

/// The hub goes on where the connection was lost, with `dr00` in these rooms.
pub(crate) fn resumed(seq: u64, rooms: &[&str]) -> Delivery {
    let rooms = rooms.iter().map(|room| text(room)).collect();
    let welcome = Welcome { resumed: true, nick: Some(text("dr00")), rooms, ..first_welcome(seq) };
    Delivery::Welcomed { welcome, new_log: false }
}

fn first_welcome(seq: u64) -> Welcome {
    Welcome {
        version: 1,
        hub: text("hub@den"),
        node: text("tab@den"),
        session: text("s"),
        epoch: text("e"),
        seq,
        resumed: false,
        nick: None,
        rooms: Vec::new(),
        ephemeral: false,
        max_upload: None,
        owner: None,
        store_since: 0,
    }
}

pub(crate) fn answered(request: ToHub, response: Response) -> Delivery {
    Delivery::Answered { request, answer: Ok(response) }
}

/// These conversations, each up to a `seq`, are all read; and so is the lobby, up to 10.
pub(crate) fn connected_as(nick: &str, conversations: &[(&str, u64)]) -> Delivery {
    let talk = |(with, seq): &(&str, u64)| Conversation { with: text(with), seq: *seq, read: *seq, unread: 0 };
    connected_with(nick, (10, 0), conversations.iter().map(talk).collect())
}

/// The lobby is read up to `lobby.0`, and `lobby.1` lines are not.
pub(crate) fn connected_with(nick: &str, lobby: (u64, u32), conversations: Vec<Conversation>) -> Delivery {
    let request = ToHub::Connect { id: text("c"), nick: text(nick), token: None };
    answered(
        request,
        Response::Connected(Connected {
            nick: text(nick),
            token: text("t"),
            room: text("lobby"),
            topic: None,
            users: vec![user("ana"), user("bob"), user(nick)],
            count: 3,
            read: lobby.0,
            unread: lobby.1,
            mentions: 0,
            conversations,
            owner: 17,
        }),
    )
}

pub(crate) fn joined(name: &str, topic: Option<&str>, users: &[&str], count: u32) -> Delivery {
    let request = ToHub::Join { id: text("j"), room: text(name) };
    let users = users.iter().map(|nick| user(nick)).collect();
    answered(
        request,
        Response::Joined(Joined {
            room: text(name),
            topic: topic.map(text),
            users,
            count,
            read: 10,
            unread: 0,
            mentions: 0,
        }),
    )
}

pub(crate) fn page(
    place: &Place,
    before: Option<u64>,
    after: Option<u64>,
    entries: Vec<Entry>,
    more: bool,
) -> Delivery {
    answered(place.history(text("h"), before, after, 50), Response::Page(Page { entries, more }))
}

pub(crate) fn presence(joined: &[&str], left: &[&str]) -> Delivery {
    let names = |nicks: &[&str]| nicks.iter().map(|nick| text(nick)).collect();
    Delivery::Presence(Presence {
        room: text("lobby"),
        joined: names(joined),
        left: names(left),
        ..Presence::default()
    })
}

pub(crate) fn counted(count: u32) -> Delivery {
    Delivery::Presence(Presence { room: text("lobby"), count: Some(count), ..Presence::default() })
}

pub(crate) fn say(id: &str, line: &str) -> ToHub {
    room("lobby").say(text(id), text(line))
}

/// `dr00` in the lobby of a log that ended at 10.
pub(crate) struct Fold(pub(crate) Transcript);

impl Fold {
    pub(crate) fn new() -> Self {
        let mut fold = Self(Transcript::new());
        fold.take(&welcome(10, false));
        fold.take(&connected_as("dr00", &[]));
        fold
    }

    pub(crate) fn take(&mut self, delivery: &Delivery) -> Changes {
        self.0.deliver(NOW, delivery)
    }

    /// The connection is back, to a hub that does not go on where it was lost and whose log ends at `seq`.
    pub(crate) fn back(&mut self, seq: u64, conversations: &[(&str, u64)]) {
        self.take(&welcome(seq, false));
        self.take(&connected_as("dr00", conversations));
    }

    pub(crate) fn hear(&mut self, entry: Entry) -> Changes {
        self.take(&Delivery::Heard(entry))
    }

    pub(crate) fn lobby(&self) -> &transcript::Conversation {
        self.0.get(&room("lobby")).unwrap()
    }

    pub(crate) fn seqs(&self, place: &Place) -> Vec<u64> {
        self.0.get(place).unwrap().lines().map(|line| line.seq()).collect()
    }

    /// The lobby's rows in short: `58`, `…58` a hole behind 58, `(bob has joined)`, `~id` a pending line.
    pub(crate) fn rows(&self) -> String {
        let rows = self.lobby().items().into_iter().map(|item| match item {
            Item::Line(line) => line.seq().to_string(),
            Item::Hole { after } => format!("…{after}"),
            Item::Notice(notice) => format!("({})", notice.words()),
            Item::Pending(pending) => format!("~{}", pending.id),
        });
        rows.collect::<Vec<_>>().join(" ")
    }
}
