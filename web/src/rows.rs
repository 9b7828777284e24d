//! The rows of a transcript as they are drawn: which begins a block, which a day. Pure.

use std::sync::Arc;

use shared::entry::Entry;
use shared::transcript::{BLOCK, Item, Key, continues, local_day};

/// Rows drawn for one who follows the end, at least. Where more lines come between two frames, the rest of them is
/// never built.
const END_ROWS: usize = 120;

/// The least height of a row, in pixels: one line of text.
const ROW_HEIGHT: usize = 20;

/// Rows drawn for one who follows the end in a window of that height, in pixels: more than it shows, also where it
/// stands upright or everything is made small.
pub(crate) fn end_rows(height: usize) -> usize {
    END_ROWS.max(2 * height / ROW_HEIGHT)
}

/// Rows drawn at a time above those, for one who scrolls up.
pub(crate) const MORE_ROWS: usize = 50;

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
}

impl Row {
    pub(crate) fn key(&self) -> RowKey {
        let content = match &self.item {
            Item::Line(entry) => Arc::as_ptr(entry) as usize,
            Item::Notice(notice) => Arc::as_ptr(notice) as usize,
            Item::Pending(pending) => Arc::as_ptr(pending) as usize,
            Item::Hole { .. } => 0,
        };
        RowKey { key: self.item.key(), content, head: self.head, day: self.day, marked: self.marked }
    }

    /// Its place in the log, where it is a line.
    pub(crate) fn seq(&self) -> Option<u64> {
        seq(&self.item)
    }
}

/// An item's place in the log, where it is a line.
pub(crate) fn seq(item: &Item) -> Option<u64> {
    match item {
        Item::Line(entry) => Some(entry.seq()),
        Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
    }
}

/// From which item on they are drawn, which is the first of all or a line. `first` is the `seq` of the line that was
/// the first drawn, where there were older rows; `end` is how many are drawn for one who follows the end; who does not
/// keeps what is drawn, and gets so many `more` above it.
pub(crate) fn drawn_from(items: &[Item], first: Option<u64>, end: Option<usize>, more: usize) -> usize {
    let from = if let Some(end) = end {
        items.len().saturating_sub(end)
    } else {
        // Where it is held no longer, the oldest line that is.
        let first = first.and_then(|first| items.iter().position(|item| seq(item).is_some_and(|seq| seq >= first)));
        first.unwrap_or(0).saturating_sub(more)
    };
    if from == 0 {
        return 0;
    }
    items[from..].iter().position(|item| seq(item).is_some()).map_or(0, |line| from + line)
}

/// The rows of all items from index `from` on. `minutes_east` gives, for a moment, how far local time is ahead of UTC;
/// `me` is whose the pending lines are; the lines `marked` show how far they have got.
pub(crate) fn rows(
    items: Vec<Item>,
    from: usize,
    me: Option<&str>,
    marked: &[Option<u64>],
    minutes_east: impl Fn(u64) -> i32,
) -> Vec<Row> {
    let mut day_before = None;
    let mut before: Option<Before> = None;
    // The one above the first is looked at, and not drawn.
    items
        .into_iter()
        .skip(from.saturating_sub(1))
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
            Row { item, head: !continued, day, own, marked }
        })
        .skip(from.min(1))
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
        Item::Line(Arc::new(Entry::Said(Said { seq, at: seq * 1_000, room, from, id, text: "hi".to_owned() })))
    }

    fn lines(count: u64) -> Vec<Item> {
        (1..=count).map(line).collect()
    }

    fn hole() -> Item {
        Item::Hole { after: 0 }
    }

    #[test]
    fn who_follows_the_end_sees_no_more_than_its_rows() {
        assert_eq!(drawn_from(&lines(5), None, Some(END_ROWS), 0), 0);
        let many = lines(1_000);
        assert_eq!(drawn_from(&many, Some(3), Some(END_ROWS), 0), 1_000 - END_ROWS);
        assert_eq!(rows(many, 1_000 - END_ROWS, None, &[], |_| 0).len(), END_ROWS);
    }

    #[test]
    fn a_window_of_any_height_is_filled() {
        assert_eq!(end_rows(900), END_ROWS);
        assert!(end_rows(3_840) * ROW_HEIGHT > 3_840);
    }

    #[test]
    fn who_reads_further_up_keeps_what_is_drawn_whatever_comes() {
        let before = lines(1_000);
        let from = drawn_from(&before, Some(700), None, 0);
        assert_eq!(seq(&before[from]), Some(700));
        let older_gone = &lines(1_200)[300..];
        assert_eq!(seq(&older_gone[drawn_from(older_gone, Some(700), None, 0)]), Some(700));
        // The line itself was dropped: all that is left is later than it.
        assert_eq!(drawn_from(&lines(1_200)[800..], Some(700), None, 0), 0);
    }

    #[test]
    fn older_rows_come_by_and_by_until_there_are_none() {
        let all = lines(120);
        let (mut first, mut turns) = (Some(101), 0);
        while first.is_some() {
            let from = drawn_from(&all, first, None, MORE_ROWS);
            first = Some(from).filter(|from| *from > 0).and_then(|from| seq(&all[from]));
            turns += 1;
        }
        assert_eq!(turns, 100_usize.div_ceil(MORE_ROWS));
    }

    #[test]
    fn the_first_row_drawn_is_a_line_if_it_is_not_the_first_of_all() {
        let mut items = lines(END_ROWS as u64 + 1);
        items[1] = hole();
        assert_eq!(drawn_from(&items, None, Some(END_ROWS), 0), 2);
    }

    #[test]
    fn a_row_looks_the_same_whether_or_not_those_above_it_are_drawn() {
        let all = rows(lines(10), 0, None, &[], |_| 0);
        let some = rows(lines(10), 4, None, &[], |_| 0);
        assert_eq!(some, all[4..]);
        assert!(all[0].head && all[0].day.is_some() && !some[0].head && some[0].day.is_none());
    }
}
