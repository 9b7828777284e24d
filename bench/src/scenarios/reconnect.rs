//! The hub is killed and started again, and everyone comes back.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::clients::Clients;
use crate::hub::Hub;
use crate::line::text;
use crate::report::{self, Bound, Figure, Unit, short};
use crate::statistics::{Latencies, median, spread};

/// What is wanted until all are back and have what they missed, in seconds from starting the new hub.
const BACK: Bound = Bound::AtMost(10.0);

/// What is wanted of the p99 of new lines afterwards, in milliseconds.
const AFTERWARDS: Bound = Bound::AtMost(250.0);

/// Clients that open a connection at a time before there is anything to measure.
const AT_ONCE: usize = 250;

/// Lines that nobody but their sender has heard when the hub is killed.
const MISSED: u64 = 20;

/// How often a new line is said afterwards: from the moment when all are back, presence and all.
const EVERY: Duration = Duration::from_millis(200);

/// How long to wait for anything that must happen. Longer than what is wanted, to see by how much it is missed.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long to wait at a time.
const TURN: Duration = Duration::from_millis(5);

/// How they come back.
#[derive(Clone, Copy)]
enum Storm {
    /// Each by its own backoff with full jitter; the hub is started again at once.
    Jittered,
    /// All in the moment in which the hub is there, as clients do whose network returns.
    AtOnce,
}

const STORMS: [(&str, Storm); 2] = [("by their backoff", Storm::Jittered), ("all at once", Storm::AtOnce)];

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let count = bench.pick(5_000, 1_000);
    let data = bench.data()?;
    let mut hub = bench.start(data.path())?;
    let mut clients = Clients::new(hub.address(), hub.authority(), count)?;
    enter(&mut clients, count)?;
    for _ in 0..MISSED {
        clients.say(&text())?;
    }
    wait_until(&mut clients, Clients::is_quiet).context("the first lines")?;
    let resident = hub.process().settled(|time| idle(&mut clients, time))?.total;

    let mut rounds: [Vec<Round>; STORMS.len()] = Default::default();
    for _ in 0..bench.pick(2, 1) {
        for ((name, storm), rounds) in STORMS.into_iter().zip(&mut rounds) {
            let (again, round) = kill(bench, hub, &mut clients, data.path(), storm)
                .with_context(|| format!("{count} come back {name}: {}", clients.progress()))?;
            hub = again;
            rounds.push(round);
        }
    }
    let mut figures = Vec::new();
    for ((name, _), rounds) in STORMS.into_iter().zip(&rounds) {
        figures.extend(show(&format!("{} {name}", report::count(count)), rounds, resident));
    }
    Ok(figures)
}

/// One kill and what came after it.
struct Round {
    /// Seconds from starting the new hub to its link.
    started: f64,
    /// The same to the last welcome, and the last client that had heard all.
    welcomed: f64,
    synced: f64,
    /// The same to the client in the middle.
    middle: f64,
    /// The new hub's CPU until then, in seconds.
    cpu: f64,
    /// Its memory afterwards, in bytes.
    resident: u64,
    /// How long new lines took.
    latencies: Latencies,
    /// Its share of a CPU meanwhile.
    busy: f64,
    /// Connections that ended or did not come about.
    ends: String,
}

/// Everyone takes a nick and is in the lobby, some after the other.
fn enter(clients: &mut Clients, count: usize) -> Result<()> {
    for begin in (0..count).step_by(AT_ONCE) {
        let end = count.min(begin + AT_ONCE);
        clients.start(begin..end)?;
        wait_until(clients, |clients| clients.count_online() == end).context("taking nicks")?;
    }
    Ok(())
}

fn kill(bench: &Bench, hub: Hub, clients: &mut Clients, data: &Path, storm: Storm) -> Result<(Hub, Round)> {
    for _ in 0..MISSED {
        clients.say(&text())?;
    }
    let begun = Instant::now();
    while !clients.is_answered() {
        ensure!(begun.elapsed() < PATIENCE, "lines were not answered");
        clients.turn_speaker(TURN)?;
    }
    let port = hub.address().port();
    drop(hub); // killed
    clients.take_latencies();
    clients.lose_all(matches!(storm, Storm::AtOnce))?;

    let begun = Instant::now();
    let (binary, log) = (bench.hub(), bench.hub_log());
    let hub = thread::scope(|scope| -> Result<Hub> {
        let starting = scope.spawn(|| Hub::start(binary, data, &log, port));
        while !starting.is_finished() {
            clients.turn(TURN)?;
        }
        starting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    let started = begun.elapsed().as_secs_f64();
    if let Storm::AtOnce = storm {
        clients.plug_in()?;
    }
    wait_until(clients, |clients| clients.returned().is_some())?;
    ensure!(clients.count_forgotten() == 0, "the hub did not know some of them");
    let (mut welcomed, mut synced) = clients.returned().context("all have returned")?;
    let used = hub.process().cpu_times()?;
    welcomed.sort_unstable();
    synced.sort_unstable();
    let since = |moment: Option<&Instant>| moment.map_or(0.0, |moment| moment.duration_since(begun).as_secs_f64());

    let talking = Instant::now();
    let talk = bench.pick(Duration::from_secs(5), Duration::from_secs(2));
    let mut said = 0;
    while talking.elapsed() < talk {
        if talking.elapsed() >= EVERY * said {
            clients.say(&text())?;
            said += 1;
        }
        clients.turn(TURN)?;
    }
    wait_until(clients, Clients::is_quiet).context("new lines")?;
    let busy = hub.process().cpu_times()?.since(&used)?.micros() / talking.elapsed().as_micros() as f64;
    let latencies = clients.take_latencies();
    let ends = clients.ends().iter().map(|(why, times)| format!("{times} × {why}")).collect::<Vec<_>>().join(", ");
    let resident = hub.process().settled(|time| idle(clients, time))?.total;
    let round = Round {
        started,
        welcomed: since(welcomed.last()),
        synced: since(synced.last()),
        middle: since(synced.get(synced.len() / 2)),
        cpu: used.total().as_secs_f64(),
        resident,
        latencies,
        busy,
        ends,
    };
    Ok((hub, round))
}

fn show(name: &str, rounds: &[Round], before: u64) -> Vec<Figure> {
    const MIB: f64 = 1024.0 * 1024.0;
    let all = |of: fn(&Round) -> f64| -> Vec<f64> { rounds.iter().map(of).collect() };
    let (synced, cpu) = (all(|round| round.synced), all(|round| round.cpu));
    let (started, middle, welcomed) =
        (all(|round| round.started), all(|round| round.middle), all(|round| round.welcomed));
    let (resident, busy) = (all(|round| round.resident as f64 / MIB), all(|round| round.busy * 100.0));
    let ends = rounds.last().filter(|round| !round.ends.is_empty());
    let ends = ends.map_or_else(String::new, |round| format!("; attempts in vain: {}", round.ends));
    let p50: Vec<f64> = rounds.iter().map(|round| round.latencies.within(0.5)).collect();
    let p99: Vec<f64> = rounds.iter().map(|round| round.latencies.within(0.99)).collect();
    let name = format!("{name}, until the last has all");
    let until = Figure::bounded(name, median(&synced), Unit::Seconds, BACK);
    let note = format!(
        "{} from starting the hub, of which {} to its link; half of them {}, the last welcome {}{ends}",
        spread(&synced),
        short(median(&started)),
        short(median(&middle)),
        short(median(&welcomed)),
    );
    vec![
        until.noting(note),
        Figure::plain("  CPU of the hub until then", median(&cpu), Unit::Seconds).noting(spread(&cpu)),
        Figure::bounded("  new lines afterwards, p99", median(&p99), Unit::Milliseconds, AFTERWARDS).noting(format!(
            "{}; p50 {}; the hub used {} % of a CPU; all with the driver's own time",
            spread(&p99),
            short(median(&p50)),
            short(median(&busy))
        )),
        Figure::plain("  memory of the hub afterwards", median(&resident), Unit::MiB)
            .noting(format!("{:.1} before the first kill", before as f64 / MIB)),
    ]
}

fn idle(clients: &mut Clients, time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        clients.turn(TURN)?;
    }
    Ok(())
}

fn wait_until(clients: &mut Clients, done: impl Fn(&Clients) -> bool) -> Result<()> {
    let begun = Instant::now();
    while !done(clients) {
        ensure!(begun.elapsed() < PATIENCE, "it did not happen within {} s", PATIENCE.as_secs());
        clients.turn(TURN)?;
    }
    Ok(())
}
