//! Whether a run kept the promises, found out from what its clients wrote down and from a last reading of
//! the log, in the manner of a checker for queues: nothing is taken from the hub's word or its insides.
//!
//! | promise | checked in |
//! |---|---|
//! | an acknowledged line is in the log, once, as it was asked for, and keeps its answer | `log` |
//! | lines of one client in one place stand in the order typed | `log` |
//! | each client heard what it may hear, all of it, once, ascending, as it stands in the log | `follower` |
//! | after a return it heard exactly what it had missed, before `synced` | `follower` |
//! | a line is what its changes make of it, to the log and to everybody who heard them | `looks` |
//! | all copies of the store are one at the end, and what was put on a condition was put on that | `stores` |
//! | a session with a nick is known again, with its rooms | `follower` |

mod follower;
mod log;
mod looks;
mod places;
mod stores;
#[cfg(test)]
mod tests;
mod violation;

use std::ops::AddAssign;

use self::log::Log;
use self::looks::Looks;
pub(crate) use self::violation::Violation;
use crate::record::History;

/// What was found, and how much was looked at.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) violations: Vec<Violation>,
    pub(crate) counts: Counts,
}

/// How much there was of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Lines acknowledged.
    pub(crate) acknowledged: u64,
    /// Acknowledged lines that were asked for again.
    pub(crate) asked_again: u64,
    /// Entries of the log.
    pub(crate) logged: u64,
    /// Those of them that are private.
    pub(crate) whispered: u64,
    /// Entries heard, by all clients.
    pub(crate) heard: u64,
    /// Entries that change a line.
    pub(crate) changes: u64,
    /// Changed lines that were compared with what a client has come to.
    pub(crate) looks: u64,
    /// Returns to a session, up to their `synced`.
    pub(crate) resumes: u64,
    /// Those after which not one entry was missing, double, out of order or one too many.
    pub(crate) exact: u64,
    /// Entries heard between such a welcome and its `synced`.
    pub(crate) resumed_entries: u64,
    /// Returns that were cut off again before their `synced`.
    pub(crate) cut_short: u64,
    /// How often a client had fallen behind and caught up.
    pub(crate) caught_up: u64,
    /// How often a client began anew with its session's secret.
    pub(crate) restarts: u64,
    /// Puts and removals acknowledged.
    pub(crate) put: u64,
    /// Those that came too late for their condition.
    pub(crate) put_late: u64,
    /// Those that added one to the counter.
    pub(crate) counted: u64,
    /// Copies of the store that were compared.
    pub(crate) copies: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.asked_again += other.asked_again;
        self.logged += other.logged;
        self.whispered += other.whispered;
        self.heard += other.heard;
        self.changes += other.changes;
        self.looks += other.looks;
        self.resumes += other.resumes;
        self.exact += other.exact;
        self.resumed_entries += other.resumed_entries;
        self.cut_short += other.cut_short;
        self.caught_up += other.caught_up;
        self.restarts += other.restarts;
        self.put += other.put;
        self.put_late += other.put_late;
        self.counted += other.counted;
        self.copies += other.copies;
    }
}

/// Checks a whole run.
pub(crate) fn check(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    let log = Log::of(history, &mut verdict);
    let looks = Looks::of(history, &mut verdict);
    let epoch = history.lives.iter().find_map(|life| follower::first_epoch(&life.events));
    for (client, life) in history.lives.iter().enumerate() {
        follower::follow(client, life, (&log, &looks), epoch, &mut verdict);
    }
    stores::compare(history, &mut verdict);
    verdict
}
