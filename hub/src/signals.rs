//! How the operating system asks a hub, or what it does instead, to stop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Ctrl-C, and on Unix SIGTERM and SIGHUP: that the terminal is closed.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// None where it means nothing (`nohup`), or means nothing any more.
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Takes them over from the operating system, which would end the process.
    ///
    /// # Errors
    /// If it does not let go of them.
    pub fn take() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        // It would end the process where a file may grow no longer (`ulimit -f`): taken over, the write fails, and is told.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
        let hangup = (!hangup_is_ignored()).then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next. A terminal that is closed may be told of twice, by the system and by a shell, and means no haste:
    /// so it counts as the first alone.
    pub async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
        self.hangup = None; // it stays taken over, and is not heard any more
    }
}

/// Whether this program was started to outlive its terminal. Only Linux tells without unsafe code; elsewhere a terminal
/// that is closed ends the program, or does not, as the system has it.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    // SIGHUP is number 1, and has the lowest bit.
    mask.is_none_or(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
impl Signals {
    /// Nothing needs to be taken over here.
    ///
    /// # Errors
    /// None.
    pub fn take() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// That somebody wants what is under way to end before it is done. Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Makes the wish.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was made.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
