//! Standard output. A thread writes, so that whoever reads slowly holds up neither the hub nor what is typed.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::commands::output::until_left;

/// Texts that wait to be written, and their bytes: what is said in minutes, for somebody who has stopped the terminal to
/// read.
const WAITING: usize = 2_000;
const WAITING_BYTES: usize = 2 * 1024 * 1024;

/// Where lines go.
pub(super) struct Output {
    texts: mpsc::Sender<String>,
    /// Bytes that wait.
    waiting: Arc<AtomicUsize>,
    written: oneshot::Receiver<()>,
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
            write(to_write, &theirs);
            done.send(()).ok(); // nobody waits where the end is in a hurry
        });
        let (told, left) = oneshot::channel();
        thread::spawn(move || {
            if until_left() {
                told.send(()).ok();
            }
        });
        Self { texts, waiting, written, left, left_known: true, missed: 0 }
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
        // One that has ended writes nothing, and tells so by itself.
        !matches!(self.texts.try_send(text), Err(mpsc::error::TrySendError::Full(_)))
    }

    /// Waits until nobody reads any more.
    ///
    /// Cancel safe.
    pub(super) async fn gone(&mut self) {
        if self.left_known {
            tokio::select! {
                () = self.texts.closed() => return,
                left = &mut self.left => {
                    if left.is_ok() {
                        return;
                    }
                    self.left_known = false; // it is never told
                }
            }
        }
        self.texts.closed().await;
    }

    /// Waits until all is written.
    pub(super) async fn finish(self) {
        drop(self.texts);
        self.written.await.ok(); // an error is the end as well
    }
}

/// Writes what comes until no more does, or nobody reads it.
fn write(mut texts: mpsc::Receiver<String>, waiting: &AtomicUsize) {
    let mut out = stdout().lock();
    while let Some(text) = texts.blocking_recv() {
        let mut written = out.write_all(text.as_bytes());
        if texts.is_empty() {
            written = written.and_then(|()| out.flush());
        }
        if written.is_err() {
            return;
        }
        waiting.fetch_sub(text.len(), Ordering::Relaxed);
    }
}
