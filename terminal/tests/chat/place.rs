//! A hub, and programs at it: each with a folder of its own for what it remembers, and with pipes to it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use hub::Config;
use node::Deliveries;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use shared::session::Delivery;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{PROGRAM, TestHub, WITHIN};

pub(crate) struct Place {
    pub(crate) hub: TestHub,
    /// Folders of the programs.
    folders: TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self { hub: TestHub::with(change).await, folders: tempfile::tempdir().unwrap() }
    }

    /// The hub's host and port: its key in what is remembered.
    pub(crate) fn address(&self) -> String {
        self.hub.address().to_string()
    }

    /// What the program of that name remembers is in here.
    pub(crate) fn folder(&self, of: &str) -> PathBuf {
        self.folders.path().join(of)
    }

    /// The same as it stands in the file.
    pub(crate) fn remembered(&self, of: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder(of).join("hubs.json")).unwrap()).unwrap()
    }

    /// A program that knows nothing of any hub but what is in that folder.
    pub(crate) fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env_clear()
            .env("HUBBUB_CONFIG", self.folder(folder))
            .env("HOME", self.folders.path())
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Begins it.
    pub(crate) fn begin(&self, folder: &str, arguments: &[&str]) -> Program {
        Program::of(self.command(folder, arguments))
    }

    /// The chat as that nick, which has read its first lines.
    pub(crate) async fn chat(&self, nick: &str) -> Program {
        let mut program = self.begin(nick, &["--plain", self.hub.link(), "-n", nick]);
        program.expects("Connected").await;
        program.expects("* Joined the chatroom *").await;
        assert!(program.line().await.starts_with("* Users in the room: "));
        program.expects("* Type /help for options *").await;
        program
    }

    /// Says all of that as that nick, and ends.
    pub(crate) async fn says(&self, nick: &str, input: &[u8]) -> Ran {
        self.chat(nick).await.says_and_ends(input).await
    }
}

/// A program with pipes to it.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    /// None where it prints elsewhere.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    complaints: ChildStderr,
}

/// How it ended: with what it said last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<String>,
    pub(crate) err: String,
}

impl Program {
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = child.stdout.take().map(|output| BufReader::new(output).lines());
        let complaints = child.stderr.take().unwrap();
        Self { child, input, lines, complaints }
    }

    /// Types a line.
    pub(crate) async fn types(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line that it prints, but for its prompt.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            let lines = self.lines.as_mut().expect("it prints to us");
            let line = timeout(WITHIN, lines.next_line()).await.expect("a line in time").unwrap();
            let line = line.expect("a line before the end");
            if !is_prompt(&line) {
                return line;
            }
        }
    }

    /// The next line that it prints is this.
    #[track_caller]
    pub(crate) fn expects(&mut self, line: &str) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move { assert_eq!(self.line().await, line, "at {caller}") }
    }

    /// Types the rest, ends the input, and waits for the end.
    pub(crate) async fn says_and_ends(mut self, input: &[u8]) -> Ran {
        let mut pipe = self.input.take().expect("the input is open");
        let typing = async move { _ = pipe.write_all(input).await }; // it may end before it has read all
        let (ran, ()) = tokio::join!(self.ends(), typing);
        ran
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id().expect("it runs")).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Closes what it prints to, and waits for the end: with what code, and what it complained of.
    pub(crate) async fn ends_unread(self) -> (i32, String) {
        let Self { mut child, input, lines, mut complaints } = self;
        drop(lines);
        let mut err = String::new();
        let ended = async { tokio::join!(complaints.read_to_string(&mut err), child.wait()).1.unwrap() };
        let status = timeout(WITHIN, ended).await.expect("an end in time");
        drop(input);
        (status.code().unwrap_or(-1), err)
    }

    /// Waits for the end, with the input as it is.
    pub(crate) async fn ends(mut self) -> Ran {
        let mut out = Vec::new();
        let mut err = String::new();
        let printing = async {
            let Some(mut lines) = self.lines.take() else { return };
            while let Some(line) = lines.next_line().await.unwrap() {
                if !is_prompt(&line) {
                    out.push(line);
                }
            }
        };
        let ended =
            async { tokio::join!(printing, self.complaints.read_to_string(&mut err), self.child.wait()).2.unwrap() };
        let status = timeout(WITHIN, ended).await.expect("an end in time");
        Ran { code: status.code().unwrap_or(-1), out, err }
    }
}

/// A prompt that something was printed below.
fn is_prompt(line: &str) -> bool {
    line.ends_with("@test> ")
}

impl Ran {
    /// It did all it was asked to, and complained of nothing.
    #[track_caller]
    pub(crate) fn fine(self) -> Vec<String> {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{:?}", self.out);
        self.out
    }

    /// It ended with that code, and a sentence that has this in it.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, part: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.starts_with("hubbub: ") && self.err.contains(part), "{:?}", self.err);
    }
}

/// The texts of the next lines that are heard.
pub(crate) async fn heard(deliveries: &mut Deliveries, lines: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < lines {
        match timeout(WITHIN, deliveries.next()).await.expect("a line in time").expect("a delivery") {
            Delivery::Heard(entry) if entry.is_line() => texts.push(format!("{}: {}", entry.from(), entry.text())),
            _ => {}
        }
    }
    texts
}

/// A file or folder of which others may know.
#[cfg(unix)]
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
