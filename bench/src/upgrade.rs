//! A WebSocket that is opened without anyone waiting for it: thousands of them at once, as after a restart.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use mio::net::TcpStream;

use crate::socket::Socket;
use crate::sources::{Manner, connect};

/// The most that a hub says to an upgrade, in bytes.
const MAX_HEAD: usize = 4 * 1024;

/// A socket on its way to be a WebSocket.
pub(crate) struct Upgrade {
    stream: TcpStream,
    /// What is still to be said.
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Upgrade {
    /// Begins to connect.
    pub(crate) fn begin(address: SocketAddr, host: &str) -> Result<Self> {
        let stream = TcpStream::from_std(connect(address, Manner { at_once: true, ..Manner::default() })?);
        // The key only keeps caches from answering (RFC 6455, section 1.3), and there are none.
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: {}\r\n\r\n",
            shared::wire::SUBPROTOCOL
        );
        Ok(Self { stream, request: request.into_bytes(), answer: Vec::new() })
    }

    /// The stream, for registering it for reading and writing.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Does what the stream allows now. Whether it has become a WebSocket.
    ///
    /// # Errors
    /// If it will not.
    pub(crate) fn go_on(&mut self) -> Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error.into());
        }
        while !self.request.is_empty() {
            match self.stream.write(&self.request) {
                Ok(count) => drop(self.request.drain(..count)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let mut piece = [0; 512];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => bail!("closed instead of upgraded"),
                Ok(count) => self.answer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            // The hub is silent until hello, so nothing comes behind the head.
            if self.answer.ends_with(b"\r\n\r\n") {
                ensure!(self.answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&self.answer));
                return Ok(true);
            }
            ensure!(self.answer.len() < MAX_HEAD, "too long an answer to the upgrade");
        }
    }

    /// The WebSocket that it has become.
    pub(crate) fn into_socket(self) -> Socket {
        Socket::of(self.stream)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use mio::{Events, Interest, Poll, Token};

    use super::*;

    /// What becomes of an upgrade that is answered so.
    fn answered(answer: &'static [u8]) -> Result<bool> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let mut upgrade = Upgrade::begin(listener.local_addr().expect("its address"), "localhost:1")?;
        let mut poll = Poll::new()?;
        poll.registry().register(upgrade.stream(), Token(0), Interest::READABLE | Interest::WRITABLE)?;
        let hub = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a socket");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request");
                request.push(byte[0]);
            }
            for byte in answer {
                stream.write_all(&[*byte]).expect("an answer");
            }
        });
        let mut events = Events::with_capacity(8);
        let done = loop {
            match upgrade.go_on() {
                Ok(false) => poll.poll(&mut events, Some(Duration::from_secs(10)))?,
                done => break done,
            }
        };
        hub.join().expect("the hub ends");
        done
    }

    #[test]
    fn an_upgrade_is_done_when_the_whole_head_has_come() {
        assert!(answered(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n").expect("an upgrade"));
    }

    #[test]
    fn a_refusal_is_an_error() {
        assert!(answered(b"HTTP/1.1 403 Forbidden\r\n\r\n").is_err());
        assert!(answered(b"HTTP/1.1 101 Sw").is_err(), "cut off");
    }
}
