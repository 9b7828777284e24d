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

    /// Moves it all back.
    ///
    /// # Errors
    /// The first, where something stays where it is; the rest is moved back all the same.
    pub(super) fn undo(self) -> io::Result<()> {
        let back = |(from, to): (PathBuf, PathBuf)| fs::rename(to, from);
        self.0.into_iter().rev().map(back).fold(Ok(()), io::Result::and)
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
        moves.undo().unwrap();
        assert_eq!(fs::read(&log).unwrap(), b"old");
    }

    #[test]
    fn what_cannot_be_moved_back_is_told_and_the_rest_is_moved() {
        let folder = tempfile::tempdir().unwrap();
        let aside = folder.path().join("aside");
        fs::create_dir(&aside).unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        let mut moves = Moves::default();
        for one in [&first, &second] {
            fs::write(one, "old").unwrap();
            moves.take(one, &aside).unwrap();
        }
        fs::create_dir(&second).unwrap(); // in its way
        assert!(moves.undo().is_err());
        assert!(first.is_file() && aside.join("second").is_file());
    }
}
