//! Entries out of the rows that hold them: lines as they are now, with what became of them.

use rusqlite::{CachedStatement, Connection, Row};
use serde::Deserialize;
use serde_json::Value;
use shared::entry::{Change, Changed, Details, Entry, File, Put, Reaction, Removed, Said, Topic, Whispered};
use shared::wire::MAX_REACTORS;

/// What a row of `entries` holds, as its column `kind` says.
pub(super) const LINE: i64 = 0;
pub(super) const EDITED: i64 = 1;
pub(super) const DELETED: i64 = 2;
pub(super) const REACTED: i64 = 3;
pub(super) const TOPIC: i64 = 4;
pub(super) const PUT: i64 = 5;
pub(super) const REMOVED: i64 = 6;

/// The row of one entry. What was taken back is not given out, also where it is still to be overwritten.
const ENTRY: &str = "SELECT seq, at, nick, id, \
                     CASE WHEN kind = 1 AND (SELECT deleted FROM entries AS line WHERE line.seq = entries.of) \
                         THEN '' ELSE text END, \
                     name, to_nick, kind, of, put, reply_to, files, changed, edited, deleted, entries.key \
                     FROM entries LEFT JOIN rooms USING (room) WHERE seq = ?1";

/// The entry of a position, which there must be.
pub(super) fn entry(connection: &Connection, seq: i64) -> rusqlite::Result<Entry> {
    Entries::of(connection)?.at(seq)
}

/// Reads entries, one after the other.
pub(super) struct Entries<'c> {
    connection: &'c Connection,
    statement: CachedStatement<'c>,
}

impl<'c> Entries<'c> {
    pub(super) fn of(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self { connection, statement: connection.prepare_cached(ENTRY)? })
    }

    /// The entry of a position, which there must be.
    pub(super) fn at(&mut self, seq: i64) -> rusqlite::Result<Entry> {
        self.statement.query_row([seq], |row| read(self.connection, row))
    }
}

fn read(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let (seq, at) = (unsigned(row, 0)?, unsigned(row, 1)?);
    let (from, id, text): (_, _, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let room: Option<String> = row.get(5)?;
    let kind: i64 = row.get(7)?;
    let change = match kind {
        LINE => {
            let details = details(connection, row)?;
            return Ok(match room {
                Some(room) => Entry::Said(Said { seq, at, room, from, id, text, details }),
                None => Entry::Whispered(Whispered { seq, at, from, to: row.get(6)?, id, text, details }),
            });
        }
        TOPIC => {
            return Ok(Entry::Topic(Topic { seq, at, room: room.unwrap_or_default(), from, id, topic: text }));
        }
        PUT => {
            let value = value_of(&text);
            return Ok(Entry::Put(Put { seq, at, from, id, key: row.get(15)?, value }));
        }
        REMOVED => return Ok(Entry::Removed(Removed { seq, at, from, id, key: row.get(15)? })),
        EDITED => Change::Edited { text },
        DELETED => Change::Deleted,
        REACTED => Change::Reacted { emoji: text, on: row.get::<_, Option<bool>>(9)?.unwrap_or_default() },
        other => return Err(rusqlite::Error::IntegralValueOutOfRange(7, other)),
    };
    let to = if room.is_some() { None } else { row.get(6)? };
    Ok(Entry::Changed(Changed { seq, at, room, to, from, id, of: unsigned(row, 8)?, change }))
}

fn details(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Option<Box<Details>>> {
    let number = |column| row.get::<_, Option<i64>>(column).map(|value| value.map(i64::cast_unsigned));
    let (reply_to, changed) = (number(10)?, number(12)?);
    let files = match row.get_ref(11)?.as_str_or_null()? {
        Some(files) => files_of(files),
        None => Vec::new(),
    };
    if changed.is_none() {
        return Ok(Details { reply_to, files, ..Details::default() }.boxed());
    }
    let deleted = row.get::<_, Option<bool>>(14)?.unwrap_or_default();
    let reactions = if deleted { Vec::new() } else { reactions(connection, row.get(0)?)? };
    Ok(Details { reply_to, files, changed, edited: number(13)?, deleted, reactions }.boxed())
}

/// How people reacted to a line; what it costs is bounded by what is named.
fn reactions(connection: &Connection, line: i64) -> rusqlite::Result<Vec<Reaction>> {
    let mut kinds =
        connection.prepare_cached("SELECT emoji, count FROM kinds_of_reaction WHERE line = ?1 ORDER BY since")?;
    let mut nicks =
        connection.prepare_cached("SELECT nick FROM reactions WHERE line = ?1 AND emoji = ?2 ORDER BY seq LIMIT ?3")?;
    let most = i64::try_from(MAX_REACTORS).unwrap_or(i64::MAX);
    let mut rows = kinds.query([line])?;
    let mut reactions = Vec::new();
    while let Some(row) = rows.next()? {
        let (emoji, count): (String, u32) = (row.get(0)?, row.get(1)?);
        let nicks =
            nicks.query_map(rusqlite::params![line, emoji, most], |row| row.get(0))?.collect::<Result<_, _>>()?;
        reactions.push(Reaction { emoji, nicks, count });
    }
    Ok(reactions)
}

/// What the column `files` holds, which [`files_of`] reads.
pub(super) fn files_as_json(files: &[File]) -> Option<String> {
    (!files.is_empty()).then(|| shared::wire::encode(&files))
}

/// The files of a line; none out of what nobody wrote.
pub(super) fn files_of(json: &str) -> Vec<File> {
    #[derive(Deserialize)]
    struct Kept {
        hash: String,
        name: String,
        size: u64,
        kind: String,
        width: Option<u32>,
        height: Option<u32>,
    }
    let kept: Vec<Kept> = serde_json::from_str(json).unwrap_or_default();
    let file = |Kept { hash, name, size, kind, width, height }| File { hash, name, size, kind, width, height };
    kept.into_iter().map(file).collect()
}

/// A value of the store as it is kept; nothing out of one that was overtaken.
pub(super) fn value_of(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
