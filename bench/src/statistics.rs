//! Medians and percentiles.

use std::time::Duration;

use crate::report::short;

/// The middle of these values; of an even number, the mean of the two in the middle. 0 of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// `12.1 to 14.0`: how far the values lie apart.
pub(crate) fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{} to {}", short(least), short(most))
}

/// How long deliveries took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    /// In microseconds, which 32 bits hold for an hour: there are millions of them.
    taken: Vec<u32>,
}

impl Latencies {
    pub(crate) fn add(&mut self, taken: Duration) {
        self.taken.push(u32::try_from(taken.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.taken.extend_from_slice(&other.taken);
    }

    /// The least time, in milliseconds, within which this share (0 to 1) of them came. 0 of none.
    pub(crate) fn within(&mut self, share: f64) -> f64 {
        self.taken.sort_unstable(); // sorted already at the second question, which costs little
        let rank = (share * self.taken.len() as f64).ceil() as usize;
        let taken = self.taken.get(rank.saturating_sub(1)).or(self.taken.last());
        taken.map_or(0.0, |taken| f64::from(*taken) / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn a_spread_names_both_ends() {
        assert_eq!(spread(&[12.34, 9.876, 123.4]), "9.88 to 123");
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.within(0.5), 0.0);
        for ms in (1..=100).rev() {
            latencies.add(Duration::from_millis(ms));
        }
        assert_eq!(latencies.within(0.5), 50.0);
        assert_eq!(latencies.within(0.99), 99.0);
        assert_eq!(latencies.within(1.0), 100.0);
        assert_eq!(latencies.within(0.0), 1.0);
    }
}
