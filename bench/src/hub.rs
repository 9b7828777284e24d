//! The hub as a child process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::http;
use crate::process::Process;

/// How long a hub may take to print its link.
const START: Duration = Duration::from_secs(20);

/// How long a hub may take to stop; it gives itself ten seconds.
const STOP: Duration = Duration::from_secs(12);

/// How often it is looked whether it has stopped.
const LOOK: Duration = Duration::from_millis(2);

/// A running hub. Killed when it is dropped.
pub(crate) struct Hub {
    child: Child,
    address: SocketAddr,
}

impl Hub {
    /// Starts the real hub on a port of loopback (0 for a free one), without cookie and rate limit, and waits
    /// until it has printed its link. What it logs goes to a file.
    pub(crate) fn start(binary: &Path, data: &Path, log: &Path, port: u16) -> Result<Self> {
        let stderr = File::create(log).with_context(|| format!("making {}", log.display()))?;
        let child = Command::new(binary)
            // Settings of whoever runs the bench are not part of it.
            .env_clear()
            .args(["--listen", &SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string()])
            .args(["--open", "--rate-limit", "off", "--no-announce", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut hub = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let printed = hub.child.stdout.take().context("the hub's output")?;
        let port = port_of(printed).with_context(|| format!("the hub said: {}", said(log)))?;
        hub.address.set_port(port);
        Ok(hub)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What browsers call it.
    pub(crate) fn authority(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// What it costs.
    pub(crate) fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Asks whether it takes messages.
    pub(crate) fn check_health(&self) -> Result<()> {
        let answer = http::get(self.address, &self.authority(), "/health", None)?;
        ensure!(answer.status == 200, "/health answered {}", answer.status);
        Ok(())
    }

    /// Stops it in good order.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.terminate()?;
        let deadline = Instant::now() + STOP;
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the hub ended with {status} instead of stopping in good order");
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the hub did not stop within {} s", STOP.as_secs());
            }
            thread::sleep(LOOK);
        }
    }

    #[cfg(unix)]
    fn terminate(&mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pid = pid.context("the hub's process id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).context("stopping the hub")
    }

    #[cfg(not(unix))]
    fn terminate(&mut self) -> Result<()> {
        bail!("hubs can be stopped in good order on Unix only")
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // It may have ended by itself, which is all we want of it now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the link among the lines that a hub prints.
fn port_of(printed: ChildStdout) -> Result<u16> {
    let (found, port) = mpsc::sync_channel(1);
    // A thread, because a pipe has no deadline; it reads on to the end, so that the hub never waits for us.
    thread::spawn(move || {
        for line in BufReader::new(printed).lines().map_while(Result::ok) {
            if let Some(port) = port_in(&line) {
                let _ = found.try_send(port); // of several links the first is taken
            }
        }
    });
    port.recv_timeout(START).context("the hub printed no link")
}

/// The port in a line that is a link.
fn port_in(line: &str) -> Option<u16> {
    let authority = line.trim().strip_prefix("http://")?.split(['/', '#']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

/// What the hub had to say before it ended.
fn said(log: &Path) -> String {
    let path: PathBuf = log.to_owned();
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().last().unwrap_or("nothing").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_link() {
        assert_eq!(port_in("http://localhost:41234/"), Some(41_234));
        assert_eq!(port_in("  http://[::1]:80/#cookie=a:b"), Some(80));
        assert_eq!(port_in("http://localhost/"), None);
        assert_eq!(port_in("Open a link in a browser."), None);
    }
}
