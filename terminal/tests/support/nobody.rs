//! Where no hub is.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep};

use super::{LOOK, WITHIN};

/// A port of loopback at which nobody listens, and nobody else can: many hubs of tests take free ports meanwhile.
pub(crate) struct Nobody {
    pub(crate) address: SocketAddr,
    // Bound, it keeps the port.
    _socket: TcpSocket,
}

impl Nobody {
    pub(crate) fn new() -> Self {
        Self::bound(([127, 0, 0, 1], 0).into()).unwrap()
    }

    /// At the address of a hub that was stopped. A program that another test starts at this moment holds the hub's port
    /// until it has become that program.
    pub(crate) async fn at(address: SocketAddr) -> Self {
        let deadline = Instant::now() + WITHIN;
        loop {
            match Self::bound(address) {
                Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < deadline => sleep(LOOK).await,
                nobody => return nobody.unwrap(),
            }
        }
    }

    fn bound(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Connections that have ended there may still be remembered.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self { address: socket.local_addr()?, _socket: socket })
    }
}
