//! A hub, and the program with a folder of its own for what it remembers.

use std::ffi::OsStr;
use std::fs;
use std::process::{Output, Stdio};

use hub::Config;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::support::{PROGRAM, TestHub, WITHIN};

pub(crate) struct Place {
    pub(crate) hub: TestHub,
    /// What the program remembers.
    pub(crate) config: TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self { hub: TestHub::with(change).await, config: tempfile::tempdir().unwrap() }
    }

    /// The program, which knows the hub and nothing else.
    pub(crate) fn hubbub<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .env_clear()
            .env("HUBBUB_SERVER", self.hub.link())
            .env("HUBBUB_CONFIG", self.config.path())
            .env("HOME", self.config.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        ended(self.hubbub(arguments)).await
    }

    /// The same with something on its standard input.
    pub(crate) async fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self.hubbub(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may end before it has read all.
        _ = stdin.write_all(input).await;
        drop(stdin);
        Ran::of(timeout(WITHIN, child.wait_with_output()).await.expect("an end").unwrap())
    }

    /// Begins it, and leaves it running.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Running {
        let mut child = self.hubbub(arguments).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// What proves that the nick of last time is the program's.
    pub(crate) fn token(&self) -> String {
        let remembered = fs::read(self.config.path().join("hubs.json")).unwrap();
        let remembered: Value = serde_json::from_slice(&remembered).unwrap();
        let hub = &remembered["hubs"][self.hub.address().to_string()];
        hub["identities"][0]["token"].as_str().expect("a token").to_owned()
    }
}

/// Runs a program to its end.
pub(crate) async fn ended(mut command: Command) -> Ran {
    Ran::of(timeout(WITHIN, command.output()).await.expect("an end").unwrap())
}

/// How a run ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// It did what it was asked to, and complained of nothing.
    #[track_caller]
    pub(crate) fn fine(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// It ended with that code and one sentence, which it gives.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.err.lines().count()), (code, 1), "{self:?}");
        self.err.strip_prefix("hubbub: ").expect("who says it").trim_end().to_owned()
    }
}

/// A run that goes on.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    pub(crate) async fn line(&mut self) -> String {
        match timeout(WITHIN, self.lines.next_line()).await.expect("a line in time").unwrap() {
            Some(line) => line,
            None => panic!("it has ended: {:?}", told(&mut self.child).await),
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        let line = self.line().await;
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Nobody reads what it prints any more.
    pub(crate) fn stop_reading(self) -> Child {
        self.child
    }

    /// Waits for its end although what it prints is not read.
    pub(crate) async fn end_unread(self) -> (i32, String) {
        let Self { child, lines: _unread } = self;
        end_of(child).await
    }

    /// Waits for its end; with what it said on standard error.
    pub(crate) async fn end(mut self) -> (i32, String) {
        while timeout(WITHIN, self.lines.next_line()).await.expect("an end").unwrap().is_some() {}
        end_of(self.child).await
    }
}

/// Waits for the end of what nobody listens to.
pub(crate) async fn end_of(mut child: Child) -> (i32, String) {
    let err = told(&mut child).await;
    let status = timeout(WITHIN, child.wait()).await.expect("an end").unwrap();
    (status.code().unwrap_or(-1), err)
}

/// All that it says on standard error until its end.
async fn told(child: &mut Child) -> String {
    let mut err = String::new();
    timeout(WITHIN, child.stderr.take().unwrap().read_to_string(&mut err)).await.expect("an end").unwrap();
    err
}
