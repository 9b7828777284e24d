//! The whole log, page by page, for whoever prints it.

use std::path::Path;

use rusqlite::Connection;
use shared::entry::Entry;

use super::{CopyError, Local, beside, copying, row, schema};
use crate::backplane::bytes_of;

/// Entries of one page: about a millisecond.
const PAGE: i64 = 256;

/// Bytes of text on one page: beyond it pages are shorter, so that it does not matter how long texts are.
const PAGE_BYTES: usize = 256 * 1024;

/// The entries of a log up to the last there was when this was made, in order.
pub struct Export {
    log: Connection,
    shown: String,
    /// The last entry of the page before.
    after: i64,
    upto: i64,
}

impl Local {
    /// The entries of the log in a directory behind that `seq`, for whoever may read everything. A hub may have it open.
    ///
    /// # Errors
    /// See [`CopyError`].
    pub fn export(directory: &Path, after: u64) -> Result<Export, CopyError> {
        let (log, shown) = beside::open(directory)?;
        let broken = |error| copying::failed(&shown, error);
        if !schema::is_newest(&log).map_err(broken)? {
            return Err(CopyError::Older(shown));
        }
        let upto = log.query_row("SELECT coalesce(max(seq), 0) FROM entries", [], |row| row.get(0)).map_err(broken)?;
        Ok(Export { log, after: i64::try_from(after).unwrap_or(i64::MAX), upto, shown })
    }
}

impl Export {
    /// The next entries; none when there are no more. Between two pages the log is not held: whoever is slow to take them
    /// does not make it grow.
    ///
    /// # Errors
    /// If the log cannot be read.
    pub fn page(&mut self) -> Result<Vec<Entry>, CopyError> {
        let page = read(&self.log, self.after, self.upto).map_err(|error| copying::failed(&self.shown, error))?;
        if let Some(last) = page.last() {
            self.after = last.seq().cast_signed();
        }
        Ok(page)
    }
}

fn read(log: &Connection, after: i64, upto: i64) -> rusqlite::Result<Vec<Entry>> {
    // One snapshot for the positions and what stands there.
    let _snapshot = log.unchecked_transaction()?;
    let mut seqs = log.prepare_cached("SELECT seq FROM entries WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3")?;
    let mut seqs = seqs.query([after, upto, PAGE])?;
    let mut entries = row::Entries::of(log)?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES
        && let Some(row) = seqs.next()?
    {
        let entry = entries.at(row.get(0)?)?;
        bytes += bytes_of(&entry);
        page.push(entry);
    }
    Ok(page)
}
