//! One says a line, many hear it: what a delivery costs the hub, beside what it must cost.

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::guests;
use crate::limit::{self, Limit, Sending};
use crate::process::{CpuUse, Process};
use crate::report::{Bound, Figure, Unit};
use crate::room::{Room, say};
use crate::statistics::{Latencies, median, spread};

/// What is wanted of a lone line to a hundred, in µs a delivery.
const WANTED: Bound = Bound::AtMost(4.0);

/// The hub's thread that commits.
const WRITER: &str = "log-writer";

/// Deliveries of one round: some tenths of a second of a lone hub's work.
const DELIVERIES: usize = 50_000;

/// The same where many lines are under way, and each delivery is cheaper.
const DELIVERIES_OF_BURSTS: usize = 800_000;

/// How many hear it, and how many lines are under way at a time.
const TALKS: [(usize, &[usize]); 2] = [(100, &[1, 32]), (1_000, &[1, 32])];

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (people, windows) in TALKS {
        let mut stage = Stage::set(bench, people)?;
        for window in windows {
            let measured = stage.measure(*window, bench.pick(5, 2), bench.pick(1, 4));
            figures.extend(measured.with_context(|| format!("{people} people, {window} lines under way"))?);
        }
        stage.hub_room.hush()?;
        stage.limit_room.hush()?;
    }
    Ok(figures)
}

/// A hub and the limit, each with its crowd, so that rounds of both can alternate: on a shared
/// machine times drift, and ratios of neighbours less.
struct Stage {
    hub: Process,
    hub_room: Room,
    limit: Limit,
    limit_room: Room,
    /// Kept to the end: the hub is killed, and its data removed, when they are dropped.
    _running: (crate::hub::Hub, tempfile::TempDir),
}

/// Rounds of one kind.
#[derive(Default)]
struct Rounds {
    /// CPU for each delivery, in µs.
    costs: Vec<f64>,
    used: CpuUse,
    deliveries: f64,
    latencies: Latencies,
}

impl Stage {
    fn set(bench: &Bench, people: usize) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let (mut crowd, head) = guests::welcome(&hub, people)?;
        guests::take_nicks(&mut crowd)?;
        let mut line = Vec::new();
        say(head + 1, &mut line);
        let (limit, limit_crowd) = Limit::start(people, line.len())?;
        Ok(Self {
            hub: hub.process(),
            hub_room: Room::new(crowd, head + 1, true),
            limit,
            limit_room: Room::new(limit_crowd, limit::frame_seq(0), false),
            _running: (hub, data),
        })
    }

    fn measure(&mut self, window: usize, rounds: usize, divisor: usize) -> Result<Vec<Figure>> {
        let people = self.hub_room.people();
        let deliveries = if window == 1 { DELIVERIES } else { DELIVERIES_OF_BURSTS };
        let lines = deliveries / divisor / people;
        let Self { hub, hub_room, limit, limit_room, .. } = self;
        let (mut of_hub, mut each, mut batched) = (Rounds::default(), Rounds::default(), Rounds::default());
        for round in 0..=rounds {
            // The first warms up, and is a short one.
            let (lines, warm) = if round == 0 { (lines.div_ceil(5), false) } else { (lines, true) };
            of_hub.add(*hub, hub_room, (lines, window), warm, say)?;
            for (kind, sending) in [(&mut each, Sending::Each), (&mut batched, Sending::Batched)] {
                let line = |_, bytes: &mut Vec<u8>| limit.add_line(sending, bytes);
                kind.add(limit.process(), limit_room, (lines, window), warm, line)?;
            }
        }

        let kind = if window == 1 { "a lone line".to_owned() } else { format!("{window} lines at once") };
        let cost = median(&of_hub.costs);
        let name = format!("{kind} to {people}, CPU a delivery");
        let figure = match (people, window) {
            (100, 1) => Figure::bounded(name, cost, Unit::Microseconds, WANTED),
            _ => Figure::plain(name, cost, Unit::Microseconds),
        };
        let writer = of_hub.used.micros_of(WRITER) / of_hub.deliveries;
        let (limit_each, limit_batched) = (median(&each.costs), median(&batched.costs));
        let (limit_name, base, mut limit_latencies) = if window == 1 {
            ("one send each", limit_each, each.latencies)
        } else {
            ("batched", limit_batched, batched.latencies)
        };
        Ok(vec![
            figure.noting(format!("{} in {rounds} rounds; the log's writer {writer:.2}", spread(&of_hub.costs))),
            Figure::plain("  the limit, one send each", limit_each, Unit::Microseconds).noting(spread(&each.costs)),
            Figure::plain("  the limit, batched", limit_batched, Unit::Microseconds).noting(spread(&batched.costs)),
            Figure::plain(format!("  ratio to the limit, {limit_name}"), cost / base, Unit::Times),
            latency(&mut of_hub.latencies, &mut limit_latencies, 0.5, "p50"),
            latency(&mut of_hub.latencies, &mut limit_latencies, 0.99, "p99"),
        ])
    }
}

impl Rounds {
    /// One round; its figures are kept if it `counts`.
    fn add(
        &mut self,
        process: Process,
        room: &mut Room,
        (lines, window): (usize, usize),
        counts: bool,
        say: impl Fn(u64, &mut Vec<u8>),
    ) -> Result<()> {
        let before = process.cpu_times_at_rest()?;
        let latencies = room.talk(lines, window, say)?;
        let used = process.cpu_times_at_rest()?.since(&before)?;
        if counts {
            let deliveries = (lines * room.people()) as f64;
            self.costs.push(used.micros() / deliveries);
            self.used.add(&used);
            self.deliveries += deliveries;
            self.latencies.extend(&latencies);
        }
        Ok(())
    }
}

fn latency(hub: &mut Latencies, limit: &mut Latencies, share: f64, name: &str) -> Figure {
    Figure::plain(format!("  sender to receiver, {name}"), hub.within(share), Unit::Milliseconds)
        .noting(format!("the limit {:.2}; both with the driver's own time to read them", limit.within(share)))
}
