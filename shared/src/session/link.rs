//! The connection: opening, losing, coming back, and what the session does on it by itself.

use super::{Delivery, Effect, STEADY, Session};
use crate::message::{ErrorCode, Refusal, ToHub};
use crate::room::LOBBY;
use crate::wire;

/// A request under way.
pub(super) struct Asked {
    pub(super) request: ToHub,
    pub(super) at: u64,
}

/// The connection. That requests need an [`Open`] is how nothing is sent before the welcome.
pub(super) enum Link {
    Idle,
    /// A socket opens, or is open and waits for the welcome to its hello.
    Opening {
        socket: u32,
        since: u64,
    },
    Open(Open),
    Waiting {
        until: u64,
    },
    /// The hub does not want us back.
    Refused {
        why: String,
        wants_cookie: bool,
    },
}

/// A connection with its welcome said.
pub(super) struct Open {
    pub(super) socket: u32,
    pub(super) welcomed_at: u64,
    pub(super) heard_at: u64,
    /// By when a sign of life that was asked for must have come.
    pub(super) sign_by: Option<u64>,
    /// The nick is ours on this connection.
    pub(super) connected: bool,
    /// Nick and rooms are ours: people's requests may go.
    pub(super) ready: bool,
    /// What the session asked by itself (or the person's `connect`); one thing at a time.
    pub(super) own: Option<Asked>,
    /// The hub asked for a pause in that.
    pub(super) pause_until: u64,
}

impl Session {
    pub(super) fn open(&mut self, now: u64) {
        self.sockets = self.sockets.wrapping_add(1);
        let socket = self.sockets;
        self.link = Link::Opening { socket, since: now };
        self.effects.push_back(Effect::Open { socket });
    }

    /// The connection is of no use any more: close it and come back.
    pub(super) fn break_off(&mut self, now: u64) {
        self.close_socket();
        self.lose(now);
        self.wait(now);
    }

    pub(super) fn drop_link(&mut self) {
        self.close_socket();
        self.forget_connection();
        self.link = Link::Idle;
    }

    pub(super) fn close_socket(&mut self) {
        let socket = match &self.link {
            Link::Opening { socket, .. } => *socket,
            Link::Open(open) => open.socket,
            Link::Idle | Link::Waiting { .. } | Link::Refused { .. } => return,
        };
        self.effects.push_back(Effect::Close { socket });
    }

    pub(super) fn lose(&mut self, now: u64) {
        if matches!(&self.link, Link::Open(open) if now >= open.welcomed_at + STEADY) {
            self.backoff.reset();
        }
        self.forget_connection();
    }

    /// What belonged to the connection alone ends with it.
    pub(super) fn forget_connection(&mut self) {
        if !matches!(self.link, Link::Open(_)) {
            return;
        }
        self.effects.push_back(Effect::Deliver(Delivery::Lost));
        self.stay.lost(self.position.seq);
        self.outbox.lost();
        for asked in std::mem::take(&mut self.asked) {
            let refusal =
                Refusal::new(ErrorCode::Unavailable, "The connection was lost before the answer came. Ask again.");
            self.answer(asked.request, Err(refusal));
        }
    }

    pub(super) fn wait(&mut self, now: u64) {
        self.link = Link::Waiting { until: now + self.backoff.next() };
    }

    /// Asks the hub for anything at all. Browsers hide the WebSocket's own pings from a page, so it
    /// is a ping of the protocol; whatever comes next counts as its answer.
    pub(super) fn ask_for_sign(&mut self, now: u64, within: u64) {
        let (Link::Open(open), Some(welcome)) = (&mut self.link, &self.welcome) else {
            return;
        };
        let by = now + within;
        match open.sign_by {
            Some(earlier) => open.sign_by = Some(earlier.min(by)),
            None => {
                open.sign_by = Some(by);
                let ping = ToHub::Ping { id: self.ids.next(), node: welcome.hub.clone() };
                self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode(&ping) });
            }
        }
    }

    /// Does what has become possible, and tells the phase if it is another.
    pub(super) fn settle(&mut self, now: u64) {
        self.last = now;
        self.take_step(now);
        if let Link::Open(open) = &self.link
            && open.ready
            && let Some(line) = self.outbox.send(now)
        {
            self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode(line) });
        }
        let phase = self.phase();
        if phase != self.shown {
            self.shown = phase.clone();
            self.effects.push_back(Effect::Phase(phase));
        }
    }

    /// The session's own next request, if one is due: nick, rooms, then what was missed.
    pub(super) fn take_step(&mut self, now: u64) {
        let Link::Open(open) = &mut self.link else {
            return;
        };
        if open.own.is_some() || now < open.pause_until {
            return;
        }
        open.pause_until = 0;
        let ids = &mut self.ids;
        let step = if let Some(wish) = &self.wish {
            Some(wish.clone())
        } else if let (Some(nick), false) = (&self.nick, open.connected) {
            Some(ToHub::Connect { id: ids.next(), nick: nick.clone(), token: self.token.clone() })
        } else if !open.connected {
            open.ready = true;
            None
        } else if self.left_lobby && self.stay.is_in(LOBBY) {
            Some(ToHub::Leave { id: ids.next(), room: LOBBY.to_owned() })
        } else if let Some(room) = self.stay.to_join() {
            Some(ToHub::Join { id: ids.next(), room: room.to_owned() })
        } else {
            open.ready = true;
            self.stay.next_page(|| ids.next())
        };
        if let Some(request) = step {
            self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode(&request) });
            open.own = Some(Asked { request, at: now });
        }
    }
}
