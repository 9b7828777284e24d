//! Everyone comes back at once after missing a little, as when the network of a whole house returns.

use std::time::Instant;

use anyhow::{Context, Result};
use shared::room::LOBBY;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::guests;
use crate::pour::fill;
use crate::replay::Replay;
use crate::report::{Bound, Figure, Unit, count, short};
use crate::statistics::{median, spread};
use crate::storm::{Door, storm};

/// What is wanted until the last of them has all, in seconds.
const BACK: Bound = Bound::AtMost(10.0);

/// What they missed.
const MISSED: usize = 100;

/// The one who talks on.
const SPEAKER: usize = 0;

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let nodes: usize = bench.pick(5_000, 1_000);
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let door = Door { address: hub.address(), host: hub.authority() };
    let mut crowd = Crowd::open(hub.address(), &hub.authority(), nodes + 1)?;
    let sessions: Vec<String> =
        guests::say_hello(&mut crowd)?.into_iter().skip(1).map(|welcome| welcome.session).collect();
    guests::take_nicks(&mut crowd)?;

    let (mut last, mut middle, mut costs, mut said) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut head = 0;
    for _ in 0..bench.pick(3, 1) {
        crowd.truncate(SPEAKER + 1);
        let missed = fill(&mut crowd, SPEAKER, said, MISSED, |_| LOBBY).context("what they miss")?;
        said += MISSED;
        let before = hub.process().cpu_times_at_rest()?;
        let begun = Instant::now();
        let mut replay = Replay::new(&missed, nodes, 0);
        let hello = |node: usize| guests::hello_again(&sessions[node], head);
        let back = storm(&door, nodes, hello, &mut replay, Replay::hear, Replay::is_done);
        let back = back.with_context(|| format!("{} of {nodes} are back", replay.times().len()))?;
        let times = replay.times();
        let since = |time: Option<&Instant>| time.map_or(0.0, |time| time.duration_since(begun).as_secs_f64());
        last.push(since(times.last()));
        middle.push(since(times.get(times.len() / 2)));
        costs.push(hub.process().cpu_times_at_rest()?.since(&before)?.micros() / nodes as f64);
        head = missed.last().copied().unwrap_or(head);
        drop(back);
    }
    let name = format!("{} nodes back at once after {MISSED} entries, until the last has all", count(nodes));
    Ok(vec![
        Figure::bounded(name, median(&last), Unit::Seconds, BACK).noting(format!(
            "{}, from connecting; half of them {}",
            spread(&last),
            short(median(&middle))
        )),
        Figure::plain("  CPU of the hub a node", median(&costs), Unit::Microseconds).noting(spread(&costs)),
    ])
}
