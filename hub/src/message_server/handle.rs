//! What connections hold of the message server.

use std::pin::Pin;
use std::sync::Arc;

use shared::message::{Hello, Outgoing, ToHub};
use tokio::sync::{mpsc, oneshot, watch};

use super::following::Read;
use super::hub_node::Line;
use super::storing::Stored;
use crate::outbox::{Load, Outbox};
use crate::registry::NodeKey;

/// The number of a connection: one that was replaced by a newer one of its node is told from it by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// What connections tell the message server.
pub(super) enum FromNode {
    /// A node has said hello and may enter; its seat goes back.
    Enter { newcomer: Newcomer, seat: oneshot::Sender<Seat> },
    /// `done` is dropped once a `connect` was decided: until then its node's further requests wait.
    Request { node: NodeKey, connection: ConnectionId, request: ToHub, done: Option<oneshot::Sender<()>> },
    /// A node sends a signal to another.
    Signal { node: NodeKey, connection: ConnectionId, signal: Outgoing },
    /// The hub's own node sends a signal.
    FromHub(Outgoing),
    /// The hub's own node hears here from now on.
    HubNode(Line),
    /// It hears there no more.
    HubNodeGone(Arc<Load>),
    /// Its processes want to know which nodes there are.
    Names { answer: oneshot::Sender<Vec<String>> },
    /// It has asked a node whether it lives.
    Pinged { token: u64, alive: Option<bool> },
    /// The socket answered a probe.
    Alive { node: NodeKey, token: u64 },
    /// The node is behind, and has taken all that was queued for it.
    Drained { node: NodeKey, connection: ConnectionId },
    /// The log was read for a node that is behind.
    Read(Read),
    /// The connection has ended. The last message from it.
    Gone { node: NodeKey, connection: ConnectionId },
    /// The hub stops.
    Stop { done: oneshot::Sender<()> },
}

/// A node that said hello, with the right cookie where one is wanted.
#[derive(Debug)]
pub struct Newcomer {
    pub hello: Hello,
    pub outbox: Arc<Outbox>,
}

/// The way to the message server.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) inbox: mpsc::Sender<FromNode>,
    stopping: Arc<watch::Sender<bool>>,
    stored: Stored,
}

impl Handle {
    pub(super) fn new(inbox: mpsc::Sender<FromNode>, stored: Stored) -> Self {
        Self { inbox, stopping: Arc::new(watch::Sender::new(false)), stored }
    }

    /// The hub's copy of the store.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// Gives a node its place; the welcome is the first thing in its outbox. None if the hub has stopped.
    pub async fn enter(&self, newcomer: Newcomer) -> Option<Seat> {
        let (seat, entered) = oneshot::channel();
        self.inbox.send(FromNode::Enter { newcomer, seat }).await.ok()?;
        entered.await.ok()
    }

    /// Whether the message server runs.
    pub fn is_alive(&self) -> bool {
        !self.inbox.is_closed()
    }

    /// Returns when the message server has ended. Before [`Handle::stop`] that is a failure.
    pub async fn ended(&self) {
        self.inbox.closed().await;
    }

    /// Returns when the hub has begun to stop.
    pub async fn stopping(&self) {
        // The sender lives as long as this handle, so there is no error to meet.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Stops: what is under way becomes durable and is answered, then every node is told 4001.
    /// Returns when all have gone, or after the five seconds they are given.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        let (done, stopped) = oneshot::channel();
        if self.inbox.send(FromNode::Stop { done }).await.is_ok() {
            let _ = stopped.await; // an error says that it has ended already
        }
    }
}

/// A connected node's place on the hub. When it is dropped the connection is gone, whatever way it
/// ended, and the node's lease begins.
#[derive(Debug)]
pub struct Seat {
    pub(super) node: NodeKey,
    pub(super) connection: ConnectionId,
    pub(super) inbox: mpsc::Sender<FromNode>,
}

impl Seat {
    /// Hands over a request. A `connect` gives back what tells that it was decided.
    pub fn request(&self, request: ToHub) -> (Told, Option<oneshot::Receiver<()>>) {
        let (done, decided) = match request {
            ToHub::Connect { .. } => {
                let (done, decided) = oneshot::channel();
                (Some(done), Some(decided))
            }
            _ => (None, None),
        };
        (self.tell(FromNode::Request { node: self.node, connection: self.connection, request, done }), decided)
    }

    /// Hands over a signal to another node.
    pub fn signal(&self, signal: Outgoing) -> Told {
        self.tell(FromNode::Signal { node: self.node, connection: self.connection, signal })
    }

    /// The socket answered a probe.
    pub fn alive(&self, token: u64) -> Told {
        self.tell(FromNode::Alive { node: self.node, token })
    }

    /// The node is behind, and has taken all that was queued for it.
    pub fn drained(&self) -> Told {
        self.tell(FromNode::Drained { node: self.node, connection: self.connection })
    }

    fn tell(&self, message: FromNode) -> Told {
        match self.inbox.try_send(message) {
            Err(mpsc::error::TrySendError::Full(message)) => {
                let inbox = self.inbox.clone();
                Err(Box::pin(async move {
                    let _ = inbox.send(message).await;
                }))
            }
            // A stopped hub closes this connection by its outbox.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }
}

/// Whether the message server was told something, or, if it has too much waiting, the way to wait until it was.
/// Until then nothing else must be told it: order is kept. (It lies apart, because ten thousand connections
/// should not each hold room for what hardly ever happens.)
pub type Told = Result<(), Pin<Box<dyn Future<Output = ()> + Send>>>;

impl Drop for Seat {
    fn drop(&mut self) {
        // Behind the node's own last requests, never before them.
        let gone = FromNode::Gone { node: self.node, connection: self.connection };
        if let Err(mpsc::error::TrySendError::Full(gone)) = self.inbox.try_send(gone)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let inbox = self.inbox.clone();
            runtime.spawn(async move {
                let _ = inbox.send(gone).await;
            });
        }
    }
}
