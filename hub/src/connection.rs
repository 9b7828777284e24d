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
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::auth::{Cookies, Verdict};
use crate::clock;
use crate::message_server::{Handle, Newcomer, Seat};
use crate::outbox::{Outbox, Parcel, Taken};
use encode::Sign;
use farewell::End;
use strikes::Strikes;

/// How often a quiet socket is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A socket without any sign of life for so long is dead. A little less than the minute that is promised,
/// so that it is over by then.
const DEAD_AFTER: Duration = Duration::from_secs(59);

/// A node that does not acknowledge entries by itself is asked for a pong so long after one was written to it.
/// One pong stands for all entries before it, so this bounds what it costs.
const CONFIRM_AFTER: Duration = Duration::from_secs(1);

/// Bytes read from the socket at once. Chat frames are small; what is longer grows it for its time.
const READ_BUFFER: usize = 2 * 1024;

/// Bytes gathered before they are written to the socket without a flush: some hundred lines.
const WRITE_BUFFER: usize = 16 * 1024;

/// The most that may wait in the socket's own buffer: the write buffer and the largest
/// single frame, a list of some 20,000 nodes.
const MAX_WRITE_BUFFER: usize = 4 * 1024 * 1024;

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
                let words = "Nothing is answered before a `hello`. Send it first.";
                let refusal = Refusal::new(ErrorCode::NotConnected, words);
                match request.id() {
                    Some(id) => Parcel::Reply { id: id.to_owned(), result: Err(refusal) },
                    None => Parcel::Error(refusal),
                }
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
    /// Rings when the earliest of the following may be due.
    alarm: Pin<Box<Sleep>>,
    /// When the socket last gave a sign of life.
    heard: Instant,
    next_ping: Instant,
    /// The newest entry handed to the socket.
    written: u64,
    /// When to ask for a sign that `written` has arrived, if the node does not say so by itself.
    confirm_at: Option<Instant>,
    /// The node says by itself what has arrived.
    acknowledges: bool,
}

/// What happens next on a connection.
enum Event {
    Frame(Message),
    Failed(tungstenite::Error),
    /// The peer has gone.
    Closed,
    /// The hub ends it.
    Ending(crate::outbox::Ending),
    /// The node is behind, and has taken all that was queued for it.
    Drained,
    Alarm,
}

impl<'a> Connection<'a> {
    fn new(socket: &'a mut Socket, seat: Seat, outbox: &'a Outbox, strikes: Strikes) -> Self {
        let now = Instant::now();
        let next_ping = now + PING_EVERY;
        Self {
            socket,
            seat,
            outbox,
            strikes,
            parcels: VecDeque::new(),
            unflushed: false,
            blocked: false,
            deciding: None,
            alarm: Box::pin(sleep_until(next_ping)),
            heard: now,
            next_ping,
            written: 0,
            confirm_at: None,
            acknowledges: false,
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
                Event::Drained => {
                    self.seat.drained().await;
                    Ok(())
                }
                Event::Alarm => self.alarm(),
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
        if self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Alarm);
        }
        // Who has answers waiting is not read from: its further requests wait in its own socket.
        if self.outbox.is_piled() {
            return Poll::Pending;
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
                        return self.outbox.poll_ending(context).map(Event::Ending);
                    }
                }
                if let Parcel::Shared(shared) = &parcel
                    && let Some(seq) = shared.seq()
                {
                    self.written = seq;
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
            if let Poll::Ready(Taken::Ending(ending)) = taken {
                return Poll::Ready(Event::Ending(ending));
            }
            if !self.unflushed {
                self.expect_confirmation();
                if self.outbox.take_drained() {
                    return Poll::Ready(Event::Drained);
                }
            } else if let Poll::Ready(ending) = self.outbox.poll_ending(context) {
                return Poll::Ready(Event::Ending(ending));
            }
            return Poll::Pending;
        }
    }

    /// A socket that takes something again after it was full has a peer that reads: slow is not dead.
    fn progressed(&mut self) {
        if std::mem::take(&mut self.blocked) {
            self.heard = Instant::now();
        }
    }

    /// Entries were written to a node that does not acknowledge them: soon it is asked for a pong.
    fn expect_confirmation(&mut self) {
        if !self.acknowledges && self.confirm_at.is_none() && self.written > self.outbox.acked().0 {
            let at = Instant::now() + CONFIRM_AFTER;
            self.confirm_at = Some(at);
            if at < self.alarm.deadline() {
                self.alarm.as_mut().reset(at);
            }
        }
    }

    async fn frame(&mut self, message: Message) -> Result<(), End> {
        self.heard = Instant::now();
        if let Message::Pong(payload) = &message {
            match encode::sign(payload) {
                Some(Sign::Token(token)) => self.seat.alive(token).await,
                Some(Sign::Upto(seq)) if !self.acknowledges => self.outbox.ack(seq.min(self.written), clock::now()),
                _ => {}
            }
            return Ok(());
        }
        let Some(text) = End::text_of(message)? else { return Ok(()) };
        let answer = match decode_to_hub(&text) {
            Ok(ToHub::Hello(_)) => {
                Parcel::Error(Refusal::new(ErrorCode::BadMessage, "This connection has said its `hello` already."))
            }
            Ok(ToHub::Ack { seq }) => {
                self.acknowledges = true;
                self.confirm_at = None;
                // It cannot have what it was not sent.
                self.outbox.ack(seq.min(self.written), clock::now());
                return Ok(());
            }
            Ok(request) => {
                if matches!(request, ToHub::History { .. } | ToHub::Search { .. }) {
                    self.outbox.page_asked();
                }
                self.deciding = self.seat.request(request).await;
                return Ok(());
            }
            Err(error) => bad_message(error),
        };
        self.strikes.count(self.heard)?;
        self.outbox.push(answer);
        Ok(())
    }

    /// Does what is due, and sets the alarm for what is next.
    fn alarm(&mut self) -> Result<(), End> {
        let now = Instant::now();
        let dead_at = self.heard + DEAD_AFTER;
        if now >= dead_at {
            return Err(End::Lost);
        }
        let confirm = self.confirm_at.take_if(|at| *at <= now).is_some();
        let ping = now >= self.next_ping;
        // What is still queued here is proof enough that nothing has arrived: then nothing is asked.
        if (confirm || ping) && self.parcels.is_empty() {
            self.parcels.push_back(Parcel::Confirm(self.written));
        }
        if ping {
            self.next_ping = now + PING_EVERY;
        }
        let next = [Some(dead_at), Some(self.next_ping), self.confirm_at].into_iter().flatten().min();
        self.alarm.as_mut().reset(next.unwrap_or(dead_at));
        Ok(())
    }
}
