//! One says a line, many hear it: what a delivery costs the hub, and how long it takes, beside what it must.

mod charts;
mod stage;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::report::{Bound, Figure, Unit, count, short};
use crate::rounds::Rounds;
use crate::statistics::{median, spread};
use stage::{Measured, Stage, Talk};

/// How many hear it, and how many lines are under way at a time.
const TALKS: [(usize, &[usize]); 5] =
    [(1, &[1, 32]), (10, &[1, 32]), (100, &[1, 32]), (CHARTED, &[1, 4, 32, 256]), (8_000, &[1, 32])];

/// How many hear it where all is looked at: by lines under way, by the clock, and how times are distributed.
const CHARTED: usize = 1_000;

/// Lines under way in what is called a burst.
const BURST: usize = 32;

/// What is wanted of lone lines, as times the limit. With few who hear it, the commit of one row weighs.
fn wanted_alone(people: usize) -> Option<(Bound, &'static str)> {
    match people {
        100 => Some((Bound::TimesLimit(1.6), "lone line, CPU a delivery, N=100")),
        1_000 => Some((Bound::TimesLimit(1.2), "lone line, CPU a delivery, N=1,000")),
        8_000 => Some((Bound::TimesLimit(1.2), "lone line, CPU a delivery, N=8,000")),
        _ => None,
    }
}

/// What is wanted of a burst, beside the limit that batches it, and of its time in µs.
const BURST_WANTED: [(Bound, &str); 2] = [
    (Bound::TimesLimit(2.0), "burst (w=32), CPU a delivery, N=1,000"),
    (Bound::AtMost(0.22), "burst (w=32), the time alone, N=1,000"),
];

/// What is wanted of lines by the clock, in ms.
const PACED_WANTED: Bound = Bound::AtMost(10.0);

/// The pause between them.
const PACE: Duration = Duration::from_millis(50);

/// The hub's thread that commits.
const WRITER: &str = "log-writer";

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut all = Vec::new();
    let mut paced = None;
    for (people, windows) in TALKS {
        eprintln!("bench: fan-out, {} people", count(people));
        let mut stage = Stage::set(bench, people).with_context(|| format!("{people} people"))?;
        for &window in windows {
            let talk = Talk::of(people, window, bench.pick(1, 4));
            let measured = stage.measure(talk, bench.pick(5, 2));
            let measured = measured.with_context(|| format!("{people} people, {window} lines under way"))?;
            figures.extend(show(&measured));
            all.push(measured);
        }
        if people == CHARTED {
            let talk = stage.by_the_clock(PACE, bench.pick(80, 40), bench.pick(3, 1));
            let (hub, limit) = talk.context("lines by the clock")?;
            figures.extend(show_paced(&hub, &limit));
            paced = Some((hub, limit));
        }
        stage.hush()?;
    }
    charts::write(bench.folder(), &all, paced.as_ref())?;
    Ok(figures)
}

fn show(measured: &Measured) -> Vec<Figure> {
    let Measured { people, window, hub, each, batched } = measured;
    let name = match window {
        1 => format!("a lone line to {}", count(*people)),
        _ => format!("{window} lines at once to {}", count(*people)),
    };
    // A lone line has nothing to be batched with.
    let limit = batched.as_ref().unwrap_or(each);
    let cost = || hub.show_cost(format!("{name}, CPU a delivery"), limit);
    let note = format!(
        "{} in {} rounds; of it the log's writer {}; the limit {}",
        spread(&hub.costs),
        hub.costs.len(),
        short(hub.used.micros_of(WRITER) / hub.deliveries as f64),
        spread(&limit.costs)
    );
    let mut figures = Vec::new();
    match (*people, *window) {
        (people, 1) => {
            let figure = cost().noting(note);
            figures.push(match wanted_alone(people) {
                Some((bound, headline)) => figure.wanting(bound).headlined(headline),
                None => figure,
            });
        }
        (CHARTED, BURST) => {
            let [first, second] = BURST_WANTED;
            figures.push(cost().noting(note).wanting(first.0).headlined(first.1));
            figures.push(
                Figure::bounded("  without the limit", median(&hub.costs), Unit::Microseconds, second.0)
                    .headlined(second.1),
            );
        }
        _ => figures.push(cost().noting(note)),
    }
    if batched.is_some() {
        figures.push(
            Figure::plain("  the limit with one send each", median(&each.costs), Unit::Microseconds)
                .noting(spread(&each.costs)),
        );
    }
    figures.push(hub.show_rate(limit));
    figures.extend([0.5, 0.99, 0.999].map(|share| hub.show_latency(limit, share)));
    figures
}

fn show_paced(hub: &Rounds, limit: &Rounds) -> Vec<Figure> {
    let mut deciding = hub.show_latency(limit, 0.99);
    deciding.name = format!("20 lines/s to {}, sender to receiver, p99", count(CHARTED));
    vec![
        deciding.wanting(PACED_WANTED).headlined("p99 sender to receiver, N=1,000, 20 lines/s"),
        hub.show_latency(limit, 0.5),
        hub.show_latency(limit, 0.999),
        hub.show_cost("  CPU a delivery", limit).noting(format!("{}; the hub's timers count too", spread(&hub.costs))),
    ]
}
