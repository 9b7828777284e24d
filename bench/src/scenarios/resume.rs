//! Nodes that were away come back and get what they missed: how fast, at what cost, and what others feel of it.

mod crowd;

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use shared::message::ToHub;
use shared::room::LOBBY;
use tempfile::TempDir;

use crate::audience::{Audience, Pace};
use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests;
use crate::hub::Hub;
use crate::pour::fill;
use crate::process::CpuTimes;
use crate::replay::Replay;
use crate::report::{Figure, Unit, count, short};
use crate::socket::Socket;
use crate::statistics::{Latencies, median, spread};

/// Those who talk meanwhile, in a room of their own.
const OTHERS: usize = 20;

const OFFICE: &str = "office";

/// Where what the absent may not see is said.
const ELSEWHERE: &str = "elsewhere";

/// How those talk.
const PACE: Pace = Pace { every: Duration::from_millis(20), lines: 1 };

/// How long they talk without anyone coming back, and at least with it.
const TALK: Duration = Duration::from_secs(2);

/// The most who come back at a time.
const ABSENT: usize = 200;

/// The hub's thread that reads.
const READER: &str = "log-reader";

/// One in how many entries is for those who come back; and how many come back, after how much of the log.
const RETURNS: [(usize, [(usize, Share); 2]); 2] =
    [(10, [(1, Share::All), (ABSENT, Share::All)]), (1, [(1, Share::All), (ABSENT, Share::Tenth)])];

/// Of the log.
#[derive(Clone, Copy)]
enum Share {
    All,
    Tenth,
}

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = crowd::run(bench)?;
    let all = bench.pick(100_000, 10_000);
    for (every, returns) in RETURNS {
        let mut stage = Stage::set(bench, all, every)?;
        for (nodes, share) in returns {
            let missed = match share {
                Share::All => all,
                Share::Tenth => all / 10,
            };
            let of = if every == 1 { "all" } else { "one in ten" };
            let entries = count(missed);
            let name = match nodes {
                1 => format!("one node away for {entries} entries, {of} for it"),
                _ => format!("{nodes} nodes away for {entries} entries, {of} for them"),
            };
            figures.extend(stage.measure(nodes, missed).with_context(|| name.clone())?.figures(&name));
        }
    }
    Ok(figures)
}

/// A hub with a log, some who talk, and the sessions of those who were away for all of it.
struct Stage {
    hub: Hub,
    audience: Audience,
    /// Secrets of sessions with nick and lobby.
    sessions: Vec<String>,
    /// The newest entry after the log was filled.
    head: u64,
    /// The entries of the lobby, in the log's order.
    lobby: Vec<u64>,
    _data: TempDir,
}

impl Stage {
    /// A log of so many entries, one in `every` of which was said in the lobby.
    fn set(bench: &Bench, entries: usize, every: usize) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let mut crowd = Crowd::open(hub.address(), &hub.authority(), OTHERS + 1 + ABSENT)?;
        let welcomes = guests::say_hello(&mut crowd)?;
        guests::take_nicks(&mut crowd)?;
        let sessions = welcomes.into_iter().skip(OTHERS + 1).map(|welcome| welcome.session).collect();
        crowd.truncate(OTHERS + 1);

        let others: Vec<usize> = (0..OTHERS).collect();
        guests::ask(&mut crowd, &others, |_| ToHub::Join { id: "join".to_owned(), room: OFFICE.to_owned() })?;
        guests::ask(&mut crowd, &others, |_| ToHub::Leave { id: "leave".to_owned(), room: LOBBY.to_owned() })?;
        guests::ask(&mut crowd, &[OTHERS], |_| ToHub::Join { id: "join".to_owned(), room: ELSEWHERE.to_owned() })?;
        let room_of = |line: usize| if line.is_multiple_of(every) { LOBBY } else { ELSEWHERE };
        let said = fill(&mut crowd, OTHERS, 0, entries, room_of).context("filling the log")?;
        let head = said.last().copied().unwrap_or_default();
        let lobby = said.into_iter().step_by(every).collect();
        let audience = Audience::new(crowd, OFFICE, OTHERS, 1);
        Ok(Self { hub, audience, sessions, head, lobby, _data: data })
    }

    fn measure(&mut self, nodes: usize, missed: usize) -> Result<Measured> {
        let after = self.head - missed as u64;
        let due = self.lobby.partition_point(|seq| *seq <= after);
        let mut measured = Measured { entries: (self.lobby.len() - due) * nodes, ..Measured::default() };
        let (before, begun) = (self.hub.process().cpu_times_at_rest()?, Instant::now());
        measured.without.extend(&self.audience.talk_for(PACE, TALK)?);
        let idle = used_since(&self.hub, &before)?.total / begun.elapsed().as_secs_f64();

        // A single return takes less time than it takes to say a line: then it is done over and over.
        let begun = Instant::now();
        loop {
            measured.add(&self.come_back(nodes, after, due)?, idle);
            if begun.elapsed() >= TALK {
                return Ok(measured);
            }
        }
    }

    /// So many nodes come back at once.
    fn come_back(&mut self, nodes: usize, after: u64, due: usize) -> Result<Return> {
        let Self { hub, audience, sessions, lobby, .. } = self;
        let crowd = audience.crowd();
        crowd.truncate(OTHERS + 1);
        for _ in 0..nodes {
            crowd.add(Socket::open(hub.address(), &hub.authority())?)?;
        }
        let before = hub.process().cpu_times_at_rest()?;
        let begun = Instant::now();
        for (node, session) in sessions.iter().take(nodes).enumerate() {
            crowd.send(OTHERS + 1 + node, &guests::hello_again(session, after))?;
        }
        let mut replay = Replay::new(lobby, nodes, due);
        let hear = |replay: &mut Replay<'_>, socket: usize, text: &[u8]| match socket.checked_sub(OTHERS + 1) {
            Some(node) => replay.hear(node, text),
            None => Ok(()), // the one who filled the log
        };
        let latencies = audience.talk(PACE, &mut replay, hear, |replay, _| replay.is_done())?;
        let took = replay.times().last().context("all have returned")?.duration_since(begun);
        let used = used_since(hub, &before)?;
        Ok(Return { took, used, elapsed: begun.elapsed(), latencies })
    }
}

/// CPU in microseconds.
struct Used {
    total: f64,
    reader: f64,
}

fn used_since(hub: &Hub, before: &CpuTimes) -> Result<Used> {
    let used = hub.process().cpu_times_at_rest()?.since(before)?;
    Ok(Used { total: used.micros(), reader: used.micros_of(READER) })
}

/// One return.
struct Return {
    took: Duration,
    used: Used,
    /// The time in which that was used, the others' talk included.
    elapsed: Duration,
    latencies: Latencies,
}

#[derive(Default)]
struct Measured {
    /// Entries of each return.
    entries: usize,
    /// Seconds.
    took: Vec<f64>,
    /// Microseconds an entry, the others' talk left out.
    costs: Vec<f64>,
    /// The same of the thread that reads.
    reading: Vec<f64>,
    without: Latencies,
    with: Latencies,
}

impl Measured {
    /// `idle`: what the hub uses without anyone coming back, in µs of CPU a second.
    fn add(&mut self, one: &Return, idle: f64) {
        let entries = self.entries as f64;
        self.took.push(one.took.as_secs_f64());
        self.costs.push((one.used.total - idle * one.elapsed.as_secs_f64()) / entries);
        self.reading.push(one.used.reader / entries);
        self.with.extend(&one.latencies);
    }

    fn figures(self, name: &str) -> Vec<Figure> {
        let entries = self.entries as f64;
        let rates: Vec<f64> = self.took.iter().map(|took| entries / took).collect();
        let latency = |share| (self.with.within(share), self.without.within(share));
        let (p50, p99) = (latency(0.5), latency(0.99));
        vec![
            Figure::plain(name, median(&rates), Unit::EntriesPerSecond).noting(format!(
                "{} in {} returns; the last had all after {}",
                spread(&rates),
                rates.len(),
                Unit::Seconds.show(median(&self.took))
            )),
            Figure::plain("  CPU of the hub an entry", median(&self.costs), Unit::Microseconds).noting(format!(
                "{}; of it reading {}",
                spread(&self.costs),
                short(median(&self.reading))
            )),
            Figure::plain("  others' lines meanwhile, p99", p99.0, Unit::Milliseconds).noting(format!(
                "{} without; p50 {} and {}; all with the driver's own time",
                short(p99.1),
                short(p50.0),
                short(p50.1)
            )),
        ]
    }
}
