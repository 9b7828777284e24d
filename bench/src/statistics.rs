//! Medians, percentiles and distributions.

use std::time::Duration;

use hdrhistogram::Histogram;

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

/// How many times as much each round took as the one beside it, in the middle. Neighbours in time are compared:
/// a shared machine drifts.
pub(crate) fn ratio(rounds: &[f64], beside: &[f64]) -> f64 {
    let ratios: Vec<f64> = rounds.iter().zip(beside).map(|(one, other)| one / other).collect();
    median(&ratios)
}

/// Digits of a time that are kept: they differ from what was measured by one in a thousand at most.
const DIGITS: u8 = 3;

/// The longest time that is told from longer ones, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// How long deliveries took. There are tens of millions, of which only the distribution is kept.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    /// In microseconds.
    taken: Histogram<u32>,
}

impl Default for Latencies {
    #[expect(clippy::expect_used, reason = "a histogram may have up to five digits, and end anywhere")]
    fn default() -> Self {
        Self { taken: Histogram::new_with_bounds(1, LONGEST, DIGITS).expect("bounds") }
    }
}

impl Latencies {
    pub(crate) fn add(&mut self, taken: Duration) {
        self.taken.saturating_record(u64::try_from(taken.as_micros()).unwrap_or(LONGEST));
    }

    #[expect(clippy::expect_used, reason = "what fits one of these fits another")]
    pub(crate) fn extend(&mut self, other: &Self) {
        self.taken.add(&other.taken).expect("the same bounds");
    }

    /// The least time, in milliseconds, within which this share (0 to 1) of them came. 0 of none.
    pub(crate) fn within(&self, share: f64) -> f64 {
        let most = self.taken.value_at_quantile(share);
        self.taken.lowest_equivalent(most) as f64 / 1000.0
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.taken.len()
    }

    /// Points of the distribution: so many milliseconds, and the share that came within them.
    pub(crate) fn distribution(&self) -> Vec<(f64, f64)> {
        const STEPS: u32 = 250;
        let steps = (0..STEPS).map(|step| f64::from(step) / f64::from(STEPS));
        steps.chain([0.998, 0.999, 0.9999, 1.0]).map(|share| (self.within(share), share)).collect()
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
    fn a_machine_that_becomes_slower_does_not_change_a_ratio() {
        assert_eq!(ratio(&[2.0, 4.0, 40.0], &[1.0, 2.0, 20.0]), 2.0);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.within(0.5), 0.0);
        for micros in (1..=100).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        assert_eq!(latencies.within(0.5), 0.050);
        assert_eq!(latencies.within(0.99), 0.099);
        assert_eq!(latencies.within(1.0), 0.100);
        assert_eq!(latencies.within(0.0), 0.001);
    }

    #[test]
    fn long_times_are_kept_to_one_in_a_thousand() {
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_millis(98_765));
        assert!((latencies.within(1.0) / 98_765.0 - 1.0).abs() < 0.001, "{}", latencies.within(1.0));
    }

    #[test]
    fn rounds_are_put_together() {
        let (mut one, mut other) = (Latencies::default(), Latencies::default());
        one.add(Duration::from_micros(10));
        other.add(Duration::from_secs(5));
        one.extend(&other);
        assert_eq!(one.within(0.5), 0.010);
        assert_eq!((one.within(1.0) / 10.0).round(), 500.0);
    }

    #[test]
    fn a_distribution_rises_to_all_of_them() {
        let mut latencies = Latencies::default();
        for micros in 1..=1_000 {
            latencies.add(Duration::from_micros(micros));
        }
        let points = latencies.distribution();
        assert!(points.is_sorted_by(|one, next| one.0 <= next.0 && one.1 < next.1), "{points:?}");
        assert_eq!(points.last(), Some(&(1.0, 1.0)));
    }
}
