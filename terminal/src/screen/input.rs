//! What is typed, pasted and clicked, as it comes.
//!
//! It is read by a thread of its own. What crossterm reads it reads to the end of a sequence, however late that comes,
//! and of a terminal that is gone for ever: nothing else may wait for that. So this looks first whether the terminal is
//! there, and asks crossterm only where there is something to read.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// What may wait to be taken, in events: a screenful typed ahead. Then the terminal keeps the rest.
const WAITING: usize = 256;

/// So long crossterm looks for more behind a key. It gives at once what there is, but forgets what it has read already
/// when this has passed before it could look: on a busy machine that may take a while.
const GLANCE: Duration = Duration::from_millis(100);

/// So long the end waits for that glance, which would take what is typed to the shell: a little longer than it takes.
const END: Duration = Duration::from_millis(150);

/// What comes from the terminal. Dropped, nothing is read any more.
pub(super) struct Input {
    events: mpsc::Receiver<Event>,
    reading: Arc<Reading>,
}

/// How far reading is.
#[derive(Default)]
struct Reading {
    stage: Mutex<Stage>,
    changed: Condvar,
}

#[derive(Default)]
struct Stage {
    /// crossterm is asked.
    inside: bool,
    /// Nothing more is to be read.
    over: bool,
}

impl Reading {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether crossterm may be asked, which is so until [`Self::leave`].
    fn enter(&self) -> bool {
        let mut stage = self.stage();
        stage.inside = !stage.over;
        stage.inside
    }

    fn leave(&self) {
        self.stage().inside = false;
        self.changed.notify_all();
    }

    /// Ends it, and waits until crossterm takes nothing more: not for ever, since of a terminal that is gone it may.
    fn end(&self) {
        let mut stage = self.stage();
        stage.over = true;
        drop(self.changed.wait_timeout_while(stage, END, |stage| stage.inside));
    }
}

impl Input {
    /// Reads from now on.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(super) fn read() -> io::Result<Self> {
        let (give, events) = mpsc::channel(WAITING);
        let reading = Arc::new(Reading::default());
        let theirs = Arc::clone(&reading);
        // It ends with the terminal, or with the next key after the end of the screen; nobody waits for it.
        thread::Builder::new().name("keys".to_owned()).spawn(move || drop(pass_on(&give, &theirs)))?;
        Ok(Self { events, reading })
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
        self.events.close(); // it may wait for room
        self.reading.end();
    }
}

/// Gives what comes, until the terminal or whoever takes it is gone.
fn pass_on(give: &mpsc::Sender<Event>, reading: &Reading) -> io::Result<()> {
    // What is typed behind the end is for whoever has the terminal then.
    while something_comes()? && reading.enter() {
        let passed = pass_at_hand(give, reading);
        reading.leave();
        if !passed? {
            break;
        }
    }
    Ok(())
}

/// Gives what there is. Whether more is wanted.
fn pass_at_hand(give: &mpsc::Sender<Event>, reading: &Reading) -> io::Result<bool> {
    while !reading.stage().over && event::poll(GLANCE)? {
        if give.blocking_send(event::read()?).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
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
