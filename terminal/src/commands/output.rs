//! Standard output. A thread writes, so that whoever reads slowly holds up neither signals nor the connection.

use std::io::{self, ErrorKind, Write};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::End;
use crate::exit::{Code, Failure};
use crate::stopping::Stop;

/// Texts that wait to be written: some more than one page of the log, so that the next is asked for meanwhile.
const WAITING: usize = 256;

/// What is written at a time at most, in bytes: a pipe's worth, so that a reader gets what there is.
const AT_ONCE: usize = 64 * 1024;

/// Where results go, each as soon as it is there.
pub(super) struct Output {
    /// None once it was finished.
    texts: Option<mpsc::Sender<String>>,
    written: Option<oneshot::Receiver<io::Result<()>>>,
    /// Told when the system says that nobody reads any more.
    left: Option<oneshot::Receiver<()>>,
}

impl Output {
    /// # Errors
    /// If there can be no thread.
    pub(super) fn open() -> Result<Self, Failure> {
        let (texts, waiting) = mpsc::channel(WAITING);
        let (told, written) = oneshot::channel();
        let writer = thread::Builder::new().name("output".to_owned());
        // Nobody waits for its end: one that is stuck in a full pipe ends with the program.
        let writer = writer.spawn(move || drop(told.send(write(waiting))));
        writer.map_err(|error| Failure::new(Code::Failed, format!("The program cannot start: {error}.")))?;
        Ok(Self { texts: Some(texts), written: Some(written), left: None })
    }

    /// From now on [`Output::gone`] knows that a reader has left before something is written: for what prints nothing for
    /// hours.
    pub(super) fn watch(&mut self) {
        let (told, left) = oneshot::channel();
        let watcher = thread::Builder::new().name("reader".to_owned()).spawn(move || {
            if until_left() {
                _ = told.send(()); // perhaps nobody waits any more
            }
        });
        // Without it, it is known as soon as something is written.
        self.left = watcher.is_ok().then_some(left);
    }

    /// Prints a text and a line break. Waits while too much waits already, unless a signal comes.
    pub(super) async fn line(&mut self, mut text: String, stop: &mut Stop) -> Result<(), End> {
        text.push('\n');
        let sent = match &self.texts {
            Some(texts) => tokio::select! {
                code = stop.asked() => return Err(End::Stopped(code)),
                sent = texts.send(text) => sent.is_ok(),
            },
            None => false,
        };
        // The writer has ended, and says why.
        if sent { Ok(()) } else { self.finish().await.and(Err(End::Gone)) }
    }

    /// Waits until nobody reads any more.
    ///
    /// Cancel safe.
    pub(super) async fn gone(&mut self) {
        let Self { texts, left, .. } = self;
        let ended = async {
            match texts {
                Some(texts) => texts.closed().await,
                None => std::future::pending().await,
            }
        };
        let left = async {
            let told = match left.as_mut() {
                Some(left) => left.await.is_ok(),
                None => false,
            };
            *left = None; // it tells no more
            if !told {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = ended => {}
            () = left => {}
        }
    }

    /// Waits until all is written.
    pub(super) async fn finish(&mut self) -> Result<(), End> {
        self.texts = None;
        let Some(written) = self.written.take() else { return Ok(()) };
        match written.await {
            Ok(Ok(())) | Err(_) => Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => Err(End::Gone),
            Ok(Err(error)) => Err(End::failed(Code::Failed, format!("The output cannot be written: {error}."))),
        }
    }
}

/// Waits until nobody reads standard output any more. False where that is never told.
#[cfg(unix)]
pub(crate) fn until_left() -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;

    let out = io::stdout();
    // Nothing is asked for: an end is told in any case.
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Ok(_) => return watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// The same.
#[cfg(not(unix))]
pub(crate) fn until_left() -> bool {
    false
}

/// Writes what comes until no more does.
fn write(mut texts: mpsc::Receiver<String>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    while let Some(mut text) = texts.blocking_recv() {
        while text.len() < AT_ONCE
            && let Ok(next) = texts.try_recv()
        {
            text.push_str(&next);
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
    }
    Ok(())
}
