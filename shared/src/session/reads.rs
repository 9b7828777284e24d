//! How far a person has read, on its way to the hub.

use super::{MAX_READS, READ_EVERY};
use crate::message::ToHub;
use crate::transcript::Place;

/// The newest read position of each place, until the hub has it. What it replaces need never be told.
#[derive(Default)]
pub(super) struct Reads {
    places: Vec<Reading>,
}

struct Reading {
    place: Place,
    seq: u64,
    /// What was last sent on this connection, or is known to the hub.
    told: u64,
    /// The request under way.
    id: Option<String>,
    /// Not told again before.
    due: u64,
}

impl Reads {
    pub(super) fn note(&mut self, now: u64, place: &Place, seq: u64) {
        self.places.retain(|reading| reading.seq > reading.told || reading.id.is_some() || now < reading.due);
        match self.places.iter_mut().find(|reading| reading.place == *place) {
            Some(reading) => reading.seq = reading.seq.max(seq),
            None => {
                if self.places.len() >= MAX_READS {
                    self.places.remove(0);
                }
                self.places.push(Reading { place: place.clone(), seq, told: 0, id: None, due: now });
            }
        }
    }

    /// The next to be told, if one is due; it then counts as told.
    pub(super) fn send(&mut self, now: u64, id: impl FnOnce() -> String) -> Option<ToHub> {
        let reading = self.places.iter_mut().find(|reading| reading.seq > reading.told && now >= reading.due)?;
        let id = id();
        reading.id = Some(id.clone());
        reading.told = reading.seq;
        reading.due = now + READ_EVERY;
        let (room, with) = match &reading.place {
            Place::Room(room) => (Some(room.clone()), None),
            Place::With(nick) => (None, Some(nick.clone())),
        };
        Some(ToHub::Read { id, room, with, seq: reading.seq })
    }

    /// An answer came; whether it was to one of these. With `again` the hub could not for now, and wants
    /// it said anew at that time.
    pub(super) fn answered(&mut self, id: &str, again: Option<u64>) -> bool {
        let Some(reading) = self.places.iter_mut().find(|reading| reading.id.as_deref() == Some(id)) else {
            return false;
        };
        reading.id = None;
        if let Some(at) = again {
            reading.told = 0;
            reading.due = reading.due.max(at);
        }
        true
    }

    /// The connection is gone: what is not answered may not have arrived.
    pub(super) fn lost(&mut self) {
        for reading in &mut self.places {
            reading.due = 0;
            if reading.id.take().is_some() {
                reading.told = 0;
            }
        }
    }

    /// They were of another log, or another nick.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    /// When [`Reads::send`] has something to do.
    pub(super) fn due_at(&self) -> Option<u64> {
        self.places.iter().filter(|reading| reading.seq > reading.told).map(|reading| reading.due).min()
    }
}
