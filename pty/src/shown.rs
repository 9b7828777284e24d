//! What a program at a terminal wrote: every byte, and what stands on the screen by it.

use std::fmt::Display;
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use vt100::Parser;

use crate::{DEADLINE, SCROLLBACK, Size, lock, rows};

/// Bytes taken from the system at a time.
const READ: usize = 64 * 1024;

/// Of all that a program writes so much is kept, the newest: a view that is redrawn for a minute writes that much.
const KEPT: usize = 64 * 1024 * 1024;

/// U+FFFD, which terminals draw, in one column. The one here leaves it out, and what stands behind would be drawn in the
/// wrong place.
const UNKNOWN: &[u8] = "\u{fffd}".as_bytes();

/// What is drawn in its place.
const IN_ITS_PLACE: u8 = b'?';

/// What the program wrote, and when something came.
pub(crate) struct Shown {
    written: Mutex<Written>,
    came: Condvar,
}

pub(crate) struct Written {
    pub(crate) screen: Parser,
    pub(crate) bytes: Vec<u8>,
    /// The beginning of what may become [`UNKNOWN`].
    begun: Vec<u8>,
    /// When the newest of it came.
    at: Instant,
    /// What comes is not to be read any more.
    unread: bool,
    /// No more will come: nobody has the terminal open, or nobody reads.
    over: bool,
}

impl Written {
    fn draw(&mut self, bytes: &[u8]) {
        if self.begun.is_empty() && !bytes.contains(&UNKNOWN[0]) {
            return self.screen.process(bytes);
        }
        for byte in bytes {
            self.begun.push(*byte);
            if self.begun == UNKNOWN {
                self.begun.clear();
                self.screen.process(&[IN_ITS_PLACE]);
            } else if !UNKNOWN.starts_with(&self.begun) {
                self.screen.process(&self.begun);
                self.begun.clear();
            }
        }
    }
}

impl Shown {
    pub(crate) fn new(size: Size, started: Instant) -> Self {
        let (rows, cols) = size.of_screen();
        let screen = Parser::new(rows, cols, SCROLLBACK);
        let written = Written { screen, bytes: Vec::new(), begun: Vec::new(), at: started, unread: false, over: false };
        Self { written: Mutex::new(written), came: Condvar::new() }
    }

    pub(crate) fn written(&self) -> MutexGuard<'_, Written> {
        lock(&self.written)
    }

    /// Reads until no more comes, or nobody wants it.
    pub(crate) fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = vec![0; READ];
        loop {
            let read = reader.read(&mut buffer);
            let at = Instant::now();
            let mut written = self.written();
            match read {
                Ok(0) | Err(_) => written.over = true,
                Ok(_) if written.unread => written.over = true,
                Ok(count) => {
                    written.at = at;
                    written.draw(&buffer[..count]);
                    written.bytes.extend_from_slice(&buffer[..count]);
                    if written.bytes.len() > KEPT {
                        let past = written.bytes.len() - KEPT / 2;
                        written.bytes.drain(..past);
                    }
                }
            }
            let over = written.over;
            drop(written);
            self.came.notify_all();
            if over {
                return;
            }
        }
    }

    /// What comes from here on is not read: but for what the reader takes that waits for it.
    pub(crate) fn leave_unread(&self) {
        self.written().unread = true;
    }

    /// Waits until `look` finds something in it; when the newest of it came.
    pub(crate) fn wait<T>(
        &self,
        what: impl Display,
        mut look: impl FnMut(&Written) -> Option<T>,
    ) -> Result<(Instant, T), String> {
        let deadline = Instant::now() + DEADLINE;
        let mut written = self.written();
        loop {
            if let Some(found) = look(&written) {
                return Ok((written.at, found));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || written.over {
                let why = if written.over { "no more will come" } else { "nothing came of it" };
                return Err(format!("waited for {what}: {why}. On the screen:\n{}", rows(written.screen.screen())));
            }
            written = self.came.wait_timeout(written, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the last of what is written.
    pub(crate) fn wait_for_the_last(&self) {
        // Where somebody else has the terminal open as well there is no last.
        drop(self.came.wait_timeout_while(self.written(), DEADLINE, |written| !written.over));
    }
}
