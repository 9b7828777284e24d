//! From starting the program to its first answer, on a log that exists.

use std::path::Path;
use std::time::Instant;

use anyhow::Result;

use crate::bench::Bench;
use crate::hub::Hub;
use crate::report::{Bound, Figure, Unit};
use crate::statistics::{median, spread};

/// What is wanted, in milliseconds.
const WANTED: Bound = Bound::AtMost(100.0);

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.log()?;
    let (mut after_stop, mut after_kill) = (Vec::new(), Vec::new());
    for _ in 0..bench.pick(10, 3) {
        let (took, hub) = start(bench, data)?;
        after_stop.push(took);
        drop(hub); // killed
        let (took, hub) = start(bench, data)?;
        after_kill.push(took);
        hub.stop()?;
    }
    let note =
        |starts: &[f64]| format!("median of {}, {} ms; {} entries", starts.len(), spread(starts), bench.log_size());
    Ok(vec![
        Figure::bounded("start to first answer", median(&after_stop), Unit::Milliseconds, WANTED)
            .noting(note(&after_stop)),
        Figure::plain("  after the last hub was killed", median(&after_kill), Unit::Milliseconds)
            .noting(note(&after_kill)),
    ])
}

/// Starts a hub; how many milliseconds that takes from spawning it, over the link that it prints,
/// to an answer from `/health`.
fn start(bench: &Bench, data: &Path) -> Result<(f64, Hub)> {
    let begun = Instant::now();
    let hub = bench.start(data)?;
    hub.check_health()?;
    Ok((begun.elapsed().as_secs_f64() * 1000.0, hub))
}
