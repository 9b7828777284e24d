//! The thread that makes the index, behind the log's writer and never in its way.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::index::{self, Index};
use super::signal::Signal;

/// Entries that wait for each other before they are indexed: a search reads so many in a millisecond or two.
const MIN_BATCH: u64 = 1_024;

/// How long to wait after the index could not be written or made, such as on a full disk.
const PAUSE: Duration = Duration::from_secs(30);

/// Runs until the hub stops.
pub(super) fn run(folder: &Path, log: &Connection, epoch: &str, signal: &Signal) {
    step_back();
    log.set_prepared_statement_cache_capacity(8);
    let mut anew = false;
    while !signal.is_closing() {
        let kept = Index::open(folder, log, epoch, anew).and_then(|mut index| {
            signal.renewed();
            keep(&mut index, log, signal)
        });
        let Err(error) = kept else {
            anew = true;
            continue;
        };
        tracing::error!(%error, "the search index cannot be written; until it can, searches take longer");
        // What is damaged is made anew at once, but not over and over.
        if anew || !index::is_damage(&error) {
            signal.pause(PAUSE);
        }
        anew = index::is_damage(&error);
    }
}

/// Keeps the index up with the log until the hub stops, or the index is told to be damaged.
fn keep(index: &mut Index, log: &Connection, signal: &Signal) -> rusqlite::Result<()> {
    loop {
        signal.wait_for(index.reached() + MIN_BATCH);
        if signal.is_closing() || signal.take_damage() {
            return Ok(());
        }
        index.advance(log, signal)?;
    }
}

/// Takes only the time that nobody else wants.
fn step_back() {
    // On Linux this is of the thread, not of the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, LEAST) {
        tracing::debug!(%error, "the indexer runs at the priority of all others");
    }
}

/// The priority below all others (`nice`).
#[cfg(target_os = "linux")]
const LEAST: i32 = 19;
