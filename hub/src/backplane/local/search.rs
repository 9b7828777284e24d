//! Searching the log: a thread that answers, and one that makes the index it looks things up in.
//!
//! In the order in which a line becomes found:
//!
//! | module | what it does |
//! |---|---|
//! | [`signal`] | what writer, indexer and searcher tell each other |
//! | [`indexer`] | the thread that follows the log |
//! | [`index`] | the index: a database of its own, which can be made anew at any time |
//! | [`grams`] | what the index knows of a line, and what is looked up for a query |
//! | [`scan`] | lines looked at one by one |
//! | [`searcher`] | the thread that answers |
//!
//! The index only names lines that may be meant. Each is read from the log and looked at as it is now, and what
//! is newer than the index is looked at line by line: so a line is found as soon as it is acknowledged, with
//! the text it has, however far behind the index is.

mod grams;
mod index;
mod indexer;
mod scan;
mod searcher;
mod signal;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::writer::Write;
use crate::backplane::{ReadError, ReadResult, Search};
use searcher::{Asked, Searcher};

pub(super) use index::FILE;
pub(super) use searcher::{Slice, Sliced, slice};
pub(super) use signal::Signal;

/// Searches that may wait: at some milliseconds each, and at [`searcher::PATIENCE`] at the most, more would wait too long.
const MAX_WAITING: usize = 64;

/// How long a hub that stops waits for what the indexer has under way to end: half of what its log may take to close.
const INDEXER_STOPS: Duration = Duration::from_secs(1);

/// How often what it does is broken off meanwhile: what it begins after it was told is not.
const BREAK_OFF_EVERY: Duration = Duration::from_millis(20);

/// The threads that search.
pub(super) struct Searching {
    searches: SyncSender<Asked>,
    signal: Arc<Signal>,
    /// Closed by the indexer's end.
    indexing: Mutex<Option<Receiver<()>>>,
}

impl Searching {
    /// For a log on disk: connections that read it, one for each thread.
    pub(super) fn on_disk(
        folder: &Path,
        epoch: &str,
        logs: [Connection; 2],
        signal: Arc<Signal>,
        writes: SyncSender<Write>,
    ) -> io::Result<Self> {
        let [log, to_index] = logs;
        let searcher = Searcher::on_disk(folder.to_owned(), log, Arc::clone(&signal));
        let mut searching = Self::start(searcher, signal)?;
        let (folder, epoch, signal): (PathBuf, _, _) =
            (folder.to_owned(), epoch.to_owned(), Arc::clone(&searching.signal));
        let indexer = Builder::new().name("log-indexer".to_owned());
        let (ended, indexing) = sync_channel::<()>(0);
        let indexer = indexer.spawn(move || {
            let _ended = ended;
            // Closed before that is told: who closes last tidies the log's files up, and this one may only read.
            let log = to_index;
            signal.may_break_off(log.get_interrupt_handle());
            indexer::run(&folder, &log, &epoch, &signal, &writes);
        })?;
        searching.signal.indexer_is(indexer.thread().clone());
        searching.indexing = Mutex::new(Some(indexing));
        Ok(searching)
    }

    /// For a log that only its writer can see. It has no index: the writer looks through it slice by slice.
    pub(super) fn in_memory(writes: SyncSender<Write>, signal: Arc<Signal>) -> io::Result<Self> {
        Self::start(Searcher::in_memory(writes), signal)
    }

    fn start(mut searcher: Searcher, signal: Arc<Signal>) -> io::Result<Self> {
        let (searches, waiting) = sync_channel(MAX_WAITING);
        // Ends by itself when the last asker is gone; it has nothing to lose.
        Builder::new().name("log-searcher".to_owned()).spawn(move || searcher.run(&waiting))?;
        Ok(Self { searches, signal, indexing: Mutex::new(None) })
    }

    /// Queues a search, now.
    pub(super) fn ask(&self, search: Search, answer: oneshot::Sender<ReadResult>) -> Result<(), ReadError> {
        self.searches.try_send((search, answer)).map_err(|error| match error {
            TrySendError::Full(_) => ReadError::Busy,
            TrySendError::Disconnected(_) => ReadError::Broken,
        })
    }

    /// Stops making the index. What is under way is broken off, and made by the next hub; it may go on behind this one
    /// where it cannot be in a second.
    pub(super) fn close(&self) {
        self.signal.close();
        let indexing = self.indexing.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(indexing) = indexing
            && !await_end(&indexing, &self.signal, INDEXER_STOPS)
        {
            tracing::warn!("the search index could not be closed in time; what it lacks is made by the next hub");
        }
    }
}

/// Whether the indexer has ended in that time.
fn await_end(indexing: &Receiver<()>, signal: &Signal, time: Duration) -> bool {
    let until = Instant::now() + time;
    loop {
        signal.break_off();
        match indexing.recv_timeout(BREAK_OFF_EVERY) {
            Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
            ended => return ended == Err(RecvTimeoutError::Disconnected),
        }
    }
}

impl Drop for Searching {
    fn drop(&mut self) {
        self.close();
    }
}
