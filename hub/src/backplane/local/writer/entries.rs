//! Entries: numbered, kept once for each id, and added to the conversations they belong to.

use rusqlite::{OptionalExtension, params};
use shared::entry::{Entry, Said, Whispered};

use super::{MAX_ROOMS, Writer};
use crate::backplane::{Audience, Committed, Draft, Outcome, OwnerId, Route, Ticket};

impl Writer {
    pub(super) fn append(
        &mut self,
        ticket: Ticket,
        draft: Draft,
        head: &mut u64,
        at: u64,
    ) -> rusqlite::Result<Outcome> {
        let seq = *head + 1;
        let Draft { owner, from, id, text, to } = draft;
        let (room, low, high, to_nick, nodes) = match &to {
            Audience::Room { key, name } => (Some(self.room(key, name)?), None, None, None, None),
            Audience::Owner { owner: other, nick, nodes } => {
                (None, Some(owner.0.min(other.0)), Some(owner.0.max(other.0)), Some(nick), Some(*nodes))
            }
        };
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, room, low, high, to_nick, nodes, text) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (owner, id) DO NOTHING",
            )?
            .execute(params![
                seq.cast_signed(),
                at.cast_signed(),
                owner.0,
                id,
                from,
                room,
                low,
                high,
                to_nick,
                nodes,
                text
            ])?;
        if added == 0 {
            let first = self.sent(ticket, owner, &id)?;
            return first.ok_or(rusqlite::Error::QueryReturnedNoRows);
        }
        *head = seq;
        let committed = match to {
            Audience::Room { key, name } => {
                Committed { entry: Entry::Said(Said { seq, at, room: name, from, id, text }), route: Route::Room(key) }
            }
            Audience::Owner { owner: other, nick, .. } => {
                self.converse(owner, other, seq)?;
                Committed {
                    entry: Entry::Whispered(Whispered { seq, at, from, to: nick, id, text }),
                    route: Route::Owners(owner, other),
                }
            }
        };
        Ok(Outcome::Appended { ticket: Some(ticket), committed })
    }

    /// What an id that was sent before became.
    pub(super) fn sent(&self, ticket: Ticket, owner: OwnerId, id: &str) -> rusqlite::Result<Option<Outcome>> {
        self.connection
            .prepare_cached("SELECT seq, nodes FROM entries WHERE owner = ?1 AND id = ?2")?
            .query_row(params![owner.0, id], |row| {
                Ok(Outcome::Repeated { ticket, seq: row.get::<_, i64>(0)?.cast_unsigned(), nodes: row.get(1)? })
            })
            .optional()
    }

    fn room(&mut self, key: &str, name: &str) -> rusqlite::Result<i64> {
        if let Some(room) = self.rooms.get(key) {
            return Ok(*room);
        }
        let known = self
            .connection
            .prepare_cached("SELECT room FROM rooms WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        let room = match known {
            Some(room) => room,
            None => {
                self.connection
                    .prepare_cached("INSERT INTO rooms (key, name) VALUES (?1, ?2)")?
                    .execute([key, name])?;
                self.connection.last_insert_rowid()
            }
        };
        if self.rooms.len() == MAX_ROOMS {
            self.rooms.clear();
        }
        self.rooms.insert(key.to_owned(), room);
        Ok(room)
    }

    fn converse(&self, one: OwnerId, other: OwnerId, seq: u64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO conversations (owner, other, seq) VALUES (?1, ?2, ?3) \
             ON CONFLICT (owner, other) DO UPDATE SET seq = excluded.seq",
        )?;
        statement.execute(params![one.0, other.0, seq.cast_signed()])?;
        if one != other {
            statement.execute(params![other.0, one.0, seq.cast_signed()])?;
        }
        Ok(())
    }
}
