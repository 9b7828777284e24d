//! Some of the rows of a place: what is drawn of it. What it costs follows from how many those are, and not from how
//! many are held.

use std::sync::Arc;

use super::Conversation;
use crate::transcript::Item;

/// Some of the rows of a place, in the order in which they are drawn. Two windows that meet at a line, one up to it
/// and one from it on, have each row once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub items: Vec<Item>,
    /// Whether rows above these are held.
    pub above: bool,
    /// Whether rows below these are held.
    pub below: bool,
}

impl Conversation {
    /// All rows: lines and topics by `seq` with holes and notices in their places, then pending lines.
    pub fn items(&self) -> Vec<Item> {
        self.window(0, None).items
    }

    /// The newest `count` lines and topics, with all that stands between and below.
    pub fn items_newest(&self, count: usize) -> Window {
        self.window(self.count_back(u64::MAX, count), None)
    }

    /// The `count` lines and topics before the position `seq`, with all that stands between them and it.
    pub fn items_before(&self, seq: u64, count: usize) -> Window {
        self.window(self.count_back(seq, count), Some(seq))
    }

    /// The `count` lines and topics from the position `seq` on, with all that stands between and right below.
    pub fn items_from(&self, seq: u64, count: usize) -> Window {
        self.window(seq, self.rows.range(seq..).nth(count).map(|(next, _)| *next))
    }

    /// All rows from the position `first` to the line or topic `last`, with all that stands right below it.
    pub fn items_between(&self, first: u64, last: u64) -> Window {
        self.window(first, self.rows.range(last.saturating_add(1)..).next().map(|(next, _)| *next))
    }

    /// Where the last `count` of those before `seq` begin; 0 where there are not so many.
    fn count_back(&self, seq: u64, count: usize) -> u64 {
        let mut before = self.rows.range(..seq).rev();
        match count.checked_sub(1) {
            Some(others) => before.nth(others).map_or(0, |(first, _)| *first),
            None => seq,
        }
    }

    /// Whether rows right before (and at) a position, or right after it, are missing, or may be. The hub has given out
    /// all up to `known`, and all up to `heard` was heard.
    pub(in crate::transcript) fn lacks_around(&self, seq: u64, known: u64, heard: u64) -> (bool, bool) {
        const AROUND: usize = 20; // rows: more than a screen shows above or below the line
        let next = seq.saturating_add(1);
        let last = self.rows.range(next..).nth(AROUND - 1).map_or(known.max(self.latest), |(last, _)| *last);
        let first = self.count_back(next, AROUND).max(1);
        (!self.coverage.whole(first, seq, heard), !self.coverage.whole(next, last, heard))
    }

    /// The rows from one position to right before another; without one, all that follow. What stands behind a
    /// position, before the next line, is of that.
    fn window(&self, from: u64, to: Option<u64>) -> Window {
        let holes = self.holes();
        let end = to.unwrap_or(u64::MAX);
        let first_hole = holes.partition_point(|hole| *hole < from);
        let first_notice = self.notices.partition_point(|(behind, _)| *behind < from);
        let above = first_hole > 0 || first_notice > 0 || self.rows.range(..from).next().is_some();
        let mut holes = holes[first_hole..].iter().copied().peekable();
        let mut notices = self.notices.range(first_notice..).peekable();
        let mut items = Vec::new();
        let mut between = |before: u64, items: &mut Vec<Item>| loop {
            let hole = holes.peek().copied().filter(|hole| *hole < before);
            match notices.peek() {
                // Where both stand behind one line the notice was there first.
                Some((behind, notice)) if *behind < before && hole.is_none_or(|hole| *behind <= hole) => {
                    items.push(Item::Notice(Arc::clone(notice)));
                    notices.next();
                }
                _ => match hole {
                    Some(after) => {
                        items.push(Item::Hole { after });
                        holes.next();
                    }
                    None => break,
                },
            }
        };
        for (seq, row) in self.rows.range(from..end.max(from)) {
            between(*seq, &mut items);
            items.push(Item::Line(Arc::clone(row)));
        }
        between(end, &mut items);
        if to.is_none() {
            items.extend(self.pending.iter().cloned().map(Item::Pending));
        }
        let below = to.is_some_and(|to| {
            let more = holes.peek().is_some() || notices.peek().is_some() || !self.pending.is_empty();
            more || self.rows.range(to..).next().is_some()
        });
        Window { items, above, below }
    }
}
