//! Whether a log that is not there, or has nothing in it, was lost. A hub that began a new one in silence would take what
//! people sent for theirs whose lines were all deleted, and everyone for new.

use std::io;
use std::path::{Path, PathBuf};

use crate::backplane::Local;
use crate::files::copying::Shelves;

/// There was a log. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error(
    "the log in the data directory {} is missing or empty, and {} shows that there was one; restore your latest backup with \
     `hub restore --replace`, or move what is there elsewhere to begin anew",
    data.display(), trace.display()
)]
pub struct LogLost {
    data: PathBuf,
    /// What shows it.
    trace: PathBuf,
}

/// Looks whether a data directory without a log had one.
///
/// # Errors
/// If so.
pub(crate) fn check_without_log(data: &Path) -> Result<(), LogLost> {
    match Local::traces(data) {
        Some(trace) => Err(LogLost { data: data.to_owned(), trace }),
        None => check_without_entries(data),
    }
}

/// Looks whether a data directory in whose log nobody said anything has files that somebody said.
///
/// # Errors
/// If so.
pub(crate) fn check_without_entries(data: &Path) -> Result<(), LogLost> {
    match Shelves::of(data).any_said() {
        Ok(true) => Err(LogLost { data: data.to_owned(), trace: Shelves::folder(data) }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "whether there are files of another log cannot be seen");
            Ok(())
        }
        Ok(false) | Err(_) => Ok(()),
    }
}
