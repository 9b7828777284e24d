//! A world around one session: sockets that open, break and delay, a hub, time, and the session's driver,
//! which holds it to its general promises at every step.

#![allow(dead_code, reason = "each test uses its part")]

mod answers;
mod happenings;
mod hub;
mod record;

use std::collections::BTreeSet;

use shared::entry::Entry;
use shared::message::{ErrorCode, Json, Refusal, State, ToHub};
use shared::session::{ACK_EVERY, Delivery, Effect, Line, Phase, READ_EVERY, Response, Session, Settings};
use shared::store::{Store, Whole};
use shared::transcript::{Place, Transcript};
use shared::wire;

use hub::Connection;
pub(crate) use hub::Hub;
use record::Record;

/// The nick of the session under test.
pub(crate) const ME: &str = "dr00";
/// When the world begins.
pub(crate) const START: u64 = 1_800_000_000_000;
/// Sockets of one session are numbered from 1; this keeps those of the next one apart.
const PER_SESSION: u32 = 1_000_000;

/// Settings that connect as [`ME`].
pub(crate) fn settings() -> Settings {
    Settings { nick: Some(ME.to_owned()), random: [7; 16], ..Settings::default() }
}

pub(crate) fn lobby() -> Place {
    Place::Room("lobby".to_owned())
}

/// One that is in the lobby and the den, has heard one line in each, and said one.
pub(crate) fn at_home() -> World {
    let mut world = World::online(Settings { rooms: vec!["den".to_owned()], ..settings() });
    world.other_says(Some("lobby"), "before");
    world.other_says(Some("den"), "before in the den");
    world.say("lobby", "own").unwrap();
    world.flow();
    assert_eq!(world.session.phase(), Phase::Online);
    world
}

/// What the hub was asked since it had read so many requests, but for signs of life.
pub(crate) fn since(world: &World, before: usize) -> Vec<&'static str> {
    let requests = world.hub.requests[before..].iter().filter(|request| !matches!(request, ToHub::Ping { .. }));
    let name = |request: &ToHub| match request {
        ToHub::Connect { .. } => "connect",
        ToHub::Disconnect { .. } => "disconnect",
        ToHub::Join { .. } => "join",
        ToHub::Leave { .. } => "leave",
        ToHub::Say { .. } => "say",
        ToHub::ListUsers { .. } => "list_users",
        ToHub::History { .. } => "history",
        _ => "another",
    };
    requests.map(name).collect()
}

pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) transcript: Transcript,
    /// The copy of the store, and the log that it is of.
    pub(crate) store: (Store, String),
    /// Whether it may be read.
    pub(crate) whole: Whole,
    /// Where the hub's log ended when this connection began; none without one.
    began_at: Option<u64>,
    pub(crate) hub: Hub,
    pub(crate) now: u64,
    /// What the node received, and what it should have.
    pub(crate) record: Record,
    /// The hub does not lie: all that is recorded fits together.
    pub(crate) honest: bool,
    sessions: u32,
    opening: Option<u32>,
    open: Option<u32>,
    /// What the device says of its network, until a hub is reached all the same.
    network: bool,
    /// How many sockets were asked for.
    pub(crate) opened: usize,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) phases: Vec<Phase>,
    /// When the hub was last told that the person writes.
    typed: Option<u64>,
    /// Every acknowledgement sent, with its time.
    pub(crate) acks: Vec<(u64, u64)>,
    /// Ids that `ask` gave, and those of lines taken up, in order.
    pub(crate) asked: Vec<String>,
    /// Lines that another tab has said as well.
    pub(crate) said_elsewhere: BTreeSet<String>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        let mut world = Self {
            session: Session::new(settings),
            transcript: Transcript::new(),
            store: <(Store, String)>::default(),
            whole: Whole::default(),
            began_at: None,
            hub: Hub::new(),
            now: START,
            record: Record::default(),
            honest: true,
            sessions: 0,
            opening: None,
            open: None,
            network: true,
            opened: 0,
            deliveries: Vec::new(),
            phases: Vec::new(),
            typed: None,
            acks: Vec::new(),
            asked: Vec::new(),
            said_elsewhere: BTreeSet::new(),
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
                    assert!(self.opening.is_none() && self.open.is_none(), "a second socket");
                    assert!(self.network, "an attempt without a network");
                    self.opening = Some(socket);
                    self.opened += 1;
                }
                Effect::Send { socket, frame } => self.sent(socket, frame),
                Effect::Close { socket } => {
                    assert_eq!(self.opening.take().or(self.open.take()), Some(socket), "closed another socket");
                }
                Effect::Deliver(delivery) => {
                    self.transcript.deliver(self.now, &delivery);
                    self.deliver_to_store(&delivery);
                    if self.honest {
                        self.record.take(&self.hub, &self.session.position().epoch, &delivery);
                    }
                    match &delivery {
                        Delivery::Welcomed { .. } => self.network = true,
                        // As an app does: what is said there while nobody listens is not to look like nothing.
                        Delivery::Answered { request: ToHub::Leave { room, .. }, answer: Ok(_) } => {
                            self.transcript.close(&Place::Room(room.clone()));
                        }
                        _ => {}
                    }
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

    /// As an app does: one that is kept over a reload may be of another log.
    fn deliver_to_store(&mut self, delivery: &Delivery) {
        let (store, epoch) = &mut self.store;
        if let Delivery::Welcomed { welcome, .. } = delivery
            && welcome.epoch != *epoch
        {
            *store = Store::default();
            epoch.clone_from(&welcome.epoch);
        }
        let before = store.clone();
        let mut changed = store.deliver(delivery);
        changed.sort();
        let keys: BTreeSet<&str> = before.list("").iter().chain(store.list("")).map(|pair| pair.key.as_str()).collect();
        let others = keys.into_iter().filter(|key| before.version(key) != store.version(key));
        assert_eq!(changed, others.collect::<Vec<_>>(), "what is told to be otherwise");
        self.whole.deliver(delivery, self.session.has_store());
        match delivery {
            Delivery::Welcomed { welcome, .. } => self.began_at = Some(welcome.seq),
            Delivery::Lost => self.began_at = None,
            _ => {}
        }
        self.look_at_store();
    }

    /// Nobody reads an absence that is none: what is there since before this connection is there for all who read.
    fn look_at_store(&self) {
        let Some(began_at) = self.began_at.filter(|_| self.whole.is_here()) else { return };
        if !self.honest || self.store.1 != self.hub.epoch {
            return;
        }
        let (copy, hub) = (&self.store.0, self.hub.store());
        for pair in hub.list("").iter().filter(|pair| pair.version <= began_at) {
            assert_eq!(copy.version(&pair.key), pair.version, "{}", pair.key);
        }
        for pair in copy.list("") {
            let removed = hub.get(&pair.key).is_none() && hub.seq() <= began_at;
            assert!(!removed, "{} was removed", pair.key);
        }
    }

    fn sent(&mut self, socket: u32, frame: String) {
        assert_eq!(self.open, Some(socket), "sent to another socket, or none");
        assert!(frame.len() <= wire::MAX_FRAME);
        let message = wire::decode_to_hub(&frame).expect("sent what is no message");
        let (now, online) = (self.now, self.session.phase() == Phase::Online);
        let connection = self.connection().expect("there is a socket");
        let hello = matches!(message, ToHub::Hello(_));
        assert_eq!(hello, !connection.hello, "hello first, and once");
        assert!(hello || connection.welcomed, "sent before the welcome");
        connection.hello = true;
        match &message {
            ToHub::Connect { id, .. } => {
                connection.connects.insert(id.clone());
                assert_eq!(connection.connects.len(), 1, "two connects outstanding");
            }
            ToHub::Ack { seq } => {
                assert!(online, "acknowledged before it was ready");
                assert!(connection.moved, "acknowledged nothing new");
                if let Some((at, before)) = connection.acked {
                    assert!(now >= at + ACK_EVERY && *seq >= before, "acknowledged too often, or backwards");
                }
                connection.acked = Some((now, *seq));
                connection.moved = false;
                self.acks.push((now, *seq));
                if self.honest {
                    self.record.acknowledged(&self.hub, &self.session.position().epoch, *seq);
                }
            }
            ToHub::Read { room, with, .. } => {
                assert!(online, "told what was read before it was ready");
                let place = format!("{room:?} {with:?}");
                let before = connection.reads.insert(place, now);
                assert!(before.is_none_or(|before| now >= before + READ_EVERY), "told too often what was read");
            }
            ToHub::Typing { room, to } => {
                assert!(online && room.is_some() != to.is_some());
                let before = self.typed.replace(now);
                assert!(before.is_none_or(|before| now >= before + wire::TYPING_EVERY), "told too often of writing");
            }
            ToHub::State { state } => {
                let before = connection.state.replace(*state);
                assert!(online && before != Some(*state), "told of the same state twice");
            }
            _ => {}
        }
        self.connection().expect("there is a socket").to_hub.push_back(frame);
    }

    fn connection(&mut self) -> Option<&mut Connection> {
        let number = self.number(self.open?);
        self.hub.connection(number)
    }

    fn number(&self, socket: u32) -> u32 {
        self.sessions * PER_SESSION + socket
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
        self.ask(|id| Place::Room(room.to_owned()).say(id, text.to_owned()))
    }

    pub(crate) fn put(&mut self, key: &str, value: u64, version: Option<u64>) -> Result<String, Refusal> {
        self.ask(|id| ToHub::Put { id, key: key.to_owned(), value: Json::of(&value), version })
    }

    pub(crate) fn remove(&mut self, key: &str, version: Option<u64>) -> Result<String, Refusal> {
        self.ask(|id| ToHub::Remove { id, key: key.to_owned(), version })
    }

    /// Another puts a key, or removes it.
    pub(crate) fn other_puts(&mut self, key: &str, value: Option<u64>) {
        self.hub.other_puts(key, value, self.now);
    }

    /// From now on the app keeps a copy of the store.
    pub(crate) fn keep_store(&mut self) {
        self.session.keep_store(self.now);
        self.drive();
    }

    pub(crate) fn whisper(&mut self, to: &str, text: &str) -> Result<String, Refusal> {
        self.ask(|id| Place::With(to.to_owned()).say(id, text.to_owned()))
    }

    /// The person writes at a place.
    pub(crate) fn typing(&mut self, place: &Place) {
        self.session.typing(self.now, place);
        self.drive();
    }

    /// The person leaves the device alone, or is back.
    pub(crate) fn state(&mut self, state: State) {
        self.session.state(self.now, state);
        self.drive();
    }

    /// Lines of another session are taken up.
    pub(crate) fn adopt(&mut self, lines: Vec<Line>) {
        let waiting = |session: &Session| session.unsent_lines().map(|line| line.id().to_owned()).collect::<Vec<_>>();
        let before = waiting(&self.session);
        self.session.adopt(self.now, lines);
        self.asked.extend(waiting(&self.session).into_iter().filter(|id| !before.contains(id)));
        self.drive();
    }

    /// Another tab of ours has said that line.
    pub(crate) fn say_elsewhere(&mut self, line: &Line) {
        self.said_elsewhere.insert(line.id().to_owned());
        self.hub.said_elsewhere(&line.request, self.now);
    }

    /// The person has read a place.
    pub(crate) fn read(&mut self, place: &Place, seq: u64) {
        self.session.read(self.now, place, seq);
        self.drive();
    }

    /// The person has read all that there is in a place that they are in.
    pub(crate) fn has_read(&mut self, place: &Place) {
        if let Some(seq) = self.record.newest_in(place) {
            self.record.reads.insert(place.clone(), seq);
            self.read(place, seq);
        }
    }

    /// Whether all that came on this connection is acknowledged.
    pub(crate) fn nothing_to_acknowledge(&self) -> bool {
        let seq = self.session.position().seq;
        let number = self.open.map(|socket| self.number(socket));
        let connection = self.hub.connections.iter().find(|connection| Some(connection.socket) == number);
        connection.is_none_or(|connection| match connection.acked {
            Some((_, acked)) => acked == seq && !connection.moved,
            None => !connection.moved || connection.fresh,
        })
    }

    /// Another says something in a room, or (`None`) to us in private.
    pub(crate) fn other_says(&mut self, room: Option<&str>, text: &str) -> u64 {
        self.hub.other_says(room, text, self.now)
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

    /// How the request with this id ended: once.
    pub(crate) fn answer(&self, id: &str) -> &Result<Response, Refusal> {
        let answers = self.answers(id);
        assert_eq!(answers.len(), 1, "each request is answered once");
        answers[0]
    }

    /// Why the request with this id was refused.
    pub(crate) fn refused(&self, id: &str) -> ErrorCode {
        self.answer(id).as_ref().expect_err("was refused").code
    }

    /// How long it waits from now to the next attempt, in milliseconds.
    pub(crate) fn waiting(&self) -> u64 {
        match self.session.phase() {
            Phase::Waiting { until, .. } => until - self.now,
            other => panic!("is not waiting: {other:?}"),
        }
    }

    /// Texts of the log, in order.
    pub(crate) fn said(&self) -> Vec<&str> {
        self.hub.log.iter().map(Entry::text).collect()
    }

    /// Requests that the hub has read, for which this is so.
    pub(crate) fn requests(&self, which: impl Fn(&ToHub) -> bool) -> usize {
        self.hub.requests.iter().filter(|request| which(request)).count()
    }

    /// Texts of what was heard as it was said, in order.
    pub(crate) fn heard(&self) -> Vec<&str> {
        let heard = self.deliveries.iter().filter_map(|delivery| match delivery {
            Delivery::Heard(entry) => Some(entry.text()),
            _ => None,
        });
        heard.collect()
    }
}
