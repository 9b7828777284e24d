//! Connections that do nothing: what each takes, how fast thousands come, and what is left when they have gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use shared::message::{Outcome, ToHub, ToNode};
use shared::wire;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests::{self, nick};
use crate::hub::Hub;
use crate::limit::Limit;
use crate::line::{Say, text};
use crate::plot::{Axis, Chart, Line, Scale, Stroke};
use crate::process::{Process, Resident};
use crate::report::{Bound, Figure, Unit, count};
use crate::room::{Room, Tempo};
use crate::socket::{Socket, add_frame};
use crate::statistics::{median, spread};
use crate::storm::{Door, storm};

/// What is wanted of each at [`DECIDING`], in KiB.
const MEMORY: Bound = Bound::AtMost(8.0);

/// What is wanted of the hub's CPU with as many, in per cent of one core.
const BUSY: Bound = Bound::AtMost(2.0);

/// How many there are at each look.
const STEPS: [usize; 4] = [1_000, 5_000, DECIDING, 15_000];

const DECIDING: usize = 10_000;

/// As long as it takes until each was pinged once (the protocol says 20 s).
const IDLE: Duration = Duration::from_secs(20);

/// Lines at once to all of them, to see what buffers they leave behind.
const BURST: usize = 64;

/// How long they are idle again before it is looked what a burst has left.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How long a hub may take to let go of those who left.
const LEAVING: Duration = Duration::from_secs(20);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

const KIB: f64 = 1024.0;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let steps = &STEPS[..bench.pick(STEPS.len(), 3)];
    let limit = kept(steps)?;
    let mut figures = in_the_lobby(bench, steps, &limit)?;
    figures.push(only_hello(bench)?);
    figures.extend(storms(bench)?);
    Ok(figures)
}

/// What each connection takes of a process, in KiB, beside what it had before.
fn each(resident: Resident, before: Resident, count: usize) -> f64 {
    (resident.total as f64 - before.total as f64) / count as f64 / KIB
}

fn mib(resident: Resident) -> f64 {
    resident.total as f64 / KIB / KIB
}

/// What a socket takes of a program that keeps so many, in KiB.
fn kept(steps: &[usize]) -> Result<Vec<f64>> {
    let limit = Limit::keep()?;
    let process = limit.process();
    let (alone, files) = (process.settled(wait)?, process.open_files()?);
    let (mut sockets, mut memory) = (Vec::new(), Vec::new());
    for &step in steps {
        while sockets.len() < step {
            sockets.push(Socket::bare(limit.address())?);
        }
        open_files(process, |open| open >= files + step).context("the limit's sockets")?;
        memory.push(each(process.resident()?, alone, step));
    }
    Ok(memory)
}

/// More and more come into the lobby; then all hear a burst, and leave.
fn in_the_lobby(bench: &Bench, steps: &[usize], limit: &[f64]) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    hub.check_health()?;
    let process = hub.process();
    let (alone, files) = (process.settled(wait)?, process.open_files()?);
    let mut crowd = Crowd::open(hub.address(), &hub.authority(), 0)?;
    let mut figures = Vec::new();
    let mut memory = Vec::new();
    for (&step, &limit) in steps.iter().zip(limit) {
        let (more, begun) = (step - crowd.len(), Instant::now());
        guests::welcome_more(&hub, &mut crowd, more).with_context(|| format!("the first {step}"))?;
        let came = begun.elapsed().as_secs_f64();
        let resident = process.settled(|wait| crowd.idle(wait))?;
        let each = each(resident, alone, step);
        memory.push(each);
        let name = format!("memory a connection, {} in the lobby", count(step));
        let note = format!(
            "{:.1} MiB in all, {:.1} before; the last {} came in {came:.1} s",
            mib(resident),
            mib(alone),
            count(more)
        );
        let figure = Figure::plain(name, each, Unit::KiB).noting(note);
        // Of few sockets the limit's memory has not grown by a page.
        let figure = if limit > 0.0 { figure.beside(limit, each / limit) } else { figure };
        if step == DECIDING {
            figures.push(figure.wanting(MEMORY).headlined("memory per idle connection at 10,000"));
            figures.push(idle(process, &mut crowd)?);
        } else {
            figures.push(figure);
        }
    }
    let people = crowd.len();
    let head = 0; // nothing was said yet
    let say = Say::new(shared::room::LOBBY, &text());
    let mut room = Room::new(crowd, head + 1, true);
    room.talk(BURST, Tempo::Window(BURST), |seq, bytes| say.add(seq, bytes)).context("a burst")?;
    let mut crowd = room.into_crowd();
    crowd.idle(AFTERWARDS)?;
    let after_burst = process.settled(|wait| crowd.idle(wait))?;
    drop(crowd);
    open_files(process, |open| open <= files).context("those who left")?;
    let left = process.settled(wait)?;
    hub.stop()?;

    let burst = format!("  after {BURST} lines at once to {}", count(people));
    figures.push(Figure::plain(burst, each(after_burst, alone, people), Unit::KiB));
    figures.push(
        Figure::plain("  kept after all have left", each(left, alone, people), Unit::KiB)
            .noting(format!("{:.1} MiB in all", mib(left))),
    );
    chart(steps, &memory, limit).write(bench.folder(), "memory")?;
    Ok(figures)
}

/// What the hub does while nothing happens.
fn idle(hub: Process, crowd: &mut Crowd) -> Result<Figure> {
    let (before, begun) = (hub.cpu_times()?, Instant::now());
    crowd.idle(IDLE)?;
    let used = hub.cpu_times()?.since(&before)?;
    let share = used.micros() / begun.elapsed().as_micros() as f64 * 100.0;
    let name = format!("idle CPU, {} in the lobby", count(crowd.len()));
    Ok(Figure::bounded(name, share, Unit::PerCent, BUSY)
        .noting(format!("of one core, over {} s, in which each is pinged once", IDLE.as_secs()))
        .headlined("idle CPU at 10,000 connections"))
}

fn chart(steps: &[usize], memory: &[f64], limit: &[f64]) -> Chart {
    let line = |name: &str, stroke, memory: &[f64]| Line {
        name: name.to_owned(),
        stroke,
        points: steps.iter().map(|step| *step as f64).zip(memory.iter().copied()).collect(),
    };
    Chart {
        title: "What an idle connection takes",
        subtitle: "Resident memory of the process, less what it had before; each has a nick and is in the lobby."
            .to_owned(),
        x: Axis { label: "connections", scale: Scale::Linear },
        y: Axis { label: "memory a connection, KiB", scale: Scale::Linear },
        lines: vec![
            line("the hub", Stroke::Hub, memory),
            line("the limit, which only keeps sockets", Stroke::OtherLimit, limit),
        ],
    }
}

/// Those who are in no room and have no name.
fn only_hello(bench: &Bench) -> Result<Figure> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    hub.check_health()?;
    let alone = hub.process().settled(wait)?;
    let (mut crowd, _) = guests::welcome(&hub, DECIDING)?;
    let resident = hub.process().settled(|wait| crowd.idle(wait))?;
    Ok(Figure::plain("  which only said hello", each(resident, alone, DECIDING), Unit::KiB)
        .noting(format!("over {}", count(DECIDING))))
}

/// All connect in the same moment, and want into the lobby.
fn storms(bench: &Bench) -> Result<Vec<Figure>> {
    let (mut took, mut costs, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pick(3, 1) {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        hub.check_health()?;
        let alone = hub.process().settled(wait)?;
        let before = hub.process().cpu_times_at_rest()?;
        let begun = Instant::now();
        let mut inside = 0;
        let hear = |inside: &mut usize, _: usize, text: &[u8]| {
            if let ToNode::Reply(reply) = guests::decode(text)? {
                let Outcome::Ok(_) = reply.outcome else { bail!("the hub refused a nick: {reply:?}") };
                *inside += 1;
            }
            Ok(())
        };
        let came = storm(&door(&hub), DECIDING, enter, &mut inside, hear, |inside| *inside == DECIDING);
        let mut crowd = came.with_context(|| format!("{inside} of {DECIDING} are in the lobby"))?;
        took.push(begun.elapsed().as_secs_f64());
        costs.push(hub.process().cpu_times_at_rest()?.since(&before)?.micros() / DECIDING as f64);
        memory.push(each(hub.process().settled(|wait| crowd.idle(wait))?, alone, DECIDING));
    }
    let name = format!("{} connect at once, until all are in the lobby", count(DECIDING));
    Ok(vec![
        Figure::plain(name, median(&took), Unit::Seconds).noting(spread(&took)),
        Figure::plain("  CPU of the hub each", median(&costs), Unit::Microseconds)
            .noting(format!("{}; each with a WebSocket, a session and a nick on disk", spread(&costs))),
        Figure::plain("  memory a connection afterwards", median(&memory), Unit::KiB).noting(spread(&memory)),
    ])
}

/// Hello, and a nick.
fn enter(index: usize) -> Vec<u8> {
    let mut bytes = guests::hello();
    let connect = ToHub::Connect { id: "connect".to_owned(), nick: nick(index), token: None };
    add_frame(wire::encode(&connect), &mut bytes);
    bytes
}

fn door(hub: &Hub) -> Door {
    Door { address: hub.address(), host: hub.authority() }
}

fn wait(time: Duration) -> Result<()> {
    thread::sleep(time);
    Ok(())
}

/// Waits until a process has as many files and sockets open.
fn open_files(process: Process, enough: impl Fn(usize) -> bool) -> Result<()> {
    let begun = Instant::now();
    loop {
        let open = process.open_files()?;
        if enough(open) {
            return Ok(());
        }
        ensure!(begun.elapsed() < LEAVING, "it has {open} files open");
        thread::sleep(LOOK);
    }
}
