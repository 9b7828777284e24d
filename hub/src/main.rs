//! The hub as a program: parse, log, start, invite, wait, stop.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use hub::config::{Asked, Config, one_line};
use hub::signals::Signals;
use hub::{RunningHub, StartError};
use tracing_subscriber::EnvFilter;

/// What a malformed command line ends with; everything else that goes wrong ends with 1.
const USAGE: u8 = 2;

/// What a shell makes of a program ended by Ctrl-C.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let config = match Asked::from_args(std::env::args_os()) {
        Ok(Asked::Serve(config)) => *config,
        Ok(Asked::FreeNick { nick, data }) => return free_nick(&nick, data.as_deref()),
        Err(asked) if !asked.use_stderr() => {
            let _ = asked.print(); // help or version, and perhaps nobody there to read it
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            complain(&one_line(&error));
            return ExitCode::from(USAGE);
        }
    };
    log_to_stderr(&config.log);
    keep_files_private();
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Frees a nick, and says so.
fn free_nick(nick: &str, data: Option<&Path>) -> ExitCode {
    keep_files_private();
    match hub::nicks::free(data, nick) {
        Ok(nick) => {
            println!("“{nick}” is free: whoever asks first has it, its owner as anyone.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Says what went wrong, on one line whatever stands in it: a path may have any character.
fn complain(what: &str) {
    eprintln!("hub: {}", what.replace(char::is_control, " "));
}

/// Why the program ends other than by a wish.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the log failed and the hub could not go on; what was acknowledged is on disk, the log above says why")]
    Log,
    #[error("the operating system refuses what the hub needs: {0}")]
    System(#[from] io::Error),
}

fn run(config: Config) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(serve(config));
    // What did not end by its deadline must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn serve(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::take()?;
    let hub = hub::start(config).await?;
    invite(&hub);
    let failed = tokio::select! {
        () = signals.next() => false,
        () = hub.failed() => true,
    };
    tokio::select! {
        () = hub.stop() => if failed { Err(Failure::Log) } else { Ok(()) },
        () = signals.next() => {
            tracing::warn!("stopped at once, as asked twice");
            std::process::exit(INTERRUPTED)
        }
    }
}

/// Prints the links. This is the one place where the cookie is shown.
fn invite(hub: &RunningHub) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = write!(stdout, "{}", hub.invitation()).and_then(|()| stdout.flush()) {
        tracing::warn!(%error, "the links could not be printed");
    }
}

fn log_to_stderr(filter: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

/// The log's files hold everyone's talk: whoever may look into the data directory may not read them.
fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}
