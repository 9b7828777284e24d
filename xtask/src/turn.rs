//! Taking turns: two xtasks at once on one checkout must not fetch, or build the client, into each other's
//! files. (Cargo sees to its own builds itself.)

use std::fs::{self, File, TryLockError};
use std::io;

use crate::steps::{Failure, Outcome, announce, target_dir};

/// Holds off every other xtask on this checkout that wants the same; given up when dropped, or when this
/// process dies.
pub(crate) struct Turn {
    _locked: File,
}

impl Turn {
    /// Waits until no other xtask is at `what`.
    pub(crate) fn take(what: &str) -> Outcome<Self> {
        let path = target_dir().join(format!("xtask-{what}.lock"));
        let failed = |error: io::Error| {
            let path = path.display();
            Failure::new(format!("could not lock {path}: {error}"))
        };
        fs::create_dir_all(target_dir()).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                announce(format_args!("waiting for another cargo xtask ({what})"));
                file.lock().map_err(failed)?;
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(Self { _locked: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_the_turn() {
        let turn = Turn::take("test-of-turns").expect("nobody else has it");
        let path = target_dir().join("xtask-test-of-turns.lock");
        let other = File::open(&path).expect("the lock file is there");
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(turn);
        assert!(other.try_lock().is_ok());
        let _ = fs::remove_file(path);
    }
}
