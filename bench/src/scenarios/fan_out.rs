//! One says a line, many hear it: what a delivery costs the hub, beside what it must cost.

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::bench::Bench;
use crate::guests;
use crate::hub::Hub;
use crate::limit::{self, Limit, Sending};
use crate::process::{CpuUse, Process};
use crate::report::{Bound, Figure, Unit, short};
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
        for &window in windows {
            let deliveries = if window == 1 { DELIVERIES } else { DELIVERIES_OF_BURSTS };
            let talk = Talk { lines: deliveries / people / bench.pick(1, 4), window };
            let measured = stage.measure(talk, bench.pick(5, 2));
            figures.extend(measured.with_context(|| format!("{people} people, {window} lines under way"))?.figures());
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
    _running: (Hub, TempDir),
}

/// How many lines are said, and how many of them are under way at a time.
#[derive(Clone, Copy)]
struct Talk {
    lines: usize,
    window: usize,
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

    /// Rounds of a talk, of the hub's and of both limits' in turn.
    fn measure(&mut self, talk: Talk, rounds: usize) -> Result<Measured> {
        let Self { hub, hub_room, limit, limit_room, .. } = self;
        let limit_process = limit.process();
        let each = |_, bytes: &mut Vec<u8>| limit.add_line(Sending::Each, bytes);
        let batched = |_, bytes: &mut Vec<u8>| limit.add_line(Sending::Batched, bytes);
        let mut measured = Measured { people: hub_room.people(), window: talk.window, ..Measured::default() };
        // What is slow only the first time is no part of it.
        let warm_up = Talk { lines: talk.lines.div_ceil(5), ..talk };
        Rounds::default().add(*hub, hub_room, warm_up, say)?;
        Rounds::default().add(limit_process, limit_room, warm_up, each)?;
        Rounds::default().add(limit_process, limit_room, warm_up, batched)?;
        for _ in 0..rounds {
            measured.hub.add(*hub, hub_room, talk, say)?;
            measured.each.add(limit_process, limit_room, talk, each)?;
            measured.batched.add(limit_process, limit_room, talk, batched)?;
        }
        Ok(measured)
    }
}

/// Rounds of one kind.
#[derive(Default)]
struct Rounds {
    /// CPU for each delivery, in µs.
    costs: Vec<f64>,
    used: CpuUse,
    deliveries: usize,
    latencies: Latencies,
}

impl Rounds {
    fn add(&mut self, process: Process, room: &mut Room, talk: Talk, say: impl Fn(u64, &mut Vec<u8>)) -> Result<()> {
        let before = process.cpu_times_at_rest()?;
        let latencies = room.talk(talk.lines, talk.window, say)?;
        let used = process.cpu_times_at_rest()?.since(&before)?;
        let deliveries = talk.lines * room.people();
        self.costs.push(used.micros() / deliveries as f64);
        self.used.add(&used);
        self.deliveries += deliveries;
        self.latencies.extend(&latencies);
        Ok(())
    }

    fn cost(&self) -> f64 {
        median(&self.costs)
    }
}

/// The same talk in a hub and in both limits.
#[derive(Default)]
struct Measured {
    people: usize,
    window: usize,
    hub: Rounds,
    each: Rounds,
    batched: Rounds,
}

impl Measured {
    fn figures(mut self) -> Vec<Figure> {
        let (cost, each, batched) = (self.hub.cost(), self.each.cost(), self.batched.cost());
        let (name, bound) = match (self.window, self.people) {
            (1, 100) => ("a lone line".to_owned(), Some(WANTED)),
            (1, _) => ("a lone line".to_owned(), None),
            (window, _) => (format!("{window} lines at once"), None),
        };
        let name = format!("{name} to {}, CPU a delivery", self.people);
        let figure = match bound {
            Some(bound) => Figure::bounded(name, cost, Unit::Microseconds, bound),
            None => Figure::plain(name, cost, Unit::Microseconds),
        };
        let writer = self.hub.used.micros_of(WRITER) / self.hub.deliveries as f64;
        let note = format!(
            "{} in {} rounds; of it the log's writer {}",
            spread(&self.hub.costs),
            self.hub.costs.len(),
            short(writer)
        );
        // A lone line has nothing to be batched with.
        let (kind, base, limit) = if self.window == 1 {
            ("one send each", each, &mut self.each)
        } else {
            ("batched", batched, &mut self.batched)
        };
        let ratio = Figure::plain(format!("  ratio to the limit, {kind}"), cost / base, Unit::Times);
        let p50 = latency(&mut self.hub.latencies, &mut limit.latencies, 0.5, "p50");
        let p99 = latency(&mut self.hub.latencies, &mut limit.latencies, 0.99, "p99");
        vec![
            figure.noting(note),
            Figure::plain("  the limit, one send each", each, Unit::Microseconds).noting(spread(&self.each.costs)),
            Figure::plain("  the limit, batched", batched, Unit::Microseconds).noting(spread(&self.batched.costs)),
            ratio,
            p50,
            p99,
        ]
    }
}

fn latency(hub: &mut Latencies, limit: &mut Latencies, share: f64, name: &str) -> Figure {
    Figure::plain(format!("  sender to receiver, {name}"), hub.within(share), Unit::Milliseconds)
        .noting(format!("the limit {}; both with the driver's own time to read them", short(limit.within(share))))
}
