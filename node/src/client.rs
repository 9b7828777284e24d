//! [`Client`]: a node that comes back. It drives [`shared::session`] over one connection after the
//! other, and what was asked of it is done however many of them that takes.

mod calling;
mod driver;

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use shared::message::{ErrorCode, Joined, Page, Refusal, Sent, State, ToHub};
use shared::session::{Delivery, Line, Phase, Position, Response, Session, Settings};
use shared::transcript::Place;
use tokio::sync::{mpsc, oneshot, watch};

#[cfg(feature = "programs")]
pub(crate) use self::calling::BackLink;
pub(crate) use self::calling::Link;
use self::driver::Driver;
use crate::address::{AddressError, HubAddress};
use crate::error::Error;
use crate::processes::{Processes, Purpose};

/// What [`Deliveries`] holds before the socket is read no further: a screen's worth many times
/// over, and at most some MiB of longest texts.
const DELIVERIES: usize = 256;

/// A node that comes back: a handle, cheap to clone. When the last one is gone the connection ends
/// in good order, and the nick's lease at the hub runs out by itself.
#[derive(Clone)]
pub struct Client {
    core: Arc<Mutex<Core>>,
    /// Tells the driver to look; its end, that no handle is left.
    bell: mpsc::Sender<()>,
    phase: watch::Receiver<Phase>,
}

/// What handles, driver and engine share. Locked for one call of the session or the table, never over an await.
pub(crate) struct Core {
    pub(crate) session: Session,
    pub(crate) processes: Processes,
    /// Who waits for which answer. The session bounds how many requests there are.
    pub(crate) waiting: HashMap<String, Waiting>,
    /// Why there is no connection, or was none before the one there is.
    failure: Option<Arc<Error>>,
    stopped: bool,
}

impl Core {
    pub(crate) fn new(session: Session, processes: Processes) -> Self {
        Self { session, processes, waiting: HashMap::new(), failure: None, stopped: false }
    }

    /// Whoever still waits is told by the end of what they wait on.
    fn end(&mut self) {
        self.waiting.clear();
        self.processes.end();
    }
}

/// Who waits for the answer to a request.
pub(crate) enum Waiting {
    Handle(oneshot::Sender<Result<Response, Refusal>>),
    Own(Purpose),
}

/// What the session tells, in order: fold it into a [`shared::transcript::Transcript`], or look for
/// [`Delivery::Heard`] alone.
///
/// Once 256 wait here the socket is read no further, not even for answers, until some are taken:
/// the hub then sees a slow node, and loses nothing for it. So whoever takes from here must not wait for
/// an answer before taking the next, or give that to a task of its own. Dropped, all is passed over.
pub struct Deliveries {
    queue: mpsc::Receiver<Delivery>,
}

impl Deliveries {
    /// The next; `None` once the client has stopped and all was taken.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.queue.recv().await
    }
}

impl Client {
    /// Connects to the hub at an invitation link, an `http` or `ws` URL, or `host:port`, and goes on
    /// doing so. Of the settings, `random` is replaced by fresh randomness, `processes` is set, and where there
    /// is no cookie the link's is taken. Needs a tokio runtime round it.
    ///
    /// # Errors
    /// If that is no address. Whether there is a hub is told by [`Client::phase`].
    pub fn start(link: &str, settings: Settings) -> Result<(Self, Deliveries), AddressError> {
        Self::start_with_queue(link, settings, DELIVERIES)
    }

    /// The same with another bound, at least 1, for what [`Deliveries`] holds.
    ///
    /// # Errors
    /// As for [`Client::start`].
    pub fn start_with_queue(
        link: &str,
        mut settings: Settings,
        queue: usize,
    ) -> Result<(Self, Deliveries), AddressError> {
        let address: HubAddress = link.parse()?;
        settings.cookie = settings.cookie.or_else(|| address.cookie().map(str::to_owned));
        settings.random = rand::random();
        settings.processes = true;
        let processes = Processes::new(settings.node.as_deref());
        let session = Session::new(settings);
        let core = Arc::new(Mutex::new(Core::new(session, processes)));
        // One ring says all: the driver looks at everything when it looks.
        let (bell, rings) = mpsc::channel(1);
        #[cfg(feature = "programs")]
        lock(&core).processes.running.linked(BackLink::new(&core, &bell));
        let (deliveries, queue) = mpsc::channel(queue.max(1));
        let (shown, phase) = watch::channel(Phase::Idle);
        tokio::spawn(Driver::new(Arc::clone(&core), address, rings, deliveries, shown).run());
        Ok((Self { core, bell, phase }, Deliveries { queue }))
    }

    /// Makes a request; `request` puts the id given into it. It is made when this returns: who needs no
    /// answer drops that. See [`Session::ask`] for what outlives a connection and what does not.
    pub fn ask(&self, request: impl FnOnce(String) -> ToHub) -> Answer<Response> {
        self.request(request, Some)
    }

    /// Says a line in a room. The answer comes once it is on the hub's disk; until then it is kept, and
    /// sent again after every return, but never said twice.
    pub fn say(&self, room: &str, text: &str) -> Answer<Sent> {
        let (room, text) = (room.to_owned(), text.to_owned());
        self.request(|id| Place::Room(room).say(id, text), sent)
    }

    /// Says something to one nick alone; kept and sent again like a line.
    pub fn private_message(&self, to: &str, text: &str) -> Answer<Sent> {
        let (to, text) = (to.to_owned(), text.to_owned());
        self.request(|id| Place::With(to).say(id, text), sent)
    }

    /// Enters a room, for good: it is joined again after every return that needs it.
    pub fn join(&self, room: &str) -> Answer<Joined> {
        let room = room.to_owned();
        self.request(
            |id| ToHub::Join { id, room },
            |response| if let Response::Joined(joined) = response { Some(joined) } else { None },
        )
    }

    /// Leaves a room.
    pub fn leave(&self, room: &str) -> Answer<()> {
        let room = room.to_owned();
        self.request(|id| ToHub::Leave { id, room }, |response| matches!(response, Response::Done).then_some(()))
    }

    /// A page of what was said at a place, oldest first: before or after a `seq`, or the newest.
    pub fn history(&self, place: &Place, before: Option<u64>, after: Option<u64>, limit: u32) -> Answer<Page> {
        self.request(
            |id| place.history(id, before, after, limit),
            |response| if let Response::Page(page) = response { Some(page) } else { None },
        )
    }

    /// The state of the connection, and a way to wait for another.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.clone()
    }

    /// Waits until the hub answers, and nick and rooms are ours; gives false if that is not to be
    /// expected: the hub does not want this node, or it was stopped.
    pub async fn online(&self) -> bool {
        let mut phase = self.phase.clone();
        let settled =
            phase.wait_for(|phase| matches!(phase, Phase::Online | Phase::CookieWanted { .. } | Phase::Refused { .. }));
        settled.await.is_ok_and(|phase| *phase == Phase::Online)
    }

    /// Where this node stands in the log, as far as it has read; what waits in [`Deliveries`] counts.
    pub fn position(&self) -> Position {
        self.core().session.position().clone()
    }

    /// How many lines are not yet answered.
    pub fn unsent(&self) -> usize {
        self.core().session.unsent()
    }

    /// These lines, in order: kept, and given to [`Settings::lines`] of the client that follows this one, they are
    /// said by that. Ask once this one has stopped.
    pub fn unsent_lines(&self) -> Vec<Line> {
        self.core().session.unsent_lines().cloned().collect()
    }

    /// The person has read a place up to `seq`; the hub and the person's other nodes will know.
    pub fn read(&self, place: &Place, seq: u64) {
        self.tell(|session, now| session.read(now, place, seq));
    }

    /// The person is writing at a place: to be said with each key, and told to the hub as often as it wants to know.
    pub fn typing(&self, place: &Place) {
        self.tell(|session, now| session.typing(now, place));
    }

    /// The person has left this device alone ([`State::Away`]) or is back at it ([`State::Online`]).
    pub fn state(&self, state: State) {
        self.tell(|session, now| session.state(now, state));
    }

    /// The rooms this node is in, or will be in again; the lobby among them.
    pub fn rooms(&self) -> Vec<String> {
        self.core().session.rooms().map(str::to_owned).collect()
    }

    /// Why there is no connection at the moment, or was none before the one there is: the last attempt failed, or the
    /// last connection ended. None before either.
    pub fn failure(&self) -> Option<Arc<Error>> {
        self.core().failure.clone()
    }

    /// The nick this node speaks as, and the token that proves it: for the app to keep.
    pub fn nick(&self) -> Option<(String, String)> {
        let core = self.core();
        Some((core.session.nick()?.to_owned(), core.session.token()?.to_owned()))
    }

    /// An attempt at once instead of the wait that is on, or a quick look whether the connection is
    /// alive: for whoever knows that the network changed, or that a person looks.
    pub fn look(&self) {
        self.tell(Session::visible);
    }

    /// Tries again at once, whatever the hub said.
    pub fn retry(&self) {
        self.tell(Session::retry);
    }

    /// Ends the connection in good order. Answers still awaited end with `unavailable`; the lines
    /// among them may have been said.
    pub async fn stop(&self) {
        self.core().stopped = true;
        self.ring();
        let mut phase = self.phase.clone();
        while phase.changed().await.is_ok() {}
    }

    fn tell(&self, happened: impl FnOnce(&mut Session, u64)) {
        happened(&mut self.core().session, driver::now());
        self.ring();
    }

    pub(crate) fn request<T>(
        &self,
        request: impl FnOnce(String) -> ToHub,
        read: fn(Response) -> Option<T>,
    ) -> Answer<T> {
        let mut core = self.core();
        let state = if core.stopped {
            Asked::Refused(stopped())
        } else {
            match core.session.ask(driver::now(), request) {
                Ok(id) => {
                    let (answer, awaited) = oneshot::channel();
                    core.waiting.insert(id, Waiting::Handle(answer));
                    Asked::Awaited(awaited)
                }
                Err(refusal) => Asked::Refused(refusal),
            }
        };
        drop(core);
        self.ring();
        Answer { state, read }
    }

    /// Full, it has been rung already; closed, there is nobody to hear it.
    fn ring(&self) {
        _ = self.bell.try_send(());
    }

    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        lock(&self.core)
    }
}

pub(crate) fn lock(core: &Mutex<Core>) -> MutexGuard<'_, Core> {
    // A request's closure that panicked has changed nothing yet.
    core.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn sent(response: Response) -> Option<Sent> {
    if let Response::Sent(sent) = response { Some(sent) } else { None }
}

fn stopped() -> Refusal {
    Refusal::new(ErrorCode::Unavailable, "This node was stopped before the answer came.")
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.name())
    }
}

/// What a request will bring: a future. The request is made whether it is awaited or dropped.
#[derive(Debug)]
pub struct Answer<T> {
    state: Asked,
    read: fn(Response) -> Option<T>,
}

#[derive(Debug)]
enum Asked {
    /// It could not even be tried.
    Refused(Refusal),
    Awaited(oneshot::Receiver<Result<Response, Refusal>>),
}

impl<T> Future for Answer<T> {
    type Output = Result<T, Refusal>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let awaited = match &mut self.state {
            Asked::Refused(refusal) => return Poll::Ready(Err(refusal.clone())),
            Asked::Awaited(awaited) => awaited,
        };
        Pin::new(awaited).poll(context).map(|answer| {
            let response = answer.unwrap_or_else(|_| Err(stopped()))?;
            // The session reads each answer as that of its request, so it is of the kind asked for.
            (self.read)(response)
                .ok_or_else(|| Refusal::new(ErrorCode::Unavailable, "The hub's answer is not of this version."))
        })
    }
}
