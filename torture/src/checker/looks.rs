//! Whether everybody who heard all changes of a line has come to the same as the log.

use std::collections::HashMap;

use super::{Verdict, Violation};
use crate::look::{Look, Sight};
use crate::record::History;

/// How lines are in the log, and where their changes stand.
#[derive(Debug, Default)]
pub(super) struct Looks {
    lines: HashMap<u64, Look>,
    changes: HashMap<u64, Vec<u64>>,
}

impl Looks {
    /// As the last reading found them; each line must be what its changes make of it.
    pub(super) fn of(history: &History, verdict: &mut Verdict) -> Self {
        let mut looks = Self::default();
        let mut made: HashMap<u64, Look> = HashMap::new();
        for sight in &history.sights {
            match sight {
                Sight::Line { seq, look } => _ = looks.lines.insert(*seq, look.clone()),
                Sight::Change { seq, of, .. } => {
                    looks.changes.entry(*of).or_default().push(*seq);
                    made.entry(*of).or_default().take(sight);
                }
            }
        }
        verdict.counts.changes += looks.changes.values().map(Vec::len).sum::<usize>() as u64;
        let lines = looks.lines.keys().chain(made.keys());
        let mut unlike: Vec<u64> = lines.copied().filter(|line| looks.lines.get(line) != made.get(line)).collect();
        unlike.sort_unstable();
        unlike.dedup();
        verdict.violations.extend(unlike.into_iter().map(|seq| Violation::Unlike { client: None, seq }));
        looks
    }

    /// Compares what a client has come to, where it has received the line and all of its changes.
    pub(super) fn compare(
        &self,
        client: usize,
        seen: &HashMap<u64, Look>,
        has: impl Fn(u64) -> bool,
        verdict: &mut Verdict,
    ) {
        for (line, look) in &self.lines {
            let changes = self.changes.get(line).map_or(&[][..], Vec::as_slice);
            if !has(*line) || !changes.iter().all(|change| has(*change)) {
                continue; // what is missing is told of elsewhere, if it should be there
            }
            verdict.counts.looks += 1;
            if seen.get(line) != Some(look) {
                verdict.violations.push(Violation::Unlike { client: Some(client), seq: *line });
            }
        }
    }
}
