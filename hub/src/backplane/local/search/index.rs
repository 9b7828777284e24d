//! The index: a database beside the log's, of which all can be made anew from the log.
//!
//! It holds no text, only which lines have which grams (FTS5, contentless). Where a line has another text than before,
//! or none, the log keeps the former one until the index has let go of what it knew by that (see `FORGETTING` in
//! `schema.rs`): FTS5 is told what to take out, and it is overwritten in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags, OptionalExtension, params};

use super::grams;
use super::signal::Signal;
use crate::backplane::local::{blanking, make_private, row};
use crate::backplane::words::fold_into;

/// The file of the index in the data directory.
pub(in crate::backplane::local) const FILE: &str = "search.db";

/// Of tables, grams and folding: an index of another format is thrown away.
const FORMAT: i64 = 2;

/// Entries of one commit, and bytes of their texts: some 200 ms of work and 3 MiB.
const MAX_BATCH: usize = 16_384;
const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// Bytes of former texts, and of those that followed them, in one batch. In tests, of some few changes.
const MAX_FORMER_BYTES: usize = if cfg!(test) { 16 } else { 8 * 1024 * 1024 };

/// Bytes of texts of which there are no former ones: beyond it the index is made anew, which costs no more.
const MAX_CHANGED_BYTES: usize = 16 * 1024 * 1024;

/// Pages whose room is overwritten in one transaction, of some 2 MiB at the most.
const PAGES: u32 = 512;

/// How long to wait for those who look things up to be done with the pages that are to go.
const BUSY: Duration = Duration::from_secs(2);

/// Lines between two looks whether the hub stops: some milliseconds.
const LOOK_EVERY: usize = 128;

/// What FTS5 gathers in memory before it writes, in bytes: a batch of ordinary lines.
const GATHERED: i64 = 4 * 1024 * 1024;

/// `last` is the id of the entry at `reached`, up to which all is indexed: another log has another one there. `taken` is
/// the entry after which the log was as the index knows it: lines are in it with the texts that they had then.
const TABLES: &str = "
    CREATE TABLE state (epoch TEXT NOT NULL, reached INTEGER NOT NULL, last TEXT NOT NULL, taken INTEGER NOT NULL);
    CREATE VIRTUAL TABLE grams USING fts5 (line, content = '', columnsize = 0, detail = none, tokenize = ";

/// The index, as the one who makes it sees it.
pub(super) struct Index {
    connection: Connection,
    /// All up to this `seq` is in it.
    reached: u64,
    /// As it was after this entry.
    taken: u64,
    /// Changes behind that one were more than is taken in at a time.
    left_out: bool,
    /// The copies that rows have left were overwritten since something was last taken out.
    blank: bool,
}

impl Index {
    /// Opens the index of a log, and makes a new one where there is none, or one that is not of this log, or damaged.
    /// `anew` throws away whatever is there.
    pub(super) fn open(folder: &Path, log: &Connection, epoch: &str, anew: bool) -> rusqlite::Result<Self> {
        let path = folder.join(FILE);
        if !anew {
            match Self::open_there(&path, log, epoch) {
                Ok(Some(index)) => return Ok(index),
                Ok(None) => tracing::info!("the search index is of another log or version; it is made anew"),
                Err(error) if is_damage(&error) => {
                    tracing::warn!(%error, "the search index is damaged; it is made anew");
                }
                Err(error) => return Err(error),
            }
        }
        throw_away(&path).map_err(no_access)?;
        Self::open_there(&path, log, epoch)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// None where what is there is of no use.
    fn open_there(path: &Path, log: &Connection, epoch: &str) -> rusqlite::Result<Option<Self>> {
        make_private(path).map_err(no_access)?;
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Syncs at checkpoints only: a power loss may cost the last batches, which are then made again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // What it lets go of is overwritten, not merely no longer found.
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(16);
        let made: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if made == 0 {
            let transaction = connection.transaction()?;
            transaction.execute_batch(&format!("{TABLES}{});", grams::TOKENIZE))?;
            transaction.execute("INSERT INTO grams (grams, rank) VALUES ('hashsize', ?1)", [GATHERED])?;
            transaction.execute("INSERT INTO state VALUES (?1, 0, '', 0)", [epoch])?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()?;
        } else if made != FORMAT {
            return Ok(None);
        }
        let (of, reached, last, taken): (String, i64, String, i64) =
            connection.query_row("SELECT epoch, reached, last, taken FROM state", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        let there: Option<String> =
            log.query_row("SELECT id FROM entries WHERE seq = ?1", [reached], |row| row.get(0)).optional()?;
        let fits = of == epoch && last == there.unwrap_or_default();
        let (reached, taken) = (reached.cast_unsigned(), taken.cast_unsigned());
        Ok(fits.then_some(Self { connection, reached, taken, left_out: false, blank: false }))
    }

    /// By which what is done with it can be broken off.
    pub(super) fn interrupt(&self) -> InterruptHandle {
        self.connection.get_interrupt_handle()
    }

    /// All up to this `seq` is in it.
    pub(super) fn reached(&self) -> u64 {
        self.reached
    }

    /// Lines are in it with the texts that they had after this entry.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether there are changes to take in before anything else.
    pub(super) fn has_left_out(&self) -> bool {
        self.left_out
    }

    /// Takes in what the log has beyond, a batch at the most; false where there was nothing, or the hub stops.
    pub(super) fn advance(&mut self, log: &Connection, signal: &Signal) -> rusqlite::Result<bool> {
        let Some(batch) = Batch::read(log, self.reached.cast_signed(), self.taken.cast_signed())? else {
            self.left_out = false;
            return Ok(false);
        };
        self.left_out = batch.left_out;
        // Also where a part of the changes had no text before or after: then it is over with.
        if batch.left_out || !batch.former.is_empty() || !batch.changed.is_empty() {
            self.replace(&batch)?;
        }
        if batch.left_out {
            return Ok(true); // a line that is added is as it is now: all changes up to now come first
        }
        let transaction = self.connection.transaction()?;
        let mut add = transaction.prepare_cached(ADD)?;
        let mut grams = Grams::default();
        for (place, line) in batch.lines.iter().enumerate() {
            if place % LOOK_EVERY == 0 && signal.is_closing() {
                return Ok(false); // none of it is in the index: it is taken in by the next hub
            }
            add.execute(params![line.seq, grams.of(line)])?;
        }
        drop(add);
        let update = "UPDATE state SET reached = ?1, last = ?2, taken = ?3";
        transaction.prepare_cached(update)?.execute(params![batch.reached, batch.last, batch.taken])?;
        transaction.commit()?;
        (self.reached, self.taken) = (batch.reached.cast_unsigned(), batch.taken.cast_unsigned());
        Ok(true)
    }

    /// Takes out what lines said before, and takes in what they say now.
    fn replace(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        self.blank = false;
        let transaction = self.connection.transaction()?;
        // Not for all: it makes adding lines slower.
        transaction.prepare_cached(SECURELY)?.execute([1])?;
        let mut grams = Grams::default();
        let mut remove =
            transaction.prepare_cached("INSERT INTO grams (grams, rowid, line) VALUES ('delete', ?1, ?2)")?;
        for line in &batch.former {
            remove.execute(params![line.seq, grams.of(line)])?;
        }
        drop(remove);
        let mut add = transaction.prepare_cached(ADD)?;
        for line in &batch.changed {
            add.execute(params![line.seq, grams.of(line)])?;
        }
        drop(add);
        transaction.prepare_cached("UPDATE state SET taken = ?1")?.execute([batch.taken])?;
        transaction.commit()?;
        self.taken = batch.taken.cast_unsigned();
        self.connection.prepare_cached(SECURELY)?.execute([0])?;
        Ok(())
    }

    /// Whether nothing was taken out since its rows' copies were overwritten.
    pub(super) fn is_blank(&self) -> bool {
        self.blank
    }

    /// Overwrites the copies that its rows have left where they once stood. False where the hub stops meanwhile.
    pub(super) fn blank(&mut self, signal: &Signal) -> rusqlite::Result<bool> {
        let mut from = Some(1);
        while let Some(page) = from {
            if signal.is_closing() {
                return Ok(false);
            }
            let transaction = self.connection.transaction()?;
            from = blanking::blank(&transaction, page, PAGES)?;
            transaction.commit()?;
        }
        self.blank = true;
        Ok(true)
    }

    /// Brings its WAL in and cuts it off: then what it has let go of is in no file, and will not be after a power loss.
    /// False where somebody still looks things up in older pages: they are not waited for, as the hub may stop.
    pub(super) fn cut_off_wal(&self) -> rusqlite::Result<bool> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(BUSY)?;
        busy.map(|busy| !busy)
    }
}

/// Adds a line's grams.
const ADD: &str = "INSERT INTO grams (rowid, line) VALUES (?1, ?2)";

/// Whether FTS5 overwrites what is taken out at once, rather than when it next merges that part.
const SECURELY: &str = "INSERT INTO grams (grams, rank) VALUES ('secure-delete', ?1)";

/// Whether there are texts that the index may still know lines by.
pub(super) fn has_former(log: &Connection) -> rusqlite::Result<bool> {
    log.prepare_cached("SELECT 1 FROM former")?.exists([])
}

/// Makes the grams of lines, one after the other.
#[derive(Default)]
struct Grams {
    folded: String,
    grams: String,
}

impl Grams {
    fn of(&mut self, line: &Line) -> &str {
        let Self { folded, grams } = self;
        fold_into(&line.text, folded);
        grams.clear();
        grams::add(folded, grams);
        match line.place {
            (Some(room), _, _) => grams::add_room(room, grams),
            (None, Some(low), Some(high)) => grams::add_pair(low, high, grams),
            _ => {} // of nobody: the log has no such line
        }
        grams::add_author(line.author, grams);
        grams
    }
}

/// Entries to be taken in. They are read first, all at once: while a thread of the least priority reads, the log's
/// WAL cannot begin anew, and grows.
struct Batch {
    lines: Vec<Line>,
    /// Lines up to where it begins, as the index knows them and as they are now.
    former: Vec<Line>,
    changed: Vec<Line>,
    /// All up to this `seq` is in it.
    reached: i64,
    /// The id of the entry there.
    last: String,
    /// The log's newest entry at that moment, or the last before the changes that were left out.
    taken: i64,
    /// There are changes behind that one. Then no line comes anew.
    left_out: bool,
}

struct Line {
    seq: i64,
    author: i64,
    /// The number of its room, or both ends of its conversation.
    place: (Option<i64>, Option<i64>, Option<i64>),
    text: String,
}

impl Batch {
    /// What comes after `from`, and the lines up to there that are otherwise than after `taken`; none where nothing is.
    fn read(log: &Connection, from: i64, taken: i64) -> rusqlite::Result<Option<Self>> {
        const ENTRIES: &str =
            "SELECT seq, owner, room, low, high, text, kind, id FROM entries WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        const ENTRY: &str = "SELECT seq, owner, room, low, high, text, kind FROM entries WHERE seq = ?1";
        const FORMER: &str =
            "SELECT line, min(seq) FROM former WHERE seq > ?1 AND seq <= ?2 AND line <= ?3 GROUP BY line";
        const TEXT: &str = "SELECT text FROM former WHERE seq = ?1";
        let _snapshot = log.unchecked_transaction()?;
        let head: Option<i64> = log.prepare_cached("SELECT max(seq) FROM entries")?.query_row([], |row| row.get(0))?;
        let head = head.unwrap_or(0);
        if head <= taken && head <= from {
            return Ok(None);
        }
        let (lines, former, changed) = (Vec::new(), Vec::new(), Vec::new());
        let upto = changes_of_one_batch(log, from, taken)?.unwrap_or(head);
        let left_out = upto < head;
        let mut batch = Self { lines, former, changed, reached: from, last: String::new(), taken: upto, left_out };
        let mut entries = log.prepare_cached(ENTRIES)?;
        let mut rows = entries.query(params![from, i64::try_from(MAX_BATCH).unwrap_or(i64::MAX)])?;
        let mut bytes = 0;
        while !left_out
            && bytes < MAX_BATCH_BYTES
            && let Some(row) = rows.next()?
        {
            (batch.reached, batch.last) = (row.get(0)?, row.get(7)?);
            if let Some(line) = Line::read(row)? {
                bytes += line.text.len();
                batch.lines.push(line);
            }
        }
        // The first of a line is what the index knows it by. One who brings an older index back has none for lines
        // changed meanwhile: they are taken in as they are now.
        let first = |after: i64, upto: i64| {
            let mut former = log.prepare_cached(FORMER)?;
            let former = former.query_map([after, upto, from], |row| Ok((row.get(0)?, Some(row.get(1)?))))?;
            former.collect::<Result<BTreeMap<i64, Option<i64>>, _>>()
        };
        let mut otherwise = if from > 0 { changed_since(log, from, taken, upto)? } else { BTreeMap::new() };
        otherwise.extend(first(taken, upto)?);
        // What a line said at `upto` is what the first change behind that has put an end to, if there is one.
        let later = if left_out { first(upto, head)? } else { BTreeMap::new() };
        let text = |by: i64| log.prepare_cached(TEXT)?.query_row([by], |row| row.get::<_, String>(0));
        bytes = 0;
        for (of, by) in otherwise {
            let mut entry = log.prepare_cached(ENTRY)?;
            let mut rows = entry.query([of])?;
            let Some(row) = rows.next()? else { continue };
            if let Some(by) = by {
                let text = text(by)?;
                bytes += text.len();
                batch.former.extend(Line::with(row, text)?);
            }
            let line = match later.get(&of).copied().flatten() {
                Some(by) => Line::with(row, text(by)?)?,
                None => Line::read(row)?,
            };
            if let Some(line) = line {
                bytes += line.text.len();
                batch.changed.push(line);
            }
            if bytes > MAX_CHANGED_BYTES {
                return Err(rusqlite::Error::QueryReturnedNoRows); // as good as damage: it is made anew
            }
        }
        Ok(Some(batch))
    }
}

impl Line {
    /// A line as it is now; none where it has no text, or is another entry.
    fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Self>> {
        Self::with(row, row.get_ref(5)?.as_str()?.to_owned())
    }

    /// The same with this text.
    fn with(row: &rusqlite::Row<'_>, text: String) -> rusqlite::Result<Option<Self>> {
        let is_line = row.get::<_, i64>(6)? == row::LINE;
        if !is_line || text.is_empty() {
            return Ok(None);
        }
        let place = (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok(Some(Self { seq: row.get(0)?, author: row.get(1)?, place, text }))
    }
}

/// The last entry before the first change of lines up to `from` that is one too many for a batch which begins behind
/// `taken`; none where all are taken in. At least one is.
fn changes_of_one_batch(log: &Connection, from: i64, taken: i64) -> rusqlite::Result<Option<i64>> {
    // With what the line said next: what the next change put an end to, or what it says now.
    const SIZES: &str = "
        SELECT seq, octet_length(text) + coalesce(
            lead(octet_length(text)) OVER (PARTITION BY line ORDER BY seq),
            (SELECT octet_length(entries.text) FROM entries WHERE entries.seq = former.line),
            0
        ) FROM former WHERE seq > ?1 AND line <= ?2 ORDER BY seq";
    let mut sizes = log.prepare_cached(SIZES)?;
    let mut rows = sizes.query([taken, from])?;
    let (mut bytes, mut is_first) = (0, true);
    while let Some(row) = rows.next()? {
        bytes = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX).saturating_add(bytes);
        if bytes > MAX_FORMER_BYTES && !is_first {
            return Ok(Some(row.get::<_, i64>(0)? - 1));
        }
        is_first = false;
    }
    Ok(None)
}

/// The lines up to `from` to which entries behind `taken`, up to `upto`, gave another text.
fn changed_since(log: &Connection, from: i64, taken: i64, upto: i64) -> rusqlite::Result<BTreeMap<i64, Option<i64>>> {
    const CHANGED: &str = "SELECT of FROM entries WHERE seq > ?1 AND seq <= ?2 AND kind = ?3 AND of <= ?4";
    log.prepare_cached(CHANGED)?.query_map([taken, upto, row::EDITED, from], |row| Ok((row.get(0)?, None)))?.collect()
}

/// The lines up to `from` to which entries behind it, up to `upto`, gave another text.
pub(super) fn changed(log: &Connection, from: i64, upto: i64) -> rusqlite::Result<BTreeSet<i64>> {
    const CHANGED: &str = "SELECT of FROM entries WHERE seq > ?1 AND seq <= ?2 AND kind = ?3 AND of <= ?1";
    log.prepare_cached(CHANGED)?.query_map([from, upto, row::EDITED], |row| row.get(0))?.collect()
}

/// A connection to look things up in an index that is there.
pub(super) fn open_to_read(folder: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(folder.join(FILE), flags)?;
    connection.set_prepared_statement_cache_capacity(8);
    Ok(connection)
}

/// Whether it tells of a file that is no sound index, rather than of a full disk or the like.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error;
    match error {
        // A table that is missing, or a word that FTS5 does not take, is an unknown error to SQLite.
        Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
        }
        Error::SqlInputError { .. } | Error::QueryReturnedNoRows | Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

fn throw_away(path: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of the error")]
fn no_access(error: io::Error) -> rusqlite::Error {
    let failure = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(failure, Some(error.to_string()))
}
