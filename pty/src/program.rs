//! The process of a program, with or without the terminal that it was started at.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, ExitStatus};
#[cfg(unix)]
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::{DEADLINE, lock};

/// Between two looks whether a process has ended: a child can be waited for with a deadline only so.
const LOOK: Duration = Duration::from_millis(5);

/// A program that was started at a terminal. Ended when dropped.
pub struct Program {
    child: Mutex<Box<dyn Child + Send + Sync>>,
}

impl Program {
    pub(crate) fn new(child: Box<dyn Child + Send + Sync>) -> Self {
        Self { child: Mutex::new(child) }
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.child).process_id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it has ended.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        kill_process(self.process(), signal).unwrap_or_else(|error| panic!("{signal:?}: {error}"));
    }

    /// Stops it, and waits until it stands still, or has ended.
    #[cfg(unix)]
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let still = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.process()), still).unwrap_or_else(|error| panic!("waiting for its stop: {error}"));
    }

    #[cfg(unix)]
    fn process(&self) -> Pid {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        pid.unwrap_or_else(|| panic!("the program has ended"))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// If it does not end within [`DEADLINE`].
    pub fn try_end(&self) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match lock(&self.child).try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return Err("the program does not end".to_owned()),
                Err(error) => return Err(error.to_string()),
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits for its end; its exit code.
    ///
    /// # Panics
    /// If it does not end, or a signal ended it.
    pub fn ends(&self) -> u32 {
        let status = self.try_end().unwrap_or_else(|instead| panic!("{instead}"));
        assert!(status.signal().is_none(), "{status}");
        status.exit_code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        if !matches!(child.try_wait(), Ok(Some(_))) {
            // It may have ended meanwhile, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
