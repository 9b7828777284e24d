//! Which faults a connection has: drawn from the seed and the connection's number, so that a seed draws the
//! same again.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Faults strike within so many bytes: what a direction carries in a few seconds.
const WITHIN: f64 = 256.0 * 1024.0;

/// What is wrong with one direction of a connection, from the byte at `after` on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    None,
    /// Everything comes late.
    Delay(Duration),
    /// Nothing comes for a while.
    Stall {
        after: usize,
        pause: Duration,
    },
    /// Some come in small pieces, slowly.
    Drip {
        after: usize,
        piece: usize,
        pause: Duration,
    },
    /// Both directions end, each in good order for TCP, wherever in a frame that is.
    Cut {
        after: usize,
    },
    /// Both directions end with a reset.
    Reset {
        after: usize,
    },
    /// This direction ends, the other goes on.
    HalfClose {
        after: usize,
    },
}

/// What is wrong with both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) to_hub: Fault,
    pub(super) to_client: Fault,
}

impl Plan {
    pub(super) fn draw(seed: u64, connection: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ connection.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self { to_hub: Fault::draw(&mut random), to_client: Fault::draw(&mut random) }
    }
}

impl Fault {
    fn draw(random: &mut StdRng) -> Self {
        // As many strike within the opening as within any later doubling of what was carried.
        let after = WITHIN.powf(random.random::<f64>()) as usize - 1;
        match random.random_range(0..100) {
            0..35 => Self::None,
            35..50 => Self::Delay(millis(random, 1, 30)),
            50..62 => Self::Stall { after, pause: millis(random, 50, 1_500) },
            62..72 => Self::Drip { after, piece: random.random_range(2..=64), pause: millis(random, 1, 8) },
            72..84 => Self::Cut { after },
            84..92 => Self::Reset { after },
            _ => Self::HalfClose { after },
        }
    }
}

fn millis(random: &mut StdRng, least: u64, most: u64) -> Duration {
    Duration::from_millis(random.random_range(least..=most))
}

/// How often which fault struck.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    pub(super) connections: AtomicU64,
    pub(super) delayed: AtomicU64,
    pub(super) stalled: AtomicU64,
    pub(super) dripped: AtomicU64,
    pub(super) cut: AtomicU64,
    pub(super) reset: AtomicU64,
    pub(super) half_closed: AtomicU64,
    pub(super) rested: AtomicU64,
}

impl fmt::Display for Struck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (&self.delayed, "delayed"),
            (&self.stalled, "stalled"),
            (&self.dripped, "dripped"),
            (&self.cut, "cut"),
            (&self.reset, "reset"),
            (&self.half_closed, "half-closed"),
            (&self.rested, "rests on the slow way"),
        ];
        write!(f, "{} connections through the proxy", self.connections.load(Ordering::Relaxed))?;
        for (count, what) in all {
            write!(f, ", {} {what}", count.load(Ordering::Relaxed))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_again() {
        for connection in 0..100 {
            assert_eq!(Plan::draw(7, connection), Plan::draw(7, connection));
        }
        assert!((0..100).any(|connection| Plan::draw(7, connection) != Plan::draw(8, connection)));
    }

    #[test]
    fn every_fault_is_drawn_and_strikes_early_and_late() {
        let drawn: Vec<Fault> = (0..1_000).map(|connection| Plan::draw(1, connection).to_client).collect();
        let kinds: std::collections::HashSet<_> = drawn.iter().map(std::mem::discriminant).collect();
        assert_eq!(kinds.len(), 7);
        let cuts = drawn.iter().filter_map(|fault| if let Fault::Cut { after } = fault { Some(*after) } else { None });
        let cuts: Vec<usize> = cuts.collect();
        for (from, to) in [(0, 300), (300, 10_000), (10_000, 262_144)] {
            assert!(cuts.iter().any(|after| (from..to).contains(after)), "some within {from} and {to}");
        }
    }
}
