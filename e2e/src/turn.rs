//! How many tests run beside each other.

use std::sync::{Condvar, Mutex, PoisonError};

/// Each runs a hub and up to three browsers; more of them at a time only wait for each other.
const AT_A_TIME: usize = 2;

static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// The right to run, given up when dropped.
pub(crate) struct Turn(());

impl Turn {
    /// Waits until fewer than [`AT_A_TIME`] others run in this process.
    pub(crate) fn take() -> Self {
        let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running =
            ENDED.wait_while(running, |running| *running >= AT_A_TIME).unwrap_or_else(PoisonError::into_inner);
        *running += 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        ENDED.notify_one();
    }
}
