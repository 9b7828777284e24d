//! One client's side of the protocol, without socket, clock or randomness: hello, nick and rooms
//! again after every return, requests and their answers, lines kept until they are on disk,
//! backoff, heartbeat. The browser's tab and the native node both drive this one.
//!
//! The driver's whole duty:
//! ```text
//! session.start(now)
//! loop {
//!     while let Some(effect) = session.effect() {
//!         Open{socket}         => open a WebSocket; report it under that number
//!         Send{socket, frame}  => send a text frame
//!         Close{socket}        => close it; whatever it still reports is passed over
//!         Deliver(delivery)    => changes = transcript.deliver(now, &delivery); draw those
//!         Phase(phase)         => show the connection's state
//!     }
//!     wait for: the socket (opened, received, closed), a person (ask), the network
//!     (online, offline, visible), or the time session.wake_at() (tick)
//! }
//! ```
//! All times are milliseconds since 1970 UTC: the hub's refusals name such times, and a person's
//! clock need not be right to the second for them.

mod answer;
mod asking;
mod backoff;
mod hearing;
mod link;
mod outbox;
mod report;
mod stay;
mod words;

use std::collections::VecDeque;

use self::backoff::Backoff;
use self::link::{Asked, Link};
use self::outbox::Outbox;
pub use self::report::{Delivery, Effect, Phase, Response};
use self::stay::Stay;
use crate::message::{Hello, Refusal, ToHub, Welcome};
use crate::wire::{self, close};

/// Lines that wait to be sent or answered. Beyond it `ask` refuses: a person types some
/// hundreds in a day without a hub, and a loop gone wild must not eat the memory.
pub const MAX_UNSENT: usize = 1_000;

/// Other requests under way at once.
pub const MAX_ASKED: usize = 100;

/// Rooms to be in at once: each is joined again after every return.
pub const MAX_ROOMS: usize = 100;

/// The shortest wait before another attempt, in milliseconds.
pub const BACKOFF_MIN: u64 = 250;

/// The longest wait before another attempt, in milliseconds: a person who restarts the hub waits no longer.
pub const BACKOFF_MAX: u64 = 15_000;

/// After so many milliseconds in which nothing was received the hub is asked for a sign of life.
pub const QUIET: u64 = 25_000;

/// A sign of life asked for comes within so many milliseconds, or the connection is dead
/// (with [`QUIET`] the 60 s of the protocol).
pub const SIGN_WITHIN: u64 = 35_000;

/// The same after the device woke, or its network changed, when a dead socket is likely.
pub const SIGN_WITHIN_AFTER_WAKING: u64 = 5_000;

/// From the attempt to open a socket to the welcome, in milliseconds: a laptop's Wi-Fi takes some to wake.
pub const OPEN_WITHIN: u64 = 20_000;

/// An answer comes within so many milliseconds. A line unanswered for so long is sent again over a
/// new connection; another request fails.
pub const ANSWER_WITHIN: u64 = 60_000;

/// A connection that held for so many milliseconds was a good one: the next wait is short again.
const STEADY: u64 = 10_000;

/// What a session is made of. Not `Debug`: it holds the cookie and the token.
#[derive(Clone, Default)]
pub struct Settings {
    /// The hub's shared secret, where one is known.
    pub cookie: Option<String>,
    /// The local node name wished for.
    pub node: Option<String>,
    /// What sort of node this is: `tab`, `terminal`, `bot`.
    pub kind: Option<String>,
    /// The nick to connect with as soon as the hub has said welcome; without one the session
    /// is online without a nick and waits for a `connect`.
    pub nick: Option<String>,
    /// What an earlier `connect` gave for that nick.
    pub token: Option<String>,
    /// Rooms to be in beside the lobby; those beyond [`MAX_ROOMS`] are passed over.
    pub rooms: Vec<String>,
    /// Fresh from the platform's random generator for *every* session, never stored: it makes
    /// the ids of this session's requests unique for ever, and the jitter of its backoff.
    pub random: [u8; 16],
}

/// Where this client stands in the hub's log: all that resuming needs, in one place.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// The secret of the last welcome.
    pub session: String,
    /// The log it is a position of.
    pub epoch: String,
    /// The last entry seen. What was missed before it, during an absence, is being asked for.
    pub seq: u64,
}

/// One client's side of the protocol.
pub struct Session {
    cookie: Option<String>,
    node: Option<String>,
    kind: Option<String>,
    /// The nick spoken as; connected with by itself after every welcome.
    nick: Option<String>,
    token: Option<String>,
    stay: Stay,
    /// The lobby was left by choice: `connect`, which joins it, is followed by leaving it again.
    left_lobby: bool,
    /// A person's `connect`, until it is answered.
    wish: Option<ToHub>,
    outbox: Outbox,
    /// Other requests of the app's under way on this connection; empty without one.
    asked: VecDeque<Asked>,
    welcome: Option<Welcome>,
    position: Position,
    link: Link,
    sockets: u32,
    backoff: Backoff,
    /// The device says that it has a network.
    network: bool,
    ids: Ids,
    effects: VecDeque<Effect>,
    /// The time of the last event.
    last: u64,
    /// The phase last told.
    shown: Phase,
}

/// Makes ids that no other request of this nick's owner ever had.
struct Ids {
    prefix: String,
    last: u64,
}

impl Ids {
    fn next(&mut self) -> String {
        self.last += 1;
        format!("{}-{}", self.prefix, self.last)
    }
}

impl Session {
    /// Does nothing until [`Session::start`].
    pub fn new(settings: Settings) -> Self {
        let Settings { cookie, node, kind, nick, token, mut rooms, random } = settings;
        rooms.truncate(MAX_ROOMS);
        // 96 bits: no two sessions of one owner ever meet.
        let prefix = random[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let seed = random.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(257).wrapping_add(u64::from(*byte)));
        Self {
            cookie,
            node,
            kind,
            nick,
            token,
            stay: Stay::new(rooms),
            left_lobby: false,
            wish: None,
            outbox: Outbox::default(),
            asked: VecDeque::new(),
            welcome: None,
            position: Position::default(),
            link: Link::Idle,
            sockets: 0,
            backoff: Backoff::new(seed),
            network: true,
            ids: Ids { prefix, last: 0 },
            effects: VecDeque::new(),
            last: 0,
            shown: Phase::Idle,
        }
    }

    /// What is to be done next, in order; none when all is done. To be asked until then after every
    /// call that takes `now`.
    pub fn effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Session::tick`] wants to be called, if nothing happens before. Earlier calls do no harm.
    pub fn wake_at(&self) -> Option<u64> {
        match &self.link {
            Link::Idle | Link::Refused { .. } => None,
            Link::Waiting { until } => Some(*until),
            Link::Opening { since, .. } => Some(since + OPEN_WITHIN),
            Link::Open(open) => {
                let life = open.sign_by.unwrap_or(open.heard_at + QUIET);
                let answers = [
                    open.own.as_ref().map(|own| own.at),
                    self.outbox.sent_at(),
                    self.asked.front().map(|asked| asked.at),
                ];
                let answers = answers.into_iter().flatten().map(|at| at + ANSWER_WITHIN);
                let paused = (open.own.is_none() && open.pause_until > 0).then_some(open.pause_until);
                let outbox = self.outbox.due_at().filter(|_| open.ready);
                answers.chain([life]).chain(paused).chain(outbox).min()
            }
        }
    }

    // --- what happens to the connection ---

    /// Begins: opens the first socket. Nothing while it runs already.
    pub fn start(&mut self, now: u64) {
        if matches!(self.link, Link::Idle) {
            self.open(now);
        }
        self.settle(now);
    }

    /// Ends: closes the socket and stays idle; lines not yet answered are kept. The nick's lease runs
    /// out at the hub by itself; who wants to leave at once asks `disconnect` first, and waits for its answer.
    pub fn stop(&mut self, now: u64) {
        self.drop_link();
        self.settle(now);
    }

    /// That socket is open.
    pub fn opened(&mut self, now: u64, socket: u32) {
        if matches!(self.link, Link::Opening { socket: current, .. } if current == socket) {
            // `session` and `after` have their values in `position`; they are sent from the day
            // on which the hub takes sessions up.
            let hello = Hello {
                version: wire::VERSION,
                cookie: self.cookie.clone(),
                node: self.node.clone(),
                kind: self.kind.clone(),
                session: None,
                after: None,
            };
            let frame = wire::encode(&ToHub::Hello(hello));
            self.effects.push_back(Effect::Send { socket, frame });
        }
        self.settle(now);
    }

    /// That socket brought a text frame. One that is no message is passed over: a later version
    /// of the hub may say more than this one knows.
    pub fn received(&mut self, now: u64, socket: u32, frame: &str) {
        match &mut self.link {
            Link::Opening { socket: current, .. } if *current == socket => {}
            Link::Open(open) if open.socket == socket => {
                open.heard_at = now;
                open.sign_by = None;
            }
            _ => return,
        }
        if let Ok(message) = wire::decode_to_node(frame) {
            self.take(now, message);
        }
        self.settle(now);
    }

    /// That socket is closed, or could not be opened (code 1006 where there is no other).
    pub fn closed(&mut self, now: u64, socket: u32, code: u16, reason: &str) {
        let current = match &self.link {
            Link::Opening { socket, .. } => *socket,
            Link::Open(open) => open.socket,
            Link::Idle | Link::Waiting { .. } | Link::Refused { .. } => return,
        };
        if current != socket {
            return;
        }
        self.lose(now);
        if close::may_return(code) {
            self.wait(now);
        } else if code == close::COOKIE_WRONG {
            self.link = Link::Refused { why: words::cookie_wanted(self.cookie.is_some()), wants_cookie: true };
        } else {
            self.link = Link::Refused { why: words::refused(code, reason), wants_cookie: false };
        }
        self.settle(now);
    }

    /// The time has come.
    pub fn tick(&mut self, now: u64) {
        // A clock put back must not make a wait of seconds one of hours: start over.
        let put_back = now + QUIET < self.last;
        match &mut self.link {
            Link::Idle | Link::Refused { .. } => {}
            Link::Waiting { until } => {
                if now >= *until || put_back {
                    self.open(now);
                }
            }
            Link::Opening { since, .. } => {
                if now >= *since + OPEN_WITHIN || put_back {
                    self.break_off(now);
                }
            }
            Link::Open(_) if put_back => self.break_off(now),
            Link::Open(open) => {
                let overdue = |at: u64| now >= at + ANSWER_WITHIN;
                let silent = open.sign_by.is_some_and(|by| now >= by);
                let stuck =
                    open.own.as_ref().is_some_and(|own| overdue(own.at)) || self.outbox.sent_at().is_some_and(overdue);
                if silent || stuck {
                    self.break_off(now);
                } else {
                    if now >= open.heard_at + QUIET {
                        self.ask_for_sign(now, SIGN_WITHIN);
                    }
                    self.give_up_waiting(now);
                }
            }
        }
        self.settle(now);
    }

    /// The device says that its network is back: an attempt at once.
    pub fn online(&mut self, now: u64) {
        self.network = true;
        self.backoff.reset();
        self.visible(now);
    }

    /// The device says that it has no network.
    pub fn offline(&mut self, now: u64) {
        self.network = false;
        self.ask_for_sign(now, SIGN_WITHIN_AFTER_WAKING);
        self.settle(now);
    }

    /// A person looks again (the tab is shown, the lid is open): an attempt at once, or a quick
    /// look whether the connection is alive.
    pub fn visible(&mut self, now: u64) {
        match self.link {
            Link::Waiting { .. } => self.open(now),
            // One that was opening when the device fell asleep rarely gets anywhere.
            Link::Opening { since, .. } if now >= since + SIGN_WITHIN_AFTER_WAKING => {
                self.close_socket();
                self.open(now);
            }
            _ => self.ask_for_sign(now, SIGN_WITHIN_AFTER_WAKING),
        }
        self.settle(now);
    }

    // --- what a person wants ---

    /// Makes a request; `request` puts the id given into it:
    /// `session.ask(now, |id| ToHub::Say { id, room, text })`. Gives the id back.
    ///
    /// `say` and `private_message` are kept until answered, sent one after the other, and sent again
    /// with the same id after a return. `connect` is kept likewise, and nick and token are used again
    /// by themselves from then on. `disconnect` without a connection is done at once. All others end
    /// with `unavailable` when the connection is lost, and may be asked again.
    ///
    /// # Errors
    /// A refusal in words where it cannot even be tried: nothing was or will be sent.
    pub fn ask(&mut self, now: u64, request: impl FnOnce(String) -> ToHub) -> Result<String, Refusal> {
        let id = self.ids.next();
        let request = request(id.clone());
        self.begin(now, request)?;
        self.settle(now);
        Ok(id)
    }

    /// Tries again with this cookie (in [`Phase::CookieWanted`] or [`Phase::Refused`]; else it is
    /// kept for the next hello).
    pub fn give_cookie(&mut self, now: u64, cookie: String) {
        self.cookie = Some(cookie);
        if matches!(self.link, Link::Refused { .. }) {
            self.open(now);
        }
        self.settle(now);
    }

    /// Tries again at once, whatever the hub said.
    pub fn retry(&mut self, now: u64) {
        if matches!(self.link, Link::Waiting { .. } | Link::Refused { .. } | Link::Idle) {
            self.open(now);
        }
        self.settle(now);
    }

    // --- what it knows ---

    /// The state of the connection.
    pub fn phase(&self) -> Phase {
        match &self.link {
            Link::Idle => Phase::Idle,
            Link::Open(open) if open.ready => Phase::Online,
            Link::Opening { .. } | Link::Open(_) => Phase::Connecting,
            Link::Waiting { .. } if !self.network => Phase::Offline,
            Link::Waiting { until } => Phase::Waiting { until: *until, attempt: self.backoff.attempts() },
            Link::Refused { why, wants_cookie: true } => Phase::CookieWanted { why: why.clone() },
            Link::Refused { why, wants_cookie: false } => Phase::Refused { why: why.clone() },
        }
    }

    /// The nick this session speaks as, or will again; none until `connect` succeeded (or was set).
    pub fn nick(&self) -> Option<&str> {
        self.nick.as_deref()
    }

    /// What proves that the nick is ours: for the app to keep.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The cookie of the next hello: for the app to keep once the hub has said welcome to it.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The rooms this session is in, or will be in again; the lobby among them.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.stay.rooms()
    }

    /// What the hub last said of itself and this node.
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }

    /// Where it stands in the log.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Lines not yet answered.
    pub fn unsent(&self) -> usize {
        self.outbox.len()
    }
}
