//! A backup that is unpacked, and looked through.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::RestoreError;
use crate::auth::cookie_file;
use crate::backplane::{CopyError, Local};
use crate::backup::archive::{self, ArchiveError, Manifest, Member};
use crate::files::copying::{Piece, Shelves};
use crate::signals::Stop;

/// A backup that is unpacked and sound.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    /// The copy of the log.
    pub(super) log: PathBuf,
    /// What belongs into the data directory beside the log, by the names it has there.
    pub(super) others: Vec<PathBuf>,
    pub(super) files: u64,
}

impl Unpacked {
    /// Unpacks a backup into a folder. `write` makes of an error of that folder what is said of it.
    pub(super) fn of(
        from: impl Read,
        file: &Path,
        folder: &Path,
        stop: &Stop,
        write: &impl Fn(io::Error) -> RestoreError,
    ) -> Result<Self, RestoreError> {
        let log = folder.join("log");
        let shelves = Shelves::make(folder).map_err(write)?;
        let mut cookie = None;
        let mut files = 0;
        let read = archive::read(from, Local::FORMAT, stop, |_, member, content| {
            match member {
                Member::Log => Local::receive(content, &log).map_err(Taking::Write)?,
                Member::Cookie => {
                    let mut text = String::new();
                    let read = content.read_to_string(&mut text);
                    let checked = read.ok().and_then(|_| cookie_file::checked(&text).ok());
                    cookie = Some(checked.ok_or_else(|| ArchiveError::Damaged("the cookie is none".to_owned()))?);
                }
                Member::File(hash, piece) => {
                    shelves.put(hash, piece, content).map_err(|error| match error.kind() {
                        io::ErrorKind::InvalidData => {
                            Taking::Backup(ArchiveError::Damaged(format!("the record of {hash} is none")))
                        }
                        _ => Taking::Write(error),
                    })?;
                    files += u64::from(piece == Piece::Record);
                }
                Member::Manifest | Member::Sums => {}
            }
            Ok(())
        });
        let damaged = |source| RestoreError::Backup { path: file.to_owned(), source };
        let manifest = read.map_err(|error| match error {
            Taking::Backup(ArchiveError::Stopped) => RestoreError::Stopped,
            Taking::Backup(source) => damaged(source),
            Taking::Write(source) => write(source),
        })?;
        let contents = Local::look_through(&log, stop).map_err(|error| match error {
            CopyError::Stopped => RestoreError::Stopped,
            CopyError::NoRoom(_) => write(io::ErrorKind::StorageFull.into()),
            source => RestoreError::Log { path: file.to_owned(), source },
        })?;
        if (&contents.epoch, contents.entries) != (&manifest.epoch, manifest.entries) {
            return Err(damaged(ArchiveError::Damaged("its log is another".to_owned())));
        }
        shelves.sync().map_err(write)?;
        if let Some(cookie) = &cookie {
            cookie_file::put(folder, cookie)?;
        }
        let others = [Some(Shelves::folder(folder)), cookie.map(|_| cookie_file::place(folder))];
        Ok(Self { manifest, log, others: others.into_iter().flatten().collect(), files })
    }
}

/// Why a member could not be taken.
enum Taking {
    Backup(ArchiveError),
    Write(io::Error),
}

impl From<ArchiveError> for Taking {
    fn from(error: ArchiveError) -> Self {
        Self::Backup(error)
    }
}
