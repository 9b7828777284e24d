//! What the hub says.

use super::link::{Asked, Link, Open};
use super::{BACKOFF_MAX, BACKOFF_MIN, Delivery, Effect, Response, Session, answer};
use crate::message::{Connected, ErrorCode, Joined, Outcome, Refusal, Reply, ToHub, ToNode, Welcome};
use crate::room::LOBBY;
use crate::transcript::Place;

impl Session {
    pub(super) fn take(&mut self, now: u64, message: ToNode) {
        let delivery = match message {
            ToNode::Welcome(welcome) => return self.welcomed(now, welcome),
            ToNode::Error(refusal) => Delivery::Complaint(refusal),
            _ if !matches!(self.link, Link::Open(_)) => return,
            ToNode::Reply(reply) => return self.replied(now, reply),
            ToNode::Entry(entry) => {
                self.position.seq = self.position.seq.max(entry.seq());
                Delivery::Heard(entry)
            }
            ToNode::Synced { seq } => {
                self.position.seq = self.position.seq.max(seq);
                return;
            }
            ToNode::Presence(presence) => Delivery::Presence(presence),
        };
        self.effects.push_back(Effect::Deliver(delivery));
    }

    fn welcomed(&mut self, now: u64, welcome: Welcome) {
        let Link::Opening { socket, .. } = self.link else {
            return;
        };
        self.link = Link::Open(Open {
            socket,
            welcomed_at: now,
            heard_at: now,
            sign_by: None,
            connected: false,
            ready: false,
            own: None,
            pause_until: 0,
        });
        let first = self.welcome.is_none();
        let new_log = !first && self.position.epoch != welcome.epoch;
        if first || new_log {
            self.position.seq = welcome.seq;
            self.stay.new_log();
        }
        self.position.session.clone_from(&welcome.session);
        self.position.epoch.clone_from(&welcome.epoch);
        self.welcome = Some(welcome.clone());
        self.effects.push_back(Effect::Deliver(Delivery::Welcomed { welcome, new_log }));
    }

    fn replied(&mut self, now: u64, reply: Reply) {
        let Reply { id, outcome } = reply;
        let Link::Open(open) = &mut self.link else {
            return;
        };
        if let Some(own) = open.own.take_if(|own| own.request.id() == Some(&id)) {
            let answer = answer::read(&own.request, outcome);
            self.own_answered(now, own.request, answer);
        } else if self.outbox.awaits(&id) {
            self.line_answered(now, outcome);
        } else if let Some(place) = self.asked.iter().position(|asked| asked.request.id() == Some(&id))
            && let Some(Asked { request, .. }) = self.asked.remove(place)
        {
            let answer = answer::read(&request, outcome);
            match (&request, &answer) {
                (ToHub::Join { .. }, Ok(Response::Joined(joined))) => self.joined(joined),
                (ToHub::Leave { room, .. }, Ok(_)) => self.left(room),
                (ToHub::Disconnect { .. }, Ok(_)) => self.let_go(),
                _ => {}
            }
            self.answer(request, answer);
        }
        // Any other is the answer to a sign of life asked for, or one that was given up.
    }

    fn line_answered(&mut self, now: u64, outcome: Outcome) {
        if let Outcome::Error(Refusal { code: ErrorCode::RateLimited, until, .. }) = &outcome {
            self.outbox.pause(pause(now, *until));
        } else if let Some(line) = self.outbox.pop() {
            let answer = answer::read(&line, outcome);
            self.answer(line, answer);
        }
    }

    fn joined(&mut self, joined: &Joined) {
        self.stay.entered(&joined.room);
        if joined.room == LOBBY {
            self.left_lobby = false;
        }
    }

    fn left(&mut self, room: &str) {
        let was_in_lobby = self.stay.is_in(LOBBY);
        self.stay.left(room);
        self.left_lobby |= was_in_lobby && !self.stay.is_in(LOBBY);
    }

    /// What the session asked by itself was answered.
    fn own_answered(&mut self, now: u64, request: ToHub, answer: Result<Response, Refusal>) {
        match &answer {
            Ok(response) => self.own_done(&request, response),
            Err(refusal) => {
                let wished = matches!(request, ToHub::Connect { .. }) && self.wish.take().is_some();
                let passing = matches!(refusal.code, ErrorCode::Unavailable | ErrorCode::RateLimited);
                if passing && !wished {
                    // Asked again in a while; nobody need know.
                    if let Link::Open(open) = &mut self.link {
                        open.pause_until = pause(now, refusal.until);
                    }
                    return;
                }
                if !wished {
                    self.own_refused(&request, refusal);
                }
            }
        }
        self.answer(request, answer);
    }

    fn own_done(&mut self, request: &ToHub, response: &Response) {
        match (request, response) {
            (_, Response::Connected(connected)) => self.connected(connected),
            (_, Response::Joined(joined)) => self.joined(joined),
            (ToHub::Leave { room, .. }, _) => self.stay.left(room),
            (_, Response::Page(page)) => {
                if let Some(place) = Place::of(request) {
                    self.stay.caught_up(&place, page);
                }
            }
            _ => {}
        }
    }

    /// For good: what the session wanted by itself is not to be had.
    fn own_refused(&mut self, request: &ToHub, refusal: &Refusal) {
        match request {
            ToHub::Connect { .. } => {
                self.nick = None;
                self.token = None;
                self.abandon_lines(refusal);
            }
            ToHub::Join { room, .. } => self.stay.left(room),
            ToHub::Leave { .. } => self.left_lobby = false,
            _ => {
                if let Some(place) = Place::of(request) {
                    self.stay.give_up(&place);
                }
            }
        }
    }

    fn connected(&mut self, connected: &Connected) {
        self.wish = None;
        let same = self.nick.as_ref().is_none_or(|nick| nick.to_lowercase() == connected.nick.to_lowercase());
        let again = self.nick.replace(connected.nick.clone()).is_some() && same;
        self.token = Some(connected.token.clone());
        if !same {
            self.abandon_lines(&Refusal::new(ErrorCode::NotConnected, "You took another nick before this was sent."));
            self.stay.rejoin();
        }
        if !again {
            self.stay.forget_private();
        }
        self.stay.entered(&connected.room);
        self.stay.connected(&connected.conversations);
        if let Link::Open(open) = &mut self.link {
            open.connected = true;
        }
    }
}

/// When to ask again after the hub said `until`. It said so by its own clock, which may be hours off
/// ours, so the wait is kept within sense.
fn pause(now: u64, until: Option<u64>) -> u64 {
    const UNNAMED: u64 = 1_000; // milliseconds, where the hub names no time
    now + until.map_or(UNNAMED, |until| until.saturating_sub(now)).clamp(BACKOFF_MIN, BACKOFF_MAX)
}
