//! Where the crowd comes from: an address has some 28,000 ports, and a hub's port sees each pair once a minute.
//! Linux holds all of 127.0.0.0/8 to be this machine.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// How long connecting, and each read of an upgrade, may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a socket is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// With a small receive buffer that does not grow, so that what is not read soon waits in the hub.
    pub(crate) narrow: bool,
    /// Without waiting for it.
    pub(crate) at_once: bool,
}

/// Opens a socket.
pub(crate) fn connect(address: SocketAddr, manner: Manner) -> Result<TcpStream> {
    let stream = open(address, manner).with_context(|| format!("connecting to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

#[cfg(unix)]
fn open(address: SocketAddr, manner: Manner) -> Result<TcpStream> {
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};

    /// The receive buffer of a narrow socket, in bytes; Linux doubles it. With less, one that reads would wait for
    /// the timers of TCP.
    const NARROW: usize = 32 * 1024;

    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let waiting = if manner.at_once { SocketFlags::NONBLOCK } else { SocketFlags::empty() };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | waiting, None)?;
    if manner.narrow {
        // Before connecting, when the window's scale is agreed.
        sockopt::set_socket_recv_buffer_size(&socket, NARROW)?;
    }
    if let Some(source) = source(address) {
        bind(&socket, &source)?;
    }
    match connect(&socket, &address) {
        Err(Errno::INPROGRESS) if manner.at_once => {}
        connected => connected?,
    }
    Ok(TcpStream::from(socket))
}

#[cfg(not(unix))]
fn open(address: SocketAddr, manner: Manner) -> Result<TcpStream> {
    anyhow::ensure!(manner == Manner::default(), "only Unix lets sockets be opened like this");
    Ok(TcpStream::connect(address)?)
}

/// The address from which the next socket goes there. None where it has no choice.
#[cfg(target_os = "linux")]
fn source(address: SocketAddr) -> Option<SocketAddr> {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Sockets from one address, and how many addresses there are: then the first is long free again.
    const PORTS: usize = 2_000;
    const ADDRESSES: usize = 250;

    static OPENED: AtomicUsize = AtomicUsize::new(0);
    if !(address.is_ipv4() && address.ip().is_loopback()) {
        return None;
    }
    let source = OPENED.fetch_add(1, Ordering::Relaxed) / PORTS % ADDRESSES;
    let host = u8::try_from(source).unwrap_or_default() + 1;
    Some(SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0)))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn source(_: SocketAddr) -> Option<SocketAddr> {
    None
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn a_socket_that_nobody_waits_for_arrives_too() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let stream = connect(address, Manner { at_once: true, ..Manner::default() }).expect("a socket");
        let (_, peer) = listener.accept().expect("it arrives");
        assert_eq!(stream.local_addr().expect("its address"), peer);
        assert!(peer.ip().is_loopback());
    }
}
