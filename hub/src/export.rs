//! `hub export`: the log as JSON Lines, for whoever runs the hub.

use std::io::{self, Write};
use std::path::Path;

use shared::message::ToNode;
use shared::wire;

use crate::backplane::{CopyError, Local};
use crate::server::DataError;
use crate::server::data::DataDirectory;

/// Why the log is not printed, or not to its end. Displays as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("a hub that keeps everything in memory, or has no data directory, has no log to export")]
    NoData,
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Log(#[from] CopyError),
    #[error("the log could not be written to standard output: {0}")]
    Write(io::Error),
}

/// Writes the entries of a log behind that `seq`, an entry a line as on the wire, but that no terminal
/// obeys what stands in it, up to the last there is now. Lines are as
/// they are now, as for a node that comes now. Where nobody reads any more it ends, and that is no error.
///
/// # Errors
/// See [`ExportError`].
pub fn write(data: Option<&Path>, after: u64, out: &mut impl Write) -> Result<(), ExportError> {
    let data = data.ok_or(ExportError::NoData)?;
    DataDirectory::check(data)?;
    let mut log = Local::export(data, after)?;
    loop {
        let page = log.page()?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            let written = writeln!(out, "{}", wire::encode_printable(&ToNode::Entry(entry)));
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written.map_err(ExportError::Write)?,
            }
        }
    }
    match out.flush() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        flushed => flushed.map_err(ExportError::Write),
    }
}
