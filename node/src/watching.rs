//! Being told of an end, once; and what runs elsewhere for this node.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use shared::process::{Address, Reason};
use tokio::sync::{mpsc, oneshot};

use crate::client::Link;
use crate::processes::Printed;

/// Why a process or a node came to its end: a future, by [`Client::monitor`](crate::Client::monitor). It is told exactly
/// once: at once where there is none, and with `node_down` where the way there is lost, or this client was stopped.
/// Dropped, nothing is watched any more.
#[derive(Debug)]
pub struct Monitor {
    ended: oneshot::Receiver<Reason>,
    _open: Arc<Open>,
}

impl Monitor {
    pub(crate) fn new(open: Arc<Open>, ended: oneshot::Receiver<Reason>) -> Self {
        Self { ended, _open: open }
    }
}

impl Future for Monitor {
    type Output = Reason;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Reason> {
        // Where nobody is left to say it, this client was stopped.
        Pin::new(&mut self.ended).poll(context).map(|ended| ended.unwrap_or(Reason::NodeDown))
    }
}

/// A program that runs for this node, here or elsewhere.
#[derive(Debug)]
pub struct Spawned {
    /// Its process.
    pub address: Address,
    /// What it prints, and what is printed by those that it spawns.
    pub output: Output,
    /// Why it ended. The program runs on when this is dropped.
    pub ended: Monitor,
}

/// What a program prints. Dropped, it prints for nobody.
#[derive(Debug)]
pub struct Output {
    lines: mpsc::Receiver<Printed>,
    _open: Arc<Open>,
}

impl Output {
    pub(crate) fn new(open: Arc<Open>, lines: mpsc::Receiver<Printed>) -> Self {
        Self { lines, _open: open }
    }

    /// The next text, with the process that printed it. Also behind the end of the program, since those that it spawned
    /// may go on; none once the client has stopped. Past 64 KiB a second, and past 1,024 that nobody takes here, texts
    /// are counted and not shown.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Printed> {
        self.lines.recv().await
    }
}

/// Something that was asked for and goes on until nobody holds this.
#[derive(Debug)]
pub(crate) struct Open {
    link: Link,
    ask: u64,
}

impl Open {
    pub(crate) fn new(link: Link, ask: u64) -> Self {
        Self { link, ask }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let ask = self.ask;
        self.link.tell(|processes, now| processes.close(now, ask));
    }
}
