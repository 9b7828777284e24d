//! What a node says to other nodes and their processes, and what it asks of them.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::message::{ErrorCode, NodeInfo, ToHub};
use shared::node::NodeName;
use shared::process::limits::WITHIN;
use shared::process::table::Ask;
use shared::process::{Address, Fault, Pid, Reason};
use shared::session::Response;
use tokio::sync::{mpsc, watch};

use super::{Client, Core, driver, lock};
use crate::handler::{Mailbox, Received};
use crate::processes::{Asked, Processes, Program, Programs, fault, stopped};
use crate::store::Store;
use crate::watching::{Monitor, Open, Output, Spawned};

/// A call's time-out where none is named.
const CALL: Duration = Duration::from_millis(WITHIN as u64);

/// The way to a client's processes for those that are not to keep it alive.
#[derive(Clone)]
pub(crate) struct Link {
    core: Arc<Mutex<Core>>,
    bell: mpsc::WeakSender<()>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    /// Does something with the processes, and what follows from it.
    pub(crate) fn tell<T>(&self, happened: impl FnOnce(&mut Processes, u64) -> T) -> T {
        let (mut core, now) = (lock(&self.core), driver::now());
        let given = happened(&mut core.processes, now);
        core.settle(now);
        drop(core);
        if let Some(bell) = self.bell.upgrade() {
            // Full, it has been rung already; closed, there is nobody to hear it.
            _ = bell.try_send(());
        }
        given
    }

    pub(crate) async fn send(&self, by: Option<Pid>, to: &Address, message: Value) -> Result<(), Fault> {
        let to = to.clone();
        let sent = self.tell(|processes, now| processes.ask(now, by, Ask::Send { to, message }));
        sent.await.unwrap_or_else(|_| Err(stopped())).map(drop)
    }

    /// Something that a process asks for itself, and that is answered with nothing.
    pub(crate) async fn link(&self, by: Pid, ask: Ask) -> Result<(), Fault> {
        let done = self.tell(|processes, now| processes.ask(now, Some(by), ask));
        done.await.unwrap_or_else(|_| Err(stopped())).map(drop)
    }

    pub(crate) async fn call(
        &self,
        by: Option<Pid>,
        to: &Address,
        message: Value,
        within: Duration,
    ) -> Result<Value, Fault> {
        let to = to.clone();
        let within = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let answer = self.tell(|processes, now| processes.ask(now, by, Ask::Call { to, message, within }));
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// The way of an engine's threads to the table. It keeps nothing alive.
#[cfg(feature = "programs")]
#[derive(Clone)]
pub(crate) struct BackLink {
    core: std::sync::Weak<Mutex<Core>>,
    bell: mpsc::WeakSender<()>,
}

#[cfg(feature = "programs")]
impl BackLink {
    pub(super) fn new(core: &Arc<Mutex<Core>>, bell: &mpsc::Sender<()>) -> Self {
        Self { core: Arc::downgrade(core), bell: bell.downgrade() }
    }

    /// As [`Link::tell`], if the client is still there.
    pub(crate) fn tell(&self, happened: impl FnOnce(&mut Processes, u64)) {
        if let Some(core) = self.core.upgrade() {
            Link { core, bell: self.bell.clone() }.tell(happened);
        }
    }
}

/// Processes: those of other nodes, and this one's own. An [`Address`] is written `process@@node`, where the node is a
/// full name or the part before the `@`; [`Address::of`] makes one of a pid.
impl Client {
    /// This node's name: what the hub called it, or before that what was wished for.
    pub fn name(&self) -> NodeName {
        self.core().processes.table.name().clone()
    }

    /// Whether a node answers, and how long that took there and back. Only the node itself answers.
    ///
    /// # Errors
    /// That is `pang`: `no_such_node`, `node_down`, or `timeout` after five seconds.
    pub async fn ping(&self, node: &str) -> Result<Duration, Fault> {
        let node = named(node)?;
        let asked = Instant::now();
        let pong = self.link().tell(|processes, now| processes.ask(now, None, Ask::Ping { node }));
        pong.await.unwrap_or_else(|_| Err(stopped()))?;
        Ok(asked.elapsed())
    }

    /// Calls a process and waits five seconds at most for what it answers.
    ///
    /// # Errors
    /// `no_such_node`, `no_such_process`, `node_down`, `timeout`, `exited` with the reason, `bad_message` and what else
    /// the process may answer. After `timeout` and `node_down` it may have been done all the same.
    pub async fn call(&self, to: &Address, message: impl Into<Value>) -> Result<Value, Fault> {
        self.call_within(to, message, CALL).await
    }

    /// The same with a time-out of up to 60 s.
    ///
    /// # Errors
    /// As for [`Client::call`].
    pub async fn call_within(&self, to: &Address, message: impl Into<Value>, within: Duration) -> Result<Value, Fault> {
        self.link().call(None, to, message.into(), within).await
    }

    /// Sends a message. It waits until the message is on its way, which may take as long as the other node is slow to
    /// take what it was sent before; whether it arrives is not told. Messages to one process keep their order.
    ///
    /// # Errors
    /// `bad_message` where it is too long, `node_down` where it is known that the node cannot be reached, `busy` where it
    /// is for a process of this node that has not taken half of what it may be sent, or too much waits for another node.
    pub async fn send(&self, to: &Address, message: impl Into<Value>) -> Result<(), Fault> {
        self.link().send(None, to, message.into()).await
    }

    /// A process of this node of that name, whose messages are taken from the [`Mailbox`].
    ///
    /// # Errors
    /// `bad_message` if it is no name, `busy` if it is taken, `not_allowed` if it is a reserved one.
    pub fn register(&self, name: &str) -> Result<Mailbox, Fault> {
        let link = self.link();
        let (pid, letters) = link.tell(|processes, now| processes.register(now, name))?;
        Ok(Mailbox::new(link, pid, letters))
    }

    /// A process of this node of that name, which does this with each message, one after the other: what it gives back
    /// answers a call, an error as a refusal in words. A panic ends the process with `error`, and nobody else.
    ///
    /// # Errors
    /// As for [`Client::register`].
    pub fn serve<F, A>(&self, name: &str, mut handler: F) -> Result<Pid, Fault>
    where
        F: FnMut(Received) -> A + Send + 'static,
        A: Future<Output = Result<Value, String>> + Send,
    {
        let mut mailbox = self.register(name)?;
        let pid = mailbox.pid();
        tokio::spawn(async move {
            while let Some(mut received) = mailbox.next().await {
                let reply = received.reply.take();
                let result = handler(received).await;
                match (reply, result) {
                    (Some(reply), Ok(value)) => reply.ok(value),
                    (Some(reply), Err(words)) => reply.refuse(words),
                    (None, _) => {} // nobody asked
                }
            }
        });
        Ok(pid)
    }

    /// Watches a process: see [`Monitor`].
    pub fn monitor(&self, of: &Address) -> Monitor {
        self.watch(Ask::Monitor { of: of.clone() })
    }

    /// Watches a node, whose end is `node_down`.
    ///
    /// # Errors
    /// `bad_message` if it is no name of a node.
    pub fn monitor_node(&self, node: &str) -> Result<Monitor, Fault> {
        Ok(self.watch(Ask::MonitorNode { node: named(node)? }))
    }

    fn watch(&self, ask: Ask) -> Monitor {
        let link = self.link();
        let (ask, ended) = link.tell(|processes, now| processes.watch(now, ask));
        Monitor::new(Arc::new(Open::new(link, ask)), ended)
    }

    /// Asks a process to end; it does where one may: where it was spawned by this node's own nick. Whether it did, a
    /// monitor tells. On another node it goes by its pid: the name may be another's by the time it arrives.
    ///
    /// # Errors
    /// `bad_message` where it is a name on another node.
    pub fn exit(&self, to: &Address, reason: Reason) -> Result<(), Fault> {
        let to = to.clone();
        self.link().tell(|processes, now| {
            let own = processes.table.name();
            if to.pid().is_none() && to.node.clone().on(own.host()) != *own {
                let words = "A process of another node is asked to end by its pid, not by its name.";
                return Err(Fault::new(ErrorCode::BadMessage, words));
            }
            processes.tell(now, Ask::Exit { to, reason });
            Ok(())
        })
    }

    /// Has a node run a program. What it prints arrives here.
    ///
    /// # Errors
    /// `not_allowed` or `declined` where the node, or its person, does not want to; `exited` with the reason where the
    /// program's beginning crashed; `busy`; and those of [`Client::call`].
    pub async fn spawn(&self, node: &str, program: Program) -> Result<Spawned, Fault> {
        let (node, spawn, link) = (named(node)?, program.spawn(), self.link());
        let asked = link.tell(|processes, now| processes.begin(now, Ask::Spawn { node, spawn }));
        let Asked { ask, answer, end, output } = asked;
        let open = Arc::new(Open::new(link, ask));
        let address = answer.await.unwrap_or_else(|_| Err(stopped()))?;
        let address = address.as_str().and_then(|address| address.parse().ok());
        let address = address.ok_or_else(|| Fault::new(ErrorCode::BadMessage, "The node told no address."))?;
        Ok(Spawned { address, output: Output::new(Arc::clone(&open), output), ended: Monitor::new(open, end) })
    }

    /// Has a node run a program for the value of its `main`, at most 60 s. What it prints meanwhile is passed over.
    ///
    /// # Errors
    /// As for [`Client::spawn`].
    pub async fn rpc(&self, node: &str, program: Program) -> Result<Value, Fault> {
        let (node, spawn) = (named(node)?, program.spawn());
        let within = shared::process::limits::MAX_WITHIN;
        let value = self.link().tell(|processes, now| processes.ask(now, None, Ask::Rpc { node, spawn, within }));
        value.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// What others may have run on this node; until then nothing. Without the feature `programs` that is all there is.
    pub fn run_programs(&self, programs: Programs) {
        self.core().processes.running.allow(programs);
    }

    /// Which nodes there are, the hub among them.
    ///
    /// # Errors
    /// `unavailable` without a hub.
    pub async fn nodes(&self) -> Result<Vec<NodeInfo>, Fault> {
        let list = self.request(
            |id| ToHub::ListNodes { id, follow: None },
            |response| if let Response::Nodes(list) = response { Some(list.nodes) } else { None },
        );
        list.await.map_err(fault)
    }

    /// Which nodes there are, as that changes, also over further connections; empty until the hub has told it. On a hub
    /// with more than 1,000 nodes the list stays as it is.
    pub fn follow_nodes(&self) -> watch::Receiver<Vec<NodeInfo>> {
        let (mut core, now) = (self.core(), driver::now());
        let nodes = core.processes.follow_nodes();
        core.ask_for_nodes(now);
        drop(core);
        self.ring();
        nodes
    }

    /// The replicated store. This node keeps a copy of it from now on.
    pub fn store(&self) -> Store {
        let mut core = self.core();
        core.session.keep_store(driver::now());
        let changes = core.processes.copy.changes();
        drop(core);
        self.ring();
        Store::new(self.clone(), changes)
    }

    fn link(&self) -> Link {
        Link { core: Arc::clone(&self.core), bell: self.bell.downgrade() }
    }
}

/// A node as it is named by people.
fn named(node: &str) -> Result<NodeName, Fault> {
    NodeName::wished(node).map_err(|error| Fault::new(ErrorCode::BadMessage, error.to_string()))
}
