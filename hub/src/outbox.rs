//! The bounded queue from the message server to one node, and how it gets onto the node's socket.
//!
//! The server never waits for it. Entries either fit or the node becomes a *cursor*: what comes after is not
//! queued but read from the log once the node has taken what it has. Signals that do not fit are left out. Only a
//! node that piles up answers it does not read is cut off (4002).
//!
//! A [courier](courier::Couriers) writes what waits, all of it at once, as long as the socket takes it. When the
//! socket is full, when an answer takes long to encode, and when the connection ends, the connection's own task
//! writes, which can wait: it *owns* the pen until nothing waits any more.

mod courier;
mod mail;
mod parcel;
mod pen;
mod waiting;

use std::fmt;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use shared::wire::close;

use courier::Lane;
pub use courier::{Couriers, Pickups};
pub use mail::{Load, Mail, Sender};
pub use parcel::{Answer, Parcel, Reply, Shared, weight_of};
pub use pen::Wire;
use pen::{Desktop, Pen};
use waiting::{MAX_WEIGHT, Waiting};

/// Bytes (about) of answers that may pile up for a node that asks and does not read. Nothing else comes near.
const MAX_PILE: usize = 1024 * 1024;

/// Pages of the log that one node may have under way: with four it never waits for the way there and back.
const MAX_PAGES: u32 = 4;

/// How long after something was written a node is asked whether it has arrived, at the soonest. One pong stands for
/// all entries before it, so this bounds what it costs one node.
const CONFIRM_AFTER: Duration = Duration::from_secs(1);

/// How many nodes are asked a second: with more of them each is asked more seldom.
const CONFIRMATIONS: usize = 1_000;

/// Why the hub ends a connection: close code and words.
pub type Ending = (u16, &'static str);

/// What an outbox wants of its connection's task.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    /// To write what waits, with [`Outbox::poll_write`].
    Write,
    /// To end the connection, without sending what waits.
    End(Ending),
    /// To say that the node, which is behind, has taken all that was queued for it.
    Drained,
    /// To ask, after this time, for a sign that what was written has arrived: [`Outbox::confirm`].
    Confirm(Duration),
}

/// The queue to one node, and what is known of its progress.
pub struct Outbox {
    waiting: Mutex<Waiting>,
    pen: Mutex<Pen>,
    pickups: Arc<Pickups>,
    /// The newest entry that was taken to be written.
    written: AtomicU64,
    /// The node has said that it has all entries up to here.
    acked: AtomicU64,
    /// When it said so, or connected, in milliseconds since 1970 UTC.
    acked_at: AtomicU64,
    /// Pages of the log that the node has asked for and that were not read yet.
    pages: AtomicU32,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither texts nor secrets belong where this may be printed.
        f.debug_struct("Outbox").field("count", &self.waiting().count).finish_non_exhaustive()
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.pickups.count_out();
    }
}

impl Outbox {
    /// An empty one for a socket.
    pub fn new(wire: Box<dyn Wire>, pickups: Arc<Pickups>) -> Self {
        pickups.count_in();
        Self {
            waiting: Mutex::default(),
            pen: Mutex::new(Pen::new(wire)),
            pickups,
            written: AtomicU64::default(),
            acked: AtomicU64::default(),
            acked_at: AtomicU64::default(),
            pages: AtomicU32::default(),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A panic cannot leave the queue half changed: nothing in here panics between two changes.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // What the message server puts in

    /// Adds an answer, or what else must not be left out. A node that piles them up is told to come back (4002).
    pub fn push(self: &Arc<Self>, parcel: Parcel) {
        let weight = parcel.weight();
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        // A single large page may pass the bound, on top of what is below it.
        if waiting.pile >= MAX_PILE {
            waiting.end_at_once((close::TOO_SLOW, "too slow: more answers waited for this node than the hub holds"));
            return waiting.call_task();
        }
        waiting.owned |= parcel.is_long();
        waiting.pile += weight;
        waiting.add(parcel);
        self.stir(waiting, Lane::Quick);
    }

    /// Adds entries that follow one another. False if they do not fit: then the node is behind from the first of
    /// them on.
    #[must_use]
    pub fn push_entries(self: &Arc<Self>, entries: &Arc<Shared>) -> bool {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return true; // it reads on from there when it is back
        }
        if waiting.is_full() {
            waiting.behind = true;
            return false;
        }
        waiting.add_entries(Arc::clone(entries));
        self.stir(waiting, lane(entries));
        true
    }

    /// Adds entries read from the log for a node that is behind; they fit because it had taken all before.
    /// With `behind` there are more: the node is to say when it has taken these.
    pub fn push_passage(self: &Arc<Self>, entries: Option<Shared>, behind: bool) {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        waiting.behind = behind;
        match entries {
            Some(entries) => {
                waiting.add_entries(Arc::new(entries));
                self.stir(waiting, Lane::Bulk);
            }
            None => waiting.call_task(),
        }
    }

    /// Adds a signal, if there is room for it.
    pub fn push_signal(self: &Arc<Self>, signal: &Arc<Shared>) {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return;
        }
        if waiting.is_full() {
            // It is told when it has taken what waits.
            (waiting.lossy, waiting.behind) = (true, true);
        } else {
            waiting.weight += signal.weight();
            waiting.add(Parcel::Shared(Arc::clone(signal)));
            self.stir(waiting, lane(signal));
        }
    }

    /// Adds a signal that means nothing later, if there is room for it.
    pub fn push_fleeting(self: &Arc<Self>, signal: &Arc<Shared>) {
        let mut waiting = self.waiting();
        if waiting.ending.is_none() && !waiting.is_full() {
            waiting.weight += signal.weight();
            waiting.add(Parcel::Shared(Arc::clone(signal)));
            self.stir(waiting, lane(signal));
        }
    }

    /// Adds a signal of another node. False if it does not fit. What is dropped with the connection fits: then all ties of
    /// the node break.
    #[must_use]
    pub fn push_mail(self: &Arc<Self>, mail: Mail) -> bool {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return true;
        }
        if !waiting.add_mail(Box::new(mail)) {
            return false;
        }
        self.stir(waiting, Lane::Quick);
        true
    }

    /// Has what waits written.
    fn stir(self: &Arc<Self>, mut waiting: MutexGuard<'_, Waiting>, lane: Lane) {
        if waiting.owned {
            return waiting.call_task();
        }
        if !std::mem::replace(waiting.pickup(lane), true) {
            drop(waiting);
            self.pickups.add(Arc::clone(self), lane);
        }
    }

    /// Whether signals were left out since this was last asked.
    pub fn take_lossy(&self) -> bool {
        std::mem::take(&mut self.waiting().lossy)
    }

    /// Ends the connection once it has sent what waits.
    pub fn close(&self, ending: Ending) {
        let mut waiting = self.waiting();
        waiting.ending.get_or_insert(ending);
        waiting.call_task();
    }

    /// Ends the connection without sending what waits.
    pub fn close_at_once(&self, ending: Ending) {
        let mut waiting = self.waiting();
        waiting.end_at_once(ending);
        waiting.call_task();
    }

    /// Whether anything pushed now would be dropped.
    pub fn is_ended(&self) -> bool {
        self.waiting().ending.is_some()
    }

    /// The node has asked for a page of the log.
    pub fn page_asked(&self) {
        self.pages.fetch_add(1, Ordering::AcqRel);
    }

    /// A page that was asked for is there, or will not come. To be said before its answer is pushed.
    pub fn page_done(&self) {
        self.pages.fetch_sub(1, Ordering::AcqRel);
        let mut waiting = self.waiting();
        if waiting.crowded {
            waiting.call_task();
        }
    }

    // What the courier does

    /// Writes what waits, unless the connection's task does.
    fn write(self: &Arc<Self>, lane: Lane, desktop: &mut Desktop) {
        {
            let mut waiting = self.waiting();
            *waiting.pickup(lane) = false;
            if waiting.owned || waiting.parcels.is_empty() {
                return;
            }
            if waiting.writing {
                // Another courier is at it, and pickups again for what has come meanwhile.
                waiting.again = Some(lane);
                return;
            }
            self.take(&mut waiting, desktop);
            waiting.writing = true;
        }
        let written = self.pen().write(desktop);
        let mut waiting = self.waiting();
        waiting.writing = false;
        // If it failed, the task finds out what it is, and waits or ends.
        waiting.owned |= written.is_err();
        if waiting.owned || waiting.behind || waiting.crowded || self.wants_confirmation(&waiting) {
            waiting.call_task();
        }
        if let Some(lane) = waiting.again.take()
            && !waiting.parcels.is_empty()
        {
            self.stir(waiting, lane);
        }
    }

    fn take(&self, waiting: &mut Waiting, desktop: &mut Desktop) {
        desktop.parcels.extend(waiting.take());
        self.written.store(waiting.last, Ordering::Relaxed);
    }

    // What the connection's task does

    /// What there is for the connection's task to do; otherwise it is woken when there is something.
    pub fn poll_call(&self, context: &Context<'_>) -> Poll<Call> {
        let mut waiting = self.waiting();
        if let Some(ending) = waiting.ending {
            if waiting.at_once {
                return Poll::Ready(Call::End(ending));
            }
            waiting.owned = true;
        }
        waiting.call_later(context);
        if std::mem::take(&mut waiting.drained) {
            return Poll::Ready(Call::Drained);
        }
        if waiting.owned {
            return Poll::Ready(Call::Write);
        }
        if self.wants_confirmation(&waiting) {
            waiting.confirming = true;
            return Poll::Ready(Call::Confirm(confirm_after(self.pickups.nodes())));
        }
        if waiting.behind && waiting.count == 0 && !waiting.writing {
            waiting.behind = false;
            return Poll::Ready(Call::Drained);
        }
        Poll::Pending
    }

    /// Writes until nothing waits: then couriers write again, or, if the connection is to end, it gives the ending.
    ///
    /// # Errors
    /// If the connection is lost.
    pub fn poll_write(&self, context: &mut Context<'_>) -> Poll<std::io::Result<Option<Ending>>> {
        {
            let mut waiting = self.waiting();
            if waiting.writing {
                // The courier pickups when it has written.
                waiting.owned = true;
                waiting.call_later(context);
                return Poll::Pending;
            }
        }
        let mut pen = self.pen();
        let mut desktop = Desktop::default();
        loop {
            ready!(pen.poll_unsent(context))?;
            {
                let mut waiting = self.waiting();
                if waiting.parcels.is_empty() {
                    waiting.owned = waiting.ending.is_some();
                    return Poll::Ready(Ok(waiting.ending));
                }
                if waiting.behind && waiting.count == 0 && waiting.ending.is_none() {
                    // However many signals come, they do not hold up what comes of the log.
                    (waiting.behind, waiting.drained) = (false, true);
                    return Poll::Ready(Ok(None));
                }
                self.take(&mut waiting, &mut desktop);
            }
            match pen.write(&mut desktop) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
                _ => {}
            }
        }
    }

    /// Whether the socket has taken something after it was full, since this was last asked.
    pub fn take_progress(&self) -> bool {
        self.pen().take_progress()
    }

    /// Ready when few enough answers wait, or are being made, that the node may ask for more.
    pub fn poll_room(&self, context: &Context<'_>) -> Poll<()> {
        let mut waiting = self.waiting();
        waiting.crowded = self.pages.load(Ordering::Acquire) >= MAX_PAGES || waiting.pile >= MAX_WEIGHT;
        if waiting.crowded {
            waiting.call_later(context);
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Nothing more is queued; what waits is dropped if there are last words to say.
    pub fn finish(&self, words: Option<Bytes>) {
        let mut waiting = self.waiting();
        waiting.ending.get_or_insert((close::TOO_SLOW, "over"));
        waiting.owned = true;
        if let Some(words) = words {
            waiting.clear();
            waiting.add(Parcel::Raw(Box::new(words)));
        }
    }

    /// Nothing more is sent: the peer reads to the end and no further. What is pushed from now on is dropped.
    pub fn hang_up(&self) {
        self.finish(None);
        self.waiting().clear();
        self.pen().put_down();
    }

    // Progress

    fn wants_confirmation(&self, waiting: &Waiting) -> bool {
        !waiting.acknowledges
            && !waiting.confirming
            && self.written.load(Ordering::Relaxed) > self.acked.load(Ordering::Relaxed)
    }

    /// Asks the node for a sign of what has arrived, unless its socket is full: that is proof enough that it has not.
    pub fn confirm(self: &Arc<Self>) {
        let upto = {
            let mut waiting = self.waiting();
            waiting.confirming = false;
            (!waiting.owned).then_some(waiting.last)
        };
        if let Some(upto) = upto {
            self.push(Parcel::Confirm(upto));
        }
    }

    /// The node acknowledges by itself: it has all entries up to `seq`, as it said at `at` (milliseconds since 1970 UTC).
    pub fn acknowledged(&self, seq: u64, at: u64) {
        self.waiting().acknowledges = true;
        self.ack(seq.min(self.written.load(Ordering::Relaxed)), at);
    }

    /// The node has answered what [`Outbox::confirm`] asked. If it acknowledges by itself, that says more.
    pub fn confirmed(&self, upto: u64, at: u64) {
        if !self.waiting().acknowledges {
            // It cannot have what it was not sent.
            self.ack(upto.min(self.written.load(Ordering::Relaxed)), at);
        }
    }

    /// The node has all entries up to `seq`, as is known since `at` (milliseconds since 1970 UTC).
    pub fn ack(&self, seq: u64, at: u64) {
        self.acked.fetch_max(seq, Ordering::Relaxed);
        self.acked_at.store(at, Ordering::Relaxed);
    }

    /// Up to where the node has said to have all entries, and when it said so, or connected.
    pub fn acked(&self) -> (u64, u64) {
        (self.acked.load(Ordering::Relaxed), self.acked_at.load(Ordering::Relaxed))
    }

    /// The newest entry that was put in; 0 if none was.
    pub fn last(&self) -> u64 {
        self.waiting().last
    }
}

/// How long to wait before a node is asked, where there are so many.
fn confirm_after(nodes: usize) -> Duration {
    CONFIRM_AFTER.max(Duration::from_millis(u64::try_from(nodes * 1_000 / CONFIRMATIONS).unwrap_or(u64::MAX)))
}

/// The way by which messages to many go.
fn lane(shared: &Shared) -> Lane {
    if shared.is_bulk() { Lane::Bulk } else { Lane::Quick }
}

#[cfg(test)]
mod tests;
