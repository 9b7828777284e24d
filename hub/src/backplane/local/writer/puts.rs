//! The store: who puts a key first is decided here, where puts are one after the other.

use rusqlite::{OptionalExtension, params};
use serde_json::Value;
use shared::entry::{Entry, Put, Removed};
use shared::store::{Load, MAX_REMOVED, charge};

use super::Writer;
use super::entries::Frame;
use crate::backplane::local::row::{PUT, REMOVED};
use crate::backplane::{Committed, Outcome, Rejection, Route};

/// How much is in the store, and how many keys are remembered that are gone.
#[derive(Clone, Copy)]
pub(super) struct Tally {
    load: Load,
    gone: usize,
}

/// A key that there is or was.
struct Known {
    seq: i64,
    bytes: usize,
    gone: bool,
}

impl Writer {
    pub(super) fn put_key(
        &mut self,
        frame: Frame,
        key: String,
        value: Value,
        json: &str,
        version: Option<u64>,
        head: &mut u64,
    ) -> rusqlite::Result<Outcome> {
        let (tally, known) = match self.changed_key(&frame, &key, version)? {
            Ok(found) => found,
            Err(outcome) => return Ok(outcome),
        };
        let bytes = charge(&key, &value, json.len());
        let live = known.as_ref().filter(|known| !known.gone);
        let Ok(load) = tally.load.with(live.map(|known| known.bytes), Some(bytes)) else {
            return Ok(Outcome::Rejected { ticket: frame.ticket, why: Rejection::StoreFull });
        };
        let seq = self.add_of_key(&frame, &key, PUT, json, head)?;
        self.note_key(&key, seq, bytes, false)?;
        let was_gone = known.as_ref().is_some_and(|known| known.gone);
        if let Some(known) = live {
            self.empty(known.seq)?;
        }
        self.store = Some(Tally { load, gone: tally.gone - usize::from(was_gone) });
        let Frame { ticket, from, id, at, .. } = frame;
        let entry = Entry::Put(Put { seq, at, from, id, key, value });
        Ok(Outcome::Appended { ticket: Some(ticket), committed: Committed::new(entry, Route::Everyone) })
    }

    /// A key that is not there is removed all the same: the entry says when it was so.
    pub(super) fn remove_key(
        &mut self,
        frame: Frame,
        key: String,
        version: Option<u64>,
        head: &mut u64,
    ) -> rusqlite::Result<Outcome> {
        let (mut tally, known) = match self.changed_key(&frame, &key, version)? {
            Ok(found) => found,
            Err(outcome) => return Ok(outcome),
        };
        let seq = self.add_of_key(&frame, &key, REMOVED, "", head)?;
        let mut forgot = None;
        // Of one that was not there, nobody has a copy that a later reader would have to be told of.
        if let Some(live) = known.filter(|known| !known.gone) {
            self.note_key(&key, seq, 0, true)?;
            self.empty(live.seq)?;
            self.note_removed()?;
            if let Ok(load) = tally.load.with(Some(live.bytes), None) {
                tally = Tally { load, gone: tally.gone + 1 };
            }
            if tally.gone > MAX_REMOVED {
                forgot = self.forget_oldest_removal()?;
                tally.gone -= usize::from(forgot.is_some());
            }
        }
        self.store = Some(tally);
        let Frame { ticket, from, id, at, .. } = frame;
        let entry = Entry::Removed(Removed { seq, at, from, id, key });
        let committed = Committed { forgot, ..Committed::new(entry, Route::Everyone) };
        Ok(Outcome::Appended { ticket: Some(ticket), committed })
    }

    /// How much is in the store and what is known of a key, if its version is the one asked for; else what is to be
    /// answered, which for what was sent before is the first answer.
    fn changed_key(
        &mut self,
        frame: &Frame,
        key: &str,
        version: Option<u64>,
    ) -> rusqlite::Result<Result<(Tally, Option<Known>), Outcome>> {
        if let Some(first) = self.sent(frame.ticket, frame.owner, &frame.id)? {
            return Ok(Err(first));
        }
        let known = self
            .connection
            .prepare_cached("SELECT seq, bytes, gone FROM store WHERE key = ?1")?
            .query_row([key], |row| {
                let bytes = row.get::<_, u32>(1)? as usize;
                Ok(Known { seq: row.get(0)?, bytes, gone: row.get(2)? })
            })
            .optional()?;
        let there = known.as_ref().filter(|known| !known.gone).map_or(0, |known| known.seq.cast_unsigned());
        if version.is_some_and(|version| version != there) {
            return Ok(Err(Outcome::Rejected { ticket: frame.ticket, why: Rejection::VersionConflict(there) }));
        }
        let tally = match self.store {
            Some(tally) => tally,
            None => self.count_store()?,
        };
        Ok(Ok((tally, known)))
    }

    fn count_store(&self) -> rusqlite::Result<Tally> {
        self.connection.prepare_cached("SELECT total(NOT gone), total(bytes), total(gone) FROM store")?.query_row(
            [],
            |row| {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of whole numbers")]
                let number = |column| row.get::<_, f64>(column).map(|sum| sum as usize);
                Ok(Tally { load: Load { keys: number(0)?, bytes: number(1)? }, gone: number(2)? })
            },
        )
    }

    fn add_of_key(&self, frame: &Frame, key: &str, kind: i64, text: &str, head: &mut u64) -> rusqlite::Result<u64> {
        let seq = *head + 1;
        self.connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, text, kind, key) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                seq.cast_signed(),
                frame.at.cast_signed(),
                frame.owner.0,
                frame.id,
                frame.from,
                text,
                kind,
                key,
            ])?;
        *head = seq;
        Ok(seq)
    }

    fn note_key(&self, key: &str, seq: u64, bytes: usize, gone: bool) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO store (key, seq, bytes, gone) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, bytes = excluded.bytes, gone = excluded.gone",
            )?
            .execute(params![key, seq.cast_signed(), i64::try_from(bytes).unwrap_or(i64::MAX), gone])?;
        Ok(())
    }

    /// A value that was overtaken is kept no longer; its entry is, for its id.
    fn empty(&self, seq: i64) -> rusqlite::Result<()> {
        self.connection.prepare_cached("UPDATE entries SET text = '' WHERE seq = ?1")?.execute([seq])?;
        Ok(())
    }

    /// The position of the removal that is not remembered any more.
    fn forget_oldest_removal(&self) -> rusqlite::Result<Option<u64>> {
        let oldest: Option<(String, i64)> = self
            .connection
            .prepare_cached("SELECT key, seq FROM store INDEXED BY store_gone WHERE gone ORDER BY seq LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((key, seq)) = oldest else { return Ok(None) };
        self.connection.prepare_cached("DELETE FROM store WHERE key = ?1")?.execute([&key])?;
        self.connection.prepare_cached("UPDATE log SET store_since = ?1")?.execute([seq])?;
        Ok(Some(seq.cast_unsigned()))
    }
}
