//! What is drawn, on its way to the terminal.
//!
//! It is written by a thread of its own: a terminal that takes nothing for a while (a connection that hangs, a window
//! that was stopped) must hold up neither the hub, nor keys, nor signals. Frames are handed over whole, one at a time;
//! while one is on its way no other is drawn, so that each says what differs from the one that the terminal has.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How long the end of the screen waits for a terminal that takes nothing: one that lives takes a screen in a fraction
/// of it.
const END: Duration = Duration::from_secs(1);

/// The way to the terminal.
pub(super) struct Output {
    work: Mutex<Work>,
    changed: Condvar,
    /// Told when the next frame can be handed over.
    free: Notify,
}

#[derive(Default)]
struct Work {
    frame: Option<Vec<u8>>,
    /// What gives the screen back: written behind the frame.
    last: Option<Vec<u8>>,
    writing: bool,
    failed: Option<io::ErrorKind>,
}

impl Work {
    fn is_done(&self) -> bool {
        self.frame.is_none() && self.last.is_none() && !self.writing
    }
}

impl Output {
    /// A way to what `terminal` writes to.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn to(terminal: impl Write + Send + 'static) -> io::Result<Arc<Self>> {
        let output = Arc::new(Self { work: Mutex::default(), changed: Condvar::new(), free: Notify::new() });
        let theirs = Arc::clone(&output);
        // It ends with the program: what it waits for may never take anything again.
        thread::Builder::new().name("screen".to_owned()).spawn(move || theirs.pass_on(terminal))?;
        Ok(output)
    }

    /// Whether a frame can be handed over.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn is_free(&self) -> io::Result<bool> {
        let work = self.work();
        match work.failed {
            Some(failed) => Err(failed.into()),
            None => Ok(work.is_done()),
        }
    }

    /// Waits until a frame can be handed over, or the terminal is gone.
    ///
    /// Cancel safe.
    pub(super) async fn freed(&self) {
        while matches!(self.is_free(), Ok(false)) {
            self.free.notified().await;
        }
    }

    /// Hands a frame over; only where [`Self::is_free`] says so.
    pub(super) fn write(&self, frame: Vec<u8>) {
        self.work().frame = Some(frame);
        self.changed.notify_all();
    }

    /// Writes this behind all else, and waits for it, but not for long. Whether it is written.
    pub(super) fn finish(&self, last: Vec<u8>) -> bool {
        let until = Instant::now() + END;
        let mut work = self.work();
        work.last = Some(last);
        self.changed.notify_all();
        while !work.is_done() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            work = self.changed.wait_timeout(work, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        work.failed.is_none()
    }

    fn pass_on(&self, mut terminal: impl Write) {
        let mut work = self.work();
        loop {
            let Some(bytes) = work.frame.take().or_else(|| work.last.take()) else {
                work = self.changed.wait(work).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            work.writing = true;
            drop(work);
            let written = terminal.write_all(&bytes).and_then(|()| terminal.flush());
            work = self.work();
            work.writing = false;
            work.failed = written.err().map(|error| error.kind()).or(work.failed);
            self.changed.notify_all();
            self.free.notify_one();
        }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A terminal that takes each write only once it may.
    struct Slow {
        may: Receiver<()>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.may.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.taken.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_frame_waits_until_the_one_before_is_taken_and_the_end_comes_last() {
        let ((let_go, may), (taken, took)) = (channel(), channel());
        let output = Output::to(Slow { may, taken }).unwrap();
        assert!(output.is_free().unwrap());
        output.write(b"one".to_vec());
        assert!(!output.is_free().unwrap());
        let_go.send(()).unwrap();
        output.freed().await;
        output.write(b"two".to_vec());
        assert!(!output.finish(b"end".to_vec()), "a terminal that takes nothing is not waited for");
        let_go.send(()).unwrap();
        let_go.send(()).unwrap();
        output.freed().await;
        assert_eq!(took.try_iter().collect::<Vec<_>>(), [b"one", b"two", b"end"]);
        drop(let_go);
        output.write(b"three".to_vec());
        output.freed().await;
        assert!(output.is_free().is_err(), "it is gone");
    }
}
