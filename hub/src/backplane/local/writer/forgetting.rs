//! What was taken back leaves the disk: in steps between commits, so that nobody waits for it.
//!
//! A deleted line is empty with its deletion. What stands elsewhere goes after it: the texts of its edits, of which
//! there may be very many; what the search index knew it by (see `FORGETTING` in `schema.rs`); the copies that rows leave
//! where they once stood (`blanking.rs`); and the pages of the WAL, which are brought in and cut off once the writer has a
//! moment. After a crash the next hub goes on with it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::Writer;
use crate::backplane::local::{blanking, schema};

/// Rows that are overwritten in one step: some milliseconds, for which lines wait.
const STEP: u32 = 256;

/// How long nobody must have asked for anything before the WAL is brought in.
const IDLE: Duration = Duration::from_millis(100);

/// How long that waits at most. It takes about as long as what SQLite does by itself each 4 MiB of lines.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages whose room is overwritten in one step: 2 MiB, some milliseconds.
const PAGES: u32 = 512;

/// How often all pages are looked through at most. A million lines are some 250 MiB, half a second of steps.
pub(in crate::backplane::local) const LOOK_THROUGH_EVERY: Duration = Duration::from_secs(10);

/// What looking through them may take of all the time, as one part in so many: however large the files have grown, an
/// edit now and then costs no more.
pub(in crate::backplane::local) const LOOK_THROUGH_SHARE: u32 = 20;

/// How long after something was overwritten the pages are first looked through: by then the search index has most often
/// let go of it too, so that once is enough.
const SETTLE: Duration = Duration::from_secs(3);

/// How long to wait where somebody still reads what is to go, or the disk refuses.
const AGAIN: Duration = Duration::from_secs(1);

/// What is still to be done, which nobody asked for.
pub(super) struct Chores {
    on_disk: bool,
    /// Deleted lines with edits that have a text, and the last edit that has none any more.
    lines: VecDeque<(i64, i64)>,
    /// What the batch under way adds to `lines`, and whether it overwrites anything at all.
    added: Vec<(i64, i64)>,
    overwrites: bool,
    /// Up to here, former texts are of no use any more.
    purge: Option<u64>,
    /// Rows may have left copies behind since the pages were last looked through.
    copies: bool,
    /// The log says that something is left. It does so until the WAL was cut off behind the last look through the pages:
    /// whenever the hub ends before, the next one goes on.
    noted: bool,
    /// The next page whose room is to be overwritten, if they are being looked through, and what that has taken so far.
    page: Option<u32>,
    taken: Duration,
    /// No sooner than then they are looked through again.
    look_through: Instant,
    wal: Option<Wal>,
    /// No step before then, as the disk has refused one.
    rest: Option<Instant>,
}

/// When the WAL, which has older pages, is to be brought in.
#[derive(Clone, Copy)]
struct Wal {
    due: Instant,
    /// Also if the writer has no moment by then.
    pressing: Instant,
}

impl Chores {
    /// What the last hub left.
    pub(super) fn left(log: &Connection, on_disk: bool) -> rusqlite::Result<Self> {
        let mut lines = log.prepare("SELECT line, done FROM forgetting")?;
        let lines = lines.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        // The last hub may have ended before it was done.
        let noted = log.prepare("SELECT 1 FROM copies")?.exists([])?;
        let left = on_disk && (noted || has_former(log)? || log.prepare("SELECT 1 FROM forgetting")?.exists([])?);
        let now = Instant::now();
        if on_disk && !blanking::is_possible(log)? {
            tracing::warn!(
                "this hub's SQLite has no table of pages: parts of lines that were taken back may stay on the disk"
            );
        }
        Ok(Self {
            on_disk,
            lines,
            added: Vec::new(),
            overwrites: false,
            purge: None,
            copies: left,
            noted,
            page: None,
            taken: Duration::ZERO,
            look_through: now + SETTLE,
            wal: left.then_some(Wal { due: now, pressing: now + PATIENCE }),
            rest: None,
        })
    }

    /// When there is something to do, if anything.
    pub(super) fn due(&self) -> Option<Instant> {
        if self.has_steps() {
            return Some(self.rest.unwrap_or_else(Instant::now));
        }
        let look_through = self.copies.then_some(self.look_through);
        [self.wal.map(|wal| wal.due), look_through].into_iter().flatten().min()
    }

    /// Whether something is to be done that does not wait for a moment without requests.
    pub(super) fn are_pressing(&self, now: Instant) -> bool {
        if self.has_steps() {
            self.rest.is_none_or(|rest| rest <= now)
        } else {
            self.wal.is_some_and(|wal| wal.pressing <= now) || self.copies && self.look_through + PATIENCE <= now
        }
    }

    fn has_steps(&self) -> bool {
        !self.lines.is_empty() || self.purge.is_some() || self.page.is_some()
    }

    /// Former texts up to here are of no use any more.
    pub(super) fn purge(&mut self, upto: u64) {
        self.purge = self.purge.max(Some(upto));
    }

    /// The batch under way is durable. Whether it overwrote anything.
    pub(super) fn settle(&mut self) -> bool {
        self.lines.extend(self.added.drain(..));
        let overwrites = std::mem::take(&mut self.overwrites);
        if overwrites {
            self.overwrote(Instant::now());
        }
        overwrites
    }

    /// The batch under way came to nothing.
    pub(super) fn rolled_back(&mut self) {
        self.added.clear();
        self.overwrites = false;
        self.noted = false; // as far as is known
    }

    /// Somebody asked for something just now.
    pub(super) fn committed(&mut self, now: Instant) {
        if let Some(wal) = &mut self.wal {
            wal.due = wal.due.max(now + IDLE);
        }
    }

    /// Something was overwritten: rows may have moved, and the WAL has them as they were.
    fn overwrote(&mut self, now: Instant) {
        if !self.copies {
            self.look_through = self.look_through.max(now + SETTLE);
        }
        self.copies = self.on_disk;
        self.wrote(now);
    }

    /// The pages are looked through, unless they were just now.
    fn look_through(&mut self, now: Instant) {
        if self.copies && self.look_through <= now {
            (self.copies, self.page, self.taken) = (false, Some(1), Duration::ZERO);
            self.look_through = now + LOOK_THROUGH_EVERY;
        }
    }

    /// Some pages were looked through, with the last of them all.
    fn looked(&mut self, began: Instant, further: Option<u32>) {
        let now = Instant::now();
        self.page = further;
        self.taken += now.saturating_duration_since(began);
        if further.is_none() {
            self.look_through = self.look_through.max(now + self.taken * LOOK_THROUGH_SHARE);
        }
        self.wrote(now);
    }

    /// The WAL has pages as they were.
    fn wrote(&mut self, now: Instant) {
        if self.on_disk {
            let pressing = self.wal.map_or(now + PATIENCE, |wal| wal.pressing);
            self.wal = Some(Wal { due: now + IDLE, pressing });
        }
    }
}

impl Writer {
    /// Keeps what a line says before the change `seq`, for the index.
    pub(super) fn note_former(&mut self, line: u64, seq: u64) -> rusqlite::Result<()> {
        self.chores.overwrites = true;
        if self.chores.on_disk {
            self.note_that_something_is_left()?;
            self.connection
                .prepare_cached(
                    "INSERT INTO former (seq, line, text) SELECT ?2, seq, text FROM entries WHERE seq = ?1",
                )?
                .execute([line.cast_signed(), seq.cast_signed()])?;
        }
        Ok(())
    }

    /// A value of the store was taken back, which no index knows.
    pub(super) fn note_removed(&mut self) -> rusqlite::Result<()> {
        self.chores.overwrites = true;
        self.note_that_something_is_left()
    }

    /// In the transaction that overwrites something: then a hub that ends behind it leaves the note to the next.
    fn note_that_something_is_left(&mut self) -> rusqlite::Result<()> {
        if self.chores.on_disk && !self.chores.noted {
            self.connection.prepare_cached("INSERT OR IGNORE INTO copies (left) VALUES (1)")?.execute([])?;
            self.chores.noted = true;
        }
        Ok(())
    }

    /// Empties the edits of a line: the first of them now, the rest step by step.
    pub(super) fn forget_edits(&mut self, line: u64) -> rusqlite::Result<()> {
        let line = line.cast_signed();
        if let Some(done) = self.empty_edits(line, 0)? {
            self.connection
                .prepare_cached("INSERT INTO forgetting (line, done) VALUES (?1, ?2)")?
                .execute([line, done])?;
            self.chores.added.push((line, done));
        }
        Ok(())
    }

    /// Empties some edits of a line, those after `done`; the last of them, if there may be more.
    fn empty_edits(&self, line: i64, done: i64) -> rusqlite::Result<Option<i64>> {
        let edits: Vec<i64> = self
            .connection
            .prepare_cached(
                "SELECT seq FROM entries INDEXED BY changes_of_line \
                 WHERE of = ?1 AND kind = 1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            )?
            .query_map(params![line, done, i64::from(STEP)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for edit in &edits {
            self.connection.prepare_cached("UPDATE entries SET text = '' WHERE seq = ?1")?.execute([edit])?;
        }
        Ok(edits.last().copied().filter(|_| edits.len() == STEP as usize))
    }

    /// Does one thing that is due: a step, or the WAL.
    pub(super) fn do_chore(&mut self) {
        let now = Instant::now();
        let done = if self.chores.has_steps() {
            self.step()
        } else if self.chores.wal.is_some_and(|wal| wal.due <= now || wal.pressing <= now) {
            self.bring_in_the_wal()
        } else {
            self.chores.look_through(now);
            Ok(())
        };
        if let Err(error) = done {
            tracing::warn!(%error, "what was taken back could not be overwritten on the disk; it is tried again");
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            self.chores.noted = false; // as far as is known
            self.chores.rest = Some(Instant::now() + AGAIN);
            self.try_again();
        }
    }

    fn step(&mut self) -> rusqlite::Result<()> {
        self.chores.rest = None;
        let began = Instant::now();
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        self.note_that_something_is_left()?;
        if let Some((line, done)) = self.chores.lines.front().copied() {
            let further = self.empty_edits(line, done)?;
            match further {
                Some(done) => self
                    .connection
                    .prepare_cached("UPDATE forgetting SET done = ?2 WHERE line = ?1")?
                    .execute([line, done])?,
                None => self.connection.prepare_cached("DELETE FROM forgetting WHERE line = ?1")?.execute([line])?,
            };
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            self.chores.lines.pop_front();
            // Others have their turn before this one goes on.
            self.chores.lines.extend(further.map(|done| (line, done)));
        } else if let Some(upto) = self.chores.purge {
            let gone = self
                .connection
                .prepare_cached(
                    "DELETE FROM former WHERE seq IN (SELECT seq FROM former WHERE seq <= ?1 ORDER BY seq LIMIT ?2)",
                )?
                .execute(params![upto.cast_signed(), i64::from(STEP)])?;
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            self.chores.purge = Some(upto).filter(|_| gone == STEP as usize);
        } else if let Some(page) = self.chores.page {
            let further = blanking::blank(&self.connection, page, PAGES)?;
            self.connection.prepare_cached("COMMIT")?.execute([])?;
            self.chores.looked(began, further);
            return Ok(());
        }
        self.chores.overwrote(Instant::now());
        Ok(())
    }

    /// Brings the WAL into the log's file, and cuts it off. Where somebody still reads older pages it is tried again.
    fn bring_in_the_wal(&mut self) -> rusqlite::Result<()> {
        // Those who read are not waited for, as lines would wait with it.
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(schema::BUSY)?;
        if busy? {
            self.try_again();
            return Ok(());
        }
        self.chores.wal = None;
        let is_left = self.chores.copies || self.chores.has_steps() || has_former(&self.connection)?;
        if self.chores.noted && !is_left {
            self.connection.prepare_cached("DELETE FROM copies")?.execute([])?;
            self.chores.noted = false;
        }
        Ok(())
    }

    fn try_again(&mut self) {
        if self.chores.on_disk {
            let due = Instant::now() + AGAIN;
            self.chores.wal = Some(Wal { due, pressing: due + PATIENCE });
        }
    }

    /// The log closes: whoever else has it open then leaves no older pages behind.
    pub(super) fn leave_nothing(&mut self) {
        if self.chores.wal.is_some()
            && let Err(error) = self.bring_in_the_wal()
        {
            tracing::warn!(%error, "the log's WAL could not be brought in");
        }
    }
}

/// Whether there are texts that the search index may still know lines by.
fn has_former(log: &Connection) -> rusqlite::Result<bool> {
    log.prepare_cached("SELECT 1 FROM former")?.exists([])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_look_through_takes_the_longer_until_the_next() {
        let mut log = Connection::open_in_memory().unwrap();
        schema::create(&mut log).unwrap();
        let mut chores = Chores::left(&log, true).unwrap();
        let start = Instant::now();
        let mut look = |at: Instant, took: Duration| {
            chores.copies = true;
            chores.look_through(at);
            assert_eq!(chores.page, Some(1));
            let began = Instant::now().checked_sub(took).unwrap();
            chores.looked(began, Some(2));
            chores.looked(Instant::now(), None);
            chores.look_through
        };
        let next = look(start + SETTLE, Duration::ZERO);
        assert!((SETTLE + LOOK_THROUGH_EVERY..2 * LOOK_THROUGH_EVERY).contains(&(next - start)));
        assert!(look(next, Duration::from_secs(30)) - start >= Duration::from_secs(600));
    }

    #[test]
    fn a_hub_that_starts_looks_after_what_is_left_also_where_nothing_says_so() {
        let mut log = Connection::open_in_memory().unwrap();
        schema::create(&mut log).unwrap();
        log.execute_batch("DELETE FROM copies").unwrap();
        let chores = Chores::left(&log, true).unwrap();
        assert!(!chores.copies && chores.wal.is_none());
        log.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO former (seq, line, text) VALUES (2, 1, 'a')")
            .unwrap();
        let chores = Chores::left(&log, true).unwrap();
        assert!(chores.copies && chores.wal.is_some());
    }
}
