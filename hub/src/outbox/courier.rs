//! Who writes for many nodes: a task for each core, so that a line to a thousand nodes wakes a few tasks and not a
//! thousand. A node whose socket takes no more is left to its own connection, which waits for it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use shared::wire::close;

use super::Outbox;
use super::pen::Desktop;

/// Nodes written to before other tasks get their turn: some 300 µs of system calls.
const ROUND: usize = 64;

/// The couriers of a hub. They end when this is dropped.
#[derive(Debug)]
pub struct Couriers {
    couriers: Vec<Arc<Courier>>,
    next: AtomicUsize,
}

impl Couriers {
    /// Starts so many, at least one.
    pub fn start(count: usize) -> Self {
        let couriers: Vec<Arc<Courier>> = (0..count.max(1)).map(|_| Arc::default()).collect();
        for courier in &couriers {
            tokio::spawn(Arc::clone(courier).run());
        }
        Self { couriers, next: AtomicUsize::new(0) }
    }

    /// One of them, each in its turn.
    pub fn assign(&self) -> Arc<Courier> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::clone(&self.couriers[number % self.couriers.len()])
    }
}

impl Drop for Couriers {
    fn drop(&mut self) {
        for courier in &self.couriers {
            let mut rounds = courier.rounds();
            rounds.over = true;
            rounds.wake();
        }
    }
}

/// Writes what waits in the outboxes that are given to it.
#[derive(Debug, Default)]
pub struct Courier {
    rounds: Mutex<Rounds>,
    /// How many nodes it has.
    nodes: AtomicUsize,
}

/// How much haste something has. Each node is in each lane once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Answers, and what goes to few.
    Quick,
    /// What goes to many: it takes turns with the quick.
    Bulk,
}

#[derive(Debug, Default)]
struct Rounds {
    quick: VecDeque<Arc<Outbox>>,
    bulk: VecDeque<Arc<Outbox>>,
    /// The bulk's turn is next.
    turn_of_bulk: bool,
    over: bool,
    /// The courier's task, while it has nothing to do.
    idle: Option<Waker>,
}

impl Rounds {
    fn wake(&mut self) {
        if let Some(idle) = self.idle.take() {
            idle.wake();
        }
    }
}

impl Courier {
    fn rounds(&self) -> MutexGuard<'_, Rounds> {
        // A panic cannot leave the queues half changed: nothing in here panics between two changes.
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more node.
    pub(super) fn add(&self) {
        self.nodes.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(super) fn remove(&self) {
        self.nodes.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many nodes it has.
    pub(super) fn count(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Something waits in this outbox.
    pub(super) fn call(&self, outbox: Arc<Outbox>, lane: Lane) {
        let mut rounds = self.rounds();
        match lane {
            Lane::Quick => rounds.quick.push_back(outbox),
            Lane::Bulk => rounds.bulk.push_back(outbox),
        }
        rounds.wake();
    }

    async fn run(self: Arc<Self>) {
        let mut desktop = Desktop::default();
        let mut round = Vec::with_capacity(ROUND);
        while let Some(lane) = poll_fn(|context| self.poll_round(context, &mut round)).await {
            for outbox in round.drain(..) {
                write(&outbox, lane, &mut desktop);
            }
            if !self.is_idle() {
                tokio::task::yield_now().await;
            }
        }
    }

    fn is_idle(&self) -> bool {
        let rounds = self.rounds();
        rounds.quick.is_empty() && rounds.bulk.is_empty()
    }

    /// The next nodes to write to; none when it is over.
    fn poll_round(&self, context: &Context<'_>, round: &mut Vec<Arc<Outbox>>) -> Poll<Option<Lane>> {
        let mut rounds = self.rounds();
        let lane = match (rounds.quick.is_empty(), rounds.bulk.is_empty()) {
            (true, true) if rounds.over => return Poll::Ready(None),
            (true, true) => {
                rounds.idle = Some(context.waker().clone());
                return Poll::Pending;
            }
            (false, true) => Lane::Quick,
            (true, false) => Lane::Bulk,
            (false, false) if rounds.turn_of_bulk => Lane::Bulk,
            (false, false) => Lane::Quick,
        };
        rounds.turn_of_bulk = lane == Lane::Quick;
        let queue = match lane {
            Lane::Quick => &mut rounds.quick,
            Lane::Bulk => &mut rounds.bulk,
        };
        let count = queue.len().min(ROUND);
        round.extend(queue.drain(..count));
        Poll::Ready(Some(lane))
    }

    /// Writes to all who wait, as the task does, and gives the lanes of the rounds that took.
    #[cfg(test)]
    pub(super) fn deliver(&self) -> Vec<Lane> {
        let (mut desktop, mut round, mut lanes) = (Desktop::default(), Vec::new(), Vec::new());
        while let Poll::Ready(Some(lane)) = self.poll_round(&Context::from_waker(Waker::noop()), &mut round) {
            round.drain(..).for_each(|outbox| write(&outbox, lane, &mut desktop));
            lanes.push(lane);
        }
        lanes
    }
}

/// Should that ever panic, it costs one node its connection and the others nothing: they all hang on the same task.
fn write(outbox: &Outbox, lane: Lane, desktop: &mut Desktop) {
    if catch_unwind(AssertUnwindSafe(|| outbox.write(lane, desktop))).is_err() {
        tracing::error!("writing to a node has panicked; it has to come back");
        *desktop = Desktop::default();
        outbox.close_at_once((close::TOO_SLOW, "the hub has failed to write; come back"));
    }
}
