//! What is moved into a data directory, and out of its way.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What was moved, so that it can be moved back.
#[derive(Default)]
pub(super) struct Moves(Vec<(PathBuf, PathBuf)>);

impl Moves {
    /// Moves something into a folder of the same disk, under its name.
    pub(super) fn take(&mut self, from: &Path, folder: &Path) -> io::Result<()> {
        let to = folder.join(from.file_name().unwrap_or_default());
        fs::rename(from, &to)?;
        self.0.push((from.to_owned(), to));
        Ok(())
    }

    /// Moves it all back, as far as that can be done.
    pub(super) fn undo(self) {
        for (from, to) in self.0.into_iter().rev() {
            if let Err(error) = fs::rename(&to, &from) {
                tracing::warn!(%error, path = %to.display(), "it could not be moved back");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_moved_is_moved_back() {
        let folder = tempfile::tempdir().unwrap();
        let (log, aside) = (folder.path().join("log"), folder.path().join("aside"));
        fs::create_dir(&aside).unwrap();
        fs::write(&log, "old").unwrap();
        let mut moves = Moves::default();
        moves.take(&log, &aside).unwrap();
        assert!(!log.exists() && aside.join("log").exists());
        assert!(moves.take(&log, &aside).is_err(), "there is nothing to move any more");
        moves.undo();
        assert_eq!(fs::read(&log).unwrap(), b"old");
    }
}
