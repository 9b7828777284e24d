//! Does what the session wants done: sockets, frames, the alarm clock. What the session has to
//! tell goes to [`crate::message_handler`].

use shared::message::ToHub;
use shared::room::LOBBY;
use shared::session::{Effect, Line, Session, Settings};
use shared::transcript::{Conversation, Place, Transcript};

use crate::attention::Calls;
use crate::drawing::Undrawn;
use crate::idle::Idle;
use crate::jump::Jump;
use crate::loading::Filling;
use crate::node::Node;
use crate::page::{Timeout, window};
use crate::reaching::Asking;
use crate::socket::{Happening, Socket};
use crate::{clock, invitation, message_handler};

/// A timer that is late by this much does no harm, in milliseconds; one that is early would be set twice.
const ALARM_SLACK: u64 = 5;

/// The longest sleep of the alarm, in milliseconds: a device's clock may be set while it runs.
const LONGEST_ALARM: u64 = 60_000;

/// What is behind the signals of [`Node`].
pub(crate) struct Core {
    pub(crate) session: Session,
    pub(crate) transcript: Transcript,
    /// What requests under way were made for, by id. The session bounds their number.
    asked: Vec<(String, Asked)>,
    /// What the hub was, or will be, offered.
    pub(crate) cookie: Option<String>,
    /// The local part of this node's name.
    name: String,
    socket: Option<Socket>,
    alarm: Option<Alarm>,
    pub(crate) undrawn: Undrawn,
    /// When the connection was last lost, in milliseconds since 1970 UTC.
    pub(crate) lost_at: u64,
    /// Lines that waited when the person quit.
    pub(crate) left_behind: usize,
    /// Rings when lines that other tabs stored have waited long enough for them: see [`crate::outbox`].
    pub(crate) watch: Option<Timeout>,
    /// Whoever is here was told that this browser keeps no lines.
    pub(crate) told_unkept: bool,
    /// How far own lines have got, at the place one looks at.
    pub(crate) asking: Asking,
    pub(crate) calls: Calls,
    pub(crate) idle: Idle,
    /// The line that is on its way.
    pub(crate) jump: Option<Jump>,
    pub(crate) filling: Filling,
    /// A room that an address named, with the line, and that is being entered.
    pub(crate) joining: Option<(Place, Option<u64>)>,
}

struct Alarm {
    at: u64,
    _timeout: Timeout,
}

/// What a request was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// By a person who wants to see that room.
    Enter,
    Leave(Place),
    Users(Place),
    Nodes,
    /// The nodes' names, to complete them.
    NodeNames,
    Ping(String),
    Older(Place),
    /// The lines that are missing in a hole.
    Hole(Place),
    /// Those round a line that the person wants to see.
    Around(Place),
    Rooms,
    /// Everybody there is, to choose from.
    Everyone,
    Who,
    Search,
    Quit,
    /// A line: its row says what becomes of it.
    Line,
    /// A change of a line, which says so itself.
    Change,
    /// How far one's own lines have got.
    Cursors,
}

impl Core {
    pub(crate) fn new(name: String) -> Self {
        Self {
            session: Session::new(Settings::default()),
            transcript: Transcript::new(),
            asked: Vec::new(),
            cookie: None,
            name,
            socket: None,
            alarm: None,
            undrawn: Undrawn::default(),
            lost_at: 0,
            left_behind: 0,
            watch: None,
            told_unkept: false,
            asking: Asking::default(),
            calls: Calls::default(),
            idle: Idle::default(),
            jump: None,
            filling: Filling::default(),
            joining: None,
        }
    }

    /// What the request with this id was made for; asked once.
    pub(crate) fn purpose(&mut self, id: &str) -> Option<Asked> {
        let index = self.asked.iter().position(|(asked, _)| asked == id)?;
        Some(self.asked.swap_remove(index).1)
    }

    /// A line that waits for the hub.
    pub(crate) fn line(&self, id: Option<&str>) -> Option<&Line> {
        self.session.unsent_lines().find(|line| Some(line.id()) == id)
    }

    /// Whether one may speak at a place: it is private, or a room one is in, or will be in once the hub is back.
    pub(crate) fn is_in(&self, place: &Place) -> bool {
        let Place::Room(name) = place else { return true };
        let joined = self.transcript.get(place).is_some_and(Conversation::joined);
        // Every `connect` enters the lobby.
        let before_the_first = self.transcript.me().is_none() && name == LOBBY;
        joined || before_the_first || self.session.rooms().any(|room| room == name)
    }
}

impl Node {
    /// Begins a new session with an empty transcript, and connects. `settings` say who it is for.
    pub(crate) fn begin(self, settings: Settings) {
        self.forget_search();
        self.forget_begun();
        let has_copy = self.processes.host.with_untracked(Option::is_some);
        self.with_core(|core| {
            core.session = Session::new(Settings {
                cookie: core.cookie.clone(),
                node: Some(core.name.clone()),
                kind: Some("tab".to_owned()),
                processes: true,
                store: has_copy,
                local: invitation::is_local_only(),
                random: clock::random(),
                ..settings
            });
            core.transcript = Transcript::new();
            core.asked.clear();
            core.undrawn = Undrawn::default();
            core.socket = None;
            core.asking = Asking::default();
            core.calls = Calls::default();
            core.jump = None;
            core.joining = None;
            let now = clock::now();
            if !window().navigator().on_line() {
                core.session.offline(now);
            }
            core.session.start(now);
        });
        self.drive();
    }

    /// Makes a request. Where that cannot even be tried, says so and gives false.
    pub(crate) fn ask(self, purpose: Asked, request: impl FnOnce(String) -> ToHub) -> bool {
        let asked = self.with_core(|core| {
            let id = core.session.ask(clock::now(), request)?;
            core.asked.push((id, purpose));
            Ok(())
        });
        match asked {
            Ok(()) => self.drive(),
            Err(ref refusal) => self.complain(message_handler::words(refusal)),
        }
        asked.is_ok()
    }

    /// Tells the session that something happened, and does what it then wants.
    pub(crate) fn session(self, happened: impl FnOnce(&mut Session, u64)) {
        self.with_core(|core| happened(&mut core.session, clock::now()));
        self.drive();
    }

    fn drive(self) {
        while let Some(effect) = self.with_core(|core| core.session.effect()) {
            match effect {
                Effect::Open { socket } => self.open(socket),
                Effect::Send { frame, .. } => self.with_core(|core| {
                    if let Some(socket) = &core.socket {
                        socket.send(&frame);
                    }
                }),
                // There is never more than one, and what is dropped reports nothing more.
                Effect::Close { .. } => self.with_core(|core| core.socket = None),
                Effect::Deliver(delivery) => message_handler::deliver(self, delivery),
                Effect::Phase(phase) => message_handler::phase(self, phase),
            }
        }
        self.set_alarm();
    }

    fn open(self, number: u32) {
        let socket = Socket::open(move |happening| {
            self.session(|session, now| match happening {
                Happening::Opened => session.opened(now, number),
                Happening::Received(frame) => session.received(now, number, &frame),
                Happening::Closed { code, reason } => session.closed(now, number, code, &reason),
            });
        });
        self.with_core(|core| {
            if socket.is_none() {
                core.session.closed(clock::now(), number, 1006, "");
            }
            core.socket = socket;
        });
    }

    fn set_alarm(self) {
        self.with_core(|core| {
            let at = core.session.wake_at();
            if core.alarm.as_ref().map(|alarm| alarm.at) == at {
                return;
            }
            core.alarm = None;
            let Some(at) = at else { return };
            let wait = (at.saturating_sub(clock::now()) + ALARM_SLACK).min(LONGEST_ALARM);
            let ring = move || {
                self.with_core(|core| core.alarm = None);
                self.session(Session::tick);
            };
            core.alarm = Some(Alarm { at, _timeout: Timeout::new(wait as i32, ring) });
        });
    }

    /// Everything behind the signals. What `look` does must not come back here.
    pub(crate) fn with_core<T>(self, look: impl FnOnce(&mut Core) -> T) -> T {
        self.core.quietly(look)
    }
}
