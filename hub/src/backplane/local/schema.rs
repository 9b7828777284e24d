//! The tables of the embedded log, and what is checked before they are trusted.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use shared::entry::{Entry, Said, Whispered};

use super::OpenError;
use crate::backplane::{Known, OwnerId};

/// "HUBB": marks the file as ours (SQLite's `application_id`).
const APPLICATION: i64 = 0x4855_4242;

/// The format of the tables (SQLite's `user_version`).
const VERSION: i64 = 1;

/// `seq` is the log's order. `room` and (`low`, `high`) are whom an entry is for: a room, or
/// the two owners of a private message, the smaller first. `nodes` is part of the answer its
/// sender got, so that a retry gets the same.
///
/// `seen` is null while the owner is present. A nick's `likeness` keys are what makes it unique
/// (see `shared::name::Likeness`); an owner without them has lost the nick to another.
const TABLES: &str = "
    CREATE TABLE log (epoch TEXT NOT NULL);
    CREATE TABLE owners (
        owner INTEGER PRIMARY KEY,
        nick TEXT NOT NULL,
        token BLOB NOT NULL,
        since INTEGER NOT NULL,
        seen INTEGER
    );
    CREATE TABLE likeness (
        key TEXT PRIMARY KEY,
        owner INTEGER NOT NULL REFERENCES owners
    ) WITHOUT ROWID;
    CREATE INDEX likeness_of_owner ON likeness (owner);
    CREATE TABLE rooms (
        room INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL
    );
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        owner INTEGER NOT NULL REFERENCES owners,
        id TEXT NOT NULL,
        nick TEXT NOT NULL,
        room INTEGER REFERENCES rooms,
        low INTEGER,
        high INTEGER,
        to_nick TEXT,
        nodes INTEGER,
        text TEXT NOT NULL
    );
    CREATE UNIQUE INDEX entries_once ON entries (owner, id);
    CREATE INDEX entries_of_room ON entries (room, seq) WHERE room IS NOT NULL;
    CREATE INDEX entries_of_pair ON entries (low, high, seq) WHERE low IS NOT NULL;
    CREATE TABLE conversations (
        owner INTEGER NOT NULL REFERENCES owners,
        other INTEGER NOT NULL REFERENCES owners,
        seq INTEGER NOT NULL,
        PRIMARY KEY (owner, other)
    ) WITHOUT ROWID;
";

/// The columns that [`entry`] reads, of `entries` left-joined with `rooms`.
pub(super) const ENTRY: &str = "seq, at, nick, id, text, name, to_nick";

/// Refuses what is not a log of ours, or one of a later version.
pub(super) fn check(connection: &Connection, shown: &str) -> Result<(), OpenError> {
    let broken = |error| OpenError::Sqlite(shown.to_owned(), error);
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(broken);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(broken)?;
    if application != APPLICATION && (application != 0 || version != 0 || tables != 0) {
        Err(OpenError::Foreign(shown.to_owned()))
    } else if version > VERSION {
        Err(OpenError::Newer(shown.to_owned(), version, VERSION))
    } else {
        Ok(())
    }
}

/// Durability and memory of a log on disk.
pub(super) fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL syncs the WAL at every commit; NORMAL may lose the last commits when power fails.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Nobody else writes to the log; should another program hold its lock, waiting long for it
    // would hold up everyone.
    connection.busy_timeout(Duration::from_millis(500))?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // In KiB when negative: the pages that appends touch, and little more.
    connection.pragma_update(None, "cache_size", -4_096)?;
    // Pages: a checkpoint each 4 MiB keeps the WAL small and its cost spread out.
    connection.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    Ok(())
}

/// Makes the tables where there are none, and ends the presence of those who were here
/// when the last hub stopped.
pub(super) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if made == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO log (epoch) VALUES (?1)", [crate::secret::fresh()])?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.execute("UPDATE owners SET seen = ?1 WHERE seen IS NULL", [crate::clock::now().cast_signed()])?;
    transaction.commit()
}

/// What a starting hub has to know.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<Known> {
    let epoch = connection.query_row("SELECT epoch FROM log", [], |row| row.get(0))?;
    let head: Option<i64> =
        connection.query_row("SELECT max(seq) FROM entries", [], |row| row.get(0)).optional()?.flatten();
    let mut owners = connection.prepare("SELECT DISTINCT owner, nick FROM owners JOIN likeness USING (owner)")?;
    let owners = owners.query_map([], |row| Ok((OwnerId(row.get(0)?), row.get(1)?)))?.collect::<Result<_, _>>()?;
    let mut rooms = connection.prepare("SELECT name FROM rooms")?;
    let rooms = rooms.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Known { epoch, head: head.unwrap_or(0).cast_unsigned(), owners, rooms })
}

/// An entry out of a row of [`ENTRY`].
pub(super) fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    let seq = row.get::<_, i64>(0)?.cast_unsigned();
    let at = row.get::<_, i64>(1)?.cast_unsigned();
    let (from, id, text) = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(match row.get::<_, Option<String>>(5)? {
        Some(room) => Entry::Said(Said { seq, at, room, from, id, text }),
        None => Entry::Whispered(Whispered { seq, at, from, to: row.get(6)?, id, text }),
    })
}
