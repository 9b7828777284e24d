//! How fast a node may signal. Who is faster is read from more slowly; nobody else waits for it.

use tokio::time::Instant;

use crate::rate::{Bucket, Rate};

/// Signals of one node: what two programs that do nothing else say to each other, with room to spare.
const SIGNALS: Rate = Rate { per_second: 5_000.0, burst: 10_000.0 };

/// Bytes of payload that count as one signal: 20 MB/s in all.
const PIECE: usize = 4 * 1024;

/// What one node has left.
#[derive(Debug)]
pub(super) struct Pace {
    left: Bucket,
    /// Until then its socket is not read.
    rests_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: Bucket::new(SIGNALS, now), rests_until: None }
    }

    /// A signal of so many bytes has come. Gives until when the node rests, if it was too fast.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        let pieces = 1 + bytes / PIECE;
        self.rests_until = self.left.overdraw(SIGNALS, pieces as f64, now).map(|debt| now + debt);
        self.rests_until
    }

    /// Whether its socket is not to be read now.
    pub(super) fn rests(&mut self, now: Instant) -> bool {
        self.rests_until.take_if(|until| *until <= now);
        self.rests_until.is_some()
    }

    /// Until when it rests.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.rests_until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_read_at_once_and_then_so_many_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!((0..10_000).all(|_| pace.spend(64, start).is_none()));
        let mut now = start;
        for _ in 0..5_000 {
            now = pace.spend(64, now).expect("the burst is used up");
            assert!(!pace.rests(now), "not longer than it said");
        }
        let took = now - start;
        assert!(took.abs_diff(Duration::from_secs(1)) < Duration::from_millis(1), "{took:?}");
    }

    #[test]
    fn it_rests_until_then_and_no_longer() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        while pace.spend(0, start).is_none() {}
        let until = pace.rests_until().expect("it was too fast");
        assert!(pace.rests(start) && pace.rests(until - Duration::from_nanos(1)));
        assert!(!pace.rests(until) && pace.rests_until().is_none());
    }

    #[test]
    fn what_is_long_counts_as_several() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let few = (0..).take_while(|_| pace.spend(60 * 1024, start).is_none()).count();
        assert_eq!(few, 10_000 / 16);
    }
}
