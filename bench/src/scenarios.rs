//! What is measured. One file for each scenario, which says what is wanted.

mod acknowledged;
mod connections;
mod fan_out;
mod idle;
mod log;
mod page;
mod processes;
mod reconnect;
mod resume;
mod rooms;
mod search;
mod signals;
mod slow;
mod terminal;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::bench::Bench;
use crate::options::Options;
use crate::process;
use crate::report::json::{self, Outcome, Run};
use crate::report::{Figure, table};

/// The scenarios, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One says a line, many hear it
    FanOut,
    /// Many small rooms, in each of which someone speaks
    Rooms,
    /// Lines that are on disk, from few and many senders
    Acknowledged,
    /// Signals between nodes, by bare sockets
    Signals,
    /// Processes of native nodes and of the hub
    Processes,
    /// Memory and CPU for connections that do nothing, and how they come
    Connections,
    /// Starting on a long log, and reading in it
    Log,
    /// Finding a line in a long log, and what the index costs
    Search,
    /// Memory of a hub that nobody uses
    Idle,
    /// Some never read: what they cost the hub and the others
    Slow,
    /// The hub is killed and started again, and everyone comes back
    Reconnect,
    /// Nodes that were away get what they missed
    Resume,
    /// What a browser loads
    Page,
    /// The client for a terminal
    Terminal,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::FanOut => "fan-out",
            Self::Rooms => "rooms",
            Self::Acknowledged => "acknowledged",
            Self::Signals => "signals",
            Self::Processes => "processes",
            Self::Connections => "connections",
            Self::Log => "log",
            Self::Search => "search",
            Self::Idle => "idle",
            Self::Slow => "slow",
            Self::Reconnect => "reconnect",
            Self::Resume => "resume",
            Self::Page => "page",
            Self::Terminal => "terminal",
        }
    }

    fn run(self, bench: &Bench) -> Result<Vec<Figure>> {
        match self {
            Self::FanOut => fan_out::run(bench),
            Self::Rooms => rooms::run(bench),
            Self::Acknowledged => acknowledged::run(bench),
            Self::Signals => signals::run(bench),
            Self::Processes => processes::run(bench),
            Self::Connections => connections::run(bench),
            Self::Log => log::run(bench),
            Self::Search => search::run(bench),
            Self::Idle => idle::run(bench),
            Self::Slow => slow::run(bench),
            Self::Reconnect => reconnect::run(bench),
            Self::Resume => resume::run(bench),
            Self::Page => page::run(bench),
            Self::Terminal => terminal::run(bench),
        }
    }
}

/// Runs those asked for, and prints the tables.
///
/// # Errors
/// If a scenario could not be measured. A figure that misses what is wanted is none.
pub(crate) fn run(options: &Options) -> Result<()> {
    let bench = Bench::new(options)?;
    let run = Run::now(bench.quick);
    let mut outcomes = Vec::new();
    for scenario in Scenario::value_variants() {
        if options.only.is_empty() || options.only.contains(scenario) {
            let outcome = measure(*scenario, &bench)?;
            json::write(bench.folder(), run, &outcome)?;
            outcomes.push(outcome);
        }
    }
    json::summarize(bench.folder(), run, &outcomes)?;
    print!("\n{}", tables(&outcomes));
    let minutes = outcomes.iter().map(|outcome| outcome.seconds).sum::<f64>() / 60.0;
    eprintln!("\n{minutes:.1} minutes. Also as JSON, and as charts, in {}", bench.folder().display());
    let failed: Vec<_> = outcomes.iter().filter(|outcome| outcome.failed.is_some()).map(|it| it.scenario).collect();
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
}

fn measure(scenario: Scenario, bench: &Bench) -> Result<Outcome> {
    let (name, load) = (scenario.name(), process::load()?);
    eprintln!("bench: {name}");
    if load > process::cores() as f64 {
        eprintln!("bench: the machine is busy (load {load:.1}): read the ratios, not the times");
    }
    let begun = Instant::now();
    let (figures, failed) = match scenario.run(bench) {
        Ok(figures) => (figures, None),
        Err(error) => (Vec::new(), Some(format!("{error:#}"))),
    };
    let seconds = begun.elapsed().as_secs_f64();
    match &failed {
        Some(error) => eprintln!("bench: {name} FAILED after {seconds:.0} s: {error}"),
        None => eprintln!("bench: {name} took {seconds:.0} s"),
    }
    Ok(Outcome { scenario: name, load, seconds, failed, figures })
}

/// What decides, and then all there is.
fn tables(outcomes: &[Outcome]) -> String {
    let all: Vec<Figure> = outcomes.iter().flat_map(|outcome| outcome.figures.iter().cloned()).collect();
    let mut text = table::headlines(&all);
    for outcome in outcomes {
        text += &format!("\n{}, {:.0} s\n\n", outcome.scenario, outcome.seconds);
        text += &match &outcome.failed {
            Some(error) => format!("FAILED: {error}\n"),
            None => table::details(&outcome.figures),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_called_on_the_command_line_as_in_the_results() {
        for scenario in Scenario::value_variants() {
            let value = scenario.to_possible_value().expect("none is hidden");
            assert_eq!(value.get_name(), scenario.name());
        }
    }
}
