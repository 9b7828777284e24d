//! What it takes to find a line in a long log: the time of a search of each kind, and what the index costs.

mod questions;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use shared::entry::Entry;
use shared::message::ToHub;
use shared::transcript::Place;
use shared::wire;
use tempfile::TempDir;

use super::idle;
use crate::bench::Bench;
use crate::crowd::{Crowd, Patience};
use crate::guests;
use crate::heard::{Heard, understand};
use crate::hub::Hub;
use crate::line::id;
use crate::process::CpuTimes;
use crate::report::{Bound, Figure, Unit, count, short};
use crate::socket::add_frame;
use crate::statistics::Latencies;
use crate::words;
use questions::{ENTRIES, Kind, Question};

/// What is wanted of a search, in ms, of 95 in 100.
const SEARCH: Bound = Bound::AtMost(50.0);

/// Lines of the log.
const LINES: usize = 1_000_000;

/// Where nearly all is said.
const BUSY: &str = "busy";

/// Where one line in so many is said.
const QUIET: &str = "quiet";
const ONE_IN: u64 = 1_000;

/// The second guest says one line in so many.
const SELDOM: u64 = 100;

/// Lines under way while the log is filled.
const WINDOW: usize = 512;

/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Of each kind so many answers are compared with a look at every line.
const CHECKED: u64 = 2;

/// The thread that makes the index, as the operating system names it.
const INDEXER: &str = "log-indexer";

/// It rests when it took no time for so long: longer than it waits for a disk.
const RESTING: Duration = Duration::from_millis(500);

/// How long the index may take before something is wrong.
const MAKING: Duration = Duration::from_secs(600);

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut library = Library::found(bench)?;
    let lines = bench.pick(LINES, LINES / 10);
    let hub = bench.start(library.data.path())?;
    let mut crowd = guests(&hub)?;
    library.fill(&mut crowd, lines).context("filling the log")?;
    let following = index_made(&hub)?;
    let mut found = Vec::new();
    for kind in Kind::ALL {
        found.push((kind, library.ask(&mut crowd, kind, bench.pick(200, 100)).context(kind.name())?));
    }
    let resident = hub.process().resident()?.total;
    drop(crowd);
    hub.stop()?;
    let bytes = library.forget_index()?;
    let (anew, hub) = library.make_index(bench)?;
    hub.stop()?;

    let mut figures = Vec::new();
    if let Some((kind, slowest)) = found.iter().max_by(|one, other| one.1.within(0.95).total_cmp(&other.1.within(0.95)))
    {
        let name = format!("{} lines: the slowest kind of search, p95", count(lines));
        let figure = Figure::bounded(name, slowest.within(0.95), Unit::Milliseconds, SEARCH).noting(kind.name());
        figures.push(figure.headlined("search of 1,000,000 lines, p95 of the slowest kind"));
    }
    for (kind, times) in &found {
        let note =
            format!("p95 of {}; p50 {}, max {}", times.count(), short(times.within(0.5)), short(times.within(1.0)));
        figures.push(Figure::plain(format!("  {}", kind.name()), times.within(0.95), Unit::Milliseconds).noting(note));
    }
    figures.extend([
        Figure::plain("  the index on disk, a line", bytes as f64 / lines as f64, Unit::Bytes)
            .noting(format!("in all {}", Unit::MB.show(bytes as f64 / 1e6))),
        Figure::plain(
            "  CPU of the index while the log is filled, a line",
            following / lines as f64,
            Unit::Microseconds,
        ),
        Figure::plain("  the index made anew", anew.took.as_secs_f64(), Unit::Seconds)
            .noting(format!("{} µs of CPU a line", short(anew.micros / lines as f64))),
        Figure::plain("  memory after all searches", resident as f64 / idle::MIB, Unit::MiB),
    ]);
    Ok(figures)
}

/// A log, and what was said in it.
struct Library {
    data: TempDir,
    /// The `seq` of each line, by its number.
    seqs: Vec<u64>,
    /// When two fifths of it were there, and when half was, in milliseconds since 1970.
    period: (Option<u64>, Option<u64>),
}

/// Two guests, in both rooms.
fn guests(hub: &Hub) -> Result<Crowd> {
    let (mut crowd, _) = guests::welcome(hub, 2)?;
    guests::take_nicks(&mut crowd)?;
    for room in [BUSY, QUIET] {
        guests::ask_all(&mut crowd, |_| ToHub::Join { id: "join".to_owned(), room: room.to_owned() })?;
    }
    Ok(crowd)
}

/// Who says the line of this number.
fn guest_of(line: u64) -> usize {
    usize::from(line % SELDOM == SELDOM / 2)
}

impl Library {
    fn found(bench: &Bench) -> Result<Self> {
        Ok(Self { data: bench.data()?, seqs: Vec::new(), period: (None, None) })
    }

    /// How many lines there are.
    fn lines(&self) -> usize {
        self.seqs.len()
    }

    /// The lines' numbers, each with its `seq`.
    fn said(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..).zip(self.seqs.iter().copied())
    }

    fn room_of(&self, line: u64) -> &'static str {
        if line.is_multiple_of(ONE_IN) { QUIET } else { BUSY }
    }

    /// A tenth of the time in which the log was filled.
    fn period(&self) -> (Option<u64>, Option<u64>) {
        self.period
    }

    /// The guests say so many lines.
    fn fill(&mut self, crowd: &mut Crowd, lines: usize) -> Result<()> {
        self.seqs = vec![0; lines];
        let (mut sent, mut answered) = (0, 0);
        let mut patience = Patience::new();
        let mut frames = [Vec::new(), Vec::new()];
        while answered < lines {
            while sent < lines && sent < answered + WINDOW {
                let line = sent as u64;
                let say = Place::Room(self.room_of(line).to_owned()).say(id(line), words::text(line));
                add_frame(wire::encode(&say), &mut frames[guest_of(line)]);
                sent += 1;
                match sent * 10 / lines {
                    4 if self.period.0.is_none() => self.period.0 = Some(now()?),
                    5 if self.period.1.is_none() => self.period.1 = Some(now()?),
                    _ => {}
                }
            }
            for (guest, bytes) in frames.iter_mut().enumerate() {
                if !bytes.is_empty() {
                    crowd.send(guest, bytes)?;
                    bytes.clear();
                }
            }
            let seqs = &mut self.seqs;
            let texts = crowd.turn(patience.left()?, &mut |_, text| {
                if let Heard::Done { id, seq } = understand(text)? {
                    let place = seqs.get_mut(id.parse::<usize>()?).context("an answer to another line")?;
                    *place = seq.context("an acknowledgement without the line's seq")?;
                    answered += 1;
                }
                Ok(())
            })?;
            patience.spend(texts);
        }
        Ok(())
    }

    /// Searches so often; how long it took from asking to having each answer.
    fn ask(&self, crowd: &mut Crowd, kind: Kind, times: u64) -> Result<Latencies> {
        let mut latencies = Latencies::default();
        for number in 0..times {
            let question = kind.question(number, self);
            let (page, took) = guests::page(crowd, &question.request(), PATIENCE)?;
            latencies.add(took);
            check(&question, &page.entries).with_context(|| format!("{:?}", question.needles))?;
            if number < CHECKED
                && let Some(due) = question.answer(self)
            {
                let came: Vec<u64> = page.entries.iter().map(Entry::seq).collect();
                ensure!(came == due, "{:?} found {came:?} in place of {due:?}", question.needles);
            }
        }
        Ok(latencies)
    }

    /// Deletes the index of a hub that has stopped; how many bytes it had.
    fn forget_index(&self) -> Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(self.data.path())? {
            let entry = entry?;
            if is_of_index(&entry.path()) {
                bytes += entry.metadata()?.len();
                fs::remove_file(entry.path())?;
            }
        }
        ensure!(bytes > 0, "there was no index");
        Ok(bytes)
    }

    /// Starts a hub that has to make the index anew, and waits for that.
    fn make_index(&self, bench: &Bench) -> Result<(Made, Hub)> {
        let begun = Instant::now();
        let hub = bench.start(self.data.path())?;
        let micros = index_made(&hub)?;
        Ok((Made { took: begun.elapsed().saturating_sub(RESTING), micros }, hub))
    }
}

/// An index that was made in one go.
struct Made {
    took: Duration,
    /// Of CPU.
    micros: f64,
}

/// Waits until the hub's index is made; microseconds of CPU that it took.
pub(super) fn index_made(hub: &Hub) -> Result<f64> {
    let begun = Instant::now();
    let taken = || -> Result<f64> { Ok(hub.process().cpu_times()?.since(&CpuTimes::default())?.micros_of(INDEXER)) };
    let (mut last, mut since) = (taken()?, Instant::now());
    while since.elapsed() < RESTING {
        ensure!(begun.elapsed() < MAKING, "the index is not made after {} s", MAKING.as_secs());
        thread::sleep(RESTING / 10);
        let now = taken()?;
        if now > last {
            (last, since) = (now, Instant::now());
        }
    }
    ensure!(last > 0.0, "the hub makes no index");
    Ok(last)
}

/// Whether a file of a data directory belongs to the index.
fn is_of_index(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("search.db"))
}

/// # Errors
/// If these are not such as were searched for, the newest first.
fn check(question: &Question, entries: &[Entry]) -> Result<()> {
    ensure!(entries.len() <= ENTRIES as usize, "{} entries came", entries.len());
    ensure!(entries.is_sorted_by(|one, next| one.seq() > next.seq()), "they are not in order");
    for entry in entries {
        let has = question.needles.iter().all(|needle| entry.text().contains(needle.as_str()));
        ensure!(has, "it is not in {:?}", entry.text());
        ensure!(question.before.is_none_or(|before| entry.seq() < before), "entry {} is too new", entry.seq());
    }
    Ok(())
}

fn now() -> Result<u64> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_files_of_the_index_are_known_from_those_of_the_log() {
        let is = |name| is_of_index(&PathBuf::from("/data").join(name));
        assert!(is("search.db") && is("search.db-wal"));
        assert!(!is("hubbub.db") && !is("lock"));
    }
}
