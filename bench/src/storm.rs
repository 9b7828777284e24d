//! Many who come at once, none of whom waits for another.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use mio::{Events, Interest, Poll, Token};

use crate::crowd::{Crowd, Patience};
use crate::socket::Socket;
use crate::upgrade::Upgrade;

/// Events taken at a time.
const EVENTS: usize = 1_024;

/// Bytes read at a time, shared by all sockets.
const BUFFER: usize = 256 * 1024;

/// Where they go.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    /// What browsers call it.
    pub(crate) host: String,
}

enum Link {
    Upgrading(Upgrade),
    Open(Socket),
    /// Between the two.
    Changing,
}

/// So many connect in the same moment, and each says `first` as soon as it is a WebSocket; then what comes is heard
/// until `done`.
///
/// # Errors
/// If one is not let in or thrown out, or nothing comes any more.
pub(crate) fn storm<S>(
    door: &Door,
    count: usize,
    first: impl Fn(usize) -> Vec<u8>,
    state: &mut S,
    mut heard: impl FnMut(&mut S, usize, &[u8]) -> Result<()>,
    done: impl Fn(&S) -> bool,
) -> Result<Crowd> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(EVENTS);
    let mut buffer = vec![0; BUFFER];
    let mut links = Vec::with_capacity(count);
    for index in 0..count {
        let mut upgrade = Upgrade::begin(door.address, &door.host)?;
        poll.registry().register(upgrade.stream(), Token(index), Interest::READABLE | Interest::WRITABLE)?;
        links.push(Link::Upgrading(upgrade));
    }
    let mut patience = Patience::new();
    while !done(state) {
        match poll.poll(&mut events, Some(patience.left()?)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            polled => polled?,
        }
        let mut texts = 0;
        for event in &events {
            let index = event.token().0;
            texts += match &mut links[index] {
                Link::Open(socket) => {
                    let mut texts = 0;
                    let read = socket.read(&mut buffer, &mut |text| {
                        texts += 1;
                        heard(state, index, text)
                    });
                    read.with_context(|| format!("socket {index}"))?;
                    texts
                }
                link => {
                    let upgraded = go_on(link, &poll, index, &first);
                    usize::from(upgraded.with_context(|| format!("opening socket {index}"))?)
                }
            };
        }
        patience.spend(texts);
    }
    let open = |link| match link {
        Link::Open(socket) => Some(socket),
        Link::Upgrading(_) | Link::Changing => None,
    };
    let sockets: Option<Vec<Socket>> = links.into_iter().map(open).collect();
    Ok(Crowd::registered(poll, sockets.context("not all have come")?))
}

/// Whether it has become a WebSocket.
fn go_on(link: &mut Link, poll: &Poll, index: usize, first: &impl Fn(usize) -> Vec<u8>) -> Result<bool> {
    let Link::Upgrading(upgrade) = link else { return Ok(false) };
    if !upgrade.go_on()? {
        return Ok(false);
    }
    poll.registry().reregister(upgrade.stream(), Token(index), Interest::READABLE)?;
    if let Link::Upgrading(upgrade) = std::mem::replace(link, Link::Changing) {
        let mut socket = upgrade.into_socket();
        socket.send(&first(index))?;
        *link = Link::Open(socket);
    }
    Ok(true)
}
