//! Lines that are on disk when their senders hear so.

use anyhow::Result;

use crate::bench::Bench;
use crate::pour::Senders;
use crate::report::{Bound, Figure, Unit};
use crate::statistics::{median, spread};

const SENDERS: usize = 64;

/// What is wanted of all of them together, in lines a second.
const WANTED: Bound = Bound::AtLeast(50_000.0);

/// How many lines each sender has not heard of yet, how many lines there are in all, and what is wanted.
const POURS: [(usize, u64, Option<Bound>); 2] = [(1, 100_000, None), (16, 400_000, Some(WANTED))];

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let mut senders = Senders::gather(&hub, SENDERS)?;
    let mut figures = Vec::new();
    for (window, lines, wanted) in POURS {
        let (mut rates, mut costs) = (Vec::new(), Vec::new());
        for _ in 0..bench.pick(3, 1) {
            let poured = senders.pour(lines / bench.pick(1, 10), window)?;
            rates.push(poured.lines as f64 / poured.took.as_secs_f64());
            costs.push(poured.cpu.micros() / poured.lines as f64);
        }
        let name = format!("acknowledged lines, {SENDERS} senders with {window} each");
        let note =
            format!("{} in {} runs; {:.1} µs of the hub's CPU a line", spread(&rates), rates.len(), median(&costs));
        let figure = match wanted {
            Some(bound) => Figure::bounded(name, median(&rates), Unit::LinesPerSecond, bound),
            None => Figure::plain(name, median(&rates), Unit::LinesPerSecond),
        };
        figures.push(figure.noting(note));
    }
    Ok(figures)
}
