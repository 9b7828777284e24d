//! The hub as a process of its own, started again and again on the same port and the same data.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The cookie of every run.
pub(crate) const COOKIE: &str = "torture";

/// Ports that systems do not give to outgoing connections by themselves. While the hub is down its port is
/// free, and whoever tries to connect to it from the same port would meet itself and keep it.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How long a hub may take to start: it reads its log, on a machine that does much else.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take to stop when asked to: the ten seconds it promises, and some for a busy machine.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// How to start a hub.
pub(crate) struct Recipe {
    program: PathBuf,
    data: PathBuf,
    listen: SocketAddr,
    /// Further ports at which clients meet it.
    allow: Vec<SocketAddr>,
}

/// A hub that was started.
pub(crate) struct Hub {
    child: Child,
}

impl Recipe {
    /// A hub with its data in this folder, on a free port that nobody else will take by accident.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn new(program: &Path, data: &Path, first_port: u16) -> Result<Self> {
        let addresses = ports_from(first_port).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        // Given back at once; nothing was ever connected to it.
        let free = addresses.into_iter().find(|address| TcpListener::bind(address).is_ok());
        let listen = free.context("no port is free for the hub")?;
        Ok(Self { program: program.to_owned(), data: data.to_owned(), listen, allow: Vec::new() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Where its output goes that is for people.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.data.join("hub.log")
    }

    /// Clients will also come by this port.
    pub(crate) fn allow(&mut self, address: SocketAddr) {
        self.allow.push(address);
    }

    /// Starts it, and does not wait until it listens.
    ///
    /// # Errors
    /// If the program cannot be run.
    pub(crate) fn spawn(&self) -> Result<Hub> {
        let allow: Vec<String> = self.allow.iter().map(SocketAddr::to_string).collect();
        let child = Command::new(&self.program)
            .env_clear()
            .env("HUBBUB_COOKIE", COOKIE)
            .args(["--rate-limit", "off", "--log", "warn", "--name", "torture", "--no-announce"])
            .args(["--listen", &self.listen.to_string(), "--allow-host", &allow.join(",")])
            .arg("--data")
            .arg(self.data.join("hub"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(self.log()?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", self.program.display()))?;
        Ok(Hub { child })
    }

    fn log(&self) -> Result<File> {
        let path = self.log_file();
        OpenOptions::new().create(true).append(true).open(&path).with_context(|| format!("opening {}", path.display()))
    }
}

impl Hub {
    /// Waits until it says that it listens.
    ///
    /// # Errors
    /// If it ends before, or takes too long.
    pub(crate) async fn listening(&mut self) -> Result<()> {
        let stdout = self.child.stdout.take().context("its output was taken already")?;
        let mut lines = BufReader::new(stdout).lines();
        let said = timeout(STARTS_WITHIN, async {
            while let Some(line) = lines.next_line().await? {
                if line.contains("http://") {
                    return Ok(true);
                }
            }
            Ok::<_, std::io::Error>(false)
        });
        ensure!(said.await.context("the hub does not start")??, "the hub ended while it started");
        // What it prints further is read, so that it never waits for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(())
    }

    /// How it ended by itself, if it did.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub(crate) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// SIGTERM.
    #[cfg(unix)]
    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        let pid = self.child.id().context("the hub has ended already")?;
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).context("no process has this number")?;
        Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
    }

    /// Here nothing can be asked: it is killed instead.
    #[cfg(not(unix))]
    pub(crate) fn ask_to_stop(&mut self) -> Result<()> {
        Ok(self.child.start_kill()?)
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// If it does not, or not in good order.
    pub(crate) async fn stopped(mut self) -> Result<()> {
        let status =
            timeout(STOPS_WITHIN, self.child.wait()).await.context("the hub does not stop when asked to")??;
        if cfg!(unix) && !status.success() {
            bail!("the hub was asked to stop and ended with {status}");
        }
        Ok(())
    }
}

/// Each port once, beginning somewhere.
fn ports_from(first: u16) -> impl Iterator<Item = u16> {
    let count = PORTS.end - PORTS.start;
    (0..count).map(move |step| PORTS.start + (first % count + step) % count)
}
