//! Nodes come, vanish, come back, and are gone when their lease has run out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shared::message::{Hello, State, Welcome, Why};
use shared::node::is_local;
use shared::wire::{MAX_KIND, VERSION, close};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::Instant;

use super::following::Flow;
use super::handle::ConnectionId;
use super::signals::{Peer, Ties};
use super::{Desk, InFlight, MessageServer, Newcomer, PARTED, Seat};
use crate::backplane::{SecretHash, Session};
use crate::outbox::{Ending, Outbox, Parcel};
use crate::rate::Bucket;
use crate::registry::{Departed, NodeKey};
use crate::{clock, secret};

/// Nodes within their lease: as many as a hub has sockets, so that all may come back from its restart. Beyond
/// it the one that has been away longest is gone early.
const MAX_AWAY: usize = 20_000;

/// What a connection is told whose session has a newer one.
const REPLACED: Ending = (close::REPLACED, "replaced by a newer connection of the same session");

/// When a node's lease ends, and the connection it had lost, which tells it from others of that moment.
pub(super) type Lease = (Instant, ConnectionId);

/// The nodes without a connection, by the end of their leases.
#[derive(Debug)]
pub(super) struct Leases {
    lease: Duration,
    away: BTreeMap<Lease, NodeKey>,
}

impl Leases {
    pub(super) fn new(lease: Duration) -> Self {
        Self { lease, away: BTreeMap::new() }
    }

    /// A node has lost that connection.
    fn begin(&mut self, node: NodeKey, connection: ConnectionId) -> Lease {
        let lease = (Instant::now() + self.lease, connection);
        self.away.insert(lease, node);
        lease
    }

    /// The node is back.
    fn give_back(&mut self, lease: Lease) {
        self.away.remove(&lease);
    }

    /// When the first of them ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.away.first_key_value().map(|((until, _), _)| *until)
    }

    /// One whose lease has ended.
    fn take_ended(&mut self, now: Instant) -> Option<NodeKey> {
        let crowded = self.away.len() > MAX_AWAY;
        let first = self.away.first_entry()?;
        (crowded || first.key().0 <= now).then(|| first.remove())
    }
}

impl MessageServer {
    /// Those who were here when the last hub ended: they have the lease to come back.
    pub(super) fn restore(&mut self, sessions: Vec<Session>) {
        for session in sessions {
            let secret = session.secret;
            let node = self.seat_session(session);
            self.sessions.insert(secret, node);
        }
        // Nobody is here to be told.
        for room in self.registry.take_news() {
            drop(self.registry.take_presence(&room).map(|(presence, _)| presence));
        }
    }

    pub(super) fn enter(&mut self, newcomer: Newcomer, seat: oneshot::Sender<Seat>) {
        let Some(secret) = newcomer.hello.session.as_deref().map(secret::hash) else {
            return self.enter_fresh(newcomer, seat);
        };
        if let Some(node) = self.sessions.get(&secret).copied() {
            return self.enter_again(node, newcomer, seat);
        }
        // A session without a nick is not kept beyond its lease; all others the log knows.
        let ticket = self.ticket();
        match self.backplane.resume(ticket, secret) {
            Ok(()) => {
                self.in_flight.insert(ticket, InFlight::Resume { newcomer, seat });
            }
            Err(_) => {
                // As if the hub were away: the node comes back, and its session is still there then.
                newcomer.outbox.close((close::SHUTTING_DOWN, "the hub has more to do than it can; come back"));
                self.enter_fresh(newcomer, seat);
            }
        }
    }

    /// The log has said what it knows of a session.
    pub(super) fn resumed(&mut self, newcomer: Newcomer, seat: oneshot::Sender<Seat>, session: Option<Session>) {
        let Some(session) = session else { return self.enter_fresh(newcomer, seat) };
        let secret = session.secret;
        // Another connection of it may have been here first.
        let node = match self.sessions.get(&secret).copied() {
            Some(node) => node,
            None => {
                let node = self.seat_session(session);
                self.sessions.insert(secret, node);
                node
            }
        };
        self.enter_again(node, newcomer, seat);
    }

    /// Gives a session that the log keeps its place in the registry, as of one that has just vanished.
    fn seat_session(&mut self, session: Session) -> NodeKey {
        let Session { id, secret, owner, nick, node, kind, rooms } = session;
        let node = self.registry.add_node(Some(&node), kind, clock::now(), false);
        self.registry.bind(node, owner, &nick, &[]);
        // They were here when the last hub ended, of which nobody noted when that was: should they not come back, this
        // is the best that is known.
        self.registry.saw(node, clock::now());
        for room in rooms {
            // A room may have become impossible meanwhile (too many, or one that looks like it).
            if let Err(refusal) = self.registry.join(node, &room) {
                tracing::debug!(reason = refusal.message, "a session could not be put back into a room");
            }
        }
        let connection = self.next_connection();
        let lease = self.leases.begin(node, connection);
        let desk = Desk {
            outbox: None,
            connection,
            flow: Flow::Away { acked: 0, since: clock::now(), lease },
            requests: Bucket::new(super::requests::REQUESTS, Instant::now()),
            token: None,
            secret,
            session: Some(id),
            search: Arc::new(Semaphore::new(1)),
            ties: Ties::default(),
            sender: None,
        };
        self.desks.insert(node, desk);
        node
    }

    fn enter_fresh(&mut self, newcomer: Newcomer, seat: oneshot::Sender<Seat>) {
        let Newcomer { hello, outbox } = newcomer;
        let Hello { node: wished, kind, store, processes, .. } = hello;
        let kind = kind.filter(|kind| kind.len() <= MAX_KIND && is_local(kind)).unwrap_or_else(|| "node".to_owned());
        let node = self.registry.add_node(wished.as_deref(), kind, clock::now(), true);
        self.registry.set_store(node, store);
        self.registry.set_processes(node, processes);
        let session = secret::fresh();
        let secret = secret::hash(&session);
        let connection = self.next_connection();
        let desk = Desk {
            outbox: None,
            connection,
            flow: Flow::Live,
            requests: Bucket::new(super::requests::REQUESTS, Instant::now()),
            token: None,
            secret,
            session: None,
            search: Arc::new(Semaphore::new(1)),
            ties: Ties::default(),
            sender: None,
        };
        self.desks.insert(node, desk);
        self.sessions.insert(secret, node);
        self.sit_down(node, connection, outbox, session, false, seat);
    }

    /// A node is back, or another connection of it takes over.
    fn enter_again(&mut self, node: NodeKey, newcomer: Newcomer, seat: oneshot::Sender<Seat>) {
        let Newcomer { hello, outbox } = newcomer;
        let connection = self.next_connection();
        let head = self.head;
        // What processes it had are others now, as far as the hub knows; and what it follows it asks for anew.
        self.untie_all(Peer::Node(node), Why::Disconnected);
        self.directory.follow(node, false);
        let Some(desk) = self.desks.get_mut(node) else { return };
        if let Some(former) = desk.outbox.take() {
            former.close_at_once(REPLACED);
        }
        if let Flow::Away { lease, .. } = desk.flow {
            self.leases.give_back(lease);
        }
        desk.connection = connection;
        desk.flow = match hello.after {
            // It has what it says it has.
            Some(after) => {
                let after = after.min(head);
                outbox.ack(after, clock::now());
                Flow::behind(after, true)
            }
            None => Flow::Live,
        };
        let behind = hello.after.is_some();
        self.registry.set_store(node, hello.store);
        self.registry.set_processes(node, hello.processes);
        self.registry.turn(node, State::Online);
        self.sit_down(node, connection, Arc::clone(&outbox), hello.session.unwrap_or_default(), true, seat);
        if behind {
            self.read_on(node);
        }
        self.note_news();
    }

    fn sit_down(
        &mut self,
        node: NodeKey,
        connection: ConnectionId,
        outbox: Arc<Outbox>,
        session: String,
        resumed: bool,
        seat: oneshot::Sender<Seat>,
    ) {
        let Some(inbox) = self.inbox.upgrade() else { return };
        if self.stopping.is_some() {
            outbox.close(PARTED);
        }
        let rooms = self.registry.room_keys(node).filter_map(|key| Some(self.registry.room(key)?.name().to_owned()));
        outbox.push(Parcel::Welcome(Box::new(Welcome {
            version: VERSION,
            hub: self.registry.hub(),
            node: self.registry.node_name(node).unwrap_or_default(),
            session,
            epoch: self.epoch.clone(),
            seq: self.head,
            resumed,
            nick: self.registry.owner_of(node).map(|(_, nick)| nick.to_owned()),
            rooms: rooms.collect(),
            ephemeral: self.settings.ephemeral,
            max_upload: Some(self.settings.files.max_upload()),
            owner: self.registry.owner_of(node).map(|(owner, _)| owner.0.cast_unsigned()),
            store_since: self.storing.since(),
        })));
        // It was heard of just now.
        outbox.ack(0, clock::now());
        if let Some(desk) = self.desks.get_mut(node) {
            match desk.flow {
                Flow::Live => self.live.insert(node, Arc::clone(&outbox)),
                Flow::Behind { .. } | Flow::Away { .. } => self.live.remove(node),
            };
            desk.outbox = Some(outbox);
        }
        self.note_node(node);
        // A connection that has ended meanwhile drops its seat, which is how its node vanishes.
        drop(seat.send(Seat { node, connection, inbox }));
    }

    fn next_connection(&mut self) -> ConnectionId {
        self.connections += 1;
        ConnectionId(self.connections)
    }

    /// A connection has ended: its node is reconnecting until it is back or its lease has run out.
    pub(super) fn vanish(&mut self, node: NodeKey, connection: ConnectionId) {
        let position = self.position_of(node);
        let Some(desk) = self.desks.get_mut(node).filter(|desk| desk.connection == connection) else { return };
        desk.outbox = None;
        self.live.remove(node);
        let lease = self.leases.begin(node, connection);
        desk.flow = Flow::Away { acked: position, since: clock::now(), lease };
        self.registry.saw(node, clock::now());
        self.registry.turn(node, State::Reconnecting);
        self.untie_all(Peer::Node(node), Why::Disconnected);
        self.directory.follow(node, false);
        self.note_node(node);
        let now = Instant::now();
        for ping in self.pings.take_of(node) {
            self.answer_ping(ping, shared::message::Answer::Pang, now);
        }
        self.note_news();
    }

    /// Those whose lease has run out are gone.
    pub(super) fn end_leases(&mut self, now: Instant) {
        while let Some(node) = self.leases.take_ended(now) {
            let Some(desk) = self.desks.remove(node) else { continue };
            let session = desk.session;
            self.sessions.remove(&desk.secret);
            let departed = self.registry.remove_node(node);
            self.departed(&departed);
            if let Some(session) = session
                && self.backplane.depart(session).is_err()
            {
                // The next hub then gives it another lease.
                tracing::warn!("the log's queue is full; a node's end was not noted");
            }
        }
        self.note_news();
    }

    pub(super) fn departed(&self, departed: &Departed) {
        if let Some(owner) = departed.last_of
            && self.backplane.left(owner).is_err()
        {
            // Their nick then counts as taken until the next start, and is theirs by token as ever.
            tracing::warn!("the log's queue is full; a departure was not noted");
        }
    }

    /// The part of a node's session that a claim needs.
    pub(super) fn secret_of(&self, node: NodeKey) -> Option<SecretHash> {
        self.desks.get(node).map(|desk| desk.secret)
    }
}
