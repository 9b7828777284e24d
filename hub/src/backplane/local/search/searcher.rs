//! The thread that answers searches, one after the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, params};
use shared::entry::Entry;
use tokio::sync::oneshot;

use super::super::reader::Read;
use super::super::writer::Write;
use super::scan::{self, Scan, Stop, Taken, signed};
use super::signal::Signal;
use super::{grams, index};
use crate::backplane::{ReadError, ReadResult, Search};

/// How long one search may take; nearly all are done in some milliseconds. One that is not, in words that many
/// lines nearly have or in a long log without an index, ends with what it has found by then.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Entries of a log in memory that its writer looks at in one go: some 2 ms, for which lines wait.
const SLICE: usize = 2_000;

/// A search on its way, with the place its answer goes.
pub(super) type Asked = (Search, oneshot::Sender<ReadResult>);

pub(super) struct Searcher {
    source: Source,
}

enum Source {
    Disk(Box<Disk>),
    Memory { writes: SyncSender<Write> },
}

struct Disk {
    folder: PathBuf,
    log: Connection,
    signal: Arc<Signal>,
    /// Which index it is, and a connection to it.
    index: Option<(u64, Connection)>,
}

impl Searcher {
    pub(super) fn on_disk(folder: PathBuf, log: Connection, signal: Arc<Signal>) -> Self {
        log.set_prepared_statement_cache_capacity(16);
        Self { source: Source::Disk(Box::new(Disk { folder, log, signal, index: None })) }
    }

    pub(super) fn in_memory(writes: SyncSender<Write>) -> Self {
        Self { source: Source::Memory { writes } }
    }

    /// Answers until nobody can ask any more.
    pub(super) fn run(&mut self, waiting: &Receiver<Asked>) {
        while let Ok((search, answer)) = waiting.recv() {
            // Who asked may have gone while others were answered.
            if answer.is_closed() {
                continue;
            }
            let deadline = Instant::now() + PATIENCE;
            let found = match &mut self.source {
                Source::Disk(disk) => disk.search(&search, deadline),
                Source::Memory { writes } => in_memory(writes, search, deadline),
            };
            let _ = answer.send(found);
        }
    }
}

impl Disk {
    fn search(&mut self, search: &Search, deadline: Instant) -> ReadResult {
        if let Some(generation) = self.signal.generation()
            && self.index.as_ref().is_none_or(|(known, _)| *known != generation)
        {
            // One that cannot be opened is searched without, and tried again the next time.
            self.index = index::open_to_read(&self.folder).ok().map(|connection| (generation, connection));
        }
        if let Some((generation, index)) = &self.index {
            match on_disk(&self.log, Some(index), search, deadline) {
                Err(Stop::Failed(error)) => {
                    tracing::warn!(%error, "the search index cannot be read; searching without it");
                    if index::is_damage(&error) {
                        self.signal.tell_damage(*generation);
                    }
                }
                done => return answer(done),
            }
        }
        answer(on_disk(&self.log, None, search, deadline))
    }
}

/// What was found, the newest first, and why to look no further, if it was not all looked at.
pub(super) type Looked = Result<(Vec<Entry>, Option<Stop>), Stop>;

fn answer(looked: Looked) -> ReadResult {
    match looked {
        Ok((entries, None)) => Ok((entries, false)),
        Ok((entries, Some(Stop::Late))) if entries.is_empty() => Err(ReadError::Late),
        Ok((entries, Some(_))) => Ok((entries, true)),
        Err(Stop::Failed(error)) => {
            tracing::error!(%error, "the log cannot be searched");
            Err(ReadError::Broken)
        }
        Err(Stop::Full | Stop::Late) => Err(ReadError::Late),
    }
}

/// Searches what is newer than the index line by line, and the rest by the index.
pub(super) fn on_disk(log: &Connection, index: Option<&Connection>, search: &Search, deadline: Instant) -> Looked {
    // The index first: what its snapshot lacks is in the log's, which is of a later moment.
    let index = index.map(Connection::unchecked_transaction).transpose()?;
    let reached: i64 = match &index {
        Some(index) => index.prepare_cached("SELECT reached FROM state")?.query_row([], |row| row.get(0))?,
        None => 0,
    };
    let _snapshot = log.unchecked_transaction()?;
    let (after, upto) = scan::range(log, search)?;
    let mut scan = Scan::new(log, search, Taken::default(), Some(deadline))?;
    let mut look = || {
        scan.slice(after.max(reached.cast_unsigned()), upto, usize::MAX)?;
        match &index {
            Some(index) if reached > signed(after) => look_up(index, &mut scan, log, search, (after, upto), reached),
            _ => Ok(()),
        }
    };
    let stopped = match look() {
        Ok(()) => None,
        Err(Stop::Failed(error)) => return Err(Stop::Failed(error)),
        Err(stop) => Some(stop),
    };
    Ok((scan.into_found().0, stopped))
}

/// Looks at the lines that the index names, and at those that were changed since.
fn look_up(
    index: &Transaction<'_>,
    scan: &mut Scan<'_>,
    log: &Connection,
    search: &Search,
    (after, upto): (u64, u64),
    reached: i64,
) -> Result<(), Stop> {
    let (after, upto) = (signed(after), signed(upto).min(reached));
    let Some(wanted) = grams::look_up(&search.words, &search.places, search.from.map(|from| from.0), |key| {
        scan::number(log, key).ok().flatten()
    }) else {
        return Ok(());
    };
    let mut changed = index::changed(log, reached, i64::MAX)?;
    changed.retain(|seq| *seq > after && *seq <= upto);
    let mut named = index.prepare_cached(
        "SELECT rowid FROM grams WHERE grams MATCH ?1 AND rowid > ?2 AND rowid <= ?3 ORDER BY rowid DESC",
    )?;
    let mut rows = named.query(params![wanted, after, upto])?;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        while let Some(newer) = changed.last().copied().filter(|newer| *newer >= seq) {
            changed.pop_last();
            if newer > seq {
                scan.line(newer)?;
            }
        }
        scan.line(seq)?;
    }
    for seq in changed.into_iter().rev() {
        scan.line(seq)?;
    }
    Ok(())
}

/// A part of a log in memory that is looked at in one go.
pub(in crate::backplane::local) struct Slice {
    search: Arc<Search>,
    /// Up to where to look; none for the newest.
    upto: Option<u64>,
    /// Of the page, what is there already.
    page: Taken,
}

/// What came of a slice.
pub(in crate::backplane::local) struct Sliced {
    /// The newest first.
    entries: Vec<Entry>,
    page: Taken,
    /// The page is full, and there is more.
    full: bool,
    /// Up to where it is still to be looked, if anywhere.
    rest: Option<u64>,
}

/// Looks at a slice of a log.
pub(in crate::backplane::local) fn slice(log: &Connection, slice: &Slice) -> rusqlite::Result<Sliced> {
    let (after, newest) = scan::range(log, &slice.search)?;
    // Of so few lines each is looked at, however long that takes.
    let mut scan = Scan::new(log, &slice.search, slice.page, None)?;
    let (full, rest) = match scan.slice(after, slice.upto.map_or(newest, |upto| upto.min(newest)), SLICE) {
        Ok(rest) => (false, rest),
        Err(Stop::Failed(error)) => return Err(error),
        Err(Stop::Full | Stop::Late) => (true, None),
    };
    let (entries, page) = scan.into_found();
    Ok(Sliced { entries, page, full, rest })
}

/// Has the writer of a log in memory look at it slice by slice, with its other work in between.
fn in_memory(writes: &SyncSender<Write>, search: Search, deadline: Instant) -> ReadResult {
    let search = Arc::new(search);
    let mut found = Vec::new();
    let (mut upto, mut page) = (None, Taken::default());
    loop {
        let (answer, sliced) = oneshot::channel();
        let slice = Slice { search: Arc::clone(&search), upto, page };
        writes.send(Write::Read(Read::Slice(slice, answer))).map_err(|_| ReadError::Broken)?;
        let sliced = sliced.blocking_recv().unwrap_or(Err(ReadError::Broken))?;
        found.extend(sliced.entries);
        page = sliced.page;
        if sliced.full || sliced.rest.is_none() {
            return Ok((found, sliced.full));
        }
        if Instant::now() > deadline {
            return if found.is_empty() { Err(ReadError::Late) } else { Ok((found, true)) };
        }
        upto = sliced.rest;
    }
}

/// All that slices bring, one after the other.
#[cfg(test)]
pub(super) fn slices_of(log: &Connection, search: &Search) -> Vec<Entry> {
    let (search, mut found) = (Arc::new(search.clone()), Vec::new());
    let (mut upto, mut page) = (None, Taken::default());
    loop {
        let sliced = slice(log, &Slice { search: Arc::clone(&search), upto, page }).unwrap();
        found.extend(sliced.entries);
        if sliced.full || sliced.rest.is_none() {
            return found;
        }
        (upto, page) = (sliced.rest, sliced.page);
    }
}
