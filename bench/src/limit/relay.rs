//! Bytes of one socket to its neighbour's, as they are: what must happen at least where one program says something to
//! another through a third.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Bytes read at a time: all that a window holds.
const BUFFER: usize = 64 * 1024;

/// Prints its port, takes two sockets for each pair, and passes on what comes until one is closed.
pub(super) fn run(pairs: usize) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let mut poll = Poll::new()?;
    let mut streams = Vec::with_capacity(2 * pairs);
    for index in 0..2 * pairs {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        streams.push(stream);
    }
    println!("ready");
    let (mut events, mut buffer) = (Events::with_capacity(1_024), vec![0; BUFFER]);
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        for event in &events {
            let Token(index) = event.token();
            loop {
                let count = match streams[index].read(&mut buffer) {
                    Ok(0) => return Ok(()),
                    Ok(count) => count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                };
                let written = streams[index ^ 1].write(&buffer[..count])?;
                ensure!(written == count, "a socket is full, which the limit does not handle");
                if count < buffer.len() {
                    break;
                }
            }
        }
    }
}
