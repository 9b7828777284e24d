//! Does what the session wants done: sockets, frames, the alarm clock. What the session has to
//! tell goes to [`crate::message_handler`].

use crate::state::*;
use shared::message::ToHub;
use shared::session::{Effect, Session, Settings};
use shared::transcript::{Place, Transcript};

use crate::node::Node;
use crate::page::Timeout;
use crate::socket::{Happening, Socket};
use crate::{clock, message_handler};

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
    Rooms,
    Quit,
    /// A line: its row says what becomes of it.
    Line,
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
        }
    }

    /// What the request with this id was made for; asked once.
    pub(crate) fn purpose(&mut self, id: &str) -> Option<Asked> {
        let index = self.asked.iter().position(|(asked, _)| asked == id)?;
        Some(self.asked.swap_remove(index).1)
    }
}

impl Node {
    /// Begins a new session with an empty transcript, and connects.
    pub(crate) fn begin(self, nick: Option<String>, token: Option<String>, rooms: Vec<String>) {
        self.core.update_value(|core| {
            core.session = Session::new(Settings {
                cookie: core.cookie.clone(),
                node: Some(core.name.clone()),
                kind: Some("tab".to_owned()),
                nick,
                token,
                rooms,
                random: clock::random(),
            });
            core.transcript = Transcript::new();
            core.asked.clear();
            core.socket = None;
            core.session.start(clock::now());
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
        self.core.update_value(|core| happened(&mut core.session, clock::now()));
        self.drive();
    }

    fn drive(self) {
        while let Some(effect) = self.with_core(|core| core.session.effect()) {
            match effect {
                Effect::Open { socket } => self.open(socket),
                Effect::Send { frame, .. } => self.core.with_value(|core| {
                    if let Some(socket) = &core.socket {
                        socket.send(&frame);
                    }
                }),
                // There is never more than one, and what is dropped reports nothing more.
                Effect::Close { .. } => self.core.update_value(|core| core.socket = None),
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
        self.core.update_value(|core| {
            if socket.is_none() {
                core.session.closed(clock::now(), number, 1006, "");
            }
            core.socket = socket;
        });
    }

    fn set_alarm(self) {
        self.core.update_value(|core| {
            let at = core.session.wake_at();
            if core.alarm.as_ref().map(|alarm| alarm.at) == at {
                return;
            }
            core.alarm = None;
            let Some(at) = at else { return };
            let wait = (at.saturating_sub(clock::now()) + ALARM_SLACK).min(LONGEST_ALARM);
            let ring = move || {
                self.core.update_value(|core| core.alarm = None);
                self.session(Session::tick);
            };
            core.alarm = Some(Alarm { at, _timeout: Timeout::new(wait as i32, ring) });
        });
    }

    /// Everything behind the signals. What `look` does must not come back here.
    pub(crate) fn with_core<T>(self, look: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core.write_value();
        look(&mut core)
    }
}
