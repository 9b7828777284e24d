//! Entries: numbered, kept once for each id, and added to the conversations they belong to.

use rusqlite::{OptionalExtension, params};
use shared::entry::{Details, Entry, File, Said, Topic, Whispered};

use super::{MAX_ROOMS, Writer};
use crate::backplane::local::row::{TOPIC, files_as_json};
use crate::backplane::{Audience, Committed, Draft, Outcome, OwnerId, Rejection, Route, Ticket, What};

/// Where an entry stands: in a room, or between the owners of a private talk, the smaller first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) room: Option<i64>,
    pub(super) low: Option<i64>,
    pub(super) high: Option<i64>,
}

/// What every draft has, whatever it is to hold.
pub(super) struct Frame {
    pub(super) ticket: Ticket,
    pub(super) owner: OwnerId,
    pub(super) from: String,
    pub(super) id: String,
    pub(super) to: Audience,
    /// When, in milliseconds since 1970 UTC.
    pub(super) at: u64,
}

/// What a line has beside its text.
struct Rest {
    reply_to: Option<u64>,
    files: Vec<File>,
    mentions: Vec<OwnerId>,
}

impl Writer {
    pub(super) fn append(
        &mut self,
        ticket: Ticket,
        draft: Draft,
        head: &mut u64,
        at: u64,
    ) -> rusqlite::Result<Outcome> {
        let Draft { owner, from, id, what, to } = draft;
        let frame = Frame { ticket, owner, from, id, to, at };
        match what {
            What::Line { text, reply_to, files, mentions } => {
                self.line(frame, text, Rest { reply_to, files, mentions }, head)
            }
            What::Topic { topic } => self.topic(frame, topic, head),
            What::Edit { of, text } => self.edit(frame, of, text, head),
            What::Delete { of } => self.delete(frame, of, head),
            What::React { of, emoji, on } => self.react(frame, of, emoji, on, head),
            What::Put { key, value, json, version } => self.put_key(frame, key, value, &json, version, head),
            What::Remove { key, version } => self.remove_key(frame, key, version, head),
        }
    }

    fn line(&mut self, frame: Frame, text: String, rest: Rest, head: &mut u64) -> rusqlite::Result<Outcome> {
        let Rest { reply_to, files, mentions } = rest;
        if let Some(of) = reply_to
            && self.line_at(of, &frame)?.is_none()
        {
            return self.reject(&frame, Rejection::NoSuchEntry(of));
        }
        let seq = *head + 1;
        let Frame { ticket, owner, from, id, to, at } = frame;
        let (place, to_nick, nodes) = match &to {
            Audience::Room { key, name } => (Place::room(self.room(key, name)?), None, None),
            Audience::Owner { owner: other, nick, nodes } => (Place::pair(owner, *other), Some(nick), Some(*nodes)),
            Audience::Everyone => return Ok(Outcome::Failed { ticket }), // nobody can ask for such a line
        };
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, room, low, high, to_nick, nodes, text, reply_to, files) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (owner, id) DO NOTHING",
            )?
            .execute(params![
                seq.cast_signed(),
                at.cast_signed(),
                owner.0,
                id,
                from,
                place.room,
                place.low,
                place.high,
                to_nick,
                nodes,
                text,
                reply_to.map(u64::cast_signed),
                files_as_json(&files),
            ])?;
        if added == 0 {
            let first = self.sent(ticket, owner, &id)?;
            return first.ok_or(rusqlite::Error::QueryReturnedNoRows);
        }
        *head = seq;
        for file in &files {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO file_lines (hash, line) VALUES (?1, ?2)")?
                .execute(params![file.hash, seq.cast_signed()])?;
        }
        if let Some(room) = place.room {
            for named in mentions {
                self.connection
                    .prepare_cached("INSERT OR IGNORE INTO mentions (owner, room, seq) VALUES (?1, ?2, ?3)")?
                    .execute(params![named.0, room, seq.cast_signed()])?;
            }
        }
        let details = Details { reply_to, files, ..Details::default() }.boxed();
        let (entry, route) = match to {
            Audience::Room { key, name } => {
                (Entry::Said(Said { seq, at, room: name, from, id, text, details }), Route::Room(key))
            }
            Audience::Owner { owner: other, nick, .. } => {
                self.converse(owner, other, seq)?;
                let entry = Entry::Whispered(Whispered { seq, at, from, to: nick, id, text, details });
                (entry, Route::Owners(owner, other))
            }
            Audience::Everyone => return Ok(Outcome::Failed { ticket }),
        };
        Ok(Outcome::Appended { ticket: Some(ticket), committed: Committed::new(entry, route) })
    }

    fn topic(&mut self, frame: Frame, topic: String, head: &mut u64) -> rusqlite::Result<Outcome> {
        if let Some(first) = self.sent(frame.ticket, frame.owner, &frame.id)? {
            return Ok(first);
        }
        let Frame { ticket, owner, from, id, to, at } = frame;
        let Audience::Room { key, name } = to else {
            return Ok(Outcome::Failed { ticket }); // a talk of two has no topic, and nobody can ask for one
        };
        let room = self.room(&key, &name)?;
        let seq = *head + 1;
        self.connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, room, text, kind) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![seq.cast_signed(), at.cast_signed(), owner.0, id, from, room, topic, TOPIC])?;
        self.connection
            .prepare_cached("UPDATE rooms SET topic = nullif(?2, '') WHERE room = ?1")?
            .execute(params![room, topic])?;
        *head = seq;
        let entry = Entry::Topic(Topic { seq, at, room: name, from, id, topic });
        let committed = Committed::new(entry, Route::Room(key));
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

    /// The answer to what cannot be, unless it was taken before, when it could.
    pub(super) fn reject(&self, frame: &Frame, why: Rejection) -> rusqlite::Result<Outcome> {
        let first = self.sent(frame.ticket, frame.owner, &frame.id)?;
        Ok(first.unwrap_or(Outcome::Rejected { ticket: frame.ticket, why }))
    }

    /// The number of a room in which something was said.
    pub(super) fn known_room(&mut self, key: &str) -> rusqlite::Result<Option<i64>> {
        if let Some(room) = self.rooms.get(key) {
            return Ok(Some(*room));
        }
        let known = self
            .connection
            .prepare_cached("SELECT room FROM rooms WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        if let Some(room) = known {
            self.remember(key, room);
        }
        Ok(known)
    }

    fn room(&mut self, key: &str, name: &str) -> rusqlite::Result<i64> {
        if let Some(room) = self.known_room(key)? {
            return Ok(room);
        }
        self.connection.prepare_cached("INSERT INTO rooms (key, name) VALUES (?1, ?2)")?.execute([key, name])?;
        let room = self.connection.last_insert_rowid();
        self.remember(key, room);
        Ok(room)
    }

    fn remember(&mut self, key: &str, room: i64) {
        if self.rooms.len() == MAX_ROOMS {
            self.rooms.clear();
        }
        self.rooms.insert(key.to_owned(), room);
    }

    /// A conversation has a later entry: who comes back looks for it.
    pub(super) fn converse(&self, one: OwnerId, other: OwnerId, seq: u64) -> rusqlite::Result<()> {
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

impl Place {
    pub(super) fn room(room: i64) -> Self {
        Self { room: Some(room), low: None, high: None }
    }

    pub(super) fn pair(one: OwnerId, other: OwnerId) -> Self {
        Self { room: None, low: Some(one.0.min(other.0)), high: Some(one.0.max(other.0)) }
    }
}
