//! What is measured. One file for each scenario, which says what is wanted.

mod acknowledged;
mod connections;
mod fan_out;
mod idle;
mod page;
mod reconnect;
mod resume;
mod slow;
mod start;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::bench::Bench;
use crate::options::Options;
use crate::process;
use crate::report::{self, Figure};

/// The scenarios, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// From starting the program to its first answer
    Start,
    /// Memory of a hub that nobody uses
    Idle,
    /// Memory for each connection that does nothing
    Connections,
    /// One says a line, many hear it
    FanOut,
    /// Lines that are on disk, from many senders
    Acknowledged,
    /// Some never read: what they cost the hub and the others
    Slow,
    /// The hub is killed and started again, and everyone comes back
    Reconnect,
    /// Nodes that were away get what they missed
    Resume,
    /// What a browser loads
    Page,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Idle => "idle",
            Self::Connections => "connections",
            Self::FanOut => "fan-out",
            Self::Acknowledged => "acknowledged",
            Self::Slow => "slow",
            Self::Reconnect => "reconnect",
            Self::Resume => "resume",
            Self::Page => "page",
        }
    }

    fn run(self, bench: &Bench) -> Result<Vec<Figure>> {
        match self {
            Self::Start => start::run(bench),
            Self::Idle => idle::run(bench),
            Self::Connections => connections::run(bench),
            Self::FanOut => fan_out::run(bench),
            Self::Acknowledged => acknowledged::run(bench),
            Self::Slow => slow::run(bench),
            Self::Reconnect => reconnect::run(bench),
            Self::Resume => resume::run(bench),
            Self::Page => page::run(bench),
        }
    }
}

/// Runs those asked for, and prints the table.
///
/// # Errors
/// If a scenario could not be measured. A figure that misses what is wanted is none.
pub(crate) fn run(options: &Options) -> Result<()> {
    let bench = Bench::new(options)?;
    let mut figures = Vec::new();
    let mut failed = Vec::new();
    for scenario in Scenario::value_variants() {
        if !options.only.is_empty() && !options.only.contains(scenario) {
            continue;
        }
        let name = scenario.name();
        let load = process::load()?;
        eprintln!("bench: {name}");
        if load > process::cores() as f64 {
            eprintln!("bench: the machine is busy (load {load:.1}): read the ratios, not the times");
        }
        match scenario.run(&bench) {
            Ok(measured) => {
                report::write(bench.folder(), name, bench.quick, load, &measured)?;
                figures.extend(measured);
            }
            Err(error) => {
                eprintln!("bench: {name} FAILED: {error:#}");
                failed.push(name);
            }
        }
    }
    print!("\n{}", report::table(&figures));
    eprintln!("\nAlso as JSON in {}", bench.folder().display());
    if failed.is_empty() { Ok(()) } else { bail!("not measured: {}", failed.join(", ")) }
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
