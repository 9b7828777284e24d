//! One client's life, followed from its first welcome to the end.

use std::collections::HashMap;

use super::log::Log;
use super::looks::Looks;
use super::places::{Places, ROOMS, Stay, Where};
use super::{Verdict, Violation};
use crate::line::{Id, Line, Place, Spoken};
use crate::look::Look;
use crate::record::{Event, Life, Welcomed};

struct Follower<'a> {
    client: usize,
    nick: u16,
    log: &'a Log,
    verdict: &'a mut Verdict,
    epoch: Option<Id>,
    places: Places,
    /// By place in the log.
    received: Vec<bool>,
    heard: u64,
    synced: u64,
    /// Where the log ended at the last welcome.
    welcomed: u64,
    /// Up to here every `synced` was checked.
    checked: u64,
    /// A welcome with `resumed` was not yet followed by its `synced`; how many violations and heard entries
    /// there were before it.
    resuming: Option<(usize, u64)>,
    /// It has received a welcome since it began (anew): its next hello names the position it has.
    holds: bool,
    /// It had to begin a new session: what it missed comes by pages, and `synced` does not speak of that.
    by_pages: bool,
    /// Lines without an answer, with the number of the event that asked for each.
    waiting: HashMap<Line, usize>,
    /// How many events were taken.
    events: usize,
    /// How lines are, as far as it was told.
    seen: HashMap<u64, Look>,
}

/// The log of the first welcome.
pub(super) fn first_epoch(events: &[Event]) -> Option<Id> {
    events.iter().find_map(|event| if let Event::Welcomed(welcomed) = event { Some(welcomed.epoch) } else { None })
}

/// Checks one life.
pub(super) fn follow(
    client: usize,
    life: &Life,
    (log, looks): (&Log, &Looks),
    epoch: Option<Id>,
    verdict: &mut Verdict,
) {
    let mut follower = Follower {
        client,
        nick: life.nick,
        log,
        verdict,
        epoch,
        places: Places::default(),
        received: vec![false; log.len()],
        heard: 0,
        synced: 0,
        welcomed: 0,
        checked: 0,
        resuming: None,
        holds: false,
        by_pages: false,
        waiting: HashMap::new(),
        events: 0,
        seen: HashMap::new(),
    };
    for event in &life.events {
        follower.take(event);
    }
    follower.end(looks);
}

impl Follower<'_> {
    fn take(&mut self, event: &Event) {
        self.events += 1;
        match event {
            Event::Asked { line, .. } => _ = self.waiting.insert(*line, self.events),
            Event::Acknowledged { line, seq } => {
                let asked = self.waiting.remove(line);
                self.own_line(*seq);
                self.gone_until(*seq, asked);
            }
            Event::Refused { line, why } => {
                self.waiting.remove(line);
                self.blame(Violation::Refused { line: *line, why: why.clone() });
            }
            Event::TooLate(line) => _ = self.waiting.remove(line),
            Event::Saw(sight) => self.seen.entry(sight.line()).or_default().take(sight),
            Event::Welcomed(welcomed) => self.welcomed(welcomed),
            Event::Connected => {
                self.places.at(Where::Private).enter();
                self.places.at(Where::Room(0)).enter();
            }
            Event::Lost => {
                if self.resuming.take().is_some() {
                    self.verdict.counts.cut_short += 1;
                }
            }
            Event::Heard(spoken) => self.hear(spoken),
            Event::Paged(spoken) => self.receive(spoken),
            Event::Synced { seq } => self.synced(*seq),
            Event::Joining(room) => self.places.at(Where::Room(*room)).ask(),
            Event::Joined(room) => self.places.at(Where::Room(*room)).enter(),
            Event::NotJoined(room) => self.places.at(Where::Room(*room)).not_answered(),
            Event::Leaving(room) => self.close(Where::Room(*room), Stay::Leaving),
            Event::Left(room) => self.close(Where::Room(*room), Stay::Gone { since: self.events, until: None }),
            Event::Restarted => self.restart(),
            Event::Strange(what) => self.blame(Violation::Strange { client: self.client, what: what.clone() }),
        }
    }

    fn blame(&mut self, violation: Violation) {
        self.verdict.violations.push(violation);
    }

    /// It is no longer sure to be there: what it was to hear ends with what it has heard.
    fn close(&mut self, place: Where, then: Stay) {
        let until = self.heard.max(self.synced);
        if let Stay::In { since: Some(since) } = std::mem::replace(self.places.at(place), then)
            && !self.by_pages
        {
            self.places.owe(place, since, until); // pages, if there were any left, will not come
        }
    }

    fn restart(&mut self) {
        self.verdict.counts.restarts += 1;
        for place in Where::all() {
            let kept = match *self.places.at(place) {
                Stay::In { .. } | Stay::Kept => Stay::Kept,
                other => other,
            };
            self.close(place, kept);
        }
        self.resuming = None;
        self.holds = false;
        // The answer of a line may have been among what was thrown away; lines without one are asked for again.
        self.waiting.clear();
    }

    fn welcomed(&mut self, welcomed: &Welcomed) {
        if self.epoch.is_some_and(|epoch| epoch != welcomed.epoch) {
            self.blame(Violation::NewLog { client: self.client });
        }
        self.welcomed = welcomed.seq;
        let violations = self.verdict.violations.len();
        if welcomed.resumed {
            for room in 0..ROOMS {
                let there = welcomed.rooms & (1 << room) != 0;
                if let Err(expected) = self.places.at(Where::Room(room)).brought_back(there) {
                    self.close(Where::Room(room), Stay::Maybe { asking: false });
                    self.blame(Violation::WrongRooms { client: self.client, room, expected });
                }
            }
            _ = self.places.at(Where::Private).brought_back(true);
            if self.holds {
                self.resuming = Some((violations, self.verdict.counts.heard));
            }
        } else if *self.places.at(Where::Private) != Stay::Out {
            self.by_pages = true;
            self.blame(Violation::SessionForgotten { client: self.client });
        }
        self.holds = true;
    }

    fn hear(&mut self, spoken: &Spoken) {
        self.verdict.counts.heard += 1;
        let after = self.heard.max(self.synced);
        if spoken.seq <= after {
            self.blame(Violation::OutOfOrder { client: self.client, spoken: *spoken, after });
        }
        self.heard = self.heard.max(spoken.seq);
        match self.place_of(spoken.place).map(|place| self.places.at(place)) {
            Some(stay) if stay.may_hear(spoken.seq) => stay.hears_from(spoken.seq),
            _ => self.blame(Violation::Uninvited { client: self.client, spoken: *spoken }),
        }
        self.receive(spoken);
    }

    fn receive(&mut self, spoken: &Spoken) {
        let client = self.client;
        match self.log.at(spoken.seq) {
            None => self.blame(Violation::NotInLog { client, spoken: *spoken }),
            Some(at) => {
                self.received[at] = true;
                let log = *self.log.get(at);
                if log != *spoken {
                    self.blame(Violation::Contradiction { client, heard: *spoken, log });
                }
            }
        }
    }

    /// An own line that was said after the last welcome: where it was said, all that follows it is heard.
    fn own_line(&mut self, seq: u64) {
        if seq > self.welcomed
            && let Some(at) = self.log.at(seq)
            && let Some(place) = self.place_of(self.log.get(at).place)
        {
            self.places.at(place).hears_from(seq);
        }
    }

    /// An own line that was asked for after a room was left was said after that.
    fn gone_until(&mut self, seq: u64, asked: Option<usize>) {
        for room in 0..ROOMS {
            if let Stay::Gone { since, until: until @ None } = self.places.at(Where::Room(room))
                && asked.is_some_and(|asked| asked > *since)
            {
                *until = Some(seq);
            }
        }
    }

    fn synced(&mut self, seq: u64) {
        if self.heard > seq {
            self.blame(Violation::BeyondSynced { client: self.client, seq: self.heard, synced: seq });
        }
        if !self.by_pages {
            let log = self.log;
            for (at, spoken) in log.between(self.checked, seq) {
                if !self.received[at] && self.must_hear(spoken) {
                    self.received[at] = true; // told once
                    self.blame(Violation::Skipped { client: self.client, spoken: *spoken, synced: seq });
                }
            }
        }
        self.checked = self.checked.max(seq);
        self.synced = self.synced.max(seq);
        let counts = &mut self.verdict.counts;
        match self.resuming.take() {
            Some((violations, heard)) => {
                counts.resumes += 1;
                counts.resumed_entries += counts.heard - heard;
                if self.verdict.violations.len() == violations {
                    counts.exact += 1;
                }
            }
            None => counts.caught_up += 1,
        }
    }

    fn must_hear(&mut self, spoken: &Spoken) -> bool {
        self.place_of(spoken.place)
            .is_some_and(|place| self.places.at(place).hears_since().is_some_and(|since| since <= spoken.seq))
    }

    /// Where this client would hear it; none where it never may.
    fn place_of(&self, place: Place) -> Option<Where> {
        match place {
            Place::Room(room) => (room < ROOMS).then_some(Where::Room(room)),
            Place::Whisper { from, to } => (from == self.nick || to == self.nick).then_some(Where::Private),
        }
    }

    fn end(mut self, looks: &Looks) {
        let has = |seq| self.log.at(seq).is_some_and(|at| self.received[at]);
        looks.compare(self.client, &self.seen, has, self.verdict);
        for place in Where::all() {
            if let Some(since) = self.places.at(place).hears_since() {
                self.places.owe(place, since, u64::MAX);
            }
        }
        let log = self.log;
        for (at, spoken) in log.between(0, u64::MAX) {
            let owed = self.place_of(spoken.place).is_some_and(|place| self.places.owes(place, spoken.seq));
            if owed && !self.received[at] {
                self.blame(Violation::NotReceived { client: self.client, spoken: *spoken });
            }
        }
        let mut waiting: Vec<Line> = self.waiting.drain().map(|(line, _)| line).collect();
        waiting.sort_unstable();
        for line in waiting {
            self.blame(Violation::NeverAnswered { line });
        }
    }
}
