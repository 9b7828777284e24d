//! The connection: opening, losing, coming back, and what the session does on it by itself.

use super::{ACK_EVERY, ACK_SOON, Delivery, Effect, STEADY, Session};
use crate::message::{ErrorCode, Refusal, State, ToHub};
use crate::room::LOBBY;
use crate::wire;

/// A request under way.
pub(super) struct Asked {
    pub(super) request: ToHub,
    pub(super) at: u64,
}

/// The connection. That requests need an [`Open`] is how nothing is sent before the welcome.
#[expect(clippy::large_enum_variant, reason = "a session has one")]
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
    /// The hub has some nick bound to this node, of which we have yet to say whether we want it.
    pub(super) bound: bool,
    /// The nick is ours on this connection.
    pub(super) connected: bool,
    /// Nick and rooms are ours: people's requests may go.
    pub(super) ready: bool,
    /// What the session asked by itself (or the person's `connect`); one thing at a time.
    pub(super) own: Option<Asked>,
    /// The hub asked for a pause in that.
    pub(super) pause_until: u64,
    /// The log's end at the welcome, where what was missed before it comes in pages: once all have come,
    /// nothing is missing up to here.
    pub(super) missed_to: Option<u64>,
    /// When the hub is to be told how far we are; none while it knows.
    pub(super) ack_at: Option<u64>,
    /// But not before.
    pub(super) ack_after: u64,
    /// What the hub was told of the person's state.
    pub(super) told_state: Option<State>,
}

impl Open {
    pub(super) fn new(now: u64, socket: u32) -> Self {
        Self {
            socket,
            welcomed_at: now,
            heard_at: now,
            sign_by: None,
            bound: false,
            connected: false,
            ready: false,
            own: None,
            pause_until: 0,
            missed_to: None,
            ack_at: None,
            ack_after: 0,
            told_state: None,
        }
    }

    /// There is something to tell the hub of.
    pub(super) fn acknowledge(&mut self, now: u64) {
        self.ack_at.get_or_insert((now + ACK_SOON).max(self.ack_after));
    }
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
        self.outbox.lost();
        self.puts.lost();
        self.reads.lost();
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
        self.send_what_waits(now);
        let phase = self.phase();
        if phase != self.shown {
            self.shown = phase.clone();
            self.effects.push_back(Effect::Phase(phase));
        }
    }

    /// The session's own next request, if one is due: nick, rooms, what was missed, who is there.
    fn take_step(&mut self, now: u64) {
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
        } else if !open.connected && open.bound {
            // We left when nobody could hear it.
            Some(ToHub::Disconnect { id: ids.next() })
        } else if !open.connected {
            open.ready = true;
            self.copying.next_page(ids)
        } else if let Some(room) = self.stay.to_leave() {
            Some(ToHub::Leave { id: ids.next(), room: room.to_owned() })
        } else if let Some(room) = self.stay.to_join() {
            Some(ToHub::Join { id: ids.next(), room: room.to_owned() })
        } else {
            open.ready = true;
            let page = self.stay.next_page(ids);
            page.or_else(|| {
                let Some(room) = self.stay.next_outdated() else { return self.copying.next_page(ids) };
                // Both are harmless to repeat, and bring all that signals bring: who is there, and what is unread. The
                // answer to `connect` has the lobby's and that of private talk.
                Some(match (&self.nick, &self.token) {
                    (Some(nick), Some(token)) if room == LOBBY => {
                        ToHub::Connect { id: ids.next(), nick: nick.clone(), token: Some(token.clone()) }
                    }
                    _ => ToHub::Join { id: ids.next(), room },
                })
            })
        };
        if let Some(request) = step {
            self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode_request(&request) });
            open.own = Some(Asked { request, at: now });
        }
    }

    /// Lines, what was read, the person's state, and how far we are, where any of it is due.
    fn send_what_waits(&mut self, now: u64) {
        let Link::Open(open) = &mut self.link else {
            return;
        };
        if !open.ready || !open.connected {
            return;
        }
        let (socket, effects) = (open.socket, &mut self.effects);
        let mut send = |message: &ToHub| {
            effects.push_back(Effect::Send { socket, frame: wire::encode_request(message) });
        };
        for lane in [&mut self.outbox, &mut self.puts] {
            if let Some(line) = lane.send(now) {
                send(&line.request);
            }
        }
        while let Some(read) = self.reads.send(now, || self.ids.next()) {
            send(&read);
        }
        if let Some(state) = self.state.filter(|state| open.told_state != Some(*state)) {
            open.told_state = Some(state);
            send(&ToHub::State { state });
        }
        // While pages are missing below it, the position says nothing of what has reached us.
        if self.stay.is_behind() {
            return;
        }
        let missed_to = open.missed_to.take().filter(|seq| *seq > self.position.seq);
        if let Some(seq) = missed_to {
            self.position.seq = seq;
            open.acknowledge(now);
        }
        if open.ack_at.take_if(|at| now >= *at).is_some() {
            open.ack_after = now + ACK_EVERY;
            send(&ToHub::Ack { seq: self.position.seq });
        }
    }
}
