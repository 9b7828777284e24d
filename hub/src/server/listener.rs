//! The port: binding it, accepting sockets, and speaking HTTP on each until it becomes a WebSocket.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tower::Service;
use tracing::{Instrument, Span};

use super::{Phase, ended, stopping};
use crate::config::Limits;

/// Sockets that may wait to be accepted: after a restart every tab of the LAN comes back at once.
/// Linux caps it at `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// What the system may hold for a peer that does not read, in bytes (Linux doubles it for its own needs). Left to
/// itself it grows to 4 MiB, which a hundred sleeping tabs would take of the machine's memory, and in which a slow
/// node's progress cannot be seen for minutes: a socket counts as writable when a third of it is free. At a LAN's
/// round trip of a millisecond this is still 100 MB/s for one node.
const SEND_BUFFER: u32 = 128 * 1024;

/// The head of a request, in bytes: several times what browsers send.
const MAX_HEAD: usize = 16 * 1024;

/// How long accepting rests when the system has no more files or memory: it would fail at once
/// again, and only a socket that closes helps.
const REST: Duration = Duration::from_millis(250);

/// How often the log says again that sockets are turned away.
const SAY_AGAIN: Duration = Duration::from_secs(10);

/// Why the hub cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "port {} is already in use on {}: another program listens there, perhaps another hub; stop it, \
         or choose another port with --listen",
        address.port(), address.ip()
    )]
    InUse { address: SocketAddr },
    #[error("{} is no address of this machine; name one of its own with --listen, or 0.0.0.0 for all", address.ip())]
    NotOurs { address: SocketAddr },
    #[error("this user may not listen on port {}; choose a port from 1024 up with --listen", address.port())]
    NotAllowed { address: SocketAddr },
    #[error("the hub cannot listen on {address}: {source}")]
    Other { address: SocketAddr, source: io::Error },
}

/// Where a request's connection came from and came in, as an extension of the request.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) peer: SocketAddr,
    /// The address of this machine that the peer chose.
    pub(crate) local: IpAddr,
    /// When bytes of a file last moved on it.
    pub(crate) progress: Progress,
    /// Counts the socket as open until the last of these is dropped.
    pub(crate) place: Arc<OwnedSemaphorePermit>,
    /// The connection's.
    pub(crate) span: Span,
}

/// When a connection last got on with a file. Each time its life begins anew: a file may take longer than anything else
/// that is asked for over HTTP.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Mutex<Instant>>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// Bytes of a file came, or were taken.
    pub(crate) fn made(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when none was made for so long.
    async fn ceased(&self, longest: Duration) {
        loop {
            let end = self.last() + longest;
            if Instant::now() >= end {
                return;
            }
            sleep_until(end).await;
        }
    }
}

/// Listens on an address.
pub(super) fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    try_bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address },
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs { address },
        io::ErrorKind::PermissionDenied => BindError::NotAllowed { address },
        _ => BindError::Other { address, source },
    })
}

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // So that a restart need not wait for the old sockets to time out. On Windows the same option
    // would let two programs share the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Accepted sockets inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts sockets until the hub stops serving.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    places: Arc<Semaphore>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut said = None;
    loop {
        let accepted = tokio::select! {
            () = stopping(&mut phase) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => welcome(stream, peer, place, &router, limits, &phase),
                Err(_) if is_time(&mut said) => {
                    tracing::warn!(limit = limits.connections, "too many connections: new ones are closed");
                }
                Err(_) => {}
            },
            Err(error) if is_of_one_socket(&error) => {
                tracing::debug!(%error, "a connection was gone before it was accepted");
            }
            Err(error) => {
                if is_time(&mut said) {
                    tracing::warn!(%error, "no connection can be accepted at the moment");
                }
                tokio::select! {
                    () = stopping(&mut phase) => return,
                    () = sleep(REST) => {}
                }
            }
        }
    }
}

/// Whether [`SAY_AGAIN`] has passed since it was last said.
fn is_time(said: &mut Option<Instant>) -> bool {
    let due = said.is_none_or(|said| said.elapsed() >= SAY_AGAIN);
    if due {
        *said = Some(Instant::now());
    }
    due
}

/// Whether accepting failed because of the socket that was to be accepted, and not for want of anything.
fn is_of_one_socket(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// Gives a new socket its own task.
fn welcome(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    router: &Router,
    limits: Limits,
    phase: &watch::Receiver<Phase>,
) {
    // A reply should leave when it is written, not when more is.
    let ready = stream.set_nodelay(true).and_then(|()| stream.local_addr());
    let Ok(local) = ready else { return }; // it is gone already
    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    // Only where such a log is wanted: what must be known of a peer otherwise names it by itself, and ten thousand
    // spans take their room.
    let span = tracing::debug_span!("connection", %peer);
    let arrival = Arrival {
        peer,
        local: local.ip().to_canonical(),
        progress: Progress::new(),
        place: Arc::new(place),
        span: span.clone(),
    };
    tokio::spawn(serve(stream, arrival, router.clone(), limits, phase.clone()).instrument(span));
}

/// Speaks HTTP on a socket until it closes, becomes a WebSocket, or has had its time.
async fn serve(stream: TcpStream, arrival: Arrival, router: Router, limits: Limits, mut phase: watch::Receiver<Phase>) {
    let progress = arrival.progress.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(arrival.clone());
        let answer = router.clone().call(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let mut http = http1::Builder::new();
    // Without a timer hyper's deadline does nothing. It covers the first byte, the rest of the
    // head, and the pause between two requests.
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(MAX_HEAD);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());

    let ended_by_itself = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = stopping(&mut phase) => None,
        () = progress.ceased(limits.http) => None,
    };
    let result = match ended_by_itself {
        Some(result) => result,
        None => {
            // The answer under way is sent, and then no more.
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                result = connection.as_mut() => result,
                () = ended(&mut phase) => return,
                () = progress.ceased(2 * limits.http) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "the connection ended early");
    }
}
