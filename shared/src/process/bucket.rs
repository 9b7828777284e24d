//! So much a while, and what was saved up meanwhile: for output.

/// A token bucket; the clock is passed in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// How much may come within `period`, and at most at once.
    rate: u64,
    /// Milliseconds.
    period: u64,
    /// In units of one part of a `period`, so that nothing is lost to rounding.
    left: u64,
    at: u64,
}

impl Bucket {
    pub(super) fn new(rate: u64, period: u64, now: u64) -> Self {
        Self { rate, period, left: rate * period, at: now }
    }

    /// Takes so much; false, and nothing is taken, where there is less.
    pub(super) fn take(&mut self, now: u64, amount: u64) -> bool {
        let since = now.saturating_sub(self.at).min(self.period);
        self.at = now;
        self.left = (self.left + since * self.rate).min(self.rate * self.period);
        match self.left.checked_sub(amount.saturating_mul(self.period)) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}
