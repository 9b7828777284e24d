//! The signals that ask the program to end. Once they are listened to they do nothing by themselves, so whatever waits for
//! long waits for them as well.

use crate::exit::Code;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Tells when the program is asked to end.
#[derive(Debug)]
pub struct Stop {
    /// A signal that cannot be listened to ends the program at once, as it would without us.
    #[cfg(unix)]
    signals: [(Option<Signal>, Code); 4],
}

impl Stop {
    /// Listens from now on. Needs a tokio runtime round it.
    pub fn listen() -> Self {
        Self {
            #[cfg(unix)]
            signals: [
                (signal(SignalKind::interrupt()).ok(), Code::Interrupted),
                // From the keyboard as well. By itself it would leave the terminal as it is, perhaps without echo.
                (signal(SignalKind::quit()).ok(), Code::Interrupted),
                (signal(SignalKind::terminate()).ok(), Code::Terminated),
                // The terminal is gone: nobody is there to see the code.
                (signal(SignalKind::hangup()).ok(), Code::Terminated),
            ],
        }
    }

    /// Waits until the program is asked to end; gives the code to end with. May be asked again, for a second Ctrl-C.
    ///
    /// Cancel safe.
    #[cfg(unix)]
    pub async fn asked(&mut self) -> Code {
        let [interrupt, quit, terminate, hangup] = &mut self.signals;
        tokio::select! {
            () = came(&mut interrupt.0) => interrupt.1,
            () = came(&mut quit.0) => quit.1,
            () = came(&mut terminate.0) => terminate.1,
            () = came(&mut hangup.0) => hangup.1,
        }
    }

    /// The same.
    #[cfg(not(unix))]
    pub async fn asked(&mut self) -> Code {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Code::Interrupted,
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits until somebody insists, while the program leaves in good order: by Ctrl-C. A terminal that is closed, or a
    /// machine that shuts down, asks in several ways at once, and that is no more than asking.
    ///
    /// Cancel safe.
    pub async fn insisted(&mut self) -> Code {
        loop {
            if let code @ Code::Interrupted = self.asked().await {
                return code;
            }
        }
    }
}

/// Whether the terminal that standard input was is gone: its window was closed, or the connection to it.
#[cfg(unix)]
pub(crate) fn hung_up() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&input, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).is_ok() && fds[0].revents().contains(PollFlags::HUP)
}

#[cfg(not(unix))]
pub(crate) fn hung_up() -> bool {
    false
}

#[cfg(unix)]
async fn came(signal: &mut Option<Signal>) {
    let came = match signal {
        Some(signal) => signal.recv().await.is_some(),
        None => false,
    };
    if !came {
        std::future::pending::<()>().await;
    }
}
