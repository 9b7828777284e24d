//! The hub as a program: parse, log, start, invite, wait, stop.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use hub::StartError;
use hub::config::{Asked, Config, PrintLink, one_line, papers};
use hub::doctor::Level;
use hub::invite::{Invitation, Screen};
use hub::signals::{Signals, Stop};
use tracing_subscriber::EnvFilter;

/// What a malformed command line ends with; everything else that goes wrong ends with 1.
const USAGE: u8 = 2;

/// What everything that cannot be done ends with.
const FAILED: u8 = 1;

/// What a shell makes of a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Of the log that is printed at a time, in bytes.
const PIECE: usize = 64 * 1024;

fn main() -> ExitCode {
    let config = match Asked::from_args(std::env::args_os()) {
        Ok(Asked::Serve(config)) => *config,
        Ok(Asked::FreeNick { nick, data }) => return free_nick(&nick, data.as_deref()),
        Ok(Asked::Invite { print_link, data }) => return invite_to_running(print_link, data.as_deref()),
        Ok(Asked::Generate(what)) => return print(what),
        Ok(Asked::Backup { file, overwrite, data }) => return back_up(file, overwrite, data),
        Ok(Asked::Restore { file, replace, data }) => return restore(file, replace, data),
        Ok(Asked::Export { after, data }) => return export(after, data.as_deref()),
        Ok(Asked::Doctor(config)) => return examine(&config),
        Err(asked) if !asked.use_stderr() => {
            let _ = asked.print(); // help or version, and perhaps nobody there to read it
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            // A command that wants another: nothing is wrong but that it is missing, and help names them all.
            if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                let _ = error.print(); // perhaps nobody is there to read it
            } else {
                complain(&one_line(&error));
            }
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

/// Prints what there is about the program for those who install it.
fn print(what: manual::What) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match papers::write(what, &mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("it could not be printed: {error}"));
            ExitCode::FAILURE
        }
        // Who closed the pipe has read what they wanted.
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Prints the links to a hub that runs.
fn invite_to_running(print_link: PrintLink, data: Option<&Path>) -> ExitCode {
    let invitation = match Invitation::to_running(data) {
        Ok(invitation) => invitation,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    match say(&invitation.print(print_link, Screen::of_stdout(), false)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(&format!("the links could not be printed: {error}"));
            ExitCode::FAILURE
        }
        // Who closed the pipe has read what they wanted.
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Prints an invitation. This is the one place where the cookie is shown.
fn say(invitation: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(invitation.as_bytes())?;
    stdout.flush()
}

/// Frees a nick, and says so.
fn free_nick(nick: &str, data: Option<&Path>) -> ExitCode {
    keep_files_private();
    match hub::nicks::free(data, nick) {
        Ok(nick) => {
            tell(&format!("“{nick}” is free: whoever asks first has it, its owner as anyone."), &mut io::stdout());
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Writes a backup, and says what is in it: on stderr where the backup itself goes to stdout.
fn back_up(file: PathBuf, overwrite: bool, data: Option<PathBuf>) -> ExitCode {
    let done = until_told(move |stop| hub::backup::write(data.as_deref(), &file, overwrite, stop));
    match done {
        Ok(done) if done.path.is_some() => tell(&done, &mut io::stdout()),
        Ok(done) => tell(&done, &mut io::stderr()),
        Err(code) => return code,
    }
    ExitCode::SUCCESS
}

/// Restores a backup, and says what was in it.
fn restore(file: PathBuf, replace: bool, data: Option<PathBuf>) -> ExitCode {
    let done = until_told(move |stop| hub::restore::read(data.as_deref(), &file, replace, stop));
    match done {
        Ok(done) => tell(&done, &mut io::stdout()),
        Err(code) => return code,
    }
    ExitCode::SUCCESS
}

/// Says what was done, line by line whatever stands there.
fn tell(done: &impl Display, to: &mut impl Write) {
    let text = done.to_string().replace(|c: char| c.is_control() && c != '\n', " ");
    let _ = writeln!(to, "{text}"); // it is done, and perhaps nobody is there to read it
}

/// Prints the log.
fn export(after: u64, data: Option<&Path>) -> ExitCode {
    keep_files_private();
    let mut out = BufWriter::with_capacity(PIECE, io::stdout().lock());
    let written = hub::export::write(data, after, &mut out);
    // What is left in it nobody reads, or it cannot be written.
    drop(out.into_parts());
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Looks for what may keep a hub from working, and prints what was found.
fn examine(config: &Config) -> ExitCode {
    keep_files_private();
    let found = hub::doctor::examine(config);
    let lines: String = found.iter().map(|finding| format!("{finding}\n")).collect();
    let _ = io::stdout().write_all(lines.as_bytes()); // perhaps nobody is there to read it
    if found.iter().any(|finding| finding.level == Level::Error) { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
}

/// Does what may take long. Told to stop, it ends soon and leaves nothing behind; told so twice, at once.
fn until_told<D: Send + 'static, E: Display + Send + 'static>(
    work: impl FnOnce(&Stop) -> Result<D, E> + Send + 'static,
) -> Result<D, ExitCode> {
    keep_files_private();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map(|runtime| {
        let done = runtime.block_on(async {
            let mut signals = Signals::take()?;
            let stop = Stop::default();
            let wish = stop.clone();
            let mut work = tokio::task::spawn_blocking(move || {
                let done = work(&wish);
                (done, wish.is_asked())
            });
            tokio::select! {
                done = &mut work => return done.map_err(io::Error::other),
                () = signals.next() => stop.ask(),
            }
            tokio::select! {
                done = &mut work => done.map_err(io::Error::other),
                () = signals.next() => std::process::exit(INTERRUPTED.into()),
            }
        });
        runtime.shutdown_background();
        done
    });
    let (error, code) = match done.flatten() {
        Ok((Ok(done), _)) => return Ok(done),
        Ok((Err(error), stopped)) => (error.to_string(), if stopped { INTERRUPTED } else { FAILED }),
        Err(error) => (Failure::System(error).to_string(), FAILED),
    };
    complain(&error);
    Err(ExitCode::from(code))
}

/// Says what went wrong, on one line whatever stands in it: a path may have any character.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "hub: {}", what.replace(char::is_control, " ")); // the terminal may be closed
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
    let print_link = config.print_link;
    let hub = hub::start(config).await?;
    if let Err(error) = say(&hub.invitation().print(print_link, Screen::of_stdout(), true)) {
        tracing::warn!(%error, "the links could not be printed");
    }
    let failed = tokio::select! {
        () = signals.next() => false,
        () = hub.failed() => true,
    };
    tokio::select! {
        () = hub.stop() => if failed { Err(Failure::Log) } else { Ok(()) },
        () = signals.next() => {
            tracing::warn!("stopped at once, as asked twice");
            std::process::exit(INTERRUPTED.into())
        }
    }
}

fn log_to_stderr(filter: &str) {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal() && Screen::takes_colours())
        // It would say on stderr that it cannot write there, and panic.
        .log_internal_errors(false)
        .init();
}

/// The log's files hold everyone's talk: whoever may look into the data directory may not read them.
fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}
