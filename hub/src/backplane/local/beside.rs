//! The log's database opened beside the hub that may have it open too: by what looks at it, copies it or prints it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{FILE, OpenError, schema, search};

/// How long to wait for a hub that writes: many times what a commit takes.
const BUSY: Duration = Duration::from_secs(5);

/// How many of SQLite's steps go by between two looks whether it is to stop: about a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// What SQLite puts behind the names of its files for those beside them.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Opens the log in a directory as it is, and changes nothing in it. Not for reading alone: if no hub runs, whoever closes
/// the log last tidies up beside it, and may have to write for that.
pub(super) fn open(directory: &Path) -> Result<(Connection, String), OpenError> {
    let path = directory.join(FILE);
    let shown = path.display().to_string();
    let broken = |error| OpenError::Sqlite(shown.clone(), error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let log = Connection::open_with_flags(&path, flags).map_err(broken)?;
    log.busy_timeout(BUSY).map_err(broken)?;
    schema::check(&log, &shown)?;
    Ok((log, shown))
}

/// Lets whatever this connection does be broken off.
pub(super) fn heed(log: &mut Connection, stop: &crate::signals::Stop) -> rusqlite::Result<()> {
    let stop = stop.clone();
    log.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || stop.is_asked()))
}

/// What there is of a log and its index in a directory.
pub(super) fn pieces(directory: &Path) -> Vec<PathBuf> {
    let names = [FILE, search::FILE].into_iter().flat_map(|file| ENDINGS.map(|ending| format!("{file}{ending}")));
    names.map(|name| directory.join(name)).filter(|path| path.symlink_metadata().is_ok()).collect()
}
