//! Memory of a hub that nobody uses.

use std::fs;
use std::thread;

use anyhow::{Context, Result};

use crate::bench::Bench;
use crate::process::Resident;
use crate::report::{Bound, Figure, Unit};

/// What is wanted, in MiB.
const WANTED: Bound = Bound::AtMost(20.0);

const MIB: f64 = 1024.0 * 1024.0;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let empty = idle(bench, bench.data()?.path())?;
    let large = idle(bench, bench.log()?)?;
    let file = fs::metadata(bench.hub()).context("the hub's binary")?.len();
    let note = |resident: &Resident| format!("of it {:.1} MiB heap and stacks", resident.anonymous as f64 / MIB);
    Ok(vec![
        Figure::bounded("idle hub, resident", large.total as f64 / MIB, Unit::MiB, WANTED).noting(format!(
            "{}; {} entries",
            note(&large),
            bench.log_size()
        )),
        Figure::plain("  with an empty log", empty.total as f64 / MIB, Unit::MiB).noting(note(&empty)),
        Figure::plain("  the program's file", file as f64 / MIB, Unit::MiB),
    ])
}

fn idle(bench: &Bench, data: &std::path::Path) -> Result<Resident> {
    let hub = bench.start(data)?;
    hub.check_health()?;
    let resident = hub.process().settled(|wait| {
        thread::sleep(wait);
        Ok(())
    })?;
    hub.stop()?;
    Ok(resident)
}
