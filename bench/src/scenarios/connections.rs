//! Memory for each connection that does nothing.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::guests;
use crate::process::{Process, Resident};
use crate::report::{Bound, Figure, Unit};
use crate::room::{Room, say};

/// What is wanted, in KiB.
const WANTED: Bound = Bound::AtMost(16.0);

/// How many connect. Fewer would say something else: the first 250 are told of everyone by name, and
/// what that takes stays with them.
const PEOPLE: usize = 2_000;

/// Lines at once to all of them, to see what buffers they leave behind.
const BURST: usize = 64;

/// How long a hub may take to let go of those who left.
const LEAVING: Duration = Duration::from_secs(20);

/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);

const KIB: f64 = 1024.0;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    hub.check_health()?;
    let process = hub.process();
    let alone = process.settled(wait)?;
    let files = process.open_files()?;

    let (mut crowd, head) = guests::welcome(&hub, PEOPLE)?;
    let welcomed = process.settled(|wait| crowd.idle(wait))?;
    guests::take_nicks(&mut crowd)?;
    let connected = process.settled(|wait| crowd.idle(wait))?;
    let mut room = Room::new(crowd, head + 1, true);
    room.talk(BURST, BURST, say)?;
    let mut crowd = room.into_crowd();
    let after_burst = process.settled(|wait| crowd.idle(wait))?;
    drop(crowd);
    gone(process, files)?;
    let left = process.settled(wait)?;
    hub.stop()?;

    let each = |resident: Resident| (resident.total as f64 - alone.total as f64) / PEOPLE as f64 / KIB;
    let mib = |resident: Resident| resident.total as f64 / KIB / KIB;
    let note = |resident| format!("over {PEOPLE}; {:.1} MiB in all, {:.1} before", mib(resident), mib(alone));
    Ok(vec![
        Figure::bounded("memory a connection, in the lobby", each(connected), Unit::KiB, WANTED)
            .noting(note(connected)),
        Figure::plain("  which only said hello", each(welcomed), Unit::KiB).noting(note(welcomed)),
        Figure::plain(format!("  after {BURST} lines at once"), each(after_burst), Unit::KiB).noting(note(after_burst)),
        Figure::plain("  kept after all have left", each(left), Unit::KiB).noting(note(left)),
    ])
}

fn wait(time: Duration) -> Result<()> {
    thread::sleep(time);
    Ok(())
}

/// Waits until the hub has closed the sockets of those who left.
fn gone(hub: Process, files: usize) -> Result<()> {
    let begun = Instant::now();
    while hub.open_files()? > files {
        ensure!(begun.elapsed() < LEAVING, "the hub still holds sockets of those who left");
        thread::sleep(LOOK);
    }
    Ok(())
}
