//! What one node is to hear, out of a log of any length: the entries of its rooms and its owner's private
//! messages, and the latest of each key of the store, merged in the log's order.
//!
//! Each place is an index range of positions, or two. The first piece taken of it is one position, every further
//! one is twice as long: places where little was said cost one look each, and no place is read more
//! than about twice as far as it is used.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::{Connection, OptionalExtension};
use shared::entry::Entry;

use super::row::Entries;
use crate::backplane::{Passage, bytes_of};

/// Bytes of text in one piece of a passage: a quarter of what may wait for a node, so that the next
/// piece is read while this one is on its way.
const MAX_PASSAGE_BYTES: usize = 64 * 1024;

/// Positions taken of one place at a time, at the most: some hundred microseconds.
const MAX_PIECE: usize = 256;

/// The entries, and up to where nothing of the passage is left out.
pub(super) fn read(connection: &Connection, passage: &Passage) -> rusqlite::Result<(Vec<Entry>, u64)> {
    let limit = passage.limit as usize;
    // One snapshot for all, and its locks are taken once.
    let _snapshot = connection.unchecked_transaction()?;
    let mut strands = strands(connection, passage)?;
    let mut heads = BinaryHeap::with_capacity(strands.len());
    for (place, strand) in strands.iter_mut().enumerate() {
        heads.extend(strand.next(connection)?.map(|seq| Reverse((seq, place))));
    }
    let mut log = Entries::of(connection)?;
    let mut entries = Vec::new();
    let mut reached = passage.after;
    let mut bytes = 0;
    while let Some(Reverse((seq, place))) = heads.pop() {
        if entries.len() == limit {
            return Ok((entries, reached));
        }
        let entry = log.at(seq)?;
        bytes += bytes_of(&entry);
        if bytes > MAX_PASSAGE_BYTES && !entries.is_empty() {
            return Ok((entries, reached));
        }
        reached = entry.seq();
        entries.push(entry);
        heads.extend(strands[place].next(connection)?.map(|seq| Reverse((seq, place))));
    }
    Ok((entries, passage.upto))
}

/// One for each place that the log knows, each place once.
fn strands(connection: &Connection, passage: &Passage) -> rusqlite::Result<Vec<Strand>> {
    let mut room = connection.prepare_cached("SELECT room FROM rooms WHERE key = ?1")?;
    let mut rooms = Vec::with_capacity(passage.rooms.len());
    for key in &passage.rooms {
        rooms.extend(room.query_row([key], |row| row.get::<_, i64>(0)).optional()?);
    }
    rooms.sort_unstable();
    rooms.dedup();
    let own = passage.owner.into_iter().flat_map(|owner| [(LOW, owner.0), (HIGH, owner.0)]);
    let strand = |(positions, of)| Strand::new(positions, of, passage.after, passage.upto);
    let rooms = rooms.into_iter().flat_map(|room| [(LINES, room), (CHANGES, room)]);
    let store = passage.store.then_some((STORE, ALL));
    Ok(rooms.chain(own).chain(store).map(strand).collect())
}

/// The positions of a room's lines.
const LINES: &str = "SELECT seq FROM entries INDEXED BY entries_of_room \
                     WHERE room = ?1 AND kind = 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// The positions of what else happened in it.
const CHANGES: &str = "SELECT seq FROM entries INDEXED BY changes_of_room \
                       WHERE room = ?1 AND kind <> 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// The positions of the private messages, and their changes, in which an owner is the lower end, notes to oneself included.
const LOW: &str = "SELECT seq FROM entries INDEXED BY entries_of_low \
                   WHERE low = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// The positions of those in which an owner is the higher end.
const HIGH: &str = "SELECT seq FROM entries INDEXED BY entries_of_high \
                    WHERE high = ?1 AND high <> low AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// The positions of what was last put or removed. One that is overtaken before it is read here comes by the later one,
/// behind the passage.
const STORE: &str = "SELECT seq FROM store INDEXED BY store_by_seq \
                     WHERE ?1 = 0 AND seq > ?2 AND seq <= ?3 ORDER BY seq LIMIT ?4";

/// What the store is a strand of.
const ALL: i64 = 0;

/// The positions of one place, taken piece by piece.
struct Strand {
    positions: &'static str,
    of: i64,
    /// The last position that was taken.
    after: i64,
    upto: i64,
    taken: VecDeque<i64>,
    /// How many to take the next time; none when the end is reached.
    piece: usize,
}

impl Strand {
    fn new(positions: &'static str, of: i64, after: u64, upto: u64) -> Self {
        let signed = |seq| i64::try_from(seq).unwrap_or(i64::MAX);
        Self { positions, of, after: signed(after), upto: signed(upto), taken: VecDeque::new(), piece: 1 }
    }

    fn next(&mut self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        if self.taken.is_empty() && self.piece > 0 {
            let mut positions = connection.prepare_cached(self.positions)?;
            let limit = i64::try_from(self.piece).unwrap_or(i64::MAX);
            let mut rows = positions.query([self.of, self.after, self.upto, limit])?;
            while let Some(row) = rows.next()? {
                self.taken.push_back(row.get(0)?);
            }
            self.after = self.taken.back().copied().unwrap_or(self.after);
            self.piece = if self.taken.len() < self.piece { 0 } else { (self.piece * 2).min(MAX_PIECE) };
        }
        Ok(self.taken.pop_front())
    }
}
