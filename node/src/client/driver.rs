//! Does what the session wants done: sockets, frames, the alarm clock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use shared::session::{Delivery, Effect, Phase, Session};
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use super::{Core, Waiting, lock};
use crate::address::HubAddress;
use crate::bounds;
use crate::error::{Closed, Error};
use crate::socket::{self, BUFFER, Socket, Taken};

/// A timer that is late by this much does no harm; one that is early would be set twice.
const ALARM_SLACK: Duration = Duration::from_millis(1);

/// The longest sleep of the alarm: the machine itself may sleep.
const LONGEST_ALARM: Duration = Duration::from_secs(60);

type Opening = Pin<Box<dyn Future<Output = Result<Socket, Error>> + Send>>;

/// The task behind a [`super::Client`].
pub(super) struct Driver {
    core: Arc<Mutex<Core>>,
    address: HubAddress,
    rings: mpsc::Receiver<()>,
    deliveries: mpsc::Sender<Delivery>,
    phase: watch::Sender<Phase>,
    /// Told by the session while `deliveries` was full. Nothing is read until it is empty, so it holds what one
    /// frame brought and what the session itself bounds: lines and requests.
    held: VecDeque<Delivery>,
    /// The number of the socket there is, open or opening.
    socket: u32,
    opening: Option<Opening>,
    sink: Option<SplitSink<Socket, Message>>,
    stream: Option<SplitStream<Socket>>,
    /// Frames not yet given to the socket; the session bounds what it has under way.
    frames: VecDeque<String>,
    unflushed: bool,
}

/// Milliseconds since 1970 UTC, by this machine's clock as it was when this was first asked. It goes on as time does, also
/// where that clock is set back: nothing that waits would come to its end meanwhile.
pub(super) fn now() -> u64 {
    static BEGAN: OnceLock<(Duration, Instant)> = OnceLock::new();
    let (since, began) =
        BEGAN.get_or_init(|| (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), Instant::now()));
    u64::try_from((*since + began.elapsed()).as_millis()).unwrap_or(u64::MAX)
}

/// What the driver waited for.
#[allow(clippy::large_enum_variant, reason = "it lives only from the wait to what is made of it")]
enum Happened {
    /// A handle told or asked the session something, or the alarm rang, or there is room for deliveries.
    Look,
    /// No handle is left.
    Abandoned,
    Opened(Result<Socket, Error>),
    Taken(Taken),
    Flushed(Result<(), SocketError>),
}

impl Driver {
    pub(super) fn new(
        core: Arc<Mutex<Core>>,
        address: HubAddress,
        rings: mpsc::Receiver<()>,
        deliveries: mpsc::Sender<Delivery>,
        phase: watch::Sender<Phase>,
    ) -> Self {
        Self {
            core,
            address,
            rings,
            deliveries,
            phase,
            held: VecDeque::new(),
            socket: 0,
            opening: None,
            sink: None,
            stream: None,
            frames: VecDeque::new(),
            unflushed: false,
        }
    }

    pub(super) async fn run(mut self) {
        self.tell(Session::start);
        while !lock(&self.core).stopped {
            self.do_effects();
            self.feed().await;
            match self.next().await {
                Happened::Look => {}
                Happened::Abandoned => break,
                Happened::Opened(Ok(socket)) => {
                    let (sink, stream) = socket.split();
                    (self.opening, self.sink, self.stream) = (None, Some(sink), Some(stream));
                    let number = self.socket;
                    self.tell(|session, now| session.opened(now, number));
                }
                Happened::Opened(Err(error)) => {
                    let closed = Closed::broken(error.to_string());
                    self.lost(&closed, error);
                }
                Happened::Taken(Taken::Frame(frame)) => {
                    let number = self.socket;
                    match bounds::read(&frame) {
                        Ok(message) => self.tell(|session, now| session.took(now, number, message)),
                        // Of a later version: it says no more than that the hub is there.
                        Err(_) => self.tell(|session, now| session.received(now, number, &frame)),
                    }
                }
                Happened::Taken(Taken::Nothing) => {}
                Happened::Taken(Taken::End(closed)) => self.lost(&closed, Error::Closed(closed.clone())),
                Happened::Flushed(Ok(())) => self.unflushed = false,
                // The hub may have said why before it went: that is still to be read.
                Happened::Flushed(Err(_)) => self.sink = None,
            }
        }
        self.end().await;
    }

    /// Waits for whatever comes next. While deliveries are held, the socket is not read.
    async fn next(&mut self) -> Happened {
        let alarm = self.alarm();
        let opening = async {
            match &mut self.opening {
                Some(opening) => opening.await,
                None => std::future::pending().await,
            }
        };
        let taken = async {
            match &mut self.stream {
                Some(stream) if self.held.is_empty() => Taken::of(stream.next().await),
                _ => std::future::pending().await,
            }
        };
        let flushed = async {
            match &mut self.sink {
                Some(sink) if self.unflushed => sink.flush().await,
                _ => std::future::pending().await,
            }
        };
        let alarm = async {
            match alarm {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            rung = self.rings.recv() => if rung.is_some() { Happened::Look } else { Happened::Abandoned },
            opened = opening => Happened::Opened(opened),
            taken = taken => Happened::Taken(taken),
            flushed = flushed => Happened::Flushed(flushed),
            // Given back at once: what is held goes out first when the effects are done.
            _ = self.deliveries.reserve(), if !self.held.is_empty() => Happened::Look,
            () = alarm => {
                self.tick();
                Happened::Look
            }
        }
    }

    fn tell(&self, happened: impl FnOnce(&mut Session, u64)) {
        happened(&mut lock(&self.core).session, now());
    }

    /// It is the time at which session or table wanted to be woken.
    fn tick(&self) {
        let (mut core, now) = (lock(&self.core), now());
        core.session.tick(now);
        core.processes.table.tick(now);
        core.ask_for_nodes(now);
        core.settle(now);
    }

    /// How long until session or table wants to be woken.
    fn alarm(&self) -> Option<Duration> {
        let core = lock(&self.core);
        let at = [core.session.wake_at(), core.processes.table.wake_at()].into_iter().flatten().min()?;
        drop(core);
        Some((Duration::from_millis(at.saturating_sub(now())) + ALARM_SLACK).min(LONGEST_ALARM))
    }

    fn do_effects(&mut self) {
        self.hand_over();
        while let Some(effect) = self.effect() {
            match effect {
                Effect::Open { socket } => {
                    self.drop_socket();
                    self.socket = socket;
                    let address = self.address.clone();
                    self.opening = Some(Box::pin(async move { socket::open(&address).await }));
                }
                Effect::Send { frame, .. } => self.frames.push_back(frame),
                Effect::Close { .. } => self.drop_socket(),
                Effect::Deliver(delivery) => self.deliver(delivery),
                Effect::Phase(phase) => {
                    self.phase.send_replace(phase);
                    lock(&self.core).ask_for_nodes(now());
                }
            }
        }
    }

    fn effect(&self) -> Option<Effect> {
        lock(&self.core).session.effect()
    }

    fn deliver(&mut self, delivery: Delivery) {
        let (mut core, now) = (lock(&self.core), now());
        let waiting = match &delivery {
            Delivery::Answered { request, .. } => request.id().and_then(|id| core.waiting.remove(id)),
            _ => None,
        };
        let Some(delivery) = core.deliver(now, delivery) else { return core.settle(now) };
        if let (Some(waiting), Delivery::Answered { answer, .. }) = (waiting, &delivery) {
            match waiting {
                Waiting::Handle(waiting) => _ = waiting.send(answer.clone()), // who dropped it does not need it
                Waiting::Own(purpose) => core.fulfil(now, purpose, answer.clone()),
            }
        }
        core.ask_for_nodes(now);
        core.settle(now);
        drop(core);
        self.held.push_back(delivery);
        self.hand_over();
    }

    /// Passes on what is held, as far as there is room.
    fn hand_over(&mut self) {
        while let Some(delivery) = self.held.pop_front() {
            match self.deliveries.try_send(delivery) {
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(delivery)) => return self.held.push_front(delivery),
            }
        }
    }

    /// Gives frames to the socket, only as many at a time as are sure not to block: what is read meanwhile
    /// may be what lets the hub take more.
    async fn feed(&mut self) {
        let Some(sink) = self.sink.as_mut().filter(|_| !self.unflushed && !self.frames.is_empty()) else { return };
        if !socket::has_room(&mut *sink) {
            self.unflushed = true;
            return;
        }
        let mut bytes = 0;
        while bytes < BUFFER
            && let Some(frame) = self.frames.pop_front()
        {
            bytes += frame.len();
            self.unflushed = true;
            if sink.feed(Message::text(frame)).await.is_err() {
                return; // a socket that failed says so when it is flushed
            }
        }
    }

    /// The socket there was is gone, or never was.
    fn lost(&mut self, closed: &Closed, failure: Error) {
        self.drop_socket();
        lock(&self.core).failure = Some(Arc::new(failure));
        let number = self.socket;
        self.tell(|session, now| session.closed(now, number, closed.code, &closed.reason));
    }

    /// Whatever the socket there is would still report is passed over.
    fn drop_socket(&mut self) {
        self.opening = None;
        self.frames.clear();
        self.unflushed = false;
        if let (Some(sink), Some(stream)) = (self.sink.take(), self.stream.take()) {
            tokio::spawn(socket::part(sink, stream));
        }
    }

    async fn end(mut self) {
        self.tell(Session::stop);
        let socket = self.sink.take().zip(self.stream.take());
        self.do_effects();
        // Whoever still waits is told by its channel's end.
        lock(&self.core).end();
        if let Some((sink, stream)) = socket {
            socket::part(sink, stream).await;
        }
    }
}
