//! Lines that are on disk, from few and from many senders, beside what SQLite alone does with the same rows.

use anyhow::Result;

use crate::bench::Bench;
use crate::pour::Senders;
use crate::report::{Bound, Figure, Unit};
use crate::rows::Rows;
use crate::statistics::{median, ratio, spread};

/// The most who send.
const SENDERS: usize = 64;

/// What is wanted of all of them together, in lines a second.
const WANTED: Bound = Bound::AtLeast(100_000.0);

/// How many send, how many lines each has not heard of yet, and how many lines there are in all: some half a
/// second's worth, and more where it decides.
const POURS: [(usize, usize, u64); 6] =
    [(1, 1, 1_500), (1, 16, 12_000), (8, 1, 8_000), (8, 16, 40_000), (SENDERS, 1, 25_000), (SENDERS, 16, 160_000)];

/// Rows in a commit of the limit: as many as wait while the one before it is written.
const COMMITS: [u32; 2] = [64, 256];

/// Rows that the limit writes in one round.
const ROWS: u32 = 102_400;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let mut senders = Senders::gather(&hub, SENDERS)?;
    let mut rows = Rows::open(bench.folder())?;
    let share = bench.pick(1, 2);
    let (mut rates, mut costs) = (vec![Vec::new(); POURS.len()], vec![Vec::new(); POURS.len()]);
    let mut limits = vec![Vec::new(); COMMITS.len()];
    for _ in 0..bench.pick(5, 2) {
        for (at_a_time, limits) in COMMITS.into_iter().zip(&mut limits) {
            limits.push(rows.commit(ROWS, at_a_time)?);
        }
        for (pour, (rates, costs)) in POURS.into_iter().zip(rates.iter_mut().zip(&mut costs)) {
            let (count, window, lines) = pour;
            let before = hub.process().cpu_times_at_rest()?;
            let poured = senders.pour(lines / share, count, window)?;
            let used = hub.process().cpu_times_at_rest()?.since(&before)?;
            rates.push(poured.lines as f64 / poured.took.as_secs_f64());
            costs.push(used.micros() / poured.lines as f64);
        }
    }

    let mut figures = Vec::new();
    for (pour, (rates, costs)) in POURS.into_iter().zip(rates.iter().zip(&costs)).rev() {
        let (count, window, _) = pour;
        let senders = if count == 1 { "one sender".to_owned() } else { format!("{count} senders") };
        let name = format!("acknowledged lines, {senders} with {window} under way each");
        let (rounds, cost) = (rates.len(), median(costs));
        let note = format!("{} in {rounds} rounds; {cost:.1} µs of the hub's CPU a line", spread(rates));
        let figure = Figure::plain(name, median(rates), Unit::LinesPerSecond).noting(note);
        figures.push(if (count, window) == (SENDERS, 16) {
            let limit = &limits[0];
            figure
                .beside(median(limit), ratio(rates, limit))
                .wanting(WANTED)
                .headlined("acknowledged lines, 64 senders")
        } else {
            figure
        });
    }
    for (at_a_time, limits) in COMMITS.into_iter().zip(&limits) {
        let name = format!("  the limit, SQLite alone in commits of {at_a_time}");
        figures.push(Figure::plain(name, median(limits), Unit::LinesPerSecond).noting(spread(limits)));
    }
    Ok(figures)
}
