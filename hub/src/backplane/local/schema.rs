//! The tables of the embedded log, and what is checked before they are trusted.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use shared::store::Pair;

use super::OpenError;
use super::row::value_of;
use crate::backplane::{Known, KnownOwner, KnownRoom, OwnerId, Session, SessionId};

/// "HUBB": marks the file as ours (SQLite's `application_id`).
const APPLICATION: i64 = 0x4855_4242;

/// What each version of the tables (SQLite's `user_version`) adds to the one before it. A new log goes
/// the same way as an old one, so that there is one way only.
const STEPS: [&str; VERSION as usize] = [TABLES, SESSIONS, CHANGES, FORGETTING, STORE];

/// The newest version.
pub(super) const VERSION: i64 = 5;

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

/// Sessions, and how far people have read.
///
/// A session's `seen` is null while it counts as present. Its number is never given twice, since the hub
/// may still name one that is gone. A room is named by its key, as it need not be in `rooms`: there are those
/// in which something was said.
///
/// Indexes end with what is looked at beside the order, so that they suffice: the entry's owner, to count the
/// lines of others. One person's private messages are read in the log's order as the lower end's and the
/// higher end's, a note to oneself as the former.
const SESSIONS: &str = "
    CREATE TABLE sessions (
        session INTEGER PRIMARY KEY AUTOINCREMENT,
        secret BLOB NOT NULL UNIQUE,
        owner INTEGER NOT NULL REFERENCES owners,
        node TEXT NOT NULL,
        kind TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen INTEGER
    );
    CREATE INDEX sessions_of_owner ON sessions (owner, seen);
    CREATE INDEX sessions_present ON sessions (session) WHERE seen IS NULL;
    CREATE TABLE session_rooms (
        session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (session, key)
    ) WITHOUT ROWID;
    CREATE TABLE positions (
        owner INTEGER NOT NULL REFERENCES owners,
        key TEXT NOT NULL,
        read INTEGER NOT NULL,
        PRIMARY KEY (owner, key)
    ) WITHOUT ROWID;
    ALTER TABLE conversations ADD COLUMN read INTEGER NOT NULL DEFAULT 0;
    DROP INDEX entries_of_room;
    CREATE INDEX entries_of_room ON entries (room, seq, owner) WHERE room IS NOT NULL;
    DROP INDEX entries_of_pair;
    CREATE INDEX entries_of_pair ON entries (low, high, seq, owner) WHERE low IS NOT NULL;
    CREATE INDEX entries_of_low ON entries (low, seq) WHERE low IS NOT NULL;
    CREATE INDEX entries_of_high ON entries (high, seq, low) WHERE high <> low;
";

/// Lines that change, and what else is an entry.
///
/// `kind` is 0 for a line, and for a change of the line `of`: 1 for another text, 2 for taking it back, 3 for a
/// reaction (`text` is the emoji, `put` whether it was put or taken away); 4 is for a room's topic. A change is in the
/// place of its line. A line's row is as the line is now: its `text` and `files` (JSON), `changed` by the entry of that
/// `seq`, `edited` at that time, `deleted`.
///
/// In the order of places, lines have one index and all else another: so lines cost what they did, and are counted
/// without a look at what else happened.
///
/// A kind of reaction has its place by the entry with which it came, and the number of those who share it, so that it
/// is told without counting; those who share it are in the order in which they did.
const CHANGES: &str = "
    ALTER TABLE entries ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entries ADD COLUMN of INTEGER;
    ALTER TABLE entries ADD COLUMN reply_to INTEGER;
    ALTER TABLE entries ADD COLUMN files TEXT;
    ALTER TABLE entries ADD COLUMN changed INTEGER;
    ALTER TABLE entries ADD COLUMN edited INTEGER;
    ALTER TABLE entries ADD COLUMN deleted INTEGER;
    ALTER TABLE entries ADD COLUMN put INTEGER;
    ALTER TABLE rooms ADD COLUMN topic TEXT;
    DROP INDEX entries_of_room;
    CREATE INDEX entries_of_room ON entries (room, seq, owner) WHERE room IS NOT NULL AND kind = 0;
    CREATE INDEX changes_of_room ON entries (room, seq) WHERE room IS NOT NULL AND kind <> 0;
    DROP INDEX entries_of_pair;
    CREATE INDEX entries_of_pair ON entries (low, high, seq, owner) WHERE low IS NOT NULL AND kind = 0;
    CREATE INDEX changes_of_pair ON entries (low, high, seq) WHERE low IS NOT NULL AND kind <> 0;
    CREATE INDEX changes_of_line ON entries (of, kind) WHERE of IS NOT NULL;
    CREATE TABLE kinds_of_reaction (
        line INTEGER NOT NULL REFERENCES entries,
        emoji TEXT NOT NULL,
        since INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (line, emoji)
    ) WITHOUT ROWID;
    CREATE TABLE reactions (
        line INTEGER NOT NULL REFERENCES entries,
        emoji TEXT NOT NULL,
        seq INTEGER NOT NULL,
        owner INTEGER NOT NULL REFERENCES owners,
        nick TEXT NOT NULL,
        PRIMARY KEY (line, emoji, seq)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX reactions_once ON reactions (line, emoji, owner);
    CREATE TABLE file_lines (
        hash TEXT NOT NULL,
        line INTEGER NOT NULL REFERENCES entries,
        PRIMARY KEY (hash, line)
    ) WITHOUT ROWID;
    CREATE TABLE mentions (
        owner INTEGER NOT NULL REFERENCES owners,
        room INTEGER NOT NULL REFERENCES rooms,
        seq INTEGER NOT NULL,
        PRIMARY KEY (owner, room, seq)
    ) WITHOUT ROWID;
";

/// What is still to be forgotten.
///
/// `former` has what a line said before the change `seq`, for as long as the search index may still know it by that:
/// to take a text out of the index takes the text. `forgetting` names deleted lines of which some edits are still to be
/// emptied, those behind `done`; none of them is given out meanwhile.
///
/// `copies` has a row while rows may have left copies where they once stood (`blanking.rs`), as those of older
/// logs may.
///
/// `freed` are owners whose nick anyone may take who asks first, although its time has not run out.
const FORGETTING: &str = "
    CREATE TABLE former (
        seq INTEGER PRIMARY KEY,
        line INTEGER NOT NULL REFERENCES entries,
        text TEXT NOT NULL
    );
    CREATE TABLE forgetting (
        line INTEGER PRIMARY KEY REFERENCES entries,
        done INTEGER NOT NULL
    );
    CREATE TABLE copies (left INTEGER PRIMARY KEY);
    INSERT INTO copies (left) VALUES (1);
    CREATE TABLE freed (owner INTEGER PRIMARY KEY REFERENCES owners);
";

/// The replicated store.
///
/// An entry of kind 5 puts a value (`text`, as JSON) under a `key`, one of kind 6 removes it. Neither is in a place.
/// `store` names of each key the latest of them, and how many bytes of the store's bound the two take; `gone` are those that were
/// removed, of which the latest are remembered, and `store_since` is the last that is not. A value that is overtaken is
/// emptied in its entry, which stays for its id.
const STORE: &str = "
    ALTER TABLE entries ADD COLUMN key TEXT;
    ALTER TABLE log ADD COLUMN store_since INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE store (
        key TEXT PRIMARY KEY,
        seq INTEGER NOT NULL REFERENCES entries,
        bytes INTEGER NOT NULL,
        gone INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX store_by_seq ON store (seq);
    CREATE INDEX store_gone ON store (seq) WHERE gone;
";

/// How long the writer waits for the log's lock.
pub(super) const BUSY: Duration = Duration::from_millis(500);

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

/// Whether there are any tables.
pub(super) fn is_made(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map(|of| of == APPLICATION)
}

/// Whether the tables are of the newest version.
pub(super) fn is_newest(connection: &Connection) -> rusqlite::Result<bool> {
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map(|version| version == VERSION)
}

/// Durability and memory of a log on disk.
pub(super) fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL syncs the WAL at every commit; NORMAL may lose the last commits when power fails.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is taken back is overwritten, not merely no longer found. It costs where something is deleted.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // Nobody else writes to the log but who frees a nick, for a moment; should another program hold its lock, waiting
    // long for it would hold up everyone.
    connection.busy_timeout(BUSY)?;
    // In KiB when negative: the pages that appends touch, and little more.
    connection.pragma_update(None, "cache_size", -4_096)?;
    // Pages: a checkpoint each 4 MiB keeps the WAL small and its cost spread out.
    connection.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    Ok(())
}

/// Makes the tables where there are none or brings them to the newest version, and ends the presence of
/// those who were here when the last hub stopped and have no session that may come back.
pub(super) fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    // A session that goes takes its rooms along.
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (version, step) in (1..).zip(STEPS) {
        if version > made {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", version)?;
        }
    }
    if made == 0 {
        transaction.execute("INSERT INTO log (epoch) VALUES (?1)", [crate::secret::fresh()])?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    transaction.execute(
        "UPDATE owners SET seen = ?1 \
         WHERE seen IS NULL AND owner NOT IN (SELECT owner FROM sessions INDEXED BY sessions_present WHERE seen IS NULL)",
        [crate::clock::now().cast_signed()],
    )?;
    transaction.commit()
}

/// What a starting hub has to know.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<Known> {
    let epoch = connection.query_row("SELECT epoch FROM log", [], |row| row.get(0))?;
    let head: Option<i64> =
        connection.query_row("SELECT max(seq) FROM entries", [], |row| row.get(0)).optional()?.flatten();
    let mut owners = connection.prepare("SELECT DISTINCT owner, nick, seen FROM owners JOIN likeness USING (owner)")?;
    let owner = |row: &rusqlite::Row<'_>| {
        let seen = row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned);
        Ok(KnownOwner { owner: OwnerId(row.get(0)?), nick: row.get(1)?, seen })
    };
    let owners = owners.query_map([], owner)?.collect::<Result<_, _>>()?;
    let mut rooms = connection.prepare("SELECT name, topic FROM rooms")?;
    let room = |row: &rusqlite::Row<'_>| Ok(KnownRoom { name: row.get(0)?, topic: row.get(1)? });
    let rooms = rooms.query_map([], room)?.collect::<Result<_, _>>()?;
    let mut files =
        connection.prepare("SELECT hash, max(at) FROM file_lines JOIN entries ON seq = line GROUP BY hash")?;
    let file = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
    let files = files.query_map([], file)?.collect::<Result<_, _>>()?;
    let sessions = present(connection)?;
    let store = pairs(connection)?;
    let store_since: i64 = connection.query_row("SELECT store_since FROM log", [], |row| row.get(0))?;
    let (head, store_since) = (head.unwrap_or(0).cast_unsigned(), store_since.cast_unsigned());
    Ok(Known { epoch, head, owners, rooms, sessions, files, store, store_since })
}

/// What is in the store, by the keys' bytes.
fn pairs(connection: &Connection) -> rusqlite::Result<Vec<Pair>> {
    let mut pairs = connection
        .prepare("SELECT store.key, text, seq FROM store JOIN entries USING (seq) WHERE NOT gone ORDER BY store.key")?;
    let pair = |row: &rusqlite::Row<'_>| {
        let value = value_of(row.get_ref(1)?.as_str()?);
        Ok(Pair { key: row.get(0)?, value, version: row.get::<_, i64>(2)?.cast_unsigned() })
    };
    pairs.query_map([], pair)?.collect()
}

/// The sessions that count as present, with their rooms: two passes in the same order, however many there are.
fn present(connection: &Connection) -> rusqlite::Result<Vec<Session>> {
    let mut sessions = connection.prepare(&format!(
        "SELECT {SESSION} FROM sessions JOIN owners USING (owner) WHERE sessions.seen IS NULL \
         AND EXISTS (SELECT 1 FROM likeness WHERE likeness.owner = sessions.owner) ORDER BY session"
    ))?;
    let mut sessions = sessions.query_map([], session)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut rooms = connection.prepare(
        "SELECT session, name FROM sessions JOIN session_rooms USING (session) WHERE seen IS NULL ORDER BY session, key",
    )?;
    let mut rooms = rooms.query([])?;
    let mut owed = sessions.iter_mut().peekable();
    while let Some(row) = rooms.next()? {
        let id = SessionId(row.get(0)?);
        while owed.next_if(|session| session.id < id).is_some() {}
        if let Some(session) = owed.peek_mut()
            && session.id == id
        {
            session.rooms.push(row.get(1)?);
        }
    }
    Ok(sessions)
}

/// The columns that [`session`] reads, of `sessions` joined with `owners`.
pub(super) const SESSION: &str = "session, secret, owner, nick, node, kind";

/// A session out of a row of [`SESSION`], its rooms still to be read.
pub(super) fn session(row: &rusqlite::Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(row.get(0)?),
        secret: row.get(1)?,
        owner: OwnerId(row.get(2)?),
        nick: row.get(3)?,
        node: row.get(4)?,
        kind: row.get(5)?,
        rooms: Vec::new(),
    })
}
