//! Signals between nodes, by bare sockets: what one costs the hub, how many go through, and how long a call takes
//! there and back, beside a program that passes on the same bytes and does nothing else.

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::pairs::Pairs;
use crate::report::{Bound, Figure, Unit, short};
use crate::rounds::Rounds;
use crate::statistics::{median, ratio, spread};

/// Pairs that talk at a time.
const PAIRS: [usize; 2] = [1, 100];

/// Calls of all pairs in one round.
const CALLS: usize = 4_000;

/// Signals that all pairs cast in one round; each pair's are a whole number of what is taken at a time.
const CASTS: usize = 64 * 1_000;

/// What is wanted of a call there and back between two, in ms at the median.
const WANTED_OF_CALLS: Bound = Bound::AtMost(0.5);

/// What is wanted between two, in signals a second.
const WANTED_OF_CASTS: Bound = Bound::AtLeast(20_000.0);

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for pairs in PAIRS {
        figures.extend(measure(bench, pairs).with_context(|| format!("{pairs} pairs"))?);
    }
    Ok(figures)
}

fn measure(bench: &Bench, count: usize) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let mut ours = Pairs::meet(&hub, count)?;
    let (limit, mut theirs) = Pairs::over_a_relay(count)?;
    let (calls, casts) = (CALLS / count / bench.pick(1, 2), CASTS / 64 / count * 64);
    let mut called = [Rounds::default(), Rounds::default()];
    let mut cast = [Rounds::default(), Rounds::default()];
    // What is slow only the first time is no part of it.
    for pairs in [&mut ours, &mut theirs] {
        pairs.call(calls / 10)?;
        pairs.cast(casts / 10 / 64 * 64)?;
    }
    for _ in 0..bench.pick(7, 3) {
        for (place, (process, pairs)) in
            [(hub.process(), &mut ours), (limit.process(), &mut theirs)].into_iter().enumerate()
        {
            called[place].add(process, 2 * calls * count, || pairs.call(calls))?;
            cast[place].add(process, casts * count, || pairs.cast(casts).map(|()| Default::default()))?;
        }
    }
    Ok([of_calls(count, &called), of_casts(count, &cast)].concat())
}

fn of_calls(count: usize, [hub, limit]: &[Rounds; 2]) -> Vec<Figure> {
    let between = between(count);
    let time = |share: f64, name: String| {
        let (ours, theirs) = (hub.latencies.within(share), limit.latencies.within(share));
        Figure::plain(name, ours, Unit::Milliseconds).beside(theirs, ours / theirs)
    };
    let note = format!("{} calls; both with the driver's own time to read and answer", hub.latencies.count());
    let half = time(0.5, format!("a call there and back {between}, median")).noting(note);
    let half = if count == 1 { half.wanting(WANTED_OF_CALLS).headlined("a call there and back, median") } else { half };
    vec![half, time(0.99, "  p99".to_owned()), hub.show_cost("  CPU a signal", limit).noting(spread(&hub.costs))]
}

fn of_casts(count: usize, [hub, limit]: &[Rounds; 2]) -> Vec<Figure> {
    let between = between(count);
    // Of the time that they took the hub was busy so much, all cores together.
    let busy = median(&hub.costs) * median(&hub.rates) / 10_000.0;
    let rate = Figure::plain(format!("casts {between}"), median(&hub.rates), Unit::SignalsPerSecond)
        .beside(median(&limit.rates), ratio(&hub.rates, &limit.rates))
        .noting(format!("{}; the hub takes {} % of one core for it", spread(&hub.rates), short(busy)));
    let rate = if count == 1 { rate.wanting(WANTED_OF_CASTS).headlined("casts between two nodes") } else { rate };
    vec![rate, hub.show_cost("  CPU a cast", limit).noting(spread(&hub.costs))]
}

fn between(count: usize) -> String {
    if count == 1 { "between two nodes".to_owned() } else { format!("between two nodes, {count} pairs at a time") }
}
