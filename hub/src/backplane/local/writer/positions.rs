//! How far people have read.

use rusqlite::{OptionalExtension, params};
use shared::message::Conversation;
use shared::wire::{MAX_CONVERSATIONS, MAX_UNREAD};

use super::Writer;
use crate::backplane::{OwnerId, Scope, Standing};

/// Lines looked at to count those of others. Only somebody who said thousands of lines and read
/// none has more of them; without the bound, they would hold the writer up at each of their claims.
const MAX_LOOKED_AT: u32 = 10 * MAX_UNREAD;

impl Writer {
    /// How far an owner has read a room; who comes for the first time has read all until now.
    pub(super) fn visit(&self, owner: OwnerId, key: &str, head: u64) -> rusqlite::Result<Standing> {
        let read = self
            .connection
            .prepare_cached("SELECT read FROM positions WHERE owner = ?1 AND key = ?2")?
            .query_row(params![owner.0, key], |row| row.get::<_, i64>(0))
            .optional()?;
        let Some(read) = read else {
            self.connection
                .prepare_cached("INSERT INTO positions (owner, key, read) VALUES (?1, ?2, ?3)")?
                .execute(params![owner.0, key, head.cast_signed()])?;
            return Ok(Standing { read: head, ..Standing::default() });
        };
        let unread = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM ( \
                     SELECT owner FROM entries INDEXED BY entries_of_room \
                     WHERE room = (SELECT room FROM rooms WHERE key = ?2) AND kind = 0 AND seq > ?3 \
                     ORDER BY seq LIMIT ?4 \
                 ) WHERE owner <> ?1 LIMIT ?5)",
            )?
            .query_row(params![owner.0, key, read, MAX_LOOKED_AT, MAX_UNREAD], |row| row.get(0))?;
        let mentions = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM mentions \
                 WHERE owner = ?1 AND room = (SELECT room FROM rooms WHERE key = ?2) AND seq > ?3 LIMIT ?4)",
            )?
            .query_row(params![owner.0, key, read, MAX_UNREAD], |row| row.get(0))?;
        Ok(Standing { read: read.cast_unsigned(), unread, mentions })
    }

    /// With whom an owner has exchanged private messages, the latest first.
    pub(super) fn conversations(&self, owner: OwnerId) -> rusqlite::Result<Vec<Conversation>> {
        // Only with those who still hold their nick: under a nick that has changed hands,
        // the conversation would seem to be with its new owner.
        let mut statement = self.connection.prepare_cached(
            "SELECT nick, conversations.seq, read, other FROM conversations \
             JOIN owners ON owners.owner = conversations.other \
             WHERE conversations.owner = ?1 AND EXISTS (SELECT 1 FROM likeness WHERE likeness.owner = conversations.other) \
             ORDER BY conversations.seq DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(MAX_CONVERSATIONS).unwrap_or(i64::MAX);
        statement
            .query_map(params![owner.0, limit], |row| {
                let (seq, read) = (row.get::<_, i64>(1)?, row.get::<_, i64>(2)?);
                let unread = if seq > read { self.unread_of(owner, OwnerId(row.get(3)?), read)? } else { 0 };
                Ok(Conversation { with: row.get(0)?, seq: seq.cast_unsigned(), read: read.cast_unsigned(), unread })
            })?
            .collect()
    }

    fn unread_of(&self, owner: OwnerId, other: OwnerId, read: i64) -> rusqlite::Result<u32> {
        self.connection
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM ( \
                     SELECT owner FROM entries INDEXED BY entries_of_pair \
                     WHERE low = ?2 AND high = ?3 AND kind = 0 AND seq > ?4 ORDER BY seq LIMIT ?5 \
                 ) WHERE owner <> ?1 LIMIT ?6)",
            )?
            .query_row(
                params![owner.0, owner.0.min(other.0), owner.0.max(other.0), read, MAX_LOOKED_AT, MAX_UNREAD],
                |row| row.get(0),
            )
    }

    /// Whether the position moved. A place the owner has never been in has none.
    pub(super) fn mark_read(&self, owner: OwnerId, scope: &Scope, seq: u64) -> rusqlite::Result<bool> {
        let moved = match scope {
            Scope::Room(key) => self
                .connection
                .prepare_cached("UPDATE positions SET read = ?3 WHERE owner = ?1 AND key = ?2 AND read < ?3")?
                .execute(params![owner.0, key, seq.cast_signed()])?,
            Scope::Owners(one, other) => self
                .connection
                .prepare_cached("UPDATE conversations SET read = ?3 WHERE owner = ?1 AND other = ?2 AND read < ?3")?
                .execute(params![owner.0, if *one == owner { other.0 } else { one.0 }, seq.cast_signed()])?,
        };
        Ok(moved > 0)
    }
}
