//! How long to wait before the next attempt.

use super::{BACKOFF_MAX, BACKOFF_MIN};

/// Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): any wait between the shortest and
/// a ceiling that doubles, so that a hundred tabs do not return in the same instant after the hub's restart.
pub(super) struct Backoff {
    random: u64,
    attempts: u32,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: seed, attempts: 0 }
    }

    /// How many attempts were made since the connection last held.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The connection held: the next wait is short again.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Counts an attempt and gives the milliseconds to wait before it.
    pub(super) fn next(&mut self) -> u64 {
        self.attempts = self.attempts.saturating_add(1);
        // 2^6 × 250 ms is past the longest wait already.
        let ceiling = BACKOFF_MAX.min(BACKOFF_MIN << self.attempts.min(6));
        BACKOFF_MIN + self.draw() % (ceiling - BACKOFF_MIN + 1)
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): one word of state and good enough for jitter.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
