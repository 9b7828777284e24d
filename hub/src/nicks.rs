//! `hub nicks`: what whoever runs the hub does to nicks, beside the hub or while it is stopped.

use std::path::Path;

use crate::backplane::{CopyError, FreeError, Local};
use crate::server::DataError;
use crate::server::data::DataDirectory;

/// Why it is not done. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum NicksError {
    #[error(
        "a hub that keeps everything in memory, or has no data directory, reserves no nick that could be freed here"
    )]
    NoData,
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Free(#[from] FreeError),
}

/// Frees a reserved nick at once, on the data directory of a hub that runs or of one that is stopped. Gives back the nick
/// as it is shown.
///
/// # Errors
/// See [`NicksError`].
pub fn free(data: Option<&Path>, nick: &str) -> Result<String, NicksError> {
    let data = data.ok_or(NicksError::NoData)?;
    DataDirectory::check(data)?;
    if !Local::is_in(data) {
        return Err(FreeError::from(CopyError::NoLog(data.display().to_string())).into());
    }
    // Held until it is done, so that no hub starts meanwhile.
    let stopped = match DataDirectory::lock(data) {
        Ok(lock) => Some(lock),
        Err(DataError::InUse { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Local::free_nick(data, nick, stopped.is_some())?)
}
