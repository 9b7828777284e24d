//! A hub of a hundred lines and a world around one session: sockets that open, break and delay.

#![allow(dead_code, reason = "each test uses its part")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::entry::{Entry, Said, Whispered};
use shared::message::{
    Connected, Conversation, Done, ErrorCode, Joined, Outcome, Page, Pinged, Refusal, Reply, Rooms, Sent, State, ToHub,
    ToNode, User, Users, Welcome,
};
use shared::session::{Delivery, Effect, Phase, Response, Session, Settings};
use shared::transcript::Transcript;
use shared::wire;

/// The nick of the session under test.
pub(crate) const ME: &str = "dr00";
/// When the world begins.
pub(crate) const START: u64 = 1_800_000_000_000;

/// Settings that connect as [`ME`].
pub(crate) fn settings() -> Settings {
    Settings { nick: Some(ME.to_owned()), random: [7; 16], ..Settings::default() }
}

/// The other end of the one socket there is.
#[derive(Default)]
struct Connection {
    socket: u32,
    hello: bool,
    nick: Option<String>,
    rooms: BTreeSet<String>,
    /// Frames the hub has not read yet, and such as the node has not.
    to_hub: VecDeque<String>,
    to_node: VecDeque<String>,
    /// The welcome has reached the node.
    welcomed: bool,
    /// Connects whose reply has not reached the node.
    connects: BTreeSet<String>,
}

/// The log outlives every connection.
pub(crate) struct Hub {
    pub(crate) log: Vec<Entry>,
    pub(crate) epoch: String,
    pub(crate) cookie: Option<String>,
    made: BTreeMap<String, u64>,
    /// What the next fitting requests are refused with.
    pub(crate) refusals: VecDeque<Refusal>,
    /// Whether a reply goes before the entry it speaks of.
    pub(crate) reply_first: bool,
    pub(crate) hellos: Vec<shared::message::Hello>,
    /// Every request read, in order.
    pub(crate) requests: Vec<ToHub>,
}

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) transcript: Transcript,
    pub(crate) hub: Hub,
    pub(crate) now: u64,
    opening: Option<u32>,
    connection: Option<Connection>,
    /// How many sockets were asked for.
    pub(crate) opened: usize,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) phases: Vec<Phase>,
    /// Ids that `ask` gave, in order.
    pub(crate) asked: Vec<String>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let hub = Hub {
            log: Vec::new(),
            epoch: "log-1".to_owned(),
            cookie: None,
            made: BTreeMap::new(),
            refusals: VecDeque::new(),
            reply_first: false,
            hellos: Vec::new(),
            requests: Vec::new(),
        };
        let mut world = Self {
            session: Session::new(settings),
            transcript: Transcript::new(),
            hub,
            now: START,
            opening: None,
            connection: None,
            opened: 0,
            deliveries: Vec::new(),
            phases: Vec::new(),
            asked: Vec::new(),
        };
        world.session.start(world.now);
        world.drive();
        world
    }

    /// One that is online.
    pub(crate) fn online(settings: Settings) -> Self {
        let mut world = Self::new(settings);
        world.flow();
        assert_eq!(world.session.phase(), Phase::Online);
        world
    }

    /// Does what the session wants, and holds it to its promises.
    pub(crate) fn drive(&mut self) {
        while let Some(effect) = self.session.effect() {
            match effect {
                Effect::Open { socket } => {
                    assert!(self.opening.is_none() && self.connection.is_none(), "a second socket");
                    self.opening = Some(socket);
                    self.opened += 1;
                }
                Effect::Send { socket, frame } => {
                    let connection = self.connection.as_mut().expect("sent without a socket");
                    assert_eq!(connection.socket, socket, "sent to another socket");
                    assert!(frame.len() <= wire::MAX_FRAME);
                    let message = wire::decode_to_hub(&frame).expect("sent what is no message");
                    let hello = matches!(message, ToHub::Hello(_));
                    assert_eq!(hello, !connection.hello, "hello first, and once");
                    assert!(hello || connection.welcomed, "sent before the welcome");
                    connection.hello = true;
                    if let ToHub::Connect { id, .. } = message {
                        connection.connects.insert(id);
                        assert_eq!(connection.connects.len(), 1, "two connects outstanding");
                    }
                    connection.to_hub.push_back(frame);
                }
                Effect::Close { socket } => {
                    let known = self.opening.take().or(self.connection.take().map(|connection| connection.socket));
                    assert_eq!(known, Some(socket), "closed another socket");
                }
                Effect::Deliver(delivery) => {
                    self.transcript.deliver(self.now, &delivery);
                    self.deliveries.push(delivery);
                }
                Effect::Phase(phase) => {
                    if let Phase::Waiting { until, .. } = phase {
                        let wait = until - self.now;
                        assert!((250..=15_000).contains(&wait), "waits {wait} ms");
                    }
                    self.phases.push(phase);
                }
            }
        }
    }

    pub(crate) fn ask(&mut self, request: impl FnOnce(String) -> ToHub) -> Result<String, Refusal> {
        let asked = self.session.ask(self.now, request);
        if let Ok(id) = &asked {
            self.asked.push(id.clone());
        }
        self.drive();
        asked
    }

    pub(crate) fn say(&mut self, room: &str, text: &str) -> Result<String, Refusal> {
        self.ask(|id| ToHub::Say { id, room: room.to_owned(), text: text.to_owned() })
    }

    pub(crate) fn whisper(&mut self, to: &str, text: &str) -> Result<String, Refusal> {
        self.ask(|id| ToHub::PrivateMessage { id, to: to.to_owned(), text: text.to_owned() })
    }

    /// The socket that is being opened opens.
    pub(crate) fn open(&mut self) -> bool {
        let Some(socket) = self.opening.take() else { return false };
        self.connection = Some(Connection { socket, ..Connection::default() });
        self.session.opened(self.now, socket);
        self.drive();
        true
    }

    /// The socket, open or opening, is gone with all that was under way on it.
    pub(crate) fn cut(&mut self, code: u16) -> bool {
        let socket = self.opening.take().or(self.connection.take().map(|connection| connection.socket));
        let Some(socket) = socket else { return false };
        self.session.closed(self.now, socket, code, "");
        self.drive();
        true
    }

    /// The hub reads so many frames.
    pub(crate) fn hub_reads(&mut self, frames: usize) -> bool {
        let mut read = false;
        for _ in 0..frames {
            let Some(connection) = &mut self.connection else { break };
            let Some(frame) = connection.to_hub.pop_front() else { break };
            read = true;
            if let Some(code) = self.hub.read(connection, &frame, self.now) {
                self.cut(code);
            }
        }
        read
    }

    /// The node reads so many frames.
    pub(crate) fn node_reads(&mut self, frames: usize) -> bool {
        let mut read = false;
        for _ in 0..frames {
            let Some(connection) = &mut self.connection else { break };
            let Some(frame) = connection.to_node.pop_front() else { break };
            read = true;
            let socket = connection.socket;
            self.receive(socket, &frame);
        }
        read
    }

    /// The node reads this frame, wherever it came from.
    pub(crate) fn receive(&mut self, socket: u32, frame: &str) {
        if let Some(connection) = &mut self.connection {
            match wire::decode_to_node(frame) {
                Ok(ToNode::Welcome(_)) => connection.welcomed = true,
                Ok(ToNode::Reply(reply)) => drop(connection.connects.remove(&reply.id)),
                _ => {}
            }
        }
        self.session.received(self.now, socket, frame);
        self.drive();
    }

    /// The number of the open socket.
    pub(crate) fn socket(&self) -> Option<u32> {
        self.connection.as_ref().map(|connection| connection.socket)
    }

    /// Time passes; the session is called when it wants to be, if `punctual`, and at the end.
    pub(crate) fn wait(&mut self, ms: u64, punctual: bool) {
        let end = self.now + ms;
        while let Some(at) = self.session.wake_at().filter(|at| punctual && *at <= end) {
            self.now = self.now.max(at);
            self.tick();
        }
        self.now = end;
        self.tick();
    }

    pub(crate) fn tick(&mut self) {
        self.session.tick(self.now);
        self.drive();
        if let Some(at) = self.session.wake_at() {
            assert!(at > self.now, "wants to be called at once after having been called");
        }
    }

    /// Everything under way arrives.
    pub(crate) fn flow(&mut self) {
        while self.open() || self.hub_reads(1) || self.node_reads(1) {}
    }

    /// All hindrances fall away: the session comes online and gets all through.
    pub(crate) fn settle(&mut self) {
        self.session.online(self.now);
        self.drive();
        let mut calm_since = None;
        for _ in 0..2_000 {
            self.flow();
            if matches!(self.session.phase(), Phase::Refused { .. } | Phase::CookieWanted { .. }) {
                self.session.retry(self.now);
                self.drive();
                continue;
            }
            let calm = self.session.phase() == Phase::Online && self.session.unsent() == 0;
            let since = *calm_since.get_or_insert(self.now);
            if !calm {
                calm_since = None;
            } else if self.now - since > 60_000 {
                return; // long enough for every pause
            }
            self.now = self.session.wake_at().unwrap_or(self.now).max(self.now);
            self.tick();
        }
        panic!("does not come to rest: {:?}, {} unsent", self.session.phase(), self.session.unsent());
    }

    /// Another says something in a room, or (`None`) to us in private.
    pub(crate) fn other_says(&mut self, room: Option<&str>, text: &str) -> u64 {
        let entry = self.hub.other(room, text, self.now);
        let seq = entry.seq();
        if let Some(connection) = &mut self.connection {
            connection.hear(&entry);
        }
        seq
    }

    /// The hub is another, with an empty log.
    pub(crate) fn new_log(&mut self) {
        self.hub.log.clear();
        self.hub.made.clear();
        self.hub.epoch.push('+');
    }

    /// How the request with this id ended.
    pub(crate) fn answers(&self, id: &str) -> Vec<&Result<Response, Refusal>> {
        self.deliveries
            .iter()
            .filter_map(|delivery| match delivery {
                Delivery::Answered { request, answer } if request.id() == Some(id) => Some(answer),
                _ => None,
            })
            .collect()
    }

    /// Texts of the log, in order.
    pub(crate) fn said(&self) -> Vec<&str> {
        self.hub.log.iter().map(Entry::text).collect()
    }
}

impl Connection {
    /// An entry reaches this node, if it may see it.
    fn hear(&mut self, entry: &Entry) {
        let hears = match entry {
            Entry::Said(said) => self.rooms.contains(&said.room),
            Entry::Whispered(_) => self.nick.is_some(),
        };
        if hears {
            self.to_node.push_back(wire::encode(&ToNode::Entry(entry.clone())));
        }
    }
}

fn users() -> Vec<User> {
    vec![User { nick: ME.to_owned(), state: State::Online, nodes: 1 }]
}

fn with_whom(entry: &Entry) -> Option<&str> {
    match entry {
        Entry::Said(_) => None,
        Entry::Whispered(whispered) if whispered.from == ME => Some(&whispered.to),
        Entry::Whispered(whispered) => Some(&whispered.from),
    }
}

impl Hub {
    fn next_seq(&self) -> u64 {
        // Numbers have gaps: some entries are for others.
        self.log.last().map_or(3, |last| last.seq() + 1 + last.seq() % 3)
    }

    fn other(&mut self, room: Option<&str>, text: &str, now: u64) -> Entry {
        let (seq, id, text) = (self.next_seq(), format!("bob-{}", self.log.len()), text.to_owned());
        let entry = match room {
            Some(room) => Entry::Said(Said { seq, at: now, room: room.to_owned(), from: "bob".to_owned(), id, text }),
            None => Entry::Whispered(Whispered { seq, at: now, from: "bob".to_owned(), to: ME.to_owned(), id, text }),
        };
        self.log.push(entry.clone());
        entry
    }

    /// Answers a frame; gives the code to close with, if it does.
    fn read(&mut self, connection: &mut Connection, frame: &str, now: u64) -> Option<u16> {
        let message = wire::decode_to_hub(frame).expect("is a message");
        if let ToHub::Hello(hello) = message {
            self.hellos.push(hello.clone());
            if hello.cookie != self.cookie {
                return Some(4401);
            }
            let welcome = Welcome {
                version: 1,
                hub: "hub@den".to_owned(),
                node: "tab@den".to_owned(),
                session: format!("session-{}", self.hellos.len()),
                epoch: self.epoch.clone(),
                seq: self.log.last().map_or(0, Entry::seq),
                resumed: false,
                nick: None,
                ephemeral: false,
            };
            connection.to_node.push_back(wire::encode(&ToNode::Welcome(welcome)));
            return None;
        }
        self.requests.push(message.clone());
        let id = message.id().unwrap_or_default().to_owned();
        let (outcome, heard) = match self.decide(connection, &message, now) {
            Ok((value, heard)) => (Outcome::Ok(value), heard),
            Err(refusal) => (Outcome::Error(refusal), None),
        };
        let reply = wire::encode(&ToNode::Reply(Reply { id, outcome }));
        if self.reply_first {
            connection.to_node.push_back(reply.clone());
        }
        if let Some(entry) = heard {
            connection.hear(&entry);
        }
        if !self.reply_first {
            connection.to_node.push_back(reply);
        }
        None
    }

    fn decide(
        &mut self,
        connection: &mut Connection,
        message: &ToHub,
        now: u64,
    ) -> Result<(serde_json::Value, Option<Entry>), Refusal> {
        // Before all else, as the protocol has it: what is done is done.
        if let Some(seq) = message.id().and_then(|id| self.made.get(id)) {
            return Ok((json(&Sent { seq: *seq, delivered: None }), None));
        }
        let fits = self.refusals.front().is_some_and(|refusal| match refusal.code {
            ErrorCode::NickInUse => matches!(message, ToHub::Connect { .. }),
            ErrorCode::NotInRoom => matches!(message, ToHub::Say { .. } | ToHub::PrivateMessage { .. }),
            _ => true,
        });
        if let Some(refusal) = fits.then(|| self.refusals.pop_front()).flatten() {
            return Err(refusal);
        }
        let not_connected = || Refusal::new(ErrorCode::NotConnected, "Connect first.");
        let value = match message {
            ToHub::Connect { nick, .. } => {
                connection.nick = Some(nick.clone());
                connection.rooms = BTreeSet::from(["lobby".to_owned()]);
                json(&Connected {
                    nick: nick.clone(),
                    token: format!("token-{nick}"),
                    room: "lobby".to_owned(),
                    topic: None,
                    users: users(),
                    count: 1,
                    conversations: self.conversations(),
                })
            }
            ToHub::Ping { .. } => json(&Pinged { answer: shared::message::Answer::Pong, ms: 0 }),
            ToHub::ListRooms { .. } => json(&Rooms { rooms: Vec::new() }),
            ToHub::ListUsers { .. } => json(&Users { users: users() }),
            _ if connection.nick.is_none() => return Err(not_connected()),
            ToHub::Disconnect { .. } => {
                connection.nick = None;
                connection.rooms.clear();
                json(&Done {})
            }
            ToHub::Join { room, .. } => {
                connection.rooms.insert(room.clone());
                json(&Joined { room: room.clone(), topic: None, users: users(), count: 1 })
            }
            ToHub::Leave { room, .. } => {
                if !connection.rooms.remove(room) {
                    return Err(Refusal::new(ErrorCode::NotInRoom, "Join it first."));
                }
                json(&Done {})
            }
            ToHub::Say { id, room, text } => {
                if !connection.rooms.contains(room) {
                    return Err(Refusal::new(ErrorCode::NotInRoom, "Join it first."));
                }
                let (room, text) = (room.clone(), text.clone());
                return Ok(
                    self.append(id, |seq, id| Entry::Said(Said { seq, at: now, room, from: ME.to_owned(), id, text }))
                );
            }
            ToHub::PrivateMessage { id, to, text } => {
                let (to, text) = (to.clone(), text.clone());
                return Ok(self.append(id, |seq, id| {
                    Entry::Whispered(Whispered { seq, at: now, from: ME.to_owned(), to, id, text })
                }));
            }
            ToHub::History { room, with, before, after, limit, .. } => {
                if room.as_ref().is_some_and(|room| !connection.rooms.contains(room)) {
                    return Err(Refusal::new(ErrorCode::NotInRoom, "Join it first."));
                }
                json(&self.page(room.as_deref(), with.as_deref(), *before, *after, *limit))
            }
            ToHub::Hello(_) | ToHub::ListNodes { .. } | ToHub::Search { .. } => {
                return Err(Refusal::new(ErrorCode::BadMessage, "This model cannot do that."));
            }
        };
        Ok((value, None))
    }

    fn append(&mut self, id: &str, make: impl FnOnce(u64, String) -> Entry) -> (serde_json::Value, Option<Entry>) {
        let entry = make(self.next_seq(), id.to_owned());
        self.made.insert(id.to_owned(), entry.seq());
        self.log.push(entry.clone());
        (json(&Sent { seq: entry.seq(), delivered: None }), Some(entry))
    }

    fn conversations(&self) -> Vec<Conversation> {
        let mut latest = BTreeMap::new();
        for entry in &self.log {
            if let Some(with) = with_whom(entry) {
                latest.insert(with, entry.seq());
            }
        }
        let mut talks: Vec<Conversation> =
            latest.into_iter().map(|(with, seq)| Conversation { with: with.to_owned(), seq }).collect();
        talks.sort_by_key(|talk| std::cmp::Reverse(talk.seq));
        talks
    }

    /// A page of at most `limit`, but of three at most, so that little is needed for many pages.
    pub(crate) fn page(
        &self,
        room: Option<&str>,
        with: Option<&str>,
        before: Option<u64>,
        after: Option<u64>,
        limit: Option<u32>,
    ) -> Page {
        let limit = limit.map_or(3, |limit| limit.min(3)) as usize;
        let mut entries: Vec<Entry> = self
            .log
            .iter()
            .filter(|entry| match entry {
                Entry::Said(said) => Some(said.room.as_str()) == room,
                Entry::Whispered(_) => with.is_some() && with_whom(entry) == with,
            })
            .filter(|entry| before.is_none_or(|before| entry.seq() < before))
            .filter(|entry| after.is_none_or(|after| entry.seq() > after))
            .cloned()
            .collect();
        let more = entries.len() > limit;
        if after.is_some() {
            entries.truncate(limit);
        } else {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        Page { entries, more }
    }
}

fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::to_value(value).expect("has string keys")
}
