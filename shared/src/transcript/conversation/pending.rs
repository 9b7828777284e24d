//! Own lines on their way.

use std::sync::Arc;

use super::{Conversation, Pending};
use crate::message::Refusal;
use crate::transcript::{MAX_FAILED, PendingState};

/// So far back an own line is looked for that another node may have sent. One that stands above them is pending until
/// its answer says that it is there.
const RECENT: usize = 1_000;

impl Conversation {
    /// A line is on its way. Whether it is drawn: its entry may be here already, if it was taken up from an
    /// earlier visit and another node has sent it since.
    pub(in crate::transcript) fn sending(&mut self, pending: Pending) -> bool {
        if self.rows.values().rev().take(RECENT).any(|line| line.id() == pending.id && self.is_mine(line)) {
            return false;
        }
        if !self.set_state(&pending.id, PendingState::Waiting) {
            self.pending.push(Arc::new(pending));
        }
        true
    }

    /// A line of one's own is on disk; all up to `heard` was heard. Whether it was pending here.
    pub(in crate::transcript) fn sent(&mut self, id: &str, seq: u64, heard: u64) -> bool {
        if self.rows.contains_key(&seq) {
            return self.arrived(id);
        }
        let known = self.set_state(id, PendingState::Sent { seq });
        self.settle_sent(heard);
        known
    }

    pub(in crate::transcript) fn failed(&mut self, id: &str, refusal: &Refusal) -> bool {
        let known = self.set_state(id, PendingState::Failed(refusal.clone()));
        let failed = |pending: &Arc<Pending>| matches!(pending.state, PendingState::Failed(_));
        if self.pending.iter().filter(|pending| failed(pending)).count() > MAX_FAILED
            && let Some(oldest) = self.pending.iter().position(failed)
        {
            self.pending.remove(oldest);
        }
        known
    }

    fn set_state(&mut self, id: &str, state: PendingState) -> bool {
        let pending = self.pending.iter_mut().find(|pending| pending.id == id);
        pending.map(|pending| Arc::make_mut(pending).state = state).is_some()
    }

    /// The entry of a pending line is here.
    pub(super) fn arrived(&mut self, id: &str) -> bool {
        let before = self.pending.len();
        self.pending.retain(|pending| pending.id != id);
        self.pending.len() < before
    }

    /// Takes away what was sent long ago, by an earlier visit: its entry stands above the lines held and is not
    /// coming; and changes that have come. Whether there was any.
    pub(in crate::transcript) fn settle_sent(&mut self, heard: u64) -> bool {
        let changed = self.settle_changes(heard);
        let before = self.pending.len();
        let (coverage, low) = (&self.coverage, self.coverage.low());
        self.pending.retain(|pending| match pending.state {
            PendingState::Sent { seq } if seq <= heard => {
                low.is_none_or(|low| low <= seq) && !coverage.whole(seq, seq, heard)
            }
            _ => true,
        });
        changed || self.pending.len() < before
    }

    /// Takes a failed line away, and gives it.
    pub(in crate::transcript) fn dismiss(&mut self, id: &str) -> Option<Arc<Pending>> {
        let failed = |pending: &Arc<Pending>| pending.id == id && matches!(pending.state, PendingState::Failed(_));
        let place = self.pending.iter().position(failed)?;
        Some(self.pending.remove(place))
    }
}
