//! What happens to the connection, and to the device it is made from.

use super::link::{Asked, Link};
use super::{ANSWER_WITHIN, Effect, OPEN_WITHIN, QUIET, SIGN_WITHIN, SIGN_WITHIN_AFTER_WAKING, Session, words};
use crate::message::{Hello, ToHub};
use crate::wire::{self, close};

impl Session {
    /// When [`Session::tick`] wants to be called, if nothing happens before. Earlier calls do no harm.
    pub fn wake_at(&self) -> Option<u64> {
        match &self.link {
            Link::Idle | Link::Refused { .. } => None,
            Link::Waiting { .. } if self.is_cut_off() => None,
            Link::Waiting { until } => Some(*until),
            Link::Opening { since, .. } => Some(since + OPEN_WITHIN),
            Link::Open(open) => {
                let life = open.sign_by.unwrap_or(open.heard_at + QUIET);
                let answers = [
                    open.own.as_ref().map(|own| own.at),
                    self.outbox.sent_at(),
                    self.puts.sent_at(),
                    self.asked.front().map(|asked| asked.at),
                ];
                let answers = answers.into_iter().flatten().map(|at| at + ANSWER_WITHIN);
                let paused = (open.own.is_none() && open.pause_until > 0).then_some(open.pause_until);
                let ack_at = open.ack_at.filter(|_| !self.stay.is_behind());
                let waiting = [self.outbox.due_at(), self.puts.due_at(), self.reads.due_at(), ack_at];
                let waiting = waiting.into_iter().flatten().filter(|_| open.ready && open.connected);
                answers.chain([life]).chain(paused).chain(waiting).min()
            }
        }
    }

    /// Begins: opens the first socket, or waits for a network. Nothing while it runs already.
    pub fn start(&mut self, now: u64) {
        if matches!(self.link, Link::Idle) {
            if self.is_cut_off() {
                self.link = Link::Waiting { until: now };
            } else {
                self.open(now);
            }
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
            let secret = &self.position.session;
            let hello = Hello {
                version: wire::VERSION,
                cookie: self.cookie.clone(),
                node: self.node.clone(),
                kind: self.kind.clone(),
                session: (!secret.is_empty()).then(|| secret.clone()),
                // Who holds nothing yet wants the newest page of a place that is looked at, not all since.
                after: self.welcome.is_some().then_some(self.position.seq),
                processes: self.processes,
                store: self.copying.tell(),
            };
            let frame = wire::encode(&ToHub::Hello(hello));
            self.effects.push_back(Effect::Send { socket, frame });
        }
        self.settle(now);
    }

    /// That socket brought a text frame. One that is no message is passed over: a later version
    /// of the hub may say more than this one knows.
    pub fn received(&mut self, now: u64, socket: u32, frame: &str) {
        if !self.hears(now, socket) {
            return;
        }
        if let Ok(message) = wire::decode_to_node(frame) {
            self.take(now, message);
        }
        self.settle(now);
    }

    /// The same for who has read the frame already.
    #[cfg(not(target_family = "wasm"))] // where nobody does
    pub fn took(&mut self, now: u64, socket: u32, message: crate::message::ToNode) {
        if self.hears(now, socket) {
            self.take(now, message);
            self.settle(now);
        }
    }

    /// Whether that socket is the one there is, which gives a sign of life.
    fn hears(&mut self, now: u64, socket: u32) -> bool {
        match &mut self.link {
            Link::Opening { socket: current, .. } => *current == socket,
            Link::Open(open) if open.socket == socket => {
                open.heard_at = now;
                open.sign_by = None;
                true
            }
            _ => false,
        }
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
        // A hello that did not come in time is no fault of ours: the device slept between socket and hello.
        if close::may_return(code) || code == close::NO_HELLO {
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
                let due = now >= *until || put_back;
                if due && !self.is_cut_off() {
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
                // Of these it must be known whether they were done: a resume tells.
                let moves = |asked: &Asked| {
                    matches!(asked.request, ToHub::Join { .. } | ToHub::Leave { .. } | ToHub::Disconnect { .. })
                };
                let stuck = open.own.as_ref().is_some_and(|own| overdue(own.at))
                    || self.outbox.sent_at().is_some_and(overdue)
                    || self.puts.sent_at().is_some_and(overdue)
                    || self.asked.iter().any(|asked| overdue(asked.at) && moves(asked));
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

    /// The device says that it has no network: no attempt until it is back, unless the hub is local.
    pub fn offline(&mut self, now: u64) {
        self.network = false;
        self.ask_for_sign(now, SIGN_WITHIN_AFTER_WAKING);
        self.settle(now);
    }

    /// A person looks again (the tab is shown, the lid is open): an attempt at once, or a quick
    /// look whether the connection is alive.
    pub fn visible(&mut self, now: u64) {
        match self.link {
            _ if self.is_cut_off() => {}
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

    /// Tries again with this cookie (in [`super::Phase::CookieWanted`] or [`super::Phase::Refused`]; else it is
    /// kept for the next hello).
    pub fn give_cookie(&mut self, now: u64, cookie: String) {
        self.cookie = Some(cookie);
        if matches!(self.link, Link::Refused { .. }) {
            self.open(now);
        }
        self.settle(now);
    }

    /// Tries again at once, whatever the hub or the device said.
    pub fn retry(&mut self, now: u64) {
        if matches!(self.link, Link::Waiting { .. } | Link::Refused { .. } | Link::Idle) {
            self.open(now);
        }
        self.settle(now);
    }

    /// Without a network there is no way to a hub elsewhere.
    pub(super) fn is_cut_off(&self) -> bool {
        !self.network && !self.local
    }
}
