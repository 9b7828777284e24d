//! One client's side of the protocol, without socket, clock or randomness: hello, resume, requests
//! and their answers, lines kept until they are on disk, acknowledgements, backoff, heartbeat.
//! The browser's tab and the native node both drive this one.
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
mod copying;
mod hearing;
mod link;
mod outbox;
mod reads;
mod report;
mod settings;
mod socket;
mod stay;
mod words;

use std::collections::VecDeque;

use self::backoff::Backoff;
use self::copying::Copying;
use self::link::{Asked, Link};
use self::outbox::Outbox;
use self::reads::Reads;
pub use self::report::{Delivery, Effect, Phase, Response};
pub use self::settings::{Line, Position, Settings};
use self::stay::Stay;
use crate::message::{State, ToHub, Welcome};

/// Lines that wait to be sent or answered, and as many puts and removals. Beyond it `ask` refuses: a person types some
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
/// new connection; another request fails, and one that leads into rooms or out of them ends the connection as well.
pub const ANSWER_WITHIN: u64 = 60_000;

/// A connection that held for so many milliseconds was a good one: the next wait is short again.
const STEADY: u64 = 10_000;

/// What the hub is told of entries received, it is told at most once each so many milliseconds: a person
/// who looks whether a line has arrived sees no difference, and a busy room costs no frame a line.
pub const ACK_EVERY: u64 = 1_000;

/// Milliseconds from the first entry after a pause to telling the hub: what comes in one burst is told at once.
pub const ACK_SOON: u64 = 200;

/// How far a place was read is told at most once each so many milliseconds: who scrolls reads a line each instant.
pub const READ_EVERY: u64 = 500;

/// Places whose read positions wait to be told: all rooms, and as many conversations as a transcript holds.
pub const MAX_READS: usize = 400;

/// One client's side of the protocol.
pub struct Session {
    cookie: Option<String>,
    node: Option<String>,
    kind: Option<String>,
    /// Whether there are processes here.
    processes: bool,
    copying: Copying,
    /// The nick spoken as; connected with by itself after every welcome.
    nick: Option<String>,
    token: Option<String>,
    /// A `connect` as this nick was answered: we know its conversations, and what we are to know of its rooms.
    introduced: bool,
    stay: Stay,
    /// The lobby was left by choice: `connect`, which joins it, is followed by leaving it again.
    left_lobby: bool,
    /// A person's `connect`, until it is answered.
    wish: Option<ToHub>,
    outbox: Outbox,
    /// What is to be put into the store and removed, beside the lines: a program's must not hold up what the person says.
    puts: Outbox,
    /// Other requests of the app's under way on this connection; empty without one.
    asked: VecDeque<Asked>,
    reads: Reads,
    /// When the hub was last told that the person is writing.
    typed_at: Option<u64>,
    /// Whether the person is at this device, once that was said.
    state: Option<State>,
    /// The last one. There is none before the first: then nothing was received, and nothing can be missed.
    welcome: Option<Welcome>,
    position: Position,
    link: Link,
    sockets: u32,
    backoff: Backoff,
    /// Nothing says that the device has no network.
    network: bool,
    /// The hub is on this very device, network or not.
    local: bool,
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
    /// Does nothing until [`Session::start`], but for delivering the lines it was given.
    pub fn new(settings: Settings) -> Self {
        let Settings { cookie, node, kind, nick, token, mut rooms, session, lines, processes, store, local, random } =
            settings;
        rooms.truncate(MAX_ROOMS);
        // 96 bits: no two sessions of one owner ever meet.
        let prefix = random[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let seed = random.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(257).wrapping_add(u64::from(*byte)));
        let mut new = Self {
            cookie,
            node,
            kind,
            processes,
            copying: Copying::new(store),
            nick,
            token,
            introduced: false,
            stay: Stay::new(&rooms),
            left_lobby: false,
            wish: None,
            outbox: Outbox::new(!seed),
            puts: Outbox::new(seed.rotate_left(32)),
            asked: VecDeque::new(),
            reads: Reads::default(),
            typed_at: None,
            state: None,
            welcome: None,
            position: Position { session: session.unwrap_or_default(), ..Position::default() },
            link: Link::Idle,
            sockets: 0,
            backoff: Backoff::new(seed),
            network: true,
            local,
            ids: Ids { prefix, last: 0 },
            effects: VecDeque::new(),
            last: 0,
            shown: Phase::Idle,
        };
        new.take_up(lines);
        new
    }

    /// What is to be done next, in order; none when all is done. To be asked until then after every
    /// call that takes `now`.
    pub fn effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The state of the connection.
    pub fn phase(&self) -> Phase {
        match &self.link {
            Link::Idle => Phase::Idle,
            Link::Open(open) if open.ready => Phase::Online,
            Link::Opening { .. } | Link::Open(_) => Phase::Connecting,
            Link::Waiting { .. } if self.is_cut_off() => Phase::Offline,
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

    /// How many lines, puts and removals are not yet answered.
    pub fn unsent(&self) -> usize {
        self.outbox.len() + self.puts.len()
    }

    /// Lines not yet answered, in order, and then puts and removals: for the app to keep, so that they survive it. One
    /// is added with each [`Delivery::Sending`], and gone with the [`Delivery::Answered`] of its request.
    pub fn unsent_lines(&self) -> impl Iterator<Item = &Line> {
        self.outbox.lines().chain(self.puts.lines())
    }

    /// Where a request waits that makes an entry.
    fn lane(&mut self, request: &ToHub) -> &mut Outbox {
        match request {
            ToHub::Put { .. } | ToHub::Remove { .. } => &mut self.puts,
            _ => &mut self.outbox,
        }
    }
}
