//! The client for a terminal as a child process, at a pseudo-terminal.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use pty::{Screen, Terminal, USUAL};
use tempfile::TempDir;

use crate::hub::Hub;
use crate::process::Process;

/// Somebody presses keys so far apart whose text is looked for meanwhile: the rate of a key that is held.
const HELD: Duration = Duration::from_millis(10);

/// How long to press a key at most until what is looked for comes into sight.
const LEAFING: Duration = Duration::from_secs(120);

/// How the client shows the chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Full,
    Lines,
}

/// Who has the client, and what it remembers, for as long as this lives.
pub(crate) struct Visitor {
    binary: PathBuf,
    link: String,
    home: TempDir,
}

/// The client while it runs. Ended when dropped.
pub(crate) struct Visit {
    terminal: Terminal,
}

impl Visitor {
    /// Somebody who comes to this hub for the first time.
    pub(crate) fn new(binary: &Path, hub: &Hub, folder: &Path) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("home-").tempdir_in(folder).context("making a home")?;
        Ok(Self { binary: binary.to_owned(), link: format!("http://{}/", hub.address()), home })
    }

    fn environment(&self) -> [(&'static str, String); 6] {
        let home = self.home.path().display().to_string();
        [
            ("HUBBUB_CONFIG", format!("{home}/hubbub")),
            ("HUBBUB_SERVER", self.link.clone()),
            ("XDG_CONFIG_HOME", home.clone()),
            ("HOME", home),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ]
    }

    /// Starts the chat, waits until one may type, and gives how long that took as well.
    pub(crate) fn come(&self, nick: &str, view: View) -> Result<(Visit, Duration)> {
        let arguments: &[&str] = if view == View::Lines { &["-n", nick, "--plain"] } else { &["-n", nick] };
        let terminal = Terminal::start(&self.binary, arguments, self.environment(), USUAL).context("a terminal")?;
        let ready = terminal.wait("a prompt", |screen| is_ready(screen, view).then_some(()));
        let (at, ()) = ready.map_err(|instead| anyhow!(instead))?;
        let took = at.saturating_duration_since(terminal.started());
        Ok((Visit { terminal }, took))
    }

    /// Runs the client as a command, to its end; how long that took in all.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Duration> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().envs(self.environment());
        let begun = Instant::now();
        let output = command.stdin(Stdio::null()).output().context("running the client")?;
        let took = begun.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?} ended with {}: {said}", output.status);
        Ok(took)
    }
}

/// Whether one may type: the prompt is there, and the hub as well.
fn is_ready(screen: &Screen, view: View) -> bool {
    let words = screen.contents();
    let (row, column) = screen.cursor_position();
    let at_prompt = column > 0 && words.lines().nth(usize::from(row)).is_some_and(|prompt| prompt.contains('>'));
    let known = match view {
        View::Full => screen.alternate_screen() && !screen.hide_cursor() && words.contains("online"),
        View::Lines => words.contains("/help for options"),
    };
    at_prompt && known
}

impl Visit {
    /// What it costs.
    pub(crate) fn process(&self) -> Result<Process> {
        self.terminal.pid().map(Process::new).context("the client's process")
    }

    /// Waits until this is in sight; when it came there.
    pub(crate) fn sees(&self, part: &str) -> Result<Instant> {
        let seen =
            self.terminal.wait(format_args!("“{part}”"), |screen| screen.contents().contains(part).then_some(()));
        seen.map(|(at, ())| at).map_err(|instead| anyhow!(instead))
    }

    /// Types one key and waits until it is drawn, then takes it back and waits until it is gone; how long either took.
    pub(crate) fn key(&self, key: char) -> Result<[Duration; 2]> {
        Ok([self.press(key.encode_utf8(&mut [0; 4]), key, true)?, self.press(pty::BACKSPACE, key, false)?])
    }

    fn press(&self, keys: &str, key: char, drawn: bool) -> Result<Duration> {
        let begun = Instant::now();
        self.terminal.try_type(keys)?;
        let what = format!("{key:?} to be drawn: {drawn}");
        let seen = self.terminal.wait(what, |screen| (screen.contents().contains(key) == drawn).then_some(()));
        let (at, ()) = seen.map_err(|instead| anyhow!(instead))?;
        Ok(at.saturating_duration_since(begun))
    }

    /// Leafs up until this is in sight.
    pub(crate) fn leafs_up_to(&self, part: &str) -> Result<()> {
        let begun = Instant::now();
        while !self.terminal.screen().contains(part) {
            ensure!(begun.elapsed() < LEAFING, "“{part}” is not further up; in sight is\n{}", self.terminal.screen());
            self.terminal.try_type(pty::PAGE_UP)?;
            std::thread::sleep(HELD);
        }
        Ok(())
    }

    /// Ends it as a person does.
    pub(crate) fn quit(self) -> Result<()> {
        self.terminal.try_type("/quit\r")?;
        let status = self.terminal.try_end().map_err(|instead| anyhow!(instead))?;
        ensure!(status.success(), "the client ended with {status}");
        Ok(())
    }
}

/// A shell at a terminal, from its start to its prompt: the least that any program there takes.
pub(crate) fn shell() -> Result<Duration> {
    let environment = [("PS1", "ready> ")];
    let terminal = Terminal::start(Path::new("/bin/sh"), ["-i"], environment, USUAL).context("a shell")?;
    let ready = terminal.wait("a shell's prompt", |screen| screen.contents().contains("ready>").then_some(()));
    let (at, ()) = ready.map_err(|instead| anyhow!(instead))?;
    Ok(at.saturating_duration_since(terminal.started()))
}
