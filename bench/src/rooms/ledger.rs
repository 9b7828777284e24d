//! What everyone in all rooms has heard.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::name;
use crate::crowd::Arrival;
use crate::heard::{Heard, room_of, understand};
use crate::limit::Seats;
use crate::statistics::Latencies;

/// What everyone has heard.
pub(super) struct Ledger {
    pub(super) seats: Seats,
    pub(super) rooms: Vec<Room>,
    /// The newest line that each has heard.
    heard: Vec<u64>,
    /// Whether who says a line gets an answer.
    answered: bool,
    /// Rooms in which a line has just been done with.
    pub(super) ready: Vec<usize>,
    pub(super) latencies: Latencies,
}

pub(super) struct Room {
    name: String,
    /// When the line under way was sent; none is if there is none.
    sent: Option<Instant>,
    /// Its `seq`, by the first who heard it.
    seq: Option<u64>,
    /// The newest line before it.
    last: u64,
    /// How many have still to hear it.
    missing: usize,
    /// The answers that are still to come.
    unanswered: usize,
    /// Lines said in it.
    pub(super) said: usize,
}

impl Ledger {
    pub(super) fn new(seats: Seats, answered: bool) -> Self {
        let room = |room| Room { name: name(room), sent: None, seq: None, last: 0, missing: 0, unanswered: 0, said: 0 };
        Self {
            seats,
            rooms: (0..seats.rooms).map(room).collect(),
            heard: vec![0; seats.sockets()],
            answered,
            ready: (0..seats.rooms).collect(),
            latencies: Latencies::default(),
        }
    }

    pub(super) fn say(&mut self, index: usize, now: Instant) {
        let room = &mut self.rooms[index];
        (room.sent, room.seq, room.missing) = (Some(now), None, self.seats.people);
        room.unanswered = usize::from(self.answered);
        room.said += 1;
    }

    /// Someone heard a line of this room.
    ///
    /// # Errors
    /// If it is not the one that was due.
    fn hear(&mut self, person: usize, seq: u64, name: &str, now: Instant) -> Result<()> {
        let index = person / self.seats.people;
        let room = &mut self.rooms[index];
        ensure!(room.name == name, "number {person} in {} heard line {seq} of {name}", room.name);
        ensure!(self.heard[person] < seq, "number {person} heard line {seq} twice or out of order");
        let sent = room.sent.with_context(|| format!("number {person} heard line {seq}, which nobody said"))?;
        match room.seq {
            None => ensure!(seq > room.last, "line {seq} came to {name} after {}", room.last),
            Some(due) => ensure!(due == seq, "number {person} heard line {seq} when {due} was due"),
        }
        room.seq = Some(seq);
        self.heard[person] = seq;
        room.missing -= 1;
        self.latencies.add(now.saturating_duration_since(sent));
        self.look(index);
        Ok(())
    }

    fn answer(&mut self, person: usize) -> Result<()> {
        let index = person / self.seats.people;
        let room = &mut self.rooms[index];
        let due = room.unanswered.checked_sub(1);
        room.unanswered = due.with_context(|| format!("an answer in {} that nobody waits for", room.name))?;
        self.look(index);
        Ok(())
    }

    /// The next line is due once this one was heard by all, and answered.
    fn look(&mut self, index: usize) {
        let room = &mut self.rooms[index];
        if room.missing == 0 && room.unanswered == 0 {
            room.last = room.seq.unwrap_or(room.last);
            room.sent = None;
            self.ready.push(index);
        }
    }

    pub(super) fn take(&mut self, person: usize, text: &[u8], arrival: &mut Arrival) -> Result<()> {
        match understand(text)? {
            Heard::Line { seq } => self.hear(person, seq, room_of(text)?, arrival.of(person)),
            Heard::Done { .. } => self.answer(person),
            Heard::Welcome { .. } | Heard::Synced | Heard::Other => Ok(()),
        }
    }

    /// For a person to read.
    pub(super) fn waiting_for(&self) -> String {
        let waiting = || self.rooms.iter().filter(|room| room.sent.is_some());
        let Some(first) = waiting().min_by_key(|room| room.sent) else { return "nothing is under way".to_owned() };
        format!(
            "in {} a line has not reached {} of {}, and {} answers are due; {} rooms wait",
            first.name,
            first.missing,
            self.seats.people,
            first.unanswered,
            waiting().count()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_out_of_order_or_of_different_numbers_are_found_out() {
        let (now, room) = (Instant::now(), name(0));
        let mut ledger = Ledger::new(Seats { rooms: 1, people: 2 }, false);
        ledger.say(0, now);
        ledger.hear(0, 10, &room, now).expect("due");
        assert!(ledger.hear(1, 11, &room, now).is_err(), "10 was due");
        ledger.hear(1, 10, &room, now).expect("due");
        ledger.say(0, now);
        assert!(ledger.hear(1, 9, &room, now).is_err(), "out of order");
    }

    #[test]
    fn a_line_waits_for_its_answer_and_for_one_only() {
        let now = Instant::now();
        let mut ledger = Ledger::new(Seats { rooms: 1, people: 1 }, true);
        ledger.ready.clear();
        ledger.say(0, now);
        ledger.hear(0, 1, &name(0), now).expect("due");
        assert!(ledger.ready.is_empty());
        ledger.answer(0).expect("due");
        assert_eq!(ledger.ready, [0]);
        assert!(ledger.answer(0).is_err());
    }
}
