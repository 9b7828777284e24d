//! Processes that are written in Rust: [`Mailbox`], whose messages somebody takes, and what such a message is.

use std::thread;
use std::time::Duration;

use serde_json::Value;
use shared::message::ErrorCode;
use shared::process::table::Ask;
use shared::process::{Address, CallRef, Fault, Letter, Origin, Pid, Reason};
use tokio::sync::mpsc;

use crate::client::Link;

/// A message as it reached a process.
#[derive(Debug)]
pub struct Received {
    /// The process that sent it: what answers a `send` goes there.
    pub from: Address,
    /// Its node, with the nick and that nick's owner, as the hub vouches for them.
    pub who: Origin,
    pub message: Value,
    /// Of a call.
    pub reply: Option<Reply>,
}

/// Answers a call, now or later. Dropped without an answer, the call ends with `exited` at the caller.
#[derive(Debug)]
pub struct Reply {
    link: Link,
    /// None once it was given.
    call: Option<CallRef>,
}

impl Reply {
    /// Answers with a value.
    pub fn ok(self, value: impl Into<Value>) {
        self.give(Ok(value.into()));
    }

    /// Answers with a refusal, in words for people: `bad_message` at the caller.
    pub fn refuse(self, words: impl Into<String>) {
        self.give(Err(words.into()));
    }

    fn give(mut self, result: Result<Value, String>) {
        if let Some(call) = self.call.take() {
            let result = result.map_err(|words| Fault::new(ErrorCode::BadMessage, words));
            self.link.tell(|processes, now| processes.answer(now, call, result));
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            // In a panic the process ends, and says why; else it goes on without this call.
            let reason = if thread::panicking() { panicked() } else { Reason::error("The call was not answered.") };
            self.link.tell(|processes, now| processes.answer(now, call, Err(Fault::exited(reason))));
        }
    }
}

/// A process of this node whose messages are taken here, one after the other. Dropped, it ends: `normal`, or with
/// `error` where a panic drops it. One that does not take for five seconds while more than half of what may wait for it
/// does ends as well, with `limit mailbox`.
///
/// It does not keep its [`Client`](crate::Client) alive.
#[derive(Debug)]
pub struct Mailbox {
    link: Link,
    pid: Pid,
    letters: mpsc::Receiver<Letter>,
    /// A message was taken, and the process is at it.
    busy: bool,
}

impl Mailbox {
    pub(crate) fn new(link: Link, pid: Pid, letters: mpsc::Receiver<Letter>) -> Self {
        Self { link, pid, letters, busy: false }
    }

    /// Who this process is. On another node its address is this with [`Client::name`](crate::Client::name).
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The next message, when there is one; the one before it then counts as done. None once the process or its client
    /// has ended.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Received> {
        if std::mem::take(&mut self.busy) {
            let pid = self.pid;
            self.link.tell(|processes, now| processes.done(now, pid));
        }
        let letter = self.letters.recv().await?;
        self.busy = true;
        let Letter { from, nick, owner, call, message } = letter;
        let who = Origin { node: from.node.clone(), nick, owner };
        let reply = call.map(|call| Reply { link: self.link.clone(), call: Some(call) });
        Some(Received { from, who, message, reply })
    }

    /// Sends a message in this process's name, so that what answers it comes here; else as
    /// [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    /// As there.
    pub async fn send(&self, to: &Address, message: impl Into<Value>) -> Result<(), Fault> {
        self.link.send(Some(self.pid), to, message.into()).await
    }

    /// Calls in this process's name; else as [`Client::call_within`](crate::Client::call_within).
    ///
    /// # Errors
    /// As there.
    pub async fn call(&self, to: &Address, message: impl Into<Value>, within: Duration) -> Result<Value, Fault> {
        self.link.call(Some(self.pid), to, message.into(), within).await
    }

    /// Links this process to another: when that ends for a reason other than `normal`, so does this, and
    /// [`Mailbox::next`] gives none; when this does, so does that, and a panic is such a reason. Lost sight of
    /// (`node_down`), both end. Linked once, it stays so; where there is no such process, or it belongs to another
    /// person, or is a mailbox or a node's own, this one ends at once.
    ///
    /// # Errors
    /// `bad_message` where it is no pid ([`Address::of`]), `busy` where this process has 100 links, `no_such_process`
    /// where it has ended.
    pub async fn link(&self, to: &Address) -> Result<(), Fault> {
        self.link.link(self.pid, Ask::Link { to: to.clone() }).await
    }

    /// The two are linked no longer, and each may end by itself.
    ///
    /// # Errors
    /// `no_such_process` where this process has ended.
    pub async fn unlink(&self, from: &Address) -> Result<(), Fault> {
        self.link.link(self.pid, Ask::Unlink { to: from.clone() }).await
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let reason = if thread::panicking() { panicked() } else { Reason::Normal };
        let pid = self.pid;
        self.link.tell(|processes, now| processes.end_process(now, pid, &reason));
    }
}

fn panicked() -> Reason {
    Reason::error("The handler panicked.")
}
