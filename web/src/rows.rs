//! The rows of a transcript as they are drawn: which begins a block, which a day. Pure.

use std::sync::Arc;

use shared::entry::Entry;
use shared::transcript::{BLOCK, Item, Key, continues, local_day};

/// Rows drawn for one who follows the end, at least. Where more lines come between two frames, the rest of them is
/// never built.
const END_ROWS: usize = 60;

/// The least height of a row, in pixels: one line of text.
const ROW_HEIGHT: usize = 20;

/// Rows drawn for one who follows the end in a window of that height, in pixels: a few more than it can show, also where
/// it stands upright or everything is made small. More would be built again with every frame where many lines come.
pub(crate) fn end_rows(height: usize) -> usize {
    END_ROWS.max(height / ROW_HEIGHT + END_ROWS / 4)
}

/// Rows in the page at most: so much the browser lays out and paints without a stutter.
pub(crate) fn most_rows(height: usize) -> usize {
    4 * end_rows(height)
}

/// Rows drawn at a time above or below those, for one who scrolls: few enough for one frame.
pub(crate) const MORE_ROWS: usize = 25;

/// One row. Two rows with the same [`Row::key`] look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) item: Item,
    /// It names its sender: the one before is of someone else, or of long ago.
    pub(crate) head: bool,
    /// It is the first of this local day, counted from 1970-01-01.
    pub(crate) day: Option<i64>,
    /// It is a line of one's own.
    pub(crate) own: bool,
    /// It shows how far it has got.
    pub(crate) marked: bool,
    /// From here on it was new when the person came.
    pub(crate) new: bool,
}

/// What a row is drawn anew for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowKey {
    key: Key,
    /// Where the item's content lies. What changes is made anew, and the old one is held as long
    /// as it is drawn, so another content has another address.
    content: usize,
    head: bool,
    day: Option<i64>,
    marked: bool,
    new: bool,
}

impl Row {
    pub(crate) fn key(&self) -> RowKey {
        let content = match &self.item {
            Item::Line(entry) => Arc::as_ptr(entry) as usize,
            Item::Notice(notice) => Arc::as_ptr(notice) as usize,
            Item::Pending(pending) => Arc::as_ptr(pending) as usize,
            Item::Hole { .. } => 0,
        };
        RowKey { key: self.item.key(), content, head: self.head, day: self.day, marked: self.marked, new: self.new }
    }

    /// Its place in the log, where it is a line.
    pub(crate) fn seq(&self) -> Option<u64> {
        seq(&self.item)
    }
}

/// Whether more lines come behind those that stand there, of those that are drawn `after` these, than one sees come one by
/// one.
pub(crate) fn is_flood(before: &[Row], after: &[Row]) -> bool {
    const FEW: usize = 8;
    let newest = before.iter().rev().find_map(Row::seq);
    after.iter().rev().filter_map(Row::seq).take_while(|seq| Some(*seq) > newest).nth(FEW).is_some()
}

/// Whether lines come before the last one that stands there, of those that are drawn `after` these.
pub(crate) fn brings_older(before: &[Row], after: &[Row]) -> bool {
    let newest = before.iter().rev().find_map(Row::seq);
    let mut standing = before.iter().filter_map(Row::seq).peekable();
    // Both stand in the order of the log.
    after.iter().filter_map(Row::seq).take_while(|seq| Some(*seq) <= newest).any(|seq| {
        while standing.next_if(|other| *other < seq).is_some() {}
        standing.peek() != Some(&seq)
    })
}

/// An item's place in the log, where it is a line.
pub(crate) fn seq(item: &Item) -> Option<u64> {
    match item {
        Item::Line(entry) => Some(entry.seq()),
        Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
    }
}

/// The rows of all items from index `from` on; those before are looked at, and not drawn. `minutes_east` gives, for a
/// moment, how far local time is ahead of UTC; `me` is whose the pending lines are; the lines `marked` show how far they
/// have got; all up to `read` was read before the person came. Which line is the first after that is known only where
/// one before it is among the items, or nothing is `above` them.
pub(crate) fn rows(
    items: Vec<Item>,
    from: usize,
    me: Option<&str>,
    marked: &[Option<u64>],
    (read, above): (Option<u64>, bool),
    minutes_east: impl Fn(u64) -> i32,
) -> Vec<Row> {
    let mut day_before = None;
    let mut before: Option<Before> = None;
    let mut new_after = read.filter(|_| !above || items.first().and_then(seq) <= read);
    items
        .into_iter()
        .map(|item| {
            let at = match &item {
                Item::Line(entry) => Some(entry.at()),
                Item::Notice(notice) => Some(notice.at),
                Item::Pending(pending) => Some(pending.at),
                Item::Hole { .. } => None,
            };
            let east = at.map_or(0, &minutes_east);
            let day = at.map(|at| local_day(at, east)).filter(|day| day_before != Some(*day));
            day_before = day.or(day_before);
            let continued = day.is_none()
                && match (&before, &item) {
                    (Some(Before::Line(line)), Item::Line(entry)) => continues(line, entry, east),
                    (Some(Before::Line(line)), Item::Pending(pending)) => {
                        Some(line.from()) == me && pending.at < line.at() + BLOCK
                    }
                    (Some(Before::Pending(earlier)), Item::Pending(pending)) => pending.at < earlier + BLOCK,
                    _ => false,
                };
            before = match &item {
                Item::Line(entry) => Some(Before::Line(Arc::clone(entry))),
                Item::Pending(pending) => Some(Before::Pending(pending.at)),
                Item::Hole { .. } | Item::Notice(_) => None,
            };
            let line = match &item {
                Item::Line(entry) => Some(entry),
                Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
            };
            let own = line.is_some_and(|line| Some(line.from()) == me);
            let marked = own && marked.contains(&line.map(|line| line.seq()));
            let of_another = line.filter(|line| line.is_line() && !own);
            let new = of_another.is_some_and(|line| new_after.is_some_and(|read| line.seq() > read));
            if new {
                new_after = None;
            }
            Row { item, head: !continued || new, day, own, marked, new }
        })
        .skip(from)
        .collect()
}

/// What the row before was, as far as blocks go.
enum Before {
    Line(Arc<Entry>),
    /// Typed at this time.
    Pending(u64),
}

#[cfg(test)]
mod tests {
    use shared::entry::Said;

    use super::*;

    fn line(seq: u64) -> Item {
        let (room, from, id) = ("lobby".to_owned(), "ana".to_owned(), seq.to_string());
        Item::Line(Arc::new(Entry::Said(Said {
            seq,
            at: seq * 1_000,
            room,
            from,
            id,
            text: "hi".to_owned(),
            details: None,
        })))
    }

    fn lines(count: u64) -> Vec<Item> {
        (1..=count).map(line).collect()
    }

    #[test]
    fn a_window_of_any_height_is_filled() {
        assert_eq!(end_rows(900), END_ROWS);
        assert_eq!(most_rows(900), 240);
        assert!(end_rows(3_840) * ROW_HEIGHT > 3_840);
    }

    #[test]
    fn a_row_looks_the_same_whether_or_not_those_above_it_are_drawn() {
        let all = rows(lines(10), 0, None, &[], (None, false), |_| 0);
        let some = rows(lines(10)[3..].to_vec(), 1, None, &[], (None, true), |_| 0);
        assert_eq!(some, all[4..]);
        assert!(all[0].head && all[0].day.is_some() && !some[0].head && some[0].day.is_none());
    }

    #[test]
    fn lines_that_come_above_others_are_not_new_and_those_below_are() {
        let drawn =
            |seqs: &[u64]| rows(seqs.iter().map(|seq| line(*seq)).collect(), 0, None, &[], (None, false), |_| 0);
        let before = drawn(&[5, 6, 8]);
        for (after, older) in [
            (&[5, 6, 8][..], false),
            (&[5, 6, 8, 9, 12], false),
            (&[8, 9], false),
            (&[4, 5, 6, 8], true),
            (&[5, 6, 7, 8], true),
            (&[1, 2], true),
            (&[20, 21], false),
            (&[], false),
        ] {
            assert_eq!(brings_older(&before, &drawn(after)), older, "{after:?}");
        }
        assert!(!brings_older(&[], &drawn(&[1])), "the first line of a place");
    }

    #[test]
    fn lines_that_nobody_sees_come_one_by_one_are_a_flood() {
        let all = rows(lines(60), 0, None, &[], (None, false), |_| 0);
        assert!(is_flood(&all[..40], &all[20..]));
        assert!(!is_flood(&all[..57], &all[20..]) && !is_flood(&all, &all) && !is_flood(&all[20..], &all));
    }

    fn new_rows(items: Vec<Item>, me: Option<&str>, read: u64, above: bool) -> Vec<u64> {
        let rows = rows(items, 0, me, &[], (Some(read), above), |_| 0);
        assert!(rows.iter().all(|row| !row.new || row.head), "it names its sender");
        rows.iter().filter(|row| row.new).filter_map(Row::seq).collect()
    }

    #[test]
    fn the_first_line_of_others_after_what_was_read_is_marked_as_new() {
        assert_eq!(new_rows(lines(10), None, 4, false), [5]);
        assert_eq!(new_rows(lines(10), None, 0, false), [1]);
        assert_eq!(new_rows(lines(10), None, 10, false), [0; 0]);
        assert_eq!(new_rows(lines(10), Some("ana"), 4, false), [0; 0], "one's own are not new");
    }

    #[test]
    fn no_line_is_marked_as_new_while_an_earlier_one_may_be() {
        let later = || lines(10)[6..].to_vec();
        assert_eq!(new_rows(later(), None, 4, true), [0; 0]);
        assert_eq!(new_rows(later(), None, 4, false), [7]);
        assert_eq!(new_rows(lines(10)[3..].to_vec(), None, 4, true), [5]);
    }
}
