//! The data directory: made where it is missing, used by one hub at a time, and by none while a restore is half done.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::record;

/// The file that a running hub holds locked. It stays behind, empty; only the lock counts, and
/// the operating system lifts it however the hub ends.
const LOCK: &str = "lock";

/// The file that says that what is in the directory is half moved, by a restore that goes on or was cut off.
const RESTORING: &str = "restore.json";

/// How long one that finds the directory locked tries again, and how often: who only looks whether a hub runs has part in
/// the lock for a moment, and is not to keep one from starting.
const GLANCE: Duration = Duration::from_millis(200);
const AGAIN: Duration = Duration::from_millis(10);

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
    #[error(
        "a restore into the data directory {} is not finished; unless it still goes on, run the same `hub restore` once \
         more, which goes on from where it was cut off",
        path.display()
    )]
    HalfRestored { path: PathBuf },
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
        let lock = Self::lock_to_restore(path)?;
        Self::check(&lock.path)?;
        Ok(lock)
    }

    /// The same also where a restore is half done.
    pub(crate) fn lock_to_restore(path: &Path) -> Result<Self, DataError> {
        let first = Instant::now();
        Self::lock_while(path, || {
            sleep(AGAIN);
            first.elapsed() < GLANCE
        })
    }

    /// The same, and tries again, where it is locked, as long as this says so.
    fn lock_while(path: &Path, mut patient: impl FnMut() -> bool) -> Result<Self, DataError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        if !path.is_dir() {
            make(&path).map_err(|source| DataError::Make { path: path.clone(), source })?;
        }
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(path.join(LOCK));
        let lock = lock.map_err(|source| DataError::Write { path: path.clone(), source })?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if patient() => {}
                Err(TryLockError::WouldBlock) => return Err(DataError::InUse { path }),
                Err(TryLockError::Error(source)) => return Err(DataError::Write { path, source }),
            }
        }
        // What a hub that was killed left says nothing any more.
        record::remove(&path);
        Ok(Self { path, _lock: lock })
    }

    /// Whether a hub, or an errand that no hub may disturb, holds the directory at this moment.
    pub(crate) fn is_locked(path: &Path) -> io::Result<bool> {
        // Only to be read, as on a disk that cannot be written.
        let lock = match File::open(path.join(LOCK)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            lock => lock?,
        };
        // Not for itself: two who look at once are no hub to each other.
        match lock.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether what is in the directory, if it is there, is of one piece.
    ///
    /// # Errors
    /// Where a restore is half done.
    pub(crate) fn check(path: &Path) -> Result<(), DataError> {
        match Self::restoring(path).symlink_metadata() {
            Ok(_) => Err(DataError::HalfRestored { path: path.to_owned() }),
            // What cannot be looked at cannot be used either, as is said then.
            Err(_) => Ok(()),
        }
    }

    /// The file that is there while a restore is half done.
    pub(crate) fn restoring(path: &Path) -> PathBuf {
        path.join(RESTORING)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file by which it is held.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join(LOCK)
    }

    /// Lets go of it, and takes it away if it is empty.
    pub(crate) fn leave_nothing(self) {
        // While it is locked: whoever comes now makes their own.
        let _ = fs::remove_file(self.lock_file()).and_then(|()| fs::remove_dir(&self.path)); // it may be in use
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
        assert!(DataDirectory::is_locked(&path).unwrap());
        drop(first);
        assert!(!DataDirectory::is_locked(&path).unwrap());
        assert_eq!(DataDirectory::lock(&path).unwrap().path(), path);
    }

    #[test]
    fn while_a_restore_is_half_done_only_a_restore_may_have_it() {
        let root = tempfile::tempdir().unwrap();
        DataDirectory::check(root.path()).unwrap();
        fs::write(DataDirectory::restoring(root.path()), "").unwrap();
        let error = DataDirectory::lock(root.path()).unwrap_err();
        assert!(matches!(error, DataError::HalfRestored { .. }), "{error}");
        assert!(DataDirectory::check(root.path()).is_err());
        assert_eq!(DataDirectory::lock_to_restore(root.path()).unwrap().path(), root.path());
    }

    #[test]
    fn who_only_looks_keeps_no_hub_from_starting() {
        let root = tempfile::tempdir().unwrap();
        let mut glance = Some(glance_at(root.path()));
        let locked = DataDirectory::lock_while(root.path(), || {
            glance = None;
            true
        });
        drop(locked.unwrap());
        assert!(glance.is_none(), "it waited");
        let _glance = glance_at(root.path());
        assert!(matches!(DataDirectory::lock_while(root.path(), || false), Err(DataError::InUse { .. })));
    }

    #[test]
    fn two_who_only_look_are_no_hub_to_each_other() {
        let root = tempfile::tempdir().unwrap();
        let _glance = glance_at(root.path());
        assert!(!DataDirectory::is_locked(root.path()).unwrap());
    }

    /// As who looks whether a hub runs has it for a moment.
    fn glance_at(data: &Path) -> File {
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(data.join(LOCK)).unwrap();
        lock.try_lock_shared().unwrap();
        lock
    }

    #[test]
    fn whoever_only_looks_makes_nothing() {
        let root = tempfile::tempdir().unwrap();
        for path in [root.path(), &root.path().join("none")] {
            assert!(!DataDirectory::is_locked(path).unwrap());
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_directory_that_was_made_for_nothing_goes_and_one_with_something_in_it_stays() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        DataDirectory::lock(&path).unwrap().leave_nothing();
        assert!(!path.exists());
        let lock = DataDirectory::lock(&path).unwrap();
        fs::write(path.join("letter"), "dear").unwrap();
        lock.leave_nothing();
        assert!(path.join("letter").exists());
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
