//! A real hub under load from concurrent clients, through a network with faults, killed with SIGKILL at random
//! moments and started again. What the clients wrote down of it is then checked, and nothing else:
//! no acknowledged line missing, none twice, one order for all, every return exact.
//!
//! | module | |
//! |---|---|
//! | `options` | the command line |
//! | `line`, `cast` | what is said, so that it can be known again; who says it, where, in which role |
//! | `stage`, `run` | one run, and what all in it share |
//! | `hub`, `killing` | the hub's process, and its many ends |
//! | `proxy` | the bad network |
//! | `client`, `diary` | one client, and how it writes down what it lives through |
//! | `asking_again` | whether answers stay what they were |
//! | `reading` | the whole log, read at the end |
//! | `record` | what is known of a run |
//! | `checker` | pure: whether that keeps the promises |
//! | `report` | what a person is told |

#![forbid(unsafe_code)]

mod asked;
mod asking_again;
mod cast;
mod checker;
mod client;
mod diary;
mod hub;
mod killing;
mod line;
mod look;
mod options;
mod proxy;
mod reading;
mod record;
mod report;
mod run;
mod stage;
mod storing;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use tempfile::TempDir;

use crate::options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(rand::random);
    match torture(&options, seed) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#} (--seed {seed})");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
fn torture(options: &Options, seed: u64) -> Result<bool> {
    let program = hub_program(options)?;
    let folder = folder(&program)?;
    println!("torturing {}: {} kills, {} clients, --seed {seed}", program.display(), options.kills, options.clients);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ran = match runtime.block_on(run::run(options, &program, folder.path(), seed)) {
        Ok(ran) => ran,
        Err(error) => {
            let kept = folder.keep();
            return Err(error.context(format!("the run broke off; the hub's data is kept in {}", kept.display())));
        }
    };
    drop(runtime);
    let verdict = checker::check(&ran.history);
    print!("{}", report::of(&ran, &verdict));
    if verdict.violations.is_empty() {
        return Ok(true);
    }
    report::keep(folder.path(), &ran.history, &verdict.violations)?;
    println!("records and data are kept in {} (--seed {seed})", folder.keep().display());
    Ok(false)
}

fn hub_program(options: &Options) -> Result<PathBuf> {
    let program = match &options.hub {
        Some(program) => program.clone(),
        None => env::current_exe()?.with_file_name(format!("hub{}", env::consts::EXE_SUFFIX)),
    };
    ensure!(program.is_file(), "there is no hub at {}; by hand: cargo build -p hub", program.display());
    Ok(program)
}

/// A folder on the disk that builds are on: the system's own for temporary files may be in memory.
fn folder(program: &Path) -> Result<TempDir> {
    let own = env::current_exe()?;
    let beside = own.parent().or(program.parent()).context("this program lies nowhere")?;
    let folder = beside.join("torture-runs");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    tempfile::Builder::new().prefix("run-").tempdir_in(&folder).context("making a folder for the hub's data")
}
