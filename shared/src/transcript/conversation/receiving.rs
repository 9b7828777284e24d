//! Entries that come, live or by pages.

use std::sync::Arc;

use super::Conversation;
use super::trimming::weight;
use crate::entry::Entry;
use crate::message::Page;

/// Rows that a page should bring where there are more: a screen's worth. Its other entries may be changes.
const ROWS_OF_PAGE: usize = 20;

/// Whether to ask for the next page at once: this one brought few rows, and there are more.
pub fn wants_more(page: &Page) -> bool {
    let is_row = |entry: &&Entry| !matches!(entry, Entry::Changed(_));
    page.more && page.entries.iter().filter(is_row).count() < ROWS_OF_PAGE
}

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
        new | settled
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

    /// Whether anything is drawn otherwise.
    fn insert(&mut self, entry: &Entry) -> bool {
        let seq = entry.seq();
        self.exists(seq);
        match entry {
            Entry::Changed(changed) => return self.change(changed),
            Entry::Put(_) | Entry::Removed(_) => return false,
            Entry::Topic(topic) => drop(self.set_topic(topic)),
            Entry::Said(_) | Entry::Whispered(_) => {}
        }
        let new = if self.rows.contains_key(&seq) {
            self.read_again(entry)
        } else {
            self.put_row(seq, Arc::new(entry.clone()));
            self.refold(seq, false);
            true
        };
        if !entry.is_line() || !self.is_mine(entry) {
            // The id alone proves nothing: another may have sent one that is pending here.
            return new;
        }
        self.reached.mine(seq);
        self.arrived(entry.id()) || new
    }

    pub(super) fn put_row(&mut self, seq: u64, row: Arc<Entry>) {
        self.bytes += weight(&row);
        if let Some(before) = self.rows.insert(seq, row) {
            self.bytes -= weight(&before);
        }
    }

    /// Whether rows changed now that more is held.
    fn settle(&mut self, heard: u64) -> bool {
        let last = self.last();
        self.cut &= self.coverage.open_from().is_none_or(|open| open > last);
        self.settle_sent(heard)
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
