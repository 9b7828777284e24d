//! The physical limit: the same bytes to the same sockets, by a process of its own that does
//! nothing else. No log, no names, no protocol: epoll, and a `send` to each socket, either one for
//! each line or one for all that a wake-up brought.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use shared::entry::{Entry, Said};
use shared::message::ToNode;
use shared::room::LOBBY;
use shared::wire;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::crowd::Crowd;
use crate::guests::nick;
use crate::process::Process;
use crate::socket::{Socket, write_frame};

/// The texts that are said, in bytes.
const TEXT: usize = 64;

/// The numbers of lines begin here, so that all have as many digits.
const FIRST: u64 = 1_000_000_000;

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

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

/// What is said on line after line.
pub(crate) fn text() -> String {
    "x".repeat(TEXT)
}

/// The id of the request for the line with this number: all have the same length.
pub(crate) fn id(number: u64) -> String {
    format!("{number:010}")
}

/// The `seq` in the frame of a line.
pub(crate) fn frame_seq(line: u64) -> u64 {
    FIRST + line
}

/// A line as the hub would send it, a finished WebSocket frame.
pub(crate) fn frame(line: u64) -> Vec<u8> {
    let seq = frame_seq(line);
    let at = 1_800_000_000_000; // as many digits as the time has in this century
    let said = Said { seq, at, room: LOBBY.to_owned(), from: nick(0), id: id(seq), text: text() };
    let json = wire::encode(&ToNode::Entry(Entry::Said(said)));
    let mut bytes = Vec::new();
    write_frame(Frame::message(json, OpCode::Data(Data::Text), true), &mut bytes);
    bytes
}

/// The limit as a child process. Killed when it is dropped.
pub(crate) struct Limit {
    child: Child,
    line: usize,
}

impl Limit {
    /// Starts it with so many sockets; lines that come in are `line` bytes long.
    pub(crate) fn start(sockets: usize, line: usize) -> Result<(Self, Crowd)> {
        let program = std::env::current_exe().context("finding this program")?;
        let child = Command::new(program)
            .args(["limit", "--sockets", &sockets.to_string(), "--line", &line.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the limit")?;
        let mut limit = Self { child, line };
        let mut printed = BufReader::new(limit.child.stdout.take().context("the limit's output")?);
        let mut port = String::new();
        printed.read_line(&mut port)?;
        let port = port.trim().parse().context("the limit's port")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let opened: Result<_> = (0..sockets).map(|_| Socket::bare(address)).collect();
        let crowd = Crowd::of(opened?)?;
        let mut ready = String::new();
        printed.read_line(&mut ready)?;
        ensure!(ready.trim() == "ready", "the limit did not take its sockets");
        Ok((limit, crowd))
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

/// The process itself: prints its port, takes its sockets, and sends until one is closed.
pub(crate) fn run(sockets: usize, line: usize) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let poll = Poll::new()?;
    let mut streams = Vec::with_capacity(sockets);
    for index in 0..sockets {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        streams.push(stream);
    }
    println!("ready");
    Sender { streams, line, template: Template::new(), sent: 0, begun: 0, buffer: vec![0; BUFFER] }.run(poll)
}

struct Sender {
    streams: Vec<TcpStream>,
    /// How long a line is that comes in.
    line: usize,
    template: Template,
    /// Lines sent so far.
    sent: u64,
    /// Bytes that came of the next one.
    begun: usize,
    buffer: Vec<u8>,
}

impl Sender {
    fn run(mut self, mut poll: Poll) -> Result<()> {
        let mut events = Events::with_capacity(1_024);
        loop {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                match self.streams[event.token().0].read(&mut self.buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => self.take(count)?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// So many bytes came, fewer than the buffer holds.
    fn take(&mut self, count: usize) -> Result<()> {
        ensure!(count < self.buffer.len(), "more lines at once than the limit takes");
        let lines = (self.begun + count) / self.line;
        self.begun = (self.begun + count) % self.line;
        match self.buffer[count - 1] {
            mark if mark == Sending::Each.mark() => {
                for _ in 0..lines {
                    self.broadcast(1)?;
                }
                Ok(())
            }
            mark if mark == Sending::Batched.mark() => self.broadcast(lines),
            mark => bail!("no line begins with {mark}"),
        }
    }

    fn broadcast(&mut self, lines: usize) -> Result<()> {
        let bytes = self.template.lines(self.sent, lines);
        self.sent += lines as u64;
        for stream in &mut self.streams {
            send(stream, bytes)?;
        }
        Ok(())
    }
}

fn send(stream: &mut impl Write, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let count = stream.write(bytes).or_else(
        |error: io::Error| {
            if error.kind() == ErrorKind::WouldBlock { Ok(0) } else { Err(error) }
        },
    )?;
    ensure!(count == bytes.len(), "a socket is full, which the limit does not handle");
    Ok(())
}

/// A finished frame in which only the number changes: encoding is no part of the limit.
struct Template {
    frame: Vec<u8>,
    /// Where the digits of `seq` begin.
    digits: usize,
    batch: Vec<u8>,
}

impl Template {
    fn new() -> Self {
        let frame = frame(0);
        let first = FIRST.to_string();
        let digits = frame.windows(first.len()).position(|window| window == first.as_bytes()).unwrap_or_default();
        Self { frame, digits, batch: Vec::new() }
    }

    /// The frames of so many lines.
    fn lines(&mut self, first: u64, lines: usize) -> &[u8] {
        self.batch.clear();
        for line in first..first + lines as u64 {
            let begin = self.batch.len() + self.digits;
            self.batch.extend_from_slice(&self.frame);
            let digits = frame_seq(line).to_string();
            self.batch[begin..begin + digits.len()].copy_from_slice(digits.as_bytes());
        }
        &self.batch
    }
}

#[cfg(test)]
mod tests {
    use crate::heard::{Heard, understand};

    use super::*;

    #[test]
    fn the_template_makes_frames_that_differ_in_their_number_only() {
        let mut template = Template::new();
        let frames = template.lines(5, 2).to_vec();
        let (one, other) = frames.split_at(frame(5).len());
        assert_eq!(one.len(), other.len());
        let header = 4; // of a text longer than 125 bytes (RFC 6455, section 5.2)
        assert_eq!(understand(&one[header..]).expect("a line"), Heard::Line { seq: frame_seq(5) });
        assert_eq!(understand(&other[header..]).expect("a line"), Heard::Line { seq: frame_seq(6) });
    }

    #[test]
    fn one_line_is_as_long_as_any_other() {
        assert_eq!(frame(0).len(), frame(999_999).len());
    }

    #[test]
    fn lines_are_counted_however_they_are_cut() {
        let mut sender = Sender {
            streams: Vec::new(),
            line: 10,
            template: Template::new(),
            sent: 0,
            begun: 0,
            buffer: vec![b'b'; 64],
        };
        for (count, sent) in [(3, 0), (7, 1), (25, 3), (5, 4)] {
            sender.take(count).expect("lines");
            assert_eq!(sender.sent, sent);
        }
    }
}
