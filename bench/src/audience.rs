//! A room in which several speak by the clock, and some may stop listening for a while. Who is listened for
//! hears every line, in the order of the log, however late they come back to it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::transcript::Place;
use shared::wire;

use crate::crowd::{Crowd, Patience};
use crate::heard::{Heard, id_of, understand};
use crate::line::{id, text};
use crate::socket::add_frame;
use crate::statistics::Latencies;

/// So many lines at once, each time that long after the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) every: Duration,
    pub(crate) lines: usize,
}

/// A crowd whose first sockets are in one room, the first of which speak in turn.
pub(crate) struct Audience {
    crowd: Crowd,
    room: String,
    speakers: usize,
    minutes: Minutes,
}

impl Audience {
    /// `people` sockets of the crowd are in this room, where nothing is under way. What others hear is theirs.
    pub(crate) fn new(crowd: Crowd, room: &str, people: usize, speakers: usize) -> Self {
        Self { crowd, room: room.to_owned(), speakers, minutes: Minutes::new(people) }
    }

    /// The crowd, to add others to.
    pub(crate) fn crowd(&mut self) -> &mut Crowd {
        &mut self.crowd
    }

    /// Speaks at this pace until `done` (of what `others` heard, and the time since the beginning), then waits until
    /// everyone has heard everything. How long it took from each line's sending to each of those listened for.
    ///
    /// # Errors
    /// If anyone misses a line, hears one twice or out of order, or is thrown out.
    pub(crate) fn talk<O>(
        &mut self,
        pace: Pace,
        others: &mut O,
        mut hear_other: impl FnMut(&mut O, usize, &[u8]) -> Result<()>,
        done: impl Fn(&O, Duration) -> bool,
    ) -> Result<Latencies> {
        let text = text();
        let begun = Instant::now();
        let mut due = Duration::ZERO;
        let mut patience = Patience::new();
        let mut over = false;
        loop {
            over |= done(others, begun.elapsed());
            if !over && begun.elapsed() >= due {
                self.say(pace.lines, &text)?;
                due += pace.every;
            }
            if over && self.minutes.is_quiet() {
                return Ok(std::mem::take(&mut self.minutes.latencies));
            }
            let left = patience.left().with_context(|| self.minutes.waiting_for())?;
            let until_due = if over { left } else { due.saturating_sub(begun.elapsed()) };
            let Self { crowd, minutes, .. } = self;
            let texts = crowd.turn(left.min(until_due), &mut |index, text| {
                if index < minutes.heard.len() { minutes.take(index, text) } else { hear_other(others, index, text) }
            })?;
            patience.spend(texts);
        }
    }

    /// Speaks at this pace for so long; nobody is there but the audience.
    pub(crate) fn talk_for(&mut self, pace: Pace, duration: Duration) -> Result<Latencies> {
        self.talk(pace, &mut (), |(), _, _| Ok(()), |(), elapsed| elapsed >= duration)
    }

    /// Says so many lines as fast as those who are listened for hear them, at most `window` of them under way.
    pub(crate) fn pour(&mut self, lines: usize, window: usize, text: &str) -> Result<()> {
        let mut patience = Patience::new();
        let mut left = lines;
        while left > 0 || !self.minutes.is_quiet() {
            let more = window.saturating_sub(self.minutes.under_way()).min(left);
            self.say(more, text)?;
            left -= more;
            let wait = patience.left().with_context(|| self.minutes.waiting_for())?;
            let Self { crowd, minutes, .. } = self;
            patience.spend(crowd.turn(wait, &mut |index, text| minutes.take(index, text))?);
        }
        self.minutes.latencies = Latencies::default();
        Ok(())
    }

    fn say(&mut self, lines: usize, text: &str) -> Result<()> {
        let mut bytes = vec![Vec::new(); self.speakers];
        for _ in 0..lines {
            let number = self.minutes.sent.len();
            let say = Place::Room(self.room.clone()).say(id(number as u64), text.to_owned());
            add_frame(wire::encode(&say), &mut bytes[number % self.speakers]);
            self.minutes.sent.push(Instant::now());
        }
        for (speaker, bytes) in bytes.iter().enumerate().filter(|(_, bytes)| !bytes.is_empty()) {
            self.crowd.send(speaker, bytes)?;
        }
        Ok(())
    }

    /// Nothing is read any more of what this one hears, and nobody waits for it. Not to be one who speaks.
    pub(crate) fn deafen(&mut self, index: usize) -> Result<()> {
        self.minutes.listened_for[index] = false;
        self.crowd.deafen(index)
    }

    /// These have just come into the room, or left it: what was said before is not for them.
    pub(crate) fn skip(&mut self, indexes: &[usize]) {
        for index in indexes {
            self.minutes.heard[*index] = self.minutes.order.len();
        }
    }

    /// These are in the room and listen, but nobody waits for them.
    pub(crate) fn pass_over(&mut self, indexes: &[usize]) {
        for index in indexes {
            self.minutes.listened_for[*index] = false;
        }
    }

    /// These read again. Waits until each has heard all that was said, in order; how long that took.
    ///
    /// # Errors
    /// If one was thrown out meanwhile, or misses anything.
    pub(crate) fn listen(&mut self, indexes: &[usize]) -> Result<Duration> {
        let begun = Instant::now();
        for index in indexes {
            self.crowd.listen(*index)?;
        }
        self.settle(indexes)?;
        Ok(begun.elapsed())
    }

    /// Waits until these have heard all that was said.
    pub(crate) fn settle(&mut self, indexes: &[usize]) -> Result<()> {
        let mut patience = Patience::new();
        while let Some(late) = indexes.iter().find(|index| self.minutes.heard[**index] < self.minutes.order.len()) {
            let wait = patience.left().with_context(|| format!("number {late} has not caught up"))?;
            let Self { crowd, minutes, .. } = self;
            patience.spend(crowd.turn(wait, &mut |index, text| minutes.take(index, text))?);
        }
        Ok(())
    }

    /// Of these, how many were told that they had caught up, since this was last asked.
    pub(crate) fn take_synced(&mut self, indexes: &[usize]) -> usize {
        indexes.iter().filter(|index| std::mem::take(&mut self.minutes.synced[**index])).count()
    }
}

/// What was said, and who has heard how much of it.
struct Minutes {
    /// When each line was sent, by its number.
    sent: Vec<Instant>,
    /// The lines in the order of the log, as far as anyone has heard them: `seq`, and number.
    order: Vec<(u64, usize)>,
    /// How many of those each has heard.
    heard: Vec<usize>,
    /// Who is waited for, and timed.
    listened_for: Vec<bool>,
    /// Of each in the order of the log: how many of those listened for have still to hear it.
    missing: Vec<usize>,
    /// How many lines all of those have heard.
    complete: usize,
    answers: usize,
    /// Who was told that it had caught up.
    synced: Vec<bool>,
    latencies: Latencies,
}

impl Minutes {
    fn new(people: usize) -> Self {
        Self {
            sent: Vec::new(),
            order: Vec::new(),
            heard: vec![0; people],
            listened_for: vec![true; people],
            missing: Vec::new(),
            complete: 0,
            answers: 0,
            synced: vec![false; people],
            latencies: Latencies::default(),
        }
    }

    fn take(&mut self, index: usize, text: &[u8]) -> Result<()> {
        match understand(text)? {
            Heard::Line { seq } => self.hear(index, seq, || Ok(id_of(text)?.parse()?), Instant::now())?,
            Heard::Done { id, .. } => self.answers += usize::from(id.bytes().all(|byte| byte.is_ascii_digit())),
            Heard::Synced => self.synced[index] = true,
            Heard::Welcome { .. } | Heard::Other => {}
        }
        Ok(())
    }

    /// Someone heard a line; `number` tells which.
    ///
    /// # Errors
    /// If it is not the one that was due.
    fn hear(&mut self, index: usize, seq: u64, number: impl FnOnce() -> Result<usize>, now: Instant) -> Result<()> {
        let place = self.heard[index];
        if place == self.order.len() {
            let before = self.order.last().map_or(0, |(seq, _)| *seq);
            ensure!(seq > before, "number {index} heard line {seq} twice or out of order, after {before}");
            let number = number()?;
            ensure!(number < self.sent.len(), "number {index} heard line {seq}, which nobody said");
            self.order.push((seq, number));
            self.missing.push(self.listened_for.iter().filter(|listened_for| **listened_for).count());
        }
        let (due, number) = self.order[place];
        ensure!(due == seq, "number {index} heard line {seq} when {due} was due");
        self.heard[index] += 1;
        if self.listened_for[index] {
            self.missing[place] -= 1;
            self.latencies.add(now.saturating_duration_since(self.sent[number]));
            while self.missing.get(self.complete) == Some(&0) {
                self.complete += 1;
            }
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.sent.len() - self.complete
    }

    /// Whether all lines were heard and answered.
    fn is_quiet(&self) -> bool {
        self.under_way() == 0 && self.answers == self.sent.len()
    }

    /// For a person to read.
    fn waiting_for(&self) -> String {
        let late =
            self.heard.iter().zip(&self.listened_for).filter(|(heard, awaited)| **awaited && **heard <= self.complete);
        format!(
            "{} lines of {} have reached everyone, {} were answered; {} have not heard the next",
            self.complete,
            self.sent.len(),
            self.answers,
            late.count()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(people: usize, lines: usize) -> Minutes {
        let mut minutes = Minutes::new(people);
        minutes.sent = vec![Instant::now(); lines];
        minutes
    }

    fn hear(minutes: &mut Minutes, index: usize, seq: u64, number: usize) -> Result<()> {
        minutes.hear(index, seq, || Ok(number), Instant::now())
    }

    #[test]
    fn lines_are_complete_when_all_who_are_listened_for_have_heard_them() {
        let mut minutes = minutes(3, 2);
        minutes.listened_for[2] = false;
        // The second line sent came first into the log.
        hear(&mut minutes, 0, 10, 1).expect("due");
        hear(&mut minutes, 0, 12, 0).expect("due");
        assert_eq!(minutes.under_way(), 2);
        hear(&mut minutes, 1, 10, 1).expect("due");
        assert_eq!(minutes.under_way(), 1);
        hear(&mut minutes, 1, 12, 0).expect("due");
        assert_eq!(minutes.under_way(), 0);
        assert!(!minutes.is_quiet(), "two answers are due");
        minutes.answers = 2;
        assert!(minutes.is_quiet());
        hear(&mut minutes, 2, 10, 1).expect("late, and in order");
        assert_eq!(minutes.heard, [2, 2, 1]);
    }

    #[test]
    fn a_line_missed_heard_twice_or_never_said_is_found_out() {
        let fresh = || {
            let mut minutes = minutes(2, 3);
            for (seq, number) in [(10, 0), (11, 1), (14, 2)] {
                hear(&mut minutes, 0, seq, number).expect("due");
            }
            minutes
        };
        assert!(hear(&mut fresh(), 1, 11, 1).is_err(), "10 was due");
        let mut twice = fresh();
        hear(&mut twice, 1, 10, 0).expect("due");
        assert!(hear(&mut twice, 1, 10, 0).is_err());
        assert!(hear(&mut fresh(), 0, 14, 2).is_err(), "the last one again");
        assert!(hear(&mut fresh(), 0, 15, 3).is_err(), "never said");
    }
}
