//! A hub of some hundred lines: one log, sessions, and connections whose two ends need not agree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::entry::{Change, Changed, Entry, Put, Removed, Said, Topic, Whispered};
use shared::message::{ErrorCode, Hello, Outcome, Presence, Refusal, Reply, Sent, State, ToHub, ToNode, Welcome};
use shared::store::Store;
use shared::transcript::Place;
use shared::wire;

use super::ME;
use super::answers::json;

/// One socket, seen from both ends.
#[derive(Default)]
pub(crate) struct Connection {
    pub(crate) socket: u32,
    /// The hub still reads and writes it, whatever the node thinks.
    pub(crate) alive: bool,
    /// The session's secret, once hello was read.
    pub(super) secret: Option<String>,
    /// What the hub has not read yet, and what the node has not.
    pub(crate) to_hub: VecDeque<String>,
    pub(crate) to_node: VecDeque<Down>,
    /// What the node has done and seen on it.
    pub(crate) hello: bool,
    pub(crate) welcomed: bool,
    /// Connects whose reply has not reached the node.
    pub(crate) connects: BTreeSet<String>,
    pub(crate) acked: Option<(u64, u64)>,
    pub(crate) reads: BTreeMap<String, u64>,
    pub(crate) state: Option<State>,
    /// Something came on it that may be acknowledged; so far no more than the welcome.
    pub(crate) moved: bool,
    pub(crate) fresh: bool,
}

/// What reaches a node.
#[derive(Clone, Debug)]
pub(crate) enum Down {
    Frame(String),
    Close(u16),
}

/// What the hub keeps of a node between its connections.
#[derive(Clone, Default)]
pub(super) struct Kept {
    pub(super) nick: Option<String>,
    /// It hears what becomes of the store.
    pub(super) store: bool,
    pub(super) rooms: BTreeSet<String>,
}

/// A line on its way to the disk.
struct Writing {
    /// The socket its reply goes to.
    socket: u32,
    request: ToHub,
    at: u64,
}

/// The log and the sessions outlive every connection.
#[derive(Default)]
pub(crate) struct Hub {
    pub(crate) log: Vec<Entry>,
    pub(crate) epoch: String,
    pub(crate) cookie: Option<String>,
    pub(super) sessions: BTreeMap<String, Kept>,
    made: BTreeMap<String, u64>,
    writing: VecDeque<Writing>,
    /// The disk is slow: lines are written when the test says so.
    pub(crate) lags: bool,
    pub(crate) connections: Vec<Connection>,
    /// What the next fitting requests are refused with.
    pub(crate) refusals: VecDeque<Refusal>,
    /// Whether a reply goes before the entry it speaks of.
    pub(crate) reply_first: bool,
    pub(crate) hellos: Vec<Hello>,
    /// Every request read, in order.
    pub(crate) requests: Vec<ToHub>,
    /// Every `typing` and `state` read, in order.
    pub(crate) signals: Vec<ToHub>,
    /// The highest acknowledgement, and how far each place was read.
    pub(crate) acked: u64,
    pub(crate) read: BTreeMap<Place, u64>,
    /// Removals of keys up to here are forgotten.
    pub(crate) store_since: u64,
    /// The log's end when a request was answered.
    pub(crate) head_at: BTreeMap<String, u64>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { epoch: "log-1".to_owned(), ..Self::default() }
    }

    /// The log is gone, and with it all that the hub knew.
    pub(crate) fn begin_another_log(&mut self) {
        self.close_all(1006);
        self.epoch.push('+');
        self.log.clear();
        self.made.clear();
        self.writing.clear();
        self.sessions.clear();
        self.read.clear();
        self.acked = 0;
        self.store_since = 0;
    }

    /// The store, as the log tells.
    pub(crate) fn store(&self) -> Store {
        let mut store = Store::default();
        for entry in &self.log {
            store.fold(entry);
        }
        store
    }

    /// Another puts a key, or removes it.
    pub(crate) fn other_puts(&mut self, key: &str, value: Option<u64>, now: u64) {
        let (seq, id) = (self.next_seq(), format!("bob-{}", self.log.len()));
        let (at, from, key) = (now, "bob".to_owned(), key.to_owned());
        let entry = match value {
            Some(value) => Entry::Put(Put { seq, at, from, id, key, value: value.into() }),
            None => Entry::Removed(Removed { seq, at, from, id, key }),
        };
        self.log.push(entry.clone());
        self.tell(&entry);
    }

    /// Whether an entry is of the store and not the latest of its key, or a removal that is forgotten.
    fn is_overtaken(&self, entry: &Entry) -> bool {
        let Some(key) = key_of(entry) else { return false };
        let later = |other: &Entry| other.seq() > entry.seq() && key_of(other) == Some(key);
        let forgotten = matches!(entry, Entry::Removed(_)) && entry.seq() <= self.store_since;
        forgotten || self.log.iter().any(later)
    }

    pub(crate) fn head(&self) -> u64 {
        self.log.last().map_or(0, Entry::seq)
    }

    fn next_seq(&self) -> u64 {
        // Numbers have gaps: some entries are for others.
        self.log.last().map_or(3, |last| last.seq() + 1 + last.seq() % 3)
    }

    pub(crate) fn connection(&mut self, socket: u32) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.socket == socket)
    }

    /// Everyone who may see an entry hears it.
    fn tell(&mut self, entry: &Entry) {
        for connection in &mut self.connections {
            let kept = connection.secret.as_ref().and_then(|secret| self.sessions.get(secret));
            if connection.alive && kept.is_some_and(|kept| kept.sees(entry)) {
                connection.send(&ToNode::Entry(entry.clone()));
            }
        }
    }

    /// Another says something in a room, or (`None`) to us in private.
    pub(crate) fn other_says(&mut self, room: Option<&str>, text: &str, now: u64) -> u64 {
        let (seq, id, text) = (self.next_seq(), format!("bob-{}", self.log.len()), text.to_owned());
        let entry = match room {
            Some(room) => Entry::Said(Said {
                seq,
                at: now,
                room: room.to_owned(),
                from: "bob".to_owned(),
                id,
                text,
                details: None,
            }),
            None => Entry::Whispered(Whispered {
                seq,
                at: now,
                from: "bob".to_owned(),
                to: ME.to_owned(),
                id,
                text,
                details: None,
            }),
        };
        self.log.push(entry.clone());
        self.tell(&entry);
        seq
    }

    /// All that is under way to the disk arrives there; the replies leave, unless nobody is left to send them.
    pub(crate) fn commit(&mut self, replies: bool) -> bool {
        let mut written = false;
        while let Some(Writing { socket, request, at }) = self.writing.pop_front() {
            written = true;
            let id = request.id().expect("a line has an id").to_owned();
            let known = self.made.get(&id).copied();
            if let ToHub::Put { key, version: Some(version), .. } | ToHub::Remove { key, version: Some(version), .. } =
                &request
                && known.is_none()
                && self.store().version(key) != *version
            {
                if replies {
                    let refusal = Refusal::new(ErrorCode::VersionConflict, "It has another.");
                    self.send(socket, &ToNode::Reply(Reply { id, outcome: Outcome::Error(refusal) }));
                }
                continue;
            }
            let seq = known.unwrap_or_else(|| self.next_seq());
            let entry = entry_of(seq, at, request);
            let outcome = Outcome::Ok(json(&Sent { seq, delivered: None }));
            let reply = ToNode::Reply(Reply { id: id.clone(), outcome });
            if known.is_none() {
                self.made.insert(id, seq);
                self.log.push(entry.clone());
            }
            if !replies {
                continue;
            }
            if self.reply_first {
                self.send(socket, &reply);
            }
            if known.is_none() {
                self.tell(&entry);
            }
            if !self.reply_first {
                self.send(socket, &reply);
            }
        }
        written
    }

    fn send(&mut self, socket: u32, message: &ToNode) {
        if let Some(connection) = self.connection(socket).filter(|connection| connection.alive) {
            connection.send(message);
        }
    }

    /// Ends all connections; what is on its way to their nodes may still get there.
    pub(crate) fn close_all(&mut self, code: u16) {
        for connection in self.connections.iter_mut().filter(|connection| connection.alive) {
            connection.alive = false;
            connection.to_node.push_back(Down::Close(code));
        }
    }

    /// The hub is killed, and starts again on the same log: what was not yet on disk may be lost, or not.
    pub(crate) fn restart(&mut self, lose: bool) {
        if lose {
            self.writing.clear();
        }
        self.commit(false);
        self.close_all(1006);
        self.sessions.retain(|_, kept| kept.nick.is_some());
    }

    /// The log stays, but nobody is remembered.
    pub(crate) fn forget(&mut self) {
        self.restart(false);
        self.sessions.clear();
    }

    /// The rooms that a session is in.
    pub(crate) fn rooms(&self, secret: &str) -> BTreeSet<&str> {
        self.sessions[secret].rooms.iter().map(String::as_str).collect()
    }

    /// Nobody holds a nick any more.
    pub(crate) fn take_nick_away(&mut self) {
        for kept in self.sessions.values_mut() {
            *kept = Kept::default();
        }
    }

    /// The node fell behind and has caught up: what came in between is told, but for who came and went.
    pub(crate) fn fall_behind(&mut self) {
        let seq = self.head();
        for connection in &mut self.connections {
            if connection.alive && connection.secret.is_some() {
                connection.to_node.retain(|down| !matches!(down, Down::Frame(frame) if frame.contains("presence")));
                connection.send(&ToNode::Synced { seq });
            }
        }
    }

    /// Somebody comes into a room.
    pub(crate) fn comes(&mut self, room: &str, nick: &str) {
        let presence = Presence { room: room.to_owned(), joined: vec![nick.to_owned()], ..Presence::default() };
        for connection in self.connections.iter_mut().filter(|connection| connection.alive) {
            connection.send(&ToNode::Presence(presence.clone()));
        }
    }

    /// Reads one frame of a connection; false if there is none.
    pub(crate) fn read_frame(&mut self, socket: u32, now: u64) -> bool {
        let Some(connection) = self.connection(socket).filter(|connection| connection.alive) else { return false };
        let Some(frame) = connection.to_hub.pop_front() else { return false };
        let message = wire::decode_to_hub(&frame).expect("is a message");
        match message {
            ToHub::Hello(hello) => self.hello(socket, hello),
            ToHub::Ack { seq } => self.acked = self.acked.max(seq),
            signal @ (ToHub::Typing { .. } | ToHub::State { .. }) => self.signals.push(signal),
            request => self.request(socket, request, now),
        }
        if !self.lags {
            self.commit(true);
        }
        true
    }

    fn hello(&mut self, socket: u32, hello: Hello) {
        self.hellos.push(hello.clone());
        if hello.cookie != self.cookie {
            let connection = self.connection(socket).expect("is being read");
            connection.alive = false;
            connection.to_node.push_back(Down::Close(4401));
            return;
        }
        let known = hello.session.filter(|secret| self.sessions.contains_key(secret));
        let resumed = known.is_some();
        let secret = known.unwrap_or_else(|| format!("session-{}", self.hellos.len()));
        for other in &mut self.connections {
            if other.alive && other.secret.as_ref() == Some(&secret) {
                other.alive = false;
                other.to_node.push_back(Down::Close(4409));
            }
        }
        let kept = self.sessions.entry(secret.clone()).or_default();
        kept.store = hello.store;
        let kept = kept.clone();
        let head = self.head();
        let missed: Vec<Entry> = match hello.after {
            Some(after) if resumed => {
                let missed = self.log.iter().filter(|entry| entry.seq() > after && !self.is_overtaken(entry));
                missed.cloned().collect()
            }
            _ => Vec::new(),
        };
        let welcome = Welcome {
            version: 1,
            hub: "hub@den".to_owned(),
            node: "tab@den".to_owned(),
            session: secret.clone(),
            epoch: self.epoch.clone(),
            seq: head,
            resumed,
            nick: kept.nick.clone(),
            rooms: kept.rooms.iter().cloned().collect(),
            ephemeral: false,
            max_upload: None,
            owner: None,
            store_since: self.store_since,
        };
        let connection = self.connection(socket).expect("is being read");
        connection.secret = Some(secret);
        connection.send(&ToNode::Welcome(welcome));
        for entry in missed.into_iter().filter(|entry| kept.sees(entry)) {
            connection.send(&ToNode::Entry(entry));
        }
        if resumed && hello.after.is_some() {
            connection.send(&ToNode::Synced { seq: head });
        }
    }

    fn request(&mut self, socket: u32, request: ToHub, now: u64) {
        self.requests.push(request.clone());
        let id = request.id().expect("is a request").to_owned();
        let line = request.makes_entry();
        // Before all else, as the protocol has it: what is done is done.
        let retried = self.made.contains_key(&id) || self.writing.iter().any(|one| one.request.id() == Some(&id));
        let outcome = if line && retried { Ok(None) } else { self.decide(socket, &request) };
        self.head_at.insert(id.clone(), self.head());
        let outcome = match outcome {
            Ok(Some(value)) => Outcome::Ok(value),
            Ok(None) => return self.writing.push_back(Writing { socket, request, at: now }),
            Err(refusal) => Outcome::Error(refusal),
        };
        self.send(socket, &ToNode::Reply(Reply { id, outcome }));
    }

    /// Another tab of ours has said this line already.
    pub(crate) fn said_elsewhere(&mut self, request: &ToHub, now: u64) {
        self.writing.push_back(Writing { socket: 0, request: request.clone(), at: now });
        self.commit(true);
    }
}

impl Kept {
    fn sees(&self, entry: &Entry) -> bool {
        if key_of(entry).is_some() {
            return self.store;
        }
        room_of(entry).map_or(self.nick.is_some(), |room| self.rooms.contains(room))
    }
}

/// The entry that a request of ours makes.
fn entry_of(seq: u64, at: u64, request: ToHub) -> Entry {
    let from = ME.to_owned();
    let (id, room, to, of, change) = match request {
        ToHub::Say { id, room, text, .. } => {
            return Entry::Said(Said { seq, at, room, from, id, text, details: None });
        }
        ToHub::PrivateMessage { id, to, text, .. } => {
            return Entry::Whispered(Whispered { seq, at, from, to, id, text, details: None });
        }
        ToHub::Put { id, key, value, .. } => return Entry::Put(Put { seq, at, from, id, key, value: value.value() }),
        ToHub::Remove { id, key, .. } => return Entry::Removed(Removed { seq, at, from, id, key }),
        ToHub::Topic { id, room, topic } => return Entry::Topic(Topic { seq, at, room, from, id, topic }),
        ToHub::Edit { id, room, with, of, text } => (id, room, with, of, Change::Edited { text }),
        ToHub::Delete { id, room, with, of } => (id, room, with, of, Change::Deleted),
        ToHub::React { id, room, with, of, emoji, on } => (id, room, with, of, Change::Reacted { emoji, on }),
        other => panic!("{other:?} makes no entry"),
    };
    Entry::Changed(Changed { seq, at, room, to, from, id, of, change })
}

/// The key of the store that an entry is of.
pub(super) fn key_of(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Put(put) => Some(&put.key),
        Entry::Removed(removed) => Some(&removed.key),
        _ => None,
    }
}

/// The room an entry is of; none where it is private.
pub(super) fn room_of(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Said(said) => Some(&said.room),
        Entry::Topic(topic) => Some(&topic.room),
        Entry::Changed(changed) => changed.room.as_deref(),
        Entry::Whispered(_) | Entry::Put(_) | Entry::Removed(_) => None,
    }
}

impl Connection {
    pub(crate) fn new(socket: u32) -> Self {
        Self { socket, alive: true, ..Self::default() }
    }

    pub(crate) fn send(&mut self, message: &ToNode) {
        self.to_node.push_back(Down::Frame(wire::encode(message)));
    }
}
