//! One WebSocket ⇄ the message server: hello, frames in, parcels out, the close.
//!
//! Everything that goes out passes the node's outbox, so that one task, one queue and one
//! flush carry it. Everything that comes in is decoded here, so that the message server
//! meets only messages.

mod encode;
mod farewell;
mod strikes;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use shared::message::{ErrorCode, Hello, Refusal, ToHub};
use shared::wire::{DecodeError, MAX_FRAME, VERSION, close, decode_to_hub};
use tokio::sync::oneshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::auth::{Cookies, Verdict};
use crate::message_server::{Handle, Newcomer, Seat};
use crate::outbox::{Outbox, Parcel, Taken};
use farewell::End;
use strikes::Strikes;

/// How often a quiet socket is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A socket without any sign of life for so long is dead (three pings).
const DEAD_AFTER: Duration = Duration::from_secs(60);

/// Bytes read from the socket at once. Chat frames are small; what is longer grows it for its time.
const READ_BUFFER: usize = 2 * 1024;

/// Bytes gathered before they are written to the socket without a flush: some hundred lines.
const WRITE_BUFFER: usize = 16 * 1024;

/// The most that may wait in the socket's own buffer: the write buffer and the largest
/// single frame, a list of some 20,000 nodes.
const MAX_WRITE_BUFFER: usize = 4 * 1024 * 1024;

/// The probe that only keeps the line alive; the message server's tokens start at 1.
const KEEP_ALIVE: u64 = 0;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a connection needs to let a node in.
pub struct Door {
    pub server: Handle,
    pub cookies: Cookies,
    /// How long a node may take to say hello.
    pub hello_deadline: Duration,
}

/// Buffers and limits of our sockets. The library's defaults would cost 130 KiB a connection
/// and allow messages of 64 MiB.
fn web_socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
}

/// Serves one node from its first frame to the close.
pub async fn run(io: TokioIo<Upgraded>, peer: SocketAddr, door: Arc<Door>) {
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(web_socket_config())).await;
    let end = match greet(&mut socket, peer, &door).await {
        Ok((hello, strikes)) => {
            let outbox = Arc::new(Outbox::default());
            match door.server.enter(Newcomer { hello, outbox: Arc::clone(&outbox) }).await {
                Some(seat) => Connection::new(&mut socket, seat, &outbox, strikes).run().await,
                None => shutting_down(),
            }
        }
        Err(end) => end,
    };
    tracing::debug!(%peer, ?end, "connection ended");
    farewell::part(socket, end).await;
}

/// Waits for a hello that opens the door.
async fn greet(socket: &mut Socket, peer: SocketAddr, door: &Door) -> Result<(Hello, Strikes), End> {
    let deadline = Instant::now() + door.hello_deadline;
    let no_hello = || End::Close(close::NO_HELLO, "no hello came in time".into());
    let mut strikes = Strikes::default();
    loop {
        let message = tokio::select! {
            message = socket.next() => message.ok_or(End::Lost)?.map_err(End::from)?,
            () = sleep_until(deadline) => return Err(no_hello()),
            () = door.server.stopping() => return Err(shutting_down()),
        };
        let Some(text) = End::text_of(message)? else { continue };
        let refusal = match decode_to_hub(&text) {
            Ok(ToHub::Hello(hello)) => {
                admit(&hello, peer, door)?;
                return Ok((hello, strikes));
            }
            Ok(request) => {
                let id = request.id().unwrap_or_default().to_owned();
                let words = "Nothing is answered before a `hello`. Send it first.";
                Parcel::Reply { id, result: Err(Refusal::new(ErrorCode::NotConnected, words)) }
            }
            Err(error) => bad_message(error),
        };
        strikes.count(Instant::now())?;
        let sent = timeout_at(deadline, socket.send(encode::frame(refusal))).await;
        sent.map_err(|_| no_hello())?.map_err(End::from)?;
    }
}

fn shutting_down() -> End {
    End::Close(close::SHUTTING_DOWN, "the hub is shutting down".into())
}

fn admit(hello: &Hello, peer: SocketAddr, door: &Door) -> Result<(), End> {
    if hello.version != VERSION {
        return Err(End::Close(close::VERSION, format!("this hub speaks version {VERSION}").into()));
    }
    match door.cookies.check(hello.cookie.as_deref(), peer.ip(), std::time::Instant::now()) {
        Verdict::Right => Ok(()),
        Verdict::Wrong => {
            tracing::info!(%peer, "wrong or missing cookie");
            Err(End::Close(close::COOKIE_WRONG, "the cookie is wrong or missing".into()))
        }
        Verdict::TooMany => {
            tracing::warn!(%peer, "too many wrong cookies");
            Err(End::Close(close::TOO_MANY_COOKIES, "too many wrong cookies from this address; wait a minute".into()))
        }
    }
}

fn bad_message(error: DecodeError) -> Parcel {
    let refusal = Refusal::new(ErrorCode::BadMessage, error.message);
    match error.id {
        Some(id) => Parcel::Reply { id, result: Err(refusal) },
        None => Parcel::Error(refusal),
    }
}

/// A node that has been let in.
struct Connection<'a> {
    socket: &'a mut Socket,
    seat: Seat,
    outbox: &'a Outbox,
    strikes: Strikes,
    /// Taken from the outbox, not yet handed to the socket.
    parcels: VecDeque<Parcel>,
    /// Something was handed to the socket since it was last flushed.
    unflushed: bool,
    /// The socket takes nothing more for now.
    blocked: bool,
    /// While a `connect` is being decided, what follows it waits in the socket: it may need the nick.
    deciding: Option<oneshot::Receiver<()>>,
    heartbeat: Interval,
    /// When the socket last gave a sign of life.
    heard: Instant,
}

/// What happens next on a connection.
enum Event {
    Frame(Message),
    Failed(tungstenite::Error),
    /// The peer has gone.
    Closed,
    /// The hub ends it.
    Ending(crate::outbox::Ending),
    Heartbeat,
}

impl<'a> Connection<'a> {
    fn new(socket: &'a mut Socket, seat: Seat, outbox: &'a Outbox, strikes: Strikes) -> Self {
        let now = Instant::now();
        let mut heartbeat = interval_at(now + PING_EVERY, PING_EVERY);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            seat,
            outbox,
            strikes,
            parcels: VecDeque::new(),
            unflushed: false,
            blocked: false,
            deciding: None,
            heartbeat,
            heard: now,
        }
    }

    async fn run(mut self) -> End {
        loop {
            let event = poll_fn(|context| self.poll_event(context)).await;
            let end = match event {
                Event::Frame(message) => self.frame(message).await,
                Event::Failed(error) => Err(error.into()),
                Event::Closed => Err(End::Lost),
                Event::Ending((code, reason)) => Err(End::Close(code, reason.into())),
                Event::Heartbeat => self.heartbeat(),
            };
            if let Err(end) = end {
                return end;
            }
        }
    }

    /// Writes as much as the socket takes, and reads meanwhile: a slow reader must not stop
    /// its own requests, nor a busy sender its own replies.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(event) = self.poll_write(context) {
            return Poll::Ready(event);
        }
        if self.heartbeat.poll_tick(context).is_ready() {
            return Poll::Ready(Event::Heartbeat);
        }
        if let Some(deciding) = &mut self.deciding {
            if Pin::new(deciding).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.deciding = None;
        }
        Pin::new(&mut *self.socket).poll_next(context).map(|frame| match frame {
            Some(Ok(message)) => Event::Frame(message),
            Some(Err(error)) => Event::Failed(error),
            None => Event::Closed,
        })
    }

    /// Ready only if the connection is to end.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            // All that waits goes to the socket's buffer, then out with one flush.
            while let Some(parcel) = self.parcels.pop_front() {
                match Pin::new(&mut *self.socket).poll_ready(context) {
                    Poll::Ready(Ok(())) => self.progressed(),
                    Poll::Ready(Err(error)) => return Poll::Ready(Event::Failed(error)),
                    Poll::Pending => {
                        self.parcels.push_front(parcel);
                        self.blocked = true;
                        return self.outbox.poll_overflow(context).map(Event::Ending);
                    }
                }
                if let Err(error) = Pin::new(&mut *self.socket).start_send(encode::frame(parcel)) {
                    return Poll::Ready(Event::Failed(error));
                }
                self.unflushed = true;
            }
            let taken = self.outbox.poll_take(context, &mut self.parcels);
            if taken == Poll::Ready(Taken::Parcels) {
                continue;
            }
            if self.unflushed {
                match Pin::new(&mut *self.socket).poll_flush(context) {
                    Poll::Ready(Ok(())) => {
                        self.unflushed = false;
                        self.progressed();
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Event::Failed(error)),
                    Poll::Pending => self.blocked = true,
                }
            }
            return match taken {
                Poll::Ready(Taken::Ending(ending)) => Poll::Ready(Event::Ending(ending)),
                _ => Poll::Pending,
            };
        }
    }

    /// A socket that takes something again after it was full has a peer that reads: slow is not dead.
    fn progressed(&mut self) {
        if std::mem::take(&mut self.blocked) {
            self.heard = Instant::now();
        }
    }

    async fn frame(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        if let Message::Pong(payload) = &message {
            if let Some(token) = encode::token(payload)
                && token != KEEP_ALIVE
            {
                self.seat.alive(token).await;
            }
            return Ok(());
        }
        let Some(text) = End::text_of(message)? else { return Ok(()) };
        let answer = match decode_to_hub(&text) {
            Ok(ToHub::Hello(_)) => {
                Parcel::Error(Refusal::new(ErrorCode::BadMessage, "This connection has said its `hello` already."))
            }
            Ok(request) => {
                self.deciding = self.seat.request(request).await;
                return Ok(());
            }
            Err(error) => bad_message(error),
        };
        self.strikes.count(self.heard)?;
        self.outbox.push(answer);
        Ok(())
    }

    fn heartbeat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= DEAD_AFTER {
            return Err(End::Lost);
        }
        self.outbox.push(Parcel::Probe(KEEP_ALIVE));
        Ok(())
    }
}
