//! Memory of a hub that nobody uses, and the size of the program.

use std::fs;
use std::thread;

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::report::{Bound, Figure, Unit};

/// What is wanted of the program's file, in MB.
const FILE: Bound = Bound::AtMost(20.0);

/// What is wanted of its memory, in MiB.
pub(super) const MEMORY: Bound = Bound::AtMost(15.0);

pub(super) const MIB: f64 = 1024.0 * 1024.0;

const MB: f64 = 1e6;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    hub.check_health()?;
    let resident = hub.process().settled(|wait| {
        thread::sleep(wait);
        Ok(())
    })?;
    hub.stop()?;
    let file = fs::metadata(bench.hub()).context("the hub's binary")?.len();
    let note = format!("of it {:.1} MiB heap and stacks; an empty log", resident.anonymous as f64 / MIB);
    Ok(vec![
        Figure::bounded("the program's file", file as f64 / MB, Unit::MB, FILE).headlined("hub binary"),
        Figure::bounded("idle hub, resident", resident.total as f64 / MIB, Unit::MiB, MEMORY)
            .noting(note)
            .headlined("idle hub, memory"),
    ])
}
