//! Set-up and chores. `cargo xtask --help` lists them.
//!
//! A fresh machine with rustup's Rust, a C compiler and git is all they need: what else a chore wants is
//! fetched into `target/tools`, or installed by the system's package manager where that is allowed, and
//! where it is not, the chore ends with the command to type.
//!
//! | module | |
//! |---|---|
//! | `arguments` | what was asked for |
//! | `steps` | child processes that say what they do, and what to type when they fail |
//! | `turn` | one xtask at a time where two would be in each other's way |
//! | `versions` | which version of each tool |
//! | `tools` | fetching the tools that build the browser client, and one that tests it |
//! | `apt`, `browser` | what comes from the system: Node.js, Chromium and its driver |
//! | `client`, `native` | the two halves of the build |
//! | `test`, `tally` | everything that has to hold, and counting it |
//! | `torture` | the hub killed again and again |
//! | `bench` | the figures |

#![forbid(unsafe_code)]

mod apt;
mod arguments;
mod bench;
mod browser;
mod client;
mod native;
mod steps;
mod tally;
mod test;
mod tools;
mod torture;
mod turn;
mod versions;

use std::env;
use std::process::ExitCode;

use arguments::{Chore, Profile};
use steps::{Outcome, say};

/// Exit code for a command line that means nothing, as `cargo` and `clap` have it.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    if client::chunks::stands_in() {
        return client::chunks::run_in_its_place();
    }
    let chore = match arguments::parse(env::args_os().skip(1)) {
        Ok(chore) => chore,
        Err(line) => {
            eprintln!("error: {line}");
            return ExitCode::from(USAGE);
        }
    };
    match carry_out(chore) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(chore: Chore) -> Outcome<ExitCode> {
    match chore {
        Chore::Help(text) => say(text),
        Chore::Setup => setup()?,
        Chore::Build { profile } => build(profile)?,
        Chore::Client { profile } => client::build(profile)?,
        Chore::Run { profile, flags } => return native::run(profile, &flags),
        Chore::Serve { flags } => return client::serve(&flags),
        Chore::Test { fast } => return Ok(test::run(fast)),
        Chore::Torture { args } => return torture::run(&args),
        Chore::Bench { args } => return bench::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}

/// Fetches whatever any other chore would, and says what there is.
fn setup() -> Outcome {
    tools::rust_components()?;
    tools::rust_source()?;
    let browser = browser::ensure()?;
    let tools = tools::ensure()?;
    tools::axe()?;
    say(tools);
    say(format_args!("axe-core      {}", versions::AXE));
    say(browser);
    Ok(())
}

fn build(profile: Profile) -> Outcome {
    client::build(profile)?;
    let programs = native::build(profile)?;
    programs.papers()?;
    say(format_args!("the whole hub: {}", programs.hub.display()));
    say(format_args!("the terminal client: {}", programs.terminal.display()));
    Ok(())
}
