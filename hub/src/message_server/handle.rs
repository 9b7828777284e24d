//! What connections hold of the message server.

use std::sync::Arc;

use shared::message::{Hello, ToHub};
use tokio::sync::{mpsc, oneshot, watch};

use crate::outbox::Outbox;
use crate::registry::NodeKey;

/// What connections tell the message server.
pub(super) enum FromNode {
    /// A node has said hello and may enter; its key goes back.
    Enter { newcomer: Newcomer, key: oneshot::Sender<NodeKey> },
    /// `done` is dropped once a `connect` was decided: until then its node's further requests wait.
    Request { node: NodeKey, request: ToHub, done: Option<oneshot::Sender<()>> },
    /// The socket answered a probe.
    Alive { node: NodeKey, token: u64 },
    /// The connection has ended. The last message of its node.
    Gone { node: NodeKey },
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
    inbox: mpsc::Sender<FromNode>,
    stopping: Arc<watch::Sender<bool>>,
}

impl Handle {
    pub(super) fn new(inbox: mpsc::Sender<FromNode>) -> Self {
        Self { inbox, stopping: Arc::new(watch::Sender::new(false)) }
    }

    /// Gives a node its place; the welcome is the first thing in its outbox. None if the hub has stopped.
    pub async fn enter(&self, newcomer: Newcomer) -> Option<Seat> {
        let (key, entered) = oneshot::channel();
        self.inbox.send(FromNode::Enter { newcomer, key }).await.ok()?;
        let node = entered.await.ok()?;
        Some(Seat { node, inbox: Some(self.inbox.clone()) })
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

/// A node's place on the hub. When it is dropped the node is gone, whatever way its
/// connection ended.
#[derive(Debug)]
pub struct Seat {
    node: NodeKey,
    /// None once it was given up.
    inbox: Option<mpsc::Sender<FromNode>>,
}

impl Seat {
    /// Hands over a request; waits while the server has too many. A `connect` gives back
    /// what tells that it was decided.
    pub async fn request(&self, request: ToHub) -> Option<oneshot::Receiver<()>> {
        let (done, decided) = match request {
            ToHub::Connect { .. } => {
                let (done, decided) = oneshot::channel();
                (Some(done), Some(decided))
            }
            _ => (None, None),
        };
        self.tell(FromNode::Request { node: self.node, request, done }).await;
        decided
    }

    /// The socket answered a probe.
    pub async fn alive(&self, token: u64) {
        self.tell(FromNode::Alive { node: self.node, token }).await;
    }

    async fn tell(&self, message: FromNode) {
        if let Some(inbox) = &self.inbox {
            let _ = inbox.send(message).await; // a stopped hub closes this connection by its outbox
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(inbox) = self.inbox.take() else { return };
        // Behind the node's own last requests, never before them.
        let gone = FromNode::Gone { node: self.node };
        if let Err(mpsc::error::TrySendError::Full(gone)) = inbox.try_send(gone)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let _ = inbox.send(gone).await;
            });
        }
    }
}
