//! The thread that makes the index, behind the log's writer and never in its way.

use std::path::Path;
use std::time::{Duration, Instant};

use std::sync::mpsc::SyncSender;

use rusqlite::Connection;

use super::super::writer::{LOOK_THROUGH_EVERY, LOOK_THROUGH_SHARE, Write};
use super::index::{self, Index};
use super::signal::Signal;

/// Entries that wait for each other before they are indexed: a search reads so many in a millisecond or two.
const MIN_BATCH: u64 = 1_024;

/// How long to wait after the index could not be written or made, such as on a full disk.
const PAUSE: Duration = Duration::from_secs(30);

/// How long texts that lines no longer have are gathered, so that one who corrects a line thrice costs the index one
/// change. Also how soon it is tried again where somebody still reads the index as it was.
const GATHERING: Duration = Duration::from_secs(1);

/// Runs until the hub stops. Tells the writer what the index has let go of.
pub(super) fn run(folder: &Path, log: &Connection, epoch: &str, signal: &Signal, writes: &SyncSender<Write>) {
    step_back();
    log.set_prepared_statement_cache_capacity(8);
    let mut anew = false;
    while !signal.is_closing() {
        let kept = Index::open(folder, log, epoch, anew).and_then(|mut index| {
            signal.may_break_off_index(index.interrupt());
            signal.renewed();
            keep(&mut index, log, signal, writes)
        });
        let Err(error) = kept else {
            anew = true;
            continue;
        };
        if signal.is_closing() {
            return; // which may be why it could not go on
        }
        tracing::error!(%error, "the search index cannot be written; until it can, searches take longer");
        // What is damaged is made anew at once, but not over and over.
        if anew || !index::is_damage(&error) {
            signal.pause(PAUSE);
        }
        anew = index::is_damage(&error);
    }
}

/// Keeps the index up with the log until the hub stops, or the index is told to be damaged.
fn keep(index: &mut Index, log: &Connection, signal: &Signal, writes: &SyncSender<Write>) -> rusqlite::Result<()> {
    // When it is to let go of what lines no longer say, if of anything. The last hub may have ended before it was done.
    let mut due = index::has_former(log)?.then(|| Instant::now() + GATHERING);
    // No sooner is it looked through again: what it lets go of waits in the log, which says that there is something.
    let mut look_through = Instant::now();
    loop {
        if !index.has_left_out() {
            signal.wait_for(index.reached() + MIN_BATCH, due);
        }
        if signal.take_forget() {
            signal.pause(GATHERING);
            signal.take_forget(); // what came meanwhile is taken in with the rest
            due = due.or(Some(look_through));
        }
        if signal.is_closing() || signal.take_damage() {
            return Ok(());
        }
        index.advance(log, signal)?;
        // While there is much to take in, more pages come all the time.
        let is_near = !index.has_left_out() && signal.head() < index.reached() + MIN_BATCH;
        let began = Instant::now();
        if due.is_none_or(|due| began < due) || !is_near {
            continue;
        }
        if !index.is_blank() {
            if began < look_through {
                due = Some(look_through);
                continue;
            }
            if !index.blank(signal)? {
                return Ok(()); // the hub stops
            }
            let now = Instant::now();
            look_through = now + (now.duration_since(began) * LOOK_THROUGH_SHARE).max(LOOK_THROUGH_EVERY);
        }
        // A full queue is no harm: it is told again.
        let has_let_go = index.cut_off_wal()? && writes.try_send(Write::Indexed(index.taken())).is_ok();
        due = (!has_let_go).then(|| Instant::now() + GATHERING);
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
