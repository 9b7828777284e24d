//! What a socket takes of a process that only keeps it.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Result;
use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

/// Prints its port, and takes every socket that comes, until it is killed.
pub(super) fn run() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let poll = Poll::new()?;
    let mut kept = Vec::new();
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(kept.len()), Interest::READABLE)?;
        kept.push(stream);
    }
}
