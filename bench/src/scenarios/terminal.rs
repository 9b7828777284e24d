//! The client for a terminal: how soon one may type, what it keeps in memory, how long a line from a script takes, and
//! whether keys are drawn while much is said.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use shared::room::LOBBY;
use tempfile::TempDir;

use super::idle::MIB;
use crate::audience::{Audience, Pace};
use crate::bench::Bench;
use crate::guests;
use crate::hub::Hub;
use crate::line;
use crate::report::{Bound, Figure, Unit};
use crate::statistics::{Latencies, median, ratio, spread};
use crate::visitor::{View, Visit, Visitor, shell};

/// What is wanted from the start to a prompt, in ms.
const PROMPT: Bound = Bound::AtMost(100.0);

/// What is wanted of its memory, in MiB.
const MEMORY: Bound = Bound::AtMost(15.0);

/// What is wanted of a line said by a script, from the start of the program to its end, in ms.
const SAY: Bound = Bound::AtMost(60.0);

/// What is wanted of a key while much is said, from pressing it to seeing it, in ms.
const KEY: Bound = Bound::AtMost(50.0);

/// The room that the memory is for, in lines; each is as long as those of the other scenarios.
const ROOM: usize = 10_000;

/// What is said first of it, and last.
const FIRST: &str = "the first of all";
const LAST: &str = "the last of all";

/// Lines of it that are under way at a time.
const WINDOW: usize = 64;

/// 5,000 lines a second, not all at one moment.
const PACE: Pace = Pace { every: Duration::from_millis(10), lines: 50 };

/// Those who say them.
const SPEAKERS: usize = 4;

/// No line has this in it, nor any name.
const RARE: char = 'Ω';

/// Between two keys, in ms: not a multiple of anything that is drawn by the clock.
const BETWEEN: [u64; 3] = [23, 37, 61];

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = starting(bench).context("starting")?;
    figures.extend(saying(bench).context("saying a line")?);
    figures.extend(remembering(bench).context("a room of many lines")?);
    figures.extend(typing(bench).context("typing while much is said")?);
    Ok(figures)
}

/// A hub, and those who talk in its lobby.
struct Stage {
    audience: Audience,
    hub: Hub,
    _data: TempDir,
}

impl Stage {
    fn set(bench: &Bench) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let (mut crowd, _) = guests::welcome(&hub, SPEAKERS)?;
        guests::take_nicks(&mut crowd)?;
        let audience = Audience::new(crowd, LOBBY, SPEAKERS, SPEAKERS);
        Ok(Self { audience, hub, _data: data })
    }

    /// Somebody who comes here for the first time.
    fn visitor(&self, bench: &Bench) -> Result<Visitor> {
        Visitor::new(bench.terminal()?, &self.hub, bench.folder())
    }
}

fn starting(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::set(bench)?;
    let visitor = stage.visitor(bench)?;
    let (mut full, mut lines, mut least) = (Vec::new(), Vec::new(), Vec::new());
    // The first time it is a stranger, and the program is read from the disk.
    visitor.come("ana", View::Full)?.0.quit()?;
    for _ in 0..bench.pick(21, 7) {
        least.push(milliseconds(shell()?));
        for (view, took) in [(View::Full, &mut full), (View::Lines, &mut lines)] {
            let (visit, until) = visitor.come("ana", view)?;
            took.push(milliseconds(until));
            visit.quit()?;
        }
    }
    let figure = |name: &str, took: &[f64], headline| {
        Figure::plain(name, median(took), Unit::Milliseconds)
            .beside(median(&least), ratio(took, &least))
            .wanting(PROMPT)
            .noting(format!("{}; the limit is a shell’s", spread(took)))
            .headlined(headline)
    };
    Ok(vec![
        figure("terminal, start to prompt, full screen", &full, "terminal: start to prompt"),
        figure("  line mode", &lines, "terminal: start to prompt, line mode"),
    ])
}

fn saying(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::set(bench)?;
    let visitor = stage.visitor(bench)?;
    let text = line::text();
    let say = ["say", "-n", "ana", &text];
    visitor.run(&say)?;
    let (mut said, mut least) = (Vec::new(), Vec::new());
    for _ in 0..bench.pick(41, 11) {
        // The program itself, without a hub.
        least.push(milliseconds(visitor.run(&["--version"])?));
        said.push(milliseconds(visitor.run(&say)?));
    }
    let figure = Figure::plain("hubbub say, in all", median(&said), Unit::Milliseconds)
        .beside(median(&least), ratio(&said, &least))
        .wanting(SAY)
        .noting(format!("{}; the limit is hubbub --version", spread(&said)))
        .headlined("hubbub say, in all");
    Ok(vec![figure])
}

fn remembering(bench: &Bench) -> Result<Vec<Figure>> {
    let mut stage = Stage::set(bench)?;
    let people = [stage.visitor(bench)?, stage.visitor(bench)?, stage.visitor(bench)?];
    let [ana, bob, carl] = &people;
    let (full, _) = ana.come("ana", View::Full)?;
    let (lines, _) = bob.come("bob", View::Lines)?;
    let before = full.process()?.resident()?.total as f64 / MIB;
    for (lines, text) in [(1, FIRST), (ROOM - 2, &*line::text()), (1, LAST)] {
        stage.audience.pour(lines, WINDOW, text)?;
    }
    let mut figures = Vec::new();
    for (name, visit, note) in [
        ("terminal, resident, 10,000 lines heard", full, format!("{before:.1} MiB before them")),
        ("  line mode", lines, String::new()),
    ] {
        visit.sees(LAST)?;
        figures.push(memory(name, &visit, &note)?);
        visit.quit()?;
    }
    let (late, _) = carl.come("carl", View::Full)?;
    late.sees(LAST)?;
    let begun = Instant::now();
    late.leafs_up_to(FIRST)?;
    let note = format!("{:.1} s of leafing", begun.elapsed().as_secs_f64());
    let figure = memory("terminal, resident, 10,000 lines read back", &late, &note)?;
    late.quit()?;
    figures.push(figure.headlined("terminal, memory, 10,000 lines"));
    Ok(figures)
}

/// What the client has in memory once that stays the same.
fn memory(name: &str, visit: &Visit, note: &str) -> Result<Figure> {
    let resident = visit.process()?.settled(|wait| {
        thread::sleep(wait);
        Ok(())
    })?;
    let heap = format!("of it {:.1} MiB heap and stacks", resident.anonymous as f64 / MIB);
    let note = if note.is_empty() { heap } else { format!("{heap}; {note}") };
    Ok(Figure::bounded(name, resident.total as f64 / MIB, Unit::MiB, MEMORY).noting(note))
}

fn typing(bench: &Bench) -> Result<Vec<Figure>> {
    let mut stage = Stage::set(bench)?;
    let visitor = stage.visitor(bench)?;
    let (visit, _) = visitor.come("ana", View::Full)?;
    let calm = press(&visit, bench.pick(60, 20))?;
    let enough = AtomicBool::new(false);
    let process = visit.process()?;
    let (busy, used, rate, behind) = thread::scope(|scope| {
        let audience = &mut stage.audience;
        let talk = scope.spawn(|| {
            let begun = Instant::now();
            let talked = audience.talk(PACE, &mut (), |(), _, _| Ok(()), |(), _| enough.load(Ordering::Relaxed));
            talked.and_then(|heard| {
                let rate = (heard.count() / SPEAKERS as u64) as f64 / begun.elapsed().as_secs_f64();
                audience.pour(1, 1, LAST)?;
                Ok((rate, Instant::now()))
            })
        });
        let measured = process.cpu_times().and_then(|before| {
            let begun = Instant::now();
            let busy = press(&visit, bench.pick(300, 60))?;
            let used = process.cpu_times()?.since(&before)?.micros() / begun.elapsed().as_secs_f64() / 1e4;
            Ok((busy, used))
        });
        enough.store(true, Ordering::Relaxed);
        let (rate, said) = talk.join().map_err(|_| anyhow!("those who talk gave up"))??;
        let (busy, used) = measured?;
        let behind = visit.sees(LAST)?.saturating_duration_since(said);
        anyhow::Ok((busy, used, rate, behind))
    })?;
    visit.quit()?;
    let key = |share: f64, name: &str| {
        let (busy, calm) = (busy.within(share), calm.within(share));
        Figure::plain(name, busy, Unit::Milliseconds).beside(calm, busy / calm)
    };
    let note = format!("{} keys; the limit is where nobody says anything", busy.count());
    Ok(vec![
        key(0.5, "a key drawn while 5,000 lines/s arrive, median").noting(note),
        key(0.95, "  p95").wanting(KEY).headlined("terminal: a key at 5,000 lines/s, p95"),
        key(0.99, "  p99").wanting(KEY).headlined("terminal: a key at 5,000 lines/s, p99"),
        Figure::plain("  lines that arrived meanwhile", rate, Unit::LinesPerSecond),
        Figure::plain("  the client’s CPU meanwhile", used, Unit::PerCent),
        Figure::plain(
            "  the last line in sight, after everyone else had heard it",
            milliseconds(behind),
            Unit::Milliseconds,
        ),
    ])
}

/// Somebody types and takes back so many keys; how long each took to be drawn.
fn press(visit: &Visit, keys: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for number in 0..keys / 2 {
        for took in visit.key(RARE)? {
            latencies.add(took);
        }
        thread::sleep(Duration::from_millis(BETWEEN[number % BETWEEN.len()]));
    }
    Ok(latencies)
}

fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}
