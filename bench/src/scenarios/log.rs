//! What a long log costs: starting on it, reading in it, and the room it takes.

mod pages;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use shared::message::ToHub;
use shared::room::LOBBY;
use tempfile::TempDir;

use super::idle;
use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests;
use crate::hub::Hub;
use crate::pour::fill;
use crate::replay::Replay;
use crate::report::{Bound, Figure, Unit, count, short};
use crate::statistics::{Latencies, median, spread};
use pages::Place;

/// What is wanted from starting the program to its first answer, in ms.
const START: Bound = Bound::AtMost(150.0);

/// What is wanted of a page of history, in ms.
const PAGE: Bound = Bound::AtMost(2.0);

/// Entries of the log: one is filled on and on. The largest decides.
const SIZES: [usize; 3] = [10_000, 100_000, LARGEST];
const LARGEST: usize = 1_000_000;

/// Where nearly all is said.
const BUSY: &str = "busy";

/// Where one line in so many is said.
const QUIET: &str = "quiet";
const ONE_IN: usize = 1_000;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let mut library = Library::found(bench)?;
    let mut figures = Vec::new();
    for size in SIZES {
        let measured = library.measure(bench, size).with_context(|| format!("a log of {size} entries"))?;
        figures.extend(measured.figures());
    }
    Ok(figures)
}

/// A log, and the session of the one who fills and reads it.
struct Library {
    data: TempDir,
    session: String,
    /// The `seq` of all that was said in either room.
    busy: Vec<u64>,
    quiet: Vec<u64>,
}

impl Library {
    fn found(bench: &Bench) -> Result<Self> {
        let data = bench.data()?;
        let hub = bench.start(data.path())?;
        let mut crowd = Crowd::open(hub.address(), &hub.authority(), 1)?;
        let welcome = guests::say_hello(&mut crowd)?.pop().context("a welcome")?;
        guests::take_nicks(&mut crowd)?;
        for room in [BUSY, QUIET] {
            guests::ask_all(&mut crowd, |_| ToHub::Join { id: "join".to_owned(), room: room.to_owned() })?;
        }
        guests::ask_all(&mut crowd, |_| ToHub::Leave { id: "leave".to_owned(), room: LOBBY.to_owned() })?;
        drop(crowd);
        hub.stop()?;
        Ok(Self { data, session: welcome.session, busy: Vec::new(), quiet: Vec::new() })
    }

    /// Fills the log up to this size, and looks what that changed.
    fn measure(&mut self, bench: &Bench, size: usize) -> Result<Measured> {
        let filled = self.fill(bench, size).context("filling")?;
        let (after_kill, hub) = start(bench, self.data.path())?;
        hub.stop()?;
        let bytes = size_of(self.data.path())?;
        let mut starts = Vec::new();
        for _ in 0..bench.pick(9, 3) {
            let (took, hub) = start(bench, self.data.path())?;
            starts.push(took);
            hub.stop()?;
        }
        let hub = bench.start(self.data.path())?;
        let resident = hub.process().resident()?.total;
        let mut crowd = self.reader(&hub)?;
        let mut pages = Vec::new();
        for (room, said) in [(BUSY, &self.busy), (QUIET, &self.quiet)] {
            for place in Place::ALL {
                let times = pages::read(&mut crowd, room, said, place, bench.pick(200, 100));
                pages.push(Pages { lines: said.len(), place, times: times.context(room)? });
            }
        }
        drop(crowd);
        hub.stop()?;
        Ok(Measured { size, filled, bytes, starts, after_kill, resident, pages })
    }

    /// Fills it up to this size with a hub that is then killed. How many lines a second that were.
    fn fill(&mut self, bench: &Bench, size: usize) -> Result<f64> {
        let hub = bench.start(self.data.path())?;
        let mut crowd = self.reader(&hub)?;
        let (before, begun) = (self.busy.len() + self.quiet.len(), Instant::now());
        let room_of = |line: usize| if (before + line).is_multiple_of(ONE_IN) { QUIET } else { BUSY };
        let said = fill(&mut crowd, 0, before, size - before, room_of)?;
        let rate = said.len() as f64 / begun.elapsed().as_secs_f64();
        for (line, seq) in said.into_iter().enumerate() {
            if room_of(line) == QUIET { self.quiet.push(seq) } else { self.busy.push(seq) }
        }
        drop(hub);
        Ok(rate)
    }

    /// The reader's socket, resumed.
    fn reader(&self, hub: &Hub) -> Result<Crowd> {
        let mut crowd = Crowd::open(hub.address(), &hub.authority(), 1)?;
        let newest = self.busy.last().max(self.quiet.last()).copied().unwrap_or_default();
        crowd.send(0, &guests::hello_again(&self.session, newest))?;
        let nothing = [];
        let mut replay = Replay::new(&nothing, 1, 0);
        crowd.serve(&mut replay, Replay::hear, Replay::is_done).context("resuming")?;
        Ok(crowd)
    }
}

/// Starts a hub; how many milliseconds that takes from spawning it, over the link that it prints,
/// to an answer from `/health`.
fn start(bench: &Bench, data: &Path) -> Result<(f64, Hub)> {
    let begun = Instant::now();
    let hub = bench.start(data)?;
    hub.check_health()?;
    Ok((begun.elapsed().as_secs_f64() * 1000.0, hub))
}

/// The bytes of all files of a folder.
fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let metadata = entry?.metadata()?;
        bytes += if metadata.is_file() { metadata.len() } else { 0 };
    }
    Ok(bytes)
}

/// Pages of one place of a room.
struct Pages {
    /// Said in that room.
    lines: usize,
    place: Place,
    times: Latencies,
}

/// What a log of one size costs.
struct Measured {
    size: usize,
    /// Lines a second.
    filled: f64,
    /// Of all files.
    bytes: u64,
    /// Milliseconds.
    starts: Vec<f64>,
    after_kill: f64,
    /// Bytes.
    resident: u64,
    pages: Vec<Pages>,
}

impl Measured {
    fn figures(&self) -> Vec<Figure> {
        let entries = count(self.size);
        let deciding = |figure: Figure, bound, headline| match self.size {
            LARGEST => figure.wanting(bound).headlined(headline),
            _ => figure,
        };
        let first = Figure::plain(
            format!("{entries} entries: start to first answer"),
            median(&self.starts),
            Unit::Milliseconds,
        )
        .noting(format!("median of {}, {} ms", self.starts.len(), spread(&self.starts)));
        let mut figures = vec![
            deciding(first, START, "start to listening on 1,000,000 entries"),
            Figure::plain("  after a hub was killed that had filled it", self.after_kill, Unit::Milliseconds)
                .noting("one start"),
        ];
        let median_of = |pages: &&Pages| pages.times.within(0.5);
        if let Some(slowest) = self.pages.iter().max_by(|one, other| median_of(one).total_cmp(&median_of(other))) {
            let name = format!("  a page of {}, the slowest of the next", pages::ENTRIES);
            let figure = Figure::plain(name, median_of(&slowest), Unit::Milliseconds);
            figures.push(deciding(figure, PAGE, "history page of 100 anywhere in 1,000,000"));
        }
        for Pages { lines, place, times } in &self.pages {
            let name = format!("  {} of a room of {} lines", place.name(), count(*lines));
            let note = format!("median of {}; p99 {}", times.count(), short(times.within(0.99)));
            figures.push(Figure::plain(name, times.within(0.5), Unit::Milliseconds).noting(note));
        }
        let (bytes, resident) = (self.bytes as f64, self.resident as f64);
        figures.extend([
            Figure::plain("  on disk, an entry", bytes / self.size as f64, Unit::Bytes)
                .noting(format!("all files of the log, stopped: {}", Unit::MB.show(bytes / 1e6))),
            Figure::plain("  filled by one sender", self.filled, Unit::LinesPerSecond),
            Figure::plain("  memory after the start", resident / idle::MIB, Unit::MiB)
                .maybe_wanting((self.size == LARGEST).then_some(idle::MEMORY)),
        ]);
        figures
    }
}
