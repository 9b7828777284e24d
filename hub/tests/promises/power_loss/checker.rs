//! Holds what clients were told before the power failed against what the hub knows afterwards.

use std::collections::{BTreeMap, HashSet};

use shared::entry::Entry;

/// What the clients of one hub were told.
#[derive(Default)]
pub(crate) struct Record {
    /// Lines that were acknowledged.
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// What each node heard, in its order.
    pub(crate) heard: Vec<Vec<Entry>>,
}

pub(crate) struct Acknowledged {
    pub(crate) seq: u64,
    pub(crate) from: String,
    pub(crate) id: String,
    pub(crate) text: String,
}

/// What is wrong with a log, in words; nothing if every line that was acknowledged or heard is in it, in the
/// same place and as it was, and none is there twice.
pub(crate) fn faults(record: &Record, log: &[Entry]) -> Vec<String> {
    let mut faults = Vec::new();
    if !log.is_sorted_by(|one, next| one.seq() < next.seq()) {
        faults.push("the log is out of order".to_owned());
    }
    let mut ids = HashSet::new();
    for entry in log {
        if !ids.insert((entry.from(), entry.id())) {
            faults.push(format!("{} of {} is there twice", entry.id(), entry.from()));
        }
    }
    let log: BTreeMap<u64, &Entry> = log.iter().map(|entry| (entry.seq(), entry)).collect();
    for Acknowledged { seq, from, id, text } in &record.acknowledged {
        let is_it = |entry: &&Entry| entry.from() == from && entry.id() == id && entry.text() == text;
        if !log.get(seq).is_some_and(is_it) {
            faults.push(format!("{id} was acknowledged as {seq}, where there is {:?}", log.get(seq).map(brief)));
        }
    }
    for heard in &record.heard {
        if !heard.is_sorted_by(|one, next| one.seq() < next.seq()) {
            faults.push("what a node heard is out of order".to_owned());
        }
        for entry in heard {
            if log.get(&entry.seq()) != Some(&entry) {
                let found = log.get(&entry.seq()).map(brief);
                faults.push(format!("{} was heard as {}, where there is {found:?}", entry.id(), entry.seq()));
            }
        }
    }
    faults
}

fn brief(entry: &&Entry) -> (String, String) {
    (entry.from().to_owned(), entry.id().to_owned())
}
