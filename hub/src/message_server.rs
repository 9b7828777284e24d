//! The task that owns the registry and the rooms, and decides who hears what.
//!
//! It knows nodes, entries and outboxes, never sockets or JSON. It waits for nothing but
//! its inbox, the log's tail and its own timers: a push to an outbox always returns at once,
//! and what is to be written goes to the backplane and comes back on the tail.

mod awareness;
mod directory;
mod entering;
mod following;
mod handle;
mod hub_node;
mod outcomes;
mod pings;
mod reaching;
mod requests;
mod searching;
mod signals;
#[cfg(test)]
mod stage;
mod storing;
mod writing;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use shared::message::{Answer as Sign, Refusal, ToNode};
use shared::room::RoomName;
use shared::wire::close;
use slotmap::SecondaryMap;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use crate::backplane::{Backplane, Known, KnownOwner, KnownRoom, OwnerId, SecretHash, SessionId, Tail, Ticket};
use crate::clock;
use crate::files::Files;
use crate::outbox::{Answer, Ending, Outbox, Parcel, Sender, Shared};
use crate::rate::Bucket;
use crate::registry::{News, NodeKey, Registry};

use directory::Directory;
use entering::Leases;
use following::{Flow, Hungry, Inbox, Recent};
use handle::{ConnectionId, FromNode};
pub use handle::{Handle, Newcomer, Seat, Told};
pub use hub_node::{Ear, Heard, Voice};
use pings::Pings;
use signals::{Hub, Peer, Ties};
use storing::Storing;
pub use storing::{Changed, Stored};

/// Messages from all connections that may wait; a connection that finds it full stops reading its socket.
const MAX_INBOX: usize = 4_096;

/// Messages taken from the inbox at a time, so that the tail and the timers get their turn.
const MAX_TURN: usize = 64;

/// Requests that may be on their way to the log. Then the inbox rests until some are durable.
const MAX_IN_FLIGHT: usize = 4_096;

/// How long a stopping hub waits for its nodes to take what is theirs.
const PARTING: Duration = Duration::from_secs(5);

/// What the message server is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// What stands after the `@` in node names.
    pub host: String,
    /// Lines a second that one owner may send, five seconds' worth at once; none for no limit.
    pub rate_limit: Option<u32>,
    /// The log is in memory only.
    pub ephemeral: bool,
    /// How long a node that vanished may take to come back.
    pub lease: Duration,
    /// How long news of presence is gathered before a room is told.
    pub presence: Duration,
    /// What lines may name.
    pub files: Files,
}

/// Starts the message server. It ends after [`Handle::stop`], or when every handle is gone.
/// `None` if another took the backplane's tail before.
pub fn start(backplane: Arc<dyn Backplane>, settings: Settings) -> Option<Handle> {
    let tail = backplane.tail()?;
    let (to_inbox, inbox) = mpsc::channel(MAX_INBOX);
    let server = MessageServer::new(backplane, settings, to_inbox.downgrade());
    let stored = server.storing.stored();
    tokio::spawn(server.run(inbox, tail));
    Some(Handle::new(to_inbox, stored))
}

struct MessageServer {
    backplane: Arc<dyn Backplane>,
    settings: Settings,
    epoch: String,
    /// The newest entry that was told.
    head: u64,
    /// The newest entries that were told.
    recent: Recent,
    registry: Registry,
    desks: SecondaryMap<NodeKey, Desk>,
    /// The outboxes of the nodes that are [`Flow::Live`], close together because every line walks them.
    live: SecondaryMap<NodeKey, Arc<Outbox>>,
    /// The nodes by their sessions' secrets.
    sessions: HashMap<SecretHash, NodeKey>,
    leases: Leases,
    hungry: Hungry,
    /// The number of the newest connection.
    connections: u64,
    inbox: Inbox,
    /// What a full bucket would say need not be kept; the rest is swept now and then.
    lines: HashMap<OwnerId, Bucket>,
    swept: Instant,
    /// Requests on their way to the log.
    in_flight: HashMap<Ticket, InFlight>,
    next_ticket: u64,
    pings: Pings,
    /// The hub's own node.
    hub: Hub,
    directory: Directory,
    storing: Storing,
    /// When which rooms are to be told their news.
    news: BTreeMap<Instant, Vec<News>>,
    stopping: Option<Stopping>,
}

/// What the server keeps of one node beside the registry.
struct Desk {
    /// None while it is reconnecting.
    outbox: Option<Arc<Outbox>>,
    /// Its connection, or the one it had last.
    connection: ConnectionId,
    flow: Flow,
    requests: Bucket,
    /// The token of the nick that is bound to the node, so that it may ask for it again.
    token: Option<String>,
    secret: SecretHash,
    /// What the log knows it by; none before it has a nick.
    session: Option<SessionId>,
    /// Its one turn to search.
    search: Arc<Semaphore>,
    /// With whom it exchanges signals: none while it is reconnecting.
    ties: Ties,
    /// Who its signals are from, as it was when it last sent one.
    sender: Option<Arc<Sender>>,
}

impl Desk {
    fn push(&self, parcel: Parcel) {
        if let Some(outbox) = &self.outbox {
            outbox.push(parcel);
        }
    }
}

/// Whatever way the message server ends, no connection is left waiting for it.
impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(outbox) = &self.outbox {
            outbox.close(PARTED);
        }
    }
}

/// A request that waits for the log.
enum InFlight {
    Resume {
        newcomer: Newcomer,
        seat: oneshot::Sender<Seat>,
    },
    Join {
        node: NodeKey,
        id: String,
        key: String,
        /// The room's name.
        room: String,
        /// The node was in it already.
        again: bool,
    },
    /// A request that has nothing more to tell.
    Change {
        node: NodeKey,
        id: String,
    },
    Read {
        node: NodeKey,
        id: String,
        owner: OwnerId,
        /// What the owner's other nodes are to be told.
        signal: ToNode,
    },
    Claim {
        node: NodeKey,
        id: String,
        done: Option<oneshot::Sender<()>>,
    },
    Line {
        node: NodeKey,
        id: String,
    },
    PrivateMessage {
        node: NodeKey,
        id: String,
        nodes: u32,
    },
    /// A line that is to be refused, unless it is one that was taken before.
    Refused {
        node: NodeKey,
        id: String,
        refusal: Refusal,
    },
}

struct Stopping {
    done: Vec<oneshot::Sender<()>>,
    /// Set once all that was under way is durable and the nodes were told.
    until: Option<Instant>,
}

impl MessageServer {
    fn new(backplane: Arc<dyn Backplane>, settings: Settings, inbox: Inbox) -> Self {
        let Known { epoch, head, owners, rooms, sessions, files, store, store_since } = backplane.known();
        settings.files.keep_only(&files);
        let mut registry = Registry::new(settings.host.clone(), clock::now(), head);
        for KnownOwner { owner, nick, seen } in owners {
            registry.add_owner(owner, nick, seen);
        }
        for KnownRoom { name, topic } in rooms {
            match RoomName::parse(&name) {
                Ok(name) => registry.add_kept_room(&name, topic),
                Err(error) => tracing::warn!(%error, "a room of the log has a name that is not valid any more"),
            }
        }
        let mut server = Self {
            backplane,
            leases: Leases::new(settings.lease),
            settings,
            epoch,
            head,
            recent: Recent::from(head),
            registry,
            desks: SecondaryMap::new(),
            live: SecondaryMap::new(),
            sessions: HashMap::new(),
            hungry: Hungry::default(),
            connections: 0,
            inbox,
            lines: HashMap::new(),
            swept: Instant::now(),
            in_flight: HashMap::new(),
            next_ticket: 0,
            pings: Pings::default(),
            hub: Hub::default(),
            directory: Directory::default(),
            storing: Storing::new(store, store_since, head),
            news: BTreeMap::new(),
            stopping: None,
        };
        server.restore(sessions);
        server
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<FromNode>, mut tail: Tail) {
        let mut turn = Vec::with_capacity(MAX_TURN);
        loop {
            let deadline = self.deadline();
            tokio::select! {
                biased;
                outcomes = tail.recv() => match outcomes {
                    Some(outcomes) => self.outcomes(outcomes),
                    None => {
                        tracing::error!("the log's writer has ended; the hub cannot go on");
                        return;
                    }
                },
                count = inbox.recv_many(&mut turn, MAX_TURN), if self.in_flight.len() < MAX_IN_FLIGHT => {
                    if count == 0 {
                        return;
                    }
                    turn.drain(..).for_each(|message| self.message(message));
                }
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => self.tick(),
            }
            if self.stopped() {
                return;
            }
        }
    }

    // Timers

    fn deadline(&self) -> Option<Instant> {
        let news = self.news.keys().next().copied();
        let parting = self.stopping.as_ref().and_then(|stopping| stopping.until);
        [news, self.pings.deadline(), self.leases.deadline(), self.directory.deadline(), parting]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self) {
        let now = Instant::now();
        for ping in self.pings.take_expired(now) {
            self.answer_ping(ping, Sign::Pang, now);
        }
        self.end_leases(now);
        self.tell_directory(now);
        while let Some(entry) = self.news.first_entry() {
            if *entry.key() > now {
                break;
            }
            for news in entry.remove() {
                self.tell_presence(&news);
            }
        }
    }

    fn note_news(&mut self) {
        let news = self.registry.take_news();
        if !news.is_empty() {
            self.news.entry(Instant::now() + self.settings.presence).or_default().extend(news);
        }
    }

    fn tell_presence(&mut self, news: &News) {
        let Some((presence, members)) = self.registry.take_presence(news) else { return };
        let shared = Arc::new(Shared::new(ToNode::Presence(presence), members.len()));
        for node in members {
            if let Some(outbox) = self.desks.get(node).and_then(|desk| desk.outbox.as_ref()) {
                outbox.push_signal(&shared);
            }
        }
    }

    // From the connections

    fn message(&mut self, message: FromNode) {
        match message {
            FromNode::Enter { newcomer, seat } => self.enter(newcomer, seat),
            // A stopping hub takes nothing on. Unanswered, it is asked again of the next one.
            FromNode::Request { .. } if self.stopping.is_some() => {}
            FromNode::Request { node, connection, request, done } => {
                // What a connection asked before it was replaced is asked again over the newer one.
                if self.desks.get(node).is_some_and(|desk| desk.connection == connection) {
                    self.request(node, request, done);
                }
            }
            FromNode::Signal { .. } | FromNode::FromHub(_) if self.stopping.is_some() => {}
            FromNode::Signal { node, connection, signal } => self.signal_of(node, connection, signal),
            FromNode::FromHub(signal) => self.signal(Peer::Hub, signal),
            FromNode::HubNode(line) => self.take_line(line),
            FromNode::HubNodeGone(load) => self.lose_line(&load),
            FromNode::Pinged { token, alive } => self.pinged(token, alive),
            FromNode::Alive { node, token } => self.alive(node, token),
            FromNode::Drained { node, connection } => self.drained(node, connection),
            FromNode::Read(read) => self.read_for(read),
            FromNode::Gone { node, connection } => self.vanish(node, connection),
            FromNode::Names { answer } => {
                let names = self.registry.list_nodes().into_iter().map(|node| node.node).collect();
                let _ = answer.send(names); // who asked may have stopped waiting
            }
            FromNode::Stop { done } => self.stop(done),
        }
    }

    // To the connections

    fn reply(&self, node: NodeKey, id: String, result: Result<Answer, Refusal>) {
        if let Some(desk) = self.desks.get(node) {
            desk.push(Parcel::reply(id, result));
        }
    }

    fn stop(&mut self, done: oneshot::Sender<()>) {
        self.stopping.get_or_insert_with(|| Stopping { done: Vec::new(), until: None }).done.push(done);
    }

    /// Whether a stop that was asked for is complete: what was under way is durable and
    /// answered, and the nodes have taken what was theirs and the close, or had time for it.
    fn stopped(&mut self) -> bool {
        let in_flight = !self.in_flight.is_empty();
        let Some(stopping) = &mut self.stopping else { return false };
        match stopping.until {
            None if in_flight => false,
            None => {
                stopping.until = Some(Instant::now() + PARTING);
                self.close_all();
                self.stopped()
            }
            Some(until) if self.registry.count_connected() == 0 || until <= Instant::now() => {
                let done = self.stopping.take().map(|stopping| stopping.done);
                done.into_iter().flatten().for_each(|done| {
                    let _ = done.send(()); // whoever asked may have stopped waiting
                });
                true
            }
            Some(_) => false,
        }
    }

    fn close_all(&self) {
        self.desks.values().filter_map(|desk| desk.outbox.as_ref()).for_each(|outbox| outbox.close(PARTED));
    }
}

/// What nodes are told when the hub stops.
const PARTED: Ending = (close::SHUTTING_DOWN, "the hub is shutting down");
