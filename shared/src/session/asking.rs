//! What a person asks for.

use super::link::{Asked, Link, Open};
use super::{ANSWER_WITHIN, Delivery, Effect, MAX_ASKED, MAX_ROOMS, Response, Session};
use crate::message::{ErrorCode, Refusal, ToHub};
use crate::wire;

impl Session {
    pub(super) fn begin(&mut self, now: u64, request: ToHub) -> Result<(), Refusal> {
        match &request {
            ToHub::Hello(_) => {
                return Err(Refusal::new(ErrorCode::BadMessage, "The session says hello by itself."));
            }
            ToHub::Say { text, .. } | ToHub::PrivateMessage { text, .. } => {
                wire::trim_text(text)?;
                fits(&request)?;
                if self.nick.is_none() {
                    return Err(Refusal::new(ErrorCode::NotConnected, "Choose a nick before you speak."));
                }
                self.outbox.push(request.clone())?;
                self.effects.push_back(Effect::Deliver(Delivery::Sending { request }));
                return Ok(());
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
            ToHub::Disconnect { .. }
            | ToHub::Join { .. }
            | ToHub::Leave { .. }
            | ToHub::ListUsers { .. }
            | ToHub::ListRooms { .. }
            | ToHub::ListNodes { .. }
            | ToHub::Ping { .. }
            | ToHub::History { .. }
            | ToHub::Search { .. } => {}
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
                self.effects.push_back(Effect::Send { socket: open.socket, frame: wire::encode(&request) });
                self.asked.push_back(Asked { request, at: now });
                Ok(())
            }
            _ => Err(Refusal::new(
                ErrorCode::Unavailable,
                "There is no connection to the hub at the moment. Ask again when it is back.",
            )),
        }
    }

    pub(super) fn wish_for(&mut self, connect: ToHub) -> Result<(), Refusal> {
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

    /// The nick is given up, and with it what was to be said as it.
    pub(super) fn let_go(&mut self) {
        self.nick = None;
        self.token = None;
        self.left_lobby = false;
        self.stay.leave_all();
        if let Link::Open(open) = &mut self.link {
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

    pub(super) fn abandon_lines(&mut self, refusal: &Refusal) {
        for line in self.outbox.drain() {
            self.answer(line, Err(refusal.clone()));
        }
    }

    pub(super) fn answer(&mut self, request: ToHub, answer: Result<Response, Refusal>) {
        self.effects.push_back(Effect::Deliver(Delivery::Answered { request, answer }));
    }
}

/// Whether a request fits in one frame; a longer one would end the connection.
fn fits(request: &ToHub) -> Result<(), Refusal> {
    if wire::encode(request).len() <= wire::MAX_FRAME {
        return Ok(());
    }
    let code = match request {
        ToHub::Say { .. } | ToHub::PrivateMessage { .. } => ErrorCode::TextTooLong,
        _ => ErrorCode::BadMessage,
    };
    let kib = wire::MAX_FRAME / 1024;
    Err(Refusal::new(code, format!("This takes more than the {kib} KiB that fit in one frame. Send it in parts.")))
}
