//! Epoll, and a `send` to each socket: either one for each line, or one for all that a wake-up brought.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use shared::room::LOBBY;

use super::{Seats, Sending};
use crate::line::Template;
use crate::rooms;

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// Prints its port, takes its sockets, and sends until one is closed.
pub(super) fn run(seats: Seats, line: usize) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let poll = Poll::new()?;
    let mut streams = Vec::with_capacity(seats.sockets());
    for index in 0..seats.sockets() {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        streams.push(stream);
    }
    println!("ready");
    let name = |room| if seats.rooms == 1 { LOBBY.to_owned() } else { rooms::name(room) };
    let rooms = (0..seats.rooms).map(|room| Room { template: Template::new(&name(room)), sent: 0, begun: 0 }).collect();
    Sender { streams, rooms, people: seats.people, line, buffer: vec![0; BUFFER] }.run(poll)
}

struct Sender {
    streams: Vec<TcpStream>,
    rooms: Vec<Room>,
    /// In each room.
    people: usize,
    /// How long a line is that comes in.
    line: usize,
    buffer: Vec<u8>,
}

struct Room {
    template: Template,
    /// Lines sent so far.
    sent: u64,
    /// Bytes that came of the next one.
    begun: usize,
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
                let index = event.token().0;
                match self.streams[index].read(&mut self.buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => self.take(index / self.people, count)?,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// So many bytes came from a room's speaker, fewer than the buffer holds.
    fn take(&mut self, index: usize, count: usize) -> Result<()> {
        ensure!(count < self.buffer.len(), "more lines at once than the limit takes");
        let room = &mut self.rooms[index];
        let lines = (room.begun + count) / self.line;
        room.begun = (room.begun + count) % self.line;
        match self.buffer[count - 1] {
            mark if mark == Sending::Each.mark() => {
                for _ in 0..lines {
                    self.broadcast(index, 1)?;
                }
                Ok(())
            }
            mark if mark == Sending::Batched.mark() => self.broadcast(index, lines),
            mark => bail!("no line begins with {mark}"),
        }
    }

    fn broadcast(&mut self, index: usize, lines: usize) -> Result<()> {
        let room = &mut self.rooms[index];
        let bytes = room.template.lines(room.sent, lines);
        room.sent += lines as u64;
        for stream in self.streams.iter_mut().skip(index * self.people).take(self.people) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_room_however_they_are_cut() {
        let room = || Room { template: Template::new(LOBBY), sent: 0, begun: 0 };
        let mut sender =
            Sender { streams: Vec::new(), rooms: vec![room(), room()], people: 3, line: 10, buffer: vec![b'b'; 64] };
        for (index, count, sent) in [(0, 3, [0, 0]), (1, 10, [0, 1]), (0, 7, [1, 1]), (0, 25, [3, 1]), (0, 5, [4, 1])] {
            sender.take(index, count).expect("lines");
            assert_eq!([sender.rooms[0].sent, sender.rooms[1].sent], sent);
        }
    }
}
