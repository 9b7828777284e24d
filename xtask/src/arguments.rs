//! What was asked for on the command line.

use std::ffi::OsString;

/// What xtask can do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    Build { profile: Profile },
    Client { profile: Profile },
    Run { profile: Profile, flags: Vec<OsString> },
    Serve { flags: Vec<OsString> },
    Test { fast: bool },
    Torture { args: Vec<OsString> },
    Bench { args: Vec<OsString> },
    Setup,
    Help(&'static str),
}

/// How a build is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Small and fast to run.
    Release,
    /// Fast to build.
    Dev,
}

const HELP: &str = "\
Set-up and chores of Hubbub. What is missing for them is fetched first.

Usage: cargo xtask <COMMAND>

  build [--dev]              build the browser client, the hub around it, and the terminal client
  client [--dev]             build the browser client alone, into dist/
  run [--dev] [-- FLAGS]     build, then start the hub with FLAGS
  serve [-- FLAGS]           development: the browser client rebuilt on every change (trunk serve)
  test [--fast]              everything that has to hold, cheapest first
  torture [ARGS]             kill the hub again and again under load, and check that nothing is lost
  bench [ARGS]               build, then print the figures
  setup                      only fetch what is missing, and say what there is
  help, --help               this; after a command, its own

Exit codes: 0 done, 1 something failed, 2 not understood.";

const BUILD_HELP: &str = "\
Builds the browser client (Trunk, wasm-split, wasm-bindgen, wasm-opt) into dist/, then the hub, which embeds it,
and the terminal client. The whole hub is then one file, target/release/hub, the client another, target/release/hubbub;
man pages and the shells' completions stand beside them in man/ and completions/.

Usage: cargo xtask build [--dev]

  --dev    unoptimised, for a quicker build, and in target/debug";

const CLIENT_HELP: &str = "\
Builds the browser client (Trunk, wasm-split, wasm-bindgen, wasm-opt) into dist/, where the next hub takes it from. A
release build of the hub (`cargo install --path hub`) does this by itself where it has to.

Usage: cargo xtask client [--dev]

  --dev    unoptimised, for a quicker build";

const RUN_HELP: &str = "\
Builds the browser client and the hub like `cargo xtask build`, then starts the hub. Ctrl-C stops it; its exit code is passed on.

Usage: cargo xtask run [--dev] [-- FLAGS]

  --dev    unoptimised, for a quicker build
  FLAGS    the hub's own; `cargo xtask run -- --help` lists them";

const SERVE_HELP: &str = "\
Serves the browser client on http://127.0.0.1:8080/ for development: built without optimising, rebuilt
and reloaded on every change, its socket passed on to a hub that runs beside it:

  cargo run -p hub -- --listen 127.0.0.1:4000 --open --ephemeral --allow-host 127.0.0.1:8080

Usage: cargo xtask serve [-- FLAGS]

  FLAGS    those of `trunk serve`";

const TEST_HELP: &str = "\
Runs everything that has to hold: formatting, lints (native and wasm), unit, property, integration and
doc tests, twenty kills of the hub under load, the release build, and the browser tests against it. A step
that fails does not keep the others from running. The last line is the total: `N passed, N failed`, where
a step that failed without naming a failed test counts as one.

Usage: cargo xtask test [--fast]

  --fast   leave out the release build and the browser tests";

const TORTURE_HELP: &str = "\
Builds the hub and the torture in release, then runs the hub under load, kills it with SIGKILL again and
again, and checks from what its clients wrote down that nothing was lost, nothing came twice, and everything
in one order (docs/torture.md).

Usage: cargo xtask torture [ARGS]

  --kills N              how often the hub is killed (20)
  ARGS                   further ones of the `torture` crate; `cargo xtask torture -- --help` lists them";

const BENCH_HELP: &str = "\
Builds both clients and the hub in release, then runs the benches against them.

Usage: cargo xtask bench [ARGS]

  ARGS     those of the `bench` crate";

const SETUP_HELP: &str = "\
Fetches what is missing and says what there is: the wasm target, rustfmt, clippy and the source of the
standard library by rustup; trunk, wasm-bindgen, wasm-split and wasm-opt into target/tools; Node.js,
Chromium and its driver by apt-get where it may.

Usage: cargo xtask setup";

/// Reads the command line, without the program's own name.
///
/// # Errors
/// One line that names what was not understood.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Chore, String> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.is_empty() {
        return Ok(Chore::Help(HELP));
    }
    let command = args.remove(0);
    match command.to_str().unwrap_or_default() {
        "help" | "--help" | "-h" => match args.as_slice() {
            [] => Ok(Chore::Help(HELP)),
            [command, ..] => help_for(command).map_or_else(|| Err(unknown(command)), Ok),
        },
        _ if help_for(&command).is_none() => Err(unknown(&command)),
        _ if asks_for_help(&args) => help_for(&command).ok_or_else(|| unknown(&command)),
        "build" => {
            let profile = dev_flag(&mut args);
            no_more("build", &args)?;
            Ok(Chore::Build { profile })
        }
        "client" => {
            let profile = dev_flag(&mut args);
            no_more("client", &args)?;
            Ok(Chore::Client { profile })
        }
        "run" => {
            let profile = dev_flag(&mut args);
            let flags = after_dashes("run", "the hub's flags", args)?;
            Ok(Chore::Run { profile, flags })
        }
        "serve" => {
            let flags = after_dashes("serve", "Trunk's flags", args)?;
            Ok(Chore::Serve { flags })
        }
        "test" => {
            let fast = take(&mut args, "--fast");
            no_more("test", &args)?;
            Ok(Chore::Test { fast })
        }
        "torture" => Ok(Chore::Torture { args: without_dashes(args) }),
        "bench" => Ok(Chore::Bench { args: without_dashes(args) }),
        _ => {
            no_more("setup", &args)?;
            Ok(Chore::Setup)
        }
    }
}

fn help_for(command: &OsString) -> Option<Chore> {
    let text = match command.to_str()? {
        "build" => BUILD_HELP,
        "client" => CLIENT_HELP,
        "run" => RUN_HELP,
        "serve" => SERVE_HELP,
        "test" => TEST_HELP,
        "torture" => TORTURE_HELP,
        "bench" => BENCH_HELP,
        "setup" => SETUP_HELP,
        _ => return None,
    };
    Some(Chore::Help(text))
}

/// Only what stands before `--` is ours: `run -- --help` asks the hub.
fn asks_for_help(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h")
}

fn dev_flag(args: &mut Vec<OsString>) -> Profile {
    if take(args, "--dev") { Profile::Dev } else { Profile::Release }
}

/// Takes `flag` out of what stands before `--`; whether it was there.
fn take(args: &mut Vec<OsString>, flag: &str) -> bool {
    let ours = args.iter().take_while(|arg| *arg != "--");
    let found = ours.enumerate().find(|(_, arg)| *arg == flag);
    let Some((at, _)) = found else { return false };
    args.remove(at);
    true
}

fn after_dashes(command: &str, whose: &str, mut args: Vec<OsString>) -> Result<Vec<OsString>, String> {
    match args.first() {
        None => Ok(args),
        Some(first) if first == "--" => {
            args.remove(0);
            Ok(args)
        }
        Some(first) => {
            Err(format!("`{}` is no flag of `cargo xtask {command}`; {whose} come after `--`", first.to_string_lossy()))
        }
    }
}

/// For what takes all arguments, `--` before them or not.
fn without_dashes(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.first().is_some_and(|first| first == "--") {
        args.remove(0);
    }
    args
}

fn no_more(command: &str, args: &[OsString]) -> Result<(), String> {
    match args.first() {
        None => Ok(()),
        Some(first) => Err(format!(
            "`{}` is no flag of `cargo xtask {command}`; `cargo xtask {command} --help` lists them",
            first.to_string_lossy()
        )),
    }
}

fn unknown(command: &OsString) -> String {
    format!("there is no `cargo xtask {}`; `cargo xtask --help` lists the commands", command.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Chore, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn strings(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn each_command_is_understood() {
        let (release, dev) = (Profile::Release, Profile::Dev);
        assert_eq!(parsed("build"), Ok(Chore::Build { profile: release }));
        assert_eq!(parsed("build --dev"), Ok(Chore::Build { profile: dev }));
        assert_eq!(parsed("client"), Ok(Chore::Client { profile: release }));
        assert_eq!(parsed("client --dev"), Ok(Chore::Client { profile: dev }));
        assert_eq!(parsed("test"), Ok(Chore::Test { fast: false }));
        assert_eq!(parsed("test --fast"), Ok(Chore::Test { fast: true }));
        assert_eq!(parsed("setup"), Ok(Chore::Setup));
        let args = strings(&["idle", "--nodes", "2000"]);
        assert_eq!(parsed("bench idle --nodes 2000"), Ok(Chore::Bench { args: args.clone() }));
        assert_eq!(parsed("bench -- idle --nodes 2000"), Ok(Chore::Bench { args }));
        let args = strings(&["--kills", "1000"]);
        assert_eq!(parsed("torture --kills 1000"), Ok(Chore::Torture { args }));
        assert_eq!(parsed("torture -- --help"), Ok(Chore::Torture { args: strings(&["--help"]) }));
    }

    #[test]
    fn what_stands_after_the_dashes_is_the_hub_s() {
        assert_eq!(
            parsed("run -- --open --dev"),
            Ok(Chore::Run { profile: Profile::Release, flags: strings(&["--open", "--dev"]) })
        );
        assert_eq!(
            parsed("run --dev -- --help"),
            Ok(Chore::Run { profile: Profile::Dev, flags: strings(&["--help"]) })
        );
        let line = parsed("run --open").expect_err("--open is not ours");
        assert!(line.contains("after `--`"), "{line}");
    }

    #[test]
    fn every_command_has_help() {
        for command in ["build", "client", "run", "serve", "test", "torture", "bench", "setup"] {
            let Ok(Chore::Help(text)) = parsed(&format!("{command} --help")) else {
                panic!("{command} has no help");
            };
            assert!(text.contains(&format!("Usage: cargo xtask {command}")));
            assert!(HELP.contains(&format!("\n  {command} ")));
            assert_eq!(parsed(&format!("help {command}")), Ok(Chore::Help(text)));
        }
        assert_eq!(parsed(""), Ok(Chore::Help(HELP)));
        assert_eq!(parsed("--help"), Ok(Chore::Help(HELP)));
    }

    #[test]
    fn what_means_nothing_is_named() {
        for (line, culprit) in [
            ("biuld", "biuld"),
            ("biuld --help", "biuld"),
            ("help biuld", "biuld"),
            ("build --release", "--release"),
            ("test -- x", "--"),
            ("setup now", "now"),
        ] {
            let answer = parsed(line).expect_err(line);
            assert!(answer.contains(&format!("{culprit}`")), "{answer}");
        }
    }
}
