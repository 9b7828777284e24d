//! Where a backup may be written.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::BackupError;

/// A file that may be written.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder that it is to be in.
    pub(super) folder: PathBuf,
    pub(super) name: OsString,
}

impl Place {
    /// A file that is to be a backup of this data directory.
    ///
    /// # Errors
    /// If it is there already, unless it is to be written over; if it is, or would be, part of what it is a backup of; and if
    /// there is no such folder.
    pub(super) fn of(file: &Path, data: &Path, overwrite: bool) -> Result<Self, BackupError> {
        let path = || file.to_owned();
        let there = match fs::symlink_metadata(file) {
            // What a link leads to is what would be written over.
            Ok(_) => Some(fs::canonicalize(file).map_err(|source| BackupError::Place { path: path(), source })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(BackupError::Place { path: path(), source }),
        };
        let whole = there.as_deref().unwrap_or(file);
        let name = whole.file_name().ok_or_else(|| BackupError::NoFile { path: path() })?.to_owned();
        let folder = whole.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder).map_err(|source| BackupError::Place { path: path(), source })?;
        let data = fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
        if folder.starts_with(&data) {
            return Err(BackupError::OntoItself { path: path() });
        }
        if let Some(there) = there {
            if !there.is_file() {
                return Err(BackupError::NoFile { path: path() });
            }
            if is_part_of(&there, &data) {
                return Err(BackupError::OntoItself { path: path() });
            }
            if !overwrite {
                return Err(BackupError::There { path: path() });
            }
        }
        Ok(Self { folder, name })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// How what is not yet whole begins to be called.
    pub(super) fn unfinished(&self) -> OsString {
        let mut name = self.name.clone();
        name.push(OsStr::new(".part-"));
        name
    }
}

/// Whether a file is one of those right in the data directory by another name.
#[cfg(unix)]
fn is_part_of(file: &Path, data: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let node = |path: &Path| fs::metadata(path).ok().map(|of| (of.dev(), of.ino()));
    let Ok(entries) = fs::read_dir(data) else { return false };
    let file = node(file);
    entries.flatten().any(|entry| file.is_some() && node(&entry.path()) == file)
}

/// Elsewhere files are known by their paths alone.
#[cfg(not(unix))]
fn is_part_of(_: &Path, _: &Path) -> bool {
    false
}
