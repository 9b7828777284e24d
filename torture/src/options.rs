//! What was asked for on the command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs a real hub under load, kills it again and again, and checks from what its clients wrote down that
/// nothing was lost, nothing came twice, and everything in one order.
#[derive(Clone, Debug, Parser)]
#[command(name = "torture", bin_name = "cargo xtask torture")]
pub(crate) struct Options {
    /// How often the hub is killed
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) kills: u32,

    /// From a start of the hub to its end, on average
    #[arg(long, default_value_t = 0.7, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) seconds_between: f64,

    /// How many clients talk and listen; with eight every role is cast
    #[arg(long, default_value_t = 16, value_name = "C", value_parser = clap::value_parser!(u16).range(2..=1_000))]
    pub(crate) clients: u16,

    /// Lines a second that all clients together want to say
    #[arg(long, default_value_t = 4_000, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: u32,

    /// Draws faults, kills and talk; one that is told again draws the same [default: another each time]
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,

    /// The hub's program [default: the one beside this program]
    #[arg(long, env = "HUBBUB_HUB", value_name = "PROGRAM")]
    pub(crate) hub: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        Ok(seconds @ 0.05..=3_600.0) => Ok(seconds),
        _ => Err("expected seconds, 0.05 to 3600"),
    }
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
    fn what_makes_no_sense_is_refused() {
        for flags in ["--kills=-1", "--kills=many", "--seconds-between=0", "--clients=1", "--rate=0"] {
            assert!(Options::try_parse_from(["torture", flags]).is_err(), "{flags}");
        }
    }
}
