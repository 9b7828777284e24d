//! Whether the log in a directory is well, for whoever asks without being the hub.

use std::path::Path;

use super::{Contents, CopyError, Local, beside, copying, schema};

impl Local {
    /// The version of SQLite that reads and writes logs here.
    pub fn store_version() -> &'static str {
        rusqlite::version()
    }

    /// Looks through the log in a directory, and what it holds. A hub may have it open. Takes about a second for a million
    /// entries.
    ///
    /// # Errors
    /// If there is none, it is not sound, or of another version.
    pub fn examine(directory: &Path) -> Result<Contents, CopyError> {
        let (log, shown) = beside::open(directory)?;
        if !schema::is_newest(&log).map_err(|error| copying::failed(&shown, error))? {
            return Err(CopyError::Older(shown));
        }
        copying::sound(&log, &shown, copying::Depth::Quick)
    }
}
