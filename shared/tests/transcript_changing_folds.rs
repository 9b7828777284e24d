//! However lines, their changes and pages of both arrive: each line held is what the log made of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod fold;
mod history;

use std::collections::BTreeMap;

use fold::{connected_as, room, welcome};
use history::{Written, written};
use proptest::prelude::*;
use shared::entry::Entry;
use shared::transcript::Transcript;

/// One thing that may arrive, any number of times, at any time.
#[derive(Clone, Debug)]
enum Arrival {
    /// As it was written, or as it stood later: what was missed is read from the log.
    Entry(usize, u64),
    Before(Option<u64>, usize, u64),
    After(u64, usize, u64),
}

const ENTRIES: usize = 40;

fn arrival() -> impl Strategy<Value = Arrival> {
    let seq = || 0..2 * ENTRIES as u64 + 2;
    prop_oneof![
        6 => (0..ENTRIES, prop::option::of(seq())).prop_map(|(entry, moment)| Arrival::Entry(entry, moment.unwrap_or(0))),
        1 => (prop::option::of(seq()), 1..12usize, seq()).prop_map(|(before, limit, at)| Arrival::Before(before, limit, at)),
        1 => (seq(), 1..12usize, seq()).prop_map(|(after, limit, at)| Arrival::After(after, limit, at)),
    ]
}

/// The transcript after these, and what came: lines by the latest state in which they did, and changes.
struct Came {
    transcript: Transcript,
    lines: BTreeMap<u64, Entry>,
    changes: BTreeMap<u64, Entry>,
}

impl Came {
    fn new() -> Self {
        let mut transcript = Transcript::new();
        transcript.deliver(0, &welcome(0, false));
        transcript.deliver(0, &connected_as("dr00", &[]));
        Self { transcript, lines: BTreeMap::new(), changes: BTreeMap::new() }
    }

    fn note(&mut self, entry: &Entry) {
        let as_of = |line: &Entry| line.details().and_then(|details| details.changed);
        if let Entry::Changed(_) = entry {
            self.changes.insert(entry.seq(), entry.clone());
        } else if self.lines.get(&entry.seq()).is_none_or(|held| as_of(held) < as_of(entry)) {
            self.lines.insert(entry.seq(), entry.clone());
        }
    }

    fn take(&mut self, log: &[Entry], arrival: &Arrival) {
        let (before, after, page) = match *arrival {
            Arrival::Entry(at, moment) => {
                let Some(entry) = log.get(at) else { return };
                let entry = history::as_of(log, entry.seq(), moment);
                self.note(&entry);
                self.transcript.apply(&entry);
                return;
            }
            Arrival::Before(before, limit, at) => (before, None, history::page(log, before, None, limit, at)),
            Arrival::After(after, limit, at) => (None, Some(after), history::page(log, None, Some(after), limit, at)),
        };
        for entry in &page.entries {
            self.note(entry);
        }
        self.transcript.apply_page(&room("lobby"), before, after, &page);
    }

    fn held(&self) -> Vec<Entry> {
        self.transcript.get(&room("lobby")).unwrap().lines().map(|line| Entry::clone(line)).collect()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let expected: Vec<Entry> = self
            .lines
            .values()
            .filter(|line| line.is_line())
            .map(|line| history::fold(line, self.changes.values()))
            .collect();
        prop_assert_eq!(self.held(), expected);
        Ok(())
    }
}

fn log() -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(written(), ENTRIES).prop_map(|written: Vec<Written>| history::log("lobby", &written))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_line_held_is_what_came_of_it_in_the_order_of_the_log(
        log in log(),
        arrivals in prop::collection::vec(arrival(), 0..60),
    ) {
        let mut came = Came::new();
        for arrival in &arrivals {
            came.take(&log, arrival);
            came.check()?;
        }
        // In the end all comes, as it does; and it is the log.
        for at in 0..log.len() {
            came.take(&log, &Arrival::Entry(at, 0));
        }
        came.check()?;
        let lines = log.iter().filter(|entry| entry.is_line());
        let whole: Vec<Entry> = lines.map(|line| history::as_of(&log, line.seq(), u64::MAX)).collect();
        prop_assert_eq!(came.held(), whole);
        prop_assert_eq!(came.transcript.get(&room("lobby")).unwrap().topic().map(str::to_owned),
            log.iter().rev().find(|entry| matches!(entry, Entry::Topic(_))).map(|topic| topic.text().to_owned()));
    }
}
