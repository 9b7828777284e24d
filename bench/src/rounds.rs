//! Rounds of talk, and what they cost a process that is not the driver.

use std::time::Instant;

use anyhow::Result;

use crate::process::{CpuUse, Process};
use crate::report::{Figure, Unit};
use crate::statistics::{Latencies, median, ratio, spread};

/// Rounds of one kind.
#[derive(Default)]
pub(crate) struct Rounds {
    /// CPU for each delivery, in µs.
    pub(crate) costs: Vec<f64>,
    /// Deliveries a second.
    pub(crate) rates: Vec<f64>,
    pub(crate) used: CpuUse,
    pub(crate) deliveries: usize,
    pub(crate) latencies: Latencies,
}

impl Rounds {
    /// One more, of so many deliveries.
    pub(crate) fn add(
        &mut self,
        process: Process,
        deliveries: usize,
        talk: impl FnOnce() -> Result<Latencies>,
    ) -> Result<()> {
        let before = process.cpu_times_at_rest()?;
        let begun = Instant::now();
        let latencies = talk()?;
        let took = begun.elapsed();
        let used = process.cpu_times_at_rest()?.since(&before)?;
        self.costs.push(used.micros() / deliveries as f64);
        self.rates.push(deliveries as f64 / took.as_secs_f64());
        self.used.add(&used);
        self.deliveries += deliveries;
        self.latencies.extend(&latencies);
        Ok(())
    }

    /// What a delivery costs beside the limit's.
    pub(crate) fn show_cost(&self, name: impl Into<String>, limit: &Self) -> Figure {
        Figure::plain(name, median(&self.costs), Unit::Microseconds)
            .beside(median(&limit.costs), ratio(&self.costs, &limit.costs))
    }

    /// How many there were a second.
    pub(crate) fn show_rate(&self, limit: &Self) -> Figure {
        Figure::plain("  deliveries", median(&self.rates), Unit::DeliveriesPerSecond)
            .beside(median(&limit.rates), ratio(&self.rates, &limit.rates))
            .noting(spread(&self.rates))
    }

    /// How long this share of them took at most.
    pub(crate) fn show_latency(&self, limit: &Self, share: f64) -> Figure {
        let (ours, theirs) = (self.latencies.within(share), limit.latencies.within(share));
        let name = format!("  sender to receiver, p{}", share * 100.0);
        let figure = Figure::plain(name, ours, Unit::Milliseconds);
        let figure = figure.noting("both with the driver's own time to read them");
        // What takes less than a microsecond cannot be compared.
        if theirs > 0.0 { figure.beside(theirs, ours / theirs) } else { figure }
    }
}
