//! What a person asks for.

use super::link::{Asked, Link, Open};
use super::{ANSWER_WITHIN, Delivery, Effect, Line, MAX_ASKED, MAX_ROOMS, Response, Session};
use crate::message::{ErrorCode, Refusal, State, ToHub};
use crate::transcript::Place;
use crate::wire;

impl Session {
    /// Makes a request; `request` puts the id given into it:
    /// `session.ask(now, |id| ToHub::Say { id, room, text })`. Gives the id back.
    ///
    /// What makes an entry ([`ToHub::makes_entry`]) is kept until answered, sent one after the other, and sent again
    /// with the same id after a return, and while the hub cannot take them (`unavailable`, `rate_limited`),
    /// for as long as it takes. `connect` is kept likewise, and nick and token are used again
    /// by themselves from then on. `disconnect` without a connection is done at once. All others end
    /// with `unavailable` when the connection is lost, and may be asked again. How far one has read goes by
    /// [`Session::read`].
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

    /// Takes up lines of this nick that another session left, behind those that wait here. Each is delivered
    /// as [`Delivery::Sending`]. Passed over are lines that wait here already, all where there is no nick,
    /// and those beyond [`super::MAX_UNSENT`]: they may be adopted later. What can never be said is answered at once,
    /// and what changes lines of another log as soon as that is known.
    pub fn adopt(&mut self, now: u64, lines: Vec<Line>) {
        self.take_up(lines);
        self.settle(now);
    }

    /// The person has read a place up to `seq`. Without a connection the newest of each place is kept until
    /// there is one; nothing of it is delivered, and what the hub refuses for good is dropped.
    pub fn read(&mut self, now: u64, place: &Place, seq: u64) {
        if self.nick.is_some() {
            self.reads.note(now, place, seq);
        }
        self.settle(now);
    }

    /// The person is writing at a place: to be said with each key. The hub is told at most each [`wire::TYPING_EVERY`],
    /// and not without a connection.
    pub fn typing(&mut self, now: u64, place: &Place) {
        if let Link::Open(open) = &self.link
            && open.ready
            && open.connected
            // A clock put back says nothing of when.
            && self.typed_at.is_none_or(|at| now.abs_diff(at) >= wire::TYPING_EVERY)
        {
            self.typed_at = Some(now);
            let (room, to) = match place {
                Place::Room(room) => (Some(room.clone()), None),
                Place::With(nick) => (None, Some(nick.clone())),
            };
            let frame = wire::encode(&ToHub::Typing { room, to });
            self.effects.push_back(Effect::Send { socket: open.socket, frame });
        }
        self.settle(now);
    }

    /// Something that a process of this node says to one of another. Not kept: false without an open connection.
    /// `first` is that of [`crate::message::Outgoing`]; the payload is a JSON object.
    pub fn signal(&mut self, to: &str, first: bool, payload: &str) -> bool {
        let Link::Open(open) = &self.link else { return false };
        let frame = wire::encode_signal(to, first, payload);
        self.effects.push_back(Effect::Send { socket: open.socket, frame });
        true
    }

    /// The person has left this device alone ([`State::Away`]) or is back at it ([`State::Online`]); other states are
    /// the hub's to tell. Kept, and told again on every connection.
    pub fn state(&mut self, now: u64, state: State) {
        if matches!(state, State::Online | State::Away) {
            self.state = Some(state);
        }
        self.settle(now);
    }

    pub(super) fn take_up(&mut self, lines: Vec<Line>) {
        if self.nick.is_none() {
            return;
        }
        for line in lines {
            let request = line.request.clone();
            if self.unsent_lines().any(|waiting| waiting.id() == line.id()) {
                continue;
            }
            let taken = match sayable(&request) {
                Ok(()) => self.lane(&request).push(line).map(|()| None),
                Err(refusal) => Ok(Some(refusal)),
            };
            let Ok(refusal) = taken else { break };
            self.effects.push_back(Effect::Deliver(Delivery::Sending { request: request.clone() }));
            if let Some(refusal) = refusal {
                self.answer(request, Err(refusal));
            }
        }
        // Which log the hub has now only an open connection tells.
        if matches!(self.link, Link::Open(_)) {
            self.abandon_changes();
        }
    }

    fn speak(&mut self, line: Line) -> Result<(), Refusal> {
        let request = line.request.clone();
        sayable(&request)?;
        if self.nick.is_none() {
            return Err(Refusal::new(ErrorCode::NotConnected, "Choose a nick before you speak."));
        }
        self.lane(&request).push(line)?;
        self.effects.push_back(Effect::Deliver(Delivery::Sending { request }));
        Ok(())
    }

    fn begin(&mut self, now: u64, request: ToHub) -> Result<(), Refusal> {
        if request.makes_entry() {
            let epoch = self.position.epoch.clone();
            return self.speak(Line { request, at: now, epoch });
        }
        match &request {
            ToHub::Hello(_)
            | ToHub::Ack { .. }
            | ToHub::Read { .. }
            | ToHub::Typing { .. }
            | ToHub::State { .. }
            | ToHub::Signal(_) => {
                let words = "The session says `hello`, `ack`, `read`, `typing` and `state` by itself, and `signal` when it is told to.";
                return Err(Refusal::new(ErrorCode::BadMessage, words));
            }
            ToHub::Connect { .. } => {
                fits(&request)?;
                return self.wish_for(request);
            }
            ToHub::Disconnect { .. } if !matches!(self.link, Link::Open(_)) => {
                // Nobody hears us; the lease ends by itself, and we do not come back with the nick.
                if let Some(connect) = self.wish.take() {
                    self.answer(
                        connect,
                        Err(Refusal::new(ErrorCode::Unavailable, "You left before the hub could be asked.")),
                    );
                }
                self.let_go();
                self.answer(request, Ok(Response::Done));
                return Ok(());
            }
            ToHub::Join { .. } if self.stay.len() >= MAX_ROOMS => {
                let words = format!("You are in {MAX_ROOMS} rooms already. Leave one first.");
                return Err(Refusal::new(ErrorCode::Unavailable, words));
            }
            _ => {}
        }
        fits(&request)?;
        if self.asked.len() >= MAX_ASKED {
            return Err(Refusal::new(
                ErrorCode::Unavailable,
                "Too many requests wait for the hub's answer. Ask again in a moment.",
            ));
        }
        match &self.link {
            Link::Open(open) if open.ready || matches!(request, ToHub::Disconnect { .. }) => {
                self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode_request(&request) });
                self.asked.push_back(Asked { request, at: now });
                Ok(())
            }
            _ => Err(Refusal::new(
                ErrorCode::Unavailable,
                "There is no connection to the hub at the moment. Ask again when it is back.",
            )),
        }
    }

    fn wish_for(&mut self, connect: ToHub) -> Result<(), Refusal> {
        if let Link::Open(Open { own: Some(Asked { request: ToHub::Connect { nick, .. }, .. }), .. }) = &self.link {
            let words = format!("The hub is still being asked for the nick “{nick}”. Wait a moment.");
            return Err(Refusal::new(ErrorCode::Unavailable, words));
        }
        if let Some(earlier) = self.wish.replace(connect) {
            let refusal = Refusal::new(ErrorCode::Unavailable, "Another nick was asked for instead.");
            self.answer(earlier, Err(refusal));
        }
        Ok(())
    }

    /// There is no nick any more, nor what was its.
    pub(super) fn forget_nick(&mut self) {
        self.nick = None;
        self.token = None;
        self.introduced = false;
        self.reads.clear();
    }

    /// The nick is given up, and with it what was to be said as it.
    pub(super) fn let_go(&mut self) {
        self.forget_nick();
        self.left_lobby = false;
        self.stay.leave_all();
        if let Link::Open(open) = &mut self.link {
            open.bound = false;
            open.connected = false;
        }
        self.abandon_lines(&Refusal::new(ErrorCode::NotConnected, "You left before this was sent."));
    }

    /// Requests without an answer for too long fail.
    pub(super) fn give_up_waiting(&mut self, now: u64) {
        let overdue = |asked: &Asked| now >= asked.at + ANSWER_WITHIN;
        while self.asked.front().is_some_and(overdue)
            && let Some(Asked { request, .. }) = self.asked.pop_front()
        {
            self.answer(
                request,
                Err(Refusal::new(ErrorCode::Unavailable, "The hub gave no answer in time. Ask again.")),
            );
        }
    }

    /// Where the log that lines were counted in is no more, changes of them have nothing to change, and answers to
    /// them answer nothing.
    pub(super) fn abandon_changes(&mut self) {
        let epoch = &self.position.epoch;
        let mut gone = self.outbox.enter_log(epoch);
        gone.append(&mut self.puts.enter_log(epoch));
        for request in gone {
            let (code, words) = match request {
                ToHub::Put { .. } | ToHub::Remove { .. } => {
                    (ErrorCode::VersionConflict, "The hub has begun a new log, in which the key has another version.")
                }
                _ => (ErrorCode::NoSuchEntry, "The hub has begun a new log, and the line is not in it."),
            };
            self.answer(request, Err(Refusal::new(code, words)));
        }
    }

    pub(super) fn abandon_lines(&mut self, refusal: &Refusal) {
        let mut lines = self.outbox.drain();
        lines.append(&mut self.puts.drain());
        for line in lines {
            self.answer(line.request, Err(refusal.clone()));
        }
    }

    pub(super) fn answer(&mut self, request: ToHub, answer: Result<Response, Refusal>) {
        self.effects.push_back(Effect::Deliver(Delivery::Answered { request, answer }));
    }
}

/// Whether a line can be said at all. The id is looked at for those that come from a store: a frame
/// with another is no request, and its answer could not be told from others.
fn sayable(request: &ToHub) -> Result<(), Refusal> {
    match request {
        ToHub::Say { text, files, .. } | ToHub::PrivateMessage { text, files, .. } if files.is_empty() => {
            wire::trim_text(text)?;
        }
        ToHub::Edit { text, .. } => {
            wire::trim_text(text)?;
        }
        ToHub::Topic { topic, .. } => {
            wire::trim_topic(topic)?;
        }
        _ => {}
    }
    let id = request.id().unwrap_or_default();
    if !request.makes_entry() || id.is_empty() || id.len() > wire::MAX_ID {
        return Err(Refusal::new(ErrorCode::BadMessage, "This line was not kept well. Say it anew."));
    }
    fits(request)
}

/// Whether a request fits in one frame; a longer one would end the connection.
fn fits(request: &ToHub) -> Result<(), Refusal> {
    if wire::encode_request(request).len() <= wire::MAX_FRAME {
        return Ok(());
    }
    let code = match request {
        ToHub::Say { .. } | ToHub::PrivateMessage { .. } | ToHub::Edit { .. } | ToHub::Topic { .. } => {
            ErrorCode::TextTooLong
        }
        ToHub::Put { .. } => ErrorCode::ValueTooLong,
        _ => ErrorCode::BadMessage,
    };
    let kib = wire::MAX_FRAME / 1024;
    Err(Refusal::new(code, format!("This is longer than the {kib} KiB that can go at once. Send it in parts.")))
}
