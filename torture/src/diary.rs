//! How a client writes down what it lives through.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use shared::message::{ErrorCode, ToHub, Welcome};
use shared::session::{Delivery, Response};

use crate::line::{Id, Line, Place, Spoken};
use crate::record::{Event, Welcomed};

/// One client's, written by the task that listens and the one that talks.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    events: Mutex<Vec<Event>>,
    heard: AtomicU64,
}

impl Diary {
    pub(crate) fn write(&self, event: Event) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    /// The newest entry heard.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes down what the session told.
    pub(crate) fn told(&self, delivery: &Delivery) {
        match delivery {
            Delivery::Welcomed { welcome, .. } => self.write(Event::Welcomed(welcomed(welcome))),
            Delivery::Lost => self.write(Event::Lost),
            Delivery::Heard(entry) => match Spoken::of(entry) {
                Some(spoken) => {
                    self.heard.fetch_max(spoken.seq, Ordering::Relaxed);
                    self.write(Event::Heard(spoken));
                }
                None => self.strange(format!("entry #{} is not as anybody said it", entry.seq())),
            },
            Delivery::Synced { seq } => self.write(Event::Synced { seq: *seq }),
            Delivery::Answered { request, answer } => match answer {
                Ok(response) => self.done(request, response),
                Err(refusal) => self.refused(request, refusal.code, &refusal.message),
            },
            Delivery::Complaint(refusal) => self.strange(format!("the hub complains: {}", refusal.message)),
            Delivery::Sending { .. } | Delivery::Presence(_) | Delivery::Read { .. } => {}
        }
    }

    pub(crate) fn strange(&self, what: String) {
        self.write(Event::Strange(what));
    }

    fn done(&self, request: &ToHub, response: &Response) {
        match (request, response) {
            (ToHub::Say { text, .. } | ToHub::PrivateMessage { text, .. }, Response::Sent(sent)) => {
                match Line::of(text) {
                    Some(line) => self.write(Event::Acknowledged { line, seq: sent.seq }),
                    None => self.strange("a line was acknowledged that nobody said".to_owned()),
                }
            }
            (_, Response::Connected(_)) => self.write(Event::Connected),
            (_, Response::Joined(joined)) => match Place::room(&joined.room) {
                Some(Place::Room(room)) => self.write(Event::Joined(room)),
                _ => self.strange(format!("joined {}", joined.room)),
            },
            (ToHub::Leave { room, .. }, _) => self.left(room),
            (_, Response::Page(page)) => {
                for entry in &page.entries {
                    match Spoken::of(entry) {
                        Some(spoken) => self.write(Event::Paged(spoken)),
                        None => self.strange(format!("entry #{} of a page is not as anybody said it", entry.seq())),
                    }
                }
            }
            _ => {}
        }
    }

    fn refused(&self, request: &ToHub, code: ErrorCode, why: &str) {
        match request {
            ToHub::Say { text, .. } | ToHub::PrivateMessage { text, .. } => match Line::of(text) {
                Some(line) => self.write(Event::Refused { line, why: why.to_owned() }),
                None => self.strange("a line was refused that nobody said".to_owned()),
            },
            // The answer to an earlier attempt was lost.
            ToHub::Leave { room, .. } if code == ErrorCode::NotInRoom => self.left(room),
            // It has left the room before it could read what it had missed there.
            ToHub::History { .. } if code == ErrorCode::NotInRoom => {}
            // The connection was lost before the answer came.
            _ if code == ErrorCode::Unavailable => {}
            _ => self.strange(format!("a request was refused: {why}")),
        }
    }

    fn left(&self, room: &str) {
        match Place::room(room) {
            Some(Place::Room(room)) => self.write(Event::Left(room)),
            _ => self.strange(format!("left {room}")),
        }
    }
}

fn welcomed(welcome: &Welcome) -> Welcomed {
    let bit = |room: &String| if let Some(Place::Room(room @ 0..64)) = Place::room(room) { 1 << room } else { 0 };
    Welcomed {
        resumed: welcome.resumed,
        seq: welcome.seq,
        epoch: Id::of(&welcome.epoch),
        rooms: welcome.rooms.iter().map(bit).fold(0, |rooms, bit: u64| rooms | bit),
    }
}
