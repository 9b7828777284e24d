//! Who writes for many nodes: a few tasks, so that a line to a thousand nodes wakes one or two and not a thousand.
//! A node whose socket takes no more is left to its own connection, which waits for it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use shared::wire::close;

use super::Outbox;
use super::pen::Desktop;

/// Nodes written to before other tasks get their turn: some 300 µs of system pickups.
const ROUND: usize = 64;

/// Nodes that wait before one more courier is woken. Two who write at the same time are in each other's way in the
/// system, and take the CPU from those who read; a line to a few hundred is sooner done by one alone.
const CROWD: usize = 256;

/// The couriers of a hub. They end when this is dropped.
#[derive(Debug)]
pub struct Couriers(Arc<Pickups>);

impl Couriers {
    /// Starts so many, at least one.
    pub fn start(count: usize) -> Self {
        let pickups = Arc::new(Pickups::default());
        for number in 0..count.max(1) {
            pickups.rounds().resting.push(None);
            tokio::spawn(Arc::clone(&pickups).answer(number));
        }
        Self(pickups)
    }

    /// Where outboxes wait for them.
    pub fn pickups(&self) -> Arc<Pickups> {
        Arc::clone(&self.0)
    }
}

impl Drop for Couriers {
    fn drop(&mut self) {
        let mut rounds = self.0.rounds();
        rounds.over = true;
        rounds.resting.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }
}

/// The outboxes that wait for a courier.
#[derive(Debug, Default)]
pub struct Pickups {
    rounds: Mutex<Rounds>,
    /// How many nodes there are.
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
    /// The couriers' tasks, by their number, while they have nothing to do.
    resting: Vec<Option<Waker>>,
}

impl Rounds {
    fn count(&self) -> usize {
        self.quick.len() + self.bulk.len()
    }

    /// Wakes one more courier, if those who are up are too few for what waits.
    fn wake(&mut self) {
        let up = self.resting.iter().filter(|courier| courier.is_none()).count();
        if up <= self.count() / CROWD
            && let Some(courier) = self.resting.iter_mut().find_map(Option::take)
        {
            courier.wake();
        }
    }
}

impl Pickups {
    fn rounds(&self) -> MutexGuard<'_, Rounds> {
        // A panic cannot leave the queues half changed: nothing in here panics between two changes.
        self.rounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more node.
    pub(super) fn count_in(&self) {
        self.nodes.fetch_add(1, Ordering::Relaxed);
    }

    /// One less.
    pub(super) fn count_out(&self) {
        self.nodes.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many nodes there are.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Something waits in this outbox.
    pub(super) fn add(&self, outbox: Arc<Outbox>, lane: Lane) {
        let mut rounds = self.rounds();
        match lane {
            Lane::Quick => rounds.quick.push_back(outbox),
            Lane::Bulk => rounds.bulk.push_back(outbox),
        }
        rounds.wake();
    }

    /// What the courier of that number does.
    async fn answer(self: Arc<Self>, number: usize) {
        let mut desktop = Desktop::default();
        let mut round = Vec::with_capacity(ROUND);
        while let Some(lane) = poll_fn(|context| self.poll_round(number, context, &mut round)).await {
            for outbox in round.drain(..) {
                write(&outbox, lane, &mut desktop);
            }
            if self.rounds().count() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// The next nodes to write to; none when it is over.
    fn poll_round(&self, number: usize, context: &Context<'_>, round: &mut Vec<Arc<Outbox>>) -> Poll<Option<Lane>> {
        let mut rounds = self.rounds();
        let lane = match (rounds.quick.is_empty(), rounds.bulk.is_empty()) {
            (true, true) if rounds.over => return Poll::Ready(None),
            (true, true) => {
                if let Some(resting) = rounds.resting.get_mut(number) {
                    *resting = Some(context.waker().clone());
                }
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

    /// Writes to all who wait, as a courier does, and gives the lanes of the rounds that took.
    #[cfg(test)]
    pub(super) fn deliver(&self) -> Vec<Lane> {
        let (mut desktop, mut round, mut lanes) = (Desktop::default(), Vec::new(), Vec::new());
        while let Poll::Ready(Some(lane)) = self.poll_round(0, &Context::from_waker(Waker::noop()), &mut round) {
            round.drain(..).for_each(|outbox| write(&outbox, lane, &mut desktop));
            lanes.push(lane);
        }
        lanes
    }
}

/// Should that ever panic, it costs one node its connection and the others nothing: they all hang on the same tasks.
fn write(outbox: &Arc<Outbox>, lane: Lane, desktop: &mut Desktop) {
    if catch_unwind(AssertUnwindSafe(|| outbox.write(lane, desktop))).is_err() {
        tracing::error!("writing to a node has panicked; it has to come back");
        *desktop = Desktop::default();
        outbox.close_at_once((close::TOO_SLOW, "the hub has failed to write; come back"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::task::Wake;

    use super::super::Parcel;
    use super::super::pen::tests::Paper;
    use super::*;

    #[derive(Default)]
    struct Courier {
        called: AtomicBool,
    }

    impl Wake for Courier {
        fn wake(self: Arc<Self>) {
            self.called.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_courier_is_called_for_a_few_and_more_for_a_crowd() {
        let pickups = Arc::new(Pickups::default());
        pickups.rounds().resting = vec![None; 3];
        let couriers: Vec<Arc<Courier>> = (0..3).map(|_| Arc::default()).collect();
        let rest = || {
            for (number, courier) in couriers.iter().enumerate() {
                let waker = Waker::from(Arc::clone(courier));
                assert!(pickups.poll_round(number, &Context::from_waker(&waker), &mut Vec::new()).is_pending());
            }
        };
        let called = || couriers.iter().filter(|courier| courier.called.load(Ordering::Relaxed)).count();
        rest();
        let nodes: Vec<Arc<Outbox>> = (0..3 * CROWD)
            .map(|_| Arc::new(Outbox::new(Box::new(Paper::with_room(9)), Arc::clone(&pickups))))
            .collect();
        let mut waiting = 0;
        for (number, expected) in [(1, 1), (CROWD - 1, 1), (CROWD, 2), (2 * CROWD - 1, 2), (2 * CROWD, 3)] {
            while waiting < number {
                nodes[waiting].push(Parcel::Probe(1));
                waiting += 1;
            }
            assert_eq!(called(), expected, "with {waiting} waiting");
        }
        pickups.deliver();
        couriers.iter().for_each(|courier| courier.called.store(false, Ordering::Relaxed));
        rest();
        nodes[0].push(Parcel::Probe(2));
        assert_eq!(called(), 1, "whoever rests is called again");
    }
}
