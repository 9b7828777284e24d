//! The physical limit: the same bytes to the same sockets, by a process of its own that does nothing else. No log, no
//! names, no protocol.

mod keeper;
mod relay;
mod sender;

use std::io::{BufRead, BufReader, Lines};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::crowd::Crowd;
use crate::options::Role;
use crate::process::Process;
use crate::socket::Socket;

/// How a line leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// One `send` a line and socket.
    Each,
    /// One `send` a socket for all that a wake-up brought.
    Batched,
}

impl Sending {
    /// A line asks for it with this byte, repeated to the line's length.
    fn mark(self) -> u8 {
        match self {
            Self::Each => b'e',
            Self::Batched => b'b',
        }
    }
}

/// Who hears whom: sockets in the order in which they came, `people` to a room. The first of a room speaks there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seats {
    pub(crate) rooms: usize,
    pub(crate) people: usize,
}

impl Seats {
    pub(crate) fn sockets(self) -> usize {
        self.rooms * self.people
    }
}

/// The limit as a child process. Killed when it is dropped.
pub(crate) struct Limit {
    child: Child,
    address: SocketAddr,
    printed: Lines<BufReader<ChildStdout>>,
    /// The length of a line that goes to it, in bytes.
    line: usize,
}

impl Limit {
    /// Starts it with its sockets; lines that come in are `line` bytes long.
    pub(crate) fn start(seats: Seats, line: usize) -> Result<(Self, Crowd)> {
        let (rooms, people) = (seats.rooms.to_string(), seats.people.to_string());
        let line_words = ["--line", &line.to_string()];
        let mut limit =
            Self::spawn(&[&["limit", "--rooms", &rooms, "--people", &people][..], &line_words].concat(), line)?;
        let opened: Result<_> = (0..seats.sockets()).map(|_| Socket::bare(limit.address)).collect();
        let crowd = Crowd::of(opened?)?;
        ensure!(limit.printed()? == "ready", "the limit did not take its sockets");
        Ok((limit, crowd))
    }

    /// Starts one that passes on what comes on either of the two sockets of a pair to the other.
    pub(crate) fn relay(pairs: usize) -> Result<(Self, Crowd)> {
        let mut limit = Self::spawn(&["relay", "--pairs", &pairs.to_string()], 0)?;
        let opened: Result<_> = (0..2 * pairs).map(|_| Socket::bare(limit.address)).collect();
        let crowd = Crowd::of(opened?)?;
        ensure!(limit.printed()? == "ready", "the limit did not take its sockets");
        Ok((limit, crowd))
    }

    /// Starts one that takes any number of sockets and does nothing with them.
    pub(crate) fn keep() -> Result<Self> {
        Self::spawn(&["keep"], 0)
    }

    fn spawn(words: &[&str], line: usize) -> Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        let mut child =
            command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("starting the limit")?;
        let printed = BufReader::new(child.stdout.take().context("the limit's output")?).lines();
        let mut limit = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), printed, line };
        let port = limit.printed()?.parse().context("the limit's port")?;
        limit.address.set_port(port);
        Ok(limit)
    }

    fn printed(&mut self) -> Result<String> {
        Ok(self.printed.next().context("the limit ended")??)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it costs.
    pub(crate) fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Adds a line that asks to be sent this way.
    pub(crate) fn add_line(&self, sending: Sending, bytes: &mut Vec<u8>) {
        bytes.resize(bytes.len() + self.line, sending.mark());
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        // It may have ended by itself, which is all we want of it now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process itself.
pub(crate) fn run(role: &Role) -> Result<()> {
    match *role {
        Role::Limit { rooms, people, line } => sender::run(Seats { rooms, people }, line),
        Role::Keep => keeper::run(),
        Role::Relay { pairs } => relay::run(pairs),
    }
}
