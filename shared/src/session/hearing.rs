//! What the hub says.

use super::link::{Asked, Link, Open};
use super::outbox::Outbox;
use super::{BACKOFF_MAX, BACKOFF_MIN, Delivery, Effect, Response, Session, answer};
use crate::letters::fold;
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
                if entry.seq() > self.position.seq {
                    self.reached(now, entry.seq());
                }
                Delivery::Heard(entry)
            }
            ToNode::Synced { seq } => {
                // Told in any case: the last that was told may have been lost with an earlier connection.
                self.reached(now, seq);
                self.stay.synced();
                Delivery::Synced { seq }
            }
            ToNode::Read { room, with, seq } => {
                let place = room.map(Place::Room).or(with.map(Place::With));
                let Some(place) = place else { return };
                Delivery::Read { place, seq }
            }
            ToNode::Presence(presence) => Delivery::Presence(presence),
            ToNode::Signal(signal) => Delivery::Signal(signal),
            ToNode::Unreachable(unreachable) => Delivery::Unreachable(unreachable),
            ToNode::Down(down) => Delivery::Down(down),
            ToNode::Nodes(changed) => Delivery::Nodes(changed),
            ToNode::Typing { room, from, .. } => {
                Delivery::Typing { place: room.map_or_else(|| Place::With(from.clone()), Place::Room), from }
            }
        };
        self.effects.push_back(Effect::Deliver(delivery));
    }

    /// All that we may see has come up to `seq`, but for pages that are still to come.
    fn reached(&mut self, now: u64, seq: u64) {
        self.position.seq = self.position.seq.max(seq);
        if let Link::Open(open) = &mut self.link {
            open.acknowledge(now);
        }
    }

    fn welcomed(&mut self, now: u64, welcome: Welcome) {
        let Link::Opening { socket, .. } = self.link else {
            return;
        };
        let mut open = Open::new(now, socket);
        let first = self.welcome.is_none();
        let new_log = !first && self.position.epoch != welcome.epoch;
        open.bound = welcome.nick.is_some();
        let ours = open.bound && welcome.nick.as_deref().map(fold) == self.nick.as_deref().map(fold);
        // Whatever the device says, there is a way to this hub.
        self.network = true;
        if new_log {
            self.reads.clear();
        }
        self.copying.welcomed(!first && !new_log, self.position.seq, &welcome);
        if first || new_log {
            self.position.seq = welcome.seq;
            self.stay.new_log();
            if welcome.resumed {
                // The hub knows of an earlier position, and that one is no more.
                open.acknowledge(now);
            }
        }
        if ours {
            self.stay.resumed(&welcome.rooms, self.position.seq, self.introduced);
            open.connected = self.introduced && !new_log && !self.stay.misses_private();
        } else if !first && !new_log {
            self.stay.missed(self.position.seq);
            open.missed_to = Some(welcome.seq);
        }
        self.link = Link::Open(open);
        self.position.session.clone_from(&welcome.session);
        self.position.epoch.clone_from(&welcome.epoch);
        self.welcome = Some(welcome.clone());
        self.effects.push_back(Effect::Deliver(Delivery::Welcomed { welcome, new_log }));
        self.abandon_changes();
    }

    fn replied(&mut self, now: u64, reply: Reply) {
        let Reply { id, outcome } = reply;
        let Link::Open(open) = &mut self.link else {
            return;
        };
        if let Some(own) = open.own.take_if(|own| own.request.id() == Some(&id)) {
            self.own_answered(now, own.request, outcome);
        } else if self.outbox.awaits(&id) {
            let ended = line_answered(&mut self.outbox, now, outcome);
            self.line_ended(ended);
        } else if self.puts.awaits(&id) {
            let ended = line_answered(&mut self.puts, now, outcome);
            self.line_ended(ended);
        } else if self.reads.answered(&id, refused_for_now(&outcome).map(|until| pause(now, until))) {
            // Nobody asked.
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

    fn line_ended(&mut self, ended: Option<(ToHub, Outcome)>) {
        if let Some((request, outcome)) = ended {
            let answer = answer::read(&request, outcome);
            self.answer(request, answer);
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
    fn own_answered(&mut self, now: u64, request: ToHub, outcome: Outcome) {
        let wished = matches!(request, ToHub::Connect { .. }) && self.wish.take().is_some();
        if let (Some(until), false) = (refused_for_now(&outcome), wished) {
            // Asked again in a while; nobody need know.
            match &request {
                ToHub::Join { room, .. } => self.stay.outdated(room),
                ToHub::Connect { .. } => self.stay.outdated(LOBBY),
                _ => {}
            }
            if let Link::Open(open) = &mut self.link {
                open.pause_until = pause(now, until);
            }
            return;
        }
        let answer = answer::read(&request, outcome);
        match &answer {
            Ok(response) => self.own_done(&request, response),
            Err(refusal) if !wished => self.own_refused(&request, refusal),
            Err(_) => {}
        }
        if let ToHub::Disconnect { .. } = request {
            // Who left was told so then.
            if let Link::Open(open) = &mut self.link {
                open.bound = false;
            }
            return;
        }
        self.answer(request, answer);
    }

    fn own_done(&mut self, request: &ToHub, response: &Response) {
        match (request, response) {
            (_, Response::Connected(connected)) => self.connected(connected),
            (ToHub::Join { room, .. }, Response::Joined(joined)) => {
                self.joined(joined);
                if !self.stay.is_in(room) {
                    // The hub spells it otherwise, and that is the one we are in.
                    self.stay.left(room);
                }
            }
            (ToHub::Leave { room, .. }, _) => self.stay.left(room),
            (_, Response::Page(page)) => {
                if let Some(place) = Place::of(request) {
                    self.stay.caught_up(&place, page);
                }
            }
            (_, Response::Pairs(page)) => self.copying.came(page),
            _ => {}
        }
    }

    /// For good: what the session wanted by itself is not to be had.
    fn own_refused(&mut self, request: &ToHub, refusal: &Refusal) {
        match request {
            ToHub::Connect { .. } => {
                self.forget_nick();
                self.abandon_lines(refusal);
            }
            ToHub::Join { room, .. } | ToHub::Leave { room, .. } => self.stay.left(room),
            ToHub::History { .. } => {
                if let Some(place) = Place::of(request) {
                    self.stay.give_up(&place);
                }
            }
            ToHub::Store { .. } => self.copying.give_up(),
            _ => {}
        }
    }

    fn connected(&mut self, connected: &Connected) {
        let same = self.nick.as_ref().is_none_or(|nick| fold(nick) == fold(&connected.nick));
        let again = self.nick.replace(connected.nick.clone()).is_some() && same;
        self.token = Some(connected.token.clone());
        if !same {
            self.abandon_lines(&Refusal::new(ErrorCode::NotConnected, "You took another nick before this was sent."));
            self.reads.clear();
            self.stay.rejoin();
        }
        if !again {
            self.stay.forget_private();
        }
        self.introduced = true;
        self.stay.entered(&connected.room);
        if self.left_lobby {
            self.stay.unwanted(&connected.room);
        }
        self.stay.connected(&connected.conversations);
        if let Link::Open(open) = &mut self.link {
            open.connected = true;
        }
    }
}

/// The first line of a lane was answered; it is given back with that unless it is to be sent again.
fn line_answered(lane: &mut Outbox, now: u64, outcome: Outcome) -> Option<(ToHub, Outcome)> {
    match refused_for_now(&outcome) {
        Some(Some(until)) => lane.pause(pause(now, Some(until))),
        Some(None) => lane.back_off(now),
        None => return lane.pop().map(|line| (line.request, outcome)),
    }
    None
}

/// Whether the hub could not do it now and may later: then when, if it said so.
fn refused_for_now(outcome: &Outcome) -> Option<Option<u64>> {
    match outcome {
        Outcome::Error(Refusal { code: ErrorCode::Unavailable | ErrorCode::RateLimited, until, .. }) => Some(*until),
        _ => None,
    }
}

/// When to ask again after the hub said `until`. It said so by its own clock, which may be hours off
/// ours, so the wait is kept within sense.
fn pause(now: u64, until: Option<u64>) -> u64 {
    const UNNAMED: u64 = 1_000; // milliseconds, where the hub names no time
    now + until.map_or(UNNAMED, |until| until.saturating_sub(now)).clamp(BACKOFF_MIN, BACKOFF_MAX)
}
