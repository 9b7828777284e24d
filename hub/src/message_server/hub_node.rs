//! The hub as a node among others: what its own processes say, and what they hear.
//!
//! They live in a task of their own, which holds both ends given here. To the message server it is one more node, whose
//! outbox is the ear.

use std::sync::Arc;

use shared::message::{Down, Outgoing, Unreachable};
use shared::node::NodeName;
use tokio::sync::{mpsc, oneshot};

use super::handle::FromNode;
use super::{Handle, Inbox};
use crate::outbox::{Load, Mail};

/// Signals that may wait for the hub's own processes: full windows of sixteen nodes.
const MAX_MAIL: usize = 4_096;

/// Bytes of their payloads.
const MAX_MAIL_WEIGHT: usize = 16 * 1024 * 1024;

/// How many of them may be of one node: two full windows, so that who keeps to its window never meets this bound, and
/// who does not leaves room for the others.
const MAX_MAIL_OF_ONE: usize = 512;

/// Bytes of those: four windows.
const MAX_MAIL_WEIGHT_OF_ONE: usize = 512 * 1024;

/// What the hub's own node hears.
#[derive(Debug)]
pub enum Heard {
    /// A signal of another node.
    Signal(Mail),
    /// A signal of its own went nowhere.
    Unreachable(Unreachable),
    /// A tie of its own has broken. It comes behind all that came over it.
    Down(Down),
    /// Does that node live? It has processes, so that it answers itself: [`Voice::pinged`].
    Ping { token: u64, node: NodeName },
}

/// How the hub's own node speaks. It does not keep the message server alive.
#[derive(Clone, Debug)]
pub struct Voice {
    inbox: Inbox,
}

impl Voice {
    /// Sends a signal, as a node does. Waits while the server has too much to do.
    pub async fn signal(&self, signal: Outgoing) {
        self.tell(FromNode::FromHub(signal)).await;
    }

    /// Whether a node has answered the ping of that [`Heard::Ping`]; none where it could not be asked.
    pub async fn pinged(&self, token: u64, alive: Option<bool>) {
        self.tell(FromNode::Pinged { token, alive }).await;
    }

    /// The full names of all nodes, the hub first; none of a hub that has stopped.
    pub async fn nodes(&self) -> Vec<String> {
        let (answer, names) = oneshot::channel();
        self.tell(FromNode::Names { answer }).await;
        names.await.unwrap_or_default()
    }

    async fn tell(&self, message: FromNode) {
        if let Some(inbox) = self.inbox.upgrade() {
            let _ = inbox.send(message).await; // a hub that has stopped needs no more
        }
    }
}

/// What the hub's own node has still to hear. When it is dropped, the hub is a node without processes.
#[derive(Debug)]
pub struct Ear {
    heard: mpsc::UnboundedReceiver<Heard>,
    load: Arc<Load>,
    inbox: Inbox,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.heard.close();
        while let Ok(heard) = self.heard.try_recv() {
            self.taken(&heard);
        }
        let gone = FromNode::HubNodeGone(Arc::clone(&self.load));
        let Some(inbox) = self.inbox.upgrade() else { return };
        if let Err(mpsc::error::TrySendError::Full(gone)) = inbox.try_send(gone)
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let _ = inbox.send(gone).await; // a hub that has stopped needs no more
            });
        }
    }
}

impl Ear {
    /// What comes next; none when the hub has stopped, or another took over. Nothing is lost when it is not awaited to
    /// the end.
    pub async fn hear(&mut self) -> Option<Heard> {
        let heard = self.heard.recv().await?;
        self.taken(&heard);
        Some(heard)
    }

    /// It waits no more.
    fn taken(&self, heard: &Heard) {
        if let Heard::Signal(mail) = heard {
            self.load.less(mail.weight());
            mail.sender.load.less(mail.weight());
        }
    }
}

/// The message server's side of an [`Ear`]. Signals are bounded here. What tells of ties and pings always fits, and is
/// bounded by them: a tie tells of its end once and opens again with a signal only, and pings have their own limit.
#[derive(Debug)]
pub(super) struct Line {
    heard: mpsc::UnboundedSender<Heard>,
    load: Arc<Load>,
}

impl Line {
    /// Whether it leads to the ear with that load.
    pub(super) fn leads_to(&self, load: &Arc<Load>) -> bool {
        Arc::ptr_eq(&self.load, load)
    }

    /// False if there is no room for it.
    pub(super) fn push_mail(&self, mail: Mail) -> bool {
        let weight = mail.weight();
        let of_one = &mail.sender.load;
        let full =
            self.load.is_over(MAX_MAIL, MAX_MAIL_WEIGHT) || of_one.is_over(MAX_MAIL_OF_ONE, MAX_MAIL_WEIGHT_OF_ONE);
        if !full {
            self.load.more(weight);
            of_one.more(weight);
            self.push(Heard::Signal(mail));
        }
        !full
    }

    pub(super) fn push(&self, heard: Heard) {
        let _ = self.heard.send(heard); // of an ear that was dropped the server hears in turn
    }
}

impl Handle {
    /// The hub's own node, which has processes from now on. A later one takes the place of this.
    pub async fn hub_node(&self) -> (Voice, Ear) {
        let (sender, heard) = mpsc::unbounded_channel();
        let load = Arc::new(Load::default());
        let line = Line { heard: sender, load: Arc::clone(&load) };
        let inbox = self.inbox.downgrade();
        let ear = Ear { heard, load, inbox: inbox.clone() };
        // A hub that has stopped drops the line, by which the ear ends.
        let _ = self.inbox.send(FromNode::HubNode(line)).await;
        (Voice { inbox }, ear)
    }
}
