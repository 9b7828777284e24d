//! What is held no longer, so that there is room for what is looked at.

use super::Conversation;
use crate::entry::{Change, Changed, Entry};
use crate::transcript::{MAX_LINES, ROW_COST};

impl Conversation {
    /// Looks at another line, or follows the end again; `now` is later than where one looked before.
    pub(in crate::transcript) fn hold(&mut self, seq: Option<u64>, now: u64) {
        self.held = seq;
        self.looked_at = now;
    }

    /// Places looked at later have a greater one.
    pub(in crate::transcript) fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// What is held takes so many bytes, roughly.
    pub(in crate::transcript) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops rows beyond [`MAX_LINES`].
    pub(super) fn trim(&mut self, heard: u64) {
        if self.rows.len() > MAX_LINES {
            self.shrink(MAX_LINES, usize::MAX, heard);
        }
    }

    /// Drops rows while there are more of them, or they take more bytes: each time the one at the end that is, in the
    /// log, farther from the line being looked at. All up to `heard` was heard.
    pub(in crate::transcript) fn shrink(&mut self, rows: usize, bytes: usize, heard: u64) {
        let mut newest_dropped = false;
        let mut oldest_dropped = false;
        while self.rows.len() > rows || self.bytes > bytes {
            let (Some((first, _)), Some((last, _))) = (self.rows.first_key_value(), self.rows.last_key_value()) else {
                break;
            };
            let oldest = self.held.is_none_or(|held| held.saturating_sub(*first) >= last.saturating_sub(held));
            let dropped = if oldest { self.rows.pop_first() } else { self.rows.pop_last() };
            if let Some((seq, row)) = dropped {
                self.bytes -= weight(&row);
                self.forget_base(seq);
            }
            oldest_dropped |= oldest;
            newest_dropped |= !oldest;
        }
        if newest_dropped {
            let last = self.last();
            self.coverage.close(heard);
            self.coverage.clip_above(last);
            self.suspended = None;
            self.cut = true;
        }
        if oldest_dropped {
            // Where nothing is left, what is known goes with it.
            let first = self.rows.first_key_value().map_or(self.latest.saturating_add(1), |(first, _)| *first);
            self.coverage.clip_below(first);
            self.suspended = self.suspended.map(|from| from.max(first));
            while self.notices.front().is_some_and(|(behind, _)| *behind < first) {
                self.notices.pop_front();
            }
        }
    }
}

/// Roughly what a row takes, in bytes.
pub(super) fn weight(row: &Entry) -> usize {
    const FILE: usize = 300; // bytes: its hash, name and kind
    const NICK: usize = 40; // bytes of one who reacted
    let details = row.details().map_or(0, |details| {
        let nicks: usize = details.reactions.iter().map(|reaction| (reaction.nicks.len() + 2) * NICK).sum();
        details.files.len() * FILE + nicks
    });
    ROW_COST + row.text().len() + details
}

/// Roughly what a change kept apart takes, in bytes.
pub(super) fn weight_of_change(changed: &Changed) -> usize {
    ROW_COST
        + match &changed.change {
            Change::Edited { text } => text.len(),
            Change::Deleted | Change::Reacted { .. } => 0,
        }
}
