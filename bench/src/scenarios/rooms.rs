//! Many small rooms, in all of which someone speaks: what a delivery costs where few hear each line.

use anyhow::{Context, Result, ensure};

use crate::bench::Bench;
use crate::guests;
use crate::limit::{Limit, Seats, Sending};
use crate::line::{Say, text};
use crate::report::{Figure, count, short};
use crate::rooms::{self, Rooms};
use crate::rounds::Rounds;
use crate::statistics::spread;

const SEATS: Seats = Seats { rooms: 1_000, people: 10 };

/// Files that this program needs besides the sockets.
const OTHER_FILES: usize = 64;

/// Fewer rooms of the limit would say something else.
const LEAST: usize = 500;

/// Lines said in each room in one round.
const LINES: usize = 6;

/// The hub's thread that commits.
const WRITER: &str = "log-writer";

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let (mut crowd, _) = guests::welcome(&hub, SEATS.sockets())?;
    guests::move_in(&mut crowd, |index| rooms::name(index / SEATS.people))?;
    let says: Vec<Say> = (0..SEATS.rooms).map(|room| Say::new(&rooms::name(room), &text())).collect();
    let say = |room: usize, number: usize, bytes: &mut Vec<u8>| says[room].add(number as u64, bytes);
    let mut ours = Rooms::new(crowd, SEATS, true);
    ours.hush().context("those who moved in")?;

    // The limit has as many of them as sockets are left to this program.
    let left = bench.files().saturating_sub(SEATS.sockets() + OTHER_FILES) / SEATS.people;
    let seats = Seats { rooms: left.min(SEATS.rooms), ..SEATS };
    ensure!(seats.rooms >= LEAST, "{} open files are too few for the limit's rooms", bench.files());
    let (limit, crowd) = Limit::start(seats, says[0].len())?;
    let mut theirs = Rooms::new(crowd, seats, false);
    let line = |_: usize, _: usize, bytes: &mut Vec<u8>| limit.add_line(Sending::Each, bytes);

    let (mut hub_rounds, mut limit_rounds) = (Rounds::default(), Rounds::default());
    let lines = LINES / bench.pick(1, 2);
    // What is slow only the first time is no part of it.
    ours.talk(2, say)?;
    theirs.talk(2, line)?;
    for _ in 0..bench.pick(5, 2) {
        hub_rounds.add(hub.process(), lines * SEATS.sockets(), || ours.talk(lines, say))?;
        limit_rounds.add(limit.process(), lines * seats.sockets(), || theirs.talk(lines, line))?;
    }
    ours.hush()?;
    theirs.hush()?;
    Ok(figures(&hub_rounds, &limit_rounds, seats))
}

fn figures(hub: &Rounds, limit: &Rounds, limit_seats: Seats) -> Vec<Figure> {
    let note = format!(
        "{} in {} rounds; of it the log's writer {}; the limit {} in {} rooms",
        spread(&hub.costs),
        hub.costs.len(),
        short(hub.used.micros_of(WRITER) / hub.deliveries as f64),
        spread(&limit.costs),
        limit_seats.rooms
    );
    vec![
        hub.show_cost(format!("{} rooms of {}, CPU a delivery", count(SEATS.rooms), SEATS.people), limit).noting(note),
        hub.show_rate(limit),
        hub.show_latency(limit, 0.5),
        hub.show_latency(limit, 0.99),
    ]
}
