//! The log's database opened beside the hub that may have it open too: by what looks at it, copies it or prints it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{CopyError, FILE, Local, OpenError, copying, schema, search};

/// How long to wait for a hub that writes: many times what a commit takes.
const BUSY: Duration = Duration::from_secs(5);

/// How many of SQLite's steps go by between two looks whether it is to stop: about a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// What SQLite puts behind the names of its files for those beside them.
const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Opens the log in a directory as it is, and changes nothing in it. Not for reading alone: if no hub runs, whoever closes
/// the log last tidies up beside it, and may have to write for that.
///
/// A log without tables is none: only a hub makes them.
pub(super) fn open(directory: &Path) -> Result<(Connection, String), CopyError> {
    if !Local::is_in(directory) {
        return Err(CopyError::NoLog(directory.display().to_string()));
    }
    let path = directory.join(FILE);
    let shown = path.display().to_string();
    if Local::is_absent(directory) {
        // Before SQLite looks at it, which takes away what is beside a file without a byte.
        return Err(CopyError::Empty(shown));
    }
    match opened(&path, &shown) {
        Ok(log) => Ok((log, shown)),
        Err(CopyError::Open(OpenError::Sqlite(_, error)))
            if matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
                && !is_writable(directory) =>
        {
            Err(CopyError::Unwritable(shown))
        }
        Err(error) => Err(error),
    }
}

fn opened(path: &Path, shown: &str) -> Result<Connection, CopyError> {
    let broken = |error| copying::failed(shown, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let log = Connection::open_with_flags(path, flags).map_err(broken)?;
    log.busy_timeout(BUSY).map_err(broken)?;
    schema::check(&log, shown).map_err(|error| match error {
        OpenError::Sqlite(_, error) => broken(error),
        other => other.into(),
    })?;
    if schema::is_made(&log).map_err(broken)? { Ok(log) } else { Err(CopyError::Empty(shown.to_owned())) }
}

/// Whether files can be made in a directory: SQLite reads a log only where it may lay its own beside it.
fn is_writable(directory: &Path) -> bool {
    #[cfg(unix)]
    return rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    return directory.metadata().is_ok_and(|there| !there.permissions().readonly());
}

impl Local {
    /// Whether there is no file of a log in a directory, or one without a byte.
    pub fn is_absent(directory: &Path) -> bool {
        directory.join(FILE).metadata().map_or(true, |there| there.len() == 0)
    }

    /// What lies in a directory only where a log has been that was written: what SQLite keeps beside it, and its index.
    pub fn traces(directory: &Path) -> Option<PathBuf> {
        let traces = [format!("{FILE}-wal"), search::FILE.to_owned()].map(|name| directory.join(name));
        traces.into_iter().find(|path| path.metadata().is_ok_and(|there| there.len() > 0))
    }
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
