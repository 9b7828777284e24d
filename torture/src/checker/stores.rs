//! Whether all copies of the store have come to the same, and the hub's to that.

use super::{Verdict, Violation};
use crate::record::History;

/// Compares the copies with what the hub had at the end.
pub(super) fn compare(history: &History, verdict: &mut Verdict) {
    let counts = &mut verdict.counts;
    let mut counted = 0;
    for (client, (done, come)) in &history.copies {
        counts.put += done.acknowledged;
        counts.put_late += done.late;
        counts.copies += 1;
        counted += done.counted;
        if Some(*come) != history.store {
            verdict.violations.push(Violation::Apart { client: *client });
        }
    }
    counts.counted += counted;
    if let Some(store) = history.store
        && store.counter != counted
    {
        verdict.violations.push(Violation::Miscounted { counter: store.counter, counted });
    }
}
