//! What everyone in a room has heard.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::statistics::Latencies;

/// What everyone has heard. The log of this run holds only this room's lines, so there are no
/// gaps in what anyone hears.
pub(super) struct Ledger {
    /// The next `seq` that each is to hear.
    next: Vec<u64>,
    /// The first `seq` of this round.
    first: u64,
    /// When each line of this round was sent.
    pub(super) sent: Vec<Instant>,
    /// How many have still to hear it.
    missing: Vec<usize>,
    /// Lines that everyone has heard.
    pub(super) complete: usize,
    pub(super) answers: usize,
    pub(super) latencies: Latencies,
}

impl Ledger {
    pub(super) fn new(people: usize, first: u64) -> Self {
        Self {
            next: vec![first; people],
            first,
            sent: Vec::new(),
            missing: Vec::new(),
            complete: 0,
            answers: 0,
            latencies: Latencies::default(),
        }
    }

    pub(super) fn begin_round(&mut self) {
        self.first += self.sent.len() as u64;
        self.sent.clear();
        self.missing.clear();
        (self.complete, self.answers) = (0, 0);
        self.latencies = Latencies::default();
    }

    /// A line is sent; its `seq`.
    pub(super) fn send(&mut self, now: Instant) -> u64 {
        self.sent.push(now);
        self.missing.push(self.next.len());
        self.first + self.sent.len() as u64 - 1
    }

    /// Someone heard a line.
    ///
    /// # Errors
    /// If it is not the one that was due.
    pub(super) fn hear(&mut self, index: usize, seq: u64, now: Instant) -> Result<()> {
        let due = &mut self.next[index];
        ensure!(seq >= *due, "number {index} heard line {seq} twice or out of order: {due} was due");
        ensure!(seq == *due, "number {index} missed a line: {due} was due, and {seq} came");
        *due += 1;
        let line = seq.checked_sub(self.first).and_then(|line| usize::try_from(line).ok());
        let line = line.filter(|line| *line < self.sent.len());
        let line = line.with_context(|| format!("number {index} heard line {seq}, which nobody said"))?;
        self.missing[line] -= 1;
        self.latencies.add(now.saturating_duration_since(self.sent[line]));
        while self.missing.get(self.complete) == Some(&0) {
            self.complete += 1;
        }
        Ok(())
    }

    pub(super) fn under_way(&self) -> usize {
        self.sent.len() - self.complete
    }

    /// Who has not heard the oldest line under way, for a person to read.
    pub(super) fn waiting_for(&self) -> String {
        let seq = self.first + self.complete as u64;
        let deaf: Vec<String> = self
            .next
            .iter()
            .enumerate()
            .filter(|(_, next)| **next <= seq)
            .map(|(index, _)| index.to_string())
            .collect();
        let (few, all) = (deaf.iter().take(5).cloned().collect::<Vec<_>>().join(", "), self.next.len());
        format!("line {seq} has not reached {} of {all} (numbers {few}…); {} answers came", deaf.len(), self.answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_complete_when_everyone_has_heard_it() {
        let now = Instant::now();
        let mut ledger = Ledger::new(2, 10);
        assert_eq!((ledger.send(now), ledger.send(now)), (10, 11));
        ledger.hear(0, 10, now).expect("due");
        ledger.hear(0, 11, now).expect("due");
        assert_eq!((ledger.complete, ledger.under_way()), (0, 2));
        ledger.hear(1, 10, now).expect("due");
        assert_eq!((ledger.complete, ledger.under_way()), (1, 1));
        ledger.hear(1, 11, now).expect("due");
        assert_eq!(ledger.under_way(), 0);

        ledger.begin_round();
        assert_eq!(ledger.send(now), 12);
        ledger.hear(0, 12, now).expect("due");
        assert!(ledger.waiting_for().contains("line 12 has not reached 1 of 2 (numbers 1"), "{}", ledger.waiting_for());
    }

    #[test]
    fn a_line_missed_heard_twice_or_never_said_is_found_out() {
        let now = Instant::now();
        let fresh = || {
            let mut ledger = Ledger::new(1, 1);
            ledger.send(now);
            ledger.send(now);
            ledger
        };
        assert!(fresh().hear(0, 2, now).is_err_and(|error| error.to_string().contains("missed")));
        let mut ledger = fresh();
        ledger.hear(0, 1, now).expect("due");
        assert!(ledger.hear(0, 1, now).is_err_and(|error| error.to_string().contains("twice")));
        ledger.hear(0, 2, now).expect("due");
        assert!(ledger.hear(0, 3, now).is_err_and(|error| error.to_string().contains("nobody said")));
    }
}
