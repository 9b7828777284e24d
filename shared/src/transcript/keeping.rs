//! How much is held of all places together.

use super::{Changes, MAX_BYTES, Transcript};

impl Transcript {
    /// Drops rows beyond [`MAX_BYTES`], of the places looked at longest ago first.
    pub(super) fn keep_within_bounds(&mut self, changes: &mut Changes) {
        let heard = self.heard;
        loop {
            let held: usize = self.conversations.values().map(super::Conversation::bytes).sum();
            let Some(excess) = held.checked_sub(MAX_BYTES).filter(|excess| *excess > 0) else {
                return;
            };
            let places = self.conversations.values_mut().filter(|conversation| conversation.newest().is_some());
            let Some(oldest) = places.min_by_key(|conversation| conversation.looked_at()) else {
                return;
            };
            oldest.shrink(usize::MAX, oldest.bytes().saturating_sub(excess), heard);
            changes.of(&oldest.place).lines = true;
        }
    }
}
