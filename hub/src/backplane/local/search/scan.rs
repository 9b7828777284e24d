//! Lines looked at one by one: those that the index does not know yet, those that it names, and all of them where
//! there is no index.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Row};
use shared::entry::Entry;

use super::super::row;
use crate::backplane::words::fold_into;
use crate::backplane::{Place, Search, bytes_of};

/// Bytes of entries on one page, as on one of history.
const MAX_PAGE_BYTES: usize = 128 * 1024;

/// Lines between two looks at the clock: some 100 µs.
const LOOK_EVERY: u32 = 128;

/// What a line is looked at for: the columns of `entries` that [`Scan::look`] reads.
const LINE: &str = "seq, owner, room, low, high, text, kind";

/// Why to look no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// The page is full, and there is more.
    Full,
    /// It takes too long.
    Late,
    Failed(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

/// A search on its way through the log.
pub(in crate::backplane::local) struct Scan<'a> {
    log: &'a Connection,
    search: &'a Search,
    /// The numbers of rooms, in order.
    rooms: Vec<i64>,
    /// None where there is none.
    deadline: Option<Instant>,
    looked: u32,
    folded: String,
    /// The newest first.
    found: Vec<Entry>,
    page: Taken,
}

/// How full a page is.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    entries: usize,
    bytes: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(
        log: &'a Connection,
        search: &'a Search,
        page: Taken,
        deadline: Option<Instant>,
    ) -> rusqlite::Result<Self> {
        let mut rooms = Vec::new();
        for place in &search.places {
            if let Place::Room(key) = place {
                rooms.extend(number(log, key)?);
            }
        }
        rooms.sort_unstable();
        Ok(Self { log, search, rooms, deadline, looked: 0, folded: String::new(), found: Vec::new(), page })
    }

    /// What was found, the newest first, and how full that made the page.
    pub(super) fn into_found(self) -> (Vec<Entry>, Taken) {
        (self.found, self.page)
    }

    /// Looks at the lines above `after` and up to `upto`, the newest first, so many entries at the most; up to where
    /// it is still to be looked, if anywhere.
    pub(super) fn slice(&mut self, after: u64, upto: u64, most: usize) -> Result<Option<u64>, Stop> {
        let mut lines = self.log.prepare_cached(&format!(
            "SELECT {LINE} FROM entries WHERE seq > ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?3"
        ))?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = lines.query([signed(after), signed(upto), most])?;
        let (mut rest, mut count) = (None, 0);
        while let Some(row) = rows.next()? {
            let seq = self.look(row)?;
            count += 1;
            rest = (count == most).then(|| (seq - 1).cast_unsigned());
        }
        Ok(rest.filter(|rest| *rest > after))
    }

    /// Looks at one line.
    pub(super) fn line(&mut self, seq: i64) -> Result<(), Stop> {
        let mut line = self.log.prepare_cached(&format!("SELECT {LINE} FROM entries WHERE seq = ?1"))?;
        let mut rows = line.query([seq])?;
        if let Some(row) = rows.next()? {
            self.look(row)?;
        }
        Ok(())
    }

    /// Takes the line if it is one that is searched for; its `seq`.
    fn look(&mut self, row: &Row<'_>) -> Result<i64, Stop> {
        self.looked += 1;
        if self.looked.is_multiple_of(LOOK_EVERY) && self.deadline.is_some_and(|deadline| Instant::now() > deadline) {
            return Err(Stop::Late);
        }
        let seq = row.get(0)?;
        let author: i64 = row.get(1)?;
        let is_line = row.get::<_, i64>(6)? == row::LINE;
        if is_line
            && self.search.from.is_none_or(|from| from.0 == author)
            && self.is_in_place(row.get(2)?, row.get(3)?, row.get(4)?)
        {
            fold_into(row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?, &mut self.folded);
            if self.search.words.are_in(&self.folded) {
                self.take(seq)?;
            }
        }
        Ok(seq)
    }

    fn is_in_place(&self, room: Option<i64>, low: Option<i64>, high: Option<i64>) -> bool {
        if let Some(room) = room {
            return self.rooms.binary_search(&room).is_ok();
        }
        let (Some(low), Some(high)) = (low, high) else { return false };
        self.search.places.iter().any(|place| match place {
            Place::Room(_) => false,
            Place::Whispers(owner) => owner.0 == low || owner.0 == high,
            Place::Pair(one, other) => one.0.min(other.0) == low && one.0.max(other.0) == high,
        })
    }

    fn take(&mut self, seq: i64) -> Result<(), Stop> {
        if self.page.entries >= self.search.limit as usize {
            return Err(Stop::Full);
        }
        let entry = row::entry(self.log, seq)?;
        let bytes = self.page.bytes + bytes_of(&entry);
        if bytes > MAX_PAGE_BYTES && self.page.entries > 0 {
            return Err(Stop::Full);
        }
        self.page = Taken { entries: self.page.entries + 1, bytes };
        self.found.push(entry);
        Ok(())
    }
}

/// A room's number by its key; none of a room in which nothing was said.
pub(super) fn number(log: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    log.prepare_cached("SELECT room FROM rooms WHERE key = ?1")?.query_row([key], |row| row.get(0)).optional()
}

/// The positions in which a search is to look: above the first, up to the second. Times never run backwards
/// along the log, so days are found by halving.
pub(super) fn range(log: &Connection, search: &Search) -> rusqlite::Result<(u64, u64)> {
    let head: Option<i64> = log.prepare_cached("SELECT max(seq) FROM entries")?.query_row([], |row| row.get(0))?;
    let head = head.unwrap_or(0).cast_unsigned();
    let mut at = log.prepare_cached("SELECT at FROM entries WHERE seq >= ?1 ORDER BY seq LIMIT 1")?;
    // The newest entry that is older than a time.
    let mut newest_before = |time: u64| -> rusqlite::Result<u64> {
        let (mut older, mut younger) = (0, head + 1);
        while younger - older > 1 {
            let middle = u64::midpoint(older, younger);
            let at: i64 = at.query_row([signed(middle)], |row| row.get(0))?;
            if at.cast_unsigned() < time { older = middle } else { younger = middle }
        }
        Ok(older)
    };
    let after = search.since.map_or(Ok(0), &mut newest_before)?;
    let upto = search.until.map_or(Ok(head), &mut newest_before)?;
    Ok((after, upto.min(search.before.map_or(u64::MAX, |before| before.saturating_sub(1)))))
}

pub(super) fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
