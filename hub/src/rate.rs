//! Token buckets, pure: the clock is passed in.

use std::time::Duration;

use tokio::time::Instant;

/// How much may be done: so many at once, and so many a second after that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What is left to one who is limited by a [`Rate`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        Self { left: rate.burst, at: now }
    }

    /// Takes one, or says how long until there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.refill(rate, now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - self.left) / rate.per_second))
        }
    }

    /// Takes so many, which may be more than there are; then says how long until nothing is owed.
    pub(crate) fn overdraw(&mut self, rate: Rate, count: f64, now: Instant) -> Option<Duration> {
        self.refill(rate, now);
        self.left -= count;
        (self.left < 0.0).then(|| Duration::from_secs_f64(-self.left / rate.per_second))
    }

    /// Whether forgetting it would change nothing.
    pub(crate) fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.left >= rate.burst
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * rate.per_second).min(rate.burst);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 20.0, burst: 100.0 };

    #[test]
    fn a_burst_passes_then_the_rate_holds() {
        let start = Instant::now();
        let mut bucket = Bucket::new(RATE, start);
        assert!((0..100).all(|_| bucket.take(RATE, start).is_ok()));
        let wait = bucket.take(RATE, start).expect_err("the burst is used up");
        assert!(wait <= Duration::from_millis(50));
        assert!(bucket.take(RATE, start + wait + Duration::from_micros(1)).is_ok());
        assert!(bucket.take(RATE, start + wait + Duration::from_micros(2)).is_err());
    }

    #[test]
    fn what_is_not_used_comes_back_up_to_the_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(RATE, start);
        for _ in 0..60 {
            bucket.take(RATE, start).expect("within the burst");
        }
        assert!(!bucket.is_full(RATE, start + Duration::from_secs(2)));
        assert!(bucket.is_full(RATE, start + Duration::from_secs(3)));
        let later = start + Duration::from_secs(3_600);
        assert_eq!((0..200).filter(|_| bucket.take(RATE, later).is_ok()).count(), 100);
    }
}
