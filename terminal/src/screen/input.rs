//! What is typed, pasted and clicked, as it comes.
//!
//! It is read by a thread of its own. What crossterm reads it reads to the end of a sequence, however late that comes,
//! and of a terminal that is gone for ever: nothing else may wait for that. So this looks first whether the terminal is
//! there, and asks crossterm only where there is something to read.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// What may wait to be taken, in events: a screenful typed ahead. Then the terminal keeps the rest.
const WAITING: usize = 256;

/// So long crossterm looks for more behind a key. It gives at once what there is, but forgets what it has read already
/// when this has passed before it could look: on a busy machine that may take a while.
const GLANCE: Duration = Duration::from_millis(100);

/// What comes from the terminal. Dropped, nothing is read any more.
pub(super) struct Input {
    events: mpsc::Receiver<Event>,
    over: Arc<AtomicBool>,
}

impl Input {
    /// Reads from now on.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn read() -> io::Result<Self> {
        let (give, events) = mpsc::channel(WAITING);
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        // It ends with the terminal, or with the next key after the end of the screen; nobody waits for it.
        thread::Builder::new().name("keys".to_owned()).spawn(move || drop(pass_on(&give, &ended)))?;
        Ok(Self { events, over })
    }

    /// The next; none once the terminal is gone.
    ///
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The next, if it is there.
    pub(super) fn at_hand(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Gives what comes, until the terminal or whoever takes it is gone.
fn pass_on(give: &mpsc::Sender<Event>, over: &AtomicBool) -> io::Result<()> {
    while something_comes()? {
        // What is typed behind the end is for whoever has the terminal then.
        while !over.load(Ordering::Relaxed) && event::poll(GLANCE)? {
            if give.blocking_send(event::read()?).is_err() {
                return Ok(());
            }
        }
        if over.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

/// Waits until there is something to read; not so once the terminal is gone.
#[cfg(unix)]
fn something_comes() -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    let input = rustix::stdio::stdin();
    loop {
        let mut fds = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {
                let came = fds[0].revents();
                return Ok(came == PollFlags::IN);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(unix))]
fn something_comes() -> io::Result<bool> {
    loop {
        if event::poll(Duration::from_secs(3600))? {
            return Ok(true);
        }
    }
}
