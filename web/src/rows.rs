//! The rows of a transcript as they are drawn: which begins a block, which a day. Pure.

use std::sync::Arc;

use shared::entry::Entry;
use shared::transcript::{BLOCK, Item, Key, continues, local_day};

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
        match &self.item {
            Item::Line(entry) => Some(entry.seq()),
            Item::Hole { .. } | Item::Notice(_) | Item::Pending(_) => None,
        }
    }
}

/// `minutes_east` gives, for a moment, how far local time is ahead of UTC; `me` is whose the
/// pending lines are; the lines `marked` show how far they have got.
pub(crate) fn rows(
    items: Vec<Item>,
    me: Option<&str>,
    marked: &[Option<u64>],
    minutes_east: impl Fn(u64) -> i32,
) -> Vec<Row> {
    let mut day_before = None;
    let mut before: Option<Before> = None;
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
            Row { item, head: !continued, day, own, marked }
        })
        .collect()
}

/// What the row before was, as far as blocks go.
enum Before {
    Line(Arc<Entry>),
    /// Typed at this time.
    Pending(u64),
}
