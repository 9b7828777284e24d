//! One WebSocket ⇄ the message server: hello, frames in, parcels out, the close.
//!
//! Everything that goes out passes the node's outbox, so that one queue orders it and one write carries what
//! waits. Everything that comes in is decoded here, so that the message server meets only messages.

mod farewell;
mod pace;
mod reading;
mod strikes;
mod wire;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use shared::message::{ErrorCode, Hello, Outgoing, Refusal, ToHub};
use shared::process::limits::MAX_SIGNAL;
use shared::wire::{DecodeError, MAX_FRAME, VERSION, close, decode_to_hub};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::auth::{Cookies, Verdict};
use crate::clock;
use crate::message_server::{Handle, Newcomer, Seat, Told};
use crate::outbox::{Call, Couriers, Ending, Outbox, Parcel};
use farewell::End;
use pace::Pace;
use reading::Reading;
use strikes::Strikes;
use wire::{Sign, WebSocketWire, sign};

/// How often a quiet socket is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A socket without any sign of life for so long is dead. A little less than the minute that is promised,
/// so that it is over by then.
const DEAD_AFTER: Duration = Duration::from_secs(59);

/// Bytes read from the socket at once. Chat frames are small; what is longer grows it for its time.
const READ_BUFFER: usize = 1024;

type Socket = WebSocketStream<Reading>;

/// What a connection needs to let a node in.
pub struct Door {
    pub server: Handle,
    pub cookies: Cookies,
    pub couriers: Couriers,
    /// Whether who signals too fast is slowed down.
    pub pace: bool,
    /// How long a node may take to say hello.
    pub hello_deadline: Duration,
}

/// Limits of our sockets. The library's defaults would cost 130 KiB a connection and allow messages of 64 MiB.
fn web_socket_config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME))
}

/// Serves one node from its first frame to the close. `begun` is what was read of the stream already.
pub async fn run(stream: TcpStream, begun: Bytes, peer: SocketAddr, door: Arc<Door>) {
    let (half, writing) = stream.into_split();
    let outbox = Arc::new(Outbox::new(Box::new(WebSocketWire(writing)), door.couriers.pickups()));
    let _line = Line(Arc::clone(&outbox));
    let reading = Reading { half, outbox: Arc::clone(&outbox) };
    let config = Some(web_socket_config());
    // A copy, because what is hardly anything may lie in a large buffer, which goes here.
    let few = begun.to_vec();
    drop(begun);
    let mut socket = WebSocketStream::from_partially_read(reading, few, Role::Server, config).await;
    // On the heap while it lasts: what is said once need not be part of every connection's task.
    let end = match Box::pin(let_in(&mut socket, &outbox, peer, &door)).await {
        Ok(entered) => Connection::new(&mut socket, entered, &outbox).run().await,
        Err(end) => end,
    };
    tracing::debug!(%peer, ?end, "connection ended");
    farewell::part(&mut socket, &outbox, end).await;
}

/// The message server and a courier may hold the outbox for longer than the connection lasts: whatever way that
/// ends, its socket ends with it.
struct Line(Arc<Outbox>);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.hang_up();
    }
}

/// A node that has its place.
struct Entered {
    seat: Seat,
    strikes: Strikes,
    /// It has said that it answers signals.
    processes: bool,
    /// None where it may be as fast as it can.
    pace: Option<Pace>,
}

/// Waits for a hello that opens the door, and gives the node its place.
async fn let_in(socket: &mut Socket, outbox: &Arc<Outbox>, peer: SocketAddr, door: &Door) -> Result<Entered, End> {
    let (hello, strikes) = greet(socket, outbox, peer, door).await?;
    let processes = hello.processes;
    let newcomer = Newcomer { hello, outbox: Arc::clone(outbox) };
    let seat = door.server.enter(newcomer).await.ok_or_else(shutting_down)?;
    let pace = (processes && door.pace).then(|| Pace::new(Instant::now()));
    Ok(Entered { seat, strikes, processes, pace })
}

/// Waits for a hello that opens the door.
async fn greet(
    socket: &mut Socket,
    outbox: &Arc<Outbox>,
    peer: SocketAddr,
    door: &Door,
) -> Result<(Hello, Strikes), End> {
    let deadline = Instant::now() + door.hello_deadline;
    let no_hello = || End::Close(close::NO_HELLO, "no hello came in time".into());
    let mut strikes = Strikes::default();
    loop {
        let message = tokio::select! {
            message = socket.next() => message.ok_or(End::Lost)?.map_err(End::from)?,
            () = sleep_until(deadline) => return Err(no_hello()),
            () = door.server.stopping() => return Err(shutting_down()),
        };
        let Some(text) = End::text_of(message)? else {
            // A ping is answered; before the cookie was seen not without end.
            strikes.count(Instant::now())?;
            continue;
        };
        let refusal = match decode_to_hub(&text) {
            Ok(ToHub::Hello(hello)) => {
                admit(&hello, peer, door)?;
                return Ok((hello, strikes));
            }
            Ok(request) => {
                let words = "Nothing is answered before a `hello`. Send it first.";
                let refusal = Refusal::new(ErrorCode::NotConnected, words);
                match request.id() {
                    Some(id) => Parcel::reply(id.to_owned(), Err(refusal)),
                    None => Parcel::Error(Box::new(refusal)),
                }
            }
            Err(error) => bad_message(error),
        };
        strikes.count(Instant::now())?;
        // They, and pongs, are so few and short that any socket takes them.
        outbox.push(refusal);
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
        Some(id) => Parcel::reply(id, Err(refusal)),
        None => Parcel::Error(Box::new(refusal)),
    }
}

/// A node that has been let in.
struct Connection<'a> {
    socket: &'a mut Socket,
    seat: Seat,
    outbox: &'a Arc<Outbox>,
    strikes: Strikes,
    processes: bool,
    pace: Option<Pace>,
    /// While a `connect` is being decided, what follows it waits in the socket: it may need the nick.
    deciding: Option<oneshot::Receiver<()>>,
    /// Rings when the earliest of the following may be due.
    alarm: Pin<Box<Sleep>>,
    /// When the socket last gave a sign of life.
    heard: Instant,
    next_ping: Instant,
    /// When to ask for a sign that what was written has arrived, if the node does not say so by itself.
    confirm_at: Option<Instant>,
}

/// What happens next on a connection.
enum Event {
    Frame(Message),
    Failed(End),
    /// The hub ends it.
    Ending(Ending),
    /// The node is behind, and has taken all that was queued for it.
    Drained,
    Alarm,
}

impl<'a> Connection<'a> {
    fn new(socket: &'a mut Socket, entered: Entered, outbox: &'a Arc<Outbox>) -> Self {
        let Entered { seat, strikes, processes, pace } = entered;
        let now = Instant::now();
        let next_ping = now + PING_EVERY;
        Self {
            socket,
            seat,
            outbox,
            strikes,
            processes,
            pace,
            deciding: None,
            alarm: Box::pin(sleep_until(next_ping)),
            heard: now,
            next_ping,
            confirm_at: None,
        }
    }

    async fn run(mut self) -> End {
        loop {
            let event = poll_fn(|context| self.poll_event(context)).await;
            let told = match event {
                Event::Frame(message) => self.frame(message),
                Event::Failed(end) => Err(end),
                Event::Ending((code, reason)) => Err(End::Close(code, reason.into())),
                Event::Drained => Ok(self.seat.drained()),
                Event::Alarm => self.alarm().map(Ok),
            };
            match told {
                Ok(Ok(())) => {}
                // Meanwhile its socket is not read: the sender's TCP slows down.
                Ok(Err(waiting)) => waiting.await,
                Err(end) => return end,
            }
        }
    }

    /// Writes what the couriers leave to it, and reads meanwhile: a slow reader must not stop its own requests,
    /// nor a busy sender its own replies.
    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(event) = self.poll_call(context) {
            return Poll::Ready(event);
        }
        if self.alarm.as_mut().poll(context).is_ready() {
            return Poll::Ready(Event::Alarm);
        }
        // Who has answers waiting is not read from: its further requests wait in its own socket.
        if self.outbox.poll_room(context).is_pending() {
            return Poll::Pending;
        }
        if let Some(deciding) = &mut self.deciding {
            if Pin::new(deciding).poll(context).is_pending() {
                return Poll::Pending;
            }
            self.deciding = None;
        }
        // The alarm rings when that is over.
        if self.pace.as_mut().is_some_and(|pace| pace.rests(Instant::now())) {
            return Poll::Pending;
        }
        Pin::new(&mut *self.socket).poll_next(context).map(|frame| match frame {
            Some(Ok(message)) => Event::Frame(message),
            Some(Err(error)) => Event::Failed(error.into()),
            None => Event::Failed(End::Lost),
        })
    }

    /// Does what the outbox wants done.
    fn poll_call(&mut self, context: &mut Context<'_>) -> Poll<Event> {
        loop {
            match ready!(self.outbox.poll_call(context)) {
                Call::Write => {
                    let written = self.outbox.poll_write(context);
                    // A socket that takes something again after it was full has a peer that reads: slow is not dead.
                    if self.outbox.take_progress() {
                        self.heard = Instant::now();
                    }
                    match ready!(written) {
                        Ok(None) => {}
                        Ok(Some(ending)) => return Poll::Ready(Event::Ending(ending)),
                        Err(_) => return Poll::Ready(Event::Failed(End::Lost)),
                    }
                }
                Call::End(ending) => return Poll::Ready(Event::Ending(ending)),
                Call::Drained => return Poll::Ready(Event::Drained),
                Call::Confirm(after) => {
                    let at = Instant::now() + after;
                    self.confirm_at = Some(at);
                    self.rings_at(at);
                }
            }
        }
    }

    fn frame(&mut self, message: Message) -> Result<Told, End> {
        self.heard = Instant::now();
        if let Message::Pong(payload) = &message {
            return Ok(match sign(payload) {
                Some(Sign::Token(token)) => self.seat.alive(token),
                Some(Sign::Upto(seq)) => {
                    self.outbox.confirmed(seq, clock::now());
                    Ok(())
                }
                None => Ok(()),
            });
        }
        let Some(text) = End::text_of(message)? else { return Ok(Ok(())) };
        let answer = match decode_to_hub(&text) {
            Ok(ToHub::Hello(_)) => {
                let words = "This connection has said its `hello` already.";
                Parcel::Error(Box::new(Refusal::new(ErrorCode::BadMessage, words)))
            }
            Ok(ToHub::Ack { seq }) => {
                self.confirm_at = None;
                self.outbox.acknowledged(seq, clock::now());
                return Ok(Ok(()));
            }
            Ok(ToHub::Signal(signal)) => match self.signal(signal) {
                Ok(told) => return Ok(told),
                Err(refusal) => Parcel::Error(Box::new(refusal)),
            },
            Ok(request) => {
                if matches!(request, ToHub::History { .. } | ToHub::Search { .. } | ToHub::Store { .. }) {
                    self.outbox.page_asked();
                }
                let (told, decided) = self.seat.request(request);
                self.deciding = decided;
                return Ok(told);
            }
            Err(error) => bad_message(error),
        };
        self.strikes.count(self.heard)?;
        self.outbox.push(answer);
        Ok(Ok(()))
    }

    /// A signal to another node.
    fn signal(&mut self, signal: Outgoing) -> Result<Told, Refusal> {
        let bytes = signal.signal.as_str().len();
        if !self.processes {
            let words = "Signals are for nodes that answer them: say `\"processes\":true` in the hello.";
            return Err(Refusal::new(ErrorCode::BadMessage, words));
        }
        if bytes > MAX_SIGNAL {
            let words = format!("A signal has at most {MAX_SIGNAL} bytes; this one has {bytes}, and was not sent.");
            return Err(Refusal::new(ErrorCode::BadMessage, words));
        }
        if let Some(until) = self.pace.as_mut().and_then(|pace| pace.spend(bytes, self.heard)) {
            self.rings_at(until);
        }
        Ok(self.seat.signal(signal))
    }

    /// The alarm is to ring by then.
    fn rings_at(&mut self, at: Instant) {
        if at < self.alarm.deadline() {
            self.alarm.as_mut().reset(at);
        }
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
        if confirm || ping {
            self.outbox.confirm();
        }
        if ping {
            self.next_ping = now + PING_EVERY;
        }
        let rests_until = self.pace.as_ref().and_then(Pace::rests_until).filter(|until| *until > now);
        let next = [Some(dead_at), Some(self.next_ping), self.confirm_at, rests_until].into_iter().flatten().min();
        self.alarm.as_mut().reset(next.unwrap_or(dead_at));
        Ok(())
    }
}
