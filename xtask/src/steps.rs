//! Steps: child processes that say what they do, and what to type when they fail.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::tally::Tally;

/// Why a chore cannot go on: one line for a person, naming the command to type where there is one.
#[derive(Debug)]
pub(crate) struct Failure(String);

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints a line; a reader who has gone away (`cargo xtask test | head`) is no reason to stop.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints the one line that announces a step.
pub(crate) fn announce(line: impl Display) {
    say(format_args!("==> {line}"));
}

/// The top folder of the checkout.
pub(crate) fn root() -> PathBuf {
    // Cargo names the folder at run time; the one compiled in is for a binary started by hand.
    let manifest_dir =
        env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    manifest_dir.parent().map_or_else(|| manifest_dir.clone(), Path::to_path_buf)
}

/// Where everything built lands, whatever the machine's own settings say, so that the hub is always at
/// `target/release/hub`.
pub(crate) fn target_dir() -> PathBuf {
    root().join("target")
}

/// A program to be run at the top of the checkout.
pub(crate) struct Step {
    command: Command,
    /// What has to stand before the command when it is typed.
    settings: String,
}

impl Step {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.current_dir(root()).env("CARGO_TARGET_DIR", target_dir());
        for (name, _) in env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            // `cargo run` describes xtask itself in these. Build scripts that look at them would run
            // again each time the same build is started by hand and by xtask in turn.
            let xtask_s_own = name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
            // The hub's flags; what is set for one's own hub must not reach a build or a test.
            if xtask_s_own || name.starts_with("HUBBUB_") {
                command.env_remove(name);
            }
        }
        Self { command, settings: String::new() }
    }

    /// A program that is no part of the build: what the caller has set is for it.
    pub(crate) fn as_called(program: impl AsRef<OsStr>) -> Self {
        Self { command: Command::new(program), settings: String::new() }
    }

    /// The Cargo that started xtask.
    pub(crate) fn cargo() -> Self {
        Self::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Adds arguments written in one line, separated by spaces.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.command.args(words.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: &[OsString]) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// As [`env`](Self::env), for a variable without which the command would not work by hand either; `typed` is
    /// its value as a shell reads it.
    pub(crate) fn env_shown(mut self, name: &str, value: impl AsRef<OsStr>, typed: &str) -> Self {
        self.settings.push_str(&format!("{name}={typed} "));
        self.env(name, value)
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn no_input(mut self) -> Self {
        self.command.stdin(Stdio::null());
        self
    }

    /// Announces `what`, runs the program with our own input and output, and waits for it.
    ///
    /// # Errors
    /// One line with what failed, how, and the command to repeat it by hand.
    pub(crate) fn run(mut self, what: &str) -> Outcome {
        announce(what);
        let status = self.command.status().map_err(|error| self.not_started(what, &error))?;
        self.judge(what, status)
    }

    /// As [`run`](Self::run), and counts the results of the tests that the program prints. The tally holds
    /// also when the program failed.
    pub(crate) fn run_tests(mut self, what: &str) -> (Tally, Outcome) {
        announce(what);
        match self.pass_through(io::stdout()) {
            Ok(ended) => {
                if ended.outlived {
                    say("(something that was started here is still running, and holds the output)");
                }
                (ended.tally, self.judge(what, ended.status))
            }
            Err(error) => (Tally::default(), Err(self.not_started(what, &error))),
        }
    }

    /// What the program prints on its standard output, when it ends well; says nothing itself.
    pub(crate) fn answer(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).output();
        let output = output.ok().filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Becomes the program where the system can, so that signals, the terminal and the exit code are its
    /// own; elsewhere waits for it. Returns only when it did not start, or with its exit code.
    pub(crate) fn become_it(mut self, what: &str) -> Outcome<ExitCode> {
        announce(what);
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let error = self.command.exec();
            Err(self.not_started(what, &error))
        }
        #[cfg(not(unix))]
        match self.command.status() {
            Ok(status) => {
                let code = status.code().and_then(|code| u8::try_from(code).ok());
                Ok(ExitCode::from(code.unwrap_or(1)))
            }
            Err(error) => Err(self.not_started(what, &error)),
        }
    }

    /// Runs the program with its two outputs joined in one pipe, so that their order stays, and copies every
    /// line to `output` at once.
    fn pass_through(&mut self, output: impl Write + Send + 'static) -> io::Result<Ended> {
        // How long to go on reading when the program has ended but something it left behind still holds
        // the pipe (a browser that did not stop); what the program itself printed arrives at once.
        const GRACE: Duration = Duration::from_secs(2);

        if io::stdout().is_terminal() {
            self.command.env("CARGO_TERM_COLOR", "always");
        }
        let (reader, writer) = io::pipe()?;
        let mut child = self.command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
        // The command keeps its ends of the pipe, and while they are open the reader sees no end.
        self.command.stdout(Stdio::inherit()).stderr(Stdio::inherit());

        let tally = Arc::new(Mutex::new(Tally::default()));
        let (done, finished) = mpsc::channel::<()>();
        let counted = Arc::clone(&tally);
        thread::spawn(move || {
            copy_lines(reader, output, &counted);
            drop(done);
        });
        let status = child.wait()?;
        let outlived = finished.recv_timeout(GRACE) == Err(mpsc::RecvTimeoutError::Timeout);
        let tally = *tally.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Ended { tally, status, outlived })
    }

    fn judge(&self, what: &str, status: ExitStatus) -> Outcome {
        if status.success() {
            return Ok(());
        }
        let line = self.line();
        Err(Failure::new(format!("{what}: failed ({status}); by hand: {line}")))
    }

    fn not_started(&self, what: &str, error: &io::Error) -> Failure {
        let line = self.line();
        Failure::new(format!("{what}: could not start `{line}`: {error}"))
    }

    /// The command as one would type it.
    fn line(&self) -> String {
        let program = Path::new(self.command.get_program());
        // A program of Cargo's own is called by its name; one of ours by where it lies.
        let program = if program.starts_with(target_dir()) {
            program.strip_prefix(root()).unwrap_or(program).as_os_str()
        } else {
            program.file_name().unwrap_or(program.as_os_str())
        };
        let words = std::iter::once(program).chain(self.command.get_args());
        let words: Vec<String> = words.map(quoted).collect();
        format!("{}{}", self.settings, words.join(" "))
    }
}

/// How a program ended whose tests were counted.
struct Ended {
    tally: Tally,
    status: ExitStatus,
    /// Something that the program started still runs, with the program's outputs.
    outlived: bool,
}

/// Copies line after line, adding up the test results among them, until the pipe closes.
fn copy_lines(reader: impl io::Read, mut output: impl Write, tally: &Mutex<Tally>) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        if let Some(found) = Tally::of_line(&String::from_utf8_lossy(&line)) {
            *tally.lock().unwrap_or_else(PoisonError::into_inner) += found;
        }
        let _ = output.write_all(&line).and_then(|()| output.flush());
    }
}

/// `word` so that a POSIX shell reads it as one word.
pub(crate) fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref().to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let step = Step::new("/usr/bin/npm").words("install --prefix target/tools/npm");
        assert_eq!(step.line(), "npm install --prefix target/tools/npm");
        let step = Step::new(target_dir().join("tools/bin/trunk")).words("build");
        assert_eq!(step.line(), "target/tools/bin/trunk build");
        let step = Step::new("cargo").words("test -p e2e").env_shown("HUB", "a b", &quoted("a b"));
        assert_eq!(step.line(), "HUB='a b' cargo test -p e2e");
    }

    #[test]
    fn a_word_the_shell_would_split_is_quoted() {
        assert_eq!(quoted("--all"), "--all");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[cfg(unix)]
    mod a_child {
        use super::*;

        fn shell(script: &str) -> Step {
            Step::new("sh").arg("-c").arg(script)
        }

        #[test]
        fn that_fails_is_reported_with_its_command() {
            let failure = shell("exit 3").run("trying").expect_err("it exits with 3");
            assert_eq!(failure.to_string(), "trying: failed (exit status: 3); by hand: sh -c 'exit 3'");
        }

        #[test]
        fn that_is_not_there_is_reported() {
            let failure = Step::new("hubbub-no-such-program").run("trying");
            let line = failure.expect_err("it cannot start").to_string();
            assert!(line.starts_with("trying: could not start `hubbub-no-such-program`: "));
        }

        // What these print goes nowhere: a run of xtask that tests xtask would count it.

        #[test]
        fn is_counted_on_both_its_outputs_even_when_it_fails() {
            let script = "echo 'test result: ok. 2 passed; 0 failed; 1 ignored;'; \
                          echo 'test result: FAILED. 3 passed; 1 failed; 0 ignored;' >&2; exit 101";
            let ended = shell(script).pass_through(io::sink()).expect("it starts");
            assert_eq!(ended.status.code(), Some(101));
            let Tally { passed, failed, ignored } = ended.tally;
            assert_eq!((passed, failed, ignored), (5, 1, 1));
            assert!(!ended.outlived);
        }

        #[test]
        fn that_leaves_something_running_does_not_hold_us_up() {
            let started = std::time::Instant::now();
            let script = "sleep 20 & echo 'test result: ok. 1 passed; 0 failed; 0 ignored;'";
            let ended = shell(script).pass_through(io::sink()).expect("it starts");
            assert!(ended.status.success() && ended.outlived);
            assert_eq!(ended.tally.passed, 1);
            assert!(started.elapsed() < Duration::from_secs(15));
        }
    }
}
