//! The data directory: made where it is missing, and used by one hub at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that a running hub holds locked. It stays behind, empty; only the lock counts, and
/// the operating system lifts it however the hub ends.
const LOCK: &str = "lock";

/// Why a directory cannot hold a hub's data.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("the data directory {} cannot be made: {source}; name another with --data", path.display())]
    Make { path: PathBuf, source: io::Error },
    #[error("the data directory {} cannot be written: {source}; name another with --data", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error(
        "another hub runs on the data directory {}; stop that one, or give this one its own with --data",
        path.display()
    )]
    InUse { path: PathBuf },
}

/// A data directory that is ours while this lives.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    _lock: File,
}

impl DataDirectory {
    /// Makes the directory, for its owner alone, if it is missing, and locks it.
    pub(crate) fn lock(path: &Path) -> Result<Self, DataError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if !path.is_dir() {
            make(&path).map_err(|source| DataError::Make { path: path.clone(), source })?;
        }
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(|source| DataError::Write { path: path.clone(), source })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataError::InUse { path }),
            Err(TryLockError::Error(source)) => Err(DataError::Write { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_serves_one_hub_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/data");
        let first = DataDirectory::lock(&path).unwrap();
        assert!(matches!(DataDirectory::lock(&path), Err(DataError::InUse { .. })));
        drop(first);
        assert_eq!(DataDirectory::lock(&path).unwrap().path(), path);
    }

    #[test]
    fn a_file_in_its_place_is_said() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        fs::write(&path, "").unwrap();
        let error = DataDirectory::lock(&path).unwrap_err();
        assert!(matches!(error, DataError::Make { .. }), "{error}");
        assert!(error.to_string().contains("--data"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_directory_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;

        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/data");
        let _lock = DataDirectory::lock(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
