//! The command line.

use clap::{Parser, Subcommand};

use crate::scenarios::Scenario;

/// Measures the release hub and prints the figures.
#[derive(Parser)]
#[command(name = "bench", long_about = None, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Only this scenario; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<Scenario>,

    /// Fewer rounds and smaller logs: quicker, and less to be relied on
    #[arg(long)]
    pub(crate) quick: bool,

    #[command(subcommand)]
    pub(crate) role: Option<Role>,
}

/// What this program does when it starts itself.
#[derive(Subcommand)]
pub(crate) enum Role {
    /// The physical limit, as a process of its own
    #[command(hide = true)]
    Limit {
        /// How many rooms there are
        #[arg(long)]
        rooms: usize,
        /// How many sockets to accept for each before it begins
        #[arg(long)]
        people: usize,
        /// The length of one line that comes in, in bytes
        #[arg(long)]
        line: usize,
    },
    /// The limit of doing nothing: a process that keeps every socket that comes
    #[command(hide = true)]
    Keep,
    /// The limit of passing on: a process that gives each socket what its neighbour sends
    #[command(hide = true)]
    Relay {
        /// How many pairs of sockets to accept before it begins
        #[arg(long)]
        pairs: usize,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_flags() {
        Options::command().debug_assert();
    }

    #[test]
    fn scenarios_are_chosen_by_name() {
        let options = Options::try_parse_from(["bench", "--only", "fan-out", "--only=page"]);
        let options = options.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(options.only, [Scenario::FanOut, Scenario::Page]);
        assert!(Options::try_parse_from(["bench", "--only", "everything"]).is_err());
    }
}
