//! Standard output. A thread writes, so that whoever reads slowly holds up neither the hub nor what is typed.

use std::io::{self, ErrorKind, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::commands::output::until_left;
use crate::exit::{Code, Failure};

/// Texts that wait to be written, and their bytes: what is said in minutes, for somebody who has stopped the terminal to
/// read.
const WAITING: usize = 2_000;
const WAITING_BYTES: usize = 2 * 1024 * 1024;

/// Where lines go.
pub(super) struct Output {
    texts: mpsc::Sender<String>,
    /// Bytes that wait.
    waiting: Arc<AtomicUsize>,
    /// How writing ended; none once that was told.
    written: Option<oneshot::Receiver<io::Result<()>>>,
    left: oneshot::Receiver<()>,
    left_known: bool,
    /// Lines for which there was no room.
    missed: usize,
}

impl Output {
    pub(super) fn open() -> Self {
        let (texts, to_write) = mpsc::channel(WAITING);
        let (done, written) = oneshot::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let theirs = Arc::clone(&waiting);
        thread::spawn(move || {
            done.send(write(to_write, &theirs)).ok(); // nobody waits where the end is in a hurry
        });
        let (told, left) = oneshot::channel();
        thread::spawn(move || {
            if until_left() {
                told.send(()).ok();
            }
        });
        Self { texts, waiting, written: Some(written), left, left_known: true, missed: 0 }
    }

    /// Prints a text as it is. Never waits: where nobody has read for long, lines are left out, and that is said.
    pub(super) fn print(&mut self, text: String) {
        if self.missed > 0 {
            let words = format!("* {} lines are left out here: nobody read them in time *\n", self.missed);
            if self.push(words) {
                self.missed = 0;
            }
        }
        let lines = text.matches('\n').count();
        if self.missed > 0 || !self.push(text) {
            self.missed += lines;
        }
    }

    fn push(&self, text: String) -> bool {
        let bytes = text.len();
        let waiting = self.waiting.load(Ordering::Relaxed); // the writer only takes away from it
        if waiting > 0 && waiting + bytes > WAITING_BYTES {
            return false;
        }
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        match self.texts.try_send(text) {
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.waiting.fetch_sub(bytes, Ordering::Relaxed);
                false
            }
            // One that has ended writes nothing, and tells so by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => true,
        }
    }

    /// Waits until nobody reads any more.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    /// If it is not that: nothing can be written, as on a full disk.
    pub(super) async fn gone(&mut self) -> Result<(), Failure> {
        if self.left_known {
            tokio::select! {
                () = self.texts.closed() => return self.result().await,
                left = &mut self.left => {
                    if left.is_ok() {
                        return Ok(());
                    }
                    self.left_known = false; // it is never told
                }
            }
        }
        self.texts.closed().await;
        self.result().await
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// As [`Output::gone`]; once.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        let (nowhere, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.texts, nowhere));
        self.result().await
    }

    /// Waits for the end of writing, however it comes.
    async fn result(&mut self) -> Result<(), Failure> {
        let Some(written) = &mut self.written else { return Ok(()) };
        let written = written.await;
        self.written = None;
        match written {
            Ok(Err(error)) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(Code::Failed, format!("The output cannot be written: {error}.")))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// Writes what comes until no more does, or nobody reads it.
fn write(mut texts: mpsc::Receiver<String>, waiting: &AtomicUsize) -> io::Result<()> {
    let mut out = stdout().lock();
    while let Some(text) = texts.blocking_recv() {
        out.write_all(text.as_bytes())?;
        if texts.is_empty() {
            out.flush()?;
        }
        waiting.fetch_sub(text.len(), Ordering::Relaxed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_found_no_room_waits_for_nothing() {
        let (texts, _unread) = mpsc::channel(1);
        let (_, left) = oneshot::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut output =
            Output { texts, waiting: Arc::clone(&waiting), written: None, left, left_known: true, missed: 0 };
        for _ in 0..100 {
            output.print("a line\n".to_owned());
        }
        assert_eq!((waiting.load(Ordering::Relaxed), output.missed), ("a line\n".len(), 99));
    }
}
