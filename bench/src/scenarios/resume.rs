//! Nodes that were away come back and get what they missed: how fast, at what cost, and what others feel of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use shared::message::{Hello, ToHub};
use shared::room::LOBBY;
use shared::wire;
use tempfile::TempDir;

use crate::audience::{Audience, Pace};
use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::pour::fill;
use crate::process::CpuTimes;
use crate::report::{Figure, Unit, short};
use crate::socket::{Socket, add_frame};
use crate::statistics::{Latencies, median, spread};

/// Those who talk meanwhile, in a room of their own.
const OTHERS: usize = 20;

const OFFICE: &str = "office";

/// Where what the absent may not see is said.
const ELSEWHERE: &str = "elsewhere";

/// How those talk.
const PACE: Pace = Pace { every: Duration::from_millis(20), lines: 1 };

/// How long they talk without anyone coming back, and at least with it.
const TALK: Duration = Duration::from_secs(3);

/// The most who come back at a time.
const ABSENT: usize = 200;

/// The hub's thread that reads.
const READER: &str = "log-reader";

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let all = bench.pick(100_000, 10_000);
    for every in [10, 1] {
        let mut stage = Stage::set(bench, all, every)?;
        for nodes in [1, ABSENT] {
            for missed in [all / 10, all] {
                let many = nodes > 1 && missed == all;
                let rounds = bench.pick(if many { 1 } else { 3 }, 1);
                let measured = stage.measure(nodes, missed, rounds);
                let of = if every == 1 { "all" } else { "one in ten" };
                let name = match nodes {
                    1 => format!("one node away for {missed} entries, {of} for it"),
                    _ => format!("{nodes} nodes away for {missed} entries, {of} for them"),
                };
                figures.extend(measured.with_context(|| name.clone())?.figures(&name));
            }
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
        let said = fill(&mut crowd, OTHERS, entries, room_of).context("filling the log")?;
        let head = said.last().copied().unwrap_or_default();
        let lobby = said.into_iter().step_by(every).collect();
        let audience = Audience::new(crowd, OFFICE, OTHERS, 1);
        Ok(Self { hub, audience, sessions, head, lobby, _data: data })
    }

    fn measure(&mut self, nodes: usize, missed: usize, rounds: usize) -> Result<Measured> {
        let after = self.head - missed as u64;
        let due = self.lobby.partition_point(|seq| *seq <= after);
        let mut measured = Measured { entries: (self.lobby.len() - due) * nodes, ..Measured::default() };
        for _ in 0..rounds {
            let (before, begun) = (self.hub.process().cpu_times_at_rest()?, Instant::now());
            measured.without.extend(&self.audience.talk_for(PACE, TALK)?);
            let idle = used_since(&self.hub, &before)?.total / begun.elapsed().as_secs_f64();

            // A single return takes less time than it takes to say a line: then it is done over and over.
            let begun = Instant::now();
            loop {
                measured.add(&self.come_back(nodes, after, due)?, idle);
                if begun.elapsed() >= TALK {
                    break;
                }
            }
        }
        Ok(measured)
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
            let hello = Hello {
                version: wire::VERSION,
                session: Some(session.clone()),
                after: Some(after),
                ..Hello::default()
            };
            let mut frame = Vec::new();
            add_frame(wire::encode(&ToHub::Hello(hello)), &mut frame);
            crowd.send(OTHERS + 1 + node, &frame)?;
        }
        let mut replay = Replay { lobby, heard: vec![due; nodes], synced: 0, done: None };
        let latencies = audience.talk(PACE, &mut replay, Replay::hear, |replay, _| replay.done.is_some())?;
        let took = replay.done.context("all have returned")?.duration_since(begun);
        let used = used_since(hub, &before)?;
        Ok(Return { took, used, elapsed: begun.elapsed(), latencies })
    }
}

/// What those who come back have heard.
struct Replay<'a> {
    /// What they may see.
    lobby: &'a [u64],
    /// How much of it each has.
    heard: Vec<usize>,
    synced: usize,
    /// When the last of them had all.
    done: Option<Instant>,
}

impl Replay<'_> {
    /// # Errors
    /// If it is not what is due.
    fn hear(&mut self, socket: usize, text: &[u8]) -> Result<()> {
        let Some(heard) = socket.checked_sub(OTHERS + 1).and_then(|node| self.heard.get_mut(node)) else {
            return Ok(()); // the one who filled the log
        };
        match understand(text)? {
            Heard::Line { seq } => {
                let due = self.lobby.get(*heard).copied();
                ensure!(due == Some(seq), "entry {seq} came when {due:?} was due");
                *heard += 1;
            }
            Heard::Welcome { resumed, .. } => ensure!(resumed, "the hub does not know a session"),
            Heard::Synced => {
                ensure!(*heard == self.lobby.len(), "synced before entry {:?} came", self.lobby.get(*heard));
                self.synced += 1;
                if self.synced == self.heard.len() {
                    self.done = Some(Instant::now());
                }
            }
            Heard::Done { .. } | Heard::Other => {}
        }
        Ok(())
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

    fn figures(mut self, name: &str) -> Vec<Figure> {
        let entries = self.entries as f64;
        let rates: Vec<f64> = self.took.iter().map(|took| entries / took).collect();
        let mut latency = |share| (self.with.within(share), self.without.within(share));
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

#[cfg(test)]
mod tests {
    use shared::entry::{Entry, Said};
    use shared::message::ToNode;

    use super::*;

    fn said(seq: u64) -> Vec<u8> {
        let [room, from, id, text] = ["lobby", "ana", "1", "hi"].map(str::to_owned);
        wire::encode(&ToNode::Entry(Entry::Said(Said { seq, at: 5, room, from, id, text }))).into_bytes()
    }

    #[test]
    fn what_comes_back_is_the_exact_rest() {
        const FIRST: usize = OTHERS + 1;
        let synced = wire::encode(&ToNode::Synced { seq: 30 }).into_bytes();
        let lobby = [10, 20, 30];
        let fresh = || Replay { lobby: &lobby, heard: vec![1], synced: 0, done: None };

        let mut whole = fresh();
        for text in [said(20), said(30), synced.clone()] {
            whole.hear(FIRST, &text).expect("due");
        }
        assert!(whole.done.is_some());
        assert!(whole.hear(FIRST, &said(30)).is_err(), "twice");
        assert!(fresh().hear(FIRST, &said(30)).is_err(), "20 is missing");
        assert!(fresh().hear(FIRST, &said(25)).is_err(), "not for it");
        assert!(fresh().hear(FIRST, &synced).is_err(), "too soon");
        assert!(fresh().hear(OTHERS, &said(99)).is_ok(), "the one who filled the log");
    }
}
