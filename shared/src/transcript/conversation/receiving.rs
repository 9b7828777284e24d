//! Lines that come, live or by pages, and those dropped for them.

use std::sync::Arc;

use super::Conversation;
use crate::entry::Entry;
use crate::message::Page;
use crate::transcript::MAX_LINES;

impl Conversation {
    /// One entry, heard as it was said; all up to `heard` has been. Whether anything is drawn otherwise.
    pub(in crate::transcript) fn hear(&mut self, entry: &Entry, heard: u64) -> bool {
        if self.live {
            // A connection brings all that is said from its first line on.
            self.coverage.open(entry.seq());
        } else {
            self.coverage.add(entry.seq(), entry.seq());
        }
        let new = self.insert(entry);
        let settled = self.settle(heard);
        self.count_in(entry, heard);
        self.trim(heard);
        new || settled
    }

    /// A page that came for these `before` and `after`; the hub has given out all up to `known`, and all up to
    /// `heard` was heard.
    pub(in crate::transcript) fn apply_page(
        &mut self,
        before: Option<u64>,
        after: Option<u64>,
        page: &Page,
        (known, heard): (u64, u64),
    ) {
        let first = page.entries.first().map(Entry::seq);
        let last = page.entries.last().map(Entry::seq);
        let known = known.max(self.latest).max(last.unwrap_or(0));
        let from_the_first = if page.more { first } else { Some(0) };
        // From where to where it is whole, and whether it reaches the present.
        let (low, high, newest) = match (before, after) {
            (None, None) => (from_the_first, last, true),
            // Nothing is known of numbers not yet given.
            (Some(before), None) => (from_the_first, Some(before.saturating_sub(1).min(known)), false),
            (None, Some(after)) if after > known => (None, None, false),
            (None, Some(after)) => (Some(after.saturating_add(1)), last, !page.more),
            // Which end `more` speaks of is not said: only the stretch itself is sure.
            (Some(_), Some(_)) => (first, last, false),
        };
        if let Some(low) = low {
            if let Some(high) = high {
                self.coverage.add(low, high);
            }
            if newest && self.live {
                self.coverage.open(low);
            }
        }
        // One that goes on from elsewhere says nothing of what lies between that and the lines held.
        self.loaded |= before.is_none() && after.is_none();
        for entry in &page.entries {
            self.insert(entry);
        }
        self.settle(heard);
        self.recount(heard);
        self.trim(heard);
    }

    /// A page towards the present cannot be had, so that what follows the last line may not come by itself.
    /// Whether a hole shows that now. One that was lost with the connection is asked for again.
    pub(in crate::transcript) fn no_page(&mut self) -> bool {
        let news = self.live && !self.cut && self.coverage.open_from().is_none();
        self.cut |= news;
        news
    }

    fn insert(&mut self, entry: &Entry) -> bool {
        let seq = entry.seq();
        self.exists(seq);
        let new = !self.lines.contains_key(&seq);
        if new {
            self.lines.insert(seq, Arc::new(entry.clone()));
        }
        if !self.is_mine(entry) {
            // The id alone proves nothing: another may have sent one that is pending here.
            return new;
        }
        self.reached.mine(seq);
        self.arrived(entry.id()) || new
    }

    /// Whether rows changed now that more is held.
    fn settle(&mut self, heard: u64) -> bool {
        let last = self.last();
        self.cut &= self.coverage.open_from().is_none_or(|open| open > last);
        self.settle_sent(heard)
    }

    /// Drops what is too much, at the end farther from the line being looked at.
    fn trim(&mut self, heard: u64) {
        let Some(excess) = self.lines.len().checked_sub(MAX_LINES).filter(|excess| *excess > 0) else {
            return;
        };
        let above = self.held.map_or(self.lines.len(), |seq| self.lines.range(..seq).count());
        let drop_oldest = above * 2 >= self.lines.len();
        for _ in 0..excess {
            if drop_oldest {
                self.lines.pop_first()
            } else {
                self.lines.pop_last()
            };
        }
        let (Some((first, _)), Some((last, _))) = (self.lines.first_key_value(), self.lines.last_key_value()) else {
            return;
        };
        if drop_oldest {
            self.coverage.clip_below(*first);
            self.suspended = self.suspended.map(|from| from.max(*first));
            self.notices.retain(|(behind, _)| behind >= first);
        } else {
            self.coverage.close(heard);
            self.coverage.clip_above(*last);
            self.suspended = None;
            self.cut = true;
        }
    }

    /// Looks at another line, or follows the end again.
    pub(in crate::transcript) fn hold(&mut self, seq: Option<u64>) {
        self.held = seq;
    }

    /// Whether it is of no use to drop this rather than another: it waits for something, or is looked at.
    pub(in crate::transcript) fn busy(&self) -> bool {
        !self.pending.is_empty() || self.held.is_some()
    }

    /// The newest entry known to exist, held or not; 0 where none is.
    pub(in crate::transcript) fn latest(&self) -> u64 {
        self.latest
    }
}
