//! Some of a room never read: what they cost the hub, and the others.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use shared::message::ToHub;
use shared::room::LOBBY;
use tempfile::TempDir;

use crate::audience::{Audience, Pace};
use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests;
use crate::hub::Hub;
use crate::line;
use crate::process::{self, Process};
use crate::report::{Bound, Figure, Unit, count, short};
use crate::socket::Socket;
use crate::statistics::{Latencies, median, spread};

/// What is wanted of the hub's memory for each that never reads, in KiB.
const MEMORY: Bound = Bound::AtMost(512.0);

/// What is wanted of the others' p99 beside that of a room without them.
const RATIO: Bound = Bound::AtMost(1.1);

/// Those who read.
const OTHERS: usize = 900;

/// Those who do not. A node without a sign of life for a minute is dead, so they rest for less.
const DEAF: usize = 100;

/// The same where they stop one after the other: all of them hear what is said until the last one does.
const STAGGERED: usize = 30;

/// Those who speak, by turns.
const SPEAKERS: usize = 8;

const STEADY: Pace = Pace { every: Duration::from_millis(20), lines: 1 };

const BURSTS: Pace = Pace { every: Duration::from_millis(500), lines: 32 };

/// What fills the system's buffers of those who do not read (some 300 KiB each) and what the hub keeps for each, so
/// that they fall behind: lines of so many bytes.
const FLOOD: (usize, usize) = (1_000, 2 * 1024);

/// Lines of a flood that are under way at a time.
const FLOOD_WINDOW: usize = 16;

/// How long the hub may take to be done with what it writes behind.
const REST: Duration = Duration::from_secs(1);

const KIB: f64 = 1024.0;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = others(bench)?;
    // Each text's length, how many lines to say between one that stops reading and the next (what then waits
    // for it waits for it alone), and how many to fill the system's buffers.
    let escaped = "\u{1}".repeat(10 * 1024);
    for (name, text, apart, flood) in
        [("lines of 64 bytes", line::text(), 256, 5_000), ("lines of 10 KiB that are 60 on the wire", escaped, 25, 50)]
    {
        let each = memory(bench, &text, apart, flood).with_context(|| name.to_owned())?;
        let name = format!("  the same one after the other, {name}");
        let figure = Figure::bounded(name, each / KIB, Unit::KiB, MEMORY);
        figures.push(figure.noting("no two of them wait for the same line"));
    }
    Ok(figures)
}

/// A hub with a crowd in its lobby, the last of whom have hardly any buffer.
struct Stage {
    hub: Process,
    audience: Audience,
    deaf: Vec<usize>,
    /// Kept to the end: the hub is killed, and its data removed, when they are dropped.
    _running: (Hub, TempDir),
}

impl Stage {
    fn set(bench: &Bench, others: usize, speakers: usize, deaf: usize) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let (address, host) = (hub.address(), hub.authority());
        let wide = (0..others).map(|_| Socket::open(address, &host));
        let narrow = (0..deaf).map(|_| Socket::open_narrow(address, &host));
        let mut crowd = Crowd::of(wide.chain(narrow).collect::<Result<_>>()?)?;
        guests::say_hello(&mut crowd)?;
        guests::take_nicks(&mut crowd)?;
        let mut audience = Audience::new(crowd, LOBBY, others + deaf, speakers);
        let deaf: Vec<usize> = (others..others + deaf).collect();
        audience.pass_over(&deaf);
        Ok(Self { hub: hub.process(), audience, deaf, _running: (hub, data) })
    }

    /// Those who will not read come into the lobby; nobody waits for them.
    fn join(&mut self) -> Result<()> {
        let join = |_| ToHub::Join { id: "join".to_owned(), room: LOBBY.to_owned() };
        guests::ask(self.audience.crowd(), &self.deaf, join)?;
        self.audience.skip(&self.deaf);
        Ok(())
    }

    /// They leave it, once they have heard everything.
    fn leave(&mut self) -> Result<()> {
        self.audience.settle(&self.deaf)?;
        let leave = |_| ToHub::Leave { id: "leave".to_owned(), room: LOBBY.to_owned() };
        guests::ask(self.audience.crowd(), &self.deaf, leave)
    }

    fn resident(&self) -> Result<f64> {
        thread::sleep(REST);
        Ok(self.hub.resident()?.total as f64)
    }
}

/// The same talk in a room of those who read alone, with the hundred not reading, and with the hundred reading.
fn others(bench: &Bench) -> Result<Vec<Figure>> {
    let mut stage = Stage::set(bench, OTHERS, SPEAKERS, DEAF)?;
    let text = "x".repeat(FLOOD.1);
    let duration = bench.pick(Duration::from_secs(2), Duration::from_secs(1));
    let (mut alone, mut reading, mut deaf) = (Talks::default(), Talks::default(), Talks::default());
    let (mut memory, mut kernel, mut back, mut synced) = (Vec::new(), Vec::new(), Vec::new(), 0);
    stage.leave()?;
    stage.audience.pour(FLOOD.0, FLOOD_WINDOW, &text)?; // what grows only once has grown
    let rounds = bench.pick(3, 2);
    for _ in 0..rounds {
        alone.add(&mut stage.audience, duration)?;
        let before = (stage.resident()?, process::socket_memory()?);

        stage.join()?;
        for index in stage.deaf.clone() {
            stage.audience.deafen(index)?;
        }
        stage.audience.pour(FLOOD.0, FLOOD_WINDOW, &text)?;
        deaf.add(&mut stage.audience, duration)?;
        let after = (stage.resident()?, process::socket_memory()?);
        memory.push((after.0 - before.0) / DEAF as f64 / KIB);
        kernel.push((after.1 as f64 - before.1 as f64) / DEAF as f64 / KIB);
        back.push(stage.audience.listen(&stage.deaf).context("reading again")?.as_secs_f64());
        synced += stage.audience.take_synced(&stage.deaf);

        reading.add(&mut stage.audience, duration)?;
        stage.leave()?;
    }

    // What the hub once took from the system it keeps, so only the first round shows what it needs.
    let needed = memory.first().copied().unwrap_or_default();
    let kept = format!(
        "{} more in {} further rounds; the system's buffers {} each",
        spread(&memory[1..]),
        rounds - 1,
        Unit::KiB.show(median(&kernel))
    );
    let mut figures = vec![
        Figure::bounded(
            format!("memory a node that never reads, {DEAF} of {}", count(OTHERS + DEAF)),
            needed,
            Unit::KiB,
            MEMORY,
        )
        .noting(kept),
        Figure::plain("  all they missed, once they read again", median(&back), Unit::Seconds).noting(format!(
            "none was thrown out, each heard every line in order; {synced} of {} had fallen behind",
            rounds * DEAF
        )),
    ];
    for (name, of) in [("50 lines/s", 0), ("bursts of 32", 1)] {
        figures.extend(compare(name, &alone.0[of], &reading.0[of], &deaf.0[of]));
    }
    Ok(figures)
}

/// Latencies round by round, of steady talk and of bursts.
#[derive(Default)]
struct Talks([Vec<Latencies>; 2]);

impl Talks {
    fn add(&mut self, audience: &mut Audience, duration: Duration) -> Result<()> {
        for (pace, rounds) in [STEADY, BURSTS].into_iter().zip(&mut self.0) {
            rounds.push(audience.talk_for(pace, duration)?);
        }
        Ok(())
    }
}

/// The others' times with those who do not read, beside both kinds of room without them.
fn compare(name: &str, alone: &[Latencies], reading: &[Latencies], deaf: &[Latencies]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (percentile, share, bound) in [("p50", 0.5, None), ("p99", 0.99, Some(RATIO))] {
        let of = |rounds: &[Latencies]| -> Vec<f64> { rounds.iter().map(|round| round.within(share)).collect() };
        let (alone, reading, deaf) = (of(alone), of(reading), of(deaf));
        // Neighbours in time are compared: the machine's load drifts.
        let ratios =
            |beside: &[f64]| -> Vec<f64> { deaf.iter().zip(beside).map(|(deaf, other)| deaf / other).collect() };
        let (to_alone, to_reading) = (ratios(&alone), ratios(&reading));
        figures.push(Figure::plain(format!("others' {percentile}, {name}"), median(&deaf), Unit::Milliseconds).noting(
            format!(
                "of rounds at {}; {} without the {DEAF}, {} with them reading",
                spread(&deaf),
                short(median(&alone)),
                short(median(&reading))
            ),
        ));
        let ratio = format!("  ratio to a room of {OTHERS} without them");
        let figure = Figure::plain(ratio, median(&to_alone), Unit::Times).maybe_wanting(bound);
        figures.push(figure.noting(spread(&to_alone)));
        figures.push(
            Figure::plain(
                format!("  ratio to a room of {} where all read", count(OTHERS + DEAF)),
                median(&to_reading),
                Unit::Times,
            )
            .noting(spread(&to_reading)),
        );
    }
    figures
}

/// What each of those who never read costs, in bytes, when they stop one after the other, `apart` lines from each
/// other: then no two of them wait for the same entries.
fn memory(bench: &Bench, text: &str, apart: usize, flood: usize) -> Result<f64> {
    let mut stage = Stage::set(bench, 1, 1, STAGGERED)?;
    stage.leave()?;
    stage.audience.pour(STAGGERED * apart + flood, FLOOD_WINDOW, text)?; // what grows only once has grown
    let before = stage.resident()?;
    stage.join()?;
    for (stopped, index) in stage.deaf.iter().enumerate() {
        stage.audience.deafen(*index)?;
        stage.audience.pour(apart, FLOOD_WINDOW, text)?;
        // Who is still reading is not behind by itself.
        stage.audience.settle(&stage.deaf[stopped + 1..])?;
    }
    stage.audience.pour(flood, FLOOD_WINDOW, text)?;
    let after = stage.resident()?;
    stage.audience.listen(&stage.deaf).context("reading again")?;
    Ok((after - before) / STAGGERED as f64)
}
