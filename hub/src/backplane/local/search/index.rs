//! The index: a database beside the log's, of which all can be made anew from the log.
//!
//! It holds no text, only which lines have which grams (FTS5, contentless). What a line had before it was changed
//! stays in it as well: whoever looks up reads the line itself, so a gram too many costs a look and nothing else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::grams;
use super::signal::Signal;
use crate::backplane::local::{make_private, row};
use crate::backplane::words::fold_into;

/// The file of the index in the data directory.
const FILE: &str = "search.db";

/// Of tables, grams and folding: an index of another format is thrown away.
const FORMAT: i64 = 1;

/// Entries of one commit, and bytes of their texts: some 200 ms of work and 3 MiB.
const MAX_BATCH: usize = 16_384;
const MAX_BATCH_BYTES: usize = 1024 * 1024;

/// Lines between two looks whether the hub stops: some milliseconds.
const LOOK_EVERY: usize = 128;

/// What FTS5 gathers in memory before it writes, in bytes: a batch of ordinary lines.
const GATHERED: i64 = 4 * 1024 * 1024;

/// `last` is the id of the entry at `reached`, up to which all is indexed: another log has another one there.
const TABLES: &str = "
    CREATE TABLE state (epoch TEXT NOT NULL, reached INTEGER NOT NULL, last TEXT NOT NULL);
    CREATE VIRTUAL TABLE grams USING fts5 (line, content = '', columnsize = 0, detail = none, tokenize = ";

/// The index, as the one who makes it sees it.
pub(super) struct Index {
    connection: Connection,
    /// All up to this `seq` is in it.
    reached: u64,
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
        connection.set_prepared_statement_cache_capacity(16);
        let made: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if made == 0 {
            let transaction = connection.transaction()?;
            transaction.execute_batch(&format!("{TABLES}{});", grams::TOKENIZE))?;
            transaction.execute("INSERT INTO grams (grams, rank) VALUES ('hashsize', ?1)", [GATHERED])?;
            transaction.execute("INSERT INTO state VALUES (?1, 0, '')", [epoch])?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            transaction.commit()?;
        } else if made != FORMAT {
            return Ok(None);
        }
        let (of, reached, last): (String, i64, String) =
            connection.query_row("SELECT epoch, reached, last FROM state", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let there: Option<String> =
            log.query_row("SELECT id FROM entries WHERE seq = ?1", [reached], |row| row.get(0)).optional()?;
        let fits = of == epoch && last == there.unwrap_or_default();
        Ok(fits.then(|| Self { connection, reached: reached.cast_unsigned() }))
    }

    /// All up to this `seq` is in it.
    pub(super) fn reached(&self) -> u64 {
        self.reached
    }

    /// Takes in what the log has beyond, a batch at the most; false where there was nothing, or the hub stops.
    pub(super) fn advance(&mut self, log: &Connection, signal: &Signal) -> rusqlite::Result<bool> {
        let Some(batch) = Batch::read(log, self.reached.cast_signed())? else { return Ok(false) };
        let transaction = self.connection.transaction()?;
        let mut add = transaction.prepare_cached("INSERT INTO grams (rowid, line) VALUES (?1, ?2)")?;
        let (mut folded, mut grams) = (String::new(), String::new());
        for (place, line) in batch.lines.iter().enumerate() {
            if place % LOOK_EVERY == 0 && signal.is_closing() {
                return Ok(false); // none of it is in the index: it is taken in by the next hub
            }
            fold_into(&line.text, &mut folded);
            grams.clear();
            grams::add(&folded, &mut grams);
            match line.place {
                (Some(room), _, _) => grams::add_room(room, &mut grams),
                (None, Some(low), Some(high)) => grams::add_pair(low, high, &mut grams),
                _ => continue, // of nobody: the log has no such line
            }
            grams::add_author(line.author, &mut grams);
            add.execute(params![line.seq, grams])?;
        }
        drop(add);
        let update = "UPDATE state SET reached = ?1, last = ?2";
        transaction.prepare_cached(update)?.execute(params![batch.reached, batch.last])?;
        transaction.commit()?;
        self.reached = batch.reached.cast_unsigned();
        Ok(true)
    }
}

/// Entries to be taken in. They are read first, all at once: while a thread of the least priority reads, the log's
/// WAL cannot begin anew, and grows.
struct Batch {
    lines: Vec<Line>,
    /// All up to this `seq` is in it.
    reached: i64,
    /// The id of the entry there.
    last: String,
}

struct Line {
    seq: i64,
    author: i64,
    /// The number of its room, or both ends of its conversation.
    place: (Option<i64>, Option<i64>, Option<i64>),
    text: String,
}

impl Batch {
    /// What comes after `from`, and the lines before it that this changes; none where nothing comes.
    fn read(log: &Connection, from: i64) -> rusqlite::Result<Option<Self>> {
        const ENTRIES: &str =
            "SELECT seq, owner, room, low, high, text, kind, id FROM entries WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        const ENTRY: &str = "SELECT seq, owner, room, low, high, text, kind FROM entries WHERE seq = ?1";
        let _snapshot = log.unchecked_transaction()?;
        let mut batch = Self { lines: Vec::new(), reached: from, last: String::new() };
        let mut entries = log.prepare_cached(ENTRIES)?;
        let mut rows = entries.query(params![from, i64::try_from(MAX_BATCH).unwrap_or(i64::MAX)])?;
        let mut bytes = 0;
        while bytes < MAX_BATCH_BYTES
            && let Some(row) = rows.next()?
        {
            (batch.reached, batch.last) = (row.get(0)?, row.get(7)?);
            bytes += batch.add(row)?;
        }
        // Behind the others, as FTS5 begins a new piece of its index each time that positions fall back.
        for of in changed(log, from, batch.reached)? {
            let mut entry = log.prepare_cached(ENTRY)?;
            let mut rows = entry.query([of])?;
            if let Some(row) = rows.next()? {
                batch.add(row)?;
            }
        }
        Ok((batch.reached > from).then_some(batch))
    }

    /// Adds a line as it is now, and nothing of other entries; how many bytes of text that were.
    fn add(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<usize> {
        let text = row.get_ref(5)?.as_str()?;
        let is_line = row.get::<_, i64>(6)? == row::LINE;
        if !is_line || text.is_empty() {
            return Ok(0);
        }
        let (place, text) = ((row.get(2)?, row.get(3)?, row.get(4)?), text.to_owned());
        let bytes = text.len();
        self.lines.push(Line { seq: row.get(0)?, author: row.get(1)?, place, text });
        Ok(bytes)
    }
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
