//! What the disk and SQLite do with lines when nothing else is done with them: the limit of a log that is in SQLite.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::guests::nick;
use crate::line::{id, text};

/// A file with one table, and no index but the order of the log.
pub(crate) struct Rows {
    connection: Connection,
    /// Rows so far.
    count: i64,
    _folder: TempDir,
}

impl Rows {
    /// A new file in this folder, as durable as the hub's: what is committed is on disk.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rows-").tempdir_in(folder)?;
        let connection = Connection::open(folder.path().join("rows.db")).context("opening SQLite")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE rows (
                seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, owner INTEGER NOT NULL, id TEXT NOT NULL,
                nick TEXT NOT NULL, room INTEGER NOT NULL, text TEXT NOT NULL
            )",
        )?;
        Ok(Self { connection, count: 0, _folder: folder })
    }

    /// Commits so many rows, some at a time; how many a second that were.
    pub(crate) fn commit(&mut self, rows: u32, at_a_time: u32) -> Result<f64> {
        let (nick, text) = (nick(0), text());
        let begun = Instant::now();
        let goal = self.count + i64::from(rows);
        while self.count < goal {
            let commit = self.connection.transaction()?;
            {
                let mut insert = commit.prepare_cached(
                    "INSERT INTO rows (seq, at, owner, id, nick, room, text) VALUES (?1, ?2, 1, ?3, ?4, 1, ?5)",
                )?;
                for _ in 0..at_a_time {
                    self.count += 1;
                    insert.execute((self.count, 1_800_000_000_000_i64, id(self.count.unsigned_abs()), &nick, &text))?;
                }
            }
            commit.commit()?;
        }
        Ok(f64::from(rows) / begun.elapsed().as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut rows = Rows::open(folder.path()).expect("a file");
        rows.commit(64, 16).expect("commits");
        let count: i64 = rows.connection.query_row("SELECT max(seq) FROM rows", (), |row| row.get(0)).expect("a count");
        assert_eq!((count, rows.count), (64, 64));
    }
}
