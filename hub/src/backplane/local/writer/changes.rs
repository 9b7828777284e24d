//! Changes of lines: each an entry of its own, and in the same commit the line's row is as the line is now.

use rusqlite::{OptionalExtension, params};
use shared::entry::{Change, Changed, Entry};
use shared::wire::MAX_REACTIONS;

use super::Writer;
use super::entries::{Frame, Place};
use crate::backplane::local::row::{DELETED, EDITED, LINE, REACTED, files_of};
use crate::backplane::{Audience, Committed, Outcome, OwnerId, Rejection, Route};

/// A line that is to be changed or answered.
pub(super) struct Line {
    place: Place,
    owner: OwnerId,
    deleted: bool,
}

impl Writer {
    pub(super) fn edit(&mut self, frame: Frame, of: u64, text: String, head: &mut u64) -> rusqlite::Result<Outcome> {
        let line = match self.changeable(&frame, of)? {
            Ok(line) if line.owner == frame.owner => line,
            Ok(_) => return self.reject(&frame, Rejection::NotYours),
            Err(outcome) => return Ok(outcome),
        };
        let seq = self.add(&frame, &line.place, of, (EDITED, &text, None), head)?;
        self.note_former(of, seq)?;
        self.connection
            .prepare_cached("UPDATE entries SET text = ?2, changed = ?3, edited = ?4 WHERE seq = ?1")?
            .execute(params![of.cast_signed(), text, seq.cast_signed(), frame.at.cast_signed()])?;
        Ok(changed(frame, of, seq, Change::Edited { text }, Vec::new()))
    }

    /// What was taken back is in the log no longer, whether it stood in the line or in an entry that changed it.
    pub(super) fn delete(&mut self, frame: Frame, of: u64, head: &mut u64) -> rusqlite::Result<Outcome> {
        let line = match self.changeable(&frame, of)? {
            Ok(line) if line.owner == frame.owner => line,
            Ok(_) => return self.reject(&frame, Rejection::NotYours),
            Err(outcome) => return Ok(outcome),
        };
        let orphans = self.let_go_of_files(of)?;
        let seq = self.add(&frame, &line.place, of, (DELETED, "", None), head)?;
        self.note_former(of, seq)?;
        self.connection
            .prepare_cached(
                "UPDATE entries SET text = '', files = NULL, changed = ?2, edited = NULL, deleted = 1 WHERE seq = ?1",
            )?
            .execute([of.cast_signed(), seq.cast_signed()])?;
        self.forget_edits(of)?;
        for forget in ["DELETE FROM reactions WHERE line = ?1", "DELETE FROM kinds_of_reaction WHERE line = ?1"] {
            self.connection.prepare_cached(forget)?.execute([of.cast_signed()])?;
        }
        Ok(changed(frame, of, seq, Change::Deleted, orphans))
    }

    pub(super) fn react(
        &mut self,
        frame: Frame,
        of: u64,
        emoji: String,
        on: bool,
        head: &mut u64,
    ) -> rusqlite::Result<Outcome> {
        let line = match self.changeable(&frame, of)? {
            Ok(line) => line,
            Err(outcome) => return Ok(outcome),
        };
        let at = of.cast_signed();
        let there = self
            .connection
            .prepare_cached("SELECT 1 FROM reactions WHERE line = ?1 AND emoji = ?2 AND owner = ?3")?
            .exists(params![at, emoji, frame.owner.0])?;
        if there == on {
            return Ok(Outcome::Unchanged { ticket: frame.ticket, seq: of });
        }
        if on && self.is_one_kind_too_many(at, &emoji)? {
            return self.reject(&frame, Rejection::TooManyReactions);
        }
        let seq = self.add(&frame, &line.place, of, (REACTED, &emoji, Some(on)), head)?;
        if on {
            self.connection
                .prepare_cached(
                    "INSERT INTO kinds_of_reaction (line, emoji, since, count) VALUES (?1, ?2, ?3, 1) \
                     ON CONFLICT (line, emoji) DO UPDATE SET count = count + 1",
                )?
                .execute(params![at, emoji, seq.cast_signed()])?;
            self.connection
                .prepare_cached("INSERT INTO reactions (line, emoji, seq, owner, nick) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![at, emoji, seq.cast_signed(), frame.owner.0, frame.from])?;
        } else {
            self.connection
                .prepare_cached("DELETE FROM reactions WHERE line = ?1 AND emoji = ?2 AND owner = ?3")?
                .execute(params![at, emoji, frame.owner.0])?;
            for lessen in [
                "UPDATE kinds_of_reaction SET count = count - 1 WHERE line = ?1 AND emoji = ?2",
                "DELETE FROM kinds_of_reaction WHERE line = ?1 AND emoji = ?2 AND count = 0",
            ] {
                self.connection.prepare_cached(lessen)?.execute(params![at, emoji])?;
            }
        }
        self.connection
            .prepare_cached("UPDATE entries SET changed = ?2 WHERE seq = ?1")?
            .execute([at, seq.cast_signed()])?;
        Ok(changed(frame, of, seq, Change::Reacted { emoji, on }, Vec::new()))
    }

    /// The line that a change speaks of; else what is to be answered, which for one sent before is the first answer.
    fn changeable(&mut self, frame: &Frame, of: u64) -> rusqlite::Result<Result<Line, Outcome>> {
        if let Some(first) = self.sent(frame.ticket, frame.owner, &frame.id)? {
            return Ok(Err(first));
        }
        let line = self.line_at(of, frame)?.filter(|line| !line.deleted);
        Ok(line.ok_or(Outcome::Rejected { ticket: frame.ticket, why: Rejection::NoSuchEntry(of) }))
    }

    /// The line of that position, if it stands in that place.
    pub(super) fn line_at(&mut self, of: u64, frame: &Frame) -> rusqlite::Result<Option<Line>> {
        let place = match &frame.to {
            Audience::Room { key, .. } => match self.known_room(key)? {
                Some(room) => Place::room(room),
                None => return Ok(None),
            },
            Audience::Owner { owner: other, .. } => Place::pair(frame.owner, *other),
            Audience::Everyone => return Ok(None), // no line is for all
        };
        self.connection
            .prepare_cached(
                "SELECT owner, deleted FROM entries \
                 WHERE seq = ?1 AND kind = ?2 AND room IS ?3 AND low IS ?4 AND high IS ?5",
            )?
            .query_row(params![of.cast_signed(), LINE, place.room, place.low, place.high], |row| {
                let deleted = row.get::<_, Option<bool>>(1)?.unwrap_or_default();
                Ok(Line { place, owner: OwnerId(row.get(0)?), deleted })
            })
            .optional()
    }

    fn is_one_kind_too_many(&self, line: i64, emoji: &str) -> rusqlite::Result<bool> {
        let (known, kinds): (bool, i64) = self
            .connection
            .prepare_cached("SELECT coalesce(max(emoji = ?2), 0), count(*) FROM kinds_of_reaction WHERE line = ?1")?
            .query_row(params![line, emoji], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(!known && usize::try_from(kinds).is_ok_and(|kinds| kinds >= MAX_REACTIONS))
    }

    /// Gives back the hashes of files that no line names any more.
    fn let_go_of_files(&self, line: u64) -> rusqlite::Result<Vec<String>> {
        let files: Option<String> = self
            .connection
            .prepare_cached("SELECT files FROM entries WHERE seq = ?1")?
            .query_row([line.cast_signed()], |row| row.get(0))?;
        let mut orphans = Vec::new();
        for file in files.map(|files| files_of(&files)).unwrap_or_default() {
            let named = self
                .connection
                .prepare_cached("DELETE FROM file_lines WHERE hash = ?1 AND line = ?2")?
                .execute(params![file.hash, line.cast_signed()])?;
            let elsewhere =
                self.connection.prepare_cached("SELECT 1 FROM file_lines WHERE hash = ?1")?.exists([&file.hash])?;
            // A line may name one file twice.
            if named > 0 && !elsewhere {
                orphans.push(file.hash);
            }
        }
        Ok(orphans)
    }

    /// Adds an entry that speaks of a line: its kind, its text, and whether a reaction was put.
    fn add(
        &self,
        frame: &Frame,
        place: &Place,
        of: u64,
        (kind, text, put): (i64, &str, Option<bool>),
        head: &mut u64,
    ) -> rusqlite::Result<u64> {
        let seq = *head + 1;
        let to_nick = match &frame.to {
            Audience::Room { .. } | Audience::Everyone => None,
            Audience::Owner { nick, .. } => Some(nick),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, room, low, high, to_nick, text, kind, of, put) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                seq.cast_signed(),
                frame.at.cast_signed(),
                frame.owner.0,
                frame.id,
                frame.from,
                place.room,
                place.low,
                place.high,
                to_nick,
                text,
                kind,
                of.cast_signed(),
                put,
            ])?;
        if let Audience::Owner { owner: other, .. } = frame.to {
            self.converse(frame.owner, other, seq)?;
        }
        *head = seq;
        Ok(seq)
    }
}

fn changed(frame: Frame, of: u64, seq: u64, change: Change, orphans: Vec<String>) -> Outcome {
    let Frame { ticket, owner, from, id, to, at } = frame;
    let (room, to, route) = match to {
        Audience::Room { key, name } => (Some(name), None, Route::Room(key)),
        Audience::Owner { owner: other, nick, .. } => (None, Some(nick), Route::Owners(owner, other)),
        Audience::Everyone => (None, None, Route::Everyone),
    };
    let entry = Entry::Changed(Changed { seq, at, room, to, from, id, of, change });
    Outcome::Appended { ticket: Some(ticket), committed: Committed { orphans, ..Committed::new(entry, route) } }
}
