//! A backup that is unpacked, and looked through.

use std::io::{self, Read};
use std::path::Path;

use super::RestoreError;
use crate::auth::cookie_file;
use crate::backplane::{CopyError, Local};
use crate::backup::archive::{self, ArchiveError, Manifest, Member};
use crate::files::copying::{Piece, Shelves};
use crate::signals::Stop;

/// A backup that is unpacked and sound: in a folder that has what belongs into a data directory, by the names it has there.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    pub(super) files: u64,
}

impl Unpacked {
    /// Unpacks a backup into a folder, with a log of a new name. `write` makes of an error of that folder what is said of it.
    /// None where it is the backup with this manifest.
    pub(super) fn of(
        from: impl Read,
        file: &Path,
        folder: &Path,
        known: Option<&Manifest>,
        stop: &Stop,
        write: &impl Fn(io::Error) -> RestoreError,
    ) -> Result<Option<Self>, RestoreError> {
        let log = folder.join("log");
        let shelves = Shelves::make(folder).map_err(write)?;
        let mut cookie = None;
        let mut files = 0;
        let read = archive::read(from, Local::FORMAT, stop, |manifest, member, content| {
            if known == Some(manifest) {
                return Err(Taking::Known);
            }
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
        let manifest = match read {
            Ok(manifest) => manifest,
            Err(Taking::Known) => return Ok(None),
            Err(Taking::Backup(ArchiveError::Stopped)) => return Err(RestoreError::Stopped),
            Err(Taking::Backup(source)) => return Err(damaged(source)),
            Err(Taking::Write(source)) => return Err(write(source)),
        };
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
        Local::put_in_place(&log, folder, stop).map_err(|error| match error {
            CopyError::Stopped => RestoreError::Stopped,
            CopyError::NoRoom(_) => write(io::ErrorKind::StorageFull.into()),
            source => RestoreError::Log { path: file.to_owned(), source },
        })?;
        Ok(Some(Self { manifest, files }))
    }
}

/// Why a member could not be taken.
enum Taking {
    Backup(ArchiveError),
    Write(io::Error),
    /// It need not be.
    Known,
}

impl From<ArchiveError> for Taking {
    fn from(error: ArchiveError) -> Self {
        Self::Backup(error)
    }
}
