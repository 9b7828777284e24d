//! How a client writes down what it lives through.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::entry::Entry;
use shared::message::{ErrorCode, ToHub, Welcome};
use shared::session::{Delivery, Response};

use crate::asked::Asked;
use crate::line::{Id, Line, Place, Spoken};
use crate::look::Sight;
use crate::record::{Event, Welcomed};

/// One client's, written by the task that listens and the one that talks.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    events: Mutex<Vec<Event>>,
    heard: AtomicU64,
    asked: Arc<Asked>,
    /// Where the newest of its own lines stand.
    own: Mutex<VecDeque<(Place, u64)>>,
    /// Where the newest lines stand that it has heard.
    others: Mutex<VecDeque<(Place, u64)>>,
}

/// Lines of which some are changed: as many as are said in a second or two.
const LATEST: usize = 32;

impl Diary {
    pub(crate) fn new(asked: Arc<Asked>) -> Self {
        Self { asked, ..Self::default() }
    }

    /// The newest lines of its own, and the newest it has heard.
    pub(crate) fn latest(&self) -> [Vec<(Place, u64)>; 2] {
        [&self.own, &self.others].map(|lines| lock(lines).iter().copied().collect())
    }

    pub(crate) fn write(&self, event: Event) {
        lock(&self.events).push(event);
    }

    /// The newest entry heard.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *lock(&self.events))
    }

    /// Writes down what the session told.
    pub(crate) fn told(&self, delivery: &Delivery) {
        match delivery {
            Delivery::Welcomed { welcome, .. } => self.write(Event::Welcomed(welcomed(welcome))),
            Delivery::Lost => self.write(Event::Lost),
            Delivery::Heard(entry) => match Spoken::of(entry, &self.asked) {
                Some(spoken) => {
                    self.heard.fetch_max(spoken.seq, Ordering::Relaxed);
                    self.write(Event::Heard(spoken));
                    self.see(entry);
                    if entry.is_line() {
                        keep_latest(&self.others, (spoken.place, spoken.seq));
                    }
                }
                None => self.strange(format!("entry #{} is not as anybody said it", entry.seq())),
            },
            Delivery::Synced { seq } => self.write(Event::Synced { seq: *seq }),
            Delivery::Answered { request, answer } => match answer {
                Ok(response) => self.done(request, response),
                Err(refusal) => self.refused(request, refusal.code, &refusal.message),
            },
            Delivery::Complaint(refusal) => self.strange(format!("the hub complains: {}", refusal.message)),
            Delivery::Sending { .. }
            | Delivery::Presence(_)
            | Delivery::Read { .. }
            | Delivery::Typing { .. }
            | Delivery::Signal(_)
            | Delivery::Unreachable(_)
            | Delivery::Down(_)
            | Delivery::Nodes(_) => {}
        }
    }

    pub(crate) fn strange(&self, what: String) {
        self.write(Event::Strange(what));
    }

    fn done(&self, request: &ToHub, response: &Response) {
        match (request, response) {
            (request, Response::Sent(sent)) => match self.line_of(request) {
                Some((line, place)) => {
                    self.write(Event::Acknowledged { line, seq: sent.seq });
                    if matches!(request, ToHub::Say { .. } | ToHub::PrivateMessage { .. }) {
                        keep_latest(&self.own, (place, sent.seq));
                    }
                }
                None => self.strange("a line was acknowledged that nobody said".to_owned()),
            },
            (_, Response::Connected(_)) => self.write(Event::Connected),
            (_, Response::Joined(joined)) => match Place::room(&joined.room) {
                Some(Place::Room(room)) => self.write(Event::Joined(room)),
                _ => self.strange(format!("joined {}", joined.room)),
            },
            (ToHub::Leave { room, .. }, _) => self.left(room),
            (_, Response::Page(page)) => {
                for entry in &page.entries {
                    match Spoken::of(entry, &self.asked) {
                        Some(spoken) => {
                            self.write(Event::Paged(spoken));
                            self.see(entry);
                        }
                        None => self.strange(format!("entry #{} of a page is not as anybody said it", entry.seq())),
                    }
                }
            }
            _ => {}
        }
    }

    fn refused(&self, request: &ToHub, code: ErrorCode, why: &str) {
        match request {
            request if request.makes_entry() => match self.line_of(request) {
                Some((line, _)) if matches!(request, ToHub::React { .. }) && code == ErrorCode::NoSuchEntry => {
                    self.write(Event::TooLate(line));
                }
                Some((line, _)) => self.write(Event::Refused { line, why: why.to_owned() }),
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

    fn line_of(&self, request: &ToHub) -> Option<(Line, Place)> {
        self.asked.get(Id::of(request.id()?))
    }

    fn see(&self, entry: &Entry) {
        if let Some(sight) = Sight::of(entry) {
            self.write(Event::Saw(sight));
        }
    }

    fn left(&self, room: &str) {
        match Place::room(room) {
            Some(Place::Room(room)) => self.write(Event::Left(room)),
            _ => self.strange(format!("left {room}")),
        }
    }
}

fn keep_latest(lines: &Mutex<VecDeque<(Place, u64)>>, line: (Place, u64)) {
    let mut lines = lock(lines);
    if lines.len() == LATEST {
        lines.pop_front();
    }
    lines.push_back(line);
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
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
